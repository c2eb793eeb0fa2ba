"""Where pixels of the grid lie in files, against PROJ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
from affine import Affine
from small_rasters import CRS, T, grid_like, ramp, whole, write

from changedet.grid import Frame
from changedet.imagery.opening import open_scene
from changedet.kernels.pixel_classes import CLEAR


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:2154"])
def test_pixel_map_of_positions_between_crs_are_projs_own(tmp_path: Path, crs: str) -> None:
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
