"""The quizzes of all chapters are sound, and are shown with buttons or as text."""
import copy
import json
import random
import re
import subprocess
import sys

import pytest

from companion import quiz
from companion.exercises import core

QUESTIONS = [
    {"question": "Which of `a < b` and w·x + b ≥ 0 holds?", "type": "multiple_choice", "answers": [
        {"answer": "`a < b`", "correct": True, "feedback": "Yes & no."},
        {"answer": "Neither", "correct": False, "feedback": "Look again."}]},
    {"question": "Which are even?", "type": "many_choice", "code": "x = [1 < 2]", "answers": [
        {"answer": "2", "correct": True, "feedback": "Even."}, {"answer": "4", "correct": True, "feedback": "Even."},
        {"answer": "5", "correct": False, "feedback": "Odd."}]},
    {"question": "How much is 1/4?", "type": "numeric", "answers": [
        {"type": "value", "value": 0.25, "correct": True, "feedback": "Right."},
        {"type": "range", "range": [3, 5], "correct": False, "feedback": "You divided the other way."},
        {"type": "default", "feedback": "Divide 1 by 4."}]},
]


@pytest.mark.parametrize("chapter", quiz.chapters())
def test_quiz_of_a_chapter(chapter):
    questions = quiz.load(chapter)
    assert len(questions) >= 6
    assert len({question["question"] for question in questions}) == len(questions)
    choices = [q["answers"] for q in questions if q["type"] == "multiple_choice"]
    places = {[answer["correct"] for answer in answers].index(True) for answers in choices}
    assert len(places) > 1 or len(choices) < 3, "the right answer always stands at the same place"


def test_each_chapter_with_exercises_has_a_quiz():
    assert quiz.chapters()
    assert set(core.chapters()) <= set(quiz.chapters())


def test_unknown_chapter():
    with pytest.raises(ValueError, match=r"unknown quiz 'perzeptron': expected one of .*"):
        quiz.load("perzeptron")


def test_sound_questions_pass():
    questions = copy.deepcopy(QUESTIONS)
    quiz.validate(questions)
    assert questions[2]["answers"][2]["correct"] is False


@pytest.mark.parametrize(("change", "message"), [
    (lambda q: q.clear(), "expected a list of questions"),
    (lambda q: q.__setitem__(0, "text"), "question 1: expected an object"),
    (lambda q: q[0].update(type="essay"), "question 1: expected the type .*'essay'"),
    (lambda q: q[1].update(question=" "), "question 2: expected a text as `question`"),
    (lambda q: q[1].update(answers=q[1]["answers"][:1]), "question 2: expected at least two answers"),
    (lambda q: q[0]["answers"][0].pop("feedback"), "question 1: expected a text as `feedback`, got None"),
    (lambda q: q[0]["answers"][0].pop("correct"), "expected true or false as `correct`"),
    (lambda q: q[0]["answers"][0].pop("answer"), "expected a text as `answer`"),
    (lambda q: q[0]["answers"][1].update(answer="`a < b`"), "two answers are the same"),
    (lambda q: q[0]["answers"][0].update(correct=False), "expected one correct answer.*got 0 of 2"),
    (lambda q: q[0].update(type="many_choice"), "got 1 of 2"),
    (lambda q: q[1]["answers"][2].update(correct=True), "got 3 of 3"),
    (lambda q: q[0].update(question="What is $x$?"), "without \\$ and HTML"),
    (lambda q: q[0].update(question="What is <b>x</b>?"), "without \\$ and HTML"),
    (lambda q: q[2]["answers"].pop(), "then one default"),
    (lambda q: q[2]["answers"][0].update(value="0.25"), "expected a number"),
    (lambda q: q[2]["answers"][1].update(range=[1]), "two as range"),
    (lambda q: q[2]["answers"][0].update(correct=False), "one of them correct"),
])
def test_mistakes_in_a_file_are_named(change, message):
    questions = copy.deepcopy(QUESTIONS)
    change(questions)
    with pytest.raises(ValueError, match=message):
        quiz.validate(questions)


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """A folder with one quiz, named trial."""
    (tmp_path / "trial.json").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    monkeypatch.setattr(quiz, "FOLDER", tmp_path)
    return tmp_path


def test_damaged_file_is_named(trial):
    (trial / "trial.json").write_text("[{")
    with pytest.raises(ValueError, match="quiz trial: "):
        quiz.load("trial")


@pytest.mark.parametrize("without_library", [False, True])
def test_as_text_outside_a_notebook(trial, capsys, monkeypatch, without_library):
    if without_library:
        monkeypatch.setitem(sys.modules, "jupyterquiz", None)
    quiz.show("trial")
    assert capsys.readouterr().out == (
        "1. Which of `a < b` and w·x + b ≥ 0 holds?\n   a) `a < b`\n   b) Neither\n"
        "2. Which are even? (Choose all that apply.)\nx = [1 < 2]\n   a) 2\n   b) 4\n   c) 5\n3. How much is 1/4?\n")


@pytest.fixture
def shown(trial, monkeypatch):
    """What `show` displays in a notebook."""
    import IPython
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    shell = InteractiveShell.instance()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)

    def show():
        with capture_output() as captured:
            quiz.show("trial")
        output, = captured.outputs
        return output.data
    yield show
    InteractiveShell.clear_instance()


def test_same_output_in_every_run_and_random_state_kept(shown):
    random.seed(3)
    expected = random.Random(3).random()
    first = shown()
    assert random.random() == expected
    assert first == shown()
    assert first["text/plain"].startswith("1. Which of")


def test_html_is_escaped_and_asks_no_other_host(shown):
    page = shown()["text/html"]
    assert "<code>a &lt; b</code>" in page and "Yes &amp; no." in page and "x = [1 &lt; 2]" in page
    assert not re.search(r"(src|href) *= *[\"']?https?:", page)
    assert "cdn" not in page and "if (false)" in page
    assert page.count("</script>") == 1


def test_import_loads_no_library():
    code = "import sys, companion.quiz; print(sorted({'IPython', 'jupyterquiz'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
