"""Kinds of changed regions by the footprint that tells of them."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import shapely

from changedet.pipeline.change_kinds import with_kinds

REFERENCE, DAY = dt.date(2023, 3, 1), dt.date(2023, 4, 1)


def test_what_came_is_told_by_its_date_and_what_is_gone_by_the_reference():
    shapes = [shapely.box(x, 0, x + 10, 10) for x in (0, 20, 40, 60)]
    changes = gpd.GeoDataFrame(
        {
            "date": pd.to_datetime([str(DAY)] * 4, utc=True),
            "direction": ["gain", "loss", "gain", "gain"],
            "kind": ["other", "other", "box", "other"],
        },
        geometry=shapes,
        crs="EPSG:32633",
    )
    empty = shapely.MultiPolygon()
    before = {"building": shapely.MultiPolygon([shapes[1]]), "paving": empty, "earthwork": empty}
    after = {
        "building": empty,
        "paving": shapely.MultiPolygon([shapely.box(0, 0, 4, 10), shapes[2]]),
        "earthwork": shapely.MultiPolygon([shapely.box(4, 0, 10, 10)]),
    }
    footprints = {REFERENCE: SimpleNamespace(kinds=before), DAY: SimpleNamespace(kinds=after)}
    assert with_kinds(changes, footprints, REFERENCE)["kind"].tolist() == ["earthwork", "building", "box", "other"]
    assert with_kinds(changes, {}, REFERENCE) is changes
    assert with_kinds(changes[:0], footprints, REFERENCE).empty


def test_what_was_an_earthwork_on_any_date_since_is_no_paving() -> None:
    """In flat light a bank, or the floor between banks, looks like paving; a pad whose rim alone was dug stays one."""
    days = [REFERENCE, DAY, dt.date(2023, 5, 1)]
    bank, pad, old = (shapely.box(x, 0, x + 10, 10) for x in (0, 20, 40))
    changes = gpd.GeoDataFrame(
        {"date": pd.to_datetime([str(DAY)] * 3, utc=True), "direction": "gain", "kind": "other"},
        geometry=[bank, pad, old],
        crs="EPSG:32633",
    )
    paving = shapely.MultiPolygon([bank, pad, old])
    dug = {
        REFERENCE: shapely.MultiPolygon([old]),
        DAY: shapely.MultiPolygon(),
        days[2]: shapely.MultiPolygon([shapely.box(0, 0, 3, 10), shapely.box(20, 0, 21, 10)]),
    }
    footprints = {day: SimpleNamespace(kinds={"paving": paving, "earthwork": dug[day]}) for day in days}
    assert with_kinds(changes, footprints, REFERENCE)["kind"].tolist() == ["earthwork", "paving", "paving"]


def test_a_pale_yard_that_is_half_a_building_to_the_footprint_is_paving_once_boxes_stand_on_it() -> None:
    row, hall = shapely.box(20, 20, 26, 60), shapely.box(51, 0, 102, 100)
    yard = shapely.difference(shapely.box(0, 0, 100, 100), row)
    kinds = {"building": hall, "paving": shapely.difference(yard, hall), "earthwork": shapely.MultiPolygon()}
    changes = gpd.GeoDataFrame(
        {"date": pd.to_datetime([str(DAY)], utc=True), "direction": "gain", "kind": "other"},
        geometry=[yard],
        crs="EPSG:32633",
    )
    for stored, kind in ((shapely.MultiPolygon(), "building"), (row, "paving")):
        footprints = {REFERENCE: SimpleNamespace(kinds={}), DAY: SimpleNamespace(kinds={**kinds, "stored": stored})}
        assert with_kinds(changes, footprints, REFERENCE)["kind"].tolist() == [kind]


def test_what_both_footprints_bear_alike_was_replaced_and_neither_came_nor_left():
    """An apron that was torn up, and a hall that was rebuilt, are no new ground; a hall on an apron is one."""
    shapes = [shapely.box(x, 0, x + 10, 10) for x in (0, 20, 40, 60)]
    changes = gpd.GeoDataFrame(
        {
            "date": pd.to_datetime([str(DAY)] * 4, utc=True),
            "direction": ["gain", "loss", "gain", "gain"],
            "kind": ["other"] * 4,
        },
        geometry=shapes,
        crs="EPSG:32633",
    )
    empty = shapely.MultiPolygon()
    before = {
        "paving": shapely.MultiPolygon([shapes[0], shapely.box(60, 0, 64, 10)]),
        "building": shapely.MultiPolygon([shapes[1]]),
        "earthwork": empty,
    }
    after = {
        "paving": shapely.MultiPolygon([shapes[0], shapes[3]]),
        "building": shapely.MultiPolygon([shapes[1], shapes[2]]),
        "earthwork": empty,
    }
    footprints = {REFERENCE: SimpleNamespace(kinds=before), DAY: SimpleNamespace(kinds=after)}
    found = with_kinds(changes, footprints, REFERENCE)
    assert found["kind"].tolist() == ["paving", "building", "building", "paving"]
    assert found["direction"].tolist() == ["other", "other", "gain", "gain"]
