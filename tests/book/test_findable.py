"""Descriptions and preview pictures of the pages."""

import findable
import pytest
from docutils import nodes
from PIL import Image


def paragraph(text, *classes):
    return nodes.paragraph("", "", nodes.image(alt="Badge"), nodes.Text(text), classes=list(classes))


@pytest.fixture
def tree():
    tree = nodes.section()
    tree += nodes.paragraph("", "", nodes.image(alt="Only a badge"))
    tree += paragraph("First paragraph,\nover two lines.")
    return tree


def test_the_description_is_the_first_paragraph(tree):
    assert findable.summary(tree) == "First paragraph, over two lines."


def test_the_promise_comes_first(tree):
    tree += paragraph("What the chapter promises.", "promise")
    assert findable.summary(tree) == "What the chapter promises."


def test_a_long_description_ends_at_a_word():
    text = findable.summary(nodes.section("", paragraph("many words " * 50)))
    assert 180 < len(text) <= 200 and text.endswith("words …")


def test_a_title_is_text():
    assert findable.plain("<em>Keras</em> &amp; <code>torch</code>") == "Keras & torch"


def test_a_card_is_drawn_once_for_each_text(tmp_path):
    path = findable.draw_card(tmp_path, "2. Perceptron", "We build it.", "The course")
    assert Image.open(path).size == (findable.WIDTH, findable.HEIGHT)
    before = path.stat().st_mtime_ns
    assert findable.draw_card(tmp_path, "2. Perceptron", "We build it.", "The course") == path
    assert path.stat().st_mtime_ns == before
    assert findable.draw_card(tmp_path, "2. Perceptron", "We build another.", "The course") != path
