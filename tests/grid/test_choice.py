"""Which CRS and which pixels the grid has."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine

from changedet.errors import InputError
from changedet.grid import Frame, ground_area_m2, make_grid

DISK = pyproj.CRS("+proj=geos +h=35786023 +lon_0=0 +sweep=y +ellps=GRS80 +units=m").to_wkt()
UTM = Frame("EPSG:32633", Affine(0.5, 0, 500_000.25, 0, -0.5, 5_400_000.25), 640, 480)


def test_make_grid_reference_that_agrees_gives_its_own_pixels() -> None:
    grid = make_grid(UTM)
    assert (grid.transform, grid.shape, grid.crs, grid.aoi) == (UTM.transform, (480, 640), "EPSG:32633", None)
    assert make_grid(UTM, resolution=0.5, crs=32633).transform == UTM.transform


def test_make_grid_edges_are_the_references_within_an_aoi_that_cuts_and_exceeds_it() -> None:
    aoi = shapely.box(499_990.1, 5_399_950.3, 500_020.6, 5_400_010.9)
    grid = make_grid(UTM, aoi=aoi, aoi_crs="EPSG:32633")
    west, south, east, north = grid.bounds
    assert (west, north) == (499_989.75, 5_400_011.25)
    assert (east, south) == (500_020.75, 5_399_950.25)
    assert grid.aoi is not None
    assert grid.aoi.equals(aoi)


def test_make_grid_an_aoi_on_pixel_edges_gets_no_further_pixel_through_degrees() -> None:
    exact = shapely.box(500_000.25, 5_399_900.25, 500_100.25, 5_400_000.25)
    to = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    lonlat = shapely.transform(exact, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))
    assert make_grid(UTM, aoi=lonlat).shape == (200, 200)
    rounded = shapely.transform(lonlat, lambda xy: np.round(xy, 7))
    assert make_grid(UTM, aoi=rounded).shape == (200, 200)
    assert make_grid(UTM, aoi=exact, aoi_crs="EPSG:32633").shape == (200, 200)


def test_make_grid_another_resolution_snaps_to_multiples() -> None:
    grid = make_grid(UTM, resolution=3)
    assert grid.bounds[0] % 3 == 0
    assert grid.bounds[3] % 3 == 0
    assert grid.bounds[0] <= 500_000.25 < grid.bounds[0] + 3
    assert grid.resolution_m == 3


def test_make_grid_finest_scene_sets_the_resolution() -> None:
    finest = Frame("EPSG:32633", Affine(0.3, 0, 500_000, 0, -0.3, 5_400_000), 10, 10)
    assert make_grid(UTM, finest=finest).resolution_m == pytest.approx(0.3, abs=1e-12)
    degrees = Frame("EPSG:4326", Affine(1e-6, 0, 15, 0, -1e-6, 48.7), 10, 10)
    assert make_grid(UTM, finest=degrees).resolution_m == pytest.approx(degrees.gsd_m, rel=1e-3)


def test_make_grid_resolution_on_the_ground_in_web_mercator() -> None:
    mercator = Frame("EPSG:3857", Affine(1, 0, 1_500_000, 0, -1, 6_900_000), 100, 100)
    lat = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True).transform(1_500_050, 6_899_950)[1]
    assert mercator.gsd_m == pytest.approx(math.cos(math.radians(lat)), rel=3e-3)
    assert make_grid(mercator).ground_resolution_m == pytest.approx(mercator.gsd_m, rel=1e-9)
    # A scene of half a metre on the ground needs wider pixels in units of the map.
    fine = Frame("EPSG:32633", Affine(0.5, 0, 400_000, 0, -0.5, 5_800_000), 10, 10)
    grid = make_grid(mercator, finest=fine)
    assert grid.ground_resolution_m == pytest.approx(0.5, rel=2e-3)
    assert grid.ground_metre == pytest.approx(1 / math.cos(math.radians(lat)), abs=0.01)
    assert make_grid(UTM, finest=fine).ground_metre == 1.0


def test_make_grid_degrees_become_utm_and_the_outline_is_the_aoi() -> None:
    frame = Frame("EPSG:4326", Affine(0.0008, 0, -74.7, 0, -0.0008, -8.3), 700, 380)
    grid = make_grid(frame)
    assert grid.crs == "EPSG:32718"
    assert grid.resolution_m == pytest.approx(frame.gsd_m, rel=1e-3)
    assert grid.aoi is not None
    assert ground_area_m2([grid.aoi], grid.crs)[0] == pytest.approx(700 * 380 * frame.gsd_m**2, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crs": "EPSG:4326"}, "not projected in metres"),
        ({"crs": "EPSG:99999"}, "no such CRS"),
        ({"crs": "EPSG:2263"}, "not projected in metres"),
        ({"resolution": 0.0}, "above 0"),
        ({"resolution": float("nan")}, "above 0"),
        ({"aoi": shapely.box(-20, 30, 40, 70)}, "x .* pixels of 0.5 m"),
        ({"resolution": 1e-320}, "inf x inf pixels of .*a coarser grid.resolution"),
        ({"aoi": shapely.Polygon()}, "empty"),
    ],
)
def test_make_grid_impossible_grids_are_one_clear_line(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        make_grid(UTM, **changes)  # type: ignore[arg-type]
    assert len(error.value.problems) == 1


def test_make_grid_a_world_in_degrees_needs_an_aoi() -> None:
    world = Frame("EPSG:4326", Affine(0.5, 0, -180, 0, -0.5, 90), 720, 360)
    with pytest.raises(InputError, match="too wide"):
        make_grid(world)
    assert make_grid(world, aoi=shapely.box(10, 50, 12, 52)).crs == "EPSG:32632"


@pytest.mark.parametrize("west", [179.998, -180.002, 539.998])
def test_make_grid_a_scene_across_180_degrees_is_not_too_wide(west: float) -> None:
    frame = Frame("EPSG:4326", Affine(1e-4, 0, west, 0, -1e-4, -17), 40, 40)
    found = make_grid(frame)
    assert found.crs in {"EPSG:32701", "EPSG:32760"}
    assert found.shape == pytest.approx((41, 42), abs=1)
    assert shapely.area(found.area) == pytest.approx(40 * 40 * frame.gsd_m**2, rel=2e-3)


@pytest.mark.parametrize("north", [90.0, 90.002, -89.996])
def test_make_grid_holds_scenes_in_degrees_at_the_poles(north: float) -> None:
    found = make_grid(Frame("EPSG:4326", Affine(1e-4, 0, 10, 0, -1e-4, north), 40, 40))
    assert found.crs == ("EPSG:32661" if north > 0 else "EPSG:32761")
    assert np.isfinite(found.ground_resolution_m)


def test_make_grid_a_full_disk_keeps_its_own_grid_and_holds_an_aoi() -> None:
    disk = Frame(DISK, Affine(278_400, 0, -5_568_000, 0, -278_400, 5_568_000), 40, 40)
    assert make_grid(disk).shape == (40, 40)
    west, south, east, north = disk.outline("EPSG:4326").bounds
    assert (west, south) == pytest.approx((-78, -78), abs=4)
    assert (east, north) == pytest.approx((78, 78), abs=4)
    inside = make_grid(disk, aoi=shapely.box(10, 40, 20, 50))
    assert 1 < inside.shape[0] < 10


@pytest.mark.parametrize(("crs", "offset"), [("EPSG:32633", 1e15), ("EPSG:4326", 1e6)])
def test_make_grid_refuses_a_scene_that_lies_nowhere_on_earth(crs: str, offset: float) -> None:
    frame = Frame(crs, Affine(10, 0, offset, 0, -10, offset), 40, 40)
    with pytest.raises(InputError, match="lies nowhere on Earth; georeference it again"):
        make_grid(frame)


def test_make_grid_refuses_an_area_that_winds_without_end() -> None:
    """Each side is divided before it is projected: of a comb with long teeth that makes gigabytes of points."""
    teeth = np.linspace(15.0, 15.001, 80_000)
    corners = [(x, 48.7 + 0.001 * (k // 2 % 2)) for k, x in enumerate(teeth)]
    comb = shapely.Polygon([*corners, (15.001, 48.699), (15.0, 48.699)])
    with pytest.raises(InputError, match="outline winds to and fro too often"):
        make_grid(UTM, aoi=comb)
