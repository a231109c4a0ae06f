"""RNN, LSTM and GRU: a cell each, and one loop over time that they share.

Sequences have the axes (batch, time, features). The weights of a cell's gates lie below each other, in PyTorch's
order and under PyTorch's names, so that a state dict goes from one to the other.
"""
import numpy as np

from .. import functional as F
from ..rng import own_rng
from ..tensor import Parameter, Tensor, stack
from .init import fan_in_uniform
from .module import Module


class _Cell(Module):
    gates = 1

    def __init__(self, input_size, hidden_size, rng=None):
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"{type(self).__name__} expects sizes >= 1, got input {input_size}, hidden {hidden_size}")
        rows, rng = self.gates * hidden_size, own_rng(rng)
        self.hidden_size = hidden_size
        self.weight_ih = Parameter(fan_in_uniform((rows, input_size), hidden_size, rng))
        self.weight_hh = Parameter(fan_in_uniform((rows, hidden_size), hidden_size, rng))
        self.bias_ih = Parameter(fan_in_uniform(rows, hidden_size, rng))
        self.bias_hh = Parameter(fan_in_uniform(rows, hidden_size, rng))

    def start(self, batch):
        """The state before the first step: zeros."""
        return Tensor(np.zeros((batch, self.hidden_size)), dtype=self.weight_hh.dtype)

    def check(self, x, h):
        """Raises ValueError where the axes of an input or a state do not fit."""
        if x.ndim != 2 or h.shape != (len(x), self.hidden_size):
            raise ValueError(f"{type(self).__name__} expects x (batch, features) and a state "
                             f"(batch, {self.hidden_size}), got {x.shape} and {h.shape}")

    def preactivations(self, x, h):
        """What the input and the hidden state contribute to all gates, each (batch, gates * hidden)."""
        self.check(x, h)
        return F.linear(x, self.weight_ih, self.bias_ih), F.linear(h, self.weight_hh, self.bias_hh)

    def split(self, z):
        """(batch, gates * hidden) -> one (batch, hidden) for each gate."""
        return [z[:, k * self.hidden_size:(k + 1) * self.hidden_size] for k in range(self.gates)]


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman, 1990)."""

    def forward(self, x, h=None):
        from_x, from_h = self.preactivations(x, self.start(len(x)) if h is None else h)
        return (from_x + from_h).tanh()


class GRUCell(_Cell):
    """h' = (1 - z) n + z h,  n = tanh(W x + r (U h)); gates in the order r, z, n (Cho et al., 2014)."""

    gates = 3

    def forward(self, x, h=None):
        h = self.start(len(x)) if h is None else h
        (xr, xz, xn), (hr, hz, hn) = map(self.split, self.preactivations(x, h))
        r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        n = (xn + r * hn).tanh()
        return (1 - z) * n + z * h


class LSTMCell(_Cell):
    """c' = f c + i g,  h' = o tanh(c'); gates in the order i, f, g, o.

    Hochreiter and Schmidhuber (1997); the forget gate f: Gers et al. (2000).
    """

    gates = 4

    def start(self, batch):
        return super().start(batch), super().start(batch)

    def forward(self, x, state=None):
        h, c = self.start(len(x)) if state is None else state
        self.check(x, h)
        if x.shape[1] != self.weight_ih.shape[1]:
            raise ValueError(f"LSTMCell expects x of shape (..., {self.weight_ih.shape[1]}), got {x.shape}")
        if c.shape != h.shape:
            raise ValueError(f"LSTMCell expects h and c of one shape, got {h.shape} and {c.shape}")
        out = _lstm(self, x.reshape(len(x), 1, x.shape[1]), h, c)
        return out[0], out[1]


def _lstm(cell, x, h, c):
    """All steps of an LSTM layer as one operation: x (batch, time, features), h and c (batch, hidden).

    Returns (time + 1, batch, hidden): h after every step and, last, the final c. Composed it is three times slower.
    Inside, the batch is the last axis: each gate is one piece of memory, and a step one product, weight @ (h, x, 1).
    """
    weight_ih, x = F._operands(cell.weight_ih, x)
    parents = x, h, c, weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh
    batch, steps, features = x.shape
    n, dtype = cell.hidden_size, weight_ih.dtype
    weight = np.hstack([cell.weight_hh.data, weight_ih.data, (cell.bias_ih.data + cell.bias_hh.data)[:, None]])
    # sigmoid(z) = 0.5 + 0.5 tanh(z / 2), so that one tanh serves all gates: i, f and o are scaled before and after it.
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], dtype), n)[:, None]
    scaled_weight = weight * scale
    scale = np.repeat(scale, batch, axis=1).reshape(4, n, batch)  # in full: broadcasting short rows is six times slower
    shift = 1 - scale

    states = np.empty((steps + 2, n + features + 1, batch), dtype)  # (h, x, 1) before each step
    states[:steps, n:-1], states[:, -1] = x.data.transpose(1, 2, 0), 1
    gates, memory = np.empty((steps, 4, n, batch), dtype), np.empty((steps + 1, n, batch), dtype)
    states[0, :n], memory[0], tanh_memory = h.data.T, c.data.T, np.empty_like(memory[1:])
    products = gates.reshape(steps, 4 * n, batch)  # the same memory
    for t in range(steps):
        z, c_new = gates[t], memory[t + 1]
        np.matmul(scaled_weight, states[t], out=products[t])
        np.tanh(z, out=z)
        z *= scale
        z += shift
        i, f, g, o = z
        np.multiply(f, memory[t], out=c_new)
        c_new += i * g
        np.tanh(c_new, out=tanh_memory[t])
        np.multiply(o, tanh_memory[t], out=states[t + 1, :n])
    states[-1, :n] = memory[-1]

    def backward(grad):
        grad = grad.swapaxes(1, 2)
        grad_h, grad_c, grad_weight = np.zeros((n, batch), dtype), grad[-1].copy(), np.zeros_like(weight)
        grad_x = np.empty(x.shape, dtype) if x.requires_grad else None
        back = weight[:, :n + features if x.requires_grad else n].T.copy()
        rows = np.empty((4 * n, batch), dtype)
        grad_i, grad_f, grad_g, grad_o = grad_z = rows.reshape(4, n, batch)
        for t in reversed(range(steps)):
            z, tanh_c = gates[t], tanh_memory[t]
            i, f, g, o = z
            grad_h += grad[t]
            grad_c += grad_h * (o - tanh_c * states[t + 1, :n])  # o (1 - tanh(c)^2)
            slope = 1 - z
            slope *= z  # of the sigmoid
            slope[2] = 1 - g * g  # of tanh
            np.multiply(grad_c, g, out=grad_i)
            np.multiply(grad_c, memory[t], out=grad_f)
            np.multiply(grad_c, i, out=grad_g)
            np.multiply(grad_h, tanh_c, out=grad_o)
            grad_z *= slope
            grad_weight += rows @ states[t].T.copy()  # a small matrix turned for BLAS costs more than the copy
            grad_state = back @ rows
            grad_h = grad_state[:n]
            if grad_x is not None:
                grad_x[:, t] = grad_state[n:].T
            grad_c *= f
        grad_hh, grad_ih, grad_bias = np.split(grad_weight, (n, n + features), axis=1)
        return grad_x, grad_h.T, grad_c.T, grad_ih, grad_hh, grad_bias[:, 0], grad_bias[:, 0].copy()

    return Tensor.from_op(states[1:, :n].swapaxes(1, 2), parents, backward)


class _Recurrent(Module):
    """A stack of cells over x (batch, time, features) -> (output (batch, time, hidden), last state).

    The state has the shape (num_layers, batch, hidden), for the LSTM a pair (h, c) of them, and may be passed in again.
    """

    cell = None

    def __init__(self, input_size, hidden_size, num_layers=1, rng=None):
        if num_layers < 1:
            raise ValueError(f"{type(self).__name__} expects num_layers >= 1, got {num_layers}")
        self.input_size, rng = input_size, own_rng(rng)
        self.cells = [self.cell(hidden_size if k else input_size, hidden_size, rng) for k in range(num_layers)]

    def named_children(self):
        for k, cell in enumerate(self.cells):
            yield from ((f"{name}_l{k}", parameter) for name, parameter in cell.named_children())  # PyTorch's names

    def forward(self, x, state=None):
        if x.ndim != 3 or x.shape[2] != self.input_size or not x.shape[1]:
            raise ValueError(f"{type(self).__name__} expects (batch, time >= 1, {self.input_size}), got {x.shape}")
        layers = {len(s) for s in (state if isinstance(state, tuple) else (state,)) if s is not None}
        if layers - {len(self.cells)}:
            raise ValueError(f"{type(self).__name__} expects the state of {len(self.cells)} layers, got {layers}")
        last = []
        for k, cell in enumerate(self.cells):
            x, h = self._layer(cell, x, cell.start(len(x)) if state is None else self._layer_state(state, k))
            last.append(h)
        return x, self._join(last)

    def _layer(self, cell, x, h):
        """One layer over all steps -> (output (batch, time, hidden), last state)."""
        outputs = []
        for step in _steps(x):
            h = cell(step, h)
            outputs.append(h)
        return stack(outputs, axis=1), h

    def _layer_state(self, state, k):
        return state[k]

    def _join(self, last):
        return stack(last)


def _steps(x):
    """x (batch, time, features), time >= 1, as a list of (batch, features).

    Halved again and again: the gradient of a part is as large as what it was cut from.
    """
    half = x.shape[1] // 2
    return _steps(x[:, :half]) + _steps(x[:, half:]) if half else [x[:, 0]]


class RNN(_Recurrent):
    """A stack of RNNCell over time."""

    cell = RNNCell


class GRU(_Recurrent):
    """A stack of GRUCell over time."""

    cell = GRUCell


class LSTM(_Recurrent):
    """A stack of LSTMCell over time; its state is a pair (h, c)."""

    cell = LSTMCell

    def _layer(self, cell, x, state):
        h, c = state
        cell.check(x[:, 0], h)
        cell.check(x[:, 0], c)
        out = _lstm(cell, x, h, c)
        return out[:-1].swapaxes(0, 1), (out[-2], out[-1])

    def _layer_state(self, state, k):
        return state[0][k], state[1][k]

    def _join(self, last):
        return stack([h for h, _ in last]), stack([c for _, c in last])
