"""Bundled and toy sets, splits, scaling, vocabularies, batches; damaged files."""
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from companion import Tensor, data, weights

# ---- bundled sets ----

@pytest.mark.parametrize("name", data.names())
def test_every_bundled_set_loads(name):
    columns = data.load(name)
    assert columns and all(len(column) for column in columns.values())
    assert all(type(column) is str or column.dtype.kind in "fuiU" for column in columns.values())


@pytest.mark.parametrize("name", ["ames_housing", "digits", "penguins"])
def test_tables_have_columns_of_one_length(name):
    assert len({len(column) for column in data.load(name).values()}) == 1


def test_what_the_sets_hold():
    assert {"ames_housing", "digits", "penguins"} <= set(data.names())
    penguins, digits = data.load("penguins"), data.load("digits")
    assert len(penguins["species"]) == 344
    assert penguins["bill_length_mm"][0] == 39.1
    assert np.isnan(penguins["bill_length_mm"]).sum() == 2
    assert set(penguins["species"]) == {"Adelie", "Chinstrap", "Gentoo"}
    assert digits["images"].shape == (1797, 8, 8)
    assert len(data.load("ames_housing")["price"]) == 2930
    clothes, images = data.load("fashion_mnist_4k"), data.load("images")
    assert clothes["x_train"].shape == (3000, 28, 28) and clothes["x_test"].shape == (1000, 28, 28)
    for part, each in ("train", 300), ("test", 100):
        assert np.array_equal(np.bincount(clothes[f"y_{part}"]), [each] * 10)
    assert {name: (image.shape, image.dtype.name) for name, image in images.items()} == {
        "cat": ((150, 225, 3), "uint8"), "coffee": ((150, 225, 3), "uint8"),
        "brick": ((256, 256), "uint8"), "grass": ((256, 256), "uint8"), "gravel": ((256, 256), "uint8")}


def test_what_the_sequences_hold():
    names, words, text = data.load("first_names"), data.load("cmudict_6k"), data.load("shakespeare")["text"]
    assert len(names["name"]) == 5494 and names["name"][0] == "mary"
    assert len(words["word"]) == 6000 and words["phonemes"][0] == "AA L S EH TH"
    assert text.startswith("THE SONNETS") and len(text.split()) == 60_320
    assert len(data.load("sunspots_monthly")["sunspots"]) == 3120 and len(data.load("seattle_weather")["wind"]) == 1461
    sentences = data.load("sentiment_sentences")
    assert len(sentences["text"]) == 2979 and set(sentences["label"]) == {0.0, 1.0}
    vowels, digits = data.load("japanese_vowels"), data.load("spoken_digits_synthetic")
    for part in "train", "test":
        lengths, labels = vowels[f"len_{part}"], vowels[f"y_{part}"]
        assert vowels[f"x_{part}"].shape == (lengths.sum(), 12)
        assert len(labels) == len(lengths) and len(set(labels)) == 9
    assert len(digits["x"]) == digits["length"].sum()
    assert np.array_equal(np.bincount(digits["y"]), [20] * 10)
    assert np.array_equal(np.unique_counts(digits["voice"]).counts, [10] * 20)


def test_every_set_has_its_source_and_terms():
    text = (data.FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(f"{name}." in text for name in data.names())


@pytest.mark.parametrize("name", ["mnist", "", "../data", "digits.npz", None])
def test_an_unknown_name(name):
    with pytest.raises(ValueError, match=r"no data set .*choose from ames_housing, .*digits.*penguins"):
        data.load(name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(data.FOLDER / "digits.npz", tmp_path)
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    return tmp_path


def test_damaged_bytes_are_refused_or_harmless(folder, rng):
    whole = (folder / "digits.npz").read_bytes()
    refused = 0
    for position in rng.integers(0, len(whole), 150):
        (folder / "digits.npz").write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1:])
        try:
            data.load("digits")
        except ValueError as error:
            refused += 1
            assert "file digits.npz is damaged" in str(error)
    assert refused > 100


@pytest.fixture
def stored(folder):
    arrays = {"weight": np.arange(6, dtype=np.float16).reshape(2, 3), "bias": np.array([0.5, -1], dtype=np.float32)}
    weights.save(folder / "net.safetensors", arrays)
    return arrays


def test_weights_come_back_as_they_were(folder, stored):
    loaded = data.load("net")
    assert set(loaded) == {"weight", "bias"}
    for name, array in stored.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)
    theirs = load_file(folder / "net.safetensors")
    assert all(np.array_equal(theirs[name], loaded[name]) for name in stored) and len(theirs) == 2


def test_no_byte_of_stored_weights_can_change_unseen(folder, stored):
    whole = (folder / "net.safetensors").read_bytes()
    for position in range(len(whole)):
        (folder / "net.safetensors").write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1:])
        with pytest.raises(ValueError, match="file net.safetensors is damaged"):
            data.load("net")


def test_weights_without_a_check_sum_are_refused(folder):
    save_file({"weight": np.ones(3)}, folder / "net.safetensors")
    with pytest.raises(ValueError, match="net.safetensors is damaged"):
        data.load("net")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_what_is_no_archive(folder, content):
    (folder / "digits.npz").write_bytes(content)
    with pytest.raises(ValueError, match="digits.npz is damaged .*install companion again"):
        data.load("digits")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3\n", b"a,b\n\xff\xfe,1\n", b'a,b\n"1,2\n', b""])
def test_a_damaged_table(folder, content):
    (folder / "table.csv").write_bytes(content)
    if content:
        with pytest.raises(ValueError, match="table.csv is damaged"):
            data.load("table")
    else:
        assert data.load("table") == {}


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("write", [
    lambda path, payload: np.savez(path, x=np.array([payload], dtype=object)),
    lambda path, payload: path.write_bytes(pickle.dumps(payload)),
], ids=["an array of objects", "a pickle"])
def test_a_pickled_set_is_never_unpickled(folder, write):
    write(folder / "digits.npz", Payload(folder / "proof"))
    with pytest.raises(ValueError, match="digits.npz is damaged .*pickle"):
        data.load("digits")
    assert not (folder / "proof").exists()


# ---- toy sets ----

@pytest.mark.parametrize("make", [data.make_moons, data.make_spirals, data.make_blobs])
def test_toy_sets(make):
    x, labels = make(n=100, rng=3)
    assert (x.shape, x.dtype, labels.shape, labels.dtype) == ((100, 2), np.float64, (100,), np.int64)
    assert np.bincount(labels).tolist() == [50, 50]
    np.testing.assert_array_equal(make(n=100, rng=3)[0], x)
    assert not np.array_equal(make(n=100, rng=4)[0], x)


def test_toy_sets_without_noise_lie_where_they_should():
    x, labels = data.make_moons(50, noise=0, rng=0)
    np.testing.assert_allclose(np.linalg.norm(x[labels == 0], axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(x[labels == 1] - [1, 0.5], axis=1), 1)
    x, labels = data.make_spirals(90, classes=3, turns=1, noise=0, rng=0)
    radius, angle = np.linalg.norm(x, axis=1), np.arctan2(x[:, 1], x[:, 0])
    np.testing.assert_allclose(np.cos(angle), np.cos(2 * np.pi * (radius + labels / 3)), atol=1e-12)
    x, labels = data.make_blobs(30, centers=((0, 0), (5, 5), (9, 0)), spread=0, rng=0)
    assert np.unique(x, axis=0).tolist() == [[0, 0], [5, 5], [9, 0]]


# ---- preparing ----

def test_one_hot():
    assert data.one_hot([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert data.one_hot(Tensor([[0], [1]]), 2).shape == (2, 1, 2)
    assert data.one_hot(np.zeros(0, int), 3).shape == (0, 3)


def test_train_test_split_keeps_rows_together():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    x_train, x_test, y_train, y_test = data.train_test_split(x, y, test_size=0.3, rng=0)
    assert (len(x_train), len(x_test)) == (7, 3)
    np.testing.assert_array_equal(x_train[:, 0], 2 * y_train)
    np.testing.assert_array_equal(x_test[:, 0], 2 * y_test)
    assert sorted([*y_train, *y_test]) == list(range(10))
    assert len(data.train_test_split(y, test_size=4)[1]) == 4


@pytest.mark.parametrize("rows", [Tensor(np.arange(10)), list(range(10))])
def test_train_test_split_gives_arrays(rows):
    train, test = data.train_test_split(rows, rng=0)
    assert train.dtype == test.dtype == np.int64
    assert sorted([*train, *test]) == list(range(10))


def test_standardize_uses_the_training_rows_only():
    train, test = data.standardize([[0.0, 5.0], [2.0, 5.0]], [[4.0, 6.0]])
    assert train.tolist() == [[-1, 0], [1, 0]]
    assert test.tolist() == [[3, 1]]


@pytest.mark.parametrize("value", [0.1, 1e9 / 3, 0, -7.7])
@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_a_constant_column_becomes_zero(value, rows):
    assert not data.standardize(np.full((rows, 2), value)).any()


def test_a_gap_in_a_column_shows():
    assert np.isnan(data.standardize([[1.0, 1.0], [np.nan, 3.0]])[:, 0]).all()


def test_char_vocab():
    vocab = data.CharVocab("banana")
    assert (len(vocab), vocab.chars) == (3, ["a", "b", "n"])
    assert vocab.encode("nab").tolist() == [2, 0, 1]
    assert vocab.decode(vocab.encode("ban")) == vocab.decode(Tensor([1, 0, 2])) == "ban"


@pytest.mark.parametrize(("call", "message"), [
    (lambda: data.one_hot([0.5]), "integer labels, got dtype float64"),
    (lambda: data.one_hot([3], 3), "labels from 0 to 2, got 3 to 3"),
    (lambda: data.one_hot([-1]), "got -1 to -1"),
    (lambda: data.train_test_split(np.ones(3), np.ones(4)), r"same number of rows, got \[3, 4\]"),
    (lambda: data.train_test_split(), r"same number of rows, got \[\]"),
    (lambda: data.train_test_split(np.ones(3), test_size=1.0), "1.0 leaves 0 rows for training, 3 for testing"),
    (lambda: data.train_test_split(np.ones(3), test_size=0.1), "0.1 leaves 3 rows for training, 0 for testing"),
    (lambda: data.train_test_split(np.ones(3), test_size=5), "test_size 5 leaves"),
    (lambda: data.standardize(np.ones((0, 2))), "at least one training row"),
    (lambda: data.CharVocab("ab").encode("abcz"), r"lacks \['c', 'z'\]"),
    (lambda: data.CharVocab("ab").decode([2]), "numbers from 0 to 1, got 2"),
    (lambda: data.CharVocab("ab").decode([-1]), "numbers from 0 to 1, got -1"),
    (lambda: data.TensorDataset(np.ones(3), np.ones(2)), r"same number of rows, got \[3, 2\]"),
    (lambda: data.DataLoader([1], batch_size=0), "batch_size must be at least 1, got 0"),
])
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- batches ----

def test_dataset_gives_tensors():
    dataset = data.TensorDataset(np.arange(6.0).reshape(3, 2), Tensor([1, 2, 3]))
    x, y = dataset[np.array([2, 0])]
    assert (x.data.tolist(), y.data.tolist()) == ([[4, 5], [0, 1]], [3, 1])
    assert (x.dtype, y.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_loader_goes_through_everything_in_order(drop_last, sizes):
    loader = data.DataLoader(data.TensorDataset(np.arange(10)), batch_size=4, drop_last=drop_last)
    batches = [batch.data for batch, in loader]
    assert [len(batch) for batch in batches] == sizes
    assert len(loader) == len(sizes)
    assert np.concatenate(batches).tolist() == list(range(sum(sizes)))


def test_loader_of_nothing():
    assert list(data.DataLoader(data.TensorDataset(np.ones((0, 2))))) == []


def test_loader_shuffles_each_pass_anew():
    loader = data.DataLoader(data.TensorDataset(np.arange(50)), batch_size=50, shuffle=True)
    (first,), (second,) = next(iter(loader)), next(iter(loader))
    assert sorted(first.data) == sorted(second.data) == list(range(50))
    assert first.data.tolist() != second.data.tolist()
