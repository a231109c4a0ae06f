"""What every notebook of the book must have: one small rule each.

A rule takes a `Chapter` and yields its problems, each a sentence that says where and what to do. The rules follow
the order of a chapter; some hold for certain kinds of notebooks only. test_structure.py applies them to the book,
test_structure_rules.py to bad chapters.
"""

import ast
import json
import re
import symtable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import chapters
import run_times
import times
from callouts import CALLOUTS
from IPython.core.inputtransformer2 import TransformerManager

ALT_LENGTH = 25
LINES, LONG_LINES, LONG_SHARE = 30, 20, 0.25
UNCOMPARED_CELLS = 3  # the quiz, with random ids; figures of what float32 training left, which machines differ in
SECTIONS = ["What you will learn", "Exercises", "Quiz", "In short", "Go further"]
PATHS = re.compile(r"(?<![\w.])/(?:tmp|root|home|Users|usr|opt|work|content)/|[A-Z]:\\|site-packages|0x[0-9a-f]{6,}")
DATES = re.compile(r"\b20\d\d-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b")
TIMES = re.compile(r"\d ?(?:[mµun]s|s|sec|seconds|minutes)\b|\bWall time\b|\bit/s\b")

# How the second cell of each kind of notebook opens, and what its line "Time." ends with.
KINDS = {
    "chapter": ("What you will learn", " · exercises 60 min"),
    "summary": ("What you will find here", " · quiz 60 min"),
    "project": ("What you will do", " · project 360 min"),
    "solution": ("What this shows", ""),
}
RULES = []


def rule(*kinds):
    """Register a rule for these kinds of notebooks; for all without any."""

    def register(function):
        function.kinds = kinds or tuple(KINDS)
        RULES.append(function)
        return function

    return register


@dataclass
class Chapter:
    """A notebook of the book with all that belongs to it."""

    name: str
    path: Path
    notebook: object
    exercises: dict  # by name, from companion.exercises
    quiz: list  # the questions
    run_time: dict  # from run_times.json

    @property
    def cells(self):
        return self.notebook.cells

    @property
    def code(self):
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def short_name(self):
        return self.name.split("/")[-1]

    @property
    def kind(self):
        return chapters.kind(self.name)

    def section(self, title):
        """The cells from `## title` up to the next heading of this level."""
        start = next((i for i, cell in enumerate(self.cells) if title in titles(cell)), None)
        if start is None:
            return []
        end = next((i for i in range(start + 1, len(self.cells)) if titles(self.cells[i])), len(self.cells))
        return self.cells[start:end]

    def where(self, cell):
        """A cell as a person finds it: its place and its first line."""
        first = next(iter(cell.source.strip().splitlines()), "empty")
        return f"cell {self.cells.index(cell) + 1} ({first[:50]!r})"


def load(name):
    """A chapter of the book with its exercises, quiz and measurements."""
    short = name.split("/")[-1]
    quiz = chapters.ROOT / "companion" / "quizzes" / f"{short}.json"
    module = chapters.ROOT / "companion" / "exercises" / f"{short}.py"
    return Chapter(
        name=name,
        path=chapters.path_of(name),
        notebook=chapters.read(chapters.path_of(name)),
        exercises=import_module(f"companion.exercises.{short}").chapter.exercises if module.exists() else {},
        quiz=json.loads(quiz.read_text("utf-8")) if quiz.exists() else [],
        run_time=run_times.load().get(name, {}),
    )


# ---- Reading cells


def titles(cell):
    """The titles of the second level that a Markdown cell holds."""
    return re.findall(r"^## (.+)$", prose(cell.source), re.MULTILINE) if cell.cell_type == "markdown" else []


def prose(source):
    """Markdown without code blocks, code spans and formulas."""
    source = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.MULTILINE | re.DOTALL)
    source = re.sub(r"(`+).+?\1", "", source, flags=re.DOTALL)
    return re.sub(r"\$\$.+?\$\$|\$[^$\n]+\$", "", source, flags=re.DOTALL)


def tags(cell):
    return cell.metadata.get("tags", [])


def parse(cell):
    """The syntax tree of a code cell; magics are translated as IPython does."""
    return ast.parse(TransformerManager().transform_cell(cell.source))


def has_figure(cell):
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def callouts(chapter, word):
    """The Markdown cells that hold a callout, each with the cell after it."""
    opening = re.compile(rf"^> ?\*\*{word}\b", re.MULTILINE)
    following = [*chapter.cells[1:], None]
    return [
        (cell, after)
        for cell, after in zip(chapter.cells, following, strict=True)
        if cell.cell_type == "markdown" and opening.search(cell.source)
    ]


def asserts(cell):
    """Does a code cell assert something (by a statement, or as np.testing.assert_allclose does)?"""
    called = [getattr(node, "attr", "") or getattr(node, "id", "") for node in ast.walk(parse(cell))]
    statements = any(isinstance(node, ast.Assert) for node in ast.walk(parse(cell)))
    return statements or any(name.startswith("assert_") for name in called)


# ---- The opening


@rule()
def opening(chapter):
    """Title, badge of this notebook, promise in one sentence."""
    lines = [line for line in chapter.cells[0].source.splitlines() if line.strip()]
    if chapter.cells[0].cell_type != "markdown" or not lines or not lines[0].startswith("# "):
        yield "the first cell must be Markdown that opens with `# Title`"
        return
    if lines[1:2] != [chapters.badge(chapter.name)]:
        yield f"the line after the title must be the badge {chapters.badge(chapter.name)}"
    promise = " ".join(lines[2:])
    if not promise.endswith(".") or re.search(r"[.?] +[A-Z]", promise):
        yield f"after the badge stands the promise, in one sentence; it is {promise!r}"


@rule()
def goals(chapter):
    """What you will learn (3 to 5 things), Before you start, Time: in this order."""
    cell = chapter.cells[1]
    title, solving = KINDS[chapter.kind]
    if title not in titles(cell):
        yield f"the second cell must open with `## {title}`"
        return
    learn, start, time = (cell.source.find(text) for text in ("## What", "**Before you start.**", "**Time.**"))
    if not learn < start < time:
        yield "after the bullets come `**Before you start.** …` and then `**Time.** …`"
        return
    bullets = re.findall(r"^[-*] \S", cell.source[learn:start], re.MULTILINE)
    if not 3 <= len(bullets) <= 5:
        yield f"name 3 to 5 things to learn as bullets; there are {len(bullets)}"
    if not re.search(rf"\*\*Time\.\*\* Reading \d+ min · running \d+ min{re.sub('[0-9]+', '[0-9]+', solving)}\.",
                     cell.source):
        yield f"write the time as `**Time.** Reading 40 min · running 1 min{solving}.`"


@rule()
def setup(chapter):
    """The setup cell, the same in every notebook."""
    cell = chapter.cells[2]
    if cell.cell_type != "code" or cell.source != chapters.setup_cell():
        yield "the third cell must be the setup cell: take its text from tools/chapters.py, setup_cell()"
    if not {"setup", "hide-input"} <= set(tags(cell)):
        yield "tag the setup cell `setup` and `hide-input`"
    if sum("setup" in tags(cell) for cell in chapter.cells) > 1:
        yield "only one cell is tagged `setup`"


@rule()
def hidden_cells(chapter):
    """A cell whose code the web page hides draws a figure, or says on its button what it hides."""
    for cell in chapter.code:
        prompt = cell.metadata.get("mystnb", {}).get("code_prompt_show", "")
        if "hide-input" in tags(cell) and not has_figure(cell) and not prompt.startswith("Show "):
            yield f'{chapter.where(cell)}: metadata {{"mystnb": {{"code_prompt_show": "Show the …"}}}} are missing'


@rule("chapter", "summary")
def opening_picture(chapter):
    """The picture that carries the idea comes before the first section, drawn by a cell whose code is hidden."""
    end = next((i for i in range(3, len(chapter.cells)) if titles(chapter.cells[i])), len(chapter.cells))
    drawing = [cell for cell in chapter.cells[3:end] if has_figure(cell)]
    if not drawing:
        yield "after the setup cell and before the first section a code cell must draw the opening picture"
    elif "hide-input" not in tags(drawing[0]):
        yield f"{chapter.where(drawing[0])}: tag the cell of the opening picture `hide-input`"


@rule("chapter")
def sections(chapter):
    """The sections that every chapter has, in order and once."""
    found = [title for cell in chapter.cells for title in titles(cell)]
    if [title for title in found if title in SECTIONS] != SECTIONS:
        yield f"the sections {', '.join(SECTIONS)} must stand in this order, once; found: {', '.join(found)}"
    elif found[-4:] != SECTIONS[1:]:
        yield f"nothing comes between or after {', '.join(SECTIONS[1:])}"
    elif len(found) < 7:
        yield "the chapter itself needs at least two sections"


# ---- Callouts


@rule("chapter")
def predictions(chapter):
    """At least three questions before a cell that asserts the answer."""
    found = callouts(chapter, "Predict")
    if len(found) < 3:
        yield f"ask at least 3 times `> **Predict.** …`; found {len(found)}"
    for cell, after in found:
        if after is None or after.cell_type != "code" or not asserts(after):
            yield f"{chapter.where(cell)}: the cell after a prediction must be code that asserts the answer"


@rule("chapter")
def pitfalls(chapter):
    """At least two mistakes, shown by code."""
    found = callouts(chapter, "Pitfall")
    if len(found) < 2:
        yield f"show at least 2 mistakes as `> **Pitfall.** …`; found {len(found)}"
    for cell, after in found:
        if after is None or after.cell_type != "code":
            yield f"{chapter.where(cell)}: the cell after a pitfall must be code that shows it"


@rule()
def known_callouts(chapter):
    """A block quote that opens with a bold word is one of the callouts that the web book knows."""
    for cell in chapter.markdown:
        for word in re.findall(r"(?<!^>\n)^> ?\*\*(.+?)\*\*", cell.source, re.MULTILINE):
            if not word.startswith(tuple(CALLOUTS)) or not word.endswith("."):
                yield f"{chapter.where(cell)}: {word!r} is no callout; known, with a full stop: {', '.join(CALLOUTS)}"


# ---- Exercises and quiz


@dataclass
class Task:
    """An exercise as the notebook shows it."""

    number: int
    title: str
    stars: int
    cells: list


def tasks(chapter):
    """The exercises of the section, from `### 1. Title ★★` to the next."""
    found = []
    for cell in chapter.section("Exercises"):
        heading = cell.cell_type == "markdown" and re.search(
            r"^### (\d+)\. (.+?) (★{1,3})$", cell.source, re.MULTILINE
        )
        if heading:
            found.append(Task(int(heading[1]), heading[2], len(heading[3]), []))
        if found:
            found[-1].cells.append(cell)
    return found


@rule("chapter")
def exercises(chapter):
    """Enough exercises, numbered, with stars; one of them is to find a bug."""
    found = tasks(chapter)
    wanted = 5 if chapter.name.startswith("foundations/") else 4
    if len(found) < wanted:
        yield f"at least {wanted} exercises as `### 1. Title ★★` (one to three stars); found {len(found)}"
    if [task.number for task in found] != list(range(1, len(found) + 1)):
        yield "number the exercises 1, 2, 3, …"
    if not any("find the bug" in task.title.lower() for task in found):
        yield "one exercise must be to find the bug, and say so in its title"
    subtitles = [
        line for cell in chapter.section("Exercises") if cell.cell_type == "markdown"
        for line in re.findall(r"^### .+", prose(cell.source), re.MULTILINE)
    ]
    if len(subtitles) != len(found):
        yield f"every `###` in the exercises is `### 1. Title ★★`, in a cell of its own; found {subtitles}"


@rule("chapter")
def checked_exercises(chapter):
    """Each exercise ends with its check and is the one that is registered; hints and solutions are told of."""
    text = "\n".join(cell.source for cell in chapter.section("Exercises"))
    for help_ in ("hint", "solution"):
        if f".{help_}()" not in text:
            yield f"tell in the section Exercises of `exercises.<name>.{help_}()`"
    checked = []
    for task in tasks(chapter):
        code = "\n".join(cell.source for cell in task.cells if cell.cell_type == "code")
        name = next(iter(re.findall(r"^exercises\.(\w+)\.check\(.+\)$", code, re.MULTILINE)), None)
        label = f"exercise {task.number} ({task.title})"
        if name is None:
            yield f"{label}: a code cell must call `exercises.<name>.check(<name>)`"
            continue
        checked.append(name)
        last = next(cell for cell in task.cells if f"exercises.{name}.check(" in cell.source)
        if not last.source.splitlines()[-1].startswith(f"exercises.{name}.check("):
            yield f"{label}: the check must be the last line of its cell"
        exercise = chapter.exercises.get(name)
        if exercise is None:
            yield f"{label}: {name} is not registered in companion/exercises/{chapter.short_name}.py"
        elif exercise.stars != task.stars:
            yield f"{label}: {task.stars} stars here, {exercise.stars} where it is registered"
    for name in sorted(set(chapter.exercises) - set(checked)):
        yield f"the exercise {name} is registered but the notebook does not check it"


@rule("chapter", "summary")
def quiz(chapter):
    """The quiz is shown, has enough questions, and explains every answer."""
    call = f'quiz.show("{chapter.short_name}")'
    shown = [cell for cell in chapter.section("Quiz") if cell.cell_type == "code" and call in cell.source]
    if not shown:
        yield f"the section Quiz needs a code cell with `{call}`"
    elif "nbval-ignore-output" not in tags(shown[0]):
        yield "tag the cell of the quiz `nbval-ignore-output`: its ids are random"
    if len(chapter.quiz) < 6:
        yield f"companion/quizzes/{chapter.short_name}.json needs at least 6 questions; it has {len(chapter.quiz)}"
    for number, question in enumerate(chapter.quiz, 1):
        answers = question.get("answers", [])
        if len(answers) < 2:
            yield f"question {number} needs at least 2 answers (a numeric one: a value and `default`)"
        for answer in answers:
            if len(answer.get("feedback", "")) < 10:
                yield f"question {number}: explain every answer in `feedback`; missing for {answer}"


# ---- The capstone


def capstone_of(chapter):
    """The project that a notebook of the capstone works on."""
    return import_module(f"companion.capstone.{chapter.short_name.removesuffix('_solution')}").project


@rule("project")
def rubric(chapter):
    """The rubric is a table of 100 points; what the checker measures stands there with its points."""
    text = "\n".join(cell.source for cell in chapter.section("Rubric"))
    rows = {cells[0]: int(cells[1]) for line in text.splitlines()
            if len(cells := [cell.strip() for cell in line.strip(" |").split("|")]) > 1 and cells[1].isdigit()}
    if sum(rows.values()) != 100:
        yield f"the rows of the rubric (`| what | points | …`) add up to {sum(rows.values())} points, not 100"
    for points, title in capstone_of(chapter).requirements:
        if rows.get(title) != points:
            yield f"the rubric needs a row `| {title} | {points} | …`"


@rule("project", "solution")
def reports(chapter):
    """The check was run once: a solution meets all, what a project starts with does not."""
    shown = [output_text(cell) for cell in chapter.code if "project.check(" in cell.source]
    total = sum(points for points, _ in capstone_of(chapter).requirements)
    if len(shown) != 1:
        yield f"one cell calls `project.check(…)`; found {len(shown)}"
    elif (f"{total} of {total} points" in shown[0]) != (chapter.kind == "solution"):
        yield f"the stored report of a {chapter.kind} is not what it should be: {shown[0][:80]!r}"


# ---- The end


@rule("chapter")
def in_short(chapter):
    """The chapter on half a page."""
    words = len(" ".join(cell.source for cell in chapter.section("In short")).split())
    if not 60 <= words <= 450:
        yield f"In short has {words} words; half a page is 60 to 450"


@rule("chapter", "summary")
def go_further(chapter):
    """Three to six references, each linked to a stable address, and why to read them."""
    text = "\n".join(cell.source for cell in chapter.section("Go further"))
    references = re.findall(r"^(?:[-*]|\d+\.) .+(?:\n(?:[ \t]+\S.*))*", text, re.MULTILINE)
    if not 3 <= len(references) <= 6:
        yield f"Go further lists 3 to 6 references; found {len(references)}"
    for reference in references:
        if not re.search(r"\]\(https://|<https://", reference):
            yield f"link a DOI or another stable https address: {reference[:60]!r}"


# ---- Text


@rule()
def alt_texts(chapter):
    """Every picture and every figure says in words what it shows."""
    for cell in chapter.markdown:
        images = re.findall(r"!\[(.*?)\]\(", prose(cell.source), re.DOTALL)
        images += [
            "".join(re.findall(r'alt="(.*?)"', image)) for image in re.findall(r"<img\b.*?>", cell.source, re.DOTALL)
        ]
        for alt in images:
            if len(alt) < ALT_LENGTH and alt != "Open in Colab":
                yield f"{chapter.where(cell)}: alt text of at least {ALT_LENGTH} characters; it is {alt!r}"
    for cell in chapter.code:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if has_figure(cell) and len(alt) < ALT_LENGTH:
            yield (
                f"{chapter.where(cell)}: put an alt text of at least {ALT_LENGTH} characters into the metadata: "
                '{"mystnb": {"image": {"alt": "…"}}}'
            )


@rule()
def portable_markdown(chapter):
    """No directives, roles, labels or comments of MyST: Colab and GitHub show them as raw text."""
    patterns = {
        r"^ *(`{3,}|~{3,}|:{3,})\{": "a directive",
        r"^ *:{3,}": "a directive",
        r"\{[\w:.-]+\}`": "a role",
        r"^\([\w-]+\)=": "a label",
        r"^\+\+\+": "a block break",
        r"^%(?![a-z]+\b)": "a comment",
        r"\[\^\w+\]": "a footnote",
        r"\{(?:doc|ref|numref|cite|term)\}": "a role",
    }
    for cell in chapter.markdown:
        for pattern, name in patterns.items():
            for found in re.findall(f"(?:{pattern}).*", cell.source, re.MULTILINE):
                yield f"{chapter.where(cell)}: {name} of MyST ({found!r}) is raw text elsewhere; write plain Markdown"


@rule()
def own_images(chapter):
    """The site asks no third party for anything: images come with the book."""
    for cell in chapter.markdown:
        for address in re.findall(r"!\[[^\]]*\]\((\S+?)[ )]|<img\b[^>]*\bsrc=[\"'](.+?)[\"']", cell.source):
            if re.match(r"(?:https?:)?//", "".join(address)):
                yield f"{chapter.where(cell)}: put the image into book/_static instead of {''.join(address)}"


@rule()
def links(chapter):
    """Relative links lead to a file, and to a heading where they name one."""
    for cell in chapter.markdown:
        for address in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose(cell.source)):
            if re.match(r"[a-z]+:", address):
                continue
            file, _, anchor = unquote(address).partition("#")
            target = chapter.path.parent / file if file else chapter.path
            if not target.exists():
                yield f"{chapter.where(cell)}: the link {address} leads nowhere"
            elif anchor and anchor not in anchors(target):
                yield f"{chapter.where(cell)}: no heading of {target.name} has the anchor #{anchor}"


def anchors(path):
    """The anchors of the headings of a notebook or a Markdown file, as GitHub and the web book make them."""
    if path.suffix == ".ipynb":
        text = "\n\n".join(cell.source for cell in chapters.read(path).cells if cell.cell_type == "markdown")
    else:
        text = path.read_text("utf-8")
    headings = re.findall(r"^#+ (.+?)#*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@rule()
def plain_words(chapter):
    """No exclamation marks, no "simply", no "obviously"."""
    for cell in chapter.markdown:
        for found in re.findall(r"\b(?:simply|obviously|trivially)\b|!(?!\[)", prose(cell.source), re.IGNORECASE):
            yield f"{chapter.where(cell)}: leave out {found!r}"


# ---- Code


@rule()
def short_cells(chapter):
    """Code cells fit on the screen."""
    lengths = {chapter.where(cell): len(cell.source.splitlines()) for cell in chapter.code}
    for where, length in lengths.items():
        if length > LINES:
            yield f"{where}: {length} lines; split it, {LINES} is the most"
    long = [where for where, length in lengths.items() if length > LONG_LINES]
    if len(long) > LONG_SHARE * len(lengths):
        yield f"{len(long)} of {len(lengths)} cells have over {LONG_LINES} lines; shorten some: {', '.join(long)}"


def trees(chapter):
    """The code of all cells as one syntax tree."""
    return ast.Module([statement for cell in chapter.code for statement in parse(cell).body], [])


def names_used(tree, without=None):
    """The names that are read, outside of one node."""
    inside = set(map(id, ast.walk(without))) if without else set()
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in inside
    }


@rule()
def used_definitions(chapter):
    """Every function, class and method that the notebook defines is used in it."""
    tree = trees(chapter)
    methods = {
        id(item): owner.name for owner in ast.walk(tree) if isinstance(owner, ast.ClassDef) for item in owner.body
    }
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called_by_frameworks = {"forward", "call", "build", "get_config", "train_step", "on_epoch_end", "on_train_end",
                            "update_state", "result", "reset_state"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if id(node) in methods:
            special = node.name.startswith("__") or node.name in called_by_frameworks
            if not special and node.name not in attributes:
                yield f"the method {methods[id(node)]}.{node.name} is never called: call it or leave it out"
        elif node.name not in names_used(tree, without=node):
            yield f"{node.name} is defined but never used: use it or leave it out"


def imported(tree):
    """The names that imports bind."""
    return {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


@rule()
def used_imports(chapter):
    """Every import is used."""
    tree = trees(chapter)
    for name in sorted(imported(tree) - names_used(tree)):
        yield f"{name} is imported but never used: leave the import out"


@rule()
def no_hidden_globals(chapter):
    """A function that other cells call gets what it needs as arguments: everybody runs notebooks out of order.

    It may read imports, functions, classes and CONSTANTS of the notebook, and what only its own cell assigns. A
    function that only its own cell uses may read what that cell reads.
    """
    tree = trees(chapter)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    allowed = imported(tree) | {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    names = [(cell, names_assigned(parse(cell)), names_used(parse(cell))) for cell in chapter.code]
    for cell in chapter.code:
        others = [(assigned, used) for other, assigned, used in names if other is not cell]
        assigned = set().union(*(assigned for assigned, _ in others)) - allowed
        used = set().union(*(used for _, used in others))
        table = symtable.symtable(TransformerManager().transform_cell(cell.source), "cell", "exec")
        for owner, name in global_reads(table):
            if owner in used and name in assigned and not name.isupper():
                yield f"{chapter.where(cell)}: {owner} reads the notebook's {name}; pass it as an argument"


@rule()
def for_the_browser(chapter):
    """Cells that need PyTorch or Keras are tagged so, or look first whether it is there; no other cell needs them."""
    tagged = [cell for cell in chapter.code if {"torch", "keras"} & set(tags(cell))]
    others = [cell for cell in chapter.code if cell not in tagged]
    elsewhere = set().union(*(bound(parse(cell)) for cell in others))
    only_tagged = set().union(*(bound(parse(cell)) for cell in tagged)) - elsewhere
    for cell in others:
        for name in sorted(names_needed(cell) & only_tagged):
            yield f"{chapter.where(cell)}: uses {name} of a cell that the browser skips; tag it torch or keras"
        for package in re.findall(r"^(?:import|from) (torch|keras)\b", cell.source, re.MULTILINE):
            yield f"{chapter.where(cell)}: tag a cell that imports {package} `{package}`"


def names_needed(cell):
    """The names of the notebook that a cell reads, at its top level or in a function."""
    table = symtable.symtable(TransformerManager().transform_cell(cell.source), "cell", "exec")
    here = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return here | {name for child in table.get_children() for name in global_names(child)}


def global_names(table):
    """The global names that a function or class reads, however deep inside."""
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced())
    for child in table.get_children():
        yield from global_names(child)


def bound(tree):
    """The names that a cell binds: by import, definition or assignment."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return imported(tree) | names_assigned(tree) | {node.name for node in tree.body if isinstance(node, kinds)}


def names_assigned(tree):
    """The names that a cell binds outside of functions."""
    found, nodes = set(), [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            nodes += ast.iter_child_nodes(node)
    return found


def global_reads(table, owner=None):
    """Pairs of a function or class of the notebook and a global name that it reads, however deep inside."""
    for child in table.get_children():
        anonymous = ("lambda", "listcomp", "setcomp", "dictcomp", "genexpr")
        name = owner or (child.get_name() if child.get_name() not in anonymous else None)
        if name and child.get_type() == "function":
            for symbol in child.get_symbols():
                if symbol.is_global() and symbol.is_referenced():
                    yield name, symbol.get_name()
        yield from global_reads(child, name)


# ---- Outputs


@rule()
def executed(chapter):
    """Every code cell was run, in order, by `make execute`; none holds an error."""
    counts = [cell.execution_count for cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the cells were not run once from top to bottom ({counts}): run `make execute CHAPTER={chapter.name}`"
    for cell in chapter.code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and "raises-exception" not in tags(cell):
            yield f"{chapter.where(cell)}: an error is stored; repair the cell, or tag it `raises-exception`"


@rule()
def compared(chapter):
    """All outputs are compared, but for a few tagged cells."""
    ignored = [cell for cell in chapter.code if "nbval-ignore-output" in tags(cell)]
    if len(ignored) > UNCOMPARED_CELLS:
        yield f"{len(ignored)} cells are tagged `nbval-ignore-output`; at most {UNCOMPARED_CELLS} may be"
    for cell in ignored:
        if any(output.output_type == "stream" for output in cell.outputs):
            yield f"{chapter.where(cell)}: it prints; text is always compared, so print it in a cell of its own"
    for cell in chapter.code:
        if "nbval-skip" in tags(cell) or re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source):
            yield f"{chapter.where(cell)}: no skipping and no NBVAL comments; the tag `nbval-ignore-output` is enough"


@rule()
def timeless_outputs(chapter):
    """No path, address, date or time in an output: it would differ on the next machine."""
    for cell in chapter.code:
        if "nbval-ignore-output" in tags(cell):
            continue
        for kind, pattern in {"a machine's path or address": PATHS, "a date": DATES, "a time": TIMES}.items():
            found = pattern.search(output_text(cell))
            if found:
                yield f"{chapter.where(cell)}: its output shows {kind} ({found[0]!r}); print something that stays"


def output_text(cell):
    """All text that a cell gave; of HTML what the reader sees."""
    texts = [output.text for output in cell.outputs if output.output_type == "stream"]
    for output in cell.outputs:
        for kind, content in output.get("data", {}).items():
            if kind == "text/html":
                texts.append(re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", content, flags=re.DOTALL))
            elif kind.startswith("text/"):
                texts.append(content)
    return "\n".join(texts)


@rule()
def run_time(chapter):
    """The run-times page has the chapter, and it is quick enough."""
    seconds = chapter.run_time.get("seconds")
    if seconds is None:
        yield f"no time is recorded in run_times.json: run `make execute CHAPTER={chapter.name}`"
    elif seconds > times.SECONDS:
        yield f"it takes {seconds} s; make it quicker, {times.SECONDS} s is the most"
