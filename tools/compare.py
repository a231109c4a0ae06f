"""Are two runs of a notebook cell the same? Words exactly, numbers up to one unit in the last printed digit,
figures up to small differences in rendering."""

import base64
import io
import itertools
import json
import re
from decimal import Decimal

import numpy as np
from PIL import Image

# A number that stands by itself: `0.8712`, `-1.2e-05`, `1,234.5`. The digits of a word (float32, R2) or of a
# version (2.13.0) belong to the word.
NUMBER = re.compile(
    r"""(?<![\w.])
        ([-+]?
         (?: (?: \d{1,3}(?:,\d{3})+(?!\d) | \d+ ) (?:\.\d*)?  |  \.\d+ )
         (?:[eE][-+]?\d+)? )
        (?!\d|\.\d)""",
    re.VERBOSE,
)
NOT_COMPARED = "application/vnd.jupyter.widget-view+json"  # its ids are random

# A pixel is as before if each of its colors lies between the darkest and the brightest of its neighbors in
# the other picture, so lines may move by a pixel. Two allowances, the second for lines smoothed otherwise:
COLOR = 16  # of 255
CONTRAST = 0.5  # of what lies between the darkest and the brightest neighbor
PIXELS = 1  # so many pixels may be otherwise; another digit in a title is 3 or more, a missing marker 50
# A figure is cut to its content, so its size follows that of its labels.
SIZE = 2


def differences(stored, new):
    """What differs between the stored and the new outputs of a cell, one sentence each; empty if they agree.

    What went to stdout and to stderr is compared as a whole, since how it was cut depends on timing;
    everything else is compared in its order.
    """
    found = []
    for name in ("stdout", "stderr"):
        found += text_differences(name, stream(stored, name), stream(new, name))
    stored, new = ([parts(output) for output in outputs if output.output_type != "stream"]
                   for outputs in (stored, new))
    kinds = [[sorted(part) for part in outputs] for outputs in (stored, new)]
    if kinds[0] != kinds[1]:
        return [*found, f"the outputs are of other kinds: stored {kinds[0]}, now {kinds[1]}"]
    for before, now in zip(stored, new, strict=True):
        for kind in before:
            compare = figure_differences if kind in ("image/png", "image/jpeg") else text_differences
            found += compare(kind, before[kind], now[kind])
    return found


def stream(outputs, name):
    """Everything that a cell wrote to a stream, as a terminal shows it in the end."""
    text = "".join(
        output.text for output in outputs if output.output_type == "stream" and output.name == name
    )
    return re.sub(r"^.*\r(?=[^\n])", "", text, flags=re.MULTILINE)


def parts(output):
    """The parts of an output that are compared, by kind: MIME types, or "error"."""
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    return {
        kind: content if isinstance(content, str) else json.dumps(content, sort_keys=True, indent=1)
        for kind, content in output.data.items()
        if kind != NOT_COMPARED
    }


# ---- Text


def text_differences(kind, stored, new):
    """The lines that differ, one sentence for the first of them."""
    pairs = itertools.zip_longest(stored.splitlines(), new.splitlines())
    differing = [
        (number, before, now)
        for number, (before, now) in enumerate(pairs, 1)
        if before is None or now is None or not same_line(before, now)
    ]
    if not differing:
        return []
    number, before, now = differing[0]
    more = f" (and {len(differing) - 1} more lines)" if len(differing) > 1 else ""
    return [f"{kind}, line {number}{more}\n  stored: {shown(before)}\n  now:    {shown(now)}"]


def shown(line):
    return "(no such line)" if line is None else line if len(line) <= 300 else line[:300] + "…"


def same_line(stored, new):
    """Are two lines the same, up to the padding and the last digits of their numbers?"""
    stored, new = NUMBER.split(stored), NUMBER.split(new)
    if len(stored) != len(new):
        return False
    words = zip(stored[::2], new[::2], strict=True)
    numbers = zip(stored[1::2], new[1::2], strict=True)
    return all(" ".join(before.split()) == " ".join(now.split()) for before, now in words) and all(
        same_number(before, now) for before, now in numbers
    )


def same_number(stored, new):
    """Do two printed numbers differ by at most one unit in the last digit of the more precise one?

    Numbers without decimals (`17`, `1.`) must be equal.
    """
    texts = [text.replace(",", "") for text in (stored, new)]
    values = [Decimal(text) for text in texts]
    if values[0] == values[1]:
        return True
    units = [
        Decimal(1).scaleb(value.as_tuple().exponent)
        for text, value in zip(texts, values, strict=True)
        if re.search(r"\.\d", text)
    ]
    return bool(units) and abs(values[0] - values[1]) <= min(units)


# ---- Figures


def figure_differences(kind, stored, new):
    """A sentence if two pictures (base64) differ by more than rendering."""
    if stored == new:
        return []
    stored, new = pixels(stored), pixels(new)
    if np.abs(np.subtract(stored.shape, new.shape)).max() > SIZE:
        sizes = [f"{array.shape[1]} x {array.shape[0]}" for array in (stored, new)]
        return [f"{kind}: stored {sizes[0]} pixels, now {sizes[1]}"]
    changed = changed_pixels(stored, new)
    if changed.sum() <= PIXELS:
        return []
    rows, columns = np.nonzero(changed)
    return [
        f"{kind}: {changed.sum()} pixels changed, between ({columns.min()}, {rows.min()}) "
        f"and ({columns.max()}, {rows.max()})"
    ]


def pixels(encoded):
    """A picture as the reader sees it, on white: an integer array of height x width x 3."""
    image = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA")
    page = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(page, image).convert("RGB"), dtype=np.int16)


def changed_pixels(stored, new):
    """A mask of the pixels that one picture has and the other has nowhere near."""
    height, width = np.maximum(stored.shape, new.shape)[:2]

    def enlarged(picture):
        missing = ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0))
        return np.pad(picture, missing, constant_values=255)

    stored, new = enlarged(stored), enlarged(new)
    return outside(stored, new) | outside(new, stored)


def outside(picture, other):
    """The pixels of a picture that lie outside the range of their 3 x 3 neighborhoods in the other."""
    low, high = neighborhood(np.minimum, other), neighborhood(np.maximum, other)
    slack = COLOR + CONTRAST * (high - low)
    return ((picture < low - slack) | (picture > high + slack)).any(axis=-1)


def neighborhood(reduce, picture):
    """The minimum or maximum of every 3 x 3 neighborhood, by rows and then by columns."""
    for axis in (0, 1):
        ends = [(1, 1) if axis == other else (0, 0) for other in range(3)]
        framed = np.swapaxes(np.pad(picture, ends, mode="edge"), 0, axis)
        picture = np.swapaxes(reduce(reduce(framed[:-2], framed[1:-1]), framed[2:]), 0, axis)
    return picture


def changed_figures(stored, new):
    """For people to look at: the stored and the new file (bytes) of each figure of a cell that changed."""
    pairs = zip(figures(stored), figures(new), strict=False)
    return [
        (base64.b64decode(before), base64.b64decode(now))
        for before, now in pairs
        if figure_differences("image/png", before, now)
    ]


def figures(outputs):
    """The figures (base64) among the outputs of a cell."""
    return [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
