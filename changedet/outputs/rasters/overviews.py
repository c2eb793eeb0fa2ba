"""Overviews of large rasters of classes and dates beside them, pixel by pixel GDAL's, and the raster's statistics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio import windows

from changedet.arrays import AnyArray, Ints
from changedet.outputs.rasters.kernels.modes import modes
from changedet.outputs.rasters.kernels.moments import COUNT, LEAST, MOST, SQUARES, TOTAL, add_moments

_STRIP_ROWS: Final = 256
"""Rows of an overview that are made at once."""
_ROUNDED: Final = 1e-8
"""Of a pixel, within which GDAL takes an edge for a whole number."""
_NOTHING: Final = (0, 0, 0, 1 << 40, -(1 << 40))
"""Sums of no pixel, as of `changedet.outputs.rasters.kernels.moments`: least and greatest beyond any value."""


@dataclass(frozen=True)
class Levels:
    """What was made of a raster.

    Attributes
    ----------
    paths : tuple of Path
        Its overviews, the largest first.
    statistics : mapping of str to str
        GDAL's tags of its band.
    """

    paths: tuple[Path, ...]
    statistics: Mapping[str, str]


def lay_overviews(raster: Path, block_px: int, codec: Mapping[str, str | int]) -> Levels:
    """Write the overviews of a raster of one band of whole numbers, each beside the one before.

    Parameters
    ----------
    raster : Path
        A GeoTIFF, larger than a block; its overview is named ``.ovr`` behind that, the overview of which again, and so
        on.
    block_px : int
        Side of a block: the smallest overview has no longer side.
    codec : mapping of str to str or int
        Options of GDAL's GeoTIFF driver.

    Returns
    -------
    Levels
        Of bytes the most frequent class of each cell, of other values the one that GDAL takes as the nearest.
    """
    profile = {"driver": "GTiff", "count": 1, "tiled": True, "blockxsize": block_px, "blockysize": block_px, **codec}
    with rasterio.open(raster) as first:
        profile |= {"dtype": first.dtypes[0], "nodata": first.nodata, "crs": first.crs, "transform": first.transform}
        height, width = first.shape
    name, pixels, sums = raster, height * width, [*_NOTHING]
    paths: list[Path] = []
    while max(height, width) > block_px:
        height, width = height // 2, width // 2
        above, name = name, name.with_name(f"{name.name}.ovr")
        with (
            rasterio.open(above) as source,
            rasterio.open(name, "w", height=height, width=width, **profile) as target,
        ):
            for row, strip in _strips(source, (height, width), None if paths else sums):
                target.write(strip, 1, window=windows.Window(0, row, width, len(strip)))
        paths.append(name)
    return Levels(tuple(paths), statistics_of(sums, pixels))


def statistics_of(sums: Sequence[int], pixels: int) -> dict[str, str]:
    """GDAL's tags of a band.

    Parameters
    ----------
    sums : sequence of int
        As of `changedet.outputs.rasters.kernels.moments`.
    pixels : int
        Of the band, those without data too.

    Returns
    -------
    dict of str to str
        As GDAL writes them, but that it adds up values other than bytes with rounded sums.
    """
    count, total = sums[COUNT], sums[TOTAL]
    if not count:
        return {"STATISTICS_VALID_PERCENT": "0"}
    mean, spread = total / count, math.sqrt(sums[SQUARES] * count - total * total) / count
    share = "100" if count == pixels else f"{100 * count / pixels:.4g}"
    return {
        "STATISTICS_MAXIMUM": str(sums[MOST]),
        "STATISTICS_MEAN": f"{mean:.14g}",
        "STATISTICS_MINIMUM": str(sums[LEAST]),
        "STATISTICS_STDDEV": f"{spread:.14g}",
        "STATISTICS_VALID_PERCENT": "99.999" if share == "100" and count < pixels else share,
    }


def _strips(
    source: rasterio.DatasetReader, shape: tuple[int, int], sums: list[int] | None
) -> Iterator[tuple[int, AnyArray]]:
    """Rows of an overview of that shape from the top, with the number of the first; what is read is added to sums."""
    rows, columns = (_spans(whole, cells) for whole, cells in zip(source.shape, shape, strict=True))
    nodata = -1 if source.nodata is None else int(source.nodata)
    is_class, summed = source.dtypes[0] == "uint8", 0
    for first in range(0, shape[0], _STRIP_ROWS):
        own = rows[first : first + _STRIP_ROWS]
        top, bottom = int(own[0, 0]), int(own[-1, 1])
        read = source.read(1, window=windows.Window(0, top, source.width, bottom - top))
        if sums is not None:
            # neighbouring cells may share a row
            _add(read[max(0, summed - top) :], source.nodata, sums)
            summed = bottom
        if is_class:
            strip = np.empty((len(own), shape[1]), np.uint8)
            modes(read, own - top, columns, nodata, strip)
        else:
            taken = _nearest(source.height, shape[0], slice(first, first + len(own))) - top
            strip = read[_evenly(taken)][:, _evenly(_nearest(source.width, shape[1], slice(None)))]
        yield first, strip


def _add(read: AnyArray, nodata: float | None, sums: list[int]) -> None:
    """Add a strip's pixels to sums, which 64 bits may not hold."""
    own = np.array(_NOTHING)
    add_moments(read, np.array([] if nodata is None else [nodata], read.dtype), own)
    for k in (COUNT, TOTAL, SQUARES):
        sums[k] += int(own[k])
    sums[LEAST], sums[MOST] = min(sums[LEAST], int(own[LEAST])), max(sums[MOST], int(own[MOST]))


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
