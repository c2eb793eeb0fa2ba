"""Means of blocks of pixels, for overviews."""

from __future__ import annotations

import math

import numba
import numpy as np

from changedet.arrays import AnyArray, Bools, Ints, Singles


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
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


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def block_mean_of_integers(values: AnyArray, nodata: AnyArray, factor: tuple[int, int]) -> Singles:
    """As `block_mean` after `without_nodata`, in one pass: a whole scene goes through here for its overview.

    Parameters
    ----------
    values : any integer type (band, h, w)
        A pixel is no data where every band equals its nodata value.
    nodata : type of `values` (band,)
        Empty where there is none.
    factor : (rows, columns)
        Of a block.

    Returns
    -------
    float32 (band, ceil(h / rows), ceil(w / columns))
        Overview; NaN where less than half of a block is valid.
    """
    bands, height, width = values.shape
    ky, kx = factor
    out = np.empty((bands, (height + ky - 1) // ky, (width + kx - 1) // kx), np.float32)
    totals, counts, good = np.empty((bands, width), np.int64), np.empty(width, np.int64), np.empty(width, np.bool_)
    for r in range(out.shape[1]):
        totals[:] = 0
        counts[:] = 0
        rows = range(r * ky, min((r + 1) * ky, height))
        for y in rows:
            _mark_valid(values, nodata, y, good)
            _add_row(values, good, y, counts, totals)
        for c in range(out.shape[2]):
            columns = slice(c * kx, min((c + 1) * kx, width))
            count = counts[columns].sum()
            enough = count > 0 and 2 * count >= len(rows) * (columns.stop - columns.start)
            for b in range(bands):
                out[b, r, c] = np.float32(totals[b, columns].sum() / count) if enough else np.nan
    return out


@numba.njit(nogil=True, cache=True, inline="always")  # type: ignore[untyped-decorator]
def _mark_valid(values: AnyArray, nodata: AnyArray, y: int, good: Bools) -> None:
    good[:] = nodata.size == 0
    for b in range(nodata.size):
        line, none = values[b, y], nodata[b]
        for x in range(good.size):
            good[x] |= line[x] != none


@numba.njit(nogil=True, cache=True, inline="always")  # type: ignore[untyped-decorator]
def _add_row(values: AnyArray, good: Bools, y: int, counts: Ints, totals: Ints) -> None:
    """Add a row's valid pixels to the sums and counts of their columns."""
    for x in range(good.size):
        counts[x] += good[x]
    for b in range(values.shape[0]):
        line, sums = values[b, y], totals[b]
        for x in range(good.size):
            sums[x] += line[x] if good[x] else 0
