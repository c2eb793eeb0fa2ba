"""The one resampling: NaN-aware bilinear (images) and nearest (classes) through a lattice of source positions.

Positions are computed in float64 from nodes anchored to the grid and rounded to 1/2048 of a source pixel before any
window's offset is taken off. So a pixel's value is the same, to the last bit, in whatever window it is read, and a map
that is a whole number of pixels copies the source bit for bit.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import AnyArray, Floats, Singles
from changedet.kernels.compiled import compiled

STEP_BITS: Final = 11
STEPS_PER_PX: Final = 1 << STEP_BITS
"""Positions are multiples of this part of a source pixel: an error of at most .00025 px. A power of two, so that whole
pixels are a shift of bits."""


@compiled
def _place(position: float, size: int) -> tuple[int, int, float]:
    """First and second source pixel of a position and the weight of the second; -1 where it lies outside."""
    # Half a pixel beyond the last centre is still on the source, as in GDAL: the outermost pixel alone counts there.
    if not (-0.5 <= position <= size - 0.5):
        return -1, -1, 0.0
    steps = math.floor(position * STEPS_PER_PX + 0.5)
    first = steps >> STEP_BITS
    weight = (steps & (STEPS_PER_PX - 1)) / STEPS_PER_PX
    if first < 0:
        return 0, 0, 0.0
    if first >= size - 1:
        return size - 1, size - 1, 0.0
    # A weight of 0 must not let a NaN in: the second pixel is then the first.
    return first, first + 1 if weight > 0.0 else first, weight


@compiled
def _row_positions(nodes: Floats, step: int, row: int, column: int, out: Floats) -> None:
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


@compiled
def bilinear(
    source: Singles,
    origin: tuple[int, int],
    size: tuple[int, int],
    nodes_y: Floats,
    nodes_x: Floats,
    step: int,
    first: tuple[int, int],
    out: Singles,
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


@compiled
def translated(source: Singles, weight_y: float, weight_x: float, out: Singles) -> None:
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


@compiled
def nearest(
    source: AnyArray,
    origin: tuple[int, int],
    size: tuple[int, int],
    nodes_y: Floats,
    nodes_x: Floats,
    step: int,
    first: tuple[int, int],
    outside: int,
    out: AnyArray,
) -> None:
    """Take the nearest pixel of a source of classes at positions interpolated from nodes.

    Parameters
    ----------
    source : integer (h, w)
        A part of the source's classes that holds all that `out` needs.
    origin : (row, column)
        Where `source` begins in the whole source.
    size : (height, width)
        Of the whole source, in pixels.
    nodes_y, nodes_x : float64 (j, i)
        Source row and column (0 is the centre of the first pixel) at every `step`-th pixel; NaN or infinite is nowhere.
    step : int
        Output pixels from node to node.
    first : (row, column)
        Position of ``out[0, 0]`` after node (0, 0), in output pixels.
    outside : int
        Class of what the source does not cover.
    out : type of `source` (y, x)
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
