"""Block quotes that open with a bold word become admonitions, all others stay as they are."""

import re
from pathlib import Path

import callouts
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def build(tmp_path):
    """A function that builds one Markdown page with Sphinx and returns its document tree."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    def tree(markdown):
        source = tmp_path / "source"
        source.mkdir()
        (source / "conf.py").write_text(
            "extensions = ['myst_parser', 'callouts']\nmyst_enable_extensions = ['dollarmath']\n"
        )
        (source / "index.md").write_text(f"# Title\n\n{markdown}\n")
        with docutils_namespace():  # Sphinx registers its nodes once in each
            app = Sphinx(
                source, source, tmp_path / "out", tmp_path / "trees", "html", status=None, warningiserror=True
            )
            app.build()
        return app.env.get_doctree("index"), (tmp_path / "out" / "index.html").read_text()

    return tree


@pytest.mark.parametrize("word", callouts.CALLOUTS)
def test_every_word_becomes_an_admonition(build, word):
    tree, html = build(f"> **{word}.** Is $x$ *large*?\n>\n> A second paragraph.")
    (admonition,) = tree.findall(lambda node: node.tagname == "admonition")
    assert admonition["classes"] == ["callout", callouts.CALLOUTS[word]]
    assert [child.astext() for child in admonition] == [word, "Is x large?", "A second paragraph."]
    assert "<blockquote>" not in html
    assert f'<p class="admonition-title">{word}</p>' in html


def test_the_bold_part_is_the_title(build):
    tree, _ = build("> **Proof (Novikoff, 1962).** By *induction*.")
    (admonition,) = tree.findall(lambda node: node.tagname == "admonition")
    assert [child.astext() for child in admonition] == ["Proof (Novikoff, 1962)", "By induction."]


def test_a_title_alone_leaves_no_empty_paragraph(build):
    tree, _ = build("> **Try it.**\n>\n> - one\n> - two")
    (admonition,) = tree.findall(lambda node: node.tagname == "admonition")
    assert [child.tagname for child in admonition] == ["title", "bullet_list"]


@pytest.mark.parametrize(
    "quote",
    [
        "> A quotation.",
        "> **Predict** without a full stop.",
        "> **Warning.** Not one of the words.",
        "> **Notebooks.** Only begins like one of the words.",
        "> - **Predict.** Inside a list.",
        "> ![](https://example.org/a.png) **Predict.** After an image.",
        "> Not first: **Predict.** Here.",
    ],
)
def test_other_quotes_stay(build, quote):
    tree, html = build(quote)
    assert not list(tree.findall(lambda node: node.tagname == "admonition"))
    assert "<blockquote" in html


def test_links_inside_are_resolved(build):
    _, html = build("> **Note.** See [the title](#title).\n\n(title)=\n## Title two")
    assert 'href="#title"' in html


def test_the_style_sheet_knows_every_callout():
    style = (ROOT / "book" / "_static" / "style.css").read_text()
    for name in callouts.CALLOUTS.values():
        # Predict is the default of all callouts.
        assert name == "callout-predict" or re.search(rf"\.{name}( {{|,)", style)
