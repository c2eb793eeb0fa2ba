"""Bundles: a panchromatic file of finer pixels beside the colours, read as one scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from small_rasters import T, grid_like, whole, write

from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene
from changedet.imagery.own_values import own_values
from changedet.imagery.scene import Scene

FINE = Affine(T.a / 4, 0, T.c, 0, T.e / 4, T.f)
COLOURS = {"blue": 1, "green": 2, "red": 3}
LEVELS = np.array([1.0, 0.5, 0.8], np.float32)[:, None, None]


def truth(rows: int = 80, columns: int = 96) -> np.ndarray:
    """Smooth ground with bright boxes of some pixels."""
    y, x = np.mgrid[:rows, :columns]
    ground = 400 + 2 * y + x
    return np.where((y // 10 % 3 == 1) & (x // 7 % 4 == 1), 2 * ground, ground).astype(np.float32)


def bundle(folder: Path, *, factor: int = 4, by_role: bool = False, fine: Affine = FINE) -> Scene:
    pan = truth()
    mean = pan.reshape(80 // factor, factor, 96 // factor, factor).mean(axis=(1, 3))
    coarse = Affine(fine.a * factor, 0, fine.c, 0, fine.e * factor, fine.f)
    sharp = write(folder / "pan.tif", np.rint(pan).astype(np.uint16), fine)
    bands = np.rint(mean * LEVELS).astype(np.uint16)
    if by_role:
        files = {role: write(folder / f"{role}.tif", bands[k], coarse) for k, role in enumerate(COLOURS)}
        return open_scene({**files, "pan": sharp}, date="2023-06-04")
    return open_scene({"": write(folder / "ms.tif", bands, coarse), "pan": sharp}, date="2023-06-04", bands=COLOURS)


@pytest.mark.parametrize("by_role", [False, True])
def test_a_bundle_is_read_in_the_pixels_of_its_panchromatic_band(tmp_path: Path, by_role: bool) -> None:
    scene = bundle(tmp_path, by_role=by_role)
    assert scene.roles == ("blue", "green", "red")
    assert scene.sharper is not None
    assert scene.gsd_m == pytest.approx(scene.rasters[scene.sharper.path].frame.gsd_m)
    grid = grid_like(80, 96, FINE)
    image, quality = scene.read(grid, whole(grid), scene.roles)
    inner = (slice(None), slice(8, -8), slice(8, -8))
    off = np.abs(image / (truth() * LEVELS) - 1)[inner]
    assert np.median(off) < 0.03
    plain = open_scene(str(tmp_path / ("blue.tif" if by_role else "ms.tif")), date="2023-06-04", bands={"blue": 1})
    blurred = np.abs(plain.read(grid, whole(grid), ("blue",))[0][0] / truth() - 1)[inner[1:]]
    assert np.quantile(off[0], 0.9) < 0.4 * np.quantile(blurred, 0.9)
    assert (quality == 0)[inner[1:]].all()


def test_a_bundle_read_in_the_colours_own_pixels_is_not_sharpened(tmp_path: Path) -> None:
    scene = bundle(tmp_path)
    grid = grid_like(20, 24, Affine(T.a, 0, T.c, 0, T.e, T.f))
    image, _ = scene.read(grid, whole(grid), scene.roles)
    plain = open_scene(str(tmp_path / "ms.tif"), date="2023-06-04", bands=COLOURS)
    assert np.array_equal(image, plain.read(grid, whole(grid), scene.roles)[0])
    assert plain.identity != scene.identity
    assert own_values(Look((scene,)), grid_like(80, 96, FINE), whole(grid), scene.roles, "uint16") is None


@pytest.mark.parametrize(("factor", "fine"), [(1, FINE), (4, Affine(15.0, 0, T.c, 0, -15.0, T.f))])
def test_a_panchromatic_band_that_is_hardly_finer_or_coarse_is_a_band_like_others(
    tmp_path: Path, factor: int, fine: Affine
) -> None:
    scene = bundle(tmp_path, factor=factor, fine=fine)
    assert scene.sharper is None
    assert scene.roles == ("blue", "green", "red", "pan")


def test_a_band_is_sharpened_alike_whichever_are_read_with_it(tmp_path: Path) -> None:
    pan = write(tmp_path / "pan.tif", np.rint(truth()).astype(np.uint16), FINE)
    files = {"pan": pan}
    for role, factor in (("red", 4), ("nir", 8)):
        mean = truth().reshape(80 // factor, factor, 96 // factor, factor).mean(axis=(1, 3))
        place = Affine(FINE.a * factor, 0, FINE.c, 0, FINE.e * factor, FINE.f)
        files[role] = write(tmp_path / f"{role}.tif", np.rint(mean).astype(np.uint16), place)
    scene, grid = open_scene(files, date="2023-06-04"), grid_like(80, 96, FINE)
    both, _ = scene.read(grid, whole(grid), ("red", "nir"))
    assert np.array_equal(both[:1], scene.read(grid, whole(grid), ("red",))[0])
