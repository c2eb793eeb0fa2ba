"""Files of large blocks: what reading any of their pixels takes, and how many of them stay open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.shutil import copy
from small_rasters import noise, write

from changedet.imagery import file_blocks, pixels
from changedet.imagery.file_blocks import FileBlocks
from changedet.imagery.headers import read_header
from changedet.imagery.pixels import read_part

SIDE_PX = 2048
BAND_BYTES = SIDE_PX**2 * 2
WHOLE = 3 * BAND_BYTES
BLANK = np.ones((3, SIDE_PX, SIDE_PX), np.uint16)


@pytest.mark.parametrize(
    ("options", "held", "passing"),
    [
        # the pixels of all bands, and next to nothing compressed
        ({"interleave": "pixel", "blockysize": SIDE_PX, "compress": "deflate"}, WHOLE, BAND_BYTES),
        ({"interleave": "pixel", "tiled": True, "blockxsize": SIDE_PX, "blockysize": SIDE_PX}, WHOLE, BAND_BYTES),
        ({"interleave": "pixel", "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}, 0, 0),
        ({"interleave": "band", "tiled": True, "blockxsize": 1024, "blockysize": 1024}, 0, 0),
    ],
)  # fmt: skip
def test_file_blocks_are_what_gdal_decodes_at_once(
    tmp_path: Path, options: dict[str, Any], held: int, passing: int
) -> None:
    blocks = read_header(write(tmp_path / "a.tif", BLANK, **options)).blocks
    assert blocks.held_bytes == pytest.approx(held, rel=0.02)
    assert blocks.passing_bytes == passing


def test_file_blocks_of_one_band_each_hold_compressed_bytes_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = np.full((2, 2000, 2400), 1, np.float32)
    data[:, :600] = noise(1, 2, 600, 2400)
    write(path, data, interleave="band", blockysize=2000, compress="deflate")
    blocks = read_header(str(path)).blocks
    assert blocks.held_bytes == pytest.approx(path.stat().st_size / 2, abs=1)
    assert (blocks.shape, blocks.passing_bytes) == ((2000, 2400), 2000 * 2400 * 4)


def test_file_blocks_of_many_bands_are_large_though_they_have_few_pixels(tmp_path: Path) -> None:
    many = np.ones((80, 256, 256), np.uint16)
    path = write(
        tmp_path / "a.tif", many, interleave="pixel", tiled=True, blockxsize=256, blockysize=256, compress="lzw"
    )
    assert read_header(path).blocks.held_bytes >= many.nbytes
    alone = write(tmp_path / "b.tif", many, interleave="band", tiled=True, blockxsize=256, blockysize=256)
    assert read_header(alone).blocks == FileBlocks()


def test_file_blocks_of_a_virtual_raster_are_those_of_its_files(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", BLANK, interleave="pixel", blockysize=SIDE_PX, compress="deflate")
    with rasterio.open(path) as source:
        copy(source, tmp_path / "a.vrt", driver="VRT")
    assert read_header(str(tmp_path / "a.vrt")).blocks == read_header(path).blocks


@pytest.mark.parametrize(("tile_px", "whole"), [(1200, False), (1280, True)])
def test_file_blocks_of_jpeg_2000_are_its_tiles(
    tmp_path: Path, tile_px: int, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_blocks, "SMALL_BYTES", 0)
    side = 2 * tile_px if whole else tile_px
    with rasterio.open(write(tmp_path / "a.tif", noise(1, 1, side, side))) as source:
        copy(source, tmp_path / "a.jp2", driver="JP2OpenJPEG", blockxsize=tile_px, blockysize=tile_px)
    blocks = read_header(str(tmp_path / "a.jp2")).blocks
    assert blocks.shape == (tile_px, tile_px)
    assert blocks.held_bytes == pytest.approx(1.4 * (tmp_path / "a.jp2").stat().st_size / (4 if whole else 1), abs=1)
    assert blocks.passing_bytes == (4 * tile_px**2 if whole else 0)


def test_two_files_of_large_blocks_stay_open_at_most(tmp_path: Path) -> None:
    pixels.release()
    large = [
        read_header(
            write(tmp_path / f"{k}.tif", (k + 1) * BLANK, interleave="pixel", blockysize=SIDE_PX, compress="lzw")
        )
        for k in range(4)
    ]
    small = read_header(write(tmp_path / "small.tif", np.ones((3, 3), np.uint8)))
    # a date and the reference in turns, as tiles read them: neither is closed in between
    for k in (0, 1, 0, 1, 2, 0, 2, 3):
        read_part(small, [1], (0, 0, 3, 3))
        assert (read_part(large[k], [1, 3], (0, 0, 5, 5)) == k + 1).all()
    left = {Path(str(dataset.name)).name for dataset in pixels._local.open.values()}
    assert left == {"small.tif", "2.tif", "3.tif"}
    pixels.release()
