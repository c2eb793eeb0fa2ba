"""Directions of changed regions compared with the truth, by area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import geopandas as gpd
import numpy as np
import shapely

from changedet.assess.score.shares import share
from changedet.assess.score.truth import truth_layer
from changedet.pipeline.finished import Run


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
    """

    found_m2: float
    right_share: float | None
    opposite_share: float | None


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
    whole = np.sum([*sums.values(), (0.0, 0.0, 0.0)], axis=0)
    return {day: _figures(*areas) for day, areas in sums.items()} | {"all": _figures(*whole.tolist())}


def _of(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[(frame["date"].dt.date == day).to_numpy()]


def _figures(found: float, right: float, opposite: float) -> DirectionFigures:
    return {
        "found_m2": round(found, 1),
        "right_share": share(right, found),
        "opposite_share": share(opposite, found),
    }


def _areas(mine: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame) -> tuple[float, float, float]:
    """Area that is found, that has the right direction, and that has the opposite one."""
    one, other = (shapely.make_valid(frame.geometry.to_numpy()) for frame in (mine, theirs))
    true, marked = shapely.STRtree(one).query(other, predicate="intersects")
    area = shapely.area(shapely.intersection(other[true], one[marked]))
    truly, told = theirs["direction"].to_numpy(object)[true], mine["direction"].to_numpy(object)[marked]
    opposite = ((truly == "gain") & (told == "loss")) | ((truly == "loss") & (told == "gain"))
    return float(area.sum()), float(np.sum(area[truly == told])), float(np.sum(area[opposite]))
