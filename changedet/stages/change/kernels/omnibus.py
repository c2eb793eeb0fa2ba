"""The omnibus test for change in a series of radar intensities, and its factors that tell when.

Intensities of ``n`` looks follow a gamma distribution whose mean is the backscatter. The likelihood ratio of one mean
for all ``k`` dates against a mean for each is ``Q``; ``-2 rho ln Q`` is nearly chi-square of ``(k - 1)`` degrees a band
where nothing changed. ``Q`` is the product of ``R_2 .. R_k``, independent tests that date ``j`` is as all before it.
Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160. Bands count as independent: of the covariance matrix
a detected product has the diagonal alone.

All statistics depend on ratios of intensities only; ``k = 2`` is the classical test of two gamma means.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEAST_LOOKS, MOST_LOOKS = 0.5, 500.0
STEPS: Final = 200


class Law(NamedTuple):
    """Of ``-2 rho ln Q`` where nothing changed: ``(1 - omega) chi2(degrees) + omega chi2(degrees + 4)``."""

    degrees: int
    rho: float
    omega: float


def omnibus_law(dates: int, bands: int, looks: float) -> Law:
    """Of the test that all `dates` have one mean; bands are single channels, independent of each other."""
    degrees = (dates - 1) * bands
    rho = 1.0 - (dates / looks - 1.0 / (looks * dates)) / (6.0 * (dates - 1))
    return _law(degrees, rho)


def factor_law(j: int, bands: int, looks: float) -> Law:
    """Of the factor ``R_j``, `j` from 2: that date `j` is as the dates before it."""
    rho = 1.0 - (1.0 + 1.0 / (j * (j - 1))) / (6.0 * looks)
    return _law(bands, rho)


def _law(degrees: int, rho: float) -> Law:
    # Under one look the expansion has no meaning any more; what it then says must at least be a distribution.
    rho = max(rho, 0.5)
    return Law(degrees, rho, -0.25 * degrees * (1.0 - 1.0 / rho) ** 2)


def no_change_probability(statistic: NDArray[np.floating[Any]], law: Law) -> NDArray[np.float64]:
    """Probability of at least this ``-2 rho ln Q`` where nothing changed."""
    first, second = (stats.chi2.sf(statistic, law.degrees + more) for more in (0, 4))
    return np.asarray(np.clip(first + law.omega * (second - first), 0.0, 1.0))


def omnibus_statistic(logs: NDArray[np.floating[Any]], looks: float) -> NDArray[np.float64]:
    """``-2 rho ln Q`` of a series.

    Parameters
    ----------
    logs : (date, band, ...) float
        Natural logarithms of intensities; NaN where not seen makes the result NaN.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    (...) float64
    """
    dates, bands = logs.shape[:2]
    mean = _log_mean(logs)
    total = (logs - mean).sum(axis=0).sum(axis=0)
    return np.asarray(-2.0 * omnibus_law(dates, bands, looks).rho * looks * total)


def factor_statistic(logs: NDArray[np.floating[Any]], j: int, looks: float) -> NDArray[np.float64]:
    """``-2 rho ln R_j`` of date `j`, from 2, against the dates before it; parameters as for `omnibus_statistic`."""
    before, all_ = _log_mean(logs[: j - 1]), _log_mean(logs[:j])
    total = ((j - 1) * before + logs[j - 1] - j * all_).sum(axis=0)
    return np.asarray(-2.0 * factor_law(j, logs.shape[1], looks).rho * looks * total)


def _log_mean(logs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    greatest = logs.max(axis=0)
    return np.asarray(greatest + np.log(np.exp(logs - greatest).mean(axis=0)), np.float64)


def pair_score(before: NDArray[np.float32], after: NDArray[np.float32], looks: float) -> NDArray[np.float32]:
    """Root of ``-2 rho ln Q`` of two dates, ``sqrt(4 rho n sum_b ln cosh((b - a) / 2))``.

    Parameters
    ----------
    before, after : (band, y, x) float32
        Logarithms of intensities.
    looks : float

    Returns
    -------
    (y, x) float32
        At least 0; NaN where either is. Its square is nearly chi-square of as many degrees as bands.
    """
    factor = 4.0 * omnibus_law(2, len(before), looks).rho * looks
    return np.asarray(_pair_score(before, after, np.float32(factor)), np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _pair_score(before: Any, after: Any, factor: Any) -> Any:
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


def looks_of(log_ratios: NDArray[np.floating[Any]]) -> float:
    """Equivalent number of looks for which half of the unchanged log ratios would be as small as half of these.

    The ratio of two intensities of ``n`` looks and one mean follows ``F(2 n, 2 n)``; the median of the absolute
    logarithm is found from its quartile. Texture of the ground falls out of the ratio, and change, as long as it covers
    less than half, moves the median little. What vegetation does between the dates counts as speckle, as it does to the
    test.

    Parameters
    ----------
    log_ratios : float array
        Of intensities, of any shape; NaN is left out.
    """
    values = log_ratios[np.isfinite(log_ratios)]
    if not values.size:
        return 1.0
    median = float(np.median(np.abs(values - np.median(values))))
    grid = np.geomspace(LEAST_LOOKS, MOST_LOOKS, STEPS)
    quartiles = np.log(stats.f.ppf(0.75, 2.0 * grid, 2.0 * grid))
    return float(np.exp(np.interp(-median, -quartiles, np.log(grid))))


def change_points(logs: NDArray[np.floating[Any]], looks: float, false_alarm_fraction: float) -> NDArray[np.int64]:
    """When a series changes: for each date and pixel how many changes there were up to it.

    From the first date of each stretch the omnibus test asks whether the rest has one mean; where it has not, the first
    ``R_j`` that is rejected is the change, and the next stretch begins there.

    Parameters
    ----------
    logs : (date, band, pixel) float
        Natural logarithms of intensities; a pixel with a NaN has no changes.
    looks : float
    false_alarm_fraction : float
        Significance of each test.

    Returns
    -------
    (date, pixel) int64
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
