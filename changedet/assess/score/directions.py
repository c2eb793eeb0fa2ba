"""Directions of changed regions compared with the truth, by area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.assess.score.shares import share
from changedet.assess.score.truth import polygons, truth_layer
from changedet.pipeline.finished import Run

UNKNOWN: Final = "other"
"""The direction of what was replaced, or of which none is known."""


class DirectionFigures(TypedDict):
    """How much of the ground that is marked and truly changed has the right direction.

    Attributes
    ----------
    found_m2 : float
        Area that is marked and truly changed.
    right_share : float or None
        Share of it whose region has the truth's direction; None where nothing was found.
    opposite_share : float or None
        Share of it whose region says gain of what is lost, or loss of what is gained.
    known_share : float or None
        Share of it whose region says gain or loss, and not that a direction is not known (``other``).
    right_of_known : float or None
        Share of that whose region has the truth's direction; None where none is said to be known.
    right_from_above_share : float or None
        Share of `found_m2` whose region has the truth's direction, or `other` where by the truth stacks stand on both
        dates and only their tops differ: which of them is higher no picture from above shows.
    """

    found_m2: float
    right_share: float | None
    opposite_share: float | None
    known_share: float | None
    right_of_known: float | None
    right_from_above_share: float | None


def score_directions(
    finished: Run, vectors: Path, days: Sequence[dt.date], reference: dt.date | None = None
) -> dict[str, DirectionFigures]:
    """Score the directions of a run's changed regions.

    Parameters
    ----------
    finished : Run
        With the layer ``changes``.
    vectors : pathlib.Path
        ``truth.gpkg``, with the layer ``changed``, and ``containers`` if stacks are to be told from ground.
    days : sequence of datetime.date
        Which dates.
    reference : datetime.date, optional
        The date that they are compared with; without it no stack is known to stand on both dates.

    Returns
    -------
    dict of str to DirectionFigures
        By ISO date, where anything was found, and under ``all``.

    Raises
    ------
    InputError
        The truth cannot be read.
    """
    mine = finished.changes
    theirs = truth_layer(vectors, "changed", mine.crs)
    stacks = _stacks(vectors, mine.crs, reference)
    sums = {str(day): _areas(_of(mine, day), _of(theirs, day), _both(stacks, reference, day)) for day in days}
    sums = {day: areas for day, areas in sums.items() if areas[0] > 0}
    whole = np.sum([*sums.values(), (0.0,) * len(_Areas._fields)], axis=0)
    return {day: _figures(*areas) for day, areas in sums.items()} | {"all": _figures(*whole.tolist())}


def _of(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[(frame["date"].dt.date == day).to_numpy()]


def _stacks(vectors: Path, crs: str | pyproj.CRS, reference: dt.date | None) -> gpd.GeoDataFrame | None:
    """The truth's boxes of all dates; None where it has none."""
    if reference is None or "containers" not in pyogrio.list_layers(vectors)[:, 0]:
        return None
    return truth_layer(vectors, "containers", crs)


def _both(stacks: gpd.GeoDataFrame | None, reference: dt.date | None, day: dt.date) -> BaseGeometry:
    """Where stacks stand on the reference and on a date."""
    if stacks is None or reference is None:
        return shapely.Polygon()
    then, now = (shapely.union_all(_of(stacks, one).geometry.to_numpy()) for one in (reference, day))
    both = polygons(np.array([shapely.intersection(then, now)], object))
    return shapely.union_all(both)


class _Areas(NamedTuple):
    """Area in m2 that is found, has the right direction, the opposite one, a known one, a known right one, other tops.

    The last is ``other`` where by the truth only the tops of stacks differ.
    """

    found: float
    right: float
    opposite: float
    known: float
    known_right: float
    tops: float


def _figures(
    found: float, right: float, opposite: float, known: float, known_right: float, tops: float
) -> DirectionFigures:
    return {
        "found_m2": round(found, 1),
        "right_share": share(right, found),
        "opposite_share": share(opposite, found),
        "known_share": share(known, found),
        "right_of_known": share(known_right, known),
        "right_from_above_share": share(right + tops, found),
    }


def _areas(mine: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame, both: BaseGeometry) -> _Areas:
    one, other = (polygons(shapely.make_valid(frame.geometry.to_numpy())) for frame in (mine, theirs))
    true, marked = shapely.STRtree(one).query(other, predicate="intersects")
    pieces = polygons(shapely.intersection(other[true], one[marked]))
    area = shapely.area(pieces)
    truly, found = theirs["direction"].to_numpy(object)[true], mine["direction"].to_numpy(object)[marked]
    known, right = found != UNKNOWN, truly == found
    opposite = known & (truly != UNKNOWN) & ~right
    tops = float(shapely.area(shapely.intersection(pieces[~known & ~right], both)).sum())

    def _sum(part: Bools) -> float:
        return float(area[part].sum())

    return _Areas(float(area.sum()), _sum(right), _sum(opposite), _sum(known), _sum(known & right), tops)
