"""Docstrings are plain text; the API page shows them so."""

import docstrings
import pytest
from docutils.core import publish_doctree


def shown(text):
    lines = text.split("\n")
    docstrings.rewrite(None, "function", "name", None, None, lines)
    settings = {"report_level": 1, "halt_level": 2}
    return publish_doctree("\n".join(lines), settings_overrides=settings)


@pytest.mark.parametrize(
    "text",
    ["Absolute error |prediction - target|.", "a * b, *args and **kwargs", r"C:\n is no newline", "a trailing_ word",
     "one ` backtick", "x (n, d), y (n,)\n    and a continuation"],
)  # fmt: skip
def test_signs_are_taken_literally(text):
    assert shown(text).astext().split() == text.split()


def test_backticks_are_code():
    (code,) = shown("Takes `rng=None` or a * b.").findall(lambda node: node.tagname == "title_reference")
    assert code.astext() == "rng=None"


def test_parameters_are_a_list():
    tree = shown("Do it.\n\ndata: an array or\n    nested lists.\nx, target: two |x|\n\nRaises ValueError.")
    (bullets,) = tree.findall(lambda node: node.tagname == "bullet_list")
    assert [item.astext() for item in bullets] == ["data: an array or\nnested lists.", "x, target: two |x|"]
    assert [node.astext() for node in tree.children[::2]] == ["Do it.", "Raises ValueError."]


def test_an_indented_paragraph_is_code():
    tree = shown("Use it so:\n\n    from companion import nn\n\n    nn.Linear(2 * 3, 1)")
    blocks = list(tree.findall(lambda node: node.tagname == "literal_block"))
    assert [block.astext() for block in blocks] == ["from companion import nn", "nn.Linear(2 * 3, 1)"]


def test_an_empty_docstring_stays_empty():
    assert shown("").astext() == ""
