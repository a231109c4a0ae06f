"""Exercises of the chapter "Efficiency: transfer, quantization, pruning"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["affine_grid", "chapter", "distillation", "global_masks", "integer_product", "network_price", "progress",
           "round_filters", "to_integers"]

chapter = Chapter("efficiency", title="Efficiency: transfer, quantization, pruning")


# ---- 1. The price of a dense network ----

@chapter.exercise(stars=1, title="The price of a dense network", hints=(
    "A layer from n to m units has a weight for each pair, and a bias for each of its m units. Which of them take part "
    "in a multiply-add?",
    "Go through `zip(sizes[:-1], sizes[1:])`. Parameters: n * m + m. Multiply-adds: n * m.",
    "Adam keeps two numbers beside each weight and its gradient: four numbers of 4 bytes for each parameter.",
), praise="In a dense network every weight is used once per example: parameters and multiply-adds are nearly the same.")
def network_price(sizes):
    """(parameters, multiply-adds of one example, bytes of training with Adam) of a dense network."""
    pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
    work = sum(n * m for n, m in pairs)
    parameters = work + sum(m for _, m in pairs)
    return parameters, work, 16 * parameters


@network_price.cases
def _(rng):
    yield Case(((64, 128, 10),), "one hidden layer")
    yield Case(((7, 5, 3, 2),), "two hidden layers")
    yield Case(((784, 10),), "no hidden layer")
    yield Case(((64, 128, 64, 10),), "the network of the chapter")


@network_price.wrong("The biases are missing among the parameters: one for each unit of a layer.")
def no_biases(sizes):
    work = network_price.reference(sizes)[1]
    return work, work, 16 * work


@network_price.wrong("You count biases as multiply-adds. A bias is added, not multiplied; leave it out there.")
def biases_multiplied(sizes):
    parameters, _, size = network_price.reference(sizes)
    return parameters, parameters, size


@network_price.wrong("Adam's two running means are missing in the bytes: you count weights and gradients only.")
def no_adam(sizes):
    parameters, work, _ = network_price.reference(sizes)
    return parameters, work, 8 * parameters


@network_price.wrong("The bytes of the gradients are missing: each parameter has one, beside Adam's two means.")
def no_gradients(sizes):
    parameters, work, _ = network_price.reference(sizes)
    return parameters, work, 12 * parameters


@network_price.wrong("These are the bytes of the weights alone. Training keeps three more numbers for each parameter.")
def weights_only(sizes):
    parameters, work, _ = network_price.reference(sizes)
    return parameters, work, 4 * parameters


@network_price.wrong("The third number counts numbers, or bits. A float32 has 4 bytes.")
def not_bytes(sizes):
    parameters, work, _ = network_price.reference(sizes)
    return parameters, work, 4 * 32 * parameters


@network_price.wrong("You give each layer as many biases as it has *inputs*. They belong to its units.")
def bias_per_input(sizes):
    pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
    parameters = sum(n * m + n for n, m in pairs)
    return parameters, sum(n * m for n, m in pairs), 16 * parameters


@network_price.wrong("The last layer is missing: k sizes make k - 1 layers.")
def last_layer_missing(sizes):
    return network_price.reference(sizes[:-1])


# ---- 2. Symmetric quantization ----

@chapter.exercise(stars=2, title="Symmetric quantization", hints=(
    "Which weight should land on the largest integer, 2 ** (bits - 1) - 1? That fixes the scale.",
    "scale = max |w| / limit; the integers are the rounded w / scale. What if all weights are zero?",
    "`limit = 2 ** (bits - 1) - 1`, `scale = np.abs(w).max() / limit or 1.0`, `np.round(w / scale).astype(np.int32), "
    "scale`.",
), praise="The largest weight is exact and all others are at most half a step off.")
def to_integers(w, bits):
    """(integers, scale) of w, symmetric, one scale for the whole array."""
    limit = 2 ** (bits - 1) - 1
    scale = np.abs(w).max() / limit or 1.0
    return np.round(w / scale).astype(np.int32), scale


@to_integers.cases
def _(rng):
    yield Case((rng.normal(size=(3, 4)), 8), "8 bits")
    yield Case((-np.abs(rng.normal(size=(2, 7))) * 50, 4), "4 bits, negative weights only")
    yield Case((0.01 * rng.normal(size=9), 3), "3 bits, small weights")
    yield Case((np.array([[-3.0, 1.6, 0.7], [0.2, 1.0, 2.0]]), 8), "the largest weight is negative")
    yield Case((np.zeros((2, 3)), 8), "an array of zeros")


@to_integers.wrong("The largest weight is the one with the largest *absolute* value. You take the maximum, which "
                   "ignores negative weights.")
def signed_maximum(w, bits):
    limit = 2 ** (bits - 1) - 1
    scale = w.max() / limit or 1.0
    return np.round(w / scale).astype(np.int32), scale


@to_integers.wrong("Your grid has 2 ** bits - 1 steps on each side: one bit is needed for the sign.")
def no_sign_bit(w, bits):
    scale = np.abs(w).max() / (2 ** bits - 1) or 1.0
    return np.round(w / scale).astype(np.int32), scale


@to_integers.wrong("You use 127 whatever `bits` is. With b bits the largest integer is 2 ** (b - 1) - 1.")
def always_8_bits(w, bits):
    return to_integers.reference(w, 8)


@to_integers.wrong("The largest integer is 2 ** (bits - 1) - 1. With 2 ** (bits - 1) the largest weight does not fit.")
def one_too_many(w, bits):
    scale = np.abs(w).max() / 2 ** (bits - 1) or 1.0
    return np.round(w / scale).astype(np.int32), scale


@to_integers.wrong("`astype` cuts off what follows the point, and every weight moves toward zero. Round first.")
def cut_off(w, bits):
    scale = to_integers.reference(w, bits)[1]
    return (w / scale).astype(np.int32), scale


@to_integers.wrong("`np.floor` rounds down, so all weights become smaller on average. Use `np.round`.")
def rounded_down(w, bits):
    scale = to_integers.reference(w, bits)[1]
    return np.floor(w / scale).astype(np.int32), scale


@to_integers.wrong("These are the rounded weights as floats. The integers are wanted; the scale is returned beside "
                   "them.")
def dequantized(w, bits):
    q, scale = to_integers.reference(w, bits)
    return q * scale, scale


@to_integers.wrong("An array of zeros divides by zero. Give it the scale 1.")
def zeros_divide(w, bits):
    scale = np.abs(w).max() / (2 ** (bits - 1) - 1)
    with np.errstate(all="ignore"):
        return np.round(w / scale), scale


@to_integers.wrong("You return the inverse of the scale. A weight is about scale times its integer.")
def inverse_scale(w, bits):
    q, scale = to_integers.reference(w, bits)
    return q, 1 / scale


# ---- 3. Scale and zero point ----

@chapter.exercise(stars=2, title="Scale and zero point", hints=(
    "From 0 to 2 ** bits - 1 there are 2 ** bits - 1 steps. How long is one, and at which step does 0 lie?",
    "First make sure that low <= 0 <= high. Then the lowest value is at integer 0, so the value 0 is -low / scale "
    "steps further.",
    "`low, high = min(low, 0), max(high, 0)`, `scale = (high - low) / (2 ** bits - 1)`, `round(-low / scale)`.",
), praise="After a ReLU low is 0, so the zero point is 0, and all integers serve values that occur.")
def affine_grid(low, high, bits):
    """(scale, zero point) of the integers 0 to 2^bits - 1 for values from low to high, with 0 among them."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2 ** bits - 1)
    return scale, round(-low / scale)


@affine_grid.cases
def _(rng):
    yield Case((-1.3, 2.9, 8), "8 bits")
    yield Case((0.0, 6.0, 8), "after a ReLU")
    yield Case((-0.7, 0.4, 4), "4 bits")
    yield Case((2.0, 5.0, 8), "a range above zero")
    yield Case((-4.0, -1.0, 4), "a range below zero")


@affine_grid.wrong("The range must contain 0: extend it with `min(low, 0)` and `max(high, 0)`.")
def not_extended(low, high, bits):
    scale = (high - low) / (2 ** bits - 1)
    return scale, round(-low / scale)


@affine_grid.wrong("2 ** bits integers have one step less between them: divide by 2 ** bits - 1.")
def one_step_too_many(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 2 ** bits
    return scale, round(-low / scale)


@affine_grid.wrong("The sign of the zero point is wrong. `low` is at the integer 0, and the value 0 lies above it.")
def negative_zero_point(low, high, bits):
    scale, zero_point = affine_grid.reference(low, high, bits)
    return scale, -zero_point


@affine_grid.wrong("The zero point must be an integer: round it. Otherwise the value 0 lies between two integers.")
def zero_point_not_rounded(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2 ** bits - 1)
    return scale, -low / scale


@affine_grid.wrong("The zero point is cut off, not rounded.")
def zero_point_cut(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2 ** bits - 1)
    return scale, int(-low / scale)


@affine_grid.wrong("This is the symmetric grid, with its zero in the middle. Here the integers begin at 0 and the "
                   "range need not be symmetric.")
def symmetric_grid(low, high, bits):
    largest = max(abs(low), abs(high))
    return 2 * largest / (2 ** bits - 1), 2 ** (bits - 1)


@affine_grid.wrong("You multiply by the scale. The zero point is a number of steps: divide.")
def multiplied(low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2 ** bits - 1)
    return scale, round(-low * scale)


# ---- 4. One scale per filter ----

@chapter.exercise(stars=2, title="One scale per filter", hints=(
    "Which axes belong to one filter, and which axis counts the filters?",
    "`np.abs(weight).max(axis=(1, 2, 3), keepdims=True)` is (o, 1, 1, 1) and fits `weight` in a division.",
    "`scale = largest / 127`, with 1 where `largest` is 0; then `scale * np.round(weight / scale)`.",
), praise="A filter with small weights now uses all 255 integers, however large the weights of its neighbor are.")
def round_filters(weight):
    """weight (o, c, k, k) rounded to 8 bits, symmetric, one scale for each output channel."""
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / 127
    return scale * np.round(weight / scale)


@round_filters.cases
def _(rng):
    for o, c, k in ((3, 2, 3), (5, 4, 1), (4, 4, 2)):
        yield (rng.normal(size=(o, c, k, k)) * 10.0 ** rng.integers(-3, 3, size=(o, c, 1, 1)),)
    weight = rng.normal(size=(3, 2, 3, 3)) * np.array([100.0, 1.0, 0.0])[:, None, None, None]
    yield Case((weight,), "a filter of zeros")


@round_filters.wrong("One scale for the whole array: small filters lose all their digits beside a large one.")
def one_scale(weight):
    scale = (np.abs(weight).max() or 1.0) / 127
    return scale * np.round(weight / scale)


@round_filters.wrong("You give a scale to each *input* channel, axis 1. The output channels are axis 0; only their "
                     "scales can be taken out of the sum over the inputs.")
def per_input_channel(weight):
    largest = np.abs(weight).max(axis=(0, 2, 3), keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / 127
    return scale * np.round(weight / scale)


@round_filters.wrong("You give a scale to each window, input channel by input channel. One per output channel is "
                     "wanted.")
def per_window(weight):
    largest = np.abs(weight).max(axis=(2, 3), keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / 127
    return scale * np.round(weight / scale)


@round_filters.wrong("A filter of zeros divides by zero and becomes NaN. Give it any scale but 0.")
def zeros_become_nan(weight):
    with np.errstate(all="ignore"):
        scale = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 127
        return scale * np.round(weight / scale)


@round_filters.wrong("These are the integers. Multiply by the scale again: the rounded weights are wanted.")
def integers_only(weight):
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    return np.round(weight / (np.where(largest > 0, largest, 1.0) / 127))


@round_filters.wrong("You take the largest weight with its sign. A filter whose largest absolute value is negative "
                     "gets too small a scale.")
def maximum_with_sign(weight):
    largest = weight.max(axis=(1, 2, 3), keepdims=True)
    scale = np.where(largest != 0, largest, 1.0) / 127
    return scale * np.clip(np.round(weight / scale), -127, 127)


@round_filters.wrong("Symmetric integers of 8 bits end at 127, not at 255: one bit is the sign.")
def to_255(weight):
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / 255
    return scale * np.round(weight / scale)


# ---- 5. The smallest of all ----

@chapter.exercise(stars=2, title="The smallest of all", hints=(
    "Put the absolute values of all arrays into one long array and sort it. Which entry is the smallest that stays?",
    "With `count = round(sparsity * total)`, the entries 0 to count - 1 of the sorted array go; the entry `count` "
    "stays.",
    "`threshold = np.sort(everything)[count]`, and the masks are `np.abs(w) >= threshold`. If all go there is no such "
    "entry: use infinity.",
), praise="Layers with many small weights give up more than others, and nobody had to say which.")
def global_masks(weights, sparsity):
    """For each array a mask, True where the absolute value is not among the smallest of all arrays together."""
    sizes = np.sort(np.concatenate([np.abs(w).ravel() for w in weights]))
    sizes = np.append(sizes, np.inf)
    threshold = sizes[round(sparsity * (len(sizes) - 1))]
    return [np.abs(w) >= threshold for w in weights]


@global_masks.cases
def _(rng):
    yield Case(([rng.normal(size=(4, 3)), 0.3 * rng.normal(size=(2, 4))], 0.5), "half of two arrays")
    yield Case(([rng.normal(size=(5, 6)), 3 * rng.normal(size=(3, 5)), rng.normal(size=7)], 0.8), "three arrays")
    yield Case(([rng.normal(size=(3, 3)), rng.normal(size=(2, 3))], 0.0), "nothing goes")
    yield Case(([rng.normal(size=(2, 5)), 0.01 * rng.normal(size=(3, 2))], 0.375), "one array goes altogether")
    yield Case(([rng.normal(size=(2, 3)), rng.normal(size=4)], 1.0), "everything goes")


@global_masks.wrong("You take the same share from each array. The smallest of all arrays *together* are wanted.")
def layer_by_layer(weights, sparsity):
    return [global_masks.reference([w], sparsity)[0] for w in weights]


@global_masks.wrong("The masks are the wrong way round: True is for what stays.")
def turned_around(weights, sparsity):
    return [~mask for mask in global_masks.reference(weights, sparsity)]


@global_masks.wrong("You sort the weights with their sign, so the most negative go first. Take absolute values.")
def with_sign(weights, sparsity):
    values = np.append(np.sort(np.concatenate([w.ravel() for w in weights])), np.inf)
    threshold = values[round(sparsity * (len(values) - 1))]
    return [w >= threshold for w in weights]


@global_masks.wrong("`>` also removes the weight that equals the threshold: one too many goes. Use `>=`, or the entry "
                    "before.")
def one_too_many_goes(weights, sparsity):
    sizes = np.append(np.sort(np.concatenate([np.abs(w).ravel() for w in weights])), np.inf)
    threshold = sizes[round(sparsity * (len(sizes) - 1))]
    return [np.abs(w) > threshold for w in weights]


@global_masks.wrong("You keep the share `sparsity`. It is the share that goes.")
def share_that_stays(weights, sparsity):
    return global_masks.reference(weights, 1 - sparsity)


@global_masks.wrong("The largest go and the smallest stay. It is the other way round.")
def largest_go(weights, sparsity):
    sizes = np.append(-np.inf, np.sort(np.concatenate([np.abs(w).ravel() for w in weights])))
    threshold = sizes[round((1 - sparsity) * (len(sizes) - 1))]
    return [np.abs(w) <= threshold for w in weights]


@global_masks.wrong("You return the pruned weights. The masks are wanted, True for what stays.")
def weights_not_masks(weights, sparsity):
    return [w * mask for w, mask in zip(weights, global_masks.reference(weights, sparsity), strict=True)]


@global_masks.wrong("You compare with a share of the largest weight. A share of the *number* of weights has to go.")
def share_of_largest(weights, sparsity):
    largest = max(np.abs(w).max() for w in weights)
    return [np.abs(w) >= sparsity * largest for w in weights]


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Compute 100 * 2 with two int8 arrays. What does the product of two int8 arrays have as its type?",
    "`astype(np.int32)` comes after the product, when the sums have wrapped around already.",
    "Convert before you multiply: `q_x.astype(np.int32) @ q_w.astype(np.int32).T`.",
), praise="The correction z times the sum of the weights does not depend on the input: a runtime computes it once.")
def integer_product(q_x, zero_point, q_w):
    """sum_i q_w[j, i] * (q_x[n, i] - zero_point) as integers (n, o), for int8 arrays."""
    total = q_x.astype(np.int32) @ q_w.astype(np.int32).T
    return total - zero_point * q_w.sum(axis=1, dtype=np.int32)


@integer_product.cases
def _(rng):
    for n, d, o, z in ((3, 20, 4, 7), (5, 64, 2, -100), (4, 4, 4, 12)):
        yield (rng.integers(-128, 128, size=(n, d)).astype(np.int8), z,
               rng.integers(-127, 128, size=(o, d)).astype(np.int8))
    yield Case((np.full((2, 50), 127, np.int8), -128, np.full((3, 50), 127, np.int8)), "all numbers as large as can be")
    yield Case((np.array([[1, 2, 3]], np.int8), 2, np.array([[1, 0, -1], [2, 1, 1]], np.int8)), "small numbers")


@integer_product.given
def _(q_x, zero_point, q_w):
    total = (q_x @ q_w.T).astype(np.int32)
    return total - zero_point * q_w.sum(axis=1, dtype=np.int32)


@integer_product.wrong("16 bits hold a single product, but not a sum of several: 3 * 127 * 127 is more than 32,767.")
def in_16_bits(q_x, zero_point, q_w):
    total = (q_x.astype(np.int16) @ q_w.astype(np.int16).T).astype(np.int32)
    return total - zero_point * q_w.sum(axis=1, dtype=np.int32)


@integer_product.wrong("The zero point is gone. That part was right: each input means q - z.")
def no_zero_point(q_x, zero_point, q_w):
    return q_x.astype(np.int32) @ q_w.astype(np.int32).T


@integer_product.wrong("The sum over the weights now runs in 8 bits and wraps around as well. It was right with "
                       "`dtype=np.int32`.")
def correction_in_8_bits(q_x, zero_point, q_w):
    total = q_x.astype(np.int32) @ q_w.astype(np.int32).T
    return total - zero_point * q_w.sum(axis=1, dtype=np.int8).astype(np.int32)


@integer_product.wrong("The sign of the correction was right: the zero point is subtracted from the input.")
def correction_added(q_x, zero_point, q_w):
    total = q_x.astype(np.int32) @ q_w.astype(np.int32).T
    return total + zero_point * q_w.sum(axis=1, dtype=np.int32)


@integer_product.wrong("You subtract the zero point in 8 bits, where q - z does not fit. Convert to int32 first.")
def shifted_in_8_bits(q_x, zero_point, q_w):
    shifted = (q_x.astype(np.int32) - zero_point).astype(np.int8)
    return shifted.astype(np.int32) @ q_w.astype(np.int32).T


@integer_product.wrong("You take the zero point off before the product, which is fine, but all of it still runs in "
                       "8 bits. Convert both arrays to int32 first.")
def all_in_8_bits(q_x, zero_point, q_w):
    shifted = (q_x.astype(np.int32) - zero_point).astype(np.int8)
    return (shifted @ q_w.T).astype(np.int32)


@integer_product.wrong("You clip the sums to 8 bits. Nothing has to be clipped: 32 bits are wide enough.")
def clipped(q_x, zero_point, q_w):
    return np.clip(integer_product.reference(q_x, zero_point, q_w), -128, 127)


@integer_product.wrong("You subtract the zero point once for each output. Each of the d inputs has it, multiplied by "
                       "its weight.")
def zero_point_once(q_x, zero_point, q_w):
    return q_x.astype(np.int32) @ q_w.astype(np.int32).T - zero_point


# ---- 7. The loss of distillation ----

@chapter.exercise(stars=3, title="The loss of distillation", hints=(
    "Both logits are divided by the temperature before the softmax. Then sum p * (log p - log q) for each example.",
    "Compute log-softmax without overflow: z = logits / T, subtract the maximum of each row, then z minus the log of "
    "the sum of exp(z). p is exp(log p).",
    "`temperature ** 2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()`, log_p from the teacher, log_q from the "
    "student.",
), praise="It is zero exactly when the student says what the teacher says, and the factor keeps its gradient alive.")
def distillation(student, teacher, temperature):
    """T^2 times the mean Kullback-Leibler divergence from the softened student to the softened teacher."""
    logs = []
    for logits in (student, teacher):
        z = logits / temperature
        z = z - z.max(axis=1, keepdims=True)
        logs.append(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
    log_q, log_p = logs
    return temperature ** 2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()


@distillation.cases
def _(rng):
    for n, classes, temperature in ((4, 3, 2.0), (2, 7, 5.0), (5, 5, 1.0)):
        yield 3 * rng.normal(size=(n, classes)), 3 * rng.normal(size=(n, classes)), temperature
    z = rng.normal(size=(3, 4))
    yield Case((z, z + 2.0, 3.0), "student and teacher agree")
    yield Case((np.array([[1000.0, 0.0, -1000.0]]), np.array([[-1000.0, 500.0, 1000.0]]), 1.0), "logits up to 1000")


def _kl(student, teacher, temperature, student_temperature=None, factor=None, average=np.mean, turned=False):
    logs = []
    for logits, t in ((student, student_temperature or temperature), (teacher, temperature)):
        z = logits / t
        z = z - z.max(axis=1, keepdims=True)
        logs.append(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
    log_q, log_p = reversed(logs) if turned else logs
    factor = temperature ** 2 if factor is None else factor
    return factor * average((np.exp(log_p) * (log_p - log_q)).sum(axis=1))


@distillation.wrong("The factor T² is missing.")
def no_factor(student, teacher, temperature):
    return _kl(student, teacher, temperature, factor=1.0)


@distillation.wrong("The factor is T². You multiply by T, and the gradient still shrinks with the temperature.")
def factor_t(student, teacher, temperature):
    return _kl(student, teacher, temperature, factor=temperature)


@distillation.wrong("Student and teacher have changed places: p, the weight of the sum, comes from the teacher.")
def changed_places(student, teacher, temperature):
    return _kl(student, teacher, temperature, turned=True)


@distillation.wrong("Only the teacher is softened. Divide the student's logits by the temperature as well.")
def student_not_softened(student, teacher, temperature):
    return _kl(student, teacher, temperature, student_temperature=1.0)


@distillation.wrong("The temperature is missing in both softmaxes; you only multiply by its square.")
def no_temperature(student, teacher, temperature):
    return temperature ** 2 * _kl(student, teacher, 1.0)


@distillation.wrong("You sum over the examples. The mean is wanted, so that the size of the batch does not matter.")
def summed(student, teacher, temperature):
    return _kl(student, teacher, temperature, average=np.sum)


@distillation.wrong("You average over the classes as well. The divergence of one example is a *sum* over the classes.")
def mean_over_classes(student, teacher, temperature):
    return _kl(student, teacher, temperature) / student.shape[1]


@distillation.wrong("This is the cross-entropy, without the part log p. It is not zero when student and teacher agree.")
def cross_entropy(student, teacher, temperature):
    return _kl(student, teacher, temperature) - _kl(np.zeros_like(teacher), teacher, temperature) + (
        temperature ** 2 * np.log(student.shape[1]))


@distillation.wrong("Large logits overflow, or give log(0). Subtract the maximum of each row, and compute the "
                    "logarithm of the softmax directly, not of its result.")
def overflows(student, teacher, temperature):
    with np.errstate(all="ignore"):
        p, q = (np.exp(z / temperature) / np.exp(z / temperature).sum(axis=1, keepdims=True)
                for z in (teacher, student))
        return temperature ** 2 * (p * np.log(p / q)).sum(axis=1).mean()


@distillation.wrong("You multiply the logits by the temperature, which makes the softmax sharper. Divide.")
def sharpened(student, teacher, temperature):
    return temperature ** 2 * _kl(student, teacher, 1 / temperature, factor=1.0)
