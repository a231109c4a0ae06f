"""Score the built site with Lighthouse, as a phone on a slow line sees it.

    make lighthouse                 the landing page and three chapters, each three times; the median is shown
    tools/lighthouse.py --runs 1 book/reference/api.html

Lighthouse comes from npm into a temporary folder, so this asks the package index, and it times: it is no part of
`make test`, which holds what the scores depend on instead (tests/browser/test_weight.py, test_accessibility.py).
Run it on a machine that does nothing else. The environment variable CHROME_PATH names the browser; without it, the
first Chromium that is found.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from static_host import find_browser, served

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
LIGHTHOUSE = "lighthouse@13.5.0"
PAGES = ["book/intro.html", *(f"book/foundations/{name}.html" for name in ("perceptron", "introduction", "optimizers"))]
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
TIMES = {
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "shift",
}
LEAST = 95


def install(folder):
    """Install Lighthouse into the folder; returns the command that starts it."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("make lighthouse: npm was not found (Debian and Ubuntu: apt install npm)")
    subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, LIGHTHOUSE], check=True)
    return Path(folder, "node_modules", ".bin", "lighthouse")


def measure(command, address):
    """The report of one run."""
    try:
        browser = find_browser()
    except FileNotFoundError as error:
        sys.exit(f"make lighthouse: {error}")
    options = ["--quiet", "--output=json", "--chrome-flags=--headless=new --no-sandbox",
               f"--only-categories={','.join(CATEGORIES)}"]
    done = subprocess.run([command, address, *options], env=os.environ | {"CHROME_PATH": browser},
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"make lighthouse: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def summarize(reports):
    """The medians of several runs: scores of 100, the times as Lighthouse words them, and what cost points."""
    scores = {name: round(100 * statistics.median(report["categories"][name]["score"] for report in reports))
              for name in CATEGORIES}
    middle = sorted(reports, key=lambda report: report["categories"]["performance"]["score"])[len(reports) // 2]
    times = {name: middle["audits"][name]["displayValue"].replace("\xa0", " ") for name in TIMES}
    size = round(middle["audits"]["total-byte-weight"]["numericValue"] / 1000)
    weighted = [part["id"] for name in CATEGORIES for part in middle["categories"][name]["auditRefs"] if part["weight"]]
    found = {name: middle["audits"][name]["score"] for name in weighted}  # None: does not apply
    lost = [name for name, score in found.items() if score is not None and score < 0.9]
    return scores, {**times, "size": f"{size} kB"}, lost


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=PAGES, help="such as book/intro.html")
    parser.add_argument("--runs", type=int, default=3, help="runs for each page (default: 3)")
    options = parser.parse_args()
    if not (SITE / "404.html").exists():
        sys.exit("make lighthouse: the site is not built; run `make book` first")
    low = []
    print("| page | " + " | ".join([*CATEGORIES, *TIMES.values(), "size"]) + " | lost points |")
    print("|---" * (len(CATEGORIES) + len(TIMES) + 3) + "|")
    with tempfile.TemporaryDirectory(prefix="lighthouse-") as folder, served(SITE) as address:
        command = install(folder)
        for page in options.pages:
            scores, times, lost = summarize([measure(command, f"{address}/{page}") for _ in range(options.runs)])
            cells = [page, *map(str, scores.values()), *times.values(), ", ".join(lost)]
            print("| " + " | ".join(cells) + " |", flush=True)
            low += [f"{page}: {name} {score}" for name, score in scores.items() if score < LEAST]
    sys.exit(f"Below {LEAST}: " + "; ".join(low) if low else 0)


if __name__ == "__main__":
    main()
