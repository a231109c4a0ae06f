"""Exercises of the chapter "Many machines"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "clip_shards", "deal", "gradient_in_pieces", "interrupted", "joint_gradient", "progress",
           "ring_step", "strong_speedup"]

chapter = Chapter("scaling_out", title="Many machines")


# ---- 1. The mean of unequal parts ----

@chapter.exercise(stars=1, title="The mean of unequal parts", hints=(
    "Two workers with 90 and 10 examples: how much should each gradient count?",
    "A mean times its number of examples is a sum. Add up the sums, and divide by the number of all examples.",
    "`sizes @ gradients / sizes.sum()`.",
), praise="With equal sizes this is the plain mean, which is what DDP computes: it never asks for sizes.")
def joint_gradient(gradients, sizes):
    """Gradient (d,) of the mean loss over all examples, from the workers' gradients (p, d) and sizes (p,)."""
    return sizes @ gradients / sizes.sum()


@joint_gradient.cases
def _(rng):
    yield rng.normal(size=(3, 5)), np.array([40, 30, 10])
    yield rng.normal(size=(4, 2)), np.array([7, 1, 25, 12])
    yield Case((rng.normal(size=(4, 3)), np.array([25, 25, 25, 25])), "equal parts")
    yield Case((rng.normal(size=(2, 6)), np.array([9, 0])), "a worker without examples")


@joint_gradient.wrong("This is the mean of the means. A worker with few examples counts as much as one with many.")
def mean_of_means(gradients, sizes):
    return gradients.mean(axis=0)


@joint_gradient.wrong("You add up the sums of all examples and do not divide: this is the gradient of the *sum* of the "
                      "losses.")
def sum_of_all(gradients, sizes):
    return sizes @ gradients


@joint_gradient.wrong("You divide by the number of workers after weighing. Divide by the number of examples.")
def divided_by_workers(gradients, sizes):
    return sizes @ gradients / len(sizes)


@joint_gradient.wrong("The gradients are added up, neither weighed nor divided.")
def plain_sum(gradients, sizes):
    return gradients.sum(axis=0)


@joint_gradient.wrong("You weigh the wrong way: the gradient of a *large* part must count more.")
def divided_by_size(gradients, sizes):
    weights = 1 / np.maximum(sizes, 1)
    return weights @ gradients / weights.sum()


# ---- 2. Deal the examples ----

@chapter.exercise(stars=2, title="Deal the examples", hints=(
    "How many rows does each worker get if all get the same number and none is left out? Round up.",
    "total = workers * ceil(n / workers). Lengthen the order to `total` places by its own first rows.",
    "`missing = -len(order) % workers`, `padded = np.concatenate([order, order[:missing]])`, `padded[rank::workers]`.",
), praise="All workers take the same number of steps, so nobody waits forever; a few rows come twice.")
def deal(order, workers, rank):
    """The rows of one worker: places rank, rank + workers, … of the order, padded from its beginning."""
    missing = -len(order) % workers
    return np.concatenate([order, order[:missing]])[rank::workers]


@deal.cases
def _(rng):
    for n, workers, rank in ((10, 4, 1), (10, 4, 3), (17, 3, 0)):
        yield rng.permutation(n) + 100, workers, rank
    yield Case((rng.permutation(12) + 50, 4, 2), "a number that divides")
    yield Case((rng.permutation(5) + 7, 1, 0), "a single worker")
    yield Case((rng.permutation(9) + 20, 5, 4), "nearly half of the rows twice")


@deal.wrong("The padding is missing: the last workers get fewer rows than the first.")
def not_padded(order, workers, rank):
    return order[rank::workers]


@deal.wrong("You deal in blocks. Worker `rank` gets every `workers`-th place: together the workers then have the "
            "batches that one process has.")
def in_blocks(order, workers, rank):
    padded = np.concatenate([order, order[:-len(order) % workers]])
    return padded.reshape(workers, -1)[rank]


@deal.wrong("You leave out what does not divide (`drop_last=True`). Here the order is continued from its beginning.")
def rest_dropped(order, workers, rank):
    return order[:len(order) // workers * workers][rank::workers]


@deal.wrong("You pad with the *last* rows. The order is continued from its beginning.")
def padded_from_the_end(order, workers, rank):
    missing = -len(order) % workers
    return np.concatenate([order, order[len(order) - missing:]])[rank::workers]


@deal.wrong("You pad with `len(order) % workers` rows, which is how many are too many. Up to the next multiple "
            "`-len(order) % workers` are missing.")
def remainder_padded(order, workers, rank):
    return np.concatenate([order, order[:len(order) % workers]])[rank::workers]


@deal.wrong("When the number divides nothing is missing; you add a whole round.")
def one_round_too_many(order, workers, rank):
    missing = workers - len(order) % workers
    return np.concatenate([order, order[:missing]])[rank::workers]


@deal.wrong("These are the places. Look up in the order which rows stand there.")
def places(order, workers, rank):
    return deal.reference(np.arange(len(order)), workers, rank)


# ---- 3. Accumulate, with a rest ----

@chapter.exercise(stars=2, title="Accumulate, with a rest", hints=(
    "The gradient of the *sum* of squared errors over a piece can be added up, whatever the size of the piece.",
    "Go through the pieces; each adds `2 * x.T @ (x @ w - y)`. When do you divide, and by what?",
    "Start with `np.zeros_like(w)`, add the piece's sum, count its rows, and divide by all rows at the end.",
), praise="Sums add up, means do not. Divide once, by the number of all examples.")
def gradient_in_pieces(w, pieces):
    """Gradient (d,) of mean((x @ w - y)**2) over all rows of the pieces, pairs of x (n, d) and y (n,)."""
    total, rows = np.zeros_like(w), 0
    for x, y in pieces:
        total += 2 * x.T @ (x @ w - y)
        rows += len(x)
    return total / rows


@gradient_in_pieces.cases
def _(rng):
    def pieces(d, *sizes):
        return [(rng.normal(size=(n, d)), rng.normal(size=n)) for n in sizes]

    yield rng.normal(size=3), pieces(3, 4, 4, 2)
    yield rng.normal(size=2), pieces(2, 5, 1)
    yield Case((rng.normal(size=5), pieces(5, 3, 3, 3, 3)), "equal pieces")
    yield Case((rng.normal(size=3), pieces(3, 5)), "one piece holds all")


@gradient_in_pieces.wrong("This is the mean of the pieces' means. A short piece counts too much.")
def mean_of_pieces(w, pieces):
    return np.mean([2 * x.T @ (x @ w - y) / len(x) for x, y in pieces], axis=0)


@gradient_in_pieces.wrong("You add the means of the pieces and do not divide by their number: a forgotten division, as "
                          "if the learning rate were larger.")
def sum_of_means(w, pieces):
    return np.sum([2 * x.T @ (x @ w - y) / len(x) for x, y in pieces], axis=0)


@gradient_in_pieces.wrong("This is the gradient of the sum of the squared errors. Divide by the number of examples.")
def never_divided(w, pieces):
    return np.sum([2 * x.T @ (x @ w - y) for x, y in pieces], axis=0)


@gradient_in_pieces.wrong("You divide by the number of pieces. The sum is one over examples: divide by their number.")
def divided_by_pieces(w, pieces):
    return np.mean([2 * x.T @ (x @ w - y) for x, y in pieces], axis=0)


@gradient_in_pieces.wrong("You take all pieces for as long as the first. Add up the rows of each.")
def all_like_the_first(w, pieces):
    return np.mean([2 * x.T @ (x @ w - y) for x, y in pieces], axis=0) / len(pieces[0][0])


@gradient_in_pieces.wrong("The 2 is missing, from the slope of the square.")
def factor_two_missing(w, pieces):
    return gradient_in_pieces.reference(w, pieces) / 2


@gradient_in_pieces.wrong("Only the last piece is left: the gradient is overwritten, not added to.")
def overwritten(w, pieces):
    x, y = pieces[-1]
    return 2 * x.T @ (x @ w - y) / sum(len(x) for x, _ in pieces)


@gradient_in_pieces.wrong("The sign is wrong: the error is `x @ w - y`.")
def opposite_sign(w, pieces):
    return -gradient_in_pieces.reference(w, pieces)


# ---- 4. One step of the ring ----

@chapter.exercise(stars=3, title="One step of the ring", hints=(
    "Write down for p = 4 and step 0 who sends which chunk to whom. What does worker 3 send, and where to?",
    "Copy `chunks` to `after`. For each r: c = (r - step) % p, and `after[(r + 1) % p, c]` grows by `chunks[r, c]`.",
    "`for r in range(p): c = (r - step) % p; after[(r + 1) % p, c] += chunks[r, c]`, and return `after`.",
), praise="After p - 1 such steps worker r has the whole sum of chunk r + 1, and each has sent (p - 1)/p of it all.")
def ring_step(chunks, step):
    """What all workers have (p, p, k) after one step of the reduce-scatter."""
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        c = (r - step) % p
        after[(r + 1) % p, c] += chunks[r, c]
    return after


@ring_step.cases
def _(rng):
    for p, k, step in ((4, 3, 1), (3, 2, 0), (5, 1, 3)):
        yield rng.normal(size=(p, p, k)), step
    yield Case((rng.normal(size=(2, 2, 4)), 0), "two workers")


@ring_step.wrong("You send to worker r - 1. The ring turns the other way.")
def turned_around(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        c = (r - step) % p
        after[(r - 1) % p, c] += chunks[r, c]
    return after


@ring_step.wrong("The receiver overwrites its chunk. That is the all-gather; in the reduce-scatter it adds.")
def replaced(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        c = (r - step) % p
        after[(r + 1) % p, c] = chunks[r, c]
    return after


@ring_step.wrong("Worker r sends chunk r - step; you send chunk r + step.")
def plus_step(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        c = (r + step) % p
        after[(r + 1) % p, c] += chunks[r, c]
    return after


@ring_step.wrong("All send the same chunk. Each worker sends another one, chunk r - step, so that all cables are busy.")
def same_chunk(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        after[(r + 1) % p, step % p] += chunks[r, step % p]
    return after


@ring_step.wrong("The receiver adds to the chunk with its own number. The message belongs to chunk r - step, there as "
                 "here.")
def wrong_place(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        after[(r + 1) % p, (r + 1 - step) % p] += chunks[r, (r - step) % p]
    return after


@ring_step.wrong("The sender loses what it sent. A message is a copy; the sender keeps its chunk.")
def moved_away(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p):
        c = (r - step) % p
        after[(r + 1) % p, c] += chunks[r, c]
        after[r, c] -= chunks[r, c]
    return after


@ring_step.wrong("The last worker sends nothing. Its neighbor is worker 0: the ring closes.")
def open_ring(chunks, step):
    p, after = len(chunks), chunks.copy()
    for r in range(p - 1):
        c = (r - step) % p
        after[r + 1, c] += chunks[r, c]
    return after


# ---- 5. Is the second machine worth it? ----

@chapter.exercise(stars=2, title="Is the second machine worth it?", hints=(
    "How long does one worker take, and how long do p workers take: computing plus sending?",
    "Sending is 2(p - 1) steps of latency + size / p / bandwidth. Computing is compute / p.",
    "`sending = 2 * (p - 1) * (latency + size / p / bandwidth)`; return `compute / (compute / p + sending)`.",
), praise="If the result is below 1, the second machine makes it slower. One worker sends nothing: exactly 1.")
def strong_speedup(p, compute, size, bandwidth, latency):
    """How many times as fast p workers are with the same batch, by a ring without overlap."""
    sending = 2 * (p - 1) * (latency + size / p / bandwidth)
    return compute / (compute / p + sending)


@strong_speedup.cases
def _(rng):
    yield Case((8, 0.5, 1e8, 1.25e9, 5e-5), "8 workers, 10 Gbit/s")
    yield Case((64, 2.0, 4e8, 12.5e9, 5e-6), "64 workers, 100 Gbit/s")
    yield Case((2, 0.01, 1e8, 0.125e9, 1e-4), "two workers at a slow cable")
    yield Case((1000, 0.3, 1e6, 12.5e9, 1e-4), "latency counts")
    yield Case((1, 0.7, 1e8, 1e9, 1e-4), "one worker alone")


@strong_speedup.wrong("This is weak scaling: the batch is dealt to the workers, so each computes for compute / p.")
def weak(p, compute, size, bandwidth, latency):
    return p * compute / (compute + 2 * (p - 1) * (latency + size / p / bandwidth))


@strong_speedup.wrong("This is the efficiency. The speedup is p times as large.")
def share(p, compute, size, bandwidth, latency):
    return strong_speedup.reference(p, compute, size, bandwidth, latency) / p


@strong_speedup.wrong("The latency is missing. It counts 2(p - 1) times, and with many workers it is all that counts.")
def no_latency(p, compute, size, bandwidth, latency):
    return strong_speedup.reference(p, compute, size, bandwidth, 0.0)


@strong_speedup.wrong("Only half of the ring: after the reduce-scatter comes the all-gather, as many steps again.")
def half_a_ring(p, compute, size, bandwidth, latency):
    return compute / (compute / p + (p - 1) * (latency + size / p / bandwidth))


@strong_speedup.wrong("Each step sends the whole gradient. In a ring it is a chunk, size / p.")
def whole_gradient(p, compute, size, bandwidth, latency):
    return compute / (compute / p + 2 * (p - 1) * (latency + size / bandwidth))


@strong_speedup.wrong("You turn bytes into bits. The bandwidth is in bytes per second here, as in the chapter.")
def in_bits(p, compute, size, bandwidth, latency):
    return strong_speedup.reference(p, compute, 8 * size, bandwidth, latency)


@strong_speedup.wrong("Upside down: the time of p workers divided by that of one. Faster means a number above 1.")
def upside_down(p, compute, size, bandwidth, latency):
    return 1 / strong_speedup.reference(p, compute, size, bandwidth, latency)


@strong_speedup.wrong("Each worker sends 2(p - 1)/p times the gradient. Twice the gradient is the limit for very many.")
def many_workers(p, compute, size, bandwidth, latency):
    return compute / (compute / p + 2 * (p - 1) * latency + 2 * size / bandwidth)


@strong_speedup.wrong("You multiply by the bandwidth. It is bytes per second: bytes divided by it are seconds.")
def times_bandwidth(p, compute, size, bandwidth, latency):
    return compute / (compute / p + 2 * (p - 1) * (latency + size / p * bandwidth))


@strong_speedup.wrong("This is the time of a step. How many times as fast as `compute` is it?")
def time_of_a_step(p, compute, size, bandwidth, latency):
    return compute / p + 2 * (p - 1) * (latency + size / p / bandwidth)


@strong_speedup.wrong("Sending is overlapped here, `max`. Without overlap computing and sending add up.")
def overlapped(p, compute, size, bandwidth, latency):
    return compute / max(compute / p, 2 * (p - 1) * (latency + size / p / bandwidth))


# ---- 6. Clip what is in shards ----

@chapter.exercise(stars=2, title="Clip what is in shards", hints=(
    "The norm of a long vector, from its parts: what can be added up, norms or squares?",
    "norm = root of the sum over all shards of the sum of squares. All shards are multiplied by the same factor.",
    "`norm = np.sqrt(sum(np.sum(s**2) for s in shards))`, `factor = min(1.0, max_norm / norm)`; mind the norm 0.",
), praise="One number per worker is sent for it. This is what clipping does under FSDP.")
def clip_shards(shards, max_norm):
    """New shards: the whole gradient, clipped to the norm max_norm."""
    norm = np.sqrt(sum(np.sum(shard**2) for shard in shards))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [factor * shard for shard in shards]


@clip_shards.cases
def _(rng):
    yield [3 * rng.normal(size=n) for n in (4, 3, 5)], 1.0
    yield [rng.normal(size=2), 5 * rng.normal(size=6)], 2.5
    yield Case(([0.1 * rng.normal(size=3) for _ in range(2)], 4.0), "a small gradient")
    yield Case(([0.9 * np.ones(1) for _ in range(4)], 1.0), "each shard below the limit, all together above")
    yield Case(([np.zeros(2), np.zeros(3)], 1.0), "a gradient of zeros")


@clip_shards.wrong("Each shard is clipped by its own norm. The direction of the whole gradient changes.")
def each_alone(shards, max_norm):
    return [s * min(1.0, max_norm / max(np.linalg.norm(s), 1e-300)) for s in shards]


@clip_shards.wrong("You add up the norms of the shards. Squares add up: take the root of the sum of squares.")
def norms_added(shards, max_norm):
    norm = sum(np.linalg.norm(s) for s in shards)
    return [s * (max_norm / norm if norm > max_norm else 1.0) for s in shards]


@clip_shards.wrong("The root is missing: you compare the *square* of the norm.")
def squared_norm(shards, max_norm):
    norm = sum(np.sum(s**2) for s in shards)
    return [s * (max_norm / norm if norm > max_norm else 1.0) for s in shards]


@clip_shards.wrong("Small gradients are made longer. Clipping only shortens.")
def always_scaled(shards, max_norm):
    norm = np.sqrt(sum(np.sum(s**2) for s in shards)) or 1.0
    return [s * (max_norm / norm) for s in shards]


@clip_shards.wrong("You clip each number to the limit. The gradient as a whole is to be shortened.")
def numbers_clipped(shards, max_norm):
    return [np.clip(s, -max_norm, max_norm) for s in shards]


@clip_shards.wrong("You take the largest of the shards' norms. Together they are longer.")
def largest_norm(shards, max_norm):
    norm = max(np.linalg.norm(s) for s in shards)
    return [s * (max_norm / norm if norm > max_norm else 1.0) for s in shards]


@clip_shards.wrong("A gradient of zeros divides by zero and becomes NaN.")
def zeros_divide(shards, max_norm):
    norm = np.sqrt(sum(np.sum(s**2) for s in shards))
    with np.errstate(all="ignore"):
        factor = np.minimum(1.0, max_norm / norm) if norm else np.nan
    return [factor * s for s in shards]


# ---- 7. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "What does step `begin` compute with, in an undisturbed run and here?",
    "The velocity is forgotten: the new process begins with zeros. What must the checkpoint hold?",
    "`checkpoint = step + 1, w.copy(), velocity.copy()`, and `begin, w, velocity = checkpoint`; the very first one "
    "holds zeros.",
), praise="The loss hardly shows it: the velocity grows again within some steps. Only the comparison with an "
          "undisturbed run does.")
def interrupted(w, gradients, lr, momentum, every, killed):
    """The weights at the end of a run that was killed after `killed` steps and resumed."""
    velocity, checkpoint = np.zeros_like(w), (0, w.copy(), np.zeros_like(w))
    for step in range(killed):
        velocity = momentum * velocity + gradients[step]
        w = w - lr * velocity
        if (step + 1) % every == 0:
            checkpoint = step + 1, w.copy(), velocity.copy()
    begin, w, velocity = checkpoint
    for step in range(begin, len(gradients)):
        velocity = momentum * velocity + gradients[step]
        w = w - lr * velocity
    return w


@interrupted.cases
def _(rng):
    for d, steps, every, killed in ((3, 10, 3, 7), (4, 12, 4, 9), (2, 8, 2, 5)):
        yield rng.normal(size=d), rng.normal(size=(steps, d)), 0.1, 0.9, every, killed
    yield Case((rng.normal(size=3), rng.normal(size=(9, 3)), 0.05, 0.8, 3, 6), "killed right after a checkpoint")
    yield Case((rng.normal(size=2), rng.normal(size=(6, 2)), 0.1, 0.9, 4, 3), "killed before the first checkpoint")


@interrupted.given
def _(w, gradients, lr, momentum, every, killed):
    velocity, checkpoint = np.zeros_like(w), (0, w.copy())
    for step in range(killed):
        velocity = momentum * velocity + gradients[step]
        w = w - lr * velocity
        if (step + 1) % every == 0:
            checkpoint = step + 1, w.copy()
    begin, w = checkpoint  # the process dies, another one starts
    velocity = np.zeros_like(w)
    for step in range(begin, len(gradients)):
        velocity = momentum * velocity + gradients[step]
        w = w - lr * velocity
    return w


def _run(w, gradients, lr, momentum, velocity=0.0):
    velocity = velocity + np.zeros_like(w)
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        w = w - lr * velocity
    return w, velocity


@interrupted.wrong("The velocity is that of the moment of death. The checkpoint is older: it must hold the velocity "
                   "that belongs to its weights.")
def velocity_of_the_end(w, gradients, lr, momentum, every, killed):
    begin = killed // every * every
    saved, _ = _run(w, gradients[:begin], lr, momentum)
    _, velocity = _run(w, gradients[:killed], lr, momentum)
    return _run(saved, gradients[begin:], lr, momentum, velocity)[0]


@interrupted.wrong("You go on from the weights of the moment of death. They died with the process: only the checkpoint "
                   "is left, and the steps since then are computed again.")
def steps_done_twice(w, gradients, lr, momentum, every, killed):
    begin = killed // every * every
    w, velocity = _run(w, gradients[:killed], lr, momentum)
    return _run(w, gradients[begin:], lr, momentum, velocity)[0]


@interrupted.wrong("One step is done twice: a checkpoint after step number `step` continues with `step + 1`. That was "
                   "right.")
def one_step_twice(w, gradients, lr, momentum, every, killed):
    begin = killed // every * every
    w, velocity = _run(w, gradients[:begin], lr, momentum)
    return _run(w, gradients[max(begin - 1, 0):], lr, momentum, velocity)[0]


@interrupted.wrong("One step is left out after the restart. The step to begin with was right.")
def one_step_skipped(w, gradients, lr, momentum, every, killed):
    begin = killed // every * every
    w, velocity = _run(w, gradients[:begin], lr, momentum)
    return _run(w, gradients[begin + 1:], lr, momentum, velocity)[0]


@interrupted.wrong("You begin at step `killed` with the weights of the checkpoint: the steps in between are lost.")
def steps_lost(w, gradients, lr, momentum, every, killed):
    w, velocity = _run(w, gradients[:killed // every * every], lr, momentum)
    return _run(w, gradients[killed:], lr, momentum, velocity)[0]


@interrupted.wrong("After the restart the momentum is gone altogether. It should go on with the velocity of the "
                   "checkpoint.")
def no_momentum_after(w, gradients, lr, momentum, every, killed):
    begin = killed // every * every
    w, _ = _run(w, gradients[:begin], lr, momentum)
    return w - lr * gradients[begin:].sum(axis=0)
