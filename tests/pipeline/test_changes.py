"""The changed area that lasts, and its bounds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from small_rasters import grid_like, write

from changedet.kernels.intervals import MaskShares
from changedet.pipeline import changes
from changedet.pipeline.changes import (
    lasting_bounds,
    with_built_ground,
    with_marked_boxes,
    with_unshown_boxes,
)
from changedet.pipeline.event_bounds import with_bounds_of_events
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import BOXES_M2
from changedet.stages.series.table import DateMeasurements

DAYS = dt.date(2023, 3, 12), dt.date(2023, 6, 5)


def test_a_look_that_hides_what_lasts_is_bounded_by_an_earlier_one() -> None:
    marked = np.array([[9000.0, 6000.0, 15000.0], [10000.0, 7000.0, 16000.0], [900.0, 500.0, 1800.0]])

    value, low, high = lasting_bounds(marked, np.array([8100.0, 9000.0, 9300.0])).T

    np.testing.assert_allclose(value, [8100.0, 9000.0, 9300.0])
    np.testing.assert_allclose(low, [5400.0, 6300.0, 6300.0])
    np.testing.assert_allclose(high, [13500.0, 14400.0, 9300.0])


def test_what_later_looks_take_back_leaves_its_share_of_the_bounds() -> None:
    marked = np.array([[1000.0, 400.0, 2000.0], [100.0, 50.0, 200.0]])

    value, low, high = lasting_bounds(marked, np.array([100.0, 100.0])).T

    np.testing.assert_allclose(value, [100.0, 100.0])
    np.testing.assert_allclose(low, [40.0, 50.0])
    np.testing.assert_allclose(high, [200.0, 200.0])


def test_a_clear_look_keeps_its_own_lower_bound() -> None:
    marked = np.array([[1000.0, 800.0, 1500.0], [1200.0, 0.0, 3000.0]])

    assert lasting_bounds(marked, np.array([1000.0, 1100.0]))[1, 1] == 0.0


def test_a_look_that_marks_all_that_lasts_hides_nothing_of_it_though_sums_differ_in_the_last_digit() -> None:
    marked = np.array([[4053.2, 615.9, 9000.0], [1900.5, 0.0, 9000.0]])

    assert lasting_bounds(marked, np.array([675.5, np.nextafter(1900.5, 2000.0)]))[1, 1] == 0.0


def test_a_look_that_marks_nothing_divides_by_nothing() -> None:
    bounds = lasting_bounds(np.array([[500.0, 300.0, 900.0], [0.0, 0.0, 60.0]]), np.array([400.0, 400.0]))

    np.testing.assert_allclose(bounds[1], [400.0, 240.0, 400.0])


def bounded(marked: Estimate, *footprints: Estimate, shown: float = 1.0) -> Estimate:
    """The changed area of the second date, given the footprints of both."""
    before, after = (
        DateMeasurements(day, footprint_m2={"": built}, valid_fraction={"": shown})
        for day, built in zip(DAYS, footprints, strict=True)
    )
    after = replace(after, changed_area_m2={"": marked})
    return with_built_ground([before, after], DAYS[0])[1].changed_area_m2[""]


def test_the_changed_area_may_be_all_new_ground_where_its_mask_lacks_what_is_sure() -> None:
    few, none, yard = Estimate(680.0, 460.0, 1370.0), Estimate(0.0, 0.0, 830.0), Estimate(5510.0, 5500.0, 5520.0)
    assert bounded(few, none, yard) == Estimate(680.0, 460.0, 5520.0)
    assert bounded(few, yard, none) == Estimate(680.0, 460.0, 5520.0), "a yard that was given up"
    unsure = Estimate(0.0, 0.0, 4200.0)
    assert bounded(few, unsure, yard, shown=0.6) == few, "1,300 m2 are sure, and within its bounds"
    assert bounded(few, unsure, yard) == Estimate(680.0, 460.0, 5520.0), "likely, and some is sure"
    likely = bounded(few, Estimate(100.0, 0.0, 4200.0), Estimate(2180.0, 600.0, 9000.0))
    assert likely.high == pytest.approx(2080.0 / 0.52), "the likely gain is as unsure as the area of a mask"
    nothing = Estimate(30.0, 0.0, 120.0)
    assert bounded(nothing, unsure, Estimate(400.0, 0.0, 4800.0)) == nothing, "a field that lies bare"
    whole = Estimate(5000.0, 3500.0, 6000.0)
    assert bounded(whole, none, yard) == whole
    assert (
        with_built_ground([DateMeasurements(DAYS[1], changed_area_m2={"": few})], DAYS[0])[0].changed_area_m2[""] == few
    )


def test_a_look_too_coarse_for_boxes_may_have_those_that_the_next_one_shows() -> None:
    days = [dt.date(2023, month, 1) for month in (1, 3, 5, 7)]
    own = Estimate(40.0, 0.0, 200.0)
    looks = [
        DateMeasurements(days[0]),
        DateMeasurements(days[1], changed_area_m2={"": own, "yard": own}, counts_possible=False),
        DateMeasurements(days[2], changed_area_m2={"": own}),
        DateMeasurements(days[3], changed_area_m2={"": own}, counts_possible=False),
    ]
    rows = [(1, "box", 40.0, "yard"), (2, "box", 600.0, "yard"), (2, "box", 100.0, None), (2, "paving", 9000.0, None)]
    changes = gpd.GeoDataFrame(
        [(str(days[k]), kind, area, zone) for k, kind, area, zone in rows], columns=["date", "kind", "area_m2", "zone"]
    )
    found = with_unshown_boxes(looks, changes, MaskShares(0.5, 1.25))
    assert found[1].changed_area_m2[""].high == pytest.approx(200 + (700 - 40) / 0.5)
    assert found[1].changed_area_m2["yard"].high == pytest.approx(200 + (600 - 40) / 0.5)
    assert found[1].changed_area_m2[""][:2] == own[:2]
    assert found[2].changed_area_m2[""] == own, "it shows its boxes itself"
    assert found[3].changed_area_m2[""].high == pytest.approx(200 + 700 / 0.5), "they may still stand"


def test_marked_boxes_are_those_of_dates_that_show_the_site() -> None:
    days = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"], utc=True)
    table = pd.DataFrame(
        {"date": days, "zone": "", "valid_fraction": [1.0, 1.0, 0.6, 1.0], "changed_area_m2": [np.nan, 90.0, 80.0, 0.0]}
    )
    changes = gpd.GeoDataFrame(
        {"date": days[[1, 1, 1, 2]], "kind": ["box", "box", "paving", "box"], "area_m2": [30.0, 12.0, 48.0, 80.0]},
        geometry=[shapely.Point(0, 0)] * 4,
    )
    found = with_marked_boxes(table, changes)[BOXES_M2].to_numpy()
    np.testing.assert_array_equal(found, [np.nan, 42.0, np.nan, 0.0])


def plan_of(looks: int, method: str = "trees", gsd_m: float = 0.5) -> SimpleNamespace:
    """A plan of some looks, the reference first."""
    choices = {"change": SimpleNamespace(method=method)}
    facts = SimpleNamespace(gsd_m=[gsd_m] * looks)
    return SimpleNamespace(looks=[None] * looks, reference=0, reference_date=DAYS[0], choices=choices, facts=facts)


@pytest.mark.parametrize(
    ("plan", "low"),
    [(plan_of(2), 8000 / 1.25 - 0.035 * 60_000), (plan_of(2, "irmad"), 6390.0), (plan_of(2, gsd_m=10.0), 6390.0)],
)
def test_ground_that_a_pair_marks_may_have_moved_where_models_judge_it(plan: SimpleNamespace, low: float) -> None:
    row = {"date": pd.Timestamp(DAYS[1]), "zone": "", "changed_area_m2": 8000.0}
    row |= {"changed_area_low_m2": 6390.0, "changed_area_high_m2": 16_100.0}
    row |= {f"{name}{end}": np.nan for name in ("arrivals", "departures") for end in ("", "_low", "_high")}
    first = row | {"date": pd.Timestamp(DAYS[0])} | {f"changed_area{end}_m2": np.nan for end in ("", "_low", "_high")}
    changes = gpd.GeoDataFrame(
        {"date": [row["date"]], "zone": [None], "kind": ["paving"], "area_m2": [8000.0]}, geometry=[shapely.Point(0, 0)]
    )
    seen = {DAYS[1]: {"": (8000.0, 60_000.0)}}
    found = with_bounds_of_events(plan, pd.DataFrame([first, row]), changes, seen, MaskShares(0.5, 1.25, 100.0))
    assert found["changed_area_low_m2"].tolist() == [pytest.approx(np.nan, nan_ok=True), pytest.approx(low)]
    assert found["changed_area_high_m2"].iloc[1] == 16_100.0


@pytest.mark.parametrize(
    ("events", "looks", "low", "high"),
    [
        ((8.0, 0.0, 20.0), 2, 0.0, 40 / 0.5 + 100 + 320 * (1 + np.hypot(1.5, 1.0))),
        ((8.0, 8.0, 9.0), 2, 250.0, 900.0),
        ((8.0, 4.0, 400.0), 2, 0.5 * 320 / 1.25, 5000.0),
        ((pd.NA, np.nan, np.nan), 2, 0.0, 900.0),
        ((8.0, 0.0, 20.0), 3, 250.0, 40 / 0.5 + 100 + 320 * (1 + np.hypot(1.5, 1.0))),
        ((pd.NA, np.nan, np.nan), 3, 250.0, 900.0),
    ],
)
def test_the_changed_area_of_a_pair_is_as_sure_as_its_arrivals_and_departures(events, looks, low, high) -> None:
    """Of 360 m2 marked 320 lie under boxes."""
    told, least, most = events
    day = pd.Timestamp(DAYS[1])
    row = {
        "date": day,
        "zone": "",
        "changed_area_m2": 360.0,
        "changed_area_low_m2": 250.0,
        "changed_area_high_m2": 900.0,
    }
    row |= {"arrivals": told, "arrivals_low": least, "arrivals_high": most}
    row |= {"departures": 0.0, "departures_low": 0.0, "departures_high": 0.0}
    table = pd.DataFrame([row]).astype({"arrivals": "Int64"})
    changes = gpd.GeoDataFrame(
        {"date": [day, day], "zone": [None, None], "kind": ["box", "paving"], "area_m2": [320.0, 40.0]},
        geometry=[shapely.Point(0, 0)] * 2,
    )
    plan = plan_of(looks)
    seen, shares = {DAYS[1]: {"": (360.0, 5000.0)}}, MaskShares(0.5, 1.25, 100.0)
    found = with_bounds_of_events(plan, table, changes, seen, shares)
    assert found["changed_area_low_m2"].item() == pytest.approx(low)
    assert found["changed_area_high_m2"].item() == pytest.approx(high)
    # Looks from far aslant are no surer of boxes than a pair is, in longer series too.
    pair = with_bounds_of_events(plan_of(2), table, changes, seen, shares)
    pd.testing.assert_frame_equal(with_bounds_of_events(plan, table, changes, seen, shares, {DAYS[1]}), pair)
    pd.testing.assert_frame_equal(with_bounds_of_events(plan, table, changes, seen, shares, {DAYS[0]}), found)


def test_upper_bounds_of_a_series_allow_for_all_that_may_have_come_or_left_since_the_reference() -> None:
    days = pd.to_datetime(["2023-01-05", "2023-03-12", "2023-06-05", "2023-06-20", "2023-07-10"])
    row = {"zone": "", "changed_area_m2": 300.0, "changed_area_low_m2": 100.0, "changed_area_high_m2": 500.0}
    row |= {f"departures{end}": 0.0 for end in ("", "_low", "_high")}
    table = pd.DataFrame([row | {"date": day} for day in days])
    table["arrivals"], table["arrivals_low"] = pd.array([50, pd.NA, 10, 20, pd.NA], "Int64"), 0.0
    table["arrivals_high"] = [90.0, np.nan, 40.0, 60.0, np.nan]
    table.loc[1, ["changed_area_m2", "changed_area_low_m2", "changed_area_high_m2"]] = np.nan
    changes = gpd.GeoDataFrame(
        {"date": days, "zone": None, "kind": "box", "area_m2": 300.0}, geometry=[shapely.Point(0, 0)] * 5
    )
    seen = {day.date(): {"": (300.0, 9000.0)} for day in days}
    found = with_bounds_of_events(plan_of(5), table, changes, seen, MaskShares(0.5, 1.25, 0.0))
    first, both = 300 * (1 + np.hypot(30 / 10, 1)), 300 * (1 + np.hypot(50 / 30, 1))
    np.testing.assert_allclose(found["changed_area_high_m2"], [500, np.nan, first, both, 500])
    np.testing.assert_array_equal(found["changed_area_low_m2"], table["changed_area_low_m2"])


def test_changed_areas_tells_what_one_look_alone_marks_where_seasons_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = tuple(dt.date(2023, month, 1) for month in (3, 5, 7))
    masks = np.zeros((3, 20, 30), np.uint8)
    masks[0, :4, :10] = masks[1, :4, :10] = 1  # of two looks
    masks[1, 10:12, :10], masks[2, 15:, :3] = 1, 1  # of one
    masks[2, :4] = 255
    place = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0)
    plan = SimpleNamespace(
        compared_dates=days, mask_file=lambda day: tmp_path / f"{day}.tif", grid=grid_like(20, 30, place)
    )
    for day, mask in zip(days, masks, strict=True):
        write(plan.mask_file(day), mask, place, nodata=255)
    west = shapely.box(500_000, 4_999_800, 500_020, 5_000_000)
    areas = {"": None, "west": west}

    monkeypatch.setattr(changes, "knows_seasons", lambda _: True)
    changed, found = changes.changed_areas(plan, areas)

    pixel_m2 = changed[days[0]][""][0] / 40
    assert found[days[0]] == {"": 0.0, "west": 0.0}
    assert found[days[1]] == {"": pytest.approx(20 * pixel_m2), "west": pytest.approx(4 * pixel_m2)}
    assert found[days[2]] == {"": pytest.approx(15 * pixel_m2), "west": pytest.approx(10 * pixel_m2)}
    monkeypatch.setattr(changes, "knows_seasons", lambda _: False)
    assert changes.changed_areas(plan, areas) == (changed, {})
