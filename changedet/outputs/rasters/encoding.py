"""Pixel values as they stand in a file: integers for images of integers, a value for no data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import numpy as np
from numpy.typing import DTypeLike

from changedet.arrays import AnyArray, Bools, Singles
from changedet.outputs.rasters.kernels.rounding import round_singles

_SHORT: Final[Mapping[str, int]] = {"uint8": 255, "uint16": 65535}
"""Types that are rounded in one pass, with the greatest number of each."""
LEAST_VALUES: Final = 1 << 17
"""Fewer are rounded in less time than it takes to load what is compiled."""


def encode(block: AnyArray, dtype: np.dtype[np.generic], nodata: float | None) -> AnyArray:
    """Values rounded and clipped for an integer dtype, NaN as `nodata`.

    A value that would round to `nodata` moves to its neighbour, so that what was seen stays seen. What is `dtype`
    already is a file's own value and stays as it is.

    Parameters
    ----------
    block : array of any shape
        Float with NaN for no data; or of `dtype`, masked where there is none.
    dtype : numpy.dtype
        Of the file.
    nodata : float or None
        The file's value for no data; None where a mask band says it: then no value moves.

    Returns
    -------
    array
        Of `dtype` and of the block's shape.

    Examples
    --------
    >>> encode(np.array([np.nan, -3.0, 0.2, 1.5, 300.0]), np.dtype("uint8"), 0).tolist()
    [0, 1, 1, 2, 255]
    """
    if isinstance(block, np.ma.MaskedArray):
        own: AnyArray = block.data.astype(dtype, copy=False)
        return own if nodata is None else np.where(np.ma.getmaskarray(block), np.asarray(nodata, dtype), own)
    if block.dtype == dtype or not np.issubdtype(block.dtype, np.floating):
        return block.astype(dtype, copy=False)
    if block.dtype == np.float32 and dtype.name in _SHORT and block.size >= LEAST_VALUES and _is_of(dtype, nodata):
        return _rounded(block, dtype, nodata)
    missing = np.isnan(block)
    if np.issubdtype(dtype, np.floating):
        return np.where(missing, np.asarray(np.nan if nodata is None else nodata, dtype), block.astype(dtype))
    limits = np.iinfo(cast("np.dtype[np.integer]", dtype))
    # float32 cannot hold the largest int32: the clip would let it through and the cast would wrap.
    exact = block.astype(np.float64 if dtype.itemsize > 2 else np.float32)
    exact[missing] = 0
    rounded = np.clip(np.rint(exact, out=exact), limits.min, limits.max, out=exact).astype(dtype)
    if nodata is not None:
        rounded[rounded == nodata] = nodata - 1 if nodata == limits.max else nodata + 1
        rounded[missing] = nodata
    return rounded


def held_nodata(nodata: float | None, dtype: DTypeLike) -> float | None:
    """The value for no data of a file of a type.

    Parameters
    ----------
    nodata : float or None
        As a scene's file or the workflow gives it; it may be none of the type's, such as -9999 of uint16.
    dtype : dtype
        Of the file.

    Returns
    -------
    float or None
        None where the type cannot hold it: then no pixel has it.

    Examples
    --------
    >>> held_nodata(0.0, "uint16"), held_nodata(-9999.0, "uint16"), held_nodata(-9999.0, "float32")
    (0.0, None, -9999.0)
    """
    kind = np.dtype(dtype)
    if nodata is None or kind.kind == "f":
        return nodata if nodata is None or not np.isfinite(nodata) or abs(nodata) <= np.finfo(kind).max else None
    limits = np.iinfo(cast("np.dtype[np.integer]", kind))
    return nodata if float(nodata).is_integer() and limits.min <= nodata <= limits.max else None


def _is_of(dtype: np.dtype[np.generic], nodata: float | None) -> bool:
    """Whether a value for no data is one of a file's own; None is 0 where a mask band hides it."""
    return nodata is None or (float(nodata).is_integer() and 0 <= nodata <= _SHORT[dtype.name])


def _rounded(block: AnyArray, dtype: np.dtype[np.generic], nodata: float | None) -> AnyArray:
    most, none = _SHORT[dtype.name], 0 if nodata is None else int(nodata)
    other = none if nodata is None else none - 1 if none == most else none + 1
    out = np.empty(block.shape, dtype)
    values: Singles = np.ascontiguousarray(block, np.float32).reshape(-1)
    round_singles(values, (0, most), (none, other), out.reshape(-1))
    return out


def seen(block: AnyArray) -> Bools:
    """Where a block has data, as a mask band holds it: one plane for all bands.

    Parameters
    ----------
    block : array (band, y, x)
        Masked, or float with NaN for no data.

    Returns
    -------
    bool (y, x)
        True where all bands have data.
    """
    if isinstance(block, np.ma.MaskedArray):
        return np.asarray(~np.ma.getmaskarray(block).any(axis=0))
    return np.asarray(~np.isnan(block).any(axis=0))
