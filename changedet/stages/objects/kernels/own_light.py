"""Dark, even parts of a picture shown in light of their own, as the same ground would look in a picture of its own.

A scene is stretched by its own percentiles. Where much of it is bright, what stands on dark ground keeps a fraction of
the range, and boxes there are drawn with less confidence than in a picture that ends around them.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Singles
from changedet.stages.objects.kernels.network_grid import PIXEL_M

WINDOW_M: Final = 28.0
"""Side of the surroundings, metres: two boxes and what lies beside them. 20 to 32 are alike (docs/research/detector.md,
as all of these)."""
DARK: Final = (-0.2, -0.5)
"""Mean brightness of the surroundings, in the scene's spreads about its mean: from the first on they count as dark,
from the second on wholly."""
EVEN: Final = (1.0, 0.8)
"""Their spread, in that of the scene: below the first they count as even, below the second wholly."""
LEAST_SPREAD: Final = 0.2
"""Of a band, in the scene's: water and plain grass are not blown up."""


def in_own_light(standard: Singles) -> Singles:
    """Standardise what is dark and even by its surroundings, and leave all else.

    Parameters
    ----------
    standard : float32 (band, y, x)
        On the network's pixels, less the scene's mean over its spread.

    Returns
    -------
    float32 (band, y, x)
        The same where nothing is dark and even; elsewhere less the surroundings' mean, over their spread, the more the
        darker and the more even they are.
    """
    mean, spread = _moments(standard.mean(axis=0))
    share = _between(mean, *DARK) * _between(spread, *EVEN)
    if not share.any():
        return standard
    shown = np.empty_like(standard)
    for band, own in zip(standard, shown, strict=True):
        mean, spread = _moments(band)
        own[:] = (band - share * mean) / (1.0 + share * (np.maximum(spread, LEAST_SPREAD) - 1.0))
    return shown


def _moments(plane: Singles) -> tuple[Singles, Singles]:
    """Mean and standard deviation about each pixel."""
    side = round(WINDOW_M / PIXEL_M) | 1
    mean = cv2.blur(plane, (side, side))
    variance = cv2.blur(plane * plane, (side, side)) - mean * mean
    return np.asarray(mean, np.float32), np.sqrt(np.maximum(variance, 0.0)).astype(np.float32)


def _between(value: Singles, none: float, all_of_it: float) -> Singles:
    """0 at one value and beyond, 1 at a lesser one and below."""
    share: Singles = np.clip((none - value) / (none - all_of_it), 0.0, 1.0).astype(np.float32)
    return share
