"""Operations without parameters of their own; the layers of `companion.nn` call these.

Images have the axes (batch, channels, height, width); shapes are written n, c, h, w; an output o, oh, ow; a kernel
kh, kw. Every function takes and returns tensors, raises ValueError for shapes that do not fit, and is differentiable.
"""
import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .rng import get_rng
from .tensor import Tensor, _operands, as_tensor, unbroadcast


def linear(x, weight, bias=None):
    """x @ weight.T + bias in one step: x (..., in), weight (out, in), bias (out,) -> (..., out)."""
    weight, x = _operands(weight, x)
    if weight.ndim != 2 or x.shape[-1:] != weight.shape[1:]:
        raise ValueError(f"linear expects x of shape (..., {weight.shape[-1]}), got {x.shape}")
    _check_bias(bias, weight, "linear")
    n_out, n_in = weight.shape
    rows = x.data.reshape(-1, n_in)
    out = rows.dot(weight.data.T)  # for two matrices the same as @, with half the overhead
    if bias is not None:
        out += bias.data

    def backward(g):
        g = g.reshape(-1, n_out)
        g_x = g.dot(weight.data).reshape(x.shape) if x.requires_grad else None
        g_weight = g.T.dot(rows)
        return (g_x, g_weight) if bias is None else (g_x, g_weight, _column_sums(g))

    parents = (x, weight) if bias is None else (x, weight, bias)
    return Tensor.from_op(out if x.ndim == 2 else out.reshape(*x.shape[:-1], n_out), parents, backward)


_ones = lru_cache(maxsize=8)(np.ones)  # kept: to make them takes as long as to multiply by them


def _column_sums(rows):
    """(m, n) -> (n,), as a product with ones: NumPy's own sum takes two to four times as long for short rows."""
    return _ones(len(rows), rows.dtype).dot(rows)


def _row_sums(x):
    """(..., n) -> (..., 1), likewise."""
    return x @ _ones((x.shape[-1], 1), x.dtype)


def _check_bias(bias, weight, name):
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"{name} expects a bias of shape {weight.shape[:1]}, got {bias.shape}")


def embedding(indices, weight):
    """Rows of weight (rows, features) at the integer indices (...) -> (..., features)."""
    indices = _integers(indices, len(weight), "embedding", "indices")

    def backward(g):
        out = np.zeros_like(weight.data)
        order = np.argsort(indices, axis=None, kind="stable")  # equal indices side by side: faster than np.add.at
        rows, first = np.unique(indices.ravel()[order], return_index=True)
        if len(rows):
            out[rows] = np.add.reduceat(g.reshape(-1, weight.shape[1])[order], first)
        return (out,)

    return Tensor.from_op(weight.data[indices], (weight,), backward)


def dropout(x, p=0.5, training=True, rng=None):
    """Set each element to 0 with probability p in [0, 1) and divide the others by 1 - p (Srivastava et al., 2014)."""
    _check_probability(p)
    if not training or p == 0:
        return x
    mask = _dropout_mask(x, p, rng)
    return Tensor.from_op(x.data * mask, (x,), lambda g: (g * mask,))


def _check_probability(p):
    if not 0 <= p < 1:
        raise ValueError(f"dropout expects a probability 0 <= p < 1, got {p}")


def _dropout_mask(x, p, rng):
    return (get_rng(rng).random(x.shape, np.float32) >= p).astype(x.dtype) / (1 - float(p))


# ---- activations (relu, tanh and sigmoid are methods of Tensor) ----

def leaky_relu(x, negative_slope=0.01):
    """x where it is positive, negative_slope * x elsewhere (Maas et al., 2013)."""
    slope = np.where(x.data > 0, 1, negative_slope).astype(x.dtype)
    return Tensor.from_op(x.data * slope, (x,), lambda g: (g * slope,))


def elu(x, alpha=1.0):
    """x where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al., 2016)."""
    alpha = float(alpha)  # a NumPy float64 would make float64 of float32
    negative = alpha * np.expm1(np.minimum(x.data, 0))
    slope = np.where(x.data > 0, 1, negative + alpha).astype(x.dtype)
    return Tensor.from_op(np.maximum(x.data, 0) + negative, (x,), lambda g: (g * slope,))


def silu(x):
    """x * sigmoid(x), also called swish (Elfwing et al., 2018)."""
    return x * x.sigmoid()


def gelu(x):
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): the tanh form of GELU (Hendrycks and Gimpel, 2016)."""
    z, c = x.data, math.sqrt(2 / math.pi)
    s = z * z  # large arrays are changed in place: a new one for each step would take a third longer
    s *= 0.044715 * c
    s += c
    s *= z
    s = np.tanh(s)
    s += 1
    s *= 0.5
    out = z * s

    def backward(g):
        slope = z * z  # s + out (1 - s) 2 c (1 + 3 * 0.044715 z^2)
        slope *= 6 * 0.044715 * c
        slope += 2 * c
        slope *= out
        slope *= 1 - s
        slope += s
        slope *= g
        return (slope,)

    return Tensor.from_op(out, (x,), backward)


def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`; the maximum is subtracted first, so that nothing overflows."""
    _check_axis(x, axis, "softmax")
    p = x.data - x.data.max(axis, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis, keepdims=True)
    return Tensor.from_op(p, (x,), lambda g: (p * (g - (g * p).sum(axis, keepdims=True)),))


def _check_axis(x, axis, name):
    if not -x.ndim <= axis < x.ndim or not x.shape[axis]:
        raise ValueError(f"{name} needs at least one element along axis {axis}, got shape {x.shape}")


def log_softmax(x, axis=-1):
    """log(softmax(x)), finite even where a probability is too small for a floating-point number."""
    _check_axis(x, axis, "log_softmax")
    z = x.data - x.data.max(axis, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis, keepdims=True))
    return Tensor.from_op(log_p, (x,), lambda g: (g - np.exp(log_p) * g.sum(axis, keepdims=True),))


# ---- losses: the mean over the batch, or the sum, or (reduction="none") each ----

def _reduce(losses, parents, backward, reduction):
    """An array of losses, their mean or their sum, as one operation with what gave the losses.

    backward: as for `Tensor.from_op`, but g may be one number, the gradient of every loss.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    if reduction == "none":
        return Tensor.from_op(losses, parents, backward)
    if reduction == "sum":
        return Tensor.from_op(losses.sum(), parents, backward)
    count = losses.size
    if not count:
        raise ValueError("a mean loss needs at least one example, got an empty batch")

    def mean_backward(g):
        return backward(g / count)

    mean_backward.__qualname__ = backward.__qualname__  # plots.graph takes the name of the operation from it
    return Tensor.from_op(losses.sum() / count, parents, mean_backward)


def _error_loss(prediction, target, reduction, name, loss, slope):
    """The same for losses of prediction - target, tensors of one shape: loss and slope, its derivative, take arrays."""
    prediction, target = _operands(prediction, target)
    if prediction.shape != target.shape:
        raise ValueError(f"{name} expects two tensors of one shape, got {prediction.shape} and {target.shape}")
    error = prediction.data - target.data

    def backward(g):
        g = g * slope(error)
        return g, -g if target.requires_grad else None

    backward.__qualname__ = name
    return _reduce(loss(error), (prediction, target), backward, reduction)


def mse_loss(prediction, target, reduction="mean"):
    """Squared error (prediction - target)^2, tensors of one shape."""
    return _error_loss(prediction, target, reduction, "mse_loss", lambda e: e * e, lambda e: 2 * e)


def l1_loss(prediction, target, reduction="mean"):
    """Absolute error |prediction - target|, tensors of one shape."""
    return _error_loss(prediction, target, reduction, "l1_loss", np.abs, np.sign)


def huber_loss(prediction, target, delta=1.0, reduction="mean"):
    """Quadratic up to an error of delta, linear beyond (Huber, 1964)."""
    if delta <= 0:
        raise ValueError(f"huber_loss expects delta > 0, got {delta}")
    delta = float(delta)  # a NumPy float64 would make float64 of float32

    def loss(e):
        return np.where(np.abs(e) <= delta, 0.5 * e * e, delta * (np.abs(e) - 0.5 * delta))

    return _error_loss(prediction, target, reduction, "huber_loss", loss, lambda e: np.clip(e, -delta, delta))


def binary_cross_entropy_with_logits(logits, target, reduction="mean"):
    """-log of the probability that sigmoid(logits) gives to target (0 to 1, same shape), without overflow."""
    target = as_tensor(target, logits.dtype).data
    if logits.shape != target.shape:
        raise ValueError(f"binary_cross_entropy_with_logits expects one shape, got {logits.shape} and {target.shape}")
    _check_probabilities(target)
    target, z = target.astype(logits.dtype), logits.data
    losses = np.maximum(z, 0) - z * target + np.log1p(np.exp(-np.abs(z)))
    return _reduce(losses, (logits,), lambda g: (g * (0.5 * (1 + np.tanh(0.5 * z)) - target),), reduction)


def _check_probabilities(target):
    if target.size and not (0 <= target.min() and target.max() <= 1):
        raise ValueError(f"targets must lie in [0, 1], got {target.min()} to {target.max()}")


def cross_entropy(logits, target, ignore_index=-100, reduction="mean"):
    """-log of the probability that softmax(logits) gives to the target.

    logits: (..., classes), the classes on the last axis. target: class indices (...), where `ignore_index` marks
    places that do not count; or probabilities (..., classes). Softmax and logarithm are one step: nothing
    overflows, and the gradient is softmax(logits) - one_hot(target).
    """
    if logits.ndim < 1 or not logits.shape[-1]:
        raise ValueError(f"cross_entropy expects logits of shape (..., classes), got {logits.shape}")
    target = np.asarray(target)
    if target.dtype.kind == "f":
        if target.shape != logits.shape:
            raise ValueError(f"cross_entropy expects integer targets of shape {logits.shape[:-1]} or probabilities of "
                             f"shape {logits.shape}, got {target.dtype} of shape {target.shape}")
        _check_probabilities(target)
        losses = -(log_softmax(logits) * target).sum(axis=-1)
        return _reduce(losses.data, (losses,), lambda g: (np.broadcast_to(g, losses.shape),), reduction)
    if target.shape != logits.shape[:-1]:
        raise ValueError(f"cross_entropy expects targets of shape {logits.shape[:-1]}, got {target.shape}")
    kept = np.flatnonzero(target.reshape(-1) != ignore_index)
    labels = _integers(target.reshape(-1)[kept], logits.shape[-1], "cross_entropy", "targets")
    flat = logits.data.reshape(-1, logits.shape[-1])
    z = flat if len(kept) == len(flat) else flat[kept]
    rows, z = np.arange(len(z)), z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = _row_sums(e)

    def backward(g):
        p = e / total
        p[rows, labels] -= 1
        p *= g if reduction != "none" else g.reshape(-1)[kept][:, None]
        if len(kept) == len(flat):
            return (p.reshape(logits.shape),)
        out = np.zeros_like(flat)
        out[kept] = p
        return (out.reshape(logits.shape),)

    losses = np.log(total[:, 0]) - z[rows, labels]
    if reduction == "none":
        everywhere = np.zeros(len(flat), losses.dtype)
        everywhere[kept] = losses
        return Tensor.from_op(everywhere.reshape(target.shape), (logits,), backward)
    return _reduce(losses, (logits,), backward, reduction)


def _integers(values, classes, name, what):
    """`values` as an array of integers in [0, classes), or an error that says what came."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu" and values.size:
        raise ValueError(f"{name} expects integer {what}, got dtype {values.dtype}")
    if values.size and not (0 <= values.min() and values.max() < classes):
        raise ValueError(f"{name} expects {what} from 0 to {classes - 1}, got {values.min()} to {values.max()}")
    return values.astype(np.intp, copy=False)


# ---- normalization and attention ----

def layer_norm(x, weight=None, bias=None, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) along the last axis, times weight, plus bias (Ba et al., 2016)."""
    if not x.ndim or not x.shape[-1]:
        raise ValueError(f"layer_norm needs features on the last axis, got shape {x.shape}")
    for name, parameter in ("weight", weight), ("bias", bias):
        if parameter is not None and parameter.shape != x.shape[-1:]:
            raise ValueError(f"layer_norm: the {name} has shape {parameter.shape}, x has {x.shape[-1]} features")
    n = x.shape[-1]
    normalized = x.data - _row_sums(x.data) / n
    inverse = 1 / np.sqrt(_row_sums(normalized * normalized) / n + float(eps))
    normalized *= inverse
    out = normalized if weight is None else normalized * weight.data
    out = out if bias is None else out + bias.data

    def backward(g):
        parameters = []
        if weight is not None:
            parameters.append(_column_sums((g * normalized).reshape(-1, n)))
        if bias is not None:
            parameters.append(_column_sums(g.reshape(-1, n)))
        g = g if weight is None else g * weight.data
        g_x = g - _row_sums(g) / n
        g_x -= normalized * (_row_sums(g * normalized) / n)
        g_x *= inverse
        return g_x, *parameters

    return Tensor.from_op(out, tuple(p for p in (x, weight, bias) if p is not None), backward)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False,
                                 rng=None, need_weights=False):
    """softmax(query @ key^T / sqrt(d)) @ value (Vaswani et al., 2017).

    query (..., t, d), key (..., s, d), value (..., s, e) -> (..., t, e). attn_mask: booleans that broadcast to
    (..., t, s), True where a query may look; is_causal: query i may look at keys 0 to i only. With need_weights the
    result is (output, weights), the weights (..., t, s) a plain array. A query that may look nowhere: ValueError.
    """
    if (min(query.ndim, key.ndim, value.ndim) < 2 or not query.shape[-1] or query.shape[-1] != key.shape[-1]
            or key.shape[-2] != value.shape[-2]):
        raise ValueError("attention expects query (..., t, d), key (..., s, d), value (..., s, e), got "
                         f"{query.shape}, {key.shape}, {value.shape}")
    _check_probability(dropout_p)
    scale = 1 / math.sqrt(query.shape[-1])
    scaled = query.data * scale
    scores = _product(scaled, key.data)
    mask = np.tri(*scores.shape[-2:], dtype=bool) if is_causal else None
    if attn_mask is not None:
        allowed = np.asarray(attn_mask)
        if allowed.dtype != bool:
            raise ValueError(f"attn_mask must be boolean, True where a query may look, got dtype {allowed.dtype}")
        if np.broadcast_shapes(allowed.shape, scores.shape) != scores.shape:
            raise ValueError(f"attn_mask must broadcast to {scores.shape}, got {allowed.shape}")
        mask = allowed if mask is None else mask & allowed
    if mask is not None:
        if not mask.any(axis=-1).all():
            raise ValueError("attention: the mask leaves a query without any key to look at")
        np.copyto(scores, -np.inf, where=~mask)
    _check_axis(scores, -1, "softmax")
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores, out=scores)
    weights *= 1 / _row_sums(weights)
    keep = _dropout_mask(weights, dropout_p, rng) if dropout_p else None
    used = weights if keep is None else weights * keep
    out = used @ value.data

    def backward(g):
        g_scores = _product(g, value.data)  # now of the weights, below of the scores
        if keep is not None:
            g_scores *= keep
        g_scores -= _row_sums(g * out)  # the same as the sums of g_scores * weights, over fewer numbers
        g_scores *= weights
        return (unbroadcast(g_scores @ key.data * scale, query.shape),
                unbroadcast(g_scores.swapaxes(-1, -2) @ scaled, key.shape),
                unbroadcast(used.swapaxes(-1, -2) @ g, value.shape))

    result = Tensor.from_op(out, (query, key, value), backward)
    return (result, weights) if need_weights else result


def _product(a, b):
    """a @ b^T, the transpose of which lies in memory: maxima along the last axis are three times faster so."""
    return (b @ np.ascontiguousarray(a.swapaxes(-1, -2))).swapaxes(-1, -2)  # without the copy BLAS takes longer


# ---- convolution and pooling: inside, channels come last, so that a window's row is one piece of memory ----

def _channels_last(x, padding=0, value=0.0):
    """(n, c, h, w) -> (n, h + 2 * padding, w + 2 * padding, c), with `value` all around."""
    x = x.transpose(0, 2, 3, 1)
    if not padding:
        return np.ascontiguousarray(x)
    n, h, w, c = x.shape
    out = np.full((n, h + 2 * padding, w + 2 * padding, c), value, x.dtype)
    out[:, padding:padding + h, padding:padding + w] = x
    return out


def _channels_first(x, padding=0):
    """The way back: (n, h + 2 * padding, w + 2 * padding, c) -> (n, c, h, w)."""
    _, h, w, _ = x.shape
    return x[:, padding:h - padding, padding:w - padding].transpose(0, 3, 1, 2)


def _windows(images, kernel, stride, dilation=1):
    """All windows of images (n, h, w, c): (n, oh, ow, kh, kw, c), a view; write to it where windows do not overlap."""
    reach = tuple(dilation * (k - 1) + 1 for k in kernel)
    if reach[0] > images.shape[1] or reach[1] > images.shape[2]:
        raise ValueError(f"a window of {reach[0]} x {reach[1]} does not fit into an image of {images.shape[1:3]}")
    view = sliding_window_view(images, reach, axis=(1, 2), writeable=True)
    return view[:, ::stride, ::stride, :, ::dilation, ::dilation].transpose(0, 1, 2, 4, 5, 3)


def _rows(windows):
    """The windows, each as a row: (windows, kh * kw * c), for as many images at a time as make about a megabyte.

    Yields a slice of images and their rows. What is longer, a row of a window or of the image, is copied in one go.
    """
    _, oh, ow, kh, kw, c = windows.shape
    size = kh * kw * c
    step = max(1, 2 ** 18 // (oh * ow * size))
    for first in range(0, len(windows), step):
        part = windows[first:first + step]
        yield slice(first, first + step), (part.reshape(-1, size) if kw * c >= ow else
                                           part.transpose(3, 4, 5, 0, 1, 2).reshape(size, -1).T)


def _correlate(windows, kernels, bias=None):
    """Each window times each kernel, plus bias: (n, oh, ow, kh, kw, c), (kh, kw, c, o), (o,) -> (n, oh, ow, o)."""
    n, oh, ow = windows.shape[:3]
    o = kernels.shape[-1]
    out, matrix = np.empty((n, oh, ow * o), windows.dtype), kernels.reshape(-1, o)
    whole_row = None if bias is None else np.tile(bias, ow)  # a long addition is faster than many short ones
    for images, rows in _rows(windows):
        part = out[images]
        np.matmul(rows, matrix, out=part.reshape(-1, o))
        if bias is not None:
            part += whole_row
    return out.reshape(n, oh, ow, o)


def _check_images(x, name, stride, padding, dilation=1):
    if x.ndim != 4 or x.dtype.kind != "f":
        raise ValueError(f"{name} expects floating-point images of shape (batch, channels, height, width), "
                         f"got {x.dtype} of shape {x.shape}")
    if stride < 1 or padding < 0 or dilation < 1:
        raise ValueError(f"{name} expects stride, dilation >= 1, padding >= 0, got {stride}, {dilation}, {padding}")


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """Cross-correlate x (n, c, h, w) with weight (o, c, kh, kw), add bias (o,) -> (n, o, oh, ow).

    oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1. Each window becomes a row, and the convolution a
    matrix product. The gradient of x is one more convolution: of g, its pixels `stride` apart and zeros around them,
    with the kernels turned by half a circle.
    """
    weight, x = _operands(weight, x)
    _check_images(x, "conv2d", stride, padding, dilation)
    if weight.ndim != 4 or weight.shape[1] != x.shape[1]:
        raise ValueError(f"conv2d: x has {x.shape[1]} channels, the weight {weight.shape} expects (out, in, kh, kw)")
    _check_bias(bias, weight, "conv2d")
    o, c, kh, kw = weight.shape
    kernels = weight.data.transpose(2, 3, 1, 0)
    images = _channels_last(x.data, padding)
    windows = _windows(images, (kh, kw), stride, dilation)
    out = _correlate(windows, kernels, None if bias is None else bias.data)

    def backward(g):
        g = _channels_last(g)
        g_matrix, g_bias = np.zeros((kh * kw * c, o), g.dtype), np.zeros(o, g.dtype)
        for part, rows in _rows(windows):
            g_rows = g[part].reshape(-1, o)
            g_matrix += rows.T @ g_rows
            g_bias += _column_sums(g_rows)
        g_weight = g_matrix.reshape(kh, kw, c, o).transpose(3, 2, 0, 1)
        g_x = None
        if x.requires_grad:
            n, h, w, _ = images.shape
            top, left = dilation * (kh - 1), dilation * (kw - 1)
            spread = np.zeros((n, h + top, w + left, o), g.dtype)
            spread[:, top:h:stride, left:w:stride][:, :g.shape[1], :g.shape[2]] = g
            spread = spread[:, padding:h + top - padding, padding:w + left - padding]  # the padding needs no gradient
            turned = kernels[::-1, ::-1].swapaxes(2, 3)
            g_x = _channels_first(_correlate(_windows(spread, (kh, kw), 1, dilation), turned))
        return (g_x, g_weight) if bias is None else (g_x, g_weight, g_bias)

    parents = (x, weight) if bias is None else (x, weight, bias)
    return Tensor.from_op(_channels_first(out), parents, backward)


def _prepare_pool(x, name, kernel_size, stride, padding, value):
    """The images with `value` around them, and a function from such images to views of them: the first element of
    every window, the second of every window, and so on.
    """
    _check_images(x, name, stride, padding)
    if kernel_size < 1 or 2 * padding > kernel_size:  # else a window could consist of padding alone
        raise ValueError(f"{name} expects padding of at most half the kernel size, got {padding} and {kernel_size}")

    def elements(images):
        windows = _windows(images, (kernel_size, kernel_size), stride)
        return [windows[:, :, :, i, j] for i in range(kernel_size) for j in range(kernel_size)]

    return _channels_last(x.data, padding, value), elements


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """The largest value in each window; in a tie the first takes the gradient. stride: kernel_size if None."""
    stride = kernel_size if stride is None else stride
    images, elements = _prepare_pool(x, "max_pool2d", kernel_size, stride, padding, -np.inf)
    shape, (first, *others) = images.shape, elements(images)
    best, winner = first.copy(), np.zeros(first.shape, np.min_scalar_type(kernel_size ** 2))
    for k, values in enumerate(others, 1):
        np.maximum(winner, (values > best) * winner.dtype.type(k), out=winner)
        np.maximum(best, values, out=best)

    def backward(g):
        g, g_x = _channels_last(g), np.zeros(shape, g.dtype)
        for k, values in enumerate(elements(g_x)):
            if stride < kernel_size:
                values += g * (winner == k)
            else:  # no pixel lies in two windows
                np.multiply(g, winner == k, out=values)
        return (_channels_first(g_x, padding),)

    return Tensor.from_op(_channels_first(best), (x,), backward)


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    """The mean of each window; padding counts as zeros. stride: kernel_size if None."""
    stride = kernel_size if stride is None else stride
    images, elements = _prepare_pool(x, "avg_pool2d", kernel_size, stride, padding, 0.0)
    shape, out = images.shape, sum(elements(images)) / kernel_size ** 2

    def backward(g):
        share, g_x = _channels_last(g) / kernel_size ** 2, np.zeros(shape, g.dtype)
        for values in elements(g_x):
            values += share
        return (_channels_first(g_x, padding),)

    return Tensor.from_op(_channels_first(out), (x,), backward)
