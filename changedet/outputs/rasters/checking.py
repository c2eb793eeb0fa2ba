"""Whether a raster that was just written is whole: GDAL forgets some failures of the disk while it closes a file."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import IO, Final, TypeAlias

import rasterio
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError

_WORD: Final = 4
"""Bytes before each block of a COG, which hold its length, and behind it, which repeat its last ones."""
_GHOST: Final = b"GDAL_STRUCTURAL_METADATA_SIZE="
"""How a COG of GDAL's goes on behind the header of TIFF; `_DIGITS` follow, and so many bytes after that line."""
_DIGITS: Final = 6

_Directory: TypeAlias = tuple[int, list[tuple[int, int]]]
"""Where a directory lies in a file, and where its blocks begin, with their lengths."""


@dataclass(frozen=True)
class Expected:
    """What a raster must be.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    names : tuple of str
        Descriptions of its bands.
    dtype : str
        Of its pixels.
    has_mask : bool
        Whether a mask band says where there is data.
    block_px : int
        Side of a block of a COG, whose smallest overview has no longer side; 0 for a plain GeoTIFF.
    """

    shape: tuple[int, int]
    names: tuple[str, ...]
    dtype: str
    has_mask: bool
    block_px: int

    @property
    def overviews(self) -> int:
        """How many overviews it has, by the rule of GDAL's COG driver."""
        count, side = 0, max(self.shape)
        while self.block_px and side > self.block_px:
            count, side = count + 1, side // 2
        return count


def require_whole(path: Path, expected: Expected) -> None:
    """Refuse a raster some of whose blocks, overviews or headers did not reach the disk.

    Pixels are not decoded: a block that was lost has not the length before it and its end behind it that those of a
    COG have, nor the beginning that compressed ones have.

    Parameters
    ----------
    path : pathlib.Path
        A compressed GeoTIFF, closed; within `changedet.outputs.rasters.reading.environment`.
    expected : Expected

    Raises
    ------
    OSError
        What was written is not what is there.
    """
    try:
        with rasterio.open(path, driver="GTiff") as whole:
            right = _is_as(whole, expected)
            first = _directory_of(whole) if right else (0, [])
        right = right and _has_blocks(path, expected, first)
    except (RasterioError, rasterio._err.CPLE_BaseError) as error:
        raise OSError(errno.EIO, f"what was written cannot be read: {error}", str(path)) from error
    if not right:
        raise OSError(errno.EIO, "the disk lost some of what was written", str(path))


def _is_as(whole: rasterio.DatasetReader, expected: Expected) -> bool:
    is_cog = whole.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG"
    has_mask = whole.mask_flag_enums[0] == [MaskFlags.per_dataset]
    found = Expected(whole.shape, whole.descriptions, whole.dtypes[0], has_mask, expected.block_px)
    return found == expected and is_cog == bool(expected.block_px) and len(whole.overviews(1)) == found.overviews


def _has_blocks(path: Path, expected: Expected, first: _Directory) -> bool:
    """Whether all blocks of all directories of a file are there, and a COG ends with the last of them."""
    is_cog, end = bool(expected.block_px), 0
    with path.open("rb") as stream:
        if is_cog and not _begins_with_headers(stream):
            return False
        for number in range(1, 1 + (1 + expected.overviews) * (1 + expected.has_mask)):
            header, blocks = first if number == 1 else _directory(path, number)
            if is_cog and any(start < header for start, _ in blocks):
                return False
            if not all(_holds(stream, start, size, is_cog=is_cog) for start, size in blocks):
                return False
            end = max([end, *(start + size + _WORD for start, size in blocks)])
    # What had to be written a second time lies behind.
    return not is_cog or end in (0, path.stat().st_size)


def _begins_with_headers(stream: IO[bytes]) -> bool:
    """Whether the first directory lies where that of a COG does, and not where it had to be written once more."""
    start = stream.read(1 << 10)
    is_big = start[2:3] == b"+"
    first = int.from_bytes(start[8:16] if is_big else start[4:8], "little")
    words = start[16 if is_big else 8 :]
    if not words.startswith(_GHOST):
        return False
    length = int(words[len(_GHOST) : len(_GHOST) + _DIGITS])
    end = (16 if is_big else 8) + words.index(b"\n") + 1 + length
    return first == end + end % 2


def _directory(path: Path, number: int) -> _Directory:
    """A directory of a file, counted from 1."""
    with rasterio.open(f"GTIFF_DIR:{number}:{path}") as source:
        return _directory_of(source)


def _directory_of(source: rasterio.DatasetReader) -> _Directory:
    height, width = source.block_shapes[0]
    apart = source.count if source.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "BAND" else 1
    rows, columns = range(-(-source.height // height)), range(-(-source.width // width))

    def number_of(word: str, band: int = 1) -> int:
        return int(source.get_tag_item(word, "TIFF", bidx=band) or 0)

    blocks = [
        (number_of(f"BLOCK_OFFSET_{x}_{y}", band), number_of(f"BLOCK_SIZE_{x}_{y}", band))
        for band, y, x in product(range(1, 1 + apart), rows, columns)
    ]
    # Blocks without data are not in the file.
    return number_of("IFD_OFFSET"), [(start, size) for start, size in blocks if start]


def _holds(stream: IO[bytes], start: int, size: int, *, is_cog: bool) -> bool:
    stream.seek(start - _WORD)
    before, first = stream.read(_WORD), stream.read(_WORD)
    stream.seek(start + max(0, size - _WORD))
    last, behind = stream.read(min(_WORD, size)), stream.read(_WORD)
    if not is_cog:
        return len(last) == min(_WORD, size) and any(first[: max(1, size)])
    return before == size.to_bytes(_WORD, "little") and len(behind) == _WORD and last == behind
