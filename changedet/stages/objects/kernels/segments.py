"""Graph-based segmentation of an image, and the rectangle with each segment's second moments.

Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77, with quantised edge weights, so that one
counting sort serves all scales.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled, inlined

Labels: TypeAlias = NDArray[np.int32]
Weights: TypeAlias = NDArray[np.int16]

WEIGHT_LEVELS: Final = 2048
"""Levels of the quantised edge weights; the last one stands for an edge that joins nothing."""
PIXEL_MOMENT: Final = 1.0 / 12.0
"""Second moment of a pixel by itself: it is a unit square, not a point."""
SIDE_OF_MOMENT: Final = 12
"""A side of a rectangle is the root of so many times the second moment along it."""
PIXELS, MEAN_X, MEAN_Y, XX, XY, YY = range(6)
"""Columns of a table of moments."""


@compiled
def _edge_weights(image: Singles, valid: Bools, step: float, out: Weights) -> None:
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


@compiled
def _counting_sort(weights: Weights) -> NDArray[np.int32]:
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


@inlined
def _root(parent: Labels, i: int) -> int:
    """The region that a pixel belongs to, with the path to it halved."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
def _merge(
    order: NDArray[np.int32], weights: Weights, step: float, scale: float, parent: Labels, size: Labels, limit: Singles
) -> None:
    """Join the two ends of each edge, ascending, where it is weaker than both regions' own limit."""
    height, width = weights.shape[1], weights.shape[2]
    count = height * width
    flat = weights.ravel()
    for edge in order:
        first = edge % count
        second = first + (1 if edge < count else width)
        a, b = _root(parent, first), _root(parent, second)
        if a == b:
            continue
        weight = flat[edge] * step
        if weight <= limit[a] and weight <= limit[b]:
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
            limit[a] = weight + scale / size[a]


@compiled
def _label(parent: Labels, out: Labels) -> int:
    """Consecutive labels from 0 in raster order; returns how many there are."""
    numbers = np.full(parent.size, -1, np.int32)
    flat = out.ravel()
    count = 0
    for i in range(parent.size):
        r = _root(parent, i)
        if numbers[r] < 0:
            numbers[r] = count
            count += 1
        flat[i] = numbers[r]
    return count


@compiled
def _moments(labels: Labels, count: int) -> Floats:
    """Per region: pixels, mean x, mean y, central xx, xy, yy."""
    out = np.zeros((count, YY + 1), np.float64)
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            row = out[labels[y, x]]
            row[PIXELS] += 1.0
            row[MEAN_X] += x
            row[MEAN_Y] += y
            row[XX] += x * x
            row[XY] += x * y
            row[YY] += y * y
    for row in out:
        n = row[PIXELS]
        row[MEAN_X] /= n
        row[MEAN_Y] /= n
        row[XX] = row[XX] / n - row[MEAN_X] * row[MEAN_X] + PIXEL_MOMENT
        row[XY] = row[XY] / n - row[MEAN_X] * row[MEAN_Y]
        row[YY] = row[YY] / n - row[MEAN_Y] * row[MEAN_Y] + PIXEL_MOMENT
    return out


def segment(image: Singles, valid: Bools, scales: tuple[float, ...], step: float) -> list[tuple[Labels, int]]:
    """Segments of a picture at several scales, with one sort of its edges.

    Parameters
    ----------
    image : float32 (y, x, band)
        Stretched colours, no NaN.
    valid : bool (y, x)
        A pixel that is not valid joins nothing.
    scales : tuple of float
        Of the observation function ``scale / size``; greater makes regions greater.
    step : float
        Colour distance of one level of the quantised edge weights.

    Returns
    -------
    list of (int32 (y, x), int)
        For each scale the labels, from 0, and the number of regions.
    """
    height, width = valid.shape
    weights = np.empty((2, height, width), np.int16)
    _edge_weights(image, valid, step, weights)
    order = _counting_sort(weights)
    found = []
    for scale in scales:
        parent = np.arange(height * width, dtype=np.int32)
        size = np.ones(height * width, np.int32)
        limit = np.full(height * width, scale, np.float32)
        _merge(order, weights, step, scale, parent, size, limit)
        labels = np.empty((height, width), np.int32)
        found.append((labels, _label(parent, labels)))
    return found


def moment_rectangles(labels: Labels, count: int) -> Floats:
    """The rectangle with each region's own second moments.

    Parameters
    ----------
    labels : int32 (y, x)
        Of `segment`.
    count : int
        Number of regions.

    Returns
    -------
    float64 (region, 6)
        x, y (px, centre of the first pixel is 0), length, width (px), angle (rad, long side clockwise from up, 0 to
        pi), fill (region's area over the rectangle's: 1 for a rectangle, less for a ragged or hollow shape).
    """
    table = _moments(labels, count)
    n, x, y, xx, xy, yy = table.T
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    length = np.sqrt(SIDE_OF_MOMENT * (mean + spread))
    width = np.sqrt(SIDE_OF_MOMENT * np.maximum(mean - spread, PIXEL_MOMENT))
    turn = 0.5 * np.arctan2(2 * xy, xx - yy)
    angle = np.mod(turn + np.pi / 2, np.pi)
    return np.column_stack([x, y, length, width, angle, n / (length * width)])
