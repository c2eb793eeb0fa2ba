"""Directions of changed regions compared with the truth, by area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import geopandas as gpd
import numpy as np
import shapely

from changedet.assess.score.shares import share
from changedet.assess.score.truth import truth_layer
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
    """

    found_m2: float
    right_share: float | None
    opposite_share: float | None
    known_share: float | None
    right_of_known: float | None


def score_directions(finished: Run, vectors: Path, days: Sequence[dt.date]) -> dict[str, DirectionFigures]:
    """Score the directions of a run's changed regions.

    Parameters
    ----------
    finished : Run
        With the layer ``changes``.
    vectors : pathlib.Path
        ``truth.gpkg``, with the layer ``changed``.
    days : sequence of datetime.date
        Which dates.

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
    sums = {str(day): _areas(_of(mine, day), _of(theirs, day)) for day in days}
    sums = {day: areas for day, areas in sums.items() if areas[0] > 0}
    whole = np.sum([*sums.values(), (0.0,) * len(_Areas._fields)], axis=0)
    return {day: _figures(*areas) for day, areas in sums.items()} | {"all": _figures(*whole.tolist())}


def _of(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[(frame["date"].dt.date == day).to_numpy()]


class _Areas(NamedTuple):
    """Area in m2 that is found, that has the right direction, the opposite one, a known one, and a known right one."""

    found: float
    right: float
    opposite: float
    known: float
    known_right: float


def _figures(found: float, right: float, opposite: float, known: float, known_right: float) -> DirectionFigures:
    return {
        "found_m2": round(found, 1),
        "right_share": share(right, found),
        "opposite_share": share(opposite, found),
        "known_share": share(known, found),
        "right_of_known": share(known_right, known),
    }


def _areas(mine: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame) -> _Areas:
    one, other = (shapely.make_valid(frame.geometry.to_numpy()) for frame in (mine, theirs))
    true, marked = shapely.STRtree(one).query(other, predicate="intersects")
    area = shapely.area(shapely.intersection(other[true], one[marked]))
    truly, found = theirs["direction"].to_numpy(object)[true], mine["direction"].to_numpy(object)[marked]
    known, right = found != UNKNOWN, truly == found
    opposite = known & (truly != UNKNOWN) & ~right
    return _Areas(*(float(area[part].sum()) for part in (known | ~known, right, opposite, known, known & right)))
