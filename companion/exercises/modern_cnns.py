"""Exercises of the chapter "Modern convolutional networks"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "fold", "inception_costs", "multiply_adds_of", "pointwise", "progress", "residual",
           "residual_gradient", "stack_parameters"]

chapter = Chapter("modern_cnns", title="Modern convolutional networks")


# ---- 1. Parameters of a stack ----

@chapter.exercise(stars=1, title="Parameters of a stack", hints=(
    "One layer from c to o channels: how many numbers does one of its o filters have?",
    "A filter has c * kernel_size ** 2 weights and, if `bias` is true, one bias. Which pairs (c, o) does `channels` "
    "hold?",
    "Go through `zip(channels[:-1], channels[1:])` and add up `o * (c * kernel_size ** 2 + bias)`: True counts as 1.",
), praise="The size of the image does not occur: the same filters serve every pixel.")
def stack_parameters(channels, kernel_size, bias):
    """The number of parameters of a stack of convolutions through these channels."""
    return sum(o * (c * kernel_size ** 2 + bias) for c, o in zip(channels[:-1], channels[1:], strict=True))


@stack_parameters.cases
def _(rng):
    yield Case(((3, 64, 128), 3, True), "two layers with biases")
    yield Case(((16, 16, 24, 5), 5, False), "three layers without biases")
    yield Case(((7, 4), 1, True), "one layer of 1x1")
    yield Case(((2, 3, 5, 11), 7, True), "three layers of 7x7")


@stack_parameters.wrong("The biases are missing. Each of the o filters has one, if `bias` is true.")
def no_biases(channels, kernel_size, bias):
    return stack_parameters.reference(channels, kernel_size, False)


@stack_parameters.wrong("You count biases even where `bias` is False.")
def always_biases(channels, kernel_size, bias):
    return stack_parameters.reference(channels, kernel_size, True)


@stack_parameters.wrong("A filter has kernel_size times kernel_size weights per input channel: square it.")
def not_squared(channels, kernel_size, bias):
    return sum(o * (c * kernel_size + bias) for c, o in zip(channels[:-1], channels[1:], strict=True))


@stack_parameters.wrong("You count one bias for each input channel. It belongs to the filter, so there are as many "
                        "as output channels.")
def bias_per_input(channels, kernel_size, bias):
    return sum(c * (o * kernel_size ** 2 + bias) for c, o in zip(channels[:-1], channels[1:], strict=True))


@stack_parameters.wrong("You count one bias per weight channel: the filter has a single bias, whatever the number of "
                        "its input channels.")
def bias_inside(channels, kernel_size, bias):
    return sum(o * c * (kernel_size ** 2 + bias) for c, o in zip(channels[:-1], channels[1:], strict=True))


@stack_parameters.wrong("Each filter looks at *all* input channels. You count one window per filter only, as a "
                        "depthwise convolution has it.")
def one_window_per_filter(channels, kernel_size, bias):
    return sum(o * (kernel_size ** 2 + bias) for o in channels[1:])


@stack_parameters.wrong("You add a single bias per layer. Each of its o filters has one of its own.")
def one_bias_per_layer(channels, kernel_size, bias):
    return sum(o * c * kernel_size ** 2 + bias for c, o in zip(channels[:-1], channels[1:], strict=True))


@stack_parameters.wrong("The last layer is missing: n + 1 entries of `channels` make n layers.")
def last_layer_missing(channels, kernel_size, bias):
    return stack_parameters.reference(channels[:-1], kernel_size, bias)


# ---- 2. Multiply-adds ----

@chapter.exercise(stars=2, title="Multiply-adds", hints=(
    "How many output values are there, and how many products does each of them take?",
    "The output has (height + 2 * padding - kernel_size) // stride + 1 rows; the columns likewise.",
    "rows * columns * out_channels values, each of in_channels * kernel_size ** 2 products.",
), praise="A stride of 2 divides the work by four: that is why networks halve their images early.")
def multiply_adds_of(in_channels, out_channels, kernel_size, height, width, stride, padding):
    """The multiply-adds of one convolution of one image."""
    rows = (height + 2 * padding - kernel_size) // stride + 1
    columns = (width + 2 * padding - kernel_size) // stride + 1
    return rows * columns * out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.cases
def _(rng):
    yield Case((3, 64, 3, 20, 24, 1, 1), "the size stays")
    yield Case((16, 8, 5, 17, 30, 2, 2), "stride 2")
    yield Case((6, 10, 3, 12, 9, 1, 0), "no padding")
    yield Case((5, 7, 1, 10, 13, 3, 0), "1x1 with stride 3")
    yield Case((3, 64, 7, 224, 224, 2, 3), "the first layer of a ResNet")


@multiply_adds_of.wrong("You use the size of the input. Each *output* value costs in_channels * kernel_size ** 2 "
                        "products, "
                        "and stride and padding decide how many there are.")
def input_size(in_channels, out_channels, kernel_size, height, width, stride, padding):
    return height * width * out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.wrong("The padding goes on both sides: add it twice.")
def padding_once(in_channels, out_channels, kernel_size, height, width, stride, padding):
    rows, columns = ((side + padding - kernel_size) // stride + 1 for side in (height, width))
    return rows * columns * out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.wrong("One row and one column too few: the first window counts too, so add 1 after the division.")
def off_by_one(in_channels, out_channels, kernel_size, height, width, stride, padding):
    rows, columns = ((side + 2 * padding - kernel_size) // stride for side in (height, width))
    return rows * columns * out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.wrong("The stride is missing in the size of the output.")
def no_stride(in_channels, out_channels, kernel_size, height, width, stride, padding):
    return multiply_adds_of.reference(in_channels, out_channels, kernel_size, height, width, 1, padding)


@multiply_adds_of.wrong("You divide without rounding down: where the last window does not fit, it is left out.")
def not_rounded(in_channels, out_channels, kernel_size, height, width, stride, padding):
    rows, columns = ((side + 2 * padding - kernel_size) / stride + 1 for side in (height, width))
    return rows * columns * out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.wrong("The image need not be square: compute the columns from the width.")
def square_image(in_channels, out_channels, kernel_size, height, width, stride, padding):
    return multiply_adds_of.reference(in_channels, out_channels, kernel_size, height, height, stride, padding)


@multiply_adds_of.wrong("These are the weights of the layer. Each is used once for every pixel of the output.")
def only_weights(in_channels, out_channels, kernel_size, height, width, stride, padding):
    return out_channels * in_channels * kernel_size ** 2


@multiply_adds_of.wrong("The bias is counted too. It is an addition without a product; leave it out, as the papers do.")
def with_bias(in_channels, out_channels, kernel_size, height, width, stride, padding):
    work = multiply_adds_of.reference(in_channels, out_channels, kernel_size, height, width, stride, padding)
    return work // (in_channels * kernel_size ** 2) * (in_channels * kernel_size ** 2 + 1)


@multiply_adds_of.wrong("Each output value sums over *all* input channels; multiply by in_channels.")
def one_channel(in_channels, out_channels, kernel_size, height, width, stride, padding):
    return multiply_adds_of.reference(1, out_channels, kernel_size, height, width, stride, padding)


# ---- 3. A convolution of one pixel ----

@chapter.exercise(stars=2, title="A convolution of one pixel", hints=(
    "At one pixel it is a linear layer: `weight @ x[n, :, i, j] + bias`. Which axis of x is summed over?",
    "Bring the channels to the end with `np.moveaxis(x, 1, -1)`; then `@ weight.T` works for all pixels at once.",
    "`np.moveaxis(np.moveaxis(x, 1, -1) @ weight.T + bias, -1, 1)`, or `np.einsum('oc,nchw->nohw', weight, x)` plus "
    "`bias[:, None, None]`.",
), praise="With the channels last, a 1x1 convolution is `x @ weight.T + bias`, letter for letter the linear layer.")
def pointwise(x, weight, bias):
    """The 1x1 convolution of x (n, c, h, w) with weight (o, c) and bias (o,): (n, o, h, w)."""
    return np.moveaxis(np.moveaxis(x, 1, -1) @ weight.T + bias, -1, 1)


@pointwise.cases
def _(rng):
    yield rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(6, 3)), rng.normal(size=6)
    yield Case((rng.normal(size=(3, 4, 2, 7)), rng.normal(size=(4, 4)), rng.normal(size=4)), "as many out as in")
    yield Case((rng.normal(size=(2, 5, 5, 5)), rng.normal(size=(5, 5)), rng.normal(size=5)), "all sizes are 5 here")
    yield Case((rng.normal(size=(1, 6, 3, 2)), rng.normal(size=(1, 6)), rng.normal(size=1)), "a single output channel")


@pointwise.wrong("The bias is missing.")
def pointwise_no_bias(x, weight, bias):
    return pointwise.reference(x, weight, 0 * bias)


@pointwise.wrong("The result has its channels last. Move them back to axis 1.")
def channels_last(x, weight, bias):
    return np.moveaxis(x, 1, -1) @ weight.T + bias


@pointwise.wrong("`reshape` does not move an axis: it reads the same numbers in the same order into another shape, "
                 "so channels and "
                 "pixels get mixed up. Use `np.moveaxis` or `transpose`.")
def reshaped(x, weight, bias):
    n, c, h, w = x.shape
    return (x.reshape(n, h, w, c) @ weight.T + bias).reshape(n, len(weight), h, w)


@pointwise.wrong("Only the way back is wrong: `reshape` does not move the channels to axis 1. Use `np.moveaxis(…, "
                 "-1, 1)`.")
def reshaped_back(x, weight, bias):
    n, _, h, w = x.shape
    return (np.moveaxis(x, 1, -1) @ weight.T + bias).reshape(n, len(weight), h, w)


@pointwise.wrong("The bias is added along the width. It belongs to the channels: shape it as `bias[:, None, None]`.")
def bias_along_width(x, weight, bias):
    return np.einsum("oc,nchw->nohw", weight, x) + bias


@pointwise.wrong("The weight is used transposed: its rows belong to the output channels, its columns to the input.")
def transposed_weight(x, weight, bias):
    return np.einsum("co,nchw->nohw", weight, x) + bias[:, None, None]


# ---- 4. An Inception block on paper ----

@chapter.exercise(stars=2, title="An Inception block on paper", hints=(
    "Four branches are concatenated. Which convolution is the last of each, and how many channels does it give?",
    "Output channels: ones + threes + fives + pooled. The squeezes stay inside. What is the input of the 3x3?",
    "Weights: in * ones + in * squeeze3 + 9 * squeeze3 * threes + in * squeeze5 + 25 * squeeze5 * fives + in * pooled.",
), praise="The pooling itself has no weights, but without its 1x1 the channels would grow with every block.")
def inception_costs(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    """The output channels of an Inception block and its number of weights without biases."""
    weights = in_channels * (ones + squeeze3 + squeeze5 + pooled) + 9 * squeeze3 * threes + 25 * squeeze5 * fives
    return ones + threes + fives + pooled, weights


@inception_costs.cases
def _(rng):
    yield Case((192, 64, 96, 128, 16, 32, 32), "block 3a of GoogLeNet")
    yield Case((832, 384, 192, 384, 48, 128, 128), "block 5b of GoogLeNet")
    yield Case((7, 2, 3, 5, 11, 13, 17), "small numbers")


@inception_costs.wrong("The squeezes are counted as output channels. They only feed the 3x3 and the 5x5 of their "
                       "branch.")
def squeezes_come_out(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    channels, weights = inception_costs.reference(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled)
    return channels + squeeze3 + squeeze5, weights


@inception_costs.wrong("Your 3x3 and 5x5 read all input channels. They come after the squeeze and see its channels "
                       "only.")
def no_squeeze(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    weights = in_channels * (ones + squeeze3 + squeeze5 + pooled + 9 * threes + 25 * fives)
    return ones + threes + fives + pooled, weights


@inception_costs.wrong("The weights of the squeezes themselves are missing: they are 1x1 convolutions of the input.")
def squeezes_are_free(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    weights = in_channels * (ones + pooled) + 9 * squeeze3 * threes + 25 * squeeze5 * fives
    return ones + threes + fives + pooled, weights


@inception_costs.wrong("The 1x1 convolution after the pooling is missing: pooling keeps all input channels, and the "
                       "convolution turns them into `pooled`.")
def pooling_is_free(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    channels, weights = inception_costs.reference(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled)
    return channels, weights - in_channels * pooled


@inception_costs.wrong("The pooling branch ends with a 1x1 convolution: `pooled` channels come out of it, not all "
                       "input channels.")
def pooling_without_convolution(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    channels, weights = inception_costs.reference(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled)
    return channels - pooled + in_channels, weights - in_channels * pooled


@inception_costs.wrong("A 3x3 window has 9 weights and a 5x5 window 25: square the sides.")
def sides_not_squared(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    weights = in_channels * (ones + squeeze3 + squeeze5 + pooled) + 3 * squeeze3 * threes + 5 * squeeze5 * fives
    return ones + threes + fives + pooled, weights


@inception_costs.wrong("The branches are concatenated, not added, so their channels add up.")
def branches_added(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    channels, weights = inception_costs.reference(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled)
    return max(ones, threes, fives, pooled), weights


@inception_costs.wrong("The biases are counted too. The task, like the paper's table, leaves them out.")
def inception_with_biases(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled):
    channels, weights = inception_costs.reference(in_channels, ones, squeeze3, threes, squeeze5, fives, pooled)
    return channels, weights + channels + squeeze3 + squeeze5


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Set `weight2` to zero in your head. The block should then return relu(x). What does the printed code return?",
    "Which `x` does `x + x` add in the last line, and where did the input go?",
    "Give the branch names of its own: `hidden = np.maximum(x @ weight1.T, 0)`, then `branch = hidden @ weight2.T`, "
    "and add that to x.",
), praise="A reused name swallowed the input: the block doubled its branch and had no shortcut. Shapes and types "
          "were all right.")
def residual(x, weight1, weight2):
    """relu(x + W2 relu(W1 x)) for each row of x (n, d)."""
    hidden = np.maximum(x @ weight1.T, 0)
    return np.maximum(x + hidden @ weight2.T, 0)


@residual.cases
def _(rng):
    for n, d, h in ((4, 3, 5), (6, 5, 2), (1, 4, 7)):
        yield rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=(d, h))
    yield Case((rng.normal(size=(5, 3)), rng.normal(size=(4, 3)), np.zeros((3, 4))), "the branch is zero")


@residual.given
def _(x, weight1, weight2):
    x = np.maximum(x @ weight1.T, 0)
    x = x @ weight2.T
    return np.maximum(x + x, 0)


@residual.wrong("The branch has a ReLU before the sum. It can then only ever add, never take away: the ReLU belongs "
                "after "
                "the sum.")
def relu_before_sum(x, weight1, weight2):
    return x + np.maximum(np.maximum(x @ weight1.T, 0) @ weight2.T, 0)


@residual.wrong("Now the branch has a ReLU of its own before the sum, and one follows after it. Keep only the one "
                "after.")
def relu_twice(x, weight1, weight2):
    return np.maximum(x + np.maximum(np.maximum(x @ weight1.T, 0) @ weight2.T, 0), 0)


@residual.wrong("The last ReLU is missing. The task asks for relu(x + …).")
def no_last_relu(x, weight1, weight2):
    return x + np.maximum(x @ weight1.T, 0) @ weight2.T


@residual.wrong("The ReLU inside the branch is missing. Two linear layers without it collapse to one.")
def no_inner_relu(x, weight1, weight2):
    return np.maximum(x + x @ weight1.T @ weight2.T, 0)


@residual.wrong("There is no shortcut: this is the branch alone. Add the input of the block.")
def branch_alone(x, weight1, weight2):
    return np.maximum(np.maximum(x @ weight1.T, 0) @ weight2.T, 0)


@residual.wrong("Your shortcut starts at relu(x). It should carry the input itself.")
def shortcut_of_relu(x, weight1, weight2):
    return np.maximum(np.maximum(x, 0) + np.maximum(x @ weight1.T, 0) @ weight2.T, 0)


@residual.wrong("`x += …` and `out=x` write into the caller's array, which is the input of the whole network or the "
                "output of another "
                "block. Make a new one.")
def in_place(x, weight1, weight2):
    x += np.maximum(x @ weight1.T, 0) @ weight2.T
    return np.maximum(x, 0)


# ---- 6. Fold the normalization away ----

@chapter.exercise(stars=3, title="Fold the normalization away", hints=(
    "Write the normalization of one channel z as scale * z + shift. What are scale and shift?",
    "scale = gamma / sqrt(variance + eps), shift = beta - scale * mean. z is the convolution: where may the scale "
    "move?",
    "weight * scale[:, None, None, None] and beta - scale * mean: the first axis of the weight is the output channel.",
), praise="Runtimes for phones do this before they start: half of the layers vanish and the answers stay the same.")
def fold(weight, gamma, beta, mean, variance, eps):
    """The (weight, bias) of one convolution that equals convolution and normalization."""
    scale = gamma / np.sqrt(variance + eps)
    return weight * scale[:, None, None, None], beta - scale * mean


@fold.cases
def _(rng):
    for o, c, k, eps in ((4, 3, 3, 1e-5), (2, 6, 1, 1e-3), (5, 5, 5, 1e-5)):
        yield (rng.normal(size=(o, c, k, k)), rng.normal(size=o), rng.normal(size=o), rng.normal(size=o),
               rng.uniform(0.1, 3, size=o), eps)
    yield Case((rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=3),
                np.array([0.0, 2.0, 1e-6]), 1e-3), "a channel without variance")


@fold.wrong("eps is missing under the root; a channel without variance would divide by zero.")
def no_eps(weight, gamma, beta, mean, variance, eps):
    with np.errstate(all="ignore"):
        return fold.reference(weight, gamma, beta, mean, variance, 0.0)


@fold.wrong("eps is added to the standard deviation. It belongs under the root, to the variance.")
def eps_outside(weight, gamma, beta, mean, variance, eps):
    scale = gamma / (np.sqrt(variance) + eps)
    return weight * scale[:, None, None, None], beta - scale * mean


@fold.wrong("You divide by the variance. The normalization divides by its square root.")
def no_root(weight, gamma, beta, mean, variance, eps):
    scale = gamma / (variance + eps)
    return weight * scale[:, None, None, None], beta - scale * mean


@fold.wrong("The mean is subtracted *before* the scale is applied, so it must be scaled as well: beta - scale * mean.")
def mean_not_scaled(weight, gamma, beta, mean, variance, eps):
    return fold.reference(weight, gamma, beta, mean, variance, eps)[0], beta - mean


@fold.wrong("The shift lacks gamma: the mean is divided by the standard deviation and then multiplied by gamma, as "
            "everything else.")
def shift_without_gamma(weight, gamma, beta, mean, variance, eps):
    return fold.reference(weight, gamma, beta, mean, variance, eps)[0], beta - mean / np.sqrt(variance + eps)


@fold.wrong("The mean is missing from the bias.")
def no_mean(weight, gamma, beta, mean, variance, eps):
    return fold.reference(weight, gamma, beta, mean, variance, eps)[0], 1.0 * beta


@fold.wrong("The sign of the mean is wrong: it is subtracted.")
def mean_added(weight, gamma, beta, mean, variance, eps):
    scale = gamma / np.sqrt(variance + eps)
    return weight * scale[:, None, None, None], beta + scale * mean


@fold.wrong("gamma is missing in the scale.")
def no_gamma(weight, gamma, beta, mean, variance, eps):
    scale = 1 / np.sqrt(variance + eps)
    return weight * scale[:, None, None, None], beta - scale * mean


@fold.wrong("`weight * scale` stretches the scale along the last axis, the columns of the window. It belongs to the "
            "first axis, the "
            "output channels: `scale[:, None, None, None]`.")
def scale_on_last_axis(weight, gamma, beta, mean, variance, eps):
    scale = gamma / np.sqrt(variance + eps)
    return weight * scale, beta - scale * mean


@fold.wrong("The scale is on the second axis, the input channels. The normalization acts on the output channels, "
            "the first axis.")
def scale_on_inputs(weight, gamma, beta, mean, variance, eps):
    scale = gamma / np.sqrt(variance + eps)
    return weight * scale[:, None, None], beta - scale * mean


# ---- 7. Backward through a residual block ----

@chapter.exercise(stars=3, title="Backward through a residual block", hints=(
    "y is a sum of two terms that both depend on x, so the gradient is a sum of two terms. What does the first one "
    "contribute?",
    "The branch backward: `g @ weight2` is the gradient at relu(W1 x). Where was the ReLU closed?",
    "`g + ((g @ weight2) * (x @ weight1.T > 0)) @ weight1`.",
), praise="The leading g is the shortcut: with weights of zero the gradient passes through the block unchanged.")
def residual_gradient(g, x, weight1, weight2):
    """The gradient (n, d) with respect to x of the block x + W2 relu(W1 x), for g (n, d) at its output."""
    return g + ((g @ weight2) * (x @ weight1.T > 0)) @ weight1


@residual_gradient.cases
def _(rng):
    for n, d, h in ((4, 3, 5), (7, 5, 2), (2, 4, 4)):
        yield rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=(d, h))
    yield Case((rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), np.zeros((4, 5))),
               "the branch is zero")


@residual_gradient.wrong("The shortcut is missing: the gradient at the output reaches x on two roads, and one of "
                         "them leaves it as it is.")
def no_shortcut(g, x, weight1, weight2):
    return ((g @ weight2) * (x @ weight1.T > 0)) @ weight1


@residual_gradient.wrong("The ReLU is missing on the way back: where W1 x is not positive, nothing passes.")
def no_mask(g, x, weight1, weight2):
    return g + (g @ weight2) @ weight1


@residual_gradient.wrong("The ReLU is open where *its* input, W1 x, is positive. You look at the sign of x.")
def mask_of_x(g, x, weight1, weight2):
    return g + (x > 0) * ((g @ weight2) @ weight1)


@residual_gradient.wrong("You look at the sign of the gradient. The ReLU is open where its *input*, W1 x, was "
                         "positive.")
def mask_of_gradient(g, x, weight1, weight2):
    return g + np.maximum(g @ weight2, 0) @ weight1


@residual_gradient.wrong("The shortcut contributes g, not 1: the gradient that arrives is passed on.")
def one_instead_of_g(g, x, weight1, weight2):
    return 1 + ((g @ weight2) * (x @ weight1.T > 0)) @ weight1


@residual_gradient.wrong("This multiplies by the *values* of the hidden layer. The derivative of the ReLU is 1 "
                         "where it is open.")
def relu_values(g, x, weight1, weight2):
    return g + ((g @ weight2) * np.maximum(x @ weight1.T, 0)) @ weight1


@residual_gradient.wrong("This is the output of the block for g as its input. The way back goes through the weights "
                         "in the other order: first "
                         "weight2, then weight1, both without transposing.")
def forward_again(g, x, weight1, weight2):
    return g + ((g @ weight1.T) * (x @ weight1.T > 0)) @ weight2.T
