"""Standardised variates of a pair of images, and their chi-square: what `irmad` and slow features fit and apply.

A variate is a difference of linear combinations of both images' bands, ``M_i = a_i (X - E X) - b_i (Y - E Y)``.
Standardised and squared, the variates of a pixel sum to a chi-square with one degree of freedom each where nothing
changed. Nielsen 2007, doi:10.1109/TIP.2006.888195.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import AnyArray, Floats, Singles
from changedet.kernels.compiled import compiled, inlined

STRIP_PX: Final = 1024
"""Pixels of a strip: its variates stay in the nearest cache, and slices spare the index checks that forbid vectors."""
NO_TAIL: Final = 300.0
"""Half a chi-square beyond which its upper tail is taken as 0; it is below 1e-100 for any number of bands here."""
HALF_GAMMA_ARGUMENT: Final = 1.5
"""Argument of the gamma function in the first term of the sum for odd degrees of freedom."""
QUARTER: Final = 0.25
"""Half of the step between half-integers: a sum over them ends between two, whatever the rounding."""


@dataclass(frozen=True)
class Variates:
    """Fitted variates of a pair, as numbers and lists that JSON keeps.

    Attributes
    ----------
    a, b : list (band) of list (band) of float
        Rows are variates for the bands of the earlier and of the later image, the most correlated first; rows of zeros
        where bands are constant or collinear.
    before_mean, after_mean : list (band) of float
        Weighted means of the bands.
    rho : list (band) of float
        Canonical correlations, 0 to 1; what has to settle in the iteration.
    variance : list (band) of float
        Of each variate where nothing changed, above 0.
    degrees : int
        Number of variates, the degrees of freedom of `chi_square`; 0 where there were too few pixels to fit, and
        `chi_square` is 0 everywhere.
    n : int
        Pixels used.
    effective_n : float
        Sum of their weights.
    iterations : int
        Fits that were made.
    converged : bool
        Whether the correlations settled.
    """

    a: list[list[float]]
    b: list[list[float]]
    before_mean: list[float]
    after_mean: list[float]
    rho: list[float]
    variance: list[float]
    degrees: int
    n: int
    effective_n: float
    iterations: int
    converged: bool


def unweighted(a: Floats, b: Floats, mean: Floats, rho: Floats, variance: Floats, degrees: int) -> Variates:
    """`Variates` of one solution, before any pixel has been counted.

    Parameters
    ----------
    a, b : float64 (band, band)
        Rows are variates.
    mean : float64 (2 * band,)
        Of the earlier, then of the later bands.
    rho, variance : float64 (band,)
        Correlations, and variances under no change.
    degrees : int
        Rows of `a` and `b` that are not zero.

    Returns
    -------
    Variates
        With counts of 0.
    """
    bands = len(a)
    return Variates(
        a=a.tolist(),
        b=b.tolist(),
        before_mean=mean[:bands].tolist(),
        after_mean=mean[bands:].tolist(),
        rho=rho.tolist(),
        variance=variance.tolist(),
        degrees=degrees,
        n=0,
        effective_n=0.0,
        iterations=0,
        converged=False,
    )


def chi_square(before: AnyArray, after: AnyArray, variates: Variates) -> Singles:
    """Sum of the squared standardised variates, ``sum_i M_i^2 / var_i``.

    Parameters
    ----------
    before, after : float (n, band)
        The same pixels on two dates; NaN is no data.
    variates : Variates
        As fitted.

    Returns
    -------
    float32 (n,)
        At least 0; NaN where either pixel has a NaN. Chi-square of ``variates.degrees`` degrees where nothing changed.
    """
    x = np.ascontiguousarray(before, np.float32)
    y = np.ascontiguousarray(after, np.float32)
    left, right, offset = standardised(variates)
    return np.asarray(_chi_rows(x, y, left, right, offset), np.float32)


def chi_square_image(before: AnyArray, after: AnyArray, variates: Variates) -> Singles:
    """`chi_square` of two images.

    Parameters
    ----------
    before, after : float (band, y, x)
        NaN is no data.
    variates : Variates
        As fitted.

    Returns
    -------
    float32 (y, x)
        As `chi_square`.
    """
    x = np.ascontiguousarray(before, np.float32)
    y = np.ascontiguousarray(after, np.float32)
    flat = _chi_bands(x.reshape(len(x), -1), y.reshape(len(y), -1), *standardised(variates))
    return np.asarray(flat, np.float32).reshape(x.shape[1:])


def no_change_probability(chi: AnyArray, degrees: int) -> Singles:
    """``P(chi-square of that many degrees > chi)``.

    Parameters
    ----------
    chi : float, any shape
        At least 0; NaN is no data.
    degrees : int
        Degrees of freedom.

    Returns
    -------
    float32, shape of `chi`
        0 to 1; NaN stays NaN, and 0 degrees give 1.
    """
    flat = np.ascontiguousarray(chi, np.float32).reshape(-1)
    return np.asarray(_survivals(flat, degrees), np.float32).reshape(chi.shape)


def standardised(variates: Variates) -> tuple[Floats, Floats, Floats]:
    """Rows that turn a pixel pair into standardised variates, ``left x - right y - offset``.

    Parameters
    ----------
    variates : Variates
        As fitted.

    Returns
    -------
    left, right : float64 (degrees, band)
        For the bands of the earlier and of the later image.
    offset : float64 (degrees,)
        Of the means.
    """
    degrees = variates.degrees
    scale = 1.0 / np.sqrt(np.asarray(variates.variance, np.float64)[:degrees, None])
    left = np.asarray(variates.a, np.float64)[:degrees] * scale
    right = np.asarray(variates.b, np.float64)[:degrees] * scale
    before, after = np.asarray(variates.before_mean), np.asarray(variates.after_mean)
    offset = (left * before).sum(axis=1) - (right * after).sum(axis=1)
    return np.ascontiguousarray(left), np.ascontiguousarray(right), offset


@compiled
def survival(chi: float, degrees: int) -> float:
    """``P(chi-square > chi)`` by the finite sums that whole degrees of freedom allow.

    Parameters
    ----------
    chi : float
        At least 0.
    degrees : int
        Degrees of freedom.

    Returns
    -------
    float
        0 to 1; 1 for 0 degrees.
    """
    if degrees == 0:
        return 1.0
    x = 0.5 * chi
    if x > NO_TAIL:
        return 0.0
    decay = math.exp(-x)
    # Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1), from a = 1/2 or 1
    if degrees % 2 == 1:
        a, total, term = 0.5, math.erfc(math.sqrt(x)), decay * math.sqrt(x) / math.gamma(HALF_GAMMA_ARGUMENT)
    else:
        a, total, term = 1.0, decay, decay * x
    while a < 0.5 * degrees - QUARTER:
        total += term
        a += 1.0
        term *= x / a
    return min(1.0, total)


@compiled
def pixel_chi_square(x: Singles, y: Singles, left: Floats, right: Floats, offset: Floats) -> float:
    """Sum of the squared variates of one pixel pair.

    Parameters
    ----------
    x, y : float32 (band,)
        The pixel on both dates.
    left, right, offset : float64
        As `standardised` gives.

    Returns
    -------
    float
        At least 0.
    """
    total = 0.0
    for i in range(left.shape[0]):
        variate = -offset[i]
        for j in range(left.shape[1]):
            variate += left[i, j] * x[j] - right[i, j] * y[j]
        total += variate * variate
    return total


@compiled
def _survivals(chi: Singles, degrees: int) -> Singles:
    out = np.empty(chi.size, np.float32)
    for i in range(chi.size):
        out[i] = survival(chi[i], degrees) if chi[i] == chi[i] else np.nan
    return out


@compiled
def _chi_rows(x: Singles, y: Singles, left: Floats, right: Floats, offset: Floats) -> Singles:
    out = np.empty(x.shape[0], np.float32)
    for k in range(x.shape[0]):
        bad = False
        for j in range(x.shape[1]):
            bad = bad or not (np.isfinite(x[k, j]) and np.isfinite(y[k, j]))
        out[k] = np.nan if bad else pixel_chi_square(x[k], y[k], left, right, offset)
    return out


@compiled
def _chi_bands(x: Singles, y: Singles, left: Floats, right: Floats, offset: Floats) -> Singles:
    size = x.shape[1]
    out = np.empty(size, np.float32)
    variates, totals = np.empty(STRIP_PX, np.float64), np.empty(STRIP_PX, np.float64)
    for start in range(0, size, STRIP_PX):
        strip = out[start : start + STRIP_PX]
        variate, total = variates[: strip.size], totals[: strip.size]
        a, b = x[:, start : start + STRIP_PX], y[:, start : start + STRIP_PX]
        strip_chi_square(a, b, left, right, offset, variate, total)
        if left.shape[0] == 0:
            _spread_missing(x, y, start, total)
        for k in range(strip.size):
            strip[k] = total[k] if total[k] < np.inf else np.nan
    return out


@inlined
def strip_chi_square(
    x: Singles, y: Singles, left: Floats, right: Floats, offset: Floats, variate: Floats, total: Floats
) -> None:
    """Sum of the squared variates of a strip of pixel pairs, to the same bits as `pixel_chi_square`.

    Parameters
    ----------
    x, y : float32 (band, n)
        The strip on both dates.
    left, right, offset : float64
        As `standardised` gives.
    variate : float64 (n,)
        Room for one variate.
    total : float64 (n,)
        Filled with the sums, at least 0.
    """
    total[:] = 0.0
    for i in range(left.shape[0]):
        variate[:] = -offset[i]
        for j in range(x.shape[0]):
            a, b = x[j], y[j]
            p, q = left[i, j], right[i, j]
            for k in range(variate.size):
                variate[k] += p * a[k] - q * b[k]
        for k in range(total.size):
            total[k] += variate[k] * variate[k]


@inlined
def _spread_missing(x: Singles, y: Singles, start: int, total: Floats) -> None:
    """Make a strip NaN where a band is, since no variate does."""
    for j in range(x.shape[0]):
        a, b = x[j, start : start + STRIP_PX], y[j, start : start + STRIP_PX]
        for k in range(total.size):
            total[k] += 0.0 * (a[k] + b[k])
