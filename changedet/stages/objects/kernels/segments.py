"""Graph-based segmentation (Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77)
and region moments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

WEIGHT_LEVELS = 2048


def _edge_weights(image: Any, valid: Any, step: float, out: Any) -> None:
    """Quantised colour distance to the right (0) and lower (1) neighbour; the last level where a pixel is not valid."""
    height, width, bands = image.shape
    for y in range(height):
        for x in range(width):
            for k in range(2):
                y2, x2 = y + k, x + 1 - k
                level = WEIGHT_LEVELS - 1
                if y2 < height and x2 < width and valid[y, x] and valid[y2, x2]:
                    total = 0.0
                    for b in range(bands):
                        difference = image[y, x, b] - image[y2, x2, b]
                        total += difference * difference
                    level = min(WEIGHT_LEVELS - 2, int(np.sqrt(total / bands) / step))
                out[k, y, x] = level


edge_weights: Callable[..., None] = njit(cache=True, nogil=True)(_edge_weights)


def _counting_sort(weights: Any) -> Any:
    """Edge numbers in ascending order of weight; edges of the last level are left out."""
    flat = weights.ravel()
    starts = np.zeros(WEIGHT_LEVELS + 1, np.int64)
    for value in flat:
        starts[value + 1] += 1
    for i in range(WEIGHT_LEVELS):
        starts[i + 1] += starts[i]
    order = np.empty(starts[WEIGHT_LEVELS - 1], np.int32)
    for i in range(flat.size):
        if flat[i] < WEIGHT_LEVELS - 1:
            order[starts[flat[i]]] = i
            starts[flat[i]] += 1
    return order


counting_sort: Callable[..., Any] = njit(cache=True, nogil=True)(_counting_sort)


def _root(parent: Any, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


root: Callable[..., Any] = njit(cache=True, nogil=True, inline="always")(_root)


def _merge(order: Any, weights: Any, step: float, scale: float, parent: Any, size: Any, limit: Any) -> None:
    """Join the two ends of each edge, ascending, where it is weaker than both regions' own limit."""
    height, width = weights.shape[1], weights.shape[2]
    count = height * width
    flat = weights.ravel()
    for edge in order:
        first = edge % count
        second = first + (1 if edge < count else width)
        a, b = root(parent, first), root(parent, second)
        if a == b:
            continue
        weight = flat[edge] * step
        if weight <= limit[a] and weight <= limit[b]:
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
            limit[a] = weight + scale / size[a]


merge: Callable[..., None] = njit(cache=True, nogil=True)(_merge)


def _label(parent: Any, out: Any) -> int:
    """Consecutive labels from 0 in raster order; returns how many there are."""
    numbers = np.full(parent.size, -1, np.int32)
    flat = out.ravel()
    count = 0
    for i in range(parent.size):
        r = root(parent, i)
        if numbers[r] < 0:
            numbers[r] = count
            count += 1
        flat[i] = numbers[r]
    return count


label: Callable[..., int] = njit(cache=True, nogil=True)(_label)


def _moments(labels: Any, count: int) -> Any:
    """Per region: pixels, mean x, mean y, central xx, xy, yy."""
    out = np.zeros((count, 6), np.float64)
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            row = out[labels[y, x]]
            row[0] += 1.0
            row[1] += x
            row[2] += y
            row[3] += x * x
            row[4] += x * y
            row[5] += y * y
    for row in out:
        n = row[0]
        row[1] /= n
        row[2] /= n
        # A pixel is a unit square, not a point: 1/12 is its own second moment.
        row[3] = row[3] / n - row[1] * row[1] + 1.0 / 12.0
        row[4] = row[4] / n - row[1] * row[2]
        row[5] = row[5] / n - row[2] * row[2] + 1.0 / 12.0
    return out


moments: Callable[..., Any] = njit(cache=True, nogil=True)(_moments)


def segment(
    image: NDArray[np.float32], valid: NDArray[np.bool_], scales: tuple[float, ...], step: float
) -> list[tuple[NDArray[np.int32], int]]:
    """Segment a picture at several scales with one sort of its edges.

    Parameters
    ----------
    image : (y, x, band) float32
        Stretched colours, no NaN.
    valid : (y, x) bool
        A pixel that is not valid joins nothing.
    scales : of the observation function ``scale / size``; greater makes regions greater.
    step : colour distance of one level of the quantised edge weights.

    Returns
    -------
    list of (labels (y, x) int32 from 0, number of regions), one for each scale.
    """
    height, width = valid.shape
    weights = np.empty((2, height, width), np.int16)
    edge_weights(image, valid, step, weights)
    order = counting_sort(weights)
    found = []
    for scale in scales:
        parent = np.arange(height * width, dtype=np.int32)
        size = np.ones(height * width, np.int32)
        limit = np.full(height * width, scale, np.float32)
        merge(order, weights, step, scale, parent, size, limit)
        labels = np.empty((height, width), np.int32)
        found.append((labels, label(parent, labels)))
    return found


def moment_rectangles(labels: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """The rectangle with each region's own second moments.

    Returns
    -------
    (region, 6) float64: x, y (px, centre of the first pixel is 0), length, width (px), angle (rad, long side clockwise
    from up, 0 to pi), fill (region's area over the rectangle's: 1 for a rectangle, less for a ragged or hollow shape).
    """
    table = moments(labels, count)
    n, x, y, xx, xy, yy = table.T
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    length, width = np.sqrt(12 * (mean + spread)), np.sqrt(12 * np.maximum(mean - spread, 1.0 / 12.0))
    turn = 0.5 * np.arctan2(2 * xy, xx - yy)
    angle = np.mod(turn + np.pi / 2, np.pi)
    return np.column_stack([x, y, length, width, angle, n / (length * width)])
