"""How much GDAL keeps of decoded blocks, over all that read and write rasters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_rasters import noise, write

from changedet.imagery.headers import read_header
from changedet.imagery.pixels import read_part, release
from changedet.outputs.rasters import gdal_cache
from changedet.outputs.rasters.reading import environment


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    before, gdal_cache._Process.bytes = gdal_cache.cache_bytes(), gdal_cache.LEAST_BYTES
    release()
    yield
    gdal_cache._Process.bytes = before
    release()


def test_cache_bytes_tiled_files_leave_it_small_and_strips_make_it_wide(tmp_path: Path) -> None:
    image = noise(1, 1, 192, 256)
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    tiled, strips = write(tmp_path / "tiled.tif", image, **tiles), write(tmp_path / "strips.tif", image)
    for path, expected in ((tiled, gdal_cache.LEAST_BYTES), (strips, gdal_cache.ROWS_BYTES)):
        read = read_part(read_header(path), [1], (0, 0, 192, 256))
        np.testing.assert_array_equal(read[0], image[0])
        assert gdal_cache.cache_bytes() == expected
    # what is written meanwhile must not drop the rows that are still read
    with environment():
        assert rasterio.env.getenv()["GDAL_CACHEMAX"] == gdal_cache.ROWS_BYTES
