"""How sure it is that a value of a series is the greatest, and what a figure is at least."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.intervals import QUANTILE

STEPS: Final = 2001
"""Points of the integral over a value; with 500 the chance is the same to the fourth decimal."""
REACH: Final = 6.0
"""Standard deviations that the integral covers on each side."""
LEAST_DEVIATION: Final = 1e-9
"""Of a value that has no error, so that it stays a distribution."""


def chance_greatest(values: Floats, low: Floats, high: Floats) -> Floats:
    """How likely each value of a series is the greatest of all.

    Each value is taken as a normal distribution whose two halves have the widths of its interval's two sides, and the
    errors of different dates as independent. Errors that dates share, such as a detector's bias, move all of them
    alike: taking them as independent makes differences less sure than they are.

    Parameters
    ----------
    values : float64 (n,)
        Best estimates; none is NaN.
    low, high : float64 (n,)
        Their 95 % intervals.

    Returns
    -------
    float64 (n,)
        Sums to 1.
    """
    below = np.maximum((values - low) / QUANTILE, LEAST_DEVIATION)
    above = np.maximum((high - values) / QUANTILE, LEAST_DEVIATION)
    steps = np.linspace(-REACH, REACH, STEPS)
    chances = np.array([_chance(i, values, below, above, steps) for i in range(len(values))])
    shares: Floats = chances / chances.sum()
    return shares


def _chance(i: int, values: Floats, below: Floats, above: Floats, steps: Floats) -> float:
    """The integral of one value's density times the distributions of all others."""
    # Imported here for a quick start.
    from scipy.special import ndtr

    points = values[i] + steps * np.where(steps < 0, below[i], above[i])
    density = np.exp(-0.5 * steps**2)
    others = np.arange(len(values)) != i
    distance = points[:, None] - values[others]
    less = ndtr(distance / np.where(distance < 0, below[others], above[others]))
    return float((density * less.prod(axis=1)).sum() / density.sum())


def at_least(value: float, low: float, confidence: float) -> float:
    """What a figure is at least, by the lower side of its interval.

    Parameters
    ----------
    value : float
        Best estimate.
    low : float
        Lower bound of its 95 % interval.
    confidence : float
        Of the one-sided bound, between .5 and 1.

    Returns
    -------
    float
        The bound; may lie below 0.
    """
    # Imported here for a quick start.
    from scipy.special import ndtri

    return value - float(ndtri(confidence)) * (value - low) / QUANTILE
