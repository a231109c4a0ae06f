"""Layers, losses and optimizers that Keras has, too: the same numbers, once axes and weight layouts are matched."""
import numpy as np
import pytest

from companion import Parameter, Tensor, nn, optim
from companion import functional as F

torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
dtypes = pytest.importorskip("keras.src.backend.common.dtypes")
kl, ko = keras.layers, keras.optimizers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def precision(dtype, monkeypatch):
    """Keras in the precision of this run. On PyTorch, Keras makes float32 of float64 between operations; not here."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype.name)
    keras.config.set_dtype_policy(dtype.name)  # what layers and losses read
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def images(x):
    """(n, c, h, w) to Keras's (n, h, w, c)."""
    return x.transpose(1, -1).transpose(1, 2)


def back(x):
    return x.transpose(1, -1).transpose(2, 3)


def gates(weights, order):
    """Keras has the gates side by side, companion below each other and in another order."""
    parts = np.split(weights, len(order), axis=-1)
    return np.concatenate([parts[k] for k in order], axis=-1).T


def recurrent(order):
    def copy(ours, weights):
        kernel, inner, bias = weights
        biases = np.split(bias.ravel(), 2) if bias.ndim == 2 else (bias, np.zeros_like(bias))
        return {"weight_ih_l0": gates(kernel, order), "weight_hh_l0": gates(inner, order),
                "bias_ih_l0": gates(biases[0], order), "bias_hh_l0": gates(biases[1], order)}
    return copy


def attention(ours, weights):
    *projections, out, out_bias = weights
    dim = out_bias.size
    return {"in_proj_weight": np.concatenate([w.reshape(dim, dim).T for w in projections[::2]]),
            "in_proj_bias": np.concatenate([b.ravel() for b in projections[1::2]]),
            "out_proj.weight": out.reshape(dim, dim).T, "out_proj.bias": out_bias}


def dense(ours, weights):
    return {"weight": weights[0].T, "bias": weights[1]}


def convolution(ours, weights):
    return {"weight": weights[0].transpose(3, 2, 0, 1), "bias": weights[1]}


def norm(ours, weights):
    return dict(zip(("weight", "bias", "running_mean", "running_var"), weights, strict=False))


def nothing(ours, weights):
    return {}


def plain(layer, *x):
    return layer(*x)


def as_images(layer, x, **options):
    return back(layer(images(x), **options))


IMAGES = (2, 3, 8, 6)
# name: (ours, theirs, state from Keras's weights, shapes, how to call ours, how to call theirs)
LAYERS = {
    "Dense": (lambda: nn.Linear(3, 4), lambda: kl.Dense(4), dense, [(5, 3)], plain, plain),
    "Conv2D": (lambda: nn.Conv2d(3, 4, 3), lambda: kl.Conv2D(4, 3), convolution, [IMAGES], plain, as_images),
    "Conv2D strided": (lambda: nn.Conv2d(3, 4, 2, stride=2), lambda: kl.Conv2D(4, 2, strides=2), convolution, [IMAGES],
                       plain, as_images),
    "Conv2D same padding": (lambda: nn.Conv2d(3, 4, 3, padding=1), lambda: kl.Conv2D(4, 3, padding="same"), convolution,
                            [IMAGES], plain, as_images),
    "Conv2D dilated": (lambda: nn.Conv2d(3, 4, 2, dilation=2), lambda: kl.Conv2D(4, 2, dilation_rate=2), convolution,
                       [IMAGES], plain, as_images),
    "MaxPooling2D": (lambda: nn.MaxPool2d(2), lambda: kl.MaxPooling2D(2), nothing, [IMAGES], plain, as_images),
    "AveragePooling2D": (lambda: nn.AvgPool2d(3, 2), lambda: kl.AveragePooling2D(3, 2), nothing, [IMAGES], plain,
                         as_images),
    "Flatten": (nn.Flatten, kl.Flatten, nothing, [(2, 3, 4)], plain, plain),
    "Dropout in evaluation": (lambda: nn.Dropout(0.5).eval(), lambda: kl.Dropout(0.5), nothing, [(3, 4)], plain,
                              lambda layer, x: layer(x, training=False)),
    "BatchNormalization": (lambda: nn.BatchNorm1d(4), lambda: kl.BatchNormalization(epsilon=1e-5), norm, [(5, 4)],
                           plain, lambda layer, x: layer(x, training=True)),
    "BatchNormalization of images": (
        lambda: nn.BatchNorm2d(3), lambda: kl.BatchNormalization(epsilon=1e-5), norm, [IMAGES], plain,
        lambda layer, x: as_images(layer, x, training=True)),
    "BatchNormalization in evaluation": (
        lambda: nn.BatchNorm1d(4, eps=1e-3).eval(), kl.BatchNormalization, norm, [(5, 4)], plain,
        lambda layer, x: layer(x, training=False)),
    "LayerNormalization": (lambda: nn.LayerNorm(4), lambda: kl.LayerNormalization(epsilon=1e-5), norm, [(2, 3, 4)],
                           plain, plain),
    "SimpleRNN": (lambda: nn.RNN(3, 4), lambda: kl.SimpleRNN(4, return_sequences=True), recurrent([0]), [(2, 5, 3)],
                  lambda layer, x: layer(x)[0], plain),
    "LSTM": (lambda: nn.LSTM(3, 4), lambda: kl.LSTM(4, return_sequences=True), recurrent([0, 1, 2, 3]), [(2, 5, 3)],
             lambda layer, x: layer(x)[0], plain),
    "GRU": (lambda: nn.GRU(3, 4), lambda: kl.GRU(4, return_sequences=True, reset_after=True), recurrent([1, 0, 2]),
            [(2, 5, 3)], lambda layer, x: layer(x)[0], plain),
    "MultiHeadAttention": (lambda: nn.MultiHeadAttention(6, 2), lambda: kl.MultiHeadAttention(2, 3), attention,
                           [(2, 5, 6)], plain, lambda layer, x: layer(x, x)),
    "MultiHeadAttention causal": (
        lambda: nn.MultiHeadAttention(6, 2), lambda: kl.MultiHeadAttention(2, 3), attention, [(2, 5, 6)],
        lambda layer, x: layer(x, is_causal=True), lambda layer, x: layer(x, x, use_causal_mask=True)),
    "MultiHeadAttention to a memory": (
        lambda: nn.MultiHeadAttention(6, 3), lambda: kl.MultiHeadAttention(3, 2), attention, [(2, 4, 6), (2, 5, 6)],
        plain, plain),
}


def random_weights(layer, draw):
    """Weights that a fresh layer does not have."""
    layer.set_weights([draw(*w.shape) * 0.5 if "variance" not in w.path else draw(*w.shape) ** 2 + 0.5
                       for w in layer.weights])
    return layer.get_weights()


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name, agree, draw):
    make_ours, make_theirs, copy, shapes, call_ours, call_theirs = LAYERS[name]
    ours, theirs, arrays = make_ours(), make_theirs(), [draw(*shape) for shape in shapes]
    call_theirs(theirs, *map(torch.tensor, arrays))  # builds the weights
    state = {key: np.asarray(value) for key, value in copy(ours, random_weights(theirs, draw)).items()}
    ours.load_state_dict(state)
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    other = [torch.tensor(array, requires_grad=True) for array in arrays]
    out, expected = call_ours(ours, *mine), call_theirs(theirs, *other)
    agree(out.data, expected.detach().numpy())
    g = draw(*out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    for i, (a, b) in enumerate(zip(mine, other, strict=True)):
        agree(a.grad, b.grad.numpy(), f"gradient of input {i}")
    weights = [w.value for w in theirs.weights]
    gradients = copy(ours, [np.zeros(w.shape) if w.grad is None else w.grad.numpy() for w in weights])
    scale = max([float(np.abs(g).max()) for g in gradients.values()], default=0)
    for key, parameter in ours.named_parameters():
        if key == "bias_hh_l0" and name != "GRU":  # Keras has one bias where PyTorch has two
            continue
        if np.abs(gradients[key]).max() > 1e-6 * scale:
            agree(parameter.grad, gradients[key], f"gradient of {key}")
        else:
            assert np.abs(parameter.grad).max() <= 1e-5 * scale


def test_embedding(agree, draw):
    indices, weight = np.array([[1, 1, 4], [0, 2, 1]]), draw(5, 3)
    ours, theirs = nn.Embedding(5, 3), kl.Embedding(5, 3)
    theirs.build()
    theirs.set_weights([weight])
    ours.load_state_dict({"weight": weight})
    out, expected = ours(indices), theirs(torch.tensor(indices))
    agree(out.data, expected.detach().numpy())
    g = draw(2, 3, 3)
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(ours.weight.grad, theirs.weights[0].value.grad.numpy(), "gradient")


ACTIVATIONS = {
    "relu": Tensor.relu, "tanh": Tensor.tanh, "sigmoid": Tensor.sigmoid, "elu": F.elu, "silu": F.silu,
    "softmax": F.softmax, "log_softmax": F.log_softmax, "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "gelu": F.gelu,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name, agree, draw):
    theirs = getattr(keras.activations, name)
    options = {"gelu": {"approximate": True}, "leaky_relu": {"negative_slope": 0.2}}.get(name, {})
    array = draw(3, 4)
    mine, other = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    out, expected = ACTIVATIONS[name](mine), theirs(other, **options)
    agree(out.data, expected.detach().numpy())
    g = draw(3, 4)
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(mine.grad, other.grad.numpy(), "gradient")


LOSSES = {
    "MeanSquaredError": (F.mse_loss, lambda: keras.losses.MeanSquaredError(), False),
    "MeanAbsoluteError": (F.l1_loss, lambda: keras.losses.MeanAbsoluteError(), False),
    "Huber": (lambda p, t: F.huber_loss(p, t, 0.7), lambda: keras.losses.Huber(0.7), False),
    "BinaryCrossentropy": (F.binary_cross_entropy_with_logits,
                           lambda: keras.losses.BinaryCrossentropy(from_logits=True), False),
    "SparseCategoricalCrossentropy": (F.cross_entropy,
                                      lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True), True),
    "CategoricalCrossentropy": (lambda z, t: F.cross_entropy(z, t / t.sum(-1, keepdims=True)),
                                lambda: keras.losses.CategoricalCrossentropy(from_logits=True), False),
}


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, agree, draw):
    ours, theirs, sparse = LOSSES[name]
    array, target = draw(5, 4), np.array([0, 3, 1, 1, 2]) if sparse else np.tanh(draw(5, 4)) ** 2
    if name == "CategoricalCrossentropy":
        target /= target.sum(-1, keepdims=True)
    mine, other = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    out, expected = ours(mine, target), theirs()(torch.tensor(target), other)  # Keras: the target first
    agree(out.data, expected.detach().numpy())
    out.backward()
    expected.backward()
    agree(mine.grad, other.grad.numpy(), "gradient")


OPTIMIZERS = {
    "SGD": (lambda p: optim.SGD(p, 0.05), lambda: ko.SGD(0.05)),
    "SGD momentum": (lambda p: optim.SGD(p, 0.02, momentum=0.9), lambda: ko.SGD(0.02, momentum=0.9)),
    "RMSprop": (lambda p: optim.RMSprop(p, 0.01, alpha=0.9, eps=0), lambda: ko.RMSprop(0.01, rho=0.9, epsilon=0)),
    "Adam": (lambda p: optim.Adam(p, 0.01, eps=0), lambda: ko.Adam(0.01, epsilon=0)),
    "AdamW": (lambda p: optim.AdamW(p, 0.01, eps=0, weight_decay=0.1),
              lambda: ko.AdamW(0.01, epsilon=0, weight_decay=0.1)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_thirty_steps(name, agree, draw):
    """eps is 0: Keras adds it inside the square root (RMSprop) or before the correction for the start (Adam)."""
    make, make_other = OPTIMIZERS[name]
    start, slope, curve = draw(3, 4), draw(3, 4), np.abs(draw(3, 4)) + 0.5
    p, q = Parameter(start), keras.Variable(start)
    optimizer, other = make([p]), make_other()
    other.build([q])
    for _ in range(30):
        p.grad = (slope + curve * p.data).astype(p.dtype)
        optimizer.step()
        other.apply([torch.tensor(slope + curve * q.numpy())])
    agree(p.data, q.numpy(), "parameter")
    assert np.abs(p.data - start).max() > 0.05
