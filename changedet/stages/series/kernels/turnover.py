"""Turnover that no look shows: what came and left again between two of them, if boxes leave as those seen before do."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from changedet.kernels.intervals import QUANTILE

LEAST_STOCK: Final = 3.0
"""Boxes of which the share that left says something of how long boxes stay."""
MOST_LOST: Final = 0.9
"""Share of the stock that left from which on nearly all that came in between may have left, too: no bound is given."""
TAIL: Final = 0.025
"""Of a two-sided interval of 95 %."""
LARGE: Final = 500.0
"""Mean from which on a Poisson number is taken as normal: its first term is nearly 0."""


class Unseen(NamedTuple):
    """Boxes that came and left between two looks.

    Attributes
    ----------
    likely : float
        Expected number.
    most : float
        Upper bound of 95 %.
    """

    likely: float
    most: float


def lost_share_upper(lost: float, stock: float) -> float:
    """Bound the share that leaves within an interval.

    Wilson's upper bound of a binomial share: few boxes say little of how long others stay.

    Parameters
    ----------
    lost : float
        Boxes of the stock that left.
    stock : float
        Boxes that stood there, more than 0.

    Returns
    -------
    float
        0 to 1.
    """
    share = min(lost / stock, 1.0)
    spread = QUANTILE * math.sqrt(share * (1.0 - share) / stock + (QUANTILE / (2.0 * stock)) ** 2)
    return min(1.0, (share + QUANTILE**2 / (2.0 * stock) + spread) / (1.0 + QUANTILE**2 / stock))


def share_unseen(lost_share: float) -> float:
    """Boxes that came and left for each one that came and stayed.

    Where boxes arrive evenly and leave at a constant rate, of which a share s of the old ones left within the interval,
    the number that arrived is ``-ln(1 - s) / s`` times the number of those that are still there.

    Parameters
    ----------
    lost_share : float
        Of the old boxes, below 1.

    Returns
    -------
    float
        0 and more.

    Examples
    --------
    >>> round(share_unseen(0.5), 3)
    0.386
    """
    return 0.0 if lost_share <= 0 else -math.log1p(-lost_share) / lost_share - 1.0


def unseen(arrived: tuple[float, float], lost: tuple[float, float], stock: tuple[float, float]) -> Unseen | None:
    """Estimate what came and left between two looks.

    Parameters
    ----------
    arrived : (float, float)
        Boxes that came and are there: expected, and at most.
    lost : (float, float)
        Boxes of before that left: expected, and at most.
    stock : (float, float)
        Boxes that stood there before: expected, and at least.

    Returns
    -------
    Unseen or None
        None where there was too little stock, or too much of it left, to say how long boxes stay.
    """
    if stock[0] < LEAST_STOCK or stock[1] <= 0:
        return None
    share, upper = lost[0] / stock[0], lost_share_upper(lost[1], stock[1])
    if max(share, upper) > MOST_LOST:
        return None
    likely = arrived[0] * share_unseen(share)
    return Unseen(likely, max(likely, poisson_upper(arrived[1] * share_unseen(upper))))


def poisson_upper(mean: float) -> float:
    """Bound a Poisson number.

    Parameters
    ----------
    mean : float
        Expected.

    Returns
    -------
    float
        The least number that is not exceeded with a probability of 1 - `TAIL`.
    """
    if mean > LARGE:
        return math.ceil(mean + QUANTILE * math.sqrt(mean))
    term = total = math.exp(-mean)
    number = 0
    while total < 1.0 - TAIL and term > 0.0:
        number += 1
        term *= mean / number
        total += term
    return float(number)
