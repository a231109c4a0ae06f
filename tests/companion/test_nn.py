"""Modules: names, state, files, training mode, and layers that are built or called wrongly."""
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

import companion
from companion import Parameter, Tensor, nn


def ones(*shape):
    return Tensor(np.ones(shape))


class Net(nn.Module):
    """Parameters in a list, a dict, another module, and one that is shared."""

    def __init__(self):
        self.scale = Parameter(1.0)
        self.hidden = [nn.Linear(3, 4), nn.BatchNorm1d(4)]
        self.heads = {"a": nn.Linear(4, 2, bias=False)}
        self.model = nn.Sequential(nn.Linear(4, 4), np.tanh, nn.Dropout(0.5))
        self.again = self.model[0]
        self.size = 3

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x)
        return self.heads["a"](self.model[0](x)) * self.scale


NAMES = ["scale", "hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "hidden.1.bias", "heads.a.weight",
         "model.0.weight", "model.0.bias", "again.weight", "again.bias"]


# ---- names and state ----

def test_parameters_are_found_in_lists_dicts_and_modules():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert len(net.parameters()) == 8  # the shared layer counts once
    assert [name for name, _ in net.named_buffers()] == ["hidden.1.running_mean", "hidden.1.running_var"]
    assert set(net.state_dict()) == {*NAMES, "hidden.1.running_mean", "hidden.1.running_var"}


def test_state_dict_is_a_copy_and_loads_back():
    net, other = Net(), Net()
    state = net.state_dict()
    state["scale"] += 5
    assert net.scale.item() == 1
    other.load_state_dict(state)
    assert other.scale.item() == 6
    np.testing.assert_array_equal(other.hidden[0].weight.data, net.hidden[0].weight.data)


def test_load_state_dict_keeps_the_arrays_that_an_optimizer_holds():
    layer = nn.Linear(2, 2)
    array = layer.weight.data
    layer.load_state_dict({"weight": Tensor(np.eye(2)), "bias": [1, 2]})
    assert layer.weight.data is array
    assert array.dtype == np.float32
    assert layer(ones(1, 2)).data.tolist() == [[2, 3]]


@pytest.mark.parametrize(("change", "message"), [
    (lambda state: state.pop("bias"), "the state lacks bias"),
    (lambda state: state.update(more=np.ones(1)), "names that the model lacks: more"),
    (lambda state: state.update(bias=np.ones(3)), r"bias: expected numbers of shape \(2,\), got float64 \(3,\)"),
    (lambda state: state.update(bias=np.array(["a", "b"])), r"bias: expected numbers of shape \(2,\), got <U1"),
    (lambda state: state.update(bias=np.array([1j, 2])), "bias: expected numbers .* got complex128"),
    (lambda state: state.update(bias=None), r"bias: expected numbers of shape \(2,\), got object \(\)"),
])
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    layer = nn.Linear(3, 2)
    before = layer.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    change(state)
    with pytest.raises(ValueError, match=message):
        layer.load_state_dict(state)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_train_eval_and_zero_grad_reach_everything():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert net.hidden[1].training and net.model[2].training
    net(ones(2, 3)).sum().backward()
    assert net.heads["a"].weight.grad is not None
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_repr_shows_the_tree_and_the_counts():
    assert repr(nn.Linear(3, 2)) == "Linear(8 parameters)"
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    assert repr(model) == "Sequential(\n  (0): Linear(8 parameters)\n  (1): ReLU()\n)"


def test_sequential():
    model = nn.Sequential(nn.Linear(3, 2), Tensor.relu)
    assert (len(model), model[1]) == (2, Tensor.relu)
    assert model(ones(1, 3)).shape == (1, 2)
    with pytest.raises(TypeError, match="Sequential expects layers, got 3"):
        nn.Sequential(nn.ReLU(), 3)


def test_a_module_without_forward_says_so():
    class Empty(nn.Module):
        pass
    with pytest.raises(NotImplementedError, match="Empty has no forward method"):
        Empty()(1)


# ---- files ----

def test_save_and_load(tmp_path):
    net, other = Net(), Net()
    net.save(tmp_path / "net.npz")
    other.load(tmp_path / "net.npz")
    for name, array in other.state_dict().items():
        np.testing.assert_array_equal(array, net.state_dict()[name])


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.Linear(1, 1).load(tmp_path / "nowhere.npz")


def test_every_damaged_byte_is_refused_or_harmless(tmp_path):
    """Whatever byte of the file is changed, `load` loads numbers of the right shapes or raises ValueError."""
    layer, path = nn.Linear(1, 1), tmp_path / "layer.npz"
    layer.save(path)
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1:])
        try:
            layer.load(path)
        except ValueError as error:
            refused += 1
            assert "expected" in str(error) or "written by save()" in str(error) or "the state" in str(error)
    assert refused > 0.5 * len(whole)


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive", np.random.default_rng(0).bytes(500)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "layer.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"layer.npz is not a file of arrays written by save\(\)"):
        nn.Linear(1, 1).load(path)


def test_a_truncated_file_is_refused(tmp_path):
    layer, path = nn.Linear(3, 3), tmp_path / "layer.npz"
    layer.save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is not a file of arrays"):
            layer.load(path)


def test_a_single_array_is_no_state(tmp_path):
    with open(tmp_path / "array.npz", "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match="is not a file of arrays"):
        nn.Linear(1, 1).load(tmp_path / "array.npz")


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_the_payload_would_run_if_unpickled(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "proof")))
    assert (tmp_path / "proof").exists()


@pytest.mark.parametrize("write", [
    lambda path, payload: np.savez(path, weight=np.array([[payload]], dtype=object), bias=np.ones(1)),
    lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    lambda path, payload: path.write_bytes(pickled_member(payload)),
], ids=["an array of objects", "a pickle", "a pickle inside the archive"])
def test_a_pickled_file_is_never_unpickled(tmp_path, write):
    layer, path = nn.Linear(1, 1), tmp_path / "layer.npz"
    before = layer.state_dict()
    write(path, Payload(tmp_path / "proof"))
    with pytest.raises(ValueError, match="is not a file of arrays|expected numbers"):
        layer.load(path)
    assert not (tmp_path / "proof").exists()
    assert layer.state_dict() == before


def pickled_member(payload):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("weight.npy", pickle.dumps(payload))
        archive.writestr("bias.npy", pickle.dumps(payload))
    return buffer.getvalue()


# ---- layers ----

def test_batch_norm_standardizes_in_training_and_follows_the_batches():
    norm = nn.BatchNorm1d(2)
    x = np.random.default_rng(0).normal([3, -1], [2, 5], size=(400, 2))
    for _ in range(60):
        out = norm(Tensor(x)).data
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(norm.running_mean, x.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(norm.running_var, x.var(axis=0, ddof=1), rtol=0.01)
    before = norm.running_mean.copy()
    np.testing.assert_allclose(norm.eval()(Tensor(x)).data, out, atol=0.02)
    np.testing.assert_array_equal(norm.running_mean, before)


def test_batch_norm_in_float64_settings_stays_float32():
    norm = nn.BatchNorm1d(2, eps=np.float64(1e-5), momentum=np.float64(0.1))
    assert norm(Tensor(np.eye(2))).dtype == norm.running_var.dtype == np.float32


def test_dropout_acts_in_training_only():
    layer, x = nn.Dropout(0.5), ones(20, 20)
    assert (layer(x).data == 0).any()
    assert layer.eval()(x) is x


def test_attention_takes_a_memory_and_shows_its_weights():
    attention, x, memory = nn.MultiHeadAttention(4, 2), ones(2, 3, 4), ones(2, 5, 4)
    out, weights = attention(x, memory, need_weights=True)
    assert (out.shape, weights.shape) == ((2, 3, 4), (2, 2, 3, 5))
    np.testing.assert_allclose(attention(x, value=x).data, attention(x).data, rtol=1e-6)


def test_attention_dropout_acts_in_training_only():
    attention = nn.MultiHeadAttention(4, 2, dropout=0.5)
    x = Tensor(np.random.default_rng(0).normal(size=(2, 6, 4)))
    assert not np.array_equal(attention(x).data, attention(x).data)
    attention.eval()
    np.testing.assert_array_equal(attention(x).data, attention(x).data)


def test_positional_encoding_is_the_published_formula():
    table = nn.PositionalEncoding(6, max_len=50)(Tensor(np.zeros((1, 50, 6)))).data[0]
    for position, k in ((0, 0), (7, 1), (49, 2)):
        angle = position / 10000 ** (2 * k / 6)
        np.testing.assert_allclose(table[position, 2 * k:2 * k + 2], [np.sin(angle), np.cos(angle)], atol=1e-6)


@pytest.mark.parametrize("layer", [nn.RNN(3, 4, 2), nn.GRU(3, 4, 2), nn.LSTM(3, 4, 2)], ids=["RNN", "GRU", "LSTM"])
def test_a_sequence_may_be_continued_from_its_state(layer):
    x = Tensor(np.random.default_rng(0).normal(size=(2, 6, 3)))
    whole, last = layer(x)
    first, state = layer(x[:, :4])
    second, end = layer(x[:, 4:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data], 1), whole.data, rtol=1e-5)
    if isinstance(last, tuple):
        last, end = companion.stack(last), companion.stack(end)
    np.testing.assert_allclose(end.data, last.data, rtol=1e-5)


def test_starting_values_have_the_stated_spread():
    init, shape = nn.init, (400, 100, 2)  # fan_in 200, fan_out 800
    assert not init.zeros(shape).any()
    assert init.uniform(shape, -2, 1).min() == pytest.approx(-2, abs=0.01)
    assert init.normal(shape, 3, 0.5).mean() == pytest.approx(3, abs=0.01)
    assert init.xavier_uniform(shape).std() == pytest.approx(np.sqrt(2 / 1000), rel=0.01)
    assert init.kaiming_normal(shape).std() == pytest.approx(np.sqrt(2 / 200), rel=0.02)
    assert np.abs(init.fan_in_uniform(shape, 200)).max() == pytest.approx(1 / np.sqrt(200), rel=0.01)


WRONG = [
    (lambda: nn.Linear(0, 2), "Linear expects in_features >= 1, got 0"),
    (lambda: nn.Linear(3, 2)(ones(2, 4)), r"linear expects x of shape \(..., 3\), got \(2, 4\)"),
    (lambda: nn.Embedding(3, 0), "embedding_dim >= 1, got 0"),
    (lambda: nn.Embedding(3, 2)(Tensor([0.5])), "integer indices, got dtype float32"),
    (lambda: nn.Embedding(3, 2)(Tensor([3])), "indices from 0 to 2, got 3 to 3"),
    (lambda: nn.Conv2d(3, 4, 0), "kernel_size >= 1, got 0"),
    (lambda: nn.Conv2d(3, 4, 2)(ones(1, 2, 5, 5)), "x has 2 channels"),
    (lambda: nn.MaxPool2d(0), "MaxPool2d expects kernel_size >= 1, got 0"),
    (lambda: nn.AvgPool2d(-1), "AvgPool2d expects kernel_size >= 1, got -1"),
    (lambda: nn.Dropout(1.0), "0 <= p < 1, got 1.0"),
    (lambda: nn.BatchNorm1d(0), "BatchNorm1d expects num_features >= 1, got 0"),
    (lambda: nn.BatchNorm1d(3)(ones(1, 3)), r"at least 2 values per channel to train, got \(1, 3\)"),
    (lambda: nn.BatchNorm2d(3)(ones(0, 3, 2, 2)), r"at least 2 values per channel to train, got \(0, 3, 2, 2\)"),
    (lambda: nn.BatchNorm1d(3)(ones(4, 3, 2)), r"BatchNorm1d\(3\) expects .* got \(4, 3, 2\)"),
    (lambda: nn.BatchNorm2d(3)(ones(4, 2, 5, 5)), r"BatchNorm2d\(3\) expects .* got \(4, 2, 5, 5\)"),
    (lambda: nn.LayerNorm(0), "num_features >= 1, got 0"),
    (lambda: nn.LayerNorm(3)(ones(4, 2)), r"weight has shape \(3,\), x has 2 features"),
    (lambda: nn.MultiHeadAttention(5, 2), "multiple of num_heads, got 5 and 2"),
    (lambda: nn.MultiHeadAttention(4, 2)(ones(3, 4)), r"\(batch, time, 4\), got \(3, 4\)"),
    (lambda: nn.MultiHeadAttention(4, 2)(ones(1, 3, 4), ones(1, 3, 5)), r"\(batch, time, 4\), got \(1, 3, 5\)"),
    (lambda: nn.MultiHeadAttention(4, 2)(ones(1, 3, 4), ones(3, 4)), r"\(batch, time, 4\), got \(3, 4\)"),
    (lambda: nn.MultiHeadAttention(4, 2, dropout=1.0)(ones(1, 3, 4)), "0 <= p < 1, got 1.0"),
    (lambda: nn.PositionalEncoding(3), "even d_model >= 2, got 3"),
    (lambda: nn.PositionalEncoding(4, 5)(ones(1, 6, 4)), r"\(batch, time <= 5, 4\), got \(1, 6, 4\)"),
    (lambda: nn.TransformerBlock(4, 2, activation="tanh"), "'relu' or 'gelu', got 'tanh'"),
    (lambda: nn.TransformerBlock(4, 2)(ones(1, 3, 4), ones(1, 3, 4)), "only such a block takes one"),
    (lambda: nn.TransformerBlock(4, 2, cross_attention=True)(ones(1, 3, 4)), "needs a memory"),
    (lambda: nn.RNNCell(0, 4), "RNNCell expects sizes >= 1, got input 0, hidden 4"),
    (lambda: nn.RNNCell(3, 4)(ones(3)), r"RNNCell expects x \(batch, features\).* got \(3,\) and \(3, 4\)"),
    (lambda: nn.GRUCell(3, 4)(ones(2, 3), ones(1, 4)), r"a state \(batch, 4\), got \(2, 3\) and \(1, 4\)"),
    (lambda: nn.LSTMCell(3, 4)(ones(2, 5)), r"\(..., 3\), got \(2, 5\)"),
    (lambda: nn.LSTMCell(3, 4)(ones(2, 3), (ones(2, 4), ones(1, 4))), r"one shape, got \(2, 4\) and \(1, 4\)"),
    (lambda: nn.LSTM(3, 4, num_layers=0), "LSTM expects num_layers >= 1, got 0"),
    (lambda: nn.GRU(3, 4)(ones(2, 5)), r"\(batch, time >= 1, 3\), got \(2, 5\)"),
    (lambda: nn.GRU(3, 4)(ones(2, 0, 3)), r"\(batch, time >= 1, 3\), got \(2, 0, 3\)"),
    (lambda: nn.GRU(3, 4, 2)(ones(2, 5, 3), ones(1, 2, 4)), r"the state of 2 layers, got \{1\}"),
    (lambda: nn.LSTM(3, 4)(ones(2, 5, 3), (ones(1, 2, 4), ones(3, 2, 4))), "the state of 1 layers, got"),
    (lambda: nn.MSELoss("median"), "'mean', 'sum' or 'none', got 'median'"),
    (lambda: nn.CrossEntropyLoss()(ones(2, 3), np.array([0, 3])), "targets from 0 to 2, got 0 to 3"),
    (lambda: nn.init.xavier_uniform((3,)), r"two or more axes .* got \(3,\)"),
    (lambda: nn.init.kaiming_normal((3, 0)), r"none empty, got \(3, 0\)"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
