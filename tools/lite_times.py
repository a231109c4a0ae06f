"""Measure how long the chapters take in the browser, and write it onto the page "Run times".

    make lite-times PYODIDE_DIR=/path/to/pyodide      # after make book

Each chapter runs alone, in a fresh browser, as the browser tests run it.
"""

import argparse
import datetime
import os
import platform
import sys

import chapters
import lite
import lite_browser
import run_times
from static_host import find_browser


def measure(browser, pyodide, chapter):
    """One chapter on a first visit: the row for run_times.json. Raises RuntimeError if something went wrong."""
    sent = {}
    context = browser.new_context()
    with lite_browser.served(lite.SITE, pyodide, sent=sent) as address:
        (row,) = [
            (run.times(), run.trouble, run.notebook())
            for run in lite_browser.run_chapters(context, address, [chapter], jobs=1)
        ]
        context.close()
    times, trouble, notebook = row
    trouble += [f"{output.ename}: {output.evalue}" for cell in notebook.cells for output in cell.get("outputs", [])
                if output.output_type == "error"]
    if trouble:
        raise RuntimeError("; ".join(trouble))
    megabytes = sum(size for path, size in sent.items() if "/lite/" in path) / 1e6
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Chromium {browser.version}"
    return times | {"megabytes": round(megabytes, 1), "date": datetime.date.today().isoformat(), "machine": machine}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    _, names = chapters.parse(parser, arguments)
    try:
        pyodide = lite_browser.local_pyodide(lite.SITE)
        executable = find_browser()
    except FileNotFoundError as error:
        parser.error(str(error))

    from playwright.sync_api import Error, sync_playwright

    failed = False
    with sync_playwright() as playwright:
        for chapter in names:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            try:
                row = measure(browser, pyodide, chapter)
            except (RuntimeError, Error) as error:
                failed = True
                print(f"{chapter}: FAILED: {error}", file=sys.stderr)
            else:
                run_times.record({chapter: {"browser": row}})
                print(f"{chapter}: first output after {row['first_output']:.1f} s, all cells {row['all_cells']:.1f} s, "
                      f"{row['megabytes']:.0f} MB", flush=True)
            browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
