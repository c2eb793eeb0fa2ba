"""Classes of single pixels, and those of an overview laid over them."""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Bytes, Singles
from changedet.kernels.pixel_classes import CLEAR, NODATA, SATURATED


def classes_of_pixels(image: Singles, saturated_at: float) -> Bytes:
    """No data and saturation, pixel by pixel.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    saturated_at : float
        What a clipped pixel holds at least; infinite where that cannot be known.

    Returns
    -------
    uint8 (y, x)
        NODATA where any band is NaN, SATURATED where any is clipped, else CLEAR.
    """
    out = np.full(image.shape[1:], CLEAR, np.uint8)
    if np.isfinite(saturated_at):
        out[(image >= saturated_at).any(axis=0)] = SATURATED
    out[~np.isfinite(image).all(axis=0)] = NODATA
    return out


def laid_over(classes: Bytes, overview: Bytes, rows: AnyArray, columns: AnyArray) -> Bytes:
    """Classes of pixels, with those of an overview where a pixel has none of its own.

    Parameters
    ----------
    classes : uint8 (y, x)
        Of the pixels.
    overview : uint8 (j, i)
        Of the overview.
    rows, columns : integer (y, 1) and (1, x), or both (y, x)
        Of the overview for each pixel; clamped to it.

    Returns
    -------
    uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`.
    """
    last = overview.shape[0] - 1, overview.shape[1] - 1
    rows, columns = np.clip(rows, 0, last[0]), np.clip(columns, 0, last[1])
    aligned = rows.shape[1] == 1 and columns.shape[0] == 1
    over = overview[rows[:, 0]][:, columns[0]] if aligned else overview[rows, columns]
    # An overview's pixel is no data only where all of it is: a seen pixel must not inherit that.
    usable = (classes == CLEAR) & (over != NODATA)
    return np.where(usable, over, classes).astype(np.uint8)
