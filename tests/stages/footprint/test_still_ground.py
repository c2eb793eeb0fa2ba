"""Footprints that agree with the masks."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import MultiPolygon

from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.still_ground import changed, settled

CRS = "EPSG:32633"
NONE = [MultiPolygon()] * 6
BARE = MultiPolygon()
"""Nothing that is planted."""
YARD, FIELD, PAD = (shapely.box(500_000 + x, 5_800_000, 500_080 + x, 5_800_080) for x in (0, 200, 400))


def footprint(*parts: shapely.Polygon) -> Footprint:
    shape = MultiPolygon(list(parts))
    kinds = {"paving": MultiPolygon([part for part in parts if part is not FIELD]), "earthwork": MultiPolygon()}
    kinds["earthwork"] = MultiPolygon([part for part in parts if part is FIELD])
    return Footprint(shape, shape, MultiPolygon([YARD, FIELD, PAD]), shape.area, kinds)


def areas(found: list[Footprint]) -> list[int]:
    return [round(one.geometry.area / YARD.area) for one in found]


def unmarked(_date: int, _ground: shapely.Geometry) -> tuple[float, float]:
    return 0.0, 1.0


def test_a_field_that_lies_bare_on_few_dates_is_not_built() -> None:
    series = [footprint(YARD), footprint(YARD, FIELD), footprint(YARD, FIELD), footprint(YARD), footprint(YARD)]
    found = settled(series, 0, unmarked, NONE, BARE, CRS, 1.0)
    assert areas(found) == [1, 1, 1, 1, 1]
    for one in found:
        assert one.kinds["earthwork"].is_empty
        assert one.least.area == pytest.approx(YARD.area)
        assert one.greatest.area == pytest.approx(3 * YARD.area), "masks miss ground, too"
        assert one.area_m2 == pytest.approx(YARD.area, rel=2e-3)


@pytest.mark.parametrize(("shown", "dates", "built"), [(4, 5, True), (2, 3, True), (3, 5, False), (1, 2, False)])
def test_ground_that_two_dates_of_three_show_built_is_so_on_all(shown: int, dates: int, built: bool) -> None:
    series = [*[footprint(YARD)] * (dates - shown), *[footprint(YARD, PAD)] * shown]
    found = settled(series, 0, unmarked, NONE, BARE, CRS, 1.0)
    assert areas(found) == [2 if built else 1] * dates
    assert found[0].kinds["paving"].area == pytest.approx((2 if built else 1) * YARD.area)
    assert found[0].least.area == pytest.approx(YARD.area), "what other dates alone show is not sure"


def test_kinds_hold_no_more_than_the_footprint_where_small_parts_are_dropped() -> None:
    one = footprint(YARD)
    corner = changed(one, shapely.box(500_003, 5_800_000, 500_080, 5_800_080), [], [one], CRS, 1.0)
    piece = changed(corner, shapely.box(500_000, 5_800_004, 500_003, 5_800_010), [], [one], CRS, 1.0)
    assert piece.geometry.area == pytest.approx(3 * 70), "12 m2 of a corner are dropped"
    assert sum(shape.area for shape in piece.kinds.values()) == pytest.approx(piece.geometry.area)


def test_new_ground_that_the_masks_mark_stays_new() -> None:
    def marked(date: int, ground: shapely.Geometry) -> tuple[float, float]:
        return (0.2 if date >= 2 and ground.intersects(PAD) else 0.0), 1.0

    series = [footprint(YARD), footprint(YARD, FIELD), footprint(YARD, PAD), footprint(YARD, PAD, FIELD)]
    assert areas(settled(series, 0, marked, NONE, BARE, CRS, 1.0)) == [1, 1, 2, 2]


def test_a_mask_that_shows_little_says_nothing() -> None:
    series = [footprint(YARD), footprint(YARD, PAD), footprint(YARD, PAD)]
    assert areas(settled(series, 0, lambda _date, _ground: (0.0, 0.4), NONE, BARE, CRS, 1.0)) == [1, 2, 2]
    assert settled(series[:1], 0, unmarked, NONE, BARE, CRS, 1.0) == series[:1]


def test_strips_along_edges_and_ground_of_a_few_boxes_are_left_as_they_are() -> None:
    wider = shapely.box(YARD.bounds[0] - 1.5, *YARD.bounds[1:])
    shed = shapely.box(500_300, 5_800_300, 500_307, 5_800_307)
    series = [footprint(YARD), footprint(wider, shed), footprint(YARD)]
    found = settled(series, 0, unmarked, NONE, BARE, CRS, 1.0)
    assert found[1].geometry.area == pytest.approx(wider.area + shed.area)


def test_a_reference_that_alone_shows_a_field_built_loses_it() -> None:
    series = [footprint(YARD), footprint(YARD, FIELD), footprint(YARD), footprint(YARD)]
    assert areas(settled(series, 1, unmarked, NONE, BARE, CRS, 1.0)) == [1, 1, 1, 1]


@pytest.mark.parametrize(("unit", "dropped"), [(1.0, True), (2.0, False)])
def test_a_metre_is_one_on_the_ground(unit: float, dropped: bool) -> None:
    shed = shapely.box(500_300, 5_800_300, 500_309, 5_800_309)  # 81 units2: 81 m2, or 20 on the ground
    series = [footprint(YARD), footprint(YARD, shed), footprint(YARD)]
    found = settled(series, 0, unmarked, NONE, BARE, CRS, unit)
    assert found[1].geometry.area == pytest.approx(YARD.area + (0 if dropped else shed.area))


@pytest.mark.parametrize(("unit", "dropped"), [(1.0, True), (2.0, False)])
def test_an_edge_that_moved_is_as_wide_on_the_ground(unit: float, dropped: bool) -> None:
    strip = shapely.box(500_200, 5_800_000, 500_203, 5_800_200)  # 3 units wide: 3 m, or 1.5 on the ground
    series = [footprint(YARD), footprint(YARD, strip), footprint(YARD)]
    found = settled(series, 0, unmarked, NONE, BARE, CRS, unit)
    assert found[1].geometry.area == pytest.approx(YARD.area + (0 if dropped else strip.area), rel=1e-3)


@pytest.mark.parametrize(
    ("day", "later", "expected"), [(1, [YARD], 0.05), (1, [YARD, FIELD], 1.0), (4, [YARD, FIELD], 1.0)]
)
def test_ground_far_from_what_is_marked_must_last(day: int, later: list[shapely.Polygon], expected: float) -> None:
    """A field that pits are dug in: a tenth and more of it is marked, and what lies around them comes and goes."""
    pit = shapely.box(FIELD.bounds[0], FIELD.bounds[1], FIELD.bounds[0] + 18, FIELD.bounds[1] + 36)

    def marked(date: int, ground: shapely.Geometry) -> tuple[float, float]:
        return (ground.intersection(pit).area / ground.area if date == day else 0.0), 1.0

    series = [*[footprint(YARD)] * day, footprint(YARD, FIELD), *[footprint(*later)] * 2]
    found = settled(series, 0, marked, [*NONE[:day], pit, pit, pit], BARE, CRS, 1.0)
    beyond = found[day].geometry.intersection(FIELD.difference(pit.buffer(10))).area
    assert beyond / FIELD.area <= expected
    assert found[day].geometry.intersection(pit).area == pytest.approx(pit.area), "what is marked stays"
    if later == [YARD, FIELD]:
        assert found[day].geometry.intersection(FIELD).area == pytest.approx(FIELD.area)


@pytest.mark.parametrize(("planted", "built"), [(FIELD, False), (FIELD.buffer(-20), True), (YARD, True)])
def test_unmarked_ground_that_was_planted_is_not_built_however_long_it_looks_so(
    planted: shapely.Polygon, built: bool
) -> None:
    series = [footprint(YARD), *[footprint(YARD, FIELD)] * 4]
    assert areas(settled(series, 0, unmarked, NONE, planted, CRS, 1.0)) == [2 if built else 1] * 5


def test_what_was_planted_away_from_new_ground_that_is_marked_is_not_built() -> None:
    """A pad in a clearing: on the looks of autumn and winter the meadows around it pass for earth."""
    pad = shapely.box(FIELD.bounds[0], FIELD.bounds[1], FIELD.bounds[0] + 40, FIELD.bounds[1] + 40)

    def marked(date: int, ground: shapely.Geometry) -> tuple[float, float]:
        return (ground.intersection(pad).area / ground.area if date else 0.0), 1.0

    series = [footprint(YARD), *[footprint(YARD, FIELD)] * 4]
    found = settled(series, 0, marked, [MultiPolygon(), *[pad] * 4], FIELD, CRS, 1.0)
    beyond = FIELD.difference(pad.buffer(10))
    for one in found[1:]:
        assert one.geometry.intersection(pad).area == pytest.approx(pad.area), "what is marked stays"
        assert one.geometry.intersection(beyond).area < 0.05 * beyond.area


def test_plants_that_touch_new_ground_along_an_edge_alone_take_nothing() -> None:
    beside = shapely.union_all(
        [FIELD.buffer(-10), shapely.box(FIELD.bounds[2], *FIELD.bounds[1:2], 500_400, 5_800_080)]
    )
    series = [footprint(YARD), *[footprint(YARD, FIELD)] * 4]
    marks = [MultiPolygon(), *[FIELD.buffer(-38)] * 4]
    found = settled(series, 0, lambda date, _ground: (0.2 if date else 0.0, 1.0), marks, beside, CRS, 1.0)
    assert areas(found) == [1, 2, 2, 2, 2]
