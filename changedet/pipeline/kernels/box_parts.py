"""Which part of a changed region is boxes that came, left or were replaced, and which is ground."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.kernels.morphology import dilated, square

GROUND: Final = 0
CAME: Final = 1
LEFT: Final = 2
REPLACED: Final = 3
"""A box in the place of another."""

RIM_M: Final = 1.25
"""How far around a box what changed belongs to it: half a box's width, as outlines of boxes and of changes differ."""


def box_parts(gained: Singles, lost: Singles, resolution_m: float) -> Bytes:
    """Tell where boxes came, left or were replaced, with a rim around them.

    Parameters
    ----------
    gained, lost : float32 (y, x)
        1 where a box came, and where one left.
    resolution_m : float
        Of the grid, on the ground.

    Returns
    -------
    uint8 (y, x)
        `CAME`, `LEFT` or `REPLACED`; `GROUND` elsewhere. A rim never covers a box, and where rims meet, that of what
        was replaced counts, then that of what came.
    """
    out = ((gained > 0) * np.uint8(CAME) + (lost > 0) * np.uint8(LEFT)).astype(np.uint8)
    if not out.any():
        return out
    around, boxes = square(2 * rim_px(resolution_m) + 1), out.copy()
    for part in (LEFT, CAME, REPLACED):
        out[dilated(boxes == part, around) & (boxes == GROUND)] = part
    return out


def rim_px(resolution_m: float) -> int:
    """How far the rim reaches.

    Parameters
    ----------
    resolution_m : float
        Of the grid, on the ground.

    Returns
    -------
    int
        Pixels.
    """
    return max(1, round(RIM_M / resolution_m))
