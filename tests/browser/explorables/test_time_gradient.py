"""The sizes of the gradient through time are those that the package's gradients measure."""

import numpy as np
import pytest
from explorable_tools import choose, number, press, readout, says

from companion import Tensor, nn

NAME = "time-gradient"
MATRICES = ["random", "orthogonal", "triangular"]
STEPS = 50
INPUTS = 0.5 * np.sin(np.outer(np.arange(1, STEPS + 1), [1, 2, 3, 4]))  # (time, units)


def cell(weight):
    """The package's RNNCell with these recurrent weights; each input goes to its own unit."""
    cell = nn.RNNCell(4, 4)
    values = {"weight_ih": np.eye(4), "weight_hh": weight, "bias_ih": np.zeros(4), "bias_hh": np.zeros(4)}
    for name, value in values.items():
        getattr(cell, name).data[:] = value
    return cell


def trajectory(weight, tanh):
    """h_0 ... h_T (time + 1, 4): of the package's cell, or without tanh."""
    h = [np.zeros(4)]
    step = cell(weight)
    for u in INPUTS:
        h.append(step(Tensor(u[None]), Tensor(h[-1][None])).data[0] if tanh else weight @ h[-1] + u)
    return np.array(h)


def measured(weight, tanh, back):
    """The spectral norm of the derivative of h_T by h_{T - back}, taken by the package's autograd, unit by unit."""
    start = trajectory(weight, tanh)[STEPS - back]
    step, rows = cell(weight), []
    for unit in range(4):
        first = h = Tensor(start[None], requires_grad=True)
        for u in INPUTS[STEPS - back:]:
            u = Tensor(u[None])
            h = step(u, h) if tanh else h @ Tensor(weight.T) + u
        (h * Tensor(np.eye(4)[unit])).sum().backward()
        rows.append(first.grad[0])
    return np.linalg.norm(rows, 2)


@pytest.mark.parametrize("name", MATRICES)
def test_the_matrices_have_that_spectral_radius(call, name):
    for rho in (0.5, 1, 1.5):
        eigenvalues = np.linalg.eigvals(np.array(call(NAME, "matrix", name, rho)))
        assert np.abs(eigenvalues).max() == pytest.approx(rho, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_spectral_norm(call, seed):
    rng = np.random.default_rng(seed)
    for scale in (1, 1e-17, 1e8):
        full = scale * rng.normal(size=(4, 4))
        lean = scale * np.outer(rng.normal(size=4), rng.normal(size=4))
        for rows in (full, lean):
            found = call(NAME, "spectralNorm", rows.tolist())
            np.testing.assert_allclose(found, np.linalg.norm(rows, 2), rtol=1e-12)


@pytest.mark.parametrize("tanh", [False, True])
@pytest.mark.parametrize("name", MATRICES)
def test_sizes_equal_the_measured_ones(call, name, tanh):
    for rho in np.arange(50, 151, 10) / 100:
        W = np.array(call(NAME, "matrix", name, rho))
        h = trajectory(W, tanh)
        np.testing.assert_allclose(call(NAME, "states", W.tolist(), tanh), h[1:], rtol=1e-9, atol=1e-12)
        sizes = call(NAME, "sizes", W.tolist(), tanh)
        product, expected = np.eye(4), [1]
        for t in range(STEPS, 0, -1):
            slope = 1 - h[t] ** 2 if tanh else np.ones(4)
            product = product @ (slope[:, None] * W)
            expected.append(np.linalg.norm(product, 2))
        np.testing.assert_allclose(sizes, expected, rtol=1e-9)
        for back in (1, 10, 50):
            np.testing.assert_allclose(sizes[back], measured(W, tanh, back), rtol=1e-9)


def test_what_the_matrices_are_for(call):
    """Orthogonal: exactly a power of rho. Random: that slope in the end. Triangular: growth first. tanh: less."""
    for rho in (0.7, 0.9, 1, 1.2):
        sizes = {name: np.array(call(NAME, "sizes", call(NAME, "matrix", name, rho), False)) for name in MATRICES}
        np.testing.assert_allclose(sizes["orthogonal"], rho ** np.arange(STEPS + 1), rtol=1e-12)
        assert sizes["random"][50] / sizes["random"][30] == pytest.approx(rho ** 20, rel=1e-3)
    growing = np.array(call(NAME, "sizes", call(NAME, "matrix", "triangular", 0.85), False))
    assert growing.max() > 10 and growing[-1] < 0.1
    for name in MATRICES:
        for rho in np.arange(50, 151, 5) / 100:
            W = call(NAME, "matrix", name, rho)
            assert call(NAME, "sizes", W, True)[50] < call(NAME, "sizes", W, False)[50]


def sizes_of(call, name, rho, tanh):
    return np.array(call(NAME, "sizes", call(NAME, "matrix", name, rho), tanh))


def value(text):
    """0.446 or 6.6 · 10⁻³ as a number."""
    digits, _, power = text.partition(" · 10")
    return number(digits) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def shown(element):
    return [value(text) for text in readout(element).values()]


def expected(sizes):
    return [pytest.approx(x, rel=0.03) for x in (sizes[10], sizes[50], sizes[50] ** (1 / 50))]


def curve(element):
    """The heights of the drawn curve as powers of ten."""
    d = element.locator("path[style*='stroke-width: 3']").get_attribute("d")
    pixels = np.array([float(point.split(",")[1]) for point in d[1:].split("L")])
    ticks = element.locator(".axes text[text-anchor=end]")
    heights = {ticks.nth(i).text_content(): float(ticks.nth(i).get_attribute("y")) - 4 for i in range(ticks.count())}
    one, ten = heights["1"], heights["10⁵"]
    return (one - pixels) / (one - ten) * 5


def test_what_the_reader_sees(stage, call):
    page, element = stage(NAME)
    sizes = sizes_of(call, "random", 0.9, False)
    assert shown(element) == expected(sizes)
    np.testing.assert_allclose(curve(element), np.log10(sizes), atol=0.01)
    assert list(readout(element)) == ["10 steps back", "50 steps back", "mean factor per step"]
    says(page, "The gradient vanishes: 50 steps back its size is 6.6 · 10⁻³. The power ρ⁵⁰ is 5.2 · 10⁻³.")
    press(element, "ρ = 1")
    says(page, "The gradient stays about 1: 50 steps back its size is 1.29.")
    press(element, "ρ = 1.1")
    assert shown(element) == expected(sizes_of(call, "random", 1.1, False))
    says(page, "The gradient explodes: 50 steps back its size is 151.")


def test_tanh_takes_the_explosion_away(stage, call):
    page, element = stage(NAME)
    choose(element, Activation="tanh")
    element.get_by_role("slider", name="Spectral radius ρ of W").fill("1.5")
    sizes = sizes_of(call, "random", 1.5, True)
    assert shown(element) == expected(sizes)
    np.testing.assert_allclose(curve(element), np.log10(sizes), atol=0.01)
    says(page, "The gradient vanishes: 50 steps back its size is 4.3 · 10⁻⁶. The power ρ⁵⁰ is 6.4 · 10⁸, but each")
    thin = element.locator("svg g[style*='opacity: 0.6'] path")
    last = [d.rsplit(",", 1)[1] for d in thin.evaluate_all("paths => paths.map((path) => path.getAttribute('d'))")]
    drawn = curve(element)[-1]
    own = element.locator("path[style*='stroke-width: 3']").get_attribute("d").rsplit(",", 1)[1]
    assert last[-1] == own and drawn < 0  # the thin curve for 1.5 is the same one
    press(element, "Start again")
    assert shown(element) == expected(sizes_of(call, "random", 0.9, False))


def test_a_triangular_matrix_grows_first(stage, call):
    page, element = stage(NAME)
    choose(element, W="triangular")
    element.get_by_role("slider", name="Spectral radius ρ of W").fill("0.85")
    sizes = sizes_of(call, "triangular", 0.85, False)
    assert shown(element) == expected(sizes)
    says(page, f"The gradient vanishes: 50 steps back its size is {sizes[50]:.3f}.")
    page.wait_for_function("t => document.querySelector('[role=status]').textContent.endsWith(t)",
                           arg=f"At first it grows, up to {sizes.max():.2f}: ρ rules the long run only.")


def test_the_end_of_the_line_is_dragged(stage, call):
    page, element = stage(NAME)
    handle = element.get_by_role("slider", name="Spectral radius, at the end")
    assert handle.get_attribute("aria-valuetext") == "0.90, size 6.6 · 10⁻³ after 50 steps"
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "0.96"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert shown(element) == expected(sizes_of(call, "random", 0.9, False))
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    ticks = element.locator(".axes text[text-anchor=end]")
    decade = (ticks.filter(has_text="10⁻⁵").bounding_box()["y"] - ticks.filter(has_text="10⁵").bounding_box()["y"]) / 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 6 * decade)  # 0.9 ** 50 times a million
    page.mouse.up()
    rho = 0.9 * 10 ** (6 / 50)
    assert number(handle.get_attribute("aria-valuenow")) == pytest.approx(rho, abs=0.006)
    page.mouse.move(x, y - 6 * decade)
    page.mouse.down()
    page.mouse.move(x + 40, y + 900)
    page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "0.50"
