"""How many things stand where a finder of known reliability found some."""

from __future__ import annotations

import math
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
    from scipy.special import bdtrik, nbdtrik

    tail = (1 - SURE) / 2
    low = math.ceil(bdtrik(tail, number, true)) if number else 0
    return float(max(low, 0)), float(number + math.ceil(nbdtrik(1 - tail, number + 0.5, found)))
