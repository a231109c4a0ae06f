"""Every differentiable operation and layer against central differences; the checker against wrong gradients."""
import numpy as np
import pytest
from op_cases import CASES, NOT_DIFFERENTIABLE, public_names

from companion import Tensor, gradcheck, numerical_gradient

every_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_public_name_has_a_case():
    covered = {case.covers for case in CASES}
    assert covered == public_names() - NOT_DIFFERENTIABLE
    assert public_names() >= NOT_DIFFERENTIABLE


@every_case
def test_gradient_equals_differences(case, rng, float64):
    assert gradcheck(case.function, *case.inputs(rng))


@every_case
def test_gradient_of_a_tensor_used_twice(case, rng, float64):
    assert gradcheck(lambda *x: case.function(*x) * 0.5 + case.function(*x), *case.inputs(rng))


@every_case
def test_gradient_wrong_by_a_thousandth_is_refused(case, rng, float64):
    arrays = case.inputs(rng)

    def wrong(*tensors):
        out = case.function(*tensors)
        return Tensor.from_op(out.data, (out,), lambda g: (g * 1.001,))

    if not any(np.any(np.abs(p.grad) > 1e-12) for p in propagate(case.function, arrays)[1]):
        assert gradcheck(wrong, *arrays)  # the gradient is 0 here, and so is a thousandth of it
        return
    with pytest.raises(ValueError, match="is wrong along a direction"):
        gradcheck(wrong, *arrays)


def weights(out):
    return np.linspace(0.5, 1.5, out.data.size).reshape(out.shape)


def propagate(function, arrays, dtype=np.float64):
    tensors = [Tensor(array, requires_grad=True, dtype=dtype) for array in arrays]
    out = function(*tensors)
    out.backward(weights(out))
    return out, tensors


@every_case
def test_float32_stays_float32(case, rng):
    out, tensors = propagate(case.function, case.inputs(rng), np.float32)
    assert out.dtype == np.float32
    assert {t.grad.dtype for t in tensors if t.grad is not None} <= {np.dtype(np.float32)}
    assert any(t.grad is not None for t in tensors)


@every_case
def test_no_intermediate_gradient_is_float64(case, rng):
    """Each backward function, not only the cast at the leaf, keeps to float32; each is called once."""
    out, _ = propagate(case.function, case.inputs(rng), np.float32)
    seen, called, stack = set(), set(), [(out, np.ones(out.shape, np.float32))]
    while stack:
        node, g = stack.pop()
        if node._backward is None or node in called:
            continue
        called.add(node)
        for parent, parent_g in zip(node._parents, node._backward(g), strict=True):
            if parent_g is not None and parent.requires_grad:
                seen.add(parent_g.dtype)
                assert parent_g.shape == parent.shape
                stack.append((parent, parent_g))
    assert seen == {np.dtype(np.float32)}


@every_case
def test_inputs_are_left_unmodified(case, rng):
    arrays = [array.astype(np.float32) for array in case.inputs(rng)]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.setflags(write=False)  # an operation that writes into its input raises
    propagate(case.function, arrays, np.float32)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_case
def test_second_backward_adds_to_the_first(case, rng, float64):
    out, tensors = propagate(case.function, case.inputs(rng))
    once = [None if t.grad is None else t.grad.copy() for t in tensors]
    out.backward(weights(out))
    for tensor, first in zip(tensors, once, strict=True):
        if first is not None:
            np.testing.assert_allclose(tensor.grad, 2 * first, rtol=1e-14)


# ---- the two checkers ----

def test_numerical_gradient_of_a_cubic():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    np.testing.assert_allclose(numerical_gradient(lambda a: (a ** 3).sum(), x), 3 * x ** 2, rtol=1e-8)


def test_numerical_gradient_of_a_number():
    assert numerical_gradient(np.sin, 0.0) == pytest.approx(1.0)


def test_numerical_gradient_accepts_a_function_that_returns_a_tensor(float64):
    got = numerical_gradient(lambda a: (Tensor(a) ** 2).sum().item(), [1.0, 2.0])
    np.testing.assert_allclose(got, [2, 4], rtol=1e-8)


def test_gradcheck_names_the_input():
    def wrong(a, b):
        return Tensor.from_op(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data * 1.001))

    with pytest.raises(ValueError, match=r"input 1 \(shape \(3,\)\).*backward gives .*differences give"):
        gradcheck(wrong, np.array([1.0, 2, 3]), np.array([2.0, 1, 2]))


def test_gradcheck_refuses_a_gradient_that_does_not_arrive():
    with pytest.raises(ValueError, match="input 1"):
        gradcheck(lambda a, b: a + b.detach(), np.ones(3), np.ones(3))


def test_gradcheck_refuses_one_wrong_element():
    def wrong(a):
        def backward(g):
            g = g.copy()
            g[1] *= 1.001
            return (g,)
        return Tensor.from_op(a.data, (a,), backward)

    with pytest.raises(ValueError, match="input 0"):
        gradcheck(wrong, np.ones(5))


def test_gradcheck_refuses_nan():
    with pytest.raises(ValueError, match="nan"):
        gradcheck(lambda a: Tensor.from_op(a.data, (a,), lambda g: (g * np.nan,)), np.ones(2))


@every_case
def test_gradients_are_arrays_of_their_own(case, rng):
    """The optimizer and clipping change them in place: neither the graph nor another leaf may hold the same memory."""
    arrays = [array.astype(np.float32) for array in case.inputs(rng)]
    out, tensors = propagate(case.function, arrays, np.float32)
    gradients = [t.grad for t in tensors if t.grad is not None]
    before = [g.copy() for g in gradients]
    for g in gradients:
        assert not any(np.shares_memory(g, other) for other in (*arrays, out.data) if other.size)
        g *= 2
    np.testing.assert_array_equal(np.concatenate([g.ravel() for g in gradients]),
                                  2 * np.concatenate([g.ravel() for g in before]))
    for tensor in tensors:
        tensor.grad = None
    out.backward(weights(out))  # the graph is as it was
    for tensor, once in zip([t for t in tensors if t.grad is not None], before, strict=True):
        np.testing.assert_allclose(tensor.grad, once, rtol=1e-6)
