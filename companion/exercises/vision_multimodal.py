"""Exercises of the chapter "Vision and language"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "cut_patches", "logits_gradient", "normalize_backward", "pair_loss", "progress", "recall_at",
           "token_costs", "zero_shot"]

chapter = Chapter("vision_multimodal", title="Vision and language")


def _unit(x, axis=-1):
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


def _log_softmax(scores, axis):
    scores = scores - scores.max(axis=axis, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=axis, keepdims=True))


# ---- 1. Tokens and what they cost ----

@chapter.exercise(stars=1, title="Tokens and what they cost", hints=(
    "How many patches fit side by side, and how many below each other? Multiply, and do not forget the class token.",
    "There is a score for each pair of tokens. Each score sums d products, and the mixture costs the same again.",
    "`tokens = (height // patch) * (width // patch) + 1`, then `2 * tokens**2 * d`.",
), praise="Half the side of a patch means four times as many tokens, and nearly sixteen times as much looking.")
def token_costs(height, width, patch, d):
    """(tokens with the class token, multiply-adds for scores and mixtures in one layer of width d)."""
    tokens = (height // patch) * (width // patch) + 1
    return tokens, 2 * tokens**2 * d


@token_costs.cases
def _(rng):
    yield from ((224, 160, 16, 768), (48, 64, 8, 32), (28, 42, 7, 24))
    yield Case((32, 96, 32, 10), "a single row of patches")


@token_costs.wrong("The class token is missing: it looks and is looked at, too.")
def without_class_token(height, width, patch, d):
    tokens = (height // patch) * (width // patch)
    return tokens, 2 * tokens**2 * d


@token_costs.wrong("You count only one of two products. Scores take T² d multiply-adds, and the mixtures T² d again.")
def scores_only(height, width, patch, d):
    tokens = (height // patch) * (width // patch) + 1
    return tokens, tokens**2 * d


@token_costs.wrong("The number of patches is right in one direction only: divide both sides by the side of a patch.")
def one_side(height, width, patch, d):
    tokens = height * width // patch + 1
    return tokens, 2 * tokens**2 * d


@token_costs.wrong("You square the rows of patches. The image is not square: rows times columns.")
def square(height, width, patch, d):
    tokens = (height // patch) ** 2 + 1
    return tokens, 2 * tokens**2 * d


@token_costs.wrong("The cost is linear in the tokens here. Every token looks at every token: T² pairs.")
def linear(height, width, patch, d):
    tokens = (height // patch) * (width // patch) + 1
    return tokens, 2 * tokens * d


@token_costs.wrong("You square the width, not the tokens: T d² is the cost of a projection, looking costs T² d.")
def squared_width(height, width, patch, d):
    tokens = (height // patch) * (width // patch) + 1
    return tokens, 2 * tokens * d**2


@token_costs.wrong("The four projections are in your cost, too. The task asks for scores and mixtures only: 2 T² d.")
def with_projections(height, width, patch, d):
    tokens, looking = token_costs.reference(height, width, patch, d)
    return tokens, looking + 4 * tokens * d**2


@token_costs.wrong("One number comes back, the cost. Return both: the tokens and the cost.")
def cost_only(height, width, patch, d):
    return token_costs.reference(height, width, patch, d)[1]


# ---- 2. Cut into patches ----

@chapter.exercise(stars=2, title="Cut into patches", hints=(
    "First cut each side in two: the height into rows of patches and pixels in a patch, the width likewise. That is a "
    "reshape to six axes.",
    "`images.reshape(n, h // ph, ph, w // pw, pw, c)`: in which order must these axes stand before you join them?",
    "`.transpose(0, 1, 3, 2, 4, 5)` puts the two counts of patches first, then pixels and channels. Then "
    "`.reshape(n, -1, ph * pw * c)`.",
), praise="A photo file has its channels last, PyTorch's images have them first: the same cut, another transpose.")
def cut_patches(images, ph, pw):
    """Images (n, h, w, c) -> patches (n, tokens, ph * pw * c), row by row, each in the order of its pixels."""
    n, h, w, c = images.shape
    cut = images.reshape(n, h // ph, ph, w // pw, pw, c)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(n, -1, ph * pw * c)


@cut_patches.cases
def _(rng):
    for n, h, w, c, ph, pw in ((2, 6, 12, 3, 3, 2), (3, 8, 6, 2, 2, 3), (2, 4, 9, 3, 2, 3)):
        yield rng.normal(size=(n, h, w, c)), ph, pw
    yield Case((rng.normal(size=(2, 4, 6, 1)), 2, 3), "gray images")
    yield Case((rng.normal(size=(1, 4, 6, 3)), 4, 6), "one patch is the whole image")
    yield Case((rng.normal(size=(2, 3, 5, 2)), 1, 1), "a patch is one pixel")


def _cut(images, ph, pw, order):
    n, h, w, c = images.shape
    return images.reshape(n, h // ph, ph, w // pw, pw, c).transpose(*order).reshape(n, -1, ph * pw * c)


@cut_patches.wrong(
    "The shape is right, but your patches are pieces of pixel rows: a reshape alone reads along the rows. Cut both "
    "sides first, then bring the pixels of a patch together with a transpose.")
def reshape_only(images, ph, pw):
    return images.reshape(len(images), -1, ph * pw * images.shape[3])


@cut_patches.wrong("The patches run down the columns of the image. They run along the rows, as we read.")
def column_by_column(images, ph, pw):
    return _cut(images, ph, pw, (0, 3, 1, 2, 4, 5))


@cut_patches.wrong("Inside a patch the channels come first. Here each pixel keeps its channels together.")
def channels_first(images, ph, pw):
    return _cut(images, ph, pw, (0, 1, 3, 5, 2, 4))


@cut_patches.wrong("Inside a patch the pixels run down the columns. They run along the rows.")
def pixels_transposed(images, ph, pw):
    return _cut(images, ph, pw, (0, 1, 3, 4, 2, 5))


@cut_patches.wrong(
    "Your patches take every so many pixels from the whole image. A patch is a block of neighbors: after the reshape, "
    "the count of patches is the outer axis, the pixels of a patch the inner one.")
def strided(images, ph, pw):
    n, h, w, c = images.shape
    return images.reshape(n, ph, h // ph, pw, w // pw, c).transpose(0, 2, 4, 1, 3, 5).reshape(n, -1, ph * pw * c)


@cut_patches.wrong("Height and width of a patch are exchanged.")
def sides_exchanged(images, ph, pw):
    n, h, w, c = images.shape
    if h % pw or w % ph:
        return np.zeros((n, h * w // (ph * pw), ph * pw * c))
    return cut_patches.reference(images, pw, ph)


@cut_patches.wrong("The rows and columns of patches are still two axes. Join them to one axis of tokens.")
def grid(images, ph, pw):
    n, h, w, c = images.shape
    return cut_patches.reference(images, ph, pw).reshape(n, h // ph, w // pw, -1)


# ---- 3. The loss of a batch of pairs ----

@chapter.exercise(stars=2, title="The loss of a batch of pairs", hints=(
    "Four steps: unit vectors, all dot products, divide by the temperature, cross-entropy with the diagonal as target.",
    "`logits = unit_images @ unit_texts.T / temperature`. The log-softmax along axis 1 asks each image for its text, "
    "along axis 0 each text for its image.",
    "Subtract the maximum along the axis before `np.exp`. The loss is minus the mean of the diagonals of both "
    "log-softmaxes: `-(np.diag(rows) + np.diag(columns)).mean() / 2`.",
), praise="The last case has a tiny temperature: without the largest score subtracted, exp would have overflowed.")
def pair_loss(images, texts, temperature):
    """The symmetric contrastive loss of embeddings (n, d) and (n, d), of any length; row i belongs to row i."""
    images = images / np.linalg.norm(images, axis=1, keepdims=True)
    texts = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    logits = images @ texts.T / temperature
    loss = 0.0
    for scores in (logits, logits.T):
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss -= np.diag(log_p).mean() / 2
    return loss


@pair_loss.cases
def _(rng):
    for n, d, temperature in ((4, 3, 0.5), (3, 6, 0.2), (6, 4, 1.0)):
        texts = rng.normal(size=(n, d))
        yield texts + rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=(n, 1)), 3 * texts, temperature
    yield Case((rng.normal(size=(1, 4)), rng.normal(size=(1, 4)), 0.3), "a single pair")
    yield Case((rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), 0.001), "a tiny temperature")


def _pair_loss(images, texts, scale, axes=(1, 0)):
    logits = images @ texts.T * scale
    return -np.mean([np.diag(_log_softmax(logits, axis)).mean() for axis in axes])


@pair_loss.wrong("The vectors are not normalized: long ones get large scores whatever they mean.")
def not_normalized(images, texts, temperature):
    return _pair_loss(images, texts, 1 / temperature)


@pair_loss.wrong("Only the images choose their text. The texts must choose their image as well: also along axis 0.")
def images_only(images, texts, temperature):
    return _pair_loss(_unit(images), _unit(texts), 1 / temperature, axes=(1,))


@pair_loss.wrong("Only the texts choose their image. The images must choose their text as well: also along axis 1.")
def texts_only(images, texts, temperature):
    return _pair_loss(_unit(images), _unit(texts), 1 / temperature, axes=(0,))


@pair_loss.wrong("You multiply by the temperature. A low temperature makes the scores sharper: divide.")
def multiplied(images, texts, temperature):
    return _pair_loss(_unit(images), _unit(texts), temperature)


@pair_loss.wrong("The temperature is not used.")
def without_temperature(images, texts, temperature):
    return _pair_loss(_unit(images), _unit(texts), 1.0)


@pair_loss.wrong("The two directions are added. It is their mean: divide by 2.")
def added(images, texts, temperature):
    return 2 * _pair_loss(_unit(images), _unit(texts), 1 / temperature)


@pair_loss.wrong("The sign is wrong: a loss is minus the logarithm of a probability, never negative.")
def negative(images, texts, temperature):
    return -_pair_loss(_unit(images), _unit(texts), 1 / temperature)


@pair_loss.wrong("You normalize the columns, that is features over the batch. Each row is one vector: use `axis=1`.")
def wrong_axis(images, texts, temperature):
    return _pair_loss(_unit(images, axis=0), _unit(texts, axis=0), 1 / temperature)


@pair_loss.wrong("Scores overflow in `np.exp` when the temperature is tiny. Subtract the largest score first.")
def overflow(images, texts, temperature):
    logits = _unit(images) @ _unit(texts).T / temperature
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return -np.mean([np.log(np.diag(powers) / powers.sum(axis=axis)).mean() for axis in (0, 1)])


@pair_loss.wrong("You sum over the pairs. It is the mean over the batch.")
def summed(images, texts, temperature):
    return len(images) * _pair_loss(_unit(images), _unit(texts), 1 / temperature)


@pair_loss.wrong("You average all entries of the log-softmax. Only the right pairs count: those on the diagonal.")
def all_entries(images, texts, temperature):
    logits = _unit(images) @ _unit(texts).T / temperature
    return -(_log_softmax(logits, 0) + _log_softmax(logits, 1)).mean() / 2


# ---- 4. Recall at k ----

@chapter.exercise(stars=2, title="Recall at k", hints=(
    "Row i is right if its diagonal entry is among the k best of the row. How many entries of the row may be larger?",
    "Compare a row with its diagonal entry: `similarity > np.diag(similarity)[:, None]`.",
    "`larger = (similarity > np.diag(similarity)[:, None]).sum(axis=1)`; the recall is `(larger < k).mean()`.",
), praise="No sorting is needed: counting what is better gives the rank, and ties do no harm.")
def recall_at(similarity, k):
    """The share of rows of (n, n) whose diagonal entry has fewer than k larger ones in its row."""
    larger = (similarity > np.diag(similarity)[:, None]).sum(axis=1)
    return (larger < k).mean()


@recall_at.cases
def _(rng):
    for n, k in ((7, 1), (9, 3), (12, 5), (8, 2)):
        yield rng.normal(size=(n, n)) + np.eye(n) + np.arange(n) / 4, k
    yield Case((rng.normal(size=(6, 6)), 6), "k equals n")
    yield Case((np.outer(np.ones(5), rng.normal(size=5)), 1), "all rows are equal")
    yield Case((-np.eye(4) + 0.1 * rng.normal(size=(4, 4)), 1), "no row is right")


@recall_at.wrong("You look along the columns: that is the recall of the other direction. Compare within each row.")
def along_columns(similarity, k):
    return recall_at.reference(similarity.T, k)


@recall_at.wrong("k is off by one: with k = 1 nothing may be larger than the diagonal entry, so `larger < k`.")
def one_too_many(similarity, k):
    return recall_at.reference(similarity, k + 1)


@recall_at.wrong("You ask for the k smallest entries. The best ones are the largest.")
def smallest(similarity, k):
    return recall_at.reference(-similarity, k)


@recall_at.wrong("k is not used: this is the recall at 1.")
def only_first(similarity, k):
    return recall_at.reference(similarity, 1)


@recall_at.wrong("A count comes back. Divide by the number of rows.")
def counted(similarity, k):
    return recall_at.reference(similarity, k) * len(similarity)


@recall_at.wrong("You divide the hits by k, too. Each row has one right answer: it is found or not.")
def divided_by_k(similarity, k):
    return recall_at.reference(similarity, k) / k


@recall_at.wrong("You compare with the largest diagonal entries of the whole matrix. Each row is a search of its own.")
def global_ranking(similarity, k):
    order = np.argsort(-similarity, axis=None)[:k * len(similarity)]
    rows, columns = np.unravel_index(order, similarity.shape)
    return (rows == columns).sum() / len(similarity)


@recall_at.wrong("With `>=` the right answer counts itself as better, so `< k` finds one place too few: use `>`.")
def counts_itself(similarity, k):
    return ((similarity >= np.diag(similarity)[:, None]).sum(axis=1) < k).mean()


@recall_at.wrong(
    "Each entry is compared with the diagonal entry of its column. Compare with that of its row: "
    "`np.diag(similarity)[:, None]`.")
def other_diagonal(similarity, k):
    return ((similarity > np.diag(similarity)).sum(axis=1) < k).mean()


# ---- 5. A class from prompts ----

@chapter.exercise(stars=3, title="A class from prompts", hints=(
    "Each class gets one vector out of its prompts. Make the prompts unit vectors first, so that each has one vote.",
    "`prompts[owner == j].mean(axis=0)` is the mean of class j. A mean of unit vectors is shorter than 1, and shorter "
    "the more its prompts differ: what follows?",
    "Normalize the means again, then `(images @ means.T).argmax(axis=1)`. The images need no normalization: their "
    "length changes all scores of a row alike.",
), praise="A class with prompts that disagree has a short mean; without the second normalization it would lose.")
def zero_shot(images, prompts, owner):
    """The class (n,) of embeddings (n, d), from prompts (m, d) of which row i belongs to class owner[i]."""
    prompts = prompts / np.linalg.norm(prompts, axis=1, keepdims=True)
    classes = np.arange(owner.max() + 1)
    means = np.stack([prompts[owner == j].mean(axis=0) for j in classes])
    means = means / np.linalg.norm(means, axis=1, keepdims=True)
    return (images @ means.T).argmax(axis=1)


@zero_shot.cases
def _(rng):
    for n, d, owner in ((30, 3, (0, 1, 2, 0, 1, 2, 2)), (40, 4, (2, 0, 1, 1, 1, 0)), (50, 3, (0, 0, 0, 1, 1, 2, 3))):
        owner = np.array(owner)
        prompts = rng.normal(size=(len(owner), d)) * rng.uniform(0.3, 4, size=(len(owner), 1))
        yield rng.normal(size=(n, d)) * rng.uniform(0.2, 3, size=(n, 1)), prompts, owner
    yield Case((rng.normal(size=(20, 3)), rng.normal(size=(3, 3)) * [[0.2], [1], [5]], np.array([2, 0, 1])),
               "one prompt for each class")


def _class_means(prompts, owner, combine=np.mean):
    return np.stack([combine(prompts[owner == j], axis=0) for j in range(owner.max() + 1)])


@zero_shot.wrong("The mean vectors are not normalized: a class whose prompts differ has a short one, and loses.")
def means_as_they_are(images, prompts, owner):
    return (images @ _class_means(_unit(prompts), owner).T).argmax(axis=1)


@zero_shot.wrong("The prompts are not normalized before the mean: the longest prompt speaks for the whole class.")
def long_prompts(images, prompts, owner):
    return (images @ _unit(_class_means(prompts, owner)).T).argmax(axis=1)


@zero_shot.wrong("Nothing is normalized. Compare directions: unit prompts, and unit means.")
def nothing_normalized(images, prompts, owner):
    return (images @ _class_means(prompts, owner).T).argmax(axis=1)


@zero_shot.wrong(
    "You return the class of the single best prompt. Average the prompts of a class first, then compare.")
def best_prompt(images, prompts, owner):
    return owner[(images @ _unit(prompts).T).argmax(axis=1)]


@zero_shot.wrong("You return the number of the best prompt, not its class.")
def prompt_number(images, prompts, owner):
    return (images @ _unit(prompts).T).argmax(axis=1)


@zero_shot.wrong("You add up the prompts of a class without normalizing the sum: classes with many prompts win.")
def summed_up(images, prompts, owner):
    return (images @ _class_means(_unit(prompts), owner, np.sum).T).argmax(axis=1)


@zero_shot.wrong("The smallest score wins in your answer. Similar vectors have a large dot product: use `argmax`.")
def farthest(images, prompts, owner):
    return (images @ _unit(_class_means(_unit(prompts), owner)).T).argmin(axis=1)


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Compare with the text: one softmax answers for the images, the other for the texts. Along which axes?",
    "Print the sums of `for_texts` along both axes. Which should be 1?",
    "The second softmax goes down the columns: maximum and sum with `axis=0`.",
), praise="All shapes were right, and training even worked, in one direction only: texts never learned to choose.")
def logits_gradient(logits):
    """The gradient (n, n) of the symmetric contrastive loss by its logits (n, n)."""
    n = len(logits)
    for_images = np.exp(logits - logits.max(axis=1, keepdims=True))
    for_images = for_images / for_images.sum(axis=1, keepdims=True)
    for_texts = np.exp(logits - logits.max(axis=0, keepdims=True))
    for_texts = for_texts / for_texts.sum(axis=0, keepdims=True)
    return (for_images + for_texts - 2 * np.eye(n)) / (2 * n)


@logits_gradient.cases
def _(rng):
    for n in (4, 3, 6):
        yield (2 * rng.normal(size=(n, n)) + np.eye(n),)
    yield Case((rng.normal(size=(1, 1)),), "a single pair")
    yield Case((np.diag(rng.normal(size=4)) * 1000 + rng.normal(size=(4, 4)),), "huge scores")


@logits_gradient.given
def _(logits):
    n = len(logits)
    for_images = np.exp(logits - logits.max(axis=1, keepdims=True))
    for_images = for_images / for_images.sum(axis=1, keepdims=True)
    for_texts = np.exp(logits - logits.max(axis=1, keepdims=True))
    for_texts = for_texts / for_texts.sum(axis=1, keepdims=True)
    return (for_images + for_texts - 2 * np.eye(n)) / (2 * n)


def _shares(logits, axis):
    return np.exp(_log_softmax(logits, axis))


@logits_gradient.wrong("Now both softmaxes go down the columns: the images no longer choose. One needs each axis.")
def both_down(logits):
    n = len(logits)
    return (2 * _shares(logits, 0) - 2 * np.eye(n)) / (2 * n)


@logits_gradient.wrong(
    "You transposed the second softmax after taking it along the rows. Its rows were still normalized as rows: the "
    "softmax itself must go along axis 0.")
def transposed_after(logits):
    n = len(logits)
    return (_shares(logits, 1) + _shares(logits, 1).T - 2 * np.eye(n)) / (2 * n)


@logits_gradient.wrong(
    "You take the softmax of the transposed scores, which is right, and forget to transpose it back.")
def not_back(logits):
    n = len(logits)
    return (_shares(logits, 1) + _shares(logits.T, 1) - 2 * np.eye(n)) / (2 * n)


@logits_gradient.wrong("The identity is subtracted once. Both directions have the diagonal as target: 2 times it.")
def one_identity(logits):
    n = len(logits)
    return (_shares(logits, 1) + _shares(logits, 0) - np.eye(n)) / (2 * n)


@logits_gradient.wrong("The mean over both directions is missing: divide by 2n.")
def not_halved(logits):
    n = len(logits)
    return (_shares(logits, 1) + _shares(logits, 0) - 2 * np.eye(n)) / n


@logits_gradient.wrong("The maximum of a column and the sum of a row do not belong together: both need `axis=0`.")
def mixed_axes(logits):
    n = len(logits)
    powers = np.exp(logits - logits.max(axis=0, keepdims=True))
    with np.errstate(all="ignore"):
        return (_shares(logits, 1) + powers / powers.sum(axis=1, keepdims=True) - 2 * np.eye(n)) / (2 * n)


@logits_gradient.wrong("The second softmax is gone: this is the gradient of the loss in one direction.")
def rows_alone(logits):
    n = len(logits)
    return (_shares(logits, 1) - np.eye(n)) / (2 * n)


# ---- 7. Backward through a unit vector ----

@chapter.exercise(stars=3, title="Backward through a unit vector", hints=(
    "u = x / |x| does not change when x grows in its own direction. Which part of g can have no effect?",
    "Take from g its part along u: g - (g · u) u. The dot product is taken for each row: "
    "`(g * u).sum(axis=1, keepdims=True)`.",
    "The same turn of a long vector takes a longer step, so divide by the length: `(g - (g * u).sum(axis=1, "
    "keepdims=True) * u) / length`.",
), praise="The gradient is at right angles to x: a step along it turns the vector, it cannot shorten it.")
def normalize_backward(x, g):
    """The gradient (n, d) of the loss by x (n, d), from that by the unit vectors x / |x|, g (n, d)."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u = x / length
    return (g - (g * u).sum(axis=1, keepdims=True) * u) / length


@normalize_backward.cases
def _(rng):
    for n, d in ((3, 4), (5, 2), (4, 6)):
        yield rng.normal(size=(n, d)) * rng.uniform(0.5, 3, size=(n, 1)), rng.normal(size=(n, d))
    yield Case((rng.normal(size=(1, 3)), rng.normal(size=(1, 3))), "a batch of one")
    yield Case((1000 * rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), "long vectors")


@normalize_backward.wrong("The length is treated as a constant, but it depends on x: the part of g along u goes away.")
def constant_length(x, g):
    return g / np.linalg.norm(x, axis=1, keepdims=True)


@normalize_backward.wrong("The division by the length is missing: a long vector turns less for the same step.")
def not_divided(x, g):
    return g - (g * _unit(x)).sum(axis=1, keepdims=True) * _unit(x)


@normalize_backward.wrong("You subtract the part along x, not along the unit vector: it is too long by |x| twice.")
def along_x(x, g):
    return (g - (g * x).sum(axis=1, keepdims=True) * x) / np.linalg.norm(x, axis=1, keepdims=True)


@normalize_backward.wrong("The part along u is added. It has no effect on the unit vector: subtract it.")
def plus(x, g):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return (g + (g * x / length).sum(axis=1, keepdims=True) * x / length) / length


@normalize_backward.wrong("You keep only the part of g along u, which is the part that has no effect.")
def only_along(x, g):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return (g * x / length).sum(axis=1, keepdims=True) * x / length**2


@normalize_backward.wrong("The dot product is summed over the batch. Each row is one vector: use `axis=1`.")
def summed_over_batch(x, g):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u = x / length
    return (g - (g * u).sum(axis=0) * u) / length


@normalize_backward.wrong("You divide by the squared length. It is the length, once.")
def squared_length(x, g):
    return normalize_backward.reference(x, g) / np.linalg.norm(x, axis=1, keepdims=True)


@normalize_backward.wrong(
    "You derive each number by itself. The length depends on all numbers of the row, so each feature of g has an "
    "effect on each feature of x.")
def each_by_itself(x, g):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return g * (1 / length - x**2 / length**3)
