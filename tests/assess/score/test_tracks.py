"""Arrivals and departures against true ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
from mercator import in_mercator

from changedet.assess.score.tracks import score_tracks

DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
CRS = "EPSG:32633"


def stamps(*texts: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True))


def test_score_tracks_finds_events_of_the_same_look_within_a_containers_width(tmp_path: Path) -> None:
    true = {"arrived": stamps("2024-01-15", "2023-12-01", "2024-02-20"), "departed": stamps(None, "2024-02-10", None)}
    points = gpd.points_from_xy([0, 10, 20], [0, 0, 0])
    gpd.GeoDataFrame(true, geometry=points, crs=CRS).to_file(tmp_path / "truth.gpkg", layer="tracks")
    mine = {
        "kind": ["20ft", "20ft", "40ft", "other"],
        "first_seen": stamps("2024-02-01", "2024-01-01", "2024-03-01", "2024-03-01"),
        "not_before": stamps("2024-01-01", None, "2024-02-01", "2024-02-01"),
        "not_after": stamps(None, "2024-03-01", None, None),
    }
    found = gpd.GeoDataFrame(mine, geometry=gpd.points_from_xy([1, 10, 25, 20], [0, 0, 0, 0]), crs=CRS)
    figures = score_tracks(SimpleNamespace(tracks=found, dates=DAYS), tmp_path / "truth.gpkg")
    # The second box was there before the first look; the third one is 5 m away from the true one; `other` is none.
    assert figures["arrivals"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "found": 2, "true": 2}
    assert figures["departures"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "found": 1, "true": 1}


def test_score_tracks_finds_events_as_near_on_the_ground_in_web_mercator(tmp_path: Path) -> None:
    true = {"arrived": stamps("2024-01-15", "2024-01-15"), "departed": stamps(None, None)}
    places = gpd.GeoDataFrame(true, geometry=gpd.points_from_xy([0, 50], [0, 0]), crs=CRS)
    in_mercator(places, (0.0, 0.0)).to_file(tmp_path / "truth.gpkg", layer="tracks")
    mine = {"kind": "20ft", "first_seen": "2024-02-01", "not_before": "2024-01-01", "not_after": None}
    found = gpd.GeoDataFrame([mine, mine], geometry=gpd.points_from_xy([2.9, 53.1], [0, 0]), crs=CRS)
    figures = score_tracks(SimpleNamespace(tracks=in_mercator(found, (0.0, 0.0)), dates=DAYS), tmp_path / "truth.gpkg")
    assert (figures["arrivals"]["recall"], figures["arrivals"]["found"]) == (0.5, 2)
