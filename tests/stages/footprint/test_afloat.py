"""Footprints without what floats where another date shows water."""

from __future__ import annotations

import pytest
import shapely
import shapely.affinity
from shapely.geometry import MultiPolygon

from changedet.stages.footprint.afloat import beside_built, without_ships, without_water
from changedet.stages.footprint.outlines import Footprint

CRS = "EPSG:32633"
QUAY, SHIP = shapely.box(500_000, 5_800_000, 500_200, 5_800_080), shapely.box(500_050, 5_799_970, 500_150, 5_800_000)
NOTHING = MultiPolygon()


def footprint(*parts: shapely.Polygon) -> Footprint:
    whole = shapely.union_all(list(parts))
    shape = MultiPolygon([whole])
    greatest = MultiPolygon([shapely.union_all([QUAY, SHIP])])
    return Footprint(shape, shape, greatest, shape.area, {"paving": shape})


def wet_where_free(series: list[Footprint]):  # type: ignore[no-untyped-def]
    return lambda day, ground: float(not series[day].geometry.buffer(-0.1).intersects(ground))


def net_areas(series: list[Footprint], made: list[shapely.Geometry], **wet: object) -> list[int]:
    found = without_ships(series, made, wet.get("wet", wet_where_free(series)), CRS, 1.0)  # type: ignore[arg-type]
    for one in found:
        assert one.greatest.area == pytest.approx(QUAY.area + SHIP.area), "a ship may be a pier"
        assert one.kinds["paving"].area == pytest.approx(one.geometry.area, rel=1e-3)
        assert one.area_m2 == pytest.approx(one.geometry.area, rel=2e-3)
    return [round((one.geometry.area - QUAY.area) / SHIP.area) for one in found]


def test_a_ship_that_one_date_misses_is_in_no_footprint() -> None:
    series = [footprint(QUAY, SHIP), footprint(QUAY, SHIP), footprint(QUAY), footprint(QUAY, SHIP)]
    assert net_areas(series, [NOTHING] * 4) == [0, 0, 0, 0]
    first_is_free = [series[2], series[0], series[1]]
    assert net_areas(first_is_free, [NOTHING] * 3) == [0, 0, 0]


def test_filled_water_and_dug_land_stay_as_each_date_shows_them() -> None:
    filled = [footprint(QUAY), footprint(QUAY), footprint(QUAY, SHIP)]
    assert net_areas(filled, [NOTHING, NOTHING, SHIP]) == [0, 0, 1]
    dug = [footprint(QUAY, SHIP), footprint(QUAY)]
    assert net_areas(dug, [NOTHING, SHIP]) == [1, 0]


def test_water_by_colours_is_no_blue_roof() -> None:
    sea = shapely.box(500_000, 5_799_000, 500_200, 5_800_002)
    roof = shapely.box(500_020, 5_800_020, 500_080, 5_800_060)
    found = beside_built([MultiPolygon([sea, roof]), NOTHING], [footprint(QUAY)] * 2)
    assert found[0].equals(sea)
    assert found[1].is_empty


def test_ground_that_is_no_water_stays() -> None:
    series = [footprint(QUAY, SHIP), footprint(QUAY)]
    assert net_areas(series, [NOTHING] * 2, wet=lambda _day, _ground: 0.4) == [1, 0]


def test_what_closing_joined_to_a_ship_is_not_sure() -> None:
    fender = shapely.box(500_050, 5_799_998, 500_150, 5_800_000)
    with_rim = footprint(QUAY, SHIP)
    free = footprint(QUAY, fender)
    free = Footprint(free.geometry, MultiPolygon([QUAY]), free.greatest, free.area_m2, free.kinds)
    found = without_ships([with_rim, free], [NOTHING] * 2, lambda day, _ground: float(day), CRS, 1.0)
    assert found[0].least.area == pytest.approx(QUAY.area)


def at_berths(*berths: tuple[float, float, float, float], by: float = 30.0) -> list[Footprint]:
    """A quay with ships at x0, x1, y0, y1 on one date, and some way on along it on the next."""
    dates = []
    for moved in (0.0, by):
        ships = [shapely.box(a + moved, c, b + moved, d) for a, b, c, d in berths]
        ships = [shapely.affinity.translate(ship, 500_000, 5_800_000) for ship in ships]
        shape = MultiPolygon([shapely.union_all([shapely.box(499_900, 5_800_000, 500_900, 5_800_080), *ships])])
        dates.append(Footprint(shape, shape, shape, shape.area, {"paving": shape}))
    return dates


def test_a_ship_that_is_moved_along_its_quay_is_not_surely_built() -> None:
    """Where it lies on all dates nothing tells it from a pier, but its ends are afloat."""
    series = at_berths((0, 150, -30, 0))
    found = without_ships(series, [NOTHING] * 2, wet_where_free(series), CRS, 1.0)
    for one in found:
        assert one.geometry.area == pytest.approx(80_000 + 120 * 30, rel=1e-3), "it may be a pier"
        assert one.least.area == pytest.approx(80_000, rel=5e-3)


def test_where_most_of_a_ship_was_seen_to_be_afloat_the_rest_is_no_ship() -> None:
    series = at_berths((0, 150, -30, 0), by=120.0)
    found = without_ships(series, [NOTHING] * 2, lambda day, ground: float(day in (0, 1)), CRS, 1.0)
    for one in found:
        assert one.geometry.area == pytest.approx(80_000 + 30 * 30, abs=50)
        kept = shapely.intersection(one.least, shapely.box(500_130, 5_799_975, 500_140, 5_799_995))
        assert kept.area == pytest.approx(200), "what closing does not reach"


@pytest.mark.parametrize("other", [(450, 600, -30, 0), (0, 150, 80, 110)])
def test_ships_too_far_apart_to_be_one_leave_what_lies_between(other: tuple[float, float, float, float]) -> None:
    """Along a quay, and on both sides of it."""
    series = at_berths((0, 150, -30, 0), other)
    found = without_ships(series, [NOTHING] * 2, wet_where_free(series), CRS, 1.0)
    for one in found:
        assert one.least.area == pytest.approx(80_000, rel=1e-2)


def test_boats_and_moved_edges_are_left_alone() -> None:
    boat, strip = (
        shapely.box(500_020, 5_799_992, 500_030, 5_800_000),
        shapely.box(500_000, 5_799_999, 500_200, 5_800_000),
    )
    series = [footprint(QUAY, boat, strip), footprint(QUAY)]
    assert without_ships(series, [NOTHING] * 2, lambda _day, _ground: 1.0, CRS, 1.0) == series


def test_open_water_is_in_no_footprint_but_where_masks_mark_it() -> None:
    blurred = shapely.box(500_000, 5_799_994, 500_200, 5_800_080)
    sea, filled = (
        shapely.box(499_900, 5_799_900, 500_300, 5_800_000),
        shapely.box(500_150, 5_799_990, 500_200, 5_800_000),
    )
    shape = MultiPolygon([blurred])
    one = Footprint(shape, shape, shape, shape.area, {"paving": shape})
    for made, kept in ((NOTHING, QUAY.area), (filled, QUAY.area + 50 * 6)):
        for found in without_water([one, one], [sea, sea], [NOTHING, made], CRS, 1.0):
            assert found.geometry.area == pytest.approx(kept)
            assert found.least.area == found.kinds["paving"].area == found.geometry.area
            assert found.greatest.area == shape.area
    assert without_water([one], [NOTHING], [NOTHING], CRS, 1.0) == [one]
