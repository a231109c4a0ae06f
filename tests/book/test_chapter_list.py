"""The table of chapters on the landing page says what the notebooks say."""
import chapter_list
import chapters
import pytest


@pytest.mark.parametrize("name", chapters.chapters())
def test_row(name):
    _, link, promise, reading, exercises, _ = chapter_list.row(f"book/{name}", chapters.path_of(name)).split("|")
    assert f"]({name}.ipynb)" in link and "# " not in link
    assert promise.strip() in " ".join(chapters.read(chapters.path_of(name)).cells[0].source.split())
    assert reading.strip().endswith("min") and exercises.strip().endswith("min")


def test_without_a_time_there_is_an_error(tmp_path):
    notebook = tmp_path / "n.ipynb"
    notebook.write_text('{"cells": [{"source": ["# T\\n", "b\\n", "Promise."]}, {"source": ["## What"]}]}')
    with pytest.raises(ValueError, match="Time"):
        chapter_list.row("book/n", notebook)
