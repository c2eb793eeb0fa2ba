"""Sums and means over squares of pixels, exact: whatever block a pixel is in, it gets the same."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def square_sum(image: Any, half: int) -> Any:
    """Sum over a square that the picture's edge cuts off."""
    height, width = image.shape
    out = np.empty((height, width), np.int32)
    columns = np.zeros(width + 2 * half + 1, np.int32)  # missing columns beyond the edge are 0
    middle = columns[half + 1 : half + 1 + width]
    for y in range(min(half, height)):
        row = image[y]
        for x in range(width):
            middle[x] += row[x]
    for y in range(height):
        if y + half < height:
            row = image[y + half]
            for x in range(width):
                middle[x] += row[x]
        if y > half:
            row = image[y - half - 1]
            for x in range(width):
                middle[x] -= row[x]
        total = np.int32(0)
        for x in range(2 * half + 1):
            total += columns[x]
        line = out[y]
        for x in range(width):
            total += columns[x + 2 * half + 1] - columns[x]
            line[x] = total
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def square_mean(image: Any, count: Any, half: int, out: Any) -> None:
    """Sum over a square by the number of pixels that are seen in it, into `out`."""
    total = square_sum(image, half)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = np.float32(total[y, x]) / np.float32(max(1, count[y, x]))
