"""Quantiles of many values, each from the few that lie near it: a quarter of the time of a partition of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.medians import LEAST_VALUES, MARGIN, SAMPLE, Values, gather_between, of_two_ranks

HALFWAY: Final = 0.5
"""Between two ranks."""
PERCENT: Final = 100
"""Of the whole."""


def quantiles(values: Values, shares: Sequence[float]) -> Floats:
    """Quantiles, to the same bits as ``np.quantile(values, shares)``.

    Parameters
    ----------
    values : float32 or float64 (n,)
        At least one, without NaN.
    shares : sequence of float
        0 to 1.

    Returns
    -------
    float64 (share,)
        By linear interpolation between the two values whose ranks are next to each share.
    """
    if values.size < LEAST_VALUES:
        return np.asarray(np.quantile(values, shares), np.float64)
    values = values if values.flags.c_contiguous else values.copy()
    sample = np.pad(np.sort(values[:: values.size // SAMPLE]), 1, constant_values=(-np.inf, np.inf))
    room = np.empty_like(values)
    return np.array([_quantile(values, share, sample, room) for share in shares])


def percentiles(values: Values, percents: Sequence[float]) -> Floats:
    """Percentiles, to the same bits as ``np.percentile(values, percents)``.

    Parameters
    ----------
    values : float32 or float64 (n,)
        At least one, without NaN.
    percents : sequence of float
        0 to 100.

    Returns
    -------
    float64 (percent,)
        As of `quantiles`.
    """
    return quantiles(values, [percent / PERCENT for percent in percents])


def _quantile(values: Values, share: float, sample: Values, room: Values) -> float:
    """One quantile, from what lies within `MARGIN` of its place in the sorted sample."""
    rank = share * (values.size - 1)
    first = math.floor(rank)
    second = min(first + 1, values.size - 1)
    last = sample.size - 1
    near, reach = round(share * last), int(MARGIN * last)
    below, count = gather_between(values, sample[max(0, near - reach)], sample[min(last, near + reach)], room)
    if first < below or second >= below + count:
        return float(np.quantile(values, [share])[0])
    one, other = of_two_ranks(room[:count], first - below, second - below)
    part = rank - first
    step = float(other - one)
    # As numpy does: from the nearer of the two.
    return float(one) + step * part if part < HALFWAY else float(other) - step * (1.0 - part)
