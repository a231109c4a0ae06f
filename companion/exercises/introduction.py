"""Exercises of the chapter "Introduction"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["absolute", "chapter", "number_of_parameters", "progress", "r2", "relu_neuron", "scale", "two_layers"]

chapter = Chapter("introduction", title="Introduction")


# ---- 1. A neuron ----

@chapter.exercise(stars=1, title="A neuron", hints=(
    "First the weighted sums of all rows at once: which product of `x` (n, d) and `weights` (d,) gives n numbers?",
    "Add the bias to `x @ weights`. Then let positive sums pass and turn negative ones into 0.",
    "`np.maximum(0, z)` compares every element of z with 0. (`np.max` would look for one largest number.)",
), praise="Without the last step this would be a linear model: the bend is the whole difference.")
def relu_neuron(x, weights, bias):
    """The outputs (n,) of a ReLU neuron for a batch of inputs (n, d)."""
    return np.maximum(0, x @ weights + bias)


@relu_neuron.cases
def _(rng):
    for n, d in ((6, 3), (9, 2), (4, 7)):
        yield rng.normal(size=(n, d)), rng.normal(size=d), 0.5
    yield Case((rng.normal(size=(5, 2)), np.array([1.0, 2.0]), -20.0), "a bias so low that every sum is negative")
    yield Case((rng.normal(size=(1, 4)), rng.normal(size=4), 2.0), "a batch of one")


@relu_neuron.wrong("The activation function is missing: negative sums must become 0.")
def no_activation(x, weights, bias):
    return x @ weights + bias


@relu_neuron.wrong("The bias is missing from the sum.")
def no_bias(x, weights, bias):
    return np.maximum(0, x @ weights)


@relu_neuron.wrong("You add the bias after the activation function. It belongs inside: it decides where the bend is.")
def bias_outside(x, weights, bias):
    return np.maximum(0, x @ weights) + bias


@relu_neuron.wrong("`np.max` finds one largest number. You need `np.maximum`, which compares element by element.")
def one_maximum(x, weights, bias):
    return max(0, np.max(x @ weights + bias))


@relu_neuron.wrong("This is the absolute value: negative sums must become 0, not positive.")
def absolute_sum(x, weights, bias):
    return np.abs(x @ weights + bias)


@relu_neuron.wrong("This is a step: positive sums must pass as they are, not become 1.")
def step(x, weights, bias):
    return (x @ weights + bias > 0).astype(float)


# ---- 2. How many parameters? ----

@chapter.exercise(stars=1, title="How many parameters?", hints=(
    "Think of one layer: each of its neurons has a weight for every neuron of the layer before, and one bias.",
    "A layer with `inputs` before it and `outputs` neurons has inputs * outputs + outputs parameters.",
    "Pairs of neighbors: `zip(sizes[:-1], sizes[1:])`. Add up what each pair contributes.",
))
def number_of_parameters(sizes):
    """The number of weights and biases: an integer."""
    return sum(inputs * outputs + outputs for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True))


@number_of_parameters.cases
def _(rng):
    yield Case(([16, 64, 1],), "the network of this chapter")
    yield ([784, 300, 100, 10],)
    yield ([5, 7, 3, 11, 2],)
    yield Case(([3, 4],), "a single layer")


@number_of_parameters.wrong("The biases are missing: one for every neuron that is not an input.")
def weights_only(sizes):
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@number_of_parameters.wrong("The input layer computes nothing and has no biases. Only later layers do.")
def bias_for_inputs(sizes):
    return weights_only(sizes) + sum(sizes)


@number_of_parameters.wrong("A layer has one bias for each neuron, not one for the whole layer.")
def one_bias_per_layer(sizes):
    return weights_only(sizes) + len(sizes) - 1


@number_of_parameters.wrong("You multiply all sizes. Only neighboring layers are joined: add up over the pairs.")
def product_of_all(sizes):
    return int(np.prod(sizes)) + sum(sizes[1:])


@number_of_parameters.wrong(
    "You count a bias for each input of a layer. There is one for each of its neurons, that is, of its "
    "outputs.")
def bias_per_input(sizes):
    return sum(a * b + a for a, b in zip(sizes[:-1], sizes[1:], strict=True))


# ---- 3. A network by hand ----

@chapter.exercise(stars=2, title="A network by hand", hints=(
    "Go one layer at a time and write the shapes down: x is (n, d), w1 is (h, d). What must you do with w1 "
    "before the product?",
    "hidden = relu(x @ w1.T + b1) has the shape (n, h). The output layer takes it the same way, without the ReLU.",
    "`hidden = np.maximum(0, x @ w1.T + b1)`, then `hidden @ w2.T + b2`.",
), praise="Two lines, and the whole forward pass of a trained network is yours.")
def two_layers(x, w1, b1, w2, b2):
    """The outputs (n, k) of a network with one hidden ReLU layer."""
    hidden = np.maximum(0, x @ w1.T + b1)
    return hidden @ w2.T + b2


@two_layers.cases
def _(rng):
    for n, d, h, k in ((7, 3, 5, 2), (4, 6, 9, 1), (3, 2, 8, 5)):
        yield (rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=h), rng.normal(size=(k, h)),
               rng.normal(size=k))
    yield Case((rng.normal(size=(6, 4)), rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(4, 4)),
                rng.normal(size=4)), "square matrices, where a forgotten transpose raises no error")


@two_layers.wrong("The ReLU of the hidden layer is missing: the two layers then collapse to one linear model.")
def no_relu(x, w1, b1, w2, b2):
    return (x @ w1.T + b1) @ w2.T + b2


@two_layers.wrong("The output layer has no activation function here: an output may be negative.")
def relu_on_output(x, w1, b1, w2, b2):
    return np.maximum(0, np.maximum(0, x @ w1.T + b1) @ w2.T + b2)


@two_layers.wrong("The hidden bias is added after the ReLU. It belongs inside.")
def bias_after_relu(x, w1, b1, w2, b2):
    return (np.maximum(0, x @ w1.T) + b1) @ w2.T + b2


@two_layers.wrong("A bias is missing: both layers have one.")
def no_hidden_bias(x, w1, b1, w2, b2):
    return np.maximum(0, x @ w1.T) @ w2.T + b2


@two_layers.wrong("The output bias is missing: add b2 at the end.")
def no_output_bias(x, w1, b1, w2, b2):
    return np.maximum(0, x @ w1.T + b1) @ w2.T


@two_layers.wrong("The result is transposed: rows should be examples and columns outputs. Start from `x @ w1.T`, not "
                  "`w1 @ x.T`.")
def transposed(x, w1, b1, w2, b2):
    return two_layers.reference(x, w1, b1, w2, b2).T


@two_layers.wrong(
    "The transposes are missing. With square matrices nothing complains, but each neuron then uses a column of"
    " the matrix instead of its row.")
def no_transposes(x, w1, b1, w2, b2):
    return np.maximum(0, x @ w1 + b1) @ w2 + b2


# ---- 4. Better than the mean? ----

@chapter.exercise(stars=2, title="Better than the mean?", hints=(
    "Two sums of squares: the errors of the prediction, and the errors that the mean of the targets would make.",
    "R2 is 1 minus the first divided by the second. Whose mean stands in the second?",
    "`errors = ((target - prediction) ** 2).sum()` and `spread = ((target - target.mean()) ** 2).sum()`; return"
    " 1 - errors / spread.",
), praise="R2 has no lower limit: a prediction can be worse than the mean, and then it is negative.")
def r2(prediction, target):
    """The share of the target's spread that the prediction explains: a number, at most 1."""
    errors = ((target - prediction) ** 2).sum()
    spread = ((target - target.mean()) ** 2).sum()
    return 1 - errors / spread


@r2.cases
def _(rng):
    target = rng.normal(size=12) + 3
    yield Case((target + 0.2 * rng.normal(size=12), target), "a good prediction")
    yield Case((rng.normal(size=12), target), "a prediction worse than the mean")
    yield Case((np.full(12, 5.0), target), "a constant prediction that is not the mean")
    yield Case((np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0])), "a perfect prediction")


@r2.wrong("You divide by the spread of the *prediction*. The spread to be explained is that of the targets.")
def spread_of_prediction(prediction, target):
    if np.ptp(prediction) == 0:
        return -np.inf
    return 1 - ((target - prediction) ** 2).sum() / ((prediction - prediction.mean()) ** 2).sum()


@r2.wrong("This is the share that is *not* explained. Subtract it from 1.")
def unexplained(prediction, target):
    return 1 - r2.reference(prediction, target)


@r2.wrong("This is the squared correlation. It forgives a prediction that is shifted or stretched; R2 does not.")
def squared_correlation(prediction, target):
    if np.ptp(prediction) == 0:
        return 0.0
    return np.corrcoef(prediction, target)[0, 1] ** 2


@r2.wrong("You use absolute errors. R2 is made of squared ones.")
def absolute_errors(prediction, target):
    return 1 - np.abs(target - prediction).sum() / np.abs(target - target.mean()).sum()


@r2.wrong("The means are compared with the wrong thing: the spread is measured around the mean of the targets, "
          "not around 0.")
def around_zero(prediction, target):
    return 1 - ((target - prediction) ** 2).sum() / (target ** 2).sum()


@r2.wrong("A negative R2 is a valid result: the prediction is worse than the mean. Do not cut it off at 0.")
def never_negative(prediction, target):
    return max(0.0, r2.reference(prediction, target))


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Which rows may the mean and the standard deviation be computed from, if the test houses are to stay unseen?",
    "Only from x_train. But x_test must be scaled with these same numbers, not with its own.",
    "`mean, std = x_train.mean(axis=0), x_train.std(axis=0)`; the last line can stay as it is.",
), praise="The scaled test data need not have mean 0, and that is right: they are seen with the eyes of "
          "the training data.")
def scale(x_train, x_test):
    """(x_train, x_test), both shifted and scaled by the mean and standard deviation of x_train's columns."""
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    return (x_train - mean) / std, (x_test - mean) / std


@scale.cases
def _(rng):
    for n, m, d in ((9, 4, 3), (6, 11, 2), (8, 3, 5)):
        yield 5 * rng.normal(size=(n, d)) + 20, 3 * rng.normal(size=(m, d)) + 24
    yield Case((rng.normal(size=(7, 2)) + 1, np.array([[1.0, 2.0]])), "a single test house")


@scale.given
def _(x_train, x_test):
    everything = np.concatenate([x_train, x_test])
    mean, std = everything.mean(axis=0), everything.std(axis=0)
    return (x_train - mean) / std, (x_test - mean) / std


@scale.wrong("The test data are scaled by themselves. A test house would then get other numbers than the same "
             "house in training.")
def each_by_itself(x_train, x_test):
    with np.errstate(divide="ignore", invalid="ignore"):
        return tuple((x - x.mean(axis=0)) / x.std(axis=0) for x in (x_train, x_test))


@scale.wrong("One mean for the whole table: with `axis=0` every column gets its own.")
def one_mean(x_train, x_test):
    return (x_train - x_train.mean()) / x_train.std(), (x_test - x_train.mean()) / x_train.std()


@scale.wrong("You divide by the variance. The standard deviation is its square root.")
def by_variance(x_train, x_test):
    mean, var = x_train.mean(axis=0), x_train.var(axis=0)
    return (x_train - mean) / var, (x_test - mean) / var


@scale.wrong("The means are not subtracted: the columns keep their different centers.")
def no_shift(x_train, x_test):
    std = x_train.std(axis=0)
    return x_train / std, x_test / std


@scale.wrong("The test data are returned unscaled. They need the same shift and factor as the training data.")
def test_untouched(x_train, x_test):
    return (x_train - x_train.mean(axis=0)) / x_train.std(axis=0), x_test


@scale.wrong("The mean still comes from all the data; only the standard deviation is from the training data.")
def half_repaired(x_train, x_test):
    mean, std = np.concatenate([x_train, x_test]).mean(axis=0), x_train.std(axis=0)
    return (x_train - mean) / std, (x_test - mean) / std


# ---- 6. An absolute value without training ----

SHAPES = {"w1": (2, 1), "b1": (2,), "w2": (1, 2), "b2": (1,)}


def _judge_absolute(answer):
    try:
        arrays = [np.asarray(part, dtype=float) for part in answer]
    except (TypeError, ValueError):
        return "Expected four lists or arrays of numbers: (w1, b1, w2, b2)."
    if len(arrays) != 4:
        return f"Expected four parts, (w1, b1, w2, b2), and got {len(arrays)}."
    for (name, shape), array in zip(SHAPES.items(), arrays, strict=True):
        if array.shape != shape:
            return f"{name} should have the shape {shape}, and has {array.shape}."
    for x in (3.0, -2.0, 0.0, 0.5, -100.0, 1000.0):
        output = two_layers.reference(np.array([[x]]), *arrays).item()
        if not abs(output - abs(x)) <= 1e-6 * max(1, abs(x)):
            return f"For x = {x:g} the network gives {output:g}, and |x| is {abs(x):g}."
    return None


absolute = chapter.value_exercise(
    "absolute", stars=3, title="An absolute value without training",
    task="(w1, b1, w2, b2) of a network with two hidden ReLU neurons that computes |x|.",
    hints=(
        "Draw |x|. It has two arms. Could each hidden neuron be responsible for one of them?",
        "relu(x) is the right arm: x for positive x, otherwise 0. Which weight gives a neuron that is the left arm?",
        "|x| = relu(x) + relu(-x). So the hidden weights are 1 and -1; what do the output weights and the "
        "biases have to be?",
    ), reference=([[1], [-1]], [0, 0], [[1, 1]], [0]), judge=_judge_absolute,
    praise="Two bends joined at 0. With more neurons, and more bends, a network can follow any curve: a "
           "later chapter builds on this.",
    wrongs=(
        (([[1], [-1]], [0, 0], [[1, -1]], [0]), "For x = -2 the network gives -2"),
        (([[1], [1]], [0, 0], [[1, 1]], [0]), "For x = 3 the network gives 6"),
        (([[1], [-1]], [1, 1], [[1, 1]], [0]), "For x = 3 the network gives 4"),
        (([[1, -1]], [0, 0], [[1, 1]], [0]), "w1 should have the shape (2, 1), and has (1, 2)."),
        (([[1], [-1]], [0, 0], [[1, 1]]), "Expected four parts"),
    ))
