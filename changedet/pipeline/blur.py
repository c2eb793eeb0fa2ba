"""Gaussian blur that brings a finer scene to the resolution of a coarser one."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Singles

REACH_SIGMAS: Final = 3.0
"""The kernel is cut off there: what lies beyond weighs 0.3 %."""


def blurred(image: Singles, sigma_px: float) -> Singles:
    """Blur an image so that missing pixels stay missing and weigh nothing on the others.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    sigma_px : float
        Standard deviation; 0 leaves the image as it is.

    Returns
    -------
    float32 (band, y, x)
        NaN where the image has it.
    """
    if sigma_px == 0:
        return image
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.ndimage import gaussian_filter

    sigmas = (0, sigma_px, sigma_px)
    known = np.isfinite(image)
    weight = gaussian_filter(known.astype(np.float32), sigmas, mode="constant", truncate=REACH_SIGMAS)
    total = gaussian_filter(np.where(known, image, 0), sigmas, mode="constant", truncate=REACH_SIGMAS)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan).astype(np.float32)
