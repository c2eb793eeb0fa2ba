"""Boxes of many polygons: those of each are what they are of it alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import shapely
from box_rows import DAYS, followed, made, rows_of

from changedet.kernels.doubts import BESIDE_ROOF, HOME_ODDS
from changedet.kernels.intervals import PLAIN
from changedet.stages.series.site_boxes import SiteBoxes, tracked_boxes
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.stage import track
from scenarios import box_series as bs


def test_site_boxes_are_of_all_polygons_together_those_of_the_site() -> None:
    tracks = made(5, change=0.3)[1]
    site = SiteBoxes(tracks)
    whole = site.within()
    west, south, east, north = shapely.total_bounds(tracks.places.geometry.to_numpy())
    middle = (west + east) / 2 + 0.01
    halves = [
        site.within(shapely.box(*ends))
        for ends in ((west - 50, south - 50, middle, north + 50), (middle, south - 50, east + 50, north + 50))
    ]
    for name in ("row_date", "arrived", "left", "present", "weight"):
        assert sum(len(getattr(half, name)) for half in halves) == len(getattr(whole, name)), name
    assert 0 < len(halves[0].present) < len(whole.present)


def test_tracked_boxes_are_those_of_site_boxes() -> None:
    tracks = made(6, change=0.3)[1]
    area = tracks.places.geometry.iloc[0].buffer(40)
    one, other = tracked_boxes(tracks, area), SiteBoxes(tracks).within(area)
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)
    assert len(one.present) > 0


def test_site_boxes_of_a_polygon_without_any_are_none() -> None:
    found = SiteBoxes(made(6, change=0.3)[1]).within(shapely.box(-9e6, -9e6, -8e6, -8e6))
    assert len(found.present) == len(found.row_date) == len(found.arrived) == 0
    assert found.blind.shape == (found.present.shape[1],)


def test_a_date_that_misses_nearly_all_boxes_shows_no_place_clearly() -> None:
    blind, series = 6, bs.simulate(5, change=0.0, cloud=0.0)
    others = series.detections[series.detections["date"].dt.date != series.dates[blind]]
    found = SiteBoxes(followed(series, others)).within()
    assert np.flatnonzero(found.blind).tolist() == [blind]
    assert np.flatnonzero(~found.clear.any(axis=0)).tolist() == [blind]
    assert np.flatnonzero(~found.ground_shown.any(axis=0)).tolist() == [blind]


def among_houses(odds: dict[int, float], detector: str = "learned") -> tuple[Tracks, np.ndarray]:
    """Tracks of five boxes on four looks, the log odds of whose rows are 1 at a garden but for those of some looks."""
    rows = rows_of(*[(day, 20.0 * k, 0.0) for day in range(4) for k in range(5)], confidence=0.97)
    garden = np.tile([0, 1, 2, 3, 4], 4) < 2
    look = np.repeat(np.arange(4), 5)
    own = np.where(garden, [odds.get(day, 1.0) for day in look], -2.0)
    tracks = track(rows.assign(**{HOME_ODDS: own}), DAYS[:4], detector=detector)
    east = shapely.get_coordinates(tracks.places.geometry)[:, 0]
    return tracks, east < east.min() + 30.0


@pytest.mark.parametrize(
    ("odds", "homely"), [({}, True), ({0: -2.9}, True), ({0: -3.1}, False), ({0: np.nan}, True), ({0: -np.inf}, False)]
)
def test_places_lie_among_houses_by_the_mean_of_all_looks(odds: dict[int, float], homely: bool) -> None:
    tracks, garden = among_houses(odds)
    assert garden.sum() == 2
    np.testing.assert_array_equal(tracked_boxes(tracks).homely, garden & homely)


@pytest.mark.parametrize(("by_maps", "told", "homely"), [(-6.0, 1, True), (-7.0, 1, False), (-7.0, 2, False)])
def test_a_roof_beside_it_that_looks_tell_counts_once_beside_the_mean_of_the_maps(
    by_maps: float, told: int, homely: bool
) -> None:
    tracks, garden = among_houses({day: BESIDE_ROOF if day < told else by_maps for day in range(4)})
    np.testing.assert_array_equal(tracked_boxes(tracks).homely, garden & homely)


def test_what_a_look_lists_among_houses_is_not_sure() -> None:
    (tracks, garden), (plain, _) = among_houses({}), among_houses({0: -9.0})
    for found, many in ((tracked_boxes(tracks), 5 - garden.sum()), (tracked_boxes(plain), 5)):
        assert [len(found.kinds(t)) for t in range(4)] == [5] * 4
        assert [len(found.kinds(t, homely=False)) for t in range(4)] == [many] * 4


def test_lower_bounds_leave_out_what_stands_among_houses() -> None:
    looks = [DateMeasurements(day) for day in DAYS[:4]]
    plain, homely = (timeseries(looks, among_houses(odds)[0]) for odds in ({0: -9.0}, {}))
    for name in ("containers_expected", "containers_high", "arrivals_high"):
        assert plain[name].equals(homely[name]), name
    share = plain["containers_expected"] * 2 / 5
    assert (plain["containers_low"] > 3.0).all()
    np.testing.assert_allclose(plain["containers_low"] - homely["containers_low"], share, rtol=0.05)


def test_a_person_knows_what_is_a_part_of_a_house() -> None:
    tracks, garden = among_houses({}, "imitated")
    assert not tracked_boxes(replace(tracks, calibration=PLAIN)).homely.any()
    assert garden.any()


def village(halves_of_roofs: int) -> Tracks:
    """Tracks of twenty sure boxes on a yard and of so many things in the green far off that no look shows for sure."""
    each = range(20 + halves_of_roofs)
    at = [(20.0 * (k % 5), 300.0 * (k >= 20) + 20.0 * (k // 5)) for k in each]
    rows = rows_of(*[(day, *xy) for day in range(5) for xy in at], confidence=0.97)
    green = np.tile(each, 5) >= 20
    odds, sure = np.where(green, -1.0, -5.5), np.where(green, 0.8, 0.97)
    return track(rows.assign(**{HOME_ODDS: odds, "confidence": sure}), DAYS[:5], detector="learned")


def test_what_no_look_shows_for_sure_in_a_village_is_not_expected() -> None:
    looks = [DateMeasurements(day) for day in DAYS[:5]]
    few, many = village(3), village(20)
    assert not tracked_boxes(few).others.any()
    boxes = tracked_boxes(many)
    np.testing.assert_array_equal(boxes.homely, boxes.others[:, 0] > 0)
    assert boxes.homely.sum() == 20
    assert not boxes.present[boxes.homely].any()
    assert (boxes.row_others > 0).sum() == 5 * 20
    table = timeseries(looks, many)
    assert table["containers_expected"].between(19, 22).all()
    assert (table["containers"] == 40).all()
    assert (table["containers_high"] < 32).all(), "nor does the upper bound grow with each roof"
    assert (table["containers_high"] > table["containers_expected"] + 2).all(), "but by a tenth of them"
    assert timeseries(looks, few)["containers_expected"].min() > 22


def test_that_a_village_is_unsure_says_nothing_of_the_yard() -> None:
    boxes = tracked_boxes(village(20))
    assert not boxes.none_is_sure
    assert (timeseries([DateMeasurements(day) for day in DAYS[:5]], village(20))["containers_low"] > 2).all()


def test_a_person_knows_what_no_look_shows_for_sure() -> None:
    tracks = village(20)
    assert not tracked_boxes(replace(tracks, calibration=PLAIN)).others.any()
