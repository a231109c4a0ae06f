"""Exercises of the chapter "Keras and PyTorch, side by side"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["carry_on", "chapter", "dense_to_keras", "first_apart", "gru_to_keras", "kernel_to_pytorch", "progress",
           "same_padding", "weighted_means"]

chapter = Chapter("keras_vs_pytorch", title="Keras and PyTorch, side by side")


# ---- 1. A kernel comes home ----

@chapter.exercise(stars=1, title="A kernel comes home", hints=(
    "No number changes, and none is added: only the axes are put into another order.",
    "`transpose` takes, for each new axis, the number of the old one. The new first axis is `out`: which number has it "
    "in (height, width, in, out)?",
    "`out` is the old axis 3, `in` the old axis 2, then height 0 and width 1.",
), praise="The same four numbers, (3, 2, 0, 1), undo (2, 3, 1, 0), which carried the kernel to Keras.")
def kernel_to_pytorch(kernel):
    """The kernel (height, width, in, out) of Keras in PyTorch's order (out, in, height, width)."""
    return kernel.transpose(3, 2, 0, 1)


@kernel_to_pytorch.cases
def _(rng):
    for shape in ((5, 3, 2, 4), (3, 3, 1, 6), (1, 2, 3, 5)):
        yield (rng.normal(size=shape),)
    yield Case((rng.normal(size=(3, 3, 4, 4)),), "as many channels in as out, and a square window")


@kernel_to_pytorch.wrong("`.T` turns all axes around, so height and width change places: each kernel is mirrored at "
                         "its diagonal. For a square window the shape does not tell.")
def all_axes_turned(kernel):
    return kernel.T


@kernel_to_pytorch.wrong("`reshape` keeps the numbers in their order and cuts them anew. It makes the right shape and "
                         "puts the numbers into wrong places; move the axes with `transpose`.")
def reshaped(kernel):
    height, width, inputs, outputs = kernel.shape
    return kernel.reshape(outputs, inputs, height, width)


@kernel_to_pytorch.wrong("`in` and `out` have changed places: PyTorch has `out` first.")
def in_before_out(kernel):
    return kernel.transpose(2, 3, 0, 1)


@kernel_to_pytorch.wrong("This is the way to Keras, (2, 3, 1, 0), applied to what is already Keras's. The way back "
                         "asks for each new axis where it was before.")
def way_to_keras(kernel):
    return kernel.transpose(2, 3, 1, 0)


@kernel_to_pytorch.wrong("`out` has come to the front, and `in` still stands at the end. It belongs behind `out`, "
                         "before the window.")
def in_left_behind(kernel):
    return np.moveaxis(kernel, -1, 0)


@kernel_to_pytorch.wrong("The kernel has been turned by half a turn. Both frameworks compute a cross-correlation; "
                         "nothing is mirrored.")
def turned_around(kernel):
    return kernel[::-1, ::-1].transpose(3, 2, 0, 1)


# ---- 2. The layer behind Flatten ----

@chapter.exercise(stars=2, title="The layer behind Flatten", hints=(
    "Which input does column j of `weight` belong to? In PyTorch the inputs lie as (channel, row, column).",
    "Give the columns their three axes back: `weight.reshape(-1, *maps)`. Then move the axes so that the channels "
    "stand behind the columns.",
    "After the reshape the axes are (out, channels, height, width). Bring them to (height, width, channels, out), and "
    "join the first three.",
), praise="The shape of the answer would have been the same without the maps. Only outputs can tell.")
def dense_to_keras(weight, maps):
    """PyTorch's weight (out, channels * height * width) as Keras's kernel (height * width * channels, out)."""
    out = len(weight)
    return weight.reshape(out, *maps).transpose(2, 3, 1, 0).reshape(-1, out)


@dense_to_keras.cases
def _(rng):
    for out, maps in ((4, (3, 2, 5)), (7, (2, 4, 3)), (10, (6, 4, 4))):
        yield rng.normal(size=(out, int(np.prod(maps)))), maps
    yield Case((rng.normal(size=(3, 8)), (8, 1, 1)), "maps of a single pixel")


@dense_to_keras.wrong("Transposing alone is right for a layer behind a vector. Behind Flatten the inputs stand in "
                      "another order, too: pixel by pixel.")
def only_transposed(weight, maps):
    return weight.T


@dense_to_keras.wrong("The columns were cut as if they lay as (height, width, channels). That is Keras's order; the "
                      "weight comes from PyTorch, where the channel is first.")
def cut_as_keras(weight, maps):
    channels, height, width = maps
    return weight.reshape(-1, height, width, channels).transpose(3, 1, 2, 0).reshape(-1, len(weight))


@dense_to_keras.wrong("Height and width have changed places. `.T` turns all axes around; bring them to "
                      "(height, width, channels, out) one by one.")
def height_and_width(weight, maps):
    return weight.reshape(-1, *maps).T.reshape(-1, len(weight))


@dense_to_keras.wrong("The inputs are in Keras's order, but the axes are still (out, in). Keras multiplies "
                      "`x @ kernel`, so it wants (in, out).")
def not_transposed(weight, maps):
    return weight.reshape(-1, *maps).transpose(0, 2, 3, 1).reshape(len(weight), -1)


@dense_to_keras.wrong("A reshape alone moves no number: it cuts the rows of (out, in) anew. Give the columns their "
                      "axes, move the axes with `transpose`, then join them.")
def only_reshaped(weight, maps):
    return weight.reshape(-1, len(weight))


@dense_to_keras.wrong("The outputs were mixed with the inputs: join the axes only after `out` has gone to the end.")
def joined_too_early(weight, maps):
    return weight.reshape(-1, *maps).transpose(0, 2, 3, 1).reshape(-1, len(weight))


# ---- 3. The gates of a GRU ----

@chapter.exercise(stars=2, title="The gates of a GRU", hints=(
    "The weight is three blocks of rows, one for each gate, all of the same height.",
    "`np.split(weight, 3)` gives the blocks: reset, update, new. Put them together in the order that Keras wants.",
    "`np.concatenate([update, reset, new])` has the order right; then (3 · hidden, inputs) must become "
    "(inputs, 3 · hidden).",
), praise="Two gates of one shape: nothing but the output would have told you that they had changed places.")
def gru_to_keras(weight):
    """PyTorch's GRU weight (3 * hidden, inputs) as Keras's (inputs, 3 * hidden), gates in Keras's order."""
    reset, update, new = np.split(weight, 3)
    return np.concatenate([update, reset, new]).T


@gru_to_keras.cases
def _(rng):
    for hidden, inputs in ((4, 3), (2, 5), (6, 1)):
        yield (rng.normal(size=(3 * hidden, inputs)),)
    yield Case((np.arange(6.0).reshape(3, 2) + 1,), "a single hidden unit")


@gru_to_keras.wrong("The layout is right, the gates are still in PyTorch's order: reset, update, new. Keras begins "
                    "with the update gate.")
def order_kept(weight):
    return weight.T


@gru_to_keras.wrong("The order of the gates is right, the layout is still PyTorch's: Keras wants (inputs, 3 · hidden).")
def layout_kept(weight):
    reset, update, new = np.split(weight, 3)
    return np.concatenate([update, reset, new])


@gru_to_keras.wrong("All three blocks were turned around. Only the first two change places; the new state stays last.")
def all_turned(weight):
    reset, update, new = np.split(weight, 3)
    return np.concatenate([new, update, reset]).T


@gru_to_keras.wrong("The blocks moved round by one place. Keras's order is update, reset, new.")
def moved_round(weight):
    reset, update, new = np.split(weight, 3)
    return np.concatenate([update, new, reset]).T


@gru_to_keras.wrong("Single rows changed places, not whole blocks: each gate has as many rows as there are hidden "
                    "units.")
def rows_interleaved(weight):
    return weight.reshape(-1, 3, weight.shape[1])[:, [1, 0, 2]].reshape(weight.shape).T


# ---- 4. What "same" adds ----

@chapter.exercise(stars=2, title="What \"same\" adds", hints=(
    "How many rows has the output? And how many rows of input do that many windows need, if each begins `stride` rows "
    "after the one before?",
    "`rows = -(-size // stride)` rounds up. The windows reach over `(rows - 1) * stride + kernel` rows; what is "
    "missing is padded, and never less than 0.",
    "Of `total` rows, `total // 2` go above and the rest below.",
), praise="With stride 1 and an odd kernel both sides get the same, and the frameworks agree. Stride 2 is where they "
          "part.")
def same_padding(size, kernel, stride):
    """The pair (rows above, rows below) that padding="same" adds."""
    rows = -(-size // stride)
    total = max(0, (rows - 1) * stride + kernel - size)
    return total // 2, total - total // 2


@same_padding.cases
def _(rng):
    yield Case((8, 3, 2), "one row of zeros in all")
    yield Case((8, 3, 1), "stride 1")
    yield Case((7, 3, 2), "an odd size")
    yield Case((9, 4, 1), "an even kernel")
    yield Case((11, 1, 3), "a kernel shorter than the stride")
    yield Case((11, 5, 3), "stride 3")
    yield Case((12, 6, 4), "stride 4")


@same_padding.wrong("The odd row belongs below: Keras begins with the image and adds at its end.")
def odd_row_above(size, kernel, stride):
    above, below = same_padding(size, kernel, stride)
    return below, above


@same_padding.wrong("This is the padding for stride 1, `kernel // 2` on both sides. With a larger stride fewer rows "
                    "are needed.")
def half_the_kernel(size, kernel, stride):
    return kernel // 2, kernel // 2


@same_padding.wrong("The number of rows was rounded down. Keras rounds up: ⌈size / stride⌉.")
def rounded_down(size, kernel, stride):
    total = max(0, (size // stride - 1) * stride + kernel - size)
    return total // 2, total - total // 2


@same_padding.wrong("`size // stride + 1` is one row too many where the stride divides the size. Rounding up is "
                    "`-(-size // stride)`.")
def one_more_row(size, kernel, stride):
    total = max(0, size // stride * stride + kernel - size)
    return total // 2, total - total // 2


@same_padding.wrong("A negative number of rows: where the windows leave rows over, nothing is padded. Take at least 0.")
def negative(size, kernel, stride):
    total = (-(-size // stride) - 1) * stride + kernel - size
    return total // 2, total - total // 2


@same_padding.wrong("This is the sum, once above and once below. It must be divided between the two.")
def sum_on_both_sides(size, kernel, stride):
    total = sum(same_padding(size, kernel, stride))
    return total, total


@same_padding.wrong("Between the first and the last of r windows there are r - 1 strides, not r.")
def one_stride_too_many(size, kernel, stride):
    total = max(0, -(-size // stride) * stride + kernel - size)
    return total // 2, total - total // 2


# ---- 5. Weights of classes ----

@chapter.exercise(stars=2, title="Weights of classes", hints=(
    "Each example gets the weight of its class: how do you look up n weights by n labels?",
    "`weights = class_weights[labels]`; both means have the same sum above the line, `(weights * losses).sum()`.",
    "PyTorch divides that sum by `weights.sum()`, Keras by `len(losses)`.",
), praise="With rare classes weighted up, Keras's loss, and with it the step, depends on how many of them happen to be "
          "in the batch.")
def weighted_means(losses, labels, class_weights):
    """The pair (PyTorch's, Keras's) of weighted mean losses."""
    weights = class_weights[labels]
    total = (weights * losses).sum()
    return total / weights.sum(), total / len(losses)


@weighted_means.cases
def _(rng):
    for n, classes in ((6, 3), (11, 4), (5, 2)):
        yield rng.exponential(size=n), rng.integers(classes, size=n), rng.uniform(0.5, 3, size=classes)
    yield Case((np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2]), np.array([0.5, 4.0, 2.0])), "a class that is absent")


@weighted_means.wrong("The two have changed places: PyTorch divides by the sum of the weights.")
def exchanged(losses, labels, class_weights):
    return weighted_means(losses, labels, class_weights)[::-1]


@weighted_means.wrong("PyTorch divides by the weights of the examples in the batch, not by those of the classes.")
def sum_over_classes(losses, labels, class_weights):
    total = (class_weights[labels] * losses).sum()
    return total / class_weights.sum(), total / len(losses)


@weighted_means.wrong("Both are divided by the number of examples. PyTorch divides by the sum of the weights.")
def both_by_number(losses, labels, class_weights):
    mean = (class_weights[labels] * losses).mean()
    return mean, mean


@weighted_means.wrong("The weights stand below the line only: multiply each loss by its weight first.")
def losses_not_weighted(losses, labels, class_weights):
    return losses.sum() / class_weights[labels].sum(), losses.mean()


@weighted_means.wrong("Keras divides by the number of examples, not by the number of classes.")
def by_classes(losses, labels, class_weights):
    total = (class_weights[labels] * losses).sum()
    return total / class_weights[labels].sum(), total / len(class_weights)


@weighted_means.wrong("Both are divided by the sum of the weights. Keras divides by the number of examples.")
def both_by_weights(losses, labels, class_weights):
    mean = np.average(losses, weights=class_weights[labels])
    return mean, mean


# ---- 6. Where do they part? ----

@chapter.exercise(stars=3, title="Where do they part?", hints=(
    "Walk through both lists together and stop at the first layer that fails. Before you compare maps, bring theirs "
    "into the order of ours.",
    "An array with four axes: `b.transpose(0, 3, 1, 2)`. Then compare `np.abs(a - b).max()` with "
    "`tolerance * np.abs(a).max()`.",
    "Every comparison with NaN is False. So ask whether the layer agrees, and return its index if `not` "
    "(`difference <= limit`).",
), praise="Rounding grows with the numbers, so only a relative tolerance is fair; and `not (d <= limit)` finds the NaN "
          "that `d > limit` lets through.")
def first_apart(ours, theirs, tolerance):
    """The index of the first layer whose outputs do not agree; len(ours) if all agree."""
    for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if b.ndim == 4:
            b = b.transpose(0, 3, 1, 2)
        if not np.abs(a - b).max() <= tolerance * np.abs(a).max():
            return index
    return len(ours)


def _outputs(rng, maps=(3, 4, 2), scale=1.0, least=0):
    """The outputs of four layers in both frameworks, equal but for rounding: two maps (ReLU), two vectors."""
    shapes = ((5, *maps), (5, *maps), (5, 7), (5, 6))
    ours = [scale * np.maximum(rng.normal(size=shape), least) for shape in shapes]
    theirs = [a + 1e-7 * scale * rng.uniform(-1, 1, size=a.shape) for a in ours]
    return ours, [b.transpose(0, 2, 3, 1) if b.ndim == 4 else b for b in theirs]


@first_apart.cases
def _(rng):
    ours, theirs = _outputs(rng)
    yield ours, [*theirs[:1], *(1.1 * b for b in theirs[1:])], 1e-5
    yield Case((*_outputs(rng), 1e-5), "all layers agree")
    ours, theirs = _outputs(rng, maps=(4, 4, 4), least=0.5)
    yield Case((ours, [*theirs[:3], -theirs[3]], 1e-5), "as many channels as rows and columns")
    ours, theirs = _outputs(rng, maps=(1, 4, 3))
    yield Case((ours, [*theirs[:2], *(0.9 * b for b in theirs[2:])], 1e-5), "maps of a single channel")
    ours, theirs = _outputs(rng, scale=1e4)
    yield Case((ours, [*theirs[:2], *(1.1 * b for b in theirs[2:])], 1e-5), "numbers in the thousands")
    ours, theirs = _outputs(rng, scale=1e-6)
    yield Case((ours, [*theirs[:1], *(1.1 * b for b in theirs[1:])], 1e-5), "very small numbers")
    for size in (1e-3, -1e-3):
        ours, theirs = _outputs(rng, maps=(6, 5, 7))
        theirs[1][2, 3, 4, 5] += size
        yield Case((ours, theirs, 1e-5), "a single number differs")
    ours, theirs = _outputs(rng)
    theirs[2][1, 3] = np.nan
    yield Case((ours, theirs, 1e-5), "a NaN in layer 2, the others agree")


def _first(ours, theirs, agrees, turn=lambda a, b: b.transpose(0, 3, 1, 2)):
    for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if not agrees(a, turn(a, b) if b.ndim == 4 else b):
            return index
    return len(ours)


def _agree(a, b, tolerance):
    return np.abs(a - b).max() <= tolerance * np.abs(a).max()


@first_apart.wrong("The difference is compared with the tolerance alone. Rounding is relative: compare with tolerance "
                   "times the largest number of ours.")
def absolute(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: np.abs(a - b).max() <= tolerance)


@first_apart.wrong("Each number is its own measure. Where ours is 0, as behind a ReLU, any rounding is then too much: "
                   "measure by the largest number of the layer.")
def number_by_number(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: (np.abs(a - b) <= tolerance * np.abs(a)).all())


@first_apart.wrong("`np.allclose` measures each number by itself and forgives another 1e-8 in any case: too strict for "
                   "zeros in large layers, too lax for small ones. Measure by the largest number of the layer.")
def by_allclose(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: np.allclose(a, b, rtol=tolerance))


@first_apart.wrong("The search ends after layer 0. `return len(ours)` belongs behind the loop, not into it.")
def only_layer_zero(ours, theirs, tolerance):
    return 0 if first_apart(ours[:1], theirs[:1], tolerance) == 0 else len(ours)


@first_apart.wrong("This is the last layer that differs. All layers behind the culprit differ, too; stop at the first.")
def last_one(ours, theirs, tolerance):
    apart = [index for index in range(len(ours)) if first_apart(ours[index:], theirs[index:], tolerance) == 0]
    return apart[-1] if apart else len(ours)


@first_apart.wrong("Maps that lie in another order are taken for different maps. Bring theirs into the order of ours "
                   "first: `transpose(0, 3, 1, 2)`.")
def maps_as_they_lie(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: a.shape == b.shape and _agree(a, b, tolerance), turn=lambda a, b: b)


@first_apart.wrong("`reshape` gives the right shape and leaves the numbers in Keras's order. Move the axes with "
                   "`transpose(0, 3, 1, 2)`.")
def maps_reshaped(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: _agree(a, b, tolerance), turn=lambda a, b: b.reshape(a.shape))


@first_apart.wrong("A mean hides a single wrong number among many right ones. Take the largest difference.")
def mean_difference(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: np.abs(a - b).mean() <= tolerance * np.abs(a).max())


@first_apart.wrong("The sign of the difference is kept, so theirs may be larger by any amount. Take absolute values.")
def signed(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: (a - b).max() <= tolerance * np.abs(a).max())


@first_apart.wrong("A NaN slips through: every comparison with NaN is False, so `difference > limit` is, too. Ask "
                   "whether `difference <= limit`, and take what fails.")
def nan_missed(ours, theirs, tolerance):
    return _first(ours, theirs, lambda a, b: not np.abs(a - b).max() > tolerance * np.abs(a).max())


@first_apart.wrong("The layers are counted from 1 here. Indices begin with 0.")
def from_one(ours, theirs, tolerance):
    return first_apart(ours, theirs, tolerance) + 1


# ---- 7. Find the bug: changing horses ----

@chapter.exercise(stars=2, title="Find the bug: changing horses", hints=(
    "The rule in the loop is Keras's, and it is right. Look at what it begins with.",
    "Write both rules for one step without a gradient. PyTorch: w goes to w - lr · momentum · v. What does the loop "
    "make of the same v?",
    "A velocity of Keras is a step: -lr times the velocity of PyTorch. Convert it once, before the loop.",
), praise="Optimizers have a state, and it has units like any other quantity. Carry it over converted, or begin with "
          "zero and accept a hiccup.")
def carry_on(weights, velocity, gradients, lr, momentum):
    """The weights after going on, by Keras's rule, with a run that PyTorch began."""
    velocity = -lr * velocity
    for gradient in gradients:
        velocity = momentum * velocity - lr * gradient
        weights = weights + velocity
    return weights


@carry_on.given
def _(weights, velocity, gradients, lr, momentum):
    for gradient in gradients:
        velocity = momentum * velocity - lr * gradient
        weights = weights + velocity
    return weights


@carry_on.cases
def _(rng):
    for d, steps in ((3, 4), (5, 1), (2, 6)):
        yield rng.normal(size=d), rng.normal(size=d), list(rng.normal(size=(steps, d))), 0.1, 0.9
    yield Case((np.ones(3), np.array([1.0, -2.0, 4.0]), [np.zeros(3), np.zeros(3)], 0.5, 0.8), "gradients of zero")


@carry_on.wrong("The sign is right now, the size is not: a step is the learning rate times the velocity.")
def only_the_sign(weights, velocity, gradients, lr, momentum):
    return weights + _coast(-velocity, gradients, lr, momentum)


@carry_on.wrong("The size is right now, the sign is not: the weights move against the velocity of PyTorch.")
def only_the_size(weights, velocity, gradients, lr, momentum):
    return weights + _coast(lr * velocity, gradients, lr, momentum)


@carry_on.wrong("The velocity was thrown away. The run goes on, but it is not the run that PyTorch would have made.")
def forgotten(weights, velocity, gradients, lr, momentum):
    return weights + _coast(0 * velocity, gradients, lr, momentum)


@carry_on.wrong("The velocity is divided by the learning rate. That is the way back, from Keras to PyTorch.")
def wrong_way(weights, velocity, gradients, lr, momentum):
    return weights + _coast(-velocity / lr, gradients, lr, momentum)


@carry_on.wrong("The conversion stands inside the loop, so it is made in each step. Once, before the loop, is right.")
def in_each_step(weights, velocity, gradients, lr, momentum):
    for gradient in gradients:
        velocity = -lr * velocity
        velocity = momentum * velocity - lr * gradient
        weights = weights + velocity
    return weights


def _coast(velocity, gradients, lr, momentum):
    """How far Keras's rule goes from this velocity."""
    total = 0 * velocity
    for gradient in gradients:
        velocity = momentum * velocity - lr * gradient
        total = total + velocity
    return total
