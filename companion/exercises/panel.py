"""What a learner reads: a heading and a few blocks, as HTML in a notebook and as plain text elsewhere.

Both forms are made from the same blocks, so they say the same words. Color only repeats what the symbol and
the word in the heading say; text and background are left to the page, so that light and dark both read well.
"""
import html
import re
import textwrap

# status -> (symbol, words of the heading, color of the bar: at least 3:1 on white and on black)
STATUSES = {
    "correct": ("✓", "Correct", "#2e8b57"),
    "incorrect": ("✗", "Not yet", "#c8553d"),
    "not attempted": ("…", "Not attempted", "#808080"),
    "error": ("!", "Your code raised", "#b8722c"),
    "too slow": ("⏱", "Too slow", "#8a6fc0"),
}
PRE = "margin:0.3em 0;padding:0.4em 0.6em;white-space:pre-wrap;font-family:monospace;background:#f8f8f8;color:#1b1b1b"


class Text:
    """A paragraph; words in `backticks` are code."""

    def __init__(self, text):
        self.text = text

    def html(self):
        parts = re.split(r"`([^`]+)`", self.text)
        marked = (f"<code>{html.escape(part)}</code>" if i % 2 else html.escape(part)
                  for i, part in enumerate(parts))
        return f'<p style="margin:0.3em 0">{"".join(marked)}</p>'

    def plain(self):
        return self.text


class Row(Text):
    """A labelled value: `Input`, `Expected`, `Got`."""

    def __init__(self, label, value):
        self.label, self.value = label, value

    def html(self):
        return (f'<p style="margin:0.3em 0"><strong>{html.escape(self.label)}</strong> '
                f"<code>{html.escape(self.value)}</code></p>")

    def plain(self):
        return f"{self.label:<9} {self.value}"


class Code(Text):
    """Lines of code or of a traceback; Python source is highlighted when Pygments is there."""

    def __init__(self, text, highlight=False):
        self.text, self.highlight = text, highlight

    def html(self):
        if self.highlight:
            try:
                from pygments import highlight
                from pygments.formatters import HtmlFormatter
                from pygments.lexers import PythonLexer
                formatter = HtmlFormatter(noclasses=True, style="default", prestyles=PRE, nobackground=True)
                return highlight(self.text, PythonLexer(), formatter)
            except ImportError:
                pass
        return f'<pre style="{PRE}">{html.escape(self.text)}</pre>'

    def plain(self):
        return textwrap.indent(self.text, "    ")


class Panel:
    """A heading with blocks under it; a notebook shows it as HTML, everything else as text."""

    role = "note"

    def __init__(self, symbol, heading, *blocks, color="#3b82c4"):
        self.symbol, self.heading, self.blocks, self.color = symbol, heading, blocks, color

    def _repr_html_(self):
        body = "".join(block.html() for block in self.blocks)
        style = f"border-left:5px solid {self.color};padding:0.2em 0.8em;margin:0.5em 0;overflow-x:auto"
        return (f'<div class="companion-verdict" role="{self.role}" style="{style}">'
                f'<p style="margin:0.3em 0"><strong><span aria-hidden="true">{self.symbol}</span> '
                f"{html.escape(self.heading)}</strong></p>{body}</div>")

    def __repr__(self):
        return "\n".join([f"{self.symbol} {self.heading}",
                          *(textwrap.indent(block.plain(), "  ") for block in self.blocks)])


class Verdict(Panel):
    """What the checker says about an answer.

    `status` is "correct", "incorrect", "not attempted", "error" or "too slow"; `passed` is true for "correct"
    only; `message` is the sentence that matters most, `blocks` what is shown under the heading.
    """

    role = "status"

    def __init__(self, status, subject, message, *blocks):
        symbol, words, color = STATUSES[status]
        super().__init__(symbol, f"{words}: {subject}", Text(message), *blocks, color=color)
        self.status, self.message = status, message

    @property
    def passed(self):
        return self.status == "correct"
