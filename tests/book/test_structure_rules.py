"""The rules are checked: a good small chapter keeps all of them, and each bad one breaks the rule it should."""

import copy
import sys
from types import SimpleNamespace

import chapters
import pytest
import structure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ALT = "A line that falls from left to right"
FEEDBACK = "Right: the sum decides."
FIGURE = new_output("display_data", data={"image/png": "iVBOR", "text/plain": "<Figure size 640x480 with 1 Axes>"})


def code(source, *outputs, tags=(), alt=None, prompt=None):
    shown = ({"image": {"alt": alt}} if alt else {}) | ({"code_prompt_show": prompt} if prompt else {})
    metadata = {"tags": list(tags)} | ({"mystnb": shown} if shown else {})
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


def printed(text):
    return new_output("stream", name="stdout", text=text)


def exercise_cells(number, name):
    title = "Find the bug" if number == 5 else f"Task {number}"
    return [
        new_markdown_cell(f"### {number}. {title} ★★\n\nReturn the sum."),
        code(f"def {name}(x):\n    ...\n\nexercises.{name}.check({name})"),
        code(f"# exercises.{name}.hint()\n# exercises.{name}.solution()"),
    ]


def predict(number):
    return [new_markdown_cell(f"> **Predict.** What is {number} + 1?"), code(f"assert {number} + 1 == {number + 1}")]


def pitfall(number):
    return [new_markdown_cell(f"> **Pitfall.** Division {number}."), code(f"print({number} / 2)", printed("0.5\n"))]


@pytest.fixture
def chapter(book):
    """A chapter that keeps every rule, as small as it can be."""
    names = ["one", "two", "three", "four", "five"]
    cells = [
        new_markdown_cell(f"# Good\n\n{chapters.badge('foundations/good')}\n\nWe learn what is good."),
        new_markdown_cell(
            "## What you will learn\n\n- add\n- subtract\n- divide\n\n**Before you start.** Nothing.\n\n"
            "**Time.** Reading 10 min · running 1 min · exercises 20 min."
        ),
        code(chapters.setup_cell(), tags=["setup", "hide-input"], prompt="Show the setup"),
        code("import numpy as np\n\nnp.ones(3)", FIGURE, tags=["hide-input"], alt=ALT),
        new_markdown_cell("## First idea\n\nSee [the end](#in-short) and [the other](other.ipynb#its-part)."),
        code("def double(x):\n    return 2 * x\n\nprint(double(2))", printed("4\n")),
        *predict(1), *predict(2), *predict(3),
        new_markdown_cell("## Second idea\n\n$x!$ and `a != b` are no shouting."),
        *pitfall(1), *pitfall(2),
        new_markdown_cell("## Exercises"),
        code("from companion import quiz\nfrom companion.exercises import good as exercises"),
        *(cell for number, name in enumerate(names, 1) for cell in exercise_cells(number, name)),
        new_markdown_cell("## Quiz"),
        code('quiz.show("good")', tags=["nbval-ignore-output"]),
        new_markdown_cell("## In short\n\n" + "word " * 80),
        new_markdown_cell("## Go further\n\n" + "\n".join(
            f"- Author {number}, [Title](https://doi.org/10.1/{number}): why." for number in range(3)
        )),
    ]
    for number, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
        cell.execution_count = number
    path = book / "foundations" / "good.ipynb"
    chapters.write(path, new_notebook(cells=cells))
    (book / "_static").mkdir()
    (book / "_static" / "colab-badge.svg").touch()
    chapters.write(path.with_name("other.ipynb"), new_notebook(cells=[new_markdown_cell("## Its part")]))
    question = {"question": "?", "answers": [{"answer": text, "feedback": FEEDBACK} for text in "ab"]}
    return structure.Chapter(
        "foundations/good", path, chapters.read(path),
        exercises={name: SimpleNamespace(stars=2) for name in names},
        quiz=[copy.deepcopy(question) for _ in range(6)],
        run_time={"seconds": 12.0},
    )


@pytest.fixture
def project(chapter, monkeypatch):
    """A project of the capstone that keeps every rule for one, and its solution, made of the good chapter's cells."""
    measured = SimpleNamespace(requirements=[(20, "Good enough"), (40, "Good alone")])
    monkeypatch.setattr(structure, "capstone_of", lambda chapter: measured)
    rows = "\n".join(f"| {title} | {points} | why |" for points, title in measured.requirements)

    def make(kind, reached):
        name = "capstone/sums" + "_solution" * (kind == "solution")
        solving = "" if kind == "solution" else " · project 90 min"
        goals = f"## {structure.KINDS[kind][0]}\n\n- add\n- subtract\n- divide\n\n**Before you start.** Nothing."
        cells = [
            new_markdown_cell(f"# Good\n\n{chapters.badge(name)}\n\nWe do what is good."),
            new_markdown_cell(f"{goals}\n\n**Time.** Reading 10 min · running 1 min{solving}."),
            *copy.deepcopy(chapter.cells[2:6]),
            code("project.check(double)", printed(f"Sums: {reached} of 60 points")),
            new_markdown_cell(f"## Rubric\n\n| What | Points | Why |\n|---|--:|---|\n{rows}\n| Words | 40 | why |"),
        ]
        for number, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
            cell.execution_count = number
        path = chapter.path.parents[1] / f"{name}.ipynb"
        path.parent.mkdir()
        chapters.write(path, new_notebook(cells=cells))
        path.with_name("other.ipynb").write_bytes(chapter.path.with_name("other.ipynb").read_bytes())
        find(made := structure.Chapter(name, path, chapters.read(path), {}, [], {"seconds": 12.0}),
             "First idea").source = "## First idea"
        return made

    return make


def rules_for(kind):
    return [pytest.param(rule, id=rule.__name__) for rule in structure.RULES if kind in rule.kinds]


@pytest.mark.parametrize("rule", rules_for("chapter"))
def test_a_good_chapter_keeps_every_rule(chapter, rule):
    assert list(rule(chapter)) == []


@pytest.mark.parametrize("rule", rules_for("project"))
def test_a_good_project_keeps_every_rule(project, rule):
    assert list(rule(project("project", reached=20))) == []


@pytest.mark.parametrize("rule", rules_for("solution"))
def test_a_good_solution_keeps_every_rule(project, rule):
    assert list(rule(project("solution", reached=60))) == []


def find(chapter, text):
    """The first cell that holds a text."""
    return next(cell for cell in chapter.cells if text in cell.source)


def replace(before, after):
    """A change: other text in the first cell that holds it."""
    def change(chapter):
        cell = find(chapter, before)
        cell.source = cell.source.replace(before, after)
    return change


def all_replace(before, after):
    """The same in every cell."""
    def change(chapter):
        for cell in chapter.cells:
            cell.source = cell.source.replace(before, after)
    return change


def remove(text):
    return lambda chapter: chapter.cells.remove(find(chapter, text))


def append(text, source):
    """A change: more text at the end of a cell."""
    return lambda chapter: find(chapter, text).update(source=f"{find(chapter, text).source}\n\n{source}")


def tag(text, *tags):
    return lambda chapter: find(chapter, text).metadata.update(tags=list(tags))


def show(text):
    """A change: a cell printed this."""
    return lambda chapter: find(chapter, "double").update(outputs=[printed(text)])


def move(text, place):
    def change(chapter):
        cell = find(chapter, text)
        chapter.cells.remove(cell)
        chapter.cells.insert(place, cell)
    return change


def add_code(*sources):
    """A change: more code cells after the first idea."""
    def change(chapter):
        place = chapter.cells.index(find(chapter, "double")) + 1
        chapter.cells[place:place] = map(code, sources)
    return change


def add_tagged(first, *sources):
    """A change: more code cells, the first of which needs PyTorch."""
    def change(chapter):
        add_code(first, *sources)(chapter)
        find(chapter, first).metadata.tags = ["torch"]
    return change


def store_error(chapter):
    find(chapter, "double").outputs = [new_output("error", ename="ValueError", evalue="no", traceback=[])]


def html(text):
    output = new_output("display_data", data={"text/html": text})
    return lambda chapter: find(chapter, "double").update(outputs=[output])


def ignore_four(chapter):
    for cell in chapter.code[-4:]:
        cell.metadata.tags = ["nbval-ignore-output"]


def ignore_text(chapter):
    find(chapter, "double").metadata.tags = ["nbval-ignore-output"]


def hide(chapter):
    find(chapter, "double").metadata.tags = ["hide-input"]


LONG = "print(\n" + "    1,\n" * 30 + ")"

BAD = [
    ("opening", replace("# Good", "Good"), "`# Title`"),
    ("opening", replace("foundations/good.ipynb", "foundations/other.ipynb"), "must be the badge"),
    ("opening", replace("We learn what is good.", "We learn. You too."), "in one sentence"),
    ("opening", replace("We learn what is good.", ""), "in one sentence"),
    ("goals", replace("What you will learn", "Goals"), "second cell"),
    ("goals", replace("- divide\n", ""), "there are 2"),
    ("goals", replace("- divide\n", "- a\n- b\n- c\n- d\n"), "there are 6"),
    ("goals", replace("**Before you start.**", "Before you start."), "Before you start"),
    ("goals", replace("Reading 10 min", "Reading long"), "write the time"),
    ("setup", replace("--quiet companion", "--quiet --upgrade companion"), "must be the setup cell"),
    ("setup", tag("emscripten", "setup"), "hide-input"),
    ("setup", tag("double", "setup"), "only one cell"),
    ("setup", remove("emscripten"), "must be the setup cell"),
    ("opening_picture", lambda chapter: chapter.cells[3].update(outputs=[]), "must draw"),
    ("opening_picture", tag("np.ones"), "hide-input"),
    ("sections", replace("## In short", "## Summary"), "in this order"),
    ("sections", move("## Go further", 5), "in this order"),
    ("sections", append("## Quiz", "## Extra"), "nothing comes between"),
    ("sections", replace("## Second idea", "### Second idea"), "at least two sections"),
    ("predictions", remove("**Predict.** What is 1"), "found 2"),
    ("predictions", replace("assert 2 + 1 == 3", "print(2 + 1)"), "code that asserts"),
    ("predictions", remove("assert 2 + 1 == 3"), "code that asserts"),
    ("pitfalls", remove("**Pitfall.** Division 1"), "found 1"),
    ("pitfalls", remove("print(2 / 2)"), "code that shows it"),
    ("known_callouts", replace("**Pitfall.**", "**Caution.**"), "is no callout"),
    ("known_callouts", replace("**Pitfall.**", "**Pitfall**"), "is no callout"),
    ("exercises", remove("### 3."), "found 4"),
    ("exercises", replace("### 3.", "### 7."), "number the exercises"),
    ("exercises", replace("Find the bug", "Look closely"), "find the bug"),
    ("exercises", replace("Task 2 ★★", "Task 2"), "`### 1. Title ★★`"),
    ("checked_exercises", replace("exercises.two.check(two)", "two"), "must call"),
    ("checked_exercises", replace("exercises.two.check(two)", "exercises.two.check(two)\n2"), "last line"),
    ("checked_exercises", all_replace(".hint()", ""), "tell in the section Exercises of `exercises.<name>.hint()`"),
    ("checked_exercises", all_replace(".solution()", ""), "`exercises.<name>.solution()`"),
    ("checked_exercises", lambda chapter: chapter.exercises.pop("two"), "not registered"),
    ("checked_exercises", lambda chapter: chapter.exercises.update(six=None), "does not check it"),
    ("checked_exercises", replace("Task 2 ★★", "Task 2 ★"), "1 stars here, 2 where"),
    ("quiz", replace('quiz.show("good")', 'quiz.show("other")'), "needs a code cell"),
    ("quiz", tag("quiz.show"), "nbval-ignore-output"),
    ("quiz", lambda chapter: chapter.quiz.pop(), "it has 5"),
    ("quiz", lambda chapter: chapter.quiz[2]["answers"][1].pop("feedback"), "question 3"),
    ("quiz", lambda chapter: chapter.quiz[2]["answers"].pop(), "at least 2 answers"),
    ("in_short", replace("word " * 80, "word " * 9), "12 words"),
    ("in_short", replace("word " * 80, "word " * 600), "603 words"),
    ("go_further", replace("- Author 0", "Author 0"), "found 2"),
    ("go_further", replace("https://doi.org/10.1/0", "somewhere"), "stable https address"),
    ("alt_texts", append("## First", "![short](../_static/logo.svg)"), "alt text"),
    ("alt_texts", append("## First", '<img src="a.svg">'), "alt text"),
    ("alt_texts", lambda chapter: chapter.cells[3].metadata.pop("mystnb"), "into the metadata"),
    ("portable_markdown", append("## First", "```{note}\nText\n```"), "a directive"),
    ("portable_markdown", append("## First", ":::note\nText\n:::"), "a directive"),
    ("portable_markdown", append("## First", "See {doc}`other`."), "a role"),
    ("portable_markdown", append("## First", "(place)=\n### More"), "a label"),
    ("portable_markdown", append("## First", "Text[^1]"), "a footnote"),
    ("own_images", append("## First", f"![{ALT}](https://example.org/a.png)"), "book/_static"),
    ("own_images", append("## First", f'<img alt="{ALT}" src="//example.org/a.png">'), "book/_static"),
    ("links", append("## First", "[a](missing.ipynb)"), "leads nowhere"),
    ("links", append("## First", "[a](#missing)"), "no heading"),
    ("links", append("## First", "[a](other.ipynb#missing)"), "no heading"),
    ("links", append("## First", "![a picture](../_static/missing.svg)"), "leads nowhere"),
    ("plain_words", append("## First", "This is simply true."), "leave out 'simply'"),
    ("plain_words", append("## First", "Try it!"), "leave out '!'"),
    ("short_cells", add_code(LONG), "32 lines"),
    ("short_cells", lambda chapter: [cell.update(source=LONG[:-60] + ")") for cell in chapter.code[:9]], "over 20"),
    ("used_definitions", add_code("def idle():\n    return idle()"), "idle is defined but never used"),
    ("used_definitions", add_code("class Idle:\n    pass"), "Idle is defined but never used"),
    ("used_definitions", add_code("class A:\n    def idle(self):\n        pass\n\nA()"), "A.idle is never called"),
    ("used_imports", add_code("import math"), "math is imported"),
    ("used_imports", add_code("from math import sin as sine"), "sine is imported"),
    ("no_hidden_globals", add_code("rate = 1", "def f(x):\n    return rate * x", "f(1)"), "f reads the notebook's"),
    ("no_hidden_globals", add_code("w = 1", "w = 2\ndef f(x):\n    return w * x", "f(1)"), "f reads the notebook's w"),
    ("no_hidden_globals", add_code("w = 1", "class A:\n    def go(self):\n        return w", "A()"), "A reads"),
    ("no_hidden_globals", add_code("w = 1", "def f():\n    return [w for _ in range(2)]", "f()"), "f reads"),
    ("for_the_browser", add_code("import torch\ntorch.ones(2)"), "tag a cell that imports torch `torch`"),
    ("for_the_browser", add_code("from keras import layers\nlayers.Dense(2)"), "imports keras `keras`"),
    ("for_the_browser", add_tagged("import torch\nw = torch.ones(2)", "print(w)"), "uses w of a cell"),
    ("for_the_browser", add_tagged("def f():\n    return 1", "def g():\n    return f()\n\ng()"), "uses f of a cell"),
    ("executed", lambda chapter: chapter.code[4].update(execution_count=None), "make execute"),
    ("executed", lambda chapter: chapter.code[4].update(execution_count=50), "make execute"),
    ("executed", store_error, "an error is stored"),
    ("compared", ignore_four, "4 cells are tagged"),
    ("compared", ignore_text, "it prints"),
    ("hidden_cells", hide, "code_prompt_show"),
    ("compared", tag("double", "nbval-skip"), "no skipping"),
    ("compared", add_code("# NBVAL_IGNORE_OUTPUT\n1"), "no skipping"),
    ("timeless_outputs", show("saved in /tmp/x.npz"), "'/tmp/'"),
    ("timeless_outputs", show("<object at 0x7f12aa34bb50>"), "0x7f12aa34bb50"),
    ("timeless_outputs", show("on 2024-05-06"), "a date"),
    ("timeless_outputs", show("took 3.5 s"), "a time"),
    ("timeless_outputs", show("12 ms per step"), "a time"),
    ("timeless_outputs", html("<b>took</b> 3.5 ms"), "a time"),
    ("run_time", lambda chapter: chapter.run_time.clear(), "no time is recorded"),
    ("run_time", lambda chapter: chapter.run_time.update(seconds=61.0), "it takes 61.0 s"),
]


@pytest.mark.parametrize("name, change, message", BAD, ids=[f"{index}-{bad[0]}" for index, bad in enumerate(BAD)])
def test_a_bad_chapter_breaks_its_rule(chapter, name, change, message):
    rule = getattr(structure, name)
    change(chapter)
    problems = list(rule(chapter))
    assert any(message in problem for problem in problems), problems


BAD_PROJECTS = [
    ("goals", "project", 20, replace("What you will do", "What you will learn"), "open with `## What you will do`"),
    ("goals", "project", 20, replace(" · project 90 min", ""), "project 360 min.`"),
    ("goals", "solution", 60, replace("1 min.", "1 min · exercises 5 min."), "running 1 min.`"),
    ("rubric", "project", 20, replace("| 40 | why |\n| Words", "| 30 | why |\n| Words"), "add up to 90 points"),
    ("rubric", "project", 20, replace("Good alone", "Good with others"), "a row `| Good alone | 40 |"),
    ("reports", "project", 60, lambda project: None, "the stored report of a project"),
    ("reports", "solution", 20, lambda project: None, "the stored report of a solution"),
    ("reports", "solution", 60, remove("project.check("), "found 0"),
]


@pytest.mark.parametrize("name, kind, reached, change, message", BAD_PROJECTS)
def test_a_bad_project_breaks_its_rule(project, name, kind, reached, change, message):
    made = project(kind, reached)
    change(made)
    problems = list(getattr(structure, name)(made))
    assert any(message in problem for problem in problems), problems


def test_every_rule_has_a_bad_chapter():
    assert {name for name, *_ in BAD + BAD_PROJECTS} == {rule.__name__ for rule in structure.RULES}


def test_the_capstone_of_a_notebook(project, monkeypatch):
    solution = project("solution", reached=60)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "companion.capstone.sums", SimpleNamespace(project="the project"))
    assert structure.capstone_of(solution) == "the project"


FINE = [
    ("for_the_browser", ["try:\n    import torch\nexcept ModuleNotFoundError:\n    torch = None\nprint(torch)"]),
    ("no_hidden_globals", ["RATE = 0.1", "def f(x):\n    return RATE * x", "f(1)"]),
    ("no_hidden_globals", ["w = 1", "print([w + x for x in range(2)], (lambda x: w + x)(1))"]),
    ("no_hidden_globals", ["w = 1", "def f():\n    w = 2\n    def g():\n        return w\n    return g()", "f()"]),
    ("no_hidden_globals", ["w = 1\ndef f(x):\n    return w * x", "def g():\n    w = 2\n    return w", "f(g())"]),
    ("no_hidden_globals", ["w = 1", "def f(x):\n    return w * x\n\nf(1)"]),
    ("used_definitions", ["class A:\n    def go(self):\n        pass\n    def __call__(self):\n        A.go()", "A()"]),
    ("used_definitions", ["def f(x):\n    return x\n\nprint(f(1))", "def f(x):\n    return 2 * x"]),
]


def test_names_may_be_those_of_a_skipped_cell(chapter):
    add_tagged("import torch\n\nx = torch.ones(2)\nprint(x)", "def g(x):\n    return x\n\ng(1)")(chapter)
    assert list(structure.for_the_browser(chapter)) == []


@pytest.mark.parametrize("name, sources", FINE)
def test_what_is_fine_passes(chapter, name, sources):
    add_code(*sources)(chapter)
    assert list(getattr(structure, name)(chapter)) == []


@pytest.mark.parametrize("text", ["0.25 for 5 seeds", "accuracy 0.9 so far", "1958 units", "and/or a/b", "max 1 min 0"])
def test_ordinary_outputs_are_timeless(chapter, text):
    show(text)(chapter)
    assert list(structure.timeless_outputs(chapter)) == []


def test_an_expected_error_is_no_problem(chapter):
    store_error(chapter)
    find(chapter, "double").metadata.tags = ["raises-exception"]
    assert list(structure.executed(chapter)) == []
