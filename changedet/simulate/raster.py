"""Polygons to pixels: a scanline fill on a finer grid, and the shader that averages it into pixels."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bytes, Floats, Ints, Singles
from changedet.kernels.compiled import compiled

Labels: TypeAlias = NDArray[np.uint16]

KEEP_LABEL = 65535
"""A label that keeps the surface below (overlays: stains, tracks, occlusion)."""
KEEP = 255
"""A sun factor or shadow level that keeps the one below."""
NO_SHADOW = 7
"""Shadow level of faces that receive no cast shadow."""
FULL = 100
"""100 is a horizontal face in full sun; tone 100 leaves the reflectance as it is."""


@compiled
def _crossings(verts: Floats, first: int, last: int, y: float, xs: Floats) -> int:
    n = 0
    for i in range(first, last):
        j = i + 1 if i + 1 < last else first
        y0, y1 = verts[i, 1], verts[j, 1]
        if (y0 <= y < y1) or (y1 <= y < y0):
            x = verts[i, 0] + (y - y0) * (verts[j, 0] - verts[i, 0]) / (y1 - y0)
            k = n
            while k > 0 and xs[k - 1] > x:
                xs[k] = xs[k - 1]
                k -= 1
            xs[k] = x
            n += 1
            if n == len(xs):
                break
    return n


@compiled
def _bounds(verts: Floats, first: int, last: int, height: int) -> tuple[int, int]:
    low, high = verts[first, 1], verts[first, 1]
    for i in range(first + 1, last):
        low, high = min(low, verts[i, 1]), max(high, verts[i, 1])
    return max(0, math.ceil(low - 0.5)), min(height - 1, math.floor(high - 0.5))


@compiled
def fill(
    verts: Floats, offsets: Ints, order: Ints, ops: Ints, label: Labels, sun: Bytes, level: Bytes, tone: Bytes
) -> None:
    """Draw polygons one over the other on the fine grid.

    Parameters
    ----------
    verts : float64 (n, 2)
        Corners of all polygons as (column, row) on the fine grid.
    offsets : int64 (k + 1,)
        Where each polygon's corners begin.
    order : int64 (m,)
        Numbers of the polygons to draw, the lowest first.
    ops : int64 (k, 4)
        Label, sun factor in percent, shadow level and tone in percent; `KEEP_LABEL` and `KEEP` leave what is there.
    label : uint16 (row, column)
        Paint; changed in place, like the next three.
    sun : uint8 (row, column)
        Percent of the sun that a level surface gets.
    level : uint8 (row, column)
        Bit of the shadow mask that applies.
    tone : uint8 (row, column)
        Brightness in percent.
    """
    height, width = label.shape
    xs = np.empty(64, np.float64)
    for k in order:
        first, last = offsets[k], offsets[k + 1]
        top, bottom = _bounds(verts, first, last, height)
        for r in range(top, bottom + 1):
            n = _crossings(verts, first, last, r + 0.5, xs)
            for m in range(0, n - 1, 2):
                left = max(0, math.ceil(xs[m] - 0.5))
                right = min(width - 1, math.ceil(xs[m + 1] - 0.5) - 1)
                for q in range(left, right + 1):
                    if ops[k, 0] != KEEP_LABEL:
                        label[r, q] = ops[k, 0]
                        tone[r, q] = ops[k, 3]
                    else:
                        tone[r, q] = min(254, tone[r, q] * ops[k, 3] // 100)
                    if ops[k, 1] != KEEP:
                        sun[r, q] = ops[k, 1]
                    if ops[k, 2] != KEEP:
                        level[r, q] = ops[k, 2]


@compiled
def fill_bits(verts: Floats, offsets: Ints, order: Ints, bits: Ints, out: Bytes) -> None:
    """Set the bits of cast shadows on the fine grid.

    Parameters
    ----------
    verts : float64 (n, 2)
        Corners of all polygons as (column, row) on the fine grid.
    offsets : int64 (k + 1,)
        Where each polygon's corners begin.
    order : int64 (m,)
        Numbers of the polygons to draw.
    bits : int64 (k,)
        Bit of the level that each polygon shades.
    out : uint8 (row, column)
        Bits of the shaded levels; changed in place.
    """
    height, width = out.shape
    xs = np.empty(64, np.float64)
    for k in order:
        first, last = offsets[k], offsets[k + 1]
        top, bottom = _bounds(verts, first, last, height)
        for r in range(top, bottom + 1):
            n = _crossings(verts, first, last, r + 0.5, xs)
            for m in range(0, n - 1, 2):
                left = max(0, math.ceil(xs[m] - 0.5))
                right = min(width - 1, math.ceil(xs[m + 1] - 0.5) - 1)
                for q in range(left, right + 1):
                    out[r, q] |= bits[k]


@compiled
def _stripe(x: float, y: float, row: Floats) -> float:
    """Stripes across a paint: (period m, cosine, sine, phase, sharpness)."""
    t = (x * row[1] + y * row[2]) / row[0] + row[3]
    t -= math.floor(t)
    wave = 1.0 - 4.0 * abs(t - 0.5)
    if row[4] > 0.0:
        wave = -1.0 if t < row[4] else row[4] / (1.0 - row[4])
    return float(wave)


@compiled
def _light(sun: int, level: int, shadow: int) -> tuple[float, float]:
    """Shares of the direct sun and of the sky's light."""
    lit = sun * 0.01
    sky = 0.45 + 0.55 * min(1.0, sun * 0.01) if level == 0 else 0.85
    if level < 7 and (shadow >> level) & 1:
        lit = 0.0
    return lit, sky


@compiled
def shade(
    label: Labels,
    sun: Bytes,
    level: Bytes,
    tone: Bytes,
    shadow: Bytes,
    ss: int,
    fields: Singles,
    first: Floats,
    second: Floats,
    table: Floats,
    stripes: Floats,
    affine: Floats,
    direct: Floats,
    diffuse: Floats,
    snow: Singles,
    snow_colour: Floats,
    out: Singles,
) -> None:
    """Reflected light of each pixel, averaged over its fine pixels.

    Parameters
    ----------
    label, sun, level, tone : uint16 and uint8 (row, column)
        The fine grid, see `fill`.
    shadow : uint8 (row, column)
        Bits of the shaded levels, see `fill_bits`.
    ss : int
        Fine pixels across a pixel.
    fields : float32 (5, y, x)
        See `texture_fields`.
    first, second : float64 (n, band)
        Reflectance of both colours of each paint.
    table : float64 (n, 7)
        Numbers of each paint, see `Palette.table`.
    stripes : float64 (n, 6)
        Stripes of each paint, see `Palette.table`.
    affine : float64 (6,)
        Fine (column, row) to ground metres.
    direct, diffuse : float64 (band,)
        Shares of sun and sky in the light on level ground; their sum is 1.
    snow : float32 (y, x)
        Share of the pixel under snow, on a surface that holds it best.
    snow_colour : float64 (band,)
        Reflectance.
    out : float32 (band, y, x)
        Apparent reflectance; overwritten.
    """
    bands, height, width = out.shape
    out[:] = 0.0
    part = 1.0 / (ss * ss)
    for r in range(height):
        for q in range(width):
            run = 0
            for f in range(ss * ss):
                i, j = r * ss + f // ss, q * ss + f % ss
                run += 1
                if f + 1 < ss * ss:
                    i2, j2 = r * ss + (f + 1) // ss, q * ss + (f + 1) % ss
                    same = label[i, j] == label[i2, j2] and sun[i, j] == sun[i2, j2] and tone[i, j] == tone[i2, j2]
                    same = same and level[i, j] == level[i2, j2] and shadow[i, j] == shadow[i2, j2]
                    if same and stripes[label[i, j], 0] <= 0.0:
                        continue
                p = label[i, j]
                mix = table[p, 0] + table[p, 1] * fields[3, r, q] + table[p, 2] * fields[4, r, q]
                mix = min(1.0, max(0.0, mix))
                gain = (
                    1.0 + table[p, 3] * fields[0, r, q] + table[p, 4] * fields[1, r, q] + table[p, 5] * fields[2, r, q]
                )
                if stripes[p, 0] > 0.0:
                    x = affine[0] * (j + 0.5) + affine[1] * (i + 0.5) + affine[2]
                    y = affine[3] * (j + 0.5) + affine[4] * (i + 0.5) + affine[5]
                    gain += stripes[p, 5] * _stripe(x, y, stripes[p]) * (1.0 + 0.4 * fields[1, r, q])
                gain = max(0.15, gain) * tone[i, j] * 0.01
                lit, sky = _light(sun[i, j], level[i, j], shadow[i, j])
                white = snow[r, q] * table[p, 6]
                for b in range(bands):
                    value = (first[p, b] * (1.0 - mix) + second[p, b] * mix) * gain
                    value = value * (1.0 - white) + snow_colour[b] * white * (1.0 + 0.04 * fields[1, r, q])
                    out[b, r, q] += value * (direct[b] * lit + diffuse[b] * sky) * part * run
                run = 0
