"""Neighbourhood means of a score over the pixels that are there, with an exact reach.

All sums run in one order for every pixel, so a pixel gets the same bits whatever block it is computed in.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.compiled import compiled

GAUSSIAN_SIGMAS: Final = 3.0
"""Standard deviations to which a Gaussian reaches."""
DUAL_STEP: Final = 8.0
"""Greatest squared norm of the discrete gradient in two dimensions, whose inverse bounds the step (Chambolle 2004)."""


def gaussian_radius_px(sigma_px: float) -> int:
    """How far `gaussian` looks around.

    Parameters
    ----------
    sigma_px : float
        Standard deviation.

    Returns
    -------
    int
        `GAUSSIAN_SIGMAS` standard deviations, in pixels, rounded up.
    """
    return math.ceil(GAUSSIAN_SIGMAS * sigma_px)


def gaussian_weights(sigma_px: float) -> Singles:
    """Weights of a Gaussian along one axis.

    Parameters
    ----------
    sigma_px : float
        Standard deviation.

    Returns
    -------
    float32 (2 radius + 1,)
        At -radius .. radius, with sum 1.
    """
    radius = gaussian_radius_px(sigma_px)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma_px, 1e-6)) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


def gaussian(image: Singles, sigma_px: float) -> Singles:
    """Gaussian mean over the pixels that are there.

    Parameters
    ----------
    image : float32 (y, x)
        NaN for no data.
    sigma_px : float
        Standard deviation.

    Returns
    -------
    float32 (y, x)
        NaN where the image is.
    """
    return weighted_mean(image, gaussian_weights(sigma_px))


def box(image: Singles, radius_px: int) -> Singles:
    """Plain mean over a square of the pixels that are there.

    Parameters
    ----------
    image : float32 (y, x)
        NaN for no data.
    radius_px : int
        Half a side.

    Returns
    -------
    float32 (y, x)
        NaN where the image is.
    """
    return weighted_mean(image, np.full(2 * radius_px + 1, 1.0 / (2 * radius_px + 1), np.float32))


def weighted_mean(image: Singles, weights: Singles) -> Singles:
    """Separable weighted mean of the pixels that are there.

    Parameters
    ----------
    image : float32 (y, x)
        NaN for no data.
    weights : float32 (2 radius + 1,)
        The same along y and x.

    Returns
    -------
    float32 (y, x)
        NaN where the image is.
    """
    return np.asarray(weighted_means(np.asarray(image)[None], weights)[0])


def weighted_means(images: Singles, weights: Singles, wanted: Bools | None = None) -> Singles:
    """`weighted_mean` of images that miss the same pixels.

    Parameters
    ----------
    images : float32 (image, y, x)
        NaN in all or in none at each pixel; the first one decides.
    weights : float32 (2 radius + 1,)
        The same along y and x.
    wanted : bool (y, x), optional
        Elsewhere the mean or NaN is returned, whichever takes less time.

    Returns
    -------
    float32 (image, y, x)
        NaN where the images are.
    """
    chosen = np.ones(images.shape[1:], np.bool_) if wanted is None else wanted
    return np.asarray(_weighted_means(np.ascontiguousarray(images, np.float32), weights, chosen), np.float32)


def total_variation(image: Singles, weight: float, iterations: int) -> Singles:
    """Total-variation smoothing, ``min_u |u - f|^2 / 2 + weight TV(u)``, by a fixed number of steps.

    The dual gradient projection of Chambolle 2004 (doi:10.1023/B:JMIV.0000011325.36760.1e) with Nesterov's acceleration
    (Beck and Teboulle 2009, doi:10.1109/TIP.2009.2028250). Each step looks one pixel further, so the result reaches
    ``iterations + 1`` pixels.

    Parameters
    ----------
    image : float32 (y, x)
        NaN for no data, which takes no part: no gradient crosses its edge.
    weight : float
        In units of the image; 0 for no smoothing.
    iterations : int
        Number of steps.

    Returns
    -------
    float32 (y, x)
        NaN where the image is.
    """
    if weight <= 0.0 or iterations < 1:
        return np.array(image, np.float32)
    image = np.ascontiguousarray(image, np.float32)
    return np.asarray(_total_variation(image, np.float32(weight), iterations), np.float32)


@compiled
def _weighted_means(images: Singles, weights: Singles, wanted: Bools) -> Singles:
    count, height, width = images.shape
    radius = weights.size // 2
    value = np.zeros((height, width + 2 * radius), np.float32)
    columns, total = np.empty(width + 2 * radius, np.float32), np.empty(width, np.float32)
    weight = np.empty((height, width), np.float32)
    out = np.full(images.shape, np.float32(np.nan), np.float32)
    _weights_there(images[0], weights, wanted, value, columns, weight)
    for image in range(count):
        for y in range(height):
            _fill(images[image, y], False, value[y, radius : radius + width])
        for y in range(height):
            own, end = images[image, y], 0
            while end < width:
                start, end = _next_span(wanted[y], end, 2 * radius)
                if start == end:
                    break
                _spread(value, weights, y, start, end, columns, total)
                seen, divided = own[start:end], weight[y, start:end]
                summed, result = total[start:end], out[image, y, start:end]
                for x in range(result.size):
                    result[x] = summed[x] / divided[x] if seen[x] == seen[x] else np.float32(np.nan)
    return out


@compiled
def _weights_there(
    image: Singles, weights: Singles, wanted: Bools, value: Singles, columns: Singles, weight: Singles
) -> None:
    """Of each wanted pixel the weights of those around it that are there; all rows amid full ones have the same."""
    height, width = image.shape
    radius = weights.size // 2
    gaps = np.zeros(height + 1, np.int64)  # in the rows before
    for y in range(height):
        gaps[y + 1] = gaps[y] + _fill(image[y], True, value[y, radius : radius + width])
    known = -1
    for y in range(height):
        amid = y >= radius and y + radius < height and gaps[y + radius + 1] == gaps[y - radius]
        end = 0
        while end < width:
            start, end = _next_span(wanted[y], end, 2 * radius)
            if start == end:
                break
            if amid and known >= 0 and end - start == width:
                weight[y] = weight[known]
                continue
            _spread(value, weights, y, start, end, columns, weight[y])
            if amid and end - start == width:
                known = y


@compiled
def _fill(source: Singles, ones: bool, into: Singles) -> int:
    """What is there of a row, or 1 in its place, and 0 where nothing is; how many pixels that are."""
    missing = 0
    for x in range(into.size):
        there = source[x] == source[x]
        into[x] = (np.float32(1.0) if ones else source[x]) if there else np.float32(0.0)
        missing += not there
    return missing


@compiled
def _next_span(wanted: Bools, place: int, gap: int) -> tuple[int, int]:
    """From the first wanted pixel at or after the place to one behind which a gap is wider than this; empty if none."""
    start = place
    while start < wanted.size and not wanted[start]:
        start += 1
    end, last = start, start
    while end < wanted.size and end - last <= gap:
        if wanted[end]:
            last = end
        end += 1
    return start, min(last + 1, wanted.size)


@compiled
def _spread(image: Singles, weights: Singles, y: int, start: int, end: int, columns: Singles, total: Singles) -> None:
    """Weighted sums around the pixels `start` to `end` of a row, of an image with `radius` columns beyond its edges."""
    radius = weights.size // 2
    own = columns[start : end + 2 * radius]
    own[:] = 0.0
    k, last = max(0, radius - y), min(2 * radius + 1, len(image) - y + radius)
    # four at a time: a sum is kept in memory once instead of four times
    while k + 4 <= last:
        p, q, r, s = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        top = y + k - radius
        a, b = image[top, start : end + 2 * radius], image[top + 1, start : end + 2 * radius]
        c, d = image[top + 2, start : end + 2 * radius], image[top + 3, start : end + 2 * radius]
        for x in range(own.size):
            own[x] = (((own[x] + p * a[x]) + q * b[x]) + r * c[x]) + s * d[x]
        k += 4
    while k < last:
        w, row = weights[k], image[y + k - radius, start : end + 2 * radius]
        for x in range(own.size):
            own[x] += w * row[x]
        k += 1
    _along_row(own, weights, total[start:end])


@compiled
def _along_row(own: Singles, weights: Singles, found: Singles) -> None:
    """Weighted sums along a row that has `radius` columns beyond the wanted ones."""
    found[:] = 0.0
    k = 0
    while k + 4 <= weights.size:
        p, q, r, s = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        n = found.size
        a, b, c, d = own[k : k + n], own[k + 1 : k + 1 + n], own[k + 2 : k + 2 + n], own[k + 3 : k + 3 + n]
        for x in range(found.size):
            found[x] = (((found[x] + p * a[x]) + q * b[x]) + r * c[x]) + s * d[x]
        k += 4
    while k < weights.size:
        w, row = weights[k], own[k:]
        for x in range(found.size):
            found[x] += w * row[x]
        k += 1


@compiled
def _divergence_step(f: Singles, p: Singles, q: Singles, weight: np.float32, u: Singles) -> None:
    """``u = f - weight div(p, q)``, the primal image of a dual pair."""
    height, width = f.shape
    for y in range(height):
        pr, qr, fr, ur, above = p[y], q[y], f[y], u[y], q[max(0, y - 1)]
        first = np.float32(1.0 if y > 0 else 0.0)
        ur[0] = fr[0] - weight * (pr[0] + (qr[0] - first * above[0]))
        for x in range(1, width):
            ur[x] = fr[x] - weight * ((pr[x] - pr[x - 1]) + (qr[x] - first * above[x]))


@compiled
def _ascend(u: Singles, r: Singles, s: Singles, p: Singles, q: Singles, step: np.float32, momentum: np.float32) -> None:
    """One projected gradient step of the dual pair ``(p, q)`` from its extrapolation ``(r, s)``, which moves on."""
    height, width = u.shape
    zero, one = np.float32(0.0), np.float32(1.0)
    for y in range(height):
        for x in range(width):
            dx = u[y, x + 1] - u[y, x] if x + 1 < width else zero
            dy = u[y + 1, x] - u[y, x] if y + 1 < height else zero
            dx = dx if dx == dx else zero
            dy = dy if dy == dy else zero
            a, b = r[y, x] - step * dx, s[y, x] - step * dy
            norm = max(one, np.sqrt(a * a + b * b))
            a, b = a / norm, b / norm
            r[y, x] = a + momentum * (a - p[y, x])
            s[y, x] = b + momentum * (b - q[y, x])
            p[y, x] = a
            q[y, x] = b


@compiled
def _total_variation(f: Singles, weight: np.float32, iterations: int) -> Singles:
    p, q = np.zeros_like(f), np.zeros_like(f)
    r, s = np.zeros_like(f), np.zeros_like(f)
    u = np.empty_like(f)
    step = np.float32(1.0 / (DUAL_STEP * weight))
    t = 1.0
    for _ in range(iterations):
        _divergence_step(f, r, s, weight, u)
        following = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
        _ascend(u, r, s, p, q, step, np.float32((t - 1.0) / following))
        t = following
    _divergence_step(f, p, q, weight, u)
    return u
