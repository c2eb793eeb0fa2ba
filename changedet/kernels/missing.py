"""No data of images and classes: NaN in all bands, and the class of it."""

from __future__ import annotations

import numba
import numpy as np

from changedet.arrays import AnyArray, Bools, Bytes, Singles


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def without_nodata(values: AnyArray, nodata: AnyArray, out: Singles) -> None:
    """Values as float32, NaN in all bands where every band equals its nodata value.

    Parameters
    ----------
    values : any real type (band, y, x)
        As stored.
    nodata : type of `values` (band,)
        Of each band.
    out : float32 (band, y, x)
        Filled here.
    """
    bands, height, width = values.shape
    missing = np.empty(width, np.bool_)
    for r in range(height):
        missing[:] = True
        for b in range(bands):
            line, filled, none = values[b, r], out[b, r], nodata[b]
            for c in range(width):
                filled[c] = np.float32(line[c])
                missing[c] &= line[c] == none
        if missing.any():
            for b in range(bands):
                for c in range(width):
                    if missing[c]:
                        out[b, r, c] = np.nan


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def unite_missing(image: Singles, classes: Bytes, nodata: int) -> None:
    """Make an image and its classes say no data together: where one band is NaN or the class is `nodata`.

    Parameters
    ----------
    image : float32 (band, y, x)
        Changed here.
    classes : uint8 (y, x)
        Changed here.
    nodata : int
        Their class of no data.
    """
    bands, height, width = image.shape
    missing = np.empty(width, np.bool_)
    for r in range(height):
        line = classes[r]
        for c in range(width):
            missing[c] = line[c] == nodata
        for b in range(bands):
            band = image[b, r]
            for c in range(width):
                missing[c] |= band[c] != band[c]
        if missing.any():
            _blank(image, line, r, missing, nodata)


@numba.njit(nogil=True, cache=True, inline="always")  # type: ignore[untyped-decorator]
def _blank(image: Singles, line: Bytes, row: int, missing: Bools, nodata: int) -> None:
    for c in range(missing.size):
        if missing[c]:
            line[c] = nodata
            for b in range(image.shape[0]):
                image[b, row, c] = np.nan
