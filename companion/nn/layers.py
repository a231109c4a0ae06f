"""Layers without memory: linear, embedding, convolution, pooling, dropout, activations.

Defaults and weight layouts are PyTorch's.
"""
from .. import functional as F
from ..rng import own_rng
from ..tensor import Parameter
from .init import fan_in_uniform, normal
from .module import Module


def _check_sizes(layer, **sizes):
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{layer} expects {name} >= 1, got {size}")


class Linear(Module):
    """x @ weight.T + bias: (..., in_features) -> (..., out_features)."""

    def __init__(self, in_features, out_features, bias=True, rng=None):
        _check_sizes("Linear", in_features=in_features, out_features=out_features)
        rng = own_rng(rng)
        self.weight = Parameter(fan_in_uniform((out_features, in_features), in_features, rng))
        self.bias = Parameter(fan_in_uniform(out_features, in_features, rng)) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Embedding(Module):
    """A table of vectors: integers (...) -> (..., embedding_dim)."""

    def __init__(self, num_embeddings, embedding_dim, rng=None):
        _check_sizes("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.weight = Parameter(normal((num_embeddings, embedding_dim), rng=rng))

    def forward(self, indices):
        return F.embedding(indices, self.weight)


class Conv2d(Module):
    """Cross-correlation with learned kernels: (n, in_channels, h, w) -> (n, out_channels, oh, ow)."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, bias=True, rng=None):
        _check_sizes("Conv2d", in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        fan_in, rng = in_channels * kernel_size ** 2, own_rng(rng)
        self.weight = Parameter(fan_in_uniform((out_channels, in_channels, kernel_size, kernel_size), fan_in, rng))
        self.bias = Parameter(fan_in_uniform(out_channels, fan_in, rng)) if bias else None
        self.stride, self.padding, self.dilation = stride, padding, dilation

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation)


class _Pool2d(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        _check_sizes(type(self).__name__, kernel_size=kernel_size)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding


class MaxPool2d(_Pool2d):
    """The largest value of each window."""

    def forward(self, x):
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of each window."""

    def forward(self, x):
        return F.avg_pool2d(x, self.kernel_size, self.stride, self.padding)


class Flatten(Module):
    """All axes but the first joined into one."""

    def forward(self, x):
        return x.flatten(start_axis=1)


class Dropout(Module):
    """In training, zero each element with probability p and scale the others by 1 / (1 - p); in evaluation, nothing."""

    def __init__(self, p=0.5, rng=None):
        if not 0 <= p < 1:
            raise ValueError(f"Dropout expects a probability 0 <= p < 1, got {p}")
        self.p, self.rng = p, own_rng(rng)

    def forward(self, x):
        return F.dropout(x, self.p, self.training, self.rng)


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x):
        return x.relu()


class LeakyReLU(Module):
    """x where positive, negative_slope * x elsewhere."""

    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        return F.leaky_relu(x, self.negative_slope)


class ELU(Module):
    """x where positive, alpha * (exp(x) - 1) elsewhere."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        return F.elu(x, self.alpha)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x):
        return x.tanh()


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x):
        return x.sigmoid()


class SiLU(Module):
    """x * sigmoid(x)."""

    def forward(self, x):
        return F.silu(x)


class GELU(Module):
    """The tanh form of GELU: PyTorch's GELU(approximate="tanh")."""

    def forward(self, x):
        return F.gelu(x)
