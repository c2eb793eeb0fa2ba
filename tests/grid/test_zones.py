"""Zones, and which of them are sidings."""

from __future__ import annotations

import pytest
import shapely
import shapely.affinity
from mercator import UNIT, mercator_grid

from changedet.grid.areas import Areas, Attributes
from changedet.grid.zones import overlapping, sidings_of, zone_table

CRS = "EPSG:32633"


def test_sidings_of_zones_that_say_so_with_a_margin():
    shapes = shapely.box(0, 0, 10, 20), shapely.box(50, 0, 60, 20), shapely.box(90, 0, 99, 9)
    said = Attributes("a", "siding"), Attributes("b"), Attributes("c", "yard")
    areas = Areas(shapes, said, CRS)
    found = sidings_of(areas, 1.0)
    assert found.contains(shapely.box(-4, 0, 14, 20))
    assert found.bounds == pytest.approx((-5, -5, 15, 25))
    unit = mercator_grid(100, 100).ground_metre
    assert sidings_of(areas, unit).bounds == pytest.approx((-5 * unit, -5 * unit, 10 + 5 * unit, 20 + 5 * unit))
    assert sidings_of(Areas(shapes[1:], areas.attributes[1:], CRS), 1.0) is None
    assert sidings_of(None, 1.0) is None


def test_zones_that_share_ground_are_paired_and_those_that_meet_are_not():
    corners = (0, 0, 10, 10), (10, 0, 20, 10), (9, 0, 30, 10), (9.95, 9, 30, 30)
    areas = Areas(tuple(shapely.box(*one) for one in corners), tuple(Attributes(name) for name in "abcd"), CRS)
    zones = zone_table(areas)
    assert overlapping(zones, 1.0) == {frozenset(pair) for pair in ("ac", "bc", "bd", "cd")}
    assert overlapping(None, 1.0) == frozenset()


def test_zones_share_as_much_ground_in_web_mercator():
    corners = (0, 0, 10, 10), (9, 8, 30, 10)
    areas = Areas(tuple(shapely.box(*one) for one in corners), (Attributes("a"), Attributes("b")), CRS)
    assert overlapping(zone_table(areas), 1.0)
    assert not overlapping(zone_table(areas), UNIT)
