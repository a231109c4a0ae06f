"""Exercises of the chapter "Optimization challenges"."""
import math

import numpy as np

from .core import Case, Chapter, progress

__all__ = ["batch_norm_images", "chapter", "clip_together", "fit_line", "first_bad", "progress", "signal_sizes",
           "starting_std", "track"]

chapter = Chapter("optimization_challenges", title="Optimization challenges")


# ---- 1. Starting weights ----

@chapter.exercise(stars=1, title="Starting weights", hints=(
    "Each unit adds up fan_in products. For which variance of the weights does their sum keep the mean square of the "
    "inputs?",
    "A Leaky ReLU keeps the positive half as it is and multiplies the negative half by the slope: of the mean square, "
    "(1 + slope²) / 2 is left. Set fan_in · variance · (1 + slope²) / 2 to 1.",
    "fan_in is `math.prod(shape[1:])`, all axes but the first. The standard deviation is the square root of "
    "2 / ((1 + slope²) · fan_in).",
), praise="Slope 0 is He's rule for ReLU; slope 1 is no activation function at all, and the 2 is gone.")
def starting_std(shape, negative_slope):
    """The standard deviation of weights (out, in, ...) that keeps the mean square through Leaky ReLU layers."""
    fan_in = math.prod(shape[1:])
    return math.sqrt(2 / ((1 + negative_slope**2) * fan_in))


@starting_std.cases
def _(rng):
    yield Case(((7, 3), 0.0), "ReLU")
    yield Case(((4, 6), 0.2), "Leaky ReLU")
    yield Case(((5, 3, 2, 4), 0.0), "a convolution (out, in, height, width)")
    yield Case(((2, 9), 1.0), "no activation function")
    yield Case(((6, 2, 3, 3), 0.5), "a convolution before a Leaky ReLU")


@starting_std.wrong("You counted the connections out of a unit. Its sum runs over the connections into it: fan_in.")
def by_fan_out(shape, negative_slope):
    return math.sqrt(2 / ((1 + negative_slope**2) * shape[0] * math.prod(shape[2:])))


@starting_std.wrong("This is the variance. The standard deviation is its square root.")
def variance(shape, negative_slope):
    return 2 / ((1 + negative_slope**2) * math.prod(shape[1:]))


@starting_std.wrong("For a convolution the window counts too: each unit reads in · height · width numbers.")
def window_forgotten(shape, negative_slope):
    return math.sqrt(2 / ((1 + negative_slope**2) * shape[1]))


@starting_std.wrong("The negative half is not lost: with the slope a it leaves a² of its mean square.")
def slope_forgotten(shape, negative_slope):
    return math.sqrt(2 / math.prod(shape[1:]))


@starting_std.wrong("The slope multiplies the signal, so the mean square gets the slope squared.")
def slope_not_squared(shape, negative_slope):
    return math.sqrt(2 / ((1 + negative_slope) * math.prod(shape[1:])))


@starting_std.wrong("The 2 is missing: a ReLU throws half of the mean square away, and the weights must make up for "
                    "it.")
def without_two(shape, negative_slope):
    return math.sqrt(1 / ((1 + negative_slope**2) * math.prod(shape[1:])))


@starting_std.wrong("This is the rule of Xavier with both fans. Here only the forward pass matters: fan_in.")
def xavier(shape, negative_slope):
    return math.sqrt(2 / (math.prod(shape[2:]) * (shape[0] + shape[1])))


@starting_std.wrong("The slope belongs below the fraction: what it lets through makes larger weights unnecessary.")
def slope_above(shape, negative_slope):
    return math.sqrt(2 * (1 + negative_slope**2) / math.prod(shape[1:]))


@starting_std.wrong("You multiplied all axes. The first one counts the units of the layer; one unit's sum has no part "
                    "of it.")
def all_axes(shape, negative_slope):
    return math.sqrt(2 / ((1 + negative_slope**2) * math.prod(shape)))


@starting_std.wrong("You read the number of inputs off the last axis. For a convolution that is the window's width: "
                    "the inputs of a unit are all axes but the first.")
def last_axis(shape, negative_slope):
    return math.sqrt(2 / ((1 + negative_slope**2) * shape[-1]))


@starting_std.wrong("This is the bound of a uniform distribution, √3 times as large as its standard deviation.")
def uniform_bound(shape, negative_slope):
    return math.sqrt(6 / ((1 + negative_slope**2) * math.prod(shape[1:])))


# ---- 2. Sizes on the way back ----

@chapter.exercise(stars=2, title="Sizes on the way back", hints=(
    "Start with the signal of the last layer. One step back is a product with a matrix, then a mask. Which of the "
    "matrices, and whose mask?",
    "`weights[l]` leads from layer l - 1 to layer l, so the way back is `delta @ weights[l]`. The slope is that of the "
    "layer where you arrive: `zs[l - 1] > 0`.",
    "Loop `for l in range(len(zs) - 1, 0, -1)`, take `delta = (delta @ weights[l]) * (zs[l - 1] > 0)`, put its root "
    "mean square in front of the list.",
), praise="Divide neighbors in this list, and you have the factor of each layer: far from 1, and depth will punish it.")
def signal_sizes(weights, zs, delta):
    """The root mean square of the error signal of each ReLU layer, first layer first: (layers,)."""
    sizes = [np.sqrt(np.mean(delta**2))]
    for layer in range(len(zs) - 1, 0, -1):
        delta = (delta @ weights[layer]) * (zs[layer - 1] > 0)
        sizes.insert(0, np.sqrt(np.mean(delta**2)))
    return np.array(sizes)


def _layers(rng, n, sizes, scale=1.0):
    weights = [scale * rng.normal(size=(o, i)) for i, o in zip(sizes, sizes[1:], strict=False)]
    zs = [rng.normal(size=(n, o)) for o in sizes[1:]]
    return weights, zs, rng.normal(size=(n, sizes[-1]))


@signal_sizes.cases
def _(rng):
    yield Case(_layers(rng, 5, (3, 4, 6, 2)), "three layers of different widths")
    yield Case(_layers(rng, 7, (4, 4, 4, 4, 4)), "four layers of one width")
    yield Case(_layers(rng, 3, (5, 2)), "a single layer")
    yield Case(_layers(rng, 4, (6, 5, 5, 5, 5, 5, 5), scale=3.0), "six layers with large weights")


def _sizes_back(weights, zs, delta, step, size=lambda d: np.sqrt(np.mean(d**2))):
    sizes = [size(delta)]
    for layer in range(len(zs) - 1, 0, -1):
        delta = step(delta, layer)
        sizes.insert(0, size(delta))
    return np.array(sizes)


@signal_sizes.wrong("The sizes are right, but the last layer stands first. The first entry belongs to the first layer.")
def last_first(weights, zs, delta):
    return signal_sizes.reference(weights, zs, delta)[::-1]


@signal_sizes.wrong("The slopes are missing: where z is not positive, ReLU lets nothing back.")
def without_slopes(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: d @ weights[k])


@signal_sizes.wrong("You multiply by the activations. The way back takes the slope of ReLU, which is 1 or 0.")
def activations_as_slopes(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: (d @ weights[k]) * np.maximum(zs[k - 1], 0))


@signal_sizes.wrong("The mask is that of the wrong half: the gradient passes where z is positive.")
def wrong_half(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: (d @ weights[k]) * (zs[k - 1] <= 0))


@signal_sizes.wrong("You masked with the z of the layer that the signal leaves. It is the layer where it arrives.")
def mask_too_early(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: (d * (zs[k] > 0)) @ weights[k])


@signal_sizes.wrong("These are lengths (the root of the sum). The root *mean* square does not grow with the width.")
def lengths(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: (d @ weights[k]) * (zs[k - 1] > 0), np.linalg.norm)


@signal_sizes.wrong("These are mean squares. Take the square root at the end.")
def mean_squares(weights, zs, delta):
    return signal_sizes.reference(weights, zs, delta) ** 2


@signal_sizes.wrong("You take the mean of the absolute values. The root mean square squares first.")
def mean_absolute(weights, zs, delta):
    return _sizes_back(weights, zs, delta, lambda d, k: (d @ weights[k]) * (zs[k - 1] > 0),
                       lambda d: np.mean(np.abs(d)))


# ---- 3. Batch norm of images, backward ----

@chapter.exercise(stars=3, title="Batch norm of images, backward", hints=(
    "One channel is normalized over all examples and all pixels. So the three sums of the derivation run over the axes "
    "(0, 2, 3), and n becomes n · h · w.",
    "First the plain parts: normalized x̂ again, `g_beta` is the sum of g, `g_gamma` the sum of g · x̂, each over "
    "(0, 2, 3).",
    "`g_x = gamma / std * (g - mean(g) - x_hat * mean(g * x_hat))`, with `keepdims=True` in the means and gamma as "
    "`gamma[:, None, None]`.",
), praise="The gradient of each channel has mean 0 and no part along x̂: shift and scale of the input do not matter.")
def batch_norm_images(x, gamma, g, eps):
    """Gradients (g_x, g_gamma, g_beta) of batch normalization in training: x and g (n, c, h, w), gamma (c,)."""
    axes = (0, 2, 3)
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=axes, keepdims=True)) / std
    along = (g * x_hat).mean(axis=axes, keepdims=True)
    g_x = gamma[:, None, None] / std * (g - g.mean(axis=axes, keepdims=True) - x_hat * along)
    return g_x, (g * x_hat).sum(axis=axes), g.sum(axis=axes)


@batch_norm_images.cases
def _(rng):
    for n, c, h, w in ((4, 3, 2, 5), (2, 4, 3, 3), (5, 2, 1, 4)):
        yield (rng.normal(1.5, 2.0, size=(n, c, h, w)), rng.normal(size=c) + 2, rng.normal(size=(n, c, h, w)) + 0.5,
               1e-5)
    yield Case((rng.normal(size=(1, 3, 4, 2)), rng.normal(size=3), rng.normal(size=(1, 3, 4, 2)), 1e-5), "one image")
    yield Case((0.1 * rng.normal(size=(3, 2, 2, 3)), np.array([1.0, -2.0]), rng.normal(size=(3, 2, 2, 3)), 0.5),
               "a large eps")


def _norm_parts(x, gamma, g, eps, axes=(0, 2, 3), ddof=0):
    std = np.sqrt(x.var(axis=axes, keepdims=True, ddof=ddof) + eps)
    x_hat = (x - x.mean(axis=axes, keepdims=True)) / std
    return std, x_hat, gamma[:, None, None] / std, (g * x_hat).sum((0, 2, 3)), g.sum((0, 2, 3))


def _mean(values):
    return values.mean(axis=(0, 2, 3), keepdims=True)


@batch_norm_images.wrong(
    "You treat mean and variance as constants. Each x moves both, and through them every other output of its channel.")
def constants(x, gamma, g, eps):
    _, _, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    return factor * g, g_gamma, g_beta


@batch_norm_images.wrong("The way through the mean is missing: subtract the mean of g.")
def no_mean_term(x, gamma, g, eps):
    _, x_hat, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    return factor * (g - x_hat * _mean(g * x_hat)), g_gamma, g_beta


@batch_norm_images.wrong("The way through the variance is missing: subtract x̂ times the mean of g · x̂.")
def no_variance_term(x, gamma, g, eps):
    _, _, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    return factor * (g - _mean(g)), g_gamma, g_beta


@batch_norm_images.wrong("gamma is missing from g_x: the gradient passes it before it reaches x̂.")
def no_gamma(x, gamma, g, eps):
    std, x_hat, _, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    return (g - _mean(g) - x_hat * _mean(g * x_hat)) / std, g_gamma, g_beta


@batch_norm_images.wrong("gamma multiplies x̂, not x: its gradient is the sum of g · x̂.")
def gamma_with_x(x, gamma, g, eps):
    g_x, _, g_beta = batch_norm_images.reference(x, gamma, g, eps)
    return g_x, (g * x).sum((0, 2, 3)), g_beta


@batch_norm_images.wrong("gamma and beta serve every example and pixel, so their gradients are sums, not means.")
def means_for_parameters(x, gamma, g, eps):
    g_x, g_gamma, g_beta = batch_norm_images.reference(x, gamma, g, eps)
    count = x.size // x.shape[1]
    return g_x, g_gamma / count, g_beta / count


@batch_norm_images.wrong("Your statistics run over the batch only, one for each pixel. A channel has one mean for all "
                         "pixels: axes (0, 2, 3).")
def over_batch_only(x, gamma, g, eps):
    std = np.sqrt(x.var(axis=0, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=0, keepdims=True)) / std
    along = (g * x_hat).mean(axis=0, keepdims=True)
    g_x = gamma[:, None, None] / std * (g - g.mean(axis=0, keepdims=True) - x_hat * along)
    return g_x, (g * x_hat).sum((0, 2, 3)), g.sum((0, 2, 3))


@batch_norm_images.wrong("The variance with divisor n - 1 is for the running statistics. Normalization divides by n.")
def unbiased(x, gamma, g, eps):
    _, x_hat, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps, ddof=1)
    return factor * (g - _mean(g) - x_hat * _mean(g * x_hat)), g_gamma, g_beta


@batch_norm_images.wrong("You divide by the variance. The normalized x̂ has the standard deviation below the fraction.")
def by_variance(x, gamma, g, eps):
    std, x_hat, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    return factor / std * (g - _mean(g) - x_hat * _mean(g * x_hat)), g_gamma, g_beta


@batch_norm_images.wrong("Inside the bracket stand *means* of g and of g · x̂, not sums. Only the parameters get sums.")
def sums_in_bracket(x, gamma, g, eps):
    _, x_hat, factor, g_gamma, g_beta = _norm_parts(x, gamma, g, eps)
    along, total = g_gamma[:, None, None], g_beta[:, None, None]
    return factor * (g - total - x_hat * along), g_gamma, g_beta


@batch_norm_images.wrong("eps stands under the root, added to the variance, not to the standard deviation.")
def eps_outside(x, gamma, g, eps):
    return batch_norm_images.reference(x, gamma, g, (x.std(axis=(0, 2, 3), keepdims=True) + eps) ** 2
                                       - x.var(axis=(0, 2, 3), keepdims=True))


# ---- 4. Running statistics ----

@chapter.exercise(stars=2, title="Running statistics", hints=(
    "Two arrays are carried along, mean 0 and variance 1 at the start. Each batch pulls both of them a little to its "
    "own values.",
    "`mean = (1 - momentum) * mean + momentum * batch.mean(axis=0)`: in this convention momentum is the share of the "
    "new batch.",
    "The same for the variance, with the unbiased one of the batch: `batch.var(axis=0, ddof=1)`.",
), praise="After k batches a share of (1 - momentum)^k is still the arbitrary start: so do not evaluate too early.")
def track(batches, momentum):
    """Running mean and variance, each (d,), after a list of batches (n, d), as PyTorch keeps them."""
    mean, var = np.zeros(batches[0].shape[1]), np.ones(batches[0].shape[1])
    for batch in batches:
        mean = (1 - momentum) * mean + momentum * batch.mean(axis=0)
        var = (1 - momentum) * var + momentum * batch.var(axis=0, ddof=1)
    return mean, var


@track.cases
def _(rng):
    for count, n, d, momentum in ((3, 5, 2, 0.1), (4, 3, 4, 0.3), (6, 8, 3, 0.25)):
        yield [rng.normal(2.0, 3.0, size=(n, d)) for _ in range(count)], momentum
    yield Case(([rng.normal(-1.0, 0.5, size=(4, 3))], 0.1), "a single batch")
    yield Case(([rng.normal(size=(n, 2)) for n in (5, 2, 9)], 0.2), "batches of different sizes")
    yield Case(([rng.normal(3.0, 2.0, size=(6, 2)) for _ in range(2)], 1.0), "momentum 1")


def _tracked(batches, share, start=1.0, variance=lambda b: b.var(axis=0, ddof=1)):
    mean, var = np.zeros(batches[0].shape[1]), np.full(batches[0].shape[1], start)
    for batch in batches:
        mean = (1 - share) * mean + share * batch.mean(axis=0)
        var = (1 - share) * var + share * variance(batch)
    return mean, var


@track.wrong("This is the convention of Keras, where momentum is the share that is kept. Here it is that of the new "
             "batch.")
def keras_convention(batches, momentum):
    return _tracked(batches, 1 - momentum)


@track.wrong("The variance is the one with divisor n. For the running statistics PyTorch takes n - 1.")
def biased(batches, momentum):
    return _tracked(batches, momentum, variance=lambda b: b.var(axis=0))


@track.wrong("The running variance begins at 1, not at 0.")
def variance_from_zero(batches, momentum):
    return _tracked(batches, momentum, start=0.0)


@track.wrong("You track the standard deviation. It is the variance that is averaged.")
def deviations(batches, momentum):
    return _tracked(batches, momentum, variance=lambda b: b.std(axis=0, ddof=1))


@track.wrong("This is the plain mean over all batches. The running mean forgets: each batch counts less with time.")
def plain_mean(batches, momentum):
    return np.mean([b.mean(axis=0) for b in batches], axis=0), np.mean([b.var(axis=0, ddof=1) for b in batches], axis=0)


@track.wrong("You take the first batch as it is. The start is mean 0 and variance 1, and the first batch is mixed in "
             "like all others.")
def from_first(batches, momentum):
    mean, var = batches[0].mean(axis=0), batches[0].var(axis=0, ddof=1)
    for batch in batches[1:]:
        mean = (1 - momentum) * mean + momentum * batch.mean(axis=0)
        var = (1 - momentum) * var + momentum * batch.var(axis=0, ddof=1)
    return mean, var


@track.wrong("Your variance is taken around the running mean. It belongs to the batch: around the batch's own mean.")
def around_running_mean(batches, momentum):
    mean, var = np.zeros(batches[0].shape[1]), np.ones(batches[0].shape[1])
    for batch in batches:
        mean = (1 - momentum) * mean + momentum * batch.mean(axis=0)
        var = (1 - momentum) * var + momentum * ((batch - mean) ** 2).sum(axis=0) / (len(batch) - 1)
    return mean, var


# ---- 5. Where the numbers end ----

@chapter.exercise(stars=2, title="Where the numbers end", hints=(
    "In which order does a training step compute? All outputs from the first layer to the last, then all gradients "
    "from the last layer to the first.",
    "An array is fine if `np.isfinite(array).all()`. That is False for NaN and for both infinities.",
    "Loop over `enumerate(outputs)` and return `(\"forward\", i)` at the first bad one; then over the gradients with "
    "`reversed(range(len(gradients)))` and return `(\"backward\", i)`; at the end `None`.",
), praise="One bad number spreads to all that is computed after it: only the first place tells of the cause.")
def first_bad(outputs, gradients):
    """("forward", i) or ("backward", i) for the array that left the finite numbers first, None if none did."""
    for i, output in enumerate(outputs):
        if not np.isfinite(output).all():
            return "forward", i
    for i in reversed(range(len(gradients))):
        if not np.isfinite(gradients[i]).all():
            return "backward", i
    return None


def _arrays(rng, count, bad):
    """Arrays of different shapes; bad: a dict from position to the value that one element gets."""
    arrays = [rng.normal(size=(3, 2 + i)) for i in range(count)]
    for i, value in bad.items():
        arrays[i][1, i % 2] = value
    return arrays


@first_bad.cases
def _(rng):
    nan, inf = np.nan, np.inf
    yield Case((_arrays(rng, 4, {}), _arrays(rng, 4, {})), "all is finite")
    everywhere = {0: nan, 1: nan, 2: nan, 3: nan}
    yield Case((_arrays(rng, 4, {2: inf, 3: nan}), _arrays(rng, 4, everywhere)), "an infinite output")
    yield Case((_arrays(rng, 5, {}), _arrays(rng, 5, {0: nan, 1: nan, 2: inf})), "only gradients are bad")
    yield Case((_arrays(rng, 4, {}), _arrays(rng, 4, {0: nan, 1: nan, 2: nan, 3: -inf})), "the last gradient is bad")
    yield Case((_arrays(rng, 5, {}), _arrays(rng, 5, {0: inf})), "only the first gradient is bad")
    yield Case((_arrays(rng, 3, {1: -inf, 2: nan}), _arrays(rng, 3, {0: nan, 1: nan, 2: nan})), "minus infinity")
    yield Case((_arrays(rng, 3, {0: nan, 1: nan, 2: nan}), _arrays(rng, 3, {0: nan})), "the first output is NaN")
    yield Case((_arrays(rng, 4, {3: nan}), _arrays(rng, 4, everywhere)), "the last output is NaN")
    outputs, gradients = _arrays(rng, 3, {}), _arrays(rng, 3, {})
    outputs[1][0, 0], gradients[2][2, 1] = 1e200, -1e200
    yield Case((outputs, gradients), "huge, but finite")


def _search(outputs, gradients, bad=lambda a: not np.isfinite(a).all(), way_back=reversed,
            parts=("forward", "backward")):
    orders = {"forward": (outputs, range(len(outputs))), "backward": (gradients, way_back(range(len(gradients))))}
    return next(((part, i) for part in parts for i in orders[part][1] if bad(orders[part][0][i])), None)


@first_bad.wrong("Infinity is not found: `np.isnan` sees NaN only, and infinity often comes first.")
def only_nan(outputs, gradients):
    return _search(outputs, gradients, lambda a: np.isnan(a).any())


@first_bad.wrong("Minus infinity is not found. `np.isfinite` is False for it, too.")
def only_plus_infinity(outputs, gradients):
    return _search(outputs, gradients, lambda a: (np.isnan(a) | (a == np.inf)).any())


@first_bad.wrong("You search the gradients from the first layer on. They are computed from the last one to the first.")
def gradients_from_the_front(outputs, gradients):
    return _search(outputs, gradients, way_back=list)


@first_bad.wrong("The gradients are searched first. But the forward pass comes first, and its bad numbers make all "
                 "gradients bad.")
def gradients_first(outputs, gradients):
    return _search(outputs, gradients, parts=("backward", "forward"))


@first_bad.wrong("One bad element is enough: you ask for arrays in which *all* elements are bad.")
def all_elements(outputs, gradients):
    return _search(outputs, gradients, lambda a: not np.isfinite(a).any())


@first_bad.wrong("Layers are counted from 0, as lists are.")
def from_one(outputs, gradients):
    found = first_bad.reference(outputs, gradients)
    return found and (found[0], found[1] + 1)


@first_bad.wrong("You go through the gradients from the end, and count from the end, too. The number must be that of "
                 "the layer, counted from the first.")
def counted_from_the_end(outputs, gradients):
    found = first_bad.reference(outputs, gradients)
    return (found[0], len(gradients) - 1 - found[1]) if found and found[0] == "backward" else found


@first_bad.wrong("The gradients are never looked at. A backward pass can fail where the forward pass is fine.")
def only_forward(outputs, gradients):
    return _search(outputs, gradients, parts=("forward",))


@first_bad.wrong("A large number is not a bad one: 1e200 is finite. Ask `np.isfinite`, not for a limit of your own.")
def large_is_bad(outputs, gradients):
    return _search(outputs, gradients, lambda a: not (np.abs(a) < 1e100).all())


# ---- 6. Find the bug: clipping ----

@chapter.exercise(stars=2, title="Find the bug: clipping", hints=(
    "Take two gradients, one of length 100 and one of length 1, and the limit 1. In which proportion do they come out?",
    "Each array is measured by itself. Clipping by the norm must scale all of them by one common factor.",
    "First `norm = np.sqrt(sum((g**2).sum() for g in gradients))`, then `factor = min(1, max_norm / norm)` for all.",
), praise="Now the clipped step points where the full step points. Array by array, the direction would have changed.")
def clip_together(gradients, max_norm):
    """All gradients, scaled by one factor so that their joint length is at most max_norm: a list."""
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    factor = min(1.0, max_norm / norm)
    return [g * factor for g in gradients]


@clip_together.cases
def _(rng):
    yield Case(([10 * rng.normal(size=(4, 3)), rng.normal(size=3)], 1.0), "one long, one short")
    yield Case(([rng.normal(size=(2, 5)), rng.normal(size=5), rng.normal(size=(3, 2))], 2.0), "three arrays")
    yield Case(([0.01 * rng.normal(size=(3, 4)), 0.02 * rng.normal(size=4)], 5.0), "short already")
    yield Case(([np.array([3.0, 0.0]), np.array([[0.0], [4.0]])], 4.5), "each within the limit, together beyond it")
    yield Case(([100 * rng.normal(size=6)], 0.5), "a single array")


@clip_together.given
def _(gradients, max_norm):
    clipped = []
    for g in gradients:
        norm = np.sqrt((g**2).sum())
        factor = min(1.0, max_norm / norm)
        clipped.append(g * factor)
    return clipped


def _joint(gradients):
    return np.sqrt(sum((g**2).sum() for g in gradients))


@clip_together.wrong("Short gradients are stretched to the limit. Clipping only shortens: the factor is at most 1.")
def always_scaled(gradients, max_norm):
    return [g * max_norm / _joint(gradients) for g in gradients]


@clip_together.wrong("The joint length is the root of the sum of all squares, not the sum of the lengths.")
def sum_of_lengths(gradients, max_norm):
    factor = min(1.0, max_norm / sum(np.linalg.norm(g) for g in gradients))
    return [g * factor for g in gradients]


@clip_together.wrong("You took the root of the sum of the lengths. Square the lengths first: their squares add up.")
def root_of_lengths(gradients, max_norm):
    factor = min(1.0, max_norm / np.sqrt(sum(np.linalg.norm(g) for g in gradients)))
    return [g * factor for g in gradients]


@clip_together.wrong("This is clipping by value, element by element. It bends the direction even more.")
def by_value(gradients, max_norm):
    return [np.clip(g, -max_norm, max_norm) for g in gradients]


@clip_together.wrong("You divide by the squared length: the root is missing.")
def squared(gradients, max_norm):
    factor = min(1.0, max_norm / _joint(gradients) ** 2)
    return [g * factor for g in gradients]


@clip_together.wrong("You take the longest array as the measure. Together they are still longer than the limit.")
def by_longest(gradients, max_norm):
    factor = min(1.0, max_norm / max(np.linalg.norm(g) for g in gradients))
    return [g * factor for g in gradients]


@clip_together.wrong("The gradients are normalized to length 1 wherever they are too long. They shall keep the length "
                     "max_norm.")
def to_length_one(gradients, max_norm):
    norm = _joint(gradients)
    return [g / norm if norm > max_norm else g for g in gradients]


# ---- 7. Find the bug: the training loop ----

@chapter.exercise(stars=2, title="Find the bug: the training loop", hints=(
    "Do the steps by hand with one input x = 1, target 1 and learning rate 0.1. What does the gradient hold in the "
    "second step?",
    "The gradient of this step is added to those of all steps before. What does an optimizer's `zero_grad` do?",
    "Let the gradients of each step begin anew: `grad_weights = 2 * x.T @ error / len(x)`, and the same for the bias.",
), praise="The sum of all past gradients is momentum without friction: the ball rolls through the minimum for ever.")
def fit_line(x, target, steps, learning_rate):
    """Weights (d,) and bias after gradient descent from zero on the mean squared error: x (n, d), target (n,)."""
    weights, bias = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        error = x @ weights + bias - target
        grad_weights = 2 * x.T @ error / len(x)
        grad_bias = 2 * error.mean()
        weights = weights - learning_rate * grad_weights
        bias = bias - learning_rate * grad_bias
    return weights, bias


@fit_line.cases
def _(rng):
    for n, d, steps, rate in ((8, 3, 5, 0.1), (12, 2, 9, 0.05), (6, 4, 3, 0.02)):
        x = rng.normal(size=(n, d))
        yield x, x @ rng.normal(size=d) + 1.5, steps, rate
    yield Case((rng.normal(size=(5, 2)), rng.normal(size=5), 1, 0.1), "a single step")
    yield Case((rng.normal(size=(1, 3)), np.array([2.0]), 4, 0.1), "a single example")


@fit_line.given
def _(x, target, steps, learning_rate):
    weights, bias = np.zeros(x.shape[1]), 0.0
    grad_weights, grad_bias = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        error = x @ weights + bias - target
        grad_weights = grad_weights + 2 * x.T @ error / len(x)
        grad_bias = grad_bias + 2 * error.mean()
        weights = weights - learning_rate * grad_weights
        bias = bias - learning_rate * grad_bias
    return weights, bias


def _descend(x, target, steps, learning_rate, keep_weights=0.0, keep_bias=0.0, factor=2.0, mean=True):
    weights, bias, grad_weights, grad_bias = np.zeros(x.shape[1]), 0.0, 0.0, 0.0
    for _ in range(steps):
        error = x @ weights + bias - target
        count = len(x) if mean else 1
        grad_weights = keep_weights * grad_weights + factor * x.T @ error / count
        grad_bias = keep_bias * grad_bias + factor * error.sum() / count
        weights, bias = weights - learning_rate * grad_weights, bias - learning_rate * grad_bias
    return weights, bias


@fit_line.wrong("The weights' gradient begins anew in each step, the bias's does not.")
def bias_still_summed(x, target, steps, learning_rate):
    return _descend(x, target, steps, learning_rate, keep_bias=1.0)


@fit_line.wrong("The bias's gradient begins anew in each step, the weights' does not.")
def weights_still_summed(x, target, steps, learning_rate):
    return _descend(x, target, steps, learning_rate, keep_weights=1.0)


@fit_line.wrong("The gradients are set to zero after they were computed and before the step, so nothing is learned.")
def zeroed_too_late(x, target, steps, learning_rate):
    return np.zeros(x.shape[1]), 0.0


@fit_line.wrong("The factor 2 was right: the derivative of the square is twice the error.")
def half_gradient(x, target, steps, learning_rate):
    return _descend(x, target, steps, learning_rate, factor=1.0)


@fit_line.wrong("The division by the number of examples was right: the loss is the *mean* squared error.")
def sum_not_mean(x, target, steps, learning_rate):
    return _descend(x, target, steps, learning_rate, mean=False)


@fit_line.wrong("You halve what was summed. That is momentum with 0.5, a method of its own; here each step uses its "
                "own gradient only.")
def damped(x, target, steps, learning_rate):
    return _descend(x, target, steps, learning_rate, keep_weights=0.5, keep_bias=0.5)


@fit_line.wrong("The bias's gradient is taken after the weights have moved. Both belong to the same error, before the "
                "step.")
def weights_first(x, target, steps, learning_rate):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        weights = weights - learning_rate * 2 * x.T @ (x @ weights + bias - target) / len(x)
        bias = bias - learning_rate * 2 * (x @ weights + bias - target).mean()
    return weights, bias


@fit_line.wrong("The sign of the step is turned: it climbs. Against the gradient is down.")
def uphill(x, target, steps, learning_rate):
    return _descend(x, target, steps, -learning_rate)
