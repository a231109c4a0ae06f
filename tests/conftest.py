"""What the tests of the book and of its tools share."""

from collections import Counter

import chapters
import pytest
import run_times
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book in a temporary folder, which the tools take for the real one."""
    folder = tmp_path / "book"
    (folder / "foundations").mkdir(parents=True)
    monkeypatch.setattr(chapters, "BOOK", folder)
    monkeypatch.setattr(run_times, "RUN_TIMES", folder / "reference" / "run_times.json")
    return folder


@pytest.fixture
def add_chapter(book):
    """A function that writes a small chapter from the sources of its code cells; returns its path."""

    def add(name, *sources, tags=()):
        cells = [new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
        path = book / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        chapters.write(path, new_notebook(cells=[new_markdown_cell(f"# {name}"), *cells]))
        return path

    return add


def pytest_terminal_summary(terminalreporter):
    """Counts what tests recorded. Here, because only this folder's conftest is read where other processes run them."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    recorded = [(report.nodeid, name, value) for report in reports for name, value in report.user_properties]
    parity = [(nodeid, *value) for nodeid, name, value in recorded if name == "parity"]
    if parity:
        terminalreporter.section("parity with PyTorch and Keras")
        cases = {nodeid.replace(dtype, "") for nodeid, dtype, *_ in parity}
        largest = {(dtype, limit): max(error for _, name, error, _ in parity if name == dtype)
                   for _, dtype, _, limit in parity}
        found = ", ".join(f"{error:.1e} (limit {limit:.0e}) in {dtype}" for (dtype, limit), error in largest.items())
        terminalreporter.write_line(f"{len(cases)} cases, each in float64 and float32; largest relative error {found}")
    counts = Counter(name for _, name, _ in recorded)
    if counts["exercise"]:
        terminalreporter.section("exercises")
        terminalreporter.write_line(f"exercises {counts['exercise']}, wrong answers tried {counts['tried']}, "
                                    f"wrong answers refused {counts['refused']}")
