"""Detections written row by row, and how well tracks match the truth of a simulated series."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.kernels.intervals import PLAIN
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility
from scenarios.box_series import CRS, LENGTHS, Series, rectangles, simulate


def true_events(series: Series, arrivals: bool) -> np.ndarray:
    """Events (n, 3) that clear looks can show: x, y and the index of the first clear look after each."""
    events, n = [], len(series.dates)
    clear = np.stack([series.clear(i, series.truth[["x", "y"]].to_numpy()) for i in range(n)], 1)
    for k, box in enumerate(series.truth.itertuples()):
        own = np.arange(box.arrive, box.depart)
        seen = own[clear[k, own]]
        at, before = (box.arrive, box.arrive > 0) if arrivals else (box.depart, box.depart < n)
        if not before or not len(seen):
            continue
        if arrivals and clear[k, :at].any():
            events.append((box.x, box.y, seen[0]))
        later = np.arange(at, n)[clear[k, at:]] if not arrivals else []
        if len(later):
            events.append((box.x, box.y, later[0]))
    return np.array(events, float).reshape(-1, 3)


def found_events(tracks, arrivals: bool) -> np.ndarray:
    """Events (n, 3) of tracks: x, y and the index of the date that first shows them."""
    index = {pd.Timestamp(date, tz="UTC"): i for i, date in enumerate(tracks.dates)}
    table = tracks.tracks
    table = table[table["not_before"].notna()] if arrivals else table[table["not_after"].notna()]
    when = table["first_seen" if arrivals else "not_after"]
    return np.column_stack([table.geometry.x, table.geometry.y, [index[t] for t in when]]).reshape(-1, 3).astype(float)


def event_f1(true: np.ndarray, found: np.ndarray) -> tuple[int, int, int]:
    """True positives, false ones and misses on the exact date, within 1.6 m."""
    used, hits = np.zeros(len(true), bool), 0
    for x, y, t in found:
        distance = np.hypot(true[:, 0] - x, true[:, 1] - y) + 1e6 * (true[:, 2] != t) + 1e6 * used
        if len(distance) and distance.min() < 1.6:
            used[distance.argmin()] = True
            hits += 1
    return hits, len(found) - hits, len(true) - hits


class StraightDown(GivenVisibility):
    """Dates whose views move no box: tracks lie in the order of their rows, and no row is the side of a stack."""

    def relief_displacement(self, i):
        return 0.0, 0.0


def followed(series, rows=None):
    """Tracks of the imitated detector; its counts were not calibrated."""
    rows = series.detections if rows is None else rows
    tracks = track(rows, series.dates, clear=series.clear, detector="imitated")
    return replace(tracks, calibration=PLAIN)


@cache
def _made(seed, **kind):
    series = simulate(seed, **kind)
    return series, followed(series)


def made(seed, **kind):
    """A simulated series and its tracks: made once, and copied for each test, which may spoil them."""
    return deepcopy(_made(seed, **kind))


def figures(seed, zones=None, **kind):
    """A simulated series, its tracks and its table."""
    series, tracks = made(seed, **kind)
    return series, tracks, timeseries([DateMeasurements(date) for date in series.dates], tracks, zones)


DAYS = [dt.date(2023, 1, 10) + dt.timedelta(30 * i) for i in range(8)]


def rows_of(*boxes, **same):
    """Detections from (date index, east, north) with keyword defaults; a fourth item overrides some columns."""
    records = []
    for day, east, north, *own in boxes:
        record = {
            "kind": "20ft",
            "angle_deg": 0.0,
            "confidence": 0.9,
            "counted": True,
            "color": "#963228",
            "tiers": None,
        }
        record |= same | (own[0] if own else {})
        record |= {"date": DAYS[day], "x": 500_000.0 + east, "y": 6_000_000.0 + north, "width_m": 2.44}
        if "length_m" not in record:
            record["length_m"] = LENGTHS[record["kind"]]
        records.append(record)
    columns = ["date", "x", "y", "length_m", "width_m", "angle_deg", "kind", "confidence", "counted", "color", "tiers"]
    table = pd.DataFrame(records, columns=columns)
    table["date"] = pd.to_datetime(table["date"], utc=True).astype("datetime64[ms, UTC]")
    table["object_id"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(table, geometry=rectangles(table), crs=CRS)


def anchors(count=8):
    """Boxes that never change, so that the site has a stable frame."""
    return [(day, 30.0 * i, 200.0) for i in range(1, count + 1) for day in range(len(DAYS))]


def near_origin(tracks):
    table = tracks.tracks
    return table[(table.geometry.x < 500_015) & (table.geometry.y < 6_000_050)].reset_index(drop=True)


def day_of(stamp):
    return None if pd.isna(stamp) else DAYS.index(stamp.date())
