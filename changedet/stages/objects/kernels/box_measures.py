"""What a picture shows along the sides of a rectangle, inside and around it.

Rectangles are rows ``x, y, length, width, angle`` as in `rectangles`, in pixels. The classical scores are fitted on
these measures (training/fit_classical.py); the constants were chosen by hand before, and need a new fit when they
change.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.medians import middle_of
from changedet.stages.objects.kernels.line_sampling import line_mean, sample, side_strength

MEASURES: Final = (
    "long_low",
    "long_high",
    "short_low",
    "short_high",
    "long_even",
    "short_even",
    "rough",
    "halves",
    "mid_seam",
    "axis_seam",
    "ring",
    "ring_rough",
    "long_beyond",
    "short_beyond",
    "dark_out",
    "bright_out",
    "band0",
    "band1",
    "band2",
    "band3",
    "invalid",
)
"""Columns of `measure`; all but the last five are colour differences in units of the stretched picture or shares."""
LONG_LOW, LONG_HIGH, SHORT_LOW, SHORT_HIGH, LONG_EVEN, SHORT_EVEN, ROUGH, HALVES = range(8)
MID_SEAM, AXIS_SEAM, RING, RING_ROUGH, LONG_BEYOND, SHORT_BEYOND, DARK_OUT, BRIGHT_OUT = range(8, 16)
BAND0: Final = MEASURES.index("band0")
INVALID: Final = MEASURES.index("invalid")
KEPT_BANDS: Final = 4
"""Bands whose mean is kept."""

LONG_HALF, SHORT_HALF = 0.44, 0.38
"""Half the part of a long and of a short side along which colours are averaged, as shares of the side."""
RING_LONG_HALF, RING_SHORT_HALF = 0.45, 0.4
"""The same of the strips outside."""
EVEN_SHARE: Final = 0.35
"""Of a side's mean step: what a place must have of it to be even with the others."""
BEYOND_M: Final = 0.9
"""How far beyond a corner a side is followed: a road's or a roof's edge goes on there, a box's does not."""
LOWEST: Final = -1e9
"""Below any difference of brightness."""
BEYOND_HALF_M: Final = 0.6
"""Half the length of the piece that is looked at there."""
INSIDE_MARGIN_M: Final = 0.4
"""The inside begins so far from the sides."""
RING_M: Final = 0.7
"""How far outside of the sides the ring around a box lies."""
COLOUR_MARGIN_M: Final = 0.6
"""A box's colour is taken so far inside of its sides: beyond are edges and shade."""


@compiled
def _evenness(image: Singles, x: float, y: float, nx: float, ny: float, half: float, reach: float) -> float:
    """Share of a side along which the step has the side's own direction in colour."""
    bands = image.shape[2]
    n = max(4, int(half))
    steps, a, b, mean = np.empty((n, bands)), np.empty(bands), np.empty(bands), np.zeros(bands)
    for k in range(n):
        t = half * (2.0 * (k + 0.5) / n - 1.0)
        px, py = x - t * ny, y + t * nx
        sample(image, px - reach * nx, py - reach * ny, a)
        sample(image, px + reach * nx, py + reach * ny, b)
        for c in range(bands):
            steps[k, c] = a[c] - b[c]
            mean[c] += steps[k, c] / n
    power = np.sum(mean * mean) + 1e-9
    share = 0.0
    for k in range(n):
        if np.sum(steps[k] * mean) > EVEN_SHARE * power:
            share += 1.0 / n
    return share


@compiled
def _strength_at(
    image: Singles, x: float, y: float, nx: float, ny: float, half: float, reach: float, work: Floats, lines: Floats
) -> float:
    """Strength of a side with centre (x, y) and normal (nx, ny)."""
    line_mean(image, x - reach * nx, y - reach * ny, -ny, nx, half, work, lines[0])
    line_mean(image, x, y, -ny, nx, half, work, lines[1])
    line_mean(image, x + reach * nx, y + reach * ny, -ny, nx, half, work, lines[2])
    return side_strength(lines[0], lines[1], lines[2])


@compiled
def _inside(image: Singles, valid: Bools, box: Floats, shrink: float, row: Floats, means: Floats) -> None:
    """Colour, roughness, difference of the halves and the invalid share within a box."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    bands = image.shape[2]
    half_l, half_w = max(0.5, length / 2 - shrink), max(0.5, width / 2 - shrink)
    n, m = max(4, int(2 * half_l)), max(3, int(2 * half_w))
    total, square, front, work = np.zeros(bands), np.zeros(bands), np.zeros(bands), np.empty(bands)
    invalid = 0
    for i in range(n):
        s = half_l * (2.0 * (i + 0.5) / n - 1.0)
        for j in range(m):
            t = half_w * (2.0 * (j + 0.5) / m - 1.0)
            px, py = x + s * ux + t * vx, y + s * uy + t * vy
            sample(image, px, py, work)
            iy = min(max(int(py + 0.5), 0), valid.shape[0] - 1)
            ix = min(max(int(px + 0.5), 0), valid.shape[1] - 1)
            invalid += 0 if valid[iy, ix] else 1
            for b in range(bands):
                total[b] += work[b]
                square[b] += work[b] * work[b]
                if 2 * i < n:
                    front[b] += work[b]
    count = n * m
    front_count = ((n + 1) // 2) * m
    rough, halves = 0.0, 0.0
    for b in range(bands):
        means[b] = total[b] / count
        rough += max(0.0, square[b] / count - means[b] ** 2)
        back = (total[b] - front[b]) / max(1, count - front_count)
        halves += (front[b] / front_count - back) ** 2
    row[ROUGH], row[HALVES], row[INVALID] = np.sqrt(rough / bands), np.sqrt(halves / bands), invalid / count


@compiled
def _around(image: Singles, box: Floats, away: float, means: Floats, row: Floats) -> None:
    """Contrast to the ring around a box, the ring's roughness, and how dark and bright its four sides are outside."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    bands = image.shape[2]
    sides, work = np.empty((4, bands)), np.empty(bands)
    long, short = length * RING_LONG_HALF, width * RING_SHORT_HALF
    line_mean(image, x + vx * (width / 2 + away), y + vy * (width / 2 + away), ux, uy, long, work, sides[0])
    line_mean(image, x - vx * (width / 2 + away), y - vy * (width / 2 + away), ux, uy, long, work, sides[1])
    line_mean(image, x + ux * (length / 2 + away), y + uy * (length / 2 + away), vx, vy, short, work, sides[2])
    line_mean(image, x - ux * (length / 2 + away), y - uy * (length / 2 + away), vx, vy, short, work, sides[3])
    ring, spread, dark, bright = 0.0, 0.0, LOWEST, LOWEST
    for b in range(bands):
        mean = (sides[0, b] + sides[1, b] + sides[2, b] + sides[3, b]) / 4
        ring += (means[b] - mean) ** 2
        for k in range(4):
            spread += (sides[k, b] - mean) ** 2 / 4
    for k in range(4):
        lift = np.mean(means) - np.mean(sides[k])
        dark, bright = max(dark, lift), max(bright, -lift)
    row[RING], row[RING_ROUGH] = np.sqrt(ring / bands), np.sqrt(spread / bands)
    row[DARK_OUT], row[BRIGHT_OUT] = dark, bright


@compiled
def _along_sides(
    image: Singles, box: Floats, reach: float, metre: float, work: Floats, lines: Floats, row: Floats
) -> None:
    """Strength, evenness and continuation beyond the corners of the long and the short sides."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    found, even, beyond = np.empty(4), np.empty(4), np.zeros(4)
    for side in range(4):
        sign = 1.0 if side % 2 == 0 else -1.0
        if side < 2:
            nx, ny, away, half = vx * sign, vy * sign, width / 2, LONG_HALF * length
        else:
            nx, ny, away, half = ux * sign, uy * sign, length / 2, SHORT_HALF * width
        cx, cy = x + nx * away, y + ny * away
        found[side] = _strength_at(image, cx, cy, nx, ny, half, reach, work, lines)
        even[side] = _evenness(image, cx, cy, nx, ny, half, reach)
        run = (length if side < 2 else width) / 2 + BEYOND_M * metre
        for way in (-1.0, 1.0):
            ex, ey = cx - ny * way * run, cy + nx * way * run
            more = _strength_at(image, ex, ey, nx, ny, BEYOND_HALF_M * metre, reach, work, lines)
            beyond[side] += 0.5 * min(more, 2 * found[side])
    row[LONG_LOW], row[LONG_HIGH] = min(found[0], found[1]), max(found[0], found[1])
    row[SHORT_LOW], row[SHORT_HIGH] = min(found[2], found[3]), max(found[2], found[3])
    row[LONG_EVEN], row[SHORT_EVEN] = min(even[0], even[1]), min(even[2], even[3])
    row[LONG_BEYOND], row[SHORT_BEYOND] = max(beyond[0], beyond[1]), max(beyond[2], beyond[3])


@compiled
def _measure(image: Singles, valid: Bools, boxes: Floats, reach: float, metre: float, out: Floats) -> None:
    """What the picture shows of each box; columns as in MEASURES."""
    bands = image.shape[2]
    work, lines, means = np.empty(bands), np.empty((3, bands)), np.empty(bands)
    for i in range(len(boxes)):
        x, y, length, width, angle = boxes[i]
        row = out[i]
        ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
        _along_sides(image, boxes[i], reach, metre, work, lines, row)
        _inside(image, valid, boxes[i], INSIDE_MARGIN_M * metre, row, means)
        row[MID_SEAM] = _strength_at(image, x, y, ux, uy, SHORT_HALF * width, reach, work, lines)
        row[AXIS_SEAM] = _strength_at(image, x, y, vx, vy, LONG_HALF * length, reach, work, lines)
        _around(image, boxes[i], RING_M * metre, means, row)
        for b in range(KEPT_BANDS):
            row[BAND0 + b] = means[min(b, bands - 1)]


def measure(image: Singles, valid: Bools, boxes: Floats, reach_px: float, pixel_m: float) -> Floats:
    """Measures of each box: strength of its sides, colours inside and around.

    Parameters
    ----------
    image : float32 (y, x, band)
        Stretched colours, no NaN; at most 4 bands are kept in the last columns.
    valid : bool (y, x)
        Where the picture has data.
    boxes : float64 (n, 5)
        Rectangles, pixels.
    reach_px : float
        How far from a side's line the colours on both sides of it are taken.
    pixel_m : float
        Pixel, metres.

    Returns
    -------
    float64 (n, len(MEASURES))
        Columns of `MEASURES`, no NaN.
    """
    out = np.zeros((len(boxes), len(MEASURES)))
    _measure(image, valid, np.ascontiguousarray(boxes), float(reach_px), 1.0 / pixel_m, out)
    return out


@compiled
def _median_colours(image: Singles, boxes: Floats, shrink: float, out: Floats) -> None:
    """Median of each band on a lattice inside each box."""
    bands = image.shape[2]
    work = np.empty(bands)
    for i in range(len(boxes)):
        x, y, length, width, angle = boxes[i]
        ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
        half_l, half_w = max(0.5, length / 2 - shrink), max(0.5, width / 2 - shrink)
        n, m = max(4, int(2 * half_l)), max(3, int(2 * half_w))
        values = np.empty((bands, n * m))
        for k in range(n * m):
            s, t = half_l * (2.0 * (k // m + 0.5) / n - 1.0), half_w * (2.0 * (k % m + 0.5) / m - 1.0)
            sample(image, x + s * ux + t * vx, y + s * uy + t * vy, work)
            for b in range(bands):
                values[b, k] = work[b]
        for b in range(bands):
            out[i, b] = middle_of(values[b])


def median_colours(image: Singles, boxes: Floats, pixel_m: float) -> Floats:
    """Median colour inside each box, `COLOUR_MARGIN_M` off its sides.

    Parameters
    ----------
    image : float32 (y, x, band)
        No NaN.
    boxes : float64 (n, 5)
        Rectangles, pixels.
    pixel_m : float
        Pixel, metres.

    Returns
    -------
    float64 (n, band)
        In units of the picture.
    """
    out = np.empty((len(boxes), image.shape[2]))
    _median_colours(image, np.ascontiguousarray(boxes), COLOUR_MARGIN_M / pixel_m, out)
    return out


def picture_colours(picture: Singles, boxes: Floats, pixel_m: float) -> Floats:
    """Median colours inside boxes of a picture.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Stretched.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    float64 (n, 3)
        In units of the picture.
    """
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    return median_colours(np.ascontiguousarray(np.moveaxis(picture, 0, 2)), centred, pixel_m)
