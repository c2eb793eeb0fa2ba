"""Where files lie that do not say it, or say it badly."""

from __future__ import annotations

import html
import os
from pathlib import Path

import pyproj
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC
from small_rasters import CRS, T, noise, write

from changedet.errors import InputError
from changedet.grid import make_grid
from changedet.imagery.opening import open_scene


def test_find_frame_a_picture_is_placed_by_crs_and_bounds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png.tif", noise(1, 3, 10, 20), Affine.identity(), None)
    with pytest.raises(InputError, match="'crs' and 'bounds'"):
        open_scene(path, date="2023-06-04")
    scene = open_scene(
        path, date="2023-06-04", crs=CRS, bounds=(500_000, 5_400_000, 500_040, 5_400_020), bands={"red": 1}
    )
    assert make_grid(scene.frame).shape == (10, 20)
    with pytest.raises(InputError, match="needs a 'crs'"):
        open_scene(path, date="2023-06-04", bounds=(0, 0, 1, 1))


def test_find_frame_a_position_without_a_crs_takes_the_one_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), crs=None)
    with pytest.raises(InputError, match="has no coordinate reference system"):
        open_scene(path, date="2023-06-04", bands={"red": 1})
    placed = open_scene(path, date="2023-06-04", bands={"red": 1}, crs=CRS).frame
    assert (placed.crs, placed.transform) == (CRS, T)


def test_check_own_crs_refuses_another_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8))
    assert open_scene(path, date="2023-06-04", bands={"red": 1}, crs=CRS).frame.crs == CRS
    with pytest.raises(InputError, match="is in EPSG:32633, not in the 'crs' given, EPSG:32634; leave 'crs' out"):
        open_scene(path, date="2023-06-04", bands={"red": 1}, crs="EPSG:32634")


POINTS_WITHOUT_A_PLACE = {
    "on one line": [(0, 0, 500_000, 5_400_000), (4, 4, 500_004, 5_399_996), (8, 8, 500_008, 5_399_992)],
    "one place": [(0, 0, 500_000, 5_400_000)] * 4,
    "one place on the map": [(row, column, 500_000, 5_400_000) for row in (0, 8) for column in (0, 8)],
    "one place of the file": [(4, 4, 500_000 + x, 5_400_000 + y) for x in (0, 8) for y in (0, 8)],
    "on one line but for rounding": [
        (0, 0, 500_000, 5_400_000),
        (4, 4, 500_004, 5_399_996 + 1e-9),
        (8, 8, 500_008, 5_399_992),
    ],
    "no number": [(0, 0, float("nan"), 5_400_000), (0, 8, 500_008, 5_400_000), (8, 0, 500_000, 5_399_992)],
}


@pytest.mark.parametrize("points", POINTS_WITHOUT_A_PLACE.values(), ids=POINTS_WITHOUT_A_PLACE.keys())
def test_find_frame_points_that_place_nothing_are_refused(tmp_path: Path, points: list[tuple[float, ...]]) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine.identity(), None)
    with rasterio.open(path, "r+") as out:
        out.gcps = ([GroundControlPoint(*point) for point in points], rasterio.CRS.from_user_input(CRS))
    with pytest.raises(InputError, match="its ground control points give its pixels no place; georeference it again"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


def test_find_frame_rpcs_that_place_nothing_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine.identity(), None)
    one, other = [1.0] + [0.0] * 19, [0.0, 0.0, -1.0] + [0.0] * 17
    with rasterio.open(path, "r+") as out:
        # Divided by nothing along the middle row.
        out.rpcs = RPC(0, 100, 48.75, 0.001, other, one, 4, 4, 15.0, 0.001, [0.0, 1.0] + [0.0] * 18, one, 4, 4)
    with pytest.raises(InputError, match="its RPCs give its pixels no place; georeference it again"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


@pytest.mark.parametrize("crs", ["EPSG:4978", 'LOCAL_CS["yard",UNIT["metre",1]]'])
def test_find_frame_a_crs_that_places_nothing_on_a_map_is_refused(tmp_path: Path, crs: str) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), crs=crs)
    with pytest.raises(InputError, match="expected a projected or geographic one"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


def test_find_frame_bounds_without_an_extent_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8))
    with pytest.raises(InputError, match="is singular; georeference it again"):
        open_scene(path, date="2023-06-04", bands={"red": 1}, crs="EPSG:32633", bounds=(0, 0, 1e-300, 1e-300))


@pytest.mark.parametrize("transform", [(1e300, 0, 0, 0, -1e300, 0), (10, 0, 1e12, 0, -10, 0)])
def test_find_frame_a_transform_beyond_the_earth_is_refused(tmp_path: Path, transform: tuple[float, ...]) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine(*transform))
    with pytest.raises(InputError, match="lies nowhere on Earth; georeference it again"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


@pytest.mark.parametrize(
    "crs",
    [
        "+proj=longlat +R=1737400 +no_defs",
        "+proj=eqc +a=3396190 +b=3396190 +units=m",
        "+proj=stere +lat_0=90 +R=2439700 +units=m",
        "IAU_2015:49900",
    ],
)
def test_find_frame_another_planet_is_refused_in_one_line(tmp_path: Path, crs: str) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine(1, 0, 10, 0, -1, 20), crs=pyproj.CRS(crs).to_wkt())
    with pytest.raises(InputError, match="is of another celestial body; areas are measured on Earth"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


@pytest.mark.parametrize("beside", ["a.tif.aux.xml", "a.tif.ovr.aux.xml", "a.vrt"])
def test_open_scene_refuses_a_crs_that_names_a_file_before_that_is_opened(tmp_path: Path, beside: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine(1, 0, 10, 0, -1, 20))
    crs = pyproj.CRS(f"+proj=utm +zone=33 +ellps=intl +units=m +nadgrids={tmp_path}/pipe").to_wkt()
    root = "VRTDataset" if beside == "a.vrt" else "PAMDataset"
    (tmp_path / beside).write_text(f"<{root}><SRS>{html.escape(crs)}</SRS></{root}>")
    scene = tmp_path / ("a.vrt" if beside == "a.vrt" else "a.tif")
    with pytest.raises(InputError, match=r"its CRS names the file '/.*'"):
        open_scene(scene, date="2023-06-04", bands={"red": 1})


@pytest.mark.parametrize(
    ("crs", "flat"),
    [("EPSG:4979", "EPSG:4326"), ("EPSG:32633+5773", "EPSG:32633"), ("EPSG:4326+5773", "EPSG:4326")],
)
def test_find_frame_a_crs_with_heights_is_taken_without_them(tmp_path: Path, crs: str, flat: str) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), Affine(1, 0, 10, 0, -1, 20), crs=crs)
    assert open_scene(path, date="2023-06-04", bands={"red": 1}).frame.crs == flat
