"""Footprints: geometry by construction, hidden ground, independence of tiles."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_ground import drawn, found_in, grid_of, patchy, placed

from changedet.stages.footprint.kernels import closing
from changedet.stages.footprint.outlines import EDGE_CELLS, estimates, outlines


@pytest.mark.parametrize("resolution", [0.3, 0.5, 0.75, 1.0])
def test_outline_keeps_a_yard_and_no_road(resolution):
    shape = (round(150 / resolution), round(330 / resolution))
    yard, road = (20, 40, 80, 100), (80, 60, 320, 65)
    found = found_in(drawn(yard, road, shape=shape, resolution=resolution), resolution=resolution)
    whole = placed(*yard)
    assert found.geometry.symmetric_difference(whole).area < 0.03 * whole.area
    assert found.area_m2 == pytest.approx(whole.area, rel=0.03)
    assert found_in(drawn(road, shape=shape, resolution=resolution), resolution=resolution).geometry.is_empty


def test_outline_keeps_a_strip_of_ten_metres():
    strip = (20, 40, 320, 50)
    found = found_in(drawn(strip, shape=(200, 680)))
    assert found.area_m2 == pytest.approx(placed(*strip).area, rel=0.05)


def test_outline_holds_boxes_even_where_nothing_else_is():
    box = placed(100, 100, 112.19, 102.44)
    found = found_in(drawn(), [box])
    assert found.area_m2 == pytest.approx(box.area, rel=0.25)
    assert found.geometry.intersection(box).area > 0.75 * box.area
    assert found_in(drawn(), [placed(0, 0, 3, 3)]).geometry.is_empty


def test_outline_closes_near_parts_and_not_far_ones():
    first = (20, 20, 60, 60)
    assert len(found_in(drawn(first, (73, 20, 113, 60))).geometry.geoms) == 1
    assert len(found_in(drawn(first, (79, 20, 119, 60))).geometry.geoms) == 2


def test_outline_fills_small_holes_and_not_large_ones():
    small, large = (40, 40, 59, 59), (100, 100, 170, 170)
    found = found_in(drawn((20, 20, 220, 220), holes=(small, large))).geometry
    assert [len(part.interiors) for part in found.geoms] == [1]
    assert not found.covers(placed(*large).centroid)
    assert found.covers(placed(*small).centroid)


@pytest.mark.parametrize("edge", [64, 170, 333])
def test_outline_does_not_depend_on_the_tiles(edge):
    levels = patchy(4, (500, 620))
    whole = found_in(levels, resolution=0.3)
    tiles = [
        (y, x, levels[y : y + edge, x : x + edge])
        for y in range(0, levels.shape[0], edge)
        for x in range(0, levels.shape[1], edge)
    ]
    (cut,) = outlines([(tiles[::-1], [])], grid_of(levels.shape, 0.3))
    for name in ("geometry", "least", "greatest"):
        assert getattr(cut, name).equals(getattr(whole, name))
    assert not whole.geometry.is_empty


def test_outline_bounds_the_area_and_nests():
    levels = drawn((20, 20, 120, 120), level=1)
    levels[60:220, 60:220] = 2
    levels[100:200, 100:200] = 3
    found = found_in(levels)
    assert [round(shape.area, -3) for shape in (found.least, found.geometry, found.greatest)] == [2000, 6000, 10000]
    assert found.geometry.covers(found.least)
    assert found.greatest.covers(found.geometry)


def test_outlines_of_hidden_ground_are_as_the_nearest_dates_show_it():
    yard = (20, 20, 120, 120)
    full, none = drawn(yard), drawn()
    cloudy = full.copy()
    cloudy[:, 140:] = closing.UNKNOWN
    grid = grid_of(full.shape)
    dates = [[(0, 0, cloudy)], [(0, 0, full)], [(0, 0, cloudy)], [(0, 0, none)], [(0, 0, np.full_like(full, 255))]]
    found = outlines([(tiles, []) for tiles in dates], grid)
    areas = [one.area_m2 for one in found]
    assert areas[:3] == [areas[1]] * 3
    assert areas[3:] == [0.0, 0.0]
    assert found[2].least.area < 0.55 * areas[1]
    assert found[2].greatest.area > 300 * 280 - 140 * 300
    assert found[1].least.area == pytest.approx(found[1].greatest.area)


def test_outlines_keep_a_box_under_cloud():
    box, empty = placed(100, 100, 112.19, 102.44), drawn()
    hidden = np.full_like(empty, closing.UNKNOWN)
    first, second = outlines([([(0, 0, empty)], [box]), ([(0, 0, hidden)], [])], grid_of(empty.shape))
    assert first.area_m2 > 0
    assert second.area_m2 == first.area_m2


def test_estimates_are_bounded_and_need_half_of_the_ground():
    levels = drawn((20, 20, 120, 120))
    grid = grid_of(levels.shape)
    areas = {"": None, "west": placed(0, 0, 70, 300), "dark": placed(0, 0, 70, 300)}
    made = estimates(*outlines([([(0, 0, levels)], [])], grid), areas, {"": 1.0, "west": 0.8, "dark": 0.4}, grid)
    assert set(made) == {"", "west"}
    value, low, high = made["west"]
    assert low <= value <= high
    assert value == pytest.approx(made[""][0] / 2, rel=0.01)


def test_bounds_of_a_footprint_know_that_outlines_lie_beside_the_edge():
    levels = drawn((20, 20, 120, 120), level=3)
    grid = grid_of(levels.shape)
    (found,) = outlines([([(0, 0, levels)], [])], grid)
    assert found.least.area == found.geometry.area == found.greatest.area
    value, low, high = estimates(found, {"": None}, {"": 1.0}, grid)[""]
    off = EDGE_CELLS * found.geometry.length
    assert (value - low, high - value) == pytest.approx((off, off), rel=0.01)


def test_a_footprint_that_ends_with_the_site_has_no_edge_there():
    levels = np.full((240, 300), 3, np.uint8)
    grid = grid_of(levels.shape)
    (found,) = outlines([([(0, 0, levels)], [])], grid)
    value, low, high = estimates(found, {"": None}, {"": 1.0}, grid)[""]
    assert low == value == pytest.approx(high)


def test_outlines_share_the_footprint_out_and_boxes_come_first():
    levels = drawn((20, 20, 160, 120), level=3)
    kinds = np.where(levels > 0, 1, 0).astype(np.uint8)
    kinds[80:160, 80:200] = 2
    kinds[180:200, 60:200] = 3
    tile = (levels + closing.KIND_STEP * kinds).astype(np.uint8)
    box = placed(60, 50, 72.19, 52.44)
    (found,) = outlines([([(0, 0, tile)], [box])], grid_of(levels.shape))
    assert list(found.kinds) == ["paving", "building", "earthwork", "stored"]
    areas = {name: shape.area for name, shape in found.kinds.items()}
    assert sum(areas.values()) == pytest.approx(found.geometry.area, rel=1e-6)
    assert areas["building"] == pytest.approx(40 * 60 - box.area, rel=0.03)
    assert areas["earthwork"] == pytest.approx(10 * 70, rel=0.03)
    assert areas["stored"] == pytest.approx(box.area, rel=0.3)
    assert found.kinds["stored"].intersection(found.kinds["building"]).area < 1e-6


def test_outlines_of_kinds_do_not_depend_on_the_tiles():
    rng = np.random.default_rng(7)
    cells = rng.integers(1, 4, (100, 110)).repeat(6, 0).repeat(6, 1).astype(np.uint8)
    levels = patchy(7, cells.shape) // 2 * 2 + 1
    tile = (closing.KIND_STEP * cells + levels).astype(np.uint8)[:595, :650]
    (whole,) = outlines([([(0, 0, tile)], [])], grid_of(tile.shape))
    parts = [(y, x, tile[y : y + 171, x : x + 171]) for y in range(0, 595, 171) for x in range(0, 650, 171)]
    (cut,) = outlines([(parts, [])], grid_of(tile.shape))
    assert {name: shape.wkt for name, shape in whole.kinds.items()} == {n: s.wkt for n, s in cut.kinds.items()}
    assert all(shape.area > 0 for name, shape in whole.kinds.items() if name != "stored")
