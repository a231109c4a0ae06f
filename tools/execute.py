"""Run the chapters' notebooks and store their outputs.

A notebook that fails keeps its stored version; the others are stored. Time and memory of each run go into
book/reference/run_times.json, and from there onto the page run_times.md.
"""

import argparse
import asyncio
import datetime
import json
import os
import re
import sys
import time
from subprocess import DEVNULL

import chapters
import nbformat
import run_times
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

CORES_PER_NOTEBOOK = 2  # the machine that the course is written for; fewer would distort the times
CELL_SECONDS = 300

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
ANSI_COLOR = re.compile(r"\x1b\[[0-9;]*m")


class Failure(Exception):
    """A cell that did not run: the message shows which one and why."""


async def run_cells(client, notebook):
    """Run all cells of a notebook one after another in the client's kernel. Raises Failure at the first error."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        try:
            await client.async_execute_cell(cell, index)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise Failure(describe(notebook, index, error)) from None


async def run(notebook, folder, **changes):
    """Run a notebook in a fresh kernel; put its outputs into it and return what the run took.

    `changes` are environment variables of the kernel. Raises Failure.
    """
    manager = chapters.kernel_manager(AsyncKernelManager)
    client = NotebookClient(notebook, km=manager, timeout=CELL_SECONDS, record_timing=False)
    start = time.perf_counter()
    with chapters.kernel_environment(**changes) as environment:
        async with client.async_setup_kernel(env=environment, cwd=str(folder), stderr=DEVNULL):
            await run_cells(client, notebook)
            seconds = time.perf_counter() - start
            usage = await resources(client)
    tidy(notebook)
    return {"seconds": round(seconds, 1), **usage}


async def resources(client):
    """CPU time and peak memory of the kernel, asked from the kernel itself; empty where it cannot know."""
    expression = "[*__import__('resource').getrusage(0)[:3]]"
    reply = await client.kc.execute_interactive(
        "", silent=True, store_history=False, user_expressions={"usage": expression}, timeout=CELL_SECONDS
    )
    answer = reply["content"]["user_expressions"]["usage"]
    if answer["status"] != "ok":  # Windows has no module `resource`
        return {}
    user, system, peak = json.loads(answer["data"]["text/plain"])
    per_megabyte = 1e6 if sys.platform == "darwin" else 1e3
    return {"cpu_seconds": round(user + system, 1), "peak_memory_mb": round(peak / per_megabyte)}


def describe(notebook, index, error):
    """Which cell failed and why: its number, its source with the line marked, the error in a line."""
    cell = notebook.cells[index]
    if isinstance(error, CellExecutionError):
        reason = f"{error.ename}: {ANSI_COLOR.sub('', error.evalue)}"
        lines = re.findall(r"Cell In\[\d+\], line (\d+)", ANSI_COLOR.sub("", error.traceback))
    elif isinstance(error, CellTimeoutError):
        reason, lines = f"not finished after {CELL_SECONDS} s", []
    else:
        reason, lines = "the kernel died", []
    marked = int(lines[0]) if lines else None
    source = "\n".join(
        f"  {'>' if number == marked else ' '} {number:2} | {line}"
        for number, line in enumerate(cell.source.splitlines(), 1)
    )
    number = sum(cell.cell_type == "code" for cell in notebook.cells[: index + 1])
    return f"code cell {number} (id {cell.id}):\n{source}\n  {reason}"


def tidy(notebook):
    """Leave only what the same code gives again: no times, no versions of the machine, no widget state."""
    notebook.metadata["kernelspec"] = KERNELSPEC
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for name in ("execution", "ExecuteTime", "collapsed"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)


def merge_streams(outputs):
    """Consecutive outputs to the same stream as one: how they were cut depends on timing."""
    merged = []
    for output in outputs:
        previous = merged[-1] if merged else None
        if (
            output.output_type == "stream"
            and previous
            and previous.output_type == "stream"
            and previous.name == output.name
        ):
            previous.text += output.text
        else:
            merged.append(output)
    return merged


async def execute(chapter):
    """Run one chapter and store it; return its measurements."""
    path = chapters.path_of(chapter)
    try:
        notebook = chapters.read(path)
    except (ValueError, nbformat.ValidationError) as error:
        raise Failure(f"not a notebook: {error}") from None
    measured = await run(notebook, path.parent)
    chapters.write(path, notebook)
    return measured | {"date": datetime.date.today().isoformat(), "machine": run_times.machine()}


async def execute_all(names, jobs):
    """Run chapters, `jobs` at once; return the measurements of those that ran, the failures of the others."""
    measured, failures = {}, {}
    slots = asyncio.Semaphore(jobs)

    async def one(chapter):
        async with slots:
            try:
                measured[chapter] = await execute(chapter)
                print(f"{chapter}: stored, {measured[chapter]['seconds']:.1f} s", flush=True)
            except Failure as failure:
                failures[chapter] = failure
                print(f"{chapter}: FAILED, its stored version is untouched", flush=True)

    await asyncio.gather(*map(one, names))
    return measured, failures


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    jobs = max(1, (os.cpu_count() or 1) // CORES_PER_NOTEBOOK)
    parser.add_argument("--jobs", type=int, default=jobs, help="how many at once (default: %(default)s)")
    options, names = chapters.parse(parser, arguments)
    measured, failures = asyncio.run(execute_all(names, options.jobs))
    if measured:
        run_times.record(measured)
    for chapter, failure in failures.items():
        print(f"\n{chapter}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
