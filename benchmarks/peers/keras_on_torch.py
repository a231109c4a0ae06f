"""Keras with PyTorch below it: `train_on_batch`."""
import keras
import numpy as np
import torch
from keras import layers

from ..workloads import ADAM_EPS, CLASSES, FEATURES, HEADS


def set_threads(threads):
    torch.set_num_threads(threads)


def perceptron(work, activation):
    shapes = [work.weights[f"{i}.weight"].shape for i in (0, 2, 4)]
    model = keras.Sequential([keras.Input(shapes[0][1:]), layers.Dense(shapes[0][0], activation),
                              layers.Dense(shapes[1][0], activation), layers.Dense(shapes[2][0])])
    return model, [dense(work, i) for i in (0, 2, 4)]


def dense(work, name):
    return [work.weights[f"{name}.weight"].T, work.weights[f"{name}.bias"]]


def cnn(work):
    side = work.sizes["side"]
    model = keras.Sequential([keras.Input((side, side, 1)), *(
        part for channels in (16, 32)
        for part in (layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPooling2D(2))),
        layers.Flatten(), layers.Dense(CLASSES)])
    conv = [[work.weights[f"{i}.weight"].transpose(2, 3, 1, 0), work.weights[f"{i}.bias"]] for i in (0, 3)]
    head = work.weights["7.weight"].reshape(CLASSES, 32, side // 4, side // 4)  # channels come last here
    return model, [*conv, [head.transpose(2, 3, 1, 0).reshape(-1, CLASSES), work.weights["7.bias"]]]


def lstm(work):
    model = keras.Sequential([keras.Input((work.sizes["steps"], FEATURES)), layers.LSTM(work.sizes["hidden"]),
                              layers.Dense(CLASSES)])
    return model, [[work.weights["lstm.weight_ih_l0"].T, work.weights["lstm.weight_hh_l0"].T,
                    work.weights["lstm.bias_ih_l0"]], dense(work, "head")]


def transformer_block(work):
    width = work.sizes["width"]
    x = keras.Input((work.sizes["tokens"], width))
    norms = [layers.LayerNormalization(epsilon=1e-5) for _ in range(2)]
    attention = layers.MultiHeadAttention(HEADS, width // HEADS)
    first, second = layers.Dense(4 * width), layers.Dense(width)
    normed = norms[0](x)
    h = x + attention(normed, normed)
    out = h + second(keras.activations.gelu(first(norms[1](h)), approximate=True))
    inputs = []
    for weight, bias in zip(np.split(work.weights["self_attn.in_proj_weight"], 3),
                            np.split(work.weights["self_attn.in_proj_bias"], 3)):
        inputs.append((weight.T.reshape(width, HEADS, -1), bias.reshape(HEADS, -1)))
    q, k, v = inputs
    attention.set_weights([*q, *k, *v, work.weights["self_attn.out_proj.weight"].T.reshape(HEADS, -1, width),
                           work.weights["self_attn.out_proj.bias"]])
    for layer, name in ((norms[0], "norm1"), (norms[1], "norm2")):
        layer.set_weights([work.weights[f"{name}.weight"], work.weights[f"{name}.bias"]])
    for layer, name in ((first, "linear1"), (second, "linear2")):
        layer.set_weights(dense(work, name))
    return keras.Model(x, out), None


BUILD = {"W1": lambda work: perceptron(work, "relu"), "W2": lambda work: perceptron(work, "tanh"),
         "W3": cnn, "W4": lstm, "W5": transformer_block}


def trainer(work):
    model, weights = BUILD[work.name](work)
    if weights is not None:
        model.set_weights([array for part in weights for array in part])
    squared = work.name in ("W2", "W5")
    model.compile(
        keras.optimizers.SGD(work.lr) if work.name == "W2" else keras.optimizers.Adam(work.lr, epsilon=ADAM_EPS),
        "mse" if squared else keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = work.x.transpose(0, 2, 3, 1) if work.name == "W3" else work.x

    def step():
        model.reset_metrics()  # else the loss would be the mean of all steps so far
        return float(model.train_on_batch(x, work.y))

    return step
