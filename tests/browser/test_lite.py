"""The notebooks in the browser: what a learner does there. `make test-lite` runs every chapter."""

import lite_browser
from browser_tools import SITE


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
