"""What a disk lost of a raster that was just written, at each place where it may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from written_rasters import writer

from changedet.blocks import Window
from changedet.errors import ChangedetError
from changedet.outputs.rasters.checking import Expected, require_whole
from changedet.outputs.rasters.reading import environment

SIDE = 1300
"""Two overviews, and blocks that are cut by the edge."""


def blocks(path: Path) -> list[tuple[int, int]]:
    """Place and length of the first block of each directory, in pictures with a mask band the mask's too."""
    found = []
    for number in range(1, 7):
        try:
            with rasterio.open(f"GTIFF_DIR:{number}:{path}") as part:
                start, size = (part.get_tag_item(f"BLOCK_{what}_0_0", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
        except rasterio.errors.RasterioIOError:
            break
        found.append((int(start), int(size)))
    return found


def spoilt(change: Callable[[bytearray, list[tuple[int, int]]], bytes | bytearray]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.write_bytes(change(bytearray(path.read_bytes()), blocks(path)))

    return spoil


def emptied(number: int, part: slice) -> Callable[[Path], None]:
    def change(content: bytearray, places: list[tuple[int, int]]) -> bytearray:
        start, size = places[number]
        gone = range(start, start + size)[part]
        content[gone.start : gone.stop] = bytes(len(gone))
        return content

    return spoilt(change)


def without_mask(path: Path) -> None:
    with rasterio.open(path) as source:
        image, profile, names = source.read(), source.profile, source.descriptions
    with rasterio.open(path, "w", **{**profile, "driver": "COG", "blocksize": 512}) as out:
        out.write(image)
        out.descriptions = names


LOSSES: dict[str, Callable[[Path], None]] = {
    "end of a block": emptied(0, slice(-40, None)),
    "a block of a mask": emptied(1, slice(None)),
    "an overview": emptied(2, slice(-40, None)),
    "length before a block": spoilt(lambda all_, at: all_[: at[0][0] - 4] + bytes(4) + all_[at[0][0] :]),
    "end of the file": spoilt(lambda all_, _: all_[:-6]),
    "headers twice": spoilt(lambda all_, _: all_ + bytes(40)),
    "structure": spoilt(lambda all_, _: all_.replace(b"LAYOUT=IFDS_BEFORE_DATA", b"LAYOUT=IFDS_AFTER__DATA", 1)),
    "all": lambda path: path.write_bytes(b""),
    "mask": without_mask,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_raster_of_which_the_disk_lost_a_part_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    copy, path = rasterio.shutil.copy, tmp_path / "x.tif"
    path.write_bytes(b"before")

    def losing(source: Path, target: Path, **options: object) -> None:
        copy(source, target, **options)
        LOSSES[loss](target)

    image = np.random.default_rng(1).integers(1, 900, (3, SIDE, SIDE), dtype=np.uint16)
    monkeypatch.setattr(rasterio.shutil, "copy", losing)
    out = writer(path, "scene", (SIDE, SIDE), nodata=None, bands=("blue", "green", "red")).__enter__()
    out.write(Window(0, 0, SIDE, SIDE), image)
    with pytest.raises(ChangedetError, match=r"x\.tif.*cannot be written"):
        out.__exit__(None, None, None)
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir() if ".part" in one.name] == []


def test_a_plain_raster_whose_block_was_lost_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gtif"
    with writer(path, "mask", (SIDE, SIDE)) as out:
        out.write(Window(0, 0, SIDE, SIDE), np.random.default_rng(1).integers(0, 2, (SIDE, SIDE), dtype=np.uint8))
    with rasterio.open(path) as source:
        expected = Expected((SIDE, SIDE), source.descriptions, "uint8", False, 0)
    emptied(0, slice(None))(path)
    with environment(), pytest.raises(OSError, match="lost some of what was written"):
        require_whole(path, expected)


@pytest.mark.parametrize("shape", [(1, 1), (511, 700), (513, 512), (1024, 1025), (1027, 2049), (5, 3000), (2047, 100)])
@pytest.mark.parametrize("name", ["x.tif", "x.gtif"])
def test_whole_rasters_of_every_size_are_taken(tmp_path: Path, shape: tuple[int, int], name: str) -> None:
    for kind, nodata in (("scene", None), ("mask", 255), ("score", np.nan)):
        with writer(tmp_path / name, kind, shape, nodata=nodata) as out:
            image = np.ones((len(out.bands), *shape), out.dtype)
            out.write(Window(0, 0, *shape), image)
        with rasterio.open(tmp_path / name) as source:
            np.testing.assert_array_equal(source.read(), image)
