"""The fused operations equal the composed ones, in values and gradients; the table of gains names them all."""
import numpy as np
import pytest

from benchmarks import composed


@pytest.mark.parametrize("name", composed.PAIRS)
def test_fused_equals_composed(name):
    fused, plain, large, small = composed.PAIRS[name]
    for shapes in (small, large):
        rng = np.random.default_rng(0)
        arrays = [rng.normal(size=shape) / np.sqrt(shape[-1]) for shape in shapes]
        ours, theirs = composed.propagate(fused, arrays), composed.propagate(plain, arrays)
        assert len(ours) == len(shapes) + 1
        for got, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max()))


def test_gains_are_measured():
    assert composed.gains(rounds=1).keys() == composed.PAIRS.keys()
