"""Formulas become HTML when the book is built."""

import formulas
import pytest


def test_a_formula_is_there_for_eyes_and_ears():
    html = formulas.typeset(r"\hat y = \mathbf{w} \cdot \mathbf{x} + b")
    assert '<span class="katex-mathml"><math' in html
    assert '<span class="katex-html" aria-hidden="true">' in html
    assert "katex-display" not in html


def test_texts_pass_unharmed():
    assert "1 &lt; 2" in formulas.typeset(r'\text{"1 < 2", it\'s \`so\` — “ü”}').replace("&quot;", '"')
    assert "—" in formulas.typeset(r"\text{— “ü” \\ }".replace(r"\\ ", ""))


def test_several_lines_are_one_block(tmp_path):
    html = page(tmp_path, "$$\na &= 1 \\\\\nb &= 2\n$$\n\nand $c < d$ here\n\n\\begin{align}e &= f\\end{align}")
    assert html.count('class="katex-display"') == 2
    assert html.count('class="katex"') == 3
    assert '<div class="math notranslate nohighlight"' in html
    assert '<span class="math notranslate nohighlight"' in html
    assert "here" in html and "c &lt; d here" not in html


@pytest.mark.parametrize("tex", [r"\undefined{x}", r"\frac{1", r"x^^2"])
def test_what_is_no_formula_stops_the_build(tex, tmp_path):
    with pytest.raises(ValueError, match="KaTeX parse error"):
        formulas.typeset(tex)
    with pytest.raises(Exception, match="index: KaTeX parse error"):
        page(tmp_path, f"${tex}$")


def page(folder, markdown):
    """The HTML of a page that Sphinx makes of the Markdown."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "conf.py").write_text(
        "extensions = ['myst_parser', 'formulas']\n"
        "myst_enable_extensions = ['dollarmath', 'amsmath']\nhtml_math_renderer = 'katex'\n"
    )
    (folder / "index.md").write_text(f"# Title\n\n{markdown}\n")
    with docutils_namespace():
        app = Sphinx(folder, folder, folder / "out", folder / "trees", "html", status=None, warning=None)
        app.build()
    return (folder / "out" / "index.html").read_text("utf-8")
