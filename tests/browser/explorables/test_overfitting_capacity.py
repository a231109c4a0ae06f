"""Fits, errors, bias and variance are those of NumPy's least squares, and of fits to ten thousand draws of noise."""

import numpy as np
import pytest
from explorable_tools import normals, number, press, readout, says
from numpy.polynomial import legendre

NAME = "overfitting-capacity"
X = np.array([-0.95, -0.8, -0.62, -0.48, -0.3, -0.08, 0.1, 0.24, 0.45, 0.58, 0.79, 0.94])
GRID = np.linspace(-1, 1, 101)
SIGMA = 0.3


def truth(x):
    return np.sin(4 * x + 0.5)


def features(x, degree):
    return legendre.legvander(np.asarray(x), degree) * np.sqrt(2 * np.arange(degree + 1) + 1)


def fit(degree, strength, y):
    """Weights (degree + 1, ...) for heights (12, ...) by least squares, with a row more for each penalty."""
    y = np.asarray(y)
    penalty = np.sqrt(strength) * np.eye(degree + 1)[1:]
    rows = np.concatenate([features(X, degree) / np.sqrt(12), penalty])
    heights = np.concatenate([y / np.sqrt(12), np.zeros((degree, *y.shape[1:]))])
    return np.linalg.lstsq(rows, heights, rcond=None)[0]


def expected(degree, strength, y):
    """Train and test error, squared bias, variance."""
    w = fit(degree, strength, y)
    on_grid = features(GRID, degree)
    hat = on_grid @ fit(degree, strength, np.eye(12))
    return {
        "train": ((features(X, degree) @ w - y) ** 2).mean(),
        "test": ((on_grid @ w - truth(GRID)) ** 2).mean() + SIGMA**2,
        "bias": ((hat @ truth(X) - truth(GRID)) ** 2).mean(),
        "variance": SIGMA**2 * (hat**2).sum(axis=1).mean(),
    }


def sample(seed):
    return truth(X) + SIGMA * normals(12, seed)


def test_points_features_and_noise(call):
    assert call(NAME, "X") == X.tolist() and call(NAME, "NOISE") == SIGMA
    np.testing.assert_allclose(call(NAME, "GRID"), GRID, atol=1e-15)
    for seed in (1, 3, 99):
        np.testing.assert_allclose(call(NAME, "sample", seed), sample(seed), rtol=1e-9)
    for degree in (0, 1, 2, 5, 11):
        found = [call(NAME, "features", x, degree) for x in GRID.tolist()]
        np.testing.assert_allclose(found, features(GRID, degree), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("strength", [0, 1e-5, 0.01, 0.2, 10])
def test_fits_and_errors_equal_numpy(call, strength):
    rng = np.random.default_rng(0)
    for degree in range(12):
        y = rng.normal(size=12)
        hat = np.array(call(NAME, "fitter", degree, strength))
        np.testing.assert_allclose(hat, fit(degree, strength, np.eye(12)), rtol=1e-9, atol=1e-11)
        w = fit(degree, strength, y)
        fitted = call(NAME, "predict", w.tolist(), GRID.tolist())
        np.testing.assert_allclose(fitted, features(GRID, degree) @ w, rtol=1e-9, atol=1e-12)
        found = call(NAME, "errors", degree, strength, y.tolist())
        for name, value in expected(degree, strength, y).items():
            # With degree 11 and no penalty the train error is 0 but for rounding.
            np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("degree, strength", [(1, 0), (5, 0), (9, 0.001), (11, 0.2)])
def test_bias_and_variance_are_those_of_many_fits(call, degree, strength):
    noise = np.random.default_rng(1).normal(size=(12, 10_000)) * SIGMA
    fits = features(GRID, degree) @ fit(degree, strength, truth(X)[:, None] + noise)
    found = call(NAME, "errors", degree, strength, sample(1).tolist())
    assert found["variance"] == pytest.approx(fits.var(axis=1).mean(), rel=0.05)
    assert found["bias"] == pytest.approx(((fits.mean(axis=1) - truth(GRID)) ** 2).mean(), rel=0.05, abs=1e-4)
    # They and the noise of a new point add up to the mean test error.
    total = ((fits - truth(GRID)[:, None]) ** 2).mean() + SIGMA**2
    assert found["bias"] + found["variance"] + SIGMA**2 == pytest.approx(total, rel=0.05)


def test_what_the_section_says(call):
    """Train error falls, test error falls and rises, ridge tames the highest degree at the price of bias."""
    y = sample(3).tolist()
    plain = [call(NAME, "errors", degree, 0, y) for degree in range(12)]
    train, test, bias, variance = ([error[name] for error in plain] for name in ("train", "test", "bias", "variance"))
    assert (np.diff(train) < 0).all() and train[11] < 1e-20
    assert np.argmin(test) == 5 and test[0] > 3 * test[5] and test[9] > 5 * test[5]
    assert (np.diff(variance) > 0).all() and bias[0] > 0.4 and bias[5] < 0.01
    strengths = [0, 0.001, 0.01, 0.1, 1]
    ridge = [call(NAME, "errors", 11, strength, y) for strength in strengths]
    assert (np.diff([error["variance"] for error in ridge]) < 0).all()
    assert (np.diff([error["bias"] for error in ridge]) > 0).all()


def short(value):
    return round(value, 4 if value < 0.0995 else 2 if value < 99.5 else 0)


def curve(element, plot, color):
    """The heights of a drawn line in numbers of the axis."""
    frame = element.locator("svg[role=group]").nth(plot)
    d = frame.locator(f"path[style*='{color}']").first.get_attribute("d")
    pixels = np.array([float(point.split(",")[1]) for point in d[1:].split("L")])
    ticks = frame.locator(".axes text[text-anchor=end]")
    low, high = (float(ticks.nth(i).get_attribute("y")) - 4 for i in (0, ticks.count() - 1))
    bottom, top = (-2, 2) if plot == 0 else (-4, 2)
    return bottom + (pixels - low) / (high - low) * (top - bottom)


def assert_shown(element, degree, strength, y):
    errors = expected(degree, strength, y)
    numbers = list(readout(element).values())
    assert number(numbers[0]) == pytest.approx(short(errors["train"]), abs=1e-4)
    assert number(numbers[1]) == pytest.approx(short(errors["test"]), rel=0.03)
    parts = [number(part) for part in numbers[2].replace("=", "+").split(" + ")]
    total = errors["bias"] + errors["variance"] + SIGMA**2
    assert parts == pytest.approx([errors["bias"], errors["variance"], SIGMA**2, total], rel=0.03, abs=1e-4)
    fitted = np.clip(features(GRID, degree) @ fit(degree, strength, y), -9, 9)
    np.testing.assert_allclose(curve(element, 0, "stroke: var(--orange)"), fitted, atol=0.01)
    test = [expected(d, strength, y)["test"] for d in range(12)]
    np.testing.assert_allclose(curve(element, 1, "stroke: var(--orange)"), np.log10(test), atol=0.02)


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)
    y = sample(3)
    assert_shown(element, 9, 0, y)
    says(page, "Most of the avoidable error is variance: each noise makes another fit. With this λ, degree 5 is best")
    press(element, "Too simple")
    assert_shown(element, 1, 0, y)
    says(page, "Most of the avoidable error is bias")
    press(element, "Degree 5")
    assert_shown(element, 5, 0, y)
    says(page, "Nearly as good as it gets")
    press(element, "Through all points")
    assert_shown(element, 11, 0, y)
    says(page, "The curve passes through all 12 points, and swings between them.")
    press(element, "The same with λ")
    assert element.locator("output").nth(1).text_content() == "0.18"
    assert_shown(element, 11, 10**-0.75, y)
    press(element, "Other noise")
    assert_shown(element, 11, 10**-0.75, sample(4))
    press(element, "Start again")
    assert_shown(element, 9, 0, y)
    element.get_by_role("slider", name="Ridge strength λ").fill("-2")
    assert_shown(element, 9, 0.01, y)


def test_a_point_is_dragged(stage):
    page, element = stage(NAME, width=390)
    point = element.get_by_role("slider", name="Point 6, up and down")
    y = sample(3)
    assert point.get_attribute("aria-valuetext") == f"y {y[5]:.2f} at x −0.08".replace("y -", "y −")
    point.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")  # has no meaning here
    y[5] -= 0.1
    assert_shown(element, 9, 0, y)
    page.keyboard.press("Shift+ArrowDown")
    y[5] -= 0.5
    assert_shown(element, 9, 0, y)
    box = point.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 50, middle[1] - 40)
    page.mouse.up()
    after = point.bounding_box()
    assert after["x"] == pytest.approx(box["x"], abs=0.5) and after["y"] == pytest.approx(box["y"] - 40, abs=1)


def test_the_degree_is_dragged(stage):
    page, element = stage(NAME)
    cursor = element.get_by_role("slider", name="Degree").first
    assert cursor.get_attribute("aria-valuetext") == "9, train error 0.0048, test error 1.23"
    cursor.focus()
    page.keyboard.press("ArrowRight")
    assert_shown(element, 10, 0, sample(3))
    page.keyboard.press("Shift+ArrowLeft")
    assert_shown(element, 5, 0, sample(3))
    box = element.locator("svg[role=group]").nth(1).locator("rect.halo").bounding_box()
    ticks = element.locator("svg[role=group]").nth(1).locator(".axes text[text-anchor=middle]")
    zero, five = (ticks.nth(i).bounding_box() for i in (0, 5))
    step = (five["x"] - zero["x"]) / 5
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 3 * step, y + 30)
    page.mouse.up()
    assert_shown(element, 2, 0, sample(3))
