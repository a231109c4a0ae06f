"""Exercises of the chapter "Recurrent networks"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "clip_joint", "padded_perplexity", "progress", "rnn_step", "scalar_bptt", "seasonal_rmse",
           "temperature_softmax", "unroll"]

chapter = Chapter("recurrent_networks", title="Recurrent networks")


# ---- 1. One step ----

@chapter.exercise(stars=1, title="One step", hints=(
    "Two contributions are added before the tanh: one from the input, one from the old state. Each has a bias.",
    "Examples stand in rows, and the weights of a unit in a row of the weight matrix, so both products need a "
    "transpose: `x @ weight_ih.T` is (n, m).",
    "`np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)`.",
), praise="One line. Everything else in the chapter is about calling it again and again.")
def rnn_step(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    """The next state (n, m) from an input x (n, d) and the state before, h (n, m)."""
    return np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)


def _layer(rng, d, m):
    return [rng.normal(size=shape) for shape in ((m, d), (m, m), m, m)]


@rnn_step.cases
def _(rng):
    for n, d, m in ((3, 2, 4), (5, 4, 3), (2, 1, 5)):
        yield (rng.normal(size=(n, d)), rng.normal(size=(n, m)) / 2, *_layer(rng, d, m))
    yield Case((rng.normal(size=(1, 3)), np.zeros((1, 2)), *_layer(rng, 3, 2)), "the first step, from a state of zeros")
    yield Case((100 * rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), *_layer(rng, 3, 4)), "very large inputs")


@rnn_step.wrong("The state is multiplied by `weight_hh` without its transpose. It is square, so no error tells you; "
                "the weights *into* a unit stand in a row.")
def not_transposed(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh + bias_hh)


@rnn_step.wrong("`bias_hh` is missing. With two biases, both are added.")
def one_bias(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T)


@rnn_step.wrong("`bias_ih` is missing. With two biases, both are added.")
def other_bias(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(x @ weight_ih.T + h @ weight_hh.T + bias_hh)


@rnn_step.wrong("The tanh is missing, so the state is not held between -1 and 1.")
def no_tanh(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh


@rnn_step.wrong("The tanh is taken of the two parts one by one. Add first, then take one tanh of the sum.")
def two_tanhs(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(x @ weight_ih.T + bias_ih) + np.tanh(h @ weight_hh.T + bias_hh)


@rnn_step.wrong("The old state has no influence: the part `h @ weight_hh.T + bias_hh` is missing.")
def no_memory(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(x @ weight_ih.T + bias_ih)


@rnn_step.wrong("This is a sigmoid, with values from 0 to 1. The cell uses tanh, from -1 to 1.")
def sigmoid(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return 0.5 + 0.5 * np.tanh(0.5 * (x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh))


@rnn_step.wrong("This is a ReLU. The cell uses tanh, which holds the state between -1 and 1.")
def relu(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.maximum(0, x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)


@rnn_step.wrong("The old state is added once more, without weights. It comes in through `weight_hh` only.")
def residual(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return h + np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)


# ---- 2. Unroll any cell ----

@chapter.exercise(stars=2, title="Unroll any cell", hints=(
    "A loop over the time axis, axis 1. What must the next round know of this one?",
    "In each round `h = cell(x[:, t], h)`, and the new h goes into a list.",
    "`np.stack(states, axis=1)` puts the list's elements along the time axis. Return it and the last h.",
), praise="You wrote the loop of every recurrent layer: with another cell it is an LSTM or a GRU.")
def unroll(cell, x, h):
    """(states, last): the states after each step (n, T, m), and the last one (n, m)."""
    states = []
    for t in range(x.shape[1]):
        h = cell(x[:, t], h)
        states.append(h)
    return np.stack(states, axis=1), h


def _cell(rng, d, m):
    weight_ih, weight_hh, bias_ih, bias_hh = _layer(rng, d, m)
    return lambda x, h: np.tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)


@unroll.cases
def _(rng):
    for n, steps, d, m in ((2, 5, 3, 4), (4, 3, 2, 5), (3, 7, 4, 2)):
        yield _cell(rng, d, m), rng.normal(size=(n, steps, d)), rng.normal(size=(n, m))
    yield Case((lambda x, h: h + x, rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 3))), "a cell that adds up")
    yield Case((_cell(rng, 3, 2), rng.normal(size=(5, 1, 3)), rng.normal(size=(5, 2))), "a single step")


@unroll.wrong("Every step begins anew from the start: the state is not passed on. Write `h = cell(…, h)`, so that the "
              "next round finds the new h.")
def not_passed_on(cell, x, h):
    states = [cell(x[:, t], h) for t in range(x.shape[1])]
    return np.stack(states, axis=1), states[-1]


@unroll.wrong("The time axis comes first in your states. The batch should: stack along axis 1.")
def time_first(cell, x, h):
    states, last = unroll.reference(cell, x, h)
    return states.swapaxes(0, 1), last


@unroll.wrong("The start is among your states. Only those *after* each step are asked, T of them.")
def with_start(cell, x, h):
    states, last = unroll.reference(cell, x, h)
    return np.concatenate([h[:, None], states], axis=1), last


@unroll.wrong("Your states lag behind by one: the first is the start, and the last step's is missing. Append after "
              "calling the cell.")
def lagging(cell, x, h):
    states, last = unroll.reference(cell, x, h)
    return np.concatenate([h[:, None], states[:, :-1]], axis=1), last


@unroll.wrong("The start h that was given is ignored: you begin with zeros.")
def from_zeros(cell, x, h):
    return unroll.reference(cell, x, np.zeros(h.shape))


@unroll.wrong("The sequence is read from its end to its beginning.")
def backward(cell, x, h):
    return unroll.reference(cell, x[:, ::-1], h)


@unroll.wrong("Only the states are returned. Return the pair `(states, last)`.")
def states_only(cell, x, h):
    return unroll.reference(cell, x, h)[0]


@unroll.wrong("The states are right; the second result should be the *last* state, and it is the first one.")
def first_for_last(cell, x, h):
    states, _ = unroll.reference(cell, x, h)
    return states, states[:, 0]


# ---- 3. Through time, one unit ----

@chapter.exercise(stars=3, title="Through time, one unit", hints=(
    "Run forward first and keep all states, h0 included. Then go backward with one number: the derivative of L by the "
    "present state, which is 1 at the end.",
    "At step t: `delta = g * (1 - h_t ** 2)`. It meets h_{t-1} in the gradient of w, x_t in that of u, and goes on to "
    "the step before as `g = delta * w`.",
    "With `h = [h0, h_1, …, h_T]`, for t from T - 1 down to 0: `delta = g * (1 - h[t + 1] ** 2)`, "
    "`g_w += delta * h[t]`, `g_u += delta * x[t]`, `g = delta * w`. In the end g is the gradient of h0.",
), praise="The gradient of h0 is a product of T factors w (1 - h^2): the vanishing gradient in one line.")
def scalar_bptt(x, h0, w, u):
    """(dL/dw, dL/du, dL/dh0) for h_t = tanh(w h_{t-1} + u x_t) and L = h_T."""
    h = [h0]
    for value in x:
        h.append(np.tanh(w * h[-1] + u * value))
    g, g_w, g_u = 1.0, 0.0, 0.0
    for t in reversed(range(len(x))):
        delta = g * (1 - h[t + 1] ** 2)
        g_w += delta * h[t]
        g_u += delta * x[t]
        g = delta * w
    return g_w, g_u, g


@scalar_bptt.cases
def _(rng):
    for steps, w in ((4, 0.8), (7, -1.1), (3, 1.5)):
        yield 0.5 * rng.normal(size=steps), 0.3, w, 0.7
    yield Case((rng.normal(size=1), -0.6, 0.9, -0.4), "a single step")
    yield Case((0.3 * rng.normal(size=12), 0.5, 1.2, 0.5), "twelve steps")


def _states(x, h0, w, u):
    h = [h0]
    for value in x:
        h.append(np.tanh(w * h[-1] + u * value))
    return h


def _backward(x, h0, w, u, slope=lambda h, t: 1 - h[t + 1] ** 2, seen=lambda h, t: h[t], back=None, steps=None):
    h, g, g_w, g_u = _states(x, h0, w, u), 1.0, 0.0, 0.0
    for t in list(reversed(range(len(x))))[:steps]:
        delta = g * slope(h, t)
        g_w += delta * seen(h, t)
        g_u += delta * x[t]
        g = delta * (w if back is None else back)
    return g_w, g_u, g


@scalar_bptt.wrong("The slope of tanh, 1 - h_t ** 2, is missing.")
def no_slope(x, h0, w, u):
    return _backward(x, h0, w, u, slope=lambda h, t: 1.0)


@scalar_bptt.wrong("The slope belongs to the state that the tanh made, h_t. You took that of the state before.")
def slope_before(x, h0, w, u):
    return _backward(x, h0, w, u, slope=lambda h, t: 1 - h[t] ** 2)


@scalar_bptt.wrong("The slope of tanh is 1 - h ** 2 with the state h itself. You took the tanh once more, of h.")
def tanh_twice(x, h0, w, u):
    return _backward(x, h0, w, u, slope=lambda h, t: 1 - np.tanh(h[t + 1]) ** 2)


@scalar_bptt.wrong("In the gradient of w, delta meets h_{t-1}, the state that w multiplied. You took h_t, which "
                   "came out.")
def state_after(x, h0, w, u):
    return _backward(x, h0, w, u, seen=lambda h, t: h[t + 1])


@scalar_bptt.wrong("On the way back to the step before, delta is multiplied by w. The factor is missing.")
def w_missing(x, h0, w, u):
    return _backward(x, h0, w, u, back=1.0)


@scalar_bptt.wrong("On the way back, delta is multiplied by u. Between two states stands w.")
def u_for_w(x, h0, w, u):
    return _backward(x, h0, w, u, back=u)


@scalar_bptt.wrong("Only the last step counts in your gradients. w and u were used at every step, and their gradients "
                   "add up over all of them.")
def last_step_only(x, h0, w, u):
    h = _states(x, h0, w, u)
    delta = 1 - h[-1] ** 2
    return delta * h[-2], delta * x[-1], _backward(x, h0, w, u)[2]


@scalar_bptt.wrong("The second loop runs forward in time. The derivative by the last state is known first: go from the "
                   "last step to the first.")
def forward_again(x, h0, w, u):
    h, g, g_w, g_u = _states(x, h0, w, u), 1.0, 0.0, 0.0
    for t in range(len(x)):
        delta = g * (1 - h[t + 1] ** 2)
        g_w, g_u, g = g_w + delta * h[t], g_u + delta * x[t], delta * w
    return g_w, g_u, g


@scalar_bptt.wrong("The gradients of w and u are averaged over the steps. Gradients of a shared weight add up.")
def averaged(x, h0, w, u):
    g_w, g_u, g = _backward(x, h0, w, u)
    return g_w / len(x), g_u / len(x), g


@scalar_bptt.wrong("Your loss is the sum of all states. Here only the last state counts.")
def sum_of_states(x, h0, w, u):
    parts = [_backward(x[:t], h0, w, u) for t in range(1, len(x) + 1)]
    return tuple(sum(part) for part in zip(*parts, strict=True))


# ---- 4. Clip by the joint norm ----

@chapter.exercise(stars=2, title="Clip by the joint norm", hints=(
    "The joint length is that of one long vector with all numbers of all arrays in it.",
    "It is the root of the sum of all squares, `np.sqrt(sum((g ** 2).sum() for g in grads))`. By which one factor must "
    "all arrays be multiplied, and when not at all?",
    "`factor = min(1, max_norm / norm)` if the norm is not 0. Return `[g * factor for g in grads]`.",
), praise="One factor for all arrays: the direction of the step stays, only its length changes.")
def clip_joint(grads, max_norm):
    """The arrays, scaled together so that their joint length is at most max_norm."""
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [g * factor for g in grads]


@clip_joint.cases
def _(rng):
    yield [5 * rng.normal(size=(3, 4)), rng.normal(size=(2, 3)), 0.1 * rng.normal(size=3)], 1.0
    yield [rng.normal(size=(2, 5)), 20 * rng.normal(size=4)], 2.5
    yield Case(([0.1 * rng.normal(size=(2, 3)), 0.1 * rng.normal(size=3)], 5.0), "short enough already")
    yield Case(([np.array([0.8, 0.0]), np.array([0.0, 0.0, 0.9])], 1.0), "each short enough, but not together")
    yield Case(([np.array([[3.0, -4.0]]), np.zeros(3)], 5.0), "exactly as long as allowed, and one array of zeros")


@clip_joint.wrong("Each array is clipped by its own norm. That changes the direction of the step; take one norm, of "
                  "all arrays together.")
def each_alone(grads, max_norm):
    return [clip_joint.reference([g], max_norm)[0] for g in grads]


@clip_joint.wrong("The elements are cut to ± max_norm one by one. That is clipping by value; here the joint length is "
                  "limited.")
def by_value(grads, max_norm):
    return [np.clip(g, -max_norm, max_norm) for g in grads]


@clip_joint.wrong("Short gradients are made longer. Clipping only shortens: leave alone what is at most max_norm long.")
def always_scaled(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return [g * (max_norm / norm if norm else 1.0) for g in grads]


@clip_joint.wrong("The root is missing: you compare the *squared* length with max_norm.")
def no_root(grads, max_norm):
    norm = sum((g ** 2).sum() for g in grads)
    return [g * min(1.0, max_norm / max(norm, 1e-300)) for g in grads]


@clip_joint.wrong("You added the norms of the arrays. Lengths do not add up; squares do: sum the squares of all, then "
                  "take the root.")
def sum_of_norms(grads, max_norm):
    norm = sum(np.sqrt((g ** 2).sum()) for g in grads)
    return [g * min(1.0, max_norm / max(norm, 1e-300)) for g in grads]


@clip_joint.wrong("You took the largest of the arrays' norms. The joint length is longer than any of them.")
def largest_norm(grads, max_norm):
    norm = max(np.sqrt((g ** 2).sum()) for g in grads)
    return [g * min(1.0, max_norm / max(norm, 1e-300)) for g in grads]


@clip_joint.wrong("The numbers are right, but the caller's arrays were changed in place (`*=`). Return new arrays.")
def in_place(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    for g in grads:
        g *= max_norm / norm if norm > max_norm else 1.0
    return grads


@clip_joint.wrong("You divide by the norm and forget max_norm: the result has length 1 whenever something is clipped.")
def to_length_one(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return [g / norm if norm > max_norm else g for g in grads]


# ---- 5. Perplexity of a padded batch ----

@chapter.exercise(stars=2, title="Perplexity of a padded batch", hints=(
    "First find out where something is asked: `targets >= 0`. Everything else must not enter the mean.",
    "With `asked = targets >= 0`, `log_probs[asked]` is (k, c) and `targets[asked]` is (k,), for the k letters that "
    "are asked. Pick one column in each row.",
    "`picked = log_probs[asked][np.arange(k), targets[asked]]` with `k = asked.sum()`, then `np.exp(-picked.mean())`.",
), praise="A long name has more letters, so it counts more: the mean is over letters, not over names.")
def padded_perplexity(log_probs, targets):
    """exp of the mean -log p over all letters that are asked for."""
    asked = targets >= 0
    picked = log_probs[asked][np.arange(asked.sum()), targets[asked]]
    return np.exp(-picked.mean())


def _log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@padded_perplexity.cases
def _(rng):
    for n, steps, c, lengths in ((3, 6, 4, (6, 2, 4)), (4, 5, 7, (1, 5, 3, 3)), (2, 8, 3, (8, 3))):
        log_probs = _log_softmax(2 * rng.normal(size=(n, steps, c)))
        targets = rng.integers(c, size=(n, steps))
        targets[np.arange(steps) >= np.array(lengths)[:, None]] = -100
        yield log_probs, targets
    log_probs = _log_softmax(rng.normal(size=(2, 3, 5)))
    yield Case((log_probs, rng.integers(5, size=(2, 3))), "no padding at all")
    yield Case((np.full((2, 4, 8), -np.log(8)), np.array([[1, 0, 7, 3], [2, -100, -100, -100]])),
               "eight equally likely letters")


def _picked(log_probs, targets):
    """-log p of each target, 0 where nothing is asked: (n, T)."""
    losses = -np.take_along_axis(log_probs, np.maximum(targets, 0)[..., None], axis=2)[..., 0]
    return losses * (targets >= 0)


@padded_perplexity.wrong("The sum is divided by all positions of the rectangle, padded ones included. Divide by the "
                         "number of letters that are asked for.")
def mean_of_all(log_probs, targets):
    return np.exp(_picked(log_probs, targets).mean())


@padded_perplexity.wrong("The padded positions count as if letter 0 were asked there. Leave them out.")
def padding_as_letter(log_probs, targets):
    return np.exp(_picked(log_probs, np.maximum(targets, 0)).mean())


@padded_perplexity.wrong("Letter 0 is left out, too: it is a letter like the others. Only -100 means that nothing is "
                         "asked, so the condition is `targets >= 0`.")
def letter_zero_left_out(log_probs, targets):
    return np.exp(_picked(log_probs, targets)[targets > 0].mean())


@padded_perplexity.wrong("You took the largest probability at each place. The one of the letter that is asked for "
                         "counts.")
def most_likely(log_probs, targets):
    return np.exp(-log_probs[targets >= 0].max(axis=1).mean())


@padded_perplexity.wrong("You took the mean for each name and then the mean of these. Then letters of short names "
                         "count more: take one mean over all letters.")
def mean_of_means(log_probs, targets):
    return np.exp((_picked(log_probs, targets).sum(axis=1) / (targets >= 0).sum(axis=1)).mean())


@padded_perplexity.wrong("This is the mean of -log p, the cross-entropy. Perplexity is exp of it.")
def no_exp(log_probs, targets):
    return _picked(log_probs, targets).sum() / (targets >= 0).sum()


@padded_perplexity.wrong("The sign is wrong: this is the (geometric) mean probability of the right letters, at most 1. "
                         "Perplexity is 1 over it.")
def sign(log_probs, targets):
    return np.exp(-_picked(log_probs, targets).sum() / (targets >= 0).sum())


@padded_perplexity.wrong("You took exp for each letter and averaged then. First the mean of -log p, then exp.")
def exp_first(log_probs, targets):
    return np.exp(_picked(log_probs, targets))[targets >= 0].mean()


@padded_perplexity.wrong("The logarithms are natural ones, so the base is e, not 2: use np.exp.")
def base_two(log_probs, targets):
    return 2 ** (_picked(log_probs, targets).sum() / (targets >= 0).sum())


@padded_perplexity.wrong("The sum over all letters is not divided by their number, so a longer text looks worse.")
def summed(log_probs, targets):
    return np.exp(_picked(log_probs, targets).sum())


# ---- 6. The seasonal baseline ----

@chapter.exercise(stars=1, title="The seasonal baseline", hints=(
    "The truth is `series[-n_test:]`. Which stretch of the same length lies one period earlier?",
    "With `n = len(series)`, the truth is `series[n - n_test:]` and its forecast "
    "`series[n - n_test - period:n - period]`.",
    "The error is `np.sqrt(((forecast - truth) ** 2).mean())`.",
), praise="No parameters and two lines: a forecast that cannot beat it has no business being published.")
def seasonal_rmse(series, period, n_test):
    """The RMSE of forecasting the last n_test values by those one period earlier."""
    n = len(series)
    forecast = series[n - n_test - period:n - period]
    return np.sqrt(((forecast - series[n - n_test:]) ** 2).mean())


@seasonal_rmse.cases
def _(rng):
    for n, period, n_test in ((30, 7, 9), (40, 12, 5), (25, 4, 15)):
        yield 5 + 3 * np.sin(2 * np.pi * np.arange(n) / period) + np.arange(n) / 5 + rng.normal(size=n), period, n_test
    yield Case((rng.normal(size=20), 1, 6), "period 1: the last value")
    yield Case((rng.normal(size=24), 6, 18), "all values that have one a period earlier")


def _forecast_error(series, shift, n_test):
    n = len(series)
    return series[n - n_test - shift:n - shift] - series[n - n_test:]


@seasonal_rmse.wrong("The root is missing: this is the mean squared error.")
def no_root_taken(series, period, n_test):
    return (_forecast_error(series, period, n_test) ** 2).mean()


@seasonal_rmse.wrong("This is the mean *absolute* error. Square first, then mean, then root.")
def absolute(series, period, n_test):
    return np.abs(_forecast_error(series, period, n_test)).mean()


@seasonal_rmse.wrong("You looked period - 1 values back: one too few.")
def one_less(series, period, n_test):
    n = len(series)
    return np.sqrt(((series[n - n_test - period + 1:n - period + 1] - series[n - n_test:]) ** 2).mean())


@seasonal_rmse.wrong("You looked period + 1 values back: one too many.")
def one_more(series, period, n_test):
    earlier = np.concatenate([series[:1], series])[-n_test - period - 1:len(series) - period]
    return np.sqrt(((earlier - series[-n_test:]) ** 2).mean())


@seasonal_rmse.wrong("The error is taken over the whole series. Only the last n_test values are the test.")
def whole_series(series, period, n_test):
    return np.sqrt(((series[period:] - series[:-period]) ** 2).mean())


@seasonal_rmse.wrong("This is the baseline of the last value. Look one period back, not one step.")
def last_value(series, period, n_test):
    return np.sqrt((_forecast_error(series, 1, n_test) ** 2).mean())


@seasonal_rmse.wrong("The values of the one period before the test are repeated over the whole test. That is right "
                     "for a forecast made once; here each value is forecast when the one a period earlier is known.")
def repeated(series, period, n_test):
    n = len(series)
    cycle = series[n - n_test - period:n - n_test]
    return np.sqrt(((np.resize(cycle, n_test) - series[n - n_test:]) ** 2).mean())


@seasonal_rmse.wrong("The sum of squares is not divided by their number.")
def not_divided(series, period, n_test):
    return np.sqrt((_forecast_error(series, period, n_test) ** 2).sum())


# ---- 7. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Run it by hand with the probabilities 0.2 and 0.8 and the temperature 2. What do the last two lines do to them?",
    "All probabilities of a row are divided by the same number, and then by their sum: the first division cancels. The "
    "temperature must come in earlier.",
    "Divide the *scores* by the temperature, before the maximum is subtracted and exp is taken.",
), praise="A factor behind a normalization has no effect. Such a bug runs, gives fair probabilities, and hides.")
def temperature_softmax(scores, temperature):
    """The probabilities (n, c) of scores (n, c) at a temperature."""
    z = scores / temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@temperature_softmax.cases
def _(rng):
    for n, c, temperature in ((3, 5, 0.5), (4, 2, 2.0), (2, 7, 1.5)):
        yield 2 * rng.normal(size=(n, c)), temperature
    yield Case((rng.normal(size=(2, 3)), 1.0), "temperature 1 changes nothing")
    yield Case((np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -999.5]]), 0.5), "scores of ± 1000")
    yield Case((rng.normal(size=(2, 4)), 0.02), "nearly frozen")


@temperature_softmax.given
def _(scores, temperature):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = e / e.sum(axis=1, keepdims=True)
    probabilities = probabilities / temperature
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def _softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@temperature_softmax.wrong("The scores are *multiplied* by the temperature, or the probabilities raised to its power, "
                           "which is the same. Then hot is cold: divide the scores.")
def multiplied(scores, temperature):
    return _softmax(scores * temperature)


@temperature_softmax.wrong("Now the rows no longer add up to 1: you divide the probabilities by the temperature and "
                           "leave out the normalization. Divide the scores, before exp.")
def not_normalized(scores, temperature):
    return _softmax(scores) / temperature


@temperature_softmax.wrong("The softmax now runs down the columns. Each *row* holds the scores of one choice.")
def wrong_axis(scores, temperature):
    return _softmax(scores / temperature, axis=0)


@temperature_softmax.wrong("All numbers together add up to 1. Each *row* is a choice of its own: sum along axis 1.")
def all_together(scores, temperature):
    return _softmax(scores / temperature, axis=None)


@temperature_softmax.wrong("You took the maximum away and then did not subtract it: exp overflows for large scores. "
                           "Keep the subtraction, of the divided scores.")
def overflowing(scores, temperature):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(scores / temperature)
        return e / e.sum(axis=1, keepdims=True)


@temperature_softmax.wrong("These are logarithms of probabilities. Take exp of them, or leave the logarithm out.")
def logarithms(scores, temperature):
    z = scores / temperature
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


@temperature_softmax.wrong("All probability is on the largest score. That is temperature 0; here a choice remains.")
def largest_only(scores, temperature):
    return (scores == scores.max(axis=1, keepdims=True)) / 1.0


@temperature_softmax.wrong("The softmax is taken twice: the second one gets probabilities, not scores, and levels "
                           "them.")
def softmax_twice(scores, temperature):
    return _softmax(_softmax(scores) / temperature)
