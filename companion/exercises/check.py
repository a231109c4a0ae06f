"""From an answer to a verdict.

A function is run on every case, and so is the reference. What an answer does on a case (its result or
exception, the arguments it changed) is its behavior. An answer that behaves on all cases like a known wrong
answer gets that one's words; for any other, the difference of the results is put into words as far as it shows
what went wrong.
"""
import inspect

import numpy as np

from .causes import likely_cause, name_of
from .compare import describe, describe_arguments, describe_pair, difference, kind_of
from .panel import Code, Row, Text, Verdict
from .runner import TooSlow, has_gap, is_stub, learner_lines, signature_problem, time_limit


def check_function(exercise, answer):
    """The verdict on a function."""
    if early := _unusable(exercise, answer):
        return early
    if inspect.isclass(exercise.reference) and not inspect.isclass(answer):
        message = (f"The answer is a class, and you pass something else: write `class {exercise.name}:` and pass "
                   f"it as it is, `check({exercise.name})`. The checker makes objects of it by itself.")
        return Verdict("incorrect", exercise.title, message, Row("Got", describe(answer)))
    if not callable(answer):
        message = (f"Pass the function itself, `check({exercise.name})`, without calling it: "
                   "the checker calls it on its own inputs.")
        return Verdict("incorrect", exercise.title, message, Row("Got", describe(answer)))
    cases, outcomes = exercise.inputs(), []
    if exercise.is_called and (problem := signature_problem(answer, exercise.names, cases[0].args)):
        return Verdict("incorrect", exercise.title, problem)
    try:
        with time_limit(exercise.time_limit):
            outcomes.extend(exercise.outcomes(answer))
    except TooSlow as stop:
        return _too_slow(exercise, cases[len(outcomes)], stop)
    expected = list(exercise.outcomes(exercise.reference))
    if message := _not_attempted(exercise, answer, outcomes, expected):
        return Verdict("not attempted", exercise.title, message)
    problems = [_problem(exercise, *pair) for pair in zip(cases, expected, outcomes, strict=True)]
    if any(problems):
        return _refused(exercise, cases, outcomes, problems)
    return _correct(exercise)


def check_value(exercise, answer):
    """The verdict on a value."""
    if early := _unusable(exercise, answer):
        return early
    got = Row("Got", describe(answer))
    if exercise.judged_by is not None:
        message = _judged(exercise, answer, exercise.reference)
    elif found := difference(exercise.reference, answer, exercise.rtol, exercise.atol):
        # The expected value is the solution, so only its kind or shape may be told.
        message = _about_form(found, ()) or "This is not the expected value."
    else:
        message = None
    if message is None:
        return _correct(exercise)
    known = next((words for value, words in exercise.wrongs
                  if difference(value, answer, exercise.rtol, exercise.atol) is None), None)
    if known is None or known in message:       # the judge says it already, with more detail
        return Verdict("incorrect", exercise.title, message, got)
    return Verdict("incorrect", exercise.title, known, got)


def behaves_like(exercise, outcomes, function):
    """True if `function` does on every case exactly what the outcomes say."""
    theirs = exercise.outcomes(function)
    return all(a.same_as(b, exercise.rtol, exercise.atol) for a, b in zip(outcomes, theirs, strict=True))


def _correct(exercise):
    return Verdict("correct", exercise.title, exercise.praise or "Every input gives the expected result.")


def _unusable(exercise, answer):
    """The verdict on what is no answer at all."""
    ours = callable(answer) or isinstance(answer, (dict, list, np.ndarray))     # not a 2 that is like any other
    if answer is None or answer is ...:
        message = f"Write your answer, then call `exercises.{exercise.name}.check({exercise.name})`."
    elif answer is exercise or (ours and answer is exercise.reference):
        message = "This is our solution. Write one of your own, then check that."
    else:
        return None
    return Verdict("not attempted", exercise.title, message)


def _not_attempted(exercise, answer, outcomes, expected):
    """A sentence for a stub, a body with a gap, unchanged printed code; None for a real attempt."""
    if exercise.printed is not None and behaves_like(exercise, outcomes, exercise.printed):
        return "Your code does exactly what the printed code does, on every input: the bug is still in it."
    if all(isinstance(o.error, NotImplementedError) for o in outcomes):
        return "Your code still raises NotImplementedError: replace that line by your own."
    nothing = all(o.error is None and (o.value is None or o.value is ...) and not o.changed for o in outcomes)
    failed = all(o.error is not None for o in outcomes)
    if is_stub(answer) and (nothing or (failed and not exercise.is_called)):
        return f"Your answer is still empty. `exercises.{exercise.name}.hint()` gives a first hint."
    if has_gap(answer) and (nothing or failed):
        return "There is still a `...` in your answer: replace it by your code."
    if not nothing or _known(exercise, outcomes):
        return None
    if any(e.value is not None for e in expected):
        return "Your function computes something and returns None: did you forget `return`?"
    return "Your function leaves its arguments as they were: it is asked to change them in place."


def _known(exercise, outcomes):
    """The words for the known wrong answer that behaves like this one, or None."""
    return next((message for function, message in exercise.wrongs
                 if behaves_like(exercise, outcomes, function)), None)


def _problem(exercise, case, expected, mine):
    """What is wrong on one input: (message or None, difference or None, rows). None if nothing is."""
    if mine.error is not None:
        return None, None, []
    if changed := [exercise.names[i] for i in mine.changed if i not in expected.changed]:
        return (f"Your function changes its argument `{changed[0]}`, which its caller still needs. "
                "Work on a copy, or write `a = a + b` in place of `a += b`.", None, [])
    if exercise.judged_by is not None:
        message = _judged(exercise, mine.value, expected.value, *case.args)
        return message and (message, None, [Row("Got", describe(mine.value))])
    if exercise.mutates and (found := expected.arguments_differ(mine, exercise.rtol, exercise.atol)):
        position, different = found
        texts = describe_pair(expected.args[position], mine.args[position])
        return None, different, [Row(label, f"{exercise.names[position]} = {text} afterwards")
                                 for label, text in zip(("Expected", "Got"), texts, strict=True)]
    if different := difference(expected.value, mine.value, exercise.rtol, exercise.atol):
        texts = describe_pair(expected.value, mine.value)
        return None, different, [Row("Expected", texts[0]), Row("Got", texts[1])]
    return None


def _judged(exercise, value, reference, *args):
    """The judge's words on a value, which may be of a kind that the judge cannot even read."""
    try:
        return exercise.judged_by(value, *args)
    except Exception:
        found = difference(reference, value, exercise.rtol, exercise.atol)
        return _about_form(found, args) \
            or "The checker cannot read this result: it has another form than the one that is asked."


def _about_form(found, args):
    """What is wrong with the kind or the shape of a value; None if only the values differ."""
    return likely_cause([(found, args)]) if found and found.kind != "value" else None


def _refused(exercise, cases, outcomes, problems):
    """The verdict on a wrong answer: the likely cause, and the first input that shows it."""
    first = next(i for i, problem in enumerate(problems) if problem)
    message, _, rows = problems[first]
    rows = [_input(exercise, cases[first]), *rows]
    if right := problems.count(None):
        rows.append(Text(f"{right} of {len(cases)} inputs already give{'s' * (right == 1)} the right result."))
    known = _known(exercise, outcomes)
    if outcomes[first].error is not None:
        error = outcomes[first].error
        return Verdict("error", exercise.title, known or _about(error), Code(learner_lines(error)), *rows)
    return Verdict("incorrect", exercise.title, known or message or _guess(cases, outcomes, problems), *rows)


def _about(error):
    """A sentence above the traceback."""
    if any(words in str(error) for words in ("mismatch in its core dimension", "broadcast", "not aligned")):
        return "It stopped here, because two shapes do not fit together:"
    if "truth value of an array" in str(error):
        return "It stopped here, because a yes or no is needed and an array has many:"
    return "It stopped here:"


def _guess(cases, outcomes, problems):
    """The likely cause that all failing inputs have in common."""
    failing = [i for i, problem in enumerate(problems) if problem]
    values = [outcome.value for outcome in outcomes]
    if 2 < len(values) == len(failing) and kind_of(values[0]) in ("number", "array") \
            and np.isfinite(values[0]).all() and not any(difference(values[0], value) for value in values):
        return "Your function returns the same result for every input."
    pairs = [(problems[i][1], cases[i].args) for i in failing if problems[i][1]]
    if cause := likely_cause(pairs, outcomes[failing[0]].warnings):
        return cause
    name = name_of(pairs[0][0].path)
    if len(failing) < len(cases):
        note = cases[failing[0]].note
        return f"{name} is wrong on some inputs only, first on this one{': ' + note if note else ''}."
    return f"{name} is not what is expected."


def _too_slow(exercise, case, stop):
    seconds = f"{exercise.time_limit:g} second{'s' * (exercise.time_limit != 1)}"
    message = (f"Stopped after {seconds}. Does every loop come to its end? "
               "Can a loop over values become one operation on the whole array?")
    return Verdict("too slow", exercise.title, message, Code(learner_lines(stop)), _input(exercise, case))


def _input(exercise, case):
    text = describe_arguments(exercise.names, case.args) or "none"
    return Row("Input", f"{text}  ({case.note})" if case.note else text)
