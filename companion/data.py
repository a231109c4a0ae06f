"""Data: the bundled sets, toy sets, splitting and scaling, and batches."""
import csv
from importlib import resources

import numpy as np

from . import weights
from .rng import get_rng, own_rng
from .tensor import Tensor

FOLDER = resources.files(__package__) / "datasets"


def names():
    """The names of the bundled data sets."""
    endings = ".csv", ".npz", ".safetensors", ".txt"
    return sorted(file.name.rpartition(".")[0] for file in FOLDER.iterdir() if file.name.endswith(endings))


def load(name):
    """A bundled data set as a dict from column (or array) name to array.

    Columns of numbers become float64 with NaN in the gaps, others arrays of strings; a plain text is one string under
    the name "text"; trained weights are arrays under PyTorch's names. Where they come from and under which terms:
    datasets/ATTRIBUTION.md.

    Raises ValueError for an unknown name, or a file that is damaged or holds pickled objects.
    """
    if name not in names():
        raise ValueError(f"there is no data set {name!r}; choose from {', '.join(names())}")
    file = next(file for file in FOLDER.iterdir() if file.name.rpartition(".")[0] == name)
    try:
        with file.open("rb") as stream:
            if file.name.endswith(".npz"):
                with np.load(stream, allow_pickle=False) as arrays:
                    return dict(arrays)
            content = stream.read()
            if file.name.endswith(".safetensors"):
                return weights.read(content)
            text = content.decode("utf-8")
            if file.name.endswith(".txt"):
                return {"text": text}
            rows = list(csv.reader(text.splitlines(), strict=True))
            return {column: _column(values) for column, *values in zip(*rows, strict=True)}
    except Exception as error:  # a damaged file fails in a dozen ways
        raise ValueError(f"the file {file.name} is damaged ({error}); install companion again") from error


def _column(values):
    try:
        return np.array([float(value) if value not in ("", "NA") else np.nan for value in values])
    except ValueError:
        return np.array(values)


# ---- toy sets: x (n, 2) float64, labels (n,) int64 ----

def make_moons(n=200, noise=0.1, rng=None):
    """Two interleaving half circles of radius 1."""
    rng = get_rng(rng)
    labels = np.arange(n) % 2
    angle = np.pi * rng.random(n)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(labels[:, None] == 1, [1, 0.5] - x, x)
    return x + noise * rng.normal(size=x.shape), labels


def make_spirals(n=300, classes=2, turns=1.5, noise=0.03, rng=None):
    """Spiral arms around the origin, radius up to 1, one for each class."""
    rng = get_rng(rng)
    labels = np.arange(n) % classes
    radius = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 2 * np.pi * (turns * radius + labels / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.normal(size=x.shape), labels


def make_blobs(n=200, centers=((-1.5, 0.0), (1.5, 0.0)), spread=0.5, rng=None):
    """A round cloud of points for each center."""
    rng, centers = get_rng(rng), np.asarray(centers, dtype=float)
    labels = np.arange(n) % len(centers)
    return centers[labels] + spread * rng.normal(size=(n, centers.shape[1])), labels


SHAPES = ("ellipse", "rectangle", "triangle")


def make_scenes(n, size=64, objects=(1, 4), sides=(10, 28), overlap=0.25, noise=0.08, rng=None):
    """Gray images with several shapes, each with its exact box and its label, a position in SHAPES.

    objects: fewest and most shapes of an image. sides: shortest and longest side of a box in pixels (at least 4); the
    longer side is at most twice the shorter. overlap: the largest share of a box that another one may cover (a shape
    that finds no place is left out). noise: standard deviation of what is added to each pixel.

    Returns images (n, size, size), lists of boxes (k, 4) and of labels (k,), one array for each image. A box (x1, y1,
    x2, y2) is half-open: the shape lies in columns x1 to x2 - 1 and rows y1 to y2 - 1, and x2 - x1 is its width. Where
    shapes overlap, their grays add up.
    """
    if not (4 <= sides[0] <= sides[1] <= size and 0 <= objects[0] <= objects[1]):
        raise ValueError("make_scenes expects 4 <= shortest side <= longest side <= size and 0 <= fewest objects <= "
                         f"most, got sides {sides}, size {size}, objects {objects}")
    rng = get_rng(rng)
    scenes = [_scene(size, rng.integers(objects[0], objects[1] + 1), sides, overlap, rng) for _ in range(n)]
    images = np.array([image for image, _, _ in scenes]).reshape(n, size, size)
    return (images + noise * rng.normal(size=images.shape), [boxes for _, boxes, _ in scenes],
            [labels for _, _, labels in scenes])


def _scene(size, count, sides, overlap, rng, tries=50):
    image, boxes, labels = np.full((size, size), rng.uniform(0.3, 0.7)), np.zeros((0, 4)), []
    for _ in range(tries * count):
        if len(boxes) == count:
            break
        width = rng.integers(sides[0], sides[1] + 1)
        height = int(np.clip(round(width * 2 ** rng.uniform(-1, 1)), *sides))
        left, top = rng.integers(size - width + 1), rng.integers(size - height + 1)
        box = np.array([left, top, left + width, top + height], dtype=float)
        common = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
        smaller = np.minimum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), width * height)
        if (np.prod(common.clip(0), axis=1) <= overlap * smaller).all():
            label = rng.integers(len(SHAPES))
            part = image[top:top + height, left:left + width]
            part[_shape(SHAPES[label], width, height)] += rng.choice([-1, 1]) * rng.uniform(0.2, 0.4)
            boxes, labels = np.vstack([boxes, box]), [*labels, label]
    return image, boxes, np.array(labels, dtype=np.int64)


def _shape(name, width, height):
    """Which pixels of a box (height, width) the shape fills; it touches all four sides."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height)[:, None] + 0.5) / height  # centers of pixels, 0 to 1
    if name == "ellipse":
        return (2 * x - 1) ** 2 + (2 * y - 1) ** 2 <= 1
    if name == "triangle":
        return np.abs(x - 0.5) <= np.maximum(0.5 * y + 0.25 / height, 0.5 / width) + 1e-9  # the tip: 1 or 2 pixels
    return np.ones((height, width), dtype=bool)


# ---- preparing ----

def one_hot(labels, classes=None):
    """Integers (...) -> zeros and ones (..., classes), float64. classes: the largest label + 1 if None."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"one_hot expects integer labels, got dtype {labels.dtype}")
    classes = (int(labels.max(initial=-1)) + 1) if classes is None else classes
    if labels.size and not (0 <= labels.min() and labels.max() < classes):
        raise ValueError(f"one_hot expects labels from 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return np.eye(classes)[labels]


def train_test_split(*arrays, test_size=0.2, rng=None):
    """Shuffle the rows and part them: (x, y) -> (x_train, x_test, y_train, y_test).

    test_size: the share (0 to 1) or the number of rows in the second part.
    """
    n = _common_length(arrays)
    n_test = round(test_size * n) if isinstance(test_size, float) else test_size
    if not 0 < n_test < n:
        raise ValueError(f"test_size {test_size} leaves {n - n_test} rows for training, {n_test} for testing")
    order = get_rng(rng).permutation(n)
    return [np.asarray(array)[rows] for array in arrays for rows in (order[n_test:], order[:n_test])]


def _common_length(arrays):
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1:
        raise ValueError(f"expected arrays with the same number of rows, got {[len(array) for array in arrays]}")
    return lengths.pop()


def standardize(train, *others):
    """Scale columns to mean 0 and standard deviation 1 *of the training rows*; the others get the same scaling.

    A constant column becomes 0. Returns one array, or a list if there are others.
    """
    train = np.asarray(train, dtype=float)
    if not len(train):
        raise ValueError("standardize needs at least one training row")
    constant = train.max(axis=0) == train.min(axis=0)  # rounding can give such a column a std just above 0
    mean, std = np.where(constant, train[0], train.mean(axis=0)), np.where(constant, 1, train.std(axis=0))
    scaled = [(np.asarray(array, dtype=float) - mean) / std for array in (train, *others)]
    return scaled if others else scaled[0]


class CharVocab:
    """Characters of a text and their numbers, 0 up in sorted order."""

    def __init__(self, text):
        self.chars = sorted(set(text))
        self.index = {char: i for i, char in enumerate(self.chars)}

    def __len__(self):
        return len(self.chars)

    def encode(self, text):
        """Text -> integers of NumPy's kind for indices; ValueError for a character that the vocabulary lacks."""
        if unknown := sorted(set(text) - self.index.keys()):
            raise ValueError(f"the vocabulary lacks {unknown}")
        return np.array([self.index[char] for char in text], dtype=np.intp)

    def decode(self, indices):
        """Integers -> text; ValueError for a number that no character has."""
        if wrong := [i for i in np.ravel(indices) if not 0 <= i < len(self)]:
            raise ValueError(f"decode expects numbers from 0 to {len(self) - 1}, got {wrong[0]}")
        return "".join(self.chars[i] for i in np.ravel(indices))


# ---- batches ----

class TensorDataset:
    """Arrays or tensors with the same number of rows, indexed together."""

    def __init__(self, *arrays):
        self.arrays = [np.asarray(array) for array in arrays]
        _common_length(self.arrays)

    def __len__(self):
        return len(self.arrays[0])

    def __getitem__(self, index):
        """One row, or those of an index array, as a tuple of tensors."""
        return tuple(Tensor(array[index]) for array in self.arrays)


class DataLoader:
    """Goes through a dataset in batches, in a new order each time if shuffle; each batch is a tuple of tensors."""

    def __init__(self, dataset, batch_size=32, shuffle=False, drop_last=False, rng=None):
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, batch_size, shuffle, drop_last
        self.rng = own_rng(rng)

    def __len__(self):
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self):
        n = len(self.dataset)
        order = get_rng(self.rng).permutation(n) if self.shuffle else np.arange(n)
        for k in range(len(self)):
            yield self.dataset[order[k * self.batch_size:(k + 1) * self.batch_size]]
