"""What reading any pixel of a file takes: its blocks are decoded as a whole, and some files are one single block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio.enums import Interleaving

from changedet.imagery.datasets import opened

SMALL_BYTES: Final = 8 << 20
"""Blocks of 1024 x 1024 px of four bands of 16 bits: what a thread holds of these is part of what any run takes."""
MOST_LOOKED_AT: Final = 64
"""Files of a virtual raster whose blocks are looked at."""
_CODESTREAM: Final = b"\xff\x4f\xff\x51"
_HEADER_BYTES: Final = 1 << 16
_LARGEST_PART_PX: Final = 1024
"""Side of the parts in which GDAL has pictures of one such tile decoded."""
_WORKING_BYTES: Final = 4
"""Of a pixel and band while a tile of JPEG 2000 is decoded; one of 4096 px in four bands took 336 MB for 344."""
_DECODING: Final = 1.4
"""Of a tile of JPEG 2000, for each of its compressed bytes: 299 MB were taken for 218, 114 for 54."""


@dataclass(frozen=True)
class FileBlocks:
    """The largest blocks of a file, as far as they are large.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    held_bytes : int
        What stays with an open dataset once a block was read: its compressed bytes, and its pixels where they are
        those of all bands. 0 where blocks are small.
    passing_bytes : int
        What a read takes beside that: pixels of one band.
    """

    shape: tuple[int, int] = (0, 0)
    held_bytes: int = 0
    passing_bytes: int = 0


def file_blocks(dataset: rasterio.DatasetReader) -> FileBlocks:
    """What reading any pixel of an open file takes.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        With one band at least.

    Returns
    -------
    FileBlocks
        All 0 where blocks are small.

    Raises
    ------
    rasterio.errors.RasterioIOError
        A file of a virtual raster cannot be opened.
    """
    if dataset.driver == "VRT":
        return _of_all([name for name in dataset.files[1:] if Path(name).is_file()][:MOST_LOOKED_AT])
    rows, columns = max(dataset.block_shapes, key=math.prod)
    rows, columns = min(rows, dataset.height), min(columns, dataset.width)
    band = rows * columns * max(np.dtype(dtype).itemsize for dtype in dataset.dtypes)
    compressed = _size(dataset.name)
    if dataset.driver == "JP2OpenJPEG":
        return _of_codestream(dataset, (rows, columns), compressed or band * dataset.count)
    together = dataset.count if _by_pixel(dataset) else 1
    if band * together <= SMALL_BYTES:
        return FileBlocks()
    share = together * rows * columns / (dataset.count * dataset.height * dataset.width)
    packed = min(band * together, round(share * compressed) if compressed else band * together)
    held = (band * together if together > 1 else 0) + (packed if dataset.compression is not None else 0)
    return FileBlocks((rows, columns), held, band)


def _of_codestream(dataset: rasterio.DatasetReader, shape: tuple[int, int], compressed: int) -> FileBlocks:
    """Of JPEG 2000: compressed bytes of a tile, and its pixels where GDAL takes it for a block."""
    rows, columns = _tile_of_codestream(dataset) or shape
    share = min(1.0, rows * columns / (dataset.height * dataset.width))
    held = round(_DECODING * share * compressed)
    # of a picture of one tile the decoder makes parts
    whole = (rows, columns) == shape and max(shape) > _LARGEST_PART_PX
    passing = _WORKING_BYTES * rows * columns * dataset.count if whole else 0
    return FileBlocks((rows, columns), held, passing) if held + passing > SMALL_BYTES else FileBlocks()


def _of_all(paths: list[str]) -> FileBlocks:
    """Of files that are open together."""
    found = []
    for path in paths:
        with opened(path) as dataset:
            found.append(file_blocks(dataset) if dataset.count else FileBlocks())
    largest = max(found, key=lambda blocks: blocks.held_bytes + blocks.passing_bytes, default=FileBlocks())
    held = sum(blocks.held_bytes for blocks in found)
    return FileBlocks(largest.shape, held, max((blocks.passing_bytes for blocks in found), default=0))


def _by_pixel(dataset: rasterio.DatasetReader) -> bool:
    return dataset.count > 1 and dataset.interleaving is Interleaving.pixel


def _size(path: str) -> int:
    """Bytes of a file of this machine; 0 of another."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _tile_of_codestream(dataset: rasterio.DatasetReader) -> tuple[int, int] | None:
    """Rows and columns of a JPEG 2000 tile, which GDAL does not say of a picture that is one (ISO/IEC 15444-1, A.5.1).

    None where the header lies further on, or elsewhere than on this machine.
    """
    try:
        with Path(dataset.name).open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError:
        return None
    at = head.find(_CODESTREAM)
    if at < 0 or len(head) < at + 32:
        return None
    columns, rows = (int.from_bytes(head[at + 24 + 4 * i : at + 28 + 4 * i], "big") for i in range(2))
    return min(rows, dataset.height), min(columns, dataset.width)
