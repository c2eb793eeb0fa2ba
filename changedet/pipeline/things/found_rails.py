"""Tracks of a site that no zone tells of: found on all looks together, named by where they lie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Singles
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import rail_beds, rail_strips
from changedet.pipeline.things.kernels.rail_beds import ANSWERS, BED, CELL_M, Bed
from changedet.pipeline.things.kernels.siding_pictures import MOST_PX, STEP_M, in_light, light_of
from changedet.pipeline.things.rail_network import PX_A_CELL, odds_of
from changedet.pipeline.things.railcar_pictures import car_looks
from changedet.pipeline.things.working_pixels import SHOWS_DARK, at_middles, strips_of
from changedet.plan import Plan
from changedet.stages.objects.detector import bands_used

SURE: Final = 8.0
"""Log odds beyond which a look counts no more."""
SAME: Final = 0.02
"""Share by which pixels may differ from those that taught without being resampled."""
THIN_PX: Final = 4
"""A look's light is measured on every so many pixels."""
BRIGHTEST: Final = 65000.0
"""Of a pixel in half precision."""
OUTSIDE_M: Final = 60.0
"""Metres of tracks outside of zones of kind siding, below which they are theirs; as `rail_beds.LEAST_LENGTH_M`."""
EDGE_SHARE: Final = 0.95
"""Share of the places along tracks whose edge is shown: at single ones something beside them is taken for them."""


class FoundBed(NamedTuple):
    """Tracks side by side that were found.

    Attributes
    ----------
    zone : str
        Name of the group of tracks; empty before it has one.
    line : LineString
        Along their middle in the grid's CRS, from the west (from the south where they run north).
    sides_m : (float, float)
        Metres on the ground from there to the left and to the right edge.
    probability : float
        Mean along the middle that tracks lie there.
    """

    zone: str
    line: shapely.LineString
    sides_m: tuple[float, float]
    probability: float


def fine_grid(grid: Grid) -> Grid:
    """The grid on which tracks are looked for.

    Parameters
    ----------
    grid : Grid
        Of the run.

    Returns
    -------
    Grid
        From the same corner, in pixels of `STEP_M` on the ground; the grid itself where its pixels nearly are.
    """
    return grid if abs(STEP_M / grid.ground_resolution_m - 1.0) < SAME else grid.in_pixels_of(STEP_M)


def why_no_tracks(plan: Plan) -> str:
    """Say why tracks are not looked for.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        Empty where they are.
    """
    if not plan.workflow.railcars:
        return "railway tracks are looked for with railcars: true"
    shape = fine_grid(plan.grid).shape
    if shape[0] * shape[1] > MOST_PX:
        most = MOST_PX * STEP_M**2 / 1e6
        return f"railway tracks are looked for on sites of up to {most:.0f} km2; draw zones of kind siding"
    return ""


def find_beds(plan: Plan, models: Mapping[dt.date, DateModel], sidings: BaseGeometry | None) -> list[FoundBed]:
    """Find where tracks seem to lie on a site.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    sidings : geometry or None
        Zones of kind siding: what lies in them but for less than `OUTSIDE_M` is left out.

    Returns
    -------
    list of FoundBed
        From the north, without names.
    """
    grid = fine_grid(plan.grid)
    beds = [_placed(bed, grid) for bed in rail_beds.beds_of(_mean_odds(plan, models, grid))]
    outside = grid.ground_metre * OUTSIDE_M
    free = [bed for bed in beds if sidings is None or bed.line.difference(sidings).length >= outside]
    return sorted(free, key=lambda one: -float(one.line.centroid.y))


def _placed(bed: Bed, grid: Grid) -> FoundBed:
    """A bed in the grid's CRS."""
    x, y = grid.transform @ tuple(CELL_M / STEP_M * bed.points.T)
    left, right = (float(np.quantile(edge, EDGE_SHARE)) for edge in (bed.left, bed.right))
    points = np.column_stack([x, y])
    if rail_strips.runs_back(points):
        points, left, right = points[::-1], right, left
    return FoundBed("", shapely.LineString(points), (left, right), bed.share)


def _mean_odds(plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid) -> Singles:
    """The network's answers of all looks in the mean, where they show the ground."""
    shape = tuple(-(-n // PX_A_CELL) for n in grid.shape)
    total, looks = np.zeros((len(ANSWERS), *shape), np.float32), np.zeros(shape, np.float32)
    lowest = np.full(shape, np.inf, np.float32)
    for look in car_looks(plan):
        picture = _picture(plan, models, look, grid)
        if picture is None:
            continue
        odds, shown = odds_of(picture), np.isfinite(picture[0, ::PX_A_CELL, ::PX_A_CELL])
        odds[BED] = np.clip(odds[BED], -SURE, SURE)
        np.add(total, odds, out=total, where=shown)
        np.minimum(lowest, odds[BED], out=lowest, where=shown)
        looks += shown
    return rail_beds.mean_answer(total, lowest, looks)


def _picture(plan: Plan, models: Mapping[dt.date, DateModel], look: Look, grid: Grid) -> np.ndarray | None:
    """A look in its own light, in half precision; None where it shows nothing."""
    quality = at_middles(plan.quality_file(look.date), plan.grid, grid)
    moved, bands = models[look.date].alignment.displacement, list(bands_used(plan.roles))
    colours = np.empty((len(bands), *grid.shape), np.float16)
    for rows, own in strips_of(grid):
        image = look.read(grid, own, plan.roles, moved, grid.ground_resolution_m)[0][bands]
        image[:, ~(np.isfinite(image).all(axis=0) & np.isin(quality[rows], SHOWS_DARK))] = np.nan
        colours[:, rows] = np.clip(image, -BRIGHTEST, BRIGHTEST)
    light = light_of(colours[:, ::THIN_PX, ::THIN_PX].astype(np.float32))
    if light is None:
        return None
    for rows, _ in strips_of(grid):
        colours[:, rows] = in_light(colours[:, rows].astype(np.float32), light)
    return colours
