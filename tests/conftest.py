"""What the tests of the book and of its tools share."""

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
