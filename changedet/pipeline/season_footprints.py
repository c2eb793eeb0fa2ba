"""Footprints in coarse pixels, held against the seasons: bare fields are no built ground, however many looks show them.

A series of a year has months in which most fields are bare. Likely built is what no look shows green, and what the
masks mark as changed; the rest of what is bare stays in the greatest footprint.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.blocks import Window, tiles
from changedet.grid import Grid, ground_area_m2
from changedet.kernels.pixel_classes import CHANGED
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.season_scores import FIRST
from changedet.plan import Plan
from changedet.stages.change.kernels.season_colours import GREEN, STATES
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.shapes import as_multi

TILE_PX: Final = 1024
"""Edge of the windows that are read at once."""


def held_against_seasons(plan: Plan, found: Sequence[Footprint]) -> list[Footprint]:
    """Leave out of the likely and the least footprints what was green on some look and no mask marks.

    Parameters
    ----------
    plan : Plan
        It knows the seasons; its masks are done.
    found : sequence of Footprint
        Of all dates.

    Returns
    -------
    list of Footprint
        The greatest ones as they are, and all of the dates before the reference.
    """
    days = [look.date for look in plan.looks]
    bare = never_green(plan)
    shapes = {day: _outlined(plan.grid, bare | _marked(plan, day)) for day in days[plan.reference :]}
    return [_within(one, shapes[day], plan) if day in shapes else one for day, one in zip(days, found, strict=True)]


def never_green(plan: Plan) -> Bools:
    """Where neither the reference nor a later date shows plants.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    bool (y, x)
        Of the grid.
    """
    green = np.zeros(plan.grid.shape, np.bool_)
    paths = [plan.folder.aside("contrast", look.date) for look in plan.looks[plan.reference + 1 :]]
    for window in tiles(plan.grid.shape, TILE_PX):
        for path in paths:
            green[window.slices] |= _is_green(path, window)
    return ~green


def _is_green(path: Path, window: Window) -> Bools:
    states = read_bands(path, window)[FIRST:]
    with np.errstate(invalid="ignore"):
        return np.asarray((states[[0, STATES]] >= GREEN).any(axis=0), np.bool_)


def _marked(plan: Plan, day: dt.date) -> Bools:
    if day == plan.reference_date:
        return np.zeros(plan.grid.shape, np.bool_)
    return np.asarray(read_window(plan.mask_file(day), Window(0, 0, *plan.grid.shape)) == CHANGED, np.bool_)


def _outlined(grid: Grid, ground: Bools) -> BaseGeometry:
    return shapely.union_all(grid.outlines(ground, 0, 0))


def _within(found: Footprint, ground: BaseGeometry, plan: Plan) -> Footprint:
    geometry, least = (as_multi(shapely.intersection(shape, ground)) for shape in (found.geometry, found.least))
    area = 0.0 if geometry.is_empty else float(ground_area_m2([geometry], plan.grid.crs)[0])
    kinds: Mapping[str, MultiPolygon] = {
        kind: as_multi(shapely.intersection(shape, ground)) for kind, shape in found.kinds.items()
    }
    return replace(found, geometry=geometry, least=least, area_m2=area, kinds=kinds)
