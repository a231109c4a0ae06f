"""Exercises of the chapter "Generating text, images and audio"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["back_through_draw", "chapter", "cloud_distance", "into_noise", "mu_law", "one_step_back",
           "price_of_code", "progress", "vae_objective"]

chapter = Chapter("generation", title="Generating text, images and audio")


# ---- 1. The price of a code ----

@chapter.exercise(stars=1, title="The price of a code", hints=(
    "The closed form between two normal distributions, with m2 = 0 and v2 = 1. What is left of it?",
    "For one number of the code: (m² + v - 1 - ln v) / 2. The variance v is `np.exp(log_var)`, and ln v is `log_var`.",
    "Sum over the numbers of the code: `0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)`.",
), praise="A code with mean 0 and variance 1 costs nothing, and says nothing about the image.")
def price_of_code(mean, log_var):
    """The divergence (n,) of codes with mean and log_var (n, size) from the standard normal distribution."""
    return 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)


@price_of_code.cases
def _(rng):
    for n, size in ((4, 3), (2, 5), (6, 2)):
        yield rng.normal(size=(n, size)), rng.normal(size=(n, size)) - 0.5
    yield Case((np.zeros((2, 3)), np.zeros((2, 3))), "codes that say nothing")
    yield Case((5 * rng.normal(size=(3, 4)), np.full((3, 4), -12.0)), "codes that are nearly exact")


def _price(mean, log_var, change):
    return 0.5 * change(mean, np.exp(log_var), log_var).sum(axis=1)


@price_of_code.wrong("The sign is the other way round: a divergence is never negative.")
def negative(mean, log_var):
    return -price_of_code.reference(mean, log_var)


@price_of_code.wrong("The half in front of the sum is missing.")
def no_half(mean, log_var):
    return 2 * price_of_code.reference(mean, log_var)


@price_of_code.wrong("You average over the numbers of the code. Independent numbers have divergences that add up.")
def mean_over_code(mean, log_var):
    return price_of_code.reference(mean, log_var) / mean.shape[1]


@price_of_code.wrong("You sum over the images (axis 0). The result has one number for each image: axis 1.")
def wrong_axis(mean, log_var):
    return 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=0)


@price_of_code.wrong("You take `log_var` for the logarithm of the standard deviation. It is that of the variance.")
def as_deviation(mean, log_var):
    return _price(mean, 2 * log_var, lambda m, v, _: m ** 2 + v - 1 - np.log(v))


@price_of_code.wrong("The means must be squared: a code at -2 is as far from zero as one at 2.")
def not_squared(mean, log_var):
    return _price(mean, log_var, lambda m, v, _: m + v - 1 - np.log(v))


@price_of_code.wrong("The 1 is missing: a code with mean 0 and variance 1 must cost nothing.")
def no_one(mean, log_var):
    return _price(mean, log_var, lambda m, v, _: m ** 2 + v - np.log(v))


@price_of_code.wrong(
    "The variance and its logarithm cancel in your formula, so that only the mean is left: the variance is "
    "`np.exp(log_var)`, its logarithm `log_var` itself.")
def no_exp(mean, log_var):
    return _price(mean, log_var, lambda m, v, log: m ** 2 + log - 1 - log)


# ---- 2. Back through the draw ----

@chapter.exercise(stars=2, title="Back through the draw", hints=(
    "The noise is a constant here. How does z change when a mean goes up by a little? When a log variance does?",
    "dz/dm = 1, so `g_mean` is g. For the other: the derivative of exp(l / 2) by l is exp(l / 2) / 2.",
    "`g_log_var = g * noise * 0.5 * np.exp(0.5 * log_var)`. Nothing is summed: each image has codes of its own.",
), praise="Where the noise happened to be near zero, the log variance gets hardly any gradient from this draw.")
def back_through_draw(log_var, noise, g):
    """The gradients (g_mean, g_log_var) for codes mean + exp(log_var / 2) * noise; all (n, size)."""
    return g.copy(), g * noise * 0.5 * np.exp(0.5 * log_var)


@back_through_draw.cases
def _(rng):
    for n, size in ((3, 4), (5, 2), (1, 6)):
        yield rng.normal(size=(n, size)), rng.normal(size=(n, size)), rng.normal(size=(n, size))
    yield Case((np.full((2, 3), -20.0), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), "tiny variances")


def _through(log_var, noise, g, slope):
    return g.copy(), g * slope(log_var, noise)


@back_through_draw.wrong("The factor 1/2 from the inner derivative of exp(log_var / 2) is missing.")
def inner_missing(log_var, noise, g):
    return _through(log_var, noise, g, lambda log, e: e * np.exp(0.5 * log))


@back_through_draw.wrong("The deviation is exp(log_var / 2), not exp(log_var), and so is its derivative.")
def variance_for_deviation(log_var, noise, g):
    return _through(log_var, noise, g, lambda log, e: e * np.exp(log))


@back_through_draw.wrong("The noise is missing in the second gradient: z depends on log_var through deviation × noise.")
def noise_missing(log_var, noise, g):
    return _through(log_var, noise, g, lambda log, e: 0.5 * np.exp(0.5 * log))


@back_through_draw.wrong("That is the gradient by the deviation. It still has to go through exp(log_var / 2).")
def by_deviation(log_var, noise, g):
    return _through(log_var, noise, g, lambda log, e: e)


@back_through_draw.wrong("The gradient of the mean is g itself: the deviation multiplies the noise, not the mean.")
def mean_scaled(log_var, noise, g):
    return g * np.exp(0.5 * log_var), back_through_draw.reference(log_var, noise, g)[1]


@back_through_draw.wrong("The two gradients are right, but in the other order: first `g_mean`, then `g_log_var`.")
def other_order(log_var, noise, g):
    return back_through_draw.reference(log_var, noise, g)[::-1]


@back_through_draw.wrong("You sum over the images. Every image has a mean and a log variance of its own.")
def summed(log_var, noise, g):
    return tuple(part.sum(axis=0) for part in back_through_draw.reference(log_var, noise, g))


# ---- 3. Into the noise ----

@chapter.exercise(stars=2, title="Into the noise", hints=(
    "One jump needs the product of all 1 - beta up to level t. `np.cumprod` gives the products of all levels at once.",
    "Level 0 is the clean image, with product 1. Put a 1 in front: `np.append(1, np.cumprod(1 - betas))[t]`.",
    "With that product `a` as a column, `a[:, None]`, return `np.sqrt(a) * x + np.sqrt(1 - a) * noise`.",
), praise="The squares of both factors add up to 1: images of variance 1 keep it at every level.")
def into_noise(x, t, noise, betas):
    """Images x (n, d) at the levels t (n,), 0 to T, with noise (n, d); betas (T,) are those of levels 1 to T."""
    a = np.append(1.0, np.cumprod(1 - betas))[t][:, None]
    return np.sqrt(a) * x + np.sqrt(1 - a) * noise


@into_noise.cases
def _(rng):
    for n, d, levels in ((4, 3, 6), (3, 5, 10), (5, 2, 8)):
        yield (rng.normal(size=(n, d)), rng.integers(1, levels + 1, size=n), rng.normal(size=(n, d)),
               rng.uniform(0.02, 0.4, size=levels))
    yield Case((rng.normal(size=(2, 3)), np.array([0, 0]), rng.normal(size=(2, 3)), np.array([0.1, 0.2])),
               "level 0: clean images")
    yield Case((rng.normal(size=(2, 4)), np.array([0, 5]), rng.normal(size=(2, 4)), np.full(5, 0.3)),
               "the first and the last level")


def _jump(x, t, noise, betas, product, mix=lambda a, x, e: np.sqrt(a) * x + np.sqrt(1 - a) * e):
    with np.errstate(all="ignore"):
        return mix(product(1 - betas, t)[:, None], x, noise)


def _product(alphas, t):
    return np.append(1.0, np.cumprod(alphas))[t]


@into_noise.wrong(
    "You are one level too far: `np.cumprod(1 - betas)[0]` belongs to level 1. Level 0 is the clean image.")
def off_by_one(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.cumprod(np.append(alphas, 1.0))[t])


@into_noise.wrong(
    "`[t - 1]` is right from level 1 on, but at level 0 it wraps around to the last level. Put a 1 in front instead.")
def wraps_around(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.cumprod(alphas)[t - 1])


@into_noise.wrong("You use 1 - beta of the last step only. The jump needs the product of all steps up to t.")
def last_step_only(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.append(1.0, alphas)[t])


@into_noise.wrong("The roots are missing: variances add up, and the factors are their square roots.")
def no_roots(x, t, noise, betas):
    return _jump(x, t, noise, betas, _product, lambda a, x, e: a * x + (1 - a) * e)


@into_noise.wrong("The two factors are exchanged: at level 0 this is pure noise.")
def exchanged(x, t, noise, betas):
    return _jump(x, t, noise, betas, _product, lambda a, x, e: np.sqrt(1 - a) * x + np.sqrt(a) * e)


@into_noise.wrong("The image is not shrunk, so the variance grows with every level: multiply x by the root of a.")
def not_shrunk(x, t, noise, betas):
    return _jump(x, t, noise, betas, _product, lambda a, x, e: x + np.sqrt(1 - a) * e)


@into_noise.wrong("You add the betas up. The factors of the steps are multiplied: use `np.cumprod(1 - betas)`.")
def added(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.append(1.0, 1 - np.cumsum(1 - alphas))[t])


@into_noise.wrong("You take the product of the betas. It is the product of all 1 - beta that is left of the image.")
def product_of_betas(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.append(1.0, np.cumprod(1 - alphas))[t])


@into_noise.wrong("All images got the level of the first one. Each has its own: index with the whole array t.")
def one_level(x, t, noise, betas):
    return _jump(x, t, noise, betas, lambda alphas, t: np.full(len(t), _product(alphas, t)[0]))


# ---- 4. One step back ----

@chapter.exercise(stars=3, title="One step back", hints=(
    "Three numbers decide everything: a, the product of all 1 - beta up to t; b, the product up to t - 1; and beta "
    "of step t, which is `betas[t - 1]`.",
    "The clean images: `((x - np.sqrt(1 - a) * guess) / np.sqrt(a)).clip(-1, 1)`. Then the mean is "
    "(√b · beta · clean + √(1 - beta) · (1 - b) · x) / (1 - a).",
    "The variance is beta (1 - b) / (1 - a), and the noise is multiplied by its root. For t = 1 the product b is 1, "
    "so that no noise is left: `b = np.prod(1 - betas[:t - 1])`.",
), praise="At t = 1 the variance is 0: the last step adds no noise, without a special case in the code.")
def one_step_back(x, guess, t, noise, betas):
    """Images at level t - 1 from x (n, d) at level t and the guessed noise; betas (T,) are those of levels 1 to T."""
    beta, a, b = betas[t - 1], np.prod(1 - betas[:t]), np.prod(1 - betas[:t - 1])
    clean = ((x - np.sqrt(1 - a) * guess) / np.sqrt(a)).clip(-1, 1)
    mean = (np.sqrt(b) * beta * clean + np.sqrt(1 - beta) * (1 - b) * x) / (1 - a)
    return mean + np.sqrt(beta * (1 - b) / (1 - a)) * noise


@one_step_back.cases
def _(rng):
    for n, d, levels, t in ((3, 4, 6, 4), (4, 2, 8, 7), (2, 5, 5, 3)):
        yield (rng.normal(size=(n, d)), 0.8 * rng.normal(size=(n, d)), t, rng.normal(size=(n, d)),
               rng.uniform(0.05, 0.4, size=levels))
    yield Case((rng.uniform(-1, 1, size=(3, 2)), 0.2 * rng.normal(size=(3, 2)), 1, rng.normal(size=(3, 2)),
                np.array([0.1, 0.3, 0.2])), "the last step, t = 1")
    yield Case((3 * rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 4, rng.normal(size=(2, 3)), np.full(4, 0.5)),
               "clean images that must be limited")


def _back(x, guess, t, noise, betas, beta=None, limit=True, variance=None, clean=None, swap=False):
    first, a, b = betas[t - 1], np.prod(1 - betas[:t]), np.prod(1 - betas[:t - 1])
    beta = first if beta is None else beta
    if clean is None:
        clean = (x - np.sqrt(1 - a) * guess) / np.sqrt(a)
    clean = clean.clip(-1, 1) if limit else clean
    one, other = (x, clean) if swap else (clean, x)
    mean = (np.sqrt(b) * beta * one + np.sqrt(1 - beta) * (1 - b) * other) / (1 - a)
    return mean + (np.sqrt(beta * (1 - b) / (1 - a)) if variance is None else variance(beta, a, b)) * noise


@one_step_back.wrong("The clean images are not limited to [-1, 1]: use `.clip(-1, 1)` before the mean is taken.")
def no_limit(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, limit=False)


@one_step_back.wrong("The noise is multiplied by the variance. Multiply it by its root, the standard deviation.")
def variance_not_root(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, variance=lambda beta, a, b: beta * (1 - b) / (1 - a))


@one_step_back.wrong(
    "You add noise of variance beta. It is beta (1 - b) / (1 - a), which is 0 in the last step; yours leaves noise in "
    "the finished images.")
def full_beta(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, variance=lambda beta, a, b: np.sqrt(beta))


@one_step_back.wrong("No noise is added. Without it all chains run to the same few blurred images.")
def no_noise(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, variance=lambda beta, a, b: 0.0)


@one_step_back.wrong(
    "You took the guess for the clean images. It is the noise: solve x = √a · clean + √(1 - a) · noise for them.")
def guess_is_clean(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, clean=guess)


@one_step_back.wrong("You return the clean images at once. Take one step only, to level t - 1.")
def all_the_way(x, guess, t, noise, betas):
    a = np.prod(1 - betas[:t])
    return ((x - np.sqrt(1 - a) * guess) / np.sqrt(a)).clip(-1, 1)


@one_step_back.wrong("In the mean, x and the clean image have each other's factor.")
def swapped(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, swap=True)


@one_step_back.wrong(
    "You use the short form of the mean, (x - beta / √(1 - a) · guess) / √(1 - beta), with noise of variance beta. It "
    "never looks at the clean images, so they cannot be limited. Follow the text: clean images first.")
def short_form(x, guess, t, noise, betas):
    beta, a = betas[t - 1], np.prod(1 - betas[:t])
    mean = (x - beta / np.sqrt(1 - a) * guess) / np.sqrt(1 - beta)
    return mean + np.sqrt(beta) * noise * (t > 1)


@one_step_back.wrong(
    "Your products are one level short: up to level t they are `np.prod(1 - betas[:t])`, up to t - 1 "
    "`np.prod(1 - betas[:t - 1])`.")
def products_short(x, guess, t, noise, betas):
    beta, a, b = betas[t - 1], np.prod(1 - betas[:t - 1]), np.prod(1 - betas[:max(t - 2, 0)])
    with np.errstate(all="ignore"):
        clean = ((x - np.sqrt(1 - a) * guess) / np.sqrt(a)).clip(-1, 1)
        mean = (np.sqrt(b) * beta * clean + np.sqrt(1 - beta) * (1 - b) * x) / (1 - a)
        return mean + np.sqrt(beta * (1 - b) / (1 - a)) * noise


@one_step_back.wrong("You use `betas[t]`, the beta of the next level. That of step t is `betas[t - 1]`.")
def next_beta(x, guess, t, noise, betas):
    return _back(x, guess, t, noise, betas, beta=np.append(betas, betas[-1])[t])


# ---- 5. Distance of two clouds ----

@chapter.exercise(stars=2, title="Distance of two clouds", hints=(
    "Between one feature of a and of b the distance is (mean difference)² + (difference of the deviations)².",
    "Means and deviations of all features at once: `a.mean(axis=0)`, `a.std(axis=0)`.",
    "Sum over the features: `((a.mean(0) - b.mean(0)) ** 2 + (a.std(0) - b.std(0)) ** 2).sum()`.",
), praise="Shuffle each feature of b on its own: the distance stays 0. It sees means and deviations, and nothing else.")
def cloud_distance(a, b):
    """Squared Fréchet distance of features a (n, d) and b (m, d), each normal and independent of the others."""
    return ((a.mean(axis=0) - b.mean(axis=0)) ** 2 + (a.std(axis=0) - b.std(axis=0)) ** 2).sum()


@cloud_distance.cases
def _(rng):
    for n, m, d in ((6, 9, 3), (12, 5, 2), (8, 20, 4)):
        yield rng.normal(size=(n, d)), 1 + rng.uniform(0.5, 2, size=d) * rng.normal(size=(m, d))
    same = rng.normal(size=(7, 3))
    yield Case((same, same[::-1].copy()), "the same points in another order")
    yield Case((np.full((4, 2), 3.0), rng.normal(size=(5, 2))), "copies of one point")


def _clouds(a, b, distance):
    return distance(a.mean(axis=0) - b.mean(axis=0), a.std(axis=0), b.std(axis=0)).sum()


@cloud_distance.wrong("Only the means are compared. A cloud that is too narrow has a distance, too.")
def means_only(a, b):
    return _clouds(a, b, lambda shift, s, t: shift ** 2)


@cloud_distance.wrong("Compare standard deviations, not variances: C1 + C2 - 2 √(C1 C2) is (σ1 - σ2)².")
def variances(a, b):
    return _clouds(a, b, lambda shift, s, t: shift ** 2 + (s ** 2 - t ** 2) ** 2)


@cloud_distance.wrong("The part C1 + C2 is there, but - 2 √(C1 C2) is missing: two equal clouds must have distance 0.")
def no_mixed(a, b):
    return _clouds(a, b, lambda shift, s, t: shift ** 2 + s ** 2 + t ** 2)


@cloud_distance.wrong("Your deviations divide by n - 1. The task asks for `ddof=0`, which `np.std` does by itself.")
def sample_deviation(a, b):
    return ((a.mean(axis=0) - b.mean(axis=0)) ** 2 + (a.std(axis=0, ddof=1) - b.std(axis=0, ddof=1)) ** 2).sum()


@cloud_distance.wrong("The squares are missing, so that differences of opposite sign cancel.")
def no_squares(a, b):
    return _clouds(a, b, lambda shift, s, t: shift + s - t)


@cloud_distance.wrong("You average over the features. The squared distance is their sum.")
def averaged(a, b):
    return cloud_distance.reference(a, b) / a.shape[1]


@cloud_distance.wrong("You take the root at the end. What is asked (and what papers report as FID) is the square.")
def rooted(a, b):
    return np.sqrt(cloud_distance.reference(a, b))


@cloud_distance.wrong("All features are thrown together. Take means and deviations along axis 0, for each feature.")
def all_together(a, b):
    return (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2


@cloud_distance.wrong("You sum over the examples first and divide nothing: use the mean along axis 0, not the sum.")
def sums(a, b):
    return ((a.sum(axis=0) - b.sum(axis=0)) ** 2 + (a.std(axis=0) - b.std(axis=0)) ** 2).sum()


# ---- 6. Fine steps for quiet sounds ----

@chapter.exercise(stars=2, title="Fine steps for quiet sounds", hints=(
    "Work in three steps: bend the wave to y in [-1, 1], shift it to [0, 1], round it to whole numbers.",
    "y = `np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)` with `mu = levels - 1`.",
    "`np.rint((y + 1) / 2 * mu).astype(int)`. Without `np.rint`, `astype(int)` cuts off instead of rounding.",
), praise="Half of all levels serve waves quieter than 1/16 (for 256 levels): there the ear hears the steps.")
def mu_law(x, levels):
    """Whole numbers 0 to levels - 1 for a wave x in [-1, 1], of any shape."""
    mu = levels - 1
    y = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
    return np.rint((y + 1) / 2 * mu).astype(int)


@mu_law.cases
def _(rng):
    for shape, levels in (((7,), 256), ((3, 4), 64), ((9,), 16)):
        yield rng.uniform(-1, 1, size=shape), levels
    yield Case((np.array([-1.0, 0.0003, 1.0]), 256), "both ends, and nearly silence")
    yield Case((rng.normal(scale=0.01, size=(2, 9)), 256), "quiet")


def _bent(x, levels, bend=None, whole=np.rint):
    mu = levels - 1
    with np.errstate(all="ignore"):
        y = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu) if bend is None else bend(x, mu)
        return whole((y + 1) / 2 * mu).astype(int)


@mu_law.wrong("Your numbers are cut off, not rounded: they are too small by half a step on average. Use `np.rint`.")
def cut_off(x, levels):
    return _bent(x, levels, whole=np.floor)


@mu_law.wrong("The sign is lost: loud negative and loud positive values get the same number.")
def no_sign(x, levels):
    return _bent(x, levels, lambda x, mu: np.log1p(mu * np.abs(x)) / np.log1p(mu))


@mu_law.wrong("There is no logarithm: these are equal steps for quiet and loud sounds.")
def linear(x, levels):
    return _bent(x, levels, lambda x, mu: x)


@mu_law.wrong("µ is `levels - 1`, not `levels`: the number for 1 would be one too high.")
def mu_is_levels(x, levels):
    return _bent(x, levels + 1)


@mu_law.wrong("The division by ln(1 + µ) is missing, so that y leaves [-1, 1].")
def not_divided(x, levels):
    return _bent(x, levels, lambda x, mu: np.sign(x) * np.log1p(mu * np.abs(x)))


@mu_law.wrong("Your numbers are not rounded: use `np.rint`, then `.astype(int)`.")
def not_rounded(x, levels):
    return (_unrounded(x, levels - 1) + 1) / 2 * (levels - 1)


@mu_law.wrong("You take µ = 255 for any number of levels. It is `levels - 1`.")
def always_256(x, levels):
    return mu_law.reference(x, 256)


@mu_law.wrong("You do not shift y to [0, 1]: half of your numbers are negative.")
def not_shifted(x, levels):
    return np.rint(_unrounded(x, levels - 1) * (levels - 1)).astype(int)


def _unrounded(x, mu):
    return np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)


# ---- 7. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "For an image of 64 pixels, how large is the first term, compared with the formula of the chapter?",
    "The formula sums the squared errors over the pixels. `error.mean()` divides that sum by the number of pixels, and "
    "the divergence is not divided.",
    "Sum over the axis of the pixels, then average over the images: `error.sum(axis=1).mean()`.",
), praise="Dividing by d is the same as a decoder with √d times as much noise: then the gray mean is good enough.")
def vae_objective(x, decoded, mean, log_var, s):
    """The negative ELBO, averaged over images x (n, d), without its constant."""
    error = (x - decoded) ** 2 / (2 * s ** 2)
    kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var)
    return error.sum(axis=1).mean() + kl.sum(axis=1).mean()


@vae_objective.cases
def _(rng):
    for n, d, size, s in ((4, 6, 2, 0.5), (3, 9, 4, 0.4), (5, 8, 3, 1.0)):
        yield (rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=(n, size)),
               rng.normal(size=(n, size)) - 1, s)
    same = rng.normal(size=(2, 7))
    yield Case((same, same.copy(), np.zeros((2, 3)), np.zeros((2, 3)), 0.3), "perfect images for nothing")


@vae_objective.given
def _(x, decoded, mean, log_var, s):
    error = (x - decoded) ** 2 / (2 * s ** 2)
    kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var)
    return error.mean() + kl.sum(axis=1).mean()


def _objective(x, decoded, mean, log_var, s, error_of, kl_of):
    error = (x - decoded) ** 2 / (2 * s ** 2)
    kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var)
    return error_of(error) + kl_of(kl)


@vae_objective.wrong(
    "Now both terms are divided by the number of their elements. They balance differently: sum over pixels and over "
    "the numbers of the code, and average over the images only.")
def both_means(*args):
    return _objective(*args, lambda e: e.mean(), lambda k: k.mean())


@vae_objective.wrong("Nothing is averaged over the images: the loss would grow with the size of the batch.")
def both_sums(*args):
    return _objective(*args, lambda e: e.sum(), lambda k: k.sum())


@vae_objective.wrong("The error is summed over the images, too. Sum over the pixels (axis 1), then take the mean.")
def error_summed(*args):
    return _objective(*args, lambda e: e.sum(), lambda k: k.sum(axis=1).mean())


@vae_objective.wrong("You sum the errors over the images and average over the pixels. It is the other way round.")
def wrong_axis_of_error(*args):
    return _objective(*args, lambda e: e.sum(axis=0).mean(), lambda k: k.sum(axis=1).mean())


@vae_objective.wrong("You subtract the divergence: it is a price, and a loss adds prices up.")
def kl_subtracted(*args):
    return _objective(*args, lambda e: e.sum(axis=1).mean(), lambda k: -k.sum(axis=1).mean())


@vae_objective.wrong("The divergence is gone. Without it this is an autoencoder: codes may lie anywhere.")
def no_kl(*args):
    return _objective(*args, lambda e: e.sum(axis=1).mean(), lambda k: 0.0)


@vae_objective.wrong("The factor 1 / (2 s²) is gone: the noise level of the decoder balances the two terms.")
def no_s(x, decoded, mean, log_var, s):
    return _objective(x, decoded, mean, log_var, np.sqrt(0.5), lambda e: e.sum(axis=1).mean(),
                      lambda k: k.sum(axis=1).mean())
