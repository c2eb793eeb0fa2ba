"""Rasters of classes as few bytes: they cross process borders and wait in memory for the other dates."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

import numpy as np

from changedet.arrays import Bytes

FASTEST: Final = 1
"""zlib's level: class rasters shrink by it nearly as far as by the others, in a fraction of the time."""


def pack(raster: Bytes) -> bytes:
    """Compress a raster of classes.

    Parameters
    ----------
    raster : uint8 (y, x)
        Of any layout in memory.

    Returns
    -------
    bytes
        Rows from the first to the last, compressed by zlib; the shape is not in them.
    """
    return zlib.compress(np.ascontiguousarray(raster).tobytes(), FASTEST)


class ClassTile:
    """A tile of a raster of classes, which is packed only where it goes to another process.

    Parameters
    ----------
    raster : uint8 (y, x)
        Its pixels.

    Attributes
    ----------
    raster : uint8 (y, x)
        As given.
    """

    def __init__(self, raster: Bytes) -> None:
        self.raster = raster

    def __reduce__(self) -> tuple[Callable[[bytes, tuple[int, int]], ClassTile], tuple[bytes, tuple[int, int]]]:
        height, width = self.raster.shape
        return _class_tile, (pack(self.raster), (height, width))


def _class_tile(packed: bytes, shape: tuple[int, int]) -> ClassTile:
    return ClassTile(unpack(packed, shape))


def unpack(packed: bytes, shape: tuple[int, int]) -> Bytes:
    """Uncompress what `pack` gave.

    Parameters
    ----------
    packed : bytes
        A raster of that shape.
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    uint8 (y, x)
        Read-only.
    """
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)
