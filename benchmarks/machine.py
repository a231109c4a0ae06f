"""What the numbers were measured on, and how fast its matrix product is."""
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .growth import mlp_operations
from .workloads import SIZES, mlp_layers

PACKAGES = ("numpy", "torch", "keras", "jax", "autograd", "tinygrad", "scikit-learn", "micrograd")


def describe(names=PACKAGES):
    """Processor, memory, system and versions; no name and no path of the machine."""
    return {"processor": processor(), "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(), "packages": {name: release(name) for name in names if release(name)}}


def release(name):
    try:
        return version(name)
    except ImportError:
        return None


def processor():
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def product_gflops(size=2048, rounds=7):
    """Billions of operations a second in the product of two float32 matrices, the best of several rounds."""
    a = np.random.default_rng(0).random((size, size), np.float32)
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * size ** 3 / best / 1e9


def share_of_product(ms, gflops):
    """The part of W1's time that its matrix products would take at full speed."""
    layers = mlp_layers(SIZES["W1"]["width"])
    adam = 13 * sum(a * b for a, b in zip(layers, layers[1:]))
    return (mlp_operations(**SIZES["W1"]) - adam) / (gflops * 1e6) / ms


if __name__ == "__main__":
    print(product_gflops(*map(int, sys.argv[1:])))
