"""micrograd: a graph of single numbers, in plain Python."""
import math

from micrograd.engine import Value
from micrograd.nn import MLP, Neuron


def tanh(x):
    """The operation that the library lacks, in its own style."""
    t = math.tanh(x.data)
    out = Value(t, (x,), "tanh")

    def backward():
        x.grad += (1 - t * t) * out.grad

    out._backward = backward
    return out


class TanhNeuron(Neuron):
    def __call__(self, x):
        return tanh(sum((w * xi for w, xi in zip(self.w, x)), self.b))


def trainer(work):
    model = MLP(2, [16, 16, 1])
    for layer, name in zip(model.layers, "024"):
        for neuron, weights, bias in zip(layer.neurons, work.weights[f"{name}.weight"], work.weights[f"{name}.bias"]):
            neuron.__class__ = TanhNeuron if name != "4" else Neuron
            neuron.b.data = float(bias)
            for w, value in zip(neuron.w, weights):
                w.data = float(value)
    x, y = work.x.tolist(), work.y[:, 0].tolist()

    def step():
        loss = sum((model(row) - target) ** 2 for row, target in zip(x, y)) * (1 / len(x))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= work.lr * p.grad
        return loss.data

    return step
