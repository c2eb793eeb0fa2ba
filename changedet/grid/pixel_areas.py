"""Square metres as pixels, and pixels as square metres."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from affine import Affine

from changedet.arrays import Floats
from changedet.grid.geodesy import ground_pixel_m2
from changedet.grid.grid import Grid

_ROUNDING_PX: Final = 1e-6
"""An area above a whole number of pixels by less than this is that number, rounded."""
_ROWS: Final = 33
"""Rows whose pixels are measured; between them areas are interpolated."""


def area_px(area_m2: float, pixel_m: float) -> float:
    """How many pixels an area has.

    Parameters
    ----------
    area_m2 : float
        Square metres on the ground.
    pixel_m : float
        Side of a pixel on the ground in metres.

    Returns
    -------
    float
        Seldom a whole number.
    """
    return area_m2 / pixel_m**2


def whole_pixels(area_m2: float, pixel_m: float) -> int:
    """The fewest whole pixels that have at least an area.

    Parameters
    ----------
    area_m2 : float
        Square metres on the ground.
    pixel_m : float
        Side of a pixel on the ground in metres.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> whole_pixels(8.0, 0.5), whole_pixels(8.1, 0.5), whole_pixels(8.0, 10.0)
    (32, 33, 1)
    """
    return max(1, math.ceil(area_px(area_m2, pixel_m) - _ROUNDING_PX))


def pixel_area_m2(grid: Grid) -> Floats:
    """Ground area of a pixel in each row of the grid.

    Parameters
    ----------
    grid : Grid
        The common grid.

    Returns
    -------
    float64 (rows,)
        Square metres, geodesic, at the middle column.
    """
    return _row_areas(grid.crs, grid.transform, grid.shape).copy()


@lru_cache(maxsize=4)
def _row_areas(crs: str, transform: Affine, shape: tuple[int, int]) -> Floats:
    """As of `pixel_area_m2`; asked for by each sum of a run."""
    rows = np.unique(np.linspace(0, shape[0], _ROWS).round().astype(int))
    areas = [ground_pixel_m2(crs, transform, row, shape[1] / 2) for row in rows]
    return np.asarray(np.interp(np.arange(shape[0]) + 0.5, rows, areas), np.float64)
