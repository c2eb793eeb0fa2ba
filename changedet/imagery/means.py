"""Means over blocks of a file's pixels, for overviews: each of the file's own blocks is decoded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

import numpy as np
import rasterio
from rasterio import windows

from changedet.arrays import AnyArray, Ints, Singles
from changedet.imagery.datasets import gdal_options, is_remote, reading
from changedet.imagery.headers import Raster
from changedet.imagery.pixels import LARGEST_BLOCK_PX, held_open, keep_decoded, nodata_as_stored, read_part
from changedet.kernels.block_means import add_to_cells, block_mean, means_of_cells
from changedet.kernels.together import lanes, together

_PART_PX: Final = 1 << 22
"""Pixels that are read at once to be averaged."""
_SHORT: Final = frozenset({"uint8", "int8", "uint16", "int16"})
"""Types that are summed as whole numbers, in any order."""


def read_mean(
    raster: Raster, indexes: Sequence[int], part: tuple[int, int, int, int], factor: tuple[int, int]
) -> Singles:
    """Means over blocks of a file's pixels, anchored to its first pixel.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    part : (row, column, height, width)
        In blocks.
    factor : (rows, columns)
        Of a block.

    Returns
    -------
    float32 (band, height, width)
        NaN where less than half of a block is valid.
    """
    source, (ky, kx) = _overview(raster, factor)
    row, column, height, width = part
    y, x = row * ky, column * kx
    pixels = y, x, min(height * ky, source.shape[0] - y), min(width * kx, source.shape[1] - x)
    masked = raster.has_mask or raster.alpha is not None
    types = {raster.bands[i - 1].dtype for i in indexes}
    if masked or len(types) > 1 or not types <= _SHORT:
        return _mean_of_strips(source, indexes, pixels, (ky, kx))
    return _mean_of_integers(source, indexes, pixels, (ky, kx))


def _mean_of_strips(
    raster: Raster, indexes: Sequence[int], pixels: tuple[int, int, int, int], factor: tuple[int, int]
) -> Singles:
    """Of any type, each cell from pixels read at once, as sums of floats depend on their order."""
    y, x, height, width = pixels
    ky, kx = factor
    out = np.empty((len(indexes), -(-height // ky), -(-width // kx)), np.float32)
    # In strips: a block of 30 x 30 under a window of 1024 px would be a thousand million pixels at once.
    strip = max(1, _PART_PX // (ky * max(width, 1) * len(indexes)))

    def _fill(first: int) -> None:
        rows = min(strip, out.shape[1] - first)
        size = min(rows * ky, height - first * ky), width
        read = read_part(raster, indexes, (y + first * ky, x, *size), share=False)
        out[:, first : first + rows] = read if factor == (1, 1) else block_mean(read, factor)

    together([partial(_fill, first) for first in range(0, out.shape[1], strip)])
    return out


def _mean_of_integers(
    raster: Raster, indexes: Sequence[int], pixels: tuple[int, int, int, int], factor: tuple[int, int]
) -> Singles:
    """Block row by block row of the file: a cell that two of them share waits for the second."""
    y, x, height, width = pixels
    ky, kx = factor
    out = np.empty((len(indexes), -(-height // ky), -(-width // kx)), np.float32)
    nodata = nodata_as_stored(np.dtype(raster.bands[0].dtype), [raster.bands[i - 1].nodata for i in indexes])
    totals: Ints = np.zeros((len(indexes), 0, out.shape[2]), np.int64)
    counts: Ints = np.zeros((0, out.shape[2]), np.int64)
    done = 0
    for top, bottom, blocks in _block_rows(raster, indexes, pixels):
        rows = slice((top - y) // ky, -(-(bottom - y) // ky))
        totals, counts = (_extended(sums, rows.stop - done) for sums in (totals, counts))
        # As many at once as there are threads to decode them.
        while some := list(islice(blocks, lanes())):
            for (left, _), values in zip(some, together([read for _, read in some]), strict=True):
                none = np.zeros(0, values.dtype) if nodata is None else nodata
                add_to_cells(values, none, (top - y - done * ky, left - x), factor, totals, counts)
        whole = rows.stop if bottom == y + height else (bottom - y) // ky
        covered = min(bottom - y, height) - done * ky, width
        out[:, done:whole] = means_of_cells(totals[:, : whole - done], counts[: whole - done], covered, factor)
        totals, counts, done = totals[:, whole - done :], counts[whole - done :], whole
    return out


def _extended(sums: Ints, rows: int) -> Ints:
    """Sums (.., y, x) with rows of 0 below those that are there."""
    more = np.zeros((*sums.shape[:-2], rows - sums.shape[-2], sums.shape[-1]), sums.dtype)
    return np.concatenate([sums, more], axis=-2)


def _block_rows(
    raster: Raster, indexes: Sequence[int], pixels: tuple[int, int, int, int]
) -> Iterator[tuple[int, int, Iterator[tuple[int, Callable[[], AnyArray]]]]]:
    """The part of each row of blocks that lies in a window: first row, last row and one more, columns to be read."""
    y, x, height, width = pixels
    with reading(raster.path), rasterio.Env(**gdal_options(raster.path)):
        rows, columns = held_open(raster).block_shapes[indexes[0] - 1]
    if rows * columns > LARGEST_BLOCK_PX:
        # a file of one piece is not read as a whole
        columns = raster.shape[1]
        rows = max(1, _PART_PX // (columns * len(indexes)))
    elif columns == raster.shape[1]:
        rows *= max(1, _PART_PX // (rows * columns * len(indexes)))
    else:
        columns *= max(1, _PART_PX // (rows * columns * len(indexes)))
    for top in range(y // rows * rows, y + height, rows):
        first, last = max(top, y), min(top + rows, y + height)
        yield first, last, _blocks_across(raster, indexes, (first, last), (x, x + width), columns)


def _blocks_across(
    raster: Raster, indexes: Sequence[int], rows: tuple[int, int], span: tuple[int, int], columns: int
) -> Iterator[tuple[int, Callable[[], AnyArray]]]:
    """Column of each block of a row, and what reads its pixels."""
    for left in range(span[0] // columns * columns, span[1], columns):
        first, last = max(left, span[0]), min(left + columns, span[1])
        window = windows.Window(first, rows[0], last - first, rows[1] - rows[0])
        yield first, partial(_stored, raster, indexes, window)


def _stored(raster: Raster, indexes: Sequence[int], window: windows.Window) -> AnyArray:
    with reading(raster.path), rasterio.Env(**gdal_options(raster.path)):
        dataset, began = held_open(raster), time.perf_counter()
        values = np.asarray(dataset.read(list(indexes), window=window))
        if "_level" not in raster.tags:
            keep_decoded(raster, indexes, window, values, time.perf_counter() - began)
        return values


def _overview(raster: Raster, factor: tuple[int, int]) -> tuple[Raster, tuple[int, int]]:
    """The coarsest overview that leaves pixels enough to average however it was made, and the factor that is left."""
    height, width = raster.shape
    for level, ratio in reversed(list(enumerate(raster.overviews))):
        left = factor[0] // ratio, factor[1] // ratio
        whole = left[0] * ratio == factor[0] and left[1] * ratio == factor[1]
        # Overviews are often mere subsamples: some of their pixels must be left to average, fewer where they are means.
        enough = 2 if raster.tags.get("OVR_RESAMPLING_ALG") == "AVERAGE" else 4
        if whole and min(left) >= enough and not raster.gcps and not is_remote(raster.path):
            frame = replace(raster.frame, height=-(-height // ratio), width=-(-width // ratio))
            coarse = replace(raster, frame=frame, overviews=(), tags={**raster.tags, "_level": str(level)})
            with reading(raster.path):
                if held_open(coarse).shape == coarse.shape:
                    return coarse, left
    return raster, factor
