"""Means of two pixels by two, of a scene of whole numbers or of a score."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Singles
from changedet.kernels.compiled import compiled


@compiled
def halve(values: AnyArray, nodata: AnyArray, out: AnyArray) -> None:
    """Mean of the pixels of each cell that have data, as GDAL's overviews have it.

    Parameters
    ----------
    values : uint8 or uint16 (band, 2 y, 2 x)
    nodata : type of `values` (2,) or (0,)
        The value for no data, and that in whose place a mean stands which is the same; empty where there is none.
    out : type of `values` (band, y, x)
        Filled; halves are rounded up, and of a cell without data no data.
    """
    for b in range(values.shape[0]):
        for y in range(out.shape[1]):
            if nodata.size == 0:
                _halve_row(values[b, 2 * y], values[b, 2 * y + 1], out[b, y])
            else:
                _halve_known(values[b, 2 * y], values[b, 2 * y + 1], nodata[0], nodata[1], out[b, y])


@compiled
def _halve_row(upper: AnyArray, lower: AnyArray, out: AnyArray) -> None:
    for x in range(out.size):
        total = np.int32(upper[2 * x]) + np.int32(upper[2 * x + 1])
        total += np.int32(lower[2 * x]) + np.int32(lower[2 * x + 1])
        out[x] = (total + 2) >> 2


@compiled
def _halve_known(upper: AnyArray, lower: AnyArray, none: int, other: int, out: AnyArray) -> None:
    gap = np.int32(none)
    for x in range(out.size):
        p, q = np.int32(upper[2 * x]), np.int32(upper[2 * x + 1])
        r, s = np.int32(lower[2 * x]), np.int32(lower[2 * x + 1])
        count = np.int32(p != gap) + np.int32(q != gap) + np.int32(r != gap) + np.int32(s != gap)
        total = p + q + r + s - (np.int32(4) - count) * gap
        mean = (total + 2) >> 2 if count == 4 else (total + 1) // 3 if count == 3 else total
        mean = (total + 1) >> 1 if count == 2 else mean
        mean = np.int32(other) if mean == gap and count > 0 else mean
        out[x] = mean if count > 0 else gap


@compiled
def halve_singles(values: Singles, out: Singles) -> None:
    """Mean of the pixels of each cell that are known, as GDAL's overviews have it.

    Parameters
    ----------
    values : float32 (band, 2 y, 2 x)
        NaN for no data.
    out : float32 (band, y, x)
        Filled.
    """
    for b in range(values.shape[0]):
        for y in range(out.shape[1]):
            upper, lower, means = values[b, 2 * y], values[b, 2 * y + 1], out[b, y]
            for x in range(means.size):
                p, q, r, s = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
                count = np.float64(p == p) + np.float64(q == q) + np.float64(r == r) + np.float64(s == s)
                # in this order, as sums of floats depend on it
                total = np.float64(p) if p == p else 0.0
                total += np.float64(q) if q == q else 0.0
                total += np.float64(r) if r == r else 0.0
                total += np.float64(s) if s == s else 0.0
                means[x] = np.float32(total / count) if count > 0 else np.float32(np.nan)
