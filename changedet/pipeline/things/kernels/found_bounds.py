"""How many things stand where a finder of known reliability found some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SURE: Final = 0.95
"""Probability that the bounds hold the true number."""


def found_bounds(number: int, found: float, true: float) -> tuple[float, float]:
    """Bound the things that stand where some were found.

    Parameters
    ----------
    number : int
        Found.
    found : float
        Share of those that stand that is found.
    true : float
        Share of the found that stands.

    Returns
    -------
    (float, float)
        Low: the found less false ones, a quantile of a binomial distribution; high: the found with missed ones, of a
        negative binomial one.
    """
    # Imported here for a quick start. scipy.stats has both quantiles, but takes a third of a second to load.
    from scipy.special import bdtr, betainc

    tail = (1 - SURE) / 2
    low = _quantile(lambda k: bdtr(k, number, true), tail) if number else 0
    return float(low), float(number + _quantile(lambda k: betainc(number + 0.5, k + 1, found), 1 - tail))


def _quantile(share: Callable[[int], float], wanted: float) -> int:
    """The least count up to which a distribution has a wanted share."""
    low, high = -1, 1
    while share(high) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if share(middle) < wanted:
            low = middle
        else:
            high = middle
    return high
