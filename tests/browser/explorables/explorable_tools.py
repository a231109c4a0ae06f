"""What the tests of the explorables share."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "book" / "_static" / "explorables"
NAMES = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "base")


def number(text):
    """The number that an explorable shows."""
    return float(text.replace("−", "-"))


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
