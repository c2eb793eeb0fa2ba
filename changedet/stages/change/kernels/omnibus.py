"""The omnibus test for change in a series of radar intensities, and its factors that date it.

Intensities of ``n`` looks follow a gamma distribution whose mean is the backscatter. The likelihood ratio of one mean
for all ``k`` dates against a mean for each is ``Q``; ``-2 rho ln Q`` is nearly chi-square of ``(k - 1)`` degrees a band
where nothing changed. ``Q`` is the product of ``R_2 .. R_k``, independent tests that date ``j`` is as all before it.
Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160. Bands count as independent: of the covariance matrix
a detected product has the diagonal alone.

All statistics depend on ratios of intensities only; ``k = 2`` is the classical test of two gamma means.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.kernels.compiled import compiled

LEAST_LOOKS: Final = 0.5
MOST_LOOKS: Final = 500.0
"""Range in which the number of looks is searched."""
STEPS: Final = 200
"""Numbers of looks in that range, in equal ratios, between which the quartile is interpolated."""
UPPER_QUARTILE: Final = 0.75
"""Its quantile of the log ratio is the median of the absolute log ratio."""
SIX: Final = 6.0
"""Of the expansion of rho: Conradsen, Nielsen and Skriver 2016, equations 8 and 13 for one channel."""
QUARTER: Final = 0.25
"""Of the expansion of omega there."""


class Law(NamedTuple):
    """Distribution of ``-2 rho ln Q`` where nothing changed: ``(1 - omega) chi2(degrees) + omega chi2(degrees + 4)``.

    Attributes
    ----------
    degrees : int
        Of freedom.
    rho : float
        Factor of the statistic.
    omega : float
        Weight of the second chi-square, at most 0.
    """

    degrees: int
    rho: float
    omega: float


def omnibus_law(dates: int, bands: int, looks: float) -> Law:
    """Distribution of the test that all dates have one mean.

    Parameters
    ----------
    dates : int
        At least 2.
    bands : int
        Single channels, independent of each other.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    Law
        Where nothing changed.
    """
    degrees = (dates - 1) * bands
    rho = 1.0 - (dates / looks - 1.0 / (looks * dates)) / (SIX * (dates - 1))
    return _law(degrees, rho)


def factor_law(j: int, bands: int, looks: float) -> Law:
    """Distribution of the factor ``R_j``: that date `j` is as the dates before it.

    Parameters
    ----------
    j : int
        From 2.
    bands : int
        Single channels, independent of each other.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    Law
        Where nothing changed.
    """
    rho = 1.0 - (1.0 + 1.0 / (j * (j - 1))) / (SIX * looks)
    return _law(bands, rho)


def _law(degrees: int, rho: float) -> Law:
    # Under one look the expansion has no meaning any more; what it then gives must at least be a distribution.
    rho = max(rho, 0.5)
    return Law(degrees, rho, -QUARTER * degrees * (1.0 - 1.0 / rho) ** 2)


def no_change_probability(statistic: Floats | Singles, law: Law) -> Floats:
    """Probability of at least this statistic where nothing changed.

    Parameters
    ----------
    statistic : float64 array
        ``-2 rho ln Q`` or ``-2 rho ln R_j``.
    law : Law
        Its distribution.

    Returns
    -------
    float64 array
        0 to 1, of the same shape.
    """
    # Imported here for a quick start.
    from scipy import special

    first, second = (special.chdtrc(law.degrees + more, np.maximum(statistic, 0.0)) for more in (0, 4))
    return np.asarray(np.clip(first + law.omega * (second - first), 0.0, 1.0))


def omnibus_statistic(logs: Floats | Singles, looks: float) -> Floats:
    """``-2 rho ln Q`` of a series.

    Parameters
    ----------
    logs : float (date, band, ...)
        Natural logarithms of intensities; NaN where not seen makes the result NaN.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    float64 (...)
        At least 0.
    """
    dates, bands = logs.shape[:2]
    mean = _log_mean(logs)
    total = (logs - mean).sum(axis=0).sum(axis=0)
    return np.asarray(-2.0 * omnibus_law(dates, bands, looks).rho * looks * total)


def factor_statistic(logs: Floats | Singles, j: int, looks: float) -> Floats:
    """``-2 rho ln R_j`` of a date against the dates before it.

    Parameters
    ----------
    logs : float (date, band, ...)
        As for `omnibus_statistic`.
    j : int
        The date, from 2.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    float64 (...)
        At least 0.
    """
    before, all_ = _log_mean(logs[: j - 1]), _log_mean(logs[:j])
    total = ((j - 1) * before + logs[j - 1] - j * all_).sum(axis=0)
    return np.asarray(-2.0 * factor_law(j, logs.shape[1], looks).rho * looks * total)


def _log_mean(logs: Floats | Singles) -> Floats:
    greatest = logs.max(axis=0)
    return np.asarray(greatest + np.log(np.exp(logs - greatest).mean(axis=0)), np.float64)


def pair_score(before: Singles, after: Singles, looks: float) -> Singles:
    """Root of ``-2 rho ln Q`` of two dates, ``sqrt(4 rho n sum_b ln cosh((b - a) / 2))``.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        Logarithms of intensities.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    float32 (y, x)
        At least 0; NaN where either is. Its square is nearly chi-square of as many degrees as bands.
    """
    factor = 4.0 * omnibus_law(2, len(before), looks).rho * looks
    return np.asarray(_pair_score(before, after, np.float32(factor)), np.float32)


@compiled
def _pair_score(before: Singles, after: Singles, factor: np.float32) -> Singles:
    bands, height, width = before.shape
    out = np.zeros((height, width), np.float32)
    half, two = np.float32(0.5), np.float32(math.log(2.0))
    for y in range(height):
        for b in range(bands):
            for x in range(width):
                z = abs(half * (before[b, y, x] - after[b, y, x]))
                out[y, x] += max(z + np.log1p(np.exp(-z - z)) - two, np.float32(0.0)) if z == z else z
        for x in range(width):
            out[y, x] = np.sqrt(factor * out[y, x])
    return out


def looks_of(log_ratios: Floats | Singles) -> float:
    """Equivalent number of looks for which half of the unchanged log ratios would be as small as half of these.

    The ratio of two intensities of ``n`` looks and one mean follows ``F(2 n, 2 n)``; the median of the absolute
    logarithm is found from its quartile. Texture of the ground falls out of the ratio, and change, as long as it covers
    less than half, moves the median little. What vegetation does between the dates counts as speckle, as it does to the
    test.

    Parameters
    ----------
    log_ratios : float array
        Of intensities, of any shape; NaN is left out.

    Returns
    -------
    float
        `LEAST_LOOKS` to `MOST_LOOKS`; 1 without a value.
    """
    # Imported here for a quick start.
    from scipy import special

    values = log_ratios[np.isfinite(log_ratios)]
    if not values.size:
        return 1.0
    median = float(np.median(np.abs(values - np.median(values))))
    grid = np.geomspace(LEAST_LOOKS, MOST_LOOKS, STEPS)
    quartiles = np.log(special.fdtri(2.0 * grid, 2.0 * grid, UPPER_QUARTILE))
    return float(np.exp(np.interp(-median, -quartiles, np.log(grid))))


def change_points(logs: Floats | Singles, looks: float, false_alarm_fraction: float) -> Ints:
    """When a series changes: for each date and pixel how many changes there were up to it.

    From the first date of each stretch the omnibus test is made of the rest; where it has not one mean, the first
    ``R_j`` that is rejected is the change, and the next stretch begins there.

    Parameters
    ----------
    logs : float (date, band, pixel)
        Natural logarithms of intensities; a pixel with a NaN has no changes.
    looks : float
        Equivalent number of looks.
    false_alarm_fraction : float
        Significance of each test.

    Returns
    -------
    int64 (date, pixel)
        0 on the first date; of the dates with 1 the first is that of the first change.
    """
    dates, bands, pixels = logs.shape
    starts = np.zeros((dates, pixels), np.int64)
    begin = np.zeros(pixels, np.int64)
    for first in range(dates - 1):
        here = np.flatnonzero(begin == first)
        if not here.size:
            continue
        rest = logs[first:, :, here]
        whole = no_change_probability(omnibus_statistic(rest, looks), omnibus_law(dates - first, bands, looks))
        open_, begin[here] = whole < false_alarm_fraction, dates
        for j in range(2, dates - first + 1):
            odd = no_change_probability(factor_statistic(rest, j, looks), factor_law(j, bands, looks))
            found = open_ & (odd < false_alarm_fraction)
            begin[here[found]] = first + j - 1
            starts[first + j - 1, here[found]] = 1
            open_ &= ~found
    return np.cumsum(starts, axis=0)
