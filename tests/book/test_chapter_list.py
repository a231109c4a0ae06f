"""The cards on the landing page say what the notebooks say."""
import json

import chapter_list
import chapters
import pytest

from companion.exercises import core

NOTEBOOK = {"cells": [{"source": ["# A `title`\n", "\n", "badge\n", "\n", "A promise\n", "in two lines."]},
                      {"source": ["**Time.** Reading 5 min ·\n", "running 1 min · exercises 7 min.\n"]},
                      {"source": ["exercises.second.check(second)\n"]},
                      {"source": ["exercises.first.check(first)\n", "exercises.second.check(2)"]}]}


@pytest.mark.parametrize("name", chapters.chapters())
def test_chapter(name):
    facts = chapter_list.chapter(f"book/{name}", chapters.path_of(name))
    assert facts["link"] == f"{name}.ipynb" and facts["name"] == name.split("/")[-1]
    assert "min" in facts["reading"] and ("min" in facts["practice"]) == (chapters.kind(name) != "solution")
    assert facts["promise"] in " ".join(chapters.read(chapters.path_of(name)).cells[0].source.split())
    registered = core.chapters()[facts["name"]].exercises if chapters.kind(name) == "chapter" else {}
    assert sorted(facts["exercises"]) == sorted(registered)


def test_every_chapter_has_a_level():
    names = {name.split("/")[-1] for name in chapters.chapters()}
    assert set(chapter_list.LEVELS) == names
    assert set(chapter_list.LEVELS.values()) == {1, 2, 3}


def saved(folder, notebook, name="perceptron"):
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_what_is_read(tmp_path):
    facts = chapter_list.chapter("book/part/perceptron", saved(tmp_path, NOTEBOOK))
    assert facts == {"name": "perceptron", "title": "A `title`", "promise": "A promise in two lines.",
                     "link": "part/perceptron.ipynb", "reading": "5 min", "practice": "2 exercises, 7 min",
                     "kind": "", "level": 1, "exercises": ["second", "first"]}
    slot = chapter_list.progress_slot(facts).astext()
    assert slot == '<div class="progress-card" data-chapter="perceptron" data-exercises="second first"></div>'


@pytest.mark.parametrize(("time", "practice", "kind"), [
    (" · project 360 min", "project, 360 min", "Project"), (" · quiz 50 min", "quiz, 50 min", "Summary"), ("", "", "")])
def test_what_is_no_chapter(tmp_path, time, practice, kind):
    cells = [NOTEBOOK["cells"][0], {"source": [f"**Time.** Reading 5 min · running 1 min{time}.\n"]}]
    facts = chapter_list.chapter("book/capstone/reviews", saved(tmp_path, {"cells": cells}, "reviews"))
    assert (facts["practice"], facts["kind"], facts["exercises"]) == (practice, kind, [])


def test_without_a_time_there_is_an_error(tmp_path):
    notebook = {"cells": [NOTEBOOK["cells"][0], {"source": ["## What"]}]}
    with pytest.raises(ValueError, match="Time"):
        chapter_list.chapter("book/perceptron", saved(tmp_path, notebook))


def test_without_a_level_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="level"):
        chapter_list.chapter("book/new", saved(tmp_path, NOTEBOOK, "new"))
