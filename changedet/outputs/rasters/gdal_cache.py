"""How much GDAL may keep of decoded blocks: one figure for the process, which all that read and write rasters share."""

from __future__ import annotations

from typing import Final

LEAST_BYTES: Final = 16 << 20
"""A few blocks for each thread: tiled files are read and written whole blocks at a time, and what is needed again of a
scene is kept decoded elsewhere (`changedet.imagery.block_cache`). More of GDAL's own costs memory and saves nothing."""
ROWS_BYTES: Final = 80 << 20
"""Where files are made of strips: rows of a wide one, that are read in parts."""


class _Process:
    bytes: int = LEAST_BYTES


def cache_bytes() -> int:
    """How much GDAL may keep, for its option ``GDAL_CACHEMAX``.

    Returns
    -------
    int
        The same for every thread: GDAL has one cache, and drops what a smaller figure leaves no room for.
    """
    return _Process.bytes


def keep_rows() -> None:
    """Make room for rows of a file of strips, from the next setting on and to the end of the process."""
    _Process.bytes = ROWS_BYTES
