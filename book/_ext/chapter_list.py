"""Sphinx directive `chapter-list`: a card for each chapter with its promise, times and level, read from the notebooks.

book/_static/progress.js adds to a card what the reader has read and solved, which only their browser knows.
"""
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

BOOK = Path(__file__).parents[1]
TIME = re.compile(r"\*\*Time\.\*\* Reading (.+?) · running (.+?)(?: · (exercises|project|quiz) (.+?))?\.")
CHECK = re.compile(r"\bexercises\.(\w+)\.check\(")
# The mathematics that a chapter asks for: 1 vectors and lines, 2 matrices, logarithms and slopes, 3 the chain rule.
LEVELS = {
    "introduction": 1, "perceptron": 1,
    "multilayer_perceptron": 2, "forward_propagation": 2, "feedforward_networks": 2,
    "backpropagation": 3, "activations": 3, "optimizers": 3,
    "modern_cnns": 2, "object_detection": 2, "convolution": 3, "recurrent_networks": 3, "lstm_gru": 3,
    "attention": 3, "bert_gpt_t5": 3, "vision_multimodal": 3, "generation": 3,
    "regularization": 3, "optimization_challenges": 3, "efficiency": 2,
    "keras": 2, "pytorch": 2, "keras_vs_pytorch": 2, "scaling_out": 2,
    "summary": 3, "house_prices": 3, "house_prices_solution": 3, "clothing": 3, "clothing_solution": 3,
    "reviews": 3, "reviews_solution": 3,
}


class ChapterList(SphinxDirective):
    """A section for each part of the table of contents: a card for each notebook that asks for work, in its order."""

    def run(self):
        self.env.note_dependency(__file__)
        site_map = self.env.app.config.external_site_map
        sections, number = [], 0
        for part in site_map.root.subtrees:
            cards = nodes.enumerated_list(classes=["chapter-cards"], start=number + 1)
            for name in (str(item) for item in part.items if str(item) in site_map):
                notebook = BOOK.parent / f"{name}.ipynb"
                if not notebook.exists():
                    continue
                self.env.note_dependency(str(notebook))
                if (facts := chapter(name, notebook))["practice"]:
                    number += 1
                    cards += self.card(number, facts)
            if len(cards):
                section = nodes.section(ids=[nodes.make_id(part.caption)])
                section += [nodes.title(text=part.caption), cards]
                sections.append(section)
        return [*sections, nodes.raw(text='<div class="progress-all"></div>', format="html")]

    def card(self, number, facts):
        """The card of one chapter; the link in its title covers all of it."""
        card = nodes.list_item(classes=["chapter-card"])
        for kind, text in (("number", f"{facts['kind'] or f'Chapter {number}'} · level {facts['level']} of 3"),
                           ("title", f"[{facts['title']}]({facts['link']})"), ("promise", facts["promise"]),
                           ("facts", f"Reading {facts['reading']} · {facts['practice']}")):
            part = nodes.container(classes=[f"card-{kind}"])
            self.state.nested_parse(StringList([text]), self.content_offset, part)
            card += part
        card += progress_slot(facts)
        return card


def chapter(name, notebook):
    """What a card says about one chapter."""
    cells = ["".join(cell["source"]) for cell in json.loads(notebook.read_text("utf-8"))["cells"]]
    title, _, *promise = [line for line in cells[0].splitlines() if line.strip()]
    if not (times := TIME.search(" ".join(cells[1].split()))):
        raise ValueError(f"{name}: expected '**Time.** Reading … · running … · exercises ….' in its second cell")
    if notebook.stem not in LEVELS:
        raise ValueError(f"{name}: expected a level in {__file__}")
    reading, _, practice, minutes = times.groups()
    exercises = list(dict.fromkeys(CHECK.findall("\n".join(cells))))
    if practice == "exercises":
        practice = f"{len(exercises)} exercises"
    return {"name": notebook.stem, "title": title.removeprefix("# "), "promise": " ".join(promise),
            "link": f"{Path('/' + name).relative_to('/book')}.ipynb", "reading": reading,
            "practice": f"{practice}, {minutes}" if practice else "",  # a solution asks for nothing
            "kind": {"quiz": "Summary", "project": "Project"}.get(practice, ""), "level": LEVELS[notebook.stem],
            "exercises": exercises}


def progress_slot(facts, kind="card"):
    """The empty place that progress.js fills; without scripts nothing shows."""
    return nodes.raw(text=f'<div class="progress-{kind}" data-chapter="{facts["name"]}" '
                          f'data-exercises="{" ".join(facts["exercises"])}"></div>', format="html")


def setup(app):
    app.add_directive("chapter-list", ChapterList)
    app.add_js_file("progress.js", type="module")
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
