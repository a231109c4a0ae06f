"""Exercises of the chapter "Feed-forward networks"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["bootstrap_interval", "chapter", "dead_units", "diagnosis", "encode", "fill_gaps", "log_uniform",
           "patient_stop", "progress"]

chapter = Chapter("feedforward_networks", title="Feed-forward networks")


# ---- 1. Fill the gaps ----

@chapter.exercise(stars=1, title="Fill the gaps", hints=(
    "Which rows may tell the median: those of training, those of the new houses, or both?",
    "`np.median` of a column with a gap is NaN. `np.nanmedian(x_train, axis=0)` leaves the gaps out and gives one "
    "median for each column, shape (d,).",
    "`np.where(np.isnan(x_new), medians, x_new)` takes the median where there is a gap; the shape (d,) is broadcast "
    "over the rows. The same for x_train.",
), praise="The new rows taught nothing: not even a single new house with gaps is a problem.")
def fill_gaps(x_train, x_new):
    """Both arrays with their gaps (NaN) filled by the medians of the training columns: (x_train, x_new)."""
    medians = np.nanmedian(x_train, axis=0)
    return np.where(np.isnan(x_train), medians, x_train), np.where(np.isnan(x_new), medians, x_new)


def _with_gaps(rng, n, d, share):
    x = np.exp(rng.normal(size=(n, d))) + np.arange(1, d + 1)
    x[rng.random((n, d)) < share] = np.nan
    x[0] = np.arange(1, d + 1)      # no column is all gaps
    return x


@fill_gaps.cases
def _(rng):
    for n, m, d in ((9, 5, 3), (14, 6, 2), (20, 8, 4)):
        yield _with_gaps(rng, n, d, 0.3), _with_gaps(rng, m, d, 0.3)
    yield Case((_with_gaps(rng, 11, 3, 0.2), np.array([[np.nan, 2.0, np.nan]])), "a single new row")
    yield Case((_with_gaps(rng, 9, 2, 0.0), np.array([[np.nan, np.nan], [np.nan, 7.0]])),
               "a new column that is all gaps, and no gap in training")


@fill_gaps.wrong(
    "The new rows fill their gaps with their own medians. They may have a single row, or nothing but "
    "gaps: take the medians of the training rows.")
def own_medians(x_train, x_new):
    with np.errstate(all="ignore"):
        return tuple(np.where(np.isnan(x), np.nanmedian(x, axis=0), x) for x in (x_train, x_new))


@fill_gaps.wrong("This is a leak: the medians come from the training rows and the new rows together.")
def medians_of_all(x_train, x_new):
    medians = np.nanmedian(np.concatenate([x_train, x_new]), axis=0)
    return tuple(np.where(np.isnan(x), medians, x) for x in (x_train, x_new))


@fill_gaps.wrong("You fill with the mean. A few very large values pull it away; the median is asked.")
def with_means(x_train, x_new):
    means = np.nanmean(x_train, axis=0)
    return tuple(np.where(np.isnan(x), means, x) for x in (x_train, x_new))


@fill_gaps.wrong("`np.median` gives NaN for a column with a gap, so the gaps stay. `np.nanmedian` leaves them out.")
def plain_median(x_train, x_new):
    medians = np.median(x_train, axis=0)
    return tuple(np.where(np.isnan(x), medians, x) for x in (x_train, x_new))


@fill_gaps.wrong(
    "You fill with one median of the whole table, and so mix square feet with years. Each column has its "
    "own: `axis=0`.")
def one_median(x_train, x_new):
    return tuple(np.where(np.isnan(x), np.nanmedian(x_train), x) for x in (x_train, x_new))


@fill_gaps.wrong(
    "Gaps become 0. A house of 0 square feet, built in the year 0, is not a typical house: use the "
    "median.")
def with_zeros(x_train, x_new):
    return np.nan_to_num(x_train), np.nan_to_num(x_new)


@fill_gaps.wrong(
    "The result is right, but the caller's arrays were changed in place. Work on copies, or use "
    "`np.where`, which makes new arrays.")
def filled_in_place(x_train, x_new):
    medians = np.nanmedian(x_train, axis=0)
    for x in (x_train, x_new):
        gaps = np.isnan(x)
        x[gaps] = np.broadcast_to(medians, x.shape)[gaps]
    return x_train, x_new


# ---- 2. Dead or only silent? ----

@chapter.exercise(stars=1, title="Dead or only silent?", hints=(
    "When is a unit dead: if it is 0 for some house, or for every house?",
    "For each unit (column), ask whether all rows are 0: a comparison and `.all(axis=...)`, or the largest value.",
    "`(activations == 0).all(axis=0)` has one boolean for each unit. Its mean is the share.",
), praise="A healthy ReLU unit may be silent for most houses. Silence for all of them is what counts.")
def dead_units(activations):
    """The share of units (columns) whose output is 0 for every example (row): a number from 0 to 1."""
    return (activations == 0).all(axis=0).mean()


@dead_units.cases
def _(rng):
    for n, units, dead in ((12, 5, 1), (30, 8, 3), (7, 10, 6)):
        a = np.maximum(0, rng.normal(-0.5, 1, size=(n, units)))
        a[0] = 0.5                              # every unit speaks at least once ...
        a[:, rng.permutation(units)[:dead]] = 0     # ... but for the dead ones
        a[n // 2] = 0                           # and one example silences all
        yield (a,)
    yield Case((np.zeros((4, 3)),), "all units are dead")
    yield Case((np.array([[0.0, 3.0, 0.0], [1e-9, 0.0, 0.0]]),), "a unit with tiny outputs is alive")


@dead_units.wrong(
    "This is the share of zeros in the whole array. A living ReLU unit is 0 for many examples too. Dead "
    "is a unit that is 0 for all.")
def share_of_zeros(activations):
    return (activations == 0).mean()


@dead_units.wrong("You ask which *examples* silence all units. Units are columns: `axis=0` runs over the examples.")
def wrong_axis(activations):
    return (activations == 0).all(axis=1).mean()


@dead_units.wrong(
    "This counts the units that are 0 for at least one example. Dead means 0 for all: `all` in place of "
    "`any`.")
def any_zero(activations):
    return (activations == 0).any(axis=0).mean()


@dead_units.wrong("This is the number of dead units. Divide by the number of units.")
def counted(activations):
    return (activations == 0).all(axis=0).sum()


@dead_units.wrong("You divide by the number of examples. The share is one of units: divide by the number of columns.")
def divided_by_examples(activations):
    return (activations == 0).all(axis=0).sum() / len(activations)


@dead_units.wrong("This is the share of units that are alive: one minus what is asked.")
def alive(activations):
    return 1 - (activations == 0).all(axis=0).mean()


@dead_units.wrong(
    "`np.isclose` takes tiny outputs for 0. A unit with a tiny output still has a gradient; compare with "
    "exactly 0.")
def close_to_zero(activations):
    return np.isclose(activations, 0).all(axis=0).mean()


# ---- 3. Words to columns ----

@chapter.exercise(stars=2, title="Words to columns", hints=(
    "Each word is compared with each category. Which shapes must the two arrays have so that NumPy compares all pairs?",
    "`words[:, None]` has the shape (n, 1), `categories` the shape (k,): compared, they give (n, k) booleans.",
    "`(words[:, None] == categories).astype(float)`. A word that equals no category gives a row of zeros by itself.",
), praise="An unknown word needs no special case: it equals nothing, and so its row is all zeros.")
def encode(words, categories):
    """One-hot rows (n, k) of 0.0 and 1.0 for words (n,) among categories (k,); an unknown word gives zeros."""
    return (words[:, None] == categories).astype(float)


@encode.cases
def _(rng):
    towns = np.array(["Ames", "Boone", "Nevada", "Slater"])
    for n, k in ((6, 3), (9, 4), (5, 2)):
        yield towns[rng.integers(0, k, n)], towns[:k]
    yield Case((np.array(["Slater", "Ames", "Gilbert"]), towns[:3]), "two of three words are unknown")
    yield Case((np.array(["Boone", "Boone"]), np.array(["Slater", "Boone", "Ames"])), "categories in another order")
    yield Case((np.array(["Ames"]), towns), "a single word")


@encode.wrong(
    "You build the categories from the words at hand. New houses would get other columns than the "
    "training houses; use the categories that you are given.")
def own_categories(words, categories):
    return (words[:, None] == np.unique(words)).astype(float)


@encode.wrong(
    "An unknown word gets the column of another category: `np.searchsorted` gives the place where a word "
    "*would* stand, and it needs sorted categories.")
def searchsorted(words, categories):
    places = np.minimum(np.searchsorted(categories, words), len(categories) - 1)
    return np.eye(len(categories))[places]


@encode.wrong("Rows and columns are exchanged: each word is a row, each category a column.")
def transposed(words, categories):
    return (categories[:, None] == words).astype(float)


@encode.wrong("An unknown word stops your code. In use it will come: give it a row of zeros.")
def stops_at_unknown(words, categories):
    return np.eye(len(categories))[[list(categories).index(word) for word in words]]


@encode.wrong("These are integer codes. They say that categories have an order; one column for each is asked.")
def integer_codes(words, categories):
    return np.array([float(list(categories).index(word)) if word in categories else -1.0 for word in words])


@encode.wrong("Unknown words are left out, so rows are missing and the others no longer belong to their houses.")
def rows_dropped(words, categories):
    return (words[np.isin(words, categories)][:, None] == categories).astype(float)


@encode.wrong(
    "An unknown word gets the last category: an index of -1 picks the last row of "
    "`np.eye`. Give it a row of zeros.")
def last_for_unknown(words, categories):
    known = list(categories)
    return np.eye(len(known))[[known.index(word) if word in known else -1 for word in words]]


# ---- 4. Draw a learning rate ----

@chapter.exercise(stars=2, title="Draw a learning rate", hints=(
    "A draw u = 0 should give `low`, u close to 1 nearly `high`. And u = 0.5: the middle in which sense?",
    "Go to logarithms: from log(low) a share u of the way to log(high). Then come back with the exponential function.",
    "`np.exp(np.log(low) + u * (np.log(high) - np.log(low)))`, or the same as a power: `low * (high / low) ** u`.",
), praise="Halfway between 0.0001 and 1 lies 0.01: the geometric mean. Any base of the logarithm gives the same.")
def log_uniform(u, low, high):
    """From uniform draws u (n,) in [0, 1), values in [low, high) whose logarithms are uniform."""
    return low * (high / low) ** u


@log_uniform.cases
def _(rng):
    for n, low, high in ((6, 1e-4, 1e-1), (8, 8.0, 128.0), (5, 0.01, 3.0)):
        yield rng.random(n), low, high
    yield Case((np.array([0.0, 0.5, 0.999]), 1e-4, 1.0), "the beginning, the middle, nearly the end")


@log_uniform.wrong(
    "These values are uniform themselves, not their logarithms: nearly all lie in the highest order of "
    "magnitude.")
def uniform(u, low, high):
    return low + u * (high - low)


@log_uniform.wrong("These are logarithms (base e). Come back with `np.exp`.")
def logarithms(u, low, high):
    return np.log(low) + u * (np.log(high) - np.log(low))


@log_uniform.wrong(
    "You mix two bases: logarithms with base e, but 10 to the power. Use `np.log10` with `10 **`, or "
    "`np.log` with `np.exp`.")
def bases_mixed(u, low, high):
    return 10 ** (np.log(low) + u * (np.log(high) - np.log(low)))


@log_uniform.wrong("`low` and `high` are exchanged: u = 0 must give `low`.")
def exchanged(u, low, high):
    return high * (low / high) ** u


@log_uniform.wrong("The factor `low` is missing: the values start at 1.")
def starts_at_one(u, low, high):
    return (high / low) ** u


@log_uniform.wrong("`np.exp(low + u * (high - low))` takes the bounds for logarithms. Take their logarithms first.")
def bounds_as_logarithms(u, low, high):
    return np.exp(low + u * (high - low))


@log_uniform.wrong(
    "In place of an even step in the logarithm you multiply the logarithm of `high` by u: u = 0 gives 1.")
def powers_of_high(u, low, high):
    return np.exp(u * np.log(high))


@log_uniform.wrong(
    "The exponent goes from 0 to the logarithm of `high`. It must go from log(low) to log(high), a way of "
    "log(high) - log(low): `low * (high / low) ** u`.")
def exponent_up_to_high(u, low, high):
    return low * high ** u



# ---- 5. What is wrong with these runs? ----

SICKNESSES = ("too small", "too large", "overfits", "dead", "unscaled", "shuffled")
CLUES = {
    "A": ("overfits", "Curve A learned something that holds for other houses too (validation well below 1). But what "
                      "happens to training, and what to validation, after that?"),
    "B": ("dead", "In curve B nothing moves, and the loss is 1. Which gauge says why no unit answers?"),
    "C": ("shuffled", "In curve C the training loss falls, yet on other houses the network only gets "
                      "worse than the mean. What it learns has nothing to do with the houses."),
    "D": ("too small", "In curve D both losses fall together and steadily. Read the update-to-weight ratio and "
                       "compare it with the healthy run."),
}
RIGHT = {letter: sickness for letter, (sickness, _) in CLUES.items()}


def _judge_diagnosis(answer):
    if not isinstance(answer, dict) or set(answer) != set(CLUES):
        return f"Expected a dictionary with the keys {', '.join(map(repr, CLUES))}."
    for letter, word in answer.items():
        if word not in SICKNESSES:
            return f"{letter}: choose one of {', '.join(map(repr, SICKNESSES))}; got {word!r}."
    for letter, (sickness, clue) in CLUES.items():
        if answer[letter] != sickness:
            return f"Not {answer[letter]!r}. {clue}"
    return None


diagnosis = chapter.value_exercise(
    "diagnosis", stars=2, title="What is wrong with these runs?",
    task="A dictionary from the letters A to D to the sickness of each run.",
    hints=(
        "First sort the curves by the two losses: do they fall together, part, or stay?",
        "One gauge at a time: a share of dead units near 100 % explains a run by itself. So does a "
        "ratio that is far below the healthy one.",
        "A validation loss that stays *below* 1 while training falls is overfitting; one that starts near 1 and "
        "*rises* means that features and targets do not belong together.",
    ), reference=RIGHT, judge=_judge_diagnosis,
    praise="Two curves can look alike and differ in a gauge. Draw the gauges before you change a setting.",
    wrongs=(
        ({**RIGHT, "A": "shuffled"}, "Not 'shuffled'. Curve A learned something"),
        ({**RIGHT, "A": "too large"}, "Not 'too large'. Curve A learned something"),
        ({**RIGHT, "B": "too small"}, "Not 'too small'. In curve B nothing moves"),
        ({**RIGHT, "B": "unscaled"}, "Not 'unscaled'. In curve B nothing moves"),
        ({**RIGHT, "C": "overfits"}, "Not 'overfits'. In curve C the training loss"),
        ({**RIGHT, "D": "unscaled"}, "Not 'unscaled'. In curve D both losses fall"),
        ({"A": "overfits", "B": "dead"}, "Expected a dictionary with the keys"),
        ({**RIGHT, "C": "sick"}, "C: choose one of"),
    ))


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Follow the losses 5, 4, 6, 3, 7, 2 with patience 2 by hand. After which epoch does the printed code stop?",
    "Patience counts epochs without improvement *in a row*. What happens to `waited` when a new best loss comes?",
    "A new best loss starts the count anew: set `waited = 0` in the first branch too.",
), praise="With the bug, bad epochs were counted over the whole run, so a noisy run stopped long before it was done.")
def patient_stop(losses, patience):
    """The (best_epoch, last_epoch) of early stopping on these validation losses, counted from 1."""
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best_epoch, epoch


@patient_stop.cases
def _(rng):
    yield Case(([5.0, 4.0, 6.0, 3.0, 7.0, 2.0, 8.0, 9.0, 1.0], 2), "bad epochs with a better one in between")
    yield Case(([3.0, 2.0, 2.0, 2.0, 2.5, 1.0], 3), "losses that are equal to the best")
    yield Case(([5.0, 4.0, 3.0, 2.0], 2), "it gets better all the time")
    yield Case(([1.0, 2.0, 3.0, 4.0], 1), "the first epoch is the best, patience 1")
    for n, patience in ((30, 3), (40, 5)):
        yield list((1 / np.arange(1, n + 1) + 0.1 * rng.random(n)).round(3)), patience


@patient_stop.given
def _(losses, patience):
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best_epoch, epoch


@patient_stop.wrong(
    "The loss is now compared with the epoch before, not with the best so far. A run that goes up and "
    "down would never stop.")
def compared_with_last(losses, patience):
    last, best, best_epoch, waited = np.inf, np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        waited = 0 if loss < last else waited + 1
        if loss < best:
            best, best_epoch = loss, epoch
        last = loss
        if waited == patience:
            break
    return best_epoch, epoch


@patient_stop.wrong(
    "A loss *equal* to the best counts as an improvement here. A run that stands still would go on for "
    "ever: only a lower loss resets the count.")
def equal_is_better(losses, patience):
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss <= best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best_epoch, epoch


@patient_stop.wrong("It stops one epoch too late: with patience 1 the first epoch without improvement is the last.")
def one_too_late(losses, patience):
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited > patience:
            break
    return best_epoch, epoch


@patient_stop.wrong(
    "You look at all losses and return their minimum. Early stopping cannot see the future: a better "
    "epoch after the stop is never reached.")
def sees_the_future(losses, patience):
    return int(np.argmin(losses)) + 1, patient_stop.reference(losses, patience)[1]


@patient_stop.wrong(
    "The epochs are counted from 0. The printed code counts from 1, so that they are numbers of epochs.")
def counted_from_zero(losses, patience):
    best_epoch, last_epoch = patient_stop.reference(losses, patience)
    return best_epoch - 1, last_epoch - 1


@patient_stop.wrong(
    "`waited` is set to 0 in every epoch, so it never reaches a patience of 2 or more. Reset it only when"
    " there is a new best loss.")
def always_reset(losses, patience):
    best, best_epoch = np.inf, 0
    for epoch, loss in enumerate(losses, 1):
        waited = 0
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best_epoch, epoch


@patient_stop.wrong(
    "The second number is where training stops, not where it should have stopped: the epochs of waiting "
    "were trained too.")
def waiting_not_counted(losses, patience):
    best_epoch, last_epoch = patient_stop.reference(losses, patience)
    return best_epoch, best_epoch if last_epoch - best_epoch == patience else last_epoch



# ---- 7. An interval for the error ----

@chapter.exercise(stars=3, title="An interval for the error", hints=(
    "`errors[rows]` has the shape (rounds, n): each line is a test set drawn with replacement. Which number belongs to "
    "each line?",
    "The RMSE of each line: square, mean along the line, root. That makes `rounds` numbers.",
    "`np.percentile(np.sqrt((errors[rows] ** 2).mean(axis=1)), [2.5, 97.5])`.",
), praise="The same eight words give an interval for any statistic: a median, an R2, a difference of two models.")
def bootstrap_interval(errors, rows):
    """The 2.5th and 97.5th percentile (2,) of the RMSE, over the resampled row numbers rows (rounds, n)."""
    return np.percentile(np.sqrt((errors[rows] ** 2).mean(axis=1)), [2.5, 97.5])


@bootstrap_interval.cases
def _(rng):
    for n, rounds in ((20, 50), (35, 80), (12, 200)):
        yield rng.normal(0.05, 0.3, n), rng.integers(n, size=(rounds, n))
    heavy = rng.normal(0, 0.1, 30)
    heavy[3] = 1.6
    yield Case((heavy, rng.integers(30, size=(100, 30))), "one huge error")


@bootstrap_interval.wrong(
    "These are percentiles of the single errors. How far one house may be off is another question; asked "
    "is how far the RMSE may be off.")
def of_single_errors(errors, rows):
    return np.percentile(errors[rows], [2.5, 97.5])


@bootstrap_interval.wrong(
    "The mean runs over the wrong axis: each *row* of `rows` is one resampled test set, so take the mean "
    "along `axis=1`.")
def across_rounds(errors, rows):
    return np.percentile(np.sqrt((errors[rows] ** 2).mean(axis=0)), [2.5, 97.5])


@bootstrap_interval.wrong("The root is missing: these are mean squared errors.")
def no_root(errors, rows):
    return np.percentile((errors[rows] ** 2).mean(axis=1), [2.5, 97.5])


@bootstrap_interval.wrong(
    "You take the standard deviation of the errors, which leaves out their mean. A model that is always "
    "too high is wrong too: RMSE.")
def standard_deviations(errors, rows):
    return np.percentile(errors[rows].std(axis=1), [2.5, 97.5])


@bootstrap_interval.wrong(
    "The root of a square is the absolute value: this is the mean absolute error. Take the root after the"
    " mean.")
def root_inside(errors, rows):
    return np.percentile(np.sqrt(errors[rows] ** 2).mean(axis=1), [2.5, 97.5])


@bootstrap_interval.wrong(
    "5 and 95 leave out five percent on *each* side: this is a 90 % interval. For 95 % take 2.5 and 97.5.")
def ninety_percent(errors, rows):
    return np.percentile(np.sqrt((errors[rows] ** 2).mean(axis=1)), [5, 95])


@bootstrap_interval.wrong(
    "`np.percentile` counts from 0 to 100: 0.025 is a fortieth of one percent. Use 2.5 and 97.5, or "
    "`np.quantile` with 0.025 and 0.975.")
def shares_as_percentiles(errors, rows):
    return np.percentile(np.sqrt((errors[rows] ** 2).mean(axis=1)), [0.025, 0.975])


@bootstrap_interval.wrong(
    "This is mean ± 1.96 standard deviations, an interval for bell-shaped distributions. One huge error makes it "
    "lopsided: take the percentiles.")
def normal_interval(errors, rows):
    values = np.sqrt((errors[rows] ** 2).mean(axis=1))
    return values.mean() + 1.96 * values.std() * np.array([-1, 1])
