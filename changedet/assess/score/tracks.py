"""Arrivals and departures compared with the true ones, by place and date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linear_sum_assignment

from changedet.assess.score.shares import DetectionFigures, detection_figures
from changedet.assess.score.truth import truth_layer
from changedet.grid.geodesy import metre_in
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.pipeline.finished import Run

EVENT_RADIUS_M: Final = 3.0
"""An arrival is found where the run has one on the same date within a container's width of it."""

_Events: TypeAlias = Mapping[dt.date, Sequence[shapely.Point]]


class TrackFigures(TypedDict):
    """Scores of arrivals and of departures."""

    arrivals: DetectionFigures
    departures: DetectionFigures


def score_tracks(finished: Run, vectors: Path) -> TrackFigures:
    """Scores of a run's arrivals and departures.

    Parameters
    ----------
    finished : Run
        With tracks.
    vectors : pathlib.Path
        ``truth.gpkg`` with the layer ``tracks``: points with `arrived` and `departed`, null where a box was there
        before the first date or is there after the last.

    Returns
    -------
    TrackFigures
        Over all dates.

    Raises
    ------
    InputError
        The truth cannot be read.
    """
    mine = finished.tracks
    mine = mine[mine["kind"].isin(CONTAINER_KINDS)]
    truth = truth_layer(vectors, "tracks", mine.crs)
    days = finished.dates
    radius = metre_in(mine) * EVENT_RADIUS_M
    arrivals = _events(mine[mine["not_before"].notna()], "first_seen", days)
    departures = _events(mine, "not_after", days)
    return {
        "arrivals": _event_figures(arrivals, _events(truth, "arrived", days, skip_first=True), radius),
        "departures": _event_figures(departures, _events(truth, "departed", days), radius),
    }


def _events(frame: gpd.GeoDataFrame, column: str, days: Sequence[dt.date], *, skip_first: bool = False) -> _Events:
    """Points by the first look that shows the event; events before the first look, or after the last, are none."""
    found: dict[dt.date, list[shapely.Point]] = {}
    for when, point in zip(pd.to_datetime(frame[column], utc=True), frame.geometry, strict=True):
        if pd.isna(when):
            continue
        shown = next((day for day in days if day >= when.date()), None)
        if shown is not None and not (skip_first and shown == days[0]):
            found.setdefault(shown, []).append(point)
    return found


def _event_figures(mine: _Events, true: _Events, radius: float) -> DetectionFigures:
    hits = sum(_near_pairs(mine.get(day, []), true[day], radius) for day in true)
    return detection_figures(hits, sum(map(len, mine.values())), sum(map(len, true.values())))


def _near_pairs(mine: Sequence[shapely.Point], true: Sequence[shapely.Point], radius: float) -> int:
    if not mine or not true:
        return 0
    distance = np.hypot(
        *[np.subtract.outer([getattr(p, axis) for p in mine], [getattr(p, axis) for p in true]) for axis in "xy"]
    )
    near = distance <= radius
    rows, columns = linear_sum_assignment(-near.astype(float))
    return int(near[rows, columns].sum())
