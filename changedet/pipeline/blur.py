"""Gaussian blur that brings a finer scene to the resolution of a coarser one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


def blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur of ``(band, y, x)`` that knows missing pixels: they stay missing and weigh nothing."""
    if sigma_px == 0:
        return image
    known = np.isfinite(image)
    weight = gaussian_filter(known.astype(np.float32), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    total = gaussian_filter(np.where(known, image, 0), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan).astype(np.float32)
