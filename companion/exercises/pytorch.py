"""Exercises of the chapter "PyTorch"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["adamw_steps", "chapter", "epoch_loss", "epochs_of", "fill_up", "fit_names", "progress", "squared_error",
           "view_strides"]

chapter = Chapter("pytorch", title="PyTorch")


# ---- 1. Fill up ----

@chapter.exercise(stars=1, title="Fill up", hints=(
    "The longest series decides the shape of the batch; d is the last axis of any of them.",
    "Make the whole batch first, with `np.full(shape, value)`, and a mask of `np.zeros(…, dtype=bool)`. Then copy each "
    "series to the front of its row.",
    "In the loop `for i, s in enumerate(series)`: `batch[i, :len(s)] = s` and `mask[i, :len(s)] = True`.",
), praise="The mask is the point: from the batch alone nobody can tell a value that fills from one that was measured.")
def fill_up(series, value):
    """The batch (n, longest, d), filled up with value at the end, and the mask (n, longest) of what is there."""
    longest = max(len(s) for s in series)
    batch = np.full((len(series), longest, series[0].shape[1]), value)
    mask = np.zeros((len(series), longest), dtype=bool)
    for i, s in enumerate(series):
        batch[i, : len(s)] = s
        mask[i, : len(s)] = True
    return batch, mask


@fill_up.cases
def _(rng):
    def series(lengths, d):
        return [rng.normal(size=(n, d)) for n in lengths]

    yield Case((series((4, 2, 7), 3), 0.0), "the last one is the longest")
    yield Case((series((5, 1, 3, 4), 2), -9.0), "another value, the first one is the longest")
    with_zeros = series((3, 6), 2)
    with_zeros[0][1] = 0.0
    with_zeros[1][5] = 0.0
    yield Case((with_zeros, 0.0), "steps that are truly zero")
    yield Case((series((4, 4), 5), 1.5), "all of one length")
    yield Case((series((3,), 2), 0.0), "a single series")


def _filled(series, value, longest=None, front=False):
    longest = longest or max(len(s) for s in series)
    batch = np.full((len(series), longest, series[0].shape[1]), value)
    mask = np.zeros((len(series), longest), dtype=bool)
    for i, s in enumerate(series):
        part = slice(longest - len(s), longest) if front else slice(len(s))
        batch[i, part], mask[i, part] = s, True
    return batch, mask


@fill_up.wrong("The series stand at the end of their rows. Fill up at the end, so that step 0 is step 0.")
def at_the_front(series, value):
    return _filled(series, value, front=True)


@fill_up.wrong("The mask is turned around: it must be True where a step is there.")
def mask_inverted(series, value):
    batch, mask = _filled(series, value)
    return batch, ~mask


@fill_up.wrong("You fill with 0 whatever `value` says.")
def always_zero(series, value):
    return _filled(series, 0.0)


@fill_up.wrong("You read the mask off the batch. A step that was measured as the filling value is lost that way: use "
               "the lengths.")
def mask_from_values(series, value):
    batch, _ = _filled(series, value)
    return batch, (batch != value).any(axis=2)


@fill_up.wrong("You cut all series to the shortest. No step may be lost.")
def cut(series, value):
    shortest = min(len(s) for s in series)
    return np.stack([s[:shortest] for s in series]), np.ones((len(series), shortest), dtype=bool)


@fill_up.wrong("The mask has one entry for each number. It needs one for each step: (n, longest).")
def mask_of_numbers(series, value):
    batch, mask = _filled(series, value)
    return batch, np.repeat(mask[..., None], batch.shape[2], axis=2)


@fill_up.wrong("You return the lengths. The mask has the shape (n, longest), True where a step is there.")
def lengths_only(series, value):
    return _filled(series, value)[0], np.array([len(s) for s in series])


@fill_up.wrong("Time stands first in your batch. The order here is (n, longest, d).")
def time_first(series, value):
    batch, mask = _filled(series, value)
    return batch.swapaxes(0, 1), mask.T


@fill_up.wrong("The batch is one step longer than the longest series.")
def one_too_long(series, value):
    return _filled(series, value, longest=max(len(s) for s in series) + 1)


# ---- 2. Find the bug: the loss of an epoch ----

@chapter.exercise(stars=1, title="Find the bug: the loss of an epoch", hints=(
    "Take 101 examples in batches of 50. How many examples has the last batch, and how much does it count?",
    "Each batch must count as often as it has examples: a weighted mean.",
    "Sum up `loss * size` over the batches and divide by the number of all examples.",
), praise="A last batch of one example would have counted as much as one of fifty. The companion's fit weights, too.")
def epoch_loss(losses, sizes):
    """The mean loss over all examples, from the mean losses of the batches and their sizes."""
    losses, sizes = np.asarray(losses), np.asarray(sizes)
    return (losses * sizes).sum() / sizes.sum()


@epoch_loss.cases
def _(rng):
    yield Case((rng.uniform(0.5, 2, size=4), np.array([50, 50, 50, 7])), "a short last batch")
    yield Case((np.array([1.0, 9.0]), np.array([100, 1])), "a last batch of one")
    yield Case((rng.uniform(0.5, 2, size=5), np.array([3, 8, 2, 6, 11])), "all sizes differ")
    yield Case((rng.uniform(0.5, 2, size=3), np.array([20, 20, 20])), "equal sizes")
    yield Case(([0.7], [13]), "lists, and a single batch")


@epoch_loss.given
def _(losses, sizes):
    return np.mean(losses)


@epoch_loss.wrong("This is the sum over all examples. Divide by their number.")
def total(losses, sizes):
    return (np.asarray(losses) * np.asarray(sizes)).sum()


@epoch_loss.wrong("You weight with the sizes, but divide by the number of batches. Divide by the number of examples.")
def by_batches(losses, sizes):
    return (np.asarray(losses) * np.asarray(sizes)).sum() / len(losses)


@epoch_loss.wrong("The losses are means already. Dividing them by the sizes again gives small batches more weight, not "
                  "less.")
def inverse_weights(losses, sizes):
    weights = 1 / np.asarray(sizes)
    return (np.asarray(losses) * weights).sum() / weights.sum()


@epoch_loss.wrong("You leave the last batch out. Its examples count, too.")
def last_dropped(losses, sizes):
    losses, sizes = np.asarray(losses), np.asarray(sizes)
    return (losses[:-1] * sizes[:-1]).sum() / max(1, sizes[:-1].sum())


@epoch_loss.wrong("You divide the sum of the means by the number of examples. First give each mean its weight.")
def sum_of_means(losses, sizes):
    return np.sum(losses) / np.sum(sizes)


@epoch_loss.wrong("This is the loss of the last batch only.")
def last_only(losses, sizes):
    return losses[-1]


@epoch_loss.wrong("You divide by the size of the first batch times the number of batches. The last one may be smaller.")
def full_batches(losses, sizes):
    return (np.asarray(losses) * np.asarray(sizes)).sum() / (sizes[0] * len(sizes))


# ---- 3. Find the bug: the squared error ----

@chapter.exercise(stars=2, title="Find the bug: the squared error", hints=(
    "Print the shape of `prediction - target` for shapes (5, 1) and (5,).",
    "(5, 1) against (5,) broadcasts to (5, 5): every prediction against every target. Give both the same shape first.",
    "`np.reshape(prediction, -1)` and `np.reshape(target, -1)` both have the shape (n,), whatever came in.",
), praise="`((p - t) ** 2).mean()` looked right and was a number. A check of the shapes is one line; write it into "
          "every loss of your own.")
def squared_error(prediction, target):
    """The mean squared error of prediction (n, 1) and target (n,) or (n, 1)."""
    return ((np.reshape(prediction, -1) - np.reshape(target, -1)) ** 2).mean()


@squared_error.cases
def _(rng):
    yield Case((rng.normal(size=(6, 1)), rng.normal(size=6)), "target (n,)")
    yield Case((rng.normal(size=(4, 1)), rng.normal(size=(4, 1))), "target (n, 1)")
    target = rng.normal(size=7)
    yield Case((target[:, None].copy(), target), "perfect predictions: the error is 0")
    yield Case((np.array([[2.0]]), np.array([5.0])), "a single example")


@squared_error.given
def _(prediction, target):
    return ((prediction - target) ** 2).mean()


@squared_error.wrong("This works for a target of shape (n,). With (n, 1) the shapes broadcast to all pairs again: "
                     "bring both to one shape, whatever comes in.")
def transposed(prediction, target):
    return ((prediction.T - target) ** 2).mean()


@squared_error.wrong("The shapes are right now, but this is the sum. It must be the mean over the n examples.")
def sum_of_squares(prediction, target):
    return ((prediction.reshape(-1) - target.reshape(-1)) ** 2).sum()


@squared_error.wrong("You average first and square afterwards. Errors of different sign cancel that way.")
def square_of_mean(prediction, target):
    return (prediction.reshape(-1) - target.reshape(-1)).mean() ** 2


@squared_error.wrong("You divide the sum over all n² pairs by n. The pairs that do not belong together are still in "
                     "it.")
def pairs_by_n(prediction, target):
    return ((prediction - target) ** 2).sum() / len(prediction)


@squared_error.wrong("This is the mean absolute error. The square is missing.")
def absolute(prediction, target):
    return np.abs(prediction.reshape(-1) - target.reshape(-1)).mean()


@squared_error.wrong("This is the root of the mean squared error. The root was not asked for.")
def root(prediction, target):
    return np.sqrt(((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean())


@squared_error.wrong("There is a factor ½ in it. Some books have it; the mean squared error does not.")
def half(prediction, target):
    return ((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean() / 2


# ---- 4. Names from elsewhere ----

@chapter.exercise(stars=2, title="Names from elsewhere", hints=(
    "First make a new dict with the prefix removed; then compare its names with those of `own`.",
    "`name.removeprefix(prefix)` removes it at the beginning only, and leaves other names alone. `replace` would "
    "remove it in the middle, too.",
    "`fit = {n: a for n, a in renamed.items() if n in own and a.shape == own[n].shape}`, missing = `sorted(own.keys() "
    "- fit.keys())`, unknown = `sorted(renamed.keys() - own.keys())`.",
), praise="Look at both lists before you train on: a name that does not fit leaves a layer at its random start, in "
          "silence.")
def fit_names(own, state, prefix):
    """What of state fits own, under own's names; the missing names; the names that own does not have."""
    renamed = {name.removeprefix(prefix): array for name, array in state.items()}
    fit = {name: array for name, array in renamed.items() if name in own and array.shape == own[name].shape}
    return fit, sorted(own.keys() - fit.keys()), sorted(renamed.keys() - own.keys())


@fit_names.cases
def _(rng):
    def arrays(**shapes):
        return {name.replace("__", "."): rng.normal(size=shape) for name, shape in shapes.items()}

    own = arrays(hidden__weight=(4, 3), hidden__bias=(4,), out__weight=(2, 4), out__bias=(2,))

    def like(names):
        return {new: rng.normal(size=own[old].shape) for new, old in names.items()}

    yield Case((own, like({f"_orig_mod.{name}": name for name in own}), "_orig_mod."), "all names have the prefix")
    yield Case((own, like({"module.out.bias": "out.bias", "hidden.weight": "hidden.weight"}), "module."),
               "some have it, some are missing")
    nested = arrays(inner__module__weight=(3, 2), module=(5,))
    yield Case((nested, {"module.inner.module.weight": rng.normal(size=(3, 2)), "module.module": rng.normal(size=5)},
                "module."), "the same word inside a name")
    strangers = like({"module.zeta.weight": "out.weight", "module.alpha": "out.bias", "out.bias": "out.bias"})
    yield Case((own, strangers, "module."), "names that our model does not have")
    other = like({f"module.{name}": name for name in own}) | {"module.out.weight": rng.normal(size=(7, 4))}
    yield Case((own, other, "module."), "another number of classes")
    square = arrays(weight=(2, 6))
    yield Case((square, {"weight": rng.normal(size=(6, 2))}, "module."), "the same size in another shape")


def _fit(own, state, rename, fits=lambda a, b: a.shape == b.shape, missing=None):
    renamed = {rename(name): array for name, array in state.items()}
    fit = {name: array for name, array in renamed.items() if name in own and fits(array, own[name])}
    lacking = own.keys() - (fit if missing is None else renamed).keys()
    return fit, sorted(lacking), sorted(renamed.keys() - own.keys())


@fit_names.wrong("`replace` removes the prefix in the middle of a name, too. It may go at the beginning only.")
def replaced_everywhere(own, state, prefix):
    return _fit(own, state, lambda name: name.replace(prefix, ""))


@fit_names.wrong("`lstrip` removes *letters*, any that occur in the prefix, as long as it finds some. Use "
                 "`removeprefix`.")
def letters_stripped(own, state, prefix):
    return _fit(own, state, lambda name: name.lstrip(prefix))


@fit_names.wrong("You cut off as many letters as the prefix has, from every name, also where it does not stand.")
def cut_always(own, state, prefix):
    return _fit(own, state, lambda name: name[len(prefix):])


@fit_names.wrong("An array of another shape must not be taken over. Compare the shapes, and count its name as missing.")
def any_shape(own, state, prefix):
    return _fit(own, state, lambda name: name.removeprefix(prefix), fits=lambda a, b: True)


@fit_names.wrong("The size is not enough: (6, 2) and (2, 6) have the same number of elements. Compare the shapes.")
def same_size(own, state, prefix):
    return _fit(own, state, lambda name: name.removeprefix(prefix), fits=lambda a, b: a.size == b.size)


@fit_names.wrong("A name with the wrong shape is neither in your dict nor in the list of the missing ones. It must be "
                 "in one of them.")
def shape_lost(own, state, prefix):
    return _fit(own, state, lambda name: name.removeprefix(prefix), missing=True)


@fit_names.wrong("The two lists are exchanged: first the names that our model has and the file lacks.")
def exchanged(own, state, prefix):
    fit, missing, unknown = fit_names.reference(own, state, prefix)
    return fit, unknown, missing


@fit_names.wrong("The unknown names still have their prefix. List them without it.")
def with_prefix(own, state, prefix):
    fit, missing, _ = fit_names.reference(own, state, prefix)
    return fit, missing, sorted(name for name in state if name.removeprefix(prefix) not in own)


@fit_names.wrong("Names without the prefix are left out. Some may have it and some not; all are welcome.")
def only_prefixed(own, state, prefix):
    return fit_names.reference(own, {name: a for name, a in state.items() if name.startswith(prefix)}, prefix)


@fit_names.wrong("The lists hold the right names, in the order of the dicts. Sort them.")
def unsorted(own, state, prefix):
    fit, missing, unknown = fit_names.reference(own, state, prefix)
    renamed = [name.removeprefix(prefix) for name in state]
    return fit, [name for name in own if name in missing], [name for name in renamed if name in unknown]


@fit_names.wrong("A name that we have, but with another shape, is not unknown. It is only missing.")
def misfits_unknown(own, state, prefix):
    fit, missing, _ = fit_names.reference(own, state, prefix)
    return fit, missing, sorted({name.removeprefix(prefix) for name in state} - fit.keys())


@fit_names.wrong("Your dict holds *our* arrays under these names. It must hold those of the file.")
def own_arrays(own, state, prefix):
    fit, missing, unknown = fit_names.reference(own, state, prefix)
    return {name: own[name] for name in fit}, missing, unknown


# ---- 5. Find the bug: images that fade ----

@chapter.exercise(stars=2, title="Find the bug: images that fade", hints=(
    "Take one image of a single pixel 0.5 and the brightness 0.1 three times. Which three results should come out, and "
    "which do?",
    "`batch = images` is no copy: it is a second name for the same array. Both `+=` and `out=batch` then change "
    "`images`.",
    "Drop both: `seen.append(np.clip(images + change, 0, 1))` makes a new array in each epoch.",
), praise="Clipping made it final: what has once been pushed to 1 never comes back, not even with a negative number.")
def epochs_of(images, brightness):
    """For each number in brightness the images plus that number, limited to 0 to 1: a list of arrays."""
    return [np.clip(images + change, 0, 1) for change in brightness]


@epochs_of.cases
def _(rng):
    yield Case((rng.uniform(0.1, 0.9, size=(3, 4, 5)), [0.2, -0.1, 0.3]), "three epochs")
    yield Case((rng.uniform(0, 1, size=(2, 3, 3)), [0.6, -0.6]), "far up, far down: many pixels reach a limit")
    yield Case((rng.uniform(0.3, 0.6, size=(4, 2, 3)), [0.1, 0.1, 0.1, 0.1]), "the same number four times")
    yield Case((rng.uniform(0, 1, size=(5, 2, 2)), [-0.25]), "a single epoch")


@epochs_of.given
def _(images, brightness):
    seen = []
    for change in brightness:
        batch = images
        batch += change
        seen.append(np.clip(batch, 0, 1, out=batch))
    return seen


@epochs_of.wrong("The list holds copies now, but `images` still changes: each epoch starts from the one before.")
def copies_in_the_list(images, brightness):
    seen, images = [], images.copy()
    for change in brightness:
        images += change
        seen.append(np.clip(images, 0, 1))
    return seen


@epochs_of.wrong("You copied once, before the loop. That saves the caller's images, and inside the epochs still pile "
                 "up, clipped each time.")
def one_copy(images, brightness):
    seen, batch = [], images.copy()
    for change in brightness:
        batch = np.clip(batch + change, 0, 1)
        seen.append(batch)
    return seen


@epochs_of.wrong("All entries of your list are one and the same array, with the last epoch in it.")
def one_buffer(images, brightness):
    buffer = np.empty_like(images)
    return [np.clip(images + change, 0, 1, out=buffer) for change in brightness]


@epochs_of.wrong("The limits 0 and 1 are gone.")
def without_limits(images, brightness):
    return [images + change for change in brightness]


@epochs_of.wrong("Brightness is added here, not multiplied.")
def multiplied(images, brightness):
    return [np.clip(images * (1 + change), 0, 1) for change in brightness]


@epochs_of.wrong("Values beyond a limit come in again on the other side. They must stop there: `np.clip`.")
def wrapped(images, brightness):
    return [(images + change) % 1.0 for change in brightness]


@epochs_of.wrong("Only the upper limit is left. A negative number can push pixels below 0.")
def upper_only(images, brightness):
    return [np.minimum(images + change, 1) for change in brightness]


# ---- 6. Find the bug: decay inside Adam ----

@chapter.exercise(stars=2, title="Find the bug: decay inside Adam", hints=(
    "Follow one weight with a large gradient. What does the division by the root of v do to the part that the decay "
    "added?",
    "In AdamW the gradient stays as it is. The decay acts on the weights themselves: they are multiplied by a factor a "
    "little below 1.",
    "Drop the line `g = g + decay * weights`, and write `weights = weights * (1 - lr * decay)` before the step.",
), praise="Now every weight shrinks by the same share, whatever its gradient. That is all that the W stands for.")
def adamw_steps(weights, gradients, lr, decay):
    """The weights after one step of AdamW for each of the gradients."""
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        weights = weights * (1 - lr * decay)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        weights = weights - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return weights


@adamw_steps.cases
def _(rng):
    yield Case((rng.normal(size=5), rng.normal(size=(4, 5)), 0.1, 0.5), "four steps")
    yield Case((3 + rng.normal(size=(2, 3)), 100 * rng.normal(size=(3, 2, 3)), 0.05, 0.8), "large gradients")
    yield Case((rng.normal(size=4), rng.normal(size=(1, 4)), 0.2, 0.3), "a single step")
    yield Case((rng.normal(size=3), rng.normal(size=(5, 3)), 0.1, 0.0), "no decay: plain Adam")
    yield Case((2 + rng.normal(size=3), 1e-3 * rng.normal(size=(6, 3)), 0.02, 2.0), "small gradients, strong decay")


@adamw_steps.given
def _(weights, gradients, lr, decay):
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        g = g + decay * weights
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        weights = weights - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return weights


def _adamw(weights, gradients, lr, shrink, late=False, correct=True):
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = (m / (1 - 0.9**t), v / (1 - 0.999**t)) if correct else (m, v)
        step = lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        weights = (weights - step) * shrink if late else weights * shrink - step
    return weights


@adamw_steps.wrong("The decay is gone altogether: this is Adam. AdamW shrinks the weights by lr · decay in each step.")
def no_decay(weights, gradients, lr, decay):
    return _adamw(weights, gradients, lr, 1.0)


@adamw_steps.wrong("The share must be lr · decay. Without the learning rate the weights shrink far too fast.")
def without_lr(weights, gradients, lr, decay):
    return _adamw(weights, gradients, lr, 1 - decay)


@adamw_steps.wrong("The weights grow: the factor is 1 minus lr · decay.")
def growing(weights, gradients, lr, decay):
    return _adamw(weights, gradients, lr, 1 + lr * decay)


@adamw_steps.wrong("You shrink after the step, so the step itself shrinks as well. PyTorch shrinks the old weights, "
                   "then steps.")
def shrunk_late(weights, gradients, lr, decay):
    return _adamw(weights, gradients, lr, 1 - lr * decay, late=True)


@adamw_steps.wrong("You shrink the weights once for all steps. The decay belongs into the loop.")
def only_once(weights, gradients, lr, decay):
    return _adamw(weights * (1 - lr * decay), gradients, lr, 1.0)


@adamw_steps.wrong("The decay acts twice: in the gradient as before, and on the weights.")
def twice(weights, gradients, lr, decay):
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        g = g + decay * weights
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        weights = weights * (1 - lr * decay) - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return weights


@adamw_steps.wrong("The corrections of m and v were right: without them the first steps have the wrong length.")
def uncorrected(weights, gradients, lr, decay):
    return _adamw(weights, gradients, lr, 1 - lr * decay, correct=False)


@adamw_steps.wrong("The decay no longer enters m and v, but it is still divided by the root of v: shrink the weights "
                   "apart from the step.")
def decay_divided(weights, gradients, lr, decay):
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        weights = weights - lr * (m / (1 - 0.9**t) + decay * weights) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return weights


@adamw_steps.wrong("The decay is in m but not in v. That is better than before, and still no AdamW: the division acts "
                   "on it.")
def decay_in_m(weights, gradients, lr, decay):
    m, v = np.zeros_like(weights), np.zeros_like(weights)
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * (g + decay * weights), 0.999 * v + 0.001 * g**2
        weights = weights - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return weights


# ---- 7. May it be a view? ----

@chapter.exercise(stars=3, title="May it be a view?", hints=(
    "Write down, for each element in the order of reading, at which place of the memory it lies: a table of the shape "
    "`shape`, whose entry at (i, j) is i · strides[0] + j · strides[1].",
    "Bring that table of places to `new_shape`. If strides can read it, the place grows along each axis by the same "
    "number everywhere.",
    "`np.diff(table, axis=axis)` holds all steps along an axis. If they are all equal, that number is the stride; if "
    "not, for any axis, the answer is None.",
), praise="PyTorch decides without the table, from shapes and strides alone. The answer is the same: `view` gives the "
          "view or refuses, `reshape` gives the view or copies.")
def view_strides(shape, strides, new_shape):
    """The strides of the view with the shape new_shape as a tuple, or None if no strides can read it."""
    places = np.zeros(shape, dtype=int)
    for axis, stride in enumerate(strides):
        along = [-1 if axis == other else 1 for other in range(len(shape))]
        places += stride * np.arange(shape[axis]).reshape(along)
    table = places.reshape(new_shape)
    found = []
    for axis in range(table.ndim):
        steps = np.diff(table, axis=axis)
        if (steps != steps.flat[0]).any():
            return None
        found.append(int(steps.flat[0]))
    return tuple(found)


@view_strides.cases
def _(rng):
    yield Case(((6, 4), (4, 1), (2, 3, 4)), "rows in groups")
    yield Case(((2, 3, 4), (12, 4, 1), (6, 4)), "two axes merged")
    yield Case(((2, 3), (1, 2), (6,)), "a transposed matrix, made flat")
    yield Case(((3, 4), (1, 3), (3, 2, 2)), "a transposed matrix, its last axis split")
    yield Case(((4, 3), (12, 2), (2, 2, 3)), "every second column of some rows, the rows in groups")
    yield Case(((4, 3), (6, 2), (12,)), "every second column, made flat")
    yield Case(((4, 3), (7, 2), (6, 2)), "columns with gaps, regrouped across the rows")
    yield Case(((5, 2, 3), (1, 15, 5), (5, 6)), "the first axis moved to the front, the others merged")
    yield Case(((2, 3, 2), (6, 1, 3), (2, 6)), "the last two axes exchanged, then merged")
    yield Case(((2, 3, 2), (20, 4, 1), (6, 2)), "groups of rows with a gap between the groups, merged")


def _strides_of(table, one_line=False, axes=None):
    found = []
    for axis in axes or range(table.ndim):
        steps = np.diff(table, axis=axis)
        if not one_line and (steps != steps.flat[0]).any():
            return None
        found.append(int(steps.flat[0]))
    return tuple(found)


def _places(shape, strides):
    return sum(stride * index for stride, index in zip(strides, np.indices(shape), strict=True))


def _in_rows(shape):
    return tuple(int(np.prod(shape[axis + 1:])) for axis in range(len(shape)))


@view_strides.wrong("You give the strides of an array that lies in memory row by row, and never look at `strides`.")
def always_in_rows(shape, strides, new_shape):
    return _in_rows(new_shape)


@view_strides.wrong("You refuse whatever does not lie in memory row by row. Some of these can still be read with "
                    "strides.")
def only_in_rows(shape, strides, new_shape):
    return _in_rows(new_shape) if tuple(strides) == _in_rows(shape) else None


@view_strides.wrong("You compare the first steps only. They must be equal along the whole axis, in every line.")
def first_steps(shape, strides, new_shape):
    return _strides_of(_places(shape, strides).reshape(new_shape), one_line=True)


@view_strides.wrong("You answer with strides only where row-by-row memory allows them, and with the wrong ones where "
                    "there are gaps: look at `strides` for their values, too.")
def right_refusals(shape, strides, new_shape):
    found = view_strides.reference(shape, strides, new_shape)
    return found and _in_rows(new_shape)


@view_strides.wrong("The elements are read in the order of columns. PyTorch, like NumPy, reads the last axis first.")
def in_columns(shape, strides, new_shape):
    return _strides_of(_places(shape, strides).reshape(new_shape, order="F"))


@view_strides.wrong("The strides stand in the reverse order. The first one belongs to the first axis.")
def reversed_order(shape, strides, new_shape):
    found = view_strides.reference(shape, strides, new_shape)
    return found and found[::-1]


@view_strides.wrong("You check whether it is possible, but the strides that you return are the old ones.")
def old_strides(shape, strides, new_shape):
    return view_strides.reference(shape, strides, new_shape) and tuple(strides)


@view_strides.wrong("These are bytes, as in NumPy. PyTorch counts strides in elements.")
def in_bytes(shape, strides, new_shape):
    found = view_strides.reference(shape, strides, new_shape)
    return found and tuple(8 * stride for stride in found)


@view_strides.wrong("You look at the last axis only. All axes need steps of one size.")
def last_axis_only(shape, strides, new_shape):
    table = _places(shape, strides).reshape(new_shape)
    return _strides_of(table, one_line=True) if _strides_of(table, axes=[table.ndim - 1]) else None


@view_strides.wrong("Where no strides fit, `reshape` copies, and you return the strides of the copy. Return None "
                    "there.")
def of_the_copy(shape, strides, new_shape):
    return view_strides.reference(shape, strides, new_shape) or _in_rows(new_shape)


@view_strides.wrong("You refuse whenever the strides do not fall from axis to axis. An axis of a transposed matrix can "
                    "be split, too.")
def falling_only(shape, strides, new_shape):
    return view_strides.reference(shape, strides, new_shape) if list(strides) == sorted(strides)[::-1] else None
