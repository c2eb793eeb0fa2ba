"""Lines that map one image's bands on to another's: fitting one, testing it, applying it.

Orthogonal regression with a held-out third: Canty, Nielsen and Schmidt 2004, doi:10.1016/j.rse.2003.10.024.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.medians import median
from changedet.kernels.quantiles import quantiles

Values: TypeAlias = Singles | Floats
"""One band's values (n,), of either width."""

GAIN_LIMITS: Final = (0.1, 10.0)
"""A gain beyond these is no change of light."""
LIGHT_RATIO: Final = 5.0
"""Usual levels of two dates that differ by more are in other units: light, haze and calibration reach 3 on simulated
dates, and reflectance in 1/10000 beside a picture of 8 bits is 8 and more."""
NEAR: Final = 2.0
"""Standard deviations within which 95 % of values of one line lie."""
MEDIAN_TO_SIGMA: Final = 1.4826
"""Of a normal distribution, its standard deviation over its median distance."""
SMALLEST: Final = 1e-6
"""Of a distance, so that values that lie on a line exactly are near it."""
MOST_ROUNDS: Final = 12
"""Of leaving out; few are needed."""
QUARTILES: Final = (0.25, 0.5, 0.75)
"""Shares of the values whose middle and range are matched."""


def orthogonal_line(x: Values, y: Values) -> tuple[float, float]:
    """Gain and offset of ``y = gain x + offset`` by total least squares.

    Parameters
    ----------
    x, y : float (n,)
        One band's values on both dates, without NaN.

    Returns
    -------
    gain, offset : float
        Gain 1 where they do not vary together.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    mean_x, mean_y = float(x.mean()), float(y.mean())
    sxx, syy = float(np.mean((x - mean_x) ** 2)), float(np.mean((y - mean_y) ** 2))
    sxy = float(np.mean((x - mean_x) * (y - mean_y)))
    if sxy <= 1e-12 * max(sxx, syy, 1e-30):
        return 1.0, mean_y - mean_x
    gain = (syy - sxx + np.sqrt((syy - sxx) ** 2 + 4 * sxy**2)) / (2 * sxy)
    return float(gain), float(mean_y - gain * mean_x)


def near_a_line(x: Values, y: Values) -> Bools:
    """Which values lie near the line that most of them are near: it is fitted, and those far off are left out, in turn.

    Parameters
    ----------
    x, y : float (n,)
        One band's values on both dates, in like units, without NaN.

    Returns
    -------
    bool (n,)
        Within `NEAR` robust standard deviations of the line's distances.
    """
    near = np.ones(len(x), bool)
    for _ in range(MOST_ROUNDS):
        gain, offset = orthogonal_line(x[near], y[near])
        away = np.abs(y - gain * x - offset)
        kept = away <= NEAR * MEDIAN_TO_SIGMA * max(median(np.ascontiguousarray(away)), SMALLEST)
        if (kept == near).all():
            break
        near = kept
    return near


def held_out_tests(fitted: Values, truth: Values) -> tuple[float, float]:
    """p-values of a paired t test for equal means and of an F test for equal variances.

    Parameters
    ----------
    fitted, truth : float (n,)
        Held-out values by the line, and on the reference date.

    Returns
    -------
    p_t, p_f : float
        0 to 1; 1 where they are the same.
    """
    # Imported here for a quick start.
    from scipy import special

    a, b = np.asarray(fitted, np.float64), np.asarray(truth, np.float64)
    difference = a - b
    spread = float(difference.std(ddof=1))
    n = len(a)
    if spread <= 1e-12 * max(1.0, float(np.abs(b).max())):
        p_t = 1.0 if abs(float(difference.mean())) <= 1e-9 * max(1.0, float(np.abs(b).max())) else 0.0
    else:
        p_t = 2.0 * float(special.stdtr(n - 1, -abs(float(difference.mean())) / (spread / np.sqrt(n))))
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    if min(va, vb) <= 0:
        return p_t, 1.0 if va == vb else 0.0
    one_side = float(special.fdtrc(n - 1, n - 1, max(va, vb) / min(va, vb)))
    return p_t, min(1.0, 2.0 * one_side)


def quantile_line(x: Values, y: Values) -> tuple[float, float]:
    """Gain and offset that match median and interquartile range.

    Parameters
    ----------
    x, y : float (n,)
        One band's values on both dates, without NaN.

    Returns
    -------
    gain, offset : float
        A band without range keeps gain 1.
    """
    low_x, middle_x, high_x = quantiles(x, QUARTILES).tolist()
    low_y, middle_y, high_y = quantiles(y, QUARTILES).tolist()
    range_x, range_y = high_x - low_x, high_y - low_y
    gain = range_y / range_x if range_x > 0 and range_y > 0 else 1.0
    return gain, middle_y - gain * middle_x


def moment_line(x: Values, y: Values) -> tuple[float, float]:
    """Gain and offset that match mean and standard deviation.

    Parameters
    ----------
    x, y : float (n,)
        One band's values on both dates, without NaN.

    Returns
    -------
    gain, offset : float
        A band without variation keeps gain 1.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    sx, sy = float(x.std()), float(y.std())
    gain = sy / sx if sx > 0 and sy > 0 else 1.0
    return gain, float(y.mean() - gain * x.mean())


def units_ratio(x: Singles, y: Singles) -> float:
    """How many of the first date's units make one of the second's: 8-bit pictures beside reflectance in 1/10000.

    Parameters
    ----------
    x, y : float32 (n, band)
        The same pixels of both dates, without NaN.

    Returns
    -------
    float
        The ratio of their usual levels, the middle of the bands; 1 where that may be light, and where a level is not
        above 0.
    """
    if not len(x):
        return 1.0
    levels = np.array([[median(np.ascontiguousarray(band)) for band in values.T] for values in (x, y)])
    if not (levels > 0).all():
        return 1.0
    ratio = float(np.median(levels[1] / levels[0]))
    return 1.0 if 1 / LIGHT_RATIO <= ratio <= LIGHT_RATIO else ratio


def is_plausible(gain: float, units: float) -> bool:
    """Whether a gain can be a change of light and calibration.

    Parameters
    ----------
    gain : float
        Of a line.
    units : float
        As of `units_ratio`.

    Returns
    -------
    bool
        Within `GAIN_LIMITS`.
    """
    return GAIN_LIMITS[0] <= gain / units <= GAIN_LIMITS[1]


def usual_gain(gains: Sequence[float], units: float) -> float:
    """The gain of a band whose own cannot be told.

    Parameters
    ----------
    gains : sequence of float
        Of all bands.
    units : float
        As of `units_ratio`.

    Returns
    -------
    float
        The middle of those that are a change of light, else `units`.
    """
    known = [gain for gain in gains if is_plausible(gain, units)]
    return float(np.median(known)) if known else units


def level_line(x: Values, y: Values, gain: float) -> tuple[float, float]:
    """The line of a given gain that matches the medians.

    Parameters
    ----------
    x, y : float (n,)
        One band's values on both dates, without NaN.
    gain : float
        What one unit of the first becomes.

    Returns
    -------
    gain, offset : float
        The gain as given.
    """
    return gain, float(np.median(y)) - gain * float(np.median(x))


def linear(image: Singles, gain: Floats, offset: Floats, limits: tuple[float, float]) -> Singles:
    """``gain x image + offset`` for each band.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    gain, offset : float64 (band,)
        Of the lines.
    limits : (float, float)
        The result is clipped to them; infinite for none.

    Returns
    -------
    float32 (band, y, x)
        NaN stays NaN.
    """
    scaled = np.empty(image.shape, np.float32)
    ends = np.float32(limits[0]), np.float32(limits[1])
    flat = np.ascontiguousarray(image, np.float32).reshape(len(image), -1)
    _scale(flat, gain.astype(np.float32), offset.astype(np.float32), ends, scaled.reshape(len(image), -1))
    return scaled


@compiled
def _scale(
    image: Singles, gain: Singles, offset: Singles, ends: tuple[np.float32, np.float32], scaled: Singles
) -> None:
    low, high = ends
    for band in range(len(image)):
        line, into, g, o = image[band], scaled[band], gain[band], offset[band]
        for k in range(line.size):
            value = line[k] * g + o
            # comparisons with NaN are false: it stays
            value = low if value < low else value
            into[k] = high if value > high else value


def correlation(x: Values, y: Values) -> float:
    """Pearson's correlation.

    Parameters
    ----------
    x, y : float (n,)
        Without NaN.

    Returns
    -------
    float
        -1 to 1; 1 where neither varies, 0 where only one does.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    dx, dy = x - x.mean(), y - y.mean()
    size = float(np.sqrt(np.mean(dx**2) * np.mean(dy**2)))
    if size <= 0:
        return 1.0 if float(np.mean(dx**2)) == float(np.mean(dy**2)) else 0.0
    return float(np.mean(dx * dy) / size)
