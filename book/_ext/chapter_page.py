"""Sphinx extension: names the parts of a chapter, so that the style sheet and progress.js know them on the web.

The notebooks stay plain Markdown. Of each one in the book this marks: the promise under the title, the paragraphs
"Before you start." and "Time.", each exercise with its number and its stars, and at the end the place of the
progress mark.
"""
import re
from pathlib import Path

from chapter_list import CHECK, chapter, progress_slot
from docutils import nodes
from sphinx.transforms import SphinxTransform

NUMBER = re.compile(r"(\d+)\.\s+")
STARS = re.compile(r"\s*(★+)$")


class ChapterPage(SphinxTransform):
    """Add classes to the parts of a chapter."""

    default_priority = 260  # the sections are there, and the callouts

    def apply(self, **kwargs):
        notebook = Path(self.env.doc2path(self.env.docname))
        sections = [node for node in self.document.children if isinstance(node, nodes.section)]
        if notebook.suffix != ".ipynb" or not sections:
            return
        page = sections[0]
        paragraphs = [node for node in page.children if isinstance(node, nodes.paragraph)]
        paragraphs[1]["classes"] += ["promise"]  # the first one holds the badge
        for paragraph in page.findall(nodes.paragraph):
            opening = next((child for child in paragraph if child.astext()), None)
            if isinstance(opening, nodes.strong) and opening.astext() in ("Before you start.", "Time."):
                paragraph["classes"] += ["before" if opening.astext() == "Before you start." else "time"]
                if "time" in paragraph["classes"]:
                    self.close_after(paragraph)
        for section in page.findall(nodes.section):
            code = "\n".join(block.astext() for block in section.findall(nodes.literal_block))
            title = section[0]
            if section.parent is not page and NUMBER.match(title.astext()) and (names := CHECK.findall(code)):
                self.mark_exercise(section, title, names[0])
        facts = chapter(self.env.docname, notebook)
        if facts["practice"]:
            page += progress_slot(facts, "chapter")

    def close_after(self, time):
        """The box at the head of a chapter ends with its times; the cells that follow stand below it."""
        box, page = time.parent, time.parent.parent
        place = box.index(time) + 1
        below, box.children = box.children[place:], box.children[:place]
        page.insert(page.index(box) + 1, below)

    def mark_exercise(self, section, title, name):
        """Number and stars of an exercise become parts of their own, and its progress gets a place."""
        section["classes"] += ["exercise"]
        first, last = title.children[0], title.children[-1]
        if isinstance(last, nodes.Text) and (stars := STARS.search(last)):
            title.replace(last, [nodes.Text(last[:stars.start()] + " "),
                                 nodes.inline("", stars[1], classes=["stars"])])
        first = title.children[0]
        if isinstance(first, nodes.Text) and (number := NUMBER.match(first)):
            title.replace(first, [nodes.inline("", f"{number[1]}.", classes=["exercise-number"]),
                                  nodes.Text(" " + first[number.end():])])
        state = f'<p class="exercise-state" data-exercise="{name}" hidden></p>'
        section.insert(1, nodes.raw(text=state, format="html"))


def setup(app):
    app.add_transform(ChapterPage)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
