"""Scenes on the grid: exact where nothing is resampled, GDAL's values where it is, the same in every window."""

from __future__ import annotations

import datetime as dt
import gc
import json
import pickle
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import Displacement, Frame, Grid, Shift, make_grid
from changedet.imagery import pixels
from changedet.imagery.bands import role_from_name
from changedet.imagery.grouping import group_looks, match_scales, shared_roles
from changedet.imagery.hosts import check_hosts
from changedet.imagery.kernels import provider_masks
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene
from changedet.imagery.scene import Scene
from changedet.imagery.warp import read_bilinear, read_nearest
from changedet.kernels import resampling
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, MASKED, NODATA, SATURATED, SHADOW, SNOW

T = Affine(2.0, 0, 500_000, 0, -2.0, 5_400_000)
CRS = "EPSG:32633"
RGBN = {"blue": 1, "green": 2, "red": 3, "nir": 4}


def write(path: Path, data: NDArray[Any], transform: Affine = T, crs: Any = CRS, **options: Any) -> str:
    data = data if data.ndim == 3 else data[None]
    colors = options.pop("colorinterp", None)
    mask, scales = options.pop("mask", None), options.pop("scales", None)
    names, tags = options.pop("descriptions", None), options.pop("tags", None)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", "GTiff", data.shape[2], data.shape[1], data.shape[0], crs, transform, data.dtype, **options
        ) as out,
    ):
        if colors:
            out.colorinterp = [rasterio.enums.ColorInterp[name] for name in colors]
        if names:
            out.descriptions = names
        if scales:
            out.scales, out.offsets = scales
        out.update_tags(**(tags or {}))
        out.write(data)
        if mask is not None:
            out.write_mask(mask)
    return str(path)


def ramp(height: int, width: int) -> NDArray[np.float32]:
    """Band 1 is a pixel's row, band 2 its column."""
    return np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij")).astype(np.float32)


def grid_like(height: int, width: int, transform: Affine = T, crs: str = CRS) -> Grid:
    return Grid(crs, transform, (height, width))


def whole(grid: Grid) -> Window:
    return Window(0, 0, *grid.shape)


def noise(seed: int, *shape: int) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(1, 60_000, shape, dtype=np.uint16)


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    pixels.release()


def test_same_pixels_are_read_bit_for_bit(tmp_path: Path) -> None:
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
def test_every_real_dtype(tmp_path: Path, dtype: str) -> None:
    data = np.arange(1, 121).reshape(10, 12).astype(dtype)
    nodata = 5 if dtype != "int16" else -32768
    if dtype == "int16":
        data[3, 3] = -32768
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=nodata), date="2023-06-04", bands={"pan": 1})
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), ("pan",))
    assert np.array_equal(quality == NODATA, data == nodata)
    assert np.array_equal(image[0][data != nodata], data[data != nodata].astype(np.float32))


def test_the_shift_is_composed_with_the_sign_of_the_contract(tmp_path: Path) -> None:
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


def test_local_nodes_bend_the_map(tmp_path: Path) -> None:
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
def test_a_window_is_a_cut_of_a_larger_one_byte_for_byte(tmp_path: Path, name: str, moved: Displacement | None) -> None:
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
def test_bilinear_agrees_with_gdal(tmp_path: Path, name: str) -> None:
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


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:2154"])
def test_positions_between_crs_are_projs_own(tmp_path: Path, crs: str) -> None:
    to = Frame(CRS, T, 500, 400).outline(crs)
    size = (to.bounds[2] - to.bounds[0]) / 450
    transform = Affine(size, 0, to.bounds[0], 0, -size, to.bounds[3])
    height = int((to.bounds[3] - to.bounds[1]) / size)
    scene = open_scene(
        write(tmp_path / "a.tif", ramp(height, 450), transform, crs), date="2023-06-04", bands={"red": 1, "nir": 2}
    )
    grid = grid_like(400, 500)
    image, quality = scene.read(grid, whole(grid), ("red", "nir"))
    x, y = np.meshgrid(T.c + 2 * (np.arange(500) + 0.5), T.f - 2 * (np.arange(400) + 0.5))
    x, y = pyproj.Transformer.from_crs(CRS, crs, always_xy=True).transform(x, y)
    rows, columns = (transform.f - y) / size - 0.5, (x - transform.c) / size - 0.5
    inner = (quality == CLEAR) & (rows > 0) & (rows < height - 1) & (columns > 0) & (columns < 449)
    assert inner.mean() > 0.8
    assert np.abs(image[0] - rows)[inner].max() < 1e-3
    assert np.abs(image[1] - columns)[inner].max() < 1e-3


def test_a_coarser_grid_sees_means_and_no_moire(tmp_path: Path) -> None:
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


def test_means_are_exact_and_ignore_missing_pixels(tmp_path: Path) -> None:
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


def test_overviews_are_used_and_say_the_same(tmp_path: Path) -> None:
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
    assert pixels._overview(raster, (8, 8))[1] == (2, 2)


def test_one_missing_pixel_spoils_just_those_that_use_it(tmp_path: Path) -> None:
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


def test_a_zero_in_one_band_is_a_dark_pixel(tmp_path: Path) -> None:
    data = np.full((2, 4, 4), 9, np.uint8)
    data[0, 1, 1] = 0
    data[:, 2, 2] = 0
    scene = open_scene(write(tmp_path / "a.tif", data, nodata=0), date="2023-06-04", bands={"red": 1, "nir": 2})
    image, quality = scene.read(grid_like(4, 4), Window(0, 0, 4, 4), ("red", "nir"))
    assert np.argwhere(quality == NODATA).tolist() == [[2, 2]]
    assert image[0, 1, 1] == 0


@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 60), st.floats(-20, 60), st.integers(0, 2**32 - 1))
def test_both_kernels_are_plain_bilinear(y: float, x: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.random((2, 30, 40), np.float32)
    source[:, rng.random((30, 40)) < 0.05] = np.nan
    steps = resampling.STEPS_PER_PX
    y, x = round(y * steps) / steps, round(x * steps) / steps
    nodes_y, nodes_x = np.meshgrid(np.arange(3) * 8.0 + y, np.arange(3) * 8.0 + x, indexing="ij")
    out = np.empty((2, 9, 11), np.float32)
    resampling.bilinear(source, (0, 0), (30, 40), nodes_y, nodes_x, 8, (3, 2), out)
    for r in range(9):
        for c in range(11):
            expected = _plain(source, y + r + 3, x + c + 2)
            assert np.allclose(out[:, r, c], expected, atol=1e-5, equal_nan=True)
    row, column = int(np.floor(y)) + 3, int(np.floor(x)) + 2
    if row >= 0 and column >= 0 and row + 10 <= 30 and column + 12 <= 40:
        straight = np.empty_like(out)
        resampling.translated(source[:, row : row + 10, column : column + 12], y % 1, x % 1, straight)
        assert straight.tobytes() == out.tobytes()


def _plain(source: NDArray[np.float32], y: float, x: float) -> NDArray[np.float64]:
    """Bilinear by the book: clamped within half a pixel of the edge, no data beyond, or where a weighted pixel is."""
    height, width = source.shape[1:]
    if not (-0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5):
        return np.full(source.shape[0], np.nan)
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    j, i = int(y), int(x)
    total = np.zeros(source.shape[0])
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - abs(y - j - dy)) * (1 - abs(x - i - dx))
        if weight > 0:
            total += weight * source[:, j + dy, i + dx]
    return total


def test_alpha_and_masks_hide_pixels_but_a_claimed_band_is_no_alpha(tmp_path: Path) -> None:
    data = np.full((4, 6, 8), 50, np.uint8)
    data[3, :, :3] = 0
    path = write(tmp_path / "a.tif", data, colorinterp=["red", "green", "blue", "alpha"])
    grid, window = grid_like(6, 8), Window(0, 0, 6, 8)
    scene = open_scene(path, date="2023-06-04")
    assert scene.roles == ("blue", "green", "red")
    assert (scene.read(grid, window, scene.roles)[1][:, :3] == NODATA).all()
    scene = open_scene(path, date="2023-06-04", default_bands=RGBN)
    assert scene.roles == ("blue", "green", "red", "nir")
    assert not scene.read(grid, window, ("red",))[1].any()
    scene = open_scene(path, date="2023-06-04", bands={"red": 1, "alpha": 4})
    assert (scene.read(grid, window, ("red",))[1] == NODATA).sum() == 18
    own = np.full((6, 8), 255, np.uint8)
    own[0] = 0
    masked = open_scene(write(tmp_path / "m.tif", data[:3], mask=own), date="2023-06-04", bands={"red": 1})
    assert (masked.read(grid, window, ("red",))[1] == NODATA).tolist() == (own == 0).tolist()


def test_quality_from_each_kind_of_mask(tmp_path: Path) -> None:
    image = write(tmp_path / "red.tif", np.full((4, 6), 9, np.uint16))
    grid, window = grid_like(4, 6), Window(0, 0, 4, 6)
    scl = np.array([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]], np.uint8).repeat(2, 0)
    expected = [[NODATA, SATURATED, CLEAR, SHADOW, CLEAR, CLEAR], [CLEAR, CLEAR, CLOUD, CLOUD, HAZE, SNOW]]
    # The classes of an archive often have a palette and pixels twice as wide.
    path = write(tmp_path / "scl.tif", scl[:, ::2], Affine(4.0, 0, T.c, 0, -2.0, T.f))
    scene = open_scene({"red": image, "scl": path}, date="2023-06-04")
    quality = scene.read(grid, window, ("red",))[1]
    assert quality[::2].tolist() == [np.repeat(row[::2], 2).tolist() for row in expected]
    assert provider_masks.from_scl(scl[::2]).tolist() == expected
    plain = write(tmp_path / "mask.tif", np.arange(24, dtype=np.uint8).reshape(4, 6), Affine.identity(), None)
    quality = open_scene({"red": image}, date="2023-06-04", mask=plain).read(grid, window, ("red",))[1]
    assert quality.ravel().tolist() == [MASKED] + [CLEAR] * 23


def test_flags_of_landsat_and_planet() -> None:
    bits = np.array([[1, 2, 4, 8, 16, 32, 64, 8 + 32, 1 + 8, 16 + 32]], np.uint16)
    assert provider_masks.from_qa_pixel(bits).tolist() == [
        [NODATA, CLOUD, HAZE, CLOUD, SHADOW, SNOW, CLEAR, CLOUD, NODATA, SHADOW]
    ]
    udm2 = np.zeros((8, 1, 8), np.uint8)
    udm2[0, 0, 0] = 1
    for pixel, band in enumerate((1, 2, 3, 4, 5), 1):
        udm2[band, 0, pixel] = 1
    udm2[7, 0, 6] = 1
    assert provider_masks.from_udm2(udm2)[0].tolist() == [CLEAR, SNOW, SHADOW, HAZE, HAZE, CLOUD, NODATA, MASKED]
    assert provider_masks.from_udm2(np.array([[[1, 0]]], np.uint8)).tolist() == [[CLEAR, MASKED]]
    assert provider_masks.from_scl(np.array([[12, 255]])).tolist() == [[MASKED, MASKED]]


def test_bands_of_different_files_and_sizes(tmp_path: Path) -> None:
    red = noise(3, 1, 60, 60)
    nir = ramp(30, 30)[:1] * 100
    paths = {
        "nir": write(tmp_path / "B08.tif", nir, Affine(4.0, 0, T.c, 0, -4.0, T.f)),
        "red": write(tmp_path / "B04.tif", red),
    }
    scene = open_scene(paths, date=dt.date(2023, 6, 4))
    assert scene.roles == ("red", "nir")
    assert scene.gsd_m == pytest.approx(2.0, rel=1e-3)
    image, _ = scene.read(grid_like(60, 60), Window(0, 0, 60, 60), ("nir", "red"))
    assert np.array_equal(image[1], red[0].astype(np.float32))
    assert np.allclose(image[0, 1:-1, 5], 100 * (np.arange(1, 59) - 0.5) / 2, atol=1e-2)


def test_roles_by_precedence(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tif", noise(4, 3, 5, 5), descriptions=("nir", "Red", "B2"), colorinterp=["red", "green", "blue"]
    )
    scene = open_scene(path, date="2023-06-04")
    assert {role: source.index for role, source in scene.bands.items()} == {"red": 2, "nir": 1, "blue": 3}
    scene = open_scene(path, date="2023-06-04", default_bands={"red": "Red", "swir1": 9})
    assert scene.roles == ("red",)
    assert "swir1" in scene.warnings[0]
    scene = open_scene(path, date="2023-06-04", default_bands={"red": 1}, bands={"green": 2})
    assert scene.roles == ("green",)
    plain = open_scene(write(tmp_path / "b.tif", noise(4, 2, 5, 5), photometric="minisblack"), date="2023-06-04")
    assert plain.roles == ("band1", "band2")
    assert len(plain.warnings) == 1
    for bands, said in [
        ({"red": 4}, "no band 4"),
        ({"red": "Rod"}, "'nir', 'Red', 'B2'"),
        ({"rod": 1}, "did you mean 'red'"),
    ]:
        with pytest.raises(InputError, match=said):
            open_scene(path, date="2023-06-04", bands=bands)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "hint", "role"),
    [
        ("SR_B4", "LC08_L2SP_001.tif", "red"),
        ("SR_B4", "LE07_L2SP_001.tif", "nir"),
        ("B8A", "S2B_MSIL2A", "nir"),
        ("B08", "S2B_MSIL2A", "nir"),
        ("B11", "sentinel-2", "swir1"),
        ("B5", "", None),
        ("Band 4 (0.825000 Micrometers)", "", "nir"),
        ("660 nm", "", "red"),
        ("near-infrared", "", "nir"),
        ("Blue, 0.49", "", "blue"),
        ("VV", "", "vv"),
        ("elevation", "", None),
    ],
)
def test_roles_from_names(name: str, hint: str, role: str | None) -> None:
    assert role_from_name(name, hint) == role


def test_angles_from_tags_and_given(tmp_path: Path) -> None:
    tags = {"TIFFTAG_IMAGEDESCRIPTION": json.dumps({"a": {"solar_azimuth_angle": 132.2, "solar_zenith_angle": 51.4}})}
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5), tags=tags)
    scene = open_scene(path, date="2023-06-04")
    assert scene.sun is not None
    assert (scene.sun.azimuth_deg, scene.sun.elevation_deg) == pytest.approx((132.2, 38.6))
    scene = open_scene(path, date="2023-06-04", sun={"azimuth_deg": 10, "elevation_deg": 20}, view={"off_nadir_deg": 7})
    assert scene.sun is not None
    assert scene.sun.elevation_deg == 20
    assert scene.view is not None
    assert scene.view.azimuth_deg is None
    tags = {"SUN_ELEVATION": "33.5", "SUN_AZIMUTH": "-20"}
    path = write(tmp_path / "b.tif", noise(4, 1, 5, 5), tags=tags)
    sun = open_scene(path, date="2023-06-04").sun
    assert sun is not None
    assert (sun.azimuth_deg, sun.elevation_deg) == (340, 33.5)


def _placed(folder: Path, name: str, east: float, *, size: int = 50, **about: Any) -> Scene:
    path = write(
        folder / f"{name}.tif",
        np.full((size, size), len(name), np.uint16),
        Affine(2.0, 0, 500_000 + east, 0, -2.0, 5_400_000),
    )
    return open_scene(path, date="2023-06-04", bands={"pan": 1}, **about)


def test_neighbours_of_a_date_are_one_look_the_first_on_top(tmp_path: Path) -> None:
    one, other = _placed(tmp_path, "a", 0), _placed(tmp_path, "bb", 80)
    (look,) = group_looks([one, other])
    image, quality = look.read(grid_like(50, 90), Window(0, 0, 50, 90), ("pan",))
    assert not quality.any()
    assert (image[0, :, :50] == 1).all()
    assert (image[0, :, 50:] == 2).all()
    (turned,) = group_looks([other, one])
    assert (turned.read(grid_like(50, 90), Window(0, 0, 50, 90), ("pan",))[0][0, :, 40:] == 2).all()
    assert look.identity != turned.identity


def test_touching_neighbours_leave_no_seam(tmp_path: Path) -> None:
    (look,) = group_looks([_placed(tmp_path, "a", 0), _placed(tmp_path, "bb", 100)])
    grid = grid_like(48, 90, Affine(2.0, 0, 500_000.9, 0, -2.0, 5_399_999.3))
    assert not look.read(grid, Window(0, 0, 48, 90), ("pan",))[1].any()


def test_any_other_second_scene_names_both(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"first.tif and second.tif are both of 2023-06-04 and overlap by 80%"):
        group_looks([_placed(tmp_path, "first", 0), _placed(tmp_path, "second", 20)])
    fine = open_scene(
        write(tmp_path / "fine.tif", noise(1, 1, 9, 9), Affine(1.0, 0, 600_000, 0, -1.0, 5_400_000)),
        date="2023-06-04",
        bands={"pan": 1},
    )
    with pytest.raises(InputError, match="differ in GSD"):
        group_looks([_placed(tmp_path, "third", 0), fine])
    at = {"collection": "s2", "time": dt.time(10, 0)}
    one, other = _placed(tmp_path, "x", 0, **at), _placed(tmp_path, "y", 20, collection="s2", time="10:09:59")
    assert len(group_looks([one, other])) == 1
    with pytest.raises(InputError, match="both of"):
        group_looks([one, _placed(tmp_path, "z", 20, collection="s2", time="10:10:01")])


def test_looks_are_sorted_and_must_share_bands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 3, 9, 9))
    late = open_scene(path, date="2024-01-01", bands={"red": 1, "nir": 2, "green": 3})
    early = open_scene(path, date="2023-01-01", bands={"nir": 1, "red": 2})
    looks = group_looks([late, early])
    assert [look.date.year for look in looks] == [2023, 2024]
    assert shared_roles(looks) == ["red", "nir"]
    with pytest.raises(InputError, match="no band is shared"):
        shared_roles([late, open_scene(path, date="2023-01-01", bands={"pan": 1})])
    with pytest.raises(InputError, match="radar"):
        shared_roles([late, open_scene(path, date="2023-01-01", bands={"vv": 1})])
    with pytest.raises(InputError, match="mixes radar and optical"):
        open_scene(path, date="2023-01-01", bands={"vv": 1, "red": 2})


def test_scales_that_differ_are_brought_to_the_references(tmp_path: Path) -> None:
    before = write(tmp_path / "a.tif", np.full((4, 4), 2000, np.uint16), scales=((1e-4,), (0.0,)))
    after = write(tmp_path / "b.tif", np.full((4, 4), 3000, np.uint16), scales=((1e-4,), (-0.1,)))
    looks = group_looks(
        [open_scene(p, date=d, bands={"red": 1}) for p, d in ((before, "2021-01-01"), (after, "2023-01-01"))]
    )
    matched = match_scales(looks, 0)
    values = [look.read(grid_like(4, 4), Window(0, 0, 4, 4), ("red",))[0][0, 0, 0] for look in matched]
    assert values == pytest.approx([2000, 2000])
    assert looks[0].identity == matched[0].identity
    assert looks[1].identity != matched[1].identity


def test_lazy_equals_eager_under_one_name(tmp_path: Path) -> None:
    scene = open_scene(
        write(tmp_path / "a.tif", noise(9, 2, 70, 90), nodata=0), date="2023-06-04", bands={"red": 1, "nir": 2}
    )
    grid = grid_like(75, 95, Affine(2.0, 0, T.c + 0.7, 0, -2.0, T.f))
    lazy = scene.lazy(grid, ("red", "nir"), 32)
    eager, _ = scene.read(grid, whole(grid), ("red", "nir"))
    assert lazy.compute(scheduler="synchronous").values.tobytes() == eager.tobytes()
    assert lazy.data.name == scene.lazy(grid, ("red", "nir"), 32).data.name
    assert lazy.data.name != scene.lazy(grid, ("red",), 32).data.name
    assert lazy.dims == ("band", "y", "x")
    assert "spatial_ref" in lazy.coords
    assert lazy.chunks == ((2,), (32, 32, 11), (32, 32, 31))


def test_scenes_travel_and_threads_agree(tmp_path: Path) -> None:
    scene = open_scene(write(tmp_path / "a.tif", noise(9, 2, 200, 200)), date="2023-06-04", bands={"red": 1, "nir": 2})
    grid = grid_like(200, 200, Affine(2.0, 0, T.c + 0.7, 0, -2.0, T.f))
    sent = pickle.loads(pickle.dumps(Look((scene,))))
    assert sent.identity == scene.identity
    windows = [Window(y, x, 50, 50) for y in range(0, 200, 50) for x in range(0, 200, 50)]
    expected = [scene.read(grid, window, scene.roles)[0].tobytes() for window in windows]

    def read(window: Window) -> bytes:
        return sent.read(grid, window, scene.roles)[0].tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, windows * 3)) == expected * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()


def test_a_changed_file_has_another_identity_and_no_stale_pixels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.full((5, 5), 1, np.uint8))
    first = open_scene(path, date="2023-06-04", bands={"pan": 1})
    assert first.read(grid_like(5, 5), Window(0, 0, 5, 5), ("pan",))[0].max() == 1
    write(tmp_path / "a.tif", np.full((5, 5), 77, np.uint8), compress="deflate")
    second = open_scene(path, date="2023-06-04", bands={"pan": 1})
    assert second.identity != first.identity
    assert second.read(grid_like(5, 5), Window(0, 0, 5, 5), ("pan",))[0].max() == 77


def test_few_files_stay_open(tmp_path: Path) -> None:
    for k in range(pixels.MAX_OPEN + 5):
        path = write(tmp_path / f"{k}.tif", np.full((3, 3), k + 1, np.uint8))
        scene = open_scene(path, date="2023-06-04", bands={"pan": 1})
        assert scene.read(grid_like(3, 3), Window(0, 0, 3, 3), ("pan",))[0][0, 0, 0] == k + 1
    assert len(pixels._local.open) == pixels.MAX_OPEN


def test_a_file_that_breaks_in_the_middle_names_itself(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.tif", noise(1, 1, 300, 300), compress="deflate"))
    scene = open_scene(str(path), date="2023-06-04", bands={"pan": 1})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"a.tif: cannot be read.*truncated") as error:
        scene.read(grid_like(300, 300), Window(0, 0, 300, 300), ("pan",))
    assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.tif: no such file"):
        open_scene(str(path), date="2023-06-04")
    path.write_text("no raster")
    with pytest.raises(InputError, match=r"a\.tif: cannot be read"):
        open_scene(str(path), date="2023-06-04")


def test_a_picture_is_placed_by_crs_and_bounds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png.tif", noise(1, 3, 10, 20), Affine.identity(), None)
    with pytest.raises(InputError, match="'crs' and 'bounds'"):
        open_scene(path, date="2023-06-04")
    scene = open_scene(
        path, date="2023-06-04", crs=CRS, bounds=(500_000, 5_400_000, 500_040, 5_400_020), bands={"red": 1}
    )
    assert make_grid(scene.frame).shape == (10, 20)
    with pytest.raises(InputError, match="needs a 'crs'"):
        open_scene(path, date="2023-06-04", bounds=(0, 0, 1, 1))


def test_hosts() -> None:
    paths = ["https://a.example/x.tif", "s3://bucket/x.tif", "/vsicurl/http://b.example/y.tif", "C:/x.tif", "rel/x.tif"]
    check_hosts(paths, ["a.example", "bucket", "b.example"])
    with pytest.raises(InputError, match=r"leads to bucket, b.example, which"):
        check_hosts(paths, ["a.example"])
    check_hosts(["https://x.a.example/"], ["*.a.example"])
    with pytest.raises(InputError):
        check_hosts(["https://evil-a.example/"], ["*.a.example", "a.example"])


def test_a_scene_across_the_date_line(tmp_path: Path) -> None:
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


def test_degrees_that_wrap(tmp_path: Path) -> None:
    data = ramp(40, 360)
    path = write(tmp_path / "a.tif", data, Affine(1.0, 0, -180, 0, -1.0, 20), "EPSG:4326")
    raster = open_scene(path, date="2023-06-04", bands={"red": 1, "nir": 2}).rasters[path]
    grid = grid_like(20, 20, Affine(100_000.0, 0, 0, 0, -100_000.0, 1_000_000), "EPSG:32601")
    image = read_bilinear(raster, [2], grid, whole(grid))[0]
    # West of 177 W the columns run to 360, east of 180 they start at 0: nothing between.
    good = image[np.isfinite(image)]
    assert good.size > 100
    assert ((good < 20) | (good > 340)).all()


def test_nearest_classes_never_mix(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("dtype", "options", "without"),
    [
        ("float32", {}, True),
        ("uint16", {}, True),
        ("uint8", {}, False),
        ("int16", {}, False),
        ("float32", {"nodata": -1.0}, False),
    ],
)
def test_zeros_of_a_radar_swath_are_no_data(tmp_path: Path, dtype: str, options: dict[str, Any], without: bool) -> None:
    data = (noise(3, 1, 40, 50) % 200 + 20).astype(dtype)
    data[:, :, :9] = 0
    path = write(tmp_path / "vv.tif", data, **options)
    scene = open_scene(path, date="2023-01-01", bands={"vv": 1})
    image, quality = scene.read(grid_like(40, 50), Window(0, 0, 40, 50), ["vv"])
    assert (quality[:, :9] == (NODATA if without else CLEAR)).all()
    assert (quality[:, 9:] == CLEAR).all()
    assert np.isfinite(image[:, :, 9:]).all()
    kept = open_scene(path, date="2023-01-01", bands={"vv": 1}, nodata=float("nan"))
    assert (kept.read(grid_like(40, 50), Window(0, 0, 40, 50), ["vv"])[1] == CLEAR).all()
    assert (open_scene(path, date="2023-01-01", bands={"red": 1}).nodata["red"] is None) != bool(options)


def test_names_lead_back_to_the_files(tmp_path: Path) -> None:
    paths = {role: write(tmp_path / f"2023-08-01_{role}.tif", noise(k, 1, 30, 30)) for k, role in enumerate(RGBN)}
    scene = open_scene(paths, date="2023-08-01")
    assert scene.name == "2023-08-01_{blue,green,red,nir}.tif"
    whole_file = open_scene(write(tmp_path / "a.tif", noise(9, 4, 30, 30)), date="2023-08-01", bands=RGBN)
    assert whole_file.name == "a.tif"
    east = write(tmp_path / "b.tif", noise(8, 4, 30, 30), Affine(2.0, 0, 500_056, 0, -2.0, 5_400_000))
    (look,) = group_looks([whole_file, open_scene(east, date="2023-08-01", bands=RGBN)])
    assert look.name == "a.tif + b.tif"


def test_bands_given_as_scenes_are_told_how_to_be_given(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"2023-08-01_{role}.tif", noise(1, 1, 30, 30)) for role in ("red", "nir")]
    with pytest.raises(InputError, match=r"bands of one scene\? give path: \{red: FILE, nir: FILE\}"):
        group_looks([open_scene(path, date="2023-08-01") for path in paths])


ELSEWHERE = "/vsicurl/http://127.0.0.1:1/x.tif"


def vrt_of(source: str, bands: int = 1) -> str:
    one = f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    parts = [f'<VRTRasterBand dataType="UInt16" band="{i + 1}">{one}</VRTRasterBand>' for i in range(bands)]
    place = "<SRS>EPSG:32633</SRS><GeoTransform>500000,10,0,5400000,0,-10</GeoTransform>"
    return f'<VRTDataset rasterXSize="4" rasterYSize="4">{place}{"".join(parts)}</VRTDataset>'


def test_a_file_of_this_machine_does_not_lead_to_the_network(tmp_path: Path) -> None:
    """Whoever sends a scene must not make its reader ask a host: not by a VRT, nor by what it calls its overviews."""
    (tmp_path / "scene.tif").write_text(vrt_of(ELSEWHERE))
    (tmp_path / "tiles.tif").write_text(
        "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:1/${x}.png</ServerUrl></Service><DataWindow>"
        "<UpperLeftX>0</UpperLeftX><UpperLeftY>9</UpperLeftY><LowerRightX>9</LowerRightX><LowerRightY>0</LowerRightY>"
        "<SizeX>9</SizeX><SizeY>9</SizeY></DataWindow><Projection>EPSG:32633</Projection></GDAL_WMS>"
    )
    write(tmp_path / "overviews.tif", np.ones((4, 4), np.uint16))
    with rasterio.open(tmp_path / "overviews.tif", "r+") as out:
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=ELSEWHERE)
    said = {"scene": "leads to '/vsicurl", "tiles": "cannot be read", "overviews": "leads to '/vsicurl"}
    for name, message in said.items():
        with pytest.raises(InputError, match=message):
            open_scene(tmp_path / f"{name}.tif", date="2023-06-04", bands={"red": 1})
    # What a VRT names beside it on this machine is read as ever.
    write(tmp_path / "pixels.tif", np.full((4, 4), 7, np.uint16))
    (tmp_path / "scene.tif").write_text(vrt_of(str(tmp_path / "pixels.tif")))
    scene = open_scene(tmp_path / "scene.tif", date="2023-06-04", bands={"red": 1})
    assert (scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])[0] == 7).all()


def test_a_mask_beside_a_file_with_all_bands(tmp_path: Path) -> None:
    udm2 = np.zeros((8, 4, 4), np.uint8)
    udm2[0] = 1
    udm2[[0, 5], 0] = [[0], [1]]
    paths = {"": str(write(tmp_path / "a.tif", noise(1, 4, 4, 4))), "udm2": str(write(tmp_path / "udm2.tif", udm2))}
    scene = open_scene(paths, date="2023-06-04", bands=RGBN)
    assert scene.roles == ("blue", "green", "red", "nir")
    _, quality = scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])
    assert quality.tolist() == [[CLOUD] * 4] + [[CLEAR] * 4] * 3


RAW = (
    '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="1">secret'
    "</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>4</LineOffset></VRTRasterBand>"
)
PYTHON = (
    '<VRTRasterBand dataType="Byte" band="1" subClass="VRTDerivedRasterBand"><PixelFunctionType>f</PixelFunctionType>'
    "<PixelFunctionLanguage>Python</PixelFunctionLanguage></VRTRasterBand>"
)


def test_a_vrt_shows_pictures_alone(tmp_path: Path) -> None:
    """Whoever sends a scene must not make its reader publish the bytes of another file as pixels."""
    (tmp_path / "secret").write_bytes(b"root:x:0:0:root:/root:/bin/sh")
    raw = vrt_of("", 0).replace("</VRTDataset>", f"{RAW}</VRTDataset>")
    (tmp_path / "mrf.tif").write_text(
        '<MRF_META><Raster><Size x="4" y="4" c="1"/><PageSize x="4" y="4"/><DataFile>secret</DataFile>'
        "<IndexFile>secret</IndexFile></Raster></MRF_META>"
    )
    for name in ("overviews", "mask"):
        write(tmp_path / f"{name}.tif", np.ones((4, 4), np.uint16))
    for name in ("raw.vrt", "overviews.tif.ovr", "mask.tif.msk"):
        (tmp_path / name).write_text(raw)
    (tmp_path / "python.vrt").write_text(vrt_of("", 0).replace("</VRTDataset>", f"{PYTHON}</VRTDataset>"))
    for name, source in (("nested", "raw.vrt"), ("itself", "itself.vrt"), ("file", "secret")):
        (tmp_path / f"{name}.vrt").write_text(vrt_of(str(tmp_path / source)))
    (tmp_path / "inline.vrt").write_text(vrt_of(raw.replace("&", "&amp;").replace("<", "&lt;")))
    (tmp_path / "small.vrt").write_text(
        raw.replace("subClass", "SUBCLASS").replace("VRTDataset ", "VRTDataset xmlns='a' ")
    )
    inner = raw.replace(' subClass="VRTRawRasterBand">', "><subClass>VRTRawRasterBand</subClass>")
    (tmp_path / "inner.vrt").write_text(inner)
    said_as = f'<SimpleSource SourceFilename="{tmp_path}/secret"/>'
    (tmp_path / "attribute.vrt").write_text(
        vrt_of(str(tmp_path / "mask.tif")).replace("<SimpleSource>", f"{said_as}<SimpleSource>")
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "raw.vrt", "raw.vrt")
    said = {"raw.vrt": "VRTRawRasterBand", "overviews.tif": "VRTRaw", "mask.tif": "VRTRaw", "nested.vrt": "VRTRaw"}
    said |= {"python.vrt": "pixelfunctionlanguage", "itself.vrt": "VRTs deep", "file.vrt": "which is no picture"}
    said |= {"small.vrt": "VRTRaw", "inner.vrt": "VRTRaw", "attribute.vrt": "holds 'sourcefilename'"}
    said |= {"inline.vrt": "expected the path of a picture", "mrf.tif": "cannot be read"}
    for name, message in said.items():
        with pytest.raises(InputError, match=message):
            open_scene(str(tmp_path / name), date="2023-06-04", bands={"red": 1})
    with pytest.raises(InputError, match="VRTRawRasterBand"):
        open_scene(f"/vsizip/{tmp_path}/a.zip/raw.vrt", date="2023-06-04", bands={"red": 1})


def test_a_vrt_whose_pictures_change_is_another_scene(tmp_path: Path) -> None:
    write(tmp_path / "pixels.tif", np.full((4, 4), 7, np.uint16))
    (tmp_path / "scene.vrt").write_text(vrt_of(str(tmp_path / "pixels.tif")))
    first = open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1})
    assert first.identity == open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1}).identity
    write(tmp_path / "pixels.tif", np.full((4, 4), 9, np.uint16))
    assert first.identity != open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1}).identity


def test_a_header_of_countless_bands_is_refused_at_once(tmp_path: Path) -> None:
    write(tmp_path / "pixels.tif", np.ones((4, 4), np.uint16))
    (tmp_path / "scene.vrt").write_text(vrt_of(str(tmp_path / "pixels.tif"), bands=1001))
    with pytest.raises(InputError, match="has 1001 bands, more than 1000"):
        open_scene(str(tmp_path / "scene.vrt"), date="2023-06-04")


@pytest.mark.parametrize("crs", ["EPSG:4978", 'LOCAL_CS["yard",UNIT["metre",1]]'])
def test_a_crs_that_places_nothing_on_a_map_is_refused(tmp_path: Path, crs: str) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8), crs=crs)
    with pytest.raises(InputError, match="expected a projected or geographic one"):
        open_scene(path, date="2023-06-04", bands={"red": 1})


def test_fill_values_that_a_float_header_does_not_name_are_no_data(tmp_path: Path) -> None:
    image = np.full((1, 4, 4), 0.2, np.float32)
    image[0, 0] = [-3.4028235e38, 1e38, np.inf, np.nan]
    scene = open_scene(write(tmp_path / "a.tif", image), date="2023-06-04", bands={"red": 1})
    values, quality = scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])
    assert quality.tolist() == [[NODATA] * 4] + [[CLEAR] * 4] * 3
    assert np.isnan(values[0, 0]).all()


def test_bounds_without_an_extent_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 8, 8))
    with pytest.raises(InputError, match="is singular; georeference it again"):
        open_scene(path, date="2023-06-04", bands={"red": 1}, crs="EPSG:32633", bounds=(0, 0, 1e-300, 1e-300))
