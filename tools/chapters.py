"""The chapters of the book: where they are, what they share, how notebooks are read, written and run."""

import hashlib
import importlib.util
import os
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"

# The first code cell of every notebook. `%pip` installs into the running kernel, in Pyodide through piplite.
# No --upgrade: whatever Colab has preinstalled stays as it is.
SETUP_CELL = """\
# Does nothing where the companion package is present; elsewhere (Colab, the browser) it installs it.
import importlib.util
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras runs on PyTorch here, not on TensorFlow
if importlib.util.find_spec("companion") is None:
    if sys.platform == "emscripten":
        %pip install --quiet companion
    else:
        %pip install --quiet "companion @ {repository}/archive/refs/heads/main.zip\""""

BADGE = (
    "[![Open in Colab]({up}_static/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{name}/blob/main/book/{chapter}.ipynb)"
)


def repository(root=ROOT):
    """The address of the repository, from its one source in pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]


def setup_cell(address=None):
    """The source of the setup cell, the same in every notebook."""
    return SETUP_CELL.format(repository=address or repository())


def badge(chapter, address=None):
    """The Colab badge of a chapter such as "foundations/perceptron"."""
    name = (address or repository()).removeprefix("https://github.com/")
    return BADGE.format(up="../" * chapter.count("/"), name=name, chapter=chapter)


def in_table_of_contents(root=ROOT):
    """The files that _toc.yml names, in its order and as it writes them (without suffix)."""
    import yaml

    def files(node):
        if isinstance(node, list):
            for item in node:
                yield from files(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in ("root", "file"):
                    yield value
                else:
                    yield from files(value)

    return list(files(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))))


def chapters():
    """The chapters in the order of the book, such as "foundations/perceptron"."""
    return [
        name.removeprefix("book/")
        for name in in_table_of_contents()
        if (ROOT / f"{name}.ipynb").exists()
    ]


def kind(chapter):
    """What a notebook is: "chapter", "summary", a "project" of the capstone, or the "solution" of one."""
    if chapter.startswith("capstone/"):
        return "solution" if chapter.endswith("_solution") else "project"
    return "summary" if chapter == "summary" else "chapter"


def path_of(chapter):
    """The notebook of a chapter."""
    return BOOK / f"{chapter}.ipynb"


def select(names):
    """The chapters that are meant by names from a command line; all of them when there are none.

    A name is `foundations/perceptron`, `perceptron`, or a path to the notebook.
    """
    if not names:
        return chapters()
    on_disk = {str(path.relative_to(BOOK).with_suffix("")) for path in notebooks()}
    selected = []
    for name in names:
        wanted = name.removeprefix("book/").removesuffix(".ipynb")
        found = sorted(chapter for chapter in on_disk if chapter == wanted or chapter.endswith(f"/{wanted}"))
        if len(found) != 1:
            known = ", ".join(sorted(on_disk))
            raise ValueError(f"expected the name of a chapter, got {name!r}; known: {known}")
        selected += found
    return selected


def parse(parser, arguments=None):
    """Parse a command line that may name chapters: its options, and the chapters (all of them where none is named)."""
    parser.add_argument("chapter", nargs="*", help="such as foundations/perceptron (default: all)")
    options = parser.parse_args(arguments)
    try:
        return options, select(options.chapter)
    except ValueError as error:
        parser.error(str(error))


def notebooks():
    """Every notebook in the book's folder, in the table of contents or not."""
    return sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def read(path):
    """Read a notebook (nbformat 4.5: every cell has an id)."""
    notebook = nbformat.read(path, as_version=4)
    if notebook.nbformat_minor < 5:
        notebook.nbformat_minor = 5
        for index, cell in enumerate(notebook.cells):
            cell.id = hashlib.sha1(f"{index} {cell.source}".encode()).hexdigest()[:8]
    return notebook


def write(path, notebook):
    """Write a notebook as Jupyter does, whole or not at all."""
    text = nbformat.writes(notebook, version=4).rstrip("\n") + "\n"
    path = Path(path)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8",
                                     newline="\n") as file:
        file.write(text)
    temporary = Path(file.name)
    temporary.chmod(path.stat().st_mode if path.exists() else 0o644)
    temporary.replace(path)


@contextmanager
def kernel_environment(**changes):
    """The environment variables in which notebooks run, so that they print and draw the same everywhere.

    Of the home folder only Matplotlib's font cache is used, and connections are refused (tools/offline).
    The numbers of threads stay as they are set. `changes` are set on top; None removes.
    """
    with tempfile.TemporaryDirectory(prefix="course-kernel-") as scratch:
        environment = dict(os.environ)
        variables = {
            "COMPANION_PROGRESS": str(Path(scratch, "progress.json")),
            "COMPANION_QUIET": "1",
            "IPYTHONDIR": str(Path(scratch, "ipython")),
            "KERAS_BACKEND": "torch",
            "KERAS_HOME": str(Path(scratch, "keras")),
            "MATPLOTLIBRC": matplotlib_defaults(),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(ROOT / "tools" / "offline"), os.environ.get("PYTHONPATH")])
            ),
            "PYTHONUTF8": "1",
            # Widths, colors and coverage of the process that starts the kernel are not the notebook's.
            **dict.fromkeys(["COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PYTHONSTARTUP"]),
            **dict.fromkeys(["COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"]),
            **changes,
        }
        for name, value in variables.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        yield environment


def matplotlib_defaults():
    """Matplotlib's own settings file, so that no personal one changes a figure; None without matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    return spec and str(Path(spec.origin).parent / "mpl-data" / "matplotlibrc")


def kernel_manager(manager_class, **options):
    """A kernel manager for this very interpreter, whatever kernels are registered on the machine."""
    from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

    return manager_class(
        kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager(), **options
    )

