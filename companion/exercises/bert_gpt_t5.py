"""Exercises of the chapter "BERT, GPT and T5"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "cut_spans", "gpt_parameters", "hide_tokens", "merge_pair", "padded_batch", "progress", "top_p"]

chapter = Chapter("bert_gpt_t5", title="BERT, GPT and T5")


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# ---- 1. One merge ----

@chapter.exercise(stars=1, title="One merge", hints=(
    "Walk through the parts with an index `i`. What do you append, and how far do you go, if the parts at i and i + 1 "
    "are the pair? And if not?",
    "If `parts[i:i + 2] == list(pair)`, append the two joined and go on by 2; otherwise append `parts[i]` and go on "
    "by 1. The slice of the last part has length 1, so it never equals the pair.",
    "A `while i < len(parts)` loop does it: `merged.append(pair[0] + pair[1]); i += 2` or "
    "`merged.append(parts[i]); i += 1`.",
), praise="In `a a a` only the first two are joined: pairs are taken from the left and never overlap.")
def merge_pair(parts, pair):
    """The parts of a word (list of strings) after every occurrence of pair was joined, from the left."""
    merged, i = [], 0
    while i < len(parts):
        if parts[i:i + 2] == list(pair):
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(parts[i])
            i += 1
    return merged


@merge_pair.cases
def _(rng):
    yield from ((list("banana"), ("a", "n")), (list("the other hat"), ("t", "h")),
                (["b", "an", "an", "a", "n"], ("an", "a")))
    yield Case((list("aaaaa"), ("a", "a")), "the same letter five times")
    yield Case((["ab", "c", "a", "bc"], ("a", "bc")), "two ways to write the same letters")
    yield Case((["x"], ("x", "y")), "a single part")
    yield Case((list("seen"), ("n", "e")), "a pair that does not occur")


@merge_pair.wrong("Only the first occurrence is joined. A word can contain the pair several times.")
def first_only(parts, pair):
    for i in range(len(parts) - 1):
        if parts[i:i + 2] == list(pair):
            return [*parts[:i], pair[0] + pair[1], *parts[i + 2:]]
    return list(parts)


@merge_pair.wrong("After a joined pair its second part stands there once more: go on by 2, not by 1.")
def second_repeated(parts, pair):
    return [parts[i] + parts[i + 1] if parts[i:i + 2] == list(pair) else parts[i] for i in range(len(parts))]


@merge_pair.wrong("The last part is lost when it is not joined: the loop ends one step too early.")
def last_lost(parts, pair):
    merged, i = [], 0
    while i < len(parts) - 1:
        found = parts[i:i + 2] == list(pair)
        merged.append(parts[i] + parts[i + 1] if found else parts[i])
        i += 2 if found else 1
    return merged


@merge_pair.wrong("You join from the right. With the same letter five times the rest must be at the end.")
def from_the_right(parts, pair):
    merged, i = [], len(parts)
    while i > 0:
        found = i > 1 and parts[i - 2:i] == list(pair)
        merged.insert(0, parts[i - 2] + parts[i - 1] if found else parts[i - 1])
        i -= 2 if found else 1
    return merged


@merge_pair.wrong(
    "You compare the joined letters. `ab` + `c` has the same letters as the pair (`a`, `bc`), but is another pair.")
def joined_letters(parts, pair):
    merged, i = [], 0
    while i < len(parts):
        found = i + 1 < len(parts) and parts[i] + parts[i + 1] == pair[0] + pair[1]
        merged.append(parts[i] + parts[i + 1] if found else parts[i])
        i += 2 if found else 1
    return merged


@merge_pair.wrong("You replace in the joined string and cut it into letters: parts that earlier merges made are lost.")
def cut_into_letters(parts, pair):
    return merge_pair.reference(list("".join(parts)), pair)


@merge_pair.wrong("The pair is joined in the wrong order: its first part comes first.")
def joined_backwards(parts, pair):
    joined = merge_pair.reference(parts, pair)
    return [pair[1] + pair[0] if part == pair[0] + pair[1] else part for part in joined]


# ---- 2. Hide tokens ----

@chapter.exercise(stars=2, title="Hide tokens as BERT does", hints=(
    "Start with `inputs = ids.copy()` and `targets = np.full(len(ids), -100)`. Which places of the targets change?",
    "`targets[chosen] = ids[chosen]`: all chosen places are asked for, whatever becomes of them in the input.",
    "`inputs[chosen] = np.where(fate < 0.8, mask_id, np.where(fate < 0.9, others, ids[chosen]))`.",
), praise="A tenth of the chosen tokens stays as it was, and is asked for all the same.")
def hide_tokens(ids, chosen, fate, others, mask_id):
    """(inputs, targets): chosen places get mask_id if fate < 0.8, else others if fate < 0.9; other targets are -100."""
    inputs, targets = ids.copy(), np.full(len(ids), -100)
    targets[chosen] = ids[chosen]
    inputs[chosen] = np.where(fate < 0.8, mask_id, np.where(fate < 0.9, others, ids[chosen]))
    return inputs, targets


@hide_tokens.cases
def _(rng):
    for n, k in ((12, 5), (20, 7), (9, 4)):
        fate = np.concatenate([[0.85, 0.95, 0.1], rng.random(k - 3)])
        yield rng.integers(10, 60, size=n), rng.permutation(n)[:k], fate, rng.integers(60, 90, size=k), 1
    yield Case((np.array([17, 23, 31]), np.array([1]), np.array([0.3]), np.array([44]), 5), "one place, masked")
    yield Case((np.array([17, 23, 31, 8]), np.array([3]), np.array([0.97]), np.array([44]), 5), "one place, kept")


@hide_tokens.wrong("All places are targets. Only the chosen ones are asked for; the others are -100.")
def all_asked(ids, chosen, fate, others, mask_id):
    return hide_tokens.reference(ids, chosen, fate, others, mask_id)[0], ids.copy()


@hide_tokens.wrong("The targets are taken from the changed inputs and ask for the mask itself. Take them from `ids`.")
def targets_after(ids, chosen, fate, others, mask_id):
    inputs, targets = hide_tokens.reference(ids, chosen, fate, others, mask_id)
    targets[chosen] = inputs[chosen]
    return inputs, targets


@hide_tokens.wrong("Every chosen token is masked. A fifth of them is not: compare `fate` with 0.8 and 0.9.")
def always_masked(ids, chosen, fate, others, mask_id):
    return hide_tokens.reference(ids, chosen, np.zeros(len(fate)), others, mask_id)


@hide_tokens.wrong("Replaced and kept tokens are exchanged: another token from 0.8 to 0.9, the old one from 0.9 on.")
def exchanged(ids, chosen, fate, others, mask_id):
    swapped = np.where(fate < 0.8, fate, np.where(fate < 0.9, 0.95, 0.85))
    return hide_tokens.reference(ids, chosen, swapped, others, mask_id)


@hide_tokens.wrong("Only masked places are asked for. Replaced and kept tokens are asked for, too.")
def only_masked_asked(ids, chosen, fate, others, mask_id):
    inputs, targets = hide_tokens.reference(ids, chosen, fate, others, mask_id)
    targets[chosen[fate >= 0.8]] = -100
    return inputs, targets


@hide_tokens.wrong("Kept tokens are not asked for. They must be: otherwise the network may copy all it sees unmasked.")
def kept_not_asked(ids, chosen, fate, others, mask_id):
    inputs, targets = hide_tokens.reference(ids, chosen, fate, others, mask_id)
    targets[chosen[fate >= 0.9]] = -100
    return inputs, targets


@hide_tokens.wrong("Places that do not count have the target 0 with you. 0 is a token: the mark is -100.")
def zero_targets(ids, chosen, fate, others, mask_id):
    inputs, targets = hide_tokens.reference(ids, chosen, fate, others, mask_id)
    return inputs, np.where(targets == -100, 0, targets)


@hide_tokens.wrong("Two conditions in a row: a fate below 0.8 is also below 0.9, so your masks are replaced again.")
def masks_overwritten(ids, chosen, fate, others, mask_id):
    return hide_tokens.reference(ids, chosen, np.where(fate < 0.9, 0.85, fate), others, mask_id)


@hide_tokens.wrong("Your mask is at the places that were not chosen.")
def the_rest_masked(ids, chosen, fate, others, mask_id):
    inputs, targets = np.full(len(ids), mask_id), np.full(len(ids), -100)
    inputs[chosen], targets[chosen] = ids[chosen], ids[chosen]
    return inputs, targets


# ---- 3. Cut spans ----

@chapter.exercise(stars=3, title="Cut spans as T5 does", hints=(
    "Go through the spans with a place `at` that says how far the sentence is done: first the kept tokens from `at` to "
    "the start of the span, then the span itself.",
    "For span k: `source += [*ids[at:start], sentinel + k]`, `target += [sentinel + k, *ids[start:start + size]]`, "
    "then `at = start + size`.",
    "After the loop the rest of the sentence goes to the source, `source += [*ids[at:]]`, and `end` to the target.",
), praise="Source and target together hold every token once: nothing is lost, and the sentinels say where it was.")
def cut_spans(ids, starts, sizes, sentinel, end):
    """(source, target) lists: span k is sentinel + k in the source; in the target the span follows it; then end."""
    source, target, at = [], [], 0
    for k, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        source += [*ids[at:start], sentinel + k]
        target += [sentinel + k, *ids[start:start + size]]
        at = start + size
    return [*source, *ids[at:]], [*target, end]


@cut_spans.cases
def _(rng):
    for n, starts, sizes in ((12, [2, 7], [3, 2]), (10, [1, 4, 7], [1, 2, 1]), (9, [3], [4])):
        yield rng.integers(20, 90, size=n).tolist(), starts, sizes, 4, 3
    yield Case((rng.integers(20, 90, size=6).tolist(), [0], [2], 4, 3), "a span at the beginning")
    yield Case((rng.integers(20, 90, size=7).tolist(), [1, 5], [1, 2], 10, 2), "a span at the end")


@cut_spans.wrong("All spans have the same sentinel. Span k has `sentinel + k`: otherwise nobody knows which is which.")
def one_sentinel(ids, starts, sizes, sentinel, end):
    source, target = cut_spans.reference(ids, starts, sizes, sentinel, end)
    marks = range(sentinel + 1, sentinel + len(starts))
    return [[sentinel if i in marks else i for i in part] for part in (source, target)]


@cut_spans.wrong("The target lacks `end` behind the last span, so the network never learns to stop.")
def no_end(ids, starts, sizes, sentinel, end):
    source, target = cut_spans.reference(ids, starts, sizes, sentinel, end)
    return source, target[:-1]


@cut_spans.wrong("The sentinels are missing in the target: it must say which span comes next.")
def bare_target(ids, starts, sizes, sentinel, end):
    source, target = cut_spans.reference(ids, starts, sizes, sentinel, end)
    return source, [i for i in target if not sentinel <= i < sentinel + len(starts)]


@cut_spans.wrong("A sentinel for every lost token is what BERT's mask does. Here one sentinel stands for a whole span.")
def one_for_each_token(ids, starts, sizes, sentinel, end):
    source = list(ids)
    for k, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        source[start:start + size] = [sentinel + k] * size
    return source, cut_spans.reference(ids, starts, sizes, sentinel, end)[1]


@cut_spans.wrong(
    "After the first span your places are off: the source has become shorter, and `starts` belong to the old sentence.")
def shifted(ids, starts, sizes, sentinel, end):
    source, target = list(ids), []
    for k, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        target += [sentinel + k, *source[start:start + size]]
        source[start:start + size] = [sentinel + k]
    return source, [*target, end]


@cut_spans.wrong("The rest of the sentence behind the last span is missing in the source.")
def no_rest(ids, starts, sizes, sentinel, end):
    source, target = cut_spans.reference(ids, starts, sizes, sentinel, end)
    return source[:len(source) - (len(ids) - starts[-1] - sizes[-1])], target


@cut_spans.wrong("Your spans are one token too long: a span of size 2 at 5 holds the tokens 5 and 6.")
def one_too_long(ids, starts, sizes, sentinel, end):
    return cut_spans.reference(ids, starts, [size + 1 for size in sizes], sentinel, end)


@cut_spans.wrong("For each span you copy the sentence from its beginning. Go on where the span before has ended.")
def from_the_beginning(ids, starts, sizes, sentinel, end):
    source = []
    for k, start in enumerate(starts):
        source += [*ids[:start], sentinel + k]
    return [*source, *ids[starts[-1] + sizes[-1]:]], cut_spans.reference(ids, starts, sizes, sentinel, end)[1]


@cut_spans.wrong("You take a size for an end: the span that begins at `start` ends before `start + size`.")
def size_as_end(ids, starts, sizes, sentinel, end):
    target = []
    for k, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        target += [sentinel + k, *ids[start:size]]
    return cut_spans.reference(ids, starts, sizes, sentinel, end)[0], [*target, end]


@cut_spans.wrong("Source and target are exchanged: first comes what the encoder reads.")
def other_order(ids, starts, sizes, sentinel, end):
    return cut_spans.reference(ids, starts, sizes, sentinel, end)[::-1]


# ---- 4. The nucleus ----

@chapter.exercise(stars=2, title="The nucleus", hints=(
    "Sort the probabilities from large to small with `order = np.argsort(-probabilities)`, and add them up with "
    "`np.cumsum`.",
    "A token is kept if the sum of those *before* it is below p: so the one that crosses p is kept as well, and the "
    "most likely one always.",
    "`before = np.cumsum(sorted_p) - sorted_p`; `kept = np.zeros(v); kept[order[before < p]] = "
    "probabilities[order[before < p]]`; return `kept / kept.sum()`.",
), praise="Where the model is sure the nucleus is one token, elsewhere it may be a hundred: top-k cannot do that.")
def top_p(logits, p):
    """Probabilities (v,): the fewest likely tokens that together reach p keep theirs, scaled to the sum 1."""
    powers = np.exp(logits - logits.max())
    probabilities = powers / powers.sum()
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros(len(logits))
    nucleus = order[before < p]
    kept[nucleus] = probabilities[nucleus]
    return kept / kept.sum()


@top_p.cases
def _(rng):
    for v, p in ((7, 0.8), (5, 0.6), (12, 0.9)):
        yield 1.5 * rng.normal(size=v), p
    yield Case((np.log([0.3, 0.25, 0.2, 0.15, 0.1]), 0.35), "five tokens of similar probability")
    yield Case((rng.normal(size=6), 0.01), "a tiny p")
    yield Case((rng.normal(size=5), 1.0), "p = 1")
    yield Case((1000 + rng.normal(size=6), 0.7), "logits near 1000")


def _nucleus(logits, chosen, scaled=True):
    p = _softmax(logits)
    kept = np.where(chosen(p), p, 0)
    with np.errstate(invalid="ignore"):
        return kept / kept.sum() if scaled else kept


def _before(p):
    order = np.argsort(-p)
    before = np.empty(len(p))
    before[order] = np.cumsum(p[order]) - p[order]
    return before


@top_p.wrong("The token that crosses p is missing: the kept ones must *reach* p. With a tiny p nothing would be left.")
def crossing_left_out(logits, p):
    return _nucleus(logits, lambda q: _before(q) + q <= p)


@top_p.wrong("The kept probabilities do not add up to 1: divide by their sum.")
def not_scaled(logits, p):
    return _nucleus(logits, lambda q: _before(q) < p, scaled=False)


@top_p.wrong("Your probabilities are sorted. Each must stand at the place of its own token.")
def still_sorted(logits, p):
    return np.sort(top_p.reference(logits, p))[::-1]


@top_p.wrong("You keep tokens with a probability of at least p. It is their sum that must reach p.")
def as_threshold(logits, p):
    return _nucleus(logits, lambda q: (q >= p) | (q == q.max()))


@top_p.wrong("You begin with the unlikely tokens. Sort from large to small.")
def tail_kept(logits, p):
    def chosen(q):
        order, before = np.argsort(q), np.empty(len(q))
        before[order] = np.cumsum(q[order]) - q[order]
        return before < p
    return _nucleus(logits, chosen)


@top_p.wrong("You add up in the order of the vocabulary: sort by probability first.")
def unsorted(logits, p):
    return _nucleus(logits, lambda q: np.cumsum(q) - q < p)


@top_p.wrong("The cut is at 1 - p. The kept tokens together shall reach p.")
def one_minus_p(logits, p):
    return _nucleus(logits, lambda q: (_before(q) < 1 - p) | (q == q.max()))


@top_p.wrong("Logits near 1000 overflow in `np.exp`. Subtract the largest first.")
def exp_overflow(logits, p):
    with np.errstate(all="ignore"):
        q = np.exp(logits) / np.exp(logits).sum()
        kept = np.where(_before(q) < p, q, 0)
        return kept / kept.sum()


# ---- 5. The size of a GPT ----

@chapter.exercise(stars=2, title="The size of a GPT", hints=(
    "Four parts: the table of tokens, the table of positions, the blocks, the last norm. The output uses the table of "
    "tokens once more, so it adds nothing.",
    "A block has 12 d^2 weights: 4 d^2 in the attention, 8 d^2 in the feed-forward part. Its biases are 3d, d, 4d and "
    "d, and its two norms have 2d each.",
    "Together a block has 12 d^2 + 13 d. The last norm has 2 d.",
), praise="With 50257, 1024, 12 and 768 it gives 124,439,808, the smallest GPT-2 to the last digit.")
def gpt_parameters(vocabulary, context, depth, d):
    """Parameters of a GPT-2: tied table of tokens, learned positions, depth blocks of width d, last norm."""
    block = 12 * d**2 + 13 * d
    return vocabulary * d + context * d + depth * block + 2 * d


@gpt_parameters.cases
def _(rng):
    yield from ((50257, 1024, 12, 768), (400, 48, 2, 40), (65, 256, 6, 384), (1000, 128, 3, 64))
    yield Case((50257, 1024, 48, 1600), "the largest GPT-2")
    yield Case((10, 5, 1, 4), "a tiny one")


@gpt_parameters.wrong("You count the output layer, too. Its weights are the table of tokens: they are tied.")
def untied(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) + vocabulary * d


@gpt_parameters.wrong("The biases and norms of the blocks are missing: 13 d for each block.")
def no_biases(vocabulary, context, depth, d):
    return vocabulary * d + context * d + depth * 12 * d**2 + 2 * d


@gpt_parameters.wrong("The table of positions is missing: one row of d numbers for each place of the context.")
def no_positions(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, 0, depth, d)


@gpt_parameters.wrong("The norm behind the last block is missing: 2 d.")
def no_last_norm(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) - 2 * d


@gpt_parameters.wrong("The two norms of a block have a weight *and* a bias each, 4 d together; you count half of them.")
def norms_without_bias(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) - 2 * d * depth




@gpt_parameters.wrong(
    "4 d are missing in each block: either its two norms, or the biases of the attention (3 d and d).")
def four_d_missing(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) - 4 * d * depth


@gpt_parameters.wrong("Your block has cross-attention as well. A GPT has no encoder to look at: 12 d^2, not 16 d^2.")
def with_cross_attention(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) + depth * (4 * d**2 + 6 * d)


@gpt_parameters.wrong("The feed-forward part is four times as wide as the block: 8 d^2 weights in its two matrices.")
def narrow_feed_forward(vocabulary, context, depth, d):
    return gpt_parameters.reference(vocabulary, context, depth, d) - depth * (6 * d**2 + 3 * d)


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Take the sentences [7, 8] and [5, 6, 9, 4] and write inputs and targets on paper. Which predictions count in the "
    "shorter row?",
    "Behind the end of a sentence nothing is to be predicted. Which target tells the loss to leave a place out?",
    "Fill the inputs with 0, the targets with -100: `np.full(shape, -100)`.",
), praise="With the bug the loss looked better and better: to predict the filling behind the end is easy.")
def padded_batch(sentences, start, end):
    """(inputs, targets), both (n, longest + 1), of a causal model; inputs are filled with 0, targets with -100."""
    shape = len(sentences), 1 + max(len(s) for s in sentences)
    inputs, targets = np.zeros(shape, int), np.full(shape, -100)
    for i, s in enumerate(sentences):
        inputs[i, :len(s) + 1] = [start, *s]
        targets[i, :len(s) + 1] = [*s, end]
    return inputs, targets


@padded_batch.cases
def _(rng):
    for lengths in ((3, 5), (4, 2, 6), (2, 7, 3, 5)):
        yield [rng.integers(10, 50, size=n).tolist() for n in lengths], 2, 3
    yield Case(([[11, 12, 13], [14, 15, 16]], 2, 3), "equal lengths")
    yield Case(([[11], [12, 13]], 8, 9), "a sentence of one token")


@padded_batch.given
def _(sentences, start, end):
    shape = len(sentences), 1 + max(len(s) for s in sentences)
    inputs, targets = np.zeros(shape, int), np.zeros(shape, int)
    for i, s in enumerate(sentences):
        inputs[i, :len(s) + 1] = [start, *s]
        targets[i, :len(s) + 1] = [*s, end]
    return inputs, targets


@padded_batch.wrong("The inputs are filled with -100 now. They must be tokens, 0: only the targets have a mark.")
def inputs_marked(sentences, start, end):
    inputs, targets = padded_batch.reference(sentences, start, end)
    return np.where(targets == -100, -100, inputs), targets


@padded_batch.wrong(
    "`end` is no target any more, so the model would never learn to stop. Only what is behind it is left out.")
def end_not_asked(sentences, start, end):
    inputs, targets = padded_batch.reference(sentences, start, end)
    return inputs, np.where(targets == end, -100, targets)


@padded_batch.wrong("Now the targets are not shifted: at every place the input itself is asked for.")
def not_shifted(sentences, start, end):
    inputs, targets = padded_batch.reference(sentences, start, end)
    return inputs, np.where(targets == -100, -100, inputs)


@padded_batch.wrong("The filling of the targets is `end`. The model would learn to repeat it; the mark is -100.")
def filled_with_end(sentences, start, end):
    inputs, targets = padded_batch.reference(sentences, start, end)
    return inputs, np.where(targets == -100, end, targets)


@padded_batch.wrong("All rows are cut to the shortest sentence: nothing is filled, and much is lost.")
def cut_to_shortest(sentences, start, end):
    shortest = min(len(s) for s in sentences)
    rows = [([start, *s][:shortest + 1], [*s, end][:shortest + 1]) for s in sentences]
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


@padded_batch.wrong(
    "The filling stands in front. It belongs behind the sentence, where a causal model never looks at it.")
def filled_in_front(sentences, start, end):
    inputs, targets = padded_batch.reference(sentences, start, end)
    rows = range(len(sentences))
    shifts = [int((targets[i] == -100).sum()) for i in rows]
    return (np.stack([np.roll(inputs[i], shifts[i]) for i in rows]),
            np.stack([np.roll(targets[i], shifts[i]) for i in rows]))
