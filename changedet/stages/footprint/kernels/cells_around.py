"""What lies around each cell: sums over squares, the same in any block, and how far and how wide ground reaches."""

from __future__ import annotations

import math
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Singles

Float = TypeVar("Float", np.float32, np.float64)


def half_side(reach_m: float, cell_m: float) -> int:
    """Cells to either side of the middle of a square.

    Parameters
    ----------
    reach_m : float
        Half its side.
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, round(reach_m / cell_m))


def square_sums(whole: NDArray[Float], half: int) -> NDArray[Float]:
    """Sums of whole numbers over a square around each cell; beyond the block all is 0.

    Parameters
    ----------
    whole : float32 or float64 (y, x)
        Small enough that a sum is exact in this type: then it does not depend on the block.
    half : int
        Cells to either side of the middle.

    Returns
    -------
    float (y, x)
        Of the same type, whole numbers.
    """
    size = (2 * half + 1,) * 2
    total = cv2.boxFilter(whole, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.rint(total), whole.dtype)


def sums_within(whole: NDArray[Float], reach_m: float, cell_m: float) -> NDArray[Float]:
    """Sums of whole numbers over the surroundings of each cell.

    Parameters
    ----------
    whole : float32 or float64 (y, x)
        As for `square_sums`.
    reach_m, cell_m : float
        As for `half_side`.

    Returns
    -------
    float (y, x)
        As of `square_sums`.
    """
    return square_sums(whole, half_side(reach_m, cell_m))


def widths(inside: Bools, cell_m: float, most_m: float) -> tuple[Singles, Singles]:
    """How far each cell lies from the rim of the ground that it belongs to, and half of how wide that is.

    Parameters
    ----------
    inside : bool (y, x)
        The ground; beyond the block all is taken for it, as nothing is known there.
    cell_m : float
        Size of a cell, metres.
    most_m : float
        Farthest that is measured.

    Returns
    -------
    near, widest : float32 (y, x)
        Metres to the nearest cell that is not of the ground, at most `most_m` in whole cells, and the greatest such
        distance within `most_m`.
    """
    reach = math.ceil(most_m / cell_m)
    ground = cv2.copyMakeBorder(inside.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cells = cv2.distanceTransform(ground, cv2.DIST_C, 3)[1:-1, 1:-1]
    near = np.minimum(cells, np.float32(reach))
    widest = cv2.dilate(near, np.ones((2 * reach + 1,) * 2, np.uint8))
    return np.asarray(near * np.float32(cell_m)), np.asarray(widest * np.float32(cell_m))
