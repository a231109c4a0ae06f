"""Sphinx extension: shows the docstrings of `companion`, which are plain text, on the API page.

Plain text means: `code` stands in backticks and no other sign within a line has a meaning; parameters are lines
such as `seed: an integer >= 0`, continued by indented lines; a paragraph that is indented as a whole is code.
This writes it as the reStructuredText that autodoc expects.
"""

import re

ENTRY = re.compile(r"([A-Za-z_*][\w*]*(?:, [\w*]+)*): (.*)")


def escaped(line):
    """The line with every sign taken literally, apart from what stands in backticks."""
    parts = re.split(r"(`[^`]+`)", line)
    return "".join(part if part[:1] == "`" else re.sub(r"([\\*|`]|_\b)", r"\\\1", part) for part in parts)


def paragraph(lines):
    """One paragraph as reStructuredText."""
    if all(line.startswith("    ") for line in lines):
        return ["::", "", *lines]
    entries = [line for line in lines if not line.startswith(" ")]
    if not all(map(ENTRY.fullmatch, entries)):
        return [escaped(line.strip()) for line in lines]
    written = []
    for line in lines:
        match = ENTRY.fullmatch(line)
        written.append(f"- ``{match[1]}``: {escaped(match[2])}" if match else f"  {escaped(line.strip())}")
    return written


def rewrite(app, what, name, obj, options, lines):
    """Replace the lines of a docstring (what autodoc asks of its listeners)."""
    paragraphs = re.split(r"\n(?:[ ]*\n)+", "\n".join(lines).strip("\n"))
    lines[:] = [line for text in paragraphs for line in [*paragraph(text.split("\n")), ""]]


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", rewrite)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
