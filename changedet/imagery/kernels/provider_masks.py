"""Quality classes from the masks that providers deliver with a scene: scene classes, bit flags, usable-data masks."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import AnyArray, Bytes
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, MASKED, NODATA, SATURATED, SHADOW, SNOW

Flags: TypeAlias = NDArray[np.integer]

_SCL: Final = np.array(
    [NODATA, SATURATED, CLEAR, SHADOW, CLEAR, CLEAR, CLEAR, CLEAR, CLOUD, CLOUD, HAZE, SNOW], dtype=np.uint8
)
"""Of Sentinel-2's scene classes 0 to 11 (ESA, Sen2Cor); dark, vegetation, soil, water and unclassified are clear."""
_QA_PIXEL: Final = ((2, HAZE), (5, SNOW), (4, SHADOW), (1, CLOUD), (3, CLOUD), (0, NODATA))
"""Of the bits of Landsat collection 2 (USGS, LSDS-1619), weakest first: later ones win."""
_UDM2: Final = ((4, HAZE), (5, HAZE), (2, SNOW), (3, SHADOW), (6, CLOUD))
"""Of the bands of Planet's usable data mask (UDM 2) after `clear`, from 1, weakest first."""
_UDM2_CLASSES: Final = 6
"""Bands of a usable data mask with classes; fewer bands are its `clear` alone."""
_UDM2_UNUSABLE: Final = 8
"""Band of a usable data mask that holds the older mask's bits; the first bit is where nothing was recorded."""


def from_scl(classes: Flags) -> Bytes:
    """Quality classes of a Sentinel-2 scene classification.

    Parameters
    ----------
    classes : integer (y, x)
        Scene classes.

    Returns
    -------
    uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`; unknown scene classes are masked.
    """
    known = (classes >= 0) & (classes < len(_SCL))
    return np.where(known, _SCL[np.where(known, classes, 0).astype(np.intp)], np.uint8(MASKED)).astype(np.uint8)


def from_qa_pixel(flags: Flags) -> Bytes:
    """Quality classes of Landsat collection 2 bit flags.

    Parameters
    ----------
    flags : integer (y, x)
        The band ``QA_PIXEL``.

    Returns
    -------
    uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`.
    """
    out = np.full(flags.shape, CLEAR, np.uint8)
    for bit, quality in _QA_PIXEL:
        out[(flags & (1 << bit)) != 0] = quality
    return out


def from_udm2(bands: Flags) -> Bytes:
    """Quality classes of Planet's usable data mask.

    Parameters
    ----------
    bands : integer (band, y, x)
        All 8 bands, or the first, which is 1 where clear.

    Returns
    -------
    uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`.
    """
    out = np.full(bands.shape[1:], CLEAR, np.uint8)
    if bands.shape[0] < _UDM2_CLASSES:
        out[bands[0] == 0] = MASKED
        return out
    for number, quality in _UDM2:
        out[bands[number - 1] == 1] = quality
    out[(bands[0] == 0) & (out == CLEAR)] = MASKED
    if bands.shape[0] >= _UDM2_UNUSABLE:
        out[(bands[_UDM2_UNUSABLE - 1] & 1) != 0] = NODATA
    return out


def from_plain_mask(values: AnyArray) -> Bytes:
    """Quality classes of a plain mask, as GDAL and rasterio write masks.

    Parameters
    ----------
    values : number (y, x)
        0 where the scene is not to be used.

    Returns
    -------
    uint8 (y, x)
        Masked where 0, else clear.
    """
    return np.where(values == 0, np.uint8(MASKED), np.uint8(CLEAR)).astype(np.uint8)
