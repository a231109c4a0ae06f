"""RNN: what the tables of layers in test_torch_layers.py and test_keras.py leave out.

States that are passed in, for several layers and piece by piece; gradients of a loss behind padding; the start of
Keras's SimpleRNN from a state, its stacking, and its single bias against PyTorch's two.
"""
import numpy as np
import pytest

from companion import Tensor, nn
from companion import functional as F
from companion.optim import clip_grad_norm

torch = pytest.importorskip("torch")

N, T, D, M = 3, 7, 2, 5


def pair(layers):
    """The same stack of recurrent layers in companion and in PyTorch."""
    ours, theirs = nn.RNN(D, M, layers), torch.nn.RNN(D, M, layers, batch_first=True)
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    return ours, theirs


def agree_on_gradients(ours, theirs, agree):
    expected = dict(theirs.named_parameters())
    assert dict(ours.named_parameters()).keys() == expected.keys()
    for name, parameter in ours.named_parameters():
        agree(parameter.grad, expected[name].grad.numpy(), f"gradient of {name}")


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_from_a_state(layers, agree, draw):
    ours, theirs = pair(layers)
    arrays = draw(N, T, D), draw(layers, N, M)
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    other = [torch.tensor(array, requires_grad=True) for array in arrays]
    (out, last), (expected, expected_last) = ours(*mine), theirs(*other)
    agree(out.data, expected.detach().numpy(), "outputs")
    agree(last.data, expected_last.detach().numpy(), "last state")
    g, g_last = draw(N, T, M), draw(layers, N, M)
    ((out * g).sum() + (last * g_last).sum()).backward()
    ((expected * torch.tensor(g)).sum() + (expected_last * torch.tensor(g_last)).sum()).backward()
    for name, a, b in zip(("x", "the state"), mine, other, strict=True):
        agree(a.grad, b.grad.numpy(), f"gradient of {name}")
    agree_on_gradients(ours, theirs, agree)


@pytest.mark.parametrize("detach", [True, False])
def test_stream_in_pieces(detach, agree, draw):
    """Truncated or whole: the state goes from piece to piece, the gradients of all pieces add up."""
    (ours, theirs), x = pair(2), draw(N, 6, D)
    state, other, total, expected_total = None, None, 0, 0
    for first in (0, 2, 4):
        out, state = ours(Tensor(x[:, first:first + 2]), state)
        expected, other = theirs(torch.tensor(x[:, first:first + 2]), other)
        agree(out.data, expected.detach().numpy(), f"piece from {first}")
        total, expected_total = total + (out * out).sum(), expected_total + (expected * expected).sum()
        if detach:
            state, other = state.detach(), other.detach()
    total.backward()
    expected_total.backward()
    agree_on_gradients(ours, theirs, agree)


def test_masked_loss_of_a_padded_batch(agree, draw):
    (ours, theirs), x = pair(1), draw(N, T, D)
    target = np.arange(N * T).reshape(N, T) % M
    target[np.arange(T) >= np.array([[T], [2], [4]])] = -100
    loss = F.cross_entropy(ours(Tensor(x))[0].reshape(-1, M), target.ravel(), ignore_index=-100)
    expected = torch.nn.functional.cross_entropy(theirs(torch.tensor(x))[0].reshape(-1, M),
                                                 torch.tensor(target.ravel()), ignore_index=-100)
    agree(loss.data, expected.detach().numpy(), "loss")
    loss.backward()
    expected.backward()
    agree_on_gradients(ours, theirs, agree)


@pytest.mark.parametrize("max_norm", [0.1, 1e4])
def test_clipped_through_time(max_norm, agree, draw):
    (ours, theirs), x = pair(2), draw(N, T, D)
    (ours(Tensor(x))[0] ** 2).sum().backward()
    (theirs(torch.tensor(x))[0] ** 2).sum().backward()
    norm = clip_grad_norm(list(ours.parameters()), max_norm)
    agree(norm, torch.nn.utils.clip_grad_norm_(theirs.parameters(), max_norm).item(), "norm")
    for name, parameter in ours.named_parameters():  # PyTorch divides by norm + 1e-6
        expected = dict(theirs.named_parameters())[name].grad.numpy()
        scale = (norm + 1e-6) / norm if norm > max_norm else 1
        agree(parameter.grad, expected * scale, f"clipped gradient of {name}")


def test_sequence_first_is_the_default_of_torch_only(agree, draw):
    (ours, _), x = pair(1), draw(N, T, D)
    theirs = torch.nn.RNN(D, M)
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    expected, _ = theirs(torch.tensor(x.swapaxes(0, 1)))
    agree(ours(Tensor(x))[0].data, expected.detach().numpy().swapaxes(0, 1))


@pytest.fixture
def simple_rnn(dtype, monkeypatch):
    """Keras's SimpleRNN in the precision of this run."""
    keras = pytest.importorskip("keras")
    dtypes = pytest.importorskip("keras.src.backend.common.dtypes")
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype.name)
    keras.config.set_dtype_policy(dtype.name)
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    yield keras.layers.SimpleRNN
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def copy_to_keras(ours, theirs, k, width):
    """Weights of layer k: transposed, the two biases added up to Keras's single one."""
    weights = [getattr(ours.cells[k], name).data for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    theirs.build((None, T, width))
    theirs.set_weights([weights[0].T, weights[1].T, weights[2] + weights[3]])
    assert [tuple(w.shape) for w in theirs.weights] == [(width, M), (M, M), (M,)]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras_from_a_state_and_stacked(simple_rnn, agree, draw):
    ours, x, start = nn.RNN(D, M, 2), draw(N, T, D), draw(2, N, M)
    stack = [simple_rnn(M, return_sequences=True, return_state=True) for _ in range(2)]
    copy_to_keras(ours, stack[0], 0, D)
    copy_to_keras(ours, stack[1], 1, M)
    out, last = ours(Tensor(x), Tensor(start))
    expected = torch.tensor(x)
    for k, layer in enumerate(stack):
        expected, expected_last = layer(expected, initial_state=torch.tensor(start[k]))
        agree(last.data[k], expected_last.detach().numpy(), f"last state of layer {k}")
    agree(out.data, expected.detach().numpy(), "outputs")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras_returns_the_last_state_only(simple_rnn, agree, draw):
    ours, theirs, x = nn.RNN(D, M), simple_rnn(M), draw(N, T, D)
    copy_to_keras(ours, theirs, 0, D)
    agree(ours(Tensor(x))[1].data[0], theirs(torch.tensor(x)).detach().numpy())
