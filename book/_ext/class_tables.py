"""Sphinx directives for the page "Teaching with this course": tables from the notebooks and from what was measured.

`class-plan` (a week for each chapter), `learner-needs` (what a chapter takes), `hub-sizes` (a JupyterHub for 30, 300
and 3,000 learners), `hub-assumptions` (what the sizes rest on), `hub-link` (an example). Nothing is copied by hand:
times come from the notebooks, CPU and memory from book/reference/run_times.json (`make execute`) and hub_run.json
(`make hub`), and tools/hub_size.py computes.
"""

import json
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))

import hub_size  # noqa: E402

REFERENCE = ROOT / "book" / "reference"
TIME = re.compile(r"\*\*Time\.\*\* Reading (\d+) min · running (\d+) min(?: · (?:exercises|project|quiz) (\d+) min)?\.")


def chapters(site_map):
    """The chapters of the table of contents, such as "foundations/perceptron"."""
    from solutions import pages_below

    names = pages_below(site_map, site_map.root)
    return [name.removeprefix("book/") for name in names if (ROOT / f"{name}.ipynb").exists()]


def facts(chapter):
    """Title and minutes of a chapter, from its notebook."""
    cells = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text("utf-8"))["cells"]
    head = ["".join(cell["source"]) for cell in cells[:2]]
    if not (times := TIME.search(" ".join(head[1].split()))):
        raise ValueError(f"{chapter}: expected '**Time.** Reading … min · running … min · exercises … min.'")
    reading, _, exercises = (int(minutes or 0) for minutes in times.groups())
    return head[0].splitlines()[0].removeprefix("# "), reading, exercises


def measured(name):
    """A file of measurements, by chapter."""
    return json.loads((REFERENCE / name).read_text("utf-8"))


def linked(chapter, title):
    return f"[{title}](../{chapter}.ipynb)"


def table(head, rows):
    """The lines of a Markdown table; the first two columns are text, the others numbers."""
    rule = "|".join("---" if i < 2 else "--:" for i in range(len(head)))
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(map(str, row))} |" for row in rows)]


def hours(minutes):
    return f"{minutes / 60:.1f}"


# ---- The tables


def plan(names):
    """A week for each chapter of the foundations: what is read, what is practiced, the work in hours."""
    rows, total = [], 0
    for week, name in enumerate((name for name in names if name.startswith("foundations/")), 1):
        title, reading, exercises = facts(name)
        total += reading + exercises
        rows.append((week, linked(name, title), reading, exercises, hours(reading + exercises)))
    rows.append(("", "**Together**", "", "", f"**{hours(total)}**"))
    return table(("Week", "Chapter", "Reading (min)", "Exercises (min)", "Work (h)"), rows)


def needs(names):
    """CPU seconds and peak memory of every chapter."""
    times = measured("run_times.json")
    rows = [
        (number, linked(name, facts(name)[0]), f"{times[name]['cpu_seconds']:.0f}", times[name]["peak_memory_mb"])
        for number, name in enumerate(names, 1)
        if name in times
    ]
    return table(("No.", "Chapter", "CPU seconds", "Peak memory (MB)"), rows)


def heaviest(names):
    """What the heaviest chapter takes: peak of kernel and server in MB, CPU seconds, and the minutes of a usual one."""
    times = {name: row for name, row in measured("run_times.json").items() if name in names}
    server = max(row["server_memory_mb"] for row in measured("hub_run.json").values())
    kernel = max(row["peak_memory_mb"] for row in times.values())
    cpu = max(row["cpu_seconds"] for row in times.values())
    usual = [sum(facts(name)[1:]) for name in times if not name.startswith("capstone/")]  # a project takes days
    minutes = sum(usual) / len(usual)
    return {"kernel": kernel, "server": server, "peak": kernel + server, "cpu": cpu, "minutes": minutes}


def learner(names):
    heavy = heaviest(names)
    return hub_size.learner(heavy["peak"], heavy["cpu"], heavy["minutes"])


def sizes(names):
    """The cluster for each class of hub_size.CLASSES."""
    rows = []
    for usage in hub_size.CLASSES:
        size = hub_size.size(usage, learner(names))
        rows.append((
            f"{size.learners:,}", f"{usage.share:.0%}, {usage.why}", size.active, size.placeholders, size.per_node,
            size.nodes, f"{size.storage:,}", f"{size.node_hours:,}",
        ))
    head = ("Learners", "With a server at the busiest time", "Servers", "Placeholders", "Learners per node", "Nodes",
            "Disk (GiB)", "Node-hours")
    return table(head, rows)


def assumptions(names):
    """What the sizes rest on, in sentences."""
    heavy, one, node = heaviest(names), learner(names), hub_size.NODE
    together = hub_size.wait_together(heavy["cpu"], one, node)
    fits = hub_size.fits(one, node)
    hours_all = 7 * 24 * hub_size.WEEKS
    busy = ", ".join(f"{usage.busy_hours:g} for {usage.learners:,}" for usage in hub_size.CLASSES)
    files = max(row["environment_mb"] for row in measured("hub_run.json").values() if "environment_mb" in row)
    return [
        f"- The heaviest chapter takes {heavy['kernel']} MB in its kernel and {heavy['cpu']:.0f} CPU seconds from top "
        f"to bottom; the Jupyter server beside it takes {heavy['server']} MB.",
        f"- Memory guarantee {one.memory_guarantee:g} GiB: the sum of both and a quarter, rounded up to a quarter of a "
        f"GiB. Memory limit {one.memory_limit:g} GiB, twice that, the ratio that Zero to JupyterHub suggests to start "
        "with.",
        f"- CPU guarantee {one.cpu_guarantee:g} of a core: most of the {heavy['minutes']:.0f} minutes of a chapter are "
        f"reading and thinking. CPU limit {one.cpu_limit:g} cores, those that the run times were measured on.",
        f"- A node has {node.memory:g} GiB and {node.cores:g} cores; Kubernetes keeps a tenth for itself. Here "
        f"{min(fits, key=fits.get)} decides how many learners fit.",
        f"- If all learners of a full node press *Run All* in the same minute, they share its cores: the "
        f"{heavy['cpu']:.0f} CPU seconds then take about {together / 60:.1f} minutes.",
        f"- Node-hours are for a term of {hub_size.WEEKS} weeks: the nodes for the busy hours of a week ({busy}), and "
        f"one more for the hub itself, day and night. Without autoscaling, all nodes count for {hours_all:,} hours.",
        f"- What a learner needs is {files / 1000:.1f} GB of files. The image holds them and a Linux system.",
    ]


class HubLink(SphinxDirective):
    """The link that fetches the course on the hub that is named, with the first chapter of the book."""

    has_content = True

    def run(self):
        repository = self.env.app.config.html_theme_options["repository_url"]
        first = chapters(self.env.app.config.external_site_map)[0]
        link = hub_size.hub_link(self.content[0], repository, first)
        return [nodes.literal_block(link, link, language="text")]


class ClassTable(SphinxDirective):
    """Renders the Markdown that a function makes of the chapters' names."""

    make = None

    def run(self):
        names = chapters(self.env.app.config.external_site_map)
        sources = [REFERENCE / "run_times.json", REFERENCE / "hub_run.json", Path(hub_size.__file__), Path(__file__)]
        for path in [*sources, *(ROOT / "book" / f"{name}.ipynb" for name in names)]:
            self.env.note_dependency(str(path))
        box = nodes.container()
        self.state.nested_parse(StringList(type(self).make(names)), self.content_offset, box)
        return [box]


DIRECTIVES = {"class-plan": plan, "learner-needs": needs, "hub-sizes": sizes, "hub-assumptions": assumptions}


def setup(app):
    for name, make in DIRECTIVES.items():
        directive = type(make.__name__.title(), (ClassTable,), {"make": staticmethod(make)})
        app.add_directive(name, directive)
    app.add_directive("hub-link", HubLink)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
