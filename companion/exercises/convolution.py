"""Exercises of the chapter "Convolution"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["backward_1d", "chapter", "correlate", "field_and_distance", "max_pool_with_gradient", "merged",
           "output_length", "progress", "strided_layer"]

chapter = Chapter("convolution", title="Convolution")


# ---- 1. Slide a filter ----

@chapter.exercise(stars=1, title="Slide a filter", hints=(
    "How many rows of windows fit into h rows, if each window takes kh of them? The first begins at row 0, the last "
    "at row h - kh.",
    "Make an array of zeros of shape (h - kh + 1, w - kw + 1). For its place (i, j), which slice of the image is the "
    "window?",
    "The window is `image[i:i + kh, j:j + kw]`. Multiply it by the kernel, element by element, and take the `.sum()`.",
), praise="One small array of weights, used at every place: that is all a convolutional layer adds to what you knew.")
def correlate(image, kernel):
    """The cross-correlation of image (h, w) with kernel (kh, kw), without padding: (h - kh + 1, w - kw + 1)."""
    (h, w), (kh, kw) = image.shape, kernel.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    for i in range(h - kh + 1):
        for j in range(w - kw + 1):
            out[i, j] = (image[i:i + kh, j:j + kw] * kernel).sum()
    return out


@correlate.cases
def _(rng):
    for (h, w), (kh, kw) in (((5, 7), (2, 3)), ((6, 4), (3, 2)), ((8, 9), (3, 3))):
        yield rng.normal(size=(h, w)), rng.normal(size=(kh, kw))
    yield Case((rng.integers(0, 9, size=(4, 6)), np.array([[1, -1]])), "a picture of whole numbers, a kernel of one "
                                                                       "row")
    yield Case((rng.normal(size=(3, 5)), rng.normal(size=(3, 5))), "a kernel as large as the picture")


@correlate.wrong(
    "The kernel is turned by half a circle: this is convolution proper. Multiply each window by the kernel as it "
    "stands.")
def turned_kernel(image, kernel):
    return correlate.reference(image, kernel[::-1, ::-1])


@correlate.wrong(
    "The last row and the last column of windows are missing: h - kh + 1 windows fit below each other, not h - kh.")
def one_too_few(image, kernel):
    return correlate.reference(image, kernel)[:-1, :-1]


@correlate.wrong("The products are averaged. The filter asks for their sum.")
def averaged(image, kernel):
    return correlate.reference(image, kernel) / kernel.size


@correlate.wrong("The result has the size of the picture: you put zeros around it. Here no padding is asked.")
def padded(image, kernel):
    kh, kw = kernel.shape
    around = ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2))
    return correlate.reference(np.pad(image, around), kernel)


@correlate.wrong("The windows lie side by side: you move on by the size of the kernel. Move on by one pixel.")
def side_by_side(image, kernel):
    kh, kw = kernel.shape
    return correlate.reference(image, kernel)[::kh, ::kw]


@correlate.wrong("Height and width of the kernel are exchanged in the size of the output. It has h - kh + 1 rows and "
                 "w - kw + 1 columns.")
def sizes_exchanged(image, kernel):
    (h, w), (kw, kh) = image.shape, kernel.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    full = correlate.reference(image, kernel)
    rows, columns = min(len(out), len(full)), min(out.shape[1], full.shape[1])
    out[:rows, :columns] = full[:rows, :columns]
    return out


@correlate.wrong(
    "You take the matrix product of window and kernel (`@`). The numbers are multiplied pair by pair: `*`.")
def matrix_product(image, kernel):
    kh, kw = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows @ kernel.T).sum(axis=(2, 3))


@correlate.wrong(
    "You add up the windows themselves. Each number is first multiplied by the weight of the kernel at its place.")
def kernel_forgotten(image, kernel):
    return correlate.reference(image, np.ones(kernel.shape))


@correlate.wrong("These are the products, one array of them for each window. Add them up: one number for each window.")
def not_summed(image, kernel):
    return np.lib.stride_tricks.sliding_window_view(image, kernel.shape) * kernel


# ---- 2. How large is the output? ----

@chapter.exercise(stars=1, title="How large is the output?", hints=(
    "How many pixels does the picture have with its padding? And over how many of them does a filter reach whose "
    "weights lie `dilation` apart?",
    "With padding: size + 2 * padding. Reach: dilation * (kernel - 1) + 1. The last window may begin at the "
    "difference of the two.",
    "Windows begin at 0, stride, 2 * stride, … up to that place: `last // stride + 1` of them.",
), praise="`//` rounds down: the pixels after the last window are left out, silently.")
def output_length(size, kernel, stride, padding, dilation):
    """The size of a convolution's output along one axis: an integer."""
    last = size + 2 * padding - dilation * (kernel - 1) - 1
    return last // stride + 1


@output_length.cases
def _(rng):
    yield Case((28, 5, 1, 0, 1), "no stride, padding or dilation")
    yield Case((224, 7, 2, 3, 1), "the first layer of ResNet")
    yield Case((31, 3, 2, 0, 1), "stride 2, nothing is left over")
    yield Case((32, 3, 2, 0, 1), "stride 2, a pixel is left over")
    yield Case((20, 4, 3, 1, 2), "all of them at once")
    yield Case((17, 5, 2, 2, 3), "all of them at once")
    yield Case((9, 3, 1, 0, 4), "exactly one window fits")
    yield Case((5, 1, 4, 0, 3), "a filter of a single weight")


@output_length.wrong("One window is missing: the one that begins at 0. Add 1 after the division.")
def first_forgotten(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride


@output_length.wrong(
    "You add 1 before the division. Divide first: the number of steps, and then 1 for the window at 0.")
def one_too_early(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel - 1)) // stride


@output_length.wrong("The padding lies on both sides, so the picture grows by 2 * padding.")
def padding_once(size, kernel, stride, padding, dilation):
    return (size + padding - dilation * (kernel - 1) - 1) // stride + 1


@output_length.wrong("The dilation is missing: the filter reaches over dilation * (kernel - 1) + 1 pixels.")
def dilation_forgotten(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - kernel) // stride + 1


@output_length.wrong(
    "The reach is not dilation * kernel: there are kernel - 1 gaps between kernel weights, so it is "
    "dilation * (kernel - 1) + 1.")
def gaps_miscounted(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * kernel) // stride + 1


@output_length.wrong("You round up. A window that would reach over the border is left out: round down.")
def rounded_up(size, kernel, stride, padding, dilation):
    return -(-(size + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1


@output_length.wrong("This is not a whole number where windows leave a rest: divide with `//`.")
def not_whole(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


@output_length.wrong("The stride is missing: with stride s only every s-th window is kept.")
def stride_forgotten(size, kernel, stride, padding, dilation):
    return size + 2 * padding - dilation * (kernel - 1)


# ---- 3. How far does a unit see? ----

@chapter.exercise(stars=2, title="How far does a unit see?", hints=(
    "Keep two numbers while you go up through the layers: how wide the field is, and how far apart neighboring units "
    "are. Both begin at 1: a pixel sees itself.",
    "A layer looks at `kernel` units below, `dilation` steps from one to the next. How many steps lie between the "
    "first and the last, and how many pixels is a step?",
    "In this order: `field += (kernel - 1) * dilation * apart`, then `apart *= stride`.",
), praise="The stride of a layer widens only the layers above it: it comes after the line with the field.")
def field_and_distance(layers):
    """(receptive field, distance of neighboring units) in pixels; layers: (kernel, stride, dilation) each."""
    field, apart = 1, 1
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * apart
        apart *= stride
    return field, apart


@field_and_distance.cases
def _(rng):
    yield Case(([(5, 1, 1)],), "one layer")
    yield Case(([(3, 1, 1), (3, 1, 1), (3, 1, 1)],), "three plain layers")
    yield Case(([(3, 2, 1), (5, 2, 1), (3, 1, 1)],), "strides below")
    yield Case(([(3, 1, 1), (3, 1, 2), (3, 1, 4)],), "dilations that double")
    yield Case(([(7, 2, 1), (3, 3, 2), (2, 2, 1), (4, 1, 3)],), "strides and dilations")
    yield Case(([(1, 2, 1), (3, 1, 1)],), "a kernel of 1 with a stride")
    yield Case(([],), "no layer: the pixel itself")


@field_and_distance.wrong(
    "The stride of a layer must not widen its own window, only those above it: change `apart` after the field.")
def stride_too_early(layers):
    field, apart = 1, 1
    for kernel, stride, dilation in layers:
        apart *= stride
        field += (kernel - 1) * dilation * apart
    return field, apart


@field_and_distance.wrong(
    "Strides multiply: after two layers of stride 2 neighboring units are 4 pixels apart. You count only the stride "
    "of the layer right below.")
def last_stride_only(layers):
    field, apart, total = 1, 1, 1
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * apart
        apart = stride
        total *= stride
    return field, total


@field_and_distance.wrong("Strides are added where they must be multiplied.")
def strides_added(layers):
    field, apart = 1, 1
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * apart
        apart += stride - 1
    return field, apart


@field_and_distance.wrong(
    "The dilation is missing: the outermost weights of a filter lie (kernel - 1) * dilation steps apart.")
def no_dilation(layers):
    return field_and_distance.reference([(kernel, stride, 1) for kernel, stride, _ in layers])


@field_and_distance.wrong(
    "Each layer adds kernel - 1 steps, not kernel: a filter of one weight sees no more than the unit below it.")
def kernel_steps(layers):
    return field_and_distance.reference([(kernel + 1, stride, dilation) for kernel, stride, dilation in layers])


@field_and_distance.wrong(
    "The strides are missing in the field: above a stride of 2, each step of a filter is 2 pixels.")
def no_strides(layers):
    field = field_and_distance.reference([(kernel, 1, dilation) for kernel, _, dilation in layers])[0]
    return field, field_and_distance.reference(layers)[1]


@field_and_distance.wrong("The field begins at 1: without any layer a unit is a pixel, and sees itself.")
def begins_at_zero(layers):
    field, apart = field_and_distance.reference(layers)
    return field - 1, apart


@field_and_distance.wrong(
    "You go through the layers from the top. Strides stretch what lies above them, so begin at the picture.")
def from_the_top(layers):
    return field_and_distance.reference(layers[::-1])


# ---- 4. Backward on a line ----

@chapter.exercise(stars=2, title="Backward on a line", hints=(
    "Collect: `weight[u]` was multiplied by `x[i + u]` in every output i. And `x[p]` reached the output i = p - u by "
    "`weight[u]`.",
    "`g_weight` is the cross-correlation of x with g: `np.correlate(x, g, mode=\"valid\")`. For `g_x` the indices "
    "add up, p = i + u: what is that called?",
    "`g_x` is the convolution proper of g and weight, with every overlap: `np.convolve(g, weight)` has n numbers.",
), praise="Forward is a correlation, backward by the input a convolution: the one place where the filter is turned.")
def backward_1d(x, weight, g):
    """(g_x, g_weight) for z[i] = sum over u of weight[u] * x[i + u], from g, the gradient of z."""
    return np.convolve(g, weight), np.correlate(x, g, mode="valid")


@backward_1d.cases
def _(rng):
    for n, k in ((7, 3), (9, 2), (12, 5)):
        yield rng.normal(size=n), rng.normal(size=k), rng.normal(size=n - k + 1)
    yield Case((rng.normal(size=4), rng.normal(size=3), rng.normal(size=2)), "a filter longer than the output")
    yield Case((rng.normal(size=6), np.array([2.0]), rng.normal(size=6)), "a single weight")
    yield Case((rng.normal(size=5), rng.normal(size=5), np.array([-3.0])), "a single output")


@backward_1d.wrong(
    "`g_x` uses the filter as it stands. x[p] met weight[u] in the output p - u, so for the way back the filter is "
    "turned around.")
def filter_not_turned(x, weight, g):
    return np.convolve(g, weight[::-1]), np.correlate(x, g, mode="valid")


@backward_1d.wrong(
    "`g_weight` is turned around: its first element belongs to weight[0]. `np.convolve` turns one of the two; "
    "`np.correlate(x, g, mode=\"valid\")` does not.")
def weight_turned(x, weight, g):
    return np.convolve(g, weight), np.convolve(x, g[::-1], mode="valid")[::-1]


@backward_1d.wrong("The two gradients are right, but in the other order: first `g_x`, then `g_weight`.")
def exchanged(x, weight, g):
    return np.correlate(x, g, mode="valid"), np.convolve(g, weight)


@backward_1d.wrong("`g_x` is averaged over the weights that a pixel met. Gradients of several ways add up.")
def mean_of_ways(x, weight, g):
    return np.convolve(g, weight) / np.convolve(np.ones(len(g)), np.ones(len(weight))), \
        np.correlate(x, g, mode="valid")


@backward_1d.wrong(
    "`g_weight` is a mean over the outputs. The weight was used at every place, and the gradients of all places add "
    "up.")
def mean_of_places(x, weight, g):
    return np.convolve(g, weight), np.correlate(x, g, mode="valid") / len(g)


@backward_1d.wrong(
    "`g_x` is too short: the pixels near the two ends are missing. They lie in fewer windows, but they have a "
    "gradient too: put k - 1 zeros on both sides of g.")
def ends_missing(x, weight, g):
    full = np.convolve(g, weight)
    return full[len(weight) - 1:len(full) - len(weight) + 1], np.correlate(x, g, mode="valid")


@backward_1d.wrong(
    "You put the values of x where those of the filter belong: `g_x` depends on the weights and g, not on x.")
def x_for_weights(x, weight, g):
    return np.convolve(g, x[:len(weight)]), np.correlate(x, g, mode="valid")


@backward_1d.wrong("Gradients are overwritten in `g_x`: a pixel lies in several windows, so add them up with `+=`.")
def overwritten_x(x, weight, g):
    g_x = np.zeros(len(x))
    for i in range(len(g)):
        g_x[i:i + len(weight)] = weight * g[i]
    return g_x, np.correlate(x, g, mode="valid")


@backward_1d.wrong(
    "Gradients are overwritten in `g_x`: with the loop over the weights inside, only one way to each pixel is left. "
    "Add them up with `+=`.")
def overwritten_by_weight(x, weight, g):
    g_x = np.zeros(len(x))
    for u in range(len(weight)):
        g_x[u:u + len(g)] = weight[u] * g
    return g_x, np.correlate(x, g, mode="valid")


# ---- 5. Max pooling and its gradient ----

@chapter.exercise(stars=2, title="Max pooling and its gradient", hints=(
    "Two loops over the windows are fine: the window (i, j) is `x[i * size:(i + 1) * size, j * size:(j + 1) * size]`.",
    "`window.argmax()` counts row by row and takes the first in a tie. `np.unravel_index(…, window.shape)` makes a "
    "row and a column of it.",
    "Start from `g_x = np.zeros(x.shape)`, and in each window put `g[i, j]` at `(i * size + row, j * size + column)`.",
), praise="All but one pixel of each window learn nothing from this example: max pooling passes the gradient to the "
          "winner only.")
def max_pool_with_gradient(x, size, g):
    """(pooled, g_x): the largest value of each window, and g placed where it was found."""
    pooled, g_x = np.zeros(g.shape), np.zeros(x.shape)
    for i, j in np.ndindex(g.shape):
        window = x[i * size:(i + 1) * size, j * size:(j + 1) * size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        pooled[i, j] = window[row, column]
        g_x[i * size + row, j * size + column] = g[i, j]
    return pooled, g_x


@max_pool_with_gradient.cases
def _(rng):
    for h, w, size in ((4, 6, 2), (6, 9, 3), (8, 4, 4)):
        yield rng.normal(size=(h, w)), size, rng.normal(size=(h // size, w // size))
    yield Case((-1 - rng.random(size=(4, 8)), 2, rng.normal(size=(2, 4))), "all values are negative")
    yield Case((np.array([[3.0, 3, 0, 5], [3, 1, 5, 5]]), 2, np.array([[0.5, -2.0]])), "ties")
    yield Case((rng.normal(size=(2, 3)), 1, rng.normal(size=(2, 3))), "windows of a single pixel")


def _in_windows(x, size):
    h, w = x.shape
    return x.reshape(h // size, size, w // size, size)


def _spread(values, size):
    return np.repeat(np.repeat(values, size, axis=0), size, axis=1)


@max_pool_with_gradient.wrong(
    "In a tie every one of the largest values takes the whole gradient. Then more flows back than came: give it to "
    "the first only.")
def ties_all_take(x, size, g):
    pooled = _in_windows(x, size).max(axis=(1, 3))
    return pooled, (x == _spread(pooled, size)) * _spread(g, size)


@max_pool_with_gradient.wrong(
    "In a tie the last of the largest values takes the gradient; the first should, row by row.")
def last_takes(x, size, g):
    pooled, g_x = max_pool_with_gradient.reference(x[::-1, ::-1], size, g[::-1, ::-1])
    return pooled[::-1, ::-1], g_x[::-1, ::-1]


@max_pool_with_gradient.wrong("This is average pooling: take the largest value of each window, not the mean.")
def average(x, size, g):
    return _in_windows(x, size).mean(axis=(1, 3)), _spread(g, size) / size ** 2


@max_pool_with_gradient.wrong(
    "The pooled values are right. But every pixel of a window gets the gradient; only the one that won had any "
    "influence.")
def all_get_it(x, size, g):
    return _in_windows(x, size).max(axis=(1, 3)), _spread(g, size)


@max_pool_with_gradient.wrong(
    "`g_x` holds ones where the largest values were. By the chain rule each is multiplied by the g of its window.")
def ones_for_g(x, size, g):
    pooled, g_x = max_pool_with_gradient.reference(x, size, np.ones(g.shape))
    return pooled, g_x


@max_pool_with_gradient.wrong(
    "You begin the search for the largest value at 0, so a window of negative values gives 0.")
def starts_at_zero(x, size, g):
    pooled, g_x = max_pool_with_gradient.reference(x, size, g)
    return np.maximum(pooled, 0), g_x * (_spread(pooled, size) > 0)


@max_pool_with_gradient.wrong(
    "Row and column are exchanged when `argmax` is taken apart: it counts row by row, so the row is `index // size`, "
    "the column `index % size`.")
def row_and_column(x, size, g):
    pooled, _ = max_pool_with_gradient.reference(x, size, g)
    g_x = np.zeros(x.shape)
    for i, j in np.ndindex(g.shape):
        index = x[i * size:(i + 1) * size, j * size:(j + 1) * size].argmax()
        g_x[i * size + index % size, j * size + index // size] = g[i, j]
    return pooled, g_x


@max_pool_with_gradient.wrong(
    "In a tie you share the gradient among the largest values. That is a sensible rule, but here the first of them "
    "takes all.")
def ties_share(x, size, g):
    pooled = _in_windows(x, size).max(axis=(1, 3))
    winners = x == _spread(pooled, size)
    return pooled, winners * _spread(g / _in_windows(winners, size).sum(axis=(1, 3)), size)


@max_pool_with_gradient.wrong("You put the pooled values back into `g_x`. What flows back is the gradient `g`.")
def values_for_g(x, size, g):
    pooled = _in_windows(x, size).max(axis=(1, 3))
    return max_pool_with_gradient.reference(x, size, pooled)


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Take stride 2 and the output (0, 1). At which column of x should its window begin? At which one does it begin "
    "here?",
    "The number of windows takes the stride into account, their places do not.",
    "The window (i, j) begins at row `i * stride` and column `j * stride`, and still has kh rows and kw columns.",
), praise="A bug that the shape cannot show: the output had the right size, cut from the wrong place.")
def strided_layer(x, weight, stride):
    """The convolution of x (c, h, w) with weight (o, c, kh, kw) and this stride: (o, h', w')."""
    o, c, kh, kw = weight.shape
    rows = (x.shape[1] - kh) // stride + 1
    columns = (x.shape[2] - kw) // stride + 1
    out = np.zeros((o, rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[:, top:top + kh, left:left + kw]
            out[:, i, j] = (weight * window).sum(axis=(1, 2, 3))
    return out


@strided_layer.cases
def _(rng):
    yield Case((rng.normal(size=(2, 7, 9)), rng.normal(size=(3, 2, 3, 2)), 2), "stride 2")
    yield Case((rng.normal(size=(3, 11, 8)), rng.normal(size=(2, 3, 2, 3)), 3), "stride 3")
    yield Case((rng.normal(size=(2, 5, 6)), rng.normal(size=(4, 2, 3, 3)), 1), "stride 1")
    yield Case((rng.normal(size=(1, 8, 6)), rng.normal(size=(2, 1, 2, 2)), 2), "windows side by side")


@strided_layer.given
def _(x, weight, stride):
    o, c, kh, kw = weight.shape
    rows = (x.shape[1] - kh) // stride + 1
    columns = (x.shape[2] - kw) // stride + 1
    out = np.zeros((o, rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i:i + kh, j:j + kw]
            out[:, i, j] = (weight * window).sum(axis=(1, 2, 3))
    return out


def _placed(x, weight, stride, window_at):
    """Like strided_layer, with `window_at(i, j)` for the window."""
    o, _, kh, kw = weight.shape
    rows, columns = (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1
    out = np.zeros((o, rows, columns))
    for i, j in np.ndindex(rows, columns):
        out[:, i, j] = (weight * window_at(i, j)).sum(axis=(1, 2, 3))
    return out


@strided_layer.wrong("Now the rows are right. The columns need the stride too.")
def rows_only(x, weight, stride):
    kh, kw = weight.shape[2:]
    return _placed(x, weight, stride, lambda i, j: x[:, i * stride:i * stride + kh, j:j + kw])


@strided_layer.wrong("Now the columns are right. The rows need the stride too.")
def columns_only(x, weight, stride):
    kh, kw = weight.shape[2:]
    return _placed(x, weight, stride, lambda i, j: x[:, i:i + kh, j * stride:j * stride + kw])


@strided_layer.wrong(
    "You step inside the window: that is dilation. The windows begin `stride` pixels apart, and the pixels of each "
    "lie side by side.")
def dilated(x, weight, stride):
    kh, kw = weight.shape[2:]
    wide = np.pad(x, ((0, 0), (0, stride * kh), (0, stride * kw)))
    return _placed(x, weight, stride,
                   lambda i, j: wide[:, i:i + kh * stride:stride, j:j + kw * stride:stride])


@strided_layer.wrong("The windows begin at multiples of the kernel's size. They begin at multiples of the stride.")
def kernel_steps_apart(x, weight, stride):
    kh, kw = weight.shape[2:]
    wide = np.pad(x, ((0, 0), (0, x.shape[1] * kh), (0, x.shape[2] * kw)))
    return _placed(x, weight, stride, lambda i, j: wide[:, i * kh:(i + 1) * kh, j * kw:(j + 1) * kw])


@strided_layer.wrong(
    "The stride is gone: the output has every window. Keep the number of rows and columns, and move the windows.")
def all_windows(x, weight, stride):
    return strided_layer.reference(x, weight, 1)


@strided_layer.wrong(
    "The sum no longer takes in the channels: each output channel adds the answers of *all* its filters, axes 1, 2 "
    "and 3.")
def first_channel(x, weight, stride):
    return strided_layer.reference(x[:1], weight[:, :1], stride)


@strided_layer.wrong("The answers of the input channels stand side by side. An output channel adds them up.")
def channels_kept(x, weight, stride):
    return np.stack([strided_layer.reference(x[[q]], weight[:, [q]], stride) for q in range(len(x))], axis=1)


# ---- 7. Two filters in one ----

@chapter.exercise(stars=3, title="Two filters in one", hints=(
    "Write both sums into one: z[i] is a sum over v of second[v] times a sum over u of first[u] x[i + u + v]. Which "
    "weight stands before x[i + p]?",
    "The weight of x[i + p] is the sum of all first[u] * second[v] with u + v = p: a convolution proper. Its size is "
    "(a + c - 1, b + d - 1).",
    "Start from zeros of that size. For each (u, v) of `second`, add `second[u, v] * first` to the block "
    "`out[u:u + a, v:v + b]`.",
), praise="Two linear layers are one linear layer, here too. A stack of filters becomes more than one filter only by "
          "the nonlinearity in between.")
def merged(first, second):
    """The filter that does at once what first (a, b) and then second (c, d) do: (a + c - 1, b + d - 1)."""
    (a, b), (c, d) = first.shape, second.shape
    out = np.zeros((a + c - 1, b + d - 1))
    for u in range(c):
        for v in range(d):
            out[u:u + a, v:v + b] += second[u, v] * first
    return out


@merged.cases
def _(rng):
    for first, second in (((2, 3), (3, 2)), ((3, 3), (2, 4)), ((1, 4), (3, 1))):
        yield rng.normal(size=first), rng.normal(size=second)
    yield Case((rng.normal(size=(3, 4)), np.array([[2.5]])), "a second filter of one weight")
    yield Case((np.array([[-1.0, 0, 1]]), np.array([[1.0], [2], [1]])), "a difference across, then a blur down: Sobel")


def _correlated(first, second):
    """The cross-correlation with every overlap: first padded on all sides, second as it stands."""
    (c, d) = second.shape
    return correlate.reference(np.pad(first, ((c - 1, c - 1), (d - 1, d - 1))), second)


@merged.wrong(
    "You correlated the two filters. The weights of one pixel are those with u + v = p, a convolution proper: turn "
    "one of them.")
def correlated(first, second):
    return _correlated(first, second)


@merged.wrong(
    "The result is turned by half a circle. Its first weight is first[0, 0] * second[0, 0], the one of the pixel at "
    "the top left.")
def result_turned(first, second):
    return merged.reference(first, second)[::-1, ::-1]


@merged.wrong(
    "The size is wrong: the two filters together reach over a + c - 1 rows and b + d - 1 columns, so overlaps at the "
    "border count, too.")
def same_size(first, second):
    return merged.reference(first, second)[:first.shape[0], :first.shape[1]]


@merged.wrong("Blocks that overlap are overwritten: write `+=`, since a pixel reaches the output on several ways.")
def overwritten(first, second):
    (a, b), (c, d) = first.shape, second.shape
    out = np.zeros((a + c - 1, b + d - 1))
    for u in range(c):
        for v in range(d):
            out[u:u + a, v:v + b] = second[u, v] * first
    return out


@merged.wrong("You added the two filters. One after the other, their weights are multiplied.")
def added(first, second):
    (a, b), (c, d) = first.shape, second.shape
    out = np.zeros((a + c - 1, b + d - 1))
    out[:a, :b] += first
    out[:c, :d] += second
    return out


@merged.wrong("The second filter is transposed on the way: its row u moves the block down, its column v to the right.")
def transposed(first, second):
    return merged.reference(first, second.T)


@merged.wrong(
    "This is the outer product: each pair of weights has its own place. Pairs with the same u + v belong to the same "
    "pixel: add them up.")
def outer(first, second):
    return np.outer(first, second)
