"""Exercises of the chapter "Optimizers"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["adam_step", "best_weights", "chapter", "lion_step", "minibatches", "momentum_step", "progress", "rate_at",
           "stability_limit"]

chapter = Chapter("optimizers", title="Optimizers")


# ---- 1. The limit for a linear model ----

@chapter.exercise(stars=1, title="The limit for a linear model", hints=(
    "Which matrix holds the second derivatives of the mean squared error of `x @ w`? It has the shape (d, d).",
    "The Hessian is `2 * x.T @ x / len(x)`. Its largest eigenvalue is the largest curvature.",
    "`np.linalg.eigvalsh(hessian)` returns the eigenvalues in rising order, so the largest is the last: return 2 "
    "divided by it.",
), praise="The targets do not occur: they move the minimum, but the curvature depends on the inputs alone.")
def stability_limit(x):
    """The learning rate above which gradient descent on the mean squared error of x @ w diverges: a number."""
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


@stability_limit.cases
def _(rng):
    for n, d in ((9, 2), (20, 4), (15, 3)):
        yield (rng.normal(size=(n, d)) * rng.uniform(0.3, 3, size=d) + 0.4,)
    yield Case((rng.normal(size=(12, 2)) * np.array([1.0, 100.0]),), "one feature in small units")
    yield Case((np.array([[1.5], [2.0], [-0.5]]),), "a single feature")


@stability_limit.wrong("The factor 2 of the squared error is missing: its Hessian is 2 / n times X^T X.")
def without_two(x):
    return 2 / np.linalg.eigvalsh(x.T @ x / len(x))[-1]


@stability_limit.wrong("This is 1 / h, the rate that reaches a parabola's minimum in one step. The limit is twice "
                       "that, 2 / h.")
def one_over_h(x):
    return 1 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


@stability_limit.wrong("You took the smallest curvature. The steepest direction fails first, so the largest one "
                       "decides.")
def smallest(x):
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[0]


@stability_limit.wrong("This is the limit for the sum of the squared errors. For the mean, divide the Hessian by n.")
def of_the_sum(x):
    return 2 / np.linalg.eigvalsh(2 * x.T @ x)[-1]


@stability_limit.wrong("The trace is the sum of all curvatures. Only the largest one counts, which takes the "
                       "eigenvalues.")
def trace(x):
    return 2 / np.trace(2 * x.T @ x / len(x))


@stability_limit.wrong("You read the curvatures off the diagonal. A diagonal valley is steeper than along either "
                       "axis: take the eigenvalues.")
def diagonal(x):
    return 2 / np.diag(2 * x.T @ x / len(x)).max()


@stability_limit.wrong("You subtracted the means first. The model has no bias, so the Hessian is made of the inputs "
                       "as they are.")
def centered(x):
    x = x - x.mean(axis=0)
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


@stability_limit.wrong("This is the largest curvature itself. The limit is 2 divided by it.")
def curvature(x):
    return np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


@stability_limit.wrong("This is a singular value of x. The curvatures are eigenvalues of the Hessian, 2 / n times "
                       "X^T X.")
def singular_value(x):
    return 2 / np.linalg.svd(x)[1][0]


@stability_limit.wrong("The mean runs over the n examples, the rows: divide by len(x), not by the number of features.")
def divided_by_features(x):
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / x.shape[1])[-1]


@stability_limit.wrong("np.cov subtracts the means and divides by n - 1. The Hessian takes the inputs as they are, "
                       "and n.")
def covariance(x):
    return 2 / np.linalg.eigvalsh(2 * np.cov(x.T))[-1]



# ---- 2. A step with momentum ----

@chapter.exercise(stars=1, title="A step with momentum", hints=(
    "First the velocity, then the weights: the weights move along the *new* velocity.",
    "The new velocity is `beta * v + g`. What is subtracted from the weights?",
    "`v = beta * v + g` makes a new array; then return `w - lr * v, v`.",
), praise="In this convention the learning rate acts at the very end, so a schedule takes effect at once.")
def momentum_step(w, v, g, lr, beta):
    """The (w, v) after one step of gradient descent with momentum."""
    v = beta * v + g
    return w - lr * v, v


@momentum_step.cases
def _(rng):
    for shape in ((3,), (2, 4), (5,)):
        yield rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=shape), 0.1, 0.9
    yield Case((rng.normal(size=4), np.zeros(4), rng.normal(size=4), 0.05, 0.8), "the first step: the velocity is 0")
    yield Case((rng.normal(size=3), rng.normal(size=3), np.zeros(3), 0.2, 0.5), "the gradient is 0")


@momentum_step.wrong("You go uphill: the velocity is a sum of gradients, so it is subtracted from the weights.")
def uphill(w, v, g, lr, beta):
    v = beta * v + g
    return w + lr * v, v


@momentum_step.wrong("The weights move along the old velocity, so this step ignores its own gradient. Update the "
                     "velocity first.")
def old_velocity(w, v, g, lr, beta):
    return w - lr * v, beta * v + g


@momentum_step.wrong("The gradient is multiplied by 1 - beta. That is a running mean, as in Adam; momentum adds the "
                     "whole gradient.")
def running_mean(w, v, g, lr, beta):
    v = beta * v + (1 - beta) * g
    return w - lr * v, v


@momentum_step.wrong("This velocity contains the learning rate, as Keras keeps it. Here the rate is applied at the "
                     "end: v = beta * v + g.")
def keras_velocity(w, v, g, lr, beta):
    v = beta * v - lr * g
    return w + v, v


@momentum_step.wrong("The learning rate is applied twice, inside the velocity and once more in the step.")
def rate_twice(w, v, g, lr, beta):
    v = beta * v + lr * g
    return w - lr * v, v


@momentum_step.wrong("The old velocity is kept whole: beta is missing, so nothing ever fades.")
def no_fading(w, v, g, lr, beta):
    v = v + g
    return w - lr * v, v


@momentum_step.wrong("The step is right, but you return the velocity from before it. The next step needs the new one.")
def velocity_not_kept(w, v, g, lr, beta):
    return w - lr * (beta * v + g), v


@momentum_step.wrong("This is Nesterov's variant, which looks one step ahead. Here the weights move by lr times the "
                     "new velocity, no more.")
def nesterov(w, v, g, lr, beta):
    v = beta * v + g
    return w - lr * (g + beta * v), v


@momentum_step.wrong("The numbers are right, but the caller's arrays were changed in place (`*=`, `+=`, `-=`). "
                     "Return new arrays.")
def in_place(w, v, g, lr, beta):
    v *= beta
    v += g
    w -= lr * v
    return w, v


@momentum_step.wrong("The two results are exchanged: return the weights first, then the velocity.")
def results_exchanged(w, v, g, lr, beta):
    v = beta * v + g
    return v, w - lr * v


@momentum_step.wrong("Your velocity collects minus the gradient. Here it is a sum of gradients, v = beta * v + g, "
                     "and is subtracted.")
def negative_velocity(w, v, g, lr, beta):
    v = beta * v - g
    return w + lr * v, v



# ---- 3. Cut an epoch into batches ----

@chapter.exercise(stars=2, title="Cut an epoch into batches", hints=(
    "Shuffle once, then cut. `rng.permutation(n)` gives the numbers 0 to n - 1 in random order.",
    "The batches begin at the places 0, batch_size, 2 * batch_size, … below n: `range(0, n, batch_size)`.",
    "`order[first:first + batch_size]` for each of them. A slice that reaches beyond the end is cut off by itself, "
    "so the last batch needs no extra care.",
), praise="Sampling without replacement: in one epoch every example is used exactly once.")
def minibatches(n, batch_size, rng):
    """The batches of one epoch: a list of integer arrays."""
    order = rng.permutation(n)
    return [order[first:first + batch_size] for first in range(0, n, batch_size)]


@minibatches.cases
def _(rng):
    for n, batch_size, note in ((23, 5, "the last batch is smaller"), (24, 6, "n is a multiple of the batch size"),
                                (40, 7, "the last batch is smaller"), (21, 20, "the last batch has one number"),
                                (15, 50, "a single batch")):
        yield Case((n, batch_size, np.random.default_rng(n)), note)


@minibatches.judge
def _(batches, n, batch_size, rng):
    if not isinstance(batches, (list, tuple)):
        return f"Return a list of arrays; this is of the type {type(batches).__name__}."
    arrays = [np.asarray(batch) for batch in batches]
    if any(a.ndim != 1 or (a.size and a.dtype.kind not in "iu") for a in arrays):
        return "Each batch must be a one-dimensional array of integers."
    sizes = [a.size for a in arrays]
    if 0 in sizes:
        return f"One batch is empty: the sizes are {sizes}. Where should the last batch begin?"
    numbers = np.concatenate(arrays) if arrays else np.array([], dtype=int)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= n):
        return f"The numbers run from {numbers.min()} to {numbers.max()}, but the examples are numbered 0 to {n - 1}."
    if len(np.unique(numbers)) < numbers.size:
        return ("Some numbers occur more than once in the epoch. Shuffle once, before cutting, and cut without "
                "overlap; `rng.integers` and `rng.choice` draw with replacement.")
    if numbers.size < n:
        return (f"Only {numbers.size} of {n} numbers occur: every example must be used once. "
                "Is the smaller last batch missing?")
    if any(size != batch_size for size in sizes[:-1]) or sizes[-1] > batch_size:
        return f"The sizes are {sizes}: all but the last should be {batch_size}."
    if np.array_equal(numbers, np.arange(n)):
        return "The numbers come in their natural order. Shuffle them with `rng` first."
    if all((np.diff(np.sort(a)) == 1).all() for a in arrays) and len(arrays) > 1:
        return ("Each batch holds neighbors, such as 0 to 4: you shuffled within the batches, or the order of the "
                "batches. Shuffle all n numbers before you cut.")
    return None


@minibatches.wrong("The numbers come in their natural order. Shuffle them with `rng` first.")
def not_shuffled(n, batch_size, rng):
    order = np.arange(n)
    return [order[first:first + batch_size] for first in range(0, n, batch_size)]


@minibatches.wrong("Each batch is drawn anew with replacement, so some examples come twice and others never. "
                   "Shuffle once, then cut.")
def with_replacement(n, batch_size, rng):
    return [rng.integers(0, n, min(batch_size, n - first)) for first in range(0, n, batch_size)]


@minibatches.wrong("The smaller last batch is missing, so its examples are never used in this epoch.")
def last_dropped(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[first:first + batch_size] for first in range(0, n - batch_size + 1, batch_size)]


@minibatches.wrong("You cut first and shuffle within each batch, so the same examples always share a batch. Shuffle "
                   "all n first.")
def shuffled_inside(n, batch_size, rng):
    return [rng.permutation(np.arange(first, min(first + batch_size, n))) for first in range(0, n, batch_size)]


@minibatches.wrong("You shuffle anew for each batch, so the batches overlap. One permutation serves the whole epoch.")
def shuffled_anew(n, batch_size, rng):
    return [rng.permutation(n)[first:first + batch_size] for first in range(0, n, batch_size)]


@minibatches.wrong("`np.array_split` makes batches of nearly equal size. Asked are batches of exactly batch_size "
                   "and a smaller last one.")
def equal_parts(n, batch_size, rng):
    return np.array_split(rng.permutation(n), -(-n // batch_size))


@minibatches.wrong("When n is a multiple of the batch size, this adds an empty batch at the end.")
def empty_last(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[k * batch_size:(k + 1) * batch_size] for k in range(n // batch_size + 1)]


@minibatches.wrong("Neighboring batches share a number: the next one must begin where the last one ended, at first "
                   "+ batch_size.")
def overlapping(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[first:first + batch_size + 1] for first in range(0, n, batch_size)]


# ---- 4. A step of Adam ----

@chapter.exercise(stars=2, title="A step of Adam", hints=(
    "Three things in this order: update both running means, correct them, take the step.",
    "`m = beta1 * m + (1 - beta1) * g`, the same for v with beta2 and `g ** 2`. The corrected ones are m / (1 - "
    "beta1 ** k) and v / (1 - beta2 ** k).",
    "Give the corrected means names of their own, `m_hat` and `v_hat`: the step is `w - lr * m_hat / "
    "(np.sqrt(v_hat) + eps)`, "
    "and m and v are returned uncorrected.",
), praise="At k = 1 the correction turns m into g and v into g squared, whatever the betas are: the first step has "
          "the length lr.")
def adam_step(w, m, v, g, k, lr, beta1, beta2, eps):
    """The (w, m, v) after step number k of Adam."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g ** 2
    m_hat, v_hat = m / (1 - beta1 ** k), v / (1 - beta2 ** k)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@adam_step.cases
def _(rng):
    for shape, k in (((3,), 1), ((2, 4), 2), ((5,), 7), ((4, 3), 30)):
        m, v = np.zeros(shape), np.zeros(shape)
        if k > 1:
            m, v = rng.normal(size=shape), rng.uniform(0.1, 2, size=shape)
        yield rng.normal(size=shape), m, v, rng.normal(size=shape), k, 0.01, 0.9, 0.99, 1e-3
    yield Case((rng.normal(size=3), np.zeros(3), np.zeros(3), np.array([1e-4, 1.0, -1e4]), 1, 0.1, 0.8, 0.95, 1e-6),
               "gradients of very different size")
    yield Case((rng.normal(size=2), np.zeros(2), np.zeros(2), np.array([0.0, 0.3]), 1, 0.1, 0.9, 0.999, 1e-8),
               "one gradient is 0")


@adam_step.wrong("The bias correction is missing: divide m by 1 - beta1 ** k and v by 1 - beta2 ** k before the step.")
def no_correction(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (np.sqrt(v) + eps), m, v


@adam_step.wrong("The step is right, but you return the corrected means. Keep the uncorrected ones, or the next "
                 "step corrects them again.")
def corrected_kept(w, m, v, g, k, lr, beta1, beta2, eps):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1 ** k)
    v = (beta2 * v + (1 - beta2) * g ** 2) / (1 - beta2 ** k)
    return w - lr * m / (np.sqrt(v) + eps), m, v


@adam_step.wrong("eps stands under the root here. It is added to the root: np.sqrt(v_hat) + eps.")
def eps_under_root(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (1 - beta1 ** k) / np.sqrt(v / (1 - beta2 ** k) + eps), m, v


@adam_step.wrong("eps is added before v is corrected, which is Keras's way. Here it is added to the root of the "
                 "corrected v.")
def eps_before_correction(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * np.sqrt(1 - beta2 ** k) / (1 - beta1 ** k) * m / (np.sqrt(v) + eps), m, v


@adam_step.wrong("The square root is missing: divide by the root mean square, not by the mean square.")
def no_root(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (1 - beta1 ** k) / (v / (1 - beta2 ** k) + eps), m, v


@adam_step.wrong("The power is off by one: the first step has k = 1 and corrects by 1 - beta ** 1.")
def off_by_one(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (1 - beta1 ** (k + 1)) / (np.sqrt(v / (1 - beta2 ** (k + 1))) + eps), m, v


@adam_step.wrong("The correction multiplies k by beta where it needs the power: 1 - beta1 ** k, 1 - beta2 ** k.")
def product_for_power(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (1 - beta1 * k) / (np.sqrt(np.abs(v / (1 - beta2 * k))) + eps), m, v


@adam_step.wrong("v averages the gradient, not its square, so the root may even be taken of a negative number. Use "
                 "g ** 2.")
def square_forgotten(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g
    return w - lr * m / (1 - beta1 ** k) / (np.sqrt(v / (1 - beta2 ** k)) + eps), m, v


@adam_step.wrong("The betas are exchanged: beta1 belongs to the mean of the gradient, beta2 to the mean of its square.")
def betas_exchanged(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta2 * m + (1 - beta2) * g, beta1 * v + (1 - beta1) * g ** 2
    return w - lr * m / (1 - beta2 ** k) / (np.sqrt(v / (1 - beta1 ** k)) + eps), m, v


@adam_step.wrong("You go uphill: the step is subtracted from the weights.")
def wrong_way(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w + lr * m / (1 - beta1 ** k) / (np.sqrt(v / (1 - beta2 ** k)) + eps), m, v


@adam_step.wrong("The step uses the gradient itself, as RMSprop does. Adam steps along m, the corrected mean of the "
                 "gradients.")
def gradient_for_mean(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * g / (np.sqrt(v / (1 - beta2 ** k)) + eps), m, v


@adam_step.wrong("The numbers are right, but the caller's arrays were changed in place (`*=`, `+=`, `-=`). Return "
                 "new arrays.")
def adam_in_place(w, m, v, g, k, lr, beta1, beta2, eps):
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g ** 2
    w -= lr * m / (1 - beta1 ** k) / (np.sqrt(v / (1 - beta2 ** k)) + eps)
    return w, m, v


@adam_step.wrong("The factors 1 - beta1 and 1 - beta2 in front of the new terms are missing: m and v are means, not "
                 "sums.")
def sums_for_means(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + g, beta2 * v + g ** 2
    return w - lr * m / (1 - beta1 ** k) / (np.sqrt(v / (1 - beta2 ** k)) + eps), m, v


@adam_step.wrong("The power is k - 1, so the first step divides by 1 - beta ** 0 = 0. The first step has k = 1: use "
                 "k itself.")
def one_too_few(w, m, v, g, k, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g ** 2
    return w - lr * m / (1 - beta1 ** (k - 1)) / (np.sqrt(v / (1 - beta2 ** (k - 1))) + eps), m, v



# ---- 5. Warm up, then cool down ----

@chapter.exercise(stars=2, title="Warm up, then cool down", hints=(
    "Two cases, `k < warmup` and the rest. In the first, step 0 must not have the rate 0: it would be wasted.",
    "While warming up the rate is `peak * (k + 1) / warmup`. For the cosine you need how much of the way from "
    "warmup to total is done: a number from 0 to 1.",
    "`done = (k - warmup) / (total - warmup)`, and the rate is `peak * 0.5 * (1 + np.cos(np.pi * done))`.",
), praise="Two steps have the full rate: the last one of the warm-up and the first one of the cosine.")
def rate_at(k, total, warmup, peak):
    """The learning rate of step k: a number."""
    if k < warmup:
        return peak * (k + 1) / warmup
    done = (k - warmup) / (total - warmup)
    return peak * 0.5 * (1 + np.cos(np.pi * done))


@rate_at.cases
def _(rng):
    yield Case((0, 100, 10, 0.3), "the first step")
    yield Case((4, 100, 10, 0.3), "in the middle of the warm-up")
    yield Case((9, 100, 10, 0.3), "the last step of the warm-up")
    yield Case((10, 100, 10, 0.3), "the first step of the cosine")
    yield Case((37, 100, 10, 0.3), "on the cosine")
    yield Case((99, 100, 10, 0.3), "the last step of all")
    yield Case((0, 50, 0, 2.0), "no warm-up")
    yield Case((20, 50, 0, 2.0), "no warm-up, later")
    yield Case((70, 90, 25, 0.01), "another plan")


@rate_at.wrong("Step 0 has the rate 0 and is wasted. The warm-up begins with peak / warmup: use k + 1.")
def begins_at_zero(k, total, warmup, peak):
    return peak * k / warmup if k < warmup else rate_at.reference(k, total, warmup, peak)


@rate_at.wrong("The cosine is not shifted: it must begin at step warmup. Count the steps from there, and divide by "
               "total - warmup.")
def not_shifted(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k < warmup else peak * 0.5 * (1 + np.cos(np.pi * k / total))


@rate_at.wrong("The cosine counts its steps from warmup on, but divides by total. It has only total - warmup steps "
               "to fall.")
def wrong_length(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k < warmup else peak * 0.5 * (1 + np.cos(np.pi * (k - warmup) / total))


@rate_at.wrong("This is a whole cosine, so the rate becomes negative halfway. Half a cosine, raised by 1 and "
               "halved, stays between 0 and 1.")
def whole_cosine(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k < warmup else peak * np.cos(np.pi * (k - warmup) / (total - warmup))


@rate_at.wrong("The cosine runs twice as fast: half a cosine goes to pi, not to 2 pi, so the rate would rise again "
               "in the end.")
def twice_as_fast(k, total, warmup, peak):
    done = 2 * (k - warmup) / (total - warmup)
    return peak * (k + 1) / warmup if k < warmup else peak * 0.5 * (1 + np.cos(np.pi * done))


@rate_at.wrong("The second part falls in a straight line. Half a cosine is asked.")
def linear(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k < warmup else peak * (1 - (k - warmup) / (total - warmup))


@rate_at.wrong("The factor peak is missing: these are shares of the peak rate.")
def no_peak(k, total, warmup, peak):
    return rate_at.reference(k, total, warmup, 1.0)


@rate_at.wrong("The factor 0.5 is missing: 1 + cos begins at 2, so the rate jumps to twice its peak after the warm-up.")
def not_halved(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k < warmup else peak * (1 + np.cos(np.pi * (k - warmup) / (total - warmup)))


@rate_at.wrong("The warm-up reaches the peak one step too late: `peak * (k + 1) / (warmup + 1)`. Asked is peak at "
               "step warmup - 1.")
def slow_warmup(k, total, warmup, peak):
    return peak * (k + 1) / (warmup + 1) if k < warmup else rate_at.reference(k, total, warmup, peak)


@rate_at.wrong("There is no warm-up: before step warmup the rate must rise in a straight line.")
def no_warmup(k, total, warmup, peak):
    return peak if k < warmup else rate_at.reference(k, total, warmup, peak)


@rate_at.wrong("The cosine is one step ahead: at step warmup itself nothing of its way is done, and the rate is peak.")
def cosine_ahead(k, total, warmup, peak):
    return rate_at.reference(k if k < warmup else k + 1, total, warmup, peak)


@rate_at.wrong("The warm-up lasts one step too long, and its last rate is above the peak: compare with `k < warmup`.")
def warmup_too_long(k, total, warmup, peak):
    return peak * (k + 1) / warmup if k <= warmup else rate_at.reference(k, total, warmup, peak)



# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "The loss that is returned is right. So which line remembers the weights, and what does it remember?",
    "`best = w` does not copy: both names mean the same array. What does `w -= …` do to it later?",
    "Keep a copy, `best = w.copy()`, in both places; or write `w = w - …`, which makes a new array at every step.",
), praise="Optimizers change parameters in place, so weights to be kept must be copied. `state_dict()` in companion "
          "copies, "
          "in PyTorch it does not.")
def best_weights(x, y, w, lr, steps):
    """The (weights, loss) with the lowest loss on the path of gradient descent, the start included."""
    w = w.copy()
    best, lowest = w.copy(), np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w -= lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w.copy(), loss
    return best, lowest


@best_weights.cases
def _(rng):
    x = rng.normal(size=(12, 3))
    y = x @ np.array([1.0, -2.0, 0.5]) + 0.3 * rng.normal(size=12)
    limit = 1 / np.linalg.eigvalsh(x.T @ x / 12)[-1]
    yield Case((x, y, np.array([0.5, 0.5, -0.5]), 0.3 * limit, 15), "a small rate: the last weights are the best")
    yield Case((x, y, np.array([0.5, 0.5, -0.5]), 1.1 * limit, 40), "above the limit: the loss falls, then grows")
    yield Case((x, y, np.array([1.0, -2.0, 0.5]), 1.5 * limit, 6), "a start near the minimum, far above the limit")
    yield Case((x, y, np.array([0.5, 0.5, -0.5]), 0.1, 0), "no step at all")


@best_weights.given
def _(x, y, w, lr, steps):
    w = w.copy()
    best, lowest = w, np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w -= lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w, loss
    return best, lowest


@best_weights.wrong("You copy in one place only: the start is still the same array as w, and is lost when it is the "
                    "best.")
def start_not_copied(x, y, w, lr, steps):
    w = w.copy()
    best, lowest = w, np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w -= lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w.copy(), loss
    return best, lowest


@best_weights.wrong("The copy of the start is gone, so the caller's weights change. Keep it, and copy the best "
                    "weights, too.")
def caller_changed(x, y, w, lr, steps):
    best, lowest = w.copy(), np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w -= lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w.copy(), loss
    return best, lowest


@best_weights.wrong("You return the last weights and their loss. Asked are the best ones on the way.")
def last_returned(x, y, w, lr, steps):
    w, loss = w.copy(), np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w -= lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
    return w, loss


@best_weights.wrong("The start no longer competes: if every step makes the loss larger, the start is the best.")
def start_excluded(x, y, w, lr, steps):
    best, lowest = w.copy(), np.inf
    for _ in range(steps):
        w = w - lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w, loss
    return best, lowest


@best_weights.wrong("You compare the loss from before the step and keep the weights from after it: they do not "
                    "belong together.")
def loss_too_early(x, y, w, lr, steps):
    best, lowest = w.copy(), np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        loss = np.mean((x @ w - y) ** 2)
        w = w - lr * 2 * x.T @ (x @ w - y) / len(x)
        if loss <= lowest:
            best, lowest = w, loss
    return best, lowest


@best_weights.wrong("The weights are the best ones, but the loss is the last one. Return the loss that goes with them.")
def last_loss(x, y, w, lr, steps):
    best, lowest = w.copy(), np.mean((x @ w - y) ** 2)
    loss = lowest
    for _ in range(steps):
        w = w - lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss < lowest:
            best, lowest = w, loss
    return best, loss


@best_weights.wrong("You keep the weights with the highest loss: the comparison should be `loss < lowest`.")
def highest(x, y, w, lr, steps):
    best, lowest = w.copy(), np.mean((x @ w - y) ** 2)
    for _ in range(steps):
        w = w - lr * 2 * x.T @ (x @ w - y) / len(x)
        loss = np.mean((x @ w - y) ** 2)
        if loss > lowest:
            best, lowest = w, loss
    return best, lowest


# ---- 7. An optimizer from a paper ----

@chapter.exercise(stars=3, title="An optimizer from a paper", hints=(
    "Translate sentence by sentence. \"Interpolate with beta1\" is `beta1 * m + (1 - beta1) * g`, with the old m.",
    "The direction is `np.sign(interpolated) + weight_decay * w`: the decay is added outside the sign.",
    "`w - lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)`, and only then m: `beta2 * m + (1 - "
    "beta2) * g`.",
), praise="Lion keeps one array per weight where Adam keeps two, and every weight moves by the same amount (but for "
          "the decay).")
def lion_step(w, m, g, lr, beta1, beta2, weight_decay):
    """The (w, m) after one step of Lion."""
    direction = np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w
    return w - lr * direction, beta2 * m + (1 - beta2) * g


@lion_step.cases
def _(rng):
    for shape in ((6,), (3, 4), (10,)):
        yield rng.normal(size=shape), 0.2 * rng.normal(size=shape), rng.normal(size=shape), 0.01, 0.9, 0.99, 0.1
    yield Case((rng.normal(size=5), np.zeros(5), rng.normal(size=5), 0.1, 0.9, 0.99, 0.3), "the momentum is still 0")
    w, m, g = np.array([2.0, -1.0, 3.0, 0.5]), np.array([1.0, -1.0, 0.02, 0.0]), np.array([-2.0, 2.0, -1.0, 0.0])
    yield Case((w, m, g, 0.1, 0.9, 0.6, 0.5), "old momentum and gradient disagree")


@lion_step.wrong("The sign uses the momentum after its update with beta2. Interpolate the old momentum and the "
                 "gradient with beta1.")
def new_momentum(w, m, g, lr, beta1, beta2, weight_decay):
    m = beta2 * m + (1 - beta2) * g
    return w - lr * (np.sign(m) + weight_decay * w), m


@lion_step.wrong("The momentum is updated before the interpolation, which then counts the gradient twice. The "
                 "interpolation needs the old momentum.")
def updated_first(w, m, g, lr, beta1, beta2, weight_decay):
    m = beta2 * m + (1 - beta2) * g
    return w - lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w), m


@lion_step.wrong("The sign is missing: Lion takes only the sign of the interpolation, never its size.")
def no_sign(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * (beta1 * m + (1 - beta1) * g + weight_decay * w), beta2 * m + (1 - beta2) * g


@lion_step.wrong("The betas are exchanged: beta1 interpolates for the step, beta2 updates the momentum.")
def lion_betas_exchanged(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * (np.sign(beta2 * m + (1 - beta2) * g) + weight_decay * w), beta1 * m + (1 - beta1) * g


@lion_step.wrong("The weight decay stands inside the sign. It is added to the sign, outside.")
def decay_inside(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * np.sign(beta1 * m + (1 - beta1) * g + weight_decay * w), beta2 * m + (1 - beta2) * g


@lion_step.wrong("The weight decay is missing: add weight_decay * w to the sign.")
def no_decay(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * np.sign(beta1 * m + (1 - beta1) * g), beta2 * m + (1 - beta2) * g


@lion_step.wrong("The decay is not multiplied by the learning rate: the whole sum, sign and decay, is.")
def decay_without_rate(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * np.sign(beta1 * m + (1 - beta1) * g) - weight_decay * w, beta2 * m + (1 - beta2) * g


@lion_step.wrong("The momentum becomes the interpolation with beta1. Its own update uses beta2.")
def one_beta(w, m, g, lr, beta1, beta2, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    return w - lr * (np.sign(m) + weight_decay * w), m


@lion_step.wrong("You take the signs of momentum and gradient first and interpolate then. Interpolate first, then "
                 "take one sign.")
def signs_first(w, m, g, lr, beta1, beta2, weight_decay):
    direction = beta1 * np.sign(m) + (1 - beta1) * np.sign(g) + weight_decay * w
    return w - lr * direction, beta2 * m + (1 - beta2) * g


@lion_step.wrong("The decay pushes the weights away from 0: both sign and decay are subtracted.")
def decay_grows(w, m, g, lr, beta1, beta2, weight_decay):
    return w - lr * (np.sign(beta1 * m + (1 - beta1) * g) - weight_decay * w), beta2 * m + (1 - beta2) * g


@lion_step.wrong("The numbers are right, but the caller's arrays were changed in place (`*=`, `+=`, `-=`). Return "
                 "new arrays.")
def lion_in_place(w, m, g, lr, beta1, beta2, weight_decay):
    w -= lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)
    m *= beta2
    m += (1 - beta2) * g
    return w, m


@lion_step.wrong("You go uphill: the step, decay included, is subtracted from the weights.")
def lion_uphill(w, m, g, lr, beta1, beta2, weight_decay):
    direction = np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w
    return w + lr * direction, beta2 * m + (1 - beta2) * g


@lion_step.wrong("The interpolation is turned around: beta1 weighs the old momentum, 1 - beta1 the gradient.")
def turned_around(w, m, g, lr, beta1, beta2, weight_decay):
    direction = np.sign((1 - beta1) * m + beta1 * g) + weight_decay * w
    return w - lr * direction, beta2 * m + (1 - beta2) * g
