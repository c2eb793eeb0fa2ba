"""Quantiles of many values, each from the few that lie near it: a quarter of the time of a partition of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

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
    look = _Look.at(values)
    return np.array([_quantile(look, share) for share in shares])


def percentile(values: Values, percent: float) -> float:
    """One percentile, to the same bits as ``np.percentile(values, percent)``.

    Parameters
    ----------
    values : float32 or float64 (n,)
        At least one, without NaN.
    percent : float
        0 to 100.

    Returns
    -------
    float
        As of `quantile`.
    """
    return quantile(values, percent / PERCENT)


def quantile(values: Values, share: float) -> float:
    """One quantile, to the same bits as ``np.quantile(values, share)``.

    Parameters
    ----------
    values : float32 or float64 (n,)
        At least one, without NaN.
    share : float
        0 to 1.

    Returns
    -------
    float
        By linear interpolation in the values' own width, as numpy does where one share is asked for.
    """
    found = _around(_Look.at(values), share) if values.size >= LEAST_VALUES else None
    if found is None:
        return float(np.quantile(values, share))
    one, other, part = found
    step, width = other - one, values.dtype.type
    return float(one + step * width(part) if part < HALFWAY else other - step * width(1.0 - part))


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


class _Look(NamedTuple):
    """Values, a sorted sample of them, and room for those that lie near a place in it."""

    values: Values
    sample: Values
    room: Values

    @classmethod
    def at(cls, values: Values) -> _Look:
        values = values if values.flags.c_contiguous else values.copy()
        sample = np.pad(np.sort(values[:: values.size // SAMPLE]), 1, constant_values=(-np.inf, np.inf))
        return cls(values, sample, np.empty_like(values))


def _around(look: _Look, share: float) -> tuple[np.floating[Any], np.floating[Any], float] | None:
    """The values whose ranks are next to a share, and its place between them; None where the sample misleads."""
    values, sample, room = look
    rank = share * (values.size - 1)
    first = math.floor(rank)
    second = min(first + 1, values.size - 1)
    last = sample.size - 1
    near, reach = round(share * last), int(MARGIN * last)
    below, count = gather_between(values, sample[max(0, near - reach)], sample[min(last, near + reach)], room)
    if first < below or second >= below + count:
        return None
    return *of_two_ranks(room[:count], first - below, second - below), rank - first


def _quantile(look: _Look, share: float) -> float:
    """One quantile, from what lies within `MARGIN` of its place in the sorted sample."""
    found = _around(look, share)
    if found is None:
        return float(np.quantile(look.values, [share])[0])
    one, other, part = found
    step = float(other - one)
    # As numpy does: from the nearer of the two.
    return float(one) + step * part if part < HALFWAY else float(other) - step * (1.0 - part)
