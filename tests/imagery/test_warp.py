"""Files on the common grid, against GDAL, against plain formulas, and against themselves by other windows."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from affine import Affine
from small_rasters import CRS, RGBN, T, grid_like, noise, ramp, whole, write

from changedet.blocks import Window
from changedet.grid import Displacement, Frame, Grid, Shift, make_grid
from changedet.imagery import means
from changedet.imagery.opening import open_scene
from changedet.imagery.scene import Scene
from changedet.imagery.warp import read_bilinear, read_nearest
from changedet.kernels.pixel_classes import CLEAR, NODATA


def test_read_bilinear_same_pixels_are_read_bit_for_bit(tmp_path: Path) -> None:
    data = noise(1, 4, 90, 130)
    scene = open_scene(
        write(tmp_path / "a.tif", data, nodata=0, tiled=True, blockxsize=32, blockysize=16),
        date="2023-06-04",
        bands=RGBN,
    )
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), ("nir", "blue"))
    assert np.array_equal(image, data[[3, 0]].astype(np.float32))
    assert not quality.any()
    image, quality = scene.read(grid, Window(-7, 120, 30, 30), ("red",))
    assert np.array_equal(image[0, 7:, :10], data[2, :23, 120:].astype(np.float32))
    assert (quality[:7] == NODATA).all()
    assert (quality[:, 10:] == NODATA).all()
    assert np.isnan(image[0, :7]).all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64", "int8"])
def test_read_bilinear_every_real_dtype(tmp_path: Path, dtype: str) -> None:
    data = np.arange(1, 121).reshape(10, 12).astype(dtype)
    nodata = 5 if dtype != "int16" else -32768
    if dtype == "int16":
        data[3, 3] = -32768
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=nodata), date="2023-06-04", bands={"pan": 1})
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), ("pan",))
    assert np.array_equal(quality == NODATA, data == nodata)
    assert np.array_equal(image[0][data != nodata], data[data != nodata].astype(np.float32))


def test_read_bilinear_the_shift_is_composed_with_the_sign_of_the_contract(tmp_path: Path) -> None:
    # The reference holds a coordinate ramp; in the scene the same content lies 3 m east and 1 m south.
    east, north = 3.0, -1.0
    data = ramp(100, 120)
    there = Affine(2.0, 0, T.c + east, 0, -2.0, T.f + north)
    scene = open_scene(write(tmp_path / "a.tif", data, there), date="2023-06-04", bands={"red": 1, "nir": 2})
    grid = grid_like(100, 120)
    window = Window(10, 10, 60, 70)
    aligned, _ = scene.read(grid, window, ("red", "nir"), Displacement(Shift(east, north)))
    assert np.array_equal(aligned, data[:, 10:70, 10:80])
    half, _ = scene.read(grid, window, ("red", "nir"), Displacement(Shift(east + 0.5, north - 1.0)))
    assert np.abs(half[0] - (data[0, 10:70, 10:80] + 0.5)).max() < 1e-5
    assert np.abs(half[1] - (data[1, 10:70, 10:80] + 0.25)).max() < 1e-5


def test_read_bilinear_local_nodes_bend_the_map(tmp_path: Path) -> None:
    scene = open_scene(write(tmp_path / "a.tif", ramp(300, 300)), date="2023-06-04", bands={"red": 1, "nir": 2})
    nodes_e = tuple(tuple(0.4 * (i + j) for i in range(6)) for j in range(6))
    nodes_n = tuple(tuple(-0.6 * i for i in range(6)) for _ in range(6))
    moved = Displacement(Shift(1.0, 2.0), nodes_e, nodes_n, 64)
    grid = grid_like(300, 300)
    window = Window(13, 7, 250, 250)
    image, _ = scene.read(grid, window, ("red", "nir"), moved)
    rows, columns = np.meshgrid(np.arange(13.0, 263), np.arange(7.0, 257), indexing="ij")
    east, north = moved.at(rows, columns)
    assert np.abs(image[1] - (columns + east / 2)).max() < 1e-3
    assert np.abs(image[0] - (rows - north / 2)).max() < 1e-3


WINDOWS = [
    (0, 0, 400, 500),
    (-30, -20, 90, 77),
    (31, 32, 33, 65),
    (64, 64, 32, 32),
    (333, 401, 180, 150),
    (57, 3, 1, 1),
]


TRANSFORMS = {
    "shifted": Affine(2.0, 0, 500_000.7, 0, -2.0, 5_399_999.1),
    "finer": Affine(0.7, 0, 500_010, 0, -0.7, 5_399_990),
    "coarser": Affine(5.0, 0, 499_990, 0, -5.0, 5_400_010),
    "rotated": Affine.translation(500_100, 5_399_950) @ Affine.rotation(-28) @ Affine.scale(2.3, -2.3),
    "sheared": Affine(2.0, 0.6, 499_900, 0.3, -2.0, 5_400_000),
    "south-up": Affine(2.0, 0, 500_000.5, 0, 2.0, 5_399_300),
    "not square": Affine(1.5, 0, 500_000.3, 0, -3.1, 5_400_000.3),
}


def _case(name: str, folder: Path) -> tuple[Scene, Grid]:
    data = noise(7, 2, 330, 420)
    data[:, 100:103, 50:90] = 0
    if name == "other zone":
        # Some 6 degrees east of the grid's zone, where meridians converge.
        to = Frame("EPSG:32633", T, 500, 400).outline("EPSG:32632")
        transform = Affine(2.4, 0, to.bounds[0], 0, -2.4, to.bounds[3])
        path = write(folder / "a.tif", data, transform, "EPSG:32632", nodata=0)
    elif name == "degrees":
        to = Frame("EPSG:32633", T, 500, 400).outline("EPSG:4326")
        path = write(
            folder / "a.tif", data, Affine(3e-5, 0, to.bounds[0], 0, -2e-5, to.bounds[3]), "EPSG:4326", nodata=0
        )
    else:
        path = write(folder / "a.tif", data, TRANSFORMS[name], nodata=0)
    return open_scene(path, date="2023-06-04", bands={"red": 1, "nir": 2}), grid_like(400, 500)


@pytest.mark.parametrize("name", [*TRANSFORMS, "other zone", "degrees"])
@pytest.mark.parametrize(
    "moved", [None, Displacement(Shift(0.37, -1.21), ((0.0, 1.0), (-0.5, 0.3)), ((0.2, 0.0), (0.0, 0.9)), 256)]
)
def test_read_bilinear_window_is_a_cut_of_a_larger_one(tmp_path: Path, name: str, moved: Displacement | None) -> None:
    scene, grid = _case(name, tmp_path)
    big = Window(-60, -60, 640, 760)
    image, quality = scene.read(grid, big, ("red", "nir"), moved)
    assert (quality == CLEAR).mean() > 0.03
    for y, x, height, width in WINDOWS:
        part, part_quality = scene.read(grid, Window(y, x, height, width), ("red", "nir"), moved)
        cut = (slice(y + 60, y + 60 + height), slice(x + 60, x + 60 + width))
        assert part.tobytes() == image[(slice(None), *cut)].tobytes()
        assert part_quality.tobytes() == quality[cut].tobytes()


@pytest.mark.parametrize("name", ["shifted", "coarser", "rotated", "sheared", "south-up", "other zone", "degrees"])
def test_read_bilinear_agrees_with_gdal(tmp_path: Path, name: str) -> None:
    scene, grid = _case(name, tmp_path)
    raster = next(iter(scene.rasters.values()))
    # A smooth field instead of noise, and no nodata: near gaps GDAL renormalises weights where we have no data.
    rows, columns = ramp(*raster.shape)
    smooth = np.stack([np.sin(rows / 9) + np.cos(columns / 7), rows + columns * 0.5]).astype(np.float32)
    path = write(tmp_path / "b.tif", smooth, raster.frame.transform, raster.frame.crs)
    scene = open_scene(path, date="2023-06-04", bands={"red": 1, "nir": 2})
    ours, quality = scene.read(grid, whole(grid), ("red", "nir"))
    theirs = np.full((2, *grid.shape), -1e6, np.float32)
    rasterio.warp.reproject(
        smooth,
        theirs,
        src_transform=raster.frame.transform,
        src_crs=raster.frame.crs,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        resampling=rasterio.enums.Resampling.bilinear,
        init_dest_nodata=False,
        tolerance=0.0,
        XSCALE="1",
        YSCALE="1",
    )
    both = (quality == CLEAR) & (theirs > -1e5).all(axis=0)
    assert both.sum() > 0.9 * (theirs > -1e5).all(axis=0).sum() > 10_000
    # Between CRSs GDAL interpolates its transformer along rows, and is some hundredths of a pixel off (next test).
    slack = 1.0 if raster.frame.crs == CRS else 12.0
    assert np.abs(ours[0] - theirs[0])[both].max() < 1e-3 * slack
    assert np.abs(ours[1] - theirs[1])[both].max() < 1e-3 * slack


def test_read_bilinear_a_coarser_grid_sees_means_and_no_moire(tmp_path: Path) -> None:
    board = (np.indices((240, 320)).sum(axis=0) % 2 * 1000).astype(np.uint16)
    path = write(tmp_path / "a.tif", board)
    scene = open_scene(path, date="2023-06-04", bands={"pan": 1})
    coarse = grid_like(60, 80, Affine(8.0, 0, T.c, 0, -8.0, T.f))
    image, quality = scene.read(coarse, whole(coarse), ("pan",))
    assert not quality.any()
    assert np.array_equal(image[0], np.full((60, 80), 500, np.float32))
    # On the fine grid, but at the resolution of a coarser partner.
    fine = grid_like(240, 320)
    image, _ = scene.read(fine, whole(fine), ("pan",), resolution_m=4.0)
    assert np.nanmax(np.abs(image - 500)) < 1e-3


def test_read_bilinear_means_are_exact_and_ignore_missing_pixels(tmp_path: Path) -> None:
    data = noise(5, 1, 103, 77)
    data[0, 0:2, 0:3] = 0
    data[0, 40:52, 40:52] = 0
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=0), date="2023-06-04", bands={"pan": 1})
    grid = grid_like(26, 20, Affine(8.0, 0, T.c, 0, -8.0, T.f))
    image, quality = scene.read(grid, whole(grid), ("pan",))
    padded = np.full((104, 80), np.nan)
    padded[:103, :77] = np.where(data[0] == 0, np.nan, data[0])
    blocks = padded.reshape(26, 4, 20, 4).swapaxes(1, 2).reshape(26, 20, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanmean(blocks, axis=2)
    assert (quality[10:13, 10:13] == NODATA).all()
    assert (quality == NODATA).sum() == 9
    assert np.allclose(image[0][quality == CLEAR], expected[quality == CLEAR], rtol=1e-6)


def test_read_bilinear_overviews_are_used_and_say_the_same(tmp_path: Path) -> None:
    rows, columns = ramp(512, 512)
    data = (1000 + 300 * np.sin(rows / 40) + 200 * np.cos(columns / 50)).astype(np.uint16)
    plain = write(tmp_path / "a.tif", data, tiled=True, blockxsize=128, blockysize=128)
    piled = write(tmp_path / "b.tif", data, tiled=True, blockxsize=128, blockysize=128)
    with rasterio.open(piled, "r+") as out:
        out.build_overviews([2, 4], rasterio.enums.Resampling.average)
        out.update_tags(OVR_RESAMPLING_ALG="AVERAGE")
    scenes = [open_scene(path, date="2023-06-04", bands={"pan": 1}) for path in (plain, piled)]
    grid = grid_like(512, 512)
    small = [scene.overview(grid, 8, ("pan",)) for scene in scenes]
    assert small[0][0].shape == (1, 64, 64)
    exact = data.reshape(64, 8, 64, 8).mean(axis=(1, 3))
    assert np.abs(small[0][0][0] - exact).max() < 1e-3
    assert np.abs(small[1][0][0] - exact).max() <= 1.0
    raster = next(iter(scenes[1].rasters.values()))
    assert means._overview(raster, (8, 8))[1] == (2, 2)


def test_read_bilinear_one_missing_pixel_spoils_just_those_that_use_it(tmp_path: Path) -> None:
    data = noise(2, 1, 40, 50)
    data[0, 20, 25] = 0
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=0), date="2023-06-04", bands={"pan": 1})
    grid = grid_like(40, 50)
    window = Window(5, 5, 30, 40)
    missing = {}
    for name, shift in {"none": (0, 0), "whole": (4, -2), "east": (0.5, 0), "both": (0.5, 0.5)}.items():
        _, quality = scene.read(grid, window, ("pan",), Displacement(Shift(*map(float, shift))))
        missing[name] = {(int(y) + 5, int(x) + 5) for y, x in np.argwhere(quality == NODATA)}
    assert missing["none"] == {(20, 25)}
    assert missing["whole"] == {(19, 23)}
    assert missing["east"] == {(20, 24), (20, 25)}
    assert missing["both"] == {(20, 24), (20, 25), (21, 24), (21, 25)}


def test_read_bilinear_a_zero_in_one_band_is_a_dark_pixel(tmp_path: Path) -> None:
    data = np.full((2, 4, 4), 9, np.uint8)
    data[0, 1, 1] = 0
    data[:, 2, 2] = 0
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=0), date="2023-06-04", bands={"red": 1, "nir": 2})
    image, quality = scene.read(grid_like(4, 4), Window(0, 0, 4, 4), ("red", "nir"))
    assert np.argwhere(quality == NODATA).tolist() == [[2, 2]]
    assert image[0, 1, 1] == 0


def test_read_bilinear_a_scene_across_the_date_line(tmp_path: Path) -> None:
    crs = "EPSG:32660"
    data = ramp(60, 60)
    path = write(tmp_path / "a.tif", data, Affine(1000.0, 0, 690_000, 0, -1000.0, 5_400_000), crs)
    scene = open_scene(path, date="2023-06-04", bands={"red": 1, "nir": 2})
    west, _, east, _ = scene.footprint.bounds
    assert west < 180 < east < 183
    # Onto the zone on the other side of the line, and back to the ramp by pyproj's own arithmetic.
    grid = make_grid(scene.frame, crs="EPSG:32601", resolution=1000)
    image, quality = scene.read(grid, whole(grid), ("red", "nir"))
    assert (quality == CLEAR).sum() == pytest.approx(3600, rel=0.02)
    assert np.nanmin(image) < 1
    assert np.nanmax(image) > 58


def test_read_bilinear_degrees_that_wrap(tmp_path: Path) -> None:
    data = ramp(40, 360)
    path = write(tmp_path / "a.tif", data, Affine(1.0, 0, -180, 0, -1.0, 20), "EPSG:4326")
    raster = open_scene(path, date="2023-06-04", bands={"red": 1, "nir": 2}).rasters[path]
    grid = grid_like(20, 20, Affine(100_000.0, 0, 0, 0, -100_000.0, 1_000_000), "EPSG:32601")
    image = read_bilinear(raster, [2], grid, whole(grid))[0]
    # West of 177 W the columns run to 360, east of 180 they start at 0: nothing between.
    good = image[np.isfinite(image)]
    assert good.size > 100
    assert ((good < 20) | (good > 340)).all()


def test_read_nearest_nearest_classes_never_mix(tmp_path: Path) -> None:
    classes = np.random.default_rng(1).choice(np.array([3, 9, 200], np.uint8), (60, 60))
    path = write(tmp_path / "a.tif", classes)
    raster = open_scene({"red": path, "valid": path}, date="2023-06-04").rasters[path]
    moved = Displacement(Shift(0.9, 0.9))
    got = read_nearest(raster, (1,), grid_like(60, 60), Window(0, 0, 60, 60), moved, outside=7)[0]
    assert np.array_equal(got, classes)
    got = read_nearest(raster, (1,), grid_like(60, 60), Window(0, 0, 60, 62), Displacement(Shift(1.2, 0.0)), outside=7)[
        0
    ]
    assert np.array_equal(got[:, :59], classes[:, 1:])
    assert (got[:, 60:] == 7).all()
