"""Differences of two images after a robust line per band, plain and tolerant of a displacement.

A value that lies inside the other date's range within a small neighbourhood may have been moved there by
misregistration or another viewing angle; how far it lies outside, both ways, is the tolerant difference. Where that is
only a small part of the plain difference, a displacement explains the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.medians import median

LINE_ITERATIONS: Final = 8
"""At most; the pixels that did not change settle in a few."""
NORMAL_MAD: Final = 1.4826
"""Standard deviation of a Gaussian in units of its median absolute deviation."""
STRIP_PX: Final = 2048
"""Pixels of a strip, which stays in the nearest cache."""
NO_CHANGE_MEDIANS: Final = 2.0
"""Pixels whose difference is below this many medians serve to fit the line: about the lower 85 % of pure noise."""
LEAST_NOISE: Final = 0.01
"""Least noise of a band as a share of its spread: images that are copies of each other have none."""


@dataclass(frozen=True)
class BandLine:
    """Gain and offset of each band that take a later date to an earlier one, and the noise that remains.

    Attributes
    ----------
    gain, offset : list (band) of float
        ``gain after + offset`` is in units of the earlier date.
    noise : list (band) of float
        Standard deviation of the residual, from its median absolute deviation, in units of the earlier date.
    """

    gain: list[float]
    offset: list[float]
    noise: list[float]


def fit_line(before: Singles, after: Singles) -> BandLine:
    """Gain and offset that take `after` to `before`, and the noise that remains, on the pixels that did not change.

    Parameters
    ----------
    before, after : float32 (n, band)
        Pixels that are valid on both dates.

    Returns
    -------
    BandLine
        A number for each band; gain 1, offset 0 and noise 1 without pixels.
    """
    # a row a band: medians of what lies side by side cost a third
    x, y = (np.ascontiguousarray(image.T, np.float64) for image in (before, after))
    bands = len(x)
    gain, offset, noise = np.ones(bands), np.zeros(bands), np.ones(bands)
    if not x.size:
        return BandLine(gain.tolist(), offset.tolist(), noise.tolist())
    least = np.maximum(LEAST_NOISE * np.maximum(x.std(axis=1), y.std(axis=1)), 1e-6)
    keep, centre = np.ones(x.shape[1], np.bool_), np.zeros(bands)
    for _ in range(LINE_ITERATIONS):
        size = np.zeros(x.shape[1])
        for k in range(bands):
            own, other = _kept(x[k], keep), _kept(y[k], keep)
            sx, sy = own.std(), other.std()
            gain[k] = sx / sy if sx > 1e-9 and sy > 1e-9 else 1.0
            offset[k] = own.mean() - gain[k] * other.mean()
            residual = gain[k] * y[k] + offset[k] - x[k]
            centre[k] = median(_kept(residual, keep))  # of all, change would pull it
            residual -= centre[k]
            noise[k] = max(NORMAL_MAD * median(np.abs(residual)), least[k])
            size += (residual / noise[k]) ** 2
        size = np.sqrt(size)
        following = size <= NO_CHANGE_MEDIANS * median(size)
        if np.array_equal(following, keep):
            break
        keep = following
    return BandLine(gain.tolist(), (offset - centre).tolist(), noise.tolist())


def line_of_light(line: BandLine, pixels: tuple[Singles, Singles], lasting: tuple[Singles, Singles]) -> BandLine:
    """The line of all pixels, or of those whose structure lasts, where the first says that most of these changed.

    Where most of a scene is meadow the pixels that differ least are the meadow's, and a line of theirs takes one
    season's colours to another's, not one light to another: asphalt that stayed as it was comes out bright red.

    Parameters
    ----------
    line : BandLine
        Of `fit_line` of `pixels`.
    pixels, lasting : (float32 (n, band), float32 (n, band))
        Those that are valid on both dates, and those of them whose structure lasts; the earlier date first.

    Returns
    -------
    BandLine
        `line`, where it would have kept most of those that last among the pixels that did not change.
    """
    usual, theirs = (median(_sizes(*pair, line)) for pair in (pixels, lasting))
    return line if theirs <= NO_CHANGE_MEDIANS * usual else fit_line(*lasting)


def _sizes(before: Singles, after: Singles, line: BandLine) -> Floats:
    """Length (n,) of the standardised change vector of pixels (n, band)."""
    found = change_vector_magnitude(before.T[:, None], after.T[:, None], line, 0)
    return np.asarray(found[0], np.float64)


def change_vector_magnitude(before: Singles, after: Singles, line: BandLine, radius_px: int) -> Singles:
    """Length of the standardised change vector, ``sqrt(sum_b ((gain after + offset - before) / noise)^2)``.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid.
    line : BandLine
        From `fit_line`.
    radius_px : int
        0 for the plain difference; else how far a value lies outside the other date's range within this radius.

    Returns
    -------
    float32 (y, x)
        At least 0; NaN where any band of either is.
    """
    before, after = np.ascontiguousarray(before, np.float32), np.ascontiguousarray(after, np.float32)
    if radius_px:
        return np.asarray(_tolerant(before, after, *_line(line), radius_px), np.float32)
    flat = _plain(before.reshape(len(before), -1), after.reshape(len(after), -1), *_line(line))
    return np.asarray(flat, np.float32).reshape(before.shape[1:])


def cap_displaced(
    score: Singles,
    before: Singles,
    after: Singles,
    line: BandLine,
    threshold: float,
    radius_px: int,
    weights: Singles,
    least_share: float,
) -> Singles:
    """Cap at the threshold the score of each pixel that a displacement of `radius_px` explains.

    Its tolerant change vector, averaged with the separable `weights`, is less than `least_share` of the plain one. Only
    pixels above the threshold are looked at, so where nothing changed this takes next to no time.

    Parameters
    ----------
    score : float32 (y, x)
        NaN where not valid.
    before, after : float32 (band, y, x)
        What the score compares.
    line : BandLine
        From `fit_line`.
    threshold : float
        Of the score.
    radius_px : int
        Of the displacement.
    weights : float32 (2 reach + 1,)
        The same along y and x.
    least_share : float
        0 to 1.

    Returns
    -------
    float32 (y, x)
        The score, and where capped the threshold times how near the share came to `least_share`.
    """
    before, after = np.ascontiguousarray(before, np.float32), np.ascontiguousarray(after, np.float32)
    arguments = (before, after, *_line(line), np.float32(threshold), radius_px, weights, np.float32(least_share))
    return np.asarray(_cap(np.ascontiguousarray(score, np.float32), *arguments), np.float32)


def confirmed_share(
    score: Singles,
    before: Singles,
    after: Singles,
    line: BandLine,
    threshold: float,
    radius_px: int,
    weights: Singles,
    least_share: float,
) -> tuple[int, int]:
    """How many pixels lie above the threshold, and how many of them no displacement explains.

    Parameters
    ----------
    score, before, after, line, threshold, radius_px, weights, least_share
        As for `cap_displaced`.

    Returns
    -------
    above, confirmed : int
        Pixels.
    """
    capped = cap_displaced(score, before, after, line, threshold, radius_px, weights, least_share)
    return int((score > threshold).sum()), int((capped > threshold).sum())


def _line(line: BandLine) -> tuple[Singles, Singles, Singles]:
    gain, offset = np.asarray(line.gain, np.float32), np.asarray(line.offset, np.float32)
    return gain, offset, np.asarray(1.0 / np.asarray(line.noise, np.float64), np.float32)


@compiled
def _kept(values: Floats, keep: Bools) -> Floats:
    """``values[keep]`` without a branch for each value."""
    out, count = np.empty(values.size + 1, np.float64), 0
    for k in range(values.size):
        out[count] = values[k]
        count += keep[k]
    return out[:count]


@compiled
def _plain(before: Singles, after: Singles, gain: Singles, offset: Singles, scale: Singles) -> Singles:
    bands, size = before.shape
    out = np.zeros(size, np.float32)
    # slices spare the index checks that forbid vectors
    for start in range(0, size, STRIP_PX):
        strip = out[start : start + STRIP_PX]
        for j in range(bands):
            a, b = after[j, start : start + STRIP_PX], before[j, start : start + STRIP_PX]
            g, o, s = gain[j], offset[j], scale[j]
            for k in range(strip.size):
                d = (g * a[k] + o - b[k]) * s
                strip[k] += d * d
        for k in range(strip.size):
            strip[k] = np.sqrt(strip[k]) if strip[k] < np.inf else np.float32(np.nan)
    return out


@compiled
def _outside(
    before: Singles, after: Singles, gain: Singles, offset: Singles, scale: Singles, y: int, x: int, radius: int
) -> np.float32:
    """Length of the tolerant change vector of one pixel; NaN where it is missing on either date."""
    height, width = before.shape[1:]
    y0, y1 = max(0, y - radius), min(height, y + radius + 1)
    x0, x1 = max(0, x - radius), min(width, x + radius + 1)
    total = np.float32(0.0)
    for j in range(before.shape[0]):
        b, a = before[j, y, x], after[j, y, x]
        if not (np.isfinite(a) and np.isfinite(b)):
            return np.float32(np.nan)
        b0, b1, a0, a1 = b, b, a, a
        for v in range(y0, y1):
            for u in range(x0, x1):
                p, q = before[j, v, u], after[j, v, u]
                # comparisons with NaN are false: what is missing does not widen the range
                b0 = p if p < b0 else b0
                b1 = p if p > b1 else b1
                a0 = q if q < a0 else a0
                a1 = q if q > a1 else a1
        g, o = gain[j], offset[j]
        d = max(g * a + o - b1, b0 - g * a - o, b - g * a1 - o, g * a0 + o - b) * scale[j]
        if d > 0.0:
            total += d * d
    return np.sqrt(total)  # type: ignore[no-any-return,unused-ignore]


@compiled
def _tolerant(before: Singles, after: Singles, gain: Singles, offset: Singles, scale: Singles, radius: int) -> Singles:
    height, width = before.shape[1:]
    out = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            out[y, x] = _outside(before, after, gain, offset, scale, y, x, radius)
    return out


@compiled
def _cap(  # noqa: C901 - in one piece: split it takes a quarter more time
    score: Singles,
    before: Singles,
    after: Singles,
    gain: Singles,
    offset: Singles,
    scale: Singles,
    threshold: np.float32,
    radius: int,
    weights: Singles,
    least: np.float32,
) -> Singles:
    height, width = score.shape
    reach = weights.size // 2
    out = score.copy()
    plain = np.full(score.shape, -1.0, np.float32)  # -1: not computed yet
    tolerant = np.empty(score.shape, np.float32)
    for y in range(height):
        for x in range(width):
            if not score[y, x] > threshold:
                continue
            whole, rest = np.float32(0.0), np.float32(0.0)
            for v in range(max(0, y - reach), min(height, y + reach + 1)):
                for u in range(max(0, x - reach), min(width, x + reach + 1)):
                    if plain[v, u] == -1.0:
                        plain[v, u] = _outside(before, after, gain, offset, scale, v, u, 0)
                        tolerant[v, u] = _outside(before, after, gain, offset, scale, v, u, radius)
                    if plain[v, u] == plain[v, u]:
                        w = weights[v - y + reach] * weights[u - x + reach]
                        whole += w * plain[v, u]
                        rest += w * tolerant[v, u]
            if rest < least * whole:
                out[y, x] = threshold * (rest / (least * whole))
    return out
