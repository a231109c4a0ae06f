"""fit, evaluate, accuracy and EarlyStopping: what they record, when they stop, what they leave behind."""
import time

import numpy as np
import pytest
from tqdm import tqdm

from companion import Tensor, nn, optim
from companion.data import DataLoader, TensorDataset
from companion.training import EarlyStopping, accuracy, evaluate, fit


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("COMPANION_QUIET", "1")


@pytest.fixture
def line(rng):
    """Points on y = 2 x - 1, a model and an optimizer for them."""
    x = rng.normal(size=(20, 1))
    loader = DataLoader(TensorDataset(x, 2 * x - 1), batch_size=8)
    model = nn.Linear(1, 1, rng=0)
    return model, optim.SGD(model.parameters(), 0.1), nn.MSELoss(), loader


def test_fit_learns_and_records(line):
    model, optimizer, loss, loader = line
    history = fit(*line, val_loader=loader, epochs=30, metric=lambda output, y: 0.5)
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(
        ("loss", "metric", "lr", "val_loss", "val_metric"), 30)
    assert history["loss"][-1] < 1e-3 < history["loss"][0]
    assert history["val_metric"] == [0.5] * 30
    np.testing.assert_allclose([model.weight.item(), model.bias.item()], [2, -1], atol=0.05)


def test_means_weight_every_example_equally(line):
    model, _, loss, loader = line  # batches of 8, 8 and 4
    x, y = (np.concatenate(parts) for parts in zip(*loader, strict=True))
    whole = loss(model(Tensor(x)), Tensor(y)).item()
    measured = evaluate(model, loss, loader, metric=lambda output, target: len(target.data))
    assert measured["loss"] == pytest.approx(whole)
    assert measured["metric"] == pytest.approx((8 * 8 + 8 * 8 + 4 * 4) / 20)


def test_fit_steps_the_schedule_each_epoch(line):
    _, optimizer, _, _ = line
    history = fit(*line, epochs=3, scheduler=optim.StepLR(optimizer, 1, 0.5))
    assert history["lr"] == [0.1, 0.05, 0.025]


def test_fit_clips_gradients(line):
    model, optimizer, _, _ = line
    before = model.weight.item()
    fit(*line, epochs=1, max_grad_norm=1e-6)
    assert abs(model.weight.item() - before) <= 3 * 0.1 * 1e-6 + 1e-7


def test_no_epoch_gives_no_history(line):
    assert fit(*line, epochs=0) == {}


# ---- the bar ----

def test_fit_is_silent_where_the_variable_is_set(line, capfd):
    fit(*line, epochs=2)
    assert capfd.readouterr() == ("", "")


def test_fit_shows_loss_metric_and_time_left(line, capfd, monkeypatch):
    monkeypatch.delenv("COMPANION_QUIET")
    fit(*line, epochs=2, metric=lambda output, y: time.sleep(0.11) or 0.25)  # slow enough for the bar to be drawn
    out, err = capfd.readouterr()
    assert out == ""
    for part in ("6/6", "loss=", "metric=0.2500", "00:00<"):  # steps, measures, time gone and left
        assert part in err


def test_in_the_browser_the_bar_is_plain_and_leaves_nothing(line, capfd, monkeypatch):
    monkeypatch.delenv("COMPANION_QUIET")
    monkeypatch.setattr("sys.platform", "emscripten")
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 10)  # a thread, which the browser cannot start
    fit(*line, epochs=2, metric=lambda output, y: time.sleep(0.11) or 0.25)
    out, err = capfd.readouterr()
    assert "6/6" in out and err == ""
    assert out.endswith("\r") and out.split("\r")[-2].strip() == ""
    assert tqdm.monitor_interval == 0


# ---- how it ends ----

class InterruptedLoss(nn.Module):
    """Interrupts at a given call, as Ctrl-C would."""

    def __init__(self, at):
        self.at, self.calls, self.inner = at, 0, nn.MSELoss()

    def forward(self, prediction, target):
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return self.inner(prediction, target)


def test_an_interrupt_returns_the_history_so_far(line):
    model, optimizer, _, loader = line
    history = fit(model, optimizer, InterruptedLoss(at=8), loader, epochs=50)  # in the third epoch of three batches
    assert len(history["loss"]) == 2
    assert np.isfinite(model.weight.data).all()


def test_an_interrupt_in_the_loader_restores_the_best_weights(line):
    model, optimizer, loss, loader = line

    class Interrupted:
        passes = 0

        def __len__(self):
            return len(loader)

        def __iter__(self):
            self.passes += 1
            if self.passes == 3:
                raise KeyboardInterrupt
            return iter(loader)

    stopper = EarlyStopping(patience=9)
    history = fit(model, optimizer, loss, Interrupted(), epochs=50, early_stopping=stopper)
    assert len(history["loss"]) == 2
    np.testing.assert_array_equal(model.weight.data, stopper.best_state["weight"])


def test_an_interrupt_in_evaluation_leaves_training_mode(line):
    model, optimizer, _, loader = line
    history = fit(model, optimizer, InterruptedLoss(at=4), loader, loader, epochs=50)
    assert history == {}
    assert model.training


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops_before_the_step(line, value):
    model, optimizer, _, loader = line
    before = model.state_dict()
    with pytest.raises(ValueError, match=f"loss became {value} in epoch 1: try a smaller learning rate"):
        fit(model, optimizer, lambda output, y: output.abs().sum() * value, loader)
    np.testing.assert_array_equal(model.weight.data, before["weight"])


@pytest.mark.parametrize("call", [lambda m, o, loss, data: fit(m, o, loss, data),
                                  lambda m, o, loss, data: evaluate(m, loss, data)])
def test_a_loader_without_examples(line, call):
    with pytest.raises(ValueError, match="needs at least one example, the loader gave none"):
        call(*line[:3], [])


def test_evaluate_puts_the_mode_back_and_records_no_graph(line):
    model, _, loss, loader = line
    modes = []
    evaluate(model, lambda output, y: modes.append((model.training, output.requires_grad)) or loss(output, y), loader)
    assert set(modes) == {(False, False)}
    assert model.training
    evaluate(model.eval(), loss, loader)
    assert not model.training


# ---- early stopping ----

def test_early_stopping_restores_the_best_weights():
    model, stopper = nn.Linear(1, 1), EarlyStopping(patience=2, min_delta=0.1)
    stops = []
    for step, value in enumerate((1.0, 0.5, 0.45, 0.6)):
        model.weight.data[:] = step
        stops.append(stopper.step(value, model))
    assert stops == [False, False, False, True]
    stopper.restore(model)
    assert (model.weight.item(), stopper.best) == (1, 0.5)


def test_fit_stops_early_and_keeps_the_best(line):
    model, optimizer, loss, loader = line
    values = iter([3.0, 2.0, 2.5, 2.75, 1.0])
    stopper, seen = EarlyStopping(patience=2), []

    class Watched(nn.MSELoss):
        def forward(self, prediction, target):
            if model.training:
                return super().forward(prediction, target)
            seen.append(model.weight.item())
            return super().forward(prediction, target) * 0 + next(values)

    history = fit(model, optimizer, Watched(), loader, [next(iter(loader))], epochs=9, early_stopping=stopper)
    assert history["val_loss"] == [3.0, 2.0, 2.5, 2.75]
    assert model.weight.item() == seen[1]


def test_a_stopper_that_saw_nothing_restores_nothing():
    model = nn.Linear(1, 1)
    before = model.weight.item()
    EarlyStopping().restore(model)
    assert model.weight.item() == before


def test_patience_is_positive():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        EarlyStopping(patience=0)


# ---- accuracy ----

@pytest.mark.parametrize(("logits", "target", "expected"), [
    ([[1, 2, 0], [3, 0, 0], [0, 0, 1]], [1, 0, 0], 2 / 3),
    ([2.0, -1.0, 0.0, 3.0], [1, 0, 1, 0], 0.5),
    ([[2.0], [-1.0]], [[1], [0]], 1.0),
    ([[2.0], [-1.0], [5.0], [-2.0]], [1, 0, 0, 0], 0.75),
])
def test_accuracy(logits, target, expected):
    assert accuracy(np.array(logits), np.array(target)) == expected
    assert accuracy(Tensor(logits), Tensor(target)) == expected


@pytest.mark.parametrize(("logits", "target", "message"), [
    (np.ones((3, 2)), np.ones(2), r"got \(3, 2\) and \(2,\)"), (np.ones((0, 2)), np.ones(0), "at least one example"),
])
def test_accuracy_refuses(logits, target, message):
    with pytest.raises(ValueError, match=message):
        accuracy(logits, target)
