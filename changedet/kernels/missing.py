"""No data of images and classes: NaN in all bands, and the class of it."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Bools, Bytes, Singles
from changedet.kernels.compiled import compiled


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
    for r in range(height):
        # most rows hold no such value in some band: that is counted, and nothing is written for it
        may_miss = nodata.size > 0
        for b in range(values.shape[0]):
            line = values[b, corner[0] + r, corner[1] : corner[1] + width]
            filled = out[b, place[0] + r, place[1] : place[1] + width]
            for c in range(width):
                filled[c] = np.float32(line[c])
            if may_miss:
                hits = 0
                for c in range(width):
                    hits += line[c] == nodata[b]
                may_miss = hits > 0
        if may_miss:
            _blank_fill(values, nodata, (corner[0] + r, corner[1]), out, (place[0] + r, place[1]), width)


@compiled
def _blank_fill(
    values: AnyArray, nodata: AnyArray, start: tuple[int, int], out: Singles, place: tuple[int, int], width: int
) -> None:
    """NaN in all bands of one row where every band equals its nodata value."""
    for c in range(width):
        missing = True
        for b in range(values.shape[0]):
            missing &= values[b, start[0], start[1] + c] == nodata[b]
        if missing:
            for b in range(values.shape[0]):
                out[b, place[0], place[1] + c] = np.nan


@compiled
def unite_missing(image: Singles, classes: Bytes, nodata: int, telling: int) -> None:
    """Make an image and its classes say no data together: where one band is NaN or the class is `nodata`.

    Parameters
    ----------
    image : float32 (band, y, x)
        Changed here.
    classes : uint8 (y, x)
        Changed here.
    nodata : int
        Their class of no data.
    telling : int
        Bands from the first that tell where any of them is NaN.
    """
    height, width = classes.shape
    for r in range(height):
        line = classes[r]
        gaps = 0
        for c in range(width):
            gaps += line[c] == nodata
        for b in range(telling):
            band = image[b, r]
            for c in range(width):
                gaps += band[c] != band[c]
        if gaps > 0:
            _unite_row(image, line, r, nodata)


@compiled
def _unite_row(image: Singles, line: Bytes, row: int, nodata: int) -> None:
    for c in range(line.size):
        missing = line[c] == nodata
        for b in range(image.shape[0]):
            missing |= image[b, row, c] != image[b, row, c]
        if missing:
            line[c] = nodata
            for b in range(image.shape[0]):
                image[b, row, c] = np.nan


@compiled
def blank_unseen(image: Singles, seen: Bools) -> None:
    """Set an image to no data where it is not seen.

    Parameters
    ----------
    image : float32 (band, y, x)
        Changed here.
    seen : bool (y, x)
        NaN is put in all bands where this is False.
    """
    for r in range(seen.shape[0]):
        line = seen[r]
        count = 0
        for c in range(line.size):
            count += line[c]
        if count < line.size:
            for b in range(image.shape[0]):
                band = image[b, r]
                for c in range(line.size):
                    band[c] = band[c] if line[c] else np.float32(np.nan)
