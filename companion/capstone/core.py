"""The capstone's engine: a project holds data back and measures what a learner's `predict` does with it.

A project module creates one `Project`, says with `form` what an answer must look like, and adds one `requirement`
after the other. Each is worth points and returns whether it is met, and in words what was measured.
"""
import inspect
from dataclasses import dataclass
from numbers import Real

import numpy as np

from ..exercises.compare import is_tensor
from ..exercises.panel import Code, Panel, Text
from ..exercises.runner import TooSlow, learner_lines, run, time_limit

SECONDS = 120       # for one check, all of its calls of `predict` together


class Unusable(Exception):
    """An answer that cannot be measured; its text says why, `lines` where the learner's code raised."""

    def __init__(self, text, lines=""):
        super().__init__(text)
        self.lines = lines


@dataclass(frozen=True)
class Finding:
    """What one requirement found: its points, whether it is met, and in words what was measured."""

    title: str
    points: int
    met: bool
    words: str


class Report(Panel):
    """What the checker found, one line for each requirement.

    `points` of `total` are reached; `met` is true if every requirement is; `findings` are the single ones, an empty
    tuple if `predict` could not be measured at all.
    """

    role = "status"

    def __init__(self, title, findings, *blocks):
        self.findings = tuple(findings)
        self.points = sum(finding.points for finding in findings if finding.met)
        self.total = sum(finding.points for finding in findings)
        lines = (Text(f"{'✓' if f.met else '✗'} {f.points if f.met else 0} of {f.points}: {f.title}. {f.words}")
                 for f in findings)
        heading = f"{title}: {self.points} of {self.total} points" if findings else f"{title}: not measured"
        color = "#2e8b57" if self.met else "#c8553d"
        super().__init__("✓" if self.met else "✗", heading, *lines, *blocks, color=color)

    @property
    def met(self):
        return bool(self.findings) and all(finding.met for finding in self.findings)


class Submission:
    """A learner's `predict`, called on copies; what it returns is brought into form, or `Unusable` is raised."""

    def __init__(self, predict, form, estimate=None):
        self.predict, self.form, self.estimate = predict, form, estimate

    def __call__(self, inputs):
        """The predictions for these inputs."""
        outcome = run(self.predict, (inputs,))
        if outcome.error is not None:
            raise Unusable("Your code raised an error:", learner_lines(outcome.error))
        if outcome.changed:
            raise Unusable("Your `predict` changes the inputs that it is given: work on a copy.")
        return self.form(outcome.value, inputs)


class Project:
    """Data with answers to learn from, inputs whose answers are held back, and what a good answer must do.

    `title` is what readers see; `load()` gives the data as (train, new): `train` with the answers, `new` without.
    """

    def __init__(self, title, load):
        self.title, self.load = title, load
        self._form, self._requirements, self.looks = None, [], 0

    def form(self, function):
        """Decorate `function(value, inputs)`: the predictions as an array, or `Unusable` with what was expected."""
        self._form = function
        return function

    def requirement(self, points, title):
        """Decorate `function(submission)`, which returns whether it is met and what was measured, in words.

        `submission(inputs)` are the predictions; `submission.estimate` is what the learner expects, or None.
        """
        def decorate(function):
            self._requirements.append((points, title, function))
            return function
        return decorate

    def check(self, predict, estimate=None):
        """Measure `predict(inputs)` and say what it reaches. Returns a `Report`.

        `estimate` is the value that the learner expects of the first measurement, from data of their own.
        Raises TypeError if `predict` cannot be called with one argument, or `estimate` is no number.
        """
        require_callable(predict)
        if not isinstance(estimate, Real | None):
            raise TypeError(f"expected a number as estimate, got {estimate!r}")
        self.looks += 1
        submission, findings = Submission(predict, self._form, estimate), []
        try:
            with time_limit(SECONDS):
                for points, title, function in self._requirements:
                    findings.append(self._finding(points, title, function, submission, first=not findings))
        except Unusable as error:
            return Report(self.title, (), Text(str(error)), *[Code(error.lines)] * bool(error.lines))
        except TooSlow:
            return Report(self.title, (), Text(f"Stopped after {SECONDS} seconds. Train before you call `check`: "
                                               "`predict` only computes the answers."))
        return Report(self.title, findings, *self._looked())

    @staticmethod
    def _finding(points, title, function, submission, first):
        """One requirement; only the first may find `predict` unusable, later ones note it as not met."""
        try:
            met, words = function(submission)
        except Unusable as error:
            if first:
                raise
            met, words = False, " ".join(f"{error} {error.lines.splitlines()[-1] if error.lines else ''}".split())
        return Finding(title, points, bool(met), words)

    def _looked(self):
        """A reminder for those who look at the held-back data often."""
        if self.looks < 4:
            return []
        return [Text(f"This was look number {self.looks} at data that you should see once: choices made by looking "
                     "here make the result too good. Compare on a part of `train` instead.")]

    @property
    def requirements(self):
        """What is measured, as pairs of points and title."""
        return [(points, title) for points, title, _ in self._requirements]

    def __repr__(self):
        lines = [f"{points:3d} points: {title}" for points, title in self.requirements]
        return "\n".join([f"Project {self.title}, {sum(points for points, _ in self.requirements)} points", *lines])


def numbers(value, wanted):
    """What `predict` returned as an array of float64; `Unusable` with the sentence `wanted` if it is none."""
    if value is None:
        raise Unusable(f"{wanted}; got None: does `predict` end with a `return`?")
    try:
        return np.asarray(value.data if is_tensor(value) else value, dtype=float)
    except (TypeError, ValueError):
        raise Unusable(f"{wanted}; got {type(value).__name__} that is no array of numbers.") from None


def require_callable(predict):
    """Raise TypeError unless `predict` can be called with one argument."""
    if not callable(predict):
        raise TypeError(f"expected a function predict(inputs), got {type(predict).__name__}")
    try:
        inspect.signature(predict).bind(None)
    except ValueError:      # a built-in function without a signature
        return
    except TypeError:
        raise TypeError(f"expected a function of one argument, predict(inputs), got "
                        f"predict{inspect.signature(predict)}") from None
