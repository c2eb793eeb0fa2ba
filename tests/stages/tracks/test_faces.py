"""Detections that are sides of stacks, among those that are followed."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.faces import _on_ground_of_earlier
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility

DAYS = tuple(dt.date(2024, month, 1) for month in range(1, 6))
VIEWS = ((0.05, 0.02), (-0.03, 0.06), (0.42, 0.1), (-0.04, -0.05), (0.02, -0.06))


class Views(GivenVisibility):
    """Dates of which one looks from aside."""

    def relief_displacement(self, i):
        return VIEWS[i]


def test_track_lists_no_side_of_a_stack():
    rng = np.random.default_rng(1)
    levels = rng.integers(1, 6, 24)
    table = []

    def _add(day, x, y, confidence):
        shape = shapely.box(x - 1.22, y - 6.1, x + 1.22, y + 6.1)
        table.append((pd.Timestamp(day, tz="UTC"), 12.2, 2.44, 0.0, confidence, "40ft", "#a03020", True, shape))

    for day, (east, north) in zip(DAYS, VIEWS, strict=True):
        for k, level in enumerate(levels):
            high = HEIGHT_M * level
            x, y = 500_000 + 9.0 * (k % 8) + high * east, 5_400_000 + 13.0 * (k // 8) + high * north
            _add(day, x, y, 0.95)
    sides = np.flatnonzero(levels == 5)
    for k in sides:
        east, north = np.array(VIEWS[2]) * HEIGHT_M * 2.5
        _add(DAYS[2], 500_000 + 9.0 * (k % 8) + east - 1.22, 5_400_000 + 13.0 * (k // 8) + north, 0.8)
    names = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "counted", "geometry"]
    rows = gpd.GeoDataFrame(pd.DataFrame(table, columns=names), geometry="geometry", crs="EPSG:32633")
    found = track(rows, Views(DAYS), detector="learned", method="hmm").detections
    is_side = np.arange(len(rows)) >= len(rows) - len(sides)
    assert len(sides) >= 3
    assert found["listed_kind"][is_side].isna().all()
    assert (found["listed_kind"][~is_side] == "40ft").all()


def test_track_lists_one_of_two_boxes_on_the_same_ground():
    boxes = [(0.0, 0.95, True), (9.0, 0.95, True), (10.0, 0.93, False), (21.0, 0.6, True)]

    def _row(day, x, confidence):
        shape = shapely.box(500_000 + x - 1.22, 5_400_000, 500_000 + x + 1.22, 5_400_012.2)
        return pd.Timestamp(day, tz="UTC"), 12.2, 2.44, 0.0, confidence, "40ft", "#a03020", True, shape

    table = [_row(day, x, sure) for day in DAYS for x, sure, always in boxes if always or day == DAYS[-1]]
    names = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "counted", "geometry"]
    rows = gpd.GeoDataFrame(pd.DataFrame(table, columns=names), geometry="geometry", crs="EPSG:32633")
    found = track(rows, DAYS, detector="learned", method="hmm").detections
    doubled = rows["confidence"] == 0.93
    assert found["listed_kind"][doubled].isna().all()
    assert (found["listed_kind"][~doubled] == "40ft").all()


def test_of_three_boxes_in_a_chain_the_outer_two_are_listed():
    x = np.array([0.0, 1.1, 2.2, 9.0])
    taken = _on_ground_of_earlier(shapely.box(x, 0.0, x + 2.44, 12.2))
    np.testing.assert_array_equal(taken, [False, True, False, False])
