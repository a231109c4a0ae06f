"""Layers with PyTorch's weights, copied by name: the same results, and gradients of inputs and of every weight."""
import numpy as np
import pytest

from companion import Tensor, nn

torch = pytest.importorskip("torch")
tnn = torch.nn
CAUSAL = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)  # PyTorch: True where a query may NOT look
SWAP = {"batch_first": True}


def encoder(**options):
    return lambda: tnn.TransformerEncoderLayer(6, 2, 9, dropout=0, **SWAP, **options)


def decoder(**options):
    return lambda: tnn.TransformerDecoderLayer(6, 2, 9, dropout=0, **SWAP, **options)


def attend(layer, *inputs, **options):
    query, key = inputs[0], inputs[-1]
    return layer(query, key, key, need_weights=False, **options)[0]


# name: (ours, theirs, shapes of the inputs, how to call ours, how to call theirs)
CASES = {
    "Linear": (lambda: nn.Linear(3, 4), lambda: tnn.Linear(3, 4), (2, 5, 3)),
    "Linear without bias": (lambda: nn.Linear(3, 4, bias=False), lambda: tnn.Linear(3, 4, bias=False), (5, 3)),
    "Conv2d": (lambda: nn.Conv2d(3, 4, 3, 2, 1), lambda: tnn.Conv2d(3, 4, 3, 2, 1), (2, 3, 7, 6)),
    "Conv2d dilated": (lambda: nn.Conv2d(3, 4, 2, dilation=2, bias=False),
                       lambda: tnn.Conv2d(3, 4, 2, dilation=2, bias=False), (2, 3, 7, 6)),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, 1), lambda: tnn.MaxPool2d(3, 2, 1), (2, 3, 7, 6)),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), lambda: tnn.AvgPool2d(2), (2, 3, 7, 6)),
    "Flatten": (nn.Flatten, tnn.Flatten, (2, 3, 4)),
    "Dropout in evaluation": (lambda: nn.Dropout(0.5).eval(), lambda: tnn.Dropout(0.5).eval(), (3, 4)),
    "ReLU": (nn.ReLU, tnn.ReLU, (3, 4)),
    "LeakyReLU": (nn.LeakyReLU, tnn.LeakyReLU, (3, 4)),
    "ELU": (nn.ELU, tnn.ELU, (3, 4)),
    "Tanh": (nn.Tanh, tnn.Tanh, (3, 4)),
    "Sigmoid": (nn.Sigmoid, tnn.Sigmoid, (3, 4)),
    "SiLU": (nn.SiLU, tnn.SiLU, (3, 4)),
    "GELU": (nn.GELU, lambda: tnn.GELU(approximate="tanh"), (3, 4)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), lambda: tnn.BatchNorm1d(4), (5, 4)),
    "BatchNorm1d in evaluation": (lambda: nn.BatchNorm1d(4).eval(), lambda: tnn.BatchNorm1d(4).eval(), (5, 4)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3, momentum=0.3), lambda: tnn.BatchNorm2d(3, momentum=0.3), (2, 3, 4, 5)),
    "BatchNorm2d in evaluation": (lambda: nn.BatchNorm2d(3, eps=1e-3).eval(),
                                  lambda: tnn.BatchNorm2d(3, eps=1e-3).eval(), (2, 3, 4, 5)),
    "LayerNorm": (lambda: nn.LayerNorm(4), lambda: tnn.LayerNorm(4), (2, 3, 4)),
    "RNNCell": (lambda: nn.RNNCell(3, 4), lambda: tnn.RNNCell(3, 4), (5, 3), (5, 4)),
    "GRUCell": (lambda: nn.GRUCell(3, 4), lambda: tnn.GRUCell(3, 4), (5, 3), (5, 4)),
    "LSTMCell": (lambda: nn.LSTMCell(3, 4), lambda: tnn.LSTMCell(3, 4), (5, 3), (5, 4), (5, 4),
                 lambda cell, x, h, c: cell(x, (h, c))),
    "RNN": (lambda: nn.RNN(3, 4, 2), lambda: tnn.RNN(3, 4, 2, **SWAP), (2, 5, 3)),
    "GRU": (lambda: nn.GRU(3, 4, 2), lambda: tnn.GRU(3, 4, 2, **SWAP), (2, 5, 3)),
    "LSTM": (lambda: nn.LSTM(3, 4, 2), lambda: tnn.LSTM(3, 4, 2, **SWAP), (2, 5, 3)),
    "GRU from a state": (lambda: nn.GRU(3, 4), lambda: tnn.GRU(3, 4, **SWAP), (2, 5, 3), (1, 2, 4)),
    "LSTM from a state": (lambda: nn.LSTM(3, 4), lambda: tnn.LSTM(3, 4, **SWAP), (2, 5, 3), (1, 2, 4), (1, 2, 4),
                          lambda layer, x, h, c: layer(x, (h, c))),
    "MultiHeadAttention": (lambda: nn.MultiHeadAttention(6, 2), lambda: tnn.MultiheadAttention(6, 2, **SWAP),
                           (2, 5, 6), lambda layer, x: layer(x), attend),
    "MultiHeadAttention to a memory": (
        lambda: nn.MultiHeadAttention(6, 3), lambda: tnn.MultiheadAttention(6, 3, **SWAP), (2, 4, 6), (2, 5, 6),
        lambda layer, x, m: layer(x, m), attend),
    "MultiHeadAttention causal": (lambda: nn.MultiHeadAttention(6, 2), lambda: tnn.MultiheadAttention(6, 2, **SWAP),
                                  (2, 5, 6), lambda layer, x: layer(x, is_causal=True),
                                  lambda layer, x: attend(layer, x, attn_mask=CAUSAL)),
    "MultiHeadAttention masked": (lambda: nn.MultiHeadAttention(6, 2), lambda: tnn.MultiheadAttention(6, 2, **SWAP),
                                  (2, 5, 6), lambda layer, x: layer(x, attn_mask=np.tri(5, dtype=bool).T),
                                  lambda layer, x: attend(layer, x, attn_mask=CAUSAL.T)),
    "encoder block": (lambda: nn.TransformerBlock(6, 2, 9, 0.0), encoder(), (2, 5, 6)),
    "encoder block norm first": (lambda: nn.TransformerBlock(6, 2, 9, 0.0, norm_first=True), encoder(norm_first=True),
                                 (2, 5, 6)),
    "encoder block gelu causal": (
        lambda: nn.TransformerBlock(6, 2, 9, 0.0, "gelu"),
        encoder(activation=lambda x: tnn.functional.gelu(x, approximate="tanh")), (2, 5, 6),
        lambda block, x: block(x, is_causal=True), lambda block, x: block(x, src_mask=CAUSAL)),
    "encoder block in evaluation": (lambda: nn.TransformerBlock(6, 2, 9, 0.3).eval(),
                                    lambda: tnn.TransformerEncoderLayer(6, 2, 9, 0.3, **SWAP).eval(), (2, 5, 6)),
    "decoder block": (lambda: nn.TransformerBlock(6, 2, 9, 0.0, cross_attention=True), decoder(), (2, 5, 6), (2, 4, 6),
                      lambda block, x, m: block(x, m, is_causal=True),
                      lambda block, x, m: block(x, m, tgt_mask=CAUSAL)),
    "decoder block norm first": (lambda: nn.TransformerBlock(6, 2, 9, 0.0, norm_first=True, cross_attention=True),
                                 decoder(norm_first=True), (2, 5, 6), (2, 4, 6)),
    "Sequential": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)),
                   lambda: tnn.Sequential(tnn.Linear(3, 4), tnn.Tanh(), tnn.Linear(4, 2)), (5, 3)),
    "Sequential of images": (
        lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                              nn.Linear(12, 2)),
        lambda: tnn.Sequential(tnn.Conv2d(1, 3, 3), tnn.BatchNorm2d(3), tnn.ReLU(), tnn.MaxPool2d(2), tnn.Flatten(),
                               tnn.Linear(12, 2)), (4, 1, 6, 6)),
}


def plain(layer, *inputs):
    return layer(*inputs)


def parts(case):
    shapes = [part for part in case[2:] if isinstance(part, tuple)]
    calls = [part for part in case[2:] if not isinstance(part, tuple)] or [plain]
    return (*case[:2], shapes, calls[0], calls[-1])


def tensors(result):
    """All tensors in a (nested) tuple of results."""
    return [part for item in result for part in tensors(item)] if isinstance(result, tuple) else [result]


def with_random_weights(layer):
    """Weights that a fresh layer does not have: norms differ from 1, biases from 0, running averages too."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, value in layer.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape) * 0.5 + ("var" in name) * 2)
                value.abs_() if "var" in name else None
    return layer


def torch_state(layer):
    return {name: value for name, value in layer.state_dict().items() if not name.endswith("num_batches_tracked")}


@pytest.mark.parametrize("name", CASES)
def test_layer(name, agree, draw):
    make_ours, make_theirs, shapes, call_ours, call_theirs = parts(CASES[name])
    ours, theirs = make_ours(), with_random_weights(make_theirs())
    ours.load_state_dict(torch_state(theirs))
    arrays = [draw(*shape) for shape in shapes]
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    other = [torch.tensor(array, requires_grad=True) for array in arrays]
    total = expected_total = 0
    for out, expected in zip(tensors(call_ours(ours, *mine)), tensors(call_theirs(theirs, *other)), strict=True):
        agree(out.data, expected.detach().numpy())
        g = draw(*out.shape)
        total, expected_total = total + (out * g).sum(), expected_total + (expected * torch.tensor(g)).sum()
    total.backward()
    expected_total.backward()
    for i, (a, b) in enumerate(zip(mine, other, strict=True)):
        agree(a.grad, b.grad.numpy(), f"gradient of input {i}")
    expected = dict(theirs.named_parameters())
    assert dict(ours.named_parameters()).keys() == expected.keys()
    scale = max([float(p.grad.abs().max()) for p in expected.values()], default=0)
    for key, parameter in ours.named_parameters():
        if expected[key].grad.abs().max() > 1e-6 * scale:  # else it is rounding alone: a bias before a BatchNorm
            agree(parameter.grad, expected[key].grad.numpy(), f"gradient of {key}")
        else:
            assert np.abs(parameter.grad).max() <= 1e-5 * scale
    for key, buffer in ours.named_buffers():
        agree(buffer, theirs.state_dict()[key].numpy(), key)


def test_every_layer_has_a_case():
    """But for Embedding, which takes integers (below), and PositionalEncoding, which PyTorch does not have."""
    layers = {type(make()).__name__ for make, *_ in CASES.values()} | LOSSES.keys()
    assert layers == set(nn.__all__) - {"init", "Module", "Embedding", "PositionalEncoding"}


def test_embedding(agree, draw):
    indices, theirs, ours = np.array([[1, 1, 4], [0, 2, 1]]), tnn.Embedding(5, 3), nn.Embedding(5, 3)
    ours.load_state_dict(torch_state(theirs))
    out, expected, g = ours(indices), theirs(torch.tensor(indices)), draw(2, 3, 3)
    agree(out.data, expected.detach().numpy())
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(ours.weight.grad, theirs.weight.grad.numpy(), "gradient")


@pytest.mark.parametrize("name", ["MultiHeadAttention", "Linear", "LSTM"])
def test_state_goes_back_to_torch(name, agree, draw):
    make_ours, make_theirs, shapes, call_ours, call_theirs = parts(CASES[name])
    ours, theirs, x = make_ours(), make_theirs(), draw(*shapes[0])
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    out, expected = tensors(call_ours(ours, Tensor(x)))[0], tensors(call_theirs(theirs, torch.tensor(x)))[0]
    agree(out.data, expected.detach().numpy())


def test_attention_weights(agree, draw):
    theirs = with_random_weights(tnn.MultiheadAttention(6, 2, **SWAP))
    ours, x = nn.MultiHeadAttention(6, 2), draw(2, 5, 6)
    ours.load_state_dict(torch_state(theirs))
    _, expected = theirs(*[torch.tensor(x)] * 3, average_attn_weights=False)
    agree(ours(Tensor(x), need_weights=True)[1], expected.detach().numpy())


LOSSES = {
    "MSELoss": (nn.MSELoss, tnn.MSELoss),
    "L1Loss": (nn.L1Loss, tnn.L1Loss),
    "HuberLoss": (nn.HuberLoss, tnn.HuberLoss),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, tnn.BCEWithLogitsLoss),
    "CrossEntropyLoss": (nn.CrossEntropyLoss, tnn.CrossEntropyLoss),
}


@pytest.mark.parametrize("name", LOSSES)
def test_loss_module(name, agree, draw):
    ours, theirs = LOSSES[name]
    prediction, target = draw(5, 4), np.tanh(draw(5, 4)) ** 2
    if name == "CrossEntropyLoss":
        target = np.array([0, 3, 1, -100, 2])
    for reduction in ("mean", "sum", "none"):
        expected = theirs(reduction=reduction)(torch.tensor(prediction), torch.tensor(target))
        agree(ours(reduction=reduction)(Tensor(prediction), Tensor(target)).data, expected.numpy())


# ---- starting values: the same distribution, not the same numbers ----

SPREADS = {
    "Linear": (lambda: nn.Linear(300, 200), lambda: tnn.Linear(300, 200), ["weight", "bias"]),
    "Conv2d": (lambda: nn.Conv2d(30, 60, 5), lambda: tnn.Conv2d(30, 60, 5), ["weight"]),
    "Embedding": (lambda: nn.Embedding(300, 200), lambda: tnn.Embedding(300, 200), ["weight"]),
    "LSTM": (lambda: nn.LSTM(100, 60), lambda: tnn.LSTM(100, 60), ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"]),
    "GRU": (lambda: nn.GRU(100, 60), lambda: tnn.GRU(100, 60), ["weight_ih_l0", "weight_hh_l0"]),
    "RNN": (lambda: nn.RNN(100, 90), lambda: tnn.RNN(100, 90), ["weight_ih_l0", "weight_hh_l0"]),
    "MultiHeadAttention": (lambda: nn.MultiHeadAttention(90, 2), lambda: tnn.MultiheadAttention(90, 2),
                           ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(9), lambda: tnn.BatchNorm2d(9),
                    ["weight", "bias", "running_mean", "running_var"]),
    "LayerNorm": (lambda: nn.LayerNorm(9), lambda: tnn.LayerNorm(9), ["weight", "bias"]),
}


def assert_same_distribution(ours, theirs):
    ours, theirs = np.sort(np.ravel(ours)), np.sort(np.ravel(theirs))
    assert ours.shape == theirs.shape
    spread = theirs.std()
    count = np.sqrt(len(theirs))
    assert abs(ours.mean() - theirs.mean()) <= 6 * spread / count
    assert abs(ours.std() - spread) <= 4 * spread / count
    low, high = (np.abs(values).max() for values in (ours, theirs))
    normal = low > 3.5 * spread  # the tails of a normal distribution vary, the ends of a uniform one do not
    assert np.isclose(low, high, rtol=0.25 if normal else 0.04)


@pytest.mark.parametrize("name", SPREADS)
def test_starting_values_of_layers(name, dtype):
    ours, theirs, keys = SPREADS[name]
    torch.manual_seed(0)
    state, expected = ours().state_dict(), theirs().state_dict()
    for key in keys:
        assert_same_distribution(state[key], expected[key].numpy())


@pytest.mark.parametrize(("ours", "theirs"), [
    (nn.init.xavier_uniform, tnn.init.xavier_uniform_),
    (lambda shape: nn.init.xavier_uniform(shape, gain=2.0), lambda w: tnn.init.xavier_uniform_(w, gain=2.0)),
    (nn.init.kaiming_normal, lambda w: tnn.init.kaiming_normal_(w, nonlinearity="relu")),
    (nn.init.uniform, tnn.init.uniform_), (nn.init.zeros, tnn.init.zeros_),
    (lambda shape: nn.init.normal(shape, 1.0, 0.1), lambda w: tnn.init.normal_(w, 1.0, 0.1)),
    (lambda shape: nn.init.fan_in_uniform(shape, 0), lambda w: tnn.init.zeros_(w)),
], ids=["xavier_uniform", "gain", "kaiming_normal", "uniform", "zeros", "normal", "no input"])
@pytest.mark.parametrize("shape", [(300, 200), (40, 30, 5, 5)], ids=["matrix", "kernels"])
def test_initializers(ours, theirs, shape, dtype):
    torch.manual_seed(0)
    assert_same_distribution(ours(shape), theirs(torch.empty(shape)).numpy())
