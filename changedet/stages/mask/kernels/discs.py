"""Opening and dilation of masks by discs, their radius in metres."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes
from changedet.kernels import morphology

ROUNDING_PX: Final = 0.3
"""A pixel belongs to a disc whose centre lies this much beyond the radius: small discs are then round, not crosses."""


def disc(radius_m: float, resolution_m: float) -> Bytes:
    """A disc as a structuring element.

    Parameters
    ----------
    radius_m, resolution_m : float
        Radius, and pixel size.

    Returns
    -------
    uint8 (y, x)
        1 in the disc, of at least a pixel's radius.
    """
    radius = max(1, round(radius_m / resolution_m))
    across = np.arange(-radius, radius + 1)
    return (np.hypot(across[:, None], across) <= radius + ROUNDING_PX).astype(np.uint8)


def opened(mask: Bools, radius_m: float, resolution_m: float) -> Bools:
    """A mask without what is narrower than twice the radius.

    Parameters
    ----------
    mask : bool (y, x)
        What touches the picture's edge is taken to go on beyond it.
    radius_m, resolution_m : float
        Radius, and pixel size.

    Returns
    -------
    bool (y, x)
        Within the mask.
    """
    kernel = disc(radius_m, resolution_m)
    pad = kernel.shape[0] // 2
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    wide = cv2.dilate(cv2.erode(padded, kernel, borderValue=1), kernel, borderValue=0)
    return np.asarray(wide[pad:-pad, pad:-pad] > 0, bool) & mask


def dilated(mask: Bools, radius_m: float, resolution_m: float) -> Bools:
    """A mask with all that lies within the radius of it.

    Parameters
    ----------
    mask : bool (y, x)
        What is widened.
    radius_m, resolution_m : float
        Radius, and pixel size.

    Returns
    -------
    bool (y, x)
        Around the mask.
    """
    return morphology.dilated(mask, disc(radius_m, resolution_m))
