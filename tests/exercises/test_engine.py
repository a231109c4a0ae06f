"""The engine itself, on small exercises and on what learners really write."""
import inspect
import linecache
import random
import re
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import companion
from companion.exercises import core
from companion.exercises.compare import describe, difference
from companion.exercises.core import Case, Chapter

HINTS = ("Look at one row.", "Then at all rows.", "Divide by their number.")



@pytest.fixture
def exercise():
    """Center the columns of X and weigh the rows by y: `(X - mean) * y`, with a known wrong answer."""
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=2, title="Weighted rows", hints=HINTS, time_limit=0.5, praise="Rows broadcast.")
    def weigh(X, y):
        """Return the centered rows of X, each times its y."""
        return (X - X.mean(axis=0)) * y[:, None]

    @weigh.cases
    def _(rng):
        for n, d in ((4, 3), (5, 2)):
            yield rng.normal(size=(n, d)), rng.normal(size=n)
        yield Case((rng.normal(size=(1, 3)), np.array([2.0])), "a batch of one")
        yield rng.normal(size=(3, 6)), rng.normal(size=3)

    @weigh.wrong("You average each row; `axis=0` goes down the columns.")
    def wrong_axis(X, y):
        return (X - X.mean(axis=1, keepdims=True)) * y[:, None]

    return weigh


@pytest.fixture
def scalar():
    """The mean squared error, judged by its value."""
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=1, title="Mean squared error", hints=HINTS)
    def mse(y, t):
        """Return the mean of the squared differences."""
        return np.mean((y - t) ** 2)

    @mse.cases
    def _(rng):
        for n in (3, 4, 7):
            yield rng.normal(size=n), rng.normal(size=n)

    return mse


def words(html):
    """The text of an HTML fragment, without white space."""
    text = re.sub(r"<[^>]+>", " ", html)
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(name, sign)
    return "".join(text.split())


def same_words(panel):
    return words(panel._repr_html_()) == "".join(repr(panel).replace("`", "").split())


# verdicts

def test_correct(exercise):
    def weigh(X, y):
        return y.reshape(-1, 1) * (X - X.sum(axis=0) / len(X))
    verdict = exercise.check(weigh)
    assert verdict.passed and verdict.status == "correct"
    assert repr(verdict) == ("✓ Correct: Weighted rows\n  Rows broadcast.\n  Solved in this chapter: 1 of 1.")


def test_incorrect_names_input_expected_and_got(exercise):
    verdict = exercise.check(lambda X, y: X * y[:, None])
    text = repr(verdict)
    assert verdict.status == "incorrect" and not verdict.passed
    assert text.startswith("✗ Not yet: Weighted rows\n")
    for label in ("Input     X = array([[", "y = array([", "Expected  array([[", "Got       array([["):
        assert label in text, text


def test_known_wrong_answer_gets_its_own_words_whatever_its_code(exercise):
    verdict = exercise.check(lambda X, y: np.stack([(row - row.mean()) * w for row, w in zip(X, y, strict=True)]))
    assert verdict.message == "You average each row; `axis=0` goes down the columns."


def test_special_input_is_named(exercise):
    verdict = exercise.check(lambda X, y: (X - X.mean(axis=0)) * y[:, None] + (len(X) == 1) * X ** 2)
    assert verdict.message == "Your result is wrong on some inputs only, first on this one: a batch of one."


def test_note_of_the_first_failing_input(exercise):
    verdict = exercise.check(lambda X, y: (X - X.mean(axis=0)) * y[:, None] + (len(X) == 1))
    assert verdict.message == "Your result is too large by 1.0."
    assert "(a batch of one)" in repr(verdict) and "3 of 4 inputs already give the right result." in repr(verdict)


@pytest.mark.parametrize(("answer", "expected"), [
    (lambda X, y: None if len(X) > 4 else (X - X.mean(0)) * y[:, None], "result is None here"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).tolist(), "a list where an array is expected"),
    (lambda X, y: companion.Tensor((X - X.mean(0)) * y[:, None]), "take its `.data`"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None], 1), "2 values where an array is expected"),
    (lambda X, y: "done", "a string where an array is expected"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).T, "shape (3, 4) where (4, 3) is expected. That is the transpose."),
    (lambda X, y: ((X - X.mean(0)) * y[:, None])[None], "An axis of length 1 is too many"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).sum(0), "One axis was summed or indexed away"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).sum(), "one number where an array of shape (4, 3) is expected"),
    (lambda X, y: (X - X.mean(0)) * np.sqrt(-y[:, None] ** 2), "NaN (not a number). Look for"),
    (lambda X, y: np.log(0 * X), "infinite"),
    (lambda X, y: (X.mean(0) - X) * y[:, None], "the right size and the opposite sign"),
    (lambda X, y: (X - X.mean(0)) * y[:, None] * 2, "is 2.0 times the expected one"),
    (lambda X, y: (X - X.mean(0)) * y[:, None] * len(X), "was a mean asked, and a sum computed?"),
    (lambda X, y: (X - X.mean(0)) * y[:, None] / len(X), "was a sum asked, and a mean computed?"),
    (lambda X, y: (X - X.mean(0)) * y[:, None] + 1, "too large by 1.0."),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).astype(int), "the decimals were cut off"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None]).astype("float16"), "rounded to float16"),
    (lambda X, y: ((X - X.mean(0)) * y[:, None])[::-1], "in reverse order"),
    (lambda X, y: np.zeros((2, 2)), "the same result for every input"),
])
def test_likely_cause(exercise, answer, expected):
    verdict = exercise.check(answer)
    assert verdict.status == "incorrect"
    assert expected in verdict.message, verdict
    assert same_words(verdict)


@pytest.mark.parametrize(("answer", "expected"), [
    (lambda y, t: (y - t) ** 2, "an array of shape (3,) where one number is expected"),
    (lambda y, t: np.sum((y - t) ** 2), "was a mean asked, and a sum computed?"),
    (lambda y, t: -np.mean((y - t) ** 2), "the opposite sign"),
    (lambda y, t: np.mean((y - t) ** 2) / 2, "is 0.5 times the expected one"),
    (lambda y, t: [np.mean((y - t) ** 2)], "a list where a number is expected"),
])
def test_likely_cause_of_a_number(scalar, answer, expected):
    assert expected in scalar.check(answer).message


def test_last_element():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=1, title="Running sum", hints=HINTS)
    def running_sum(x):
        """Return the sums of the first 1, 2, … values."""
        return np.cumsum(x)

    @running_sum.cases
    def _(rng):
        yield (rng.normal(size=5),)
        yield (rng.normal(size=8),)

    def short(x):
        result = np.zeros(len(x))
        for i in range(len(x) - 1):
            result[i] = x[:i + 1].sum()
        return result
    assert "only the last element is wrong" in running_sum.check(short).message


def test_part_of_the_result_is_named():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=1, title="Line", hints=HINTS)
    def line(x):
        """Return weight and loss."""
        return x.mean(), {"loss": x.sum(), "sizes": (len(x), 2)}

    @line.cases
    def _(rng):
        yield (rng.normal(size=3),)
        yield (rng.normal(size=5),)

    assert line.check(lambda x: [x.mean(), {"loss": x.sum(), "sizes": [len(x), 2.0]}]).passed
    assert line.check(lambda x: (x.mean(), {"loss": np.nan, "sizes": (len(x), 2)})).message.startswith(
        "`result[1]['loss']` is NaN")
    assert "lacks the key `'sizes'`" in line.check(lambda x: (x.mean(), {"loss": x.sum()})).message
    assert "2 values are expected" in line.check(lambda x: x.mean()).message
    assert "has 3 values where 2 are expected" in line.check(lambda x: (1, 2, 3)).message


# not attempted

def test_not_attempted(exercise):
    def dots(X, y):
        """The task."""
        ...

    def missing(X, y):
        raise NotImplementedError("your code here")

    def gap(X, y):
        centered = ...
        return centered * y[:, None]

    def forgotten(X, y):
        result = (X - X.mean(axis=0)) * y[:, None]      # noqa: F841

    for answer, expected in ((None, "Write your answer"), (..., "Write your answer"), (dots, "still empty"),
                             (missing, "NotImplementedError"), (gap, "still a `...`"),
                             (forgotten, "did you forget `return`?"), (lambda X, y: ..., "still"),
                             (exercise, "our solution"), (exercise.reference, "our solution")):
        verdict = exercise.check(answer)
        assert verdict.status == "not attempted", verdict
        assert expected in verdict.message, verdict
        assert repr(verdict).startswith("… Not attempted: Weighted rows")


def test_reference_called_inside_is_accepted(exercise):
    assert exercise.check(lambda X, y: exercise.reference(X, y)).passed
    assert exercise.check(lambda X, y: exercise(X, y)).passed


def test_given_code():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=2, title="Find the bug", hints=HINTS)
    def total(x):
        """Return the sum."""
        return sum(x)

    @total.given
    def _(x):
        return sum(x[1:])

    @total.cases
    def _(rng):
        yield (rng.normal(size=3),)

    for unchanged in (total.printed, lambda x: sum(x) - x[0]):
        verdict = total.check(unchanged)
        assert verdict.status == "not attempted" and "the bug is still in it" in verdict.message
    assert total.check(lambda x: x.sum()).passed


# code that fails

def test_error_shows_the_lines_of_the_learner_and_none_of_ours(exercise):
    def helper(X):
        return X @ np.ones(17)

    def weigh(X, y):
        return helper(X) * y
    verdict = exercise.check(weigh)
    text = repr(verdict)
    assert verdict.status == "error" and text.startswith("! Your code raised: Weighted rows")
    assert "return helper(X) * y" in text and "return X @ np.ones(17)" in text
    assert "ValueError: matmul" in text and "two shapes do not fit" in verdict.message
    assert len(re.findall(r"line \d+", text)) == 2
    for ours in ("runner.py", "check.py", "core.py", "site-packages", "function(*"):
        assert ours not in text
    assert "Input     X = array(" in text and same_words(verdict)


def test_error_inside_a_library_ends_at_the_learner(exercise):
    verdict = exercise.check(lambda X, y: np.linalg.inv(np.zeros((2, 2))))
    assert "LinAlgError: Singular matrix" in repr(verdict)
    assert len(re.findall(r"line \d+", repr(verdict))) == 1


def test_deep_recursion_is_shortened(exercise):
    def weigh(X, y):
        return weigh(X, y)
    verdict = exercise.check(weigh)
    assert verdict.status == "error" and "RecursionError" in repr(verdict)
    assert len(repr(verdict).splitlines()) < 25 and "more calls" in repr(verdict)


def test_truth_value_of_an_array(exercise):
    verdict = exercise.check(lambda X, y: X if y > 0 else 0 * X)
    assert verdict.message == "It stopped here, because a yes or no is needed and an array has many:"


def test_exit_is_an_error_and_interrupt_passes(exercise):
    def leave(X, y):
        sys.exit(3)

    def interrupt(X, y):
        raise KeyboardInterrupt
    assert exercise.check(leave).status == "error"
    with pytest.raises(KeyboardInterrupt):
        exercise.check(interrupt)


def test_error_on_some_inputs_only(exercise):
    verdict = exercise.check(lambda X, y: (X - X.mean(0)) * y[:, None] if len(X) > 1 else X[1])
    assert verdict.status == "error"
    assert "a batch of one" in repr(verdict) and "3 of 4 inputs already" in repr(verdict)


def test_wrong_number_of_parameters(exercise):
    def weigh(X):
        return X
    verdict = exercise.check(weigh)
    assert verdict.status == "incorrect"
    assert verdict.message == ("The checker calls your function with 2 arguments: `weigh(X, y)`. "
                               "Yours is `weigh(X)`.")


def test_result_in_place_of_the_function(exercise):
    verdict = exercise.check(np.ones(3))
    assert verdict.status == "incorrect" and "`check(weigh)`, without calling it" in verdict.message


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer on this platform")
def test_too_slow(exercise):
    def weigh(X, y):
        while True:
            try:
                y = y + 1
            except Exception:
                pass
    handler, fired = signal.getsignal(signal.SIGALRM), []
    signal.signal(signal.SIGALRM, lambda *_: fired.append(1))
    try:
        mine = signal.getsignal(signal.SIGALRM)
        signal.setitimer(signal.ITIMER_REAL, 60)
        verdict = exercise.check(weigh)
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        assert signal.getsignal(signal.SIGALRM) is mine and 50 < left < 59.8 and not fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert verdict.status == "too slow" and verdict.message.startswith("Stopped after 0.5 seconds.")
    assert "in weigh" in repr(verdict) and "runner.py" not in repr(verdict) and "Input" in repr(verdict)


def test_another_thread_has_no_limit_and_works(exercise):
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(exercise.check(lambda X, y: X)))
    thread.start()
    thread.join()
    assert verdicts[0].status == "incorrect"


# nothing is disturbed

def test_answer_that_changes_its_argument(exercise):
    def weigh(X, y):
        X -= X.mean(axis=0)
        X *= y[:, None]
        return X
    verdict = exercise.check(weigh)
    assert verdict.status == "incorrect"
    assert "changes its argument `X`" in verdict.message
    assert exercise.check(lambda X, y: (X - X.mean(0)) * y[:, None]).passed


def test_known_wrong_answer_explains_a_changed_argument_better(exercise):
    @exercise.wrong("`-=` writes into the array of the caller.")
    def in_place(X, y):
        X -= X.mean(axis=0)
        return X * y[:, None]

    def weigh(data, weights):
        data -= data.mean(axis=0)
        return weights[:, None] * data
    assert exercise.check(weigh).message == "`-=` writes into the array of the caller."


def test_exercise_that_asks_to_change_the_argument():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=1, title="In place", hints=HINTS, mutates=True)
    def double(x):
        """Double x in place, return nothing."""
        x *= 2

    @double.cases
    def _(rng):
        yield (rng.normal(size=3),)
        yield (rng.normal(size=2),)

    def half(x):
        x /= 2

    def rebound(x):
        x = x * 2

    def loop(x):
        for i in range(len(x)):
            x[i] += x[i]
    assert double.check(loop).passed
    verdict = double.check(half)
    assert verdict.status == "incorrect" and "0.25 times" in verdict.message and "afterwards" in repr(verdict)
    assert "asked to change them in place" in double.check(rebound).message
    assert double.check(lambda x: None).status == "not attempted"


def test_random_state_warnings_and_numpy_settings_are_kept(exercise):
    def weigh(X, y):
        np.random.seed(1)
        random.seed(1)
        companion.rng.get_rng().normal(size=5)
        np.exp(np.array([1e5]))
        return (X - X.mean(axis=0)) * y[:, None]
    companion.manual_seed(7)
    before = np.random.get_state()[1].tolist(), random.getstate(), companion.rng.get_rng().bit_generator.state
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert exercise.check(weigh).passed
    after = np.random.get_state()[1].tolist(), random.getstate(), companion.rng.get_rng().bit_generator.state
    assert before == after


def test_overflow_is_named(scalar):
    verdict = scalar.check(lambda y, t: np.exp(1e5 * np.abs(y)).sum() / np.exp(1e5 * np.abs(y)).sum())
    assert "NaN" in verdict.message and "NumPy warned: overflow encountered in exp." in verdict.message


# kinds of answers

def test_callable_object_and_partial(exercise):
    class Weigh:
        def __call__(self, X, y):
            return (X - X.mean(axis=0)) * y[:, None]
    assert exercise.check(Weigh()).passed


def test_class_with_a_way_to_run_it():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=3, title="A layer", hints=HINTS)
    class Scale:
        """A layer that multiplies by `factor`."""

        def __init__(self, factor):
            self.factor = factor

        def forward(self, x):
            return companion.Tensor(self.factor * x)

    @Scale.run
    def _(answer, factor, x):
        return answer(factor).forward(x)

    @Scale.cases
    def _(rng):
        yield 2.0, rng.normal(size=3)
        yield 3.0, rng.normal(size=(2, 3))

    class Good:
        def __init__(self, factor):
            self.f = factor

        def forward(self, x):
            return companion.Tensor(x * self.f)

    class Bare(Good):
        def forward(self, x):
            return x * self.f

    class Empty:
        def __init__(self, factor):
            ...

        def forward(self, x):
            raise NotImplementedError
    assert Scale.check(Good).passed
    assert "a Tensor is expected: its gradient is lost" in Scale.check(Bare).message
    assert Scale.check(Empty).status == "not attempted"
    assert "Your answer is still empty" in Scale.check(defined_in_a_notebook(EMPTY)).message
    filled = EMPTY.replace("x):\n        ...", "x):\n        return 2 * x")
    assert Scale.check(defined_in_a_notebook(filled)).status == "incorrect"
    assert "class Scale:" in repr(Scale.task())
    for not_a_class in (lambda factor: Good(factor), Good(2.0)):
        verdict = Scale.check(not_a_class)
        assert verdict.status == "incorrect" and "The answer is a class" in verdict.message


EMPTY = """
class Other:
    def forward(self):
        return self.scale

class Scale:
    def __init__(self, factor):
        ...

    def forward(self, x):
        ...
"""


def defined_in_a_notebook(source):
    """The class that a cell defines, as IPython runs it: no file, and lines that `linecache` knows."""
    name = f"<cell {len(linecache.cache)}>"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    cell = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), cell)
    with pytest.raises((OSError, TypeError)):
        inspect.getsource(cell["Scale"])
    return cell["Scale"]


def test_judge():
    chapter = Chapter("trial", title="Trial")

    @chapter.exercise(stars=1, title="A root", hints=HINTS)
    def root(a):
        """Return an x with x² = a."""
        return np.sqrt(a)

    @root.cases
    def _(rng):
        yield (4.0,)
        yield (9.0,)

    @root.judge
    def _(output, a):
        return None if abs(output ** 2 - a) < 1e-6 else f"the square of {output} is not {a}."

    assert root.check(lambda a: -a ** 0.5).passed
    verdict = root.check(lambda a: a)
    assert verdict.message == "the square of 4.0 is not 4.0." and "Expected" not in repr(verdict)
    assert "a string where a number is expected" in root.check(lambda a: "x").message


def test_value_exercise():
    chapter = Chapter("trial", title="Trial")
    weights = chapter.value_exercise(
        "weights", 1, "Weights for AND", HINTS, reference={"w": np.array([1.0, 1.0]), "b": -1.5},
        task="Choose w and b so that the unit computes AND.",
        judge=lambda v: None if v["w"].sum() + v["b"] > 0 > v["w"].max() + v["b"] else "It fires too often.",
        wrongs=[({"w": np.array([1.0, 1.0]), "b": -0.5}, "That is OR.")])
    assert weights.check({"w": np.array([2.0, 2.0]), "b": -3.0}).passed
    assert weights.check({"w": np.array([1, 1]), "b": -0.5}).message == "That is OR."
    assert weights.check({"w": np.array([3.0, 1.0]), "b": -1.0}).message == "It fires too often."
    assert "lacks the key `'b'`" in weights.check({"w": np.ones(2)}).message
    assert weights.check(5).status == "incorrect"
    assert weights.check(None).status == weights.check(weights.reference).status == "not attempted"
    assert "'b': -1.5" in repr(weights.solution()) and "AND" in repr(weights.task())
    answer = chapter.value_exercise("answer", 1, "A number", HINTS, reference=42)
    assert answer.check(42.0).passed
    assert "42" not in repr(answer.check(41))


# what is shown

def test_html_is_escaped_and_says_the_same(exercise):
    panels = [exercise.check(lambda X, y: "<script>alert('&')</script>"), exercise.hint(), exercise.task(),
              exercise.solution(), exercise.check(None), core.progress()]
    for panel in panels:
        assert "<script" not in panel._repr_html_()
        assert same_words(panel), (panel, panel._repr_html_())
    assert 'role="status"' in panels[0]._repr_html_() and "✗" in panels[0]._repr_html_()


def test_hints_come_one_by_one(exercise):
    shown = [repr(exercise.hint()) for _ in range(4)]
    for i in range(3):
        assert f"Hint {i + 1} of 3" in shown[i] and HINTS[i] in shown[i]
        assert all(other not in shown[i] for other in HINTS[:i] + HINTS[i + 1:])
    assert "solution()" not in shown[1] and "exercises.weigh.solution()" in shown[2]
    assert all(hint in shown[3] for hint in HINTS) and "solution()" in shown[3]


def test_solution_shows_the_source_without_the_decorator(exercise):
    assert exercise.source.startswith("def weigh(X, y):\n")
    assert exercise.source.endswith("return (X - X.mean(axis=0)) * y[:, None]")
    assert repr(exercise.solution()).startswith("✎ Solution: Weighted rows\n      def weigh(X, y):")


def test_description_is_short():
    assert describe(np.zeros((300, 20))) == "array of shape (300, 20), float64, values [0., 0., 0., 0., …]"
    assert len(describe(list(range(10 ** 6)))) < 100
    assert len(describe("x" * 10 ** 6)) < 300
    assert describe((np.float64(0.1), 1, True, None)) == "(0.1, 1, True, None)"
    assert "0x" not in describe(object())


def test_two_numbers_that_look_alike_are_told_apart(scalar):
    text = repr(scalar.check(lambda y, t: np.mean((y - t) ** 2) * (1 + 1e-5)))
    expected, got = (re.search(rf"{label} +(\S+)", text)[1] for label in ("Expected", "Got"))
    assert expected != got and "close, but not equal" in text


@pytest.mark.parametrize(("a", "b", "equal"), [
    (1, 1.0, True), (True, np.bool_(True), True), (np.array(2.0), 2, True), ((1, 2), [1, 2.0], True),
    (np.nan, np.nan, True), (np.nan, 1.0, False), (np.inf, np.inf, True), (np.inf, -np.inf, False),
    (np.array([1, 2]), np.array([1.0, 2.0]), True), (np.array([1, 2]), [1, 2], False), ("a", "a", True),
    ("a", "b", False), ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"b": 1}, False), (None, None, True),
    (None, 0, False), (np.ones(1), 1.0, False), (np.ones((2, 1)), np.ones(2), False), ({1, 2}, {2, 1}, True),
    (companion.Tensor([1.0]), companion.Tensor([1.0]), True), (np.array(["a"]), np.array(["a"]), True),
    (companion.Tensor([1.0]), companion.Tensor([2.0]), False), (1 + 1e-9, 1.0, True), (1 + 1e-3, 1.0, False),
    (np.array([]), np.array([]), True), (np.array([True]), np.array([1]), True),
])
def test_equality(a, b, equal):
    assert (difference(a, b) is None) is equal
    assert (difference(b, a) is None) is equal


# what authors do wrong

def test_declarations_are_checked(exercise):
    chapter = Chapter("trial", title="Trial")
    for wrong in ({"stars": 4}, {"hints": ("one", "two")}, {"hints": "abc"}):
        with pytest.raises(ValueError, match="expected"):
            chapter.exercise(**{"stars": 1, "title": "T", "hints": HINTS, **wrong})(lambda x: x)
    with pytest.raises(ValueError, match="two exercises named weigh"):
        exercise.chapter.exercise(stars=1, title="T", hints=HINTS)(exercise.reference)

    @chapter.exercise(stars=1, title="No cases", hints=HINTS)
    def nothing(x):
        """Return x."""
        return x
    with pytest.raises(ValueError, match="cases"):
        nothing.check(lambda x: x)


# in a fresh interpreter

def test_engine_needs_numpy_only():
    code = ("import sys, companion.exercises; "
            "print(sorted({'matplotlib', 'IPython', 'pygments', 'jupyterquiz', 'torch'} & set(sys.modules)))")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
