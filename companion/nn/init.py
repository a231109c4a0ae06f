"""Starting values for weights: functions from a shape to an array.

The two fans of a weight (out, in, ...) count the connections into and out of one unit: in or out times the kernel size.
"""
import math

import numpy as np

from ..rng import get_rng


def _fans(shape):
    if len(shape) < 2 or not all(shape):
        raise ValueError(f"the fans of a weight need two or more axes (out, in, ...), none empty, got {tuple(shape)}")
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive


def zeros(shape):
    """All zeros: right for biases, never for weights (every unit would learn the same)."""
    return np.zeros(shape)


def uniform(shape, low=0.0, high=1.0, rng=None):
    """Uniform on [low, high)."""
    return get_rng(rng).uniform(low, high, shape)


def normal(shape, mean=0.0, std=1.0, rng=None):
    """Normal with the given mean and standard deviation."""
    return get_rng(rng).normal(mean, std, shape)


def xavier_uniform(shape, gain=1.0, rng=None):
    """Uniform with variance gain^2 * 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / sum(_fans(shape)))
    return get_rng(rng).uniform(-bound, bound, shape)


def kaiming_normal(shape, gain=math.sqrt(2), rng=None):
    """Normal with variance gain^2 / fan_in; the gain sqrt(2) is for ReLU (He et al., 2015)."""
    return get_rng(rng).normal(0, gain / math.sqrt(_fans(shape)[0]), shape)


def fan_in_uniform(shape, fan_in, rng=None):
    """Uniform on +-1 / sqrt(fan_in): what PyTorch's Linear and Conv2d layers start from."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    return get_rng(rng).uniform(-bound, bound, shape)
