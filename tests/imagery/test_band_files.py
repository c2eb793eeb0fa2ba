"""Which file holds which band, and what its masks hide."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from small_rasters import RGBN, T, grid_like, noise, ramp, write

from changedet.blocks import Window
from changedet.grid import make_grid
from changedet.imagery.kernels import provider_masks
from changedet.imagery.opening import open_scene
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, MASKED, NODATA, SATURATED, SHADOW, SNOW


def test_find_band_files_alpha_and_masks_hide_pixels_but_a_claimed_band_is_no_alpha(tmp_path: Path) -> None:
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


def test_mask_sources_quality_from_each_kind_of_mask(tmp_path: Path) -> None:
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


def test_find_band_files_bands_of_different_files_and_sizes(tmp_path: Path) -> None:
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
def test_mark_swath_edge_zeros_are_no_data(tmp_path: Path, dtype: str, options: dict[str, Any], without: bool) -> None:
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


def test_find_band_files_a_mask_beside_a_file_with_all_bands(tmp_path: Path) -> None:
    udm2 = np.zeros((8, 4, 4), np.uint8)
    udm2[0] = 1
    udm2[[0, 5], 0] = [[0], [1]]
    paths = {"": str(write(tmp_path / "a.tif", noise(1, 4, 4, 4))), "udm2": str(write(tmp_path / "udm2.tif", udm2))}
    scene = open_scene(paths, date="2023-06-04", bands=RGBN)
    assert scene.roles == ("blue", "green", "red", "nir")
    _, quality = scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])
    assert quality.tolist() == [[CLOUD] * 4] + [[CLEAR] * 4] * 3
