"""Sums over the values of a raster of whole numbers, from which its statistics follow without rounding."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Ints
from changedet.kernels.compiled import compiled

COUNT, TOTAL, SQUARES, LEAST, MOST = range(5)
"""Where the sums are."""


@compiled
def add_moments(values: AnyArray, nodata: int, sums: Ints) -> None:
    """Add some rows to the sums.

    Parameters
    ----------
    values : uint8 or int32 (y, x)
    nodata : int
        Is not counted; a value that none has where there is no such.
    sums : int64 (5,)
        Of values, of their squares, how many there are, the least and the greatest; changed here.
    """
    for y in range(values.shape[0]):
        line = values[y]
        count, total, squares, least, most = 0, 0, 0, sums[LEAST], sums[MOST]
        for x in range(line.size):
            value = np.int64(line[x])
            known = value != nodata
            count += known
            total += value * known
            squares += value * value * known
            least = min(least, value if known else least)
            most = max(most, value if known else most)
        sums[COUNT] += count
        sums[TOTAL] += total
        sums[SQUARES] += squares
        sums[LEAST], sums[MOST] = least, most
