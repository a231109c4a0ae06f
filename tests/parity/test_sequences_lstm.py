"""LSTM and GRU against PyTorch and Keras: what the chapter on them names, as far as other files do not have it.

The order of the gates (a wrong order must show), two biases that act as their sum or, in a GRU, do not; Keras's
`reset_after`; a state carried on; two layers at once; both directions from two layers of one direction.
"""
import numpy as np
import pytest

from companion import Tensor, nn

torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
dtypes = pytest.importorskip("keras.src.backend.common.dtypes")
kl, tnn = keras.layers, torch.nn
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
KINDS = ("LSTM", "GRU")


@pytest.fixture(autouse=True)
def precision(dtype, monkeypatch):
    """Keras in the precision of this run, also between its operations."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype.name)
    keras.config.set_dtype_policy(dtype.name)
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def weights(layer, number=0):
    cell = layer.cells[number]
    return [p.data for p in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)]


def reordered(array, order):
    parts = np.split(array, len(order))
    return np.concatenate([parts[k] for k in order])


def keras_layer(layer, arrays, shape):
    layer.build(shape)
    layer.set_weights(arrays)
    return layer


def keras_gru(ours, order, shape, **options):
    """A Keras GRU with the blocks r, z, n of `ours` in this order."""
    w_ih, w_hh, b_ih, b_hh = (reordered(array, order) for array in weights(ours))
    bias = np.stack([b_ih, b_hh]) if options.get("reset_after", True) else b_ih + b_hh
    return keras_layer(kl.GRU(4, return_sequences=True, **options), [w_ih.T, w_hh.T, bias], shape)


def array(tensor):
    return tensor.detach().numpy()


def test_gates_of_the_lstm_are_i_f_g_o(agree, draw):
    ours, x = nn.LSTM(3, 4), draw(2, 5, 3)
    expected = ours(Tensor(x))[0].data
    for order, equal in (((0, 1, 2, 3), True), ((1, 0, 2, 3), False), ((0, 1, 3, 2), False)):
        w_ih, w_hh, b_ih, b_hh = (reordered(a, order) for a in weights(ours))
        theirs = keras_layer(kl.LSTM(4, return_sequences=True), [w_ih.T, w_hh.T, b_ih + b_hh], x.shape)
        result = array(theirs(torch.tensor(x)))
        if equal:
            agree(result, expected)
        else:
            assert np.abs(result - expected).max() > 1e-2


def test_gates_of_the_gru_are_z_r_n_in_keras(agree, draw):
    ours, x = nn.GRU(3, 4), draw(2, 5, 3)
    expected = ours(Tensor(x))[0].data
    agree(array(keras_gru(ours, (1, 0, 2), x.shape)(torch.tensor(x))), expected)
    assert np.abs(array(keras_gru(ours, (0, 1, 2), x.shape)(torch.tensor(x))) - expected).max() > 1e-2


def test_reset_before_the_product_is_another_gru(agree, draw):
    """`reset_after=False` is U (r h), not r (U h): equal where the reset gate is 1, and only there."""
    ours, x = nn.GRU(3, 4), draw(2, 5, 3)
    before = keras_gru(ours, (1, 0, 2), x.shape, reset_after=False)
    assert np.abs(array(before(torch.tensor(x))) - ours(Tensor(x))[0].data).max() > 1e-3
    ours.cells[0].bias_ih.data[:4] = 200  # the reset gates
    agree(array(keras_gru(ours, (1, 0, 2), x.shape, reset_after=False)(torch.tensor(x))), ours(Tensor(x))[0].data)


@pytest.mark.parametrize("name", KINDS)
def test_two_biases(name, agree, draw):
    """Moved from one bias to the other, a number changes nothing, except inside the GRU's reset gate."""
    ours, x = getattr(nn, name)(3, 4), draw(2, 5, 3)
    theirs = getattr(tnn, name)(3, 4, batch_first=True)
    free = 16 if name == "LSTM" else 8  # the GRU's blocks r and z
    before, moved = ours(Tensor(x))[0].data, draw(4 * ours.cell.gates)
    cell = ours.cells[0]
    cell.bias_ih.data[:free] += moved[:free]
    cell.bias_hh.data[:free] -= moved[:free]
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    agree(array(theirs(torch.tensor(x))[0]), before)
    if name == "GRU":
        cell.bias_ih.data[free:] += moved[free:]
        cell.bias_hh.data[free:] -= moved[free:]
        assert np.abs(ours(Tensor(x))[0].data - before).max() > 1e-2


@pytest.mark.parametrize("name", KINDS)
def test_state_carried_on(name, agree, draw):
    """Two pieces, with the state of the first for the second, are the whole: ours, PyTorch's, Keras's."""
    ours, x = getattr(nn, name)(3, 4, 2), draw(2, 7, 3)
    theirs = getattr(tnn, name)(3, 4, 2, batch_first=True)
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    whole = ours(Tensor(x))[0].data
    first, state = ours(Tensor(x[:, :3]))
    second, last = ours(Tensor(x[:, 3:]), state)
    agree(np.concatenate([first.data, second.data], axis=1), whole)
    _, expected = theirs(torch.tensor(x[:, :3]))
    _, expected = theirs(torch.tensor(x[:, 3:]), expected)
    both = zip(last, expected, strict=True) if name == "LSTM" else [(last, expected)]
    for mine, other in both:
        agree(mine.data, array(other), "last state")


def test_state_given_to_keras(agree, draw):
    ours, x, h, c = nn.LSTM(3, 4), draw(2, 5, 3), draw(2, 4), draw(2, 4)
    w_ih, w_hh, b_ih, b_hh = weights(ours)
    theirs = keras_layer(kl.LSTM(4, return_state=True), [w_ih.T, w_hh.T, b_ih + b_hh], x.shape)
    _, last_h, last_c = theirs(torch.tensor(x), initial_state=[torch.tensor(h), torch.tensor(c)])
    _, (mine_h, mine_c) = ours(Tensor(x), (Tensor(h[None]), Tensor(c[None])))
    agree(mine_h.data[0], array(last_h), "h")
    agree(mine_c.data[0], array(last_c), "c")


def test_stacked_is_one_keras_layer_on_another(agree, draw):
    ours, x = nn.LSTM(3, 4, 2), draw(2, 5, 3)
    result = torch.tensor(x)
    for number in range(2):
        w_ih, w_hh, b_ih, b_hh = weights(ours, number)
        result = keras_layer(kl.LSTM(4, return_sequences=True), [w_ih.T, w_hh.T, b_ih + b_hh], result.shape)(result)
    agree(ours(Tensor(x))[0].data, array(result))


@pytest.mark.parametrize("name", KINDS)
def test_both_directions_are_two_layers(name, agree, draw):
    """PyTorch's bidirectional layer on padded sequences = one layer forward, one backward within each length."""
    x, lengths = draw(3, 6, 3), np.array([6, 2, 4])
    theirs = getattr(tnn, name)(3, 4, batch_first=True, bidirectional=True)
    packed = tnn.utils.rnn.pack_padded_sequence(torch.tensor(x), torch.tensor(lengths), True, enforce_sorted=False)
    expected = array(tnn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)[0])
    forward, backward = getattr(nn, name)(3, 4), getattr(nn, name)(3, 4)
    state = {key: array(value) for key, value in theirs.state_dict().items()}
    forward.load_state_dict({key: state[key] for key in forward.state_dict()})
    backward.load_state_dict({key: state[f"{key}_reverse"] for key in backward.state_dict()})
    t, ends = np.arange(6), lengths[:, None]
    turn = np.arange(3)[:, None], np.where(t < ends, ends - 1 - t, t)
    both = np.concatenate([forward(Tensor(x))[0].data, backward(Tensor(x[turn]))[0].data[turn]], axis=2)
    agree(np.where((t < ends)[:, :, None], both, 0), expected)
