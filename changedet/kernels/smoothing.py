"""Neighbourhood means of a score that know about missing pixels and reach exactly as far as they say.

All sums run in one order for every pixel, so a pixel gets the same bits whatever block it is computed in.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


def gaussian_radius_px(sigma_px: float) -> int:
    """How far `gaussian` looks: three standard deviations."""
    return math.ceil(3.0 * sigma_px)


def gaussian_weights(sigma_px: float) -> NDArray[np.float32]:
    """Weights of a Gaussian at -radius .. radius, with sum 1."""
    radius = gaussian_radius_px(sigma_px)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma_px, 1e-6)) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


def gaussian(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian mean ``(y, x)`` over the pixels that are there; NaN stays NaN."""
    return weighted_mean(image, gaussian_weights(sigma_px))


def box(image: NDArray[np.float32], radius_px: int) -> NDArray[np.float32]:
    """Plain mean over a square ``(y, x)`` of the pixels that are there; NaN stays NaN."""
    return weighted_mean(image, np.full(2 * radius_px + 1, 1.0 / (2 * radius_px + 1), np.float32))


def weighted_mean(image: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Separable weighted mean of the pixels that are there, the same `weights` along y and x; NaN stays NaN."""
    return np.asarray(_weighted_mean(np.ascontiguousarray(image, np.float32), weights), np.float32)


def total_variation(image: NDArray[np.float32], weight: float, iterations: int) -> NDArray[np.float32]:
    """Total-variation smoothing, ``min_u |u - f|^2 / 2 + weight TV(u)``, by a fixed number of steps.

    The dual gradient projection of Chambolle 2004 (doi:10.1023/B:JMIV.0000011325.36760.1e) with Nesterov's acceleration
    (Beck and Teboulle 2009, doi:10.1109/TIP.2009.2028250). Each step looks one pixel further, so the result reaches
    ``iterations + 1`` pixels. NaN stays NaN and takes no part: no gradient crosses its edge.
    """
    if weight <= 0.0 or iterations < 1:
        return np.array(image, np.float32)
    image = np.ascontiguousarray(image, np.float32)
    return np.asarray(_total_variation(image, np.float32(weight), iterations), np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _weighted_mean(image: Any, weights: Any) -> Any:
    height, width = image.shape
    radius = weights.size // 2
    padded = width + 2 * radius
    value = np.zeros((height, padded), np.float32)
    there = np.zeros((height, padded), np.float32)
    for y in range(height):
        source, into, flag = image[y], value[y, radius : radius + width], there[y, radius : radius + width]
        for x in range(width):
            flag[x] = 1.0 if source[x] == source[x] else 0.0
            into[x] = source[x] if source[x] == source[x] else 0.0
    out = np.empty((height, width), np.float32)
    columns, present = np.empty(padded, np.float32), np.empty(padded, np.float32)
    total, weight = np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(height):
        columns[:] = 0.0
        present[:] = 0.0
        for k in range(max(0, radius - y), min(2 * radius + 1, height - y + radius)):
            w, row, flag = weights[k], value[y + k - radius], there[y + k - radius]
            for x in range(padded):
                columns[x] += w * row[x]
                present[x] += w * flag[x]
        total[:] = 0.0
        weight[:] = 0.0
        for k in range(2 * radius + 1):
            w, row, flag = weights[k], columns[k : k + width], present[k : k + width]
            for x in range(width):
                total[x] += w * row[x]
                weight[x] += w * flag[x]
        result, flag = out[y], there[y, radius : radius + width]
        for x in range(width):
            result[x] = total[x] / weight[x] if flag[x] > 0.0 else np.float32(np.nan)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _divergence_step(f: Any, p: Any, q: Any, weight: Any, u: Any) -> None:
    """``u = f - weight div(p, q)``, the primal image of a dual pair."""
    height, width = f.shape
    for y in range(height):
        pr, qr, fr, ur, above = p[y], q[y], f[y], u[y], q[max(0, y - 1)]
        first = np.float32(1.0 if y > 0 else 0.0)
        ur[0] = fr[0] - weight * (pr[0] + (qr[0] - first * above[0]))
        for x in range(1, width):
            ur[x] = fr[x] - weight * ((pr[x] - pr[x - 1]) + (qr[x] - first * above[x]))


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _ascend(u: Any, r: Any, s: Any, p: Any, q: Any, step: Any, momentum: Any) -> None:
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


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _total_variation(f: Any, weight: Any, iterations: int) -> Any:
    p, q = np.zeros_like(f), np.zeros_like(f)
    r, s = np.zeros_like(f), np.zeros_like(f)
    u = np.empty_like(f)
    step = np.float32(1.0 / (8.0 * weight))
    t = 1.0
    for _ in range(iterations):
        _divergence_step(f, r, s, weight, u)
        following = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
        _ascend(u, r, s, p, q, step, np.float32((t - 1.0) / following))
        t = following
    _divergence_step(f, p, q, weight, u)
    return u
