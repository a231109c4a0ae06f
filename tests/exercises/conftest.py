"""Progress of its own for every test, and the counts of the exercises at the end of the run."""
from collections import Counter

import pytest

from companion.exercises import record


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """No test touches the progress of whoever runs it."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    monkeypatch.setattr(record, "_memory", None)
    return path


def pytest_terminal_summary(terminalreporter):
    """Counts what the tests of the registry recorded, since they may have run in other processes."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    counts = Counter(name for report in reports for name, _ in report.user_properties)
    if counts["exercise"]:
        terminalreporter.section("exercises")
        terminalreporter.write_line(f"exercises {counts['exercise']}, wrong answers tried {counts['tried']}, "
                                    f"wrong answers refused {counts['refused']}")
