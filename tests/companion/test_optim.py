"""Optimizers, clipping and schedules by hand; their equality with PyTorch is in tests/parity."""
import numpy as np
import pytest

from companion import Parameter, nn, optim

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1), "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    "RMSprop": lambda p: optim.RMSprop(p, 0.1), "Adam": lambda p: optim.Adam(p, 0.1, weight_decay=0.1),
    "AdamW": lambda p: optim.AdamW(p, 0.1),
}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


@every_optimizer
def test_steps_go_downhill_in_place_and_in_float32(make):
    p = Parameter([3.0, -2.0])
    array, optimizer = p.data, make([p])
    for _ in range(100):
        optimizer.zero_grad()
        (p * p).sum().backward()
        optimizer.step()
    assert p.data is array
    assert array.dtype == np.float32
    assert np.abs(array).max() < 0.5
    slots = [slot for name in ("m", "v") for slot in getattr(optimizer, name, [])]
    assert {slot.dtype for slot in slots} == {np.dtype(np.float32)}


@every_optimizer
def test_a_learning_rate_in_float64_leaves_float32_alone(make):
    p = Parameter([1.0])
    optimizer = make(p)
    optimizer.lr = np.float64(0.1)
    (p * p).sum().backward()
    optimizer.step()
    assert p.dtype == np.float32


@every_optimizer
def test_a_parameter_without_gradient_stays(make):
    used, unused = Parameter([1.0]), Parameter([5.0])
    optimizer = make([used, unused])
    used.sum().backward()
    optimizer.step()
    assert unused.data.tolist() == [5.0]
    assert used.data[0] < 1


@every_optimizer
def test_a_step_leaves_the_gradient_alone(make):
    p = Parameter([1.0])
    optimizer = make([p])
    p.grad = np.array([2.0], np.float32)
    optimizer.step()
    assert p.grad.tolist() == [2.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_sgd_by_hand():
    p = Parameter([1.0])
    optimizer = optim.SGD([p], lr=0.5, momentum=0.5)
    for expected in (0.0, -1.5):
        p.grad = np.array([2.0], np.float32)
        optimizer.step()
        assert p.data.tolist() == [expected]


def test_the_first_step_of_adam_has_the_length_of_the_learning_rate():
    p = Parameter([1.0, 1.0])
    p.grad = np.array([1e-3, -1e3], np.float32)
    optim.Adam([p], lr=0.1).step()
    np.testing.assert_allclose(p.data, [0.9, 1.1], rtol=1e-4)


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError, match="Optimizer has no step method"):
        optim.Optimizer([Parameter([1.0])], 0.1).step()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda p: optim.SGD([]), ValueError, "got no parameters"),
    (lambda p: optim.SGD([p, 3]), TypeError, "expects parameters .* got int"),
    (lambda p: optim.SGD(nn.Linear(1, 1).named_parameters()), TypeError, "expects parameters .* got tuple"),
    (lambda p: optim.SGD([p], lr=-1), ValueError, "lr must be at least 0, got -1"),
    (lambda p: optim.Adam([p], lr=float("nan")), ValueError, "lr must be at least 0, got nan"),
    (lambda p: optim.AdamW([p], weight_decay=-1), ValueError, "weight_decay must be at least 0, got -1"),
    (lambda p: optim.SGD([p], momentum=1), ValueError, "momentum must be at least 0 and below 1, got 1"),
    (lambda p: optim.RMSprop([p], alpha=-0.1), ValueError, "alpha must be at least 0 and below 1, got -0.1"),
    (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ValueError, "beta2 must be at least 0 and below 1, got 1.0"),
    (lambda p: optim.clip_grad_norm([p], 0), ValueError, "max_norm must be positive, got 0"),
    (lambda p: optim.StepLR(optim.SGD([p]), 0), ValueError, "step_size >= 1, got 0"),
    (lambda p: optim.CosineLR(optim.SGD([p]), 5, warmup=5), ValueError, "0 <= warmup < total, got warmup 5, total 5"),
])
def test_errors_say_what_was_expected_and_what_came(call, error, message):
    with pytest.raises(error, match=message):
        call(Parameter([1.0]))


def test_clipping_scales_all_gradients_together():
    p, q, unused = Parameter([0.0]), Parameter([0.0]), Parameter([0.0])
    p.grad, q.grad = np.array([3.0], np.float32), np.array([4.0], np.float32)
    assert optim.clip_grad_norm([p, q, unused], 1.0) == pytest.approx(5)
    np.testing.assert_allclose([p.grad[0], q.grad[0]], [0.6, 0.8], rtol=1e-6)
    assert optim.clip_grad_norm([p, q], 2.0) == pytest.approx(1)
    np.testing.assert_allclose([p.grad[0], q.grad[0]], [0.6, 0.8], rtol=1e-6)
    assert p.grad.dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_clipping_refuses_what_is_not_finite(value):
    p = Parameter([1.0])
    p.grad = np.array([value], np.float32)
    with pytest.raises(ValueError, match=f"have the length {value}"):
        optim.clip_grad_norm([p], 1.0)


@pytest.mark.parametrize(("make", "expected"), [
    (lambda o: optim.LambdaLR(o, lambda t: 1 / (t + 1)), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7]),
    (lambda o: optim.StepLR(o, 2, 0.5), [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]),
    (lambda o: optim.CosineLR(o, 4), [1, 0.853553, 0.5, 0.146447, 0, 0, 0]),
    (lambda o: optim.CosineLR(o, 5, warmup=3, min_factor=0.1), [0.25, 0.5, 0.75, 1, 0.55, 0.1, 0.1]),
])
def test_schedules(make, expected):
    optimizer = optim.SGD([Parameter([1.0])], lr=2.0)
    schedule, rates = make(optimizer), []
    for _ in expected:
        rates.append(optimizer.lr)
        schedule.step()
    np.testing.assert_allclose(rates, 2 * np.array(expected), atol=1e-5)
