"""Exercises of the chapter "Object detection"."""
import numpy as np

from .core import Case, Chapter, progress

__all__ = ["assign", "average_precision", "chapter", "decode", "iou_matrix", "iou_xywh", "progress", "soft_nms"]

chapter = Chapter("object_detection", title="Object detection")


def _boxes(rng, n, size=20):
    corner = rng.uniform(-5, size, size=(n, 2))
    return np.hstack([corner, corner + rng.uniform(2, size, size=(n, 2))])


# ---- 1. Overlap in another format ----

@chapter.exercise(stars=1, title="Overlap in another format", hints=(
    "Where do the boxes end on the right and below? That is one addition for each.",
    "The intersection starts at the larger of the two left sides and ends at the smaller of the two right sides. If "
    "the end lies before the start, its width is 0.",
    "`width = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))`, the height in the same way; the union is the "
    "sum of the two areas without the intersection.",
), praise="Three formats are common: two corners, corner and size, center and size. Convert once, where you read a "
          "file.")
def iou_xywh(a, b):
    """The intersection over union of two boxes (x, y, width, height): a number."""
    width = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    height = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


@iou_xywh.cases
def _(rng):
    yield (0, 0, 4, 4), (2, 1, 4, 2)
    yield (3.5, 2, 6, 5), (1, 4.5, 4, 7)
    yield Case(((2, 3, 10, 8), (4, 5, 2, 3)), "one box lies inside the other")
    yield Case(((0, 0, 4, 3), (9, 1, 5, 4)), "the boxes stand side by side, apart")
    yield Case(((0, 0, 4, 3), (9, 8, 5, 4)), "the boxes are apart in both directions")
    yield Case(((1, 1, 4, 3), (5, 1, 2, 3)), "the boxes touch")


@iou_xywh.wrong("Where boxes lie apart, the width or the height of what they share is negative, and two negative "
                "ones make a positive area. Set each of them to at least 0.")
def negative_sides(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


@iou_xywh.wrong("You set the product of width and height to at least 0. If both are negative, the product is "
                "positive: set each of them to at least 0 before you multiply.")
def clipped_product(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0, width * height)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


@iou_xywh.wrong("You read the third and fourth number as the right lower corner. Here they are width and height, so "
                "the right side is x + w.")
def read_as_corners(a, b):
    width, height = max(0, min(a[2], b[2]) - max(a[0], b[0])), max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return width * height / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height)


@iou_xywh.wrong("You read the first two numbers as the center of the box. Here they are its left upper corner.")
def read_as_center(a, b):
    width = max(0, min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2))
    height = max(0, min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2))
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


@iou_xywh.wrong("You divide by the sum of the areas. It counts the intersection twice: subtract it once to get the "
                "union.")
def counted_twice(a, b):
    width = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    height = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return width * height / (a[2] * a[3] + b[2] * b[3])


@iou_xywh.wrong("This is the area of the intersection. Divide it by the area of the union.")
def only_intersection(a, b):
    width = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    return width * max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))


@iou_xywh.wrong("You divide by the smaller of the two areas, so a small box inside a large one gets 1. Divide by the "
                "area of the union.")
def over_the_smaller(a, b):
    return only_intersection(a, b) / min(a[2] * a[3], b[2] * b[3])


@iou_xywh.wrong("You divide by the area of the box around both. The union is smaller: the two areas together, with the "
                "intersection counted once.")
def enclosing_box(a, b):
    width = max(a[0] + a[2], b[0] + b[2]) - min(a[0], b[0])
    return only_intersection(a, b) / (width * (max(a[1] + a[3], b[1] + b[3]) - min(a[1], b[1])))


@iou_xywh.wrong("Your sides are one pixel too long: the boxes are half-open, so nothing is added. Boxes that touch "
                "share nothing.")
def one_pixel_more(a, b):
    width = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]) + 1)
    height = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]) + 1)
    return width * height / ((a[2] + 1) * (a[3] + 1) + (b[2] + 1) * (b[3] + 1) - width * height)


# ---- 2. All pairs at once ----

@chapter.exercise(stars=2, title="All pairs at once", hints=(
    "A column `(n, 1)` and a row `(m,)` broadcast to `(n, m)`. How do you turn the left sides of `boxes1` into a "
    "column?",
    "`np.maximum(boxes1[:, None, :2], boxes2[:, :2])` holds the left upper corners of all intersections, `(n, m, 2)`; "
    "the right lower ones come from `np.minimum` in the same way.",
    "Their difference, with `.clip(0)`, holds widths and heights; the product over the last axis is the intersection. "
    "The areas of boxes1 must be a column in the sum: `area1[:, None] + area2 - intersection`.",
), praise="One new axis of length 1 replaces two loops. The price is memory: (n, m, 2) numbers exist at the same time.")
def iou_matrix(boxes1, boxes2):
    """The intersection over union of all pairs of boxes (n, 4) and (m, 4): an array (n, m)."""
    corner1 = np.maximum(boxes1[:, None, :2], boxes2[:, :2])
    corner2 = np.minimum(boxes1[:, None, 2:], boxes2[:, 2:])
    intersection = (corner2 - corner1).clip(0).prod(axis=2)
    area1 = (boxes1[:, 2:] - boxes1[:, :2]).prod(axis=1)
    area2 = (boxes2[:, 2:] - boxes2[:, :2]).prod(axis=1)
    return intersection / (area1[:, None] + area2 - intersection)


@iou_matrix.cases
def _(rng):
    yield _boxes(rng, 5), _boxes(rng, 3)
    yield _boxes(rng, 2), _boxes(rng, 7)
    square = _boxes(rng, 4)
    yield Case((square, square[::-1].copy()), "as many boxes on one side as on the other")
    yield Case((np.array([[0.0, 0, 4, 4]]), np.array([[9.0, 9, 12, 13], [9, 1, 12, 3]])), "boxes apart")
    yield Case((_boxes(rng, 3), np.zeros((0, 4))), "no box on the second side")


def _iou_matrix_with(boxes1, boxes2, clip=True, column=True, union=True):
    difference = np.minimum(boxes1[:, None, 2:], boxes2[:, 2:]) - np.maximum(boxes1[:, None, :2], boxes2[:, :2])
    intersection = (difference.clip(0) if clip else difference).prod(axis=2)
    area1, area2 = ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (boxes1, boxes2))
    return intersection / ((area1[:, None] if column else area1) + area2 - union * intersection)


@iou_matrix.wrong("Boxes that are apart in both directions get a positive intersection, since two negative sides are "
                  "multiplied. Use `.clip(0)` on the sides.")
def matrix_without_clip(boxes1, boxes2):
    return _iou_matrix_with(boxes1, boxes2, clip=False)


@iou_matrix.wrong("You add the areas of both lists without a new axis, so box i of one list meets the area of box j "
                  "of the other only where the lists happen to fit. The areas of boxes1 must be a column, `area1[:, "
                  "None]`.")
def areas_in_a_row(boxes1, boxes2):
    return _iou_matrix_with(boxes1, boxes2, column=False)


@iou_matrix.wrong("You divide by the sum of the areas. Subtract the intersection once to get the union.")
def matrix_counted_twice(boxes1, boxes2):
    return _iou_matrix_with(boxes1, boxes2, union=False)


@iou_matrix.wrong("Your result has the boxes of boxes2 in its rows: the transpose. Rows belong to boxes1.")
def transposed(boxes1, boxes2):
    return _iou_matrix_with(boxes2, boxes1)


@iou_matrix.wrong("You compare box i with box i only. All pairs are asked: give boxes1 a new axis, `boxes1[:, None]`.")
def in_pairs(boxes1, boxes2):
    return np.diag(_iou_matrix_with(boxes1, boxes2))


@iou_matrix.wrong("These are the intersections. Divide them by the unions.")
def matrix_of_intersections(boxes1, boxes2):
    sides = np.minimum(boxes1[:, None, 2:], boxes2[:, 2:]) - np.maximum(boxes1[:, None, :2], boxes2[:, :2])
    return sides.clip(0).prod(axis=2)


# ---- 3. A softer suppression ----

@chapter.exercise(stars=3, title="A softer suppression", hints=(
    "Keep two things: the current scores (a copy), and which boxes are not taken yet. The loop runs n times.",
    "In each round find the best among the boxes not taken: `rest = np.flatnonzero(~taken)`, "
    "`best = rest[scores[rest].argmax()]`. Mark it as taken.",
    "After that multiply the scores of the boxes that are *still* not taken: `scores[~taken] *= 1 - iou[best, "
    "~taken]`. The order of later rounds follows the lowered scores.",
), praise="No box is lost: a neighbor that NMS would delete stays in the list with a lower score, and AP decides by "
          "the order.")
def soft_nms(scores, iou):
    """The scores (n,) after linear Soft-NMS, where iou (n, n) is that of all pairs of boxes."""
    scores, taken = scores.copy(), np.zeros(len(scores), dtype=bool)
    for _ in range(len(scores)):
        rest = np.flatnonzero(~taken)
        best = rest[scores[rest].argmax()]
        taken[best] = True
        scores[~taken] *= 1 - iou[best, ~taken]
    return scores


def _overlaps(boxes):
    return _iou_matrix_with(boxes, boxes)


@soft_nms.cases
def _(rng):
    yield Case((np.array([0.8, 0.9, 0.7]), _overlaps(np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]))),
               "three boxes in a row")
    for n in (6, 9):
        yield rng.permutation(n) / n + 0.05, _overlaps(_boxes(rng, n, size=12))
    yield Case((np.array([0.9, 0.8, 0.75]), np.array([[1, 0.6, 0.05], [0.6, 1, 0.5], [0.05, 0.5, 1]])),
               "the second box falls behind the third")
    yield Case((np.array([0.9, 0.8, 0.75, 0.3]), np.array([[1, 0.6, 0.05, 0], [0.6, 1, 0.5, 0.2], [0.05, 0.5, 1, 0],
                                                           [0, 0.2, 0, 1]])), "the second box falls behind all others")
    yield Case((np.array([0.4, 0.5]), np.eye(2)), "boxes that do not overlap")
    yield Case((np.array([0.3]), np.eye(1)), "a single box")


@soft_nms.wrong("You go through the boxes in the order of the scores that were given. Take the highest *current* "
                "score in each round: a lowered box may fall behind another.")
def fixed_order(scores, iou):
    order, scores = np.argsort(-scores), scores.copy()
    for k, best in enumerate(order):
        scores[order[k + 1:]] *= 1 - iou[best, order[k + 1:]]
    return scores


@soft_nms.wrong("You lower boxes that are taken already, too. Only those not taken yet lose score: the best box keeps "
                "its own.")
def lowers_the_taken(scores, iou):
    scores, taken = scores.copy(), np.zeros(len(scores), dtype=bool)
    for _ in range(len(scores)):
        rest = np.flatnonzero(~taken)
        best = rest[scores[rest].argmax()]
        taken[best] = True
        others = np.arange(len(scores)) != best
        scores[others] *= 1 - iou[best, others]
    return scores


@soft_nms.wrong("The factor is the IoU. Boxes that overlap more must lose more: multiply by 1 - IoU.")
def times_iou(scores, iou):
    return soft_nms.reference(scores, 1 - iou)


@soft_nms.wrong("You lower the neighbors of the best box only, in one round. Go on until all boxes are taken.")
def one_round(scores, iou):
    scores, best = scores.copy(), scores.argmax()
    others = np.arange(len(scores)) != best
    scores[others] *= 1 - iou[best, others]
    return scores


@soft_nms.wrong("The scores come back sorted. Return them in the order of the input.")
def sorted_scores(scores, iou):
    return -np.sort(-soft_nms.reference(scores, iou))


@soft_nms.wrong("The best box lowers its own score: its IoU with itself is 1, so it falls to 0. Mark it as taken "
                "before you multiply.")
def lowers_itself(scores, iou):
    scores, taken = scores.copy(), np.zeros(len(scores), dtype=bool)
    for _ in range(len(scores)):
        rest = np.flatnonzero(~taken)
        best = rest[scores[rest].argmax()]
        scores[rest] *= 1 - iou[best, rest]
        taken[best] = True
    return scores


@soft_nms.wrong("The result is right, but the caller's scores were changed in place. Work on `scores.copy()`.")
def scores_in_place(scores, iou):
    scores[:] = soft_nms.reference(scores, iou)
    return scores


# ---- 4. From offsets to boxes ----

@chapter.exercise(stars=2, title="From offsets to boxes", hints=(
    "Centers and sizes of the anchors come first: `(anchors[:, :2] + anchors[:, 2:]) / 2` and "
    "`anchors[:, 2:] - anchors[:, :2]`.",
    "Solve the equations for the box: the center is x_a + t_x w_a, the width is w_a times e to the power of t_w.",
    "A box reaches half its size from its center to each side: `np.hstack([center - size / 2, center + size / 2])`.",
), praise="The exponential can only give positive sizes: there is no offset that leads to an impossible box.")
def decode(offsets, anchors):
    """The boxes (n, 4) to which the offsets (n, 4) lead from the anchors (n, 4)."""
    anchor_center, anchor_size = (anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]
    center = anchor_center + offsets[:, :2] * anchor_size
    size = anchor_size * np.exp(offsets[:, 2:])
    return np.hstack([center - size / 2, center + size / 2])


@decode.cases
def _(rng):
    yield Case((np.array([[0, 0, -np.log(2), np.log(2)]]), np.array([[10.0, 10, 30, 20]])), "the example of the "
                                                                                            "chapter")
    for n in (5, 3):
        yield 0.5 * rng.normal(size=(n, 4)), _boxes(rng, n)
    yield Case((np.zeros((4, 4)), _boxes(rng, 4)), "all offsets are 0")
    yield Case((np.array([[0.5, -0.25, 0, 0]]), np.array([[0.0, 0, 8, 4]])), "a shift only")


def _decode_with(offsets, anchors, origin="center", scale=True, grow=np.exp, half=2):
    size, center = anchors[:, 2:] - anchors[:, :2], (anchors[:, :2] + anchors[:, 2:]) / 2
    start = center if origin == "center" else anchors[:, :2]
    moved, grown = start + offsets[:, :2] * (size if scale else 1), size * grow(offsets[:, 2:])
    return np.hstack([moved - grown / half, moved + grown / half])


@decode.wrong("The shift is counted in pixels. It is counted in widths and heights of the anchor: multiply it by the "
              "anchor's size.")
def shift_in_pixels(offsets, anchors):
    return _decode_with(offsets, anchors, scale=False)


@decode.wrong("The logarithm of the ratio was encoded, so its inverse is the exponential: `np.exp(offsets[:, 2:])`.")
def without_exp(offsets, anchors):
    return _decode_with(offsets, anchors, grow=lambda t: t)


@decode.wrong("You use 1 + t for the ratio. That is close to the exponential for small offsets only, and negative for "
              "t below -1.")
def linear_growth(offsets, anchors):
    return _decode_with(offsets, anchors, grow=lambda t: 1 + t)


@decode.wrong("You shift from the left upper corner of the anchor. The offsets are measured from its center.")
def from_the_corner(offsets, anchors):
    return _decode_with(offsets, anchors, origin="corner")


@decode.wrong("Your boxes are twice as large: from the center a box reaches *half* its width to each side.")
def whole_size_to_each_side(offsets, anchors):
    return _decode_with(offsets, anchors, half=1)


@decode.wrong("These are centers and sizes. Turn them into the two corners (x1, y1, x2, y2).")
def centers_and_sizes(offsets, anchors):
    boxes = decode.reference(offsets, anchors)
    return np.hstack([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]])


@decode.wrong("You shift by the size of the new box. The shift was divided by the *anchor's* size, so multiply by "
              "that one.")
def shift_by_new_size(offsets, anchors):
    size, center = anchors[:, 2:] - anchors[:, :2], (anchors[:, :2] + anchors[:, 2:]) / 2
    grown = size * np.exp(offsets[:, 2:])
    return np.hstack([center + offsets[:, :2] * grown - grown / 2, center + offsets[:, :2] * grown + grown / 2])


# ---- 5. Average precision ----

@chapter.exercise(stars=2, title="Average precision", hints=(
    "Sort first: `correct[np.argsort(-scores)]`. Then `np.cumsum` counts the right ones among the first 1, 2, … "
    "detections.",
    "Precision is this count over 1, 2, …, n. Each right detection moves the recall on by 1 / objects, a wrong one "
    "not at all; so the area is a sum over the right detections.",
    "The best precision from here on is `np.maximum.accumulate(precision[::-1])[::-1]`; add it up where the sorted "
    "`correct` is True, and divide by `objects`.",
), praise="Objects that were never found add nothing to the sum, but they are in the divisor: AP counts what you miss.")
def average_precision(correct, scores, objects):
    """All-point average precision of detections, correct (n,) and scores (n,), of this many objects: a number."""
    correct = correct[np.argsort(-scores)]
    precision = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return best[correct].sum() / objects


@average_precision.cases
def _(rng):
    yield Case((np.array([True, False, True, True, False]), np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 5),
               "the example of the chapter")
    for n, objects in ((12, 9), (20, 25)):
        yield rng.random(n) < 0.45, rng.permutation(n) / n, objects
    yield Case((np.array([False, True, True]), np.array([0.9, 0.8, 0.7]), 2), "the precision rises")
    yield Case((np.array([True, True, True]), np.array([0.2, 0.9, 0.5]), 3), "a perfect detector")
    yield Case((np.array([False, False]), np.array([0.9, 0.1]), 4), "no detection is right")
    yield Case((np.zeros(0, dtype=bool), np.zeros(0), 4), "no detection at all")


def _ap_with(correct, scores, objects, envelope=True, order=-1):
    correct = correct[np.argsort(order * scores)] if order else correct
    precision = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1] if envelope else precision
    return best[correct].sum() / objects


@average_precision.wrong("The detections are not sorted. Go from the highest score to the lowest.")
def not_sorted(correct, scores, objects):
    return _ap_with(correct, scores, objects, order=0)


@average_precision.wrong("You sort from the lowest score to the highest: `np.argsort` is ascending, so use `-scores`.")
def lowest_first(correct, scores, objects):
    return _ap_with(correct, scores, objects, order=1)


@average_precision.wrong("You use the precision as it was measured. At each recall the best precision *from there on* "
                         "counts.")
def without_envelope(correct, scores, objects):
    return _ap_with(correct, scores, objects, envelope=False)


@average_precision.wrong("You average over the objects that were found. Divide by all objects that exist, or missing "
                         "one would cost nothing.")
def over_the_found(correct, scores, objects):
    return _ap_with(correct, scores, max(correct.sum(), 1))


@average_precision.wrong("You take the best precision so far, looking back. The envelope looks ahead: the best at this "
                         "recall or any larger one.")
def looking_back(correct, scores, objects):
    correct = correct[np.argsort(-scores)]
    precision = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    return np.maximum.accumulate(precision)[correct].sum() / objects


@average_precision.wrong("You add up the precision of all detections. A wrong detection does not move the recall, so "
                         "only the right ones add to the area.")
def all_detections(correct, scores, objects):
    correct = correct[np.argsort(-scores)]
    precision = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    return np.maximum.accumulate(precision[::-1]).sum() / objects


@average_precision.wrong("This is the 11-point version. Asked is the area, with one step for each right detection.")
def eleven_points(correct, scores, objects):
    correct = correct[np.argsort(-scores)]
    found = np.cumsum(correct)
    precision, recall = found / np.arange(1, len(correct) + 1), found / objects
    return sum(max(precision[recall >= level - 1e-9], default=0) for level in np.linspace(0, 1, 11)) / 11


@average_precision.wrong("You join the measured points by straight lines (the trapezoid rule). The curve is a "
                         "staircase: each step of the recall times the best precision from there on.")
def trapezoids(correct, scores, objects):
    correct = correct[np.argsort(-scores)]
    found = np.cumsum(correct)
    return np.trapezoid(found / np.arange(1, len(correct) + 1), found / objects)


@average_precision.wrong("This is the precision over all detections: one point of the curve, not the area under it.")
def last_precision(correct, scores, objects):
    return correct.sum() / max(len(correct), 1)


# ---- 6. Find the bug ----

@chapter.exercise(stars=2, title="Find the bug", hints=(
    "Two rules write into `match`. What happens to an anchor about which both of them have something to say?",
    "Think of an anchor that is the best one for a small object, and overlaps a large object still better. The first "
    "rule gives it to the small object. And then?",
    "The rule that guarantees an anchor to each object must have the last word: move it behind the other one.",
), praise="Rules that write to the same place are ordered by importance, the most important one last.")
def assign(iou, threshold):
    """The object of each anchor, (n,), or -1: by the threshold, and the best anchor of each object in any case."""
    match = np.full(len(iou), -1)
    objects = np.arange(iou.shape[1])
    good = iou.max(axis=1) >= threshold
    match[good] = iou[good].argmax(axis=1)
    match[iou.argmax(axis=0)] = objects
    return match


@assign.cases
def _(rng):
    yield Case((np.array([[0.6, 0.55], [0.7, 0.1], [0.2, 0.3], [0.0, 0.0]]), 0.5),
               "anchor 0 is the best one for object 1, but overlaps object 0 still better")
    yield Case((np.array([[0.1, 0.6], [0.3, 0.0], [0.2, 0.2], [0.0, 0.5]]), 0.5), "object 0 has only weak anchors")
    for n, k in ((9, 3), (14, 4)):
        yield np.round(rng.uniform(0.01, 0.95, size=(n, k)), 3), 0.6
    yield Case((np.array([[0.5, 0.1], [0.9, 0.0], [0.4, 0.45]]), 0.5), "an IoU exactly at the threshold")


@assign.given
def _(iou, threshold):
    match = np.full(len(iou), -1)
    objects = np.arange(iou.shape[1])
    match[iou.argmax(axis=0)] = objects
    good = iou.max(axis=1) >= threshold
    match[good] = iou[good].argmax(axis=1)
    return match


@assign.wrong("Now no object is sure of an anchor: the rule that gives each object its best anchor is gone. Keep it, "
              "at the right place.")
def no_guarantee(iou, threshold):
    return np.where(iou.max(axis=1) >= threshold, iou.argmax(axis=1), -1)


@assign.wrong("Now only the best anchor of each object is positive. All anchors with an IoU of at least the threshold "
              "are.")
def only_the_best(iou, threshold):
    match = np.full(len(iou), -1)
    match[iou.argmax(axis=0)] = np.arange(iou.shape[1])
    return match


@assign.wrong("Each object gets its best anchor only if the IoU reaches the threshold. It should get it whatever the "
              "IoU.")
def guarantee_above_threshold(iou, threshold):
    match = no_guarantee(iou, threshold)
    best, objects = iou.argmax(axis=0), np.arange(iou.shape[1])
    strong = iou.max(axis=0) >= threshold
    match[best[strong]] = objects[strong]
    return match


@assign.wrong("An IoU exactly at the threshold is enough: `>=` was right.")
def above_only(iou, threshold):
    match = np.where(iou.max(axis=1) > threshold, iou.argmax(axis=1), -1)
    match[iou.argmax(axis=0)] = np.arange(iou.shape[1])
    return match


@assign.wrong("Anchors without an object get 0 from you, but 0 is the first object. Start from -1.")
def background_is_zero(iou, threshold):
    return assign.reference(iou, threshold).clip(0)


@assign.wrong("You write the other way round. `iou.argmax(axis=0)` says *where* to write, at the best anchor of each "
              "object; `objects` is *what* to write.")
def where_and_what_swapped(iou, threshold):
    match = no_guarantee(iou, threshold)
    match[:iou.shape[1]] = iou.argmax(axis=0)
    return match
