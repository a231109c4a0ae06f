"""One generator for the package: seeds repeat, integers start afresh, NumPy's global state is left alone."""
import numpy as np
import pytest

import companion
from companion import Tensor, data, nn
from companion import functional as F
from companion.rng import get_rng

x = Tensor(np.ones((50, 6)))


def test_the_same_seed_gives_the_same_numbers():
    def draw():
        companion.manual_seed(5)
        return nn.Linear(3, 4).weight.data, F.dropout(x).data, data.make_moons(10)[0]

    for first, second in zip(draw(), draw(), strict=True):
        np.testing.assert_array_equal(first, second)
    companion.manual_seed(6)
    assert not np.array_equal(nn.Linear(3, 4).weight.data, draw()[0])


@pytest.mark.parametrize("seed", [-1, 1.5, True, None, "1"])
def test_what_is_no_seed(seed):
    with pytest.raises(ValueError, match="integer >= 0, got"):
        companion.manual_seed(seed)


def test_get_rng():
    generator = np.random.default_rng(1)
    assert get_rng(generator) is generator
    assert get_rng() is get_rng(None)
    assert get_rng(3).random() == get_rng(np.int64(3)).random()


@pytest.mark.parametrize("rng", [-1, 1.5, True, "1", np.random.RandomState(0)])
def test_what_is_no_generator(rng):
    with pytest.raises(TypeError, match="Generator, an integer seed >= 0 or None, got"):
        get_rng(rng)


def test_the_global_state_of_numpy_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    companion.manual_seed(1)
    nn.TransformerBlock(4, 2)(Tensor(np.ones((2, 3, 4))))
    list(data.DataLoader(data.TensorDataset(np.ones(5)), shuffle=True))
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("make", [
    lambda seed: nn.Linear(4, 4, rng=seed),
    lambda seed: nn.Conv2d(1, 4, 2, rng=seed),
    lambda seed: nn.GRU(4, 4, 2, rng=seed),
    lambda seed: nn.LSTMCell(4, 4, rng=seed),
    lambda seed: nn.MultiHeadAttention(4, 2, rng=seed),
    lambda seed: nn.TransformerBlock(4, 2, 4, rng=seed, cross_attention=True),
], ids=["Linear", "Conv2d", "GRU", "LSTMCell", "MultiHeadAttention", "TransformerBlock"])
def test_a_seed_repeats_a_layer_but_not_within_it(make):
    first, second = make(7), make(7)
    starts = []
    for p, q in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        if len(np.unique(p.data)) > 1:  # neither all zeros nor all ones
            row = p.data.reshape(-1)[:4]
            starts.append(tuple(np.round(row / row[0], 4)))
    assert len(set(starts)) == len(starts)


@pytest.mark.parametrize("make", [lambda seed: nn.Dropout(0.5, rng=seed),
                                  lambda seed: nn.TransformerBlock(6, 2, 6, dropout=0.5, rng=seed),
                                  lambda seed: nn.MultiHeadAttention(6, 2, dropout=0.5, rng=seed)])
def test_dropout_with_a_seed_draws_anew_each_time(make):
    layer = make(7)
    inputs = Tensor(np.linspace(-1, 1, 300).reshape(5, 10, 6))
    once = layer(inputs).data
    assert not np.array_equal(once, layer(inputs).data)
    np.testing.assert_array_equal(make(7)(inputs).data, once)


def test_a_loader_with_a_seed_shuffles_anew_each_time():
    loader = data.DataLoader(data.TensorDataset(np.arange(20)), batch_size=20, shuffle=True, rng=3)
    (first,), (second,) = next(iter(loader)), next(iter(loader))
    assert sorted(first.data) == sorted(second.data) == list(range(20))
    assert first.data.tolist() != second.data.tolist()
