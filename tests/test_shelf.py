"""Blocks shared by threads: made once, dropped oldest first, and nothing kept of a failure."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from changedet.imagery import pixels
from changedet.imagery.block_cache import BlockCache
from changedet.imagery.headers import read_header
from changedet.kernels.block_means import block_mean, block_mean_of_integers
from changedet.kernels.missing import without_nodata

# rasterio's own arithmetic on windows uses affine's old operator.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


def test_what_many_threads_want_is_made_once() -> None:
    shelf, made = BlockCache(1 << 20), []

    def make() -> np.ndarray:
        made.append(threading.get_ident())
        time.sleep(0.05)
        return np.arange(8)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: shelf.get("block", make), range(8)))
    assert len(made) == 1
    assert all(found is got[0] for found in got)
    assert not got[0].flags.writeable


def test_the_budget_holds_and_the_least_recently_used_goes_first() -> None:
    shelf, made = BlockCache(3 * 8 * 100), []

    def want(key: int) -> None:
        shelf.get(key, lambda: made.append(key) or np.zeros(100))  # type: ignore[func-returns-value]

    for key in (1, 2, 3, 1, 4, 1, 3, 2):
        want(key)
    assert made == [1, 2, 3, 4, 2]


def test_a_failure_is_raised_to_all_and_tried_again() -> None:
    shelf = BlockCache(1 << 20)

    def fail() -> np.ndarray:
        time.sleep(0.05)
        raise OSError("damaged")

    def outcome(_: int) -> str:
        with pytest.raises(OSError, match="damaged"):
            shelf.get("block", fail)
        return "raised"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outcome, range(4))) == ["raised"] * 4
    assert shelf.get("block", lambda: np.ones(3)).sum() == 3


@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_parts_from_blocks_are_those_of_the_file(tmp_path: Path, interleave: str) -> None:
    path = tmp_path / "scene.tif"
    values = np.random.default_rng(0).integers(0, 4000, (3, 300, 421)).astype("uint16")
    profile = {"driver": "GTiff", "height": 300, "width": 421, "count": 3, "dtype": "uint16", "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 128, "blockysize": 64, "interleave": interleave}
    with rasterio.open(path, "w", transform=from_origin(5e5, 5.4e6, 10, 10), **profile) as file:
        file.write(values)
    raster = read_header(str(path))
    for row, column, height, width in ((0, 0, 300, 421), (10, 17, 200, 300), (63, 127, 66, 130), (236, 300, 64, 121)):
        part = pixels.read_part(raster, [3, 1], (row, column, height, width))
        assert np.array_equal(part, values[[2, 0], row : row + height, column : column + width])
    pixels.release()


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "height": 256, "width": 256, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 64, "blockysize": 64, "transform": from_origin(5e5, 5.4e6, 10, 10)}
    found = []
    for value in (7, 9):
        path.unlink(missing_ok=True)
        with rasterio.open(path, "w", **profile) as file:
            file.write(np.full((1, 256, 256), value, "uint8"))
        found.append(float(pixels.read_part(read_header(str(path)), [1], (5, 5, 200, 200)).max()))
        pixels.release()
    assert found == [7.0, 9.0]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
@pytest.mark.parametrize("has_nodata", [True, False])
def test_the_mean_of_integers_is_that_of_the_two_steps_it_replaces(dtype: str, *, has_nodata: bool) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 3, (4, 61, 97)).astype(dtype)
    values[:, 4:30, 20:70] = 0
    nodata = np.zeros(4, dtype) if has_nodata else np.zeros(0, dtype)
    plain = np.empty(values.shape, np.float32)
    if has_nodata:
        without_nodata(values, nodata, plain)
    else:
        plain[...] = values
    for factor in ((4, 4), (7, 3), (61, 97)):
        expected = block_mean(plain, factor)
        assert np.array_equal(block_mean_of_integers(values, nodata, factor), expected, equal_nan=True)
    assert np.isnan(plain).any() == has_nodata
