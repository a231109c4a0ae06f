"""Exercises of the chapter "Attention and the Transformer"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["attention_backward", "causal_weights", "chapter", "look_up", "padded_attention", "position_table",
           "progress", "rotary_scores", "split_heads"]

chapter = Chapter("attention", title="Attention and the Transformer")


def _softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# ---- 1. Look it up softly ----

@chapter.exercise(stars=1, title="Look it up softly", hints=(
    "Three steps: a score for each key, weights from the scores, a mixture of the values. How many scores are there?",
    "All scores at once are `keys @ q`, divided by the square root of the number of features of q. For the softmax, "
    "subtract the largest score before you take `np.exp`.",
    "With `weights` of shape (s,), the mixture is `weights @ values`.",
), praise="The values may have another width than queries and keys: only the scores compare the two.")
def look_up(q, keys, values):
    """The mixture (e,) of values (s, e) for one query q (d,) that looks at keys (s, d)."""
    scores = keys @ q / np.sqrt(len(q))
    powers = np.exp(scores - scores.max())
    return powers / powers.sum() @ values


@look_up.cases
def _(rng):
    for s, d, e in ((5, 3, 2), (4, 6, 3), (7, 2, 4)):
        yield rng.normal(size=d), rng.normal(size=(s, d)), rng.normal(size=(s, e))
    yield Case((rng.normal(size=3), rng.normal(size=(1, 3)), rng.normal(size=(1, 2))), "a single key")
    yield Case((2 * rng.normal(size=4), 1000 * rng.normal(size=(6, 4)), rng.normal(size=(6, 3))), "huge scores")


@look_up.wrong("The scores are not scaled: divide them by the square root of the width of the query.")
def not_scaled(q, keys, values):
    return _softmax(keys @ q) @ values


@look_up.wrong("You divide by the width of the query. The square root is missing.")
def scaled_by_d(q, keys, values):
    return _softmax(keys @ q / len(q)) @ values


@look_up.wrong(
    "You divide by the square root of the number of keys. It is the number of features that makes scores large.")
def scaled_by_keys(q, keys, values):
    return _softmax(keys @ q / np.sqrt(len(keys))) @ values


@look_up.wrong("You multiply by the square root of d. Scores of wide vectors are too large already: divide.")
def scaled_up(q, keys, values):
    return _softmax(keys @ q * np.sqrt(len(q))) @ values


@look_up.wrong("Large scores overflow in `np.exp`. Subtract the largest score first: the weights stay the same.")
def overflow(q, keys, values):
    with np.errstate(all="ignore"):
        powers = np.exp(keys @ q / np.sqrt(len(q)))
        return powers / powers.sum() @ values


@look_up.wrong("The weights do not add up to 1: divide the powers by their sum.")
def not_normalized(q, keys, values):
    scores = keys @ q / np.sqrt(len(q))
    return np.exp(scores - scores.max()) @ values


@look_up.wrong("You return the value of the best key. Attention is softer: a mean of all values with softmax weights.")
def hard(q, keys, values):
    return values[(keys @ q).argmax()]


@look_up.wrong("You mix the keys. They are only for finding; what is handed over are the values.")
def keys_mixed(q, keys, values):
    return _softmax(keys @ q / np.sqrt(len(q))) @ keys


@look_up.wrong("The softmax is missing: you mix the values with the scores themselves, which may be negative.")
def no_softmax_at_all(q, keys, values):
    return keys @ q / np.sqrt(len(q)) @ values


# ---- 2. Weights under a causal mask ----

@chapter.exercise(stars=2, title="Weights under a causal mask", hints=(
    "Before the softmax: which places of the matrix may word 0 use? Word 1? They form a triangle.",
    "`np.tri(t, dtype=bool)` is True on and below the diagonal. With `np.where`, put `-np.inf` where it is False.",
    "Then softmax along the last axis: subtract the maximum of each row, `np.exp`, divide by the sum of each row.",
), praise="The first row is always 1, 0, 0, …: the first word can look only at itself.")
def causal_weights(scores):
    """Weights (t, t) from scores (t, t): word i looks at words 0 to i only."""
    scores = np.where(np.tri(len(scores), dtype=bool), scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@causal_weights.cases
def _(rng):
    for t in (4, 3, 6):
        yield (rng.normal(size=(t, t)),)
    yield Case((rng.normal(size=(1, 1)),), "a single word")
    yield Case((np.triu(np.full((4, 4), 1000.0), 1) + rng.normal(size=(4, 4)),), "huge scores of the future")


@causal_weights.wrong(
    "You set weights to 0 after the softmax: the rows no longer add up to 1, and their sums give the future away.")
def masked_after(scores):
    return np.tril(_softmax(scores))


@causal_weights.wrong(
    "Forbidden scores become 0, and a score of 0 still has the weight exp(0) = 1. It takes `-np.inf`.")
def zero_scores(scores):
    return _softmax(np.tril(scores))


@causal_weights.wrong("Your triangle is the other one: each word looks at the future, not at the past.")
def other_triangle(scores):
    return _softmax(np.where(np.tri(len(scores), dtype=bool).T, scores, -np.inf))


@causal_weights.wrong("A word may look at itself, too: the diagonal belongs to the allowed places.")
def without_itself(scores):
    mask = np.tri(len(scores), k=-1, dtype=bool)
    with np.errstate(invalid="ignore"):
        return _softmax(np.where(mask, scores, -np.inf))


@causal_weights.wrong("One word too many: word i sees word i + 1.")
def one_ahead(scores):
    return _softmax(np.where(np.tri(len(scores), k=1, dtype=bool), scores, -np.inf))


@causal_weights.wrong(
    "The columns add up to 1, not the rows. A row belongs to the word that looks: softmax goes along axis 1.")
def wrong_axis(scores):
    return _softmax(np.where(np.tri(len(scores), dtype=bool), scores, -np.inf), axis=0)


@causal_weights.wrong(
    "Masked after the softmax and then divided by the sums: right for small scores. Where a forbidden score is huge, "
    "all allowed weights have already become 0, and 0 / 0 is left.")
def divided_again(scores):
    weights = np.tril(_softmax(scores))
    with np.errstate(invalid="ignore"):
        return weights / weights.sum(axis=1, keepdims=True)


@causal_weights.wrong("Nothing is masked: each word sees all others.")
def without_mask(scores):
    return _softmax(scores)


@causal_weights.wrong("You add 1 to the allowed scores. That favors them a little; the future is still seen.")
def ones_added(scores):
    return _softmax(scores + np.tri(len(scores)))


# ---- 3. Split into heads ----

@chapter.exercise(stars=2, title="Split into heads", hints=(
    "First cut only the last axis, d, into heads and features of a head: four axes. In which order do they stand?",
    "`x.reshape(n, t, heads, d // heads)` keeps every number with its word. Which two axes must change places?",
    "`.swapaxes(1, 2)` makes (n, heads, t, d // heads) of it.",
), praise="A reshape cuts memory in its order, a swap of axes moves it: here it takes both, in this order.")
def split_heads(x, heads):
    """x (n, t, d) -> (n, heads, t, d // heads), each head a part of every word's features."""
    n, t, d = x.shape
    return x.reshape(n, t, heads, d // heads).swapaxes(1, 2)


@split_heads.cases
def _(rng):
    for n, t, d, heads in ((2, 5, 6, 3), (3, 4, 10, 2), (2, 3, 12, 4)):
        yield rng.normal(size=(n, t, d)), heads
    yield Case((rng.normal(size=(2, 3, 4)), 1), "a single head")
    yield Case((rng.normal(size=(1, 5, 3)), 3), "heads of one feature")
    yield Case((rng.normal(size=(2, 4, 8)), 4), "as many heads as words")


@split_heads.wrong(
    "The shape is right, but the reshape alone cuts across words: a \"word\" of a head is made of pieces of several. "
    "Cut the last axis first, then swap two axes.")
def reshape_only(x, heads):
    n, t, d = x.shape
    return x.reshape(n, heads, t, d // heads)


@split_heads.wrong("The swap is missing: the heads stand behind the words. They must stand before them.")
def no_swap(x, heads):
    n, t, d = x.shape
    return x.reshape(n, t, heads, d // heads)


@split_heads.wrong(
    "Your heads take every h-th feature. A head has neighboring features: the axis of heads stands before that of "
    "features.")
def interleaved(x, heads):
    n, t, d = x.shape
    return x.reshape(n, t, d // heads, heads).transpose(0, 3, 1, 2)


@split_heads.wrong("Words and features of a head are exchanged: the last axis holds the features.")
def features_before_words(x, heads):
    n, t, d = x.shape
    return x.reshape(n, t, heads, d // heads).transpose(0, 2, 3, 1)


@split_heads.wrong("The axis of heads comes first; the batch must stay in front.")
def heads_first(x, heads):
    n, t, d = x.shape
    return x.reshape(n, t, heads, d // heads).transpose(2, 0, 1, 3)


@split_heads.wrong("You give head j the features of the last head first: the heads are in reverse order.")
def heads_reversed(x, heads):
    return split_heads.reference(x, heads)[:, ::-1]


# ---- 4. A table of positions ----

@chapter.exercise(stars=2, title="A table of positions", hints=(
    "First all frequencies: `np.arange(0, d, 2)` counts 0, 2, 4, …, that is 2i. There are d / 2 of them.",
    "The angles are positions times frequencies, an array (length, d / 2): `np.arange(length)[:, None] * omega`.",
    "Make an array of zeros (length, d) and fill `table[:, 0::2]` with sines, `table[:, 1::2]` with cosines.",
), praise="Position 0 is 0, 1, 0, 1, …: all hands of the clock point to the same hour.")
def position_table(length, d, base):
    """The sinusoidal table (length, d): sine in even columns, cosine in odd ones."""
    omega = base ** (-np.arange(0, d, 2) / d)
    angles = np.arange(length)[:, None] * omega
    table = np.zeros((length, d))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table


@position_table.cases
def _(rng):
    yield from ((5, 6, 10000.0), (9, 4, 100.0), (3, 10, 10000.0))
    yield Case((7, 2, 50.0), "a single pair")
    yield Case((1, 8, 10000.0), "a single position")


def _table(omega, length):
    angles = np.arange(length)[:, None] * omega
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, -1)


@position_table.wrong("All sines stand in front, all cosines behind. Here they alternate: even and odd columns.")
def side_by_side(length, d, base):
    table = position_table.reference(length, d, base)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


@position_table.wrong("Sine and cosine are exchanged: sine belongs into the even columns.")
def exchanged(length, d, base):
    return position_table.reference(length, d, base).reshape(length, -1, 2)[..., ::-1].reshape(length, d)


@position_table.wrong("The exponent is i / d. It must be 2i / d: it goes from 0 nearly to 1 over the d / 2 pairs.")
def half_exponent(length, d, base):
    return _table(base ** (-np.arange(d // 2) / d), length)


@position_table.wrong(
    "Each column has a frequency of its own. Sine and cosine of a pair share one: column 2i + 1 uses 2i as well.")
def own_frequencies(length, d, base):
    angles = np.arange(length)[:, None] * base ** (-np.arange(d) / d)
    return np.where(np.arange(d) % 2 == 0, np.sin(angles), np.cos(angles))


@position_table.wrong("The positions begin at 1. The first one is 0.")
def from_one(length, d, base):
    return position_table.reference(length + 1, d, base)[1:]


@position_table.wrong("The minus sign of the exponent is missing: the frequencies must fall from 1, not rise.")
def rising(length, d, base):
    return _table(base ** (np.arange(0, d, 2) / d), length)


@position_table.wrong("The base is 10000 whatever the argument says: use `base`.")
def fixed_base(length, d, base):
    return position_table.reference(length, d, 10000.0)


# ---- 5. Scores with rotary positions ----

@chapter.exercise(stars=3, title="Scores with rotary positions", hints=(
    "Write a helper that turns x (t, d) at positions (t,), and use it twice: for the queries at "
    "`start + np.arange(t)`, for the keys at `np.arange(s)`.",
    "With even = x[:, 0::2] and odd = x[:, 1::2], a turn by `angle` is (even cos - odd sin, even sin + odd cos).",
    "Put the pairs back: `np.stack([…, …], axis=-1).reshape(x.shape)`. The scores are `turned_q @ turned_k.T / "
    "np.sqrt(d)`.",
), praise="Add 7 to `start` and to all positions of the keys: not a single score changes.")
def rotary_scores(q, k, start):
    """Scores (t, s) of queries q (t, d) from position start on with keys k (s, d) from 0 on, over the root of d."""
    d = q.shape[1]
    omega = 10000.0 ** (-np.arange(0, d, 2) / d)

    def turned(x, first):
        angles = (first + np.arange(len(x)))[:, None] * omega
        cos, sin, even, odd = np.cos(angles), np.sin(angles), x[:, 0::2], x[:, 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)

    return turned(q, start) @ turned(k, 0).T / np.sqrt(d)


@rotary_scores.cases
def _(rng):
    for t, s, d, start in ((3, 5, 4, 2), (2, 6, 8, 4), (4, 3, 6, 0)):
        yield rng.normal(size=(t, d)), rng.normal(size=(s, d)), start
    yield Case((rng.normal(size=(1, 6)), rng.normal(size=(9, 6)), 8), "one new word behind eight old ones")
    yield Case((rng.normal(size=(2, 2)), rng.normal(size=(3, 2)), 1), "a single pair")
    yield Case((rng.normal(size=(1, 4)), rng.normal(size=(2, 4)), 500), "far away")


def _turned(x, positions, sign=1, halves=False):
    d = x.shape[1]
    angles = sign * positions[:, None] * 10000.0 ** (-np.arange(0, d, 2) / d)
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = (x[:, :d // 2], x[:, d // 2:]) if halves else (x[:, 0::2], x[:, 1::2])
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


@rotary_scores.wrong(
    "`start` changes nothing: the queries begin there, the keys at 0. (Both from `start` on is the same as both from "
    "0: only the distance counts.)")
def start_forgotten(q, k, start):
    return rotary_scores.reference(q, k, 0)


@rotary_scores.wrong(
    "Queries and keys are turned in opposite directions, so that the scores depend on the sum of the positions.")
def opposite(q, k, start):
    return _turned(q, start + np.arange(len(q))) @ _turned(k, np.arange(len(k)), -1).T / np.sqrt(q.shape[1])


@rotary_scores.wrong("Only the queries are turned. The keys must turn with their positions, too.")
def keys_still(q, k, start):
    return _turned(q, start + np.arange(len(q))) @ k.T / np.sqrt(q.shape[1])


@rotary_scores.wrong("The scores are not divided by the square root of d.")
def not_divided(q, k, start):
    return rotary_scores.reference(q, k, start) * np.sqrt(q.shape[1])


@rotary_scores.wrong(
    "You pair feature i with feature i + d / 2, as some libraries do. Here the pairs are neighbors: (0, 1), (2, 3), …")
def halves(q, k, start):
    positions = start + np.arange(len(q)), np.arange(len(k))
    return _turned(q, positions[0], halves=True) @ _turned(k, positions[1], halves=True).T / np.sqrt(q.shape[1])


@rotary_scores.wrong("The sign of one sine is wrong: this is no rotation, it changes the lengths of the vectors.")
def no_rotation(q, k, start):
    def shear(x, first):
        angles = (first + np.arange(len(x)))[:, None] * 10000.0 ** (-np.arange(0, x.shape[1], 2) / x.shape[1])
        cos, sin, even, odd = np.cos(angles), np.sin(angles), x[:, 0::2], x[:, 1::2]
        return np.stack([even * cos + odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)
    return shear(q, start) @ shear(k, 0).T / np.sqrt(q.shape[1])


@rotary_scores.wrong("Nothing is turned: these are the scores without positions.")
def not_turned(q, k, start):
    return q @ k.T / np.sqrt(q.shape[1])


@rotary_scores.wrong("All queries stand at `start`. The second one stands at `start + 1`, and so on.")
def all_at_start(q, k, start):
    return _turned(q, np.full(len(q), start)) @ _turned(k, np.arange(len(k))).T / np.sqrt(q.shape[1])


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Let all scores be negative, and fill up the sentence. Which place gets the largest weight?",
    "A forbidden score is multiplied by 0, so it becomes 0. Which weight has a score of 0?",
    "Forbidden scores must become `-np.inf` before the softmax: `np.where(filled[:, None, :], -np.inf, scores)`.",
), praise="Multiplied by 0 the score was gone, and the weight stayed: exp(0) is 1.")
def padded_attention(query, key, value, lengths):
    """Mixtures (n, t, e) for queries (n, t, d), keys (n, s, d), values (n, s, e), without what is filled."""
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
    filled = np.arange(key.shape[1]) >= lengths[:, None]
    scores = np.where(filled[:, None, :], -np.inf, scores)
    powers = np.exp(scores - scores.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True) @ value


@padded_attention.cases
def _(rng):
    for n, t, s, d, e, lengths in ((2, 3, 5, 4, 2, (5, 2)), (3, 2, 4, 5, 3, (1, 4, 3)), (2, 4, 6, 3, 5, (2, 4))):
        yield (rng.normal(size=(n, t, d)), rng.normal(size=(n, s, d)), rng.normal(size=(n, s, e)),
               np.array(lengths))
    yield Case((rng.normal(size=(1, 2, 3)), rng.normal(size=(1, 4, 3)), rng.normal(size=(1, 4, 2)), np.array([4])),
               "nothing is filled")
    yield Case((rng.normal(size=(2, 3, 4)), 500 * rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 3)),
                np.array([1, 3])), "huge scores")


@padded_attention.given
def _(query, key, value, lengths):
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
    filled = np.arange(key.shape[1]) >= lengths[:, None]
    scores = scores * ~filled[:, None, :]
    powers = np.exp(scores - scores.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True) @ value


def _padded(query, key, value, lengths, change, axis=2):
    """Like padded_attention, with `change(scores, filled)` for the mask."""
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
    filled = np.broadcast_to((np.arange(key.shape[1]) >= lengths[:, None])[:, None, :], scores.shape)
    return _softmax(change(scores, filled), axis) @ value


@padded_attention.wrong("You add 0 and 1: adding 1 to the allowed scores is far too little to silence the others.")
def added_ones(query, key, value, lengths):
    return _padded(query, key, value, lengths, lambda scores, filled: scores + ~filled)


@padded_attention.wrong("Your mask is the opposite: now the queries look only at what is filled.")
def opposite_mask(query, key, value, lengths):
    def only_filled(scores, filled):
        return np.where(filled, scores, -1e9)
    return _padded(query, key, value, lengths, only_filled)


@padded_attention.wrong(
    "The weights of filled places are 0 now, but those that are left do not add up to 1: mask before the softmax.")
def after_softmax(query, key, value, lengths):
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
    filled = np.arange(key.shape[1]) >= lengths[:, None]
    return np.where(filled[:, None, :], 0, _softmax(scores)) @ value


@padded_attention.wrong("Off by one: the last real place is masked as well. Place `lengths - 1` still counts.")
def off_by_one(query, key, value, lengths):
    return padded_attention.reference(query, key, value, np.maximum(lengths - 1, 1))


@padded_attention.wrong(
    "-1 is not low enough: a filled place still gets a weight. It takes `-np.inf`.")
def minus_one(query, key, value, lengths):
    return _padded(query, key, value, lengths, lambda scores, filled: np.where(filled, -1.0, scores))


@padded_attention.wrong(
    "The softmax goes along the wrong axis now: each query has its own weights over the keys, axis 2.")
def over_queries(query, key, value, lengths):
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
    filled = np.arange(key.shape[1]) >= lengths[:, None]
    return np.where(filled[:, None, :], 0, _softmax(scores, axis=1)) @ value


@padded_attention.wrong("Without any mask all places count, filled ones too.")
def no_mask(query, key, value, lengths):
    return _padded(query, key, value, lengths, lambda scores, filled: scores)


# ---- 7. The gradient of attention ----

@chapter.exercise(stars=3, title="The gradient of attention", hints=(
    "y = a V. Each value row j went into y with the factor a[j]: what is the gradient of row j? And by a[j] itself?",
    "`g_values = np.outer(weights, g)`, and the gradient by the weights is `values @ g`. Now through the softmax: its "
    "Jacobian is diag(a) - a a^T.",
    "`g_weights = values @ g`, then `g_scores = weights * (g_weights - weights @ g_weights)`.",
), praise="Where a weight is nearly 0 or 1, the gradient of its score nearly vanishes: saturation, in the formula.")
def attention_backward(weights, values, g):
    """(g_scores, g_values) from g (e,), for y = weights @ values and weights = softmax(scores)."""
    g_weights = values @ g
    return weights * (g_weights - weights @ g_weights), np.outer(weights, g)


@attention_backward.cases
def _(rng):
    for s, e in ((4, 3), (6, 2), (3, 5)):
        yield _softmax(rng.normal(size=s)), rng.normal(size=(s, e)), rng.normal(size=e)
    yield Case((np.array([1.0]), rng.normal(size=(1, 3)), rng.normal(size=3)), "a single key")
    yield Case((_softmax(30 * rng.normal(size=5)), rng.normal(size=(5, 4)), rng.normal(size=4)),
               "a saturated softmax")


@attention_backward.wrong(
    "`g_scores` is the gradient by the weights. The way back through the softmax is missing.")
def no_softmax(weights, values, g):
    return values @ g, np.outer(weights, g)


@attention_backward.wrong(
    "The scores act on each other through the sum below the fraction: subtract `weights @ g_weights` first.")
def diagonal_only(weights, values, g):
    return weights * (values @ g), np.outer(weights, g)


@attention_backward.wrong("You subtract the plain mean. It must be the mean with the weights: `weights @ g_weights`.")
def plain_mean(weights, values, g):
    g_weights = values @ g
    return weights * (g_weights - g_weights.mean()), np.outer(weights, g)


@attention_backward.wrong(
    "a (1 - a) is the derivative of a score by its own weight only, as for a sigmoid. Each weight depends on all "
    "scores.")
def as_sigmoid(weights, values, g):
    return weights * (1 - weights) * (values @ g), np.outer(weights, g)


@attention_backward.wrong("`g_values` lacks the weights: row j of the values went into y with the factor weights[j].")
def values_without_weights(weights, values, g):
    return attention_backward.reference(weights, values, g)[0], np.outer(np.ones(len(weights)), g)


@attention_backward.wrong("The sign of `g_scores` is wrong: it is the own gradient minus the mean, not the reverse.")
def wrong_sign(weights, values, g):
    g_scores, g_values = attention_backward.reference(weights, values, g)
    return -g_scores, g_values


@attention_backward.wrong("The two gradients are right, but in the other order: first `g_scores`, then `g_values`.")
def other_order(weights, values, g):
    return attention_backward.reference(weights, values, g)[::-1]
