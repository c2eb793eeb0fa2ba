"""No data of images and classes: NaN in all bands, and the class of it."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Bools, Bytes, Singles
from changedet.kernels.compiled import compiled, inlined


def without_nodata(values: AnyArray, nodata: AnyArray, out: Singles) -> None:
    """Values as float32, NaN in all bands where every band equals its nodata value.

    Parameters
    ----------
    values : any real type (band, y, x)
        As stored.
    nodata : type of `values` (band,)
        Of each band; empty where there is none.
    out : float32 (band, y, x)
        Filled here.
    """
    copy_without_nodata(values, nodata, (0, 0), out, (0, 0), values.shape[1:])


@compiled
def copy_without_nodata(
    values: AnyArray,
    nodata: AnyArray,
    corner: tuple[int, int],
    out: Singles,
    place: tuple[int, int],
    shape: tuple[int, int],
) -> None:
    """As `without_nodata`, from a part of an array to a part of another: views of them are slower to read.

    Parameters
    ----------
    values : any real type (band, y, x)
        As stored.
    nodata : type of `values` (band,)
        Of each band; empty where there is none.
    corner : (row, column)
        Where the part begins in `values`.
    out : float32 (band, y, x)
        Filled here.
    place : (row, column)
        Where the part begins in `out`.
    shape : (rows, columns)
        Of the part.
    """
    height, width = shape
    missing = np.empty(width, np.bool_)
    for r in range(height):
        missing[:] = nodata.size > 0
        for b in range(values.shape[0]):
            line = values[b, corner[0] + r, corner[1] : corner[1] + width]
            filled = out[b, place[0] + r, place[1] : place[1] + width]
            for c in range(width):
                filled[c] = np.float32(line[c])
            if nodata.size:
                for c in range(width):
                    missing[c] &= line[c] == nodata[b]
        if missing.any():
            for b in range(values.shape[0]):
                _blank_line(out[b, place[0] + r, place[1] : place[1] + width], missing)


@inlined
def _blank_line(line: Singles, missing: Bools) -> None:
    for c in range(missing.size):
        if missing[c]:
            line[c] = np.nan


@compiled
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


@inlined
def _blank(image: Singles, line: Bytes, row: int, missing: Bools, nodata: int) -> None:
    for c in range(missing.size):
        if missing[c]:
            line[c] = nodata
            for b in range(image.shape[0]):
                image[b, row, c] = np.nan
