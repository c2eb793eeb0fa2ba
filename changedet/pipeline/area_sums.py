"""Ground areas and shares of areas, summed over a date's rasters tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes, Floats
from changedet.blocks import Window, tiles
from changedet.grid import Grid, pixel_area_m2
from changedet.kernels.pixel_classes import CHANGED, CLEAR, GREY, NOT_OBSERVED, SHADE
from changedet.kernels.together import each
from changedet.outputs.rasters.reading import read_windows
from changedet.pipeline.kernels.row_counts import count_rows

Area: TypeAlias = BaseGeometry | None
"""A polygon in the grid's CRS; None is the whole site."""

TILE_PX: Final = 1024
"""Edge of the windows that are read at once."""


def changed_and_seen(path: Path, grid: Grid, areas: Sequence[Area]) -> list[tuple[float, float]]:
    """Sum the changed and the observed ground of a change mask.

    Parameters
    ----------
    path : Path
        The mask, uint8 (y, x): 0 unchanged, 1 changed, 255 not observed.
    grid : Grid
    areas : sequence of geometry or None
        In the grid's CRS; None for the whole site.

    Returns
    -------
    list of (float, float)
        For each area, in m2 of ground, what is changed and what is observed.
    """
    return _sums(path, grid, areas, lambda mask: (mask == CHANGED, mask != NOT_OBSERVED))


class MarkedGround(NamedTuple):
    """Ground of an area by one mask, in m2.

    Attributes
    ----------
    changed, seen : float
        What is changed, and what is observed.
    lone : float
        What of it no other mask of the series marks.
    """

    changed: float
    seen: float
    lone: float


def marked_ground(paths: Sequence[Path], grid: Grid, areas: Sequence[Area]) -> list[list[MarkedGround]]:
    """Sum what each mask of a series marks and observes, and what it alone marks.

    Parameters
    ----------
    paths : sequence of Path
        The masks, uint8 (y, x): 0 unchanged, 1 changed, 255 not observed.
    grid : Grid
    areas : sequence of geometry or None
        In the grid's CRS; None for the whole site.

    Returns
    -------
    list of list of MarkedGround
        For each mask and area.
    """
    row_m2 = pixel_area_m2(grid)
    sums = np.zeros((len(paths), len(areas), len(MarkedGround._fields)))
    for window in tiles(grid.shape, TILE_PX):
        masks = [next(iter(read_windows(path, [window]))) for path in paths]
        times = np.zeros(window.shape, np.int32)
        for mask in masks:
            times += mask == CHANGED
        within = [grid.inside(window) if area is None else grid.inside(window, area) for area in areas]
        weights = row_m2[window.y : window.y + window.height]
        for i, mask in enumerate(masks):
            marked, seen = mask == CHANGED, mask != NOT_OBSERVED
            alone = marked & (times == 1)
            for k, area in enumerate(within):
                sums[i, k] += [(weights * count_rows(some, area)).sum() for some in (marked, seen, alone)]
    return [[MarkedGround(*map(float, one)) for one in of_mask] for of_mask in sums]


def scored_above(path: Path, grid: Grid, areas: Sequence[Area], least: float) -> list[float]:
    """Sum the ground whose score passes a limit.

    Parameters
    ----------
    path : Path
        A date's score, float32 (y, x), NaN not observed.
    grid : Grid
    areas : sequence of geometry or None
        In the grid's CRS; None for the whole site.
    least : float
        The limit.

    Returns
    -------
    list of float
        Of each area, in m2 of ground.
    """
    sums = _sums(path, grid, areas, lambda score: (score > least, np.isfinite(score)))
    return [above for above, _ in sums]


def clear_fraction(path: Path, grid: Grid, areas: Sequence[Area]) -> list[float]:
    """Sum the share of each area that is clear on a date.

    Parameters
    ----------
    path : Path
        The date's quality raster, uint8 (y, x) of `changedet.kernels.pixel_classes`.
    grid : Grid
    areas : sequence of geometry or None
        In the grid's CRS; None for the whole site.

    Returns
    -------
    list of float
        0 to 1, shade and grey pictures counted as clear; NaN for an area without a pixel.
    """
    sums = _sums(path, grid, areas, _clear_and_all, within_site=True)
    return [clear / whole if whole else float("nan") for clear, whole in sums]


def _clear_and_all(quality: Bytes) -> tuple[Bools, Bools]:
    return np.isin(quality, (CLEAR, SHADE, GREY)), np.ones(quality.shape, bool)


def _sums(
    path: Path,
    grid: Grid,
    areas: Sequence[Area],
    chosen: Callable[[Bytes], tuple[Bools, Bools]],
    *,
    within_site: bool = False,
) -> list[tuple[float, float]]:
    """Ground areas in m2 of two choices of pixels; `within_site`: of areas too only what lies in the site."""
    row_m2 = pixel_area_m2(grid)

    def _of_row(row: Sequence[Window]) -> list[Floats]:
        return [_of_tile(window, pixels) for window, pixels in zip(row, read_windows(path, row), strict=True)]

    def _of_tile(window: Window, pixels: Bytes) -> Floats:
        part, whole = chosen(pixels)
        sums = np.zeros((len(areas), 2))
        site, everywhere = grid.inside(window), np.ones(window.shape, bool)
        weights = row_m2[window.y : window.y + window.height]
        for k, area in enumerate(areas):
            within = site if area is None or within_site else everywhere
            if area is not None:
                within = within & grid.inside(window, area)
            sums[k] = [(weights * count_rows(some, within)).sum() for some in (part, whole)]
        return sums

    # In one order, whoever summed up a tile.
    sums = np.zeros((len(areas), 2))
    rows = [list(row) for _, row in groupby(tiles(grid.shape, TILE_PX), key=lambda window: window.y)]
    for found in chain.from_iterable(each(_of_row, rows)):
        sums += found
    return [(float(a), float(b)) for a, b in sums]
