"""Progress outlives the kernel, and no file on disk can break it."""
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from companion.exercises import core, perceptron, progress, record

PROGRAM = """
from companion.exercises.core import Chapter, progress
chapter = Chapter("trial", title="Trial")

@chapter.exercise(stars=1, title="Twice", hints=("One.", "Two.", "Three."))
def twice(x):
    '''Return 2x.'''
    return 2 * x

@chapter.exercise(stars=2, title="Thrice", hints=("One.", "Two.", "Three."))
def thrice(x):
    '''Return 3x.'''
    return 3 * x

@twice.cases
@thrice.cases
def _(rng):
    yield 1.5,
    yield 2.5,
"""


@pytest.fixture
def exercises(monkeypatch):
    monkeypatch.setattr(core, "_present", [])
    namespace = {"__name__": "trial"}
    exec(PROGRAM, namespace)
    return namespace


def stored(path):
    return json.loads(path.read_text())["chapters"]["trial"]


def test_what_is_stored(exercises, progress_file):
    twice = exercises["twice"]
    twice.check(None)
    twice.check(lambda x: ...)
    assert not progress_file.exists()           # a notebook that is only run leaves no trace
    twice.check(lambda x: x)
    twice.hint()
    twice.hint()
    twice.check(lambda x: x + x)
    twice.check(lambda x: x)
    assert stored(progress_file) == {"twice": {"solved": True, "attempts": 3, "hints": 2}}
    assert "Trial: 1 of 2 solved" in repr(progress())
    assert "Trial: 1 of 2 solved" in repr(progress())
    assert "✓ solved: Twice ★ (3 attempts, 2 hints)" in repr(progress())
    assert "… not attempted: Thrice ★★" in repr(progress())


def test_present_chapter_comes_first(exercises):
    lines = repr(progress()).splitlines()
    assert lines[1].strip() == "Trial: 0 of 2 solved"
    assert len(lines) == 4, "chapters that were not begun stay out of the list: it would change with every new one"
    perceptron.update.check(lambda *arguments: 0)
    exercises["twice"].check(None)
    assert [line.strip() for line in repr(progress()).splitlines()][1::3] == [
        "Trial: 0 of 2 solved", "Perceptron: 0 of 6 solved"]


def test_progress_survives_a_restart_of_the_kernel(progress_file):
    environment = {**os.environ, "COMPANION_PROGRESS": str(progress_file)}

    def kernel(line):
        return subprocess.run([sys.executable, "-c", PROGRAM + line], env=environment, check=True,
                              capture_output=True, text=True).stdout
    kernel("twice.check(lambda x: 2 * x)")
    assert "✓ solved: Twice" in kernel("print(progress())")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"chapters": 3}', '{"chapters": {"trial": []}}',
                                     '{"chapters": {"trial": {"twice": 1}}}', "\x00\x01", "5",
                                     '{"chapters": {"trial": {"twice": {"attempts": "many"}}}}'])
def test_damaged_file_is_set_aside(exercises, progress_file, content):
    for name in ("progress.damaged.json", "progress.damaged-2.json"):
        progress_file.write_text(content)
        with pytest.warns(UserWarning, match=f"set aside as {name}"):
            verdict = exercises["twice"].check(lambda x: 2 * x)
        assert verdict.passed
        assert progress_file.with_name(name).read_text() == content
        assert stored(progress_file)["twice"]["solved"] is True


def test_bytes_that_are_no_text(exercises, progress_file):
    progress_file.write_bytes(np.arange(256, dtype=np.uint8).tobytes())
    with pytest.warns(UserWarning, match="set aside"):
        assert "0 of 2" in repr(progress())


def test_fields_of_a_newer_version_are_kept(exercises, progress_file):
    progress_file.write_text(json.dumps({
        "version": 2, "theme": "dark",
        "chapters": {"later": {"x": {"solved": True}}, "trial": {"twice": {"badge": "gold", "attempts": 1}}}}))
    exercises["twice"].check(lambda x: 2 * x)
    content = json.loads(progress_file.read_text())
    assert content["theme"] == "dark" and content["version"] == 2 and content["chapters"]["later"]
    assert content["chapters"]["trial"]["twice"] == {"badge": "gold", "attempts": 2, "solved": True, "hints": 0}


def test_place_that_cannot_be_written(exercises, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.warns(UserWarning, match="Progress cannot be saved") as caught:
        exercises["twice"].check(lambda x: 2 * x)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")          # told once
        exercises["thrice"].check(lambda x: x)
        assert "Trial: 1 of 2 solved" in repr(progress())


def test_interrupted_write_leaves_the_old_file(exercises, progress_file, monkeypatch):
    exercises["twice"].check(lambda x: 2 * x)
    before = progress_file.read_text()

    def crash(*args):
        raise OSError("disk full")
    monkeypatch.setattr(record.os, "replace", crash)
    with pytest.warns(UserWarning, match="disk full"):
        exercises["thrice"].check(lambda x: 3 * x)
    assert progress_file.read_text() == before
    assert os.listdir(progress_file.parent) == [progress_file.name]


def test_default_place(monkeypatch, tmp_path):
    monkeypatch.delenv("COMPANION_PROGRESS")
    monkeypatch.setattr(record.Path, "home", lambda: tmp_path)
    assert record.path() == tmp_path / ".companion" / "progress.json"
    monkeypatch.setattr(record.sys, "platform", "emscripten")
    assert record.path().name == "companion-progress.json"
