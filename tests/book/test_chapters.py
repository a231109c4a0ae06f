"""tools/chapters.py: the setup cell does what it says, notebooks keep their format."""

import importlib.util
import json
import sys

import chapters
import pytest
from IPython.core.inputtransformer2 import TransformerManager


@pytest.fixture
def run_setup(monkeypatch):
    """A function that runs the setup cell, with or without companion on a platform; returns the magics it ran."""

    def run(installed, platform):
        magics = []

        class Shell:
            def run_line_magic(self, name, line):
                magics.append((name, line))

        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if installed else None)
        monkeypatch.setattr(sys, "platform", platform)
        source = TransformerManager().transform_cell(chapters.setup_cell("https://github.com/a/b"))
        exec(compile(source, "setup", "exec"), {"get_ipython": Shell})
        return magics

    return run


def test_setup_does_nothing_where_companion_is(run_setup):
    assert run_setup(installed=True, platform="linux") == []
    assert run_setup(installed=True, platform="emscripten") == []


def test_setup_installs_from_the_repository_and_replaces_nothing(run_setup):
    ((magic, line),) = run_setup(installed=False, platform="linux")
    assert magic == "pip"
    assert line == 'install --quiet "companion @ https://github.com/a/b/archive/refs/heads/main.zip"'


def test_setup_takes_the_bundled_wheel_in_the_browser(run_setup):
    assert run_setup(installed=False, platform="emscripten") == [("pip", "install --quiet companion")]


def test_setup_and_badge_follow_the_repository():
    assert f'"companion @ {chapters.repository()}/archive/' in chapters.setup_cell()
    assert "colab.research.google.com/github/a/b/blob/main/book/x/y.ipynb" in chapters.badge(
        "x/y", "https://github.com/a/b"
    )


@pytest.mark.parametrize("name", ["good", "foundations/good", "book/foundations/good.ipynb"])
def test_select_takes_names_and_paths(add_chapter, name):
    add_chapter("foundations/good")
    add_chapter("foundations/very_good")
    assert chapters.select([name]) == ["foundations/good"]


def test_select_refuses_what_it_does_not_know(add_chapter):
    add_chapter("foundations/good")
    add_chapter("training/good")
    for name in ("bad", "good"):
        with pytest.raises(ValueError, match=f"got '{name}'; known: foundations/good, training/good"):
            chapters.select([name])


def test_reading_and_writing_change_nothing(add_chapter):
    path = add_chapter("foundations/good", "print('é')")
    before = path.read_bytes()
    chapters.write(path, chapters.read(path))
    assert path.read_bytes() == before
    assert before.endswith(b"}\n")
    assert "é".encode() in before


def test_an_older_notebook_gets_the_same_ids_every_time(book):
    path = book / "old.ipynb"
    cell = {"cell_type": "markdown", "metadata": {}, "source": "twice"}
    path.write_text(json.dumps({"cells": [cell, cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    ids = [cell.id for cell in chapters.read(path).cells]
    assert ids == [cell.id for cell in chapters.read(path).cells]
    assert len(set(ids)) == 2


def test_a_write_that_fails_leaves_the_file(add_chapter):
    path = add_chapter("foundations/good", "print(1)")
    before = path.read_bytes()
    notebook = chapters.read(path)
    notebook.cells[1].source = object()
    with pytest.raises(Exception, match="object"):
        chapters.write(path, notebook)
    assert path.read_bytes() == before


def test_changes_of_the_environment(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("KEEP", "1")
    monkeypatch.setenv("DROP", "1")
    with chapters.kernel_environment(DROP=None, OMP_NUM_THREADS="1") as environment:
        assert environment["KEEP"] == environment["OMP_NUM_THREADS"] == "1"
        assert not {"COLUMNS", "DROP"} & set(environment)
