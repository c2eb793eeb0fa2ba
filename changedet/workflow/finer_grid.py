"""Which scenes are better compared on a grid finer than their own pixels."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from changedet.imagery.stand_ins import COLOURS, INFRARED
from changedet.stages.change.method import TAUGHT_M, TREES_M

ENOUGH: Final = (frozenset(COLOURS), INFRARED)
"""Bands of which either set is enough."""
FROM_M: Final = (TAUGHT_M[1], TREES_M[1])
"""Pixel sizes of such scenes (docs/research/change.md, "Pixels of 1.5 and 3 m")."""
FINER_M: Final = 1.25
"""Pixel size of that grid, metres: the greatest that the methods which were taught know, with a margin."""


def wants_finer_grid(resolution_m: float, roles: Collection[str]) -> bool:
    """Whether built ground and change are told better on a grid of `FINER_M`.

    Parameters
    ----------
    resolution_m : float
        Of the grid, or of the finest scene where it follows that.
    roles : collection of str
        Of the bands that are compared.

    Returns
    -------
    bool
        True of colours, also infrared ones, in pixels of `FROM_M`.
    """
    return FROM_M[0] < resolution_m <= FROM_M[1] and any(set(roles) >= bands for bands in ENOUGH)


def days_apart(days: Sequence[dt.date]) -> float:
    """Days between two looks, in the median.

    Parameters
    ----------
    days : sequence of date
        Sorted.

    Returns
    -------
    float
        Infinite of one look.
    """
    gaps = [(after - before).days for before, after in pairwise(days)]
    return float(median(gaps)) if gaps else math.inf
