"""Generated scenes: the boxes are exact, the arguments hold, and a seed gives the same scenes."""
import numpy as np
import pytest

from companion import data
from companion.detection import box_area


def test_shapes_and_types():
    images, boxes, labels = data.make_scenes(5, size=40, rng=0)
    assert images.shape == (5, 40, 40) and images.dtype == np.float64
    assert len(boxes) == len(labels) == 5
    for box, label in zip(boxes, labels, strict=True):
        assert box.shape == (len(label), 4) and box.dtype == np.float64 and label.dtype == np.int64


def test_one_shape_fills_exactly_its_box():
    images, boxes, labels = data.make_scenes(300, objects=(1, 1), sides=(4, 40), noise=0, rng=0)
    for image, [box], [label] in zip(images, boxes, labels, strict=True):
        y, x = np.nonzero(image != np.median(image))     # most pixels are background
        assert [x.min(), y.min(), x.max() + 1, y.max() + 1] == box.tolist(), data.SHAPES[label]


def test_the_three_shapes_cover_what_geometry_says():
    images, boxes, labels = data.make_scenes(60, objects=(1, 1), sides=(24, 30), noise=0, rng=1)
    shares = [[], [], []]
    for image, box, [label] in zip(images, boxes, labels, strict=True):
        shares[label].append((image != np.median(image)).sum() / box_area(box).item())
    ellipse, rectangle, triangle = map(np.mean, shares)
    assert ellipse == pytest.approx(np.pi / 4, abs=0.02)
    assert (rectangle, triangle) == (1, pytest.approx(1 / 2, abs=0.05))


def test_arguments_hold():
    _, boxes, labels = data.make_scenes(200, size=48, objects=(2, 5), sides=(6, 15), overlap=0.2, rng=0)
    assert {len(box) for box in boxes} == {2, 3, 4, 5}
    assert set(np.concatenate(labels)) == {0, 1, 2}
    every = np.concatenate(boxes)
    sides = every[:, 2:] - every[:, :2]
    assert every.min() >= 0 and every.max() <= 48
    assert (sides.min(), sides.max()) == (6, 15)
    assert (sides.max(axis=1) <= 2 * sides.min(axis=1)).all()
    for box in boxes:
        for i, one in enumerate(box):
            for other in box[:i]:
                common = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
                assert common <= 0.2 * min(box_area([one, other]))


def test_shapes_without_a_place_are_left_out():
    _, boxes, _ = data.make_scenes(10, size=16, objects=(9, 9), sides=(8, 8), overlap=0, rng=0)
    assert all(1 <= len(box) <= 4 for box in boxes)


def test_scenes_of_nothing():
    images, boxes, labels = data.make_scenes(2, objects=(0, 0), noise=0, rng=0)
    assert all(np.ptp(image) == 0 for image in images)
    assert [box.shape for box in boxes] == [(0, 4)] * 2 and [len(label) for label in labels] == [0, 0]
    assert data.make_scenes(0, rng=0)[0].shape == (0, 64, 64)


def test_noise_is_what_is_added():
    quiet, loud = data.make_scenes(3, noise=0, rng=5)[0], data.make_scenes(3, noise=0.1, rng=5)[0]
    assert (loud - quiet).std() == pytest.approx(0.1, rel=0.05)


def test_a_seed_gives_the_same_scenes():
    first, again, other = (data.make_scenes(4, rng=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0], again[0])
    assert all(np.array_equal(a, b) for a, b in zip(first[1] + first[2], again[1] + again[2], strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("arguments", [
    {"sides": (3, 10)}, {"sides": (12, 10)}, {"sides": (10, 65)}, {"objects": (3, 2)}, {"objects": (-1, 2)},
])
def test_errors_say_what_was_expected_and_what_came(arguments):
    name, value = next(iter(arguments.items()))
    with pytest.raises(ValueError, match=r"4 <= shortest side .*got sides .*") as error:
        data.make_scenes(1, **arguments)
    assert f"{name} {value}" in str(error.value)
