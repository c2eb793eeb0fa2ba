"""Pixel values as they stand in a file: integers for images of integers, a value for no data."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import DTypeLike

from changedet.arrays import AnyArray


def encode(block: AnyArray, dtype: np.dtype[np.generic], nodata: float) -> AnyArray:
    """Values rounded and clipped for an integer dtype, NaN as `nodata`.

    A value that would round to `nodata` moves to its neighbour, so that what was seen stays seen.

    Parameters
    ----------
    block : array of any shape
        Float with NaN for no data, or of a dtype that only needs a cast.
    dtype : numpy.dtype
        Of the file.
    nodata : float
        The file's value for no data.

    Returns
    -------
    array
        Of `dtype` and of the block's shape.

    Examples
    --------
    >>> encode(np.array([np.nan, -3.0, 0.2, 1.5, 300.0]), np.dtype("uint8"), 0).tolist()
    [0, 1, 1, 2, 255]
    """
    if block.dtype == dtype or not np.issubdtype(block.dtype, np.floating):
        return block.astype(dtype, copy=False)
    missing = np.isnan(block)
    if np.issubdtype(dtype, np.floating):
        return np.where(missing, np.asarray(nodata, dtype), block.astype(dtype))
    limits = np.iinfo(cast("np.dtype[np.integer]", dtype))
    # float32 cannot hold the largest int32: the clip would let it through and the cast would wrap.
    exact = block.astype(np.float64 if dtype.itemsize > 2 else np.float32)
    exact[missing] = 0
    rounded = np.clip(np.rint(exact, out=exact), limits.min, limits.max, out=exact).astype(dtype)
    rounded[rounded == nodata] = nodata - 1 if nodata == limits.max else nodata + 1
    rounded[missing] = nodata
    return rounded


def default_nodata(dtype: DTypeLike) -> float:
    """A value for no data where a scene's file names none.

    Parameters
    ----------
    dtype : dtype
        Of the scene's file.

    Returns
    -------
    float
        NaN for floats, the least value of a signed integer, 0 for an unsigned one.
    """
    kind = np.dtype(dtype)
    return float("nan") if np.issubdtype(kind, np.floating) else float(np.iinfo(kind).min)
