"""The grid: what of it is inside, its coordinates, its JSON."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pyproj
import pytest
import rasterio.features
import shapely
import xarray as xr
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Displacement, Grid, Shift


def grid_of(height: int = 300, width: int = 400, aoi: shapely.Geometry | None = None) -> Grid:
    return Grid("EPSG:32633", Affine(2, 0, 500_000, 0, -2, 5_400_000), (height, width), aoi)


def test_grid_inside_is_the_pixel_centre_rule_in_any_window() -> None:
    rng = np.random.default_rng(3)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 40))
    radius = rng.uniform(300, 650, 40)
    aoi = shapely.Polygon(np.c_[500_600 + radius * np.cos(turn), 5_399_300 + radius * np.sin(turn)])
    grid = grid_of(700, 650, aoi)
    whole = grid.inside(Window(0, 0, 700, 650))
    x, y = np.meshgrid(500_001 + 2 * np.arange(650), 5_399_999 - 2 * np.arange(700))
    assert np.array_equal(whole, shapely.contains_xy(aoi, x, y))
    for _ in range(20):
        window = Window(*(int(v) for v in rng.integers(-50, 600, 2)), *(int(v) for v in rng.integers(1, 300, 2)))
        padded = np.pad(whole, 400)
        cut = padded[tuple(slice(s.start + 400, s.stop + 400) for s in window.slices)]
        assert np.array_equal(grid.inside(window), cut)


def test_grid_widened_has_the_same_pixels_and_a_margin_around_a_small_area_alone() -> None:
    small = grid_of(30, 201, shapely.box(500_000, 5_399_940, 500_402, 5_400_000))
    wide = small.widened(300.0)
    assert wide.aoi is None
    assert wide.shape == (150, 201)
    assert wide.transform.f - small.transform.f == 2 * 60
    assert wide.transform.c == small.transform.c
    assert small.widened(60.0) is small
    plain = grid_of(30, 30)
    assert plain.widened(300.0) is plain, "the scenes show nothing beyond it"


def test_grid_inside_without_an_aoi_is_the_grid() -> None:
    inside = grid_of(30, 40).inside(Window(-5, -5, 40, 50))
    assert inside.sum() == 30 * 40
    assert inside[5:35, 5:45].all()
    zone = shapely.box(500_000, 5_399_990, 500_010, 5_400_000)
    assert grid_of(30, 40).inside(Window(0, 0, 30, 40), zone).sum() == 25


def test_grid_coordinates_carry_the_reference_system() -> None:
    grid = grid_of()
    window = Window(3, 5, 4, 6)
    image = xr.DataArray(np.zeros((4, 6)), dims=("y", "x"), coords=grid.coords(window))
    assert image.x.values[0] == 500_000 + 2 * 5.5
    assert image.y.values[-1] == 5_400_000 - 2 * 6.5
    told = image.spatial_ref.attrs
    assert pyproj.CRS.from_wkt(told["crs_wkt"]) == pyproj.CRS("EPSG:32633")
    assert [float(value) for value in told["GeoTransform"].split()] == list(grid.window_transform(window).to_gdal())


def test_grid_json_and_pickle_keep_everything() -> None:
    grid = grid_of(aoi=shapely.box(500_000.1234567891, 5_399_900, 500_100, 5_400_000).buffer(3))
    assert Grid.from_json(json.loads(json.dumps(grid.to_json()))) == grid
    assert pickle.loads(pickle.dumps(grid)) == grid
    moved = Displacement(Shift(1.5, -2.25), ((0.1, 0.2), (0.3, 0.4)), ((0.0, 0.0), (1.0, 1.0)), 64)
    assert Displacement.from_json(json.loads(json.dumps(moved.to_json()))) == moved


def test_grid_rasterize_agrees_with_gdal() -> None:
    triangle = shapely.Polygon([(500_011, 5_399_990), (500_301, 5_399_700), (500_050, 5_399_600)])
    grid = grid_of(aoi=triangle)
    burnt = rasterio.features.rasterize([triangle], grid.shape, transform=grid.transform, dtype="uint8") > 0
    assert np.array_equal(grid.inside(Window(0, 0, *grid.shape)), burnt)


@pytest.mark.parametrize(
    ("bounds", "window"),
    [((0.6, -1.4, 2.0, -0.6), (1, 1, 2, 3)), ((-50, -50, 50, 50), (0, 0, 20, 30)), ((40, -5, 41, -4), (8, 30, 2, 0))],
)
def test_window_about_holds_all_pixels_that_a_geometry_touches(bounds, window) -> None:
    grid = Grid("EPSG:32633", Affine(0.5, 0, 0, 0, -0.5, 0), (20, 30))
    assert grid.window_about(shapely.box(*bounds)) == Window(*window)
