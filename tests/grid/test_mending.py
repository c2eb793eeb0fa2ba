"""Polygons that cross themselves: mended where that ends in time, else refused in a line."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from small_rasters import CRS

from changedet.errors import InputError
from changedet.grid import mending
from changedet.grid.areas import Area, read_areas
from changedet.grid.mending import MOST_CROSSINGS, MOST_MET, made_valid, require_few_meetings


def knot(corners: int) -> shapely.Polygon:
    return shapely.Polygon(np.random.default_rng(1).uniform(0, 100, (corners, 2)))


def test_made_valid_leaves_a_valid_polygon() -> None:
    box = shapely.box(0, 0, 1, 1)
    assert made_valid(box, "it") is box


def test_made_valid_mends_a_bow() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert made_valid(bow, "it").area == pytest.approx(2.0)


def test_made_valid_mends_a_long_outline_with_one_flaw() -> None:
    turn = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    corners = np.column_stack([np.cos(turn), np.sin(turn)])
    corners[[500, 502]] = corners[[502, 500]]
    mended = made_valid(shapely.Polygon(corners), "it")
    assert mended.is_valid
    assert mended.area == pytest.approx(np.pi, rel=1e-3)


def test_made_valid_refuses_knots_before_they_take_hours() -> None:
    began = time.process_time()
    for shape in (knot(3000), shapely.MultiPolygon([knot(300), knot(300)])):
        with pytest.raises(
            InputError, match=f"^zone 'a' crosses itself more than {MOST_CROSSINGS} times; draw it anew"
        ):
            made_valid(shape, "zone 'a'")
    assert time.process_time() - began < 5


def slanting(teeth: int) -> shapely.Polygon:
    """Slanting teeth that cross nothing, whose boxes all overlap, and a bow in its rim."""
    start = np.arange(teeth) / teeth
    corners = np.stack([np.c_[start, 0 * start], np.c_[1 + start + 0.25 / teeth, 1 + 0 * start]], axis=1)
    bow = [(2.5, -1), (-2, -1), (-1.5, -2), (-2, -2), (-1.5, -1)]
    return shapely.Polygon([*corners.reshape(-1, 2), *bow])


def test_made_valid_counts_no_pairs_of_sides_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_valid(slanting(100), "it").is_valid
    monkeypatch.setattr(mending, "_MOST_NEAR", 1_000_000)
    monkeypatch.setattr(mending, "_PAIRS_AT_ONCE", 100_000)
    with pytest.raises(InputError, match="too many sides lie slantwise"):
        made_valid(slanting(2000), "it")


def test_read_areas_refuses_a_knot_in_a_line(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[knot(1000)], crs=CRS).to_file(tmp_path / "z.gpkg", driver="GPKG")
    with pytest.raises(InputError, match="polygon 'a' crosses itself more than"):
        read_areas(Area(path=str(tmp_path / "z.gpkg")), CRS, named=True)


def stripes(number: int) -> list[shapely.Polygon]:
    return [shapely.box(0, 2 * row, 2 * number, 2 * row + 1) for row in range(number)]


def crossed(number: int) -> list[shapely.Polygon]:
    return [*stripes(number), *(shapely.transform(row, lambda at: at[:, ::-1]) for row in stripes(number))]


def comb(number: int) -> shapely.Polygon:
    return shapely.union_all([*stripes(number), shapely.box(0, 0, 1, 2 * number)])


def test_require_few_meetings_refuses_what_cannot_be_laid_over_each_other_in_time() -> None:
    nested = [shapely.box(0, 0, side, 1) for side in range(1, 1500)]
    combs = [comb(300), shapely.transform(comb(300), lambda at: at[:, ::-1])]
    for shapes in (crossed(300), nested, combs):
        began = time.process_time()
        with pytest.raises(InputError, match=f"^a: its polygons cross each other more than {MOST_MET} times"):
            require_few_meetings(shapes, "a")
        assert time.process_time() - began < 5


def test_require_few_meetings_lets_neighbours_and_some_crossings_pass() -> None:
    cells = [shapely.box(column, row, column + 1, row + 1) for row in range(60) for column in range(60)]
    require_few_meetings([*cells, *crossed(20)], "a")


def test_zones_that_cross_the_area_too_often_are_refused(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["a"] * 600}, geometry=crossed(300), crs=CRS).to_file(tmp_path / "z.gpkg")
    with pytest.raises(InputError, match="its polygons cross each other"):
        read_areas(Area(path=str(tmp_path / "z.gpkg")), CRS)
