"""The tensor itself: what it accepts, how the graph behaves, what it remembers and when it forgets."""
import gc
import weakref

import numpy as np
import pytest

import companion
from companion import Parameter, Tensor, concatenate, no_grad, stack, where

# ---- making tensors ----

@pytest.mark.parametrize(("data", "dtype"), [
    (1.5, np.float32), ([1.0, 2.0], np.float32), (np.ones(2), np.float32),
    (np.float16(1), np.float32), ([], np.float32),
    ([1, 2], np.int64), (np.array([1, 2], np.uint8), np.uint8), ([True], bool), (Tensor([1.0]), np.float32),
])
def test_floats_take_the_default_precision_and_others_keep_theirs(data, dtype):
    assert Tensor(data).dtype == dtype


def test_dtype_wins_over_the_default():
    assert Tensor([1], dtype=np.float64).dtype == np.float64


def test_default_dtype_float64(float64):
    assert Tensor(np.float32(1)).dtype == np.float64
    assert companion.get_default_dtype() == np.float64


@pytest.mark.parametrize("dtype", [np.int64, np.float16, "complex128"])
def test_other_default_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match="expects float32 or float64, got"):
        companion.set_default_dtype(dtype)
    assert companion.get_default_dtype() == np.float32


@pytest.mark.parametrize("data", ["text", [1j], None, [object()], ["1.0"]])
def test_what_is_no_number_is_refused(data):
    with pytest.raises(TypeError, match="holds real numbers, got .* of dtype"):
        Tensor(data)


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="inhomogeneous"):
        Tensor([[1, 2], [3]])


@pytest.mark.parametrize("data", [[1, 2], [True]])
def test_integers_cannot_require_a_gradient(data):
    with pytest.raises(ValueError, match="floating-point tensors can require a gradient, got dtype"):
        Tensor(data, requires_grad=True)


def test_parameter_copies_its_data():
    array = np.ones(2, np.float32)
    parameter = Parameter(array)
    parameter.data += 1
    assert array.tolist() == [1, 1]
    assert parameter.requires_grad


# ---- reading tensors ----

def test_what_a_tensor_tells():
    x = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    assert (x.shape, x.ndim, len(x), x.T.shape) == ((3, 2), 2, 3, (2, 3))
    assert x.numpy() is x.data
    assert x[2, 1].item() == 6.0
    assert [row.data.tolist() for row in x] == [[1, 2], [3, 4], [5, 6]]
    assert repr(Tensor([1.0, 2.5])) == "Tensor([1. , 2.5])"
    assert repr(x[:1]) == "Tensor([[1., 2.]], requires_grad=True)"


def test_numpy_reads_a_tensor_as_an_array():
    x = Tensor([1.0, 2.0])
    assert np.asarray(x) is x.data
    copy = np.array(x, dtype=np.float64)
    assert copy.dtype == np.float64
    assert copy.tolist() == [1, 2]


def test_comparisons_give_arrays():
    a, b = Tensor([1.0, 2.0, 3.0]), Tensor([3.0, 2.0, 1.0])
    for result, expected in ((a > b, [0, 0, 1]), (a < b, [1, 0, 0]), (a >= 2, [0, 1, 1]), (a <= b, [1, 1, 0])):
        assert isinstance(result, np.ndarray)
        assert result.tolist() == expected


def test_detach_cuts_the_graph():
    x = Tensor([1.0], requires_grad=True)
    assert not (x * 2).detach().requires_grad


# ---- dtypes in arithmetic ----

@pytest.mark.parametrize("other", [2, 2.0, np.float64(2), np.arange(3), np.ones(3), Tensor([1, 2, 3]), Tensor(True)],
                         ids=repr)
@pytest.mark.parametrize("name", ["__add__", "__sub__", "__mul__", "__radd__", "__rsub__", "__rmul__"])
def test_float32_meets_anything_and_stays_float32(name, other):
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    assert getattr(x, name)(other).dtype == np.float32


@pytest.mark.parametrize("other", [Tensor([1, 2, 3]), np.array([1, 2, 3]), np.float64(3)], ids=repr)
@pytest.mark.parametrize("function", [
    lambda x, y: x / y, lambda x, y: y / x, lambda x, y: x * y, lambda x, y: y + x,
    lambda x, y: where(x.data > 0, x, y), lambda x, y: where(x.data > 0, y, x), lambda x, y: x.clip(np.float64(0), 2),
    lambda x, y: x ** np.float64(0.5), lambda x, y: concatenate([x, Tensor([1])]),
    lambda x, y: stack([Tensor([1, 2, 3]), x]),
])
def test_no_operation_makes_float64_of_float32(function, other):
    assert function(Tensor([1.0, 2.0, 3.0], requires_grad=True), other).dtype == np.float32


@pytest.mark.parametrize("function", [
    lambda x: x / 2, lambda x: 1 / x, lambda x: x.exp(), lambda x: x.log(), lambda x: x.sqrt(), lambda x: x.mean(),
    lambda x: x.var(), lambda x: x.tanh(), lambda x: x.sigmoid(), lambda x: x * 0.5, lambda x: x ** 0.5,
    lambda x: x ** -1.0,
])
def test_integers_that_become_fractions_take_the_default_precision(function):
    assert function(Tensor([1, 2, 3])).dtype == np.float32


def test_integers_stay_integers():
    x = Tensor([1, 2])
    for result in (x + 1, x.sum(), x * Tensor([3, 4]), x.clip(0, 1), concatenate([x, x])):
        assert result.dtype == np.int64


def test_an_array_on_the_left_gives_one_tensor():
    result = np.ones(3) + Tensor([1.0, 2, 3], requires_grad=True)
    assert isinstance(result, Tensor)
    assert result.requires_grad


# ---- backward ----

def test_a_shared_part_collects_all_its_gradients():
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    (y + y * x + x).backward()
    assert x.grad == 2 * 3 + 3 * 9 + 1


def test_gradients_that_pass_through_one_array_do_not_disturb_each_other():
    """`+` hands the same array to both sides: adding to one in place must not change the other."""
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    total = a + b
    (total + a + a * 2).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([4.0], [1.0])
    a.grad += 1
    assert b.grad.tolist() == [1.0]


def test_two_leaves_never_share_one_gradient_array():
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    given = np.ones(1, np.float32)
    (a + b).backward(given)
    a.grad *= 5
    assert (b.grad.tolist(), given.tolist()) == ([1.0], [1.0])


def test_a_leaf_across_two_backward_calls():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    assert first.tolist() == [3.0, 3.0]


def test_retained_gradients():
    x = Tensor([1.0, 2.0], requires_grad=True)
    hidden = (x * x).retain_grad()
    forgotten = hidden * 2
    forgotten.sum().backward()
    assert hidden.grad.tolist() == [2, 2]
    assert x.grad.tolist() == [4, 8]
    assert forgotten.grad is None
    forgotten.sum().backward()
    assert hidden.grad.tolist() == [4, 4]


def test_backward_of_a_leaf_and_of_a_given_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)
    given = np.array([1.0, 10.0])
    x.backward(given)
    (x * 2).backward(Tensor(given))
    assert x.grad.tolist() == [3, 30]
    assert x.grad.dtype == np.float32
    assert given.tolist() == [1, 10]


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: Tensor([1.0]).backward(), "needs a tensor computed from one that requires a gradient"),
    (lambda x: (x * 2).backward(), r"starts from one number.* shape \(2,\)"),
    (lambda x: (x * 2).backward(np.ones(3)), r"tensor's shape \(2,\), got \(3,\)"),
    (lambda x: (x * 2).backward(1.0), r"tensor's shape \(2,\), got \(\)"),
])
def test_backward_explains_what_it_needs(call, message):
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=message):
        call(x)
    assert x.grad is None


def test_an_operation_may_cut_the_path():
    x = Tensor(2.0, requires_grad=True)
    Tensor.from_op((x * 3).data, (x * 3,), lambda g: (None,)).backward()
    assert x.grad is None


def test_no_grad_records_nothing_and_ends_after_an_error():
    x = Tensor([1.0], requires_grad=True)
    with pytest.raises(ZeroDivisionError), no_grad():
        assert not (x * 2).requires_grad
        raise ZeroDivisionError
    assert (x * 2).requires_grad
    with no_grad():
        with no_grad():
            pass
        assert not (x * 2).requires_grad


# ---- long chains and memory ----

def test_a_chain_of_20000_operations_goes_backward():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1
    y.backward()
    assert x.grad == 1
    del y


@pytest.mark.parametrize("compute", [
    lambda x: ((x @ x).relu() * x.exp()).sum(), lambda x: companion.functional.softmax(x)[0].max(),
    lambda x: companion.nn.LSTM(2, 3)(x.reshape(1, 2, 2))[0].mean(),
    lambda x: companion.nn.TransformerBlock(2, 1, 2)(x.reshape(1, 2, 2)).mean(),
    lambda x: companion.nn.BatchNorm2d(1)(companion.nn.Conv2d(1, 1, 1)(x.reshape(1, 1, 2, 2))).sum(),
])
def test_the_last_name_frees_the_graph_at_once(compute):
    x = Tensor(np.ones((2, 2)), requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        loss = compute(x)
        nodes = [weakref.ref(node) for node in companion.tensor.topological_order(loss) if node is not x]
        loss.backward()
        del loss
        alive = [ref() for ref in nodes if ref() is not None and ref()._parents]
    finally:
        gc.enable()
    assert len(nodes) >= 3
    assert not alive


# ---- indices and shapes that do not fit ----

def test_an_index_out_of_range():
    with pytest.raises(IndexError, match="out of bounds"):
        Tensor([1.0, 2.0])[2]


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: x + np.ones(4), r"\(2,3\) \(4,\)"),
    (lambda x: x @ x, r"@ needs \(..., n\) and \(n, ...\), got shapes \(2, 3\) and \(2, 3\)"),
    (lambda x: x @ 2.0, r"got shapes \(2, 3\) and \(\)"),
    (lambda x: 2.0 @ x, r"got shapes \(\) and \(2, 3\)"),
    (lambda x: x.reshape(4, 2), r"size 6 into shape \(4,2\)"),
    (lambda x: x.sum(axis=2), "axis 2 is out of bounds for array of dimension 2"),
    (lambda x: x.max(axis=-3), "axis -3 is out of bounds for array of dimension 2"),
    (lambda x: x.transpose(0, 2), "axis 2 is out of bounds for array of dimension 2"),
    (lambda x: x.swapaxes(0, 2), "axis2: axis 2 is out of bounds for array of dimension 2"),
    (lambda x: concatenate([x, x.T]), "along dimension 1, the array at index 0 has size 3"),
    (lambda x: concatenate([x, x], axis=2), "axis 2 is out of bounds for array of dimension 2"),
    (lambda x: concatenate([]), "need at least one array"),
    (lambda x: stack([x, x.T]), r"one shape, got \[\(2, 3\), \(3, 2\)\]"),
    (lambda x: stack([]), r"one shape, got \[\]"),
    (lambda x: where(np.ones(4), x, x), r"\(4,\) \(2,3\)"),
    (lambda x: x.clip(1, -1), "low <= high, got 1 and -1"),
    (lambda x: Tensor(np.ones((0, 3))).mean(), r"at least one element, got shape \(0, 3\)"),
    (lambda x: Tensor(np.ones((0, 3))).max(), r"at least one element, got shape \(0, 3\)"),
    (lambda x: x / 0, "divisor contains a 0"),
    (lambda x: x.log(), "log needs positive numbers, got -1"),
    (lambda x: x.sqrt(), "negative number has no real power 0.5; got -1"),
    (lambda x: (x + 1) ** -1, "0 has no power -1"),
    (lambda x: (x + 1).sqrt().sum().backward(), "no finite gradient at 0"),
    (lambda x: (x * 90).exp(), "exp overflows above 88.7, got 90"),
])
def test_errors_say_what_was_expected_and_what_came(call, message):
    x = Tensor([[-1.0, 1, 1], [1, 1, 1]], requires_grad=True)
    with pytest.raises(ValueError, match=message):
        call(x)


@pytest.mark.parametrize("exponent", [Tensor(2.0), "2", True, [2]])
def test_only_a_constant_number_is_an_exponent(exponent):
    with pytest.raises(TypeError, match="constant number, got"):
        Tensor([1.0]) ** exponent
