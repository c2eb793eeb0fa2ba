"""One byte for a cell of ground on one date: classes of the probability that it is built upon, and with what.

A raster of few classes is small, on the way and in memory. The classes were chosen by hand: finer ones of buildings
and coarser ones of built ground were worse (docs/research/footprint.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Singles

OUTSIDE: Final = 0
"""Beyond the area that is looked at."""
UNKNOWN: Final = 255
"""Nothing was seen."""
LOW: Final = (0.004, 0.01, 0.025)
"""Where one class of the probability of built ground ends and the next begins, below `KINDS_FROM`."""
KINDS_FROM: Final = 0.06
"""Probability of built ground from which a cell has a kind."""
BUILT: Final = (0.1, 0.16, 0.25, 0.36, 0.48, 0.6, 0.72, 0.82, 0.9, 0.95, 0.98)
BUILDING: Final = (0.15, 0.4, 0.7)
EARTHWORK: Final = (0.05, 0.15, 0.3, 0.5)
"""The same from there on, and for the probability of a building and of an earthwork."""
UNIT: Final = 16
"""Whole numbers for one unit of log odds."""
LEAST_BUILT, MOST_BUILT = 0.001, 0.995
"""Ends of the first and the last class of each probability, for the middle of that class."""
LEAST_BUILDING, MOST_BUILDING = 0.02, 0.9
LEAST_EARTHWORK, MOST_EARTHWORK = 0.01, 0.8

Codes = Bytes


class Values(NamedTuple):
    """Log odds for each code, in `UNIT`; 0 where it is no class.

    Attributes
    ----------
    built, building, earthwork : int16 (256,)
        That a cell is built upon, bears a building, bears an earthwork.
    """

    built: NDArray[np.int16]
    building: NDArray[np.int16]
    earthwork: NDArray[np.int16]


def codes(probabilities: Mapping[str, Singles], valid: Bools) -> Codes:
    """The byte of each cell.

    Parameters
    ----------
    probabilities : mapping of str to float32 (y, x)
        ``built``, ``building``, ``earthwork``, 0 to 1; the latter two count from `KINDS_FROM` on. NaN is 0.
    valid : bool (y, x)
        Elsewhere the byte is `UNKNOWN`.

    Returns
    -------
    uint8 (y, x)
        1 and more; `UNKNOWN` where nothing was seen.
    """
    built = np.nan_to_num(probabilities["built"])
    kind = np.digitize(np.nan_to_num(probabilities["building"]), BUILDING) * (len(EARTHWORK) + 1)
    kind += np.digitize(np.nan_to_num(probabilities["earthwork"]), EARTHWORK)
    high = 2 + len(LOW) + np.digitize(built, BUILT) * _KINDS + kind
    found = np.where(built >= KINDS_FROM, high, 1 + np.digitize(built, LOW))
    return np.where(valid, found, UNKNOWN).astype(np.uint8)


_KINDS: Final = (len(BUILDING) + 1) * (len(EARTHWORK) + 1)


def values() -> Values:
    """What each byte stands for: the middle of its classes, by log odds.

    Returns
    -------
    Values
        int16 (256,) each.
    """
    low = _middles(LEAST_BUILT, (*LOW, KINDS_FROM))
    high = _middles(KINDS_FROM, (*BUILT, MOST_BUILT))
    kinds = (
        _middles(LEAST_BUILDING, (*BUILDING, MOST_BUILDING)),
        _middles(LEAST_EARTHWORK, (*EARTHWORK, MOST_EARTHWORK)),
    )
    found = np.zeros((3, 256), np.int16)
    found[0, 1 : 1 + len(low)] = low
    found[1:, 1 : 1 + len(low)] = [[kinds[0][0]], [kinds[1][0]]]
    first = 1 + len(low)
    built, building, earthwork = np.meshgrid(high, *kinds, indexing="ij")
    last = first + built.size
    found[:, first:last] = built.ravel(), building.ravel(), earthwork.ravel()
    return Values(*found)


def _middles(least: float, ends: tuple[float, ...]) -> NDArray[np.int16]:
    odds = np.log(np.array((least, *ends)) / (1.0 - np.array((least, *ends))))
    return np.rint(UNIT * (odds[1:] + odds[:-1]) / 2).astype(np.int16)
