"""Exercises of the chapter "Forward propagation"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "gaussian_nll", "log_mean_exp", "mean_loss", "parameters", "pinball",
           "predict_probability", "progress", "smoothed_cross_entropy"]

chapter = Chapter("forward_propagation", title="Forward propagation")


# ---- 1. Forward to a probability ----

@chapter.exercise(stars=1, title="Forward to a probability", hints=(
    "Write the shapes down first: x (n, d), then (n, h), then (n, 1), at the end (n,). Which product leads from "
    "each to the next?",
    "A layer is `a @ weight.T + bias`. ReLU is `np.maximum(z, 0)`; it comes after the first layer only.",
    "The second layer gives a column `z` of shape (n, 1). Take `z[:, 0]`, and apply `1 / (1 + np.exp(-z))` to it.",
), praise="The hidden layer may have any width; nothing in your code had to know it.")
def predict_probability(x, weight1, bias1, weight2, bias2):
    """The probability of class 1 for each example: an array of shape (n,)."""
    hidden = np.maximum(x @ weight1.T + bias1, 0)
    logits = hidden @ weight2.T + bias2
    return 1 / (1 + np.exp(-logits[:, 0]))


@predict_probability.cases
def _(rng):
    for n, d, h in ((5, 3, 4), (7, 2, 6), (4, 5, 3)):
        yield tuple(rng.normal(size=shape) for shape in ((n, d), (h, d), h, (1, h), 1))
    yield Case(tuple(rng.normal(size=shape) for shape in ((1, 3), (4, 3), 4, (1, 4), 1)), "a batch of one")


@predict_probability.wrong("There is no ReLU after the hidden layer: two linear layers in a row are one linear layer.")
def no_relu(x, weight1, bias1, weight2, bias2):
    return 1 / (1 + np.exp(-((x @ weight1.T + bias1) @ weight2.T + bias2)[:, 0]))


@predict_probability.wrong("You apply ReLU to the output as well. It cuts off all negative logits, so no "
                           "probability can be below 0.5.")
def relu_at_the_end(x, weight1, bias1, weight2, bias2):
    hidden = np.maximum(x @ weight1.T + bias1, 0)
    return 1 / (1 + np.exp(-np.maximum(hidden @ weight2.T + bias2, 0)[:, 0]))


@predict_probability.wrong("These are logits. The sigmoid at the end is missing, which turns them into probabilities.")
def no_sigmoid(x, weight1, bias1, weight2, bias2):
    return (np.maximum(x @ weight1.T + bias1, 0) @ weight2.T + bias2)[:, 0]


@predict_probability.wrong("Your result is a column of shape (n, 1). Take its only column, `[:, 0]`: a column minus "
                           "targets of shape (n,) would become an (n, n) table.")
def column(x, weight1, bias1, weight2, bias2):
    return predict_probability.reference(x, weight1, bias1, weight2, bias2)[:, None]


@predict_probability.wrong("The bias of the hidden layer is missing.")
def no_first_bias(x, weight1, bias1, weight2, bias2):
    return predict_probability.reference(x, weight1, np.zeros_like(bias1), weight2, bias2)


@predict_probability.wrong("The bias of the output is missing.")
def no_second_bias(x, weight1, bias1, weight2, bias2):
    return predict_probability.reference(x, weight1, bias1, weight2, np.zeros_like(bias2))


@predict_probability.wrong("You add the bias of the hidden layer after ReLU. It belongs to the weighted sum, before "
                           "the activation.")
def bias_after_relu(x, weight1, bias1, weight2, bias2):
    hidden = np.maximum(x @ weight1.T, 0) + bias1
    return 1 / (1 + np.exp(-(hidden @ weight2.T + bias2)[:, 0]))


@predict_probability.wrong("These are the probabilities of class 0. The sign in the exponent of the sigmoid is "
                           "minus: 1 / (1 + exp(-z)).")
def wrong_sign(x, weight1, bias1, weight2, bias2):
    return 1 - predict_probability.reference(x, weight1, bias1, weight2, bias2)


@predict_probability.wrong("You use sigmoid in the hidden layer too. There it should be ReLU, `np.maximum(z, 0)`.")
def sigmoid_hidden(x, weight1, bias1, weight2, bias2):
    hidden = 1 / (1 + np.exp(-(x @ weight1.T + bias1)))
    return 1 / (1 + np.exp(-(hidden @ weight2.T + bias2)[:, 0]))


@predict_probability.wrong("You round to 0 and 1. The task asks for probabilities.")
def decided(x, weight1, bias1, weight2, bias2):
    return (predict_probability.reference(x, weight1, bias1, weight2, bias2) > 0.5).astype(float)


@predict_probability.wrong("The shapes do not meet: the weights are stored as (out, in), so a batch of rows needs "
                           "the transpose, `x @ weight.T`.")
def not_transposed(x, weight1, bias1, weight2, bias2):
    return 1 / (1 + np.exp(-(np.maximum(x @ weight1 + bias1, 0) @ weight2 + bias2)[:, 0]))


@predict_probability.wrong("You normalize over the batch, so the examples share one probability among them. Each "
                           "example has a probability of its own: the sigmoid of its logit.")
def softmax_over_batch(x, weight1, bias1, weight2, bias2):
    p = predict_probability.reference(x, weight1, bias1, weight2, bias2)
    return p / (1 - p) / np.sum(p / (1 - p))


@predict_probability.wrong("You use tanh in the hidden layer. Here it should be ReLU, `np.maximum(z, 0)`.")
def tanh_hidden(x, weight1, bias1, weight2, bias2):
    return 1 / (1 + np.exp(-(np.tanh(x @ weight1.T + bias1) @ weight2.T + bias2)[:, 0]))


# ---- 2. Count the parameters ----

parameters = chapter.value_exercise(
    "parameters", stars=1, title="Count the parameters",
    task="The number of parameters of a network with 20 inputs, hidden layers of 50 and 30, and 5 outputs.",
    hints=(
        "How many layers have weights? The inputs compute nothing.",
        "A layer from 20 inputs to 50 neurons has a weight for each pair of input and neuron, and a bias for each "
        "neuron.",
        "The first layer has 20 * 50 + 50 = 1050 parameters. Add the layers from 50 to 30 and from 30 to 5.",
    ), reference=2735,
    praise="The size of the batch is not in it: the same 2,735 numbers serve one example or a million.",
    wrongs=(
        (2650, "These are the weights only. Every neuron has a bias as well."),
        (85, "These are the biases only. Add the weights: one for each pair of input and neuron."),
        (2755, "The inputs have no biases: they are given, not computed. Count 50 + 30 + 5 biases."),
        (2651, "One bias for the whole network is too few: each neuron has its own, 50 + 30 + 5 of them."),
        (2653, "One bias for each layer is too few: each neuron has its own, 50 + 30 + 5 of them."),
        (2580, "The layer from 30 to 5 is missing one part or both: 30 * 5 weights and 5 biases."),
        (2585, "The 30 * 5 weights of the last layer are missing."),
        (2730, "The biases of the outputs are missing: output neurons have them as well."),
        (1050, "This is the first layer. Two more follow, from 50 to 30 and from 30 to 5."),
        (30000, "Multiply within a layer, add over the layers."),
        (150000, "Multiply within a layer, add over the layers: not every input goes through every product."),
        (105, "This is the number of neurons, inputs included. Count the connections between them, and the biases."),
    ))


# ---- 3. A loss for a quantile ----

@chapter.exercise(stars=2, title="A loss for a quantile", hints=(
    "Compute the errors `target - prediction` first. Which of them are negative: those of predictions too high, or "
    "too low?",
    "`np.where(condition, a, b)` takes from a where the condition holds, and from b elsewhere.",
    "`np.where(error >= 0, quantile * error, (quantile - 1) * error)`; both branches are positive or 0. Then take "
    "the mean.",
), praise="With the quantile 0.5 this is half the absolute error. With 0.9 a prediction that is too low costs nine "
          "times as much as one that is too high, and the best constant has 90 % of the targets below it.")
def pinball(prediction, target, quantile):
    """The mean pinball loss: a number."""
    error = target - prediction
    return np.mean(np.where(error >= 0, quantile * error, (quantile - 1) * error))


@pinball.cases
def _(rng):
    for n, quantile in ((6, 0.9), (9, 0.25), (4, 0.1)):
        target = rng.normal(size=n)
        yield target + np.where(np.arange(n) % 2, 0.7, -1.3) * rng.uniform(0.5, 1.5, size=n), target, quantile
    yield Case((np.array([3.0, 2.5]), np.array([1.0, 2.0]), 0.9), "both predictions are too high")
    yield Case((np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.5, 4.25]), 0.9), "all predictions are too low")


@pinball.wrong("The roles are exchanged: with the quantile 0.9 a prediction that is too *low* must cost more. The "
               "error is target minus prediction.")
def exchanged(prediction, target, quantile):
    return pinball.reference(target, prediction, quantile)


@pinball.wrong("Your loss can be negative: for negative errors the factor is `quantile - 1`, which is negative too, "
               "so the product is positive.")
def negative_branch(prediction, target, quantile):
    error = target - prediction
    return np.mean(np.where(error >= 0, quantile * error, (1 - quantile) * error))


@pinball.wrong("You use the same factor on both sides. A negative error is weighted by `quantile - 1`.")
def same_factor(prediction, target, quantile):
    return np.mean(quantile * np.abs(target - prediction))


@pinball.wrong("Predictions that are too high cost nothing here, so the best prediction would be infinite. A "
               "negative error costs `(quantile - 1) * error`.")
def one_sided(prediction, target, quantile):
    return np.mean(quantile * np.maximum(target - prediction, 0))


@pinball.wrong("This is the sum. Take the mean, so that the number of examples does not matter.")
def summed(prediction, target, quantile):
    return pinball.reference(prediction, target, quantile) * len(target)


@pinball.wrong("These are the losses of the single examples. Take their mean.")
def not_reduced(prediction, target, quantile):
    error = target - prediction
    return np.where(error >= 0, quantile * error, (quantile - 1) * error)


@pinball.wrong("You square the errors. The pinball loss grows in proportion to the error.")
def squared(prediction, target, quantile):
    error = target - prediction
    return np.mean(np.where(error >= 0, quantile, 1 - quantile) * error ** 2)


@pinball.wrong("This is twice the pinball loss (a common variant): the factors are `quantile` and `quantile - 1`.")
def doubled(prediction, target, quantile):
    return 2 * pinball.reference(prediction, target, quantile)


# ---- 4. A forecast with its own error bar ----

@chapter.exercise(stars=2, title="A forecast with its own error bar", hints=(
    "Start from the density of the normal distribution and take minus its logarithm. There are three terms.",
    "The terms are (y - mean)^2 / (2 sigma^2), log sigma, and half of log(2 pi). Which of them can you read off "
    "`log_sigma` directly?",
    "`sigma = np.exp(log_sigma)`, then the mean of `(target - mean) ** 2 / (2 * sigma ** 2) + log_sigma + 0.5 * "
    "np.log(2 * np.pi)`.",
), praise="The two terms with sigma hold each other in check: a wide bar softens the first and is punished by the "
          "second. A network trained with this loss learns where it does not know.")
def gaussian_nll(mean, log_sigma, target):
    """The mean negative log-likelihood of normal distributions: a number."""
    sigma = np.exp(log_sigma)
    return np.mean((target - mean) ** 2 / (2 * sigma ** 2) + log_sigma + 0.5 * np.log(2 * np.pi))


@gaussian_nll.cases
def _(rng):
    for n in (5, 8, 3):
        yield rng.normal(size=n), rng.normal(scale=0.8, size=n) + 0.3, 2 * rng.normal(size=n) + 0.4
    yield Case((np.array([1.0, -2.0]), np.array([0.7, -1.2]), np.array([1.0, -2.0])), "every mean is exactly right")
    yield Case((np.array([0.5, 1.5, 4.0]), np.full(3, -3.0), np.array([2.0, 1.0, 3.0])), "far too sure: sigma is 0.05")


@gaussian_nll.wrong("The term log sigma is missing. Without it a huge sigma makes every loss small.")
def no_log_sigma(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma, target) - np.mean(log_sigma)


@gaussian_nll.wrong("The constant half of log(2 pi) is missing. It does not change which forecast is best, but the "
                    "task asks for all terms.")
def no_constant(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma, target) - 0.5 * np.log(2 * np.pi)


@gaussian_nll.wrong("You divide by sigma where the density has sigma squared.")
def sigma_not_squared(mean, log_sigma, target):
    return np.mean((target - mean) ** 2 / (2 * np.exp(log_sigma)) + log_sigma + 0.5 * np.log(2 * np.pi))


@gaussian_nll.wrong("The factor 2 in the denominator of the square is missing.")
def no_half(mean, log_sigma, target):
    return np.mean((target - mean) ** 2 / np.exp(2 * log_sigma) + log_sigma + 0.5 * np.log(2 * np.pi))


@gaussian_nll.wrong("You use `log_sigma` as if it were sigma. It can be negative, a width cannot: take "
                    "`np.exp(log_sigma)` first.")
def log_as_sigma(mean, log_sigma, target):
    return np.mean((target - mean) ** 2 / (2 * log_sigma ** 2) + np.log(np.abs(log_sigma)) + 0.5 * np.log(2 * np.pi))


@gaussian_nll.wrong("You use `log_sigma` as the logarithm of the variance. Here it is the logarithm of the width "
                    "sigma, whose square is the variance.")
def log_of_variance(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma / 2, target)


@gaussian_nll.wrong("This is the log-likelihood. The loss is its negative: something to make small.")
def not_negative(mean, log_sigma, target):
    return -gaussian_nll.reference(mean, log_sigma, target)


@gaussian_nll.wrong("This is the sum over the examples. Take the mean.")
def nll_summed(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma, target) * len(target)


@gaussian_nll.wrong("These are the losses of the single examples. Take their mean.")
def nll_not_reduced(mean, log_sigma, target):
    return (target - mean) ** 2 / (2 * np.exp(2 * log_sigma)) + log_sigma + 0.5 * np.log(2 * np.pi)


@gaussian_nll.wrong("You subtract log sigma. Sigma stands in the denominator of the density, so minus its logarithm "
                    "is plus log sigma.")
def log_sigma_subtracted(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma, target) - 2 * np.mean(log_sigma)


@gaussian_nll.wrong("The constant is half of log(2 pi), since the density has the square root of 2 pi.")
def whole_constant(mean, log_sigma, target):
    return gaussian_nll.reference(mean, log_sigma, target) + 0.5 * np.log(2 * np.pi)


@gaussian_nll.wrong("`log` means the natural logarithm: sigma is `np.exp(log_sigma)`, not a power of 10.")
def power_of_ten(mean, log_sigma, target):
    return np.mean((target - mean) ** 2 / (2 * 10 ** (2 * log_sigma)) + log_sigma + 0.5 * np.log(2 * np.pi))


# ---- 5. The opinion of several networks ----

@chapter.exercise(stars=2, title="The opinion of several networks", hints=(
    "The mean of the probabilities is a sum of exponentials divided by the number of networks. Which trick keeps "
    "such a sum from vanishing?",
    "For each example subtract the largest of its log-probabilities, over the networks (axis 0), and add it again "
    "after the logarithm.",
    "With `m = log_p.max(axis=0)` return `m + np.log(np.exp(log_p - m).mean(axis=0))`.",
), praise="It is never below the mean of the logarithms: a team that averages probabilities is punished less than "
          "its members are on average.")
def log_mean_exp(log_p):
    """The logarithm of the mean over axis 0 of exp(log_p): an array of shape (n,)."""
    m = log_p.max(axis=0)
    return m + np.log(np.exp(log_p - m).mean(axis=0))


@log_mean_exp.cases
def _(rng):
    for networks, n in ((3, 5), (4, 2), (2, 7)):
        yield (np.log(rng.uniform(0.05, 0.95, size=(networks, n))),)
    yield Case((np.array([[-2000.0, -0.5], [-2001.0, -1.5], [-2003.0, -0.2]]),),
               "the first example is very improbable for all networks, the second is not")
    yield Case((np.array([[-2000.0, -1995.0, -1998.5], [-1999.0, -1996.5, -1998.0]]),), "all are very improbable")
    yield Case((np.array([[-1200.0, -1.0, -1500.0, -0.3], [-1.0, -1400.0, -1500.5, -0.4]]),), "the networks disagree")


@log_mean_exp.wrong("Your result is minus infinity where all the probabilities are too small for a floating-point "
                    "number. Subtract the maximum over the networks before `np.exp`.")
def underflows(log_p):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(log_p).mean(axis=0))


@log_mean_exp.wrong("This is the mean of the logarithms. The task asks for the logarithm of the mean of the "
                    "probabilities.")
def mean_of_logs(log_p):
    return log_p.mean(axis=0)


@log_mean_exp.wrong("This is log-sum-exp. For the *mean* divide the sum by the number of networks, or subtract its "
                    "logarithm.")
def log_sum_exp(log_p):
    return log_mean_exp.reference(log_p) + np.log(len(log_p))


@log_mean_exp.wrong("You divide the logarithm by the number of networks. Divide the sum before you take the "
                    "logarithm.")
def divided_too_late(log_p):
    return log_sum_exp(log_p) / len(log_p)


@log_mean_exp.wrong("You average over the examples. The networks are on axis 0; the result has one value for each "
                    "example.")
def wrong_axis(log_p):
    return log_mean_exp.reference(log_p.T)


@log_mean_exp.wrong("The maximum that you subtracted is not added again after the logarithm.")
def maximum_not_added(log_p):
    m = log_p.max(axis=0)
    return np.log(np.exp(log_p - m).mean(axis=0))


@log_mean_exp.wrong("You subtract one maximum for the whole array. Where a column lies far below it, everything in "
                    "that column still vanishes: each example needs its own maximum.")
def one_maximum(log_p):
    m = log_p.max()
    with np.errstate(divide="ignore"):
        return m + np.log(np.exp(log_p - m).mean(axis=0))


@log_mean_exp.wrong("This is the mean of the probabilities. Take its logarithm, without letting it become 0 on the "
                    "way.")
def no_logarithm(log_p):
    return np.exp(log_p).mean(axis=0)


@log_mean_exp.wrong("This is the opinion of the surest network only. The mean counts all of them.")
def only_maximum(log_p):
    return log_p.max(axis=0)


@log_mean_exp.wrong("A small number added inside the logarithm hides the infinity, but gives a wrong value: a true "
                    "result of -2000 becomes about -28. Subtract the maximum instead.")
def small_number_added(log_p):
    return np.log(np.exp(log_p).mean(axis=0) + 1e-12)


@log_mean_exp.wrong("You subtract the minimum. Then the largest exponent is as large as the spread, and overflows: "
                    "subtract the maximum.")
def minimum_subtracted(log_p):
    m = log_p.min(axis=0)
    with np.errstate(over="ignore"):
        return m + np.log(np.exp(log_p - m).mean(axis=0))


@log_mean_exp.wrong("You divide the logarithm of the sum by the number of networks. Divide the sum itself, before the "
                    "logarithm.")
def only_logarithm_divided(log_p):
    m = log_p.max(axis=0)
    return m + np.log(np.exp(log_p - m).sum(axis=0)) / len(log_p)


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "When does the code give the right number? Try 10 examples in batches of 5, and then in batches of 4.",
    "10 examples in batches of 4 make batches of 4, 4 and 2. How much does one example of the last batch count, "
    "compared with the others?",
    "Add up the *sums* of the squared errors, and divide once at the end by `len(target)`.",
), praise="The mean of means is the mean only if all groups have the same size. The package's `evaluate` weights "
          "each batch by its length for this reason.")
def mean_loss(prediction, target, batch_size):
    """The mean squared error over all examples, computed batch by batch: a number."""
    total = 0.0
    for start in range(0, len(target), batch_size):
        batch = slice(start, start + batch_size)
        total += np.sum((prediction[batch] - target[batch]) ** 2)
    return total / len(target)


@mean_loss.cases
def _(rng):
    for n, batch_size in ((10, 4), (7, 3), (11, 5)):
        target = rng.normal(size=n)
        yield target + np.linspace(0.2, 2, n), target, batch_size
    yield Case((rng.normal(size=9), rng.normal(size=9), 3), "three full batches")
    yield Case((rng.normal(size=5), rng.normal(size=5), 8), "one batch that is not full")


@mean_loss.given
def _(prediction, target, batch_size):
    losses = []
    for start in range(0, len(target), batch_size):
        batch = slice(start, start + batch_size)
        losses.append(np.mean((prediction[batch] - target[batch]) ** 2))
    return np.mean(losses)


@mean_loss.wrong("Now the last batch is left out if it is not full. Its examples count like all others.")
def last_batch_dropped(prediction, target, batch_size):
    n = len(target) // batch_size * batch_size or len(target)
    return np.mean((prediction[:n] - target[:n]) ** 2)


@mean_loss.wrong("This is the sum of the batch means: it grows with the number of batches.")
def sum_of_means(prediction, target, batch_size):
    starts = range(0, len(target), batch_size)
    return sum(np.mean((prediction[s:s + batch_size] - target[s:s + batch_size]) ** 2) for s in starts)


@mean_loss.wrong("This is the sum of all squared errors. Divide by the number of examples at the end.")
def sum_only(prediction, target, batch_size):
    return np.sum((prediction - target) ** 2)


@mean_loss.wrong("You divide the sums by the number of batches. Divide by the number of examples, `len(target)`.")
def divided_by_batches(prediction, target, batch_size):
    return np.sum((prediction - target) ** 2) / len(range(0, len(target), batch_size))


@mean_loss.wrong("You weight every batch by `batch_size`, the last one too, though it may hold fewer examples: use "
                 "`len(target[batch])`.")
def weighted_by_batch_size(prediction, target, batch_size):
    starts = range(0, len(target), batch_size)
    sums = [batch_size * np.mean((prediction[s:s + batch_size] - target[s:s + batch_size]) ** 2) for s in starts]
    return sum(sums) / len(target)


@mean_loss.wrong("The median of the batch means is no mean over the examples either. Add up sums, and divide once.")
def median_of_means(prediction, target, batch_size):
    starts = range(0, len(target), batch_size)
    return np.median([np.mean((prediction[s:s + batch_size] - target[s:s + batch_size]) ** 2) for s in starts])


@mean_loss.wrong("Only the last batch is counted. Collect the sums of all batches inside the loop.")
def last_batch_only(prediction, target, batch_size):
    start = (len(target) - 1) // batch_size * batch_size
    return np.sum((prediction[start:] - target[start:]) ** 2) / len(target)


@mean_loss.wrong("Your loop starts only batches that are full, so the last examples are left out, and with fewer "
                 "examples than `batch_size` there is no batch at all.")
def full_batches_only(prediction, target, batch_size):
    n = len(target) // batch_size * batch_size
    return np.mean((prediction[:n] - target[:n]) ** 2) if n else np.nan


@mean_loss.wrong("Only the first batch is counted. Does your `return` stand inside the loop?")
def first_batch_only(prediction, target, batch_size):
    return np.sum((prediction[:batch_size] - target[:batch_size]) ** 2) / len(target)


# ---- 7. Do not be too sure ----

@chapter.exercise(stars=3, title="Do not be too sure", hints=(
    "Write the loss with a general target first: minus the sum over the classes of q times log p. What is q here?",
    "You need log p for all classes: subtract the row's maximum from the logits, then the logarithm of the sum of "
    "exponentials.",
    "With `log_p` of shape (n, c), the loss of an example is `-(1 - smoothing) * log_p[k, target[k]] - smoothing * "
    "log_p[k].mean()`.",
), praise="The second term is the cross-entropy against equal shares: it grows when any class is ruled out "
          "completely. PyTorch calls this `label_smoothing` (Szegedy et al., 2016).")
def smoothed_cross_entropy(logits, target, smoothing):
    """The mean cross-entropy against smoothed one-hot targets: a number."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    true_class = log_p[np.arange(len(target)), target]
    return -np.mean((1 - smoothing) * true_class + smoothing * log_p.mean(axis=1))


@smoothed_cross_entropy.cases
def _(rng):
    for n, c, smoothing in ((5, 3, 0.1), (4, 6, 0.3), (7, 4, 0.2)):
        yield 2 * rng.normal(size=(n, c)), rng.integers(c, size=n), smoothing
    yield Case((rng.normal(size=(6, 3)), rng.integers(3, size=6), 0.0), "no smoothing")
    yield Case((np.array([[1000.0, 0.0, -1000.0, 5.0], [-1000.0, -1001.0, -1002.0, -999.5]]), np.array([1, 0]), 0.1),
               "logits of ±1000")


def _log_softmax(logits, axis=1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _against(targets, logits):
    return -np.mean((targets * _log_softmax(logits)).sum(axis=1))


@smoothed_cross_entropy.wrong("The smoothing has no effect: this is the plain cross-entropy.")
def not_smoothed(logits, target, smoothing):
    return smoothed_cross_entropy.reference(logits, target, 0.0)


@smoothed_cross_entropy.wrong("You share the smoothing among the *other* classes. Here every class gets smoothing / "
                              "c, the true one included.")
def among_the_others(logits, target, smoothing):
    c = logits.shape[1]
    one_hot = np.eye(c)[target]
    return _against((1 - smoothing) * one_hot + smoothing / (c - 1) * (1 - one_hot), logits)


@smoothed_cross_entropy.wrong("You add smoothing / c without taking the factor (1 - smoothing) off the one-hot "
                              "part, so your targets sum to more than 1.")
def sums_to_more(logits, target, smoothing):
    return _against(np.eye(logits.shape[1])[target] + smoothing / logits.shape[1], logits)


@smoothed_cross_entropy.wrong("Every class gets the whole smoothing. Divide it by the number of classes, so that "
                              "the targets sum to 1.")
def not_divided(logits, target, smoothing):
    return _against((1 - smoothing) * np.eye(logits.shape[1])[target] + smoothing, logits)


@smoothed_cross_entropy.wrong("You give the true class (1 - smoothing) and the others smoothing / c. The true class "
                              "gets its share of the smoothing too, else the targets do not sum to 1.")
def true_class_left_out(logits, target, smoothing):
    c = logits.shape[1]
    one_hot = np.eye(c)[target]
    return _against((1 - smoothing) * one_hot + smoothing / c * (1 - one_hot), logits)


@smoothed_cross_entropy.wrong("The other classes get nothing: you only scaled the loss by (1 - smoothing).")
def only_scaled(logits, target, smoothing):
    return (1 - smoothing) * smoothed_cross_entropy.reference(logits, target, 0.0)


@smoothed_cross_entropy.wrong("Your result is infinite or not a number for logits of ±1000. Subtract the row's "
                              "maximum, and take z minus log-sum-exp instead of the logarithm of a probability.")
def overflows(logits, target, smoothing):
    with np.errstate(all="ignore"):
        log_p = np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
        targets = (1 - smoothing) * np.eye(logits.shape[1])[target] + smoothing / logits.shape[1]
        return -np.mean((targets * log_p).sum(axis=1))


@smoothed_cross_entropy.wrong("The softmax is stable, but its logarithm is not: a probability that became 0 gives "
                              "minus infinity. Compute log p directly, as z minus log-sum-exp.")
def log_of_softmax(logits, target, smoothing):
    with np.errstate(all="ignore"):
        log_p = np.log(np.exp(_log_softmax(logits)))
        true_class = log_p[np.arange(len(target)), target]
        return -np.mean((1 - smoothing) * true_class + smoothing * log_p.mean(axis=1))


@smoothed_cross_entropy.wrong("You clip the probabilities before the logarithm. Where the true value is tiny the "
                              "loss is then too small: compute log p directly, as z minus log-sum-exp.")
def clipped(logits, target, smoothing):
    log_p = np.log(np.maximum(np.exp(_log_softmax(logits)), 1e-12))
    return -np.mean((1 - smoothing) * log_p[np.arange(len(target)), target] + smoothing * log_p.mean(axis=1))


@smoothed_cross_entropy.wrong("You normalize over the examples (axis 0). The classes are on axis 1: each row of "
                              "probabilities sums to 1.")
def over_the_examples(logits, target, smoothing):
    log_p = _log_softmax(logits, axis=0)
    return -np.mean((1 - smoothing) * log_p[np.arange(len(target)), target] + smoothing * log_p.mean(axis=1))


@smoothed_cross_entropy.wrong("You take the mean over examples *and* classes, so the result is c times too small. "
                              "Sum over the classes, mean over the examples.")
def mean_over_classes(logits, target, smoothing):
    return smoothed_cross_entropy.reference(logits, target, smoothing) / logits.shape[1]


@smoothed_cross_entropy.wrong("This is the sum over the examples. Take the mean.")
def smoothed_sum(logits, target, smoothing):
    return smoothed_cross_entropy.reference(logits, target, smoothing) * len(target)


@smoothed_cross_entropy.wrong("The sign is missing: the loss is *minus* the logarithm, and never negative.")
def no_minus(logits, target, smoothing):
    return -smoothed_cross_entropy.reference(logits, target, smoothing)


@smoothed_cross_entropy.wrong("You subtract one maximum for the whole batch. In a row that lies far below it every "
                              "exponential vanishes: each row needs its own maximum.")
def one_maximum_for_all(logits, target, smoothing):
    shifted = logits - logits.max()
    with np.errstate(divide="ignore"):
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean((1 - smoothing) * log_p[np.arange(len(target)), target] + smoothing * log_p.mean(axis=1))
