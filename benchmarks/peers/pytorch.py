"""PyTorch, eager: the code that most people write."""
import torch
from torch import nn
from torch.nn import functional as F

from ..workloads import ADAM_EPS, CLASSES, FEATURES, HEADS, trained


class Reader(nn.Module):
    """W4: a linear layer on the last hidden state."""

    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, hidden, batch_first=True)
        self.head = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.head(h[0])


def gelu(x):
    return F.gelu(x, approximate="tanh")


def model(work):
    shapes = {name: array.shape for name, array in work.weights.items()}
    if work.name in ("W1", "W2"):
        activation = nn.ReLU if work.name == "W1" else nn.Tanh
        a, b, c = (nn.Linear(*shapes[f"{i}.weight"][::-1]) for i in (0, 2, 4))
        return nn.Sequential(a, activation(), b, activation(), c)
    if work.name == "W3":
        return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(*shapes["7.weight"][::-1]))
    if work.name == "W4":
        return Reader(work.sizes["hidden"])
    width = work.sizes["width"]
    return nn.TransformerEncoderLayer(width, HEADS, 4 * width, dropout=0.0, activation=gelu, norm_first=True,
                                      batch_first=True)


def set_threads(threads):
    torch.set_num_threads(threads)


def trainer(work):
    net = model(work)
    net.load_state_dict({name: torch.from_numpy(array) for name, array in work.weights.items()})
    parameters = [p for name, p in net.named_parameters() if trained(name)]
    optimizer = (torch.optim.SGD(parameters, lr=work.lr) if work.name == "W2" else
                 torch.optim.Adam(parameters, lr=work.lr, eps=ADAM_EPS))
    loss_fn = F.mse_loss if work.name in ("W2", "W5") else F.cross_entropy
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.y)

    def step():
        optimizer.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
