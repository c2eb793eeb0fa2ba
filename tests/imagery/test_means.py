"""Means of a file's pixels: what they say, and how often each block of the file is read for them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_rasters import write

from changedet.imagery import means
from changedet.imagery.headers import read_header
from changedet.kernels.block_means import block_mean

TILED = {"tiled": True, "blockxsize": 64, "blockysize": 64}


def _image(dtype: str, height: int, width: int) -> np.ndarray:
    image = np.random.default_rng(3).integers(1, 120, (2, height, width)).astype(dtype)
    image[:, 40:90, 30:75] = 0
    return image


@pytest.mark.parametrize("options", [TILED, {}], ids=["tiles", "strips"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
@pytest.mark.parametrize(
    ("factor", "part"), [((7, 7), (0, 0, 29, 22)), ((5, 3), (4, 11, 20, 30)), ((1, 1), (9, 70, 90, 65))]
)
def test_read_mean_is_that_of_the_whole_image(
    tmp_path: Path, dtype: str, options: dict, factor: tuple[int, int], part: tuple[int, int, int, int]
) -> None:
    image = _image(dtype, 201, 150)
    raster = read_header(write(tmp_path / "a.tif", image, nodata=0, **options))
    shown = np.where((image == 0).all(axis=0), np.nan, image).astype(np.float32)
    row, column, height, width = part
    expected = block_mean(shown, factor)[:, row : row + height, column : column + width]
    assert np.array_equal(means.read_mean(raster, [1, 2], part, factor), expected, equal_nan=True)


def test_read_mean_reads_no_block_twice_however_wide_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raster = read_header(write(tmp_path / "a.tif", _image("uint16", 201, 1500), nodata=0, **TILED))
    found, held_open = [], means.held_open

    def _noted(header):
        dataset = held_open(header)

        def _read(indexes, window):
            found.append(window)
            return dataset.read(indexes, window=window)

        return SimpleNamespace(block_shapes=dataset.block_shapes, read=_read)

    monkeypatch.setattr(means, "held_open", _noted)
    monkeypatch.setattr(means, "_PART_PX", 64 * 64 * 2 * 3)
    means.read_mean(raster, [1, 2], (0, 0, 29, 215), (7, 7))
    times = np.zeros((201, 1500), int)
    for window in found:
        times[window.toslices()] += 1
        assert window.row_off % 64 == 0
        assert window.col_off % 64 == 0
    assert (times == 1).all()
