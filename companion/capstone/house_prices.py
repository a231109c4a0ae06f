"""The capstone on a table: for each house a low, a middle and a high price, and how well that is known beforehand.

    from companion.capstone import house_prices as project
    train, new = project.load()
    project.check(predict, estimate=6.0)

`predict(houses)` gets a dict of columns as in `train`, without the price, and returns the 10 %, 50 % and 90 % quantile
of each house's price in dollars: an array (n, 3). Quantiles are measured by the pinball loss (Koenker and
Bassett, 1978, Regression quantiles, doi:10.2307/1913643).
"""
from functools import cache

import numpy as np

from .. import data
from .core import Project, Unusable, numbers

LARGEST = 4000          # square feet; five larger houses are left out, three of them sold before they were finished
HELD_BACK = 975         # of 2,925 houses: enough that luck moves the error by a quarter of a percent only
SHARES = np.array([0.1, 0.5, 0.9])

# On this split, linear models of log prices reach errors of 6.3 to 6.6 % and pinball losses of 2.77 to 2.81, small
# networks 5.8 to 6.1 % and 2.57 to 2.65, one trained for too long 5.9 % and 2.80, with 63 % of the prices inside.
ERROR = 6.2             # percent, of the middle price
PINBALL = 2.70          # of log prices, in hundredths
COVERAGE = (75, 86)     # percent; 80 is right, and 975 houses scatter by 1.3
NEAR = 0.5              # percent, between estimate and measurement: twice what luck does to the median of 975 errors
MORE = 1                # percent; linear models and networks say 3 to 7 for a grade, 3 to 5 for a tenth more area
SURVIVE = 99            # percent of houses whose middle price stays between half and double when a column is unknown
ALONE = 12              # houses that are also asked for one by one
SAME = 1e-3             # relative: float32 gives other last digits for one row than for many


@cache
def _houses():
    """All columns of the houses to learn from and of those held back; always the same split."""
    houses = data.load("ames_housing")
    houses = {name: column[houses["living_area"] <= LARGEST] for name, column in houses.items()}
    rows = np.random.default_rng(1).permutation(len(houses["price"]))
    return tuple({name: column[part] for name, column in houses.items()}
                 for part in (rows[:-HELD_BACK], rows[-HELD_BACK:]))


def load():
    """The houses to learn from, and those whose price is held back: two dicts of columns, the second without "price".

    Columns: "price" in dollars, 16 of numbers (NaN where a value is missing), "central_air", "house_style",
    "neighborhood" of words.
    """
    train, new = _houses()
    return ({name: column.copy() for name, column in train.items()},
            {name: column.copy() for name, column in new.items() if name != "price"})


def held_back():
    """The prices of the new houses, for the checker."""
    return _houses()[1]["price"]


project = Project("House prices", load)


@project.form
def three_prices(value, inputs):
    """An array (n, 3) of positive, finite dollars."""
    n = len(inputs["living_area"])
    wanted = f"Expected an array of shape ({n}, 3), for each house its low, middle and high price in dollars"
    prices = numbers(value, wanted)
    if prices.shape != (n, 3):
        advice = " Stack the three along axis 1." if prices.shape == (3, n) else ""
        raise Unusable(f"{wanted}; got shape {prices.shape}.{advice}")
    bad = np.flatnonzero(~np.isfinite(prices).all(axis=1))
    if len(bad):
        raise Unusable(f"{wanted}; the prices of {len(bad)} of {n} houses are not finite, the first is row {bad[0]}.")
    if prices.min() <= 0:
        raise Unusable(f"{wanted}; got {prices.min():,.0f}, and a price is positive.")
    if prices.max() < 100:
        raise Unusable(f"{wanted}; got at most {prices.max():.3g}: are these logarithms of prices?")
    return prices


def _error(submission):
    """The median of the relative errors of the middle price, in percent."""
    return round(100 * float(np.median(np.abs(submission(load()[1])[:, 1] / held_back() - 1))), 1)


@project.requirement(10, "The middle price is close")
def close(submission):
    error = _error(submission)
    words = f"Half of the middle prices are off by more than {error} %; wanted: at most {ERROR} %."
    if error > ERROR:
        words += (" Are the target a logarithm, the words one-hot, and is there a hidden layer? Then compare the error"
                  " on the houses that you trained on: far lower means overfitting, the same underfitting.")
    return error <= ERROR, words


@project.requirement(10, "The interval holds four prices in five")
def covers(submission):
    low, _, high = submission(load()[1]).T
    share = round(100 * float(np.mean((low <= held_back()) & (held_back() <= high))))
    words = f"{share} % of the prices lie between low and high; wanted: {COVERAGE[0]} to {COVERAGE[1]} %."
    if share < COVERAGE[0]:
        words += " An interval learned by heart fits the houses that it was fitted to: measure it on others."
    elif share > COVERAGE[1]:
        words += " Low and high shall each be passed by one price in ten: narrower is more honest here."
    return COVERAGE[0] <= share <= COVERAGE[1], words


@project.requirement(10, "The interval is no wider than it must be")
def narrow(submission):
    error = np.log(held_back())[:, None] - np.log(submission(load()[1]))
    loss = round(100 * float(np.maximum(SHARES * error, (SHARES - 1) * error).mean()), 2)
    words = f"The mean pinball loss of the log prices is {loss:.2f} hundredths; wanted: at most {PINBALL:.2f}."
    if loss > PINBALL:
        words += (" One width for all is too wide for an ordinary house and too narrow for an odd one: let the width"
                  " depend on the house, and check that intervals are not too narrow on houses held out.")
    return loss <= PINBALL, words


@project.requirement(8, "The three prices of a house are in order, and its own")
def orderly(submission):
    new = load()[1]
    prices = submission(new)
    crossed = int((np.diff(prices, axis=1) < 0).any(axis=1).sum())
    if crossed:
        return False, (f"Low, middle, high are out of order for {crossed} of {HELD_BACK} houses. Three free outputs may"
                       " cross: sort them, or build high as middle plus something positive.")
    alone = np.concatenate([submission({name: column[[row]] for name, column in new.items()}) for row in range(ALONE)])
    apart = int((np.abs(alone / prices[:ALONE] - 1) > SAME).any(axis=1).sum())
    if apart:
        return False, (f"{apart} of {ALONE} houses get other prices alone than among others: means, medians and"
                       " categories come from `train`, never from the houses that `predict` is given.")
    return True, f"Low, middle, high are in order for all; {ALONE} houses get the same prices alone as among others."


def _with_gaps(new):
    """The houses with one column after the other unknown, (column's name, houses)."""
    for name, column in new.items():
        if column.dtype.kind == "f":
            yield name, {**new, name: np.full_like(column, np.nan)}
    for name in ("neighborhood", "house_style"):
        yield name, {**new, name: np.full(len(new[name]), "unknown")}


@project.requirement(10, "Gaps and unknown places do no harm")
def survives(submission):
    new = load()[1]
    prices, shares = submission(new)[:, 1], {}
    for name, houses in _with_gaps(new):
        try:
            change = np.abs(np.log(submission(houses)[:, 1] / prices))
        except Unusable as error:
            raise Unusable(f"With `{name}` unknown: {error}", error.lines) from None
        shares[name] = round(100 * float(np.mean(change < np.log(2))))
    worst = min(shares, key=shares.get)
    words = (f"With `{worst}` unknown, the worst column, {shares[worst]} % of the middle prices stay between half and"
             f" double; wanted: {SURVIVE} %.")
    if shares[worst] < SURVIVE:
        words += " What does the model see then: a median and a row of zeros, or a house in the year 0?"
    return shares[worst] >= SURVIVE, words


@project.requirement(6, "A better or larger house is worth more")
def sensible(submission):
    new = load()[1]
    before, grades = np.log(submission(new)[:, 1]), np.minimum(new["quality"] + 1, 10)
    better = np.log(submission({**new, "quality": grades})[:, 1]) - before
    areas = ("living_area", "first_floor_area", "second_floor_area")
    larger = np.log(submission({**new, **{name: 1.1 * new[name] for name in areas}})[:, 1]) - before
    thirds = np.searchsorted(np.quantile(new["living_area"], [1 / 3, 2 / 3]), new["living_area"])
    grade = min(better[new["quality"] == grade].mean() for grade in range(4, 10))
    size = min(larger[thirds == third].mean() for third in range(3))
    words = (f"One grade of quality more adds at least {100 * grade:.0f} % on average, a tenth more area"
             f" {100 * size:.0f} %, whatever the grade or size before; wanted: {MORE} %.")
    met = round(100 * min(grade, size)) >= MORE
    if not met:
        words += " Does the model look at both, in units of their spread, and does it stop before it overfits?"
    return met, words


@project.requirement(6, "You knew it before")
def knew(submission):
    error, estimate = _error(submission), submission.estimate
    if estimate is None:
        return False, ("Pass `estimate=`, the median error of the middle price in percent that you expect, from"
                       " houses of `train` that your model has not seen.")
    words = f"You expected {estimate:.1f} %, measured were {error:.1f} %; wanted: at most {NEAR} apart."
    met = round(abs(round(estimate, 1) - error), 1) <= NEAR
    if not met:
        words += (" The estimate is in percent: 6.0, not 0.06." if 0 < estimate < 1 else
                  " Did the houses of your estimate train the model, or choose it? Are they all folds, not one?")
    return met, words


check = project.check
