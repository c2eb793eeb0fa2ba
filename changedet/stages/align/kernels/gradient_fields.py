"""Fields that are correlated to find a shift: gradient directions of each band, or the logarithm of the mean band.

Orientation correlation (Fitch et al. 2002, doi:10.5244/C.16.11): each band becomes a complex field of gradient
directions, which season, haze and gain leave alone.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Singles
from changedet.kernels.medians import median

Fields: TypeAlias = NDArray[np.complex64]
"""Complex fields of bands (band, y, x), 0 where nothing is known; or a spectrum (y, x)."""

LEAST_SEEN: Final = 0.05
"""A band of which less is seen has no field."""
DARK_OFFSET: Final = 0.02
"""Added before the logarithm, in medians of the band, so that dark noise is not all of it."""


def orientation_field(image: Singles, sigma_px: float) -> Fields:
    """Damped gradient directions of the logarithm of each band.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data, which becomes 0 with its surroundings.
    sigma_px : float
        Of the Gaussian before the Sobel operator.

    Returns
    -------
    complex64 (band, y, x)
        ``g / (|g| + median|g| / 2)``, x along the real axis; magnitude below 1; 0 where there is no texture or no data.
    """
    out = np.zeros(image.shape, np.complex64)
    for band, values in enumerate(image):
        good = np.asarray(np.isfinite(values), bool)
        if good.mean() < LEAST_SEEN:
            continue
        smooth = cv2.GaussianBlur(_log(values, good), (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
        field = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        reach = 2 * int(np.ceil(3 * sigma_px)) + 3
        inside = good
        if not good.all():
            inside = cv2.erode(good.view(np.uint8), np.ones((reach, reach), np.uint8), borderValue=1).astype(bool)
        magnitude = np.abs(field)
        typical = median(_chosen(magnitude, inside)) if inside.any() else 0.0
        if typical > 0:
            np.divide(field, magnitude + 0.5 * typical, out=out[band], where=inside)
    return out


def grey_field(image: Singles, sigma_px: float) -> Fields:
    """The logarithm of the mean band, less its mean.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    sigma_px : float
        Of the Gaussian that smooths it.

    Returns
    -------
    complex64 (1, y, x)
        Real; 0 where a band has no data.
    """
    good: Bools = np.asarray(np.isfinite(image).all(axis=0))
    if not good.any():
        return np.zeros((1, *image.shape[1:]), np.complex64)
    grey = _log(np.where(good, image, 0).mean(axis=0, dtype=np.float32), good)
    grey = cv2.GaussianBlur(grey, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    return np.where(good, grey - grey[good].mean(), 0).astype(np.complex64)[None]


def _log(values: Singles, good: Bools) -> Singles:
    """Logarithm with a small offset, so that dark noise is not all of it; values in decibel are logarithms already."""
    middle = median(_chosen(values, good))
    filled = values if good.all() else np.where(good, values, np.float32(middle))
    if middle <= 0:
        return np.asarray(filled, np.float32)
    return np.asarray(np.log(np.maximum(filled, 0) + np.float32(DARK_OFFSET * middle)), np.float32)


def _chosen(values: Singles, where: Bools) -> Singles:
    """Values (n,) of the places that are chosen."""
    return np.ascontiguousarray(values).reshape(-1) if where.all() else values[where]
