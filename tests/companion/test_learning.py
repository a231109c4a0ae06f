"""The package learns: XOR, spirals and handwritten digits, from fixed seeds, to a stated accuracy."""
import numpy as np
import pytest

import companion
from companion import Tensor, data, nn, optim
from companion.training import accuracy, evaluate, fit


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("COMPANION_QUIET", "1")


def test_xor_is_learned_by_plain_arrays_and_gradients():
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = nn.BCEWithLogitsLoss()(model(Tensor(x))[:, 0], y)
        loss.backward()
        optimizer.step()
    assert accuracy(model(Tensor(x))[:, 0], y) == 1
    assert loss.item() < 0.02


def test_spirals_are_learned():
    x_train, x_test, y_train, y_test = data.train_test_split(*data.make_spirals(600, classes=3, turns=1), rng=1)
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    loader = data.DataLoader(data.TensorDataset(x_train, y_train), 32, shuffle=True)
    fit(model, optim.Adam(model.parameters(), 0.01), nn.CrossEntropyLoss(), loader, epochs=60)
    assert accuracy(model(Tensor(x_test)), y_test) >= 0.95


@pytest.fixture(scope="module")
def digits():
    columns = data.load("digits")
    return data.train_test_split(columns["images"] / 16, columns["labels"].astype(int), rng=0)


@pytest.mark.parametrize(("make", "epochs", "least"), [
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10)),
     15, 0.96),
    (lambda: nn.Sequential(lambda x: x.reshape(-1, 1, 8, 8), nn.Conv2d(1, 16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
                           nn.Flatten(), nn.Linear(256, 10)), 10, 0.95),
    (lambda: nn.Sequential(nn.GRU(8, 48), lambda result: result[0][:, -1], nn.Linear(48, 10)), 10, 0.9),
], ids=["dense", "convolutional", "recurrent, row by row"])
def test_digits_are_learned(digits, make, epochs, least):
    x_train, x_test, y_train, y_test = digits
    companion.manual_seed(2)
    model, loss = make(), nn.CrossEntropyLoss()
    loader = data.DataLoader(data.TensorDataset(x_train, y_train), 32, shuffle=True)
    test_loader = data.DataLoader(data.TensorDataset(x_test, y_test), 256)
    history = fit(model, optim.AdamW(model.parameters(), 5e-3), loss, loader, test_loader, epochs, accuracy)
    assert history["val_metric"][-1] >= least
    assert evaluate(model, loss, test_loader, accuracy)["metric"] == history["val_metric"][-1]
