"""The sizes through the layers are those that the package's autograd measures, on numbers that NumPy draws again."""

import numpy as np
import pytest
from explorable_tools import choose, normals, number, press, readout, says

from companion import Tensor

NAME = "gradient-depth"
WIDTH, BATCH, DEEPEST = 32, 16, 50
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@pytest.fixture(scope="module")
def network():
    """{seed: (inputs, gradient at the output, both (batch, width), matrices (layers, width, width))}."""
    found, start = {}, BATCH * WIDTH
    for seed in (1, 2):
        drawn = normals(2 * start + DEEPEST * WIDTH**2, seed)
        last = drawn[start:2 * start].reshape(BATCH, WIDTH)
        found[seed] = (drawn[:start].reshape(BATCH, WIDTH), last / np.linalg.norm(last),
                       drawn[2 * start:].reshape(DEEPEST, WIDTH, WIDTH))
    return found


def measured(network, gain, activation, shortcut, depth, seed, layers):
    """(outputs, gradients): root mean squares of all outputs; norms of the gradients at `layers`, by the autograd."""
    x, last, matrices = network[seed]
    share = {"none": 1, "plain": 1, "scaled": depth**-0.5}[shortcut]

    def step(x, W):
        z = x @ Tensor(W.T * gain / np.sqrt(WIDTH))
        a = {"relu": z.relu, "tanh": z.tanh, "linear": lambda: z}[activation]()
        return a if shortcut == "none" else x + a * share

    states = [Tensor(x)]
    for W in matrices[:depth]:
        states.append(step(states[-1], W))
    gradients = []
    for layer in layers:
        first = x = Tensor(states[layer].data, requires_grad=True)
        for W in matrices[layer:depth]:
            x = step(x, W)
        (x * Tensor(last)).sum().backward()
        gradients.append(np.linalg.norm(first.grad))
    return np.array([np.sqrt((state.data**2).mean()) for state in states]), np.array(gradients)


@pytest.mark.parametrize("shortcut", ["none", "plain", "scaled"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
def test_sizes_equal_the_measured_ones(call, network, activation, shortcut):
    """An unstable network multiplies the last bit, too: beyond gain 2, where the slider ends, 1e-9 is not reached."""
    rng = np.random.default_rng(0)
    for depth, seed in ((5, 1), (20, 2), (50, 1), (int(rng.integers(6, 50)), 2)):
        for gain in (0.5, 2**0.5, 2, rng.uniform(0.5, 2)):
            settings = {"gain": gain, "activation": activation, "shortcut": shortcut, "depth": depth, "seed": seed}
            found = call(NAME, "sizes", settings)
            layers = [0, 1, depth // 2, depth - 1, depth]
            outputs, gradients = measured(network, **settings, layers=layers)
            np.testing.assert_allclose(np.array(found["outputs"], float), outputs, rtol=1e-9)
            np.testing.assert_allclose(np.array(found["gradients"], float)[layers], gradients, rtol=1e-9)


def test_what_initialization_and_shortcuts_are_for(call):
    def first(gain, activation="relu", shortcut="none", depth=50, seed=1):
        settings = {"gain": gain, "activation": activation, "shortcut": shortcut, "depth": depth, "seed": seed}
        return call(NAME, "sizes", settings)["gradients"][0]

    for seed in range(1, 6):
        assert first(1, seed=seed) < 1e-6 < 0.01 < first(2**0.5, seed=seed) < 10 < 1e4 < first(2, seed=seed)
        assert 0.01 < first(1, "tanh", seed=seed) < 1
        assert 1e4 > first(2, "tanh", seed=seed) > 10  # far from 2 ** 50: tanh is flat
        assert 1 < first(1, shortcut="scaled", seed=seed) < 10 < 1e6 < first(1, shortcut="plain", seed=seed)
    # The theory is the mean of the squares: on the logarithmic plot a random stack lies a bit below it.
    logs = [np.log(first(2**0.5, depth=20, seed=seed)) for seed in range(1, 21)]
    assert -1.5 < np.mean(logs) < 0.1
    assert call(NAME, "factor", 2**0.5, "relu") == pytest.approx(1)
    assert call(NAME, "factor", 1.3, "tanh") == call(NAME, "factor", 1.3, "linear") == 1.3


def value(text):
    """The number of a text such as 5.2 · 10⁻⁶."""
    digits, _, power = text.partition(" · 10")
    return number(digits) * 10.0 ** int(power.translate(DIGITS) or 0)


def assert_shown(element, call, gain, activation="relu", shortcut="none", depth=30, seed=1):
    settings = {"gain": gain, "activation": activation, "shortcut": shortcut, "depth": depth, "seed": seed}
    found = call(NAME, "sizes", settings)
    numbers = readout(element)
    assert value(numbers["Gradient at the input"]) == pytest.approx(found["gradients"][0], rel=0.04)
    assert number(numbers["mean factor per layer"]) == pytest.approx(found["gradients"][0] ** (1 / depth), abs=0.00051)
    assert value(numbers["Outputs of the last layer"]) == pytest.approx(found["outputs"][-1], rel=0.04)
    np.testing.assert_allclose(curve(element), np.log10(found["gradients"]), atol=0.03)


def curve(element):
    """The drawn powers of ten, read from the pixels."""
    d = element.locator("path[style*='stroke-width: 3']").get_attribute("d")
    pixels = np.array([float(point.split(",")[1]) for point in d[1:].split("L")])
    ticks = element.locator(".axes text[text-anchor=end]")
    heights = {ticks.nth(i).text_content(): float(ticks.nth(i).get_attribute("y")) - 4 for i in range(ticks.count())}
    return (heights["1"] - pixels) / (heights["1"] - heights["10⁴"]) * 4


def test_what_the_reader_sees(stage, call):
    page, element = stage(NAME)
    assert_shown(element, call, 1)
    says(page, "The gradient vanishes: through 30 layers its size goes from 1 to 1.8 · 10⁻⁵. In theory to 3.1 · 10⁻⁵.")
    press(element, "He")
    assert_shown(element, call, 2**0.5)
    says(page, "The gradient arrives: through 30 layers its size goes from 1 to 0.")
    press(element, "Too large")
    assert_shown(element, call, 2)
    says(page, "The gradient explodes: through 30 layers")
    press(element, "Too small")
    assert_shown(element, call, 0.5)
    press(element, "Xavier")
    assert_shown(element, call, 1)


def test_choices(stage, call):
    page, element = stage(NAME, width=390)
    choose(element, Activation="tanh", Shortcut="scaled")
    element.get_by_role("slider", name="Layers").fill("50")
    assert_shown(element, call, 1, "tanh", "scaled", 50)
    says(page, "The gradient arrives: through 50 layers its size goes from 1 to 1.")
    assert element.locator(".axes text[text-anchor=middle]").nth(10).text_content() == "50"
    choose(element, Activation="linear", Shortcut="plain")
    assert_shown(element, call, 1, "linear", "plain", 50)
    choose(element, Activation="tanh", Shortcut="none")
    element.get_by_role("slider", name="Gain g = √n").fill("1.8")
    assert_shown(element, call, 1.8, "tanh", depth=50)
    says(page, "The gradient explodes")
    press(element, "Other random weights")
    assert_shown(element, call, 1.8, "tanh", depth=50, seed=2)
    press(element, "Start again")
    assert_shown(element, call, 1)


def test_the_end_of_the_line_is_dragged(stage, call):
    page, element = stage(NAME)
    handle = element.get_by_role("slider", name="Gain, at the end of the dashed line")
    assert handle.get_attribute("aria-valuetext") == "1.00, gradient 1.8 · 10⁻⁵ at the input"
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert_shown(element, call, 1.06)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert_shown(element, call, 1)
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    ticks = element.locator(".axes text[text-anchor=end]")
    decade = (ticks.filter(has_text="10⁻⁴").bounding_box()["y"] - ticks.filter(has_text="10⁴").bounding_box()["y"]) / 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 6 * decade)  # sqrt(1/2) ** 30 times a million
    page.mouse.up()
    assert number(handle.get_attribute("aria-valuenow")) == pytest.approx(10 ** (6 / 30), abs=0.02)
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y + 900)
    page.mouse.up()
    assert_shown(element, call, 0.5 if 2**0.5 * 10 ** (-16 / 30) < 0.5 else 2**0.5 * 10 ** (-16 / 30))
