"""Works: pits, banks, heaps and pads that were made after the reference, each followed through its states."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid import Grid
from changedet.grid.zones import sidings_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import work_regions, work_states
from changedet.pipeline.things.kernels.work_regions import Marked, MarkedCounter, Region
from changedet.pipeline.things.thing_states import COARSEST_M, SeenBoxes, Thing, things_of, why_not
from changedet.pipeline.things.working_pixels import at_corners, is_fine, working_grid
from changedet.plan import Plan

RIM: Final = 0.15
"""Width of the rim of a thing, banks and edges, as a share of the square root of its area. By hand."""
ROAD_M, ROAD_ASPECT = 8.0, 4.0
"""Level strips so narrow and long are roads. By hand, as the next two."""
MOST_ROOF: Final = 0.8
"""Share of a thing under a roof on its first look from which it is a building and nothing else."""
MOST_BOXES: Final = 0.5
"""Share of it under boxes, of its first look or of all, from which it is a stack of boxes and nothing else."""

BOX_RIM_M: Final = 1.0
"""How far around a box what is marked belongs to it: a pixel of the coarsest pictures that boxes are found in."""


@dataclass(frozen=True)
class Works:
    """The works of a run.

    Attributes
    ----------
    things : sequence of Thing
        In the order in which they were made.
    days : sequence of date
        Of all looks.
    since : date
        The first look that could show one.
    coarse : frozenset of date
        Looks whose pixels are too coarse to show any.
    reason : str
        Why there are none to be had; empty where they can be.
    """

    things: Sequence[Thing] = ()
    days: Sequence[dt.date] = ()
    since: dt.date = dt.date.max
    coarse: frozenset[dt.date] = frozenset()
    reason: str = ""


def find_works(plan: Plan, models: Mapping[dt.date, DateModel], boxes: SeenBoxes) -> Works | None:
    """Find what was made after the reference, and read its states.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    models : mapping of date to DateModel
    boxes : SeenBoxes

    Returns
    -------
    Works or None
        None where the workflow does not want them.
    """
    if not plan.workflow.works:
        return None
    days = plan.dates
    reason = why_not(plan) or ("" if plan.compares else "the stage change is switched off")
    if reason:
        return Works(days=days, reason=reason)
    grid = working_grid(plan.grid)
    gsd_m = grid.ground_resolution_m
    if not is_fine(plan.reference_look, COARSEST_M):
        return Works(days=days, reason=f"works need a reference date in pixels of {COARSEST_M:g} m or finer")
    coarse = frozenset(look.date for look in plan.looks if not is_fine(look, COARSEST_M))
    after = [k for k, day in enumerate(days) if k > plan.reference and day not in coarse]
    if not after:
        return Works(days=days, reason="no look follows the reference date that is fine enough to show works")
    marked = _marked(plan, grid, [days[k] for k in after])
    unit = plan.grid.ground_metre
    others = held_by_others(boxes, sidings_of(plan.zones, unit), unit)
    outlined = [(_outline(one, grid), after[one.first]) for one in work_regions.regions(marked, len(after), gsd_m)]
    kept = [one for one in outlined if not is_held(one[0], others)]
    shapes, firsts = [shape for shape, _ in kept], [first for _, first in kept]
    things = things_of(plan, models, boxes, [core(one) for one in shapes], firsts, shapes)
    return Works([one for one in things if is_work(one, unit)], days, days[after[0]], coarse)


def _outline(region: Region, grid: Grid) -> BaseGeometry:
    """The largest part of a region, without the stairs of its pixels."""
    parts = grid.outlines(region.inside, region.row, region.column)
    return max(parts, key=lambda part: float(part.area)).simplify(grid.resolution_m)


def is_work(thing: Thing, unit: float) -> bool:
    """Say whether a thing is a work: not a building alone, not a stack of boxes, not a road.

    Parameters
    ----------
    thing : Thing
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    bool
        True for a pit, bank, heap or pad.
    """
    corners = shapely.get_coordinates(shapely.oriented_envelope(thing.shape))[:3]
    short, long = sorted(np.hypot(*np.diff(corners, axis=0).T).tolist())
    is_road = short < unit * ROAD_M and long > ROAD_ASPECT * short and thing.kind == "earth"
    is_roof = thing.reading.state[0] == work_states.ROOFED and thing.roof >= MOST_ROOF
    return not (is_road or is_roof or thing.share[0] >= MOST_BOXES)


def held_by_others(boxes: SeenBoxes, sidings: BaseGeometry | None, unit: float) -> BaseGeometry:
    """Say where what is marked is no earth: where boxes stand on any look, and trains.

    Parameters
    ----------
    boxes : SeenBoxes
    sidings : geometry or None
        None where no zone is one.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    geometry
        With `BOX_RIM_M` around each box.
    """
    bases = [*boxes.detected.geometry, *boxes.followed.geometry]
    return shapely.union_all([*shapely.buffer(bases, unit * BOX_RIM_M), *([] if sidings is None else [sidings])])


def is_held(shape: BaseGeometry, others: BaseGeometry) -> bool:
    """Say whether most of a region is explained by something else.

    Parameters
    ----------
    shape : geometry
        Of a region, not empty.
    others : geometry
        Of `held_by_others`.

    Returns
    -------
    bool
        False for a bank around a floor full of boxes.
    """
    return bool(shape.intersection(others).area >= MOST_BOXES * shape.area)


def _marked(plan: Plan, grid: Grid, days: Sequence[dt.date]) -> Marked:
    counter = MarkedCounter(grid.shape)
    for day in days:
        counter.add(at_corners(plan.mask_file(day), plan.grid, grid))
    return counter.result()


def core(shape: BaseGeometry) -> BaseGeometry:
    """Cut a thing down to what lies within its banks, where things are set down.

    Parameters
    ----------
    shape : geometry

    Returns
    -------
    geometry
        The shape itself where nothing is left of it.
    """
    inner = shape.buffer(-RIM * math.sqrt(shape.area))
    return shape if inner.is_empty else inner
