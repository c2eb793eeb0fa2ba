"""Footprints without water and ships: what is open water, or stands where another date shows it, is no built ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Final, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.shapes import CLOSE_M, as_multi, in_units, on_some_alone
from changedet.stages.footprint.still_ground import COVERED, changed, wide_parts

Wet: TypeAlias = Callable[[int, BaseGeometry], float]
"""Of a date and some ground: the share that is open water."""

LEAST_SHIP_M2: Final = 100.0
"""The least vessel that is looked for elsewhere, 25 m by 4.5 m, without its rim (`things.kernels.vessels`)."""
LEAST_WET: Final = 0.5
"""Share of a part from which a date shows water there: the rim of a ship and its shade are none. Chosen by hand."""
LONGEST_M: Final = (62.0, 400.0)
"""Beam and length of the largest container ships, metres."""
LEAST_END_M2: Final = 400.0
"""The least end of a ship, as wide as long ones are. Chosen by hand, like the rest, with six ports in view."""
MOST_AFLOAT: Final = 0.6
"""Share of a hull that dates show as water, up to which a ship may lie in the rest of it on all of them: .44 at a quay
where one does, .69 and .85 where ships left."""
BESIDE_M: Final = 20.0
MOST_BUILT: Final = 0.75
"""Beside such a rest, so far, at most this share is built: a quay is on one of its sides, between basins on both."""
LEAST_RECLAIMED: Final = 0.5
"""Share of a part that masks mark beside boxes from which water was filled, or land dug away: ships are movers, which
masks leave out. Chosen by hand."""


def beside_built(waters: Sequence[BaseGeometry], footprints: Sequence[Footprint]) -> list[BaseGeometry]:
    """Find the waters that are ground without anything built for the most part: by colours a blue roof is one, too.

    Parameters
    ----------
    waters : sequence of geometry
        What may be open water on each date.
    footprints : sequence of Footprint
        One a date, in the order of time.

    Returns
    -------
    list of geometry
        Of each date the parts of its waters that its footprint holds less than half of.
    """
    return [
        shapely.union_all(
            [
                part
                for part in shapely.get_parts(water)
                if shapely.intersection(part, one.geometry).area < COVERED * part.area
            ]
        )
        for water, one in zip(waters, footprints, strict=True)
    ]


def without_water(
    footprints: Sequence[Footprint], waters: Sequence[BaseGeometry], made: Sequence[BaseGeometry], crs: str, unit: float
) -> list[Footprint]:
    """Take away what a date shows as open water: cells of a metre and their surroundings blur the edge of a quay.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, in the order of time.
    waters : sequence of geometry
        Open water of each date.
    made : sequence of geometry
        Of each date, what its mask marks beside boxes: there water was filled, or land dug away.
    crs : str
        Of the footprints.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    list of Footprint
        Ground is taken from ``geometry``, ``least`` and ``kinds``, and stays in ``greatest``.
    """
    moved = shapely.union_all(made)
    return [
        one if water.is_empty else changed(one, shapely.difference(water, moved), [], footprints, crs, unit)
        for one, water in zip(footprints, waters, strict=True)
    ]


def without_ships(
    footprints: Sequence[Footprint], made: Sequence[BaseGeometry], wet: Wet, crs: str, unit: float
) -> list[Footprint]:
    """Take away what lies on ground that another date shows as open water, unless the masks say that it was filled.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, in the order of time.
    made : sequence of geometry
        Of each date, what its mask marks beside boxes; of the reference date nothing.
    wet : callable
        ``wet(date, ground) -> share`` that the date shows as open water.
    crs : str
        Of the footprints.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    list of Footprint
        Ground is taken from ``geometry``, ``least`` and ``kinds``, and stays in ``greatest``. The ``least`` loses what
        closing joined to it, too: all around that the date of the water does not surely show built; and what lies
        between two such parts that may be both ends of a ship, which lay at its quay on every date.
    """
    shapes = [one.geometry for one in footprints]
    taken: list[list[BaseGeometry]] = [[] for _ in footprints]
    unsure: list[list[BaseGeometry]] = [[] for _ in footprints]
    moved = on_some_alone(shapes)
    for part in wide_parts(moved, unit, LEAST_SHIP_M2):
        held = _shares(shapes, part)
        waters = [day for day in np.flatnonzero(held < COVERED).tolist() if wet(day, part) >= LEAST_WET]
        if not waters:
            continue
        around = shapely.buffer(part, in_units(CLOSE_M, unit))
        rim = shapely.difference(around, shapely.union_all([footprints[day].least for day in waters]))
        marks = _shares(made, part)
        for day in np.flatnonzero(held > 0).tolist():
            if np.abs(marks[day] - marks[waters]).max() < LEAST_RECLAIMED:
                taken[day].append(part)
                unsure[day].append(rim)
    rests = _between_ends([part for parts in taken for part in parts], shapely.union_all(shapes), unit)
    return [
        _without(day, shapely.union_all(less), shapely.union_all([*rims, *rests]), footprints, crs, unit)
        if less or rests
        else one
        for day, (one, less, rims) in enumerate(zip(footprints, taken, unsure, strict=True))
    ]


def _between_ends(parts: Sequence[BaseGeometry], built: BaseGeometry, unit: float) -> list[BaseGeometry]:
    """What lies between the ends of ships, which may be more of them: wide, with water along one side at least."""
    most, beside = sorted(in_units(side, unit) for side in LONGEST_M), in_units(BESIDE_M, unit)
    ends = [part for part in {part.wkb: part for part in parts}.values() if part.area >= LEAST_END_M2 * unit**2]
    found: list[BaseGeometry] = []
    for one, other in combinations_with_replacement(ends, 2):
        both = shapely.union(one, other)
        hull = shapely.convex_hull(both)
        corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(hull))[:3]
        is_ship = (np.sort(np.hypot(*np.diff(corners, axis=0).T)) <= most).all()
        if not is_ship or both.area > MOST_AFLOAT * hull.area:
            continue
        rest = shapely.difference(hull, both)
        along = shapely.difference(shapely.buffer(rest, beside), hull)
        if shapely.intersection(along, built).area <= MOST_BUILT * along.area:
            found += wide_parts(shapely.intersection(rest, built), unit, LEAST_SHIP_M2)
    return found


def _shares(shapes: Sequence[BaseGeometry], part: BaseGeometry) -> Floats:
    """Share of a part that each shape covers."""
    return np.array([shapely.intersection(shape, part).area / part.area for shape in shapes])


def _without(
    day: int, less: BaseGeometry, unsure: BaseGeometry, footprints: Sequence[Footprint], crs: str, unit: float
) -> Footprint:
    one = changed(footprints[day], less, [], footprints, crs, unit)
    return replace(one, least=as_multi(shapely.difference(one.least, unsure)))
