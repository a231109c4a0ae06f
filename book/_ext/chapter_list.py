"""Sphinx directive `chapter-list`: all chapters with their promise and times, read from the notebooks."""
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
    """One item for each notebook of the table of contents, in its order."""

    def run(self):
        self.env.note_dependency(__file__)
        site_map = self.env.app.config.external_site_map
        items = []
        for name in pages_below(site_map, site_map.root):
            notebook = BOOK.parent / f"{name}.ipynb"
            if notebook.exists():
                self.env.note_dependency(str(notebook))
                items += item(name, notebook)
        box = nodes.container(classes=["chapter-list"])
        self.state.nested_parse(StringList(items), self.content_offset, box)
        return [box]


def item(name, notebook):
    """The Markdown lines of one item."""
    cells = ["".join(cell["source"]) for cell in json.loads(notebook.read_text("utf-8"))["cells"][:2]]
    title, _, *promise = [line for line in cells[0].splitlines() if line.strip()]
    if not (times := TIME.search(" ".join(cells[1].split()))):
        raise ValueError(f"{name}: expected '**Time.** Reading … · running … · exercises ….' in its second cell")
    reading, _, exercises = times.groups()
    link = Path("/" + name).relative_to("/book")
    return [f"1. **[{title.removeprefix('# ')}]({link}.ipynb)** · reading {reading}, exercises {exercises}\\",
            f"   {' '.join(promise)}"]


def setup(app):
    app.add_directive("chapter-list", ChapterList)
    return {"version": "1.0", "parallel_read_safe": True}
