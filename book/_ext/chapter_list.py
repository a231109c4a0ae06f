"""Sphinx directive `chapter-list`: a table of all chapters with their promise and times, read from the notebooks."""
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from solutions import pages_below
from sphinx.util.docutils import SphinxDirective

BOOK = Path(__file__).parents[1]
TIME = re.compile(r"\*\*Time\.\*\* Reading (.+?) · running (.+?) · exercises (.+?)\.")


class ChapterList(SphinxDirective):
    """One row for each notebook of the table of contents, in its order."""

    def run(self):
        site_map = self.env.app.config.external_site_map
        rows = ["| chapter | | reading | exercises |", "|---|---|---|---|"]
        for name in pages_below(site_map, site_map.root):
            notebook = BOOK.parent / f"{name}.ipynb"
            if notebook.exists():
                self.env.note_dependency(str(notebook))
                rows.append(row(name, notebook))
        box = nodes.container(classes=["chapter-list"])
        self.state.nested_parse(StringList(rows), self.content_offset, box)
        return [box]


def row(name, notebook):
    """The Markdown of one row."""
    cells = ["".join(cell["source"]) for cell in json.loads(notebook.read_text("utf-8"))["cells"][:2]]
    title, _, *promise = [line for line in cells[0].splitlines() if line.strip()]
    if not (times := TIME.search(" ".join(cells[1].split()))):
        raise ValueError(f"{name}: expected '**Time.** Reading … · running … · exercises ….' in its second cell")
    reading, _, exercises = times.groups()
    link = Path("/" + name).relative_to("/book")
    return f"| [{title.removeprefix('# ')}]({link}.ipynb) | {' '.join(promise)} | {reading} | {exercises} |"


def setup(app):
    app.add_directive("chapter-list", ChapterList)
    return {"version": "1.0", "parallel_read_safe": True}
