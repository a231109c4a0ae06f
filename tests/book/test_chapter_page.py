"""The parts of a chapter get the names by which the style sheet and progress.js know them; nothing is lost."""
import chapter_page
import pytest
from docutils import nodes
from docutils.utils import new_document


def section(title, *content):
    return nodes.section("", nodes.title("", "", *title), *content)


def cell(source):
    return nodes.container("", nodes.literal_block(source, source))


def paragraph(bold, text):
    return nodes.paragraph("", "", nodes.Text(""), nodes.strong(text=bold), nodes.Text(text))


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A chapter after the transform, its sections by title."""
    document = new_document("perceptron.ipynb")
    time = paragraph("Time.", " Reading 5 min.")
    text = [nodes.Text("1. Use "), nodes.literal(text="np"), nodes.Text(" well ★★")]
    document += section(
        [nodes.Text("Perceptron")], nodes.paragraph(text="badge"), nodes.paragraph(text="promise"),
        section([nodes.Text("What you will learn")], paragraph("Before you start.", " x"), time, cell("setup")),
        section([nodes.Text("2. Not an exercise")], cell("exercises.update.check(update)")),
        section([nodes.Text("Exercises")],
                section([nodes.Text("3. Numbered, nothing to check")], cell("1 + 1")),
                section(text, cell("exercises.use.check(use)\nexercises.other.check(1)"))))

    class Settings:
        class env:  # noqa: N801
            docname = "book/foundations/perceptron"

            @staticmethod
            def doc2path(name):
                return str(tmp_path / "perceptron.ipynb")

    document.settings.env = Settings.env
    facts = {"name": "perceptron", "exercises": ["use"], "practice": "1 exercises, 5 min"}
    monkeypatch.setattr(chapter_page, "chapter", lambda name, notebook: facts)
    chapter_page.ChapterPage(document).apply()
    return document[0]


def named(page, title):
    return next(part for part in page.findall(nodes.section) if part[0].astext().startswith(title))


def test_promise_and_times(page):
    classes = {part.astext(): part["classes"] for part in page.findall(nodes.paragraph)}
    assert classes == {"badge": [], "promise": ["promise"], "Before you start. x": ["before"],
                       "Time. Reading 5 min.": ["time"]}


def test_the_first_cells_stand_below_the_box(page):
    box = named(page, "What")
    assert [type(part) for part in box] == [nodes.title, nodes.paragraph, nodes.paragraph]
    below = page[page.index(box) + 1]
    assert below.astext() == "setup" and below.parent is page


def test_an_exercise(page):
    exercise = named(page, "1.")
    assert exercise["classes"] == ["exercise"]
    assert exercise[0].astext() == "1. Use np well ★★"
    assert [part.astext() for part in exercise[0].findall(nodes.inline)] == ["1.", "★★"]
    assert exercise[1].astext() == '<p class="exercise-state" data-exercise="use" hidden></p>'
    assert exercise[2].astext().startswith("exercises.use")


def test_what_is_no_exercise(page):
    assert named(page, "2.")["classes"] == [] and named(page, "3.")["classes"] == []


def test_the_mark_stands_at_the_end(page):
    assert page[-1].astext() == '<div class="progress-chapter" data-chapter="perceptron" data-exercises="use"></div>'
