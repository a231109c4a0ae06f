"""The dragged perceptron computes what the chapter and the package compute."""

import numpy as np
import pytest
from explorable_tools import number, readout

from companion import data
from companion.exercises.perceptron import decide, train_until_clean

NAME = "perceptron-boundary"


def answer(exercise):
    """The reference solution of an exercise."""
    return exercise.reference


def examples(x, target):
    return np.column_stack([x, target]).tolist()


def test_penguins_are_those_of_the_chapter(call):
    penguins = data.load("penguins")
    bills = np.stack([penguins["bill_length_mm"], penguins["bill_depth_mm"]], axis=1)
    chosen = np.isin(penguins["species"], ["Adelie", "Gentoo"]) & ~np.isnan(bills).any(axis=1)
    rows = [248, 3, 80, 252, 162, 50, 188, 22, 242, 36]
    x = data.standardize(bills[chosen])[rows].round(1)
    assert call(NAME, "PENGUINS") == examples(x, penguins["species"][chosen][rows] == "Gentoo")


@pytest.mark.parametrize("seed", range(6))
def test_training_equals_the_package(call, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 2)).round(1)
    target = (x @ rng.normal(size=2) + 0.3 > 0).astype(int)
    if seed % 2:
        target = rng.integers(0, 2, size=12)  # hardly separable
    weights, bias, epochs = answer(train_until_clean)(x, target, 50)
    result = call(NAME, "train", examples(x, target), 50)
    np.testing.assert_allclose(result["history"][-1]["w"], weights, atol=1e-12)
    assert result["history"][-1]["b"] == bias
    assert result["epochs"] == epochs
    missed = call(NAME, "wrong", examples(x, target), result["history"][-1])
    assert len(missed) == np.sum(answer(decide)(x, weights, bias) != target)


def test_every_mistake_is_one_correction(call):
    history = call(NAME, "train", call(NAME, "XOR"), 5)["history"]
    for before, after in zip(history, history[1:]):
        x1, x2, target = call(NAME, "XOR")[after["example"]]
        sign = 2 * target - 1
        assert [a - b for a, b in zip(after["w"], before["w"], strict=True)] == [sign * x1, sign * x2]
        assert after["b"] - before["b"] == sign


@pytest.mark.parametrize("seed", range(4))
def test_shaded_side_is_where_the_unit_says_one(call, seed):
    from matplotlib.path import Path

    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=2), 0.5 * rng.normal()
    side = call(NAME, "positiveSide", {"w": weights.tolist(), "b": bias}, [-3, 3], [-2, 2])
    points = rng.uniform([-3, -2], [3, 2], size=(500, 2))
    far = np.abs(points @ weights + bias) > 1e-6
    np.testing.assert_array_equal(Path(side).contains_points(points)[far], answer(decide)(points, weights, bias)[far])


def test_what_the_reader_sees(stage, call):
    page, element = stage(NAME)

    def wait_for(sentence):
        page.wait_for_function(
            "start => document.querySelector('[role=status]').textContent.startsWith(start)", arg=sentence
        )

    last = call(NAME, "train", call(NAME, "PENGUINS"))["history"][-1]
    shown = readout(element)
    assert [number(shown[name]) for name in ("w₁", "w₂", "b")] == pytest.approx([*last["w"], last["b"]], abs=0.05)
    assert shown["wrong now"] == "0"
    wait_for("A line was found: 6 mistakes in 4 epochs")

    page.keyboard.press("Tab")  # the first example, a Gentoo, changes its class and back
    page.keyboard.press("Enter")
    changed = [[*example[:2], example[2] if i else 0] for i, example in enumerate(call(NAME, "PENGUINS"))]
    last = call(NAME, "train", changed)["history"][-1]
    assert number(readout(element)["w₁"]) == pytest.approx(last["w"][0], abs=0.05)
    page.keyboard.press("Enter")
    wait_for("A line was found: 6 mistakes in 4 epochs")

    element.get_by_role("button", name="XOR").click()
    wait_for("No line after 100 epochs")
    assert number(readout(element)["wrong now"]) > 0


def test_the_slider_goes_back_to_the_start(stage):
    page, element = stage(NAME)
    element.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    assert [readout(element)[name] for name in ("w₁", "w₂", "b", "wrong now")] == ["0.0", "0.0", "0", "5"]
    page.wait_for_function("document.querySelector('[role=status]').textContent == 'After mistake 0 of 6: 5 wrong.'")
