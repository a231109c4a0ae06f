"""Compare two results, and print them short.

Equal are: numbers that agree within the tolerance, whatever their type (`1`, `1.0`, `True`, a 0-d array); a
tuple and a list with equal items; arrays of the same shape; Tensors with equal data. NaN equals NaN only.
A list is not an array, and a Tensor is not an array: code that goes on with the result would notice.
"""
import re
from dataclasses import dataclass, field

import numpy as np

SHORT = 12          # arrays with more values are described by their shape
LONGEST = 240       # characters of one printed value


@dataclass
class Difference:
    """Where and how a result differs: `kind` is "type", "length", "keys", "shape" or "value"."""

    kind: str
    expected: object
    got: object
    path: tuple = field(default=())

    def inside(self, step):
        return Difference(self.kind, self.expected, self.got, (step, *self.path))


def is_tensor(value):
    """True for a `companion.Tensor`, which keeps its array in `.data`."""
    return not isinstance(value, np.ndarray) and isinstance(getattr(value, "data", None), np.ndarray)


def kind_of(value):
    """The kind of a value, in the words that verdicts use."""
    if value is None:
        return "None"
    if is_tensor(value):
        return "Tensor"
    if isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        return "number"
    if isinstance(value, np.ndarray):
        return "array" if value.ndim else "number"
    for kind in (tuple, list, dict, set, str):
        if isinstance(value, kind):
            return {"str": "string"}.get(kind.__name__, kind.__name__)
    return type(value).__name__


def difference(expected, got, rtol=1e-6, atol=1e-9):
    """The `Difference` between two results that explains most, or None if they are equal (see the module)."""
    kinds = kind_of(expected), kind_of(got)
    if set(kinds) == {"tuple", "list"} or kinds == ("tuple", "tuple") or kinds == ("list", "list"):
        if len(expected) != len(got):
            return Difference("length", expected, got)
        pairs = zip(expected, got, strict=True)
        return _worst((i, difference(a, b, rtol, atol)) for i, (a, b) in enumerate(pairs))
    if kinds[0] != kinds[1]:
        one_value = {"number", "array"} == set(kinds)      # then the shape is wrong, not the type
        return Difference("shape" if one_value else "type", expected, got)
    if kinds[0] == "dict":
        if expected.keys() != got.keys():
            return Difference("keys", expected, got)
        return _worst((key, difference(expected[key], got[key], rtol, atol)) for key in expected)
    if kinds[0] in ("array", "number", "Tensor"):
        return _numeric_difference(expected, got, rtol, atol)
    if hasattr(expected, "state_dict"):             # a module, and by now so is `got`
        return difference(expected.state_dict(), got.state_dict(), rtol, atol)
    return None if expected is got or bool(expected == got) else Difference("value", expected, got)


def _worst(steps):
    """The first difference in kind or shape, which explains most; else the first one in value."""
    found = [one.inside(step) for step, one in steps if one is not None]
    return next((one for one in found if one.kind != "value"), found[0] if found else None)


def _numeric_difference(expected, got, rtol, atol):
    a, b = (np.asarray(v.data if is_tensor(v) else v) for v in (expected, got))
    if a.shape != b.shape:
        return Difference("shape", expected, got)
    if a.dtype.kind in "biufc" and b.dtype.kind in "biufc":
        a, b = (v.astype(np.result_type(v, np.float64)) for v in (a, b))
        equal = np.isclose(b, a, rtol=rtol, atol=atol, equal_nan=True).all()
    else:
        equal = a.dtype.kind == b.dtype.kind and np.array_equal(a, b)
    return None if equal else Difference("value", expected, got)


def describe(value, digits=4):
    """`value` on one line, short: large arrays by shape and type, long texts cut, no memory addresses."""
    if is_tensor(value):
        return f"Tensor({describe(value.data, digits)})"
    if isinstance(value, np.ndarray):
        if value.size > SHORT:
            return f"array of shape {value.shape}, {value.dtype}, values {_digits(value.ravel()[:4], digits)[:-1]}, …]"
        empty = f", shape {value.shape}" if not value.size else ""
        return f"array({_digits(value, digits)}{empty})"
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        text = f"{float(value):.{digits}g}"
        return text if set(text) & set(".en") else f"{text}.0"
    if isinstance(value, np.integer):
        return str(int(value))
    if isinstance(value, (tuple, list)):
        items = ", ".join(describe(item, digits) for item in value[:SHORT])
        items += ", …" if len(value) > SHORT else ","[:len(value) == 1 and isinstance(value, tuple)]
        text = f"({items})" if isinstance(value, tuple) else f"[{items}]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key!r}: {describe(item, digits)}" for key, item in value.items()) + "}"
    elif isinstance(value, np.random.Generator):
        return "a random generator"
    elif callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    else:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _digits(array, digits):
    text = " ".join(np.array2string(array, precision=digits, separator=", ").split())
    return text.replace("[ ", "[").replace(" ]", "]").replace(" ,", ",")


def describe_pair(expected, got):
    """Both values in short, with as many digits as it takes to see that they differ."""
    for digits in (4, 8, 17):
        texts = describe(expected, digits), describe(got, digits)
        if texts[0] != texts[1]:
            break
    return texts


def describe_arguments(names, args):
    """The input of a case on one line: `weights = [0.1, 0.2], bias = 0.3`."""
    return ", ".join(f"{name} = {describe(value)}" for name, value in zip(names, args, strict=True))
