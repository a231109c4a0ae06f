"""tinygrad: the whole step captured and compiled."""
from tinygrad import Tensor, TinyJit, nn
from tinygrad.helpers import Context

from ..workloads import ADAM_EPS, HEADS


def attention(p, x):
    batch, tokens, width = x.shape
    joint = x.linear(p["self_attn.in_proj_weight"].T, p["self_attn.in_proj_bias"])
    q, k, v = joint.reshape(batch, tokens, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
    out = q.scaled_dot_product_attention(k, v)
    return linear(p, "self_attn.out_proj", out.permute(0, 2, 1, 3).reshape(batch, tokens, width))


def linear(p, name, x):
    return x.linear(p[f"{name}.weight"].T, p[f"{name}.bias"])


def norm(p, name, x):
    return x.layernorm(eps=1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]


def block(p, x):
    x = x + attention(p, norm(p, "norm1", x))
    return x + linear(p, "linear2", linear(p, "linear1", norm(p, "norm2", x)).gelu())


def cnn(p, x):
    for name in ("0", "3"):
        x = x.conv2d(p[f"{name}.weight"], p[f"{name}.bias"], padding=1).relu().max_pool2d(2)
    return linear(p, "7", x.flatten(1))


FORWARD = {
    "W1": lambda p, x: linear(p, "4", linear(p, "2", linear(p, "0", x).relu()).relu()),
    "W2": lambda p, x: linear(p, "4", linear(p, "2", linear(p, "0", x).tanh()).tanh()),
    "W3": cnn,
    "W5": block,
}


def trainer(work):
    p = {name: Tensor(array).contiguous().realize() for name, array in work.weights.items()}
    x, y = Tensor(work.x).realize(), Tensor(work.y).realize()
    optimizer = (nn.optim.SGD(list(p.values()), lr=work.lr) if work.name == "W2" else
                 nn.optim.Adam(list(p.values()), lr=work.lr, eps=ADAM_EPS))
    forward, squared = FORWARD[work.name], work.name in ("W2", "W5")

    @TinyJit
    def update():
        optimizer.zero_grad()
        out = forward(p, x)
        loss = ((out - y) ** 2).mean() if squared else out.sparse_categorical_crossentropy(y)
        loss.backward()
        return loss.realize(*optimizer.schedule_step())

    def step():
        with Context(TRAINING=1):
            return update().item()

    return step
