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
CORNERS: Final = 4
"""Of a rectangle, which has as many sides."""
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
    # a literal would be a type of its own, for which what is called would be compiled once more
    count = int(np.int64(CORNERS))
    ca, sa, cb, sb = np.cos(b[4]), np.sin(b[4]), np.cos(a[4]), np.sin(a[4])
    for k in range(CORNERS):
        s = -0.5 if k == 0 or k == 3 else 0.5
        t = -0.5 if k < 2 else 0.5
        dx = a[0] - b[0] + s * a[2] * sb + t * a[3] * cb
        dy = a[1] - b[1] - s * a[2] * cb + t * a[3] * sb
        points[k, 0], points[k, 1] = dx * sa - dy * ca, dx * ca + dy * sa
    for side in range(CORNERS):
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
def _fill_kept(
    boxes: Floats,
    order: Ints,
    cells: Ints,
    shape: tuple[int, int],
    limits: tuple[float, float],
    room: Ints,
    kept: Bools,
) -> None:
    """Walk through boxes best first; each is compared with those already kept in the cells around it."""
    # of every box the one before it in its cell, and of every cell the last one; -1 for none
    count = len(boxes)
    for i in order:
        cy, cx = cells[0, i], cells[1, i]
        free = True
        for row in range(max(0, cy - 1), min(shape[0], cy + 2)):
            for column in range(max(0, cx - 1), min(shape[1], cx + 2)):
                j = room[count + row * shape[1] + column]
                while j >= 0 and free:
                    free = _compatible(boxes[i], boxes[j], limits[0], limits[1])
                    j = room[j]
        if free:
            kept[i] = True
            last = count + cy * shape[1] + cx
            room[i], room[last] = room[last], i


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
    boxes = np.ascontiguousarray(boxes, np.float64)
    cell = float(np.hypot(boxes[:, 2], boxes[:, 3]).max())
    places = boxes[:, 1::-1].T
    cells = ((places - places.min(axis=1, keepdims=True)) / cell).astype(np.int64, order="C")
    lines, columns = cells.max(axis=1) + 1
    room, kept = np.full(len(boxes) + lines * columns, -1, np.int64), np.zeros(len(boxes), bool)
    _fill_kept(boxes, order, cells, (int(lines), int(columns)), (float(threshold), float(askew)), room, kept)
    return kept


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
