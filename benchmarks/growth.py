"""How time and memory grow with batch, width, sequence length and image size, beside what theory counts."""
import math
from dataclasses import dataclass

from . import agreement
from .timing import quartiles
from .worker import Worker
from .workloads import CLASSES, FEATURES, mlp_layers


def mlp_operations(batch, width):
    layers = mlp_layers(width)
    products = [a * b for a, b in zip(layers, layers[1:])]
    return 2 * batch * (3 * sum(products) - products[0]) + 13 * sum(products)  # and the 13 passes of Adam


def lstm_operations(steps, hidden=64, batch=32):
    return 6 * batch * steps * 4 * hidden * (hidden + FEATURES) + 2 * batch * hidden * CLASSES


def block_operations(tokens, width=64, batch=16):
    return 6 * batch * tokens * (12 * width ** 2 + 2 * tokens * width)


def cnn_operations(side, batch=64):
    pixels = side ** 2
    return 2 * batch * pixels * (2 * 9 * 16 + 3 * 9 * 16 * 32 / 4)


@dataclass(frozen=True)
class Sweep:
    """One size of one workload, doubled several times. operations: multiplications and additions of a step."""

    work: str
    size: str
    values: tuple
    operations: object


SWEEPS = {
    "batch": Sweep("W1", "batch", (64, 128, 256, 512, 1024), lambda n: mlp_operations(n, 256)),
    "width": Sweep("W1", "width", (256, 512, 1024, 2048), lambda n: mlp_operations(128, n)),
    "sequence length, LSTM": Sweep("W4", "steps", (16, 32, 64, 128, 256), lstm_operations),
    "sequence length, Transformer": Sweep("W5", "tokens", (64, 128, 256, 512), block_operations),
    "image size": Sweep("W3", "side", (16, 28, 40, 56), cnn_operations),
}


def exponent(sizes, values):
    """The k of values = c * sizes^k that fits best: the slope of a line through the logarithms."""
    x, y = [math.log(s) for s in sizes], [math.log(v) for v in values]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def measure(peers, rounds, seconds, sweeps=SWEEPS):
    """{sweep: {peer: {"ms": [...], "mb": [...], ...}}}, at one thread."""
    found = {}
    for name, sweep in sweeps.items():
        found[name] = {peer: {"ms": [], "mb": []} for peer in peers}
        for peer in peers:
            for value in sweep.values:
                with Worker(peer) as worker:
                    answer = worker.ask("peak", sweep.work, {sweep.size: value}, steps=3)
                found[name][peer]["mb"].append(max(answer["mb"], 0.1))
        workers = {peer: Worker(peer) for peer in peers}
        for value in sweep.values:
            times = {peer: [] for peer in peers}
            for worker in workers.values():
                worker.ask("losses", sweep.work, {sweep.size: value}, steps=agreement.STEPS)
            for _ in range(rounds):
                for peer, worker in workers.items():
                    times[peer] += worker.ask("time", sweep.work, {sweep.size: value}, seconds=seconds)["ms"]
            for peer in peers:
                found[name][peer]["ms"].append(quartiles(times[peer])[1])
        for worker in workers.values():
            worker.__exit__()
        for of in found[name].values():
            of["exponents"] = {unit: exponent(sweep.values, of[unit]) for unit in ("ms", "mb")}
        found[name]["theory"] = exponent(sweep.values, [sweep.operations(value) for value in sweep.values])
        print(f"growth with {name}: " + ", ".join(
            f"{peer} time ~ size^{of['exponents']['ms']:.2f}" for peer, of in found[name].items() if peer != "theory")
            + f", operations ~ size^{found[name]['theory']:.2f}", flush=True)
    return found
