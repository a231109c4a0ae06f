"""What the tests of the explorables share."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "book" / "_static" / "explorables"
NAMES = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "base")


def number(text):
    """The number that an explorable shows."""
    return float(text.replace("−", "-"))


def readout(element):
    """The labelled numbers of an explorable, as texts."""
    return dict(zip(element.locator("dt").all_inner_texts(), element.locator("dd").all_inner_texts(), strict=True))
