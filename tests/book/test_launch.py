"""The button "Run in the browser" and its entry in the rocket's menu lead from every chapter to its notebook."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, urljoin, urlsplit

import chapters
import launch
import pytest

NOTEBOOK = """{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": %s}],
 "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5}"""


@pytest.mark.parametrize("place", ["https://example.org/", "https://example.org/neural-networks-course/"])
@pytest.mark.parametrize("chapter", [*chapters.chapters(), "one/two/three", "alone"])
def test_address(chapter, place):
    """From the page of the chapter to the notebook of the same chapter, wherever the site is hosted."""
    where = urlsplit(urljoin(f"{place}book/{chapter}.html", launch.address(f"book/{chapter}")))
    assert where._replace(query="").geturl() == f"{place}lite/notebooks/index.html"
    assert parse_qs(where.query) == {"path": [f"{chapter}.ipynb"]}


@pytest.fixture
def build(tmp_path):
    """A function that builds a notebook with one cell as book/part/page; returns the HTML of that page."""
    def page(markdown, name="page.ipynb"):
        source = tmp_path / "source"
        folder = source / "book" / "part"
        folder.mkdir(parents=True)
        (source / "conf.py").write_text(
            "extensions = ['myst_nb', 'launch']\nroot_doc = 'book/part/page'\nnb_execution_mode = 'off'\n"
        )
        (folder / "badge").mkdir()
        (folder / "badge" / "colab-badge.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        text = NOTEBOOK % json.dumps(markdown) if name.endswith(".ipynb") else markdown
        (folder / name).write_text(text)
        # In a process of its own: Sphinx cannot load myst_nb beside the other tests' myst_parser.
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-qW", source, tmp_path / "out"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True,
        )
        assert done.returncode == 0, done.stderr
        return (tmp_path / "out" / "book" / "part" / "page.html").read_text()

    return page


BADGE = "[![Open in Colab](badge/colab-badge.svg)](https://example.org/colab)"


def test_the_button_stands_before_the_badge(build):
    html = build(f"# Title\n\n{BADGE}\n\nText.")
    assert html.count('class="run-in-browser"') == 1
    assert 'href="../../lite/notebooks/index.html?path=part/page.ipynb"' in html
    assert html.index("Run in the browser</a>") < html.index("https://example.org/colab")


@pytest.mark.parametrize("name, markdown", [("page.ipynb", "# Title\n\nNo badge."), ("page.md", f"# Title\n\n{BADGE}")])
def test_other_pages_have_no_button(build, name, markdown):
    assert "run-in-browser" not in build(markdown, name)


def menu(name, suffix, buttons):
    environment = SimpleNamespace(found_docs={"book/part/page"}, doc2path=lambda name: f"{name}{suffix}")
    context = {"header_buttons": buttons}
    launch.add_to_menu(SimpleNamespace(env=environment), name, "page.html", context, None)
    return context["header_buttons"]


def test_the_entry_is_the_first_of_the_menu():
    colab = {"type": "link", "text": "Colab"}
    (group,) = menu("book/part/page", ".ipynb", [{"label": "launch-buttons", "buttons": [colab]}])
    assert [button["text"] for button in group["buttons"]] == ["Run in the browser", "Colab"]
    assert group["buttons"][0]["url"] == "../../lite/notebooks/index.html?path=part/page.ipynb"


def test_without_other_launches_there_is_a_menu_too():
    (group,) = menu("book/part/page", ".ipynb", [])
    assert group["label"] == "launch-buttons" and len(group["buttons"]) == 1


@pytest.mark.parametrize("name, suffix", [("book/part/page", ".md"), ("search", ".ipynb")])
def test_other_pages_have_no_entry(name, suffix):
    assert menu(name, suffix, []) == []
