"""Build JupyterLite into the site: every chapter as a notebook that runs in the reader's browser.

    make lite                                # Pyodide comes from its own default address when a reader presses Run
    make lite PYODIDE_DIR=/path/to/pyodide   # Pyodide comes along: the site asks nobody, and is 40 MB larger

The chapters, what they show from `_static`, and the wheels that Pyodide lacks (companion, and `WHEELS` as they are
installed here) are laid out in a folder; `jupyter lite build` makes _build/html/lite of it. Nothing is downloaded.
Where nothing has changed since the last build, nothing is done. What a reader sees there beyond JupyterLite is in
book/_lite.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chapters
from wheels import build_wheel, repack_wheel

ROOT = chapters.ROOT
SITE = ROOT / "_build" / "html"
STAGE = ROOT / "_build" / "lite"
SETTINGS = ROOT / "book" / "_lite"
APPS = ["notebooks", "tree"]
# Of what companion and the kernel import, Pyodide brings NumPy, Matplotlib and IPython.
WHEELS = ["comm", "jupyterquiz", "tqdm"]
TOOLS = ["jupyterlite-core", "jupyterlite-pyodide-kernel", *WHEELS]
KERNELSPEC = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
# Without threads, Matplotlib says at once that it looks for fonts, and not after five seconds only.
SETUP = """

import logging

from IPython.core.magic import register_cell_magic

logging.getLogger("matplotlib.font_manager").setLevel("ERROR")


@register_cell_magic
def needs(package, cell):
    print(f"{package} does not run in the browser: this cell is skipped. In Colab and on a computer it runs.")"""
# The tag of cells that need a package which Pyodide lacks, and the name of the package.
LACKS = {"torch": "PyTorch", "keras": "Keras"}
EXTENSION = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
# Settings and parts of the page that are ours: book/_lite.
OURS = ["course.css", "course.js"]
HEAD = '<link rel="stylesheet" href="../course.css" /><script type="module" src="../course.js"></script>\n  '
STAMP = "fingerprint.txt"
SHOWN = re.compile(r"\.\./(_static/[^)\"'\s]+)")


def sources():
    """The files on which the build depends."""
    yield Path(__file__)
    yield Path(__file__).with_name("wheels.py")
    yield from (ROOT / name for name in ("pyproject.toml", "README.md", "LICENSE"))
    yield from sorted(path for path in (ROOT / "companion").rglob("*") if path.is_file() and path.suffix != ".pyc")
    yield from sorted(SETTINGS.iterdir())
    for chapter in chapters.chapters():
        yield chapters.path_of(chapter)
        yield from shown(chapters.path_of(chapter))


def shown(path):
    """The files in book/_static that a notebook shows."""
    names = set(SHOWN.findall(path.read_text("utf-8")))
    return sorted(file for file in (chapters.BOOK / name for name in names) if file.is_file())


def fingerprint(pyodide):
    """A hash of everything that the build depends on."""
    digest = hashlib.sha256(f"{pyodide} {sys.version}".encode())
    for name in TOOLS:
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    for path in sources():
        digest.update(f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def stage(folder, pyodide):
    """Lay out in a folder what `jupyter lite build` makes a site of."""
    for chapter in chapters.chapters():
        target = folder / "contents" / f"{chapter}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        chapters.write(target, adapted(chapters.read(chapters.path_of(chapter))))
        for file in shown(chapters.path_of(chapter)):
            copy = folder / "contents" / file.relative_to(chapters.BOOK)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    wheels = folder / "pypi"
    wheels.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        shutil.move(build_wheel(scratch), wheels)
    for name in WHEELS:
        repack_wheel(name, wheels)
    for path in SETTINGS.glob("*.json"):
        shutil.copy(path, folder)
    if pyodide:
        (folder / "static").mkdir()
        (folder / "static" / "pyodide").symlink_to(pyodide, target_is_directory=True)


def adapted(notebook):
    """The notebook for the browser: its kernel, no message on fonts, a sentence in place of what cannot run.

    What the web page hides is hidden here too.
    """
    notebook.metadata["kernelspec"] = KERNELSPEC
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "setup" in tags:
            cell.source += SETUP
        for tag in LACKS.keys() & set(tags):
            cell.source = f"%%needs {LACKS[tag]}\n{cell.source}"
        if "hide-input" in tags:
            cell.metadata["jupyter"] = {"source_hidden": True}
    return notebook


def build(folder):
    """Run `jupyter lite build` on a folder that `stage` laid out; returns the folder of the site."""
    output = folder / "site"
    configuration = {
        "LiteBuildConfig": {
            "apps": APPS,
            "contents": ["contents"],
            "federated_extensions": [str(EXTENSION)],
            "ignore_sys_prefix": True,
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "output_dir": str(output),
        }
    }
    (folder / "jupyter_lite_config.json").write_text(json.dumps(configuration, indent=1), "utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(folder)]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"jupyter lite build failed:\n{done.stdout}")
    finish(output)
    return output


def finish(output):
    """Take away what no browser of today asks for, and add what the course brings."""
    for pattern in ("fa-*.svg", "fa-*.eot", "fa-*.ttf"):  # the same icons as in the .woff2 files
        for path in (output / "build").glob(pattern):
            path.unlink()
    favicons = output / "static" / "favicons"  # the tab's icon, which Notebook changes while a cell runs
    favicons.mkdir(parents=True)
    for name in ("favicon-notebook.ico", "favicon-busy-1.ico"):
        shutil.copy(output / "notebooks" / "favicon.ico", favicons / name)
    for path in OURS:
        shutil.copy(SETTINGS / path, output)
    for app in APPS:
        page = output / app / "index.html"
        text = page.read_text("utf-8")
        if text.count("</head>") != 1:
            raise RuntimeError(f"expected one head in {page}")
        page.write_text(text.replace("</head>", HEAD + "</head>"), "utf-8")


def replace(folder, new):
    """Put a new folder in the place of another, which stays whole until then."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    shutil.move(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def size(folder):
    """The size of a folder in megabytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pyodide", default=os.environ.get("PYODIDE_DIR"), metavar="FOLDER",
                        help="a copy of Pyodide that the site brings along (default: the variable PYODIDE_DIR)")
    parser.add_argument("--output", type=Path, default=SITE / "lite", help="(default: _build/html/lite)")
    options = parser.parse_args(arguments)
    pyodide = options.pyodide and Path(options.pyodide).resolve()
    if pyodide and not (pyodide / "pyodide-lock.json").exists():
        parser.error(f"expected a folder with pyodide.js and pyodide-lock.json, got {options.pyodide!r}")
    new = fingerprint(pyodide)
    stamp = options.output / STAMP
    if stamp.exists() and stamp.read_text() == new:
        return
    start = time.perf_counter()
    STAGE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        stage(Path(folder), pyodide)
        site = build(Path(folder))
        (site / STAMP).write_text(new)
        replace(options.output, site)
    print(f"The notebooks for the browser are built: {size(options.output):.0f} MB, "
          f"{time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
