"""Boxes, anchors and average precision: numbers worked by hand, edge cases, and properties against brute force."""
import itertools

import numpy as np
import pytest

from companion.detection import (
    anchor_boxes,
    average_precision,
    batched_nms,
    box_area,
    box_iou,
    decode_boxes,
    encode_boxes,
    match_anchors,
    match_detections,
    nms,
    precision_recall,
)

NONE = np.zeros((0, 4))


def random_boxes(rng, n, size=20, smallest=1):
    corner = rng.integers(0, size, size=(n, 2))
    return np.hstack([corner, corner + rng.integers(smallest, size, size=(n, 2))]).astype(float)


# ---- area and intersection over union ----

@pytest.mark.parametrize(("one", "other", "iou"), [
    ([0, 0, 4, 4], [2, 1, 6, 3], 4 / 20),       # 2 * 2 of 16 + 8 - 4
    ([0, 0, 4, 4], [0, 0, 4, 4], 1),
    ([0, 0, 4, 4], [1, 1, 3, 3], 4 / 16),       # one inside the other
    ([0, 0, 4, 4], [4, 0, 8, 4], 0),            # half-open: they touch and share no pixel
    ([0, 0, 4, 4], [4, 4, 8, 8], 0),
    ([0, 0, 4, 4], [5, 5, 6, 6], 0),            # apart in both directions: two negative sides
    ([0, 0, 4, 4], [2, 2, 2, 9], 0),            # an empty box
    ([3, 3, 3, 3], [3, 3, 3, 3], 0),            # two empty boxes
    ([-5, -5, 5, 5], [-1, -10, 1, 10], 20 / 120),
])
def test_iou_by_hand(one, other, iou):
    assert box_iou([one], [other]) == pytest.approx(iou)
    assert box_iou([other], [one]) == pytest.approx(iou)


def test_areas():
    assert box_area([[0, 0, 3, 2], [1, 1, 1, 5], [-2, 0, 2, 1]]).tolist() == [6, 0, 4]
    assert box_area([]).shape == (0,)


def test_iou_counts_pixels(rng):
    """The area of boxes with whole corners is the number of their pixels."""
    first, second = random_boxes(rng, 12), random_boxes(rng, 9)
    y, x = np.mgrid[0:40, 0:40]

    def pixels(box):
        return (x >= box[0]) & (x < box[2]) & (y >= box[1]) & (y < box[3])

    brute = [[(pixels(a) & pixels(b)).sum() / (pixels(a) | pixels(b)).sum() for b in second] for a in first]
    np.testing.assert_allclose(box_iou(first, second), brute, rtol=1e-12)


def test_iou_does_not_depend_on_place_and_scale(rng):
    first, second = random_boxes(rng, 6), random_boxes(rng, 5)
    np.testing.assert_allclose(box_iou(3 * first + 7, 3 * second + 7), box_iou(first, second))


def test_iou_without_boxes():
    assert box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert box_iou(NONE, []).shape == (0, 0)


# ---- non-maximum suppression ----

ROW = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])      # neighbors have the IoU 60 / 140 = 0.43


def test_nms_by_hand():
    scores = [0.9, 0.8, 0.7]
    assert nms(ROW, scores, 0.5).tolist() == [0, 1, 2]
    assert nms(ROW, scores, 0.4).tolist() == [0, 2]      # 1 goes because of 0; gone, it cannot suppress 2
    assert nms(ROW, [0.7, 0.9, 0.8], 0.4).tolist() == [1]
    assert nms(ROW, [0.7, 0.8, 0.9], 0.2).tolist() == [2, 0]


def test_nms_keeps_a_box_exactly_at_the_threshold():
    boxes = [[0, 0, 4, 4], [0, 0, 4, 2]]
    assert nms(boxes, [0.9, 0.8], 0.5).tolist() == [0, 1]
    assert nms(boxes, [0.9, 0.8], 0.49).tolist() == [0]


def test_nms_of_equal_scores_keeps_the_earlier():
    assert nms([[0, 0, 4, 4]] * 3, [0.5, 0.5, 0.5], 0.5).tolist() == [0]
    assert nms(ROW, [0.5, 0.5, 0.5], 0.4).tolist() == [0, 2]


def test_nms_without_boxes():
    kept = nms([], [], 0.5)
    assert kept.shape == (0,) and kept.dtype == np.int64
    assert batched_nms(NONE, [], [], 0.5).shape == (0,)


def test_nms_keeps_all_empty_boxes():
    assert nms([[1, 1, 1, 1]] * 2, [0.2, 0.1], 0.5).tolist() == [0, 1]


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 1.0])
def test_nms_is_what_its_definition_says(rng, threshold):
    boxes, scores = random_boxes(rng, 40), rng.permutation(40) / 40
    kept = nms(boxes, scores, threshold)
    iou = box_iou(boxes, boxes)
    assert (np.diff(scores[kept]) < 0).all()
    assert all(iou[i, j] <= threshold for i, j in itertools.combinations(kept, 2))
    for i in set(range(40)) - set(kept):
        assert any(iou[i, j] > threshold and scores[j] > scores[i] for j in kept)


def test_batched_nms_is_nms_of_each_class(rng):
    boxes, scores, labels = random_boxes(rng, 60) - 15, rng.permutation(60) / 60, rng.integers(0, 3, 60)
    kept = batched_nms(boxes, scores, labels, 0.3)
    each = [np.flatnonzero(labels == c)[nms(boxes[labels == c], scores[labels == c], 0.3)] for c in range(3)]
    assert sorted(kept) == sorted(np.concatenate(each))
    assert (np.diff(scores[kept]) < 0).all()
    assert len(kept) > len(nms(boxes, scores, 0.3))


# ---- anchors ----

def test_anchors_by_hand():
    anchors = anchor_boxes(8, 4, sides=(2, 4))
    assert anchors.tolist() == [[1, 1, 3, 3], [0, 0, 4, 4], [5, 1, 7, 3], [4, 0, 8, 4],
                                [1, 5, 3, 7], [0, 4, 4, 8], [5, 5, 7, 7], [4, 4, 8, 8]]


def test_anchors_of_ratios_have_one_area():
    anchors = anchor_boxes(12, 6, sides=(4, 6), ratios=(0.5, 1, 2))
    width, height = (anchors[:, 2:] - anchors[:, :2]).T
    assert anchors.shape == (2 * 2 * 2 * 3, 4)
    np.testing.assert_allclose(width[:6] * height[:6], [16, 16, 16, 36, 36, 36])
    np.testing.assert_allclose(width[:6] / height[:6], [0.5, 1, 2] * 2)
    np.testing.assert_allclose((anchors[:6, :2] + anchors[:6, 2:]) / 2, 3)


def test_matching_by_hand():
    anchors = np.array([[0, 0, 4, 4], [4, 0, 8, 4], [0, 4, 4, 8], [4, 4, 8, 8], [0, 0, 8, 8]])
    boxes = [[0, 0, 4, 5], [3, 0, 8, 8]]     # IoU 0.8, 0, 0.14, 0, 0.31; and 0.1, 0.4, 0.1, 0.4, 0.63
    assert match_anchors(anchors, boxes, 0.5, 0.4).tolist() == [0, -2, -1, -2, 1]
    assert match_anchors(anchors, boxes, 0.4, 0.4).tolist() == [0, 1, -1, 1, 1]
    assert match_anchors(anchors, boxes, 0.9, 0.9).tolist() == [0, -1, -1, -1, 1]     # the best ones all the same


def test_every_box_gets_its_best_anchor():
    anchors = anchor_boxes(16, 8, sides=(8,))
    assert match_anchors(anchors, [[1, 9, 3, 11]]).tolist() == [-1, -1, 0, -1]     # an IoU of 4 / 64
    assert match_anchors(anchors, [[50, 50, 60, 60]]).tolist() == [-1] * 4


def test_matching_without_boxes_or_anchors():
    assert match_anchors(anchor_boxes(4, 2, sides=(2,)), []).tolist() == [-1] * 4
    assert match_anchors([], [[0, 0, 1, 1]]).shape == (0,)


def test_matching_is_what_its_definition_says(rng):
    anchors, boxes = anchor_boxes(24, 4, sides=(6, 10)), random_boxes(rng, 5, size=12, smallest=4)
    match, iou = match_anchors(anchors, boxes, 0.5, 0.3), box_iou(anchors, boxes)
    forced = {int(iou[:, j].argmax()): j for j in range(5)}
    for i, row in enumerate(iou):
        natural = row.argmax() if row.max() >= 0.5 else -1 if row.max() < 0.3 else -2
        assert match[i] == forced.get(i, natural)


# ---- encoding ----

def test_encoding_by_hand():
    anchor, box = [[10, 10, 30, 20]], [[15, 5, 25, 25]]     # centers (20, 15) both, sizes (20, 10) and (10, 20)
    np.testing.assert_allclose(encode_boxes(box, anchor), [[0, 0, -np.log(2), np.log(2)]])
    np.testing.assert_allclose(encode_boxes([[14, 12, 34, 22]], anchor), [[0.2, 0.2, 0, 0]])
    np.testing.assert_allclose(decode_boxes([[0.2, 0.2, 0, 0]], anchor), [[14, 12, 34, 22]])


def test_decoding_undoes_encoding(rng):
    boxes, anchors = random_boxes(rng, 30), random_boxes(rng, 30)
    np.testing.assert_allclose(decode_boxes(encode_boxes(boxes, anchors), anchors), boxes, atol=1e-12)
    offsets = rng.normal(size=(30, 4))
    np.testing.assert_allclose(encode_boxes(decode_boxes(offsets, anchors), anchors), offsets, atol=1e-12)


def test_offsets_do_not_depend_on_place_and_scale(rng):
    boxes, anchors = random_boxes(rng, 8), random_boxes(rng, 8)
    np.testing.assert_allclose(encode_boxes(5 * boxes - 3, 5 * anchors - 3), encode_boxes(boxes, anchors), atol=1e-12)
    assert encode_boxes([], []).shape == decode_boxes(NONE, []).shape == (0, 4)


# ---- average precision ----

def test_detections_by_hand():
    truth = [[0, 0, 10, 10], [20, 0, 30, 10]]
    boxes = [[0, 0, 10, 8], [0, 0, 10, 10], [20, 0, 30, 5], [50, 50, 60, 60]]
    assert match_detections(boxes, [0.9, 0.8, 0.7, 0.6], truth).tolist() == [True, False, True, False]
    assert match_detections(boxes, [0.8, 0.9, 0.7, 0.6], truth).tolist() == [False, True, True, False]
    assert match_detections(boxes, [0.9, 0.8, 0.7, 0.6], truth, 0.9).tolist() == [False, True, False, False]


def test_a_second_detection_does_not_take_the_next_best_object():
    truth = [[0, 0, 10, 10], [2, 0, 12, 10]]
    assert match_detections([[0, 0, 10, 10], [0, 0, 11, 10]], [0.9, 0.8], truth).tolist() == [True, False]


def test_detections_of_nothing():
    assert match_detections([], [], [[0, 0, 1, 1]]).shape == (0,)
    assert match_detections([[0, 0, 1, 1]], [0.5], []).tolist() == [False]


def test_precision_and_recall_by_hand():
    precision, recall = precision_recall([True, False, True], [0.2, 0.9, 0.5], objects=4)
    np.testing.assert_allclose(precision, [0, 1 / 2, 2 / 3])
    np.testing.assert_allclose(recall, [0, 1 / 4, 2 / 4])


@pytest.mark.parametrize(("correct", "objects", "every", "eleven"), [
    ([1, 0, 1, 1, 0], 5, 0.2 + 0.4 * 3 / 4, (3 * 1 + 4 * 3 / 4) / 11),    # recalls 0 to 0.2; 0.3 to 0.6; above: 0
    ([1, 1, 1], 3, 1, 1),
    ([0, 0], 3, 0, 0),
    ([0, 1], 1, 1 / 2, 1 / 2),
    ([1], 2, 1 / 2, 6 / 11),                                              # recalls 0 to 0.5
    ([1, 0, 0, 1], 2, 1 / 2 + 1 / 4, (6 + 5 / 2) / 11),
    ([0, 1, 1], 2, 2 / 3, 2 / 3),                                         # the precision rises: its envelope counts
    ([1, 1, 1], 10, 3 / 10, 4 / 11),                                      # a recall of exactly 0.3 counts
])
def test_average_precision_by_hand(correct, objects, every, eleven):
    scores = np.linspace(0.9, 0.1, len(correct))
    assert average_precision(correct, scores, objects) == pytest.approx(every)
    assert average_precision(correct, scores, objects, points=11) == pytest.approx(eleven)
    order = np.random.default_rng(0).permutation(len(correct))
    assert average_precision(np.array(correct)[order], scores[order], objects) == pytest.approx(every)


def test_average_precision_without_detections():
    assert average_precision([], [], 3) == average_precision([], [], 3, points=11) == 0


def test_average_precision_is_what_its_definition_says(rng):
    """By loops over recalls; and many points come close to the area."""
    for _ in range(20):
        correct, scores = rng.random(30) < 0.6, rng.permutation(30) / 30
        precision, recall = precision_recall(correct, scores, 25)

        def best(level, precision=precision, recall=recall):
            return max((p for p, r in zip(precision, recall, strict=True) if r >= level - 1e-9), default=0)

        assert average_precision(correct, scores, 25) == pytest.approx(sum(best(k / 25) for k in range(1, 26)) / 25)
        eleven = sum(best(k / 10) for k in range(11)) / 11
        assert average_precision(correct, scores, 25, points=11) == pytest.approx(eleven)
        assert average_precision(correct, scores, 25, points=10001) == pytest.approx(
            average_precision(correct, scores, 25), abs=1e-3)


def test_average_precision_depends_on_the_order_of_scores_only(rng):
    correct, scores = rng.random(20) < 0.5, rng.permutation(20) / 20
    assert average_precision(correct, scores ** 3 - 5, 20) == average_precision(correct, scores, 20)


# ---- errors ----

@pytest.mark.parametrize(("call", "message"), [
    (lambda: box_area([0, 0, 1, 1]), r"boxes must have the shape \(n, 4\), got \(4,\)"),
    (lambda: box_iou([[0, 0, 1]], []), r"boxes1 must have the shape \(n, 4\), got \(1, 3\)"),
    (lambda: box_iou([], [[2, 0, 1, 1]]), "boxes2 must be .*x1 <= x2 and y1 <= y2"),
    (lambda: box_area([[0, 0, np.nan, 1]]), "finite"),
    (lambda: nms([[0, 0, 1, 1]], [0.5, 0.4], 0.5), r"one score for each of 1 boxes .* shape \(2,\)"),
    (lambda: average_precision([True], [np.nan], 1), r"no NaN, got \[nan\]"),
    (lambda: batched_nms([[0, 0, 1, 1]], [0.5], [], 0.5), r"one label for each of 1 boxes, got the shape \(0,\)"),
    (lambda: anchor_boxes(10, 4, (2,)), "must divide the size of the image, got 4 and 10"),
    (lambda: anchor_boxes(10, 0, (2,)), "got 0 and 10"),
    (lambda: match_anchors([], [], positive=0.3), "0 <= negative <= positive <= 1, got 0.4 and 0.3"),
    (lambda: encode_boxes([[0, 0, 1, 1]], []), "one box for each anchor and no empty one, got 1 for 0"),
    (lambda: encode_boxes([[0, 0, 0, 1]], [[0, 0, 1, 1]]), "no empty one"),
    (lambda: decode_boxes([[0, 0]], [[0, 0, 1, 1]]), r"four offsets for each of 1 anchors, got the shape \(1, 2\)"),
    (lambda: average_precision([True, True], [0.5, 0.4], 1), r"as many objects as right detections \(2\), .* got 1"),
    (lambda: average_precision([], [], 0), "at least 1, got 0"),
])
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
