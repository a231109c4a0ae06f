"""Exercises of the chapter "Perceptron"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["averaged", "chapter", "decide", "majority", "margin", "progress", "train_until_clean", "update"]

chapter = Chapter("perceptron", title="Perceptron")


# ---- 1. A batch of decisions ----

@chapter.exercise(stars=1, title="A batch of decisions", hints=(
    "Each row of x is one example. What does `x @ weights` give for a matrix of shape (n, d) and a vector of "
    "shape (d,)?",
    "`x @ weights + bias` are the n scores. Compare them with 0; which comparison makes a score of exactly 0 an"
    " output of 0?",
    "A comparison gives booleans. `(scores > 0).astype(int)` turns them into 0 and 1.",
), praise="One matrix product decides for the whole batch: no loop over the examples.")
def decide(x, weights, bias):
    """The outputs of a threshold unit for a batch: integers 0 or 1 of shape (n,)."""
    return (x @ weights + bias > 0).astype(int)


@decide.cases
def _(rng):
    for n, d in ((5, 2), (7, 3), (12, 4)):
        yield rng.normal(size=(n, d)), rng.normal(size=d), 0.4
    yield Case((np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]), np.array([1.0, 1.0]), -3.0),
               "two of the scores are exactly 0")
    yield Case((rng.normal(size=(1, 3)), np.array([1.0, -1.0, 0.5]), 9.0), "a batch of one, with a large bias")


@decide.wrong("A score of exactly 0 must give 0: compare with `> 0`, not with `>= 0`.")
def zero_is_one(x, weights, bias):
    return (x @ weights + bias >= 0).astype(int)


@decide.wrong("The bias is missing: the boundary then runs through the origin whatever the bias says.")
def no_bias(x, weights, bias):
    return (x @ weights > 0).astype(int)


@decide.wrong("The bias is subtracted. The score is the weighted sum *plus* the bias.")
def bias_subtracted(x, weights, bias):
    return (x @ weights - bias > 0).astype(int)


@decide.wrong("These are the scores. The unit decides: 1 where the score is positive, 0 elsewhere.")
def scores_returned(x, weights, bias):
    return x @ weights + bias


@decide.wrong("These are signs, -1 and 1. The outputs of the unit are 0 and 1.")
def signs_returned(x, weights, bias):
    return np.where(x @ weights + bias > 0, 1, -1)


@decide.wrong("`np.sign` gives -1, 0 and 1. The outputs of the unit are 0 and 1.")
def numpy_sign(x, weights, bias):
    return np.sign(x @ weights + bias)


@decide.wrong("The answer is inverted: a positive score means output 1.")
def inverted(x, weights, bias):
    return (x @ weights + bias <= 0).astype(int)


# ---- 2. A vote of three ----

VOTES = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])


def _judge_majority(answer):
    try:
        weights, bias = answer
        weights, bias = np.asarray(weights, dtype=float), float(bias)
    except (TypeError, ValueError):
        return "Expected a pair (weights, bias): three weights and one number, such as ((2, 0, 1), -0.5)."
    if weights.shape != (3,):
        return f"The unit has three inputs, so it needs three weights; these have the shape {weights.shape}."
    if not np.isfinite([*weights, bias]).all():
        return "Weights and bias must be finite numbers."
    outputs = (VOTES @ weights + bias > 0).astype(int)
    for vote, output in zip(VOTES, outputs, strict=True):
        if output != (vote.sum() >= 2):
            score = vote @ weights + bias
            return (f"For the inputs {tuple(vote.tolist())} the score is {score:g}, so the output is {output}; "
                    f"{vote.sum()} of three are 1, so it should be {int(vote.sum() >= 2)}.")
    return None


majority = chapter.value_exercise(
    "majority", stars=1, title="A vote of three", task="(weights, bias) of a unit that is 1 if at least two of "
    "three inputs are 1.",
    hints=(
        "All three voters count the same. What does that say about the three weights?",
        "With weights (1, 1, 1) the weighted sum counts the ones. For which counts should the score be positive?",
        "The bias must lie between -2 and -1: two votes are enough, one is not.",
    ), reference=((1, 1, 1), -1.5), judge=_judge_majority,
    praise="Any bias from -2 (not included) to -1 works with weights of 1: a whole family of units makes "
           "the same decisions.",
    wrongs=(
        (((1, 1, 1), -0.5), "For the inputs (0, 0, 1) the score is 0.5, so the output is 1"),
        (((1, 1, 1), -2.0), "For the inputs (0, 1, 1) the score is 0, so the output is 0"),
        (((1, 1, 1), 1.5), "For the inputs (0, 0, 0) the score is 1.5, so the output is 1"),
        (((1, 1), -1.5), "it needs three weights"),
        (1.5, "Expected a pair (weights, bias)"),
        (((1, 1, float("nan")), -1.5), "must be finite"),
    ))


# ---- 3. One step of learning ----

@chapter.exercise(stars=2, title="One step of learning", hints=(
    "First compute what the unit says about x now: 1 or 0.",
    "The error is target minus output: 1, 0 or -1. The weights move by learning_rate times error times ... what?",
    "Return `weights + learning_rate * error * x` and `bias + learning_rate * error`. `weights += ...` would "
    "change the caller's array.",
), praise="The same line handles all three cases, because the error is 0 when the answer is right.")
def update(weights, bias, x, target, learning_rate):
    """The (weights, bias) after one step of the perceptron's rule."""
    error = target - int(weights @ x + bias > 0)
    return weights + learning_rate * error * x, bias + learning_rate * error


@update.cases
def _(rng):
    for d in (2, 3, 5):
        x = rng.normal(size=d)
        yield Case((-x, -0.2, x, 1, 0.5), "a mistake: the target is 1, the score negative")
        yield Case((x, 0.3, x, 0, 0.1), "a mistake: the target is 0, the score positive")
        yield Case((x, 0.3, x, 1, 2.0), "no mistake: the target is 1, the score positive")
        yield Case((-x, -0.2, x, 0, 0.5), "no mistake: the target is 0, the score negative")
    yield Case((np.zeros(3), 0.0, np.array([1.0, -2.0, 0.5]), 1, 1.0), "a score of exactly 0 is output 0")
    x = rng.normal(size=4)
    yield Case((0.1 * x, -9.0, x, 1, 0.5), "the weighted sum is positive, but the bias makes the score negative")
    yield Case((-0.1 * x, 9.0, x, 0, 0.5), "the weighted sum is negative, but the bias makes the score positive")


@update.wrong("The step goes the wrong way: after a missed 1 the score must rise. The error is target minus output,"
              " not output minus target.")
def sign_error(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x + bias > 0)
    return weights - learning_rate * error * x, bias - learning_rate * error


@update.wrong("The bias stays as it was. It learns too: it is the weight of an input that is always 1.")
def bias_forgotten(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x + bias > 0)
    return weights + learning_rate * error * x, bias


@update.wrong("The unit decides without its bias: the score is `weights @ x + bias`.")
def decides_without_bias(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x > 0)
    return weights + learning_rate * error * x, bias + learning_rate * error


@update.wrong("The learning rate is missing, or does not act on both weights and bias.")
def rate_forgotten(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x + bias > 0)
    return weights + error * x, bias + error


@update.wrong(
    "You use the score where the rule uses the unit's output, 0 or 1. (With the score this is the rule of "
    "Widrow and Hoff, 1960: it corrects even the examples that are right.)")
def score_as_output(weights, bias, x, target, learning_rate):
    error = target - (weights @ x + bias)
    return weights + learning_rate * error * x, bias + learning_rate * error


@update.wrong("You change the weights even when the answer is right. No mistake, no change.")
def always_moves(weights, bias, x, target, learning_rate):
    sign = 2 * target - 1
    return weights + learning_rate * sign * x, bias + learning_rate * sign


@update.wrong("A missed 1 is corrected, but a false 1 is not: with target 0 and a positive score the step must go "
              "down.")
def only_missed_ones(weights, bias, x, target, learning_rate):
    error = max(0, target - int(weights @ x + bias > 0))
    return weights + learning_rate * error * x, bias + learning_rate * error


@update.wrong("The result is right, but the caller's weights were changed in place (`+=`). Return a new array instead.")
def in_place(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x + bias > 0)
    weights += learning_rate * error * x
    return weights, bias + learning_rate * error


@update.wrong("The inputs are missing from the step: each weight moves by its own input, not all by the same amount.")
def inputs_forgotten(weights, bias, x, target, learning_rate):
    error = target - int(weights @ x + bias > 0)
    return weights + learning_rate * error, bias + learning_rate * error


# ---- 4. How wide is the gap? ----

@chapter.exercise(stars=2, title="How wide is the gap?", hints=(
    "Turn the targets 0 and 1 into signs -1 and +1 first. A linear formula does it.",
    "The scores of all examples are `x @ weights + bias`; the sign times the score is positive for every "
    "example that is right.",
    "Divide by the length of the weights, `np.linalg.norm(weights)`, and take the minimum.",
), praise="A negative margin and \"at least one mistake\" are the same statement.")
def margin(x, target, weights, bias):
    """The smallest signed distance of an example from the decision boundary: a number."""
    signs = 2 * target - 1
    return (signs * (x @ weights + bias)).min() / np.linalg.norm(weights)


@margin.cases
def _(rng):
    weights = np.array([2.0, -1.0, 0.5])
    x = rng.normal(size=(9, 3))
    yield Case((x, (x @ weights + 0.3 > 0).astype(int), weights, 0.3), "every example on its right side")
    yield Case((x, np.array([1, 0, 1, 1, 0, 0, 1, 0, 1]), weights, 0.3), "some examples on the wrong side")
    x = rng.normal(size=(6, 2)) + 3
    yield Case((x, np.ones(6, dtype=int), np.array([0.3, 0.4]), -0.5), "only one class")


@margin.wrong("These are scores. To get a distance, divide by the length of the weights.")
def not_normalized(x, target, weights, bias):
    return ((2 * target - 1) * (x @ weights + bias)).min()


@margin.wrong("You divide by the squared length of the weights; the distance is score / length.")
def squared_length(x, target, weights, bias):
    return ((2 * target - 1) * (x @ weights + bias)).min() / (weights @ weights)


@margin.wrong("The targets are missing: an example of class 0 should have a *negative* score, so multiply by the "
              "sign first.")
def no_signs(x, target, weights, bias):
    return (x @ weights + bias).min() / np.linalg.norm(weights)


@margin.wrong("You used the targets 0 and 1 as signs. Every example of class 0 then gets the distance 0; the signs "
              "are -1 and +1.")
def targets_as_signs(x, target, weights, bias):
    return (target * (x @ weights + bias)).min() / np.linalg.norm(weights)


@margin.wrong("This is the distance without its sign, so an example on the wrong side counts as if it were right.")
def absolute(x, target, weights, bias):
    return np.abs(x @ weights + bias).min() / np.linalg.norm(weights)


@margin.wrong("This is the largest distance. The margin is the smallest: the closest example decides.")
def largest(x, target, weights, bias):
    return ((2 * target - 1) * (x @ weights + bias)).max() / np.linalg.norm(weights)


@margin.wrong("The bias belongs to the score, but not to the length: the boundary's direction is given by the "
              "weights alone.")
def bias_in_length(x, target, weights, bias):
    return ((2 * target - 1) * (x @ weights + bias)).min() / np.linalg.norm([*weights, bias])


# ---- 5. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "When should the loop end? Say it in words, then read the line with `break` again.",
    "After the inner loop `error` is the error of the *last* example only. What about all the others of this epoch?",
    "Count: set `mistakes = 0` before the inner loop, add `abs(error)` inside it, and break if `mistakes == 0`.",
), praise="A loop that looks at the last example only stops as soon as that one is right, which here is "
          "often the first epoch.")
def train_until_clean(x, target, max_epochs):
    """The (weights, bias, epochs) of the rule, run until an epoch passes without a mistake."""
    weights, bias = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, max_epochs + 1):
        mistakes = 0
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            weights = weights + error * features
            bias = bias + error
            mistakes += abs(error)
        if mistakes == 0:
            break
    return weights, bias, epoch


@train_until_clean.cases
def _(rng):
    for n, d in ((12, 2), (20, 3), (15, 4)):
        x = rng.normal(size=(n, d))
        direction = rng.normal(size=d)
        yield Case((x, (x @ direction + 0.2 > 0).astype(int), 200), "data that a line separates")
    yield Case((np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]), 7), "XOR, for 7 epochs")
    yield Case((np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 1.0]]), np.array([0, 0, 0]), 10), "all targets are 0")


@train_until_clean.given
def _(x, target, max_epochs):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, max_epochs + 1):
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            weights = weights + error * features
            bias = bias + error
        if error == 0:
            break
    return weights, bias, epoch


@train_until_clean.wrong(
    "Now the loop never stops early: it always runs max_epochs. Stop after the first epoch without a mistake.")
def never_stops(x, target, max_epochs):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for _ in range(max_epochs):
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            weights, bias = weights + error * features, bias + error
    return weights, bias, max_epochs


@train_until_clean.wrong(
    "You add up the errors with their signs, so a missed 1 and a false 1 cancel. Add their absolute values.")
def errors_cancel(x, target, max_epochs):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, max_epochs + 1):
        total = 0
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            weights, bias, total = weights + error * features, bias + error, total + error
        if total == 0:
            break
    return weights, bias, epoch


@train_until_clean.wrong(
    "The loop now stops at the first example that is right, in the middle of an epoch. It must see all "
    "examples first.")
def stops_inside(x, target, max_epochs):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, max_epochs + 1):
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            if error == 0:
                return weights, bias, epoch
            weights, bias = weights + error * features, bias + error
    return weights, bias, epoch


@train_until_clean.wrong(
    "The clean epoch counts too: return the number of epochs gone through, not of those with mistakes.")
def clean_epoch_not_counted(x, target, max_epochs):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for epoch in range(max_epochs):
        mistakes = 0
        for features, label in zip(x, target, strict=True):
            error = label - int(features @ weights + bias > 0)
            weights, bias, mistakes = weights + error * features, bias + error, mistakes + abs(error)
        if mistakes == 0:
            return weights, bias, epoch
    return weights, bias, max_epochs


# ---- 6. The averaged perceptron ----

@chapter.exercise(stars=3, title="The averaged perceptron", hints=(
    "You need two sets of weights: those that learn, and a running sum of what they were after each example.",
    "Inside the loop: compute the error, correct weights and bias (the error may be 0), then add them to the "
    "sums, for every example.",
    "After the loop divide both sums by the number of examples, `len(x)`.",
), praise="Weights that survive many examples are counted many times: a vote in which every version has as"
          " many votes as it had successes.")
def averaged(x, target):
    """The means of the weights and of the bias over one pass of the perceptron's rule."""
    weights, bias = np.zeros(x.shape[1]), 0.0
    weights_sum, bias_sum = np.zeros(x.shape[1]), 0.0
    for features, label in zip(x, target, strict=True):
        error = label - int(features @ weights + bias > 0)
        weights, bias = weights + error * features, bias + error
        weights_sum, bias_sum = weights_sum + weights, bias_sum + bias
    return weights_sum / len(x), bias_sum / len(x)


@averaged.cases
def _(rng):
    for n, d in ((9, 2), (16, 3), (25, 5)):
        x = rng.normal(size=(n, d))
        yield x, (x @ rng.normal(size=d) + 0.5 * rng.normal(size=n) > 0).astype(int)
    yield Case((np.array([[1.0, -2.0]]), np.array([1])), "a single example")


@averaged.wrong("These are the last weights, not their average. Add the weights up after every example and divide at "
                "the end.")
def last_weights(x, target):
    weights, bias = np.zeros(x.shape[1]), 0.0
    for features, label in zip(x, target, strict=True):
        error = label - int(features @ weights + bias > 0)
        weights, bias = weights + error * features, bias + error
    return weights, bias


@averaged.wrong("You average only over the mistakes. Every example counts, also those that change nothing: they are "
                "the votes.")
def only_mistakes(x, target):
    weights, bias, weights_sum, bias_sum, count = np.zeros(x.shape[1]), 0.0, np.zeros(x.shape[1]), 0.0, 0
    for features, label in zip(x, target, strict=True):
        error = label - int(features @ weights + bias > 0)
        if error:
            weights, bias, count = weights + error * features, bias + error, count + 1
            weights_sum, bias_sum = weights_sum + weights, bias_sum + bias
    return weights_sum / max(count, 1), bias_sum / max(count, 1)


@averaged.wrong("You add the weights *before* the correction of each example, so the first term is zero and the last "
                "weights are missing.")
def before_correction(x, target):
    weights, bias, weights_sum, bias_sum = np.zeros(x.shape[1]), 0.0, np.zeros(x.shape[1]), 0.0
    for features, label in zip(x, target, strict=True):
        weights_sum, bias_sum = weights_sum + weights, bias_sum + bias
        error = label - int(features @ weights + bias > 0)
        weights, bias = weights + error * features, bias + error
    return weights_sum / len(x), bias_sum / len(x)


@averaged.wrong("These are the sums. Divide them by the number of examples. (The decisions would be the same, but not"
                " the numbers.)")
def not_divided(x, target):
    weights, bias = averaged.reference(x, target)
    return weights * len(x), bias * len(x)


@averaged.wrong(
    "You keep the same array again and again: `weights += ...` changes it in place, so every entry of your "
    "list ends as the last weights. Write `weights = weights + ...`, or keep a copy.")
def same_array_kept(x, target):
    weights, bias, kept, biases = np.zeros(x.shape[1]), 0.0, [], []
    for features, label in zip(x, target, strict=True):
        error = label - int(features @ weights + bias > 0)
        weights += error * features
        bias += error
        kept.append(weights)
        biases.append(bias)
    return np.mean(kept, axis=0), np.mean(biases)


@averaged.wrong("The weights are averaged, but the bias is the last one. Average it in the same way.")
def bias_not_averaged(x, target):
    return averaged.reference(x, target)[0], last_weights(x, target)[1]


@averaged.wrong("You use the averaged weights to decide while learning. The rule itself must go on with the current "
                "weights.")
def learns_with_average(x, target):
    weights, bias, weights_sum, bias_sum = np.zeros(x.shape[1]), 0.0, np.zeros(x.shape[1]), 0.0
    for features, label in zip(x, target, strict=True):
        error = label - int(features @ weights_sum + bias_sum > 0)
        weights, bias = weights + error * features, bias + error
        weights_sum, bias_sum = weights_sum + weights, bias_sum + bias
    return weights_sum / len(x), bias_sum / len(x)
