"""Overviews of large rasters of classes and dates, beside them for GDAL to copy: a third of what its own take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio import windows

from changedet.arrays import AnyArray, Ints
from changedet.outputs.rasters.kernels.modes import modes

LEAST_PX: Final = 1 << 23
"""Of a smaller raster GDAL makes the overviews in less time than it takes to compile `modes`."""
_STRIP_ROWS: Final = 256
"""Rows of an overview that are made at once."""
_ROUNDED: Final = 1e-8
"""Of a pixel, within which GDAL takes an edge for a whole number."""


def lay_overviews(raster: Path, resampling: str, block_px: int) -> None:
    """Write the overviews of a large raster of one band, each beside the one before, pixel by pixel as GDAL's own.

    Parameters
    ----------
    raster : Path
        A GeoTIFF; its overview is named ``.ovr`` behind that, the overview of which again, and so on.
    resampling : str
        ``MODE`` of bytes, or ``NEAREST``; else nothing is written.
    block_px : int
        Side of a block: the smallest overview has no longer side.
    """
    with rasterio.open(raster) as first:
        is_class = resampling == "MODE" and first.dtypes[0] == "uint8"
        if first.width * first.height < LEAST_PX or not (is_class or resampling == "NEAREST"):
            return
        profile = {"driver": "GTiff", "count": 1, "dtype": first.dtypes[0], "nodata": first.nodata, "tiled": True}
        profile |= {"blockxsize": block_px, "blockysize": block_px, "crs": first.crs, "transform": first.transform}
        height, width = first.shape
    name = raster
    while max(height, width) > block_px:
        height, width = height // 2, width // 2
        above, name = name, name.with_name(f"{name.name}.ovr")
        with (
            rasterio.open(above) as source,
            rasterio.open(name, "w", height=height, width=width, **profile) as target,
        ):
            for row, strip in _strips(source, (height, width), is_class=is_class):
                target.write(strip, 1, window=windows.Window(0, row, width, len(strip)))


def _strips(
    source: rasterio.DatasetReader, shape: tuple[int, int], *, is_class: bool
) -> Iterator[tuple[int, AnyArray]]:
    """Rows of an overview of that shape from the top, with the number of the first."""
    rows, columns = (_spans(whole, cells) for whole, cells in zip(source.shape, shape, strict=True))
    nodata = -1 if source.nodata is None else int(source.nodata)
    for first in range(0, shape[0], _STRIP_ROWS):
        own = rows[first : first + _STRIP_ROWS]
        top, bottom = int(own[0, 0]), int(own[-1, 1])
        read = source.read(1, window=windows.Window(0, top, source.width, bottom - top))
        if is_class:
            strip = np.empty((len(own), shape[1]), np.uint8)
            modes(read, own - top, columns, nodata, strip)
        else:
            strip = read[_nearest(source.height, shape[0], slice(first, first + len(own))) - top]
            strip = strip[:, _nearest(source.width, shape[1], slice(None))]
        yield first, strip


def _spans(pixels: int, cells: int) -> Ints:
    """Where each of some cells along a side of so many pixels begins and ends, for GDAL (cell, 2)."""
    edges = np.arange(cells + 1) * (pixels / cells)
    return np.stack([np.floor(edges[:-1] + _ROUNDED), np.ceil(edges[1:] - _ROUNDED)], axis=1).astype(np.int64)


def _nearest(pixels: int, cells: int, some: slice) -> Ints:
    """The pixel that GDAL takes for each of some cells."""
    found: Ints = (0.5 + np.arange(cells)[some] * (pixels / cells)).astype(np.int64)
    return found
