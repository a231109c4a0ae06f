"""Rounds of steps, one peer after another: a disturbance of the machine meets all of them alike."""
import statistics
import time
from contextlib import ExitStack

from . import agreement
from .peers import PEERS
from .worker import Worker

REFERENCE = "torch"


def measure(peers, sizes, threads, rounds, seconds):
    """{work: {peer: {"ms": quartiles, "steps": n} or {"reason": why there is no number}}}.

    A peer's turn lasts `seconds` or one step, whatever is longer. Nothing is timed whose first losses differ.
    """
    found = {}
    with ExitStack() as stack:
        workers = {peer: stack.enter_context(Worker(peer, threads)) for peer in peers}
        for work, size in sizes.items():
            found[work], reference, ready = {}, None, []
            for peer in sorted(peers, key=lambda name: name != REFERENCE):
                reason = PEERS[peer].cannot.get(work)
                if reason is None:
                    answer = workers[peer].ask("losses", work, size, steps=agreement.STEPS)
                    reference = reference or answer.get("losses")
                    reason = answer.get("error") or agreement.refuse(answer["losses"], reference)
                if reason is None:
                    ready.append(peer)
                    found[work][peer] = {"difference": agreement.difference(answer["losses"], reference)}
                else:
                    found[work][peer] = {"reason": reason}
            times = {peer: [] for peer in ready}
            for _ in range(rounds):
                for peer in ready:
                    times[peer] += workers[peer].ask("time", work, size, seconds=seconds)["ms"]
                    time.sleep(0.05)  # the threads of the last one go to sleep
            for peer, values in times.items():
                if values:
                    found[work][peer] |= {"ms": quartiles(values), "steps": len(values)}
            medians = [f"{peer} {found[work][peer]['ms'][1]:.3g} ms" for peer in ready if "ms" in found[work][peer]]
            print(f"{threads} thread(s), {work}: {', '.join(medians)}", flush=True)
    return found


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4) if len(values) > 1 else values * 3


def memory(peers, sizes, steps=5):
    """{work: {peer: megabytes}}: the peak above what the imports left, one process for each."""
    found = {}
    for work, size in sizes.items():
        found[work] = {}
        for peer in peers:
            if work not in PEERS[peer].cannot:
                with Worker(peer) as worker:
                    answer = worker.ask("peak", work, size, steps=steps if peer != "micrograd" else 1)
                if "mb" in answer:
                    found[work][peer] = answer["mb"]
        print(f"memory, {work}: " + ", ".join(f"{peer} {mb:.0f} MB" for peer, mb in found[work].items()), flush=True)
    return found
