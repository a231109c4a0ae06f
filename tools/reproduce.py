"""Run the chapters under several numeric environments and print which outputs differ from the stored ones.

None may: what the book shows must not depend on the number of threads or on the kind of processor. Nothing is
stored. Exit code 1 if anything differs.
"""

import argparse
import asyncio
import copy
import platform
import sys

import chapters
import compare
import execute
import numpy as np


def threads(number):
    """The variables that set the number of threads of every numeric library."""
    return dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(number))


def environments():
    """The environments by name, each as environment variables on top of the usual ones."""
    usual = dict.fromkeys(("ATEN_CPU_CAPABILITY", "NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE"))
    found = {
        "1 thread": usual | threads(1),
        "2 threads": usual | threads(2),
        "PyTorch without vector kernels": usual | {"ATEN_CPU_CAPABILITY": "default"},
    }
    features = numpy_features()
    if features:
        found["NumPy without vector kernels"] = usual | {"NPY_DISABLE_CPU_FEATURES": " ".join(features)}
    core = old_core()
    if core:
        found[f"BLAS kernels for {core}"] = usual | {"OPENBLAS_CORETYPE": core}
    return found


def numpy_features():
    """What NumPy would use of this processor beyond what it was built to require."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__[name]]


def old_core():
    """A much older processor that NumPy's BLAS has kernels for; None where it is not OpenBLAS on x86-64."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    return "Nehalem" if "openblas" in blas and platform.machine() in ("x86_64", "AMD64") else None


def differing_cells(stored, new):
    """The code cells whose outputs differ: a sentence each."""
    found = []
    codes = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (stored, new)]
    for number, (before, now) in enumerate(zip(*codes, strict=True), 1):
        if "nbval-ignore-output" not in before.metadata.get("tags", []):
            found += [f"cell {number}, {text}" for text in compare.differences(before.outputs, now.outputs)]
    return found


def reproduce(chapter, changes):
    """Run a chapter in one environment; return what differs from what is stored."""
    path = chapters.path_of(chapter)
    stored = chapters.read(path)
    new = copy.deepcopy(stored)
    try:
        asyncio.run(execute.run(new, path.parent, **changes))
    except execute.Failure as failure:
        return [str(failure)]
    return differing_cells(stored, new)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    _, names = chapters.parse(parser, arguments)

    found = environments()
    if not numpy_features():
        print("NumPy uses no dispatched features on this processor: that environment is left out.")
    reports = []
    width = max(map(len, found))
    print(f"{'environment':{width}}  outputs")
    for name, changes in found.items():
        for chapter in names:
            differing = reproduce(chapter, changes)
            verdict = f"{len(differing)} DIFFER" if differing else "the same"
            print(f"{name:{width}}  {chapter}: {verdict}", flush=True)
            reports += [f"\n{name}, {chapter}, {text}" for text in differing]
    print("\n".join(reports) or "No output differs.")
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
