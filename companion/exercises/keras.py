"""Exercises of the chapter "Keras"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["RunningRMSE", "buckets", "chapter", "normalized", "pinball_slope", "plateau_rates", "progress",
           "to_state_dict"]

chapter = Chapter("keras", title="Keras")


# ---- 1. Normalization with care ----

@chapter.exercise(stars=1, title="Normalization with care", hints=(
    "Which of the two arrays decides about mean and standard deviation? And what is the standard deviation of a "
    "column that is constant in it?",
    "`mean = x_train.mean(axis=0)`, `std = x_train.std(axis=0)`; both arrays are treated with the same two.",
    "Before the division put a 1 where nothing varies: `std = np.where(std == 0, 1.0, std)`.",
), praise="A constant column becomes 0 in training, and in new rows keeps its own unit. It cannot explode.")
def normalized(x_train, x_new):
    """Both arrays, (n, d) and (m, d), scaled by mean and standard deviation of the training columns."""
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std = np.where(std == 0, 1.0, std)
    return (x_train - mean) / std, (x_new - mean) / std


@normalized.cases
def _(rng):
    for n, m, d in ((6, 4, 3), (9, 2, 5)):
        yield rng.normal(3.0, 2.0, size=(n, d)), rng.normal(2.0, 3.0, size=(m, d))
    x_train, x_new = rng.normal(1.0, 2.0, size=(5, 3)), rng.normal(size=(4, 3))
    x_train[:, 1] = 2.0
    yield Case((x_train, x_new), "the second column is constant in training")
    yield Case((1000 + 5 * rng.normal(size=(7, 2)), 1000 + 9 * rng.normal(size=(3, 2))), "far from 0")


def _scaled(x_train, x_new, mean, std):
    return (x_train - mean) / std, (x_new - mean) / std


def _safe(std):
    return np.where(std == 0, 1.0, std)


@normalized.wrong("The new rows are scaled by their own mean and deviation. Then the same house would mean another "
                  "input in other company: use those of the training rows.")
def new_by_itself(x_train, x_new):
    return (x_train - x_train.mean(0)) / _safe(x_train.std(0)), (x_new - x_new.mean(0)) / _safe(x_new.std(0))


@normalized.wrong("Mean and deviation come from all rows, new ones included. That is a leak: learn from training rows "
                  "only.")
def from_all_rows(x_train, x_new):
    x = np.concatenate([x_train, x_new])
    return _scaled(x_train, x_new, x.mean(0), _safe(x.std(0)))


@normalized.wrong("Keras and NumPy divide by n in the deviation; you divide by n - 1.")
def unbiased(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(0), _safe(x_train.std(0, ddof=1)))


@normalized.wrong("You divide by the variance. The deviation is its square root.")
def by_variance(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(0), _safe(x_train.var(0)))


@normalized.wrong("A constant column still explodes: the floor below the deviation is tiny, so new values become "
                  "millions. Divide by 1 there.")
def tiny_floor(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(0), np.maximum(x_train.std(0), 1e-7))


@normalized.wrong("A small number added to the deviation changes every column a little and saves none: a constant "
                  "one is still multiplied by a huge factor.")
def small_number_added(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(0), x_train.std(0) + 1e-3)


@normalized.wrong("Adding a tiny number to the deviation avoids the error and leaves the explosion: a constant column "
                  "is divided by that number. Divide by 1 there.")
def tiny_number_added(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(0), x_train.std(0) + 1e-8)


@normalized.wrong("You set a constant column to 0 in the new rows, too. It may vary there: subtract the mean, divide "
                  "by 1.")
def column_erased(x_train, x_new):
    std = x_train.std(0)
    scaled = _scaled(x_train, x_new, x_train.mean(0), _safe(std))
    return tuple(np.where(std == 0, 0.0, x) for x in scaled)


@normalized.wrong("The mean is not subtracted.")
def not_centered(x_train, x_new):
    return _scaled(x_train, x_new, 0.0, _safe(x_train.std(0)))


@normalized.wrong("A column that is constant in training has the deviation 0, and you divide by it.")
def divided_by_zero(x_train, x_new):
    with np.errstate(all="ignore"):
        return _scaled(x_train, x_new, x_train.mean(0), x_train.std(0))


@normalized.wrong("You average along the rows. A row mixes rooms and square feet; each column has a mean: `axis=0`.")
def along_rows(x_train, x_new):
    return tuple((x - x.mean(1, keepdims=True)) / _safe(x.std(1, keepdims=True)) for x in (x_train, x_new))


@normalized.wrong("You took one mean and one deviation for the whole array. Each column has its own: `axis=0`.")
def one_for_all(x_train, x_new):
    return _scaled(x_train, x_new, x_train.mean(), x_train.std())


# ---- 2. Weights for PyTorch ----

@chapter.exercise(stars=2, title="Weights for PyTorch", hints=(
    "The list alternates: kernel, bias, kernel, bias. Which places in the PyTorch chain do the Linear layers have, if "
    "a ReLU stands between each two?",
    "Layer number k stands at place 2k: 0, 2, 4. Its kernel is `weights[2 * k]`, its bias `weights[2 * k + 1]`.",
    "For the kernel at place i of the list (i even): `state[f\"{i}.weight\"] = weights[i].T`, and "
    "`state[f\"{i}.bias\"] = weights[i + 1]`.",
), praise="The ReLU layers have numbers and no weights: that is why the names jump by two.")
def to_state_dict(weights):
    """Names and arrays of a PyTorch Sequential of Linear and ReLU: kernels (in, out) become weights (out, in)."""
    state = {}
    for i in range(0, len(weights), 2):
        state[f"{i}.weight"] = weights[i].T
        state[f"{i}.bias"] = weights[i + 1]
    return state


@to_state_dict.cases
def _(rng):
    for sizes in ((4, 6, 3), (5, 2, 7, 3), (3, 8, 5, 2, 4)):
        yield ([rng.normal(size=shape) for i, o in zip(sizes, sizes[1:], strict=False) for shape in ((i, o), (o,))],)
    yield Case(([rng.normal(size=(6, 2)), rng.normal(size=2)],), "a single layer")
    yield Case(([rng.normal(size=(3, 3)), rng.normal(size=3)],), "a square kernel")


def _renamed(weights, place=lambda k: 2 * k, turn=lambda kernel: kernel.T, names=("weight", "bias")):
    state = {}
    for k in range(len(weights) // 2):
        state[f"{place(k)}.{names[0]}"] = turn(weights[2 * k])
        state[f"{place(k)}.{names[1]}"] = weights[2 * k + 1]
    return state


@to_state_dict.wrong("The kernels are in Keras's layout, (in, out). PyTorch keeps (out, in): transpose them. A square "
                     "kernel would even load, and compute something else.")
def not_transposed(weights):
    return _renamed(weights, turn=lambda kernel: kernel)


@to_state_dict.wrong("You count the Linear layers only: 0, 1, 2. In the PyTorch chain the ReLU layers have numbers, "
                     "too.")
def counted_without_relu(weights):
    return _renamed(weights, place=lambda k: k)


@to_state_dict.wrong("The shapes are right and the numbers are mixed up: `reshape` refills the array row by row. Use "
                     "`.T`.")
def reshaped(weights):
    return _renamed(weights, turn=lambda kernel: kernel.reshape(kernel.shape[::-1]))


@to_state_dict.wrong("PyTorch's layers begin with number 0.")
def from_one(weights):
    return _renamed(weights, place=lambda k: 2 * k + 1)


@to_state_dict.wrong("PyTorch calls the matrix `weight`, not `kernel`.")
def named_kernel(weights):
    return _renamed(weights, names=("kernel", "bias"))


@to_state_dict.wrong("The biases are missing.")
def without_biases(weights):
    return {name: array for name, array in _renamed(weights).items() if name.endswith("weight")}


@to_state_dict.wrong("Each layer got the place of its array in the list: a bias has the number of its kernel, not the "
                     "next one.")
def numbered_by_array(weights):
    return {f"{i}.{'bias' if i % 2 else 'weight'}": array.T for i, array in enumerate(weights)}


@to_state_dict.wrong("Weights and biases carry each other's names.")
def names_swapped(weights):
    return _renamed(weights, names=("bias", "weight"))


# ---- 3. Find the bug: buckets ----

@chapter.exercise(stars=2, title="Find the bug: buckets", hints=(
    "Try values in the middle of the buckets: all right. Which values are special?",
    "A boundary belongs to the bucket above it. Put the value 10 into the loop by hand.",
    "With `>` the value 10 is not counted as having reached the boundary 10. It must be `>=`.",
), praise="Ages, grades and whole numbers of rooms lie on boundaries all the time; decimals in a quick test do not.")
def buckets(x, boundaries):
    """The number of boundaries that each value has reached: a list."""
    result = []
    for value in x:
        bucket = 0
        for boundary in boundaries:
            if value >= boundary:
                bucket += 1
        result.append(bucket)
    return result


@buckets.cases
def _(rng):
    yield [4.0, 12.5, 31.0, 18.0, -3.0], [10.0, 20.0]
    yield Case(([10.0, 20.0, 15.0, 9.0], [10.0, 20.0]), "values on the boundaries")
    yield rng.integers(0, 12, size=15).tolist(), [2, 3, 5, 8]
    yield Case(([7.0, 1.0, 3.0], [3.0]), "one boundary")
    yield Case(([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]), "boundaries below 0")


@buckets.given
def _(x, boundaries):
    result = []
    for value in x:
        bucket = 0
        for boundary in boundaries:
            if value > boundary:
                bucket += 1
        result.append(bucket)
    return result


@buckets.wrong("All numbers are too large by 1. The bucket below the first boundary has the number 0.")
def from_one_up(x, boundaries):
    return [1 + sum(value >= b for b in boundaries) for value in x]


@buckets.wrong("You count the boundaries above the value, so the buckets are numbered from the top.")
def from_the_top(x, boundaries):
    return [sum(value < b for b in boundaries) for value in x]


@buckets.wrong("Values from the last boundary on share the bucket below it. With k boundaries there are k + 1 buckets.")
def last_bucket_lost(x, boundaries):
    return [min(sum(value >= b for b in boundaries), len(boundaries) - 1) for value in x]


@buckets.wrong("Values below the first boundary and above it share the bucket 0. Below the first boundary is a bucket "
               "of its own.")
def first_bucket_lost(x, boundaries):
    return [max(sum(value >= b for b in boundaries) - 1, 0) for value in x]


@buckets.wrong("Values below the first boundary get -1. They are in bucket 0, and the others one higher.")
def minus_one(x, boundaries):
    return [sum(value >= b for b in boundaries) - 1 for value in x]


@buckets.wrong("You return the boundary that was reached, not its number.")
def the_boundary(x, boundaries):
    return [max([b for b in boundaries if value >= b], default=0) for value in x]


@buckets.wrong("You stop at the first boundary: a value beyond several of them has to be counted at each.")
def one_step_only(x, boundaries):
    return [int(value >= boundaries[0]) for value in x]


# ---- 4. A metric with a state ----

@chapter.exercise(stars=2, title="A metric with a state", hints=(
    "From which two numbers, added up over all batches, can the result be computed at the end?",
    "Keep the sum of the squared errors and the number of examples. `update_state` adds to both.",
    "`result` returns `np.sqrt(self.total / self.count)`; `reset_state` sets both to 0, and `__init__` calls it.",
), praise="The state holds sums, and the root comes last. So the result is the same however the data are cut.")
class RunningRMSE:
    """The root mean squared error of all examples since the last reset."""

    def __init__(self):
        self.reset_state()

    def update_state(self, y_true, y_pred):
        self.total += np.sum((y_true - y_pred) ** 2)
        self.count += len(y_true)

    def result(self):
        return np.sqrt(self.total / self.count)

    def reset_state(self):
        self.total, self.count = 0.0, 0


@RunningRMSE.run
def _(answer, first_epoch, second_epoch):
    """The results after each batch of the first epoch, and after the second epoch: a list."""
    metric, results = answer(), []
    if not hasattr(metric, "update_state"):
        raise NotImplementedError  # an empty class
    for y_true, y_pred in first_epoch:
        metric.update_state(y_true, y_pred)
        results.append(metric.result())
    metric.reset_state()
    for y_true, y_pred in second_epoch:
        metric.update_state(y_true, y_pred)
    results.append(metric.result())
    return None if all(result is None for result in results) else results


@RunningRMSE.cases
def _(rng):
    def batches(*sizes):
        return [(rng.normal(size=n), rng.normal(1.0, 2.0 + k, size=n)) for k, n in enumerate(sizes)]

    yield batches(4, 4, 4), batches(5, 3)
    yield Case((batches(6, 6, 1), batches(7, 2)), "a small last batch")
    yield Case((batches(3), batches(4)), "one batch in each epoch")
    yield batches(2, 5, 3, 1), batches(3, 8, 1)


class _Running:
    def __init__(self):
        self.reset_state()

    def update_state(self, y_true, y_pred):
        self.batches.append(y_true - y_pred)

    def reset_state(self):
        self.batches = []


@RunningRMSE.wrong("You average the roots of the batches. The root of a mean is not the mean of roots: take it at the "
                   "end, once.")
class MeanOfRoots(_Running):
    def result(self):
        return np.mean([np.sqrt(np.mean(e**2)) for e in self.batches])


@RunningRMSE.wrong("You average the means of the batches. A small last batch then counts as much as a full one: add up "
                   "sums and examples.")
class MeanOfMeans(_Running):
    def result(self):
        return np.sqrt(np.mean([np.mean(e**2) for e in self.batches]))


@RunningRMSE.wrong("The result is that of the last batch. The state has to grow: add, do not replace.")
class LastBatch(_Running):
    def result(self):
        return np.sqrt(np.mean(self.batches[-1] ** 2))


@RunningRMSE.wrong("After `reset_state` the examples of the epoch before still count. Set everything back that "
                   "`update_state` changes.")
class NeverReset(_Running):
    def __init__(self):
        self.batches = []

    def reset_state(self):
        pass

    def result(self):
        return np.sqrt(np.mean(np.concatenate(self.batches) ** 2))


@RunningRMSE.wrong("The sum is set back, the number of examples is not.")
class CountNotReset(RunningRMSE.reference):
    def __init__(self):
        self.total, self.count = 0.0, 0

    def reset_state(self):
        self.total = 0.0


@RunningRMSE.wrong("The root is missing: this is the mean squared error.")
class NoRoot(_Running):
    def result(self):
        return np.mean(np.concatenate(self.batches) ** 2)


@RunningRMSE.wrong("This is the mean absolute error. Square first, take the root at the end.")
class Absolute(_Running):
    def result(self):
        return np.mean(np.abs(np.concatenate(self.batches)))


@RunningRMSE.wrong("You divide by the number of batches. The mean is over examples.")
class ByBatches(_Running):
    def result(self):
        return np.sqrt(np.sum(np.concatenate(self.batches) ** 2) / len(self.batches))


# ---- 5. Reduce on a plateau ----

@chapter.exercise(stars=3, title="Reduce on a plateau", hints=(
    "Carry three things from epoch to epoch: the rate, the best loss, and for how many epochs in a row there was none "
    "better.",
    "In each epoch first note the rate (it was trained with this one), then look at the loss: better means new best "
    "and waiting 0, else waiting + 1.",
    "When the waiting reaches `patience`: `lr = max(lr * factor, min_lr)` and waiting 0. The best stays.",
), praise="EarlyStopping is the same rule with another ending. Many runs use both: first slower, then stop.")
def plateau_rates(losses, lr, factor, patience, min_lr):
    """The learning rate with which each epoch was trained: a list as long as losses."""
    rates, best, waited = [], np.inf, 0
    for loss in losses:
        rates.append(lr)
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            lr, waited = max(lr * factor, min_lr), 0
    return rates


@plateau_rates.cases
def _(rng):
    yield [3.0, 2.0, 2.5, 2.2, 2.1, 1.8, 1.9, 1.7], 0.1, 0.5, 2, 0.0
    yield Case(([2.0, 2.1, 1.9, 2.0, 1.8, 1.9, 2.2, 1.7], 0.2, 0.1, 2, 0.0), "waiting is interrupted")
    yield Case(([1.0] * 9, 0.4, 0.5, 2, 0.0), "equal losses")
    yield Case(([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.1, 0.2, 1, 0.003), "down to the lowest rate")
    yield Case(([1.0, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.2], 0.1, 0.5, 3, 0.0), "falling, but never below the best")
    yield rng.uniform(1.0, 2.0, size=20).tolist(), 0.3, 0.3, 3, 0.001


def _plateau(losses, lr, factor, patience, min_lr, *, early=False, keep_waiting=False, in_row=True, new_best=False,
             previous=False, equal_is_better=False, subtract=False, start=np.inf):
    rates, best, waited = [], start, 0
    for loss in losses:
        if not early:
            rates.append(lr)
        if loss < best or (equal_is_better and loss == best):
            best, waited = loss, 0 if in_row else waited
        else:
            waited += 1
        if previous:
            best = loss
        if waited == patience or (keep_waiting and waited > patience):
            lr = max(lr - factor * lr if subtract else lr * factor, min_lr)
            waited = waited if keep_waiting else 0
            best = np.inf if new_best else best
        if early:
            rates.append(lr)
    return rates


@plateau_rates.wrong("Each rate comes one epoch too early. A loss is known when its epoch has been trained; it can "
                     "change the next rate only.")
def too_early(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, early=True)


@plateau_rates.wrong("After a reduction you reduce again in every epoch. Waiting begins anew: set the counter to 0.")
def no_new_waiting(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, keep_waiting=True)


@plateau_rates.wrong("The epochs without progress must be in a row. A new best sets the counter to 0.")
def not_in_a_row(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, in_row=False)


@plateau_rates.wrong("You compare with the epoch before. A loss may fall from epoch to epoch and still be far above "
                     "the best.")
def compared_with_previous(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, previous=True)


@plateau_rates.wrong("A loss equal to the best is no progress. It must lie below it.")
def equal_counts(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, equal_is_better=True)


@plateau_rates.wrong("After a reduction you forget the best loss. It stays the mark to beat.")
def best_forgotten(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, new_best=True)


@plateau_rates.wrong("The lowest rate is not held: use `max(lr * factor, min_lr)`.")
def no_floor(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, -np.inf)


@plateau_rates.wrong("You wait one epoch too long: the rate changes when the counter reaches `patience`.")
def one_too_long(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience + 1, min_lr)


@plateau_rates.wrong("The first loss is a best one, not a wait: begin with `best = np.inf`.")
def first_epoch_waits(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, start=losses[0])


@plateau_rates.wrong("`min` pushes the rate down to the lowest one at once. The lowest rate is a floor: "
                     "`max(lr * factor, min_lr)`.")
def floor_as_ceiling(losses, lr, factor, patience, min_lr):
    return [rate if rate == lr else min_lr for rate in _plateau(losses, lr, factor, patience, min_lr)]


@plateau_rates.wrong("You take the factor away from the rate. The new rate is the factor *of* the old one: "
                     "`lr * factor`.")
def factor_removed(losses, lr, factor, patience, min_lr):
    return _plateau(losses, lr, factor, patience, min_lr, subtract=True)


# ---- 6. The slope of the pinball ----

@chapter.exercise(stars=3, title="The slope of the pinball", hints=(
    "Take one number. The loss is q · (y - a) if the price y lies above the prediction a, and (1 - q) · (a - y) if it "
    "lies below. What are the slopes in a?",
    "The slope is -q where the target is above, 1 - q where it is below, 0 where they are equal. `target[:, None]` "
    "makes (n, 1) of (n,).",
    "`slope = np.where(above, -shares, 0.0) + np.where(below, 1 - shares, 0.0)`; the mean divides by "
    "`prediction.size`.",
), praise="The size of the error does not matter, only its side. So one absurd price pulls no harder than any other.")
def pinball_slope(target, prediction, shares):
    """The gradient of the mean pinball loss: target (n,), prediction (n, q), shares (q,) -> (n, q)."""
    error = target[:, None] - prediction
    slope = np.where(error > 0, -shares, 0.0) + np.where(error < 0, 1 - shares, 0.0)
    return slope / prediction.size


@pinball_slope.cases
def _(rng):
    for n, shares in ((5, (0.1, 0.5, 0.9)), (7, (0.2, 0.7)), (4, (0.05, 0.25, 0.6, 0.95))):
        yield rng.normal(size=n), rng.normal(size=(n, len(shares))), np.array(shares)
    yield Case((np.array([1.0, 2.0]), np.array([[1.0, 3.0, 0.0], [2.5, 2.0, 1.0]]), np.array([0.1, 0.6, 0.8])),
               "predictions that hit the target")
    yield Case((np.array([100.0, -50.0, 0.2]), np.array([[0.1], [0.3], [0.5]]), np.array([0.3])),
               "one share, wild prices")


def _slopes(target, prediction, shares, above, below):
    error = target[:, None] - prediction
    return np.where(error > 0, above, 0.0) + np.where(error < 0, below, 0.0)


@pinball_slope.wrong("The sign is turned: where the price lies above, a larger prediction makes the loss smaller, so "
                     "the slope is negative.")
def sign_turned(target, prediction, shares):
    return -_slopes(target, prediction, shares, -shares, 1 - shares) / prediction.size


@pinball_slope.wrong("The two arms are swapped: a price above the prediction costs q, one below it 1 - q.")
def arms_swapped(target, prediction, shares):
    return _slopes(target, prediction, shares, -(1 - shares), shares) / prediction.size


@pinball_slope.wrong("The loss is a mean over n · q numbers: divide by their count.")
def not_divided(target, prediction, shares):
    return _slopes(target, prediction, shares, -shares, 1 - shares)


@pinball_slope.wrong("You divide by the number of examples. The mean is over all n · q numbers.")
def divided_by_n(target, prediction, shares):
    return _slopes(target, prediction, shares, -shares, 1 - shares) / len(target)


@pinball_slope.wrong("You multiplied the slope by the error, as with a squared loss. The pinball's arms are straight: "
                     "the slope knows the side only.")
def times_error(target, prediction, shares):
    error = np.abs(target[:, None] - prediction)
    return error * _slopes(target, prediction, shares, -shares, 1 - shares) / prediction.size


@pinball_slope.wrong("At the corner, where target and prediction are equal, the slope shall be 0.")
def corner(target, prediction, shares):
    return np.where(target[:, None] >= prediction, -shares, 1 - shares) / prediction.size


@pinball_slope.wrong("At the corner, where target and prediction are equal, the slope shall be 0; you gave it the arm "
                     "of the prices below.")
def corner_below(target, prediction, shares):
    return np.where(target[:, None] > prediction, -shares, 1 - shares) / prediction.size


@pinball_slope.wrong("This is the slope of the absolute error, the same for each share. The two arms must weigh q and "
                     "1 - q.")
def absolute(target, prediction, shares):
    return _slopes(target, prediction, shares, -1.0, 1.0) / prediction.size


@pinball_slope.wrong("Only prices above the prediction pull. Those below pull, too, with 1 - q.")
def one_arm(target, prediction, shares):
    return _slopes(target, prediction, shares, -shares, 0.0) / prediction.size
