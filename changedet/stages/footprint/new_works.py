"""Footprints with the ground that the masks say was made: earth that is dug or heaped often looks like a bare field."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.grid import Grid, ground_area_m2
from changedet.kernels.morphology import opened, square
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.shapes import CLOSE_M, EDGE_M, MIN_PART_M2, ROAD_WIDTH_M, as_multi, in_units

Shown = Callable[[int, BaseGeometry], float]
"""Of a date and some ground: the share that its mask shows."""
LEAST_SHOWN: Final = 0.5
"""Share of made ground from which a date's own mask speaks of it; else it is as on the date before. Chosen by hand."""
LIKE_MADE: Final = "earthwork"
"""Kind of made ground where the footprint knows none: what the eye for ground misses is earth, not paving or roofs."""


def with_works(
    footprints: Sequence[Footprint], gained: Sequence[BaseGeometry], shown: Shown, grid: Grid
) -> list[Footprint]:
    """Footprints with the ground that was gained since the reference, without roads, closed like all of it.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, in the order of time.
    gained : sequence of geometry
        Of each date, what its mask marks as gained beside boxes: outlines of pixels of the grid.
    shown : callable
        ``shown(date, ground) -> share``, of the date's mask.
    grid : Grid
        Of the masks; all shapes are in its CRS.

    Returns
    -------
    list of Footprint
        Ground is added to ``geometry``, ``greatest`` and ``kinds``; ``least`` is what the footprint knows by itself.
        What a date does not show is as on the date before.
    """
    found: list[Footprint] = []
    before, unit = MultiPolygon(), grid.resolution_m / grid.ground_resolution_m
    for day, (one, ground) in enumerate(zip(footprints, gained, strict=True)):
        hidden = [part for part in before.geoms if shown(day, part) < LEAST_SHOWN]
        made = as_multi(shapely.union_all([_without_roads(ground, grid, unit), *hidden]))
        found.append(one if made.is_empty else _added(one, made, grid, unit))
        before = made
    return found


def _without_roads(ground: BaseGeometry, grid: Grid, unit: float) -> MultiPolygon:
    """What holds a square of pixels that is wider than a road: as outlines of pixels are opened with mitred corners."""
    across = math.floor(2 * in_units(ROAD_WIDTH_M / 2, unit) / grid.resolution_m) + 1
    wide = [kept for part in as_multi(ground).geoms for kept in _wide_parts(part, grid, across)]
    return _no_small(shapely.union_all(wide), unit)


def _wide_parts(part: shapely.Polygon, grid: Grid, across: int) -> Iterator[BaseGeometry]:
    window = grid.window_about(part)
    if min(window.shape) < across:
        return
    # around it there is nothing, also beyond the grid, where OpenCV would have as much as it likes
    kept = opened(np.pad(grid.inside(window, part), 1), square(across))[1:-1, 1:-1]
    if kept.any():
        yield from grid.outlines(kept, window.y, window.x)


def _no_small(shape: BaseGeometry, unit: float) -> MultiPolygon:
    return MultiPolygon([part for part in as_multi(shape).geoms if part.area >= unit**2 * MIN_PART_M2])


def _added(one: Footprint, made: MultiPolygon, grid: Grid, unit: float) -> Footprint:
    close = unit * CLOSE_M
    # what is farther off is not closed by it; steps of pixels would cost more than all else
    near = made.simplify(grid.resolution_m).buffer(2 * close)
    # Gaps between made ground and what stood beside it are closed, none elsewhere.
    around = shapely.intersection(one.geometry, near.buffer(close))
    closed = shapely.union(around, made).buffer(close).buffer(-close)
    more = _no_small(shapely.difference(shapely.intersection(closed, near), one.geometry), unit)
    geometry = as_multi(shapely.union(one.geometry, more))
    return replace(
        one,
        geometry=geometry,
        greatest=as_multi(shapely.union(one.greatest, more)),
        area_m2=float(ground_area_m2([geometry], grid.crs)[0]),
        kinds=_kinds(one, more, unit) if one.kinds else one.kinds,
    )


def _kinds(one: Footprint, more: MultiPolygon, unit: float) -> dict[str, MultiPolygon]:
    """Kinds with the added ground, each part as most of the footprint beside it that is no box."""
    added: dict[str, list[BaseGeometry]] = {name: [] for name in one.kinds}
    for part in more.geoms:
        beside = part.buffer(unit * EDGE_M)
        areas = {n: shapely.intersection(shape, beside).area for n, shape in one.kinds.items() if n != "stored"}
        best = max(areas, key=areas.__getitem__)
        added[best if areas[best] > 0 else LIKE_MADE].append(part)
    return {name: as_multi(shapely.union_all([shape, *added[name]])) for name, shape in one.kinds.items()}
