"""Exercises of the chapter "LSTM and GRU"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chapter", "frames", "gru_cell", "leaky_memory", "lstm_cell", "masked_mean", "progress", "to_keras"]

chapter = Chapter("lstm_gru", title="LSTM and GRU")


# ---- 1. One step of an LSTM ----

@chapter.exercise(stars=1, title="One step of an LSTM", hints=(
    "`np.split(z, 4, axis=1)` gives the four blocks, each (batch, hidden), in the order i, f, g, o. Which three of "
    "them are gates, which one is what may be written?",
    "Gates go through the sigmoid, 1 / (1 + exp(-z)), the candidate g through tanh. Then the new c, and from the *new* "
    "c the new h.",
    "`c = f * c + i * g` and `h = o * np.tanh(c)`; return `(h, c)` without changing the c that came in.",
), praise="Four blocks, one sum: the old memory is multiplied by f and by nothing else on its way.")
def lstm_cell(z, c):
    """(h', c') from the preactivations z (batch, 4 * hidden), blocks i, f, g, o, and the memory c (batch, hidden)."""
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    new = f * c + i * np.tanh(g)
    return o * np.tanh(new), new


@lstm_cell.cases
def _(rng):
    for batch, hidden in ((3, 2), (2, 5), (1, 4)):
        yield 2 * rng.normal(size=(batch, 4 * hidden)), 2 * rng.normal(size=(batch, hidden))
    yield Case((rng.normal(size=(4, 12)), np.zeros((4, 3))), "an empty memory")
    yield Case((np.repeat([[-30.0, 30, 1, 30]], 2, axis=1), np.array([[0.7, -1.2]])), "closed input gate, open forget "
                                                                                     "gate")


def _lstm(z, c, order=(0, 1, 2, 3)):
    """The gates i, f, o and the candidate g, from the blocks in this order."""
    blocks = np.split(z, 4, axis=1)
    i, f, g, o = (blocks[k] for k in order)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    return i, f, np.tanh(g), o


@lstm_cell.wrong("h is made from the old memory. First update c, then read it: h = o * tanh(new c).")
def old_memory_read(z, c):
    return _lstm(z, c)[3] * np.tanh(c), lstm_cell.reference(z, c)[1]


@lstm_cell.wrong("The candidate g went through the sigmoid, so nothing negative can be written. It takes tanh.")
def sigmoid_candidate(z, c):
    i, f, _, o = _lstm(z, c)
    new = f * c + i / (1 + np.exp(-np.split(z, 4, axis=1)[2]))
    return o * np.tanh(new), new


@lstm_cell.wrong("Input and forget gate are exchanged: the first block says how much is written, the second how much "
                 "stays.")
def exchanged_gates(z, c):
    i, f, g, o = _lstm(z, c, (1, 0, 2, 3))
    new = f * c + i * g
    return o * np.tanh(new), new


@lstm_cell.wrong("Candidate and output gate are exchanged. The order of the blocks is i, f, g, o.")
def exchanged_blocks(z, c):
    i, f, g, o = _lstm(z, c, (0, 1, 3, 2))
    new = f * c + i * g
    return o * np.tanh(new), new


@lstm_cell.wrong("The forget gate is missing: the old memory enters with the factor f.")
def never_forgets(z, c):
    i, _, g, o = _lstm(z, c)
    return o * np.tanh(c + i * g), c + i * g


@lstm_cell.wrong("The tanh around the memory is missing in h = o * tanh(c).")
def no_tanh(z, c):
    i, f, g, o = _lstm(z, c)
    new = f * c + i * g
    return o * new, new


@lstm_cell.wrong("The two results are right, in the other order: h first, then c.")
def results_exchanged(z, c):
    return lstm_cell.reference(z, c)[::-1]


@lstm_cell.wrong("The output gate has become a part of the memory. It decides what is shown; c itself stays as it is.")
def output_in_memory(z, c):
    h, new = lstm_cell.reference(z, c)
    return h, _lstm(z, c)[3] * new


# ---- 2. One step of a GRU ----

@chapter.exercise(stars=2, title="One step of a GRU", hints=(
    "Cut both arrays into three blocks. In the reset and the update gate the two parts are added before the sigmoid. "
    "In the candidate they are not.",
    "r and z are sigmoids of sums. The candidate is n = tanh(its part from x + r times its part from h). How do z and "
    "1 - z share the new state between n and h?",
    "`return (1 - z) * n + z * h`: z = 1 keeps the old state.",
), praise="The part from h is kept apart for one reason: the reset gate multiplies it alone.")
def gru_cell(from_x, from_h, h):
    """h' (batch, hidden) from the two parts of the preactivations (batch, 3 * hidden), blocks r, z, n, and from h."""
    (xr, xz, xn), (hr, hz, hn) = (np.split(part, 3, axis=1) for part in (from_x, from_h))
    r, z = 1 / (1 + np.exp(-(xr + hr))), 1 / (1 + np.exp(-(xz + hz)))
    n = np.tanh(xn + r * hn)
    return (1 - z) * n + z * h


@gru_cell.cases
def _(rng):
    for batch, hidden in ((3, 2), (2, 5), (1, 4)):
        yield tuple(1.5 * rng.normal(size=(batch, size)) for size in (3 * hidden, 3 * hidden, hidden))
    yield Case((np.array([[0.5, -1, 40, 40, 1, -2]]), rng.normal(size=(1, 6)), np.array([[0.3, -0.8]])),
               "an update gate of 1")
    yield Case((np.array([[-40.0, -40, 0.5, -1, 1, -2]]), rng.normal(size=(1, 6)), np.array([[0.3, -0.8]])),
               "a reset gate of 0")


def _gru(from_x, from_h, order=(0, 1, 2)):
    """The reset gate, the update gate, the candidate's parts from x and from h, for blocks in this order."""
    a, b = (np.split(part, 3, axis=1) for part in (from_x, from_h))
    r, z = (1 / (1 + np.exp(-(a[k] + b[k]))) for k in order[:2])
    return r, z, a[order[2]], b[order[2]]


@gru_cell.wrong("The update gate is turned around: here z = 1 keeps the old state, so h gets the factor z. (Some "
                "papers write it the other way.)")
def update_turned(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h)
    return z * np.tanh(xn + r * hn) + (1 - z) * h


@gru_cell.wrong("Your blocks are in the order z, r, n, which is that of Keras. Here it is r, z, n.")
def keras_order(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h, (1, 0, 2))
    return (1 - z) * np.tanh(xn + r * hn) + z * h


@gru_cell.wrong("The reset gate is missing: in the candidate it multiplies the part that comes from h.")
def no_reset(from_x, from_h, h):
    _, z, xn, hn = _gru(from_x, from_h)
    return (1 - z) * np.tanh(xn + hn) + z * h


@gru_cell.wrong("The reset gate multiplies both parts of the candidate. The part that comes from x stays whole.")
def reset_both(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h)
    return (1 - z) * np.tanh(r * (xn + hn)) + z * h


@gru_cell.wrong("The candidate went through the sigmoid. It takes tanh, so that a state may also fall.")
def candidate_by_sigmoid(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h)
    return (1 - z) / (1 + np.exp(-(xn + r * hn))) + z * h


@gru_cell.wrong("Only the candidate is left of the state: the old h comes back with the factor z.")
def nothing_kept(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h)
    return (1 - z) * np.tanh(xn + r * hn)


@gru_cell.wrong("The candidate is added in full. What is kept and what is new share one whole: z and 1 - z.")
def not_shared(from_x, from_h, h):
    r, z, xn, hn = _gru(from_x, from_h)
    return np.tanh(xn + r * hn) + z * h


# ---- 3. From PyTorch to Keras ----

@chapter.exercise(stars=2, title="From PyTorch to Keras", hints=(
    "Three things differ: how the matrices lie, where z and r stand, and how the two biases are kept.",
    "Cut each array along its first axis into r, z, n and put the parts together as z, r, n. Then transpose the "
    "matrices. The biases become two rows, first the one of the input.",
    "`swap = lambda a: np.concatenate([a[n:2 * n], a[:n], a[2 * n:]])` with n = len(a) // 3; return `swap(w_ih).T, "
    "swap(w_hh).T, np.stack([swap(b_ih), swap(b_hh)])`.",
), praise="No shape would have told you: a GRU with r and z exchanged runs without an error, and gives other numbers.")
def to_keras(w_ih, w_hh, b_ih, b_hh):
    """A GRU's weights, PyTorch's (3n, d), (3n, n), (3n,), (3n,) as Keras's (d, 3n), (n, 3n), (2, 3n), `reset_after`."""
    def swap(array):
        r, z, n = np.split(array, 3)
        return np.concatenate([z, r, n])
    return swap(w_ih).T, swap(w_hh).T, np.stack([swap(b_ih), swap(b_hh)])


@to_keras.cases
def _(rng):
    for d, n in ((3, 2), (2, 4), (5, 1)):
        yield rng.normal(size=(3 * n, d)), rng.normal(size=(3 * n, n)), rng.normal(size=3 * n), rng.normal(size=3 * n)


def _keras(w_ih, w_hh, b_ih, b_hh, order=(1, 0, 2)):
    def swap(array):
        parts = np.split(array, 3)
        return np.concatenate([parts[k] for k in order])
    return swap(w_ih).T, swap(w_hh).T, np.stack([swap(b_ih), swap(b_hh)])


@to_keras.wrong("The gates are still in PyTorch's order r, z, n. Keras has z, r, h.")
def order_kept(w_ih, w_hh, b_ih, b_hh):
    return _keras(w_ih, w_hh, b_ih, b_hh, (0, 1, 2))


@to_keras.wrong("The candidate has moved. Only r and z change places; n stays last.")
def candidate_first(w_ih, w_hh, b_ih, b_hh):
    return _keras(w_ih, w_hh, b_ih, b_hh, (2, 1, 0))


@to_keras.wrong("The matrices are not transposed: Keras keeps the inputs as rows and the gates side by side.")
def not_transposed(w_ih, w_hh, b_ih, b_hh):
    a, b, c = _keras(w_ih, w_hh, b_ih, b_hh)
    return a.T, b.T, c


@to_keras.wrong("The two biases are summed. That is right for an LSTM; here the reset gate multiplies the second one "
                "alone, so Keras keeps both, as two rows.")
def biases_summed(w_ih, w_hh, b_ih, b_hh):
    a, b, c = _keras(w_ih, w_hh, b_ih, b_hh)
    return a, b, c.sum(axis=0)


@to_keras.wrong("The two rows of biases are exchanged: first the bias of the input, then the one of the state.")
def rows_exchanged(w_ih, w_hh, b_ih, b_hh):
    return _keras(w_ih, w_hh, b_hh, b_ih)


@to_keras.wrong("The matrices are right. The biases need the order z, r, n, too.")
def biases_in_old_order(w_ih, w_hh, b_ih, b_hh):
    return (*_keras(w_ih, w_hh, b_ih, b_hh)[:2], np.stack([b_ih, b_hh]))


@to_keras.wrong("The first matrix is right. The one of the state, w_hh, needs the order z, r, n, too.")
def state_in_old_order(w_ih, w_hh, b_ih, b_hh):
    a, _, c = _keras(w_ih, w_hh, b_ih, b_hh)
    return a, w_hh.T, c


# ---- 4. The mean over what is there ----

@chapter.exercise(stars=2, title="The mean over what is there", hints=(
    "Which places are real? `np.arange(time) < lengths[:, None]` is True there, shape (batch, time).",
    "Put zeros where nothing is real, sum over time, and divide by the number of real steps of *that* sequence.",
    "`mask = (np.arange(h.shape[1]) < lengths[:, None])[:, :, None]`, then `np.where(mask, h, 0).sum(axis=1) / "
    "lengths[:, None]`.",
), praise="A network goes on computing over the padding. Whoever takes its last or its mean output without a mask "
          "trains on zeros.")
def masked_mean(h, lengths):
    """The mean of h (batch, time, hidden) over the first lengths[k] steps of sequence k: (batch, hidden)."""
    real = (np.arange(h.shape[1]) < lengths[:, None])[:, :, None]
    return np.where(real, h, 0).sum(axis=1) / lengths[:, None]


@masked_mean.cases
def _(rng):
    yield rng.normal(size=(3, 5, 2)) + 1, np.array([2, 5, 3])
    yield rng.normal(size=(2, 4, 3)) - 2, np.array([1, 3])
    yield Case((rng.normal(size=(4, 6, 5)), np.array([6, 6, 6, 6])), "no padding")
    broken = rng.normal(size=(2, 5, 3))
    broken[0, 2:] = np.nan
    yield Case((broken, np.array([2, 5])), "padding that is not a number")


@masked_mean.wrong("The padding counts: you take the mean over all steps.")
def all_steps(h, lengths):
    return np.nan_to_num(h).mean(axis=1)


@masked_mean.wrong("The sum is right, the divisor is not: divide by the length of each sequence, not by the longest.")
def wrong_divisor(h, lengths):
    return masked_mean.reference(h, lengths) * lengths[:, None] / h.shape[1]


@masked_mean.wrong("One step too many: step number `length` is the first of the padding. Use `<`, not `<=`.")
def one_too_many(h, lengths):
    real = (np.arange(h.shape[1]) <= lengths[:, None])[:, :, None]
    return np.where(real, h, 0).sum(axis=1) / np.minimum(lengths + 1, h.shape[1])[:, None]


@masked_mean.wrong("This is the last real step of each sequence. The mean over all real steps is asked.")
def last_step(h, lengths):
    return h[np.arange(len(h)), lengths - 1]


@masked_mean.wrong("You multiply by the mask. That is fine for numbers, but 0 times NaN is NaN: use `np.where`.")
def multiplied(h, lengths):
    real = (np.arange(h.shape[1]) < lengths[:, None])[:, :, None]
    return (h * real).sum(axis=1) / lengths[:, None]


@masked_mean.wrong("This is the sum over the real steps. Divide by their number.")
def summed(h, lengths):
    return masked_mean.reference(h, lengths) * lengths[:, None]


@masked_mean.wrong("One length serves for all sequences. Each has its own.")
def one_length(h, lengths):
    return masked_mean.reference(np.nan_to_num(h), np.full(len(h), lengths[0]))


# ---- 5. Cut a sound into frames ----

@chapter.exercise(stars=2, title="Cut a sound into frames", hints=(
    "How many frames fit? The first begins at 0, the next `hop` samples later, and the last must end within the clip.",
    "`starts = np.arange(0, len(clip) - size + 1, hop)`; the index array `starts[:, None] + np.arange(size)` cuts all "
    "frames at once. What happens to each frame before the Fourier transform?",
    "Multiply by `np.hanning(size)`, take `np.fft.rfft(frames, axis=1)` and return `np.abs(...) ** 2`.",
), praise="A frame of a few milliseconds is short enough for the mouth to stand still, and long enough to hear a "
          "pitch.")
def frames(clip, size, hop):
    """The power spectra (frames, size // 2 + 1) of the Hann-windowed frames of a clip (n,), no padding."""
    starts = np.arange(0, len(clip) - size + 1, hop)
    cut = clip[starts[:, None] + np.arange(size)] * np.hanning(size)
    return np.abs(np.fft.rfft(cut, axis=1)) ** 2


@frames.cases
def _(rng):
    for n, size, hop in ((50, 8, 4), (40, 10, 3), (33, 16, 8)):
        yield rng.normal(size=n) + 1, size, hop
    yield Case((rng.normal(size=12) + 1, 12, 5), "exactly one frame")
    yield Case((rng.normal(size=20) + 1, 4, 7), "gaps between the frames")


def _cut(clip, starts, size):
    return np.pad(clip, (0, size))[starts[:, None] + np.arange(size)]


def _power(cut):
    return np.abs(np.fft.rfft(cut, axis=1)) ** 2


@frames.wrong("The window is missing: multiply each frame by `np.hanning(size)`, or its two cut edges sound like a "
              "click.")
def no_window(clip, size, hop):
    return _power(_cut(clip, np.arange(0, len(clip) - size + 1, hop), size))


@frames.wrong("This is Hamming's window, which ends at 0.08. The task asks for the Hann window, `np.hanning`.")
def hamming(clip, size, hop):
    return _power(_cut(clip, np.arange(0, len(clip) - size + 1, hop), size) * np.hamming(size))


@frames.wrong("These are magnitudes. Power is their square.")
def magnitude(clip, size, hop):
    return np.sqrt(frames.reference(clip, size, hop))


@frames.wrong("The last frame is missing where it just fits: it may begin at len(clip) - size, so the range ends "
              "one later.")
def last_missing(clip, size, hop):
    return _power(_cut(clip, np.arange(0, len(clip) - size, hop), size) * np.hanning(size))


@frames.wrong("Your frames follow each other without overlap. They begin `hop` samples apart, not `size`.")
def side_by_side(clip, size, hop):
    return _power(_cut(clip, np.arange(0, len(clip) - size + 1, size), size) * np.hanning(size))


@frames.wrong("There are frames that reach over the end of the clip, filled up with zeros. Leave them out.")
def over_the_end(clip, size, hop):
    return _power(_cut(clip, np.arange(0, len(clip), hop), size) * np.hanning(size))


@frames.wrong("The transform runs along the frames. Each frame has its own spectrum: `axis=1`.")
def wrong_axis(clip, size, hop):
    cut = _cut(clip, np.arange(0, len(clip) - size + 1, hop), size) * np.hanning(size)
    return np.abs(np.fft.rfft(cut, axis=0)) ** 2


@frames.wrong("The spectrum of a real sound is symmetric, and you kept both halves: `rfft` gives size // 2 + 1 "
              "numbers.")
def both_halves(clip, size, hop):
    cut = _cut(clip, np.arange(0, len(clip) - size + 1, hop), size) * np.hanning(size)
    return np.abs(np.fft.fft(cut, axis=1)) ** 2


# ---- 6. Find the bug ----

@chapter.exercise(stars=3, title="Find the bug", hints=(
    "Feed it a single step: the numbers are right. With two steps they are not. What does the second step take over "
    "from the first?",
    "Two numbers per unit go from step to step: h and c. Which of them is changed, in the code, in a way that the "
    "equations of the LSTM do not know?",
    "The memory that goes on is `c`, not what was read of it: `c = f * c + i * g`, then `h = o * np.tanh(c)`, and no "
    "line may put `np.tanh(c)` back into c.",
), praise="Squashed at every step the memory is an RNN's again: the factor 1 on the way back is gone, and no test of "
          "one step shows it.")
def leaky_memory(x, w_ih, w_hh, b):
    """All hidden states (time, hidden) of an LSTM over x (time, d); blocks i, f, g, o; the states begin at 0."""
    n = w_hh.shape[1]
    h, c, out = np.zeros(n), np.zeros(n), []
    for step in x:
        z = w_ih @ step + w_hh @ h + b
        i, f, o = (1 / (1 + np.exp(-z[k * n:(k + 1) * n])) for k in (0, 1, 3))
        g = np.tanh(z[2 * n:3 * n])
        c = f * c + i * g
        h = o * np.tanh(c)
        out.append(h)
    return np.array(out)


@leaky_memory.cases
def _(rng):
    for time, d, n in ((4, 3, 2), (3, 2, 4)):
        yield (rng.normal(size=(time, d)), rng.normal(size=(4 * n, d)), rng.normal(size=(4 * n, n)),
               rng.normal(size=4 * n))
    yield Case((rng.normal(size=(1, 3)), rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), rng.normal(size=8)),
               "a single step")
    b = np.repeat([3.0, 5, 1, 2], 2)
    yield Case((rng.normal(size=(12, 3)), rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), b), "a long memory")


@leaky_memory.given
def _(x, w_ih, w_hh, b):
    n = w_hh.shape[1]
    h, c, out = np.zeros(n), np.zeros(n), []
    for step in x:
        z = w_ih @ step + w_hh @ h + b
        i, f, o = (1 / (1 + np.exp(-z[k * n:(k + 1) * n])) for k in (0, 1, 3))
        g = np.tanh(z[2 * n:3 * n])
        c = np.tanh(f * c + i * g)
        h = o * c
        out.append(h)
    return np.array(out)


def _states(x, w_ih, w_hh, b, update):
    """The hidden states of a cell whose update(i, f, g, o, c, h) gives the new (h, c)."""
    n = w_hh.shape[1]
    h, c, out = np.zeros(n), np.zeros(n), []
    for step in x:
        i, f, g, o = np.split(w_ih @ step + w_hh @ h + b, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        h, c = update(i, f, np.tanh(g), o, c, h)
        out.append(h)
    return np.array(out)


@leaky_memory.wrong("Now the memory is free, but nothing squashes it on the way out: h = o * tanh(c).")
def no_tanh_left(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        c = f * c + i * g
        return o * c, c
    return _states(x, w_ih, w_hh, b, update)


@leaky_memory.wrong("The memory is still squashed at every step, and the output twice. Take the tanh out of "
                    "the line of c.")
def tanh_twice(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        c = np.tanh(f * c + i * g)
        return o * np.tanh(c), c
    return _states(x, w_ih, w_hh, b, update)


@leaky_memory.wrong("The forget gate is gone. It was right; only the tanh of the memory was wrong.")
def forget_gate_gone(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        return o * np.tanh(c + i * g), c + i * g
    return _states(x, w_ih, w_hh, b, update)


@leaky_memory.wrong("The output gate now multiplies the memory itself. It acts on h alone.")
def gated_memory(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        c = f * c + i * g
        return o * np.tanh(c), o * c
    return _states(x, w_ih, w_hh, b, update)


@leaky_memory.wrong("You put h where the memory belongs: c goes from step to step by itself, h is what is shown of it.")
def h_as_memory(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        c = f * h + i * g
        return o * np.tanh(c), c
    return _states(x, w_ih, w_hh, b, update)


@leaky_memory.wrong("h is read before the memory is updated: it shows the memory of the step before.")
def read_too_early(x, w_ih, w_hh, b):
    def update(i, f, g, o, c, h):
        return o * np.tanh(c), f * c + i * g
    return _states(x, w_ih, w_hh, b, update)
