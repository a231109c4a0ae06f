"""Sphinx extension: block quotes that open with a bold word become admonitions on the web.

The notebooks are read in Colab and on GitHub too, so their callouts are plain Markdown::

    > **Predict.** Will the loss fall faster with twice the learning rate?

The bold words and what they stand for are in `CALLOUTS`. The bold part may say more than the word
(`**Proof (Novikoff, 1962).**`); it becomes the title as it stands, without its full stop. Every other
block quote stays a block quote.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

# Opening word -> class of the admonition; book/_static/style.css gives each class its color and sign.
CALLOUTS = {
    "Predict": "callout-predict",
    "Pitfall": "callout-pitfall",
    "Note": "callout-note",
    "History": "callout-history",
    "Try it": "callout-try",
    "Theorem": "callout-theorem",
    "Proof": "callout-proof",
}
OPENING = re.compile(rf"({'|'.join(CALLOUTS)})\b.*\.$", re.DOTALL)


class Callouts(SphinxTransform):
    """Replace each block quote that opens with a callout's bold word by an admonition."""

    default_priority = 250  # before references are resolved

    def apply(self, **kwargs):
        for quote in list(self.document.findall(nodes.block_quote)):
            if not quote.children or not isinstance(quote[0], nodes.paragraph):
                continue
            # The Markdown parser puts an empty text before the bold one.
            bold, *body = [child for child in quote[0] if child.astext()] or [None]
            opening = isinstance(bold, nodes.strong) and OPENING.match(bold.astext())
            if not opening or not isinstance(bold[-1], nodes.Text):
                continue
            title = nodes.title("", "", *bold.children)
            title[-1] = nodes.Text(title[-1].removesuffix("."))
            if body and isinstance(body[0], nodes.Text):
                body[0] = nodes.Text(body[0].lstrip())
            text = [nodes.paragraph("", "", *body)] if body else []
            admonition = nodes.admonition("", title, *text, *quote.children[1:])
            admonition.source, admonition.line = quote.source, quote.line
            admonition["classes"] += ["callout", CALLOUTS[opening[1]]]
            quote.replace_self(admonition)


def setup(app):
    app.add_transform(Callouts)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
