"""Exercises of the chapter "Multilayer perceptron"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["chain", "chapter", "collapse", "count_parameters", "deep_forward", "exactly_one", "pieces", "progress",
           "stairs"]

chapter = Chapter("multilayer_perceptron", title="Multilayer perceptron")


# ---- 1. Exactly one of three ----

VOTES = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])


def _judge_exactly_one(answer):
    try:
        weight1, bias1, weight2, bias2 = answer
        weight1, bias1, weight2 = (np.asarray(part, dtype=float) for part in (weight1, bias1, weight2))
        bias2 = np.asarray(bias2, dtype=float)
    except (TypeError, ValueError):
        return "Expected four parts (weight1, bias1, weight2, bias2); each row of weight1 has the same length."
    if weight1.ndim != 2 or weight1.shape[1] != 3:
        return f"weight1 needs one row of three numbers for each hidden unit; it has the shape {weight1.shape}."
    width = len(weight1)
    if bias1.shape != (width,):
        return (f"weight1 describes {width} hidden units, so bias1 needs {width} numbers; "
                f"it has the shape {bias1.shape}.")
    if weight2.shape == (1, width):     # the layout of a layer with one unit is as good
        weight2 = weight2[0]
    if weight2.shape != (width,):
        return f"weight2 needs one number for each of the {width} hidden units; it has the shape {weight2.shape}."
    if bias2.size != 1:
        return f"bias2 is one number: there is one output unit. It has the shape {bias2.shape}."
    if not all(np.isfinite(part).all() for part in (weight1, bias1, weight2, bias2)):
        return "Weights and biases must be finite numbers."
    hidden = (VOTES @ weight1.T + bias1 > 0).astype(int)
    outputs = (hidden @ weight2 + float(bias2.reshape(())) > 0).astype(int)
    for vote, units, output in zip(VOTES, hidden, outputs, strict=True):
        if output != (vote.sum() == 1):
            return (f"For the inputs {tuple(vote.tolist())} the hidden units give {tuple(units.tolist())} and the "
                    f"output is "
                    f"{output}; {vote.sum()} of three are 1, so it should be {int(vote.sum() == 1)}.")
    return None


exactly_one = chapter.value_exercise(
    "exactly_one", stars=1, title="Exactly one of three",
    task="(weight1, bias1, weight2, bias2) of a network of threshold units that is 1 if exactly one of three "
         "inputs is 1.",
    hints=(
        "Say it as XOR was said: at least one is 1, but not ... what?",
        "Two hidden units suffice: one for \"at least one\", one for \"at least two\". Both have the weights "
        "(1, 1, 1).",
        "Their biases are -0.5 and -1.5. The output unit wants the first and not the second, as in XOR.",
    ), reference=(((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, -1), -0.5), judge=_judge_exactly_one,
    praise="The shortest answer has two hidden units: one turns on at the first 1, the other at the second. With "
           "a unit for each count a network can compute any function of the number of ones.",
    wrongs=(
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -2.5), (1, -1), -0.5),
         "For the inputs (0, 1, 1) the hidden units give (1, 0) and the output is 1; 2 of three are 1"),
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, 1), -0.5),
         "For the inputs (0, 1, 1) the hidden units give (1, 1) and the output is 1"),
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, -1), 0.5),
         "For the inputs (0, 0, 0) the hidden units give (0, 0) and the output is 1"),
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, -1), -1.5),
         "For the inputs (0, 0, 1) the hidden units give (1, 0) and the output is 0"),
        ((((1, 1, 1), (1, 1, 1)), (0.5, 1.5), (1, -1), -0.5),
         "For the inputs (0, 0, 1) the hidden units give (1, 1) and the output is 0"),
        ((((1, 1), (1, 1)), (-0.5, -1.5), (1, -1), -0.5), "weight1 needs one row of three numbers"),
        ((((1, 1), (1, 1), (1, 1)), (-0.5, -1.5), (1, -1), -0.5), "it has the shape (3, 2)"),
        ((((1, 1, 1), (1, 1, 1)), -0.5, (1, -1), -0.5), "so bias1 needs 2 numbers"),
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, -1, 0), -0.5), "weight2 needs one number for each"),
        ((((1, 1, 1), (1, 1, 1)), (-0.5, -1.5), (1, -1)), "Expected four parts"),
    ))


# ---- 2. Count the parameters ----

@chapter.exercise(stars=1, title="Count the parameters", hints=(
    "Do it by hand for (2, 8, 1): how many weights and biases lead into the hidden layer, how many into the output?",
    "A layer from `a` to `b` units has `a * b` weights and `b` biases. Which pairs of neighbors are there in "
    "`sizes`?",
    "`zip(sizes[:-1], sizes[1:])` gives the pairs. Add up `a * b + b` over them.",
), praise="The weights between two wide layers dwarf everything else: doubling all widths makes about four times "
          "as many.")
def count_parameters(sizes):
    """The number of weights and biases of an MLP with these layer sizes, inputs first: an integer."""
    return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@count_parameters.cases
def _(rng):
    yield Case(((2, 8, 1),), "one hidden layer")
    yield Case(((5, 3),), "no hidden layer")
    yield Case(((784, 128, 64, 10),), "two hidden layers")
    yield Case(((3, 7, 2, 11, 4),), "three hidden layers")


@count_parameters.wrong("These are the weights alone. Every unit behind the inputs has a bias too.")
def no_biases(sizes):
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@count_parameters.wrong("The inputs are no units: they have no bias. Only the sizes from the second on bring biases.")
def inputs_with_biases(sizes):
    return count_parameters.reference(sizes) + sizes[0]


@count_parameters.wrong("Each layer's biases are counted by its inputs. A bias belongs to a unit, so count those "
                        "that the layer leads *to*.")
def biases_of_inputs(sizes):
    return sum(a * b + a for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@count_parameters.wrong("One bias per layer is too few: each unit of the layer has its own.")
def one_bias_per_layer(sizes):
    return sum(a * b + 1 for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@count_parameters.wrong("These are the units. Parameters are the weights on the connections between them, and the "
                        "biases.")
def units(sizes):
    return sum(sizes[1:])


@count_parameters.wrong("You multiply all sizes. Only neighboring layers are connected: multiply pair by pair, "
                        "and add.")
def all_multiplied(sizes):
    return int(np.prod(sizes))


@count_parameters.wrong("The last layer is missing: look where your loop over the sizes ends.")
def last_layer_missing(sizes):
    return count_parameters.reference(sizes[:-1])


@count_parameters.wrong("The first layer is missing: the weights from the inputs to the first hidden layer count "
                        "too.")
def first_layer_missing(sizes):
    return count_parameters.reference(sizes[1:])


# ---- 3. Collapse two layers ----

@chapter.exercise(stars=2, title="Collapse two layers", hints=(
    "Write `weight2 @ (weight1 @ x + bias1) + bias2` for one input x, and multiply out.",
    "Collect what stands before x, and what does not contain x. Check the shapes: the weight must be (d2, d).",
    "The weight is `weight2 @ weight1`. The bias is what comes out for x = 0.",
), praise="The first bias goes through the second layer like any other input: that is why it is multiplied by "
          "weight2.")
def collapse(weight1, bias1, weight2, bias2):
    """The (weight, bias) of the one linear layer that equals two of them."""
    return weight2 @ weight1, weight2 @ bias1 + bias2


@collapse.cases
def _(rng):
    for d, d1, d2 in ((2, 5, 3), (4, 3, 2), (6, 2, 4)):
        yield rng.normal(size=(d1, d)), rng.normal(size=d1), rng.normal(size=(d2, d1)), rng.normal(size=d2)
    yield Case((rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3)),
               "square weights, where a wrong order does not show in the shapes")


@collapse.wrong("The product is in the wrong order. The first layer acts first, so its weight stands on the right, "
                "next to x.")
def wrong_order(weight1, bias1, weight2, bias2):
    return weight1 @ weight2, weight2 @ bias1 + bias2


@collapse.wrong("The bias of the first layer is lost. It goes through the second layer: `weight2 @ bias1`.")
def first_bias_lost(weight1, bias1, weight2, bias2):
    return weight2 @ weight1, bias2


@collapse.wrong("The bias of the second layer is lost: it is added at the end, unchanged.")
def second_bias_lost(weight1, bias1, weight2, bias2):
    return weight2 @ weight1, weight2 @ bias1


@collapse.wrong("The two biases have different lengths, one for each layer's units. Only `weight2 @ bias1` has the "
                "length of bias2.")
def biases_added(weight1, bias1, weight2, bias2):
    return weight2 @ weight1, bias1 + bias2


@collapse.wrong("The weight is transposed. The package keeps weights as (out, in), here (d2, d).")
def transposed(weight1, bias1, weight2, bias2):
    return (weight2 @ weight1).T, weight2 @ bias1 + bias2


@collapse.wrong("The second bias is multiplied by weight2 as well; only what comes out of the first layer is.")
def both_biases_multiplied(weight1, bias1, weight2, bias2):
    return weight2 @ weight1, weight2 @ (bias1 + bias2)


@collapse.wrong("There is an activation in your answer. Between these two layers there is none: that is why they "
                "collapse.")
def with_relu(weight1, bias1, weight2, bias2):
    return weight2 @ weight1, weight2 @ np.maximum(bias1, 0) + bias2


# ---- 4. Connect the dots ----

@chapter.exercise(stars=2, title="Connect the dots", hints=(
    "Compute the slope of each piece first: the change of the values over the change of the knots. How many pieces "
    "are there?",
    "To the left of a kink the unit does nothing, to the right it *adds* its weight to the slope. So which weight "
    "turns the slope "
    "of one piece into that of the next?",
    "The weights are the first slope, then the differences of neighboring slopes: `np.diff(slopes, prepend=0)`. "
    "The bias is the "
    "output at the first knot, where no unit is active yet.",
), praise="A network fitted with two calls of `np.diff` and not one step of training.")
def chain(knots, values):
    """The (output_weights, output_bias) of the ReLU network through the points: an array (m,) and a number."""
    slopes = np.diff(values) / np.diff(knots)
    return np.diff(slopes, prepend=0), values[0]


@chain.cases
def _(rng):
    for m in (3, 5, 8):
        yield np.cumsum(rng.uniform(0.2, 1.5, size=m + 1)), rng.normal(size=m + 1)
    yield Case((np.array([-2.0, 1.0]), np.array([5.0, -1.0])), "two points, one piece")
    yield Case((np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 5.0, 4.0])),
               "the first two pieces have the same slope")


@chain.wrong("These weights are the slopes themselves. But slopes add up from unit to unit: a unit needs the "
             "*change* of slope at its kink.")
def slopes_as_weights(knots, values):
    return np.diff(values) / np.diff(knots), values[0]


@chain.wrong("The first weight is 0, or missing its slope: before the first knot the slope is 0, so the first unit "
             "needs the full first slope.")
def first_slope_lost(knots, values):
    weights = chain.reference(knots, values)[0]
    weights[0] = 0
    return weights, values[0]


@chain.wrong("One weight is missing: m pieces need m units. The first unit brings the slope of the first piece.")
def one_unit_short(knots, values):
    return np.diff(np.diff(values) / np.diff(knots)), values[0]


@chain.wrong("You take the knots as evenly spaced. Divide each change of value by the length of its own piece.")
def even_spacing(knots, values):
    slopes = np.diff(values) / (knots[1] - knots[0])
    return np.diff(slopes, prepend=0), values[0]


@chain.wrong("These are changes of value, not slopes: divide by the lengths of the pieces.")
def not_divided(knots, values):
    return np.diff(np.diff(values), prepend=0), values[0]


@chain.wrong("The weights are right, but the output bias is missing: at the first knot no unit is active, and the "
             "output must be the first value.")
def no_bias(knots, values):
    return chain.reference(knots, values)[0], 0.0


@chain.wrong("All changes of slope have the wrong sign: new slope minus old slope.")
def sign_error(knots, values):
    slopes = np.diff(values) / np.diff(knots)
    return np.concatenate([slopes[:1], slopes[:-1] - slopes[1:]]), values[0]


@chain.wrong("Each weight belongs to the kink one further on: at its kink a unit leads from the slope on the left "
             "to that on the "
             "right, and the first unit starts from slope 0.")
def shifted(knots, values):
    return np.diff(np.diff(values) / np.diff(knots), append=0), values[0]


@chain.wrong("The slopes are upside down: change of value over change of knot.")
def inverted_slopes(knots, values):
    return np.diff(np.diff(knots) / np.diff(values), prepend=0), values[0]


@chain.wrong("The output bias is the value at the *first* knot, where every unit is still off.")
def last_value(knots, values):
    return chain.reference(knots, values)[0], values[-1]


@chain.wrong("The last unit has its kink at the last knot, beyond which there is no piece: m weights, not m + 1.")
def one_unit_more(knots, values):
    return np.append(chain.reference(knots, values)[0], 0.0), values[0]


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Print the result for a few random inputs. Which values never occur? Which function makes them impossible?",
    "The activation belongs *between* the layers. How often is it applied for two layers, and how often should it "
    "be?",
    "Treat the last pair by itself: loop over `layers[:-1]`, and after the loop return the last layer without ReLU.",
), praise="A ReLU behind the last layer also stops learning: where the output is 0, its slope is 0 too.")
def deep_forward(x, layers):
    """The output of an MLP with ReLU between its layers: x (n, d), layers of (weight, bias) -> (n, outputs)."""
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    weight, bias = layers[-1]
    return x @ weight.T + bias


@deep_forward.cases
def _(rng):
    for sizes in ((3, 5, 2), (2, 6, 4, 3), (4, 3, 5, 2, 1)):
        yield rng.normal(size=(7, sizes[0])), [(rng.normal(size=(b, a)), rng.normal(size=b))
                                               for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    one_layer = [(rng.normal(size=(2, 3)), rng.normal(size=2))]
    yield Case((rng.normal(size=(6, 3)), one_layer), "a single layer: no activation at all")
    negative = [(rng.normal(size=(4, 2)), rng.normal(size=4)), (-np.ones((1, 4)), np.array([-1.0]))]
    yield Case((rng.normal(size=(8, 2)), negative), "every output is below zero")


@deep_forward.given
def _(x, layers):
    for weight, bias in layers:
        x = np.maximum(x @ weight.T + bias, 0)
    return x


@deep_forward.wrong("Now there is no activation left anywhere, and the whole network is one linear layer. Only the "
                    "last ReLU is too many.")
def no_relu(x, layers):
    for weight, bias in layers:
        x = x @ weight.T + bias
    return x


@deep_forward.wrong("ReLU comes before each layer now, so it is applied to the inputs too: those may be negative.")
def relu_before(x, layers):
    for weight, bias in layers:
        x = np.maximum(x, 0) @ weight.T + bias
    return x


@deep_forward.wrong("The last layer is left out altogether. It must be computed, only without the activation.")
def last_layer_left_out(x, layers):
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    return x


@deep_forward.wrong("Only the first layer has an activation now. It belongs after every layer but the last.")
def only_first(x, layers):
    for i, (weight, bias) in enumerate(layers):
        x = x @ weight.T + bias
        if i == 0 and len(layers) > 1:
            x = np.maximum(x, 0)
    return x


@deep_forward.wrong("It is the other way round: your code applies ReLU behind the last layer only, and nowhere "
                    "between.")
def only_last(x, layers):
    for weight, bias in layers:
        x = x @ weight.T + bias
    return np.maximum(x, 0)


@deep_forward.wrong("The bias of the last layer is missing.")
def last_bias_missing(x, layers):
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    return x @ layers[-1][0].T


@deep_forward.wrong("Negative outputs are possible now, but you changed the activation to a leaky one everywhere. "
                    "Keep ReLU between the layers.")
def leaky(x, layers):
    for weight, bias in layers:
        x = x @ weight.T + bias
        x = np.where(x > 0, x, 0.01 * x)
    return x


# ---- 6. A staircase ----

@chapter.exercise(stars=2, title="A staircase", hints=(
    "On the far left all sigmoids are 0. Which number must be there without them?",
    "At each edge the output climbs by the difference of two neighboring heights. A table of `x[:, None] - edges` "
    "has the shape (n, m - 1).",
    "`heights[0] + sigmoid(100 * (x[:, None] - edges)) @ np.diff(heights)`. For a sigmoid without overflow use "
    "`0.5 * (1 + np.tanh(z / 2))`.",
), praise="m heights, m - 1 sigmoids: neighboring bumps share an edge.")
def stairs(x, edges, heights):
    """A sum of steep sigmoids that climbs from one height to the next at each edge: an array (n,)."""
    hidden = 0.5 * (1 + np.tanh(50 * (x[:, None] - edges)))
    return heights[0] + hidden @ np.diff(heights)


@stairs.cases
def _(rng):
    for m, n in ((3, 7), (5, 9), (8, 4)):
        edges = np.cumsum(rng.uniform(0.1, 0.3, size=m - 1))
        yield rng.uniform(-0.1, edges[-1] + 0.2, size=n), edges, rng.normal(size=m)
    yield Case((np.array([-1000.0, 0.49, 0.5, 0.502, 1000.0]), np.array([0.5]), np.array([2.0, -1.0])),
               "one edge; x on it, near it, and 1000 away")


@stairs.wrong("The first height is missing: on the left of the first edge every sigmoid is 0, so it must come from "
              "the output bias.")
def no_first_height(x, edges, heights):
    return 0.5 * (1 + np.tanh(50 * (x[:, None] - edges))) @ np.diff(heights)


@stairs.wrong("You give each sigmoid the full height of its stair. The sigmoids on its left stay on, so it needs "
              "only the difference.")
def full_heights(x, edges, heights):
    return heights[0] + 0.5 * (1 + np.tanh(50 * (x[:, None] - edges))) @ heights[1:]


@stairs.wrong("The staircase runs backward: a sigmoid must turn on on the *right* of its edge, as x - edge becomes "
              "positive.")
def backward(x, edges, heights):
    return heights[0] + 0.5 * (1 + np.tanh(50 * (edges - x[:, None]))) @ np.diff(heights)


@stairs.wrong("These are exact steps. The task asks for sigmoids, which are between the two heights near an edge.")
def exact_steps(x, edges, heights):
    return heights[0] + (x[:, None] > edges) @ np.diff(heights)


@stairs.wrong("The formula is right, but `np.exp` overflows: far on the right of an edge exp(z) is infinite, and "
              "infinite "
              "divided by infinite is NaN. Use `0.5 * (1 + np.tanh(z / 2))`, which is the same function.")
def overflows(x, edges, heights):
    z = 100 * (x[:, None] - edges)
    hidden = np.exp(z) / (1 + np.exp(z))
    return heights[0] + hidden @ np.diff(heights)


@stairs.wrong("The steepness is missing: with k = 1 the stairs are gentle hills.")
def not_steep(x, edges, heights):
    return heights[0] + 0.5 * (1 + np.tanh(0.5 * (x[:, None] - edges))) @ np.diff(heights)


@stairs.wrong("The stairs go down where they should go up: each sigmoid's weight is the next height minus the one "
              "before.")
def downward(x, edges, heights):
    return heights[0] - 0.5 * (1 + np.tanh(50 * (x[:, None] - edges))) @ np.diff(heights)


@stairs.wrong("The stairs are twice as steep as asked: sigmoid(z) is 0.5 * (1 + tanh(z / 2)), with z / 2.")
def too_steep(x, edges, heights):
    return heights[0] + 0.5 * (1 + np.tanh(100 * (x[:, None] - edges))) @ np.diff(heights)


@stairs.wrong("tanh runs from -1 to 1, a sigmoid from 0 to 1. Shift and halve it: 0.5 * (1 + tanh(z / 2)).")
def tanh_as_sigmoid(x, edges, heights):
    return heights[0] + np.tanh(50 * (x[:, None] - edges)) @ np.diff(heights)


# ---- 7. How many pieces? ----

@chapter.exercise(stars=3, title="How many pieces?", hints=(
    "Where is the kink of unit j? Solve `w x + b = 0`, for the units that have one, and keep what lies strictly "
    "between low and high.",
    "At its kink, unit j changes the slope of the output by `v * |w|`: a unit with w > 0 turns on there, one with "
    "w < 0 turns off.",
    "Group the units by their kink (`np.unique`), add up `v * abs(w)` in each group, count the groups whose sum is "
    "not 0, add 1.",
), praise="This number is at most m + 1 for m units. The sawtooth of the text gets past it only by being deep.")
def pieces(w, b, v, low, high):
    """The number of straight pieces of v @ relu(w x + b) for x between low and high: an integer."""
    on = w != 0
    places = -b[on] / w[on]
    changes = v[on] * np.abs(w[on])
    inside = [place for place in np.unique(places) if low < place < high]
    return 1 + sum(abs(changes[places == place].sum()) > 1e-12 for place in inside)


@pieces.cases
def _(rng):
    for m in (4, 7):
        w, v = rng.choice([-2.0, -1.0, 1.0, 2.0], size=m), rng.choice([-1.5, 1.0, 2.5], size=m)
        yield Case((w, -w * (np.arange(m) + 0.5), v, 0.0, float(m)), "every kink inside, each at a place of its own")
        yield Case((w, -w * (np.arange(m) + 0.5), v, 1.0, m - 1.0), "some kinks outside")
    for w, b, v, note in (
        ([2, 0, -1, 0], [-1, 3, 2, -0.5], [1, 2, 1, -1], "two units have w = 0"),
        ([1, 2, -1, 1], [-1, -2, 1, -2], [1, 1, 1, 1], "three units share a kink"),
        ([1, 2, 1], [-1, -2, -2], [2, -1, 1], "two units share a kink and cancel"),
        ([1, -1], [-1, 1], [1, -1], "relu(x - 1) - relu(1 - x) is x - 1: one piece"),
        ([1, -2, 1], [0, 6, -1], [1, 1, 0], "two kinks on the ends, and an output weight of 0"),
    ):
        yield Case((np.array(w, float), np.array(b, float), np.array(v, float), 0.0, 3.0), note)


def _count(w, b, v, low, high, place=lambda b, w: -b / w, distinct=True, change=lambda w, v: v * np.abs(w), extra=1,
           closed=False):
    on = w != 0
    places, changes = place(b[on], w[on]), change(w[on], v[on])
    inside = (low <= places) & (places <= high) if closed else (low < places) & (places < high)
    places, changes = places[inside], changes[inside]
    groups = [places == p for p in np.unique(places)] if distinct else np.eye(len(places), dtype=bool)
    return extra + sum(bool(abs(changes[group].sum()) > 1e-12) for group in groups)


@pieces.wrong("You count units. But units with w = 0 have no kink, kinks may lie outside, and several may coincide.")
def units_plus_one(w, b, v, low, high):
    return len(w) + 1


@pieces.wrong("These are the kinks. They cut the interval into one piece more.")
def kinks_not_pieces(w, b, v, low, high):
    return _count(w, b, v, low, high, extra=0)


@pieces.wrong("The kink is where w x + b = 0, so at x = -b / w. You lost the minus sign.")
def sign_of_kink(w, b, v, low, high):
    return _count(w, b, v, low, high, place=lambda b, w: b / w)


@pieces.wrong("You count kinks outside the interval too. Only those between low and high make a piece.")
def ignores_interval(w, b, v, low, high):
    return _count(w, b, v, -np.inf, np.inf)


@pieces.wrong("Units that have their kink at the same place are counted one by one. There is only one bend there.")
def not_distinct(w, b, v, low, high):
    return _count(w, b, v, low, high, distinct=False)


@pieces.wrong("You count places of kinks, but at some of them the changes of slope cancel, or the output weight is "
              "0: no bend.")
def ignores_cancelling(w, b, v, low, high):
    return _count(w, b, v, low, high, change=lambda w, v: np.ones_like(w))


@pieces.wrong("The change of slope at a kink is v * |w|, not v * w: for w < 0 the unit turns off there, from the "
              "slope v * w to 0, "
              "a change of -v * w.")
def signed_change(w, b, v, low, high):
    return _count(w, b, v, low, high, change=lambda w, v: v * w)


@pieces.wrong("At a shared kink you add up the output weights. The slope of unit j is v * w, so its change there "
              "is v * |w|.")
def weights_without_w(w, b, v, low, high):
    return _count(w, b, v, low, high, change=lambda w, v: v)


@pieces.wrong("A kink exactly at low or high makes no piece more: it lies on the border of the interval, not "
              "between.")
def ends_counted(w, b, v, low, high):
    return _count(w, b, v, low, high, closed=True)


@pieces.wrong("Two units with weights that are not 0 can cancel each other: add up the changes of slope at each "
              "place first.")
def cancels_by_itself_only(w, b, v, low, high):
    return 1 + len({place for place in -b[(w != 0) & (v != 0)] / w[(w != 0) & (v != 0)] if low < place < high})


@pieces.wrong("Units with w < 0 have a kink too: there they turn off.")
def positive_only(w, b, v, low, high):
    return _count(w[w > 0], b[w > 0], v[w > 0], low, high)
