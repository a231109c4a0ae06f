"""The command: `python -m benchmarks [--tiny] [--parts PART ...] [--folder FOLDER]`; `make bench` calls it.

Each part stores what it found as a file in the folder of parts, and the report is made of the files that are there: a
run that was cut off goes on with `--parts`.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from . import composed, growth, machine, report, timing, worker
from .peers import PEERS
from .workloads import SIZES, TINY

PARTS = ("machine", "time-1", "time-2", "memory", "growth", "fused")


def run(part, peers, tiny):
    """What one part found, ready to be stored."""
    sizes, rounds, seconds = (TINY, 1, 0.0) if tiny else (SIZES, 7, 0.25)
    if part == "machine":
        size = ["64"] if tiny else []
        return machine.describe() | {"gflops": [matrix_product(threads, *size) for threads in (1, 2)]}
    if part == "memory":
        return timing.memory(peers, sizes)
    if part == "fused":
        return composed.gains(rounds=30)
    if part == "growth":
        few = [peer for peer in ("companion", "torch") if peer in peers]
        return growth.measure(few, rounds=min(rounds, 3), seconds=seconds)
    return timing.measure(peers, sizes, int(part.removeprefix("time-")), rounds, seconds)


def matrix_product(threads, *size):
    """The speed of the matrix product in a process with this number of threads."""
    command = [sys.executable, "-m", "benchmarks.machine", *size]
    environment = os.environ | dict.fromkeys(worker.THREADS, str(threads))
    done = subprocess.run(command, cwd=worker.ROOT, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make bench", description="Measure companion beside its peers.")
    parser.add_argument("--tiny", action="store_true", help="small models, few steps: the losses are compared, no more")
    parser.add_argument("--parts", nargs="*", choices=PARTS, help="measure these; the report uses stored ones, too")
    parser.add_argument("--folder", type=Path, default=worker.ROOT / "_build" / "bench", help="where parts are stored")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="where RESULTS.md is written")
    options = parser.parse_args(arguments)
    peers = [peer for peer in PEERS if worker.installed(peer)]
    for peer in PEERS.keys() - set(peers):
        print(f"skipped: {peer} is not installed")
    parts = options.parts if options.parts is not None else ("machine", "time-1") if options.tiny else PARTS
    options.folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        found = run(part, peers, options.tiny)
        (options.folder / f"{part}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    stored = {part: json.loads(path.read_text("utf-8")) for part in PARTS
              if (path := options.folder / f"{part}.json").exists()}
    if options.tiny:
        sys.exit(report.disagreements(stored["time-1"]))
    report.write(stored, options.output)
    print(f"written: {options.output / 'RESULTS.md'}")


if __name__ == "__main__":
    main()
