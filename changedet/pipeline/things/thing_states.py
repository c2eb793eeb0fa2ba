"""States of things of earth: their signs on every look, read together, and what a thing is."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.angles import SunAngles
from changedet.imagery.bands import is_sar
from changedet.kernels.pixel_classes import CLEAR, SHADE
from changedet.models.hall_network import roof_odds
from changedet.outputs.values import iso_dates
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import work_signs, work_states
from changedet.pipeline.things.kernels.work_signs import Sight
from changedet.pipeline.things.kernels.work_states import Reading
from changedet.pipeline.things.working_pixels import at_corners, is_fine, why_too_coarse, working_grid
from changedet.plan import Plan

COARSEST_M: Final = 1.0
"""Beyond, a box on a floor of 10 m is less than three pixels wide."""
AROUND_M: Final = 15.0
"""Ground around a thing that its picture is cut out with."""
PIT_TILT, BANK_TILT = 0.04, -0.035
"""Of `work_signs.tilt`: between pits and level pads, level pads and banks; on stores of seeds that teach."""
_ROOF_SHARE: Final = work_signs.SIGNS.index("roof_share")
VISIBLE: Final[tuple[str, ...]] = ("blue", "green", "red")


class SeenBoxes(NamedTuple):
    """Boxes of a run.

    Attributes
    ----------
    detected : GeoDataFrame
        The layer ``containers``.
    followed : GeoDataFrame
        The layer ``tracks``.
    by_look : GeoDataFrame or None
        As `detected`, but what each look counts by itself: to the series what stops for a day is clutter. None where
        that is the same.
    """

    detected: gpd.GeoDataFrame
    followed: gpd.GeoDataFrame
    by_look: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class Thing:
    """A thing whose states are read.

    Attributes
    ----------
    shape : geometry
        In the grid's CRS.
    first : int
        Index of the look on which it is there first; 0 for what is drawn by hand.
    reading : Reading
        From that look on.
    shown : bool (look,)
        Whether each look from then on shows it.
    share : float64 (look,)
        Share of it under boxes, from then on.
    roof : float
        Share of it under a roof on its first look.
    kind : str
        ``pit``, ``bank``, else ``earth``.
    """

    shape: BaseGeometry
    first: int
    reading: Reading
    shown: Bools
    share: Floats
    roof: float = 0.0
    kind: str = "earth"


def why_not(plan: Plan) -> str:
    """Say why works cannot be read.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        Empty where they can.
    """
    if is_sar(plan.roles):
        return "works are not looked for in radar images"
    return why_too_coarse(plan, "works", working_grid(plan.grid).ground_resolution_m, COARSEST_M)


def things_of(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    boxes: SeenBoxes,
    shapes: Sequence[BaseGeometry],
    firsts: Sequence[int],
    whole: Sequence[BaseGeometry],
) -> list[Thing]:
    """Read the states of things whose outlines are known.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    boxes : SeenBoxes
    shapes : sequence of geometry
    firsts : sequence of int
        Index of each thing's first look.
    whole : sequence of geometry
        Outlines of the things, of which `shapes` are the floors.

    Returns
    -------
    list of Thing
        In the order of `shapes`.
    """
    if not shapes:
        return []
    grid = working_grid(plan.grid)
    found, tilts = [], []
    for k, look in enumerate(plan.looks):
        image, detected = _picture(plan, models, k, grid), of_day(boxes.detected, look.date)
        found.append(signs_of(image, grid, shapes, detected, standing(boxes.followed, look.date)))
        tilts.append(_tilts(image, grid, whole, look.sun))
    signs, counts, slopes = np.stack([one for one, _ in found]), np.stack([one for _, one in found]), np.array(tilts)
    things = [
        thing_of(shape, first, signs[first:, k], counts[first:, k])
        for k, (shape, first) in enumerate(zip(shapes, firsts, strict=True))
    ]
    return [
        replace(one, shape=outline, kind=kind_of(slopes[one.first :, k], one.reading.state))
        for k, (one, outline) in enumerate(zip(things, whole, strict=True))
    ]


def _tilts(image: Singles, grid: Grid, shapes: Sequence[BaseGeometry], sun: SunAngles | None) -> list[float]:
    """How each thing brightens away from the sun; NaN where the sun is not known."""
    if sun is None:
        return [float("nan")] * len(shapes)
    azimuth = math.radians(sun.azimuth_deg)
    away = (-math.sin(azimuth), math.cos(azimuth))
    found = []
    for shape in shapes:
        window = _window(shape, grid)
        floor = grid.burn([(shape, 1)], window) > 0
        none, cut = np.zeros(floor.shape, np.float32), image[(slice(None), *window.slices)]
        sight = Sight(cut, floor, none > 0, grid.ground_resolution_m, none)
        found.append(work_signs.tilt(sight, away))
    return found


def kind_of(tilts: Floats, state: Ints) -> str:
    """Name what a thing is, by how its looks brighten away from the sun.

    Parameters
    ----------
    tilts : float64 (look,)
        Of `work_signs.tilt`.
    state : int64 (look,)

    Returns
    -------
    str
        ``pit``, ``bank`` (heaps and walls around a floor, too), else ``earth``.
    """
    empty = tilts[(state == work_states.EMPTY) & np.isfinite(tilts)]
    known = empty if len(empty) else tilts[np.isfinite(tilts)]
    middle = float(np.median(known)) if len(known) else 0.0
    return "pit" if middle >= PIT_TILT else "bank" if middle <= BANK_TILT else "earth"


def thing_of(shape: BaseGeometry, first: int, signs: Floats, counts: Ints) -> Thing:
    """Read the states of a thing from what its looks show.

    Parameters
    ----------
    shape : geometry
    first : int
        Index of its first look.
    signs : float64 (look, 12)
        From that look on.
    counts : int64 (look,)
        Boxes on it.

    Returns
    -------
    Thing
        With its states.
    """
    reading = work_states.read(work_states.by_look(work_states.features(signs, counts)))
    shown = np.asarray(np.isfinite(signs).all(axis=1))
    return Thing(shape, first, reading, shown, np.nan_to_num(signs[:, 0]), float(np.nan_to_num(signs[0, _ROOF_SHARE])))


def standing(tracks: gpd.GeoDataFrame, day: dt.date | str) -> list[BaseGeometry]:
    """Find where boxes stand on a date by their tracks, also where the date itself does not show them.

    Parameters
    ----------
    tracks : GeoDataFrame
        The layer ``tracks``.
    day : date or str

    Returns
    -------
    list of point
        In the CRS of `tracks`.
    """
    if not len(tracks):
        return []
    first, last = (tracks[name].astype(str).str[:10] for name in ("first_seen", "last_seen"))
    return list(tracks.geometry[(first <= str(day)) & (last >= str(day))])


def of_day(boxes: gpd.GeoDataFrame, day: dt.date) -> list[BaseGeometry]:
    """Find the boxes that a date shows.

    Parameters
    ----------
    boxes : GeoDataFrame
        The layer ``containers``.
    day : date

    Returns
    -------
    list of polygon
        In the CRS of `boxes`.
    """
    if not len(boxes):
        return []
    return list(boxes.geometry[iso_dates(boxes["date"]) == str(day)])


def _picture(plan: Plan, models: Mapping[dt.date, DateModel], k: int, grid: Grid) -> Singles:
    """The visible bands of a look; NaN where it shows nothing clearly."""
    look = plan.looks[k]
    roles = [role for role in VISIBLE if role in plan.roles] or list(plan.roles)
    if not is_fine(look, COARSEST_M):
        return np.full((len(roles), *grid.shape), np.nan, np.float32)
    moved = models[look.date].alignment.displacement
    image, _ = look.read(grid, Window(0, 0, *grid.shape), roles, moved, grid.ground_resolution_m)
    quality = at_corners(plan.quality_file(look.date), plan.grid, grid)
    image[:, ~np.isin(quality, (CLEAR, SHADE))] = np.nan
    return image


def signs_of(
    image: Singles,
    grid: Grid,
    shapes: Sequence[BaseGeometry],
    boxes: Sequence[BaseGeometry],
    followed: Sequence[BaseGeometry],
) -> tuple[Floats, Ints]:
    """Measure what a look shows of each thing.

    Parameters
    ----------
    image : float32 (band, y, x)
        On the grid; NaN where nothing is shown.
    grid : Grid
    shapes, boxes : sequence of geometry
        In the grid's CRS.
    followed : sequence of point
        Boxes that stand there by their tracks.

    Returns
    -------
    signs : float64 (thing, 12)
        Of `work_signs.signs`.
    counts : int64 (thing,)
        Boxes whose centre lies on each.
    """
    tree = shapely.STRtree(np.array(boxes, object)) if boxes else None
    roofs = roof_odds(image, grid.ground_resolution_m)
    rows, counts = [], []
    for shape in shapes:
        near = [boxes[i] for i in tree.query(shape.buffer(grid.ground_metre * AROUND_M))] if tree is not None else []
        window = _window(shape, grid)
        cut = image[:, window.y : window.y + window.height, window.x : window.x + window.width]
        floor = grid.burn([(shape, 1)], window) > 0
        covered = grid.burn([(one, 1) for one in near], window) > 0 if near else np.zeros(floor.shape, bool)
        rows.append(work_signs.signs(Sight(cut, floor, covered, grid.ground_resolution_m, roofs[window.slices])))
        seen = sum(bool(shape.contains(one.centroid)) for one in near)
        counts.append(max(seen, sum(bool(shape.contains(one)) for one in followed)))
    return np.array(rows), np.array(counts, np.int64)


def _window(shape: BaseGeometry, grid: Grid) -> Window:
    """The part of a grid around a shape."""
    west, south, east, north = shape.buffer(grid.ground_metre * AROUND_M).bounds
    t = grid.transform
    left, right = (min(max(0, round((x - t.c) / t.a)), grid.shape[1]) for x in (west, east))
    top, bottom = (min(max(0, round((y - t.f) / t.e)), grid.shape[0]) for y in (north, south))
    return Window(top, left, max(1, bottom - top), max(1, right - left))
