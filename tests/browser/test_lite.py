"""The notebooks in the browser: every chapter runs there from top to bottom and prints what is stored."""

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
def pyodide():
    try:
        return lite_browser.local_pyodide(SITE)
    except FileNotFoundError as error:
        pytest.skip(str(error))


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


# ---- A learner


class Learner:
    """Finds cells by a text in them, writes into them and runs them."""

    def __init__(self, run):
        self.page = run.page

    def find(self, text):
        """The number of the first code cell with a text, and its place in the page."""
        number = self.page.evaluate(
            """text => [...jupyterapp.shell.currentWidget.context.model.cells].findIndex(
                 cell => cell.type === "code" && cell.sharedModel.getSource().includes(text))""", text)
        assert number >= 0, f"no cell has {text!r}"
        self.page.evaluate("number => jupyterapp.shell.currentWidget.content.scrollToItem(number, 'center')", number)
        return number, self.page.locator(f'.jp-Cell[data-windowed-list-index="{number}"]')

    def run(self, text):
        """Run a cell and wait until it has ended; returns the text of its output."""
        number, place = self.find(text)
        self.page.evaluate(RUN_CELL, number)
        self.page.wait_for_function("window.ended", timeout=1000 * lite_browser.LIMIT)
        return place.locator(".jp-OutputArea").inner_text()

    def write(self, text, source):
        """Replace what stands in a cell, by the keyboard, and run it."""
        _, place = self.find(text)
        place.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        return self.run(source)

    def begin(self):
        """Run the cells that install and import."""
        self.run("find_spec")
        self.run("from companion.exercises import")


RUN_CELL = """number => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = number;
  notebook.deselectAll();
  window.ended = false;
  jupyterapp.commands.execute("notebook:run-cell").finally(() => { window.ended = true; });
}"""
STUB = "exercises.decide.check(decide)"
WRONG = f"def decide(x, weights, bias):\n    return (x @ weights > 0).astype(int)\n\n\n{STUB}"
RIGHT = WRONG.replace("weights >", "weights + bias >")


def test_a_learner(browser, pyodide):
    """Solves an exercise, wrongly at first, asks for a hint and answers a question; a new visit finds it all."""
    context = browser.new_context()
    with lite_browser.served(SITE, pyodide) as address:
        run = lite_browser.Run(context, address, "foundations/perceptron")
        learner = Learner(run)
        learner.begin()
        said = learner.write(STUB, WRONG)
        assert "Not yet" in said and "The bias is missing" in said
        assert "Correct" in learner.write(STUB, RIGHT)
        assert "Hint 1 of 3" in learner.write("exercises.progress()", "exercises.update.hint()")

        learner.run("quiz.show(")
        question = learner.find("quiz.show(")[1].locator(".Quiz").first
        for answer in question.locator(".MCButton").all():
            answer.click()
            if question.locator(".Feedback.correct").is_visible():
                break
        assert question.locator(".Feedback.correct").inner_text()

        run.page.keyboard.press("Control+S")
        run.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
        run.page.reload()
        run.page.wait_for_function(lite_browser.READY, timeout=1000 * lite_browser.LIMIT)
        learner.begin()
        learner.find("weights + bias > 0).astype(int)")
        said = learner.write("exercises.update.hint()", "exercises.progress()")
        assert "1 of 6" in said
        assert run.trouble == []
    context.close()


def test_the_ways_back(browser, pyodide):
    """From the notebook to its web page, and along its links to other notebooks."""
    context = browser.new_context()
    with lite_browser.served(SITE, pyodide, "/course") as address:
        run = lite_browser.Run(context, address, "foundations/perceptron")
        with context.expect_page() as opened:
            run.page.get_by_role("link", name="Introduction").first.click()
        assert opened.value.url == f"{address}/lite/notebooks/index.html?path=foundations/introduction.ipynb"
        opened.value.close()
        assert "Python" in run.page.get_by_role("status").first.inner_text()
        run.page.get_by_role("link", name="Back to the web page").click()
        run.page.wait_for_url(f"{address}/book/foundations/perceptron.html")
        assert run.trouble == []
    context.close()
