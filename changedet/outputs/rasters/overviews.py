"""Overviews of large rasters beside them, pixel by pixel GDAL's, and the raster's statistics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio import windows
from rasterio.enums import Resampling

from changedet.arrays import AnyArray, Ints
from changedet.outputs.rasters.halves import NOTHING, Begun, Number, add_to, halved, overview_of, overview_profile
from changedet.outputs.rasters.kernels.modes import modes
from changedet.outputs.rasters.kernels.moments import COUNT, LEAST, MOST, SQUARES, TOTAL

_STRIP_ROWS: Final = 256
"""Rows of an overview that are made at once."""
_PART_PX: Final = (1024, 2048)
"""Rows and columns of a scene that are averaged at once: whole blocks of it and of its overview."""
MOST_WHOLE: Final = 1 << 25
"""Values of a scene that may be read as a whole to be averaged: 2896 px and four bands, of which a quarter comes."""
_ROUNDED: Final = 1e-8
"""Of a pixel, within which GDAL takes an edge for a whole number."""


@dataclass(frozen=True)
class Levels:
    """What was made of a raster.

    Attributes
    ----------
    paths : tuple of Path
        Its overviews, the largest first.
    statistics : tuple of mapping of str to str
        GDAL's tags of each of its bands.
    """

    paths: tuple[Path, ...]
    statistics: tuple[Mapping[str, str], ...]


def lay_overviews(
    raster: Path, block_px: int, codec: Mapping[str, str | int], *, is_averaged: bool, begun: Begun | None = None
) -> Levels:
    """Write the overviews of a raster, each beside the one before.

    Parameters
    ----------
    raster : Path
        A GeoTIFF, larger than a block; its overview is named ``.ovr`` behind that, the overview of which again, and so
        on.
    block_px : int
        Side of a block: the smallest overview has no longer side.
    codec : mapping of str to str or int
        Options of GDAL's GeoTIFF driver.
    is_averaged : bool
        Whether its values are averaged; else it has one band.
    begun : Begun, optional
        The first of them, where these were made as its blocks came.

    Returns
    -------
    Levels
        Of scenes and scores the mean of each cell, of classes, which are bytes, the most frequent one, of dates the one
        that GDAL takes as the nearest.
    """
    with rasterio.open(raster) as first:
        profile, (height, width), count = overview_profile(first, block_px, codec), first.shape, first.count
    pixels, make = height * width, _averages if is_averaged else _strips
    begun = begun or Begun((), (height, width), [[*NOTHING] for _ in range(count)])
    (height, width), sums, paths = begun.shape, begun.sums, [*begun.paths]
    while max(height, width) > block_px:
        height, width = height // 2, width // 2
        above = paths[-1] if paths else raster
        name = overview_of(above)
        with (
            rasterio.open(above) as source,
            rasterio.open(name, "w", height=height, width=width, **profile) as target,
        ):
            for (row, column), part in make(source, (height, width), None if paths else sums):
                target.write(part, window=windows.Window(column, row, part.shape[2], part.shape[1]))
        paths.append(name)
    return Levels(tuple(paths), tuple(statistics_of(own, pixels) for own in sums))


def statistics_of(sums: Sequence[Number], pixels: int) -> dict[str, str]:
    """GDAL's tags of a band.

    Parameters
    ----------
    sums : sequence of number
        As of `changedet.outputs.rasters.kernels.moments`.
    pixels : int
        Of the band, those without data too.

    Returns
    -------
    dict of str to str
        As GDAL writes them, but that it adds up values other than bytes with rounded sums: of these its last digits may
        differ.
    """
    count, total = sums[COUNT], sums[TOTAL]
    if not count:
        return {"STATISTICS_VALID_PERCENT": "0"}
    mean, spread = float(total / count), math.sqrt(max(sums[SQUARES] * count - total * total, 0)) / float(count)
    share = "100" if count == pixels else f"{100 * count / pixels:.4g}"
    return {
        "STATISTICS_MAXIMUM": f"{float(sums[MOST]):.14g}",
        "STATISTICS_MEAN": f"{mean:.14g}",
        "STATISTICS_MINIMUM": f"{float(sums[LEAST]):.14g}",
        "STATISTICS_STDDEV": f"{spread:.14g}",
        "STATISTICS_VALID_PERCENT": "99.999" if share == "100" and count < pixels else share,
    }


def _strips(
    source: rasterio.DatasetReader, shape: tuple[int, int], sums: list[list[Number]] | None
) -> Iterator[tuple[tuple[int, int], AnyArray]]:
    """Rows of an overview of that shape from the top, with their place; what is read is added to sums."""
    rows, columns = (_spans(whole, cells) for whole, cells in zip(source.shape, shape, strict=True))
    nodata = -1 if source.nodata is None else int(source.nodata)
    is_class, summed = source.dtypes[0] == "uint8", 0
    for first in range(0, shape[0], _STRIP_ROWS):
        own = rows[first : first + _STRIP_ROWS]
        top, bottom = int(own[0, 0]), int(own[-1, 1])
        read = source.read(1, window=windows.Window(0, top, source.width, bottom - top))
        if sums is not None:
            # neighbouring cells may share a row
            add_to(sums[0], read[max(0, summed - top) :], source.nodata)
            summed = bottom
        if is_class:
            strip = np.empty((len(own), shape[1]), np.uint8)
            modes(read, own - top, columns, nodata, strip)
        else:
            taken = _nearest(source.height, shape[0], slice(first, first + len(own))) - top
            strip = read[_evenly(taken)][:, _evenly(_nearest(source.width, shape[1], slice(None)))]
        yield (first, 0), strip[None]


def _averages(
    source: rasterio.DatasetReader, shape: tuple[int, int], sums: list[list[Number]] | None
) -> Iterator[tuple[tuple[int, int], AnyArray]]:
    """As `_strips`, of means: of an overview that is not half as large GDAL reads the whole."""
    if (2 * shape[0], 2 * shape[1]) != source.shape:
        for own, band in zip(sums or [], source.indexes, strict=False):
            add_to(own, source.read(band), source.nodata)
        yield (0, 0), source.read(out_shape=(source.count, *shape), resampling=Resampling.average)
        return
    for top, left in product(*(range(0, size, side) for size, side in zip(source.shape, _PART_PX, strict=True))):
        height, width = min(_PART_PX[0], source.height - top), min(_PART_PX[1], source.width - left)
        read = source.read(window=windows.Window(left, top, width, height))
        for own, band in zip(sums or [], read, strict=False):
            add_to(own, band, source.nodata)
        yield (top // 2, left // 2), halved(read, source.nodata, is_averaged=True)


def are_averaged(shape: tuple[int, int, int], block_px: int) -> bool:
    """Whether the overviews of a scene are made part by part: whole ones are read only where they are small.

    Parameters
    ----------
    shape : (int, int, int)
        Bands, rows and columns.
    block_px : int
        Side of a block.

    Returns
    -------
    bool
        True where the first ones have half as many rows and columns as the one before.
    """
    count, height, width = shape
    while max(height, width) > block_px:
        if (height % 2 or width % 2) and count * height * width > MOST_WHOLE:
            return False
        height, width = height // 2, width // 2
    return True


def _spans(pixels: int, cells: int) -> Ints:
    """Where each of some cells along a side of so many pixels begins and ends, for GDAL (cell, 2)."""
    edges = np.arange(cells + 1) * (pixels / cells)
    return np.stack([np.floor(edges[:-1] + _ROUNDED), np.ceil(edges[1:] - _ROUNDED)], axis=1).astype(np.int64)


def _evenly(numbers: Ints) -> slice | Ints:
    """Numbers as a slice where one is as far from the next as all are, which takes them faster."""
    steps = np.diff(numbers)
    if len(steps) == 0 or (steps != steps[0]).any():
        return numbers
    return slice(int(numbers[0]), int(numbers[-1]) + 1, int(steps[0]))


def _nearest(pixels: int, cells: int, some: slice) -> Ints:
    """The pixel that GDAL takes for each of some cells."""
    found: Ints = (0.5 + np.arange(cells)[some] * (pixels / cells)).astype(np.int64)
    return found
