"""The five models in functions of arrays, for peers without layers: HIPS autograd and JAX.

np: the peer's NumPy. Each function takes the weights by name and returns the outputs; `loss` scores them.
"""
from ..workloads import HEADS


def linear(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def perceptron(np, p, x, activation):
    h = activation(linear(p, "0", x))
    return linear(p, "4", activation(linear(p, "2", h)))


def pool(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def cnn(np, p, x, conv):
    for name in ("0", "3"):
        x = pool(np.maximum(conv(x, p[f"{name}.weight"]) + p[f"{name}.bias"].reshape(1, -1, 1, 1), 0))
    return linear(p, "7", x.reshape(len(x), -1))


def lstm_step(np, p, state, x):
    h, c = state
    z = x @ p["lstm.weight_ih_l0"].T + h @ p["lstm.weight_hh_l0"].T + p["lstm.bias_ih_l0"]
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(np, f) * c + sigmoid(np, i) * np.tanh(g)
    return sigmoid(np, o) * np.tanh(c), c


def sigmoid(np, z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def layer_norm(np, p, name, x):
    centered = x - x.mean(axis=-1, keepdims=True)
    variance = (centered * centered).mean(axis=-1, keepdims=True)
    return centered / np.sqrt(variance + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]


def attention(np, p, x):
    batch, tokens, width = x.shape
    joint = x @ p["self_attn.in_proj_weight"].T + p["self_attn.in_proj_bias"]
    heads = np.transpose(joint.reshape(batch, tokens, 3, HEADS, width // HEADS), (2, 0, 3, 1, 4))
    q, k, v = heads[0], heads[1], heads[2]
    scores = q @ np.swapaxes(k, -1, -2) * float((width // HEADS) ** -0.5)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    out = e / e.sum(axis=-1, keepdims=True) @ v
    return linear(p, "self_attn.out_proj", np.transpose(out, (0, 2, 1, 3)).reshape(batch, tokens, width))


def gelu(np, x):
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def transformer_block(np, p, x):
    x = x + attention(np, p, layer_norm(np, p, "norm1", x))
    return x + linear(p, "linear2", gelu(np, linear(p, "linear1", layer_norm(np, p, "norm2", x))))


def squared_error(np, out, y):
    return ((out - y) ** 2).mean()


def cross_entropy(np, logits, one_hot):
    z = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - (z * one_hot).sum(axis=1)).mean()
