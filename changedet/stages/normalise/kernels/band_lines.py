"""Lines that map one image's bands on to another's, from pixels that did not change.

Invariant pixels by IR-MAD and orthogonal regression with a held-out third: Canty, Nielsen and Schmidt 2004,
doi:10.1016/j.rse.2003.10.024.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from changedet.kernels.irmad import irmad_fit
from changedet.kernels.variates import chi_square, no_change_probability

GAIN_LIMITS: Final = (0.1, 10.0)
"""A gain beyond these is no change of light."""


def pixel_pairs(
    moving: NDArray[np.float32], reference: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pixels of sample cells ``(cell, band, y, x)`` seen in both, as ``(n, band)``, thinned to at most `most`."""
    bands = moving.shape[1]
    x = np.moveaxis(moving, 1, -1).reshape(-1, bands)
    y = np.moveaxis(reference, 1, -1).reshape(-1, bands)
    seen = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1))
    if len(seen) > most:
        # Spread by a fixed seed: a stride would walk along one column of every cell.
        seen = seen[np.sort(np.random.default_rng(0).permutation(len(seen))[:most])]
    return np.ascontiguousarray(x[seen]), np.ascontiguousarray(y[seen])


def likeness(moving: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """First canonical correlation of all pixel pairs ``(n, band)``, 0 to 1; pixels chosen to agree cannot tell it."""
    return irmad_fit(moving, reference, 1, 1e-3, 0.0).rho[0]


def invariant_pixels(
    moving: NDArray[np.float32], reference: NDArray[np.float32], probability: float, max_iterations: int
) -> NDArray[np.bool_]:
    """Which of the pixel pairs ``(n, band)`` did not change, with at least that IR-MAD probability."""
    variates = irmad_fit(moving, reference, max_iterations, 1e-3, 0.0)
    if variates.degrees == 0:
        return np.ones(len(moving), bool)
    chi = chi_square(moving, reference, variates)
    return np.asarray(no_change_probability(chi, variates.degrees) > probability, bool)


def orthogonal_line(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Gain and offset of ``y = gain x + offset`` by total least squares; gain 1 where they do not vary together."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    mean_x, mean_y = float(x.mean()), float(y.mean())
    sxx, syy = float(np.mean((x - mean_x) ** 2)), float(np.mean((y - mean_y) ** 2))
    sxy = float(np.mean((x - mean_x) * (y - mean_y)))
    if sxy <= 1e-12 * max(sxx, syy, 1e-30):
        return 1.0, mean_y - mean_x
    gain = (syy - sxx + np.sqrt((syy - sxx) ** 2 + 4 * sxy**2)) / (2 * sxy)
    return float(gain), float(mean_y - gain * mean_x)


def held_out_tests(fitted: NDArray[np.floating[Any]], truth: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """p-values of a paired t test for equal means and of an F test for equal variances; 1 where they are the same."""
    a, b = np.asarray(fitted, np.float64), np.asarray(truth, np.float64)
    difference = a - b
    spread = float(difference.std(ddof=1))
    n = len(a)
    if spread <= 1e-12 * max(1.0, float(np.abs(b).max())):
        p_t = 1.0 if abs(float(difference.mean())) <= 1e-9 * max(1.0, float(np.abs(b).max())) else 0.0
    else:
        p_t = 2.0 * float(stats.t.sf(abs(float(difference.mean())) / (spread / np.sqrt(n)), n - 1))
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    if min(va, vb) <= 0:
        return p_t, 1.0 if va == vb else 0.0
    one_side = float(stats.f.sf(max(va, vb) / min(va, vb), n - 1, n - 1))
    return p_t, min(1.0, 2.0 * one_side)


def quantile_line(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Gain and offset that match median and interquartile range; a band without range keeps gain 1."""
    low_x, middle_x, high_x = (float(value) for value in np.percentile(x, (25, 50, 75)))
    low_y, middle_y, high_y = (float(value) for value in np.percentile(y, (25, 50, 75)))
    range_x, range_y = high_x - low_x, high_y - low_y
    gain = range_y / range_x if range_x > 0 and range_y > 0 else 1.0
    return gain, middle_y - gain * middle_x


def moment_line(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Gain and offset that match mean and standard deviation; a band without variation keeps gain 1."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    sx, sy = float(x.std()), float(y.std())
    gain = sy / sx if sx > 0 and sy > 0 else 1.0
    return gain, float(y.mean() - gain * x.mean())


def is_plausible(gain: float) -> bool:
    """Whether a gain can be a change of light and calibration."""
    return GAIN_LIMITS[0] <= gain <= GAIN_LIMITS[1]


def linear(
    image: NDArray[np.float32], gain: NDArray[np.float64], offset: NDArray[np.float64], limits: tuple[float, float]
) -> NDArray[np.float32]:
    """``gain x image + offset`` for each band of ``(band, y, x)``, clipped to `limits`; NaN stays NaN."""
    scaled: NDArray[np.float32] = image * gain.astype(np.float32)[:, None, None]
    # In place: a tile of many bands is most of what a worker holds.
    scaled += offset.astype(np.float32)[:, None, None]
    if np.isfinite(limits).any():
        np.clip(scaled, *limits, out=scaled)
    return scaled


def correlation(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> float:
    """Pearson's; 1 where neither varies, 0 where one does not."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    dx, dy = x - x.mean(), y - y.mean()
    size = float(np.sqrt(np.mean(dx**2) * np.mean(dy**2)))
    if size <= 0:
        return 1.0 if float(np.mean(dx**2)) == float(np.mean(dy**2)) else 0.0
    return float(np.mean(dx * dy) / size)
