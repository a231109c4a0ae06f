"""Normalization of activations over the batch, and over the features."""
import numpy as np

from .. import functional as F
from ..tensor import Parameter, get_default_dtype
from .module import Module


class _BatchNorm(Module):
    """(x - mean) / sqrt(variance + eps) for each channel, times weight, plus bias (Ioffe and Szegedy, 2015).

    In training the mean and variance are those of the batch, and running averages follow them:
    running = (1 - momentum) * running + momentum * batch, with the unbiased variance. Evaluation uses those.

    Raises ValueError for another number of axes or channels, and in training for a batch with one value per channel.
    """

    expected = ""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        if num_features < 1:
            raise ValueError(f"{type(self).__name__} expects num_features >= 1, got {num_features}")
        self.weight, self.bias = Parameter(np.ones(num_features)), Parameter(np.zeros(num_features))
        self.eps, self.momentum = eps, momentum
        self.register_buffer("running_mean", np.zeros(num_features, get_default_dtype()))
        self.register_buffer("running_var", np.ones(num_features, get_default_dtype()))

    def forward(self, x):
        channels = len(self.weight)
        if x.ndim != len(self.expected.split(",")) or x.shape[1] != channels:
            raise ValueError(f"{type(self).__name__}({channels}) expects ({self.expected}), got {x.shape}")
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        column = (-1,) + (1,) * (x.ndim - 2)
        if self.training:
            count = x.data.size // channels
            if count < 2:
                raise ValueError(f"{type(self).__name__} needs at least 2 values per channel to train, got {x.shape}")
            centered = x - x.mean(axes, keepdims=True)
            var = (centered ** 2).mean(axes, keepdims=True)
            self.running_mean += self.momentum * (x.data.mean(axes) - self.running_mean)
            self.running_var += self.momentum * (var.data.reshape(-1) * (count / (count - 1)) - self.running_var)
        else:
            centered = x - self.running_mean.reshape(column)
            var = self.running_var.reshape(column)
        scale = self.weight.reshape(column) * (var + self.eps) ** -0.5
        return centered * scale + self.bias.reshape(column)


class BatchNorm1d(_BatchNorm):
    """Over the batch: x (batch, channels)."""

    expected = "batch, channels"


class BatchNorm2d(_BatchNorm):
    """Over the batch and all pixels: x (batch, channels, height, width)."""

    expected = "batch, channels, height, width"


class LayerNorm(Module):
    """Over the last axis, each place by itself, in training and evaluation alike (Ba et al., 2016)."""

    def __init__(self, num_features, eps=1e-5):
        if num_features < 1:
            raise ValueError(f"LayerNorm expects num_features >= 1, got {num_features}")
        self.weight, self.bias = Parameter(np.ones(num_features)), Parameter(np.zeros(num_features))
        self.eps = eps

    def forward(self, x):
        return F.layer_norm(x, self.weight, self.bias, self.eps)
