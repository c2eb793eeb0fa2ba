"""The network's pixel and lattice: by what ratio a picture is resampled, how large its cells and their halos are."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles

PIXEL_M: Final = 0.40
"""A container is 6 px wide on this grid, the one that training/train_network.py uses."""
POWERS: Final = (1, 2, 4, 8, 16, 32)
"""Numerators of the ratio of pixels."""
NEAR_ENOUGH: Final = 0.03
"""The simplest ratio within this of the wanted one is taken: the training saw pixels 5 % larger and smaller."""
REACH_PX: Final = 72
"""How far around a pixel the network must see, in its own pixels: beyond it lies some 0.01 of a logit."""
STRIDE_PX: Final = 16
"""Its coarsest level has pixels so many times as wide as the finest."""
LATTICE_PX: Final = 8
"""Halos are multiples of this many pixels of the picture, or of the ratio's numerator."""
CELLS_PX: Final = ((0.4, 1024), (0.8, 512))
"""Below so many metres a cell has so many pixels: few enough of the network's for a small memory, enough for a small
share of halos (docs/research/detector.md)."""
CELL_PX: Final = 256
"""Of coarser pictures."""


ALL: Final = 0.999
"""Share of a pixel from which on it counts as wholly covered: sums of shares are rounded."""


def ratio(resolution_m: float) -> Fraction:
    """The network's pixel over the picture's: the fraction with a power of two, up to 32, above that comes closest.

    Parameters
    ----------
    resolution_m : float
        Pixel of the picture, metres.

    Returns
    -------
    Fraction
        Above 1 for pictures finer than the network's.

    Examples
    --------
    >>> ratio(0.5), ratio(0.3), float(ratio(0.66)) * 0.66
    (Fraction(4, 5), Fraction(4, 3), 0.4061538461538462)
    """
    wanted = PIXEL_M / resolution_m
    found = [Fraction(top, max(1, round(top / wanted))) for top in POWERS]
    return next((f for f in found if abs(f / wanted - 1) < NEAR_ENOUGH), min(found, key=lambda f: abs(f / wanted - 1)))


def halo_px(resolution_m: float) -> int:
    """How far around a cell the network must see.

    Parameters
    ----------
    resolution_m : float
        Pixel of the picture, metres.

    Returns
    -------
    int
        Pixels of the picture.
    """
    scale = ratio(resolution_m)
    step = max(LATTICE_PX, scale.numerator)
    return int(np.ceil(REACH_PX * float(scale) / step)) * step


def cell_px(resolution_m: float) -> int:
    """Size of a cell of the lattice on which a picture is looked at.

    Parameters
    ----------
    resolution_m : float
        Pixel of the picture, metres.

    Returns
    -------
    int
        Pixels of the picture.
    """
    return next((size for below, size in CELLS_PX if resolution_m < below), CELL_PX)


def resampled(image: Singles, scale: Fraction) -> Singles:
    """A picture on other pixels; the left, top edge is held.

    Parameters
    ----------
    image : float32 (band, y, x)
        No NaN.
    scale : Fraction
        New pixel over the old one: above 1 pixels are averaged, below interpolated cubically.

    Returns
    -------
    float32 (band, y, x)
        Whole new pixels alone.
    """
    height, width = image.shape[1:]
    size = (int(width / scale), int(height / scale))
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    whole = (round(size[0] * scale), round(size[1] * scale))
    return np.stack(
        [cv2.resize(np.ascontiguousarray(b[: whole[1], : whole[0]]), size, interpolation=how) for b in image]
    )


def resampled_where_all(mask: Bools, scale: Fraction) -> Bools:
    """A mask on other pixels as `resampled` makes them.

    Parameters
    ----------
    mask : bool (y, x)
    scale : Fraction
        New pixel over the old one.

    Returns
    -------
    bool (y, x)
        True where all pixels about a new one's centre are.
    """
    # An interpolation between neighbours is 1 only where all of them are; a cubic one overshoots.
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    height, width = mask.shape
    size = (int(width / scale), int(height / scale))
    whole = (round(size[0] * scale), round(size[1] * scale))
    part = np.ascontiguousarray(mask[: whole[1], : whole[0]], np.float32)
    return np.asarray(cv2.resize(part, size, interpolation=how) > ALL)
