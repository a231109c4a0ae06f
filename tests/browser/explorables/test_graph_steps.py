"""The walk through a graph shows the numbers of the package, and the numbers it shows agree with each other."""

import math
import re

import numpy as np
import pytest
from explorable_tools import number, press, readout, says

from companion import Tensor
from companion.optim import SGD

NAME = "graph-steps"
WEIGHTS = {"neuron": ["w1", "w2", "b"], "meet": ["w"]}


def neuron(w1, w2, b, x1, x2, y):
    z = w1 * x1 + w2 * x2 + b
    a = z.sigmoid()
    return {"z": z, "a": a, "l": (a - y) ** 2}


def meet(w, x1, x2):
    a1, a2 = w * x1, w * x2
    return {"a1": a1, "a2": a2, "l": (a1 - 1) ** 2 + (a2 - 2) ** 2}


def tensors(key, given):
    """Every tensor of a graph, by name, after its backward pass."""
    leaves = {name: Tensor(value, requires_grad=name in WEIGHTS[key]) for name, value in given.items()}
    made = {"neuron": neuron, "meet": meet}[key](**leaves)
    for tensor in made.values():
        tensor.retain_grad()
    made["l"].backward()
    return leaves | made


def draw(call, key, seed):
    rng = np.random.default_rng(seed)
    return {name: rng.normal() for name in call(NAME, "startOf", key)}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("key", WEIGHTS)
def test_both_passes_equal_the_package(call, key, seed):
    given = draw(call, key, seed)
    walked, expected = call(NAME, "walk", key, given), tensors(key, given)
    assert set(walked["values"]) == set(expected)
    assert set(walked["grads"]) == {name for name, tensor in expected.items() if tensor.grad is not None}
    for name, value in walked["values"].items():
        np.testing.assert_allclose(value, expected[name].data, rtol=1e-12)
    for name, gradient in walked["grads"].items():
        np.testing.assert_allclose(gradient, expected[name].grad, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("key", WEIGHTS)
def test_a_step_down_equals_gradient_descent(call, key):
    given = draw(call, key, 3)
    expected = tensors(key, given)
    SGD([expected[name] for name in WEIGHTS[key]], lr=0.07).step()
    stepped = call(NAME, "descend", key, given, 0.07)
    for name, value in stepped.items():
        np.testing.assert_allclose(value, expected[name].data, rtol=1e-12)
    assert call(NAME, "walk", key, stepped)["values"]["l"] < expected["l"].data


def test_start_is_the_neuron_of_the_chapter(call):
    assert call(NAME, "startOf", "neuron") == {"w1": 0.5, "x1": 2, "w2": 1.5, "x2": -1, "b": 0.25, "y": 1}


def steps(call, key, given):
    """The state after each step."""
    last = call(NAME, "walk", key, given)["count"]
    return [call(NAME, "walk", key, given, k) for k in range(last + 1)]


@pytest.mark.parametrize("key", WEIGHTS)
def test_every_step_finds_one_number_and_passes_on_only_what_is_complete(call, key):
    given = draw(call, key, 0)
    whole = call(NAME, "walk", key, given)
    states = steps(call, key, given)
    assert states[0]["values"] == given and states[0]["grads"] == {}
    for state in states[1:]:
        kind, name, *child = state["step"]
        if kind == "value":
            assert state["values"][name] == whole["values"][name] and state["grads"] == {}
        elif kind == "edge":
            part = state["parts"][name][child[0]]
            assert part["amount"] == state["grads"][child[0]] * part["local"]
            assert state["grads"][child[0]] == whole["grads"][child[0]]
        else:
            assert state["grads"][name] == whole["grads"][name]
    walked = {(name, child) for name, parts in whole["parts"].items() for child in parts}
    assert {tuple(state["step"][1:]) for state in states if state["step"][0] == "edge"} == walked


def evaluate(text):
    """The value of a formula in numbers, as the reader would compute it."""
    code = text.replace("−", "-").replace("·", "*").replace("²", "**2").replace("σ", "sigma")
    return eval(code, {"sigma": lambda z: 1 / (1 + math.exp(-z))})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("key", WEIGHTS)
def test_the_sums_that_are_shown_are_right(call, key, seed):
    """Each step's numbers, typed into a calculator, give the result that is shown, up to the rounding of the inputs."""
    given = {name: round(value, 1) for name, value in draw(call, key, seed).items()}
    for state in steps(call, key, given)[1:]:
        _, numbers, sentence = call(NAME, "explain", key, state)
        kind, name, *child = state["step"]
        result = {"value": state["values"], "edge": {name: state["parts"].get(name, {}).get(*child, {}).get("amount")}
                  if child else {}}.get(kind, state["grads"])[name]
        for side in numbers.split(" = "):
            assert evaluate(side) == pytest.approx(result, abs=0.006), numbers
        assert sentence.endswith(".")


def test_rules_in_symbols(call):
    def rules_of(key):
        return [call(NAME, "explain", key, state)[0] for state in steps(call, key, call(NAME, "startOf", key))]

    rules = rules_of("neuron")
    assert rules[1:7] == ["z = w₁ · x₁ + w₂ · x₂ + b", "a = σ(z)", "ℓ = (a − y)²", "∂ℓ/∂ℓ",
                          "∂ℓ/∂a = ∂ℓ/∂ℓ · 2 · (a − y)", "∂ℓ/∂z = ∂ℓ/∂a · a · (1 − a)"]
    assert rules_of("meet")[-3:] == ["∂ℓ/∂w gets ∂ℓ/∂a₂ · x₂", "∂ℓ/∂w gets ∂ℓ/∂a₁ · x₁",
                                     "∂ℓ/∂w = ∂ℓ/∂a₁ · ∂a₁/∂w + ∂ℓ/∂a₂ · ∂a₂/∂w"]


def box(element, name):
    """The lines in the box of a node, by the beginning of its title."""
    node = element.locator("svg g[transform]").filter(has_text=re.compile(f"^{name}"))
    return node.locator("text").all_text_contents()


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)

    assert readout(element) == {"Step": "9 of 9", "Rule": "∂ℓ/∂b = ∂ℓ/∂z · 1", "Numbers": "−0.277 · 1 = −0.277"}
    assert box(element, "w₁")[1:] == ["0.5", "∂ −0.553"] and box(element, "ℓ")[1:] == ["0.316", "∂ 1"]
    says(page, "All gradients are known. To lower ℓ: w₁ up, w₂ down, b up.")

    press(element, "Next")  # past the end: from the start
    assert readout(element)["Step"] == "0 of 9" and box(element, "z")[1] == "?"
    press(element, "Next", "Next")
    assert readout(element)["Numbers"] == "σ(−0.25) = 0.438" and box(element, "ℓ")[1] == "?"
    press(element, "Back", "Back", "Back")
    assert readout(element)["Step"] == "0 of 9"
    press(element, "To the end", "Step down the gradient", "Step down the gradient")
    says(page, "Down the gradient: ℓ = 0.316 → 0.28")
    assert number(box(element, "ℓ")[1]) < 0.28 and number(box(element, "w₁")[1]) > 0.5
    press(element, "Start again")
    assert box(element, "w₁")[1] == "0.5"


def test_given_values_are_changed_by_keys_and_by_dragging(stage):
    page, element = stage(NAME)
    w1 = element.get_by_role("slider", name="Value of w₁")
    w1.focus()
    page.keyboard.press("ArrowRight")
    assert w1.get_attribute("aria-valuetext") == "0.55" and box(element, "z")[1] == "−0.15"
    place = w1.bounding_box()
    x, y = place["x"] + 20, place["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)  # the range of 8 in 160 pixels
    page.mouse.up()
    assert w1.get_attribute("aria-valuetext") == "1.55" and box(element, "z")[1] == "1.85"


def test_parts_wait_at_a_node_until_all_have_come(stage):
    page, element = stage(NAME, reduced_motion="reduce")
    element.locator("select").select_option("meet")
    assert readout(element)["Numbers"] == "8 + (−1) = 7"
    press(element, "Back", "Back")
    assert box(element, "w")[2] == "∂ ? + (−1)"
    press(element, "Next")
    assert box(element, "w")[2] == "∂ 8 + (−1)"
    press(element, "Play")  # with reduced motion to the end at once
    assert readout(element)["Step"] == "9 of 9" and box(element, "w")[2] == "∂ 7"


def test_play_walks_and_stops(stage):
    page, element = stage(NAME)
    press(element, "Play")
    page.wait_for_function("document.querySelector('dd').textContent === '1 of 9'")
    press(element, "Play")
    page.wait_for_timeout(1700)
    assert readout(element)["Step"] == "1 of 9"
