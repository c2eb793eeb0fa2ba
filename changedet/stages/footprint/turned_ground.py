"""When ground was remade for good, by the masks: what stood on it before says nothing of what stands there after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.morphology import dilated, opened, square
from changedet.stages.footprint.kernels import cell_codes
from changedet.stages.footprint.over_dates import NEVER, PackedRasters, Turns

ROAD_M: Final = 8.0
"""What is narrower is an edge that moved, or the rest of what an earlier date had marked; closing joins as much."""
BESIDE_M: Final = 15.0
"""From remade ground, so far, boxes that masks mark stand on it: two containers end to end, with an aisle beside."""
LASTS: Final = 2 / 3
"""Share of the dates from then on, of those that show it, that must mark ground remade for good, as footprints ask of
dates that agree (`still_ground.BUILT_SHARE`)."""


class Masks(NamedTuple):
    """What the masks of a series mark.

    Attributes
    ----------
    reference : int
        Index of the date with which they compare.
    made, marks : sequence of geometry
        Of each date, what its mask marks beside boxes, and all that it marks, in the grid's CRS.
    """

    reference: int
    made: Sequence[BaseGeometry]
    marks: Sequence[BaseGeometry]


def turns(dates: Sequence[PackedRasters], masks: Masks, cells: Grid) -> Turns | None:
    """The first date after each cell's ground was remade for good.

    Parameters
    ----------
    dates : sequence of PackedRasters
        Codes of `kernels.cell_codes`, and boxes, in the order of time.
    masks : Masks
    cells : Grid
        Of the rasters.

    Returns
    -------
    uint8 (y, x) or None
        A date before the reference marks what was remade after it. `NEVER` where ground stays as it is; None where all
        of it does.
    """
    if len(dates) >= NEVER or all(one.is_empty for one in masks.made):
        return None
    found = np.full(cells.shape, NEVER, np.uint8)
    later, earlier = range(len(dates) - 1, masks.reference, -1), range(masks.reference)
    for order, after in ((later, 0), (earlier, 1)):
        remade = _first_marked(dates, order, after, masks.made, cells)
        marked = None
        # The earliest change of some ground takes what lies between two.
        for day in (int(day) for day in np.unique(remade) if day != NEVER):
            ground = _without_strips(remade == day, cells)
            if ground.any():
                marked = _first_marked(dates, order, after, masks.marks, cells) if marked is None else marked
                found[(found == NEVER) & (ground | _beside(ground, marked, day, after, cells))] = day
    return None if (found == NEVER).all() else found


def _first_marked(
    dates: Sequence[PackedRasters], order: Iterable[int], after: int, shapes: Sequence[BaseGeometry], cells: Grid
) -> Turns:
    """The date nearest to the reference, or the one after it, from which on shapes last, towards the series' end."""
    found = np.full(cells.shape, NEVER, np.uint8)
    marks, looks = np.zeros((2, *cells.shape), np.uint8)
    for day in order:
        marked = np.zeros(cells.shape, bool)
        if not shapes[day].is_empty:
            marked = np.asarray(cells.burn([(shapes[day], 1)], Window(0, 0, *cells.shape)) > 0)
        looks += marked | (dates[day].rasters()[0] != cell_codes.UNKNOWN)
        marks += marked
        found[marked & (marks >= np.float32(LASTS) * looks)] = day + after
    return found


def _without_strips(ground: Bools, cells: Grid) -> Bools:
    """Ground without what is narrower than a road."""
    return opened(ground, square(2 * _cells_of(ROAD_M / 2, cells) + 1))


def _beside(ground: Bools, marked: Turns, day: int, after: int, cells: Grid) -> Bools:
    """What is marked beside remade ground, no nearer to the reference: boxes that came upon it."""
    near = dilated(ground, square(2 * _cells_of(BESIDE_M, cells) + 1))
    since = (marked <= day) if after else (marked >= day)
    return np.asarray(near & (marked != NEVER) & since)


def _cells_of(reach_m: float, cells: Grid) -> int:
    return max(1, round(reach_m / cells.ground_resolution_m))
