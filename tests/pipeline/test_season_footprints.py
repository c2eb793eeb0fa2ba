"""Footprints in coarse pixels: what a mask marks is likely built, too, before others bear it out; fields are not."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import pyproj
import pytest
import shapely
from shapely.geometry import MultiPolygon

from changedet.pipeline import season_footprints
from changedet.stages.footprint.outlines import Footprint

CRS = pyproj.CRS.from_epsg(32633)
DAYS = dt.date(2023, 3, 1), dt.date(2023, 9, 1)
YARD, FIELD, MADE, GONE = (shapely.box(500_000 + x, 4_900_000, 500_100 + x, 4_900_100) for x in (0, 100, 200, 300))


def several(*shapes: shapely.Geometry) -> MultiPolygon:
    """These as one shape."""
    return MultiPolygon(shapely.get_parts(shapely.union_all(shapes)).tolist())


def test_what_masks_mark_is_likely_built_and_what_was_green_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [SimpleNamespace(date=day) for day in DAYS]
    plan = cast("Any", SimpleNamespace(looks=looks, reference=0, grid=SimpleNamespace(crs=CRS)))
    monkeypatch.setattr(season_footprints, "never_green", lambda _plan: YARD)
    one = Footprint(several(YARD, FIELD), several(YARD, FIELD), several(YARD, FIELD, MADE, GONE), 0.0)
    rows = {"date": [str(DAYS[1])] * 2, "direction": ["gain", "loss"]}
    changes = gpd.GeoDataFrame(rows, geometry=[MADE, GONE], crs=CRS)
    first, last = season_footprints.held_against_seasons(plan, [one, one], changes)
    assert shapely.equals(first.geometry, YARD)
    assert shapely.equals(last.geometry, shapely.union(YARD, MADE))
    assert shapely.equals(last.least, YARD)
    assert last.greatest == one.greatest
    assert last.area_m2 == pytest.approx(20_000, rel=0.01)
