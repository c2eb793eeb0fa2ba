"""Means of blocks of pixels, for overviews."""

from __future__ import annotations

import math

import numpy as np

from changedet.arrays import AnyArray, Bools, Ints, Singles, Words
from changedet.kernels.compiled import compiled, inlined


@compiled
def block_mean(source: Singles, factor: tuple[int, int]) -> Singles:
    """Mean of the valid pixels of every block; NaN where less than half of the block is valid.

    Parameters
    ----------
    source : float32 (band, h, w)
        NaN is no data; the last blocks may be short.
    factor : (rows, columns)
        Of a block.

    Returns
    -------
    float32 (band, ceil(h / rows), ceil(w / columns))
        Overview.
    """
    bands, height, width = source.shape
    ky, kx = factor
    out = np.empty((bands, (height + ky - 1) // ky, (width + kx - 1) // kx), np.float32)
    for b in range(bands):
        for r in range(out.shape[1]):
            for c in range(out.shape[2]):
                total, count = 0.0, 0
                rows = range(r * ky, min((r + 1) * ky, height))
                columns = range(c * kx, min((c + 1) * kx, width))
                for y in rows:
                    for x in columns:
                        value = source[b, y, x]
                        if not math.isnan(value):
                            total += value
                            count += 1
                enough = 2 * count >= len(rows) * len(columns)
                out[b, r, c] = np.float32(total / count) if enough and count else np.nan
    return out


def add_to_cells(
    values: AnyArray, nodata: AnyArray, first: tuple[int, int], factor: tuple[int, int], totals: Ints, counts: Ints
) -> None:
    """Add the valid pixels of a part of an image to the sums of the cells of its overview that they lie in.

    Parameters
    ----------
    values : any integer type of 16 bits at most (band, h, w)
        A pixel is no data where every band equals its nodata value.
    nodata : type of `values` (band,)
        Empty where there is none.
    first : (row, column)
        Of the part's first pixel, counted from that of the first cell.
    factor : (rows, columns)
        Pixels of a cell.
    totals : int64 (band, y, x)
        Sums of each cell; added to here.
    counts : int64 (y, x)
        Pixels of each cell; added to here.
    """
    bands, _, width = values.shape
    # sums of fewer than 32,768 rows of 16 bits fit, and add twice as fast as wider ones
    sums, found = np.zeros((bands, width), np.int32), np.zeros(width, np.int32)
    _add_rows(values, nodata, first, factor, sums, found, np.empty(width, np.bool_), totals, counts)


@compiled
def _add_rows(
    values: AnyArray,
    nodata: AnyArray,
    first: tuple[int, int],
    factor: tuple[int, int],
    sums: Words,
    found: Words,
    good: Bools,
    totals: Ints,
    counts: Ints,
) -> None:
    bands, height, _ = values.shape
    ky, kx = factor
    for y in range(height):
        if _may_miss(values, nodata, y):
            _mark_valid(values, nodata, y, good)
            _add_row(values, good, y, found, sums)
        else:
            _add_whole_row(values, y, found, sums)
        if (first[0] + y + 1) % ky and y + 1 < height:
            continue
        r = (first[0] + y) // ky
        _gather(found, first[1], kx, counts[r])
        for b in range(bands):
            _gather(sums[b], first[1], kx, totals[b, r])
        sums[:] = 0
        found[:] = 0


@inlined
def _gather(columns: Words, first: int, kx: int, cells: Ints) -> None:
    """Add columns of pixels to their cells."""
    c, left = first // kx, kx - first % kx
    for x in range(columns.size):
        cells[c] += columns[x]
        left -= 1
        if left == 0:
            c, left = c + 1, kx


@compiled
def means_of_cells(totals: Ints, counts: Ints, pixels: tuple[int, int], factor: tuple[int, int]) -> Singles:
    """Means of the cells of an overview.

    Parameters
    ----------
    totals : int64 (band, y, x)
        As of `add_to_cells`, whole.
    counts : int64 (y, x)
        As of `add_to_cells`, whole.
    pixels : (rows, columns)
        That the cells cover; the last ones may be short.
    factor : (rows, columns)
        Pixels of a cell.

    Returns
    -------
    float32 (band, y, x)
        NaN where less than half of a cell is valid.
    """
    bands, height, width = totals.shape
    out = np.empty((bands, height, width), np.float32)
    ky, kx = factor
    for r in range(height):
        for c in range(width):
            count = counts[r, c]
            whole = min(ky, pixels[0] - r * ky) * min(kx, pixels[1] - c * kx)
            enough = count > 0 and 2 * count >= whole
            for b in range(bands):
                out[b, r, c] = np.float32(totals[b, r, c] / count) if enough else np.nan
    return out


@inlined
def _may_miss(values: AnyArray, nodata: AnyArray, y: int) -> bool:
    """Whether every band has its nodata value somewhere in a row: of most rows the first band tells."""
    may_miss = nodata.size > 0
    for b in range(nodata.size):
        if may_miss:
            line, none, hits = values[b, y], nodata[b], 0
            for x in range(line.size):
                hits += line[x] == none
            may_miss = hits > 0
    return may_miss


@inlined
def _add_whole_row(values: AnyArray, y: int, counts: Words, totals: Words) -> None:
    """As `_add_row`, of a row whose pixels are all valid."""
    for x in range(counts.size):
        counts[x] += 1
    for b in range(values.shape[0]):
        line, sums = values[b, y], totals[b]
        for x in range(line.size):
            sums[x] += line[x]


@inlined
def _mark_valid(values: AnyArray, nodata: AnyArray, y: int, good: Bools) -> None:
    good[:] = nodata.size == 0
    for b in range(nodata.size):
        line, none = values[b, y], nodata[b]
        for x in range(good.size):
            good[x] |= line[x] != none


@inlined
def _add_row(values: AnyArray, good: Bools, y: int, counts: Words, totals: Words) -> None:
    """Add a row's valid pixels to the sums and counts of their columns."""
    for x in range(good.size):
        counts[x] += good[x]
    for b in range(values.shape[0]):
        line, sums = values[b, y], totals[b]
        for x in range(good.size):
            sums[x] += line[x] if good[x] else 0
