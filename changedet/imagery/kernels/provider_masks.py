"""Quality classes from the masks that providers deliver with a scene: scene classes, bit flags, usable-data masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, MASKED, NODATA, SATURATED, SHADOW, SNOW

Classes = NDArray[np.uint8]

# Sentinel-2 scene classes 0 to 11; dark, vegetation, soil, water and unclassified are looks at the ground.
_SCL = np.array(
    [NODATA, SATURATED, CLEAR, SHADOW, CLEAR, CLEAR, CLEAR, CLEAR, CLOUD, CLOUD, HAZE, SNOW], dtype=np.uint8
)
# Landsat collection 2, weakest first: later lines win.
_QA_PIXEL = ((2, HAZE), (5, SNOW), (4, SHADOW), (1, CLOUD), (3, CLOUD), (0, NODATA))
# Planet's bands after `clear`, weakest first.
_UDM2 = ((4, HAZE), (5, HAZE), (2, SNOW), (3, SHADOW), (6, CLOUD))


def from_scl(classes: NDArray[np.integer]) -> Classes:
    """Quality classes of a Sentinel-2 scene classification (y, x); unknown classes are masked."""
    known = (classes >= 0) & (classes < len(_SCL))
    return np.where(known, _SCL[np.where(known, classes, 0).astype(np.intp)], np.uint8(MASKED)).astype(np.uint8)


def from_qa_pixel(flags: NDArray[np.integer]) -> Classes:
    """Quality classes of Landsat collection 2 bit flags (y, x)."""
    out = np.full(flags.shape, CLEAR, np.uint8)
    for bit, quality in _QA_PIXEL:
        out[(flags & (1 << bit)) != 0] = quality
    return out


def from_udm2(bands: NDArray[np.integer]) -> Classes:
    """Quality classes of Planet's usable data mask (band, y, x): all 8 bands, or the first, 1 where clear."""
    out = np.full(bands.shape[1:], CLEAR, np.uint8)
    if bands.shape[0] < 6:
        out[bands[0] == 0] = MASKED
        return out
    for number, quality in _UDM2:
        out[bands[number - 1] == 1] = quality
    out[(bands[0] == 0) & (out == CLEAR)] = MASKED
    if bands.shape[0] >= 8:
        # The first bit of the last band is the blackfill of the older mask.
        out[(bands[7] & 1) != 0] = NODATA
    return out


def from_mask(values: NDArray[np.generic]) -> Classes:
    """Quality classes of a plain mask (y, x): 0 is masked, all else clear, as GDAL and rasterio write masks."""
    return np.where(values == 0, np.uint8(MASKED), np.uint8(CLEAR)).astype(np.uint8)
