"""Operations with known results, and the errors of those that are called with what does not fit."""
import numpy as np
import pytest

from companion import Tensor
from companion import functional as F


def ones(*shape):
    return Tensor(np.ones(shape))


# ---- results that one can check by hand ----

def test_linear_by_hand():
    out = F.linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0], [5.0, 6.0]]), Tensor([1.0, -1.0]))
    assert out.data.tolist() == [[12, 16]]


@pytest.mark.parametrize("x", [np.array([[1, 2]]), Tensor([[1, 2]]), np.array([[1.0, 2.0]])])
def test_linear_takes_arrays_and_integers_in_the_precision_of_the_weight(x):
    out = F.linear(x, ones(1, 2))
    assert out.data.tolist() == [[3]]
    assert out.dtype == np.float32


def test_softmax_sums_to_one_and_knows_ties():
    p = F.softmax(Tensor([[1e4, 1e4, -1e4], [0, np.log(2), np.log(5)]])).data
    np.testing.assert_allclose(p, [[0.5, 0.5, 0], [1 / 8, 2 / 8, 5 / 8]], rtol=1e-6)


def test_log_softmax_is_finite_where_the_probability_is_not():
    assert F.log_softmax(Tensor([0.0, -1e4])).data.tolist() == [0, -1e4]


@pytest.mark.parametrize(("function", "x", "expected"), [
    (F.leaky_relu, [-2, 0, 3], [-0.02, 0, 3]), (F.elu, [-1e4, 0, 3], [-1, 0, 3]), (F.silu, [-1e4, 0, 1e4], [0, 0, 1e4]),
    (F.gelu, [-1e4, 0, 1e4], [0, 0, 1e4]), (Tensor.sigmoid, [-1e4, 0, 1e4], [0, 0.5, 1]),
    (Tensor.tanh, [-1e4, 0], [-1, 0]),
])
def test_activations_at_their_ends(function, x, expected):
    np.testing.assert_allclose(function(Tensor(np.array(x, float))).data, expected, rtol=1e-6)


def test_dropout_keeps_the_mean_and_the_share():
    out = F.dropout(ones(400, 400), 0.25).data
    assert set(np.unique(out)) == {0, np.float32(1 / 0.75)}
    assert (out == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.01)


def test_dropout_in_evaluation_changes_nothing():
    x = ones(3)
    assert F.dropout(x, 0.9, training=False) is x
    assert F.dropout(x, 0.0) is x


def test_losses_by_hand():
    prediction, target = Tensor([1.0, 4.0]), np.array([2, 2])
    assert F.mse_loss(prediction, target).item() == 2.5
    assert F.l1_loss(prediction, target).item() == 1.5
    assert F.huber_loss(prediction, target).item() == 1.0
    assert F.binary_cross_entropy_with_logits(Tensor([0.0]), [1]).item() == pytest.approx(np.log(2))
    assert F.cross_entropy(Tensor([[0.0, 0.0]]), [1]).item() == pytest.approx(np.log(2))


@pytest.mark.parametrize(("reduction", "expected"), [("mean", 2.5), ("sum", 5.0), ("none", [1.0, 4.0])])
def test_reductions(reduction, expected):
    assert F.mse_loss(Tensor([1.0, 4.0]), [2, 2], reduction).data.tolist() == expected


def test_ignored_targets_count_neither_in_the_mean_nor_in_the_gradient():
    logits = Tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 5.0]], requires_grad=True)
    loss = F.cross_entropy(logits, np.array([0, -100, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(F.cross_entropy(logits[[0, 2]], [0, 1]).item())
    assert logits.grad[1].tolist() == [0, 0]
    assert F.cross_entropy(logits, np.array([0, -100, 1]), reduction="none").data[1] == 0


def test_attention_weights_are_returned_and_causal():
    q = Tensor(np.random.default_rng(0).normal(size=(2, 4, 3)))
    out, weights = F.scaled_dot_product_attention(q, q, q, is_causal=True, need_weights=True)
    assert isinstance(weights, np.ndarray)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)
    assert not np.triu(weights, 1).any()
    np.testing.assert_allclose(out.data[:, 0], q.data[:, 0], rtol=1e-6)


def test_attention_combines_mask_and_causality():
    q = ones(1, 3, 2)
    mask = np.array([[True, True, True], [True, True, True], [False, True, True]])
    _, weights = F.scaled_dot_product_attention(q, q, q, Tensor(mask), is_causal=True, need_weights=True)
    np.testing.assert_allclose(weights[0], [[1, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]])


def test_conv2d_by_hand():
    image = np.arange(9.0).reshape(1, 1, 3, 3)
    kernel = Tensor([[[[1.0, 0.0], [0.0, -1.0]]]])
    assert F.conv2d(image, kernel).data.tolist() == [[[[-4, -4], [-4, -4]]]]
    assert F.conv2d(image, kernel, stride=2, padding=1).shape == (1, 1, 2, 2)


def test_pools_by_hand():
    x = Tensor(np.arange(16.0).reshape(1, 1, 4, 4))
    assert F.max_pool2d(x, 2).data.tolist() == [[[[5, 7], [13, 15]]]]
    assert F.avg_pool2d(x, 2).data.tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert F.avg_pool2d(x, 2, padding=1).data[0, 0, 0, 0] == 0


def test_max_pool_gives_the_gradient_to_the_first_of_a_tie():
    x = Tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[1, 0], [0, 0]]]]


@pytest.mark.parametrize("function", [
    lambda x: F.dropout(x, np.float64(0.5)), lambda x: F.leaky_relu(x, np.float64(0.1)),
    lambda x: F.elu(x, np.float64(0.5)), lambda x: F.huber_loss(x, x.data, np.float64(1)),
    lambda x: F.layer_norm(x, eps=np.float64(1e-5)), lambda x: F.mse_loss(x, np.ones((2, 3))),
    lambda x: F.cross_entropy(x, np.full((2, 3), 1 / 3)),
    lambda x: F.binary_cross_entropy_with_logits(x, np.ones((2, 3))),
])
def test_settings_and_targets_in_float64_leave_float32_alone(function):
    assert function(ones(2, 3)).dtype == np.float32


# ---- what does not fit ----

IMAGE = ones(2, 3, 5, 5)
WRONG = [
    (lambda: F.linear(ones(2, 4), ones(5, 3)), r"\(..., 3\), got \(2, 4\)"),
    (lambda: F.linear(Tensor(1.0), ones(5, 3)), r"\(..., 3\), got \(\)"),
    (lambda: F.linear(ones(2, 3), ones(3)), r"\(..., 3\), got \(2, 3\)"),
    (lambda: F.linear(ones(2, 3), ones(5, 3), ones(1)), r"bias of shape \(5,\), got \(1,\)"),
    (lambda: F.embedding([1.0], ones(5, 3)), "integer indices, got dtype float64"),
    (lambda: F.embedding([True], ones(5, 3)), "integer indices, got dtype bool"),
    (lambda: F.embedding([0, 5], ones(5, 3)), "indices from 0 to 4, got 0 to 5"),
    (lambda: F.embedding([-1], ones(5, 3)), "indices from 0 to 4, got -1 to -1"),
    (lambda: F.dropout(ones(2), 1.0), "0 <= p < 1, got 1.0"),
    (lambda: F.dropout(ones(2), -0.1), "0 <= p < 1, got -0.1"),
    (lambda: F.softmax(ones(2, 0)), r"element along axis -1, got shape \(2, 0\)"),
    (lambda: F.softmax(Tensor(1.0)), r"element along axis -1, got shape \(\)"),
    (lambda: F.log_softmax(ones(2, 3), axis=2), r"element along axis 2, got shape \(2, 3\)"),
    (lambda: F.mse_loss(ones(3, 1), ones(3)), r"mse_loss expects .* one shape, got \(3, 1\) and \(3,\)"),
    (lambda: F.l1_loss(ones(3), ones(2)), r"l1_loss expects .* one shape, got \(3,\) and \(2,\)"),
    (lambda: F.mse_loss(ones(3), ones(3), "max"), "'mean', 'sum' or 'none', got 'max'"),
    (lambda: F.mse_loss(ones(0, 3), ones(0, 3)), "at least one example, got an empty batch"),
    (lambda: F.huber_loss(ones(3), ones(3), delta=0), "delta > 0, got 0"),
    (lambda: F.binary_cross_entropy_with_logits(ones(3, 1), ones(3)), r"one shape, got \(3, 1\) and \(3,\)"),
    (lambda: F.binary_cross_entropy_with_logits(ones(3), [0, 1, 2]), r"lie in \[0, 1\], got 0.0 to 2.0"),
    (lambda: F.binary_cross_entropy_with_logits(ones(1), [np.nan]), r"lie in \[0, 1\], got nan"),
    (lambda: F.cross_entropy(ones(2, 3), [0, 3]), "targets from 0 to 2, got 0 to 3"),
    (lambda: F.cross_entropy(ones(2, 3), [0, -1]), "targets from 0 to 2, got -1 to 0"),
    (lambda: F.cross_entropy(ones(2, 3), [True, False]), "integer targets, got dtype bool"),
    (lambda: F.cross_entropy(ones(2, 3), [0.0, 1.0]), r"integer targets of shape \(2,\) .* got float64"),
    (lambda: F.cross_entropy(ones(2, 3), np.full((2, 3), -1.0)), r"lie in \[0, 1\], got -1.0 to -1.0"),
    (lambda: F.cross_entropy(ones(2, 3), [[0], [1]]), r"targets of shape \(2,\).* got \(2, 1\)"),
    (lambda: F.cross_entropy(Tensor(1.0), 0), r"\(..., classes\), got \(\)"),
    (lambda: F.cross_entropy(ones(2, 3), [-100, -100]), "at least one example, got an empty batch"),
    (lambda: F.cross_entropy(ones(2, 3), [0, 1], reduction="all"), "'mean', 'sum' or 'none', got 'all'"),
    (lambda: F.layer_norm(Tensor(1.0)), r"features on the last axis, got shape \(\)"),
    (lambda: F.layer_norm(ones(2, 3), ones(2)), r"weight has shape \(2,\), x has 3 features"),
    (lambda: F.layer_norm(ones(2, 3), ones(3), ones(2, 3)), r"bias has shape \(2, 3\), x has 3 features"),
    (lambda: F.conv2d(ones(3, 5, 5), ones(4, 3, 2, 2)), r"\(batch, channels, height, width\), got .*\(3, 5, 5\)"),
    (lambda: F.conv2d(IMAGE, ones(4, 2, 2, 2)), r"x has 3 channels, the weight \(4, 2, 2, 2\)"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 2)), r"expects \(out, in, kh, kw\)"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 2, 2), ones(1)), r"bias of shape \(4,\), got \(1,\)"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 6, 2)), r"window of 6 x 2 does not fit into an image of \(5, 5\)"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 2, 2), stride=0), "stride, dilation >= 1.* got 0, 1, 0"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 2, 2), padding=-1), "padding >= 0, got 1, 1, -1"),
    (lambda: F.conv2d(IMAGE, ones(4, 3, 2, 2), dilation=0), "dilation >= 1.* got 1, 0, 0"),
    (lambda: F.max_pool2d(IMAGE, 2, padding=2), "at most half the kernel size, got 2 and 2"),
    (lambda: F.avg_pool2d(IMAGE, 0, stride=1), "kernel size.*got 0 and 0"),
    (lambda: F.max_pool2d(IMAGE, 6), r"window of 6 x 6 does not fit into an image of \(5, 5\)"),
    (lambda: F.max_pool2d(Tensor(np.ones((1, 1, 2, 2), int)), 2), "floating-point images .* got int64"),
    (lambda: F.avg_pool2d(ones(5, 5), 2), r"\(batch, channels, height, width\), got .*\(5, 5\)"),
    (lambda: F.scaled_dot_product_attention(ones(2, 3), ones(2, 4), ones(2, 4)), r"got \(2, 3\), \(2, 4\), \(2, 4\)"),
    (lambda: F.scaled_dot_product_attention(ones(2, 3), ones(2, 3), ones(4, 3)), r"got \(2, 3\), \(2, 3\), \(4, 3\)"),
    (lambda: F.scaled_dot_product_attention(ones(3), ones(3), ones(3)), r"got \(3,\), \(3,\), \(3,\)"),
    (lambda: F.scaled_dot_product_attention(ones(2, 3), ones(0, 3), ones(0, 3)), r"got shape \(2, 0\)"),
    (lambda: F.scaled_dot_product_attention(*[ones(2, 3)] * 3, np.zeros((2, 2))), "boolean.*got dtype float64"),
    (lambda: F.scaled_dot_product_attention(*[ones(2, 3)] * 3, np.eye(2, dtype=bool)[:1] & False), "without any key"),
    (lambda: F.scaled_dot_product_attention(*[ones(2, 3)] * 3, np.ones((4, 2, 2), bool)),
     r"broadcast to \(2, 2\), got \(4, 2, 2\)"),
    (lambda: F.scaled_dot_product_attention(*[ones(2, 3)] * 3, dropout_p=1), "0 <= p < 1, got 1"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
