"""The notebooks in the browser: every chapter runs there from top to bottom and prints what is stored.

This takes longer than all other tests together, so `make test` leaves it out and `make test-lite` does it.
"""

import json
import re

import chapters
import compare
import lite_browser
import pytest
import run_times
from browser_tools import SITE

# Two chapters at once, on the two cores that the course is written for; the longest ones first.
JOBS = 2
# What Pyodide lacks: a cell that would use it says so.
ABSENT = re.compile(r"(PyTorch|Keras|scikit-learn|pandas)\b.* (not installed here|not run in the browser)\b")
# Later cells leave these lines out, since a cell before them could not compute what they are about.
LEFT_OUT = {"foundations/feedforward_networks": ["boosting  test RMSE 0.111"]}


@pytest.fixture(scope="module")
def runs(browser, pyodide):
    """What came of each chapter; the site is hosted below a path, as on GitHub Pages."""
    took = run_times.load()
    names = sorted(chapters.chapters(), key=lambda name: took[name]["seconds"] if name in took else 0, reverse=True)
    context = browser.new_context()
    found = {}
    with lite_browser.served(SITE, pyodide, "/neural-networks-course") as address:
        for run in lite_browser.run_chapters(context, address, names, JOBS):
            found[run.chapter] = run.notebook(), run.trouble
        context.close()
    return found


@pytest.mark.parametrize("name", chapters.chapters())
def test_chapter(runs, name):
    notebook, trouble = runs[name]
    assert trouble == []
    stored = chapters.read(SITE / "lite" / "files" / f"{name}.ipynb")
    assert differences(stored, notebook, LEFT_OUT.get(name, [])) == []


def differences(stored, new, left_out=()):
    """What the cells print otherwise than is stored, one sentence each.

    Cells that say what they lack may, and stored lines that begin with a text of `left_out` may be missing.
    """
    found = []
    cells = [(before, now) for before, now in zip(stored.cells, new.cells, strict=True) if now.cell_type == "code"]
    for number, (before, now) in enumerate(cells, 1):
        if now.execution_count != number:
            found.append(f"code cell {number} did not run: its number is {now.execution_count}")
        for output in now.outputs:
            if output.output_type == "error":
                found.append(f"code cell {number}: {output.ename}: {output.evalue}")
        if "nbval-ignore-output" in before.metadata.get("tags", []):
            continue
        if (told := lines_until_lack(now)) is not None:
            stored_lines = compare.stream(before.outputs, "stdout").splitlines()[:len(told)]
            different = compare.text_differences("stdout", "\n".join(stored_lines), "\n".join(told))
        else:
            different = compare.differences(texts(before), texts(now))
        found += [f"code cell {number}, {text}" for text in different]
    for beginning in left_out:
        (line,) = [text for text in found if f"\n  stored: {beginning}" in text and text.endswith("(no such line)")]
        found.remove(line)
    return found


def lines_until_lack(cell):
    """What a cell prints before it says that the browser lacks the package it asks for; None if it does not say so."""
    if re.search(r"^%%needs |^\s*(import|from) (torch|keras|sklearn|pandas)\b", cell.source, re.MULTILINE):
        lines = compare.stream(cell.outputs, "stdout").splitlines()
        for number, line in enumerate(lines):
            if ABSENT.match(line):
                return lines[:number]
    return None


def texts(cell):
    """The outputs of a cell with all pictures alike, for Pyodide's Matplotlib draws with other fonts; and without the
    blanks that a progress bar leaves behind.
    """
    outputs = lite_browser.nbformat.from_dict(json.loads(json.dumps(cell.outputs)))
    for output in outputs:
        for kind in output.get("data", {}):
            if kind.startswith("image/"):
                output.data[kind] = ""
        if output.output_type == "stream":
            output.text = output.text.rstrip()
    return [output for output in outputs if output.get("text") != ""]
