"""One line for each way to call each differentiable operation and layer; test_gradients.py and others run them all.

A case names the public object that it covers, a function of tensors, and the shapes of its inputs. A new operation
or layer needs a line here: `test_every_public_name_has_a_case` fails without it.
"""
import inspect
from dataclasses import dataclass

import numpy as np

import companion
from companion import functional as F
from companion import nn
from companion.tensor import Parameter, Tensor


@dataclass(frozen=True)
class Case:
    covers: str
    function: object      # takes tensors (and is called afresh for each: it may build a layer)
    shapes: tuple         # the shapes of the inputs
    positive: bool = False  # draw positive inputs
    batched: tuple = (0,)   # the inputs whose first axis is the batch
    note: str = ""

    def inputs(self, rng):
        """Arrays without ties and away from 0, where some operations have a kink."""
        arrays = []
        for shape in self.shapes:
            size = int(np.prod(shape))
            values = (np.arange(size) + 0.3 + 0.2 * rng.random(size)) / max(size, 1) * 4 - 2
            values = np.where(np.abs(values) < 0.01, 0.5, rng.permutation(values)).reshape(shape)
            arrays.append(np.abs(values) + 0.1 if self.positive else values)
        return arrays

    def __str__(self):
        return " ".join([self.covers, *map(str, self.shapes), self.note]).strip()


CASES = []


def case(covers, function, *shapes, **options):
    CASES.append(Case(covers, function, shapes, **options))


def each(covers, function, **options):
    """A function of one tensor, on several shapes: a matrix, size 1, 0-d."""
    for shape in ((3, 4), (2, 1, 3), (1, 1), ()):
        case(covers, function, shape, **options)


def pair(covers, function, **options):
    """A function of two tensors that broadcasts."""
    for a, b in (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (2, 1, 4)), ((1, 1), ()), ((), (2, 3)), ((), ())):
        case(covers, function, a, b, batched=(0, 1), **options)


# ---- methods of Tensor ----
pair("Tensor.__add__", lambda a, b: a + b)
pair("Tensor.__sub__", lambda a, b: a - b)
pair("Tensor.__mul__", lambda a, b: a * b)
pair("Tensor.__truediv__", lambda a, b: a / b, positive=True)
case("Tensor.__radd__", lambda a: 2 + a, (3, 4))
case("Tensor.__rsub__", lambda a: 2 - a, (3, 4))
case("Tensor.__rmul__", lambda a: np.arange(1, 5) * a, (3, 4))
case("Tensor.__rtruediv__", lambda a: 2 / a, (3, 4), positive=True)
case("Tensor.__rmatmul__", lambda a: np.arange(1.0, 7).reshape(2, 3) @ a, (3, 4), batched=())
each("Tensor.__neg__", lambda a: -a)
for exponent in (0, 1, 2, 3, 2.0):
    each("Tensor.__pow__", lambda a, k=exponent: a ** k, note=f"** {exponent}")
for exponent in (0.5, -1, -0.5):
    each("Tensor.__pow__", lambda a, k=exponent: a ** k, positive=True, note=f"** {exponent}")
case("Tensor.__matmul__", lambda a, b: a @ b, (3, 4), (4, 2))
case("Tensor.__matmul__", lambda a, b: a @ b, (2, 3, 4), (4, 2))
case("Tensor.__matmul__", lambda a, b: a @ b, (5, 1, 3, 4), (2, 4, 1), batched=(0,))
case("Tensor.__matmul__", lambda a, b: a @ b, (4,), (4,), batched=(0, 1))
case("Tensor.__matmul__", lambda a, b: a @ b, (3, 4), (4,))
case("Tensor.__matmul__", lambda a, b: a @ b, (4,), (2, 4, 3), batched=(1,))
case("Tensor.__matmul__", lambda a, b: a @ b, (1, 1), (1, 1))
each("Tensor.exp", lambda a: a.exp())
each("Tensor.log", lambda a: a.log(), positive=True)
each("Tensor.sqrt", lambda a: a.sqrt(), positive=True)
each("Tensor.tanh", lambda a: a.tanh())
each("Tensor.sigmoid", lambda a: a.sigmoid())
each("Tensor.relu", lambda a: a.relu())
each("Tensor.abs", lambda a: a.abs())
each("Tensor.clip", lambda a: a.clip(-0.83, 1.13))
for method in ("sum", "mean", "max", "var"):
    each(f"Tensor.{method}", lambda a, m=method: getattr(a, m)() * 0.7)
    each(f"Tensor.{method}", lambda a, m=method: getattr(a, m)(keepdims=True) * 0.7, note="keepdims")
    case(f"Tensor.{method}", lambda a, m=method: getattr(a, m)(axis=0), (3, 4))
    case(f"Tensor.{method}", lambda a, m=method: getattr(a, m)(axis=-1, keepdims=True), (2, 3, 4))
    case(f"Tensor.{method}", lambda a, m=method: getattr(a, m)(axis=(0, 2)), (2, 3, 4), note="two axes")
    case(f"Tensor.{method}", lambda a, m=method: getattr(a, m)(axis=1), (3, 1))
case("Tensor.reshape", lambda a: a.reshape(2, -1) * a.reshape((2, 6)), (3, 4), batched=())
case("Tensor.flatten", lambda a: a.flatten(), (3, 4))
case("Tensor.flatten", lambda a: a.flatten(start_axis=1), (3, 2, 4))
case("Tensor.flatten", lambda a: a.flatten(), ())
case("Tensor.transpose", lambda a: a.transpose() * np.arange(12).reshape(4, 3), (3, 4), batched=())
case("Tensor.transpose", lambda a: a.transpose(1, 2, 0), (2, 3, 4))
case("Tensor.transpose", lambda a: a.transpose((1, 2, 0)), (2, 3, 4), note="a tuple")
case("Tensor.transpose", lambda a: a.transpose(0, -1, 1), (2, 3, 4), note="an axis from the end")
case("Tensor.transpose", lambda a: a.transpose(), ())
case("Tensor.T", lambda a: a.T, (2, 3))
case("Tensor.swapaxes", lambda a: a.swapaxes(0, -1), (2, 3, 4))
case("Tensor.__getitem__", lambda a: a[1], (3, 4), batched=())
case("Tensor.__getitem__", lambda a: a[..., 1:3], (3, 4))
case("Tensor.__getitem__", lambda a: a[:, None, ::-2], (3, 4))
case("Tensor.__getitem__", lambda a: a[[0, 2, 0]], (3, 4), batched=(), note="a row twice")
case("Tensor.__getitem__", lambda a: a[np.array([0, 1, 0]), np.array([2, 2, 2])], (3, 4), batched=(), note="pairs")
case("Tensor.__getitem__", lambda a: a[Tensor([0, 0, 1]), 1], (3, 4), batched=(), note="an index tensor in a tuple")
case("Tensor.__getitem__", lambda a: a[np.arange(12).reshape(3, 4) % 2 == 0], (3, 4), batched=(), note="a mask")
case("Tensor.__getitem__", lambda a: a[()], ())

# ---- functions of tensors ----
case("companion.concatenate", lambda a, b: companion.concatenate([a, b]), (2, 3), (1, 3))
case("companion.concatenate", lambda a, b: companion.concatenate([a, b, a], axis=-1), (2, 3), (2, 1), batched=(0, 1))
case("companion.stack", lambda a, b: companion.stack([a, b]), (2, 3), (2, 3), batched=(0, 1))
case("companion.stack", lambda a, b: companion.stack([a, b, a], axis=-1), (2, 3), (2, 3), batched=(0, 1))
case("companion.stack", lambda a, b: companion.stack([a, b]), (), ())
case("companion.where", lambda a, b: companion.where(np.eye(3, 4), a, b), (3, 4), (4,), batched=())
case("companion.where", lambda a, b: companion.where(True, a, b), (), ())
case("companion.where", lambda a: companion.where(a.data > 0, a, 0.0), (3, 4))
case("companion.where", lambda a: companion.where(a.data > 0, -1, a), (3, 4))

# ---- functional ----
case("F.linear", F.linear, (5, 3), (4, 3), (4,))
case("F.linear", F.linear, (2, 5, 3), (4, 3))
case("F.linear", F.linear, (3,), (1, 3), (1,), batched=())
case("F.embedding", lambda w: F.embedding(np.array([[2, 0], [2, 2], [1, 0]]), w), (4, 3), batched=())
case("F.embedding", lambda w: F.embedding(1, w), (3, 1), batched=())
case("F.embedding", lambda w: F.embedding(np.zeros((0, 2), int), w), (3, 2), batched=(), note="no index")


def seeded(function):
    """A function that draws the same random numbers at each call."""
    def call(*tensors):
        companion.manual_seed(1)
        return function(*tensors)
    return call


case("F.dropout", seeded(lambda x: F.dropout(x, 0.4)), (5, 4))
case("F.dropout", lambda x: F.dropout(x, 0.4, training=False) * 0.9, (5, 4), note="evaluation")
each("F.leaky_relu", lambda x: F.leaky_relu(x, 0.2))
each("F.elu", lambda x: F.elu(x, 1.3))
each("F.silu", F.silu)
each("F.gelu", F.gelu)
for soft in (F.softmax, F.log_softmax):
    case(f"F.{soft.__name__}", lambda x, f=soft: f(x) * np.arange(1, 5), (3, 4))
    case(f"F.{soft.__name__}", lambda x, f=soft: f(x, axis=0) * np.arange(1, 5), (3, 4))
    case(f"F.{soft.__name__}", lambda x, f=soft: f(x, axis=1), (2, 3, 4))
    case(f"F.{soft.__name__}", lambda x, f=soft: f(x) + x, (2, 1))
for reduction in ("mean", "sum", "none"):
    for loss, options in ((F.mse_loss, {}), (F.l1_loss, {}), (F.huber_loss, {"delta": 0.7})):
        case(f"F.{loss.__name__}", lambda p, t, f=loss, o=options, r=reduction: f(p, 0.37 * t, reduction=r, **o),
             (3, 4), (3, 4), batched=(0, 1), note=reduction)
    case("F.binary_cross_entropy_with_logits", lambda z, r=reduction: F.binary_cross_entropy_with_logits(
        z, np.linspace(0, 1, z.data.size).reshape(z.shape), r), (3, 4), note=reduction)
    case("F.cross_entropy", lambda z, r=reduction: F.cross_entropy(z, np.arange(len(z)) % 4, reduction=r),
         (5, 4), note=reduction)
    case("F.cross_entropy", lambda z, r=reduction: F.cross_entropy(z, np.array([[0, 9, 1], [9, 2, 2]]), 9, r),
         (2, 3, 4), batched=(), note=f"{reduction}, some ignored")
    case("F.cross_entropy", lambda z, r=reduction: F.cross_entropy(z, np.full(z.shape, 0.25, z.dtype), reduction=r),
         (5, 4), note=f"{reduction}, probabilities")
case("F.mse_loss", F.mse_loss, (), ())
case("F.cross_entropy", lambda z: F.cross_entropy(z, 2), (4,), batched=())
case("F.layer_norm", F.layer_norm, (5, 4), (4,), (4,))
case("F.layer_norm", lambda x: F.layer_norm(x) * np.arange(1, 5), (2, 3, 4))
case("F.layer_norm", lambda x: F.layer_norm(x) + x, (3, 1))
attention = F.scaled_dot_product_attention
case("F.scaled_dot_product_attention", attention, (2, 3, 4), (2, 5, 4), (2, 5, 3), batched=(0, 1, 2))
case("F.scaled_dot_product_attention", lambda q, k, v: attention(q, k, v, is_causal=True), (2, 4, 4, 3), (2, 4, 4, 3),
     (2, 4, 4, 3), batched=(0, 1, 2), note="causal")
case("F.scaled_dot_product_attention", lambda q, k, v: attention(q, k, v, np.tri(3, 5, 2, dtype=bool)), (3, 4), (5, 4),
     (5, 2), batched=(), note="mask")
case("F.scaled_dot_product_attention", attention, (2, 3, 4), (5, 4), (1, 5, 2), batched=(0,), note="broadcast")
case("F.scaled_dot_product_attention", attention, (3, 4), (2, 5, 4), (5, 2), batched=(1,), note="broadcast query")
case("F.scaled_dot_product_attention", seeded(lambda q, k, v: attention(q, k, v, dropout_p=0.3)), (2, 3, 4), (2, 5, 4),
     (2, 5, 3), batched=(0, 1, 2), note="dropout")
case("F.scaled_dot_product_attention", attention, (1, 1), (1, 1), (1, 1), batched=())
case("F.conv2d", F.conv2d, (2, 3, 5, 6), (4, 3, 2, 3), (4,))
case("F.conv2d", lambda x, w: F.conv2d(x, w, stride=2, padding=1, dilation=2), (2, 2, 6, 7), (3, 2, 2, 3))
case("F.conv2d", F.conv2d, (1, 1, 1, 1), (1, 1, 1, 1), (1,))
for pool in (F.max_pool2d, F.avg_pool2d):
    case(f"F.{pool.__name__}", lambda x, f=pool: f(x, 2), (2, 3, 5, 4))
    case(f"F.{pool.__name__}", lambda x, f=pool: f(x, 3, stride=2, padding=1), (2, 2, 6, 5), note="overlap, padding")
    case(f"F.{pool.__name__}", lambda x, f=pool: f(x, 1) * 0.7, (1, 1, 1, 1))

# ---- layers: the inputs, then every parameter ----


class Rebuilt:
    """A layer as a function of its inputs and of all its parameters."""

    def __init__(self, make, call):
        self.make, self.call = make, call

    def slots(self, layer):
        owners = [*layer.modules(), *getattr(layer, "cells", [])]
        return [(owner, name) for owner in owners for name, value in vars(owner).items()
                if isinstance(value, Parameter)]

    def __call__(self, *tensors):
        companion.manual_seed(3)
        layer = self.make()
        slots = self.slots(layer)
        values = tensors[len(tensors) - len(slots):]
        for (owner, name), value in zip(slots, values, strict=True):
            setattr(owner, name, value)
        companion.manual_seed(4)
        return self.call(layer, *tensors[:len(tensors) - len(slots)])


def layer(make, *shapes, call=lambda layer, *x: layer(*x), **options):
    """A case for a layer; options as for `case`. The shapes of the parameters are read off the layer."""
    rebuilt, made = Rebuilt(make, call), make()
    parameters = [getattr(owner, name).shape for owner, name in rebuilt.slots(made)]
    case(f"nn.{type(made).__name__}", rebuilt, *shapes, *parameters, **options)


layer(lambda: nn.Linear(3, 4), (5, 3))
layer(lambda: nn.Linear(3, 1, bias=False), (2, 5, 3))
layer(lambda: nn.Embedding(5, 3), call=lambda e: e(np.array([[1, 1, 4], [0, 2, 1]])), batched=())
layer(lambda: nn.Conv2d(2, 3, 3, stride=2, padding=1), (2, 2, 6, 5))
layer(lambda: nn.Conv2d(2, 3, 2, dilation=2, bias=False), (2, 2, 6, 5))
layer(lambda: nn.MaxPool2d(2), (2, 3, 4, 5))
layer(lambda: nn.AvgPool2d(3, stride=1, padding=1), (2, 3, 4, 5))
layer(lambda: nn.Flatten(), (2, 3, 4))
layer(lambda: nn.Dropout(0.4), (5, 4))
for activation in (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.SiLU, nn.GELU):
    layer(activation, (3, 4))
layer(lambda: nn.BatchNorm1d(3), (5, 3), call=lambda bn, x: bn(x) * np.arange(1, 4))
layer(lambda: nn.BatchNorm1d(3).eval(), (5, 3), note="evaluation")
layer(lambda: nn.BatchNorm2d(2), (3, 2, 4, 3), call=lambda bn, x: bn(x) * np.arange(1, 4))
layer(lambda: nn.BatchNorm2d(2).eval(), (3, 2, 4, 3), note="evaluation")
layer(lambda: nn.LayerNorm(4), (2, 3, 4))


def both(result):
    """All that a recurrent layer returns, as one tensor."""
    output, state = result
    states = state if isinstance(state, tuple) else (state,)
    return companion.concatenate([part.flatten() for part in (output, *states)])


for cell in (nn.RNNCell, nn.GRUCell):
    layer(lambda c=cell: c(3, 4), (5, 3), (5, 4), batched=(0, 1))
    layer(lambda c=cell: c(3, 1), (5, 3))
layer(lambda: nn.LSTMCell(3, 4), (5, 3), (5, 4), (5, 4), batched=(0, 1, 2),
      call=lambda cell, x, h, c: companion.concatenate(cell(x, (h, c)), axis=1))
layer(lambda: nn.LSTMCell(3, 1), (5, 3), call=lambda cell, x: cell(x)[0])
for recurrent in (nn.RNN, nn.GRU):
    layer(lambda r=recurrent: r(3, 4, num_layers=2), (2, 3, 3), call=lambda r, x: both(r(x)))
    layer(lambda r=recurrent: r(3, 2), (2, 3, 3), (1, 2, 2), call=lambda r, x, h: both(r(x, h)), batched=(),
          note="state")
layer(lambda: nn.LSTM(3, 4, num_layers=2), (2, 3, 3), call=lambda r, x: both(r(x)))
layer(lambda: nn.LSTM(3, 2), (2, 3, 3), (1, 2, 2), (1, 2, 2), call=lambda r, x, h, c: both(r(x, (h, c))), batched=(),
      note="state")
layer(lambda: nn.MultiHeadAttention(4, 2), (2, 3, 4))
layer(lambda: nn.MultiHeadAttention(4, 2), (2, 3, 4), (2, 5, 4), (2, 5, 4), batched=(0, 1, 2), note="cross")
layer(lambda: nn.MultiHeadAttention(4, 2, dropout=0.3), (2, 3, 4), call=lambda m, x: m(x, is_causal=True),
      note="causal, dropout")
layer(lambda: nn.PositionalEncoding(4), (2, 3, 4))
layer(lambda: nn.TransformerBlock(4, 2, 6, dropout=0.2), (2, 3, 4))
layer(lambda: nn.TransformerBlock(4, 2, 6, activation="gelu", norm_first=True), (2, 3, 4),
      call=lambda b, x: b(x, is_causal=True), note="norm first, causal")
layer(lambda: nn.TransformerBlock(4, 2, 6, norm_first=True, cross_attention=True), (2, 3, 4), (2, 5, 4), batched=(0, 1),
      note="cross")
layer(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (5, 3))
for make in (nn.MSELoss, nn.L1Loss, nn.HuberLoss):
    layer(make, (3, 4), (3, 4), call=lambda loss, p, t: loss(p, 0.37 * t), batched=(0, 1))
layer(nn.BCEWithLogitsLoss, (3, 4), call=lambda loss, z: loss(z, np.full(z.shape, 0.3)))
layer(nn.CrossEntropyLoss, (5, 4), call=lambda loss, z: loss(z, np.arange(len(z)) % 4))


# ---- the list that must be covered ----

NOT_DIFFERENTIABLE = {
    "Tensor.__init__", "Tensor.__array__", "Tensor.__len__", "Tensor.__repr__", "Tensor.__gt__", "Tensor.__lt__",
    "Tensor.__ge__", "Tensor.__le__", "Tensor.from_op", "Tensor.backward", "Tensor.detach", "Tensor.numpy",
    "Tensor.item", "Tensor.retain_grad", "Tensor.shape", "Tensor.ndim", "Tensor.dtype", "nn.Module",
    "companion.no_grad", "companion.manual_seed", "companion.gradcheck", "companion.numerical_gradient",
    "companion.get_default_dtype", "companion.set_default_dtype", "companion.Tensor", "companion.Parameter",
}


def public_names():
    """Every method of Tensor, function of `functional` and of the package, and class of `nn`."""
    names = {f"Tensor.{name}" for name, value in vars(Tensor).items()
             if callable(value) or isinstance(value, (property, classmethod))}
    names |= {f"F.{name}" for name, value in vars(F).items()
              if inspect.isfunction(value) and value.__module__ == F.__name__ and not name.startswith("_")}
    names |= {f"nn.{name}" for name in nn.__all__ if inspect.isclass(getattr(nn, name))}
    names |= {f"companion.{name}" for name in companion.__all__ if not inspect.ismodule(getattr(companion, name))}
    return names
