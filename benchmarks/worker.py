"""The process of one peer: `python -m benchmarks.worker PEER THREADS`, orders as lines of JSON on standard input.

One process for each peer and number of threads, because threads and allocator are settings of a process, and because
peers in one process would share its memory and its thread pools. It stays alive between its turns, so that compiled
code and warm caches last. It may use as many processor cores as threads.

Orders: {"do": "losses", "steps": 5}, {"do": "time", "seconds": 0.3}, {"do": "peak", "steps": 5}, each with "work" (a
name) and "sizes". An answer is a line of JSON; {"error": ...} where the peer cannot do it.
"""
import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from .peers import PEERS

ROOT = Path(__file__).parent.parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUM_THREADS")


class Worker:
    """The process of a peer, as its owner sees it."""

    def __init__(self, peer, threads=1):
        environment = os.environ | PEERS[peer].environment | dict.fromkeys(THREADS, str(threads))
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
        self.process = subprocess.Popen([sys.executable, "-m", "benchmarks.worker", peer, str(threads)], cwd=ROOT,
                                        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do, work, sizes, **options):
        """The answer to one order; {"error": ...} also where the process died."""
        try:
            self.process.stdin.write(json.dumps({"do": do, "work": work, "sizes": sizes, **options}) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, json.JSONDecodeError):
            return {"error": f"its process ended with code {self.process.wait()}"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def installed(peer):
    return importlib.util.find_spec(PEERS[peer].package) is not None


def peak_mb(run):
    """By how many megabytes the process grows at most while `run` runs (elsewhere than on Linux: beyond its peak)."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")  # forget the peak of the imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    unit = 2 ** 20 if sys.platform == "darwin" else 2 ** 10
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / unit


def obey(order, module, trainers):
    from .workloads import TINY, Work

    key = json.dumps([order["work"], order["sizes"]])
    if order["do"] == "peak":
        module.trainer(Work(order["work"], TINY[order["work"]]))()  # some libraries import more at the first step
        work = Work(order["work"], order["sizes"])

        def run():
            step = module.trainer(work)
            for _ in range(order["steps"]):
                step()

        return {"mb": peak_mb(run)}
    if order["do"] == "losses":
        step = trainers[key] = module.trainer(Work(order["work"], order["sizes"]))
        return {"losses": [step() for _ in range(order["steps"])]}
    times, end = [], time.perf_counter() + order["seconds"]
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        trainers[key]()
        times.append((time.perf_counter() - start) * 1e3)
    return {"ms": times}


def main(peer, threads):
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints does not belong to the answers
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    module = importlib.import_module(f".peers.{PEERS[peer].module}", __package__)
    if hasattr(module, "set_threads"):
        module.set_threads(threads)
    trainers = {}
    for line in sys.stdin:
        try:
            answer = obey(json.loads(line), module, trainers)
        except Exception as error:  # the reason goes into the table
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:120]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
