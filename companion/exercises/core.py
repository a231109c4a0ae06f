"""The exercise engine: what a chapter module declares, and what a learner calls.

A chapter module creates one `Chapter` and decorates its reference solutions with `chapter.exercise(…)`. From
then on the name stands for an `Exercise`: `check(answer)`, `hint()`, `solution()`, `task()`.

The checker helps, it does not police. It refuses the reference itself, but an answer that calls the reference
inside is as correct as what it returns.
"""
import importlib
import inspect
import pkgutil
import pprint
import textwrap
from dataclasses import dataclass
from functools import partial

import numpy as np

from . import record
from .check import check_function, check_value
from .compare import describe
from .panel import Code, Panel, Text
from .runner import body_of, run

SEED = 2024
_present = []       # the chapter in use: the first one imported, then the one whose exercise was used last


@dataclass
class Case:
    """The arguments of one input, and in a few words what is special about it ("a batch of one")."""

    args: tuple
    note: str = ""


class Chapter:
    """The exercises of one chapter, in the order of their definition."""

    def __init__(self, name, title):
        self.name, self.title, self.exercises = name, title, {}
        if not _present:
            _present.append(self)

    def exercise(self, stars, title, hints, *, rtol=1e-6, atol=1e-9, time_limit=10, mutates=False, praise=""):
        """Decorate a reference solution: a function, or a class if the exercise says how to `run` it.

        `stars` is 1 to 3; `hints` are three, from a nudge to nearly the answer; results agree within `rtol`
        and `atol`; a check may take `time_limit` seconds; `mutates=True` means that the answer is asked to
        change its arguments, which are then compared as well; `praise` is a sentence on what to notice, shown
        when solved.
        """
        def decorate(reference):
            return self._add(Exercise(self, reference, stars, title, hints, rtol, atol, praise,
                                      time_limit, mutates))
        return decorate

    def value_exercise(self, name, stars, title, hints, *, reference, task="", judge=None, wrongs=(),
                       rtol=1e-6, atol=1e-9, praise=""):
        """An exercise whose answer is a value: `name = chapter.value_exercise("name", …)`.

        `judge(value)` returns None, or in words what is wrong; without it the value must equal `reference`.
        `wrongs` are pairs of a known wrong value and the words for it, or a part of the judge's words.
        """
        return self._add(ValueExercise(self, name, reference, stars, title, hints, rtol, atol, praise,
                                       task, judge, wrongs))

    @property
    def solved(self):
        """How many exercises are solved."""
        return sum(record.entry(self.name, name).get("solved", False) for name in self.exercises)

    @property
    def begun(self):
        """Whether anything in this chapter was tried."""
        return any(record.entry(self.name, name) for name in self.exercises)

    def _add(self, exercise):
        if exercise.name in self.exercises:
            raise ValueError(f"chapter {self.name} has two exercises named {exercise.name}")
        self.exercises[exercise.name] = exercise
        return exercise

    def __repr__(self):
        return f"Chapter {self.name}: {', '.join(self.exercises)}"


class _Exercise:
    """What both kinds of exercise share: hints, solution, progress, and the words around a verdict."""

    def __init__(self, chapter, name, reference, stars, title, hints, rtol, atol, praise):
        if stars not in (1, 2, 3):
            raise ValueError(f"{name}: expected 1, 2 or 3 stars, got {stars!r}")
        if isinstance(hints, str) or len(hints) != 3 or not all(hints):
            raise ValueError(f"{name}: expected exactly three hints, got {hints!r}")
        self.chapter, self.name, self.reference, self.stars = chapter, name, reference, stars
        self.title, self.hints, self.rtol, self.atol, self.praise = title, tuple(hints), rtol, atol, praise
        self.wrongs, self.judged_by, self._shown = [], None, 0

    def check(self, answer):
        """Check an answer and say in words what is wrong with it and where. Returns a `Verdict`."""
        _present[:] = [self.chapter]
        verdict = self._check(answer)
        if verdict.status != "not attempted":
            record.note(self.chapter.name, self.name, solved=verdict.passed, attempt=True)
        if verdict.passed:
            verdict.blocks += (Text(f"Solved in this chapter: {self.chapter.solved} of "
                                    f"{len(self.chapter.exercises)}."),)
        return verdict

    def hint(self):
        """Show one hint more each time, three in all."""
        _present[:] = [self.chapter]
        self._shown += 1
        record.note(self.chapter.name, self.name, hints=min(self._shown, 3))
        after = Text(f"Still stuck? `exercises.{self.name}.solution()` shows our solution.")
        if self._shown > 3:
            hints = (Text(f"{i}. {hint}") for i, hint in enumerate(self.hints, 1))
            return Panel("☞", f"All hints: {self.title}", *hints, after)
        return Panel("☞", f"Hint {self._shown} of 3: {self.title}", Text(self.hints[self._shown - 1]),
                     *[after] * (self._shown == 3))

    def solution(self):
        """Show the reference solution."""
        return Panel("✎", f"Solution: {self.title}", Code(self.source, highlight=True))

    def task(self):
        """Show in one line what is asked."""
        return Panel("▷", f"{self.title} {'★' * self.stars}", Code(self.header, highlight=True),
                     Text(self.summary))

    def __dir__(self):
        return ["check", "hint", "name", "reference", "solution", "stars", "task", "title", "wrongs"]

    def __repr__(self):
        return (f"Exercise {self.name} {'★' * self.stars}: {self.title}. "
                f"Use .check(your answer), .hint(), .solution(), .task()")


class Exercise(_Exercise):
    """An exercise whose answer is a function: it is run on every case and compared with the reference."""

    def __init__(self, chapter, reference, stars, title, hints, rtol, atol, praise, time_limit, mutates):
        super().__init__(chapter, reference.__name__, reference, stars, title, hints, rtol, atol, praise)
        self.time_limit, self.mutates = time_limit, mutates
        self.names = list(inspect.signature(reference).parameters)
        self.printed, self.is_called = None, True       # the code with the bug; False with a `run` of its own
        self._cases, self._run = None, lambda answer, *args: answer(*args)

    # what a chapter module declares

    def cases(self, function):
        """Decorate the generator `function(rng)` of inputs: tuples of arguments, or `Case(args, note)`."""
        self._cases = function
        return function

    def wrong(self, message):
        """Decorate a known wrong answer; whoever behaves like it reads `message`."""
        def decorate(function):
            self.wrongs.append((function, message))
            return function
        return decorate

    def given(self, function):
        """Decorate the broken code that a "find the bug" prints: unchanged, it is not attempted."""
        self.printed = function
        return function

    def judge(self, function):
        """Decorate `judge(output, *args)`, which replaces the comparison: None, or what is wrong in words."""
        self.judged_by = function
        return function

    def run(self, function):
        """Decorate `function(answer, *args)`: how to use an answer that is not just called (a class)."""
        self._run, self.is_called = function, False
        self.names = list(inspect.signature(function).parameters)[1:]
        return function

    def __call__(self, *args, **kwargs):
        """The reference, so that a later solution may build on this one."""
        return self.reference(*args, **kwargs)

    @property
    def source(self):
        """The reference solution as text, without the decorator."""
        lines = textwrap.dedent(inspect.getsource(self.reference)).splitlines()
        return "\n".join(lines[body_of(self.reference).lineno - 1:])

    @property
    def header(self):
        """The first line of the function or class that is asked."""
        if inspect.isclass(self.reference):
            return f"class {self.name}:"
        return f"def {self.name}({', '.join(self.names)}):"

    @property
    def summary(self):
        """The first line of the reference's docstring."""
        return (inspect.getdoc(self.reference) or "").partition("\n")[0]

    def inputs(self):
        """The cases as a list, fresh and equal every time."""
        cases = list(self._cases(np.random.default_rng(SEED))) if self._cases else []
        if not cases or not all(isinstance(case, (tuple, Case)) for case in cases):
            raise ValueError(f"{self.name}: expected tuples of arguments as cases, got {describe(cases)}")
        return [case if isinstance(case, Case) else Case(case) for case in cases]

    def outcomes(self, function):
        """What `function` does on each case, one `Outcome` after the other."""
        return (run(partial(self._run, function), case.args) for case in self.inputs())

    def _check(self, answer):
        return check_function(self, answer)


class ValueExercise(_Exercise):
    """An exercise whose answer is a value, compared with the reference or judged."""

    def __init__(self, chapter, name, reference, stars, title, hints, rtol, atol, praise, task, judge, wrongs):
        super().__init__(chapter, name, reference, stars, title, hints, rtol, atol, praise)
        self.summary, self.judged_by, self.wrongs = task, judge, list(wrongs)

    @property
    def source(self):
        """The reference value as code."""
        return f"{self.name} = {pprint.pformat(self.reference, sort_dicts=False)}"

    @property
    def header(self):
        """The line that is asked."""
        return f"{self.name} = …"

    def _check(self, answer):
        return check_value(self, answer)


def chapters():
    """All chapters of the course, by name."""
    package = importlib.import_module(__package__)
    used = _present[:]
    modules = [importlib.import_module(f"{__package__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    _present[:] = used
    return {module.chapter.name: module.chapter for module in modules if hasattr(module, "chapter")}


def progress():
    """Show what is solved: the chapter in use in detail, others that were begun in one line each."""
    present = _present[:1]
    begun = [chapter for chapter in chapters().values() if chapter not in present and chapter.begun]
    blocks = []
    for chapter in present + begun:
        blocks.append(Text(f"{chapter.title}: {chapter.solved} of {len(chapter.exercises)} solved"))
        if chapter in present:
            blocks += [Text(_line(exercise)) for exercise in chapter.exercises.values()]
    return Panel("☑", "Progress", *blocks)


def _line(exercise):
    entry = record.entry(exercise.chapter.name, exercise.name)
    attempts, hints = entry.get("attempts", 0), entry.get("hints", 0)
    state = "✓ solved" if entry.get("solved") else "✗ not yet" if attempts else "… not attempted"
    notes = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((attempts, "attempt"), (hints, "hint")) if n]
    return f"{state}: {exercise.title} {'★' * exercise.stars}" + f" ({', '.join(notes)})" * bool(notes)
