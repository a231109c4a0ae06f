"""Guess, from how results differ, what the mistake was: the words for answers that no author foresaw."""
import numpy as np

from .compare import describe, is_tensor, kind_of


def likely_cause(pairs, warnings=()):
    """One or two sentences, or None. `pairs` holds a `(difference, args)` for every input that failed."""
    found = pairs[0][0]
    explain = {"type": _type, "length": _length, "keys": _keys, "shape": _shape, "value": _value}[found.kind]
    cause = explain(found, pairs)
    if cause is None:
        return None
    if "NaN" in cause and warnings:
        cause += f" NumPy warned: {warnings[0]}."
    name = name_of(found.path)
    if cause.startswith("{it}"):
        return cause.replace("{it}", name)
    return cause[0].upper() + cause[1:].replace("{it}", name[0].lower() + name[1:])


def name_of(path):
    """What a part of the result is called at the beginning of a sentence."""
    return "`result" + "".join(f"[{step!r}]" for step in path) + "`" if path else "Your result"


def _type(found, pairs):
    expected, got = kind_of(found.expected), kind_of(found.got)
    if got == "None":
        return "{it} is None here. Is there a path through your function without `return`?"
    if (expected, got) == ("array", "Tensor"):
        return "{it} is a Tensor where an array is expected: take its `.data`."
    if (expected, got) == ("Tensor", "array"):
        return "{it} is an array where a Tensor is expected: its gradient is lost."
    if (expected, got) == ("array", "list"):
        return "{it} is a list where an array is expected: `np.array(…)` makes one of it."
    if expected == "tuple":
        return f"{{it}} is {_a(got)} where {len(found.expected)} values are expected, as in `return a, b`."
    if got == "tuple":
        return f"{{it}} is {len(found.got)} values where {_a(expected)} is expected. Is a comma too many?"
    return f"{{it}} is {_a(got)} where {_a(expected)} is expected."


def _a(kind):
    return kind if kind == "None" else f"a{'n' * (kind[0] in 'aeio')} {kind}"


def _length(found, pairs):
    return f"{{it}} has {len(found.got)} values where {len(found.expected)} are expected."


def _keys(found, pairs):
    missing, extra = (", ".join(f"`{key!r}`" for key in a if key not in b)
                      for a, b in ((found.expected, found.got), (found.got, found.expected)))
    return " and ".join([f"{{it}} lacks the key {missing}"] * bool(missing)
                        + [f"{{it}} has the key {extra}, which is not expected"] * bool(extra)) + "."


def _array(value):
    return np.asarray(value.data if is_tensor(value) else value)


def _shape(found, pairs):
    expected, got = _array(found.expected).shape, _array(found.got).shape
    if not expected:
        return f"{{it}} is an array of shape {got} where one number is expected. Is a sum, a mean or a minimum missing?"
    if not got:
        return (f"{{it}} is one number where an array of shape {expected} is expected. "
                "Did you sum over every axis?")
    text = f"{{it}} has shape {got} where {expected} is expected."
    if got == expected[::-1]:
        return f"{text} That is the transpose."
    if [n for n in got if n > 1] == [n for n in expected if n > 1]:
        few = "missing" if len(got) < len(expected) else "too many"
        return f"{text} An axis of length 1 is {few}: look at `keepdims`, and at how you index."
    if len(expected) == 1 and got == 2 * expected:
        return f"{text} A column and a row of {expected[0]} values were broadcast against each other."
    if len(got) == len(expected) - 1:
        return f"{text} One axis was summed or indexed away."
    return text


def _value(found, pairs):
    arrays = [(_array(d.expected), _array(d.got), args) for d, args in pairs
              if d.kind == "value" and d.path == found.path]
    if any(v.dtype.kind not in "biuf" for e, g, _ in arrays for v in (e, g)):
        return None
    expected, got, _ = arrays[0]
    if np.isfinite(expected).all() and not np.isfinite(got).all():
        bad = "NaN (not a number)" if np.isnan(got).any() else "infinite"
        bad_values = np.count_nonzero(~np.isfinite(got))
        some = f"of the {got.size} values in {{it}}, {bad_values} are" if got.ndim else "{it} is"
        return f"{some} {bad}. Look for an overflow, a division by zero or the logarithm of 0."
    arrays = [(np.asarray(e, float), np.asarray(g, float), args) for e, g, args in arrays
              if np.isfinite(e).all() and np.isfinite(g).all()]
    tests = (_truncated, _rounded, _sign, _order, _factor, _offset, _one_end, _some)
    return next(filter(None, (test(arrays, got.dtype) for test in tests)), None) if arrays else None


def _all(arrays, test):
    return all(test(e, g) for e, g, _ in arrays)


def _close(a, b, rtol=1e-6):
    return np.allclose(a, b, rtol=rtol, atol=1e-9)


def _truncated(arrays, dtype):
    if dtype.kind in "iu" and _all(arrays, lambda e, g: _close(np.trunc(e), g)):
        return ("{it} is made of whole numbers: the decimals were cut off. "
                "Is it stored in an array of integers, or divided with `//`?")
    return None


def _rounded(arrays, dtype):
    if dtype in (np.float16, np.float32) and _all(arrays, lambda e, g: _close(e, g, 100 * np.finfo(dtype).eps)):
        return f"{{it}} is close, but rounded to {dtype}. Keep the type of the input."
    if _all(arrays, lambda e, g: _close(e, g, 1e-3)):
        return "{it} is close, but not equal. Is something rounded, or a small constant different?"
    return None


def _sign(arrays, dtype):
    if _all(arrays, lambda e, g: _close(-e, g)):
        return "{it} has the right size and the opposite sign."
    return None


def _order(arrays, dtype):
    if not _all(arrays, lambda e, g: e.ndim > 0):
        return None
    if _all(arrays, lambda e, g: e.ndim == 2 and e.shape[0] == e.shape[1] and _close(e.T, g)):
        return "{it} is the transpose of what is expected."
    if _all(arrays, lambda e, g: _close(e[::-1], g)):
        return "{it} has the right values in reverse order."
    if _all(arrays, lambda e, g: _close(np.sort(e, axis=None), np.sort(g, axis=None))):
        return "{it} has the right values in another order."
    return None


def _factor(arrays, dtype):
    factors = []
    for e, g, _ in arrays:
        nonzero = np.abs(e) > 1e-12
        if not nonzero.any() or not _close(g[~nonzero], 0):
            return None
        ratios = g[nonzero] / e[nonzero]
        if not _close(ratios, ratios.flat[0]) or abs(ratios.flat[0]) < 1e-12:
            return None
        factors.append(ratios.flat[0])
    lengths = [_lengths(a) for _, _, a in arrays]
    for sign, words in ((1, "too large: was a mean asked, and a sum computed?"),
                        (-1, "too small: was a sum asked, and a mean computed?")):
        if all(any(_close(f, float(n) ** sign) for n in ns) for f, ns in zip(factors, lengths, strict=True)):
            n = round(factors[0] ** sign)
            return f"{{it}} is {n} times {words} The input has an axis of length {n}."
    if sum(e.size for e, _, _ in arrays) > 1 and _close(factors, factors[0]):
        return (f"{{it}} is {describe(float(factors[0]))} times the expected one. "
                "Where does that factor come from?")
    return None


def _lengths(args):
    return {n for a in args if hasattr(a, "shape") for n in a.shape if n > 1}


def _offset(arrays, dtype):
    offsets = np.concatenate([(g - e).ravel() for e, g, _ in arrays])
    if len(offsets) > 1 and _close(offsets, offsets[0]):
        amount, side = describe(float(abs(offsets[0]))), "large" if offsets[0] > 0 else "small"
        return f"{{it}} is too {side} by {amount}."
    return None


def _one_end(arrays, dtype):
    if not _all(arrays, lambda e, g: e.ndim > 0 and len(e) > 2):
        return None
    words = "in {it}, only the %s element is wrong: look at where your loop or slice begins and ends."
    if _all(arrays, lambda e, g: _close(e[1:], g[1:])):
        return words % "first"
    return words % "last" if _all(arrays, lambda e, g: _close(e[:-1], g[:-1])) else None


def _some(arrays, dtype):
    expected, got, _ = arrays[0]
    wrong = ~np.isclose(got, expected, rtol=1e-6, atol=1e-9)
    if not 0 < wrong.sum() < wrong.size:
        return None
    place = ", ".join(str(i) for i in np.argwhere(wrong)[0])
    return f"of the {wrong.size} values in {{it}}, {wrong.sum()} {'is' if wrong.sum() == 1 else 'are'} wrong, " \
           f"first the one at [{place}]."
