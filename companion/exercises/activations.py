"""Exercises of the chapter "Activation functions"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "dead_share", "elu_with_slope", "gain", "input_gradient", "log_sigmoid", "progress",
           "softmax_backward"]

chapter = Chapter("activations", title="Activation functions")


# ---- 1. ELU and its slope ----

@chapter.exercise(stars=1, title="ELU and its slope", hints=(
    "ELU is z where z is positive, and alpha * (exp(z) - 1) elsewhere. What is the derivative of each half?",
    "`np.where(z > 0, a, b)` takes a or b for each element. The slope is 1 where z is positive, alpha * exp(z) "
    "elsewhere.",
    "exp(1000) overflows even if `np.where` does not take it: use `e = np.exp(np.minimum(z, 0))` in both formulas.",
), praise="On the left the slope is the value plus alpha, so a library needs only one exponential for both.")
def elu_with_slope(z, alpha):
    """The pair (value, slope) of ELU, two arrays of the shape of z."""
    e = np.exp(np.minimum(z, 0))
    return np.where(z > 0, z, alpha * (e - 1)), np.where(z > 0, 1.0, alpha * e)


@elu_with_slope.cases
def _(rng):
    yield Case((np.array([-2.0, -0.5, 0.0, 0.5, 2.0]), 0.6), "one z is exactly 0")
    for shape, alpha in (((3, 4), 1.0), ((2, 5), 1.7)):
        yield rng.normal(size=shape), alpha
    yield Case((np.array([-1000.0, -30.0, 30.0, 1000.0]), 0.7), "large numbers")


@elu_with_slope.wrong("Nothing is subtracted: on the left ELU is alpha * (exp(z) - 1), which runs through the origin.")
def one_not_subtracted(z, alpha):
    e = np.exp(np.minimum(z, 0))
    return np.where(z > 0, z, alpha * e), np.where(z > 0, 1.0, alpha * e)


@elu_with_slope.wrong("The slope lacks alpha: the derivative of alpha * exp(z) is alpha * exp(z).")
def slope_without_alpha(z, alpha):
    e = np.exp(np.minimum(z, 0))
    return np.where(z > 0, z, alpha * (e - 1)), np.where(z > 0, 1.0, e)


@elu_with_slope.wrong("alpha is missing in the value: the left half is alpha times (exp(z) - 1).")
def value_without_alpha(z, alpha):
    e = np.exp(np.minimum(z, 0))
    return np.where(z > 0, z, e - 1), np.where(z > 0, 1.0, alpha * e)


@elu_with_slope.wrong("The slope on the left is the value there. It should be value + alpha: the derivative of the "
                      "constant -alpha is 0.")
def slope_is_value(z, alpha):
    e = np.exp(np.minimum(z, 0))
    return np.where(z > 0, z, alpha * (e - 1)), np.where(z > 0, 1.0, alpha * (e - 1))


@elu_with_slope.wrong("The halves are chosen by multiplying with a mask. For z = 1000 the mask 0 meets an "
                      "exponential that overflowed, and 0 * inf is NaN: limit the exponent with `np.minimum(z, 0)`.")
def masks_multiplied(z, alpha):
    right = (z > 0) * 1.0
    return right * z + (1 - right) * alpha * (np.exp(z) - 1), right + (1 - right) * alpha * np.exp(z)


@elu_with_slope.wrong("At z = 0 the slope should be alpha: only a positive z belongs to the right half.")
def zero_belongs_right(z, alpha):
    e = np.exp(np.minimum(z, 0))
    return np.where(z >= 0, z, alpha * (e - 1)), np.where(z >= 0, 1.0, alpha * e)


@elu_with_slope.wrong("alpha stands inside the exponential. It multiplies the whole left half.")
def alpha_inside(z, alpha):
    e = np.exp(alpha * np.minimum(z, 0))
    return np.where(z > 0, z, e - 1), np.where(z > 0, 1.0, alpha * e)


@elu_with_slope.wrong("The two results are exchanged: return the value first, then the slope.")
def exchanged(z, alpha):
    return elu_with_slope.reference(z, alpha)[::-1]



# ---- 2. The logarithm of a sigmoid ----

@chapter.exercise(stars=2, title="The logarithm of a sigmoid", rtol=1e-9, atol=1e-30, hints=(
    "Do the logarithm on paper first: what is log(1 / (1 + exp(-z))), written with one logarithm and no fraction?",
    "It is -log(1 + exp(-z)). Now exp(-z) overflows for z = -1000, and for z = 40 the sum 1 + exp(-40) is rounded to "
    "1.",
    "`np.logaddexp(a, b)` is log(exp(a) + exp(b)), computed safely. Which a and b give log(1 + exp(-z))?",
), praise="For z far below 0 the result is z itself: no probability is too small for its logarithm.")
def log_sigmoid(z):
    """log(1 / (1 + exp(-z))) for an array of any shape, finite and accurate everywhere."""
    return -np.logaddexp(0, -z)


@log_sigmoid.cases
def _(rng):
    yield Case((np.array([-2.0, -0.5, 0.5, 3.0]),), "moderate numbers")
    yield Case((rng.normal(size=(3, 5)),), "a matrix")
    yield Case((np.array([-1000.0, -800.0, -40.0]),), "far to the left")
    yield Case((np.array([40.0, 60.0]),), "far to the right, where the answer is tiny but not 0")


@log_sigmoid.wrong("The sigmoid is computed first and then its logarithm. For z = -1000 the sigmoid is rounded to 0, "
                   "and log(0) is minus infinity; for z = 40 it is rounded to 1, and the logarithm to 0. Simplify on "
                   "paper first.")
def log_of_rounded(z):
    with np.errstate(divide="ignore"):
        return np.log(0.5 * (1 + np.tanh(0.5 * z)))


@log_sigmoid.wrong("The formula -log(1 + exp(-z)) is right, but exp(1000) overflows, and 1 + exp(-40) is rounded to "
                   "1. `np.logaddexp` avoids both.")
def plain_formula(z):
    with np.errstate(over="ignore"):
        return -np.log(1 + np.exp(-z))


@log_sigmoid.wrong("Far to the right this is accurate, but for z = -1000 `np.exp(-z)` still overflows. "
                   "`np.logaddexp` avoids it.")
def log1p_formula(z):
    with np.errstate(over="ignore"):
        return -np.log1p(np.exp(-z))


@log_sigmoid.wrong("The sign of z inside is wrong: this is log(1 - sigmoid(z)).")
def other_side(z):
    return -np.logaddexp(0, z)


@log_sigmoid.wrong("This is positive. The logarithm of a probability is never above 0: a minus sign is missing in "
                   "front.")
def minus_missing(z):
    return np.logaddexp(0, -z)


@log_sigmoid.wrong("A small constant inside the logarithm hides the overflow and gives a wrong number: at z = -1000 "
                   "the answer is -1000.")
def small_constant(z):
    return np.log(0.5 * (1 + np.tanh(0.5 * z)) + 1e-12)


@log_sigmoid.wrong("z is clipped before the formula, so that every z beyond the limit gets the same answer. At z = "
                   "-1000 it should be -1000.")
def clipped(z):
    return -np.log1p(np.exp(-np.clip(z, -500, 500)))


@log_sigmoid.wrong("This is the sigmoid, without its logarithm.")
def no_logarithm(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


@log_sigmoid.wrong("This is the logarithm with base 10, not the natural one. In losses log is the natural logarithm, "
                   "`np.log`.")
def base_ten(z):
    return -np.logaddexp(0, -z) / np.log(10)



# ---- 3. Count the dead ----

@chapter.exercise(stars=2, title="Count the dead", hints=(
    "First the weighted sums of all units for all examples: which matrix product turns (n, features) and (units, "
    "features) into (n, units)?",
    "A unit is dead if its z is 0 or less for every example. Along which axis do the examples lie?",
    "`(z <= 0).all(axis=0)` is one True or False for each unit. The mean of booleans is a share.",
), praise="The largest z of each unit decides. A unit that fires for a single example of a thousand is alive, and "
          "learns from that one.")
def dead_share(x, weight, bias):
    """The share of ReLU units, 0 to 1, whose output is 0 for every example."""
    z = x @ weight.T + bias
    return np.mean((z <= 0).all(axis=0))


@dead_share.cases
def _(rng):
    x, weight = rng.normal(size=(9, 3)), rng.normal(size=(5, 3))
    yield Case((x, weight, np.array([0.1, -9.0, 0.2, -9.0, -0.5])), "two large negative biases")
    bias = np.array([-0.3, 9.0, 9.0, -9.0, 0.0, 9.0])
    yield Case((rng.normal(size=(7, 4)), rng.normal(size=(6, 4)), bias), "some always on, one dead")
    corner = np.array([[1.0, 0.0], [3.0, -1.0], [0.0, 1.0], [-1.0, -2.0]])
    yield Case((np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 0.5]]), corner, np.zeros(4)),
               "one unit has z = 0 for every example: its output and its slope are 0, so it is dead")
    yield Case((x, weight, np.full(5, 8.0)), "all alive")
    yield Case((rng.normal(size=(4, 6)), rng.normal(size=(3, 6)), np.full(3, -20.0)), "all dead")


@dead_share.wrong("This is the share of zeros among all outputs. A healthy unit outputs many zeros; a dead one "
                  "outputs nothing else. Ask first for each unit, over all examples.")
def share_of_zeros(x, weight, bias):
    return np.mean(x @ weight.T + bias <= 0)


@dead_share.wrong("The axes are exchanged: these are the examples for which every unit is silent. Look along the "
                  "axis of the examples, 0.")
def silent_examples(x, weight, bias):
    return np.mean((x @ weight.T + bias <= 0).all(axis=1))


@dead_share.wrong("You count units that are 0 for *some* example. Dead means 0 for *every* example: `all`, not `any`.")
def any_zero(x, weight, bias):
    return np.mean((x @ weight.T + bias <= 0).any(axis=0))


@dead_share.wrong("The bias is missing. It is what kills most dead units.")
def bias_forgotten(x, weight, bias):
    return np.mean((x @ weight.T <= 0).all(axis=0))


@dead_share.wrong("A z of exactly 0 counts too: the output is 0 and so is the slope. Compare with `<= 0`.")
def zero_counts_as_alive(x, weight, bias):
    return np.mean((x @ weight.T + bias < 0).all(axis=0))


@dead_share.wrong("This is the share of units that are alive. The dead are the rest.")
def alive_share(x, weight, bias):
    return np.mean((x @ weight.T + bias > 0).any(axis=0))


@dead_share.wrong("This is the number of dead units. Divide it by the number of units.")
def number(x, weight, bias):
    return (x @ weight.T + bias <= 0).all(axis=0).sum()


@dead_share.wrong("You take the mean over the examples first. A unit with a negative mean can still be positive for "
                  "some example.")
def mean_first(x, weight, bias):
    return np.mean((x @ weight.T + bias).mean(axis=0) <= 0)


# ---- 4. The gain that keeps a gradient ----

@chapter.exercise(stars=2, title="The gain that keeps a gradient", hints=(
    "After `depth` layers the size is rho to the power depth. Which rho makes that equal to target?",
    "rho is target ** (1 / depth). Now solve rho = g * sqrt(mean of slope squared) for g.",
    "`np.sqrt(np.mean(slope(z) ** 2))` is the root mean square of the slopes: square first, then take the mean, then "
    "the root.",
), praise="For ReLU and target 1 the answer is near the square root of 2, whatever the depth: He's initialization.")
def gain(slope, z, depth, target):
    """The gain for which `depth` layers multiply the size of a gradient by target."""
    return target ** (1 / depth) / np.sqrt(np.mean(slope(z) ** 2))


def _tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def _relu_slope(z):
    return (z > 0) * 1.0


def _leaky_slope(z):
    return np.where(z > 0, 1.0, 0.2)


@gain.cases
def _(rng):
    settings = (("tanh", _tanh_slope, 10, 1.0), ("ReLU", _relu_slope, 5, 1.0), ("Leaky ReLU", _leaky_slope, 8, 0.5),
                ("tanh", _tanh_slope, 3, 0.01), ("ReLU", _relu_slope, 4, 3.0))
    for name, slope, depth, target in settings:
        yield Case((slope, rng.normal(size=(40, 7)), depth, target), f"{name}, {depth} layers, target {target:g}")


@gain.wrong("This is the mean of the slopes, not their root mean square: square each slope, take the mean, then the "
            "root. (The signal is a sum of random signs, and for such sums the squares add up.)")
def mean_slope(slope, z, depth, target):
    return target ** (1 / depth) / np.mean(slope(z))


@gain.wrong("The square root is missing: rho compares sizes, not squares of sizes.")
def no_root(slope, z, depth, target):
    return target ** (1 / depth) / np.mean(slope(z) ** 2)


@gain.wrong("This is rho for gain 1. You are asked for the gain: solve for g, which means to divide.")
def rho_returned(slope, z, depth, target):
    return target ** (1 / depth) * np.sqrt(np.mean(slope(z) ** 2))


@gain.wrong("The depth is missing: one layer contributes only the depth-th root of target.")
def depth_forgotten(slope, z, depth, target):
    return target / np.sqrt(np.mean(slope(z) ** 2))


@gain.wrong("The layers multiply, they do not add up: take the depth-th root of target, do not divide by depth.")
def divided_by_depth(slope, z, depth, target):
    return target / depth / np.sqrt(np.mean(slope(z) ** 2))


@gain.wrong("target is not used: this gain keeps the gradient at its old size.")
def target_forgotten(slope, z, depth, target):
    return 1 / np.sqrt(np.mean(slope(z) ** 2))


@gain.wrong("This is the standard deviation of the slopes. Their mean must not be subtracted: rho needs the mean of "
            "the squares.")
def standard_deviation(slope, z, depth, target):
    return target ** (1 / depth) / np.std(slope(z))


@gain.wrong("target is raised to the power depth. rho to the power depth is target, so rho is target ** (1 / depth).")
def power_for_root(slope, z, depth, target):
    return target**depth / np.sqrt(np.mean(slope(z) ** 2))


@gain.wrong("The depth-th root was taken of the slopes as well. Each layer has the whole slope; only target is "
            "shared among the layers.")
def root_of_everything(slope, z, depth, target):
    return (target / np.sqrt(np.mean(slope(z) ** 2))) ** (1 / depth)


@gain.wrong("You used the size of z. The gradient meets the slopes: apply `slope` to z first.")
def size_of_z(slope, z, depth, target):
    return target ** (1 / depth) / np.sqrt(np.mean(z**2))



# ---- 5. Find the bug ----

def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def _activations(x, weights):
    activations = [x]
    for weight in weights:
        activations.append(_sigmoid(activations[-1] @ weight.T))
    return activations


@chapter.exercise(stars=2, title="Find the bug", hints=(
    "The slope of a sigmoid is sigma(z) * (1 - sigma(z)). What does the list `activations` hold: z, or sigma(z)?",
    "It holds a = sigma(z). Which of the calls in the backward loop applies the sigmoid a second time?",
    "Written with a, the slope is `a * (1 - a)`: no function call is needed.",
), praise="The forward pass stores the activations because the slope can be had from them for free. The mistake is "
          "frequent, and since all signs stay right, such a network still learns, only badly.")
def input_gradient(x, weights):
    """The gradient of the sum of all outputs with respect to x, of the shape of x."""
    def sigmoid(z):
        return 0.5 * (1 + np.tanh(0.5 * z))

    activations = [x]
    for weight in weights:
        activations.append(sigmoid(activations[-1] @ weight.T))
    gradient = np.ones_like(activations[-1])
    for weight, a in zip(reversed(weights), reversed(activations), strict=False):
        gradient = (gradient * a * (1 - a)) @ weight
    return gradient


@input_gradient.cases
def _(rng):
    for n, sizes in ((5, (3, 2)), (4, (3, 6, 2)), (6, (2, 5, 4, 3))):
        weights = [rng.normal(size=(out, into)) for into, out in zip(sizes, sizes[1:], strict=False)]
        yield Case((rng.normal(size=(n, sizes[0])), weights), f"{len(weights)} layer{'s' * (len(weights) > 1)}")
    steep = [rng.normal(scale=3, size=(7, 4)), rng.normal(scale=3, size=(3, 7))]
    yield Case((rng.normal(size=(1, 4)), steep), "a batch of one")


@input_gradient.given
def _(x, weights):
    activations = _activations(x, weights)
    gradient = np.ones_like(activations[-1])
    for weight, a in zip(reversed(weights), reversed(activations), strict=False):
        slope = _sigmoid(a) * (1 - _sigmoid(a))
        gradient = (gradient * slope) @ weight
    return gradient


@input_gradient.wrong("The slope has lost its factor 1 - a: it is a * (1 - a), not a.")
def slope_is_activation(x, weights):
    activations = _activations(x, weights)
    gradient = np.ones_like(activations[-1])
    for weight, a in zip(reversed(weights), reversed(activations), strict=False):
        gradient = (gradient * a) @ weight
    return gradient


@input_gradient.wrong("This is the slope of tanh, 1 - a ** 2. The layers use the sigmoid: a * (1 - a).")
def slope_of_tanh(x, weights):
    activations = _activations(x, weights)
    gradient = np.ones_like(activations[-1])
    for weight, a in zip(reversed(weights), reversed(activations), strict=False):
        gradient = (gradient * (1 - a**2)) @ weight
    return gradient


@input_gradient.wrong("Now there is no slope at all: the gradient passes every layer as if it were linear.")
def no_slope(x, weights):
    gradient = np.ones((len(x), len(weights[-1])))
    for weight in reversed(weights):
        gradient = gradient @ weight
    return gradient


@input_gradient.wrong("The slope of only one layer is applied. Every layer has its own, from its own activations.")
def last_slope_only(x, weights):
    a = _activations(x, weights)[-1]
    gradient = a * (1 - a)
    for weight in reversed(weights):
        gradient = gradient @ weight
    return gradient


@input_gradient.wrong("The gradient is divided by the number of examples. It was asked for the sum of the outputs, "
                      "not for their mean.")
def mean_of_outputs(x, weights):
    return input_gradient.reference(x, weights) / len(x)


@input_gradient.wrong("The sign is turned around: the slope is a * (1 - a), which is positive; a * (a - 1) is "
                      "negative.")
def sign_in_slope(x, weights):
    activations = _activations(x, weights)
    gradient = np.ones_like(activations[-1])
    for weight, a in zip(reversed(weights), reversed(activations), strict=False):
        gradient = (gradient * a * (a - 1)) @ weight
    return gradient


# ---- 6. Back through a warm softmax ----

def _softmax(z, temperature):
    e = np.exp((z - z.max(axis=-1, keepdims=True)) / temperature)
    return e / e.sum(axis=-1, keepdims=True)


@chapter.exercise(stars=3, title="Back through a warm softmax", hints=(
    "The gradient with respect to z_k is the sum over j of g_j times dp_j/dz_k, and dp_j/dz_k = p_j (1[j = k] - p_k) "
    "/ T. Split the sum in two.",
    "The part with 1[j = k] gives g_k p_k. In the other part p_k does not depend on j and comes out of the sum: p_k "
    "times the sum of g_j p_j.",
    "`p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature`, with p computed after the maximum of each row was "
    "subtracted from z.",
), praise="The rows of the result add up to 0: a constant added to all scores changes nothing, so no gradient points "
          "that way.")
def softmax_backward(z, g, temperature):
    """The gradient with respect to the scores z (n, c), given g (n, c) with respect to the probabilities."""
    e = np.exp((z - z.max(axis=1, keepdims=True)) / temperature)
    p = e / e.sum(axis=1, keepdims=True)
    return p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.cases
def _(rng):
    for n, c, temperature in ((2, 3, 1.0), (5, 3, 2.5), (4, 6, 0.4)):
        yield Case((rng.normal(size=(n, c)), rng.normal(size=(n, c)), temperature), f"temperature {temperature:g}")
    z = np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -1002.0]])
    yield Case((z, rng.normal(size=(2, 3)), 0.8), "scores of 1000 and -1000")


@softmax_backward.wrong("The factor 1 / temperature is missing at the end: the chain rule passes the division as well.")
def temperature_lost(z, g, temperature):
    return softmax_backward.reference(z, g, temperature) * temperature


@softmax_backward.wrong("You multiply by the temperature at the end. z is divided by it, so the gradient is divided "
                        "by it, too.")
def times_temperature(z, g, temperature):
    return softmax_backward.reference(z, g, temperature) * temperature**2


@softmax_backward.wrong("This is p * (1 - p) * g: only the diagonal of the Jacobian. Each score also changes all "
                        "other probabilities of its row.")
def diagonal_only(z, g, temperature):
    p = _softmax(z, temperature)
    return p * (1 - p) * g / temperature


@softmax_backward.wrong("The second part is missing: this is p * g alone. Subtract p times the sum of g * p over the "
                        "classes.")
def first_part_only(z, g, temperature):
    return _softmax(z, temperature) * g / temperature


@softmax_backward.wrong("The sum runs over the examples (axis 0). The classes of one example compete with each "
                        "other: sum over axis 1.")
def sum_over_examples(z, g, temperature):
    p = _softmax(z, temperature)
    return p * (g - (g * p).sum(axis=0, keepdims=True)) / temperature


@softmax_backward.wrong("The sum runs over the whole batch. Each example has its own: `axis=1, keepdims=True`.")
def sum_over_everything(z, g, temperature):
    p = _softmax(z, temperature)
    return p * (g - (g * p).sum()) / temperature


@softmax_backward.wrong("The scores are multiplied by the temperature in the softmax. They are divided by it: a high "
                        "temperature makes them flat.")
def inverted_temperature(z, g, temperature):
    p = _softmax(z, 1 / temperature)
    return p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("The softmax inside is computed at temperature 1. Divide the scores by the temperature there "
                        "as well.")
def plain_softmax_inside(z, g, temperature):
    p = _softmax(z, 1.0)
    return p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("exp(1000 / T) overflows: subtract the maximum of each row from the scores before the "
                        "exponential.")
def overflowing(z, g, temperature):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(z / temperature)
        p = e / e.sum(axis=1, keepdims=True)
        return p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("The maximum of the whole batch is subtracted. In a row far below it every exponential is 0, "
                        "and 0 / 0 is NaN. Use the maximum of each row: `axis=1, keepdims=True`.")
def one_maximum(z, g, temperature):
    with np.errstate(invalid="ignore"):
        e = np.exp((z - z.max()) / temperature)
        p = e / e.sum(axis=1, keepdims=True)
        return p * (g - (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("The sign of the second part is wrong: it is subtracted, because a score that rises takes "
                        "probability from the others.")
def sum_added(z, g, temperature):
    p = _softmax(z, temperature)
    return p * (g + (g * p).sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("In the sum, g stands alone. Each g_j is weighted with its probability: the sum of g * p "
                        "over the classes.")
def sum_without_weights(z, g, temperature):
    p = _softmax(z, temperature)
    return p * (g - g.sum(axis=1, keepdims=True)) / temperature


@softmax_backward.wrong("p - g is the gradient of a softmax together with cross-entropy, and g would be the one-hot "
                        "target. Here g is any gradient with respect to the probabilities.")
def fused_formula(z, g, temperature):
    return (_softmax(z, temperature) - g) / temperature
