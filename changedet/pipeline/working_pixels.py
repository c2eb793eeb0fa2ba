"""What is looked for on pixels of its own size: strips of them, and the run's rasters on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import Bytes
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.outputs.rasters.reading import read_window

STRIP_PX: Final = 512
"""Rows of a strip."""


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
