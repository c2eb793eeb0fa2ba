"""Which boxes the layer of a run lists."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import geopandas as gpd
import numpy as np
import shapely

from changedet.outputs.gpkg.layer_schema import SCHEMA
from changedet.pipeline.boxes import RunBoxes, by_look, containers_layer, counted_rows
from changedet.pipeline.report_chips import ScenePictures, box_events
from changedet.plan import Plan


def _detections() -> gpd.GeoDataFrame:
    """A counted box, a weak one, one that looked like no container and that the series confirms, and clutter."""
    table = {
        "date": np.array(["2024-01-01"] * 4, "datetime64[ms]"),
        "object_id": [1, 2, 3, 4],
        "track_id": [1, 2, 3, None],
        "kind": ["20ft", "20ft", "other", "20ft"],
        "confidence": [0.8, 0.3, 0.2, 0.7],
        "counted": [True, False, False, True],
        "confirmed": [np.nan, np.nan, 0.9, np.nan],
        "listed_kind": ["20ft", None, "40ft", None],
    }
    return gpd.GeoDataFrame(table, geometry=[shapely.box(9 * k, 0, 9 * k + 6, 2) for k in range(4)], crs="EPSG:32633")


def test_boxes_are_those_that_count_and_those_that_the_series_confirms():
    rows = counted_rows(_detections(), None)
    assert rows["object_id"].tolist() == [1, 3]
    assert rows["confirmed"].tolist() == [False, True]
    assert rows["confidence"].tolist() == [0.8, 0.9]
    assert rows["kind"].tolist() == ["20ft", "40ft"]
    assert set(rows.columns) <= {*SCHEMA["containers"], "geometry"}


def test_what_each_look_counts_is_as_its_own_picture_shows_it():
    """A lorry that waits for a day is clutter to the series, and one of a gate's vehicles."""
    rows = by_look(_detections(), None)
    assert rows["object_id"].tolist() == [1, 4]
    assert rows["kind"].tolist() == ["20ft", "20ft"]


def test_boxes_that_were_not_followed_are_those_that_count():
    rows = counted_rows(_detections().drop(columns=["confirmed", "listed_kind"]), None)
    assert rows["object_id"].tolist() == [1, 4]
    assert rows["confirmed"].tolist() == [False, False]


def test_boxes_of_a_run_without_tracks_are_of_no_track():
    """As in the file, which has the column in any case: the report asks for it."""
    plan = cast("Plan", SimpleNamespace(grid=SimpleNamespace(crs="EPSG:32633")))
    roofs = _detections().drop(columns=["track_id", "confirmed", "listed_kind"])
    rows = containers_layer(plan, RunBoxes(roofs, None), None)
    assert rows["track_id"].isna().tolist() == [True, True]
    assert box_events([], rows, ScenePictures([], {}, {}, {}, 1.0)) == []
