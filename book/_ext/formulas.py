"""Sphinx extension: formulas are set when the book is built, by KaTeX, and shown without a script.

A page holds each formula twice: as MathML for screen readers, and as the text and boxes that everybody sees. KaTeX is a
JavaScript program; MiniRacer, which is V8 for Python, runs it here. A formula that KaTeX does not know stops the build.
"""
import json
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.math import wrap_displaymath

KATEX = Path(__file__).parent / "katex" / "katex.min.js"


@cache
def engine():
    """A JavaScript engine that has read KaTeX."""
    from py_mini_racer import MiniRacer

    engine = MiniRacer()
    engine.eval(KATEX.read_text("utf-8"))
    return engine


@cache
def typeset(tex, display=False):
    """The HTML of a formula; ValueError with KaTeX's words where it is none."""
    options = {"displayMode": display, "throwOnError": True, "strict": "error"}
    # One line to and fro: the texts of the formula and of the error pass unharmed.
    result = engine().eval(f"""(() => {{
        try {{ return katex.renderToString({json.dumps(tex)}, {json.dumps(options)}); }}
        catch (error) {{ return "!" + error.message; }}
    }})()""")
    if result.startswith("!"):
        raise ValueError(result[1:])
    return result


def write(translator, node, tex, display):
    tag = "div" if display else "span"
    translator.body.append(translator.starttag(node, tag, "", CLASS="math notranslate nohighlight"))
    try:
        translator.body.append(typeset(tex, display))
    except ValueError as error:
        raise ExtensionError(f"{translator.builder.current_docname}: {error}") from None
    translator.body.append(f"</{tag}>" + "\n" * display)
    raise nodes.SkipNode  # its text has been written


def inline(translator, node):
    write(translator, node, node.astext(), display=False)


def block(translator, node):
    tex = node.astext()
    wrapped = tex if node.get("no-wrap", node.get("nowrap")) else wrap_displaymath(tex, None, numbering=False)
    write(translator, node, wrapped, display=True)


def setup(app):
    app.add_html_math_renderer("katex", (inline, None), (block, None))
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
