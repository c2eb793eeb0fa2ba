"""What the roof that a box lies on says against it: rows of roof lights look like rows of boxes in coarse pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.hall_pictures import STEP_M, TOP
from changedet.stages.objects.kernels.box_looks import DOUBTFUL, looked_at
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT

LEAST_ROOF_M: Final = 8.0
"""Narrower things are no halls; chosen by hand. To the network a box, or two side by side, may look like a roof."""
LEAST_ODDS: Final = 0.5
"""Log odds from which a roof counts: of 19,672 teaching boxes 12 true ones lie above 0, none above .45, and 407 false
ones (training/count_roofs.py)."""
TRUST: Final = 3.0
"""Log odds that a box loses for each of the roof's above that; chosen by hand, a fit takes more, as no true box lies
there."""


def hall_picture(stretched: Singles) -> Singles:
    """A picture as the network of halls is shown it, from what the network of boxes is shown.

    Parameters
    ----------
    stretched : float32 (3, y, x)
        Red, green, blue of `network.stretched`, no NaN.

    Returns
    -------
    float32 (3, y, x)
        In shares of the scene's own range, on pixels of the input; for `hall_pictures.shown` with limits 0 and 1.
    """
    linear = stretched ** np.float32(1 / GAMMA) - np.float32(LIFT)
    return np.asarray(np.clip(linear, 0.0, TOP), np.float32)


def beneath(odds: Singles, centres_m: Floats) -> Floats:
    """Log odds of the roof on which each box lies.

    Parameters
    ----------
    odds : float32 (y, x)
        Of the network of halls, on pixels of `STEP_M`.
    centres_m : float64 (n, 2)
        Of the boxes, x and y from the picture's corner, metres.

    Returns
    -------
    float64 (n,)
        The least within a disc of `LEAST_ROOF_M` that holds the box's centre, of the disc for which it is greatest.
    """
    across = round(LEAST_ROOF_M / STEP_M) // 2 * 2 + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    opened = cv2.morphologyEx(odds, cv2.MORPH_OPEN, disc)
    place = np.clip((centres_m / STEP_M).astype(int), 0, np.array(opened.shape[::-1]) - 1)
    return np.asarray(opened[place[:, 1], place[:, 0]], np.float64)


def doubted(confidence: Floats, roof: Floats, is_container: Bools) -> Floats:
    """Confidence of boxes once it is known what roof they lie on.

    Parameters
    ----------
    confidence : float64 (n,)
        0 to 1.
    roof : float64 (n,)
        Of `beneath`; NaN where none was looked for.
    is_container : bool (n,)
        Others are left alone.

    Returns
    -------
    float64 (n,)
        Less where a roof is likely; the same elsewhere.
    """
    lies_on_roof = is_container & (confidence > DOUBTFUL[0]) & (roof > LEAST_ODDS)
    less = np.where(lies_on_roof, -TRUST * (roof - LEAST_ODDS), np.nan)
    return looked_at(confidence, less)
