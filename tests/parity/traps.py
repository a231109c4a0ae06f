"""Where PyTorch and Keras differ by default: each trap asks both, shows that they differ, and shows them equal.

`python tools/parity_traps.py` writes the page "Parity traps" from what these functions return; test_traps.py holds the
page to it, so a release of either that changes a default fails there.
"""
import inspect
import warnings
from dataclasses import dataclass

import keras
import numpy as np
import torch
from keras import layers, ops
from torch import nn
from torch.nn import functional as F

RNG = np.random.default_rng(0)
GRADIENTS = RNG.normal(size=(5, 6)).astype(np.float32)
ROWS = RNG.normal(size=(8, 6)).astype(np.float32)
SERIES = RNG.normal(size=(4, 5, 6)).astype(np.float32)          # batch, steps, features
IMAGES = RNG.normal(size=(2, 3, 8, 8)).astype(np.float32)       # batch, channels, height, width
SCORES = RNG.normal(size=(8, 4)).astype(np.float32)
CLASSES = RNG.integers(4, size=8)
BITS = RNG.integers(2, size=8).astype(np.float32)

TRAPS = []


@dataclass(frozen=True)
class Trap:
    """One difference. `ask` returns (PyTorch's setting, Keras's, both results as they come, both once cured).

    Where both results are random starting weights, what is compared is how far they reach, to one or two digits.
    """

    topic: str
    what: str
    cure: str
    function: object

    def ask(self):
        keras.utils.set_random_seed(0)  # PyTorch's, too
        return self.function()


def trap(topic, what, cure):
    def add(ask):
        TRAPS.append(Trap(topic, what, cure, ask))
        return ask
    return add


# ---- Helpers


def default(of, name):
    """The default value of an argument."""
    return inspect.signature(of).parameters[name].default


def short(number):
    """A number as people write it: 1e-08 becomes 1e-8."""
    return f"{number:g}".replace("e-0", "e-")


def defaults(torch_class, torch_name, keras_class, keras_name=None):
    """Both defaults of an argument, as text."""
    return short(default(torch_class, torch_name)), short(default(keras_class, keras_name or torch_name))


def out(x):
    """A NumPy array of what either framework returns."""
    return x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)


def torch_steps(make, gradients=GRADIENTS, start=0.5):
    """The weights after one step with each of the gradients."""
    weights = torch.full(gradients.shape[1:], start, requires_grad=True)
    optimizer = make([weights])
    for gradient in gradients:
        weights.grad = torch.tensor(gradient)
        optimizer.step()
    return out(weights)


def keras_steps(optimizer, gradients=GRADIENTS, start=0.5):
    weights = keras.Variable(np.full(gradients.shape[1:], start, dtype=np.float32))
    for gradient in gradients:
        optimizer.apply([torch.tensor(gradient)], [weights])
    return out(weights.value)


def channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def channels_first(x):
    return np.moveaxis(out(x), -1, 1)


def twin(layer, twin, copy):
    """A Keras layer, built for the input `twin`, with the weights that `copy` takes from a PyTorch layer."""
    layer.build(twin.shape)
    layer.set_weights([np.ascontiguousarray(out(w)) for w in copy])
    return layer


# ---- Optimizers

TINY = np.full((5, 6), 1e-8, dtype=np.float32)


@trap("Optimizers", "`Adam`: eps", "give both the same, and remember the next row")
def adam_eps():
    theirs = torch_steps(lambda w: torch.optim.Adam(w, lr=0.1), TINY)
    cured = torch_steps(lambda w: torch.optim.Adam(w, lr=0.1, eps=1e-16), GRADIENTS)
    return (*defaults(torch.optim.Adam, "eps", keras.optimizers.Adam, "epsilon"),
            (theirs, keras_steps(keras.optimizers.Adam(0.1), TINY)),
            (cured, keras_steps(keras.optimizers.Adam(0.1, epsilon=1e-16), GRADIENTS)))


@trap("Optimizers", "`Adam`: where eps stands",
      "choose both tiny; for the first step alone, Keras's epsilon = PyTorch's eps times sqrt(1 - beta_2)")
def adam_eps_place():
    one, make = TINY[:1], lambda eps: keras_steps(keras.optimizers.Adam(0.1, epsilon=eps), TINY[:1])
    theirs = torch_steps(lambda w: torch.optim.Adam(w, lr=0.1), one)
    return ("beside the corrected sqrt(v)", "beside the raw sqrt(v)", (theirs, make(1e-8)),
            (theirs, make(1e-8 * np.sqrt(1 - 0.999))))


@trap("Optimizers", "`Adam(weight_decay=…)`",
      "use `AdamW` in PyTorch; Keras's `Adam` already decays the weights themselves")
def adam_decay():
    ours = keras_steps(keras.optimizers.Adam(0.1, weight_decay=0.1, epsilon=1e-12))
    return ("adds to the gradient (L2)", "shrinks the weights (decoupled)",
            (torch_steps(lambda w: torch.optim.Adam(w, lr=0.1, weight_decay=0.1, eps=1e-12)), ours),
            (torch_steps(lambda w: torch.optim.AdamW(w, lr=0.1, weight_decay=0.1, eps=1e-12)), ours))


@trap("Optimizers", "`AdamW`: weight decay", "name it")
def adamw_decay():
    theirs = torch_steps(lambda w: torch.optim.AdamW(w, lr=1.0, eps=1e-12), start=5.0)

    def ours(**options):
        return keras_steps(keras.optimizers.AdamW(1.0, epsilon=1e-12, **options), start=5.0)
    return (*defaults(torch.optim.AdamW, "weight_decay", keras.optimizers.AdamW),
            (theirs, ours()), (theirs, ours(weight_decay=0.01)))


@trap("Optimizers", "`RMSprop`: share of the old mean", "PyTorch's `alpha` = Keras's `rho`")
def rmsprop_rho():
    ours = keras_steps(keras.optimizers.RMSprop(0.01))
    return (*defaults(torch.optim.RMSprop, "alpha", keras.optimizers.RMSprop, "rho"),
            (torch_steps(lambda w: torch.optim.RMSprop(w, lr=0.01)), ours),
            (torch_steps(lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9)), ours))


@trap("Optimizers", "`RMSprop`: where eps stands", "choose both tiny; no other setting makes them equal")
def rmsprop_eps():
    small = GRADIENTS * 1e-3
    make = keras.optimizers.RMSprop
    beside, under = defaults(torch.optim.RMSprop, "eps", make, "epsilon")
    first, eps = GRADIENTS[:1], 0.01
    root = np.sqrt(0.1) * np.abs(first[0])
    one = torch_steps(lambda w: torch.optim.RMSprop(w, lr=0.1, alpha=0.9, eps=eps), first)
    assert np.allclose(one, 0.5 - 0.1 * first[0] / (root + eps), atol=1e-6)
    one = keras_steps(make(0.1, epsilon=eps), first)
    assert np.allclose(one, 0.5 - 0.1 * first[0] / np.sqrt(root**2 + eps), atol=1e-6)
    return (f"{beside}, beside the root", f"{under}, under the root",
            (torch_steps(lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9), small), keras_steps(make(0.01), small)),
            (torch_steps(lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9, eps=1e-14), small),
             keras_steps(make(0.01, epsilon=1e-14), small)))


@trap("Optimizers", "`RMSprop`: learning rate", "name it")
def rmsprop_lr():
    return (*defaults(torch.optim.RMSprop, "lr", keras.optimizers.RMSprop, "learning_rate"),
            (torch_steps(lambda w: torch.optim.RMSprop(w, alpha=0.9)), keras_steps(keras.optimizers.RMSprop())),
            (torch_steps(lambda w: torch.optim.RMSprop(w, alpha=0.9, lr=0.001)),
             keras_steps(keras.optimizers.RMSprop())))


@trap("Optimizers", "`Adagrad`: sum of squares at the start", "`initial_accumulator_value` in both")
def adagrad_start():
    ours = keras_steps(keras.optimizers.Adagrad(0.1))
    name = "initial_accumulator_value"
    return (*defaults(torch.optim.Adagrad, name, keras.optimizers.Adagrad),
            (torch_steps(lambda w: torch.optim.Adagrad(w, lr=0.1)), ours),
            (torch_steps(lambda w: torch.optim.Adagrad(w, lr=0.1, **{name: 0.1})), ours))


@trap("Optimizers", "`SGD`: learning rate", "name it")
def sgd_lr():
    return (*defaults(torch.optim.SGD, "lr", keras.optimizers.SGD, "learning_rate"),
            (torch_steps(torch.optim.SGD), keras_steps(keras.optimizers.SGD())),
            (torch_steps(lambda w: torch.optim.SGD(w, lr=0.01)), keras_steps(keras.optimizers.SGD())))


@trap("Optimizers", "`SGD(momentum=…)`: a change of the learning rate",
      "equal while the learning rate stays; scale the velocity when it changes")
def sgd_momentum():
    def theirs(factor):
        weights = torch.full((6,), 0.5, requires_grad=True)
        optimizer = torch.optim.SGD([weights], lr=0.1, momentum=0.9)
        for k, gradient in enumerate(GRADIENTS):
            optimizer.param_groups[0]["lr"] = 0.1 if k < 3 else 0.1 * factor
            weights.grad = torch.tensor(gradient)
            optimizer.step()
        return out(weights)

    def ours(factor):
        weights, optimizer = keras.Variable(np.full(6, 0.5, np.float32)), keras.optimizers.SGD(0.1, momentum=0.9)
        for k, gradient in enumerate(GRADIENTS):
            optimizer.learning_rate = 0.1 if k < 3 else 0.1 * factor
            optimizer.apply([torch.tensor(gradient)], [weights])
        return out(weights.value)
    return "velocity of gradients: the change acts at once", "velocity of steps: the old rate lives on", \
        (theirs(0.1), ours(0.1)), (theirs(1), ours(1))


@trap("Optimizers", "clipping by norm", "Keras: `global_clipnorm`, not `clipnorm`")
def clipping():
    large = [np.full(6, 3, np.float32), np.full(2, 0.1, np.float32)]

    def theirs():
        weights = [torch.zeros(6, requires_grad=True), torch.zeros(2, requires_grad=True)]
        for w, gradient in zip(weights, large, strict=True):
            w.grad = torch.tensor(gradient)
        nn.utils.clip_grad_norm_(weights, 1.0)
        torch.optim.SGD(weights, lr=1.0).step()
        return np.concatenate([out(w) for w in weights])

    def ours(**options):
        weights = [keras.Variable(np.zeros(6, np.float32)), keras.Variable(np.zeros(2, np.float32))]
        keras.optimizers.SGD(1.0, **options).apply([torch.tensor(g) for g in large], weights)
        return np.concatenate([out(w.value) for w in weights])
    return "`clip_grad_norm_`: all weights together", "`clipnorm`: each array alone", \
        (theirs(), ours(clipnorm=1.0)), (theirs(), ours(global_clipnorm=1.0))


@trap("Optimizers", "`Adagrad`: learning rate", "name it")
def adagrad_lr():
    start = {"initial_accumulator_value": 0.1}
    ours = keras_steps(keras.optimizers.Adagrad())
    return (*defaults(torch.optim.Adagrad, "lr", keras.optimizers.Adagrad, "learning_rate"),
            (torch_steps(lambda w: torch.optim.Adagrad(w, **start)), ours),
            (torch_steps(lambda w: torch.optim.Adagrad(w, lr=0.001, **start)), ours))


@trap("Optimizers", "`SGD(momentum=…, weight_decay=…)`",
      "a penalty in both: `weight_decay` in PyTorch, half of it in Keras's `regularizers.L2`")
def sgd_decay():
    ours = keras_steps(keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.5))
    weights, optimizer = keras.Variable(np.full(6, 0.5, np.float32)), keras.optimizers.SGD(0.1, momentum=0.9)
    for gradient in GRADIENTS:
        penalty = keras.Variable(weights.value.detach().clone())
        keras.regularizers.L2(0.25)(penalty.value).backward()
        optimizer.apply([torch.tensor(gradient) + penalty.value.grad], [weights])
    theirs = torch_steps(lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9, weight_decay=0.5))
    return "adds to the gradient, goes into the velocity", "shrinks the weights (decoupled)", (theirs, ours), \
        (theirs, out(weights.value))


@trap("Optimizers", "`weight_decay` and `regularizers.L2`: the factor", "half of `weight_decay` for `L2`")
def penalty_factor():
    def ours(factor):
        weights = keras.Variable(np.full(6, 0.5, np.float32))
        keras.regularizers.L2(factor)(weights.value).backward()
        return 0.5 - 0.1 * out(weights.value.grad)
    theirs = torch_steps(lambda w: torch.optim.SGD(w, lr=0.1, weight_decay=0.3), np.zeros((1, 6), np.float32))
    return "gradient: factor times weight", "loss: factor times square, so twice that", (theirs, ours(0.3)), \
        (theirs, ours(0.15))


def torch_rates(make, step, steps):
    """The learning rates of a schedule in PyTorch, 0.1 at first."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule, rates = make(optimizer), []
    for k in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        step(schedule, k)
    return np.array(rates)


@trap("Optimizers", "cosine schedule: after its end", "stop calling `step()` after `T_max`")
def cosine_end():
    make = torch.optim.lr_scheduler.CosineAnnealingLR
    wave = torch_rates(lambda o: make(o, T_max=10), lambda schedule, k: schedule.step(), 20)
    once = torch_rates(lambda o: make(o, T_max=10), lambda schedule, k: k < 10 and schedule.step(), 20)
    ours = np.array([out(keras.optimizers.schedules.CosineDecay(0.1, 10)(k)) for k in range(20)])
    return "rises again", "stays at its end", (wave, ours), (once, ours)


def plateau_rates(losses, **options):
    """The learning rates of Keras's ReduceLROnPlateau, 0.1 at first."""
    callback, rates = keras.callbacks.ReduceLROnPlateau(monitor="loss", **options), []
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        rates.append(float(out(model.optimizer.learning_rate)))
        callback.on_epoch_end(epoch, {"loss": loss})
    return np.array(rates)


@trap("Optimizers", "`ReduceLROnPlateau`: patience", "Keras's = PyTorch's + 1")
def plateau_patience():
    losses, make = [1.0] * 30, torch.optim.lr_scheduler.ReduceLROnPlateau
    theirs = torch_rates(lambda o: make(o, patience=3), lambda schedule, k: schedule.step(losses[k]), 30)
    assert default(make, "patience") == default(keras.callbacks.ReduceLROnPlateau, "patience") == 10
    return "more bad epochs than that", "that many bad epochs", (theirs, plateau_rates(losses, patience=3)), \
        (theirs, plateau_rates(losses, patience=4))


@trap("Optimizers", "`ReduceLROnPlateau`: what counts as better", "`threshold_mode=\"abs\"`")
def plateau_threshold():
    losses, make = 1000 - 0.01 * np.arange(30), torch.optim.lr_scheduler.ReduceLROnPlateau
    ours = plateau_rates(losses, patience=4)

    def theirs(**options):
        return torch_rates(lambda o: make(o, patience=3, **options), lambda schedule, k: schedule.step(losses[k]), 30)
    threshold, least = defaults(make, "threshold", keras.callbacks.ReduceLROnPlateau, "min_delta")
    return f"{threshold} of the best loss", f"{least}, in units of the loss", (theirs(), ours), \
        (theirs(threshold_mode="abs"), ours)


# ---- Normalization


@trap("Normalization", "`BatchNorm`: eps", "name it")
def batch_norm_eps():
    x = ROWS * 0.02
    theirs = out(nn.BatchNorm1d(6)(torch.tensor(x)))
    return (*defaults(nn.BatchNorm1d, "eps", layers.BatchNormalization, "epsilon"),
            (theirs, out(layers.BatchNormalization()(x, training=True))),
            (theirs, out(layers.BatchNormalization(epsilon=1e-5)(x, training=True))))


def running(momentum, what):
    theirs = nn.BatchNorm1d(6)
    theirs(torch.tensor(ROWS))
    ours = layers.BatchNormalization(momentum=momentum)
    ours(ROWS, training=True)
    return {"mean": (out(theirs.running_mean), out(ours.moving_mean.value)),
            "variance": (out(theirs.running_var), out(ours.moving_variance.value))}[what]


@trap("Normalization", "`BatchNorm`: momentum", "Keras's = 1 - PyTorch's")
def batch_norm_momentum():
    new, old = defaults(nn.BatchNorm1d, "momentum", layers.BatchNormalization)
    return f"{new}, the share of the new batch", f"{old}, the share of the old mean", \
        running(0.99, "mean"), running(0.9, "mean")


@trap("Normalization", "`BatchNorm`: the running variance",
      "multiply Keras's update by n / (n - 1); n counts batch and pixels")
def batch_norm_variance():
    theirs, ours = running(0.9, "variance")
    n = len(ROWS)
    return "divides by n - 1", "divides by n", (theirs, ours), (theirs, (ours - 0.9) * n / (n - 1) + 0.9)


@trap("Normalization", "`LayerNorm`: eps", "name it")
def layer_norm_eps():
    x = ROWS * 0.02
    theirs = out(nn.LayerNorm(6)(torch.tensor(x)))
    return (*defaults(nn.LayerNorm, "eps", layers.LayerNormalization, "epsilon"),
            (theirs, out(layers.LayerNormalization()(x))), (theirs, out(layers.LayerNormalization(epsilon=1e-5)(x))))


@trap("Normalization", "`std` and `var` of a tensor", "`torch.std(x, correction=0)`")
def std():
    ours = out(ops.std(ROWS))
    return "divides by n - 1", "divides by n", (out(torch.tensor(ROWS).std()), ours), \
        (out(torch.tensor(ROWS).std(correction=0)), ours)


@trap("Normalization", "`BatchNorm` of a series: which axis is the feature", "transpose before and after in PyTorch")
def batch_norm_series():
    x = np.ascontiguousarray(SERIES[:, :, :5]) + np.arange(5, dtype=np.float32)   # 5 steps, 5 features: both fit
    theirs, ours = nn.BatchNorm1d(5), out(layers.BatchNormalization(epsilon=1e-5)(x, training=True))
    return "the second", "the last", (out(theirs(torch.tensor(x))), ours), \
        (out(theirs(torch.tensor(x).mT).mT), ours)


@trap("Normalization", "a frozen `BatchNorm`", "`layer.eval()`, after every `model.train()`")
def frozen():
    theirs, ours = nn.BatchNorm1d(6).requires_grad_(False), layers.BatchNormalization(epsilon=1e-5)
    ours.build(ROWS.shape)
    ours.trainable = False
    expected = out(ours(ROWS, training=True))
    return "`requires_grad=False`: still uses and moves with the batch", \
        "`trainable=False`: uses the running statistics", \
        (out(theirs(torch.tensor(ROWS))), expected), (out(nn.BatchNorm1d(6).eval()(torch.tensor(ROWS))), expected)


# ---- Activations


@trap("Activations", "`LeakyReLU`: slope", "name it; `keras.ops.leaky_relu` has a third default, 0.2")
def leaky_slope():
    theirs = out(nn.LeakyReLU()(torch.tensor(ROWS)))
    assert default(ops.leaky_relu, "negative_slope") == 0.2
    return (*defaults(nn.LeakyReLU, "negative_slope", layers.LeakyReLU), (theirs, out(layers.LeakyReLU()(ROWS))),
            (theirs, out(layers.LeakyReLU(negative_slope=0.01)(ROWS))))


@trap("Activations", "`gelu` as an operation",
      "`keras.ops.gelu(x, approximate=False)`; the layer `Activation(\"gelu\")` is exact in both")
def gelu():
    x = ROWS / 5 - 2.5
    tanh = default(ops.gelu, "approximate")
    theirs = out(F.gelu(torch.tensor(x)))
    assert np.allclose(theirs, out(layers.Activation("gelu")(x)), atol=1e-6)
    return "exact", "the tanh formula" if tanh else "exact", (theirs, out(ops.gelu(x))), \
        (theirs, out(ops.gelu(x, approximate=False)))


@trap("Activations", "softmax without an axis", "name it: `dim=-1`")
def softmax_axis():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch itself warns of its default
        theirs = out(F.softmax(torch.tensor(SERIES)))
    ours = out(ops.softmax(SERIES))
    assert default(F.softmax, "dim") is None and default(ops.softmax, "axis") == -1
    return "the first of three, the second of two or four", "the last", (theirs, ours), \
        (out(F.softmax(torch.tensor(SERIES), dim=-1)), ours)


# ---- Layers: where weights start, how they lie, how they count


@trap("Weights", "`Linear` and `Dense`: layout", "transpose")
def dense_layout():
    theirs, x = nn.Linear(6, 6), torch.tensor(ROWS)
    weight, bias = theirs.weight, theirs.bias
    return "(out, in)", "(in, out)", (out(theirs(x)), out(twin(layers.Dense(6), ROWS, (weight, bias))(ROWS))), \
        (out(theirs(x)), out(twin(layers.Dense(6), ROWS, (weight.T, bias))(ROWS)))


INPUTS = 400


def spread(array):
    """How far the values reach, relative to 1 / sqrt(inputs)."""
    return np.abs(out(array)).max() * np.sqrt(INPUTS)


@trap("Weights", "`Linear` and `Dense`, convolutions alike: the start",
      "`kernel_initializer=VarianceScaling(1/3, \"fan_in\", \"uniform\")`")
def dense_start():
    x = np.zeros((1, INPUTS), np.float32)

    def ours(initializer):
        layer = layers.Dense(100, kernel_initializer=initializer)
        layer.build(x.shape)
        return spread(layer.kernel.value)
    theirs = spread(nn.Linear(INPUTS, 100).weight)
    assert default(layers.Dense, "kernel_initializer") == "glorot_uniform"
    equal = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=0)
    return "uniform, up to 1 / sqrt(in)", "uniform, up to sqrt(6 / (in + out))", \
        (theirs, ours(keras.initializers.GlorotUniform(seed=0))), (round(theirs, 2), round(ours(equal), 2))


@trap("Weights", "`Linear` and `Dense`: the bias at the start", "`nn.init.zeros_(layer.bias)`")
def bias_start():
    theirs, ours = nn.Linear(INPUTS, 100), layers.Dense(100)
    ours.build((1, INPUTS))
    before = spread(theirs.bias)
    nn.init.zeros_(theirs.bias)
    return "uniform, up to 1 / sqrt(in)", "zeros", (before, spread(ours.bias.value)), \
        (spread(theirs.bias), spread(ours.bias.value))


@trap("Weights", "`Embedding`: the start", "`embeddings_initializer=RandomNormal(stddev=1)`")
def embedding_start():

    def ours(initializer):
        layer = layers.Embedding(500, 100, embeddings_initializer=initializer)
        layer.build(())
        return out(layer.embeddings.value).std()
    theirs = out(nn.Embedding(500, 100).weight).std()
    assert default(layers.Embedding, "embeddings_initializer") == "uniform"
    return "normal, deviation 1", "uniform in ±0.05", (theirs, ours("uniform")), \
        (round(float(theirs), 1), round(float(ours(keras.initializers.RandomNormal(stddev=1, seed=0))), 1))


@trap("Weights", "`LSTM`: biases at the start", "set them; `unit_forget_bias` in Keras makes the forget gate's 1")
def lstm_bias_start():
    theirs, ours = nn.LSTM(6, 3), layers.LSTM(3)
    ours.build(SERIES.shape)
    before = out(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    with torch.no_grad():
        theirs.bias_hh_l0.zero_()
        theirs.bias_ih_l0.copy_(torch.tensor(np.repeat([0, 1, 0, 0], 3)))
    bias = out(ours.cell.bias.value)
    return "uniform, two of them", "one: zeros, the forget gate's 1", (before, bias), \
        (out(theirs.bias_ih_l0 + theirs.bias_hh_l0), bias)


def lstm_weights(theirs, biases):
    return theirs.weight_ih_l0.T, theirs.weight_hh_l0.T, biases


@trap("Weights", "`LSTM`: two biases or one",
      "Keras's bias is the sum of PyTorch's two; the gates stand in one order (the GRU keeps both biases, as two rows)")
def lstm_biases():
    theirs = nn.LSTM(6, 3, batch_first=True)
    last = out(theirs(torch.tensor(SERIES))[0])[:, -1]
    one, both = theirs.bias_ih_l0, theirs.bias_ih_l0 + theirs.bias_hh_l0
    return "`bias_ih` and `bias_hh`", "one `bias`", \
        (last, out(twin(layers.LSTM(3), SERIES, lstm_weights(theirs, one))(SERIES))), \
        (last, out(twin(layers.LSTM(3), SERIES, lstm_weights(theirs, both))(SERIES)))


def gru(order, theirs, **options):
    """Keras's GRU with PyTorch's weights, its blocks of gates in this order."""
    def gates(array):
        return np.concatenate([np.split(out(array), 3)[k] for k in order])
    biases = [gates(theirs.bias_ih_l0), gates(theirs.bias_hh_l0)]
    bias = np.stack(biases) if options.get("reset_after", True) else np.sum(biases, axis=0)
    copy = gates(theirs.weight_ih_l0).T, gates(theirs.weight_hh_l0).T, bias
    layer = layers.GRU(3, **options)
    layer.build(SERIES.shape)
    layer.set_weights([np.ascontiguousarray(part) for part in copy])
    return out(layer(SERIES))


@trap("Weights", "`GRU`: order of the gates", "swap the first two blocks of rows")
def gru_order():
    theirs = nn.GRU(6, 3, batch_first=True)
    last = out(theirs(torch.tensor(SERIES))[0])[:, -1]
    return "reset, update, new", "update, reset, new", (last, gru((0, 1, 2), theirs)), (last, gru((1, 0, 2), theirs))


@trap("Weights", "`GRU`: `reset_after`",
      "keep Keras's default True; False is the paper's form, which PyTorch lacks")
def gru_reset():
    theirs = nn.GRU(6, 3, batch_first=True)
    last = out(theirs(torch.tensor(SERIES))[0])[:, -1]
    assert default(layers.GRU, "reset_after") is True
    return "after the product, always", "after the product; before it with `reset_after=False`", \
        (last, gru((1, 0, 2), theirs, reset_after=False)), (last, gru((1, 0, 2), theirs))


@trap("Weights", "convolution: layout of the kernel", "`transpose(2, 3, 1, 0)`; `.T` would mirror it")
def conv_layout():
    theirs, x = nn.Conv2d(3, 3, 3), channels_last(IMAGES)       # 3 to 3 channels, 3 rows: any order of axes fits
    expected = out(theirs(torch.tensor(IMAGES)))

    def ours(*axes):
        return channels_first(twin(layers.Conv2D(3, 3), x, (theirs.weight.permute(axes), theirs.bias))(x))
    return "(out, in, height, width)", "(height, width, in, out)", (expected, ours(3, 2, 1, 0)), \
        (expected, ours(2, 3, 1, 0))


@trap("Weights", "normal starts of He and Glorot", "`RandomNormal(stddev=(2 / fan_in) ** 0.5)`")
def normal_start():
    theirs = nn.init.kaiming_normal_(torch.empty(100, INPUTS))

    def reach(array):
        return np.abs(array).max() / array.std()
    initializers = keras.initializers
    truncated = out(initializers.HeNormal(seed=0)((INPUTS, 100)))
    whole = out(initializers.RandomNormal(stddev=np.sqrt(2 / INPUTS), seed=0)((INPUTS, 100)))
    assert abs(truncated.std() / out(theirs).std() - 1) < 0.01   # as wide on average
    return "normal", "normal, cut at two deviations", (reach(out(theirs)), reach(truncated)), \
        (round(float(reach(out(theirs)) / 4)), round(float(reach(whole) / 4)))


@trap("Weights", "normal start: default deviation", "name it")
def normal_deviation():
    theirs = out(nn.init.normal_(torch.empty(500, 100))).std()
    ours = out(keras.initializers.RandomNormal(seed=0)((500, 100))).std()
    named = out(keras.initializers.RandomNormal(stddev=1.0, seed=0)((500, 100))).std()
    return (*defaults(nn.init.normal_, "std", keras.initializers.RandomNormal, "stddev"), (theirs, ours),
            (round(float(theirs), 1), round(float(named), 1)))


@trap("Weights", "recurrent layers: the start of the weights of the state",
      "`nn.init.orthogonal_`, or `recurrent_initializer`")
def recurrent_start():
    theirs, ours = nn.RNN(6, 50), layers.SimpleRNN(50)
    ours.build(SERIES.shape)
    assert default(layers.SimpleRNN, "recurrent_initializer") == "orthogonal"

    def square(weight):
        return out(weight) @ out(weight).T
    before = square(theirs.weight_hh_l0)
    nn.init.orthogonal_(theirs.weight_hh_l0)
    expected = square(ours.cell.recurrent_kernel.value)
    return "uniform, up to 1 / sqrt(hidden)", "orthogonal", (before, expected), \
        (square(theirs.weight_hh_l0), np.round(expected, 5))


@trap("Weights", "attention: how wide a head is", "Keras's `key_dim` = PyTorch's `embed_dim / num_heads`")
def head_width():
    def count(key_dim):
        layer = layers.MultiHeadAttention(2, key_dim)
        layer.build(SERIES.shape, SERIES.shape)
        return layer.count_params()
    theirs = sum(p.numel() for p in nn.MultiheadAttention(6, 2).parameters())
    return "`embed_dim`: all heads together", "`key_dim`: each head", (theirs, count(6)), (theirs, count(3))


# ---- Shapes


@trap("Shapes", "images: where the channels stand", "`x.permute(0, 2, 3, 1)`, or `data_format=\"channels_first\"`")
def channels():
    theirs = nn.Conv2d(3, 4, 3)
    ours = twin(layers.Conv2D(4, 3), channels_last(IMAGES), (theirs.weight.permute(2, 3, 1, 0), theirs.bias))
    expected = out(theirs(torch.tensor(IMAGES)))
    return "(n, channels, height, width)", "(n, height, width, channels)", \
        (expected, out(ours(channels_last(IMAGES)))), (expected, channels_first(ours(channels_last(IMAGES))))


@trap("Shapes", "`Flatten` after a convolution", "permute the axes before flattening, or the columns of the next layer")
def flatten_order():
    theirs, ours = out(nn.Flatten()(torch.tensor(IMAGES))), out(layers.Flatten()(channels_last(IMAGES)))
    return "channel by channel", "pixel by pixel", (theirs, ours), \
        (theirs, ours.reshape(2, 8, 8, 3).transpose(0, 3, 1, 2).reshape(2, -1))


@trap("Shapes", "`padding=\"same\"` with stride 2", "`nn.ZeroPad2d((0, 1, 0, 1))`, then no padding")
def same_padding():
    theirs = nn.Conv2d(3, 4, 3, stride=2, padding=1)
    try:
        nn.Conv2d(3, 4, 3, stride=2, padding="same")
        refused = False
    except ValueError:
        refused = True
    assert refused
    ours = channels_first(twin(layers.Conv2D(4, 3, strides=2, padding="same"), channels_last(IMAGES),
                               (theirs.weight.permute(2, 3, 1, 0), theirs.bias))(channels_last(IMAGES)))
    x = torch.tensor(IMAGES)
    cured = F.conv2d(nn.ZeroPad2d((0, 1, 0, 1))(x), theirs.weight, theirs.bias, stride=2)
    return "refused; `padding=1` adds on all sides", "adds below and at the right first", \
        (out(theirs(x)), ours), (out(cured), ours)


@trap("Shapes", "average pooling at a padded edge", "`nn.AvgPool2d(…, count_include_pad=False)`")
def average_pooling():
    x = torch.tensor(IMAGES)
    ours = channels_first(layers.AveragePooling2D(3, strides=1, padding="same")(channels_last(IMAGES)))
    counts = default(nn.AvgPool2d, "count_include_pad")
    return "the zeros count" if counts else "the zeros do not count", "the zeros do not count", \
        (out(nn.AvgPool2d(3, stride=1, padding=1)(x)), ours), \
        (out(nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)(x)), ours)


@trap("Shapes", "recurrent layers: which axis is time", "`batch_first=True`")
def batch_first():
    theirs = nn.LSTM(6, 3, batch_first=True)
    ours = out(twin(layers.LSTM(3, return_sequences=True), SERIES,
                    lstm_weights(theirs, theirs.bias_ih_l0 + theirs.bias_hh_l0))(SERIES))
    x, first = torch.tensor(SERIES), nn.LSTM(6, 3)
    first.load_state_dict(theirs.state_dict())
    assert default(layers.LSTM, "return_sequences") is False
    return "(steps, batch, features)", "(batch, steps, features)", (out(first(x)[0]), ours), (out(theirs(x)[0]), ours)


@trap("Shapes", "attention masks: what True means",
      "`F.scaled_dot_product_attention` and Keras agree; invert for `nn.MultiheadAttention`")
def mask_sense():
    theirs, ours = nn.MultiheadAttention(6, 2, batch_first=True), layers.MultiHeadAttention(2, 3)
    ours.build(SERIES.shape, SERIES.shape)
    weights, biases = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    copy = [part for w, b in zip(weights, biases, strict=True)
            for part in (out(w).T.reshape(6, 2, 3), out(b).reshape(2, 3))]
    ours.set_weights([np.ascontiguousarray(part) for part in
                      (*copy, out(theirs.out_proj.weight).T.reshape(2, 3, 6), out(theirs.out_proj.bias))])
    x, allowed = torch.tensor(SERIES), np.tril(np.ones((5, 5), bool))
    allowed[0, 1] = True                     # so that the inverted mask leaves no row empty
    allowed[4, 0] = False
    expected = out(ours(SERIES, SERIES, attention_mask=np.broadcast_to(allowed, (4, 5, 5))))
    masks = torch.tensor(allowed), torch.tensor(~allowed)
    wrong, right = (out(theirs(x, x, x, attn_mask=mask)[0]) for mask in masks)
    ones = torch.ones(5, 5)
    seen = F.scaled_dot_product_attention(ones, ones, torch.eye(5), attn_mask=masks[0])  # the values show the weights
    assert np.array_equal(out(seen) > 0, allowed)
    return "`nn.MultiheadAttention`: blocked", "may look", (wrong, expected), (right, expected)


@trap("Shapes", "recurrent layers: what comes out", "`return_sequences=True`; `return_state=True` for the state")
def recurrent_output():
    theirs = nn.LSTM(6, 3, batch_first=True)
    copy = lstm_weights(theirs, theirs.bias_ih_l0 + theirs.bias_hh_l0)
    every, last = (out(twin(layers.LSTM(3, return_sequences=flag), SERIES, copy)(SERIES)) for flag in (True, False))
    expected = out(theirs(torch.tensor(SERIES))[0])
    assert np.allclose(last, expected[:, -1], atol=1e-6)
    return "the outputs of all steps, and the state", "the output of the last step", (expected, last), (expected, every)


@trap("Shapes", "a convolution over a series: which axis is time", "`x.mT` before and after")
def series_axis():
    x = np.ascontiguousarray(SERIES[:, :, :5])                   # 5 steps, 5 features: both fit
    theirs = nn.Conv1d(5, 5, 3, padding=1)
    ours = out(twin(layers.Conv1D(5, 3, padding="same"), x, (theirs.weight.permute(2, 1, 0), theirs.bias))(x))
    return "(n, channels, steps)", "(n, steps, channels)", (out(theirs(torch.tensor(x))), ours), \
        (out(theirs(torch.tensor(x).mT).mT), ours)


@trap("Shapes", "attention: which axis is time", "`batch_first=True`")
def attention_axis():
    def theirs(**options):
        torch.manual_seed(0)
        layer = nn.MultiheadAttention(6, 2, **options)
        x = torch.tensor(SERIES)
        return layer, out(layer(x, x, x)[0])
    layer, expected = theirs(batch_first=True)
    ours = layers.MultiHeadAttention(2, 3)
    ours.build(SERIES.shape, SERIES.shape)
    copy = [part for w, b in zip(layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3), strict=True)
            for part in (out(w).T.reshape(6, 2, 3), out(b).reshape(2, 3))]
    ours.set_weights([np.ascontiguousarray(part) for part in
                      (*copy, out(layer.out_proj.weight).T.reshape(2, 3, 6), out(layer.out_proj.bias))])
    result = out(ours(SERIES, SERIES))
    return "`nn.MultiheadAttention`: (steps, batch, features)", "(batch, steps, features)", \
        (theirs()[1], result), (expected, result)


# ---- Losses


@trap("Losses", "cross-entropy: what it takes", "`from_logits=True`")
def logits():
    theirs = out(F.cross_entropy(torch.tensor(SCORES), torch.tensor(CLASSES)))
    loss = keras.losses.SparseCategoricalCrossentropy
    probabilities = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
    assert np.isclose(theirs, out(loss()(CLASSES, probabilities)), atol=1e-5)
    return "scores (logits)", "probabilities" if default(loss, "from_logits") is False else "scores (logits)", \
        (theirs, out(loss()(CLASSES, SCORES))), (theirs, out(loss(from_logits=True)(CLASSES, SCORES)))


@trap("Losses", "order of the arguments", "name them: `y_true`, `y_pred`")
def argument_order():
    p = 1 / (1 + np.exp(-SCORES[:, 0]))
    theirs = out(F.binary_cross_entropy(torch.tensor(p), torch.tensor(BITS)))
    loss = keras.losses.BinaryCrossentropy()
    assert list(inspect.signature(F.binary_cross_entropy).parameters)[:2] == ["input", "target"]
    assert list(inspect.signature(keras.losses.binary_crossentropy).parameters)[:2] == ["y_true", "y_pred"]
    return "(prediction, target)", "(target, prediction)", (theirs, out(loss(p, BITS))), (theirs, out(loss(BITS, p)))


@trap("Losses", "binary cross-entropy of a sure mistake", "give both scores, not probabilities")
def sure_mistake():
    sure, one, score = np.array([0.0], np.float32), np.array([1.0], np.float32), np.array([-30.0], np.float32)
    return "the logarithm stops at -100", "probabilities stop at 1e-7", \
        (out(F.binary_cross_entropy(torch.tensor(sure), torch.tensor(one))),
         out(keras.losses.BinaryCrossentropy()(one, sure))), \
        (out(F.binary_cross_entropy_with_logits(torch.tensor(score), torch.tensor(one))),
         out(keras.losses.BinaryCrossentropy(from_logits=True)(one, score)))


@trap("Losses", "weights of classes", "divide by the sum of the weights yourself")
def class_weights():
    weights = np.array([1, 2, 3, 4], np.float32)
    theirs = out(F.cross_entropy(torch.tensor(SCORES), torch.tensor(CLASSES), weight=torch.tensor(weights)))
    ours = out(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        CLASSES, SCORES, sample_weight=weights[CLASSES]))
    return "divides by the sum of the weights", "divides by the number of examples", (theirs, ours), \
        (theirs, ours * len(CLASSES) / weights[CLASSES].sum())


@trap("Losses", "examples that do not count", "divide by the sum of the weights yourself")
def ignored():
    labels = np.where(np.arange(8) < 3, -100, CLASSES)
    theirs = out(F.cross_entropy(torch.tensor(SCORES), torch.tensor(labels)))
    counts = (labels >= 0).astype(np.float32)
    ours = out(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(CLASSES, SCORES, sample_weight=counts))
    assert default(F.cross_entropy, "ignore_index") == -100
    return "`ignore_index`: the mean of the others", "`sample_weight` 0: divides by all", (theirs, ours), \
        (theirs, ours * len(counts) / counts.sum())


@trap("Losses", "Kullback-Leibler divergence", "`F.kl_div(q.log(), p, reduction=\"batchmean\")`")
def divergence():
    p, q = (np.exp(s) / np.exp(s).sum(1, keepdims=True) for s in (SCORES, SCORES[::-1]))
    ours = out(keras.losses.KLDivergence()(p, q))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch itself warns of its default
        theirs = [out(F.kl_div(torch.tensor(q).log(), torch.tensor(p), reduction=how)) for how in ("mean", "batchmean")]
    assert default(F.kl_div, "reduction") == "mean"
    return "takes a logarithm; mean over all numbers", "sum over classes, mean over examples", \
        (theirs[0], ours), (theirs[1], ours)


@trap("Losses", "cross-entropy of a series: which axis is the classes", "`F.cross_entropy(scores.mT, labels)`")
def class_axis():
    scores = np.ascontiguousarray(SERIES[:, :, :5])              # 5 steps, 5 classes: both fit
    labels = np.arange(20).reshape(4, 5) ** 2 % 5
    x, y = torch.tensor(scores), torch.tensor(labels)
    ours = out(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, scores))
    return "the second", "the last", (out(F.cross_entropy(x, y)), ours), (out(F.cross_entropy(x.mT, y)), ours)


@trap("Losses", "losses as functions: reduction", "take the mean of Keras's, or use the class: its mean is PyTorch's")
def reduction():
    theirs = out(F.cross_entropy(torch.tensor(SCORES), torch.tensor(CLASSES)))
    each = out(keras.losses.sparse_categorical_crossentropy(CLASSES, SCORES, from_logits=True))
    by_class = out(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(CLASSES, SCORES))
    assert default(F.cross_entropy, "reduction") == "mean" and np.isclose(each.mean(), by_class)
    return "the mean", "one number for each example", (theirs, each), (theirs, each.mean())


# ---- Training


@trap("Training", "the mode a layer is in", "`layer.eval()`, or `layer(x, training=True)`")
def mode():
    x = np.ones((4, 50), np.float32)
    theirs, ours = nn.Dropout(0.5), out(layers.Dropout(0.5)(x))
    before = out(theirs(torch.tensor(x)))
    return "training, until `.eval()`", "not training, until `training=True` or `fit`", (before, ours), \
        (out(theirs.eval()(torch.tensor(x))), ours)


def fitted(**options):
    """The numbers of the examples in the order in which `fit` takes 64 of them, batch by batch."""
    batches = []

    def loss(y_true, y_pred):
        if out(y_true).min() >= 100:  # Keras tries a loss on a batch of ones first
            batches.append(out(y_true).ravel() - 100)
        return ops.mean(y_pred)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", loss)
    model.fit(np.zeros((64, 2)), 100 + np.arange(64), verbose=0, **options)
    return batches


def loaded(**options):
    """The same of a DataLoader."""
    return [out(batch) for batch in torch.utils.data.DataLoader(torch.arange(64), **options)]


@trap("Training", "size of a batch", "name it")
def batch_size():
    sizes = len(loaded()[0]), len(fitted()[0])
    return (*map(str, sizes), sizes, (len(loaded(batch_size=32)[0]), sizes[1]))


@trap("Training", "order of the examples", "`DataLoader(…, shuffle=True)`, or `fit(…, shuffle=False)`")
def order():
    assert default(keras.Model.fit, "shuffle") is True
    theirs = np.concatenate(loaded())
    assert (theirs == np.arange(64)).all()
    return "as stored", "shuffled, each epoch anew", (theirs, np.concatenate(fitted())), \
        (theirs, np.concatenate(fitted(shuffle=False)))


@trap("Training", "`model.train()` of a Keras model (it is a `torch.nn.Module`)", "`model(x, training=True)`")
def deaf_model():
    theirs = out(nn.Sequential(nn.BatchNorm1d(6)).train()(torch.tensor(ROWS)))
    ours = keras.Sequential([keras.Input((6,)), layers.BatchNormalization(epsilon=1e-5)])
    ours.train()
    return "training mode from now on", "nothing: the argument `training` decides", (theirs, out(ours(ROWS))), \
        (theirs, out(ours(ROWS, training=True)))


@trap("Training", "a matrix product of float64", "for double precision use PyTorch, or Keras on TensorFlow")
def double_precision():
    a, b = np.array([[1e8 + 11, 1.0]]), np.array([[1.0], [-1e8]])
    ours, x, y = out(ops.matmul(a, b)), torch.tensor(a), torch.tensor(b)
    return f"computed in {str((x @ y).dtype).removeprefix('torch.')}", f"computed in {ours.dtype}", \
        (out(x @ y), ours), (out(x.float() @ y.float()), ours)
