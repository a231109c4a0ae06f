"""JAX: the whole step compiled."""
import jax
import numpy
from jax import lax
from jax import numpy as np

from ..workloads import ADAM_EPS, CLASSES, trained
from . import arrays

jax.config.update("jax_platforms", "cpu")


def conv(x, weight):
    return lax.conv_general_dilated(x, weight, (1, 1), "SAME")


def cnn(p, x):
    def pool(x):
        return lax.reduce_window(x, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    for name in ("0", "3"):
        x = pool(jax.nn.relu(conv(x, p[f"{name}.weight"]) + p[f"{name}.bias"].reshape(1, -1, 1, 1)))
    return arrays.linear(p, "7", x.reshape(len(x), -1))


def lstm(p, x):
    start = np.zeros((len(x), p["lstm.weight_hh_l0"].shape[1]), x.dtype)

    def step(state, row):
        return arrays.lstm_step(np, p, state, row), None

    (h, _), _ = lax.scan(step, (start, start), x.swapaxes(0, 1))
    return arrays.linear(p, "head", h)


FORWARD = {
    "W1": lambda p, x: arrays.perceptron(np, p, x, jax.nn.relu),
    "W2": lambda p, x: arrays.perceptron(np, p, x, np.tanh),
    "W3": cnn,
    "W4": lstm,
    "W5": lambda p, x: arrays.transformer_block(np, p, x),
}


def trainer(work):
    forward, squared = FORWARD[work.name], work.name in ("W2", "W5")
    score, y = ((arrays.squared_error, work.y) if squared else
                (arrays.cross_entropy, numpy.eye(CLASSES, dtype=numpy.float32)[work.y]))

    @jax.jit
    def update(p, m, v, t, x, y):
        loss, g = jax.value_and_grad(lambda p: score(np, forward(p, x), y))(p)
        if work.name == "W2":
            return loss, {name: p[name] - work.lr * g[name] for name in p}, m, v, t
        t = t + 1
        m = {name: 0.9 * m[name] + 0.1 * g[name] for name in p}
        v = {name: 0.999 * v[name] + 0.001 * g[name] ** 2 for name in p}
        new = {name: p[name] - work.lr * (m[name] / (1 - 0.9 ** t)) / (np.sqrt(v[name] / (1 - 0.999 ** t)) + ADAM_EPS)
               if trained(name) else p[name] for name in p}
        return loss, new, m, v, t

    x, y = np.asarray(work.x), np.asarray(y)
    p = {name: np.asarray(array) for name, array in work.weights.items()}
    m = v = {name: np.zeros_like(array) for name, array in p.items()}
    state = p, m, v, np.asarray(0.0)

    def step():
        nonlocal state
        loss, *state = update(*state, x, y)
        jax.block_until_ready(state)
        return float(loss)

    return step
