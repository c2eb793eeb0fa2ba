"""The one resampling: NaN-aware bilinear (images) and nearest (classes) through a lattice of source positions.

Positions are computed in float64 from nodes anchored to the grid and rounded to 1/2048 of a source pixel before any
window's offset is taken off. So a pixel's value is the same, to the last bit, in whatever window it is asked for, and a
map that is a whole number of pixels copies the source bit for bit.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

STEPS_PER_PX: Final = 2048
"""Positions are multiples of this part of a source pixel: an error of at most .00025 px."""

Float = NDArray[np.float32]
Double = NDArray[np.float64]


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _place(position: float, size: int) -> tuple[int, int, float]:
    """First and second source pixel of a position and the weight of the second; -1 where it lies outside."""
    # Half a pixel beyond the last centre is still on the source, as in GDAL: the outermost pixel alone counts there.
    if not (-0.5 <= position <= size - 0.5):
        return -1, -1, 0.0
    steps = math.floor(position * STEPS_PER_PX + 0.5)
    first = steps >> 11
    weight = (steps & 2047) / 2048.0
    if first < 0:
        return 0, 0, 0.0
    if first >= size - 1:
        return size - 1, size - 1, 0.0
    # A weight of 0 must not let a NaN in: the second pixel is then the first.
    return first, first + 1 if weight > 0.0 else first, weight


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _row_positions(nodes: Double, step: int, row: int, column: int, out: Double) -> None:
    """Positions along one output row, interpolated bilinearly from the nodes."""
    j, along_y = divmod(row, step)
    fy = along_y / step
    inverse = 1.0 / step
    done = 0
    while done < out.size:
        i, start = divmod(column + done, step)
        left, right = nodes[j, i], nodes[j, i + 1]
        if along_y > 0:
            left += fy * (nodes[j + 1, i] - left)
            right += fy * (nodes[j + 1, i + 1] - right)
        slope = (right - left) * inverse
        count = min(step - start, out.size - done)
        for k in range(count):
            out[done + k] = left + slope * (start + k)
        done += count


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def bilinear(
    source: Float,
    origin: tuple[int, int],
    size: tuple[int, int],
    nodes_y: Double,
    nodes_x: Double,
    step: int,
    first: tuple[int, int],
    out: Float,
) -> None:
    """Sample a part of a source at positions interpolated from nodes.

    Parameters
    ----------
    source : float32 (band, h, w)
        A part of the source that holds all that `out` needs; NaN is no data.
    origin : (row, column)
        Where `source` begins in the whole source.
    size : (height, width)
        Of the whole source, in pixels.
    nodes_y, nodes_x : float64 (j, i)
        Source row and column (0 is the centre of the first pixel) at every `step`-th pixel; NaN or infinite is nowhere.
    step : int
        Output pixels from node to node.
    first : (row, column)
        Position of ``out[:, 0, 0]`` after node (0, 0), in output pixels.
    out : float32 (band, y, x)
        Filled here: NaN outside the source and wherever a source pixel that carries weight is NaN.
    """
    bands, height, width = out.shape
    rows, columns = np.empty(width), np.empty(width)
    corners = np.empty((4, width), np.int64)
    weights = np.empty((2, width), np.float32)
    flat = source.reshape(bands, -1)
    for r in range(height):
        _row_positions(nodes_y, step, first[0] + r, first[1], rows)
        _row_positions(nodes_x, step, first[0] + r, first[1], columns)
        for c in range(width):
            y0, y1, wy = _place(rows[c], size[0])
            x0, x1, wx = _place(columns[c], size[1])
            upper = (y0 - origin[0]) * source.shape[2] - origin[1]
            lower = (y1 - origin[0]) * source.shape[2] - origin[1]
            inside = y0 >= 0 and x0 >= 0
            corners[0, c] = upper + x0 if inside else 0
            corners[1, c] = upper + x1 if inside else 0
            corners[2, c] = lower + x0 if inside else 0
            corners[3, c] = lower + x1 if inside else 0
            weights[0, c] = wy if inside else np.nan
            weights[1, c] = wx
        for b in range(bands):
            band, line = flat[b], out[b, r]
            for c in range(width):
                vy, vx = weights[0, c], weights[1, c]
                ux, uy = np.float32(1.0) - vx, np.float32(1.0) - vy
                above = ux * band[np.uint64(corners[0, c])] + vx * band[np.uint64(corners[1, c])]
                below = ux * band[np.uint64(corners[2, c])] + vx * band[np.uint64(corners[3, c])]
                line[c] = uy * above + vy * below


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def translated(source: Float, weight_y: float, weight_x: float, out: Float) -> None:
    """Bilinear sampling where all of the map is one sub-pixel translation: the same values as `bilinear`, vectorised.

    Parameters
    ----------
    source : float32 (band, y + 1, x + 1)
        One row and one column more than `out`, at their end; NaN is no data.
    weight_y, weight_x : float
        Weight of the lower row and of the right column, 0 to 1.
    out : float32 (band, y, x)
        Filled here; NaN wherever a source pixel that carries weight is NaN.
    """
    bands, height, width = out.shape
    vy, vx = np.float32(weight_y), np.float32(weight_x)
    uy, ux = np.float32(1.0 - weight_y), np.float32(1.0 - weight_x)
    down = 1 if weight_y > 0.0 else 0
    right = 1 if weight_x > 0.0 else 0
    for b in range(bands):
        for r in range(height):
            upper, lower, line = source[b, r], source[b, r + down], out[b, r]
            for c in range(width):
                above = ux * upper[c] + vx * upper[c + right]
                below = ux * lower[c] + vx * lower[c + right]
                line[c] = uy * above + vy * below


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def nearest(
    source: NDArray[np.generic],
    origin: tuple[int, int],
    size: tuple[int, int],
    nodes_y: Double,
    nodes_x: Double,
    step: int,
    first: tuple[int, int],
    outside: int,
    out: NDArray[np.generic],
) -> None:
    """Take the nearest pixel of a source of classes; arguments as for `bilinear`.

    Parameters
    ----------
    source : (h, w)
        Part of the source's classes.
    outside : int
        Class of what the source does not cover.
    out : (y, x)
        Filled here.
    """
    height, width = out.shape
    rows, columns = np.empty(width), np.empty(width)
    for r in range(height):
        _row_positions(nodes_y, step, first[0] + r, first[1], rows)
        _row_positions(nodes_x, step, first[0] + r, first[1], columns)
        for c in range(width):
            y0, y1, wy = _place(rows[c], size[0])
            x0, x1, wx = _place(columns[c], size[1])
            if y0 < 0 or x0 < 0:
                out[r, c] = outside
            else:
                out[r, c] = source[(y1 if wy >= 0.5 else y0) - origin[0], (x1 if wx >= 0.5 else x0) - origin[1]]


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def block_mean(source: Float, factor: tuple[int, int]) -> Float:
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
def block_mean_of_integers(values: NDArray[np.generic], nodata: NDArray[np.generic], factor: tuple[int, int]) -> Float:
    """As `block_mean` after `without_nodata`, in one pass: a whole scene goes through here for its overview.

    Parameters
    ----------
    values : (band, h, w)
        Of any integer type.
    nodata : (band,), or empty where there is none
    factor : (rows, columns)
        Of a block.

    Returns
    -------
    float32 (band, ceil(h / rows), ceil(w / columns))
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
            good[:] = nodata.size == 0
            for b in range(nodata.size):
                line, none = values[b, y], nodata[b]
                for x in range(width):
                    good[x] |= line[x] != none
            for x in range(width):
                counts[x] += good[x]
            for b in range(bands):
                line, sums = values[b, y], totals[b]
                for x in range(width):
                    sums[x] += line[x] if good[x] else 0
        for c in range(out.shape[2]):
            columns = slice(c * kx, min((c + 1) * kx, width))
            count = counts[columns].sum()
            enough = count > 0 and 2 * count >= len(rows) * (columns.stop - columns.start)
            for b in range(bands):
                out[b, r, c] = np.float32(totals[b, columns].sum() / count) if enough else np.nan
    return out


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def without_nodata(values: NDArray[np.generic], nodata: NDArray[np.generic], out: Float) -> None:
    """Values as float32, NaN in all bands where every band equals its nodata value.

    Parameters
    ----------
    values : (band, y, x)
        Of any real type.
    nodata : (band,)
        Of the same type.
    out : float32 (band, y, x)
        Filled here.
    """
    bands, height, width = values.shape
    missing = np.empty(width, np.bool_)
    for r in range(height):
        missing[:] = True
        for b in range(bands):
            line, filled, none = values[b, r], out[b, r], nodata[b]
            for c in range(width):
                filled[c] = np.float32(line[c])
                missing[c] &= line[c] == none
        if missing.any():
            for b in range(bands):
                for c in range(width):
                    if missing[c]:
                        out[b, r, c] = np.nan


@numba.njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def unite_missing(image: Float, quality: NDArray[np.uint8], nodata: int) -> None:
    """Make image (band, y, x) and quality (y, x) say no data together: where one band is NaN or quality is `nodata`."""
    bands, height, width = image.shape
    missing = np.empty(width, np.bool_)
    for r in range(height):
        line = quality[r]
        for c in range(width):
            missing[c] = line[c] == nodata
        for b in range(bands):
            band = image[b, r]
            for c in range(width):
                missing[c] |= band[c] != band[c]
        if missing.any():
            for c in range(width):
                if missing[c]:
                    line[c] = nodata
                    for b in range(bands):
                        image[b, r, c] = np.nan
