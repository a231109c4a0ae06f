"""The hidden layer that connects dots computes what the chapter's own code and a network of the package compute."""

import ast

import chapters
import numpy as np
import pytest
from explorable_tools import number, press, readout, says

from companion import Tensor, nn
from companion.exercises.multilayer_perceptron import chain

NAME = "hidden-units"
CODE = {"kinks", "curve", "GRID", "chord_error", "curvature"}


def of_the_chapter():
    """The chapter's functions and constants named in CODE, by running their definitions."""
    space = {"np": np}
    for cell in chapters.read(chapters.path_of("foundations/multilayer_perceptron")).cells:
        if cell.cell_type != "code" or "%pip" in cell.source:
            continue
        for node in ast.parse(cell.source).body:
            name = getattr(node, "name", None) or getattr(getattr(node, "targets", [None])[0], "id", None)
            if name in CODE:
                exec(compile(ast.Module([node], []), "chapter", "exec"), space)
    assert CODE <= set(space)
    return space


CHAPTER = of_the_chapter()
TARGETS = {
    "curve": CHAPTER["curve"],
    "root": np.sqrt,
    "corner": lambda x: 2 * np.abs(x - 0.35),
    "step": lambda x: (x > 0.5).astype(float),
}


def random_knots(rng):
    return np.concatenate([[0], np.sort(rng.uniform(0.001, 0.999, size=rng.integers(0, 12))), [1]])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(6))
def test_the_network_is_that_of_the_chapter(call, target, seed):
    rng = np.random.default_rng(seed)
    knots = random_knots(rng)
    state = CHAPTER["kinks"](TARGETS[target], knots)
    network = call(NAME, "kinks", target, knots.tolist())
    np.testing.assert_array_equal(network["hidden"], state["0.bias"])
    np.testing.assert_allclose(network["weight"], state["2.weight"][0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(network["bias"], state["2.bias"][0], rtol=1e-12)
    weight, bias = chain.reference(knots, TARGETS[target](knots))
    np.testing.assert_allclose(network["weight"], weight, rtol=1e-9, atol=1e-9)
    assert network["bias"] == pytest.approx(bias, rel=1e-12)

    m = len(network["weight"])
    model = nn.Sequential(nn.Linear(1, m), nn.ReLU(), nn.Linear(m, 1))
    model.load_state_dict({
        "0.weight": np.ones((m, 1)), "0.bias": np.array(network["hidden"]),
        "2.weight": np.array([network["weight"]]), "2.bias": np.array([network["bias"]]),
    })
    x = rng.uniform(-0.5, 1.5, size=200)
    found = call(NAME, "outputs", network, x.tolist())
    np.testing.assert_allclose(found, model(Tensor(x[:, None])).data[:, 0], rtol=1e-9, atol=1e-12)
    inside = np.clip(x, 0, 1)
    found = call(NAME, "outputs", network, inside.tolist())
    np.testing.assert_allclose(found, np.interp(inside, knots, TARGETS[target](knots)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(6))
def test_the_largest_error_is_that_of_the_chapter(call, target, seed):
    knots = random_knots(np.random.default_rng(seed))
    worst = call(NAME, "largestError", target, knots.tolist())
    assert worst["error"] == pytest.approx(CHAPTER["chord_error"](TARGETS[target], knots), rel=1e-9, abs=1e-12)
    at = np.array([worst["at"]])
    there = np.interp(at, knots, TARGETS[target](knots)) - TARGETS[target](at)
    assert worst["error"] == pytest.approx(np.abs(there[0]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("m", [1, 2, 4, 8, 9, 16, 32])
def test_error_and_bound_of_even_knots(call, m):
    knots = call(NAME, "even", m)
    np.testing.assert_allclose(knots, np.linspace(0, 1, m + 1), rtol=1e-15)
    error = call(NAME, "largestError", "curve", knots)["error"]
    assert error == pytest.approx(CHAPTER["chord_error"](CHAPTER["curve"], np.linspace(0, 1, m + 1)), rel=1e-9)
    assert call(NAME, "bound", "curve", knots) == pytest.approx(CHAPTER["curvature"] / 8 / m**2, rel=1e-9)
    assert call(NAME, "largestError", "root", knots)["error"] == pytest.approx(np.sqrt(1 / m) / 4, rel=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_holds_for_moved_knots(call, seed):
    rng = np.random.default_rng(seed)
    for target in ("curve", "corner"):
        knots = random_knots(rng).tolist()
        if target == "corner":
            knots = sorted([*knots, 0.35])
        bound = call(NAME, "bound", target, knots)
        assert call(NAME, "largestError", target, knots)["error"] <= bound + 1e-9 < np.inf
    x = CHAPTER["GRID"]
    bend = np.abs(4 * np.pi**2 * np.sin(2 * np.pi * x) + 12.5 * np.pi**2 * np.cos(5 * np.pi * x))
    knots = random_knots(rng)
    bounds = [
        (right - left) ** 2 / 8 * bend[(x >= left) & (x <= right)].max()
        for left, right in zip(knots[:-1], knots[1:], strict=True)
    ]
    assert call(NAME, "bound", "curve", knots.tolist()) == pytest.approx(max(bounds), rel=1e-9)


def test_where_there_is_no_bound(call):
    for target in ("root", "corner", "step"):
        assert call(NAME, "bound", target, call(NAME, "even", 9)) == np.inf
    assert call(NAME, "bound", "step", [0, 0.5, 1]) == np.inf
    assert call(NAME, "bound", "corner", [0, 0.35, 1]) == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target", TARGETS)
def test_a_sweep_keeps_the_order_and_lowers_the_error(call, target, seed):
    knots = random_knots(np.random.default_rng(seed)).tolist()
    before = call(NAME, "largestError", target, knots)["error"]
    for _ in range(5):
        knots = call(NAME, "sweep", target, knots)
    assert knots[0] == 0 and knots[-1] == 1 and (np.diff(knots) > 0).all()
    # The sweep looks at 201 points of a piece, the error at all points of the grid.
    assert call(NAME, "largestError", target, knots)["error"] <= before + (0.02 if target == "step" else 1e-3)


def test_a_sweep_puts_one_knot_where_both_pieces_miss_least(call):
    def miss(left, right):
        x = np.linspace(left, right, 201)
        return np.abs(np.interp(x, [left, right], np.sqrt([left, right])) - np.sqrt(x)).max()

    places = np.arange(1, 50) / 50
    best = min(places, key=lambda x: max(miss(0, x), miss(x, 1)))
    assert call(NAME, "sweep", "root", [0, 0.5, 1]) == [0, pytest.approx(best), 1]


def test_a_knot_stays_between_its_neighbors(call):
    knots = [0, 0.25, 0.5, 1]
    assert call(NAME, "moveKnot", knots, 1, 0.337) == [0, 0.34, 0.5, 1]
    assert call(NAME, "moveKnot", knots, 1, 0.9) == [0, 0.499, 0.5, 1]
    assert call(NAME, "moveKnot", knots, 1, -1) == [0, 0.001, 0.5, 1]
    assert call(NAME, "moveKnot", [0, 0.001, 0.0015, 1], 1, 0.5) == [0, 0.001, 0.0015, 1]  # no room


def test_what_the_reader_sees(stage, call):
    page, element = stage(NAME, reduced_motion="reduce")
    errors, bound = ["largest error", "with even knots"], "bound h²/8 · max|g″|"

    start = readout(element)
    even = np.linspace(0, 1, 10)
    error = CHAPTER["chord_error"](CHAPTER["curve"], even)
    assert [number(start[name]) for name in errors] == pytest.approx([error, error], abs=5e-4)
    assert error < number(start[bound]) == pytest.approx(CHAPTER["curvature"] / 8 / 81, abs=5e-4)
    says(page, "9 units, largest error 0.215 at x = 0.39: knots evenly placed.")

    element.get_by_role("slider", name="Knot 4").focus()
    page.keyboard.press("Shift+ArrowLeft")
    even[4] = 0.39  # 0.444 − 0.05, to a hundredth
    shown = readout(element)
    weight = CHAPTER["kinks"](CHAPTER["curve"], even)["2.weight"][0, 4]
    assert shown["hidden unit"] == "4: relu(x − 0.390)" and shown["bias"] == "−x₄ = −0.390"
    assert number(shown["output weight = change of slope"].split("= ")[-1]) == pytest.approx(weight, abs=0.005)
    assert number(shown["largest error"]) == pytest.approx(CHAPTER["chord_error"](CHAPTER["curve"], even), abs=5e-4)

    press(element, "Watch the knots move")
    assert number(readout(element)["largest error"]) < 0.5 * error
    press(element, "Look beyond [0, 1]")
    says(page, "Beyond [0, 1] the network goes straight on")
    press(element, "Back to [0, 1]")
    press(element, "Even knots")
    assert readout(element)["largest error"] == start["largest error"]

    element.locator("select").select_option("root")
    assert readout(element)[bound] == "none: g″ is unbounded at 0"
    assert number(readout(element)["largest error"]) == pytest.approx(np.sqrt(1 / 9) / 4, abs=5e-5)
    element.locator("select").select_option("corner")
    element.locator("input[type=range]").fill("20")
    says(page, "No error at all")
    assert readout(element)["largest error"] == "0"
    element.locator("select").select_option("step")
    assert number(readout(element)["largest error"]) >= 0.5
    says(page, "At the jump the network misses by 0.5 or more")
    press(element, "Start again")
    assert readout(element) == start


def test_dragging_a_knot_onto_the_corner(stage):
    page, element = stage(NAME)
    element.locator("select").select_option("corner")
    knot = element.get_by_role("slider", name="Knot 3").bounding_box()
    width = element.locator("clipPath rect").evaluate("node => Number(node.getAttribute('width'))")
    x, y = knot["x"] + knot["width"] / 2, knot["y"] + knot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + (0.35 - 1 / 3) * width, y - 20)  # only the way along x counts
    page.mouse.up()
    assert readout(element)["largest error"] == "0"


def test_the_knots_can_be_watched_and_stopped(stage):
    page, element = stage(NAME)
    finding = element.locator("[role=status]")
    element.get_by_role("button", name="Watch the knots move").click()
    page.wait_for_function("document.querySelector('dd').textContent !== '0.215'")
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('Each knot goes where')")
    element.get_by_role("slider", name="Knot 4").focus()
    page.keyboard.press("ArrowLeft")  # a hand on a knot ends the show
    page.wait_for_function("document.querySelector('[role=status]').textContent.endsWith('of what even knots give.')")
    shown = readout(element)
    page.wait_for_timeout(400)
    assert readout(element) == shown and shown["largest error"] in finding.inner_text()
