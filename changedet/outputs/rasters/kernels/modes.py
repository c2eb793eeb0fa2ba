"""The most frequent class of each cell of a raster."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bytes, Ints
from changedet.kernels.compiled import compiled

CLASSES: int = 256
"""Of a raster of bytes."""


@compiled
def modes(classes: Bytes, rows: Ints, columns: Ints, nodata: int, out: Bytes) -> None:
    """Most frequent class of each cell, as GDAL's overviews have it.

    Parameters
    ----------
    classes : uint8 (y, x)
    rows, columns : int64 (n, 2)
        Where each cell begins and ends; neighbours may share pixels.
    nodata : int
        Class that counts only where there is no other; -1 for none.
    out : uint8 (n, m)
        Filled; of several classes as frequent that which reaches its number first, row by row.
    """
    counts = np.zeros(CLASSES, np.int64)
    paired = True
    for j in range(out.shape[1]):
        paired &= columns[j, 0] == 2 * j and columns[j, 1] == 2 * j + 2
    for i in range(out.shape[0]):
        top, bottom = rows[i, 0], rows[i, 1]
        if paired and bottom - top == 2:
            _modes_of_fours(classes[top], classes[top + 1], nodata, out[i])
            continue
        for j in range(out.shape[1]):
            left, right = columns[j, 0], columns[j, 1]
            first, alike = classes[top, left], True
            for y in range(top, bottom):
                for x in range(left, right):
                    alike &= classes[y, x] == first
            out[i, j] = first if alike else _mode(classes[top:bottom, left:right], nodata, counts)


@compiled
def _modes_of_fours(upper: Bytes, lower: Bytes, nodata: int, out: Bytes) -> None:
    """As `_mode`, of cells of two pixels by two: of each pixel how many before it have its class."""
    for j in range(out.size):
        a, b, c, d = upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]
        most, found = int(a != nodata), a
        count = (b != nodata) * (1 + (a == b))
        most, found = max(most, count), b if count > most else found
        count = (c != nodata) * (1 + (a == c) + (b == c))
        most, found = max(most, count), c if count > most else found
        count = (d != nodata) * (1 + (a == d) + (b == d) + (c == d))
        out[j] = d if count > most else found


@compiled
def _mode(cell: Bytes, nodata: int, counts: Ints) -> int:
    """Of a cell of several classes; leaves the counts at 0."""
    most, found = 0, cell[0, 0]
    for y in range(cell.shape[0]):
        for x in range(cell.shape[1]):
            own = cell[y, x]
            counts[own] += own != nodata
            if counts[own] > most:
                most, found = counts[own], own
    for y in range(cell.shape[0]):
        for x in range(cell.shape[1]):
            counts[cell[y, x]] = 0
    return int(found)
