"""Footprints of sites that are bare nearly all over."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from shapely.geometry import MultiPolygon, box

from changedet.stages.footprint.bare_sites import (
    all_bare,
    with_what_came,
    with_what_stands,
    without_fields,
    without_planted,
    without_plants,
)
from changedet.stages.footprint.outlines import Footprint

SITE = box(0, 0, 100, 100)


def a_footprint(width):
    """All that lies west of a line, with a row of boxes and a hall on it."""
    kinds = {"paving": box(0, 0, width, 80), "stored": box(10, 10, 20, 20), "building": box(30, 30, 50, 40)}
    shape, least = MultiPolygon([box(0, 0, width, 100)]), MultiPolygon([box(0, 0, width - 10, 35)])
    return Footprint(shape, least, shape, shape.area, {kind: MultiPolygon([part]) for kind, part in kinds.items()})


@pytest.mark.parametrize(("widths", "expected"), [((95, 92), True), ((95, 80), False), ((), False)])
def test_all_dates_must_be_bare(widths, expected):
    assert all_bare([a_footprint(width) for width in widths], SITE, [0.2] * len(widths)) == expected


@pytest.mark.parametrize(
    ("shares", "expected"), [((0.01, 0.03), True), ((0.01, 0.04), False), ((0.01, None), False), ((), False)]
)
def test_a_site_without_plants_or_water_is_bare_however_little_its_footprint_covers(shares, expected):
    assert all_bare([a_footprint(60), a_footprint(60)], SITE, shares) == expected


def test_a_footprint_without_kinds_is_not_judged():
    plain = MultiPolygon([SITE])
    assert not all_bare([Footprint(plain, plain, plain, plain.area)], SITE, [0.0])


def test_only_boxes_and_buildings_are_sure():
    (found,) = with_what_stands([a_footprint(95)])
    assert shapely.equals(found.least, shapely.union_all([box(10, 10, 20, 20), box(30, 30, 50, 35)]))
    assert found.area_m2 == 9500


@pytest.mark.parametrize(("shares", "expected"), [((0.01, 0.03), True), ((0.01, 0.2), False), ((), False)])
def test_no_date_shows_plants(shares, expected):
    assert without_plants(shares) == expected


def test_of_ground_told_by_its_colour_only_what_came_is_sure():
    field = MultiPolygon([box(0, 0, 100, 40)])
    plain = Footprint(field, field, field, field.area)
    before, after = with_what_came([plain, plain], [MultiPolygon(), box(20, 0, 60, 80)])
    assert before.least.is_empty
    assert shapely.equals(after.least, box(20, 0, 60, 40))
    assert after.geometry == after.greatest == field


def test_what_has_the_colour_of_fields_is_not_sure_but_for_marks_and_what_stands():
    (found,) = without_fields([a_footprint(95)], box(0, 0, 40, 100), [box(0, 0, 5, 100)])
    kept = [box(40, 0, 85, 35), box(0, 0, 5, 35), box(10, 10, 20, 20), box(30, 30, 40, 35)]
    assert shapely.equals(found.least, shapely.union_all(kept))
    assert found.area_m2 == 9500
    assert without_fields([a_footprint(95)], MultiPolygon(), [MultiPolygon()]) == [a_footprint(95)]


def test_what_a_later_date_shows_planted_is_in_no_greatest_footprint_but_for_what_is_likely_built():
    one, wide = a_footprint(60), MultiPolygon([box(0, 0, 90, 100)])
    one = replace(one, greatest=wide)
    earlier, last = without_planted([one, one], [box(50, 0, 80, 100), MultiPolygon()])
    assert shapely.equals(earlier.greatest, shapely.union_all([box(0, 0, 60, 100), box(80, 0, 90, 100)]))
    assert (earlier.geometry, earlier.least) == (one.geometry, one.least)
    assert last is one
