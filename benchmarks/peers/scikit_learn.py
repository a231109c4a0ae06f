"""scikit-learn's multilayer perceptron: one call of `partial_fit` is one step."""
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ..workloads import ADAM_EPS


def trainer(work):
    options = {"alpha": 0.0, "batch_size": len(work.x), "shuffle": False}
    layers = [work.weights[f"{i}.weight"].shape[0] for i in (0, 2)]
    if work.name == "W1":
        model = MLPClassifier(layers, activation="relu", solver="adam", learning_rate_init=work.lr, epsilon=ADAM_EPS,
                              **options)
        start = {"classes": np.arange(10)}
        y, factor = work.y, 1.0
    else:  # its squared error has the factor 1/2
        model = MLPRegressor(hidden_layer_sizes=layers, activation="tanh", solver="sgd",
                             learning_rate_init=2 * work.lr, momentum=0.0, nesterovs_momentum=False, **options)
        start, y, factor = {}, work.y[:, 0], 2.0
    model.partial_fit(work.x, y, **start)  # creates the arrays and the optimizer, and makes a step: start again
    for i, name in enumerate("024"):
        model.coefs_[i][:] = work.weights[f"{name}.weight"].T
        model.intercepts_[i][:] = work.weights[f"{name}.bias"]
    del model._optimizer

    def step():
        model.partial_fit(work.x, y)
        return factor * float(model.loss_)

    return step
