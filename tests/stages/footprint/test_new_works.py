"""Footprints with the ground that masks say was made."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from shapely.geometry import MultiPolygon

from changedet.grid import Grid
from changedet.stages.footprint import new_works
from changedet.stages.footprint.new_works import with_works
from changedet.stages.footprint.outlines import Footprint

GRID = Grid("EPSG:32633", Affine(0.5, 0, 499_990, 0, -0.5, 5_800_110), (240, 1000))
YARD = shapely.box(500_000, 5_800_000, 500_080, 5_800_080)
PIT = shapely.box(500_200, 5_800_000, 500_240, 5_800_040)
ROAD = shapely.box(500_240, 5_800_010, 500_400, 5_800_016)
BESIDE = shapely.box(500_090, 5_800_000, 500_130, 5_800_080)
NOTHING = MultiPolygon()


def footprint(*parts: shapely.Polygon) -> Footprint:
    shape = MultiPolygon(list(parts))
    return Footprint(shape, shape, shape, shape.area, {"paving": shape, "earthwork": NOTHING, "stored": NOTHING})


def all_shown(_date: int, _ground: shapely.Geometry) -> float:
    return 1.0


def test_ground_that_a_mask_marks_is_built_without_roads() -> None:
    first, second = with_works([footprint(YARD)] * 2, [NOTHING, shapely.union(PIT, ROAD)], all_shown, GRID)
    assert first == footprint(YARD)
    assert second.geometry.area == pytest.approx(YARD.area + PIT.area, rel=0.01)
    assert second.kinds["earthwork"].area == pytest.approx(PIT.area, rel=0.05), "what the eye for ground misses"
    assert second.kinds["paving"].area == pytest.approx(YARD.area)
    assert second.area_m2 == pytest.approx(second.geometry.area, rel=2e-3)
    assert second.least.area == pytest.approx(YARD.area)
    assert second.greatest.contains(second.geometry.buffer(-0.1))


def test_the_gap_to_what_stood_beside_it_is_closed_and_it_is_of_its_kind() -> None:
    (found,) = with_works([footprint(YARD)], [BESIDE], all_shown, GRID)
    assert found.geometry.area == pytest.approx(shapely.box(500_000, 5_800_000, 500_130, 5_800_080).area, rel=0.02)
    assert found.kinds["earthwork"].is_empty
    assert found.kinds["paving"].area == pytest.approx(found.geometry.area)


@pytest.mark.parametrize(("share", "built"), [(0.0, True), (1.0, False)])
def test_what_a_date_does_not_show_is_as_on_the_date_before(share: float, built: bool) -> None:
    dates = [footprint(YARD)] * 3
    found = with_works(dates, [NOTHING, PIT, NOTHING], lambda date, _: share if date == 2 else 1.0, GRID)
    assert (found[2].geometry.area > YARD.area + 1) == built


def test_a_metre_is_one_on_the_ground() -> None:
    mercator = Grid("EPSG:3857", Affine(1, 0, 499_990, 0, -1, 8_400_110), (140, 420))  # at 60 degrees
    found = []
    for grid, south in ((GRID, 5_800_000), (mercator, 8_400_000)):
        yard = shapely.box(500_000, south, 500_080, south + 80)
        lane = shapely.box(500_200, south, 500_210, south + 100)  # 10 units wide: 10 m, or 5 on the ground
        found.append(with_works([footprint(yard)], [lane], all_shown, grid)[0].geometry.area - yard.area)
    assert found == pytest.approx([1000, 0], rel=0.01)


def test_roads_are_opened_away_as_by_mitred_outlines() -> None:
    rng = np.random.default_rng(7)
    for _ in range(8):
        chosen = np.kron(rng.random((12, 20)) < 0.6, np.ones((9, 10), bool))
        chosen |= np.roll(chosen, (3, 4), (0, 1))
        ground = shapely.union_all(GRID.outlines(chosen, 20, 100))
        opened = ground.buffer(-4.04, join_style="mitre").buffer(4.04, join_style="mitre")
        kept = [p for p in shapely.get_parts(shapely.intersection(opened, ground)) if p.area >= 15]
        found = new_works._without_roads(ground, GRID, 1.0001)
        assert found.is_valid
        assert shapely.symmetric_difference(found, shapely.union_all(kept)).area < 0.01
