"""Exercises of the chapter "Regularization"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "drop", "fit_ridge", "lasso_step", "mix", "progress", "ridge_weights", "soft_targets"]

chapter = Chapter("regularization", title="Regularization")


# ---- 1. Ridge in one line ----

@chapter.exercise(stars=1, title="Ridge in one line", hints=(
    "Set the gradient to zero. The first part has the gradient `x.T @ (x @ w - y) / n`; which one has the penalty?",
    "Collect what stands before w: `x.T @ x / n` plus alpha times the identity matrix.",
    "Solve the linear system with `np.linalg.solve(matrix, x.T @ y / n)`; the matrix is `x.T @ x / n + alpha * "
    "np.eye(d)`.",
), praise="With alpha > 0 the matrix can always be inverted, even if there are more weights than examples.")
def ridge_weights(x, y, alpha):
    """The weights (d,) of ridge regression for x (n, d), y (n,)."""
    n, d = x.shape
    return np.linalg.solve(x.T @ x / n + alpha * np.eye(d), x.T @ y / n)


@ridge_weights.cases
def _(rng):
    for n, d, alpha in ((12, 3, 0.5), (20, 5, 0.1), (9, 4, 3.0)):
        yield rng.normal(size=(n, d)) * np.arange(1, d + 1), rng.normal(size=n) + 1, alpha
    yield Case((rng.normal(size=(4, 7)), rng.normal(size=4), 0.3), "more weights than examples")


@ridge_weights.wrong("The loss has the factor 1/n, so `x.T @ x` and `x.T @ y` must be divided by n. Without it the "
                     "penalty is n times too weak.")
def mean_forgotten(x, y, alpha):
    return np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ y)


@ridge_weights.wrong("`matrix + alpha` adds alpha to every entry. The penalty belongs on the diagonal: alpha * "
                     "np.eye(d).")
def added_everywhere(x, y, alpha):
    return np.linalg.solve(x.T @ x / len(x) + alpha, x.T @ y / len(x))


@ridge_weights.wrong("This is least squares: the penalty is missing.")
def no_penalty(x, y, alpha):
    return np.linalg.lstsq(x, y, rcond=None)[0]


@ridge_weights.wrong("The penalty enters with the wrong sign: it must add to the matrix, or the weights grow.")
def wrong_sign(x, y, alpha):
    return np.linalg.solve(x.T @ x / len(x) - alpha * np.eye(x.shape[1]), x.T @ y / len(x))


@ridge_weights.wrong("The penalty is alpha / 2 times the square; its gradient is alpha * w. You have twice as much.")
def twice(x, y, alpha):
    return np.linalg.solve(x.T @ x / len(x) + 2 * alpha * np.eye(x.shape[1]), x.T @ y / len(x))


@ridge_weights.wrong("You shrink all weights of least squares by the same factor. Ridge shrinks each eigenvector's "
                     "part by its own factor.")
def all_alike(x, y, alpha):
    return np.linalg.lstsq(x, y, rcond=None)[0] / (1 + alpha)


# ---- 2. Inverted dropout ----

@chapter.exercise(stars=1, title="Inverted dropout", hints=(
    "In evaluation there is nothing to do. In training, first make the mask: True where an element is kept.",
    "Each element is kept with probability 1 - p. By what must the kept ones be divided so that the mean is x?",
    "`x * (uniform >= p) / (1 - p)` in training, `x` otherwise.",
), praise="All scaling happens in training, so prediction costs nothing and needs no p.")
def drop(x, uniform, p, training):
    """x (...) after inverted dropout, where `uniform` has the draws."""
    if not training:
        return x
    return x * (uniform >= p) / (1 - p)


@drop.cases
def _(rng):
    for shape, p in (((4, 6), 0.3), ((7,), 0.8), ((2, 3, 5), 0.1)):
        yield Case((rng.normal(size=shape) + 3, rng.random(shape), p, True), "training")
        yield Case((rng.normal(size=shape) + 3, rng.random(shape), p, False), "evaluation")
    yield Case((np.arange(1.0, 5.0), np.array([0.0, 0.25, 0.5, 0.75]), 0.25, True), "one draw is exactly p")


@drop.wrong("What is kept must be divided by 1 - p. Otherwise the mean is too small in training.")
def not_scaled(x, uniform, p, training):
    return x * (uniform >= p) if training else x


@drop.wrong("You divide by p. An element is kept with probability 1 - p, so divide by that.")
def scaled_by_p(x, uniform, p, training):
    return x * (uniform >= p) / p if training else x


@drop.wrong("You keep what should be dropped: p is the probability of being switched off.")
def kept_with_p(x, uniform, p, training):
    return x * (uniform < p) / (1 - p) if training else x


@drop.wrong("Dropout is on in evaluation too. There the result is x itself.")
def always_on(x, uniform, p, training):
    return x * (uniform >= p) / (1 - p)


@drop.wrong("This is the original form, which scales in evaluation. Inverted dropout scales in training, and leaves "
            "evaluation alone.")
def scaled_in_evaluation(x, uniform, p, training):
    return x * (uniform >= p) if training else x * (1 - p)


@drop.wrong("The mean is already right in training, so nothing is left to scale in evaluation: return x as it is.")
def scaled_twice(x, uniform, p, training):
    return x * (uniform >= p) / (1 - p) if training else x * (1 - p)


@drop.wrong("You multiply by 1 - p where you should divide: what is left must grow, not shrink.")
def multiplied(x, uniform, p, training):
    return x * (uniform >= p) * (1 - p) if training else x


@drop.wrong("A draw of exactly p counts as kept: compare with `>= p`.")
def strictly_above(x, uniform, p, training):
    return x * (uniform > p) / (1 - p) if training else x


@drop.wrong("The result is right, but the caller's x was changed in place. Return a new array instead.")
def in_place(x, uniform, p, training):
    if training:
        x *= uniform >= p
        x /= 1 - p
    return x


# ---- 3. Soft targets ----

@chapter.exercise(stars=1, title="Soft targets", hints=(
    "Start from the one-hot targets; `np.eye(classes)[labels]` makes them.",
    "The true class keeps 1 - epsilon. Then every class, the true one too, gets an equal part of epsilon.",
    "`(1 - epsilon) * np.eye(classes)[labels] + epsilon / classes`.",
), praise="Each row still sums to 1, so it is a probability distribution, as cross-entropy wants it.")
def soft_targets(labels, classes, epsilon):
    """Smoothed targets (n, classes) for integer labels (n,)."""
    return (1 - epsilon) * np.eye(classes)[labels] + epsilon / classes


@soft_targets.cases
def _(rng):
    yield np.array([0, 2, 1, 2]), 4, 0.1
    yield Case((np.array([1, 0, 1]), 5, 0.4), "no label of the last classes occurs")
    yield Case((np.array([2, 0, 1, 1, 2]), 3, 0.0), "no smoothing at all")
    yield Case((np.array([1, 3]), 4, 1.0), "epsilon = 1: all classes are equal")


@soft_targets.wrong("You spread epsilon over the other classes only. Here the true class gets its part too: epsilon / "
                    "classes for every class.")
def among_others(labels, classes, epsilon):
    hot = np.eye(classes)[labels]
    return (1 - epsilon) * hot + epsilon / (classes - 1) * (1 - hot)


@soft_targets.wrong("The rows do not sum to 1: the one-hot part must be multiplied by 1 - epsilon.")
def added_only(labels, classes, epsilon):
    return np.eye(classes)[labels] + epsilon / classes


@soft_targets.wrong("The rows sum to less than 1: the true class gets its part epsilon / classes as well.")
def true_without_part(labels, classes, epsilon):
    hot = np.eye(classes)[labels]
    return (1 - epsilon) * hot + epsilon / classes * (1 - hot)


@soft_targets.wrong("You add epsilon to every class. It is shared: each gets epsilon / classes.")
def epsilon_each(labels, classes, epsilon):
    return (1 - epsilon) * np.eye(classes)[labels] + epsilon


@soft_targets.wrong("You write epsilon for every other class, so the rows sum to more than 1. It is shared by all "
                    "classes.")
def epsilon_for_others(labels, classes, epsilon):
    return np.where(np.eye(classes)[labels] == 1, 1 - epsilon, epsilon)


@soft_targets.wrong("These are one-hot targets; epsilon is not used.")
def one_hot_only(labels, classes, epsilon):
    return np.eye(classes)[labels]


@soft_targets.wrong("The shares are swapped: the one-hot part gets 1 - epsilon, the equal part epsilon.")
def swapped(labels, classes, epsilon):
    return epsilon * np.eye(classes)[labels] + (1 - epsilon) / classes


@soft_targets.wrong("The number of columns is `classes`, not the largest label + 1: a class may be missing from the "
                    "batch.")
def classes_from_labels(labels, classes, epsilon):
    found = labels.max() + 1
    return (1 - epsilon) * np.eye(found)[labels] + epsilon / found


# ---- 4. One step of the lasso ----

@chapter.exercise(stars=2, title="One step of the lasso", hints=(
    "First do a step against the gradient of the squared error alone, as if there were no penalty.",
    "Then comes the soft threshold. A step of size lr moves by lr times the force, so its threshold is lr * alpha.",
    "`v = w - lr * x.T @ (x @ w - y) / len(y)`, then `np.sign(v) * np.maximum(np.abs(v) - lr * alpha, 0)`.",
), praise="A weight that the loss moves by less than lr * alpha ends at exactly 0.")
def lasso_step(w, x, y, lr, alpha):
    """The weights (d,) after one proximal gradient step, for x (n, d), y (n,)."""
    v = w - lr * x.T @ (x @ w - y) / len(y)
    return np.sign(v) * np.maximum(np.abs(v) - lr * alpha, 0)


@lasso_step.cases
def _(rng):
    for n, d, lr, alpha in ((9, 6, 0.2, 0.8), (14, 5, 0.1, 2.0), (7, 8, 0.3, 0.5)):
        yield rng.normal(size=d), rng.normal(size=(n, d)), rng.normal(size=n), lr, alpha
    yield Case((np.zeros(5), rng.normal(size=(11, 5)), rng.normal(size=11) + 1, 0.25, 0.3), "a start at zero")
    yield Case((rng.normal(size=4), rng.normal(size=(6, 4)), rng.normal(size=6), 0.1, 0.0), "no penalty")


@lasso_step.wrong("The threshold is alpha. One step of size lr may only shrink by lr * alpha.")
def threshold_without_rate(w, x, y, lr, alpha):
    v = w - lr * x.T @ (x @ w - y) / len(y)
    return np.sign(v) * np.maximum(np.abs(v) - alpha, 0)


@lasso_step.wrong("This is the hard threshold: it sets small weights to 0 but leaves large ones as they are. The soft "
                  "one moves all towards 0 by lr * alpha.")
def hard(w, x, y, lr, alpha):
    v = w - lr * x.T @ (x @ w - y) / len(y)
    return np.where(np.abs(v) > lr * alpha, v, 0)


@lasso_step.wrong("The sign of the weight in the gradient makes it jump across 0. Use the soft threshold after the "
                  "step.")
def sign_in_gradient(w, x, y, lr, alpha):
    return w - lr * (x.T @ (x @ w - y) / len(y) + alpha * np.sign(w))


@lasso_step.wrong("This shrinks by a factor: weight decay, the step of L2. L1 subtracts the same amount from every "
                  "weight.")
def decay(w, x, y, lr, alpha):
    return (1 - lr * alpha) * w - lr * x.T @ (x @ w - y) / len(y)


@lasso_step.wrong("The loss is a mean over the n examples: divide the gradient by len(y).")
def mean_missing(w, x, y, lr, alpha):
    v = w - lr * x.T @ (x @ w - y)
    return np.sign(v) * np.maximum(np.abs(v) - lr * alpha, 0)


@lasso_step.wrong("Without the maximum, weights below the threshold come out with the opposite sign instead of 0.")
def no_maximum(w, x, y, lr, alpha):
    v = w - lr * x.T @ (x @ w - y) / len(y)
    return np.sign(v) * (np.abs(v) - lr * alpha)


@lasso_step.wrong("The order is reversed: first the step against the gradient, then the threshold. Otherwise the "
                  "result has no exact zeros.")
def threshold_first(w, x, y, lr, alpha):
    v = np.sign(w) * np.maximum(np.abs(w) - lr * alpha, 0)
    return v - lr * x.T @ (x @ v - y) / len(y)


@lasso_step.wrong("Negative weights are all set to 0. Shrink the absolute value and give the sign back.")
def positive_only(w, x, y, lr, alpha):
    v = w - lr * x.T @ (x @ w - y) / len(y)
    return np.maximum(v - lr * alpha, 0)


@lasso_step.wrong("You step with the gradient, not against it: the loss goes up.")
def uphill(w, x, y, lr, alpha):
    v = w + lr * x.T @ (x @ w - y) / len(y)
    return np.sign(v) * np.maximum(np.abs(v) - lr * alpha, 0)


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Take alpha very large. What do the predictions become, and what should they become?",
    "With a huge penalty the weights go to 0, and the best bias is then the mean of y. What happens to the bias here?",
    "The bias is the last entry of w, and `alpha * w` shrinks it too. Take it out: `penalty = alpha * w; "
    "penalty[-1] = 0`.",
), praise="A bias shifts all predictions alike and fits no noise. Networks often spare biases, and the gains of "
          "normalization layers, from decay.")
def fit_ridge(x, y, alpha, lr, steps):
    """(weights (d,), bias) of ridge regression by gradient descent from zero."""
    extended = np.column_stack([x, np.ones(len(x))])
    w = np.zeros(extended.shape[1])
    for _ in range(steps):
        penalty = alpha * w
        penalty[-1] = 0
        w = w - lr * (extended.T @ (extended @ w - y) / len(y) + penalty)
    return w[:-1], w[-1]


@fit_ridge.cases
def _(rng):
    for n, d, alpha in ((12, 3, 0.5), (9, 2, 2.0), (15, 4, 0.1)):
        yield rng.normal(size=(n, d)) + 0.5, rng.normal(size=n) + 5, alpha, 0.1, 40
    yield Case((rng.normal(size=(8, 3)), rng.normal(size=8) + 2, 0.3, 0.2, 1), "a single step")


@fit_ridge.given
def _(x, y, alpha, lr, steps):
    extended = np.column_stack([x, np.ones(len(x))])
    w = np.zeros(extended.shape[1])
    for _ in range(steps):
        gradient = extended.T @ (extended @ w - y) / len(y) + alpha * w
        w = w - lr * gradient
    return w[:-1], w[-1]


def _descend(x, y, lr, steps, penalty, column=1.0):
    extended = np.column_stack([x, np.full(len(x), column)])
    w = np.zeros(extended.shape[1])
    for _ in range(steps):
        w = w - lr * (extended.T @ (extended @ w - y) / len(y) + penalty(w))
    return w[:-1], w[-1]


@fit_ridge.wrong("Now nothing is penalized. The weights must still shrink; only the bias must not.")
def no_penalty_at_all(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: 0 * w)


@fit_ridge.wrong("You spare the first weight. The bias is the last entry, as the column of ones stands last.")
def first_spared(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: np.append(0, alpha * w[1:]))


@fit_ridge.wrong("Now only the bias is penalized. It is the other way around.")
def only_the_bias(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: np.append(0 * w[:-1], alpha * w[-1]))


@fit_ridge.wrong("The bias is gone: it must learn, without a penalty.")
def bias_gone(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: np.append(alpha * w[:-1], 0), column=0.0)


@fit_ridge.wrong("The sign of the penalty is turned around: now it makes weights grow.")
def growing(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: np.append(-alpha * w[:-1], 0))


@fit_ridge.wrong("The gradient of the bias is the mean error, as the loss is a mean: you take the sum.")
def bias_by_sum(x, y, alpha, lr, steps):
    w, bias = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        error = x @ w + bias - y
        w, bias = w - lr * (x.T @ error / len(y) + alpha * w), bias - lr * error.sum()
    return w, bias


@fit_ridge.wrong("The penalty must not be divided by n: only the loss is a mean over the examples.")
def penalty_over_n(x, y, alpha, lr, steps):
    return _descend(x, y, lr, steps, lambda w: np.append(alpha / len(y) * w[:-1], 0))


# ---- 6. Mixup for any shape ----

@chapter.exercise(stars=3, title="Mixup for any shape", hints=(
    "Which shape must the shares have so that `share * x` multiplies each example by its own number? Try x of shape "
    "(n, h, w) first.",
    "`share.reshape(-1, 1, 1)` does it for two axes after the first. In general there are x.ndim - 1 ones.",
    "`s = share.reshape(-1, *[1] * (x.ndim - 1))`, then `s * x + (1 - s) * x[partner]`; the same for the targets with "
    "`share[:, None]`.",
), praise="Inputs and targets must be mixed by the same shares: that is the whole method.")
def mix(x, targets, share, partner):
    """Mixed inputs (n, ...) and targets (n, c), for shares (n,) and partners (n,)."""
    s = share.reshape(-1, *[1] * (x.ndim - 1))
    mixed = s * x + (1 - s) * x[partner]
    return mixed, share[:, None] * targets + (1 - share[:, None]) * targets[partner]


@mix.cases
def _(rng):
    for shape, classes in (((5, 4), 3), ((6, 3, 4), 2), ((4, 2, 3, 5), 6), ((5, 5), 5)):
        n = shape[0]
        partner = (np.arange(n) + rng.integers(1, n)) % n
        targets = np.eye(classes)[rng.permutation(np.arange(n) % classes)]
        yield rng.normal(size=shape), targets, rng.random(n), partner
    yield Case((np.arange(1.0, 7.0).reshape(3, 2), np.eye(4)[[3, 0, 1]], np.array([1.0, 0.0, 0.25]),
                np.array([2, 0, 1])), "one share is 1, one is 0")


def _shares(share, x):
    return share.reshape(-1, *[1] * (x.ndim - 1))


@mix.wrong("The targets are not mixed. A picture that is 60 percent of one digit has a target that says so.")
def targets_left(x, targets, share, partner):
    return mix(x, targets, share, partner)[0], targets


@mix.wrong("The shares are swapped: example i keeps share[i] of itself, and the partner gets the rest.")
def shares_swapped(x, targets, share, partner):
    return mix(x, targets, 1 - share, partner)


@mix.wrong("Inputs and targets are mixed by opposite shares. Use the same for both.")
def opposite_shares(x, targets, share, partner):
    return mix(x, targets, share, partner)[0], mix(x, targets, 1 - share, partner)[1]


@mix.wrong("You use one share for the whole batch. Each example has its own.")
def one_share(x, targets, share, partner):
    return mix(x, targets, np.full(len(share), share[0]), partner)


@mix.wrong("The targets are rounded to the class with the larger share. Keep them soft.")
def hard_targets(x, targets, share, partner):
    mixed, _ = mix(x, targets, share, partner)
    return mixed, np.where(share[:, None] >= 0.5, targets, targets[partner])


@mix.wrong("The partners of the targets are missing: the target comes from `targets[partner]` too, not from the "
           "example alone.")
def partner_target_missing(x, targets, share, partner):
    return mix(x, targets, share, partner)[0], share[:, None] * targets


@mix.wrong("You mix with the next example of the batch; `partner` says with which one.")
def neighbor(x, targets, share, partner):
    return mix(x, targets, share, np.roll(np.arange(len(x)), -1))


@mix.wrong("The shares are multiplied along the last axis instead of the first. Give them one axis of length 1 for "
           "each further axis of x.")
def along_last_axis(x, targets, share, partner):
    if x.shape[-1] != len(share):
        return mix(x, targets, share, partner)
    return share * x + (1 - share) * x[partner], mix(x, targets, share, partner)[1]


@mix.wrong("The result is right, but the caller's x was changed in place. Make a new array.")
def in_place_mix(x, targets, share, partner):
    mixed, targets = mix(x, targets, share, partner)
    x[...] = mixed
    return x, targets
