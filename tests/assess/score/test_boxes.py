"""Boxes against true ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from changedet.assess.score.boxes import iou, match_boxes, score_boxes

DAY = dt.date(2024, 1, 1)
CRS = "EPSG:32633"


def test_iou_of_boxes_that_share_a_half() -> None:
    assert iou(shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)) == pytest.approx(1 / 3)


def test_match_boxes_gives_each_true_box_to_the_most_confident() -> None:
    true = np.array([shapely.box(0, 0, 6, 2)])
    found = np.array([shapely.box(0, 0, 6, 2), shapely.box(0.5, 0, 6.5, 2)])
    assert match_boxes(found, true, np.array([0.5, 0.9]), 0.3) == [(1, 0)]
    assert match_boxes(found, true, np.array([0.9, 0.5]), 0.95) == [(0, 0)]
    assert match_boxes(found[:0], true, np.array([]), 0.3) == []


def test_score_boxes_at_both_overlaps(tmp_path: Path) -> None:
    def frame(xs: list[float], kinds: list[str], **more: object) -> gpd.GeoDataFrame:
        shapes = [shapely.box(x, 0, x + 6, 2) for x in xs]
        return gpd.GeoDataFrame({"date": pd.Timestamp(DAY, tz="UTC"), "kind": kinds, **more}, geometry=shapes, crs=CRS)

    frame([0, 20, 40], ["20ft", "40ft", "20ft"], visible=[True, True, False]).to_file(
        tmp_path / "truth.gpkg", layer="containers"
    )
    # The first is 2.5 m off (an overlap of .41), the second right but for its kind, the third no container.
    mine = frame([2.5, 20, 60], ["20ft", "20ft", "other"], confidence=[0.9, 0.8, 0.7])
    figures = score_boxes(SimpleNamespace(containers=mine), tmp_path / "truth.gpkg", [DAY])
    assert figures["iou_0.3"] == {
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "found": 2,
        "true": 2,
        "size_class_right": 0.5,
    }
    assert figures["iou_0.5"]["recall"] == 0.5
    assert figures["iou_0.5"]["size_class_right"] == 0.0
