"""Blocks that an overview decoded serve the tiles, and leave nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from small_rasters import noise, write

from changedet.imagery import decoded_blocks
from changedet.imagery.decoded_blocks import DecodedBlocks, keeping_decoded, kept_blocks
from changedet.imagery.headers import Raster, read_header
from changedet.imagery.means import read_mean
from changedet.imagery.pixels import forget_blocks, read_part, release

SHAPE = 150, 210
TILED = {"tiled": True, "blockxsize": 64, "blockysize": 64}


def scrambled(path: Path) -> None:
    """Break the file's pixels, but not its stamp."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 4 : -2000] = bytes(len(content) - 2000 - len(content) // 4)
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    release()
    forget_blocks()


def overview(raster: Raster) -> None:
    read_mean(raster, [1, 2], (0, 0, SHAPE[0] // 5, SHAPE[1] // 5), (5, 5))


def test_keep_decoded_tiles_read_what_the_overview_decoded(tmp_path: Path) -> None:
    image = noise(2, 2, *SHAPE)
    path = Path(write(tmp_path / "a.tif", image, compress="deflate", **TILED))
    raster = read_header(str(path))
    with keeping_decoded(tmp_path):
        overview(raster)
        scrambled(path)
        np.testing.assert_array_equal(read_part(raster, [1, 2], (0, 0, *SHAPE)), image)
        # other bands were not decoded
        with pytest.raises(Exception, match="cannot be read"):
            read_part(raster, [2], (0, 0, *SHAPE))
        assert [one.name for one in tmp_path.iterdir()] == ["a.tif"]
    assert kept_blocks() is None
    forget_blocks()
    with pytest.raises(Exception, match="cannot be read"):
        read_part(raster, [1, 2], (0, 0, *SHAPE))


@pytest.mark.parametrize("options", [TILED, {"compress": "deflate"}], ids=["uncompressed", "strips"])
def test_keep_decoded_what_costs_little_to_read_again_is_not_kept(tmp_path: Path, options: dict[str, object]) -> None:
    raster = read_header(write(tmp_path / "a.tif", noise(2, 2, *SHAPE), **options))
    with keeping_decoded(tmp_path):
        overview(raster)
        kept = kept_blocks()
        assert kept is not None
        assert not kept._places


def test_decoded_blocks_beyond_their_room_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_blocks, "MOST_BYTES", 5000)
    kept = DecodedBlocks(tmp_path)
    first, second = np.arange(200, dtype=np.uint16).reshape(2, 10, 10), np.ones(700, np.uint8)
    kept.put("first", first[:, :, ::-1], 9)
    kept.put("second", second, 9)
    found = kept.get("first")
    assert found is not None
    np.testing.assert_array_equal(found, first[:, :, ::-1])
    assert kept.get("second") is None
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    kept.put("third", second[:10], 9)
    assert kept.get("third") is None


def test_decoded_blocks_past_the_cache_and_through_it_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [np.arange(size, dtype=dtype).reshape(1, -1) for size in (1, 4095, 70_000) for dtype in ("u2", "f8")]
    for _ in range(2):
        kept = DecodedBlocks(tmp_path)
        for k, block in enumerate(blocks):
            kept.put(k, block, 9)
        for k, block in enumerate(blocks):
            found = kept.get(k)
            assert found is not None
            np.testing.assert_array_equal(found, block)
            assert found.dtype == block.dtype
        monkeypatch.delattr(os, "O_DIRECT", raising=False)


def test_decoded_blocks_on_a_slow_disk_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_blocks, "TRIED_BYTES", 8192)
    kept, block = DecodedBlocks(tmp_path), np.ones(4096, np.uint8)
    for k in range(5):
        kept.put(k, block, 0)
    assert [kept.get(k) is not None for k in range(5)] == [True, True, True, False, False]


def test_blocks_give_their_room_back_when_nobody_refers_to_them(tmp_path: Path) -> None:
    kept = DecodedBlocks(tmp_path)
    number = kept._file
    os.fstat(number)
    del kept
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
