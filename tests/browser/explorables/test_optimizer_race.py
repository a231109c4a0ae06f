"""The racing optimizers take the steps of companion.optim, on surfaces with companion's gradients."""

import numpy as np
import pytest
from explorable_tools import number, readout

from companion import Parameter, optim

NAME = "optimizer-race"
MAKERS = {
    "SGD": lambda w, lr: optim.SGD([w], lr=lr),
    "Momentum": lambda w, lr: optim.SGD([w], lr=lr, momentum=0.9),
    "RMSprop": lambda w, lr: optim.RMSprop([w], lr=lr, alpha=0.9),
    "Adam": lambda w, lr: optim.Adam([w], lr=lr),
}


def hessian(kappa, angle):
    turn = np.deg2rad(angle)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    return np.outer(along, along) / kappa + np.outer(across, across)


def loss(name, w, kappa=1.0, angle=0.0):
    """The loss as a Tensor of w (2,)."""
    if name == "bowl":
        return 0.5 * (w @ hessian(kappa, angle) @ w)
    if name == "bend":
        return (w[1] - w[0] ** 2) ** 2 + 0.05 * (w[0] - 1) ** 2
    return 0.5 * w[0] ** 2 + 0.25 * (w[1] ** 2 - 1) ** 2


def package_path(optimizer, name, start, lr, steps, kappa=1.0, angle=0.0):
    w = Parameter(start)
    rule, points = MAKERS[optimizer](w, lr), [w.data.copy()]
    for _ in range(steps):
        rule.zero_grad()
        loss(name, w, kappa, angle).backward()
        rule.step()
        points.append(w.data.copy())
    return np.array(points)


@pytest.fixture
def page_path(blank):
    """The path that the module computes: (optimizer, surface, start, lr, steps) -> points."""

    def points(*arguments):
        return np.array(blank.evaluate(
            """async ([optimizer, [name, ...shape], start, lr, steps]) => {
                const { descend, surface } = await import("/optimizer-race.js");
                return descend(optimizer, surface(name, ...shape), start, lr, steps);
            }""", list(arguments)))

    return points


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("surface", ["bowl", "bend", "saddle"])
@pytest.mark.parametrize("optimizer", MAKERS)
def test_paths_equal_the_package(page_path, optimizer, surface, seed):
    rng = np.random.default_rng(seed)
    start = rng.uniform([-2, -1.5], [2, 1.5]).tolist()
    kappa, angle, lr = 10 ** rng.uniform(0, 3), rng.uniform(0, 45), 10 ** rng.uniform(-3, -1.2)
    # Forty steps: RMSprop, once it jumps to and fro across the minimum, doubles each rounding error with every step.
    expected = package_path(optimizer, surface, start, lr, 40, kappa, angle)
    np.testing.assert_allclose(page_path(optimizer, [surface, kappa, angle], start, lr, 40), expected,
                               rtol=1e-9, atol=1e-12)


def test_beyond_the_limit_it_runs_away(page_path):
    assert len(page_path("SGD", ["bowl", 30, 0], [1.0, 1.0], 1.99, 500)) == 501
    assert len(page_path("SGD", ["bowl", 30, 0], [1.0, 1.0], 2.2, 500)) < 501


def test_arrival_is_counted_as_in_the_chapter(blank):
    """The step after the last one whose distance is at least a hundredth of the first."""
    path = package_path("SGD", "bowl", [-1.5, 0.9], 1.8, 500, 10.0, 0.0)
    distance = np.linalg.norm(path, axis=1)
    expected = np.nonzero(distance >= 0.01 * distance[0])[0][-1] + 1
    assert blank.evaluate(
        """async () => {
            const { arrival, descend, surface } = await import("/optimizer-race.js");
            const land = surface("bowl", 10, 0);
            return arrival(descend("SGD", land, [-1.5, 0.9], 1.8), land.minima);
        }""") == expected


def test_contours_lie_where_the_loss_has_their_level(blank):
    segments = np.array(blank.evaluate(
        """async () => {
            const { contour, surface } = await import("/optimizer-race.js");
            return contour(surface("bowl", 1, 0).loss, 0.5, [-2, 2], [-1.5, 1.5]);
        }"""))
    np.testing.assert_allclose(np.linalg.norm(segments.reshape(-1, 2), axis=1), 1, atol=2e-3)  # a circle
    assert np.linalg.norm(np.diff(segments, axis=1), axis=-1).sum() == pytest.approx(2 * np.pi, rel=1e-2)


def test_what_the_reader_sees(stage):
    page, element = stage(NAME)
    rates = {"SGD": 1.8, "Momentum": 0.4, "RMSprop": 0.05, "Adam": 0.2}
    for (name, text), (optimizer, lr) in zip(readout(element).items(), rates.items(), strict=True):
        assert name.endswith(optimizer)
        end = package_path(optimizer, "bowl", [-1.5, 0.9], lr, 60, 32, 0.0)[-1]
        assert number(text.split()[1].rstrip(",")) == pytest.approx(loss("bowl", end, 32), rel=0.06)

    element.get_by_label("Learning rate of").select_option("SGD")
    element.get_by_label("η").focus()
    page.keyboard.press("End")
    assert list(readout(element).values())[0] == "ran away"
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('above its limit')")
    element.get_by_role("button", name="Best rate for each").click()
    assert all("stays close from step" in text for text in readout(element).values())
    element.get_by_label("Surface").select_option("saddle")
    assert not element.get_by_label("Condition number κ").is_visible()
