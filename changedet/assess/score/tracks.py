"""Arrivals and departures scored against the true ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.assess.score.shares import share
from changedet.assess.score.truth import truth_layer
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.pipeline.finished import Run

EVENT_RADIUS_M: Final = 3.0
"""An arrival is found where the run has one on the same date within a container's width of it."""


def score_tracks(finished: Run, vectors: Path) -> dict[str, Any]:
    mine = finished.tracks
    mine = mine[mine["kind"].isin(CONTAINER_KINDS)]
    truth = truth_layer(vectors, "tracks", mine.crs)
    days = finished.dates
    return {
        "arrivals": _event_figures(
            _events(mine[mine["not_before"].notna()], "first_seen", days),
            _events(truth, "arrived", days, skip_first=True),
        ),
        "departures": _event_figures(_events(mine, "not_after", days), _events(truth, "departed", days)),
    }


def _events(
    frame: gpd.GeoDataFrame, column: str, days: Sequence[dt.date], *, skip_first: bool = False
) -> dict[dt.date, Any]:
    """Points by the first look that shows the event; events before the first look, or after the last, are none."""
    found: dict[dt.date, list[Any]] = {}
    for when, point in zip(pd.to_datetime(frame[column], utc=True), frame.geometry, strict=True):
        if pd.isna(when):
            continue
        shown = next((day for day in days if day >= when.date()), None)
        if shown is not None and not (skip_first and shown == days[0]):
            found.setdefault(shown, []).append(point)
    return found


def _event_figures(mine: Mapping[dt.date, Sequence[Any]], true: Mapping[dt.date, Sequence[Any]]) -> dict[str, Any]:
    hits = sum(_near_pairs(mine.get(day, []), true[day]) for day in true)
    count, wanted = sum(map(len, mine.values())), sum(map(len, true.values()))
    return {
        "precision": share(hits, count),
        "recall": share(hits, wanted),
        "f1": share(2 * hits, count + wanted),
        "found": count,
        "true": wanted,
    }


def _near_pairs(mine: Sequence[Any], true: Sequence[Any]) -> int:
    from scipy.optimize import linear_sum_assignment

    if not mine or not true:
        return 0
    apart = np.hypot(
        *[np.subtract.outer([getattr(p, axis) for p in mine], [getattr(p, axis) for p in true]) for axis in "xy"]
    )
    near = apart <= EVENT_RADIUS_M
    rows, columns = linear_sum_assignment(-near.astype(float))
    return int(near[rows, columns].sum())
