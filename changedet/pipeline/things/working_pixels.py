"""What is looked for on pixels of its own size: their grid, strips of them, and the run's rasters on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import Bytes
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import HAZE, SATURATED, SHADE, SHADOW, SHOWS_BOXES
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.values import pixel_text
from changedet.plan import Plan

FINEST_M: Final = 0.5
"""Finer pixels are averaged to it: ships and works need no more, and the network of railcars was taught on it."""
MOST_PX: Final = 16_000_000
"""Of a date in the memory at once; larger sites are looked at coarser."""
SHOWS_DARK: Final = (*SHOWS_BOXES, HAZE, SHADE, SHADOW, SATURATED)
"""Classes that show what is dark itself, such as water, cars and ballast, which is taken for shade."""
STRIP_PX: Final = 512
"""Rows of a strip."""


def working_grid(grid: Grid) -> Grid:
    """Choose the grid that ships and works are looked at on.

    Parameters
    ----------
    grid : Grid
        The run's.

    Returns
    -------
    Grid
        Of pixels of `FINEST_M` and more.
    """
    finest = finest_factor(grid)
    return grid.coarsened(max(finest, math.ceil(math.sqrt(grid.shape[0] * grid.shape[1] / MOST_PX))))


def finest_factor(grid: Grid) -> int:
    """How many pixels on a side are taken together where they are finer than need be.

    Parameters
    ----------
    grid : Grid
        The run's.

    Returns
    -------
    int
        1 and more.
    """
    return max(1, math.floor(FINEST_M / grid.ground_resolution_m + 1e-6))


def is_fine(look: Look, coarsest_m: float) -> bool:
    """Say whether a look shows things of a kind; one that does not hides no others of its series.

    Parameters
    ----------
    look : Look
    coarsest_m : float
        Pixels in which the things can be told, metres on the ground.

    Returns
    -------
    bool
        False where its pixels are coarser.
    """
    return look.gsd_m <= coarsest_m


def why_too_coarse(plan: Plan, things: str, pixel_m: float, coarsest_m: float) -> str:
    """Say why no look shows things of a kind.

    Parameters
    ----------
    plan : Plan
    things : str
        Their name.
    pixel_m : float
        Of the grid that they are looked at on, metres on the ground.
    coarsest_m : float
        As of `is_fine`.

    Returns
    -------
    str
        Empty where a look does.
    """
    finest = max(pixel_m, min(look.gsd_m for look in plan.looks))
    needed = f"{things} need pixels of {coarsest_m:g} m or finer"
    return "" if finest <= coarsest_m else f"{needed}; these have {pixel_text(finest)}"


def strips_of(grid: Grid) -> Iterator[tuple[slice, Window]]:
    """Rows of a grid, some at a time: all bands of a large site at once would take gigabytes.

    Parameters
    ----------
    grid : Grid

    Yields
    ------
    slice, Window
        The rows, and the same as a window of the grid.
    """
    for top in range(0, grid.shape[0], STRIP_PX):
        rows = slice(top, min(top + STRIP_PX, grid.shape[0]))
        yield rows, Window(top, 0, rows.stop - top, grid.shape[1])


def at_middles(path: Path, whole: Grid, grid: Grid) -> Bytes:
    """A raster of the run at the middles of other pixels.

    Parameters
    ----------
    path : Path
        Of the raster.
    whole : Grid
        The run's, which the raster is on.
    grid : Grid
        From the same corner.

    Returns
    -------
    uint8 (y, x)
        On `grid`.
    """
    values = read_window(path, Window(0, 0, *whole.shape))
    factor = grid.resolution_m / whole.resolution_m
    rows, columns = (
        np.minimum(((np.arange(n) + 0.5) * factor).astype(int), most - 1)
        for n, most in zip(grid.shape, whole.shape, strict=True)
    )
    return np.asarray(values[np.ix_(rows, columns)], np.uint8)


def at_corners(path: Path, whole: Grid, grid: Grid, window: Window | None = None) -> Bytes:
    """A raster of the run at the first of the pixels that are taken together.

    Parameters
    ----------
    path : Path
        Of the raster.
    whole : Grid
        The run's, which the raster is on.
    grid : Grid
        `whole`, coarsened.
    window : Window, optional
        Of `grid`; by default all of it.

    Returns
    -------
    uint8 (y, x)
        On `grid`.
    """
    factor = round(grid.resolution_m / whole.resolution_m)
    if window is None:
        own = Window(0, 0, *whole.shape)
    else:
        own = Window(window.y * factor, window.x * factor, window.height * factor, window.width * factor)
    return np.asarray(read_window(path, own)[::factor, ::factor], np.uint8)
