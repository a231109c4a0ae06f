"""Exercises of the chapter "Backpropagation"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["backward", "bce_gradient", "chapter", "dense_backward", "mean_backward", "network_gradients",
           "neuron_gradient", "progress"]

chapter = Chapter("backpropagation", title="Backpropagation")


# ---- 1. A neuron with tanh ----

@chapter.exercise(stars=1, title="A neuron with tanh", hints=(
    "Go forward first: z, then a. Then go back one step at a time: from the loss to a, from a to z, from z to the "
    "weights.",
    "The slope of the loss at a is 2 * (a - target). The slope of tanh at z, written with its output, is 1 - a ** 2.",
    "With delta = 2 * (a - target) * (1 - a ** 2) the gradients are `delta * x` and `delta`.",
), praise="Both gradients share the factor delta: it is computed once and used for every input of the neuron.")
def neuron_gradient(x, weights, bias, target):
    """The gradients (weights, bias) of (a - target)^2 with a = tanh(weights @ x + bias)."""
    a = np.tanh(weights @ x + bias)
    delta = 2 * (a - target) * (1 - a ** 2)
    return delta * x, delta


@neuron_gradient.cases
def _(rng):
    for d in (2, 3, 5):
        yield rng.normal(size=d), rng.normal(size=d), 0.3, -0.5
    yield Case((np.array([1.5, -0.5, 2.0]), np.array([0.2, 0.4, 0.1]), -0.3, 0.9), "the output is below its target")
    yield Case((np.array([3.0, 1.0]), np.array([2.0, 1.0]), 0.5, -1.0), "a saturated neuron, far from its target")


@neuron_gradient.wrong("The 2 is missing: the square has the slope 2 * (a - target).")
def no_two(x, weights, bias, target):
    g_weights, g_bias = neuron_gradient.reference(x, weights, bias, target)
    return g_weights / 2, g_bias / 2


@neuron_gradient.wrong("The sign is wrong: the slope of (a - target)^2 at a is 2 * (a - target). This would be the "
                       "direction "
                       "*downhill*; the gradient points uphill.")
def downhill(x, weights, bias, target):
    g_weights, g_bias = neuron_gradient.reference(x, weights, bias, target)
    return -g_weights, -g_bias


@neuron_gradient.wrong("The slope of tanh is missing: between a and z stands the factor 1 - a ** 2.")
def no_slope(x, weights, bias, target):
    a = np.tanh(weights @ x + bias)
    return 2 * (a - target) * x, 2 * (a - target)


@neuron_gradient.wrong("The slope of tanh is 1 - tanh(z) ** 2, that is 1 - a ** 2; you squared z itself.")
def slope_of_z(x, weights, bias, target):
    z = weights @ x + bias
    delta = 2 * (np.tanh(z) - target) * (1 - z ** 2)
    return delta * x, delta


@neuron_gradient.wrong("a * (1 - a) is the slope of the sigmoid. This neuron uses tanh, with the slope 1 - a ** 2.")
def slope_of_sigmoid(x, weights, bias, target):
    a = np.tanh(weights @ x + bias)
    delta = 2 * (a - target) * a * (1 - a)
    return delta * x, delta


@neuron_gradient.wrong("The last step to the weights is missing: z = weights @ x + bias has the slope x[i] in "
                       "weights[i].")
def no_inputs(x, weights, bias, target):
    delta = neuron_gradient.reference(x, weights, bias, target)[1]
    return delta * np.ones_like(x), delta


@neuron_gradient.wrong("You multiplied by the weights. That is the gradient of the *inputs*; for the weights it is "
                       "the inputs that count.")
def gradient_of_inputs(x, weights, bias, target):
    delta = neuron_gradient.reference(x, weights, bias, target)[1]
    return delta * weights, delta


@neuron_gradient.wrong("The bias was left out of z: the forward pass is tanh(weights @ x + bias).")
def no_bias(x, weights, bias, target):
    return neuron_gradient.reference(x, weights, 0.0, target)


@neuron_gradient.wrong("The bias gradient has the bias itself as a factor. z = weights @ x + bias has the slope 1 in "
                       "the bias.")
def bias_times_bias(x, weights, bias, target):
    g_weights, g_bias = neuron_gradient.reference(x, weights, bias, target)
    return g_weights, g_bias * bias


@neuron_gradient.wrong("1 - tanh(a) ** 2 applies tanh twice: a is tanh(z) already.")
def tanh_twice_in_neuron(x, weights, bias, target):
    a = np.tanh(weights @ x + bias)
    delta = 2 * (a - target) * (1 - np.tanh(a) ** 2)
    return delta * x, delta


# ---- 2. The way back through a mean ----

@chapter.exercise(stars=1, title="The way back through a mean", hints=(
    "How many values share one mean? If one of them grows by 1, by how much does the mean grow?",
    "Every element of x gets the g of its own mean, divided by `x.shape[axis]`. The axis that the mean removed must "
    "come back.",
    "`np.expand_dims(g, axis)` puts the axis back with length 1, and `* np.ones_like(x)` stretches it to the shape of "
    "x.",
), praise="A mean hands out equal shares. The values of x play no part: only its shape does.")
def mean_backward(g, x, axis):
    """The gradient of x, where m = x.mean(axis) and g is the gradient of m."""
    return np.expand_dims(g, axis) * np.ones_like(x) / x.shape[axis]


@mean_backward.cases
def _(rng):
    yield rng.normal(size=3), rng.normal(size=(5, 3)), 0
    yield rng.normal(size=5), rng.normal(size=(5, 3)), 1
    yield Case((rng.normal(size=(2, 3)), rng.normal(size=(2, 4, 3)), 1), "three axes, the middle one is averaged")
    yield Case((rng.normal(size=(2, 3)), rng.normal(size=(2, 3, 5)), -1), "the last axis, counted from behind")
    yield Case((rng.normal(size=1), rng.normal(size=(6, 1)), 0), "a single column")


@mean_backward.wrong("This is the way back through a sum. A mean of k values passes on g / k to each of them.")
def as_a_sum(g, x, axis):
    return np.expand_dims(g, axis) * np.ones_like(x)


@mean_backward.wrong("You divide by the number of all values. Only the values along the averaged axis share one mean: "
                     "x.shape[axis].")
def by_size(g, x, axis):
    return np.expand_dims(g, axis) * np.ones_like(x) / x.size


@mean_backward.wrong("You divide by len(x), the length of the first axis. The mean was taken along `axis`.")
def by_length(g, x, axis):
    return np.expand_dims(g, axis) * np.ones_like(x) / len(x)


@mean_backward.wrong("A mean is linear, so its slope does not depend on the values of x: leave out the factor x.")
def times_x(g, x, axis):
    return np.expand_dims(g, axis) * x / x.shape[axis]


@mean_backward.wrong("The mean removed one axis, so g does not line up with x. Put the axis back first: "
                     "np.expand_dims(g, axis).")
def not_expanded(g, x, axis):
    return g * np.ones_like(x) / x.shape[axis]


@mean_backward.wrong("The axis is back, but with length 1. The gradient of x has the shape of x: stretch it, one "
                     "share for each element.")
def not_stretched(g, x, axis):
    return np.expand_dims(g, axis) / x.shape[axis]


# ---- 3. A layer with its weights the other way round ----

@chapter.exercise(stars=2, title="A layer with its weights the other way round", hints=(
    "Write down the shapes: x (n, in), weight (in, out), g (n, out). Each gradient has the shape of the array it "
    "belongs to.",
    "g_x must be (n, in) and comes from g and weight; g_weight must be (in, out) and comes from x and g. One of each "
    "pair is transposed.",
    "`g @ weight.T`, `x.T @ g`, and for the bias, which was copied to every row, `g.sum(axis=0)`.",
), praise="Only one product of each pair has shapes that fit. With a square layer and batch all would fit, and a "
          "mistake would hide.")
def dense_backward(x, weight, g):
    """The gradients (x, weight, bias) of z = x @ weight + bias with weight (in, out), where g (n, out) is that of z."""
    return g @ weight.T, x.T @ g, g.sum(axis=0)


@dense_backward.cases
def _(rng):
    for n, inputs, outputs in ((5, 3, 2), (4, 2, 6), (7, 5, 3)):
        yield rng.normal(size=(n, inputs)), rng.normal(size=(inputs, outputs)), rng.normal(size=(n, outputs))
    yield Case((rng.normal(size=(1, 4)), rng.normal(size=(4, 3)), rng.normal(size=(1, 3))), "a batch of one")
    yield Case((rng.normal(size=(6, 2)), rng.normal(size=(2, 1)), rng.normal(size=(6, 1))), "a single output")


@dense_backward.wrong("The gradient of the weight is transposed. It must have the shape of the weight, here (in, "
                      "out): x.T @ g. "
                      "(g.T @ x belongs to weights stored as (out, in).)")
def weight_transposed(x, weight, g):
    return g @ weight.T, g.T @ x, g.sum(axis=0)


@dense_backward.wrong("The bias gradient still has one row for each example. The bias was copied to every row, so its "
                      "gradient is "
                      "the sum over the rows.")
def bias_not_summed(x, weight, g):
    return g @ weight.T, x.T @ g, g


@dense_backward.wrong("You took the mean for the bias. Copies add up: the sum. (If the loss is a mean, its 1/n is in "
                      "g already.)")
def bias_averaged(x, weight, g):
    return g @ weight.T, x.T @ g, g.mean(axis=0)


@dense_backward.wrong("You divided the weight's gradient by n. If the loss is a mean, its 1/n is in g already; here "
                      "it would count twice.")
def weight_averaged(x, weight, g):
    return g @ weight.T, x.T @ g / len(x), g.sum(axis=0)


@dense_backward.wrong("Both parameter gradients are divided by n. If the loss is a mean, its 1/n is in g already; "
                      "here it would count twice.")
def both_averaged(x, weight, g):
    return g @ weight.T, x.T @ g / len(x), g.mean(axis=0)


@dense_backward.wrong("`g @ weight` has shapes (n, out) @ (in, out), which do not fit. The weight is stored as (in, "
                      "out): transpose it "
                      "on the way back.")
def weight_not_transposed(x, weight, g):
    return g @ weight, x.T @ g, g.sum(axis=0)


@dense_backward.wrong("The bias gradient is summed over the outputs. Sum over the examples, axis 0: one number for "
                      "each output stays.")
def bias_wrong_axis(x, weight, g):
    return g @ weight.T, x.T @ g, g.sum(axis=1)


@dense_backward.wrong("The values are right, but the order is not: return the gradients of x, weight and bias in this "
                      "order.")
def other_order(x, weight, g):
    return x.T @ g, g.sum(axis=0), g @ weight.T


# ---- 4. The fused gradient for two classes ----

@chapter.exercise(stars=2, title="The fused gradient for two classes", hints=(
    "Write the loss of one example with p = sigmoid(z), take the slope in p, multiply by the slope of the sigmoid, p "
    "* (1 - p).",
    "The slope in p is (p - target) / (p * (1 - p)). On paper the denominator cancels. Do not compute it at all.",
    "`(p - target) / len(target)`, with p = 0.5 * (1 + np.tanh(0.5 * logits)), which never overflows.",
), praise="Prediction minus target, as with softmax. Even at a logit of -1000 with target 1 the gradient is -1/n: no "
          "overflow, "
          "no vanishing.")
def bce_gradient(logits, target):
    """The gradient (n,) of the mean binary cross-entropy of sigmoid(logits) and targets 0 or 1, in the logits."""
    p = 0.5 * (1 + np.tanh(0.5 * logits))
    return (p - target) / len(target)


@bce_gradient.cases
def _(rng):
    for n in (3, 5, 8):
        yield 2 * rng.normal(size=n), (np.arange(n) % 3 == 1).astype(float)
    yield Case((np.array([1000.0, -1000.0, 1000.0, -1000.0]), np.array([1.0, 0.0, 0.0, 1.0])),
               "logits of 1000 and -1000, right and wrong")
    yield Case((np.array([-0.7]), np.array([1.0])), "a batch of one")


def _p(logits):
    return 0.5 * (1 + np.tanh(0.5 * logits))


@bce_gradient.wrong("The sign is wrong: where the target is 1 and p is small, a larger logit *lowers* the loss, so "
                    "the gradient is "
                    "negative. It is p - target.")
def sign_turned(logits, target):
    return (target - _p(logits)) / len(target)


@bce_gradient.wrong("The loss is a mean over the batch, so its gradient has the factor 1/n.")
def mean_forgotten(logits, target):
    return _p(logits) - target


@bce_gradient.wrong("A factor p * (1 - p) is left over. It is the slope of the sigmoid, and the slope of the "
                    "logarithm, which stands "
                    "in front of it, cancels it.")
def slope_left_over(logits, target):
    p = _p(logits)
    return (p - target) * p * (1 - p) / len(target)


@bce_gradient.wrong("For logits of 1000 this gives NaN: p is exactly 0 or 1 there, and you divide by p * (1 - p). "
                    "Cancel it on paper, "
                    "not in the computer.")
def divides_by_zero(logits, target):
    p = _p(logits)
    return (p - target) / (p * (1 - p)) * (p * (1 - p)) / len(target)


@bce_gradient.wrong("Clipping hides the division by zero, but for large logits the gradient is now wrong, and "
                    "vanishes even where "
                    "the answer is badly wrong. Cancel p * (1 - p) on paper.")
def clipped(logits, target):
    p = _p(logits)
    q = np.clip(p, 1e-7, 1 - 1e-7)
    return (q - target) / (q * (1 - q)) * (p * (1 - p)) / len(target)


@bce_gradient.wrong("You stopped at p: this is the gradient in the probabilities. One more step leads to the logits, "
                    "with the factor "
                    "p * (1 - p), and the product is simple.")
def stopped_at_p(logits, target):
    p = _p(logits)
    return (p - target) / (p * (1 - p)) / len(target)


@bce_gradient.wrong("You subtracted the target from the logits. The prediction is p = sigmoid(logits).")
def logits_as_predictions(logits, target):
    return (logits - target) / len(target)


@bce_gradient.wrong("This is one number. Each logit has its own gradient: return an array of shape (n,), each entry "
                    "divided by n.")
def one_number(logits, target):
    return np.mean(_p(logits) - target)


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Compare each of the four gradients with central differences. Which are right, and which wrong? The bug sits "
    "before the wrong ones.",
    "The gradients of w2 and b2 are right, those of w1 and b1 are not. So look at delta1.",
    "The slope of tanh is 1 - tanh(z1) ** 2. The hidden activations a1 hold tanh(z1) already.",
), praise="For small z the two slopes nearly agree, so the network learns in spite of the bug. Only a comparison in "
          "numbers shows it.")
def network_gradients(x, target, w1, b1, w2, b2):
    """The gradients (w1, b1, w2, b2) of the mean squared error of a network with one hidden tanh layer."""
    z1 = x @ w1.T + b1
    a1 = np.tanh(z1)
    z2 = a1 @ w2.T + b2
    delta2 = 2 * (z2 - target) / target.size
    delta1 = (delta2 @ w2) * (1 - a1 ** 2)
    return delta1.T @ x, delta1.sum(axis=0), delta2.T @ a1, delta2.sum(axis=0)


@network_gradients.cases
def _(rng):
    for n, d, m, k in ((5, 3, 4, 2), (7, 2, 6, 3), (4, 5, 3, 2)):
        yield (rng.normal(size=(n, d)), rng.normal(size=(n, k)), rng.normal(size=(m, d)), rng.normal(size=m),
               rng.normal(size=(k, m)), rng.normal(size=k))
    yield Case((rng.normal(size=(1, 3)), rng.normal(size=(1, 2)), 3 * rng.normal(size=(4, 3)), np.ones(4),
                rng.normal(size=(2, 4)), np.zeros(2)), "a batch of one, with large weights")


@network_gradients.given
def _(x, target, w1, b1, w2, b2):
    z1 = x @ w1.T + b1
    a1 = np.tanh(z1)
    z2 = a1 @ w2.T + b2
    delta2 = 2 * (z2 - target) / target.size
    delta1 = (delta2 @ w2) * (1 - z1 ** 2)
    return delta1.T @ x, delta1.sum(axis=0), delta2.T @ a1, delta2.sum(axis=0)


def _with(slope, delta2_of=lambda z2, target: 2 * (z2 - target) / target.size):
    """Network gradients with another slope of the hidden layer, or another error at the output."""
    def gradients(x, target, w1, b1, w2, b2):
        z1 = x @ w1.T + b1
        a1 = np.tanh(z1)
        delta2 = delta2_of(a1 @ w2.T + b2, target)
        delta1 = (delta2 @ w2) * slope(z1, a1)
        return delta1.T @ x, delta1.sum(axis=0), delta2.T @ a1, delta2.sum(axis=0)
    return gradients


@network_gradients.wrong("Now the slope of tanh is gone. It is needed, at the right place: 1 - a1 ** 2.")
def slope_removed(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: 1)(x, target, w1, b1, w2, b2)


@network_gradients.wrong("a1 * (1 - a1) is the slope of the sigmoid. The hidden layer uses tanh: 1 - a1 ** 2.")
def sigmoid_slope(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: a1 * (1 - a1))(x, target, w1, b1, w2, b2)


@network_gradients.wrong("1 - tanh(a1) ** 2 applies tanh twice: a1 is tanh(z1) already.")
def tanh_twice(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: 1 - np.tanh(a1) ** 2)(x, target, w1, b1, w2, b2)


@network_gradients.wrong("The slope is 1 - a1 ** 2; you left the square out.")
def no_square(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: 1 - a1)(x, target, w1, b1, w2, b2)


@network_gradients.wrong("delta1 is right now, but you changed delta2. The squared error is a mean over all n times k "
                         "numbers, "
                         "so its slope is divided by target.size, as it was.")
def divided_by_n(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: 1 - a1 ** 2, lambda z2, target: 2 * (z2 - target) / len(target))(
        x, target, w1, b1, w2, b2)


@network_gradients.wrong("delta1 is right now, but you changed delta2: the output layer is linear and has no tanh to "
                         "go back through.")
def slope_at_output(x, target, w1, b1, w2, b2):
    return _with(lambda z1, a1: 1 - a1 ** 2, lambda z2, target: 2 * (z2 - target) / target.size * (1 - z2 ** 2))(
        x, target, w1, b1, w2, b2)


# ---- 6. The engine ----

@chapter.exercise(stars=3, title="The engine", hints=(
    "Start with an array of zeros, one for each entry, and put a 1 at the last entry: the derivative of the result by "
    "itself.",
    "Go through the entries from the last to the first. Each hands `gradient of the entry * local` to each of its "
    "parents.",
    "Inside: `for parent, local in tape[i]: gradients[parent] += gradients[i] * local`. With `=` in place of `+=` "
    "paths would be lost.",
), praise="This loop is all of reverse mode. Whoever comes later in the tape is done first, so every gradient is "
          "complete before it is "
          "handed on, and each arrow of the graph is used once.")
def backward(tape):
    """The derivatives of the last entry of the tape by every entry: an array of len(tape) numbers."""
    gradients = np.zeros(len(tape))
    gradients[-1] = 1.0
    for i in reversed(range(len(tape))):
        for parent, local in tape[i]:
            gradients[parent] += gradients[i] * local
    return gradients


@backward.cases
def _(rng):
    yield Case(([[], [(0, 3.0)], [(1, -2.0)], [(2, 0.5)]],), "a chain")
    yield Case(([[], [(0, 2.0)], [(0, -3.0)], [(1, 4.0), (2, 5.0)]],), "two paths from the first entry to the last")
    yield Case(([[], [(0, 1.5), (0, 1.5)], [(1, 2.25), (1, 2.25)]],), "a square of a square: both parents are the "
                                                                      "same entry")
    yield Case(([[], [], [(0, 2.0), (1, 7.0)], [(1, 3.0)], [(2, -1.0)]],), "entry 3 does not lead to the result")
    yield Case(([[]],), "a single entry")
    tape = [[], []]
    for i in range(2, 12):
        parents = rng.integers(0, i, size=2)
        tape.append([(int(parent), float(rng.uniform(0.5, 2))) for parent in parents])
    yield Case((tape,), "twelve entries")


@backward.wrong("Where two paths meet, you keep one of them. An entry that is used twice collects both gradients: "
                "`+=`, not `=`.")
def overwritten(tape):
    gradients = np.zeros(len(tape))
    gradients[-1] = 1.0
    for i in reversed(range(len(tape))):
        for parent, local in tape[i]:
            gradients[parent] = gradients[i] * local
    return gradients


@backward.wrong("You go through the tape from the front. A gradient can be handed on only when it is complete: start "
                "at the last entry.")
def from_the_front(tape):
    gradients = np.zeros(len(tape))
    gradients[-1] = 1.0
    for i in range(len(tape)):
        for parent, local in tape[i]:
            gradients[parent] += gradients[i] * local
    return gradients


@backward.wrong("The walk does not include the last entry, so nothing is ever handed on. Begin with it: "
                "reversed(range(len(tape))).")
def last_left_out(tape):
    gradients = np.zeros(len(tape))
    gradients[-1] = 1.0
    for i in reversed(range(len(tape) - 1)):
        for parent, local in tape[i]:
            gradients[parent] += gradients[i] * local
    return gradients


@backward.wrong("You add up local derivatives, but the chain rule multiplies: hand on the entry's own gradient times "
                "the local one.")
def not_multiplied(tape):
    gradients = np.zeros(len(tape))
    gradients[-1] = 1.0
    for i in reversed(range(len(tape))):
        for parent, local in tape[i]:
            gradients[parent] += local
    return gradients


@backward.wrong("Every entry starts with 1. Only the last one does: it is the result. The others start with 0.")
def ones_everywhere(tape):
    gradients = np.ones(len(tape))
    for i in reversed(range(len(tape))):
        for parent, local in tape[i]:
            gradients[parent] += gradients[i] * local
    return gradients


@backward.wrong("All gradients are 0: the walk needs a beginning. The derivative of the result by itself is 1.")
def no_seed(tape):
    return np.zeros(len(tape))


@backward.wrong("This starts at the other end: it holds the derivatives of every entry by the *first* one, which is "
                "forward mode. "
                "Asked are those of the last entry by every entry.")
def forward_mode(tape):
    tangents = np.zeros(len(tape))
    tangents[0] = 1.0
    for i in range(1, len(tape)):
        tangents[i] = sum(local * tangents[parent] for parent, local in tape[i])
    return tangents


@backward.wrong("You hand on what has been collected so far, each time that something arrives, so the first part is "
                "counted again. "
                "Hand it on once, when it is complete: go through the entries from the last to the first.")
def handed_on_too_early(tape):
    gradients = np.zeros(len(tape))

    def receive(i, g):
        gradients[i] += g
        for parent, local in tape[i]:
            receive(parent, gradients[i] * local)

    receive(len(tape) - 1, 1.0)
    return gradients
