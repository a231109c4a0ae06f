"""Progress of its own for every test, and the counts of the exercises at the end of the run."""
import pytest

from companion.exercises import record

COUNTS = {"exercises": set(), "tried": set(), "refused": set()}


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """No test touches the progress of whoever runs it."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    monkeypatch.setattr(record, "_memory", None)
    return path


@pytest.fixture
def counts():
    """Sets of what the registry tests did, printed at the end."""
    return COUNTS


def pytest_terminal_summary(terminalreporter):
    if COUNTS["exercises"]:
        terminalreporter.section("exercises")
        terminalreporter.write_line(f"exercises {len(COUNTS['exercises'])}, wrong answers tried "
                                    f"{len(COUNTS['tried'])}, wrong answers refused {len(COUNTS['refused'])}")
