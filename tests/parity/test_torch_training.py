"""Thirty steps of every optimizer, clipping, and schedules: the same weights and rates as PyTorch's."""
import numpy as np
import pytest

from companion import Parameter, Tensor, nn, optim

torch = pytest.importorskip("torch")
to = torch.optim
SETTINGS = {
    "SGD": (optim.SGD, to.SGD, {"lr": 0.05}),
    "SGD weight decay": (optim.SGD, to.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    "SGD momentum": (optim.SGD, to.SGD, {"lr": 0.02, "momentum": 0.9}),
    "SGD momentum weight decay": (optim.SGD, to.SGD, {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1}),
    "RMSprop": (optim.RMSprop, to.RMSprop, {"lr": 0.01, "eps": 1e-3}),
    "RMSprop weight decay": (optim.RMSprop, to.RMSprop, {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    "Adam": (optim.Adam, to.Adam, {"lr": 0.01, "eps": 1e-3}),
    "Adam weight decay": (optim.Adam, to.Adam, {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    "AdamW": (optim.AdamW, to.AdamW, {"lr": 0.01, "eps": 1e-3}),
    "AdamW weight decay": (optim.AdamW, to.AdamW, {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.3}),
    "AdamW no weight decay": (optim.AdamW, to.AdamW, {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.0}),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_thirty_steps(name, agree, draw):
    make, make_other, settings = SETTINGS[name]
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))
    ours = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    optimizer, other = make(ours.parameters(), **settings), make_other(theirs.parameters(), **settings)
    x, y = draw(20, 4), draw(20, 3)
    start = ours.state_dict()
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.MSELoss()(ours(Tensor(x)), y)
        loss.backward()
        optimizer.step()
        other.zero_grad()
        expected = torch.nn.functional.mse_loss(theirs(torch.tensor(x)), torch.tensor(y))
        expected.backward()
        other.step()
        agree(loss.data, expected.detach().numpy(), "loss")
    for key, value in theirs.state_dict().items():
        agree(ours.state_dict()[key], value.numpy(), key)
        assert not np.allclose(start[key], value.numpy(), atol=0.01)


def test_every_optimizer_and_schedule_has_a_case():
    classes = {name for name, value in vars(optim).items() if getattr(value, "__module__", "") == optim.__name__
               and isinstance(value, type)}
    assert classes - {"Optimizer"} == {name.split()[0] for name in (*SETTINGS, *SCHEDULES)}


def test_defaults_are_torchs():
    p, q = Parameter([1.0]), torch.nn.Parameter(torch.ones(1))
    for name in ("SGD", "RMSprop", "Adam", "AdamW"):
        ours, theirs = getattr(optim, name), getattr(to, name)
        mine, other = vars(ours([p])), theirs([q]).defaults
        shared = mine.keys() & other.keys()
        assert shared >= {"lr", "weight_decay"}
        assert {key: mine[key] for key in shared} == {key: other[key] for key in shared}


@pytest.mark.parametrize("max_norm", [1e-1, 1e9], ids=["clipped", "unclipped"])
def test_clip_grad_norm(max_norm, agree, draw):
    """PyTorch divides by length + 1e-6; gradients of a length near 1e6 hide that."""
    ours, theirs = [Parameter(draw(3, 4)), Parameter(draw(5))], []
    for p in ours:
        p.grad = draw(*p.shape) * p.dtype.type(1e6)
        theirs.append(torch.nn.Parameter(torch.tensor(p.data)))
        theirs[-1].grad = torch.tensor(p.grad)
    agree(optim.clip_grad_norm(ours, max_norm), torch.nn.utils.clip_grad_norm_(theirs, max_norm).numpy(), "length")
    for p, q in zip(ours, theirs, strict=True):
        agree(p.grad, q.grad.numpy(), "gradient")


def warmup(optimizer):
    rise = to.lr_scheduler.LinearLR(optimizer, 1 / 6, total_iters=5)
    fall = to.lr_scheduler.CosineAnnealingLR(optimizer, 15, eta_min=0.05 * 0.3)
    return to.lr_scheduler.SequentialLR(optimizer, [rise, fall], [5])


SCHEDULES = {
    "LambdaLR": (lambda o: optim.LambdaLR(o, lambda t: 0.9 ** t),
                 lambda o: to.lr_scheduler.LambdaLR(o, lambda t: 0.9 ** t)),
    "StepLR": (lambda o: optim.StepLR(o, 4, 0.3), lambda o: to.lr_scheduler.StepLR(o, 4, 0.3)),
    "CosineLR": (lambda o: optim.CosineLR(o, 20), lambda o: to.lr_scheduler.CosineAnnealingLR(o, 20)),
    "CosineLR to a least": (lambda o: optim.CosineLR(o, 20, min_factor=0.1),
                            lambda o: to.lr_scheduler.CosineAnnealingLR(o, 20, eta_min=0.03)),
    "CosineLR with warmup": (lambda o: optim.CosineLR(o, 20, 5, min_factor=0.05), warmup),
}


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*", "ignore:.*epoch parameter.*")
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name, agree):
    ours, theirs = SCHEDULES[name]
    optimizer, other = optim.SGD([Parameter([1.0])], lr=0.3), to.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.3)
    schedule, expected, rates, expected_rates = ours(optimizer), theirs(other), [], []
    for _ in range(21):
        rates.append(optimizer.lr)
        expected_rates.append(other.param_groups[0]["lr"])
        schedule.step()
        expected.step()
    agree(rates, expected_rates, "learning rates")
