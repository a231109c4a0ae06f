"""What the tests of the explorables share."""

import re
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[3] / "book" / "_static" / "explorables"
NAMES = sorted(path.stem for path in FOLDER.glob("*-*.js"))  # an element's name has a hyphen


def number(text):
    """The number that an explorable shows."""
    return float(text.replace("−", "-"))


def normals(count, seed):
    """What chance.js computes: Box and Muller's normal numbers from a linear congruential generator with 32 bits."""
    uniform = np.empty(count)
    for i in range(count):
        seed = (1664525 * seed + 1013904223) % 2**32
        uniform[i] = (seed + 0.5) / 2**32
    radius, angle = np.sqrt(-2 * np.log(uniform[::2])), 2 * np.pi * uniform[1::2]
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).ravel()


def readout(element):
    """The labelled numbers of an explorable, as texts."""
    return dict(zip(element.locator("dt").all_inner_texts(), element.locator("dd").all_inner_texts(), strict=True))


def press(element, *names):
    """Click buttons, one after the other."""
    for name in names:
        element.get_by_role("button", name=name, exact=True).click()


def choose(element, **choices):
    """Select from the lists whose labels begin so: `choose(element, Unit="depth")`."""
    for label, value in choices.items():
        element.locator("label", has_text=re.compile(f"^{label}")).locator("select").select_option(value)


def says(page, start):
    """Wait until the sentence for screen readers begins so."""
    page.wait_for_function("s => document.querySelector('[role=status]').textContent.startsWith(s)", arg=start)
