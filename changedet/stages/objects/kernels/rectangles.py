"""Rotated rectangles: their corners, their overlap, suppression.

A rectangle is a row ``x, y, length, width, angle``: centre, long and short side in pixels (the centre of the first
pixel is 0, 0), angle of the long side in radians clockwise from up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


def corners(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corner points (n, 4, 2) of boxes (n, 5), in their own units."""
    x, y, length, width, angle = boxes.T
    along = np.stack([np.sin(angle), -np.cos(angle)], axis=-1) * length[:, None] / 2
    across = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * width[:, None] / 2
    centre = np.stack([x, y], axis=-1)
    return np.stack(
        [centre - along - across, centre + along - across, centre + along + across, centre - along + across], axis=1
    )


def _overlap(a: Any, b: Any) -> float:
    """Intersection over union of two rectangles, by clipping one with the sides of the other."""
    points, other = np.empty((16, 2)), np.empty((16, 2))
    count = 4
    ca, sa, cb, sb = np.cos(b[4]), np.sin(b[4]), np.cos(a[4]), np.sin(a[4])
    for k in range(4):
        s = -0.5 if k in (0, 3) else 0.5
        t = -0.5 if k < 2 else 0.5
        dx = a[0] - b[0] + s * a[2] * sb + t * a[3] * cb
        dy = a[1] - b[1] - s * a[2] * cb + t * a[3] * sb
        points[k, 0], points[k, 1] = dx * sa - dy * ca, dx * ca + dy * sa
    for side in range(4):
        column, sign, limit = side // 2, 1.0 - 2.0 * (side % 2), (b[2] if side < 2 else b[3]) / 2
        kept = 0
        for k in range(count):
            p, q = points[k], points[(k + 1) % count]
            dp, dq = limit - sign * p[column], limit - sign * q[column]
            if dp >= 0:
                other[kept] = p
                kept += 1
            if dp * dq < 0:
                other[kept] = p + (q - p) * dp / (dp - dq)
                kept += 1
        points[:kept] = other[:kept]
        count = kept
        if count == 0:
            return 0.0
    area = 0.0
    for k in range(count):
        p, q = points[k], points[(k + 1) % count]
        area += p[0] * q[1] - q[0] * p[1]
    common = abs(area) / 2
    return float(common / (a[2] * a[3] + b[2] * b[3] - common))


overlap: Callable[..., float] = njit(cache=True, nogil=True)(_overlap)


def _parted(a: Any, b: Any, threshold: float, askew: float) -> bool:
    """Whether two boxes overlap by no more than is allowed."""
    if 2 * np.hypot(a[0] - b[0], a[1] - b[1]) >= np.hypot(a[2], a[3]) + np.hypot(b[2], b[3]):
        return True
    turn = abs((a[4] - b[4] + np.pi / 2) % np.pi - np.pi / 2)
    return bool(overlap(a, b) <= (askew if turn > 0.26 else threshold))


parted: Callable[..., bool] = njit(cache=True, nogil=True)(_parted)


def _keep_best(boxes: Any, order: Any, cell: float, threshold: float, askew: float) -> Any:
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
                    free = parted(boxes[i], boxes[j], threshold, askew)
                    j = following[j]
        if free:
            kept[i] = True
            following[i] = first[cy * columns + cx]
            first[cy * columns + cx] = i
    return kept


keep_best: Callable[..., Any] = njit(cache=True, nogil=True)(_keep_best)


def suppress(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], threshold: float, askew: float
) -> NDArray[np.bool_]:
    """Greedy suppression: a box falls where it overlaps a better one by more than `threshold` (intersection over
    union).

    Ties are broken by place, so the result does not depend on the order of the rows.

    Parameters
    ----------
    boxes : (n, 5) float64
    scores : (n,) float64
    threshold : 0 to 1.
    askew : 0 to 1, the same for boxes turned by more than 15 degrees: long boxes that cross share little.

    Returns
    -------
    (n,) bool, True for boxes that stay.
    """
    if len(boxes) < 2:
        return np.ones(len(boxes), bool)
    order = np.lexsort((*boxes.T[::-1], -scores)).astype(np.int64)
    cell = float(np.hypot(boxes[:, 2], boxes[:, 3]).max())
    return np.asarray(keep_best(np.ascontiguousarray(boxes, np.float64), order, cell, threshold, askew), bool)


def iou_matrix(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every box (n, 5) with every other (m, 5): (n, m) float64, 0 to 1."""
    return np.array([[overlap(a, b) for b in second] for a in first]).reshape(len(first), len(second))
