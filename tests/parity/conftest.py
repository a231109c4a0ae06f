"""Parity: the same numbers as PyTorch and Keras. `agree` compares and records; ../conftest.py prints the count.

Every test runs in float64 (relative error at most 1e-10) and in float32 (1e-5), relative to the largest element of
the expected array.
"""
import os

os.environ["KERAS_BACKEND"] = "torch"  # before anything imports Keras

import numpy as np
import pytest

import companion

LIMITS = {"float64": 1e-10, "float32": 1e-5}


def relative_error(ours, theirs):
    """The largest difference, relative to the largest expected element; infinite for another shape or a NaN."""
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if ours.shape != theirs.shape:
        return np.inf
    if not theirs.size:
        return 0.0
    error = np.abs(ours - theirs).max() / max(np.abs(theirs).max(), np.finfo(np.float64).tiny)
    return np.inf if np.isnan(error) else float(error)


@pytest.fixture(params=LIMITS)
def dtype(request):
    """The precision of this run, as PyTorch's and companion's default; the old ones come back."""
    torch = pytest.importorskip("torch")
    threads, before, torch_before = torch.get_num_threads(), companion.get_default_dtype(), torch.get_default_dtype()
    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, request.param))
    companion.set_default_dtype(request.param)
    companion.manual_seed(0)
    yield np.dtype(request.param)
    companion.set_default_dtype(before)
    torch.set_default_dtype(torch_before)
    torch.set_num_threads(threads)


@pytest.fixture
def agree(record_property, dtype):
    """A function that asserts that two arrays are equal within the limit of this run's precision."""
    def compare(ours, theirs, what="result"):
        error = relative_error(ours, theirs)
        assert error <= LIMITS[dtype.name], f"{what}: relative error {error:.2g}"
        record_property("parity", [dtype.name, error, LIMITS[dtype.name]])
    return compare


@pytest.fixture
def draw(dtype):
    """A function that draws a normal array of a shape."""
    rng = np.random.default_rng(0)
    return lambda *shape: rng.normal(size=shape).astype(dtype)
