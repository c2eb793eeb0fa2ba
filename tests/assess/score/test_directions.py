"""Directions of changed regions against a truth: by area, and only where both say that it changed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from changedet.assess.score.directions import score_directions

DAY, LATER = dt.date(2023, 4, 1), dt.date(2023, 5, 1)


def layer(rows):
    days, directions, shapes = zip(*rows, strict=True)
    dates = pd.to_datetime([str(day) for day in days], utc=True)
    return gpd.GeoDataFrame({"date": dates, "direction": directions}, geometry=list(shapes), crs="EPSG:32633")


def test_the_right_share_is_of_the_area_that_both_mark(tmp_path):
    truth = tmp_path / "truth.gpkg"
    true = [(DAY, "gain", shapely.box(0, 0, 10, 10)), (DAY, "loss", shapely.box(20, 0, 30, 10))]
    layer([*true, (LATER, "gain", shapely.box(0, 0, 10, 10))]).to_file(truth, layer="changed")
    found = layer(
        [(DAY, "gain", shapely.box(0, 0, 10, 5)), (DAY, "gain", shapely.box(20, 0, 30, 2)), (LATER, "loss", true[0][2])]
    )
    scored = score_directions(SimpleNamespace(changes=found), truth, [DAY, LATER])
    assert scored[str(DAY)] == {
        "found_m2": 70.0,
        "right_share": pytest.approx(50 / 70),
        "opposite_share": pytest.approx(20 / 70),
        "known_share": 1.0,
        "right_of_known": pytest.approx(50 / 70),
        "right_from_above_share": pytest.approx(50 / 70),
    }
    assert scored["all"] == {
        "found_m2": 170.0,
        "right_share": pytest.approx(50 / 170),
        "opposite_share": pytest.approx(120 / 170),
        "known_share": 1.0,
        "right_of_known": pytest.approx(50 / 170),
        "right_from_above_share": pytest.approx(50 / 170),
    }
    untold = found.assign(direction="other")
    assert score_directions(SimpleNamespace(changes=untold), truth, [DAY])["all"] == {
        "found_m2": 70.0,
        "right_share": 0.0,
        "opposite_share": 0.0,
        "known_share": 0.0,
        "right_of_known": None,
        "right_from_above_share": 0.0,
    }
    half = found.assign(direction=["gain", "other", "other"])
    figures = score_directions(SimpleNamespace(changes=half), truth, [DAY])["all"]
    assert (figures["known_share"], figures["right_of_known"]) == (pytest.approx(50 / 70), 1.0)
    assert score_directions(SimpleNamespace(changes=found[:0]), truth, [DAY])["all"]["right_share"] is None


def test_other_is_right_from_above_where_only_the_top_of_a_stack_differs(tmp_path):
    truth, first = tmp_path / "truth.gpkg", dt.date(2023, 3, 1)
    grown, bare = shapely.box(0, 0, 6, 2), shapely.box(20, 0, 26, 2)
    layer([(DAY, "gain", grown), (DAY, "gain", bare)]).to_file(truth, layer="changed")
    boxes = layer([(first, "", grown), (DAY, "", grown), (DAY, "", bare)]).assign(kind="20ft")
    boxes.to_file(truth, layer="containers")
    found = SimpleNamespace(changes=layer([(DAY, "other", grown), (DAY, "other", bare)]))
    assert score_directions(found, truth, [DAY], first)["all"]["right_from_above_share"] == pytest.approx(0.5)
    assert score_directions(found, truth, [DAY], first)["all"]["right_share"] == 0.0
    wrong = SimpleNamespace(changes=layer([(DAY, "loss", grown), (DAY, "gain", bare)]))
    assert score_directions(wrong, truth, [DAY], first)["all"]["right_from_above_share"] == pytest.approx(0.5)


def test_regions_that_overlap_and_touch_along_a_line_are_scored(tmp_path):
    truth, first = tmp_path / "truth.gpkg", dt.date(2023, 3, 1)
    step = shapely.Polygon([(0, 0), (6, 0), (6, 2), (10, 2), (10, 4), (0, 4)])
    below = shapely.Polygon([(5, 0), (6, 0), (6, 2), (10, 2), (10, 0), (12, 0), (12, -2), (5, -2)])
    below = shapely.union(below, shapely.box(5, 0, 6, 1))
    layer([(DAY, "gain", step)]).to_file(truth, layer="changed")
    layer([(first, "", step), (DAY, "", below)]).assign(kind="20ft").to_file(truth, layer="containers")
    found = SimpleNamespace(changes=layer([(DAY, "other", below)]))
    assert shapely.intersection(step, below).geom_type == "GeometryCollection", "of an area and a line"
    figures = score_directions(found, truth, [DAY], first)["all"]
    assert figures["right_from_above_share"] == pytest.approx(1.0)
