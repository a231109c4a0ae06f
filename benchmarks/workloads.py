"""The five workloads: their sizes, data and start weights, the same for every peer.

One training step is a forward pass, a backward pass and an update, always on the same batch. All in float32.
Weights carry PyTorch's names and layouts; every peer starts from the ones that `Work` draws.
"""
import math
from dataclasses import dataclass, field

import numpy as np

ADAM_EPS = 1e-14  # so small that the two published places for it (inside and outside the correction) give the same
LEARNING_RATE = {"W1": 1e-3, "W2": 0.05, "W3": 1e-3, "W4": 1e-3, "W5": 1e-3}

TITLES = {
    "W1": "MLP 784-256-128-10 with ReLU, batch 128, cross-entropy, Adam",
    "W2": "MLP 2-16-16-1 with tanh, batch 100, squared error, plain gradient descent",
    "W3": "CNN: twice conv 3 x 3 (16, then 32 channels), ReLU, max pooling; then linear; 28 x 28, batch 64, Adam",
    "W4": "LSTM with 64 hidden units over 64 steps of 32 features, batch 32, then linear on the last state, Adam",
    "W5": "Transformer block, norm first, GELU: width 64, 4 heads, 64 tokens, batch 16, squared error, Adam",
}

SIZES = {
    "W1": {"batch": 128, "width": 256},
    "W2": {"batch": 100},
    "W3": {"batch": 64, "side": 28},
    "W4": {"batch": 32, "steps": 64, "hidden": 64},
    "W5": {"batch": 16, "tokens": 64, "width": 64},
}

TINY = {
    "W1": {"batch": 8, "width": 16},
    "W2": {"batch": 5},
    "W3": {"batch": 2, "side": 8},
    "W4": {"batch": 2, "steps": 4, "hidden": 8},
    "W5": {"batch": 2, "tokens": 4, "width": 8},
}

FEATURES, CLASSES, HEADS = 32, 10, 4  # the input features of W4; the classes of W1, W3, W4; the heads of W5


def mlp_layers(width):
    """The layer sizes of W1."""
    return [784, width, width // 2, CLASSES]


def shapes(name, sizes):
    """The weights of a workload: name -> shape, or (shape, fan_in) for a bias."""
    if name == "W1":
        return linear_shapes(mlp_layers(sizes["width"]), (0, 2, 4))
    if name == "W2":
        return linear_shapes([2, 16, 16, 1], (0, 2, 4))
    if name == "W3":
        pixels = (sizes["side"] // 4) ** 2
        return {"0.weight": (16, 1, 3, 3), "0.bias": (16,), "3.weight": (32, 16, 3, 3), "3.bias": (32,),
                "7.weight": (CLASSES, 32 * pixels), "7.bias": (CLASSES,)}
    if name == "W4":
        hidden = sizes["hidden"]
        return {"lstm.weight_ih_l0": (4 * hidden, FEATURES), "lstm.weight_hh_l0": (4 * hidden, hidden),
                "lstm.bias_ih_l0": (4 * hidden,), "lstm.bias_hh_l0": (4 * hidden,),
                "head.weight": (CLASSES, hidden), "head.bias": (CLASSES,)}
    width = sizes["width"]
    return {"self_attn.in_proj_weight": (3 * width, width), "self_attn.in_proj_bias": (3 * width,),
            "self_attn.out_proj.weight": (width, width), "self_attn.out_proj.bias": (width,),
            "linear1.weight": (4 * width, width), "linear1.bias": (4 * width,),
            "linear2.weight": (width, 4 * width), "linear2.bias": (width,),
            "norm1.weight": (width,), "norm1.bias": (width,), "norm2.weight": (width,), "norm2.bias": (width,)}


def linear_shapes(layers, names):
    """Weight and bias of each linear layer, under its place in a Sequential."""
    found = {}
    for name, n_in, n_out in zip(names, layers[:-1], layers[1:], strict=True):
        found |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
    return found


def start_weights(name, sizes, rng):
    """Matrices and kernels uniform on +-1 / sqrt(fan_in), biases small; `bias_hh` 0, for only some peers have it."""
    weights = {}
    for key, shape in shapes(name, sizes).items():
        bound = 1 / math.sqrt(math.prod(shape[1:])) if len(shape) > 1 else 0.1
        offset = 1.0 if key.startswith("norm") and key.endswith("weight") else 0.0
        weights[key] = (offset + rng.uniform(-bound, bound, shape)).astype(np.float32)
        if "bias_hh" in key:
            weights[key][:] = 0
    return weights


def batch(name, sizes, rng):
    """The inputs x and targets y of a workload."""
    n = sizes["batch"]
    if name == "W2":
        return rng.uniform(-1, 1, (n, 2)).astype(np.float32), rng.choice([-1, 1], (n, 1)).astype(np.float32)
    if name == "W5":
        shape = n, sizes["tokens"], sizes["width"]
        return rng.normal(size=shape).astype(np.float32), rng.normal(size=shape).astype(np.float32)
    shape = {"W1": (784,), "W3": (1, sizes.get("side"), sizes.get("side")), "W4": (sizes.get("steps"), FEATURES)}[name]
    return rng.uniform(0, 1, (n, *shape)).astype(np.float32), rng.integers(0, CLASSES, n)


@dataclass
class Work:
    """One workload at given sizes: what a peer needs to train.

    Adam has the betas 0.9 and 0.999 and ADAM_EPS. The optimizer leaves `bias_hh` of W4 alone: Keras, JAX and
    autograd have one bias, and with two each of them would move, which is another model.
    """

    name: str
    sizes: dict = field(default_factory=dict)

    def __post_init__(self):
        self.sizes = SIZES[self.name] | self.sizes
        rng = np.random.default_rng(0)
        self.weights = start_weights(self.name, self.sizes, rng)
        self.x, self.y = batch(self.name, self.sizes, rng)
        self.lr = LEARNING_RATE[self.name]


def trained(name):
    """Whether the optimizer changes the weight of this name."""
    return "bias_hh" not in name
