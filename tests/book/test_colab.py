"""tools/colab.py: a notebook needs nothing but companion and its frameworks; what is not as in Colab is found.

The whole of `make colab` asks the package index and takes minutes; here are its parts, in this very environment.
"""

import ast
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import chapters
import colab
import pytest
import structure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

# What comes with companion or with every notebook program.
ALWAYS = {"IPython", "companion", "jupyterquiz", "matplotlib", "numpy", "tqdm"}
READERS = {"open", "Path", "imread", "load", "loadtxt", "genfromtxt", "fromfile", "read_csv", "read_text", "savefig",
           "save", "savez", "urlopen"}
OWN_DATA = "data.load"  # companion.data.load reads what comes with the package


def notebook(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def file_accesses(cells):
    """Calls and texts in code cells that reach for a file beside the notebook."""
    found = []
    for cell in cells:
        for node in ast.walk(structure.parse(cell)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(("../", "./")):
                found.append(node.value)
            elif isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                constant = node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
                if name.split(".")[-1] in READERS and constant and not name.endswith(OWN_DATA):
                    found.append(ast.unparse(node))
    return found


# ---- Every chapter


@pytest.mark.parametrize("name", chapters.chapters())
def test_all_that_a_chapter_imports_is_installed_for_it(name):
    imported = colab.imports(chapters.read(chapters.path_of(name))) - ALWAYS - set(sys.stdlib_module_names)
    assert imported <= colab.FRAMEWORKS.keys()


@pytest.mark.parametrize("name", chapters.chapters())
def test_a_chapter_needs_no_file_beside_it(name):
    cells = chapters.read(chapters.path_of(name)).cells
    assert file_accesses(cell for cell in cells if cell.cell_type == "code") == []


@pytest.mark.parametrize("source", [
    "open('data.csv')", "np.load('weights.npz')", "fig.savefig('a.png')", "read('../_static/x.png')",
])
def test_a_file_beside_a_notebook_is_seen(source):
    assert file_accesses(notebook(source).cells)


def test_data_of_the_package_are_no_file_beside_it():
    assert file_accesses(notebook("companion.data.load('digits')").cells) == []


# ---- What is needed and what is there


def test_frameworks():
    found = notebook("import torch.nn as nn, math", "%time 1", "def f():\n    from sklearn import svm")
    assert colab.imports(found) == {"torch", "math", "sklearn"}
    assert colab.frameworks(found) == ("scikit-learn", "torch")
    assert colab.frameworks(notebook("import numpy")) == ()
    keras, backend = colab.frameworks(notebook("import keras"))
    assert keras == "keras" and backend.startswith("tensorflow")


def test_the_frameworks_have_the_versions_of_the_requirements():
    pins = colab.pins()
    for packages in colab.FRAMEWORKS.values():
        assert pins[packages[0]].startswith("=="), packages


def test_what_was_replaced_is_told():
    before = {"numpy": "2.1.3", "tqdm": "4.67.1", "torch": "2.13.0"}
    assert colab.replaced(before, before | {"companion": "1.0.0"}) == []
    assert colab.replaced(before, {"numpy": "2.4.6", "tqdm": "4.67.1"}) == [
        "numpy 2.1.3 became 2.4.6", "torch 2.13.0 became nothing"
    ]


@pytest.mark.parametrize(("after", "seconds", "words"), [
    ({"numpy": "2.4.6", "companion": "1", "jupyterquiz": "2"}, 60, "replaced what was there: numpy 2.1.3 became 2.4.6"),
    ({"numpy": "2.1.3", "companion": "1"}, 60, "as new, got .'companion'"),
    ({"numpy": "2.1.3", "companion": "1", "jupyterquiz": "2"}, -1, "the setup cell took"),
    ({"numpy": "2.1.3", "companion": "1", "jupyterquiz": "2"}, 60, None),
])
def test_the_setup_cell_is_judged(after, seconds, words, monkeypatch):
    ran, listed = [], iter([{"numpy": "2.1.3"}, after])

    async def run(notebook, folder, python, **changes):
        ran.append(notebook.cells[0].source)

    monkeypatch.setattr(colab, "run", run)
    monkeypatch.setattr(colab, "installed", lambda python: next(listed))
    monkeypatch.setattr(colab, "INSTALL_SECONDS", seconds)
    if words:
        with pytest.raises(colab.Failure, match=words):
            colab.set_up("python", "http://127.0.0.1:1/a/b")
    else:
        assert colab.set_up("python", "http://127.0.0.1:1/a/b") < 60
    assert ran == [chapters.setup_cell("http://127.0.0.1:1/a/b")]


# ---- The zip


@pytest.fixture
def repository(tmp_path):
    """A small git repository with a file that git ignores."""
    root = tmp_path / "repository"
    root.mkdir()
    for name, text in {".gitignore": "built\n", "pyproject.toml": "[project]\n", "built": "x", "new.py": "1\n"}.items():
        (root / name).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "pyproject.toml"], cwd=root, check=True)
    return root


def test_the_zip_holds_what_git_holds_and_what_is_new(repository, tmp_path):
    colab.pack(tmp_path / "main.zip", repository)
    with zipfile.ZipFile(tmp_path / "main.zip") as archive:
        assert sorted(archive.namelist()) == [
            f"repository-main/{name}" for name in (".gitignore", "new.py", "pyproject.toml")
        ]


def test_without_git_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(colab.Failure, match="no git repository"):
        colab.pack(tmp_path / "main.zip", tmp_path)


def test_the_zip_is_served_where_the_setup_cell_looks(repository):
    with colab.served(repository) as address:
        assert address.startswith("http://127.0.0.1:")
        (line,) = [line for line in chapters.setup_cell(address).splitlines() if ".zip" in line]
        link = line[line.index("http"):].rstrip('"')
        assert urllib.request.urlopen(link, timeout=10).read().startswith(b"PK")


# ---- Running


def stored(path, index, **output):
    """Store an output in the code cell at `index`."""
    found = chapters.read(path)
    found.cells[index].outputs = [new_output(**output)]
    chapters.write(path, found)


def test_a_chapter_that_runs_alone_as_stored(add_chapter):
    path = add_chapter("foundations/alone", "import os\nprint(sorted(os.listdir('.')))")
    stored(path, 1, output_type="stream", name="stdout", text="['alone.ipynb']\n")
    assert colab.try_chapter("foundations/alone", sys.executable) == []


def test_other_text_failures_and_files_are_found(add_chapter):
    path = add_chapter("foundations/other", "print(2)", "open('left.txt', 'w').close()")
    stored(path, 1, output_type="stream", name="stdout", text="1\n")
    differing = colab.try_chapter("foundations/other", sys.executable)
    assert ["stored: 1" in differing[0], differing[1:]] == [True, ["it left files beside it: left.txt"]]
    add_chapter("foundations/fails", "open('../_static/missing.png')")
    (failure,) = colab.try_chapter("foundations/fails", sys.executable)
    assert "FileNotFoundError" in failure


def test_the_network_is_refused(add_chapter):
    add_chapter("foundations/asks", "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')")
    (failure,) = colab.try_chapter("foundations/asks", sys.executable)
    assert "refused: 192.0.2.1" in failure


def test_keras_is_left_to_find_its_backend(add_chapter, monkeypatch):
    """As in Colab, where nothing but the notebook itself says which one."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    path = add_chapter("foundations/backend", "import os\nprint(os.environ.get('KERAS_BACKEND'))")
    stored(path, 1, output_type="stream", name="stdout", text="None\n")
    assert colab.try_chapter("foundations/backend", sys.executable) == []


def test_figures_are_left_out_and_their_text_stays():
    cell = new_code_cell(outputs=[new_output("display_data", {"image/png": "AA==", "text/plain": "<Figure>"})])
    whole = new_notebook(cells=[new_markdown_cell("# A"), cell])
    assert colab.without_figures(whole).cells[1].outputs[0].data == {"text/plain": "<Figure>"}
    assert "image/png" in whole.cells[1].outputs[0].data


def test_the_command_refuses_an_unknown_chapter(capsys):
    with pytest.raises(SystemExit):
        colab.main(["no_such_chapter"])
    assert "no_such_chapter" in capsys.readouterr().err


def test_an_install_that_fails_is_told(tmp_path):
    with pytest.raises(colab.Failure, match="pip install failed"):
        colab.pip(sys.executable, "install", "--no-index", Path(tmp_path, "missing.whl"))
