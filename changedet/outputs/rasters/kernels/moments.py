"""Sums over the values of a raster, from which its statistics follow: of whole numbers without rounding."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Floats, Ints, Singles
from changedet.kernels.compiled import compiled

COUNT, TOTAL, SQUARES, LEAST, MOST = range(5)
"""Where the sums are."""


@compiled
def add_moments(values: AnyArray, nodata: AnyArray, sums: Ints) -> None:
    """Add some rows to the sums.

    Parameters
    ----------
    values : uint8 or int32 (y, x)
    nodata : type of `values` (1,) or (0,)
        Is not counted; empty where there is no such value.
    sums : int64 (5,)
        Of values, of their squares, how many there are, the least and the greatest; changed here.
    """
    for y in range(values.shape[0]):
        line = values[y]
        # loops of their own, and what has no data taken off again: twenty times as fast
        total, squares, missing = np.int64(0), np.int64(0), np.int64(0)
        for x in range(line.size):
            total += np.int64(line[x])
        for x in range(line.size):
            squares += np.int64(line[x]) * np.int64(line[x])
        if nodata.size > 0:
            for x in range(line.size):
                missing += line[x] == nodata[0]
            none = np.int64(nodata[0])
            total, squares = total - missing * none, squares - missing * none * none
        if missing < line.size:
            _extend(line, nodata, sums)
        sums[COUNT] += line.size - missing
        sums[TOTAL] += total
        sums[SQUARES] += squares


@compiled
def _extend(line: AnyArray, nodata: AnyArray, sums: Ints) -> None:
    """Extend least and greatest by the values of a row, some of which are known."""
    first = 0
    while nodata.size > 0 and line[first] == nodata[0]:
        first += 1
    least, most, other = line[first], line[first], line[first]
    for x in range(line.size):
        value = line[x] if nodata.size == 0 or line[x] != nodata[0] else other
        least, most = min(least, value), max(most, value)
    sums[LEAST], sums[MOST] = min(sums[LEAST], np.int64(least)), max(sums[MOST], np.int64(most))


@compiled
def add_singles(values: Singles, columns: Floats) -> int:
    """Add some rows to the sums of each column, so that no sum waits for itself and its order is known.

    Parameters
    ----------
    values : float32 (y, x)
        NaN is not counted.
    columns : float64 (4, x)
        Of values, of their squares, the least and the greatest; changed here.

    Returns
    -------
    int
        How many were counted.
    """
    count = 0
    for y in range(values.shape[0]):
        line = values[y]
        for x in range(line.size):
            value = np.float64(line[x]) if line[x] == line[x] else 0.0
            columns[0, x] += value
            columns[1, x] += value * value
        for x in range(line.size):
            count += line[x] == line[x]
        for x in range(line.size):
            columns[2, x] = np.float64(line[x]) if line[x] < columns[2, x] else columns[2, x]
            columns[3, x] = np.float64(line[x]) if line[x] > columns[3, x] else columns[3, x]
    return count
