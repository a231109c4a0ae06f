"""Large numbers, zeros, ties, no example, one example: a finite result, or a ValueError that says what came."""
import re

import numpy as np
import pytest
from op_cases import CASES, Rebuilt

from companion import Tensor

FILLS = {
    "1e4": lambda shape, rng: np.full(shape, 1e4),
    "-1e4": lambda shape, rng: np.full(shape, -1e4),
    "mixed 1e4": lambda shape, rng: rng.choice([-1e4, 1e4], shape),
    "zeros": lambda shape, rng: np.zeros(shape),
    "ties": lambda shape, rng: rng.integers(-1, 2, shape),
}
ROWS = {"empty batch": 0, "one-row batch": 1}
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def run(function, arrays, dtype):
    """The result and all gradients; or the ValueError."""
    tensors = [Tensor(array, requires_grad=True, dtype=dtype) for array in arrays]
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            out = function(*tensors)
            out.backward(np.ones(out.shape))
    except ValueError as error:
        return error
    return [out.data, *(t.grad for t in tensors if t.grad is not None)]


def assert_finite_or_explained(result):
    if isinstance(result, ValueError):
        assert re.search(r"needs|expect|must|has no|overflows|contains|broadcast", str(result))
        assert re.search(r"\d|empty batch", str(result))
    else:
        assert all(np.isfinite(array).all() for array in result)


@dtypes
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_extreme_inputs(case, fill, dtype, rng):
    arrays = case.inputs(rng)
    inputs = len(case.shapes)
    if isinstance(case.function, Rebuilt):  # the inputs are extreme, the weights as they are
        inputs -= len(case.function.slots(case.function.make()))
    arrays[:inputs] = [FILLS[fill](shape, rng) for shape in case.shapes[:inputs]]
    assert_finite_or_explained(run(case.function, arrays, dtype))


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("case", [case for case in CASES if case.batched and case.shapes[0]], ids=str)
def test_batch_of(case, rows, rng):
    shapes = [(ROWS[rows], *shape[1:]) if i in case.batched and shape else shape for i, shape in enumerate(case.shapes)]
    arrays = [rng.uniform(0.5, 1.5, shape) for shape in shapes]
    result = run(case.function, arrays, np.float32)
    assert_finite_or_explained(result)
    if rows == "one-row batch" and isinstance(result, ValueError):
        assert case.covers.startswith("nn.BatchNorm1d") or "broadcast" in str(result)


WITHOUT_MEAN_OF_NOTHING = ["F.linear", "F.conv2d", "F.softmax", "F.gelu", "nn.LSTM", "nn.TransformerBlock",
                           "nn.MultiHeadAttention", "nn.Sequential", "F.max_pool2d", "F.layer_norm", "Tensor.flatten"]


@pytest.mark.parametrize("covers", WITHOUT_MEAN_OF_NOTHING)
def test_an_empty_batch_gives_an_empty_result(covers, rng):
    case = next(case for case in CASES if case.covers == covers and len(case.shapes[0]) > 1)
    shapes = [(0, *shape[1:]) if i in case.batched else shape for i, shape in enumerate(case.shapes)]
    out = case.function(*[Tensor(rng.normal(size=shape)) for shape in shapes])
    assert out.data.size == 0


def test_gradients_of_ties():
    x = Tensor([[2.0, 2.0, 1.0]], requires_grad=True)
    x.max(axis=1).sum().backward()
    np.testing.assert_array_equal(x.grad, [[0.5, 0.5, 0]])
    for function in (Tensor.relu, Tensor.abs):
        zero = Tensor(0.0, requires_grad=True)
        function(zero).backward()
        assert zero.grad == 0
