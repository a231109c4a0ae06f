"""Fused operations of companion beside the same composed of simple ones: referees in the tests, gains in a table."""
import math
import statistics
import time

import numpy as np

from companion import Tensor, nn, stack
from companion import functional as F


def linear(x, weight, bias):
    return x @ weight.T + bias


def gelu(x):
    return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)).tanh())


def layer_norm(x, weight, bias):
    centered = x - x.mean(axis=-1, keepdims=True)
    return centered / ((centered ** 2).mean(axis=-1, keepdims=True) + 1e-5).sqrt() * weight + bias


def attention(query, key, value):
    return F.softmax(query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1])) @ value


def mse_loss(prediction, target):
    return ((prediction - target) ** 2).mean()


def cross_entropy(logits, target):
    one_hot = np.eye(logits.shape[1])[target]
    return -(F.log_softmax(logits) * one_hot).sum(axis=1).mean()


def conv2d(x, weight, bias):
    """Stride 1, no padding: a product for each place in the kernel."""
    oh, ow = (size - k + 1 for size, k in zip(x.shape[2:], weight.shape[2:]))
    out = bias
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            out = x[:, :, i:i + oh, j:j + ow].transpose(0, 2, 3, 1) @ weight[:, :, i, j].T + out
    return out.transpose(0, 3, 1, 2)


def max_pool2d(x):
    """2 x 2, stride 2: the largest of four slices."""
    return stack([x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]).max(axis=0)


def lstm(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """All hidden states: the formulas, one step after another."""
    n = weight_hh.shape[1]
    h = c = Tensor(np.zeros((len(x), n), x.dtype), dtype=x.dtype)
    outputs = []
    for t in range(x.shape[1]):
        z = x[:, t] @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
        i, f, g, o = (z[:, k * n:(k + 1) * n] for k in range(4))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return stack(outputs, axis=1)


def fused_lstm(x, *weights):
    layer = nn.LSTM(x.shape[2], weights[1].shape[1])
    for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights):
        setattr(layer.cells[0], name, weight)
    return layer(x)[0]


def labels(size):
    return np.arange(size) % 10


# name: (fused, composed, shapes as in W1 to W5, small shapes)
PAIRS = {
    "linear": (F.linear, linear, ((128, 784), (256, 784), (256,)), ((5, 3), (4, 3), (4,))),
    "mse_loss": (F.mse_loss, mse_loss, ((100, 1), (100, 1)), ((3, 4), (3, 4))),
    "cross_entropy": (lambda z: F.cross_entropy(z, labels(len(z))), lambda z: cross_entropy(z, labels(len(z))),
                      ((128, 10),), ((12, 10),)),
    "conv2d": (F.conv2d, conv2d, ((64, 16, 16, 16), (32, 16, 3, 3), (32,)), ((2, 3, 6, 5), (4, 3, 3, 2), (4,))),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2), max_pool2d, ((64, 16, 28, 28),), ((2, 3, 4, 6),)),
    "LSTM": (fused_lstm, lstm, ((32, 64, 32), (256, 32), (256, 64), (256,), (256,)),
             ((3, 5, 2), (16, 2), (16, 4), (16,), (16,))),
    "attention": (F.scaled_dot_product_attention, attention, ((16, 4, 64, 16),) * 3, ((2, 3, 4), (2, 5, 4), (2, 5, 6))),
    "layer_norm": (F.layer_norm, layer_norm, ((16, 64, 64), (64,), (64,)), ((2, 3, 4), (4,), (4,))),
    "gelu": (F.gelu, gelu, ((16, 64, 256),), ((3, 4),)),
}


def propagate(function, arrays):
    """The result of a function of tensors, and the gradients of its inputs for a fixed gradient of the result."""
    tensors = [Tensor(array, requires_grad=True, dtype=array.dtype) for array in arrays]
    out = function(*tensors)
    out.backward(np.linspace(0.5, 1.5, out.data.size, dtype=out.dtype).reshape(out.shape))
    return [out.data, *(tensor.grad for tensor in tensors)]


def gains(rounds):
    """{name: {"fused": ms, "composed": ms}}, medians of interleaved runs in this process."""
    found, rng = {}, np.random.default_rng(0)
    for name, (fused, composed, shapes, _) in PAIRS.items():
        arrays = [rng.normal(size=shape).astype(np.float32) / math.sqrt(shape[-1]) for shape in shapes]
        times = {"fused": [], "composed": []}
        for _ in range(rounds):
            for kind, function in (("fused", fused), ("composed", composed)):
                start = time.perf_counter()
                propagate(function, arrays)
                times[kind].append((time.perf_counter() - start) * 1e3)
        found[name] = {kind: statistics.median(values) for kind, values in times.items()}
    return found
