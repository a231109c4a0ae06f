"""The list of chapters on the landing page says what the notebooks say."""
import chapter_list
import chapters
import pytest


@pytest.mark.parametrize("name", chapters.chapters())
def test_item(name):
    head, promise = chapter_list.item(f"book/{name}", chapters.path_of(name))
    assert f"]({name}.ipynb)" in head and "# " not in head
    assert head.count(" min") == 2
    assert promise.strip() in " ".join(chapters.read(chapters.path_of(name)).cells[0].source.split())


def test_without_a_time_there_is_an_error(tmp_path):
    notebook = tmp_path / "n.ipynb"
    notebook.write_text('{"cells": [{"source": ["# T\\n", "b\\n", "Promise."]}, {"source": ["## What"]}]}')
    with pytest.raises(ValueError, match="Time"):
        chapter_list.item("book/n", notebook)
