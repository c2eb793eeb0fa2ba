"""Footprints with the ground that masks say was made."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import MultiPolygon

from changedet.stages.footprint.new_works import with_works
from changedet.stages.footprint.outlines import Footprint

CRS = "EPSG:32633"
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
    first, second = with_works([footprint(YARD)] * 2, [NOTHING, shapely.union(PIT, ROAD)], all_shown, CRS, 1.0)
    assert first == footprint(YARD)
    assert second.geometry.area == pytest.approx(YARD.area + PIT.area, rel=0.01)
    assert second.kinds["earthwork"].area == pytest.approx(PIT.area, rel=0.05), "what the eye for ground misses"
    assert second.kinds["paving"].area == pytest.approx(YARD.area)
    assert second.area_m2 == pytest.approx(second.geometry.area, rel=2e-3)
    assert second.least.area == pytest.approx(YARD.area)
    assert second.greatest.contains(second.geometry.buffer(-0.1))


def test_the_gap_to_what_stood_beside_it_is_closed_and_it_is_of_its_kind() -> None:
    (found,) = with_works([footprint(YARD)], [BESIDE], all_shown, CRS, 1.0)
    assert found.geometry.area == pytest.approx(shapely.box(500_000, 5_800_000, 500_130, 5_800_080).area, rel=0.02)
    assert found.kinds["earthwork"].is_empty
    assert found.kinds["paving"].area == pytest.approx(found.geometry.area)


@pytest.mark.parametrize(("share", "built"), [(0.0, True), (1.0, False)])
def test_what_a_date_does_not_show_is_as_on_the_date_before(share: float, built: bool) -> None:
    dates = [footprint(YARD)] * 3
    found = with_works(dates, [NOTHING, PIT, NOTHING], lambda date, _: share if date == 2 else 1.0, CRS, 1.0)
    assert (found[2].geometry.area > YARD.area + 1) == built


def test_a_metre_is_one_on_the_ground() -> None:
    lane = shapely.box(500_200, 5_800_000, 500_210, 5_800_100)  # 10 units wide: 10 m, or 5 on the ground
    widths = [with_works([footprint(YARD)], [lane], all_shown, CRS, unit)[0].geometry.area for unit in (1.0, 2.0)]
    assert widths == pytest.approx([YARD.area + lane.area, YARD.area], rel=0.01)
