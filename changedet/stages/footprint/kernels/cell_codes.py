"""What one date tells of a cell of ground in one byte: how likely it is built upon, how likely with what.

Classes of a probability, not the probability: a raster of few classes is small, on the way and in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTSIDE: Final = 0
"""Beyond the area that is looked at."""
UNKNOWN: Final = 255
"""Nothing was seen."""
LOW: Final = (0.004, 0.01, 0.025)
KINDS_FROM: Final = 0.06
"""Probability of built ground from which a cell's kind is told."""
BUILT: Final = (0.1, 0.16, 0.25, 0.36, 0.48, 0.6, 0.72, 0.82, 0.9, 0.95, 0.98)
BUILDING: Final = (0.15, 0.4, 0.7)
EARTHWORK: Final = (0.05, 0.15, 0.3, 0.5)
"""Where one class of a probability ends and the next begins."""
UNIT: Final = 16
"""Whole numbers for one unit of log odds."""

Codes = NDArray[np.uint8]


class Values(NamedTuple):
    """Log odds of built ground, a building, an earthwork for each code: int16 (256,), in `UNIT`."""

    built: NDArray[np.int16]
    building: NDArray[np.int16]
    earthwork: NDArray[np.int16]


def codes(told: Mapping[str, NDArray[np.float32]], valid: NDArray[np.bool_]) -> Codes:
    """The byte (y, x) of each cell.

    Parameters
    ----------
    told : mapping of str to float32 (y, x)
        Probabilities as ``built``, ``building``, ``earthwork``; the latter two count from `KINDS_FROM` on.
    valid : bool (y, x)
        Elsewhere the byte is `UNKNOWN`.
    """
    built = np.nan_to_num(told["built"])
    kind = np.digitize(np.nan_to_num(told["building"]), BUILDING) * (len(EARTHWORK) + 1)
    kind += np.digitize(np.nan_to_num(told["earthwork"]), EARTHWORK)
    high = 2 + len(LOW) + np.digitize(built, BUILT) * _KINDS + kind
    found = np.where(built >= KINDS_FROM, high, 1 + np.digitize(built, LOW))
    return np.where(valid, found, UNKNOWN).astype(np.uint8)


_KINDS: Final = (len(BUILDING) + 1) * (len(EARTHWORK) + 1)


def values() -> Values:
    """What each byte stands for: the middle of its classes, by log odds; nothing where it is no class."""
    low = _middles(0.001, (*LOW, KINDS_FROM))
    high = _middles(KINDS_FROM, (*BUILT, 0.995))
    kinds = _middles(0.02, (*BUILDING, 0.9)), _middles(0.01, (*EARTHWORK, 0.8))
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
