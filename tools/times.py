"""Run every chapter alone, storing nothing, and write what it cost onto the page "Run times".

    make times                                  # after make book, for the sizes of the pages
    make times CHAPTER=foundations/perceptron

Run it on a machine that does nothing else. It fails where a chapter or the course is over its limit.
"""

import argparse
import asyncio
import datetime
import re
import sys

import chapters
import execute
import run_times

SITE = chapters.ROOT / "_build" / "html"
# A chapter's seconds and megabytes of memory, and the seconds of the course, a chapter on each of two cores.
SECONDS, MEGABYTES, ALL_SECONDS = 60, 2000, 600


def measure(chapter):
    """The row of one chapter for run_times.json. Raises execute.Failure."""
    path = chapters.path_of(chapter)
    row = asyncio.run(execute.run(chapters.read(path), path.parent))
    page = SITE / "book" / f"{chapter}.html"
    if page.exists():
        row["page_mb"] = round(page_bytes(page) / 1e6, 2)
    return row | {"date": datetime.date.today().isoformat(), "machine": run_times.machine()}


def page_bytes(page):
    """The size of a page with the figures that it shows."""
    images = set(re.findall(r'src="([^":]*_images/[^"]+)"', page.read_text("utf-8")))
    return page.stat().st_size + sum((page.parent / image).stat().st_size for image in images)


def over_limits(rows):
    """What is too slow or too large, a sentence each."""
    for chapter, row in rows.items():
        if row["seconds"] > SECONDS:
            yield f"{chapter} takes {row['seconds']:.0f} s; the most is {SECONDS} s"
        if row.get("peak_memory_mb", 0) > MEGABYTES:
            yield f"{chapter} takes {row['peak_memory_mb']} MB; the most is {MEGABYTES} MB"
    if (total := run_times.on_two_cores(rows.values())) > ALL_SECONDS:
        yield f"the course takes {total:.0f} s on two cores; the most is {ALL_SECONDS} s"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    _, names = chapters.parse(parser, arguments)
    rows, failed = {}, []
    for chapter in names:
        try:
            rows[chapter] = measure(chapter)
        except execute.Failure as failure:
            failed.append(f"{chapter}: {failure}")
            continue
        row = rows[chapter]
        print(f"{chapter}: {row['seconds']:.1f} s, {row.get('cpu_seconds', 0):.1f} s of CPU, "
              f"{row.get('peak_memory_mb', 0)} MB", flush=True)
    run_times.record(rows)
    failed += over_limits(rows)
    print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
