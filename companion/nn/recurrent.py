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

    def preactivations(self, x, h):
        """What the input and the hidden state contribute to all gates, each (batch, gates * hidden)."""
        if x.ndim != 2 or h.shape != (len(x), self.hidden_size):
            raise ValueError(f"{type(self).__name__} expects x (batch, features) and a state "
                             f"(batch, {self.hidden_size}), got {x.shape} and {h.shape}")
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
        from_x, from_h = self.preactivations(x, h)
        if c.shape != h.shape:
            raise ValueError(f"LSTMCell expects h and c of one shape, got {h.shape} and {c.shape}")
        both = _lstm_update(from_x + from_h, c)
        return both[0], both[1]


def _lstm_update(z, c):
    """The new (h, c), stacked, from the pre-activations z of the gates: one step, composed it is far slower."""
    n = c.shape[1]
    a = 0.5 * (1 + np.tanh(0.5 * z.data))  # sigmoid, right for i, f, o
    a[:, 2 * n:3 * n] = np.tanh(z.data[:, 2 * n:3 * n])
    i, f, g, o = a[:, :n], a[:, n:2 * n], a[:, 2 * n:3 * n], a[:, 3 * n:]
    c_new = f * c.data + i * g
    t = np.tanh(c_new)

    def backward(grad):
        grad_h, grad_c = grad
        grad_c = grad_c + grad_h * o * (1 - t * t)
        grad_z = a * (1 - a)
        grad_z[:, 2 * n:3 * n] = 1 - g * g
        grad_z[:, :n] *= grad_c * g
        grad_z[:, n:2 * n] *= grad_c * c.data
        grad_z[:, 2 * n:3 * n] *= grad_c * i
        grad_z[:, 3 * n:] *= grad_h * t
        return grad_z, grad_c * f

    return Tensor.from_op(np.stack([o * t, c_new]), (z, c), backward)


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
        steps = [x[:, t] for t in range(x.shape[1])]
        last = []
        for k, cell in enumerate(self.cells):
            h = cell.start(len(x)) if state is None else self._layer_state(state, k)
            for t, step in enumerate(steps):  # a list: slices of one large tensor would each cost a full-size gradient
                h = cell(step, h)
                steps[t] = h[0] if isinstance(h, tuple) else h
            last.append(h)
        return stack(steps, axis=1), self._join(last)

    def _layer_state(self, state, k):
        return state[k]

    def _join(self, last):
        return stack(last)


class RNN(_Recurrent):
    """A stack of RNNCell over time."""

    cell = RNNCell


class GRU(_Recurrent):
    """A stack of GRUCell over time."""

    cell = GRUCell


class LSTM(_Recurrent):
    """A stack of LSTMCell over time; its state is a pair (h, c)."""

    cell = LSTMCell

    def _layer_state(self, state, k):
        return state[0][k], state[1][k]

    def _join(self, last):
        return stack([h for h, _ in last]), stack([c for _, c in last])
