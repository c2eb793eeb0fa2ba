"""Ships of a date on a grid: at a berth whole, afloat by themselves; land is none."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from mercator import NORTH, WEST, mercator_grid
from shapely import box

from changedet.grid import Grid
from changedet.pipeline.things.open_water import Seen
from changedet.pipeline.things.ships import _near, _why_not, outlines_of

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (260, 400))


def scene() -> tuple[np.ndarray, Seen]:
    """A quay above, a ship of 100 m at it, a crane's boom across the water, a barge afloat."""
    image = np.random.default_rng(2).normal(50, 1.0, (3, *GRID.shape)).astype(np.float32)
    image[:, :60] = 200
    image[:, 60:96, 40:240] = 120
    image[:, 60:130, 280:300] = 180
    image[:, 180:200, 100:180] = 150
    return image, Seen(image.mean(axis=0) < 80, np.ones(GRID.shape, bool))


def test_outlines_of_a_berth_and_of_what_is_afloat() -> None:
    image, seen = scene()
    berth = box(500_000, 4_000_000 - 60, 500_200, 4_000_000 - 30)
    found = outlines_of(image, seen, GRID, [berth])
    assert [(round(one.length_m), round(one.width_m)) for one in found] == [(100, 18), (40, 10)]
    assert [one.is_moored for one in found] == [True, False]
    assert found[0].length_share_error > found[1].length_share_error
    assert found[0].corners.min(axis=0).round().tolist() == [40, 60]
    assert [round(one.length_m) for one in outlines_of(image, seen, GRID, [])] == [40]


def test_a_crane_boom_in_a_berth_is_no_ship() -> None:
    image, seen = scene()
    image[:, 66:122, 330:346] = 180
    seen = Seen(image.mean(axis=0) < 80, seen.shown)
    berth = box(500_000, 4_000_000 - 60, 500_200, 4_000_000 - 30)
    assert [round(one.length_m) for one in outlines_of(image, seen, GRID, [berth])] == [100, 40]
    assert sorted(round(one.length_m) for one in outlines_of(image, seen, GRID, [])) == [28, 40]
    image[:, 66:122, 330:346] = 50
    image[:, 80:96, 330:386] = 180
    along = Seen(image.mean(axis=0) < 80, seen.shown)
    assert sorted(round(one.length_m) for one in outlines_of(image, along, GRID, [berth])) == [28, 40, 100]


def test_what_fills_a_berth_without_water_beside_it_is_no_ship() -> None:
    image, seen = scene()
    wet = seen.wet.copy()
    wet[:150] = False
    wet[100:130, 340:] = True
    berth = box(500_000, 4_000_000 - 60, 500_200, 4_000_000 - 30)
    assert [round(one.length_m) for one in outlines_of(image, Seen(wet, seen.shown), GRID, [berth])] == [40]


def test_without_a_berth_near_infrared_is_needed() -> None:
    looks = [SimpleNamespace(gsd_m=0.5)]
    rgb, with_nir = (SimpleNamespace(roles=roles, looks=looks) for roles in (("green", "red"), ("green", "nir")))
    assert "draw a zone of kind berth" in _why_not(rgb, 0.5, has_berths=False)
    assert _why_not(rgb, 0.5, has_berths=True) == _why_not(with_nir, 0.5, has_berths=False) == ""


def test_water_is_looked_for_as_far_on_the_ground_in_web_mercator() -> None:
    grid = mercator_grid(120, 120)
    berths = gpd.GeoDataFrame(geometry=[box(WEST + 50, NORTH - 60, WEST + 60, NORTH - 50)], crs=grid.crs)
    rows, columns = np.nonzero(_near(berths, grid))
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == pytest.approx(10 + 30 * grid.ground_metre, abs=1)


def test_a_coarse_look_among_finer_ones_is_no_reason_to_look_for_no_ships() -> None:
    mixed = SimpleNamespace(roles=("green", "nir"), looks=[SimpleNamespace(gsd_m=0.5), SimpleNamespace(gsd_m=3.0)])
    assert _why_not(mixed, 0.5, has_berths=True) == ""
    assert "these have 2 m" in _why_not(mixed, 2.0, has_berths=True)
    mixed.looks = mixed.looks[1:]
    assert "these have 3 m" in _why_not(mixed, 0.5, has_berths=True)
