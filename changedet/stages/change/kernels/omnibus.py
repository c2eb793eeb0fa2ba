"""The omnibus test for change between two radar intensities, and the number of looks that it needs.

Intensities of ``n`` looks follow a gamma distribution whose mean is the backscatter. The likelihood ratio of one mean
for both dates against a mean for each is ``Q``; ``-2 rho ln Q`` is nearly chi-square of one degree a band where nothing
changed. Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160, for two dates: the classical test of two
gamma means. Bands count as independent: of the covariance matrix a detected product has the diagonal alone. All
depends on ratios of intensities only.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled

LEAST_LOOKS: Final = 0.5
MOST_LOOKS: Final = 500.0
"""Range in which the number of looks is searched."""
STEPS: Final = 200
"""Numbers of looks in that range, in equal ratios, between which the quartile is interpolated."""
UPPER_QUARTILE: Final = 0.75
"""Its quantile of the log ratio is the median of the absolute log ratio."""
SIX: Final = 6.0
"""Of the expansion of rho: Conradsen, Nielsen and Skriver 2016, equation 8 for one channel."""
LEAST_RHO: Final = 0.5
"""Under one look the expansion has no meaning any more."""


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
    rho = max(1.0 - (2.0 / looks - 1.0 / (looks * 2.0)) / SIX, LEAST_RHO)
    factor = 4.0 * rho * looks
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
