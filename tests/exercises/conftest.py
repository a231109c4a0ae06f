"""Progress of its own for every test."""
import pytest

from companion.exercises import record


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """No test touches the progress of whoever runs it."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    monkeypatch.setattr(record, "_memory", None)
    return path
