"""Class rasters in few bytes: they cross process borders and wait in memory."""

from __future__ import annotations

import zlib

import numpy as np

from changedet.arrays import Bytes


def pack(classes: Bytes) -> bytes:
    """Compress a class raster.

    Parameters
    ----------
    classes : uint8 (y, x)

    Returns
    -------
    bytes
        Its pixels row by row, deflated at the fastest level.
    """
    return zlib.compress(np.ascontiguousarray(classes).tobytes(), 1)


def unpack(packed: bytes, shape: tuple[int, int]) -> Bytes:
    """Take back what `pack` compressed.

    Parameters
    ----------
    packed : bytes
    shape : tuple of int
        Rows and columns of the raster.

    Returns
    -------
    uint8 (y, x)
        Read-only.
    """
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)
