"""Scenes whose files are made of large blocks, which are decoded as a whole for any of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import Final

from changedet.errors import InputError
from changedet.imagery.headers import Raster
from changedet.imagery.look import Look
from changedet.imagery.pixels import MOST_LARGE_OPEN

WARNED_BYTES: Final = 64 << 20
"""A thread that holds more of one file is warned of: its tiles are slow as well."""
REMEDY: Final = "make it of tiles first (gdal_translate -co TILED=YES -co COMPRESS=DEFLATE -co BIGTIFF=IF_SAFER)"
_MEGABYTE: Final = 1e6


def blocks_bytes(looks: Sequence[Look]) -> int:
    """What a thread that reads holds of large blocks at most.

    Parameters
    ----------
    looks : sequence of Look
        Of the plan.

    Returns
    -------
    int
        Bytes; 0 where no file has large blocks.
    """
    blocks = [raster.blocks for raster in _rasters(looks)]
    held = sum(nlargest(MOST_LARGE_OPEN, (each.held_bytes for each in blocks)))
    return held + max((each.passing_bytes for each in blocks), default=0)


def large_blocks(looks: Sequence[Look]) -> list[str]:
    """Files that are read much slower, and in more memory, than others.

    Parameters
    ----------
    looks : sequence of Look
        Of the plan.

    Returns
    -------
    list of str
        A warning for each.
    """
    return [
        f"{raster.path}: {_described(raster)}: slow, and {_bytes(raster) / _MEGABYTE:.0f} MB for each worker; {REMEDY}"
        for raster in _rasters(looks)
        if _bytes(raster) > WARNED_BYTES
    ]


def refuse_large_blocks(looks: Sequence[Look], peak: int, limit: int) -> None:
    """Refuse files of which a single block asks for more memory than there is.

    Parameters
    ----------
    looks : sequence of Look
        Of the plan.
    peak : int
        Bytes that a run with one worker takes.
    limit : int
        Bytes that it may take.

    Raises
    ------
    InputError
        It takes more, and some of that is large blocks.
    """
    if peak <= limit or not blocks_bytes(looks):
        return
    worst = max(_rasters(looks), key=_bytes)
    raise InputError(
        f"{worst.path}: {_described(worst)}: with one worker the run takes about {peak / _MEGABYTE:.0f} MB, and it may "
        f"take {limit / _MEGABYTE:.0f}; {REMEDY}"
    )


def _rasters(looks: Sequence[Look]) -> list[Raster]:
    rasters = (raster for look in looks for scene in look.scenes for raster in scene.rasters.values())
    return list({raster.path: raster for raster in rasters}.values())


def _bytes(raster: Raster) -> int:
    return raster.blocks.held_bytes + raster.blocks.passing_bytes


def _described(raster: Raster) -> str:
    rows, columns = raster.blocks.shape
    return f"has blocks of {columns} x {rows} px, which are decoded as a whole for any of their pixels"
