"""Tensor methods and functions: the same results and gradients as PyTorch."""
import numpy as np
import pytest

import companion
from companion import Tensor
from companion import functional as F

torch = pytest.importorskip("torch")
TF = torch.nn.functional
MASK = np.tri(4, 5, 1, dtype=bool)
attention = F.scaled_dot_product_attention

# name: (ours, theirs, shapes of the inputs); "positive" inputs where the name ends with +
CASES = {
    "add": (lambda a, b: a + b, lambda a, b: a + b, (3, 4), (4,)),
    "subtract": (lambda a, b: a - b, lambda a, b: a - b, (3, 1), (2, 1, 4)),
    "multiply": (lambda a, b: a * b, lambda a, b: a * b, (3, 4), ()),
    "divide+": (lambda a, b: a / b, lambda a, b: a / b, (3, 4), (3, 1)),
    "constants": (lambda a: 2 - (3 * a + 1) / -4, lambda a: 2 - (3 * a + 1) / -4, (3, 4)),
    "power 3": (lambda a: a ** 3, lambda a: a ** 3, (3, 4)),
    "power -0.5+": (lambda a: a ** -0.5, lambda a: a ** -0.5, (3, 4)),
    "matmul": (lambda a, b: a @ b, lambda a, b: a @ b, (3, 4), (4, 2)),
    "matmul batched": (lambda a, b: a @ b, lambda a, b: a @ b, (5, 1, 3, 4), (2, 4, 6)),
    "matmul vectors": (lambda a, b: a @ b, lambda a, b: a @ b, (4,), (4,)),
    "matmul vector left": (lambda a, b: a @ b, lambda a, b: a @ b, (4,), (2, 4, 3)),
    "exp": (Tensor.exp, torch.exp, (3, 4)),
    "log+": (Tensor.log, torch.log, (3, 4)),
    "sqrt+": (Tensor.sqrt, torch.sqrt, (3, 4)),
    "tanh": (Tensor.tanh, torch.tanh, (3, 4)),
    "sigmoid": (Tensor.sigmoid, torch.sigmoid, (3, 4)),
    "relu": (Tensor.relu, torch.relu, (3, 4)),
    "abs": (Tensor.abs, torch.abs, (3, 4)),
    "clip": (lambda a: a.clip(-0.5, 0.7), lambda a: a.clip(-0.5, 0.7), (3, 4)),
    "sum": (lambda a: a.sum(axis=(0, 2)), lambda a: a.sum(dim=(0, 2)), (2, 3, 4)),
    "mean": (lambda a: a.mean(axis=1, keepdims=True), lambda a: a.mean(dim=1, keepdim=True), (2, 3, 4)),
    "var": (lambda a: a.var(axis=-1), lambda a: a.var(dim=-1, correction=0), (2, 3, 4)),
    "max": (lambda a: a.max(axis=1), lambda a: a.amax(dim=1), (2, 3, 4)),
    "max of ties": (lambda a: a.clip(0, 0.5).max(axis=1), lambda a: a.clip(0, 0.5).amax(dim=1), (5, 9)),
    "reshape": (lambda a: a.reshape(4, -1) ** 2, lambda a: a.reshape(4, -1) ** 2, (2, 3, 4)),
    "flatten": (lambda a: a.flatten(start_axis=1), lambda a: a.flatten(start_dim=1), (2, 3, 4)),
    "transpose": (lambda a: a.transpose(2, 0, 1), lambda a: a.permute(2, 0, 1), (2, 3, 4)),
    "transpose from the end": (lambda a: a.transpose(0, -1, 1), lambda a: a.permute(0, -1, 1), (2, 3, 4)),
    "T": (lambda a: a.T, lambda a: a.T, (3, 4)),
    "swapaxes": (lambda a: a.swapaxes(0, -1), lambda a: a.swapaxes(0, -1), (2, 3, 4)),
    "index": (lambda a: a[1:, None, 2], lambda a: a[1:, None, 2], (3, 4)),
    "index twice": (lambda a: a[[0, 2, 0]], lambda a: a[[0, 2, 0]], (3, 4)),
    "concatenate": (lambda a, b: companion.concatenate([a, b], axis=1), lambda a, b: torch.cat([a, b], dim=1),
                    (3, 4), (3, 2)),
    "stack": (lambda a, b: companion.stack([a, b], axis=-1), lambda a, b: torch.stack([a, b], dim=-1), (3, 4), (3, 4)),
    "where": (lambda a, b: companion.where(MASK, a, b), lambda a, b: torch.where(torch.tensor(MASK), a, b),
              (4, 5), (5,)),
    "linear": (F.linear, TF.linear, (2, 5, 3), (4, 3), (4,)),
    "embedding": (lambda w: F.embedding([[1, 1, 0], [3, 1, 0]], w),
                  lambda w: TF.embedding(torch.tensor([[1, 1, 0], [3, 1, 0]]), w), (5, 3)),
    "dropout in evaluation": (lambda a: F.dropout(a, 0.5, False) * 2, lambda a: TF.dropout(a, 0.5, False) * 2, (3, 4)),
    "leaky_relu": (lambda a: F.leaky_relu(a, 0.2), lambda a: TF.leaky_relu(a, 0.2), (3, 4)),
    "elu": (lambda a: F.elu(a, 1.3), lambda a: TF.elu(a, 1.3), (3, 4)),
    "silu": (F.silu, TF.silu, (3, 4)),
    "gelu": (F.gelu, lambda a: TF.gelu(a, approximate="tanh"), (3, 4)),
    "softmax": (lambda a: F.softmax(a, axis=1), lambda a: TF.softmax(a, dim=1), (2, 3, 4)),
    "log_softmax": (F.log_softmax, lambda a: TF.log_softmax(a, dim=-1), (3, 4)),
    "layer_norm": (F.layer_norm, lambda x, w, b: TF.layer_norm(x, (4,), w, b), (2, 3, 4), (4,), (4,)),
    "layer_norm plain": (lambda x: F.layer_norm(x, eps=1e-3), lambda x: TF.layer_norm(x, (4,), eps=1e-3), (2, 3, 4)),
    "scaled_dot_product_attention": (attention, TF.scaled_dot_product_attention, (2, 3, 4, 6), (2, 3, 5, 6),
                                     (2, 3, 5, 7)),
    "attention causal": (lambda *x: attention(*x, is_causal=True),
                         lambda *x: TF.scaled_dot_product_attention(*x, is_causal=True),
                         (2, 4, 6), (2, 4, 6), (2, 4, 6)),
    "attention masked": (lambda *x: attention(*x, MASK),
                         lambda *x: TF.scaled_dot_product_attention(*x, torch.tensor(MASK)),
                         (2, 4, 6), (2, 5, 6), (2, 5, 6)),
    "conv2d": (F.conv2d, TF.conv2d, (2, 3, 7, 6), (4, 3, 3, 2), (4,)),
    "conv2d strided": (lambda *x: F.conv2d(*x, stride=2, padding=1), lambda *x: TF.conv2d(*x, stride=2, padding=1),
                       (2, 3, 7, 6), (4, 3, 3, 2), (4,)),
    "conv2d dilated": (lambda x, w: F.conv2d(x, w, dilation=2), lambda x, w: TF.conv2d(x, w, dilation=2),
                       (2, 3, 7, 6), (4, 3, 3, 2)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2), lambda x: TF.max_pool2d(x, 2), (2, 3, 7, 6)),
    "max_pool2d padded": (lambda x: F.max_pool2d(x, 3, 2, 1), lambda x: TF.max_pool2d(x, 3, 2, 1), (2, 3, 7, 6)),
    "max_pool2d of ties": (lambda x: F.max_pool2d(x.clip(0, 0.1), 2), lambda x: TF.max_pool2d(x.clip(0, 0.1), 2),
                           (2, 3, 6, 6)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 2), lambda x: TF.avg_pool2d(x, 2), (2, 3, 7, 6)),
    "avg_pool2d padded": (lambda x: F.avg_pool2d(x, 3, 2, 1), lambda x: TF.avg_pool2d(x, 3, 2, 1), (2, 3, 7, 6)),
}


@pytest.mark.parametrize("name", CASES)
def test_operation(name, agree, draw):
    ours, theirs, *shapes = CASES[name]
    arrays = [np.abs(draw(*shape)) + 0.5 if name.endswith("+") else draw(*shape) for shape in shapes]
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    other = [torch.tensor(array, requires_grad=True) for array in arrays]
    out, expected = ours(*mine), theirs(*other)
    agree(out.data, expected.detach().numpy())
    g = draw(*out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    for i, (a, b) in enumerate(zip(mine, other, strict=True)):
        agree(a.grad, b.grad.numpy(), f"gradient of input {i}")


def test_every_function_has_a_case():
    functions = {name for name, value in vars(F).items()
                 if getattr(value, "__module__", None) == F.__name__ and not name.startswith("_")}
    assert functions <= {name.split()[0] for name in (*CASES, *LOSSES)}


def integers(*shape):
    return np.random.default_rng(1).integers(0, 4, shape)


LOSSES = {
    "mse_loss": (F.mse_loss, TF.mse_loss, (5, 3), lambda draw: draw(5, 3)),
    "l1_loss": (F.l1_loss, TF.l1_loss, (5, 3), lambda draw: draw(5, 3)),
    "huber_loss": (lambda *a, **k: F.huber_loss(*a, delta=0.7, **k), lambda *a, **k: TF.huber_loss(*a, delta=0.7, **k),
                   (5, 3), lambda draw: draw(5, 3)),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, TF.binary_cross_entropy_with_logits,
                                         (5, 3), lambda draw: 1 / (1 + draw(5, 3) ** 2)),
    "cross_entropy": (F.cross_entropy, TF.cross_entropy, (5, 4), lambda draw: integers(5)),
    "cross_entropy of extremes": (lambda z, t, **k: F.cross_entropy(z * 1e3, t, **k),
                                  lambda z, t, **k: TF.cross_entropy(z * 1e3, t, **k), (5, 4),
                                  lambda draw: integers(5)),
    "cross_entropy ignoring": (lambda *a, **k: F.cross_entropy(*a, ignore_index=2, **k),
                               lambda *a, **k: TF.cross_entropy(*a, ignore_index=2, **k), (9, 4),
                               lambda draw: integers(9)),
    "cross_entropy of probabilities": (F.cross_entropy, TF.cross_entropy, (5, 4),
                                       lambda draw: np.tanh(draw(5, 4)) ** 2 / 4),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, reduction, agree, draw):
    ours, theirs, shape, make_target = LOSSES[name]
    array, target = draw(*shape), make_target(draw)
    mine, other = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    out, expected = ours(mine, target, reduction=reduction), theirs(other, torch.tensor(target), reduction=reduction)
    agree(out.data, expected.detach().numpy())
    g = draw(*out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(mine.grad, other.grad.numpy(), "gradient")


def test_cross_entropy_over_time(agree, draw):
    """PyTorch has the classes on axis 1, companion on the last."""
    array, target = draw(2, 5, 4), integers(2, 5)
    mine, other = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    out, expected = F.cross_entropy(mine, target), TF.cross_entropy(other.swapaxes(1, 2), torch.tensor(target))
    agree(out.data, expected.detach().numpy())
    out.backward()
    expected.backward()
    agree(mine.grad, other.grad.numpy(), "gradient")
