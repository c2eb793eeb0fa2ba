"""Floats as the whole numbers that stand for them in a file, in one pass."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Singles
from changedet.kernels.compiled import compiled


@compiled
def round_singles(values: Singles, limits: tuple[int, int], nodata: tuple[int, int], out: AnyArray) -> None:
    """Round to the nearest whole number, halves to the even one, within limits.

    Parameters
    ----------
    values : float32 (n,)
        NaN for no data.
    limits : (int, int)
        The least and the greatest number.
    nodata : (int, int)
        What stands for no data, and what for a value that is the same.
    out : uint8 or uint16 (n,)
        Filled.
    """
    least, most = np.float32(limits[0]), np.float32(limits[1])
    none, other = np.int32(nodata[0]), np.int32(nodata[1])
    for k in range(values.size):
        value = values[k]
        # of NaN the least, until it is known as such
        whole = np.rint(value) if value > least else least
        number = np.int32(whole if whole < most else most)
        number = other if number == none else number
        out[k] = number if value == value else none
