"""The point on an activation function has the value, the slope and the consequence that the package computes."""

import numpy as np
import pytest
from explorable_tools import number, readout

from companion import Tensor, nn
from companion import functional as F

NAME = "activation-slope"
NAMES = ["linear", "sigmoid", "tanh", "ReLU", "Leaky ReLU", "ELU", "GELU", "SiLU"]
FUNCTIONS = {
    "linear": lambda x: x * 1.0,
    "sigmoid": Tensor.sigmoid,
    "tanh": Tensor.tanh,
    "ReLU": Tensor.relu,
    "Leaky ReLU": F.leaky_relu,
    "ELU": F.elu,
    "GELU": F.gelu,
    "SiLU": F.silu,
}


def by_companion(name, z, *alpha):
    """Value and slope as the package has them, in float64."""
    x = Tensor(z, requires_grad=True, dtype="float64")
    out = FUNCTIONS[name](x, *alpha)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == np.float64
    return out.data, x.grad


def parameters(name):
    """No α (the usual one), and where the function has one, others."""
    return [(), (0.0,), (0.2,), (0.3,)] if name == "Leaky ReLU" else [(), (0.1,), (1.3,)] if name == "ELU" else [()]


CASES = [(name, alpha) for name in NAMES for alpha in parameters(name)]


@pytest.mark.parametrize(("name", "alpha"), CASES)
def test_values_and_slopes_equal_the_package(call, name, alpha):
    rng = np.random.default_rng(0)
    far = [0.0, 1e-300, 1e-9, 20.0, 40.0, 700.0, 710.0, 1e3, 1e4]
    z = np.concatenate([np.linspace(-8, 8, 801), rng.normal(scale=3, size=500), far, np.negative(far)])
    ours = call(NAME, "evaluate", name, z.tolist(), *alpha)
    assert np.isfinite([ours["value"], ours["slope"]]).all()
    # The package computes small numbers as 1 + tanh, where 1e-16 is lost, and |z| < 40 multiplies that.
    np.testing.assert_allclose([ours["value"], ours["slope"]], by_companion(name, z, *alpha), rtol=1e-9, atol=1e-14)


def test_small_slopes_keep_their_digits(call):
    """Their tenth power is shown: 1 - tanh(z)^2 would be wrong in the eighth digit at 8."""
    z = np.array([-8.0, 5.0, 8.0])
    np.testing.assert_allclose(call(NAME, "evaluate", "tanh", z.tolist())["slope"], 1 / np.cosh(z) ** 2, rtol=1e-14)
    e = np.exp(-np.abs(z))
    np.testing.assert_allclose(call(NAME, "evaluate", "sigmoid", z.tolist())["slope"], e / (1 + e) ** 2, rtol=1e-14)


@pytest.mark.parametrize(("name", "alpha"), CASES)
def test_saturated_sides(call, name, alpha):
    grid = np.array(call(NAME, "GRID"))
    np.testing.assert_allclose(grid, np.linspace(-8, 8, 801), atol=1e-12)
    low, high = call(NAME, "saturation", name, *alpha)
    size = np.abs(by_companion(name, grid, *alpha)[1])
    outside = (grid < low) | (grid > high)
    assert (size[outside] < 0.01 * size.max()).all()
    assert size[~outside][[0, -1]].min() >= 0.01 * size.max()
    never_flat = name == "linear" or (name == "Leaky ReLU" and alpha != (0.0,))
    assert np.isfinite(low) == (not never_flat)
    assert np.isfinite(high) == (name in ("sigmoid", "tanh"))


def test_saturation_begins_where_the_chapter_says(call):
    low, high = call(NAME, "saturation", "sigmoid")
    assert low == -high and abs(high - 5.99) < 0.02


@pytest.mark.parametrize(("name", "alpha"), CASES)
def test_steepest_places(call, name, alpha):
    z = np.arange(-80, 81) / 10
    slope = by_companion(name, z, *alpha)[1]
    assert call(NAME, "steepest", name, *alpha) == z[slope == slope.max()].tolist()


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.25, 1.0, 1.0998, -0.1])
def test_ten_layers_multiply_ten_slopes(call, slope):
    left = np.cumprod([1.0] + [abs(slope)] * 10)
    np.testing.assert_allclose(call(NAME, "journey", slope), left, rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "1"), (0.104994, "0.105"), (-0.0998, "−0.0998"), (2.588, "2.59"), (1.6276e-10, "1.6·10⁻¹⁰"),
     (-4.54e-5, "−4.5·10⁻⁵"), (0.001, "0.001")],
)
def test_short_numbers(call, value, text):
    assert call(NAME, "short", value) == text


@pytest.mark.parametrize(
    ("place", "begin", "end"),
    [
        (["sigmoid", 0], "At z = 0.0 the slope of sigmoid is 0.25, its greatest", "leave 9.5·10⁻⁷ of a gradient."),
        (["tanh", 3.5], "At z = 3.5 the slope of tanh is 0.00364 (saturated)", "leave 4.1·10⁻²⁵ of a gradient."),
        (["ReLU", -1], "At z = −1.0 the slope of ReLU is 0 (saturated)", "let no gradient through."),
        (["ReLU", 1], "At z = 1.0 the slope of ReLU is 1", "leave a gradient as it is."),
        (["SiLU", 2.4], "At z = 2.4 the slope of SiLU is 1.1, its greatest", "make a gradient 2.59 times as large."),
        (["Leaky ReLU", -1, 0.3], "At z = −1.0 the slope of Leaky ReLU is 0.3", "leave 5.9·10⁻⁶ of a gradient."),
    ],
)
def test_findings(call, place, begin, end):
    assert call(NAME, "finding", *place) == f"{begin}: ten such slopes {end}"


def wait_for(page, words):
    page.wait_for_function("words => document.querySelector('[role=status]').textContent.includes(words)", arg=words)


def shown(element):
    """z, f(z) and f'(z) that the reader reads."""
    return [number(readout(element)[name]) for name in ("z", "f(z)", "f′(z)")]


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)

    def agrees(name, z, *alpha):
        (value,), (slope,) = by_companion(name, [z], *alpha)
        assert shown(element) == [z, pytest.approx(value, abs=0.005), pytest.approx(slope, abs=0.0005)]

    agrees("sigmoid", 2.0)
    wait_for(page, "ten such slopes leave 1.6·10⁻¹⁰ of a gradient.")
    assert element.get_by_text("sigmoid: 0.105¹⁰ = 1.6·10⁻¹⁰", exact=True).is_visible()

    handle = element.get_by_role("slider", name="Weighted sum z")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")  # only along the axis
    agrees("sigmoid", 1.4)
    assert handle.get_attribute("aria-valuetext") == "z = 1.4"

    element.get_by_role("button", name="Steepest place").click()
    agrees("sigmoid", 0.0)
    wait_for(page, "is 0.25, its greatest")

    function, other = (element.get_by_role("combobox", name=name) for name in ("Function", "Compare with"))
    for name in NAMES:
        function.select_option(name)
        agrees(name, 0.0)
    function.select_option("ELU")
    other.select_option("Leaky ReLU")
    handle.focus()
    page.keyboard.press("Shift+ArrowLeft")
    agrees("ELU", -0.5)
    element.get_by_label("α of Leaky ReLU").fill("0.3")
    element.get_by_label("α of ELU").fill("0.5")
    agrees("ELU", -0.5, 0.5)
    wait_for(page, "the slope of Leaky ReLU is 0.3: ten such slopes leave 5.9·10⁻⁶ of a gradient.")
    assert element.get_by_text("triangle, dashed: Leaky ReLU").is_visible()

    element.get_by_role("button", name="Start again").click()
    agrees("sigmoid", 2.0)
    assert other.input_value() == "none" and element.get_by_label("α of ELU").count() == 0
    assert not element.get_by_text("triangle, dashed").is_visible()
    function.select_option("ELU")
    agrees("ELU", 2.0, 1.0)
    assert element.get_by_label("α of ELU").input_value() == "1"


def test_the_tangent_has_the_direction_of_the_curve(stage):
    page, element = stage(NAME)
    paths = element.locator("svg").first.locator("g[clip-path] > path")

    def corners(node):
        return np.array([corner.split(",") for corner in node.get_attribute("d")[1:].split("L")], dtype=float)

    def direction(points):
        return (points[-1] - points[0])[1] / (points[-1] - points[0])[0]

    for name, keys in (("linear", 0), ("tanh", 0), ("SiLU", 3)):
        element.get_by_role("combobox", name="Function").select_option(name)
        element.get_by_role("slider", name="Weighted sum z").focus()
        for _ in range(keys):
            page.keyboard.press("ArrowLeft")
        curve, tangent = corners(paths.nth(2)), corners(paths.last)
        near = int(np.argmin(np.abs(curve[:, 0] - tangent[:, 0].mean())))
        assert direction(tangent) == pytest.approx(direction(curve[near - 10 : near + 11]), abs=0.02)
        assert tangent.mean(axis=0) == pytest.approx(curve[near], abs=0.5)


@pytest.mark.parametrize("plot", [0, 1])
def test_both_points_can_be_dragged(stage, plot):
    page, element = stage(NAME)
    element.get_by_role("combobox", name="Function").select_option("tanh")
    point = element.locator("svg").nth(plot).locator(".handle .halo").bounding_box()
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 5)
    page.mouse.up()
    z = shown(element)[0]
    assert z > 3
    assert shown(element)[1] == pytest.approx(np.tanh(z), abs=0.005)
    wait_for(page, "(saturated)")


def test_a_point_left_of_the_axis_is_told_of(stage):
    page, element = stage(NAME)
    strip = element.locator("svg").nth(2)
    element.get_by_role("combobox", name="Function").select_option("ReLU")
    assert strip.get_by_text("ReLU: 1¹⁰ = 1", exact=True).is_visible()
    handle = element.get_by_role("slider", name="Weighted sum z")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    assert strip.get_by_text("ReLU: 0¹⁰ = 0", exact=True).is_visible()
    assert shown(element)[0] == -0.5
    assert "NaN" not in strip.inner_html() and "Infinity" not in strip.inner_html()


def test_parameters_start_as_in_the_package(call):
    assert call(NAME, "ALPHAS") == {"Leaky ReLU": nn.LeakyReLU().negative_slope, "ELU": nn.ELU().alpha}
