"""HIPS autograd: gradients of plain NumPy code, and Adam as in its own example."""
import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.signal import convolve

from ..workloads import ADAM_EPS, CLASSES, trained
from . import arrays


def conv(x, weight):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="constant")
    return convolve(padded, weight[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")


def lstm(p, x):
    h = c = numpy.zeros((len(x), p["lstm.weight_hh_l0"].shape[1]), numpy.float32)
    for t in range(x.shape[1]):
        h, c = arrays.lstm_step(np, p, (h, c), x[:, t])
    return arrays.linear(p, "head", h)


FORWARD = {
    "W1": lambda p, x: arrays.perceptron(np, p, x, lambda z: np.maximum(z, 0)),
    "W2": lambda p, x: arrays.perceptron(np, p, x, np.tanh),
    "W3": lambda p, x: arrays.cnn(np, p, x, conv),
    "W4": lstm,
    "W5": lambda p, x: arrays.transformer_block(np, p, x),
}


def trainer(work):
    forward, squared = FORWARD[work.name], work.name in ("W2", "W5")
    score, y = ((arrays.squared_error, work.y) if squared else
                (arrays.cross_entropy, numpy.eye(CLASSES, dtype=numpy.float32)[work.y]))
    slope = value_and_grad(lambda p: score(np, forward(p, work.x), y))
    p = {name: array.copy() for name, array in work.weights.items()}
    m, v = ({name: numpy.zeros_like(array) for name, array in p.items()} for _ in range(2))
    t = 0

    def step():
        nonlocal t
        loss, g = slope(p)
        t += 1
        for name in filter(trained, p):
            if work.name == "W2":
                p[name] = p[name] - work.lr * g[name]
                continue
            m[name] = 0.1 * g[name] + 0.9 * m[name]
            v[name] = 0.001 * g[name] ** 2 + 0.999 * v[name]
            change = (m[name] / (1 - 0.9 ** t)) / (numpy.sqrt(v[name] / (1 - 0.999 ** t)) + ADAM_EPS)
            p[name] = p[name] - work.lr * change
        return float(loss)

    return step
