"""Every chapter of the book keeps every rule of structure.py."""

from functools import cache

import chapters
import nbformat
import pytest
import structure

load = cache(structure.load)
CHAPTERS = chapters.chapters()


@pytest.mark.parametrize(("name", "rule"), [
    pytest.param(name, rule, id=f"{name}-{rule.__name__}")
    for name in CHAPTERS for rule in structure.RULES if chapters.kind(name) in rule.kinds
])
def test_chapter(name, rule):
    problems = list(rule(load(name)))
    assert not problems, f"{name}: {rule.__doc__}\n- " + "\n- ".join(problems)


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_is_valid(name):
    nbformat.validate(load(name).notebook)


def test_every_notebook_is_in_the_table_of_contents():
    on_disk = {str(path.relative_to(chapters.BOOK).with_suffix("")) for path in chapters.notebooks()}
    assert on_disk == set(CHAPTERS), "name every notebook in _toc.yml, and nothing that is not there"


def test_everything_in_the_table_of_contents_exists():
    missing = [
        name for name in chapters.in_table_of_contents()
        if not any((chapters.ROOT / f"{name}{suffix}").exists() for suffix in (".ipynb", ".md"))
    ]
    assert not missing, f"_toc.yml names files that do not exist: {missing}"
