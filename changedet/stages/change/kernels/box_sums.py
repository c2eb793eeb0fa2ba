"""Sums and means over squares of pixels, exact: a pixel gets the same whatever block it is computed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Singles, Words
from changedet.kernels.compiled import compiled


def box_sum(image: NDArray[np.integer], half: int) -> Words:
    """Sum over a square around each pixel, which the image's edge cuts off.

    Parameters
    ----------
    image : int (y, x)
        Small enough that no sum overflows int32.
    half : int
        Pixels to either side of the middle.

    Returns
    -------
    int32 (y, x)
        Of the image's shape.
    """
    # of one type: the loops would be compiled for each, which takes longer than turning a thousand images
    return _box_sum(np.ascontiguousarray(image, np.int32), half)


@compiled
def _box_sum(image: Words, half: int) -> Words:
    height, width = image.shape
    out = np.empty((height, width), np.int32)
    columns = np.zeros(width + 2 * half + 1, np.int32)  # missing columns beyond the edge are 0
    middle = columns[half + 1 : half + 1 + width]
    for y in range(min(half, height)):
        _add(middle, image[y])
    for y in range(height):
        if y + half < height:
            _add(middle, image[y + half])
        if y > half:
            _subtract(middle, image[y - half - 1])
        total = np.int32(0)
        for x in range(2 * half + 1):
            total += columns[x]
        line = out[y]
        for x in range(width):
            total += columns[x + 2 * half + 1] - columns[x]
            line[x] = total
    return out


@compiled
def _add(columns: Words, row: Words) -> None:
    for x in range(row.size):
        columns[x] += row[x]


@compiled
def _subtract(columns: Words, row: Words) -> None:
    for x in range(row.size):
        columns[x] -= row[x]


def box_mean(image: NDArray[np.integer], count: Words, half: int, out: Singles) -> None:
    """Mean over the valid pixels of a square around each pixel.

    Parameters
    ----------
    image : int (y, x)
        0 where not valid.
    count : int32 (y, x)
        Valid pixels of the square.
    half : int
        Pixels to either side of the middle.
    out : float32 (y, x)
        Filled.
    """
    _fill_mean(box_sum(image, half), count, out)


@compiled
def _fill_mean(total: Words, count: Words, out: Singles) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = np.float32(total[y, x]) / np.float32(max(1, count[y, x]))
