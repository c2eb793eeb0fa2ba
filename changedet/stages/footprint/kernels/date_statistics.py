"""Statistics of a cell over the dates that see it: mean, least, greatest, median, and those before and after one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Singles
from changedet.kernels.compiled import compiled

Odds: TypeAlias = NDArray[np.int16]
BEFORE, AFTER, EARLIER, LATER = range(4)
"""Planes of `around_date`."""


@compiled
def _sorted_values(values: Odds, seen: Bools, y: int, x: int, out: Odds) -> tuple[int, int]:
    """Put the seen values of a cell in ascending order into `out`; how many there are, and their sum."""
    n, total = 0, 0
    for t in range(len(values)):
        if seen[t, y, x]:
            value = values[t, y, x]
            total += value
            at = n
            while at > 0 and out[at - 1] > value:
                out[at] = out[at - 1]
                at -= 1
            out[at] = value
            n += 1
    return n, total


def over_dates(values: Odds, seen: Bools) -> Singles:
    """Statistics over the dates that see a cell.

    Parameters
    ----------
    values : int16 (date, y, x)
        In the order of time.
    seen : bool (date, y, x)
        Whether a date sees the cell.

    Returns
    -------
    float32 (4, y, x)
        Mean to a whole number, least, greatest, median; NaN where no date sees the cell.
    """
    dates, height, width = values.shape
    out = np.full((4, height, width), np.nan, np.float32)
    _over_dates(values, seen, np.empty(dates, np.int16), out)
    return out


@compiled
def _over_dates(values: Odds, seen: Bools, own: Odds, out: Singles) -> None:
    _, height, width = values.shape
    for y in range(height):
        for x in range(width):
            n, total = _sorted_values(values, seen, y, x, own)
            if n:
                out[0, y, x] = np.rint(total / n)
                out[1, y, x], out[2, y, x] = own[0], own[n - 1]
                out[3, y, x] = (np.float32(own[(n - 1) // 2]) + np.float32(own[n // 2])) / np.float32(2.0)


@compiled
def _before(values: Odds, seen: Bools, t: int, out: Singles) -> None:
    """Fill `out` with the value of the nearest date before that sees a cell, and the mean of all before."""
    _, height, width = values.shape
    for y in range(height):
        for x in range(width):
            n, total = 0, 0
            for k in range(t):
                if seen[k, y, x]:
                    out[BEFORE, y, x] = values[k, y, x]
                    n, total = n + 1, total + values[k, y, x]
            if n:
                out[EARLIER, y, x] = np.rint(total / n)


@compiled
def _after(values: Odds, seen: Bools, t: int, out: Singles) -> None:
    """Fill `out` with the value of the nearest date after that sees a cell, and the mean of all after."""
    dates, height, width = values.shape
    for y in range(height):
        for x in range(width):
            n, total = 0, 0
            for k in range(dates - 1, t, -1):
                if seen[k, y, x]:
                    out[AFTER, y, x] = values[k, y, x]
                    n, total = n + 1, total + values[k, y, x]
            if n:
                out[LATER, y, x] = np.rint(total / n)


def around_date(values: Odds, seen: Bools, t: int) -> Singles:
    """Values on other dates that see a cell.

    Parameters
    ----------
    values : int16 (date, y, x)
        In the order of time.
    seen : bool (date, y, x)
        Whether a date sees the cell.
    t : int
        Number of the date.

    Returns
    -------
    float32 (4, y, x)
        On the nearest date before and after, and means, to a whole number, of all before and of all after; NaN where
        there is no such date.
    """
    _, height, width = values.shape
    out = np.full((4, height, width), np.nan, np.float32)
    _before(values, seen, t, out)
    _after(values, seen, t, out)
    return out
