"""What a picture shows along the sides of a rectangle, inside and around it, and the fit of rectangles to it.

Rectangles are rows ``x, y, length, width, angle`` as in `rectangles`, in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

MEASURES = (
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

ROUGH, BAND0, INVALID = MEASURES.index("rough"), MEASURES.index("band0"), MEASURES.index("invalid")
SIDE_STEPS = 13


def _sample(image: Any, x: float, y: float, out: Any) -> None:
    """Bilinear value of all bands; the edge pixel's beyond the edge."""
    height, width, bands = image.shape
    x, y = min(max(x, 0.0), width - 1.001), min(max(y, 0.0), height - 1.001)
    i, j = int(y), int(x)
    fy, fx = y - i, x - j
    for b in range(bands):
        top = image[i, j, b] * (1.0 - fx) + image[i, j + 1, b] * fx
        low = image[i + 1, j, b] * (1.0 - fx) + image[i + 1, j + 1, b] * fx
        out[b] = top * (1.0 - fy) + low * fy


sample: Callable[..., None] = njit(cache=True, nogil=True, inline="always")(_sample)


def _line(image: Any, x: float, y: float, tx: float, ty: float, half: float, work: Any, out: Any) -> None:
    """Mean colour along a line of half length `half` (px) through (x, y)."""
    n = max(3, int(2.0 * half) + 1)
    out[:] = 0.0
    for k in range(n):
        t = half * (2.0 * k / (n - 1) - 1.0)
        sample(image, x + t * tx, y + t * ty, work)
        for b in range(out.size):
            out[b] += work[b] / n


line: Callable[..., None] = njit(cache=True, nogil=True)(_line)


def _strength(inner: Any, middle: Any, outer: Any) -> float:
    """Of a side: the colour step over it or the dark seam on it, whichever is greater."""
    total, seam = 0.0, 0.0
    bands = inner.size
    for b in range(bands):
        total += (inner[b] - outer[b]) ** 2
        seam += 0.5 * (inner[b] + outer[b]) - middle[b]
    return float(max(np.sqrt(total / bands), 1.2 * seam / bands))


strength: Callable[..., float] = njit(cache=True, nogil=True)(_strength)


def _side_profile(
    image: Any, x: float, y: float, nx: float, ny: float, half: float, spacing: float, reach: int, out: Any
) -> None:
    """Strength at SIDE_STEPS places across a side, from inside to outside, `spacing` px apart.

    (x, y) is the side's centre.
    """
    bands = image.shape[2]
    total = SIDE_STEPS + 2 * reach
    means, work = np.empty((total, bands)), np.empty(bands)
    for k in range(total):
        d = (k - total // 2) * spacing
        line(image, x + d * nx, y + d * ny, -ny, nx, half, work, means[k])
    for k in range(SIDE_STEPS):
        out[k] = strength(means[k], means[k + reach], means[k + 2 * reach])


side_profile: Callable[..., None] = njit(cache=True, nogil=True)(_side_profile)


def _best_offset(profile: Any, spacing: float, pull: float) -> Any:
    """Sub-pixel place of the strongest side near the middle of a profile, and its strength."""
    middle = SIDE_STEPS // 2
    best, at = -1.0, middle
    for k in range(SIDE_STEPS):
        value = profile[k] * (1.0 - pull * ((k - middle) / middle) ** 2)
        if value > best:
            best, at = value, k
    offset = float(at - middle)
    if 0 < at < SIDE_STEPS - 1:
        curve = profile[at - 1] - 2.0 * profile[at] + profile[at + 1]
        if curve < -1e-9:
            offset += min(0.5, max(-0.5, 0.5 * (profile[at - 1] - profile[at + 1]) / curve))
    return offset * spacing, profile[at]


best_offset: Callable[..., Any] = njit(cache=True, nogil=True)(_best_offset)


def _snap(
    image: Any, box: Any, spacing: float, reach: int, low_w: float, high_w: float, profile: Any, out: Any
) -> float:
    """Move the four sides to the strongest edges near them; the sum of their strengths (long sides count double)."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    score, offsets = 0.0, np.zeros(4)
    for side in range(4):
        sign = 1.0 if side % 2 == 0 else -1.0
        if side < 2:
            nx, ny, away, half, weight = vx * sign, vy * sign, width / 2, 0.42 * length, 2.0
        else:
            nx, ny, away, half, weight = ux * sign, uy * sign, length / 2, 0.36 * width, 1.0
        side_profile(image, x + nx * away, y + ny * away, nx, ny, half, spacing, reach, profile)
        offsets[side], found = best_offset(profile, spacing, 0.35)
        score += weight * np.sqrt(max(found, 0.0))
    new_w = width + offsets[0] + offsets[1]
    shift_w = 0.5 * (offsets[0] - offsets[1])
    new_w = min(high_w, max(low_w, new_w))
    shift_l = 0.5 * (offsets[2] - offsets[3])
    out[0], out[1] = x + vx * shift_w + ux * shift_l, y + vy * shift_w + uy * shift_l
    out[2], out[3], out[4] = length + offsets[2] + offsets[3], new_w, angle
    return score


snap: Callable[..., float] = njit(cache=True, nogil=True)(_snap)


def _refine(
    image: Any, boxes: Any, spacing: float, reach: int, low_w: float, high_w: float, turn: float, out: Any
) -> None:
    """Fit each box to its four sides; tries a turn either way, then a smaller one."""
    profile, trial, best_box = np.empty(SIDE_STEPS), np.empty(5), np.empty(5)
    for i in range(len(boxes)):
        out[i] = boxes[i]
        for rounds in range(2):
            best = -1.0
            for k in range(-1, 2):
                trial[:] = out[i]
                trial[4] += k * turn / (1.0 + 1.5 * rounds)
                fitted = np.empty(5)
                # A turn must earn itself: noise alone would wind short boxes up.
                score = snap(image, trial, spacing, reach, low_w, high_w, profile, fitted) * (1.0 - 0.004 * abs(k))
                if score > best:
                    best = score
                    best_box[:] = fitted
            out[i] = best_box
        out[i, 4] = out[i, 4] % np.pi


refine: Callable[..., None] = njit(cache=True, nogil=True)(_refine)


def _evenness(image: Any, x: float, y: float, nx: float, ny: float, half: float, reach: float) -> float:
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
        if np.sum(steps[k] * mean) > 0.35 * power:
            share += 1.0 / n
    return share


evenness: Callable[..., float] = njit(cache=True, nogil=True)(_evenness)


def _lone_strength(
    image: Any, x: float, y: float, nx: float, ny: float, half: float, reach: float, work: Any, lines: Any
) -> float:
    line(image, x - reach * nx, y - reach * ny, -ny, nx, half, work, lines[0])
    line(image, x, y, -ny, nx, half, work, lines[1])
    line(image, x + reach * nx, y + reach * ny, -ny, nx, half, work, lines[2])
    return strength(lines[0], lines[1], lines[2])


lone_strength: Callable[..., float] = njit(cache=True, nogil=True)(_lone_strength)


def _inside(image: Any, valid: Any, box: Any, shrink: float, row: Any, means: Any) -> None:
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
    row[6], row[7], row[INVALID] = np.sqrt(rough / bands), np.sqrt(halves / bands), invalid / count


inside: Callable[..., None] = njit(cache=True, nogil=True)(_inside)


def _around(image: Any, box: Any, away: float, means: Any, row: Any) -> None:
    """Contrast to the ring around a box, the ring's roughness, and how dark and bright its four sides are outside."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    bands = image.shape[2]
    sides, work = np.empty((4, bands)), np.empty(bands)
    line(image, x + vx * (width / 2 + away), y + vy * (width / 2 + away), ux, uy, length * 0.45, work, sides[0])
    line(image, x - vx * (width / 2 + away), y - vy * (width / 2 + away), ux, uy, length * 0.45, work, sides[1])
    line(image, x + ux * (length / 2 + away), y + uy * (length / 2 + away), vx, vy, width * 0.4, work, sides[2])
    line(image, x - ux * (length / 2 + away), y - uy * (length / 2 + away), vx, vy, width * 0.4, work, sides[3])
    ring, spread, dark, bright = 0.0, 0.0, -1e9, -1e9
    for b in range(bands):
        mean = (sides[0, b] + sides[1, b] + sides[2, b] + sides[3, b]) / 4
        ring += (means[b] - mean) ** 2
        for k in range(4):
            spread += (sides[k, b] - mean) ** 2 / 4
    for k in range(4):
        lift = np.mean(means) - np.mean(sides[k])
        dark, bright = max(dark, lift), max(bright, -lift)
    row[10], row[11], row[14], row[15] = np.sqrt(ring / bands), np.sqrt(spread / bands), dark, bright


around: Callable[..., None] = njit(cache=True, nogil=True)(_around)


def _measure(image: Any, valid: Any, boxes: Any, reach: float, metre: float, out: Any) -> None:
    """What the picture shows of each box; columns as in MEASURES."""
    bands = image.shape[2]
    work, lines, means = np.empty(bands), np.empty((3, bands)), np.empty(bands)
    for i in range(len(boxes)):
        x, y, length, width, angle = boxes[i]
        row = out[i]
        ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
        half_l, half_w = 0.44 * length, 0.38 * width
        found, even, beyond = np.empty(4), np.empty(4), np.zeros(4)
        for side in range(4):
            sign = 1.0 if side % 2 == 0 else -1.0
            if side < 2:
                nx, ny, away, half = vx * sign, vy * sign, width / 2, half_l
            else:
                nx, ny, away, half = ux * sign, uy * sign, length / 2, half_w
            cx, cy = x + nx * away, y + ny * away
            found[side] = lone_strength(image, cx, cy, nx, ny, half, reach, work, lines)
            even[side] = evenness(image, cx, cy, nx, ny, half, reach)
            # A road's or a roof's edge runs on beyond the corner; a box's does not.
            run = (length if side < 2 else width) / 2 + 0.9 * metre
            for way in (-1.0, 1.0):
                ex, ey = cx - ny * way * run, cy + nx * way * run
                more = lone_strength(image, ex, ey, nx, ny, 0.6 * metre, reach, work, lines)
                beyond[side] += 0.5 * min(more, 2 * found[side])
        row[0], row[1] = min(found[0], found[1]), max(found[0], found[1])
        row[2], row[3] = min(found[2], found[3]), max(found[2], found[3])
        row[4], row[5] = min(even[0], even[1]), min(even[2], even[3])
        inside(image, valid, boxes[i], 0.4 * metre, row, means)
        row[8] = lone_strength(image, x, y, ux, uy, half_w, reach, work, lines)
        row[9] = lone_strength(image, x, y, vx, vy, half_l, reach, work, lines)
        around(image, boxes[i], 0.7 * metre, means, row)
        row[12], row[13] = max(beyond[0], beyond[1]), max(beyond[2], beyond[3])
        for b in range(4):
            row[16 + b] = means[min(b, bands - 1)]


_measure_compiled: Callable[..., None] = njit(cache=True, nogil=True)(_measure)


def measure(
    image: NDArray[np.float32], valid: NDArray[np.bool_], boxes: NDArray[np.float64], reach_px: float, pixel_m: float
) -> NDArray[np.float64]:
    """Measure what a picture shows along the sides of boxes, inside and around them.

    Parameters
    ----------
    image : (y, x, band) float32
        Stretched colours, no NaN; at most 4 bands are kept in the last columns.
    valid : (y, x) bool
    boxes : (n, 5) float64
    reach_px : how far from a side's line the colours on both sides of it are taken.
    pixel_m : pixel size, metres.

    Returns
    -------
    (n, len(MEASURES)) float64, no NaN.
    """
    out = np.zeros((len(boxes), len(MEASURES)))
    _measure_compiled(image, valid, np.ascontiguousarray(boxes), float(reach_px), 1.0 / pixel_m, out)
    return out


def fit_sides(
    image: NDArray[np.float32],
    boxes: NDArray[np.float64],
    pixel_m: float,
    reach_px: float,
    width_m: tuple[float, float],
) -> NDArray[np.float64]:
    """Fit boxes to the edges near their sides, to a fraction of a pixel.

    Parameters
    ----------
    image : (y, x, band) float32
    boxes : (n, 5) float64
    pixel_m : metres
    reach_px : half the distance over which a side's colour step is taken.
    width_m : least and greatest width allowed.

    Returns
    -------
    (n, 5) float64.
    """
    out = np.empty_like(boxes)
    spacing = 0.15 / pixel_m
    reach = max(1, round(reach_px / spacing))
    low, high = width_m[0] / pixel_m, width_m[1] / pixel_m
    refine(image, np.ascontiguousarray(boxes), spacing, reach, low, high, np.radians(1.5), out)
    return out


def _median_colours(image: Any, boxes: Any, shrink: float, out: Any) -> None:
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
            out[i, b] = np.median(values[b])


_median_compiled: Callable[..., None] = njit(cache=True, nogil=True)(_median_colours)


def median_colours(image: NDArray[np.float32], boxes: NDArray[np.float64], shrink_px: float) -> NDArray[np.float64]:
    """Median of each band (n, band) inside boxes (n, 5) drawn in by a margin on every side."""
    out = np.empty((len(boxes), image.shape[2]))
    _median_compiled(image, np.ascontiguousarray(boxes), shrink_px, out)
    return out
