"""New ground: what a footprint gained, against yards laid out by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from affine import Affine
from mercator import NORTH, WEST, mercator_grid

from changedet.grid import Grid, ground_area_m2
from changedet.pipeline.collect import _known
from changedet.pipeline.new_ground import new_ground, sure_boxes, with_first_boxes, within_changed
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.table import DateMeasurements

CRS = "EPSG:32633"
GRID = Grid(CRS, Affine(1, 0, 400_000, 0, -1, 5_000_000), (400, 400))
NONE = float("nan")
DAYS = [dt.date(2023, month, 1) for month in (3, 4, 6, 7)]
OLD = shapely.box(400_050, 4_999_700, 400_150, 4_999_800)
NEW = shapely.box(400_150, 4_999_700, 400_250, 4_999_780)
STEP = {"date": "2023-06-01", "low": "2023-03-02", "high": "2023-06-01", "probability": 0.99, "shape": "step"}


def footprint(*shapes: Any, error_m: float = 0.5, **kinds: Any) -> Footprint:
    whole = shapely.union_all(shapes)
    multi = shapely.MultiPolygon([whole]) if whole.geom_type == "Polygon" else whole
    least, greatest = whole.buffer(-error_m), whole.buffer(error_m)
    as_multi = [shapely.MultiPolygon([one]) if one.geom_type == "Polygon" else one for one in (least, greatest)]
    return Footprint(multi, as_multi[0], as_multi[1], float(ground_area_m2([multi], CRS)[0]), kinds)


def yards(**kinds: Any) -> dict[dt.date, Footprint]:
    before, after = footprint(OLD), footprint(OLD, NEW, **kinds)
    return dict(zip(DAYS, (before, before, after, after), strict=True))


def tracks(*boxes: tuple[str, float, float, str]) -> gpd.GeoDataFrame:
    columns = {"first_seen": [day for day, *_ in boxes], "kind": [kind for *_, kind in boxes]}
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(x, y) for _, x, y, _ in boxes], crs=CRS)


ON_NEW = (400_200.0, 4_999_740.0)
BOXES = tracks(
    ("2023-03-01", *ON_NEW, "40ft"), ("2023-06-01", *ON_NEW, "40ft"), ("2023-07-01", 400_210, 4_999_740, "20ft"),
    ("2023-06-01", 400_100, 4_999_750, "40ft"), ("2023-06-01", 400_201, 4_999_741, "other"))  # fmt: skip


def test_new_ground_is_what_was_gained_with_its_interval_and_its_first_boxes() -> None:
    found = new_ground({"footprint": STEP}, yards(), BOXES, GRID)
    assert found is not None
    true = float(ground_area_m2([NEW], CRS)[0])
    assert found["value"] == pytest.approx(true, rel=0.01)
    assert found["low"] <= true <= found["high"]
    assert found["high"] - found["low"] < 0.15 * true, "the old yard's edges do not blur what was gained beside it"
    assert (found["date"], found["kind"]) == ("2023-06-01", "yard")
    assert found["boxes_by"] == "2023-07-01", "a single box, one beside it, one of before and a trailer are none"


def changed_areas(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["date", "zone", "valid_fraction", "changed_area_high_m2"])
    return table.assign(date=pd.to_datetime(table["date"]))


def test_new_ground_is_no_more_than_may_have_changed() -> None:
    record = {"value": 30.0, "low": 20.0, "high": 250.0, "date": "2023-06-01", "since": "2023-04-01"}
    table = changed_areas(
        ("2023-05-01", "", 1.0, 900.0), ("2023-06-01", "", 1.0, 90.0), ("2023-07-01", "", 1.0, 200.0),
        ("2023-07-02", "", 0.5, 900.0), ("2023-07-03", "west", 1.0, 900.0), ("2023-07-04", "", 1.0, NONE))  # fmt: skip
    assert within_changed(record, table, DAYS[0]) == {**record, "high": 200.0}
    assert within_changed({**record, "high": 150.0}, table, DAYS[0]) == {**record, "high": 150.0}
    assert within_changed({**record, "value": 220.0}, table, DAYS[0]) == {**record, "value": 220.0, "high": 220.0}
    assert within_changed(record, table, DAYS[2]) == record, "the reference shows it built"
    assert within_changed(record, table.iloc[[0, 3, 4, 5]], DAYS[0]) == record
    assert within_changed(None, table, DAYS[0]) is None


def test_new_ground_may_be_all_that_the_greatest_footprint_gained() -> None:
    """Where the later date alone may be built, away from what surely is."""
    found = new_ground({"footprint": STEP}, yards(), None, GRID)
    far = shapely.box(400_300, 4_999_500, 400_400, 4_999_550)
    drawn = yards()
    wide = {day: replace(one, greatest=shapely.union(one.greatest, far)) for day, one in drawn.items()}
    late = {day: wide[day] if day >= DAYS[2] else one for day, one in drawn.items()}
    raised, alike = (new_ground({"footprint": STEP}, shapes, None, GRID) for shapes in (late, wide))
    assert found is not None
    assert raised is not None
    assert alike is not None
    assert raised["high"] - found["high"] == pytest.approx(far.area, rel=0.05)
    assert alike["high"] == found["high"], "both dates err alike there"
    assert (raised["low"], raised["value"]) == (found["low"], found["value"])


def test_new_ground_began_no_sooner_than_the_changed_area() -> None:
    changed = {**STEP, "low": "2023-04-02"}
    found = new_ground({"footprint": STEP, "changed_area": changed}, yards(), None, GRID)
    assert found is not None
    assert found["began"]["low"] == "2023-04-02"
    assert found["boxes_by"] is None
    later = {**STEP, "low": "2023-06-15", "high": "2023-07-01"}
    contradicts = new_ground({"footprint": STEP, "changed_area": later}, yards(), None, GRID)
    assert contradicts is not None
    assert contradicts["began"]["low"] == "2023-03-02"


@pytest.mark.parametrize(("kind", "told"), [("building", "building"), ("earthwork", "earthwork"), ("paving", "paving")])
def test_new_ground_is_named_by_what_most_of_it_bears(kind: str, told: str) -> None:
    found = new_ground({"footprint": STEP}, yards(**{kind: shapely.MultiPolygon([NEW])}), None, GRID)
    assert found is not None
    assert found["kind"] == told


def test_with_first_boxes_dates_them_by_other_tracks() -> None:
    found = new_ground({"footprint": STEP}, yards(), BOXES, GRID)
    assert found is not None
    layer = gpd.GeoDataFrame(
        {"date": [str(day) for day in DAYS]}, geometry=[one.geometry for one in yards().values()], crs=CRS
    )
    both = tracks(("2023-06-01", *ON_NEW, "40ft"), ("2023-06-01", 400_210, 4_999_740, "20ft"))
    assert with_first_boxes(found, layer, both, 1.0)["boxes_by"] == "2023-06-01"
    assert with_first_boxes(found, layer, both.iloc[:1], 1.0)["boxes_by"] is None


@pytest.mark.parametrize(
    ("none_is_sure", "expected", "told"), [(False, 3.0, "yard"), (True, 3.0, "paving"), (False, NONE, "paving")]
)
def test_boxes_that_may_all_be_something_else_stand_on_no_new_ground(
    none_is_sure: bool, expected: float, told: str
) -> None:
    table = pd.DataFrame({"containers_expected": [expected, NONE]})
    sure = sure_boxes(BOXES, table, {"none_is_sure": none_is_sure})
    found = new_ground({"footprint": STEP}, yards(paving=shapely.MultiPolygon([NEW])), sure, GRID)
    assert found is not None
    assert found["kind"] == told
    assert (found["boxes_by"] is None) == (told == "paving")
    layer = gpd.GeoDataFrame({"date": [str(day) for day in DAYS]}, geometry=[NEW] * 4, crs=CRS)
    assert with_first_boxes({**found, "boxes_by": "2023-06-01"}, layer, None, 1.0)["boxes_by"] is None


def test_new_ground_without_an_onset_is_none() -> None:
    assert new_ground({"footprint": {**STEP, "date": None}}, yards(), None, GRID) is None
    assert new_ground({}, yards(), None, GRID) is None


def test_a_strip_is_as_wide_on_the_ground_in_web_mercator() -> None:
    def at(west: float, north: float, east: float, south: float) -> shapely.Polygon:
        return shapely.box(WEST + west, NORTH - south, WEST + east, NORTH - north)

    grid, old, strip = mercator_grid(400, 400), at(50, 200, 150, 300), at(47, 200, 50, 300)  # 1.7 m wide
    shapes = [old, old, *[shapely.union_all([old, strip, at(150, 200, 250, 280)])] * 2]
    multi = {day: shapely.MultiPolygon([shape]) for day, shape in zip(DAYS, shapes, strict=True)}
    laid = {day: Footprint(one, one, one, float(ground_area_m2([one], grid.crs)[0]), {}) for day, one in multi.items()}
    on_strip = [shapely.Point(WEST + 48.5, NORTH - north) for north in (220, 240)]
    boxes = gpd.GeoDataFrame({"first_seen": ["2023-06-01"] * 2, "kind": "40ft"}, geometry=on_strip, crs=grid.crs)
    found = new_ground({"footprint": STEP}, laid, boxes, grid)
    assert found is not None
    assert found["boxes_by"] is None
    layer = gpd.GeoDataFrame({"date": [str(day) for day in DAYS]}, geometry=list(multi.values()), crs=grid.crs)
    assert with_first_boxes(found, layer, boxes, grid.ground_metre)["boxes_by"] is None


def test_a_date_that_hides_the_site_is_not_compared_with() -> None:
    """Its footprint is drawn as a later date shows the ground: new ground was measured as next to none."""
    before, after = footprint(OLD), footprint(OLD, NEW)
    drawn = dict(zip(DAYS, (before, after, after, after), strict=True))
    began = {"footprint": STEP, "changed_area": STEP | {"low": "2023-05-01"}}
    looks = [DateMeasurements(day, footprint_m2={} if day == DAYS[1] else {"": Estimate(1, 0, 2)}) for day in DAYS]
    known = _known(drawn, looks)
    assert list(known) == [DAYS[0], *DAYS[2:]]
    found = new_ground(began, known, None, GRID)
    assert found["value"] == pytest.approx(NEW.area, rel=0.02)
    assert found["since"] == str(DAYS[0])
