"""Marks of coarse pixels that are narrower than two of them: rims of roads and fields, half a pixel aside."""

from __future__ import annotations

from typing import Final, TypeVar, cast

import cv2
import numpy as np

from changedet.arrays import Bytes, Singles

WIDE_PX: Final = 2
"""Scenes' pixels, each way, that a mark covers somewhere. Looks lie aside by half of one: a road and the grass beside
it change places in a row of single ones."""


def compact_halo_px(reach_px: int) -> int:
    """How far around a pixel others decide.

    Parameters
    ----------
    reach_px : int
        Pixels of the grid in one of the scenes.

    Returns
    -------
    int
        Pixels.
    """
    return 2 * WIDE_PX * reach_px


def compact_marks(probability: Singles, above: float, reach_px: int) -> Singles:
    """Leave unmarked what is not part of a square of `WIDE_PX` scenes' pixels, or beside one.

    Parameters
    ----------
    probability : float32 (date, y, x)
        With `compact_halo_px` more on each side; NaN is not observed.
    above : float
        Probabilities above it are marked.
    reach_px : int
        Pixels of the grid in one of the scenes.

    Returns
    -------
    float32 (date, y, x)
        Of such marks `above`.
    """
    halo, side = compact_halo_px(reach_px), WIDE_PX * reach_px
    around = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    found = np.ascontiguousarray(probability[:, halo:-halo, halo:-halo])
    for own, wide in zip(found, probability, strict=True):
        with np.errstate(invalid="ignore"):
            marked = (wide > above).astype(np.uint8)
        kept = cv2.dilate(opened(marked, side), around)[halo:-halo, halo:-halo]
        own[(kept == 0) & (own > above)] = above
    return found


Plane = TypeVar("Plane", Bytes, Singles)


def opened(plane: Plane, side: int) -> Plane:
    """Grey opening: of each pixel the greatest of the least values of all squares that it lies in.

    Parameters
    ----------
    plane : uint8 or float32 (y, x)
    side : int
        Of the squares, pixels. OpenCV's own opening moves what it opens where that is even.

    Returns
    -------
    uint8 or float32 (y, x)
        At most what is given.
    """
    square = np.ones((side, side), np.uint8)
    least = cv2.erode(plane, square, anchor=(0, 0))
    return cast("Plane", cv2.dilate(least, square, anchor=(side - 1, side - 1)))
