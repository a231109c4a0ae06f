"""Write the page "Parity traps" from tests/parity/traps.py: every default in which PyTorch and Keras differ."""

import importlib.util
import os
import sys

import chapters
import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
PAGE = chapters.BOOK / "reference" / "parity_traps.md"
SOURCE = chapters.ROOT / "tests" / "parity" / "traps.py"
HEAD = """# Parity traps

The same layer under the same name, the same weights, the same input, and still another result: PyTorch and Keras agree
on the mathematics and differ in their defaults. This page lists them all, as far as the course meets them.

Every row is a test. It asks both frameworks for their setting, computes the same thing with both, and finds them apart;
then it applies the cure and finds them equal to five digits (random starting weights: as widely spread, to one or two
digits). The page is written from what the tests return (`tests/parity/traps.py`), so a release that changes a default
fails there. The companion package follows PyTorch.

"Apart" is the largest difference relative to the largest number, at the input of the test: it says that the difference
is real, not how much it matters to you.
"""


def load():
    spec = importlib.util.spec_from_file_location("traps", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["traps"] = module
    spec.loader.exec_module(module)
    return module


traps = load()


def apart(a, b):
    """The largest difference of two arrays relative to the largest number in them; infinite for different shapes."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        return np.inf
    return float(np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max(), 1e-300))


def in_words(distance):
    return "shapes differ" if distance == np.inf else f"{distance:.0%}"


def page():
    """The text of the page."""
    lines, topics = [HEAD], dict.fromkeys(trap.topic for trap in traps.TRAPS)
    for topic in topics:
        lines += [f"## {topic}\n", "| | PyTorch | Keras | apart | to make them equal |", "|---|---|---|---|---|"]
        for trap in traps.TRAPS:
            if trap.topic == topic:
                pytorch, keras, before, _ = trap.ask()
                lines.append(f"| {trap.what} | {pytorch} | {keras} | {in_words(apart(*before))} | {trap.cure} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{len(traps.TRAPS)} traps: {PAGE.relative_to(chapters.ROOT)}")
