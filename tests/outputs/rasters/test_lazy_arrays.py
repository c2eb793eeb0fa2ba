"""Rasters of a run as lazy arrays."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from changedet.outputs.rasters.lazy_arrays import open_lazily


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
