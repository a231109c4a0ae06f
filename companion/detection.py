"""Object detection: boxes and their overlap, anchors, and the score of a detector. Arrays in, arrays out.

A box is (x1, y1, x2, y2) in pixels, half-open: its width is x2 - x1, its height y2 - y1.
"""
import numpy as np


def _as_boxes(boxes, name="boxes"):
    boxes = np.asarray(boxes, dtype=float)
    boxes = boxes.reshape(0, 4) if boxes.shape == (0,) else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have the shape (n, 4), got {boxes.shape}")
    if not np.isfinite(boxes).all() or (boxes[:, 2:] < boxes[:, :2]).any():
        raise ValueError(f"{name} must be finite numbers (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2")
    return boxes


def _by_score(scores, n):
    """The order of n scores, highest first; equal ones stay in their order."""
    scores = np.asarray(scores, dtype=float)
    if scores.shape != (n,) or np.isnan(scores).any():
        raise ValueError(f"expected one score for each of {n} boxes and no NaN, got {scores} of shape {scores.shape}")
    return np.argsort(-scores, kind="stable")


def box_area(boxes):
    """Areas (n,) of boxes (n, 4)."""
    boxes = _as_boxes(boxes)
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def box_iou(boxes1, boxes2):
    """Intersection over union of every pair: boxes (n, 4) and (m, 4) -> (n, m), 0 to 1; 0 for two empty boxes.

    Jaccard, 1901; for detection: Everingham et al., 2010.
    """
    boxes1, boxes2 = _as_boxes(boxes1, "boxes1"), _as_boxes(boxes2, "boxes2")
    corner1 = np.maximum(boxes1[:, None, :2], boxes2[:, :2])  # (n, m, 2)
    corner2 = np.minimum(boxes1[:, None, 2:], boxes2[:, 2:])
    intersection = np.prod((corner2 - corner1).clip(0), axis=2)
    union = box_area(boxes1)[:, None] + box_area(boxes2) - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


def nms(boxes, scores, iou_threshold):
    """Non-maximum suppression: the indices of the boxes (n, 4) that stay, highest of the scores (n,) first.

    A box goes if its IoU with a box that stays and has a higher score is above iou_threshold. Of equal scores the
    earlier counts as the higher.
    """
    boxes = _as_boxes(boxes)
    order, keep = _by_score(scores, len(boxes)), []
    while len(order):
        best, order = order[0], order[1:]
        keep.append(best)
        order = order[box_iou(boxes[[best]], boxes[order])[0] <= iou_threshold]
    return np.array(keep, dtype=np.int64)


def batched_nms(boxes, scores, labels, iou_threshold):
    """As nms, but only boxes of the same label (n,) suppress each other."""
    boxes, labels = _as_boxes(boxes), np.asarray(labels)
    if labels.shape != (len(boxes),):
        raise ValueError(f"expected one label for each of {len(boxes)} boxes, got the shape {labels.shape}")
    apart = np.ptp(boxes) + 1 if len(boxes) else 0  # classes are moved so far apart that they cannot meet
    return nms(boxes + apart * labels[:, None], scores, iou_threshold)


def anchor_boxes(size, stride, sides, ratios=(1.0,)):
    """Anchors (cells * cells * sides * ratios, 4) on the grid of size // stride cells in each direction.

    Each cell is the center of len(sides) * len(ratios) boxes of area side ** 2 and of width / height = ratio. They come
    row by row as in a feature map, all of one cell together (Ren et al., 2015; Liu et al., 2016).
    """
    if stride < 1 or size % stride:
        raise ValueError(f"the stride must divide the size of the image, got {stride} and {size}")
    side, root = np.asarray(sides, dtype=float)[:, None], np.sqrt(ratios)
    half = np.stack([side * root, side / root], axis=-1).reshape(-1, 2) / 2  # (width, height) / 2
    centers = (np.arange(size // stride) + 0.5) * stride
    x, y = np.meshgrid(centers, centers)
    center = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    return np.concatenate([center - half, center + half], axis=-1).reshape(-1, 4)


def match_anchors(anchors, boxes, positive=0.5, negative=0.4):
    """The object of each anchor: anchors (n, 4), true boxes (k, 4) -> (n,), a row of boxes, or -1 or -2.

    An anchor belongs to the box it overlaps most if the IoU is at least `positive`; it is background (-1) if the IoU is
    below `negative`, and left out (-2) in between. And every box gets the anchor that overlaps it most, unless they do
    not meet at all (Ren et al., 2015).
    """
    anchors, boxes = _as_boxes(anchors, "anchors"), _as_boxes(boxes)
    if not 0 <= negative <= positive <= 1:
        raise ValueError(f"expected 0 <= negative <= positive <= 1, got {negative} and {positive}")
    if not len(boxes) or not len(anchors):
        return np.full(len(anchors), -1)
    iou = box_iou(anchors, boxes)
    best = iou.max(axis=1)
    match = np.where(best >= positive, iou.argmax(axis=1), np.where(best < negative, -1, -2))
    found = iou.max(axis=0) > 0
    match[iou.argmax(axis=0)[found]] = np.flatnonzero(found)
    return match


def _center_size(boxes):
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]


def encode_boxes(boxes, anchors):
    """What leads from anchors (n, 4) to boxes (n, 4): offsets (n, 4), as Girshick et al., 2014, define them.

    The shift of the center in widths and heights of the anchor, and the logarithms of the ratios of widths and heights.
    """
    boxes, anchors = _as_boxes(boxes), _as_boxes(anchors, "anchors")
    if boxes.shape != anchors.shape or not box_area(boxes).all() or not box_area(anchors).all():
        raise ValueError(f"expected one box for each anchor and no empty one, got {len(boxes)} for {len(anchors)}")
    (center, size), (anchor_center, anchor_size) = _center_size(boxes), _center_size(anchors)
    return np.hstack([(center - anchor_center) / anchor_size, np.log(size / anchor_size)])


def decode_boxes(offsets, anchors):
    """The boxes (n, 4) to which offsets (n, 4) lead from anchors (n, 4): the inverse of encode_boxes."""
    offsets, anchors = np.asarray(offsets, dtype=float), _as_boxes(anchors, "anchors")
    if offsets.shape != anchors.shape:
        raise ValueError(f"expected four offsets for each of {len(anchors)} anchors, got the shape {offsets.shape}")
    anchor_center, anchor_size = _center_size(anchors)
    center, half = anchor_center + offsets[:, :2] * anchor_size, anchor_size * np.exp(offsets[:, 2:]) / 2
    return np.hstack([center - half, center + half])


def match_detections(boxes, scores, truth, iou_threshold=0.5):
    """Which detections of one image and class are right: boxes (n, 4), scores (n,), truth (k, 4) -> booleans (n,).

    From the highest score on, a detection is right if the true box that it overlaps most has an IoU of at least
    iou_threshold and was not found before (Everingham et al., 2010).
    """
    boxes, truth = _as_boxes(boxes), _as_boxes(truth, "truth")
    correct, found = np.zeros(len(boxes), dtype=bool), set()
    iou = box_iou(boxes, truth)
    for i in _by_score(scores, len(boxes)) if len(truth) else []:
        best = int(iou[i].argmax())
        correct[i] = iou[i, best] >= iou_threshold and best not in found
        if correct[i]:
            found.add(best)
    return correct


def precision_recall(correct, scores, objects):
    """Precision and recall (n,) of the 1, 2, … n detections with the highest scores, where `objects` could be found."""
    correct = np.asarray(correct, dtype=bool)
    if objects < max(correct.sum(), 1):
        raise ValueError(f"expected as many objects as right detections ({correct.sum()}), at least 1, got {objects}")
    right = np.cumsum(correct[_by_score(scores, len(correct))])
    return right / np.arange(1, len(right) + 1), right / objects


def average_precision(correct, scores, objects, points=None):
    """Average precision of detections with scores (n,) and correct (n,), where `objects` could be found: 0 to 1.

    The precision at a recall is the highest one at this recall or above. points=None is the area under this curve
    (PASCAL VOC since 2010); points=11 its mean at the recalls 0, 0.1, …, 1 (until 2009), points=101 that of COCO.
    """
    precision, recall = precision_recall(correct, scores, objects)
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    if points is None:
        return float(np.sum(np.diff(recall, prepend=0) * best[:-1]))
    levels = np.linspace(0, 1, points)
    return float(best[np.searchsorted(recall, levels - 1e-9)].mean())  # 3 / 10 and the third level differ in rounding
