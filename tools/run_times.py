"""What chapters cost: the measurements in book/reference/run_times.json, and the page run_times.md made of them."""

import json
import os
import platform
import sys

import chapters

RUN_TIMES = chapters.BOOK / "reference" / "run_times.json"


def machine():
    """The kind of machine, in words that a reader can compare with their own."""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, "
        f"Python {sys.version_info.major}.{sys.version_info.minor}"
    )


def load():
    """The measurements: chapter -> row."""
    return json.loads(RUN_TIMES.read_text("utf-8")) if RUN_TIMES.exists() else {}


def record(measured):
    """Put new measurements, by chapter, into run_times.json, keep the others' rows, and write the page."""
    rows = load()
    for chapter, row in measured.items():
        rows[chapter] = rows.get(chapter, {}) | row
    rows = {chapter: rows[chapter] for chapter in sorted(rows) if chapters.path_of(chapter).exists()}
    RUN_TIMES.parent.mkdir(parents=True, exist_ok=True)
    RUN_TIMES.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    RUN_TIMES.with_suffix(".md").write_text(page(rows), "utf-8")


def page(rows):
    """The page "Run times" in Markdown."""
    order = [*chapters.chapters(), *rows]
    names = sorted((chapter for chapter in rows if "seconds" in rows[chapter]), key=order.index)
    longest = max((rows[chapter]["seconds"] for chapter in names), default=0)
    table = "\n".join(
        f"| {link(chapter)} | {bar(row['seconds'] / longest)} {row['seconds']:.0f} | {row.get('cpu_seconds', 0):.0f} "
        f"| {row.get('peak_memory_mb', 0)} | {page_size(row)} | {row['date']} |"
        for chapter, row in ((chapter, rows[chapter]) for chapter in names)
    )
    total = sum(rows[chapter]["seconds"] for chapter in names)
    machines = "\n".join(f"- {name}" for name in sorted({rows[chapter]["machine"] for chapter in names}))
    return f"""\
# Run times

What it takes to run each chapter from top to bottom in a fresh kernel. `make execute` measures this whenever it stores
the outputs of a chapter; `make times` runs every chapter alone and stores nothing else. Peak memory includes Python,
Jupyter's kernel and every library that the chapter imports. The size is that of the chapter's page on the web with its
figures, before compression. No chapter may take more than 60 seconds; a test holds that.

| Chapter | Time (s) | CPU time (s) | Peak memory (MB) | Page (MB) | Measured on |
|---|--:|--:|--:|--:|---|
{table}

All chapters together: {total:.0f} s, one after another; about {on_two_cores(rows[name] for name in names):.0f} s, by
their CPU times, with two at once on a core each, as `make test` runs them. Machines measured on:

{machines}
{browser_section(rows, order)}"""


def page_size(row):
    """The size of a chapter's page, in words where it was never built."""
    return f"{row['page_mb']:.2f}" if "page_mb" in row else "not built"


def on_two_cores(rows):
    """Seconds for all chapters, two at once on a core each: there, one takes its CPU time, or longer where it waits."""
    return sum(max(row["seconds"], row.get("cpu_seconds", 0)) for row in rows) / 2


def browser_section(rows, order):
    """The part of the page on notebooks in the browser, from what tools/lite_times.py measured; empty without it."""
    rows = {chapter: row["browser"] for chapter, row in rows.items() if "browser" in row}
    if not rows:
        return ""
    longest = max(row["all_cells"] for row in rows.values())
    table = "\n".join(
        f"| {link(chapter)} | {row['first_output']:.0f} | {bar(row['all_cells'] / longest)} {row['all_cells']:.0f} "
        f"| {row['date']} |"
        for chapter, row in sorted(rows.items(), key=lambda item: order.index(item[0]))
    )
    machines = "\n".join(f"- {name}" for name in sorted({row["machine"] for row in rows.values()}))
    megabytes = max(row["megabytes"] for row in rows.values())
    return f"""
## In the browser

What it takes from the press on *Run in the browser* to the first output, and to the end of the last cell, when all
cells are run at once: the notebook opens, Python starts in the page, then the cells run there, on one core. Cells that
need PyTorch, Keras or scikit-learn say so and go on. `make lite-times` measures this, one chapter after another, each
as on a first visit, with all files on the machine itself; over a network, a first visit also waits for its
{megabytes:.0f} MB (less where the host compresses), which the browser then keeps.

| Chapter | First output (s) | All cells (s) | Measured on |
|---|--:|--:|---|
{table}

Machines measured on:

{machines}
"""


def bar(share):
    """A bar as long as a share (0 to 1) of the longest; the number beside it says the same in words."""
    return f'<span class="time-bar" style="width: {5 * share:.2f}em" aria-hidden="true"></span>'


def link(chapter):
    """A link to a chapter from the page, with its title."""
    title = chapters.read(chapters.path_of(chapter)).cells[0].source.splitlines()[0].lstrip("# ")
    return f"[{title}](../{chapter}.ipynb)"
