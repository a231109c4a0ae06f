"""Every exercise of the course: its solution passes, its stub is not attempted, its wrong answers are refused."""
import itertools
import time
from types import ModuleType

import pytest

from companion.exercises import core
from companion.exercises.check import behaves_like
from companion.exercises.compare import difference
from companion.exercises.core import Exercise, ValueExercise

CHAPTERS = core.chapters()
EXERCISES = [exercise for chapter in CHAPTERS.values() for exercise in chapter.exercises.values()]
FUNCTIONS = [exercise for exercise in EXERCISES if isinstance(exercise, Exercise)]
VALUES = [exercise for exercise in EXERCISES if isinstance(exercise, ValueExercise)]
GIVEN = [exercise for exercise in FUNCTIONS if exercise.printed]
WRONGS = [(exercise, i) for exercise in EXERCISES for i in range(len(exercise.wrongs))]


def name_of(thing):
    if isinstance(thing, tuple):
        return f"{name_of(thing[0])}-wrong{thing[1]}"
    return thing.name if isinstance(thing, core.Chapter) else f"{thing.chapter.name}.{thing.name}"


def each(things):
    return pytest.mark.parametrize("item", things, ids=name_of)


def define(source, exercise):
    """The object that `source` defines under the exercise's name, with what the chapter module has at hand."""
    module = vars(__import__(f"companion.exercises.{exercise.chapter.name}", fromlist=["chapter"]))
    given = {name: value for name, value in module.items()
             if isinstance(value, (ModuleType, Exercise)) or not str(
                 getattr(value, "__module__", "companion.exercises")).startswith("companion.exercises")}
    exec(source, given)
    return given[exercise.name]


def test_there_are_chapters():
    assert CHAPTERS


@each(CHAPTERS.values())
def test_chapter(item):
    assert CHAPTERS[item.name] is item and item.title
    assert len(item.exercises) >= 4
    assert any(e.printed for e in item.exercises.values() if isinstance(e, Exercise)), "no \"find the bug\""
    module = __import__(f"companion.exercises.{item.name}", fromlist=["chapter"])
    assert all(getattr(module, name) is exercise for name, exercise in item.exercises.items())
    assert callable(module.progress)


@each(EXERCISES)
def test_words(item, record_property):
    record_property("exercise", name_of(item))
    assert item.stars in (1, 2, 3)
    assert item.title and len(item.hints) == 3
    assert item.wrongs, "no known wrong answer"
    assert item.summary.strip().endswith((".", ")")), "the task is not told in one sentence"
    messages = [message for _, message in item.wrongs]
    assert len(set(messages)) == len(messages)
    judged = isinstance(item, ValueExercise) and item.judged_by        # messages are parts of the judge's words
    for words in (*item.hints, *([] if judged else messages), *filter(None, [item.praise])):
        assert words.count("`") % 2 == 0 and "!" not in words.replace("!=", ""), words
        assert words.strip()[-1] in ".?:)`…", words


@each(EXERCISES)
def test_solution_as_shown_is_correct(item):
    """What a learner sees under `.solution()`, typed into a cell, is accepted."""
    verdict = item.check(define(item.source, item))
    assert verdict.status == "correct", verdict
    assert item.source.strip() in item.solution().blocks[0].text


@each(FUNCTIONS)
def test_reference(item):
    assert len(item.inputs()) >= 3
    start = time.perf_counter()
    first, second = list(item.outcomes(item.reference)), list(item.outcomes(item.reference))
    assert time.perf_counter() - start < item.time_limit, "the reference takes half of the learner's time"
    assert all(a.error is None for a in first), first
    assert all(a.same_as(b, 0, 0) for a, b in zip(first, second, strict=True)), "not the same result twice"
    assert item.mutates or not any(a.changed for a in first)
    assert item.check(item.reference).status == "not attempted"


@each(FUNCTIONS)
def test_stubs_are_not_attempted(item):
    for body in ("...", "pass", "return None", "raise NotImplementedError", '"""Return it."""'):
        head = item.header if item.is_called else f"class {item.name}:"
        if not item.is_called and body.startswith(("return", "raise")):
            continue
        assert item.check(define(f"{head}\n    {body}\n", item)).status == "not attempted", body
    assert item.check(None).status == item.check(...).status == "not attempted"


@each(VALUES)
def test_no_value_is_not_attempted(item):
    assert item.check(None).status == item.check(...).status == "not attempted"
    for value, _ in item.wrongs:
        assert difference(item.reference, value) is not None


@each(GIVEN)
def test_given_code_is_not_attempted(item):
    verdict = item.check(item.printed)
    assert verdict.status == "not attempted"
    assert "bug" in verdict.message
    assert not behaves_like(item, list(item.outcomes(item.reference)), item.printed), "the bug shows nowhere"


@each(WRONGS)
def test_wrong_answer_is_refused_with_its_own_words(item, record_property):
    exercise, i = item
    answer, message = exercise.wrongs[i]
    record_property("tried", i)
    verdict = exercise.check(answer)
    assert verdict.status in ("incorrect", "error"), verdict
    assert verdict.message == message or (isinstance(exercise, ValueExercise) and message in verdict.message)
    record_property("refused", i)


@each(EXERCISES)
def test_no_two_wrong_answers_behave_alike(item):
    for (one, _), (other, _) in itertools.combinations(item.wrongs, 2):
        if isinstance(item, Exercise):
            assert not behaves_like(item, list(item.outcomes(one)), other), (one, other)
        else:
            assert difference(one, other, item.rtol, item.atol) is not None
