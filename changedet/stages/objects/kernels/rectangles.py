"""Rotated rectangles: their corners, their overlap, suppression of overlapping ones.

A rectangle is a row ``x, y, length, width, angle``: centre, long and short side in pixels (the centre of the first
pixel is 0, 0) or in metres, angle of the long side in radians clockwise from up.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.compiled import compiled

FIELDS: Final = 5
"""Of a rectangle's row."""
ASKEW_RAD: Final = 0.26
"""Boxes turned against each other by more (15 degrees) are askew: long ones that cross share little of their area."""
CLIPPED_CORNERS: Final = 16
"""Room for the corners of a clipped rectangle, of which there are eight at most."""


def corners(boxes: Floats) -> Floats:
    """Corner points of rectangles.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Rectangles, in pixels or metres.

    Returns
    -------
    float64 (n, 4, 2)
        x and y of each corner in the same unit, in order around the rectangle.
    """
    x, y, length, width, angle = boxes.T
    along = np.stack([np.sin(angle), -np.cos(angle)], axis=-1) * length[:, None] / 2
    across = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * width[:, None] / 2
    centre = np.stack([x, y], axis=-1)
    return np.stack(
        [centre - along - across, centre + along - across, centre + along + across, centre - along + across], axis=1
    )


@compiled
def overlap(a: Floats, b: Floats) -> float:
    """Intersection over union of two rectangles, by clipping one with the sides of the other.

    Parameters
    ----------
    a, b : float64 (5,)
        Rectangles in one unit.

    Returns
    -------
    float
        0 to 1.
    """
    points, other = np.empty((CLIPPED_CORNERS, 2)), np.empty((CLIPPED_CORNERS, 2))
    count = 0
    ca, sa, cb, sb = np.cos(b[4]), np.sin(b[4]), np.cos(a[4]), np.sin(a[4])
    for k in range(4):
        s = -0.5 if k in (0, 3) else 0.5
        t = -0.5 if k < 2 else 0.5
        dx = a[0] - b[0] + s * a[2] * sb + t * a[3] * cb
        dy = a[1] - b[1] - s * a[2] * cb + t * a[3] * sb
        points[k, 0], points[k, 1] = dx * sa - dy * ca, dx * ca + dy * sa
        count += 1
    for side in range(4):
        column, sign, limit = side // 2, 1.0 - 2.0 * (side % 2), (b[2] if side < 2 else b[3]) / 2
        count = _clip(points, count, column, sign, limit, other)
        points, other = other, points
        if count == 0:
            return 0.0
    common = _area(points, count)
    return float(common / (a[2] * a[3] + b[2] * b[3] - common))


@compiled
def _clip(points: Floats, count: int, column: int, sign: float, limit: float, out: Floats) -> int:
    """The polygon's part on the inner side of a line; the number of its corners (Sutherland and Hodgman 1974)."""
    kept = 0
    for k in range(count):
        p, q = points[k], points[(k + 1) % count]
        dp, dq = limit - sign * p[column], limit - sign * q[column]
        # number by number: numba compiles an assignment of arrays with the words of its error, which takes seconds
        if dp >= 0:
            out[kept, 0], out[kept, 1] = p[0], p[1]
            kept += 1
        if dp * dq < 0:
            for c in range(2):
                out[kept, c] = p[c] + (q[c] - p[c]) * dp / (dp - dq)
            kept += 1
    return kept


@compiled
def _area(points: Floats, count: int) -> float:
    """Area of a polygon by the shoelace formula."""
    area = 0.0
    for k in range(count):
        p, q = points[k], points[(k + 1) % count]
        area += p[0] * q[1] - q[0] * p[1]
    return abs(area) / 2


@compiled
def _compatible(a: Floats, b: Floats, threshold: float, askew: float) -> bool:
    """Whether two boxes overlap by no more than is allowed."""
    if 2 * np.hypot(a[0] - b[0], a[1] - b[1]) >= np.hypot(a[2], a[3]) + np.hypot(b[2], b[3]):
        return True
    turn = abs((a[4] - b[4] + np.pi / 2) % np.pi - np.pi / 2)
    return bool(overlap(a, b) <= (askew if turn > ASKEW_RAD else threshold))


@compiled
def _keep_best(boxes: Floats, order: Ints, cell: float, threshold: float, askew: float) -> Bools:
    """Walk through boxes best first; each is compared with those already kept in the cells around it."""
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    columns, lines = int((boxes[:, 0].max() - left) / cell) + 1, int((boxes[:, 1].max() - top) / cell) + 1
    first = np.full(columns * lines, -1, np.int64)
    following = np.full(len(boxes), -1, np.int64)
    kept = np.zeros(len(boxes), np.bool_)
    for i in order:
        cx, cy = int((boxes[i, 0] - left) / cell), int((boxes[i, 1] - top) / cell)
        free = True
        for row in range(max(0, cy - 1), min(lines, cy + 2)):
            for column in range(max(0, cx - 1), min(columns, cx + 2)):
                j = first[row * columns + column]
                while j >= 0 and free:
                    free = _compatible(boxes[i], boxes[j], threshold, askew)
                    j = following[j]
        if free:
            kept[i] = True
            following[i] = first[cy * columns + cx]
            first[cy * columns + cx] = i
    return kept


def suppress(boxes: Floats, scores: Floats, threshold: float, askew: float) -> Bools:
    """Greedy non-maximum suppression: which boxes stay where better ones overlap them.

    Ties are broken by place, so the result does not depend on the order of the rows.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Rectangles in one unit.
    scores : float64 (n,)
        The greater the better.
    threshold : float
        Greatest intersection over union with a better box, 0 to 1.
    askew : float
        The same for boxes turned by more than `ASKEW_RAD`.

    Returns
    -------
    bool (n,)
        True for boxes that stay.
    """
    if len(boxes) < 2:
        return np.ones(len(boxes), bool)
    order = np.lexsort((*boxes.T[::-1], -scores)).astype(np.int64)
    cell = float(np.hypot(boxes[:, 2], boxes[:, 3]).max())
    return np.asarray(_keep_best(np.ascontiguousarray(boxes, np.float64), order, cell, threshold, askew), bool)


def iou_matrix(first: Floats, second: Floats) -> Floats:
    """Intersection over union of every box with every other.

    Parameters
    ----------
    first : float64 (n, 5)
        Rectangles.
    second : float64 (m, 5)
        Rectangles in the same unit.

    Returns
    -------
    float64 (n, m)
        0 to 1.
    """
    return np.array([[overlap(a, b) for b in second] for a in first]).reshape(len(first), len(second))
