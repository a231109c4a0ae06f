"""Attention as its chapter uses it: masks of both senses, padding, whole stacks, the arguments and maps of Keras."""
import numpy as np
import pytest

from companion import Tensor, nn

torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
dtypes = pytest.importorskip("keras.src.backend.common.dtypes")
tnn = torch.nn
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CAUSAL = np.tri(5, dtype=bool)  # True where a query may look
REAL = np.arange(5) < np.array([5, 2, 3])[:, None]  # three sentences, two of them filled up


def torch_layer(layer, draw):
    """A PyTorch layer with random weights, and its state as arrays."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.tensor(draw(*parameter.shape) * 0.5))
    return layer, {name: value.numpy() for name, value in layer.state_dict().items()}


@pytest.fixture
def pair(draw):
    """The same attention in companion and in PyTorch."""
    theirs, state = torch_layer(tnn.MultiheadAttention(6, 3, batch_first=True), draw)
    ours = nn.MultiHeadAttention(6, 3)
    ours.load_state_dict(state)
    return ours, theirs


def test_true_forbids_in_layers_of_torch(pair, agree, draw):
    ours, theirs = pair
    x = draw(3, 5, 6)
    expected = theirs(*[torch.tensor(x)] * 3, attn_mask=torch.tensor(~CAUSAL))[0]
    agree(ours(Tensor(x), attn_mask=CAUSAL).data, expected.detach().numpy())
    same_mask = theirs(*[torch.tensor(x)] * 3, attn_mask=torch.tensor(CAUSAL))[0].detach().numpy()
    assert np.isnan(same_mask[:, -1]).all() and not np.isnan(same_mask[:, :-1]).any()
    assert not np.allclose(same_mask[:, :-1], ours(Tensor(x), attn_mask=CAUSAL).data[:, :-1])


def test_key_padding_mask(pair, agree, draw):
    ours, theirs = pair
    x = draw(3, 5, 6)
    expected = theirs(*[torch.tensor(x)] * 3, key_padding_mask=torch.tensor(~REAL))[0]
    agree(ours(Tensor(x), attn_mask=REAL[:, None, None]).data, expected.detach().numpy())


def test_key_and_value_that_differ(pair, agree, draw):
    ours, theirs = pair
    query, key, value = draw(2, 5, 6), draw(2, 4, 6), draw(2, 4, 6)
    expected = theirs(*map(torch.tensor, (query, key, value)))[0]
    agree(ours(Tensor(query), Tensor(key), Tensor(value)).data, expected.detach().numpy())


@pytest.mark.parametrize("norm_first", [False, True])
def test_stack_of_encoder_blocks(norm_first, agree, draw):
    layer = tnn.TransformerEncoderLayer(6, 2, 9, dropout=0, batch_first=True, norm_first=norm_first)
    theirs, state = torch_layer(tnn.TransformerEncoder(layer, 3, enable_nested_tensor=False), draw)
    ours = nn.Sequential(*[nn.TransformerBlock(6, 2, 9, 0.0, norm_first=norm_first) for _ in range(3)])
    ours.load_state_dict({name.removeprefix("layers."): array for name, array in state.items()})
    x, g = draw(2, 5, 6), draw(2, 5, 6)
    mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out, expected = ours(mine), theirs(other)
    agree(out.data, expected.detach().numpy())
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(mine.grad, other.grad.numpy(), "gradient of the input")


def test_encoder_with_padding_and_decoder_on_it(agree, draw):
    options = {"dropout": 0, "batch_first": True}
    encoder, encoder_state = torch_layer(tnn.TransformerEncoderLayer(6, 2, 9, **options), draw)
    decoder, decoder_state = torch_layer(tnn.TransformerDecoderLayer(6, 2, 9, **options), draw)
    ours = nn.TransformerBlock(6, 2, 9, 0.0), nn.TransformerBlock(6, 2, 9, 0.0, cross_attention=True)
    for block, state in zip(ours, (encoder_state, decoder_state), strict=True):
        block.load_state_dict(state)
    source, target, padding = draw(3, 5, 6), draw(3, 4, 6), torch.tensor(~REAL)
    memory = encoder(torch.tensor(source), src_key_padding_mask=padding)
    expected = decoder(torch.tensor(target), memory, tgt_mask=torch.tensor(~CAUSAL[:4, :4]),
                       memory_key_padding_mask=padding)
    may_look = REAL[:, None, None]
    ours_memory = ours[0](Tensor(source), attn_mask=may_look)
    agree(ours_memory.data[REAL], memory.detach().numpy()[REAL], "memory")
    agree(ours[1](Tensor(target), ours_memory, memory_mask=may_look, is_causal=True).data, expected.detach().numpy())


def test_keras(agree, draw, dtype, monkeypatch):
    """Maps, a padding mask of the same sense, and its order of arguments: query, value, key."""
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    theirs = keras.layers.MultiHeadAttention(3, 2, dtype=dtype.name)
    query, key, value = draw(3, 4, 6), draw(3, 5, 6), draw(3, 5, 6)
    theirs.build(query.shape, value.shape, key.shape)
    theirs.set_weights([draw(*weight.shape) * 0.5 for weight in theirs.weights])
    *kernels, out, out_bias = theirs.get_weights()
    ours = nn.MultiHeadAttention(6, 3)
    ours.load_state_dict({
        "in_proj_weight": np.concatenate([kernel.reshape(6, 6).T for kernel in kernels[::2]]),
        "in_proj_bias": np.concatenate([bias.ravel() for bias in kernels[1::2]]),
        "out_proj.weight": out.reshape(6, 6).T, "out_proj.bias": out_bias,
    })
    expected, maps = theirs(*map(torch.tensor, (query, value, key)), attention_mask=torch.tensor(REAL[:, None]),
                            return_attention_scores=True)
    result, weights = ours(*map(Tensor, (query, key, value)), attn_mask=REAL[:, None, None], need_weights=True)
    agree(result.data, expected.detach().numpy())
    agree(weights, maps.detach().numpy(), "weights")
