"""Polygons of footprints."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from drawn_ground import found_in, patchy, placed
from shapely import MultiPolygon, box

from changedet.stages.footprint import shapes
from changedet.stages.footprint.shapes import gained_and_lost, on_some_alone


def test_built_surface_of_blocks_equals_that_of_the_whole(monkeypatch):
    levels = patchy(5, (400, 430))
    whole = found_in(levels, resolution=1.0)
    monkeypatch.setattr(shapes, "BLOCK_CELLS", 97)
    assert found_in(levels, resolution=1.0).geometry.equals(whole.geometry)
    assert len(whole.geometry.geoms) > 2


def test_gained_and_lost_is_not_the_noise_of_edges():
    before, after = placed(20, 20, 80, 60), placed(20.5, 19.5, 95, 60.5)
    gained, lost = gained_and_lost(before, after, "EPSG:32633", 1.0)
    assert gained == pytest.approx(15 * 41, rel=0.03)
    assert lost == 0


@pytest.mark.parametrize(("unit", "expected"), [(1.0, 3 * 40), (2.0, 0)])
def test_gained_and_lost_counts_a_metre_on_the_ground(unit: float, expected: int):
    gained, _ = gained_and_lost(placed(20, 20, 80, 60), placed(20, 20, 83, 60), "EPSG:32633", unit)
    assert gained == pytest.approx(expected, rel=0.03)


def test_gained_and_lost_takes_a_strip_of_two_cells_for_an_edge_in_web_mercator():
    """Cells of 1.0004 m of ground, of which a metre is 1.74 units to a hundredth."""
    cell = 1.74215
    before, after = placed(20, 20, 80, 60), placed(20, 20, 80 + 2 * cell, 60)
    assert gained_and_lost(before, after, "EPSG:3857", 1.74) == (0, 0)
    wider = placed(20, 20, 80 + 3 * cell, 60)
    assert gained_and_lost(before, wider, "EPSG:3857", 1.74)[0] > 0


def test_what_some_shapes_cover_alone_is_told_where_others_touch_it_or_are_empty() -> None:
    first, second = box(0, 0, 2, 2), shapely.union_all([box(1, 1, 3, 3), box(2, -1, 3, 0.5)])
    assert on_some_alone([first, second]).area == pytest.approx(first.area + second.area - 2 * 1)
    # the common part of the first two is a square and a line, which GEOS cannot intersect with nothing
    assert on_some_alone([first, second, MultiPolygon()]).area == pytest.approx(first.area + second.area - 1)
    assert on_some_alone([first, first]).is_empty
    assert on_some_alone([]).is_empty


def test_parts_are_filled_and_sorted_as_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a wide site of coarse pixels there are tens of thousands: rings that are Python's lists take seconds."""
    yard = box(0, 0, 90, 90).difference(shapely.union_all([box(10, 10, 20, 20), box(30, 30, 80, 80)]))
    outlines = np.array([yard, box(200, 0, 210, 10)], object)
    monkeypatch.setattr(shapely.Polygon, "interiors", property(lambda _: pytest.fail("ring by ring")))
    filled = shapes._filled(outlines, 400.0)
    assert shapely.get_num_interior_rings(filled).tolist() == [1, 0]
    assert filled[0].equals(box(0, 0, 90, 90).difference(box(30, 30, 80, 80)))
    assert shapes._filled(outlines[:0], 400.0).size == 0
    assert [part.bounds[0] for part in shapes.as_multi(shapely.MultiPolygon([*outlines[::-1]])).geoms] == [0, 200]
    assert shapes.as_multi(shapely.MultiPolygon()).is_empty
