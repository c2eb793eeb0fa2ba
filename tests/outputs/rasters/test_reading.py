"""Rasters read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from written_rasters import writer

from changedet.blocks import Window
from changedet.outputs.rasters.reading import open_lazily, read_window


def test_read_window_a_window_of_a_mask_reaches_beyond_the_edge(tmp_path: Path) -> None:
    with writer(tmp_path / "x.tif", "mask", (30, 40)) as out:
        out.write(Window(0, 0, 30, 40), np.ones((30, 40), np.uint8))
    block = read_window(tmp_path / "x.tif", Window(-2, 38, 4, 5))
    assert block.dtype == np.uint8
    assert block.tolist() == [[255] * 5] * 2 + [[1, 1, 255, 255, 255]] * 2


def test_open_lazily_gives_what_lies_in_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for bands in (1, 3):
        image = rng.integers(1, 900, (bands, 70, 50), dtype=np.uint16)
        path = tmp_path / f"{bands}.tif"
        profile = {"driver": "GTiff", "height": 70, "width": 50, "count": bands, "dtype": "uint16", "crs": "EPSG:32633"}
        with rasterio.open(path, "w", transform=Affine(1, 0, 5e5, 0, -1, 5e6), **profile) as file:
            file.write(image)
        opened = open_lazily(path, chunk=32)
        assert opened.dims == (("band", "y", "x") if bands > 1 else ("y", "x"))
        assert np.array_equal(opened.values, image if bands > 1 else image[0])
