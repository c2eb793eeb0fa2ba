"""The median of many values, from the few that lie near it: a quarter of the time of a partition of all."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled

Values: TypeAlias = Floats | Singles
"""Of either width (n,)."""

LEAST_VALUES: Final = 10_000
"""Fewer are not worth a second look."""
SAMPLE: Final = 2_000
"""Values that say where the median lies."""
MARGIN: Final = 0.05
"""Share of the sample on either side of its middle: more than four standard errors of a median's rank."""


def median(values: Values) -> float:
    """The median, to the same bits as numpy's.

    Parameters
    ----------
    values : float32 or float64 (n,)
        At least one, without NaN, contiguous.

    Returns
    -------
    float
        The middle value, or the mean of the two in the middle.
    """
    size = values.size
    if size < LEAST_VALUES:
        return _middle(values, (size - 1) // 2, size // 2)
    sample = np.sort(values[:: size // SAMPLE])
    half, reach = sample.size // 2, int(MARGIN * sample.size)
    near = np.empty(size, values.dtype)
    below, count = gather_between(values, sample[half - reach], sample[half + reach], near)
    first, last = (size - 1) // 2 - below, size // 2 - below
    if first < 0 or last >= count:
        return float(np.median(values))
    return _middle(near[:count], first, last)


def _middle(values: Values, first: int, last: int) -> float:
    """The mean of the values of two ranks, as numpy's median rounds it."""
    low, high = of_two_ranks(values, first, last)
    return float((low + high) / values.dtype.type(2))


def of_two_ranks(values: Values, first: int, last: int) -> tuple[np.floating[Any], np.floating[Any]]:
    """Find the values of a rank and of the same or the next one.

    Parameters
    ----------
    values : float32 or float64 (n,)
        Without NaN.
    first, last : int
        From 0.

    Returns
    -------
    low, high : numpy.floating
        Of the values' own width.
    """
    # numpy has vector instructions for a single rank alone, for two it takes half as long again
    parted = np.partition(values, last)
    return parted[:last].max() if first < last else parted[last], parted[last]


@compiled
def gather_between(values: Values, low: float, high: float, out: Values) -> tuple[int, int]:
    """Gather what lies from one value to another.

    Parameters
    ----------
    values : float32 or float64 (n,)
        Without NaN, contiguous.
    low, high : float
        Of the values' own width.
    out : float32 or float64 (n,)
        Written to.

    Returns
    -------
    below, count : int
        How many values are less than `low`, and how many were gathered.
    """
    below, count = 0, 0
    for k in range(values.size):
        # written always and kept by counting: a branch that nobody can foresee costs four times as much
        out[count] = values[k]
        below += values[k] < low
        count += (values[k] >= low) & (values[k] <= high)
    return below, count


@compiled
def middle_of(values: Floats) -> float:
    """The median of few values, for compiled functions: numba takes a second to compile numpy's.

    Parameters
    ----------
    values : float64 (n,)
        At least one, without NaN; taken over and reordered (Hoare 1961).

    Returns
    -------
    float
        The middle value, or the mean of the two in the middle.
    """
    half = values.size // 2
    _select(values, half)
    if values.size % 2:
        return float(values[half])
    below = values[0]
    for k in range(1, half):
        below = max(below, values[k])
    return float((below + values[half]) / 2)


@compiled
def _select(values: Floats, rank: int) -> None:
    """Reorder values so that one stands where it would stand sorted, none greater before and none less behind it."""
    low, high = 0, values.size - 1
    while low < high:
        pivot, i, j = values[(low + high) // 2], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            high = low
