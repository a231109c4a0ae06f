"""Run an answer on one input, so that it can disturb nothing, and note what it did."""
import ast
import copy
import inspect
import linecache
import os
import random
import signal
import sys
import sysconfig
import textwrap
import threading
import time
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .compare import describe, difference, is_tensor

# Lines from these folders are the library's, not the learner's.
OURS = tuple(str(Path(folder).resolve()) + os.sep for folder in
             (*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), Path(__file__).parents[1]))


class TooSlow(BaseException):
    """The time is up. Not an `Exception`, so that an `except Exception` in an answer lets it through."""


@dataclass
class Outcome:
    """What one run did: its result or its exception, the arguments afterwards, and NumPy's warnings."""

    value: object = None
    error: BaseException | None = None
    args: tuple = ()
    changed: tuple = ()         # positions of the arguments that it changed
    warnings: tuple = ()

    def same_as(self, other, rtol, atol):
        """True if two runs on the same input cannot be told apart."""
        if self.error is not None or other.error is not None:
            return type(self.error) is type(other.error) and str(self.error) == str(other.error)
        if self.changed != other.changed or self.arguments_differ(other, rtol, atol):
            return False
        return difference(self.value, other.value, rtol, atol) is None

    def arguments_differ(self, other, rtol, atol):
        """The first (position, difference) in what the arguments are afterwards, or None."""
        for i, (mine, theirs) in enumerate(zip(self.args, other.args, strict=True)):
            if is_mutable(mine) and (found := difference(mine, theirs, rtol, atol)):
                return i, found
        return None


def run(function, args, seed=0):
    """Call `function` on a copy of `args`; never raises what the function raised, except an interrupt."""
    mine = copy.deepcopy(args)
    outcome = Outcome(args=mine)
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"), random_state_kept(seed):
        warnings.simplefilter("always")
        try:
            outcome.value = function(*mine)
            if inspect.isgenerator(outcome.value):
                outcome.value = list(outcome.value)
        except (Exception, SystemExit) as error:
            outcome.error = error
    outcome.warnings = tuple(dict.fromkeys(str(w.message) for w in caught
                                           if issubclass(w.category, RuntimeWarning)))
    outcome.changed = tuple(i for i, (before, after) in enumerate(zip(args, mine, strict=True))
                            if is_mutable(before) and difference(before, after, rtol=0, atol=0))
    return outcome


def is_mutable(value):
    """True for arguments in which a change is looked for: arrays, containers, Tensors, modules."""
    return isinstance(value, (np.ndarray, list, tuple, dict, set)) or is_tensor(value) \
        or hasattr(value, "state_dict")


@contextmanager
def random_state_kept(seed):
    """Seed every shared random generator for one run, and put its state back afterwards."""
    library = sys.modules.get("companion.rng")
    generator = library.get_rng() if library else None
    state = random.getstate(), np.random.get_state(), generator and generator.bit_generator.state
    random.seed(seed)
    np.random.seed(seed)
    if generator:
        generator.bit_generator.state = type(generator.bit_generator)(seed).state
    try:
        yield
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])
        if generator:
            library.get_rng().bit_generator.state = state[2]


@contextmanager
def time_limit(seconds):
    """Raise `TooSlow` after `seconds`, where the platform can: Unix, main thread. Elsewhere no limit."""
    if not hasattr(signal, "setitimer") or sys.platform == "emscripten" \
            or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum, frame):
        raise TooSlow

    handler = signal.signal(signal.SIGALRM, stop)
    # Again each second, for an answer that catches everything.
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    start = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if remaining:
            left = max(remaining - (time.monotonic() - start), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def learner_lines(error, most=6):
    """The traceback of `error`, shortened to the learner's lines, ending in the exception itself."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if not frame.filename.startswith("<frozen")
              and not str(Path(frame.filename).resolve()).startswith(OURS)]
    lines = []
    for i, frame in enumerate(frames):
        if most // 2 <= i < len(frames) - most // 2:
            if i == most // 2:
                lines.append(f"… {len(frames) - 2 * (most // 2)} more calls …")
            continue
        place = "" if "ipykernel" in frame.filename or frame.filename.startswith("<") \
            else f" of {Path(frame.filename).name}"
        lines.append(f"line {frame.lineno}{place}, in {frame.name}")
        source = (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()
        if source:
            lines.append(f"    {source}")
    if not isinstance(error, TooSlow):
        lines.append(traceback.format_exception_only(error)[-1].strip()[:500])
    return "\n".join(lines)


def body_of(function):
    """The AST node of the function's or class's source, or None (lambdas, callable objects, no source)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        tree = _notebook_cell_of(function)
    kinds = ast.FunctionDef, ast.ClassDef
    return next((n for n in (tree.body if tree else []) if isinstance(n, kinds) and n.name == function.__name__), None)


def _notebook_cell_of(cls):
    """The AST of the cell in which a class was defined, or None: `inspect` finds functions there, but no classes."""
    method = next((value for value in vars(cls).values() if inspect.isfunction(value)), None) \
        if inspect.isclass(cls) else None
    try:
        return method and ast.parse("".join(inspect.findsource(method)[0]))
    except (OSError, SyntaxError):
        return None


def is_stub(function):
    """True if the body has nothing but a docstring, `...`, `pass`, `return None` or NotImplementedError."""
    node = body_of(function)
    if node is None:
        code = getattr(function, "__code__", None)
        return code is not None and not code.co_names and code.co_nlocals == code.co_argcount

    def is_empty(statement):
        if isinstance(statement, (ast.Expr, ast.Return)):
            return statement.value is None or isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.FunctionDef):          # a method of a class
            return all(map(is_empty, statement.body))
        return isinstance(statement, (ast.Pass, ast.Raise))

    return all(map(is_empty, node.body))


def has_gap(function):
    """True if the body still holds a `...` where a value or a line should stand."""
    node = body_of(function)
    return node is not None and any(
        isinstance(getattr(n, "value", None), ast.Constant) and n.value.value is Ellipsis
        for n in ast.walk(node) if isinstance(n, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return)))


def signature_problem(function, names, args):
    """A sentence if `function` cannot be called with `args`, else None."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*args)
    except TypeError:
        name = getattr(function, "__name__", describe(function))
        return (f"The checker calls your function with {len(args)} argument{'s' * (len(args) != 1)}: "
                f"`{name}({', '.join(names)})`. Yours is `{name}{signature}`.")
    return None
