"""The check is checked: copies of a notebook with one thing changed must fail, with small differences pass."""

import asyncio
import base64
import copy
import io
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import chapters
import execute
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image, ImageChops, ImageFilter

HERE = Path(__file__).parent
TEXT = "print('loss', 0.8712)\nprint('epochs', 17)"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([0, 1, 4, 9]);"
RAISES = "raise ValueError('expected 3, got 4')"
RANDOM = "import random\nprint(random.random())"
# Loopback answers "refused" too: what counts is that another machine is refused before it is asked.
OFFLINE = """\
import socket
for address in ('192.0.2.1', 'example.org'):
    try:
        socket.create_connection((address, 80), timeout=5)
    except ConnectionRefusedError as error:
        print(error)"""
TAGS = {RAISES: ["raises-exception"], RANDOM: ["nbval-ignore-output"]}


def replace_text(cell, before, after):
    assert before in cell.outputs[0].text
    cell.outputs[0].text = cell.outputs[0].text.replace(before, after)


def replace_figure(cell, change):
    (output,) = cell.outputs
    picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
    file = io.BytesIO()
    change(picture).save(file, "png")
    output.data["image/png"] = base64.b64encode(file.getvalue()).decode()


def shift_curve(picture):
    """Only the inside of the axes moves, by 6 pixels; the frame stays."""
    box = (60, 40, picture.width - 60, picture.height - 60)
    shifted = picture.copy()
    shifted.paste(ImageChops.offset(picture.crop(box), 0, 6), box)
    return shifted


def other_message(cell):
    cell.outputs[0].evalue = "expected 3, got 5"


def never_run(cell):
    cell.execution_count, cell.outputs = None, []


def unchanged(cell):
    pass


def missing(cell):
    cell.outputs.clear()


def text(before, after):
    return lambda cell: replace_text(cell, before, after)


def figure(change):
    return lambda cell: replace_figure(cell, change)


# name: a cell, how its stored output is changed, and whether the check must fail
VARIANTS = {
    "unchanged": (TEXT, unchanged, False),
    "last digit": (TEXT, text("0.8712", "0.8713"), False),
    "two units of the last digit": (TEXT, text("0.8712", "0.8714"), True),
    "integer": (TEXT, text("17", "18"), True),
    "word": (TEXT, text("loss", "cost"), True),
    "output missing": (TEXT, missing, True),
    "never run": (TEXT, never_run, True),
    "figure unchanged": (FIGURE, unchanged, False),
    "figure encoded again": (FIGURE, figure(lambda picture: picture), False),
    "figure antialiased": (FIGURE, figure(lambda picture: picture.filter(ImageFilter.GaussianBlur(0.4))), False),
    "figure replaced": (FIGURE, figure(lambda picture: Image.new("RGB", picture.size, "white")), True),
    "curve shifted": (FIGURE, figure(shift_curve), True),
    "figure missing": (FIGURE, missing, True),
    "exception unchanged": (RAISES, unchanged, False),
    "exception with another message": (RAISES, other_message, True),
    "not compared": (RANDOM, text("0.", "1."), False),
    "offline": (OFFLINE, unchanged, False),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook with a cell for each variant, and its outputs."""
    sources = [source for source, _, _ in VARIANTS.values()]
    cells = [new_code_cell(source, metadata={"tags": TAGS.get(source, [])}) for source in sources]
    notebook = new_notebook(cells=cells)
    asyncio.run(execute.run(notebook, tmp_path_factory.mktemp("executed")))
    return dict(zip(VARIANTS, notebook.cells, strict=True))


@pytest.fixture(scope="module")
def failed(executed, tmp_path_factory):
    """Whether each variant failed, in one run of pytest over a notebook with all of them."""
    folder = tmp_path_factory.mktemp("variants")
    cells = copy.deepcopy(executed)
    for name, (_, change, _) in VARIANTS.items():
        change(cells[name])
    chapters.write(folder / "variants.ipynb", new_notebook(cells=list(cells.values())))
    command = [sys.executable, "-m", "pytest", "-p", "nbcompare", "-c", os.devnull, "--rootdir", str(folder)]
    python_path = os.pathsep.join([str(HERE), str(chapters.ROOT / "tools")])
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider", f"--junitxml={folder / 'report.xml'}", str(folder)],
        env={**os.environ, "PYTHONPATH": python_path}, capture_output=True, text=True, check=False,
    )
    assert run.returncode == 1, run.stdout
    cases = ET.parse(folder / "report.xml").iter("testcase")
    assert len(list((folder / "_build" / "changed_figures").glob("*.png"))) == 4  # two figures, stored and now
    return {name: len(case) > 0 for name, case in zip(VARIANTS, cases, strict=True)}


@pytest.mark.parametrize("name", VARIANTS)
def test_variant(failed, name):
    assert failed[name] == VARIANTS[name][2]


def test_a_semicolon_silences_as_in_jupyter(executed):
    (output,) = executed["figure unchanged"].outputs
    assert "image/png" in output.data


def test_connections_are_refused_in_kernels(executed):
    assert executed["offline"].outputs[0].text == (
        "notebooks run offline; refused: 192.0.2.1\nnotebooks run offline; refused: example.org\n"
    )


def test_a_bare_pytest_runs_the_book(request):
    """With the project's settings every code cell of every notebook is a test."""
    assert "book" in request.config.getini("testpaths")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "book"],
        cwd=chapters.ROOT, capture_output=True, text=True, check=False,
    )
    for path in chapters.notebooks():
        cells = sum(cell.cell_type == "code" for cell in chapters.read(path).cells)
        assert run.stdout.count(f"{path.relative_to(chapters.ROOT).as_posix()}::Cell ") == cells
