"""Opening and dilation of masks by discs, their radius in metres."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def disc(radius_m: float, resolution_m: float) -> NDArray[np.uint8]:
    """A disc of 1 in a square of 0, of at least a pixel's radius."""
    radius = max(1, round(radius_m / resolution_m))
    across = np.arange(-radius, radius + 1)
    return (np.hypot(across[:, None], across) <= radius + 0.3).astype(np.uint8)


def opened(mask: NDArray[np.bool_], radius_m: float, resolution_m: float) -> NDArray[np.bool_]:
    """Without what is narrower than twice the radius; what touches the picture's edge goes on beyond it."""
    kernel = disc(radius_m, resolution_m)
    pad = kernel.shape[0] // 2
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    wide = cv2.dilate(cv2.erode(padded, kernel, borderValue=1), kernel, borderValue=0)
    return np.asarray(wide[pad:-pad, pad:-pad] > 0, bool) & mask


def dilated(mask: NDArray[np.bool_], radius_m: float, resolution_m: float) -> NDArray[np.bool_]:
    """With all that lies within the radius."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc(radius_m, resolution_m)) > 0, bool)
