"""Sphinx directive `solutions`: the exercises of all chapters with hints and solutions, read from the package.

Nothing is copied: title, stars, task, hints and the source of the reference solution come from
`companion/exercises/<chapter>.py` when the book is built. The chapters stand in the order of the table of contents.
"""
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]


class Solutions(SphinxDirective):
    """A section for each chapter, a drop-down for each exercise."""

    def run(self):
        sys.path.insert(0, str(ROOT))
        try:
            from companion.exercises import core
            chapters = core.chapters()
        finally:
            sys.path.remove(str(ROOT))
        site_map = self.env.app.config.external_site_map
        order = [Path(page).name for page in pages_below(site_map, site_map.root)]
        sections = []
        for name in sorted(chapters, key=lambda name: order.index(name) if name in order else len(order)):
            self.env.note_dependency(str(ROOT / "companion" / "exercises" / f"{name}.py"))
            section = nodes.section(ids=[f"solutions-{name.replace('_', '-')}"])
            section += nodes.title(text=chapters[name].title)
            for exercise in chapters[name].exercises.values():
                section += self.drop_down(exercise)
            sections.append(section)
        return sections

    def drop_down(self, exercise):
        """The exercise as a `<details>` that opens on its title."""
        box = nodes.container(classes=["solution"])
        title = f"{exercise.title} <span role=\"img\" aria-label=\"{exercise.stars} of 3 stars\">" \
                f"{'★' * exercise.stars}</span>"
        box += nodes.raw(text=f"<details><summary>{title}</summary>", format="html")
        box += paragraph(exercise.summary)
        hints = nodes.enumerated_list()
        hints += [nodes.list_item("", paragraph(hint)) for hint in exercise.hints]
        box += [paragraph("Hints", nodes.strong), hints, paragraph("Solution", nodes.strong)]
        box += nodes.literal_block(exercise.source, exercise.source, language="python")
        box += nodes.raw(text="</details>", format="html")
        return box


def pages_below(site_map, page):
    """All pages in the order of the table of contents."""
    for name in page.child_files():
        yield name
        yield from pages_below(site_map, site_map[name])


def paragraph(text, around=None):
    """A paragraph in which `words` in backticks are code."""
    parts = [nodes.literal(text=part) if i % 2 else nodes.Text(part)
             for i, part in enumerate(re.split(r"`([^`]+)`", text))]
    return nodes.paragraph("", "", *([around("", "", *parts)] if around else parts))


def setup(app):
    app.add_directive("solutions", Solutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
