"""Lots of two sites matched at a common lag, and lots redrawn by chance."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from changedet.arrays import Floats, Ints
from changedet.assess.kernels.lots import SIZES, Lots, Stock, fleet

# The scales below were chosen on made-up yards of seeds 100 to 179 (benchmarks/compare.py), in units of `scaled_lab`.
WIDE_SCALE, NARROW_SCALE = 12.0, 8.0
"""Standard deviation of one lot's colours at two sites: while the cast between the sites is unknown, and once it was
estimated from first matches."""
CAST_SCALE: Final = (3.0, 8.0, 8.0)
"""Standard deviation of the cast that `balance` leaves between two sites: lightness (weighted), red to green, yellow
to blue."""
LOT_SCALE: Final = 4.0
"""Standard deviation of the difference of one lot's two colours, beside the cast."""
FAINT, LEAST_SIMILARITY = 0.1, 0.3
"""Lots less alike do not match: while the cast is estimated, and in the end."""
CAST_ROUNDS: Final = 2


class Match(NamedTuple):
    """Lots of two sites at the common lag and cast that fit the most boxes.

    Attributes
    ----------
    boxes : float
        Number of boxes that match, each weighted by its lots' similarity; 0 for none.
    begin, end : float
        The range of common lags, days.
    pairs : (int64 (pair,), int64 (pair,))
        Indices of the lots that left, and of the lots that they became.
    similarity : float64 (left, reached)
        Of every two lots with the cast removed, 0 to 1.
    """

    boxes: float
    begin: float
    end: float
    pairs: tuple[Ints, Ints]
    similarity: Floats


def likeness(first: Lots, second: Lots, scale: float) -> Floats:
    """How similar two sites' lots are in colour, size and number.

    Parameters
    ----------
    first, second : Lots
        Of either site.
    scale : float
        Standard deviation of one lot's colours at two sites, in the units of `Lots.lab`.

    Returns
    -------
    float64 (first, second)
        0 to 1.
    """
    distance = ((first.lab[:, None] - second.lab[None]) ** 2).sum(-1)
    alike = np.exp(-0.5 * distance / scale**2) * (first.size[:, None] == second.size[None])
    few = np.minimum(first.boxes[:, None], second.boxes[None])
    many = np.maximum(first.boxes[:, None], second.boxes[None])
    return np.asarray(alike * np.sqrt(few / np.maximum(many, 1)))


def lags(left: Floats, reached: Floats) -> tuple[Floats, Floats]:
    """Least and greatest days between leaving and arriving.

    What left within ``(a, b]`` and came within ``(c, d]`` was ``max(0, c - b)`` to ``d - a`` days on the way.

    Parameters
    ----------
    left : float64 (left, 2)
        Earliest and latest day on which each lot left.
    reached : float64 (reached, 2)
        Earliest and latest day on which each lot arrived.

    Returns
    -------
    low, high : float64 (left, reached)
        Days; `high` is below 0 where a lot arrived before the other left.
    """
    low = np.maximum(reached[None, :, 0] - left[:, None, 1], 0.0)
    high = reached[None, :, 1] - left[:, None, 0]
    return low, high


def best_lag(weight: Floats, low: Floats, high: Floats, most_days: float) -> tuple[float, float, float]:
    """The common lag at which most boxes match.

    Parameters
    ----------
    weight : float64 (left, reached)
        Boxes times similarity; 0 for pairs that do not match.
    low, high : float64 (left, reached)
        As `lags` gives; a pair fits a lag within them.
    most_days : float
        Longest lag.

    Returns
    -------
    boxes : float
        The sum of the weights of the best pair of each lot; 0 where nothing matches.
    first, last : float
        The range of lags with that sum, days.
    """
    usable = (weight > 0) & (high > 0) & (low <= most_days)
    if not usable.any():
        return 0.0, 0.0, 0.0
    # The sum changes only where an interval begins or ends: its greatest value is reached where one begins.
    best, begin = 0.0, 0.0
    for day in np.unique(low[usable]):
        fits = np.where(usable & (low <= day) & (day <= high), weight, 0.0)
        total = min(float(fits.max(1).sum()), float(fits.max(0).sum()))
        if total > best + 1e-9:
            best, begin = total, float(day)
    ends = high[usable & (low <= begin) & (begin <= high)]
    return best, begin, min(float(ends.min()), most_days)


def pairs_at(weight: Floats, low: Floats, high: Floats, day: float) -> tuple[Ints, Ints]:
    """One-to-one pairs of lots that fit a lag, of the greatest total weight.

    Parameters
    ----------
    weight, low, high : float64 (left, reached)
        As for `best_lag`.
    day : float
        The lag, days.

    Returns
    -------
    left, reached : int64 (pair,)
        Indices of the lots of each pair.
    """
    fits = np.where((low <= day) & (day <= high), weight, 0.0)
    left, reached = linear_sum_assignment(-fits)
    chosen = fits[left, reached] > 0
    return left[chosen].astype(np.int64), reached[chosen].astype(np.int64)


def matched(left: Lots, reached: Lots, low: Floats, high: Floats, same: Floats, most_days: float) -> Match:
    """The best match of two sites' lots over lags and over the cast that is left between the sites' pictures.

    A first match of the colours as they are gives the cast: the mean difference of the matched lots, shrunk towards
    none by what is usual. The colours are corrected by it and matched again, twice.

    Parameters
    ----------
    left, reached : Lots
        Lots that left the first site, and lots that reached the second.
    low, high : float64 (left, reached)
        As `lags` gives.
    same : float64 (left, reached)
        Similarity of the kinds, 0 to 1.
    most_days : float
        Longest lag.

    Returns
    -------
    Match
        Of 0 boxes where nothing matches.
    """
    boxes = np.minimum(left.boxes[:, None], reached.boxes[None])
    cast = np.zeros(3)
    for step in range(CAST_ROUNDS + 1):
        corrected = left._replace(lab=left.lab - cast)
        similarity = likeness(corrected, reached, NARROW_SCALE if step else WIDE_SCALE) * same
        weight = np.where(similarity >= (LEAST_SIMILARITY if step else FAINT), similarity * boxes, 0.0)
        total, begin, end = best_lag(weight, low, high, most_days)
        if total <= 0.0:
            break
        pairs = pairs_at(weight, low, high, begin)
        share = similarity[pairs]
        difference = left.lab[pairs[0]] - reached.lab[pairs[1]]
        cast = (share[:, None] * difference).sum(0) / (share.sum() + (LOT_SCALE / np.array(CAST_SCALE)) ** 2)
    none = np.zeros(0, np.int64)
    return Match(total, begin, end, pairs if total > 0.0 else (none, none), similarity)


def redrawn(lots: Lots, stock: Stock, stock_share: float, rng: np.random.Generator) -> tuple[Lots, Floats]:
    """The lots with colour, size class and date drawn again by chance, their numbers of boxes kept.

    A colour and size class come from the site's stock with probability `stock_share`, else from the world's fleet; a
    date likewise from the site's busy dates, else from all alike. A lot is no stock of its own: where most boxes of a
    site are one consignment, an unrelated lot would else have its colour as often.

    Parameters
    ----------
    lots : Lots
        Of one site.
    stock : Stock
        Of the same site.
    stock_share : float
        0 to 1.
    rng : numpy.random.Generator
        Its state after the call depends on the number of lots alone.

    Returns
    -------
    lots : Lots
        As many as there were.
    windows : float64 (lot, 2)
        Earliest and latest day of each.
    """
    n = len(lots.boxes)
    fleet_lab, fleet_weight = fleet()
    by_lot = np.argsort(stock.lot, kind="stable")
    begin = np.searchsorted(stock.lot[by_lot], np.arange(n))
    boxes = np.searchsorted(stock.lot[by_lot], np.arange(n), side="right") - begin
    rest = len(stock.lot) - boxes
    own = (rng.random(n) < stock_share) & (rest > 0)
    pick = (rng.random(n) * rest).astype(np.int64)
    pick += np.where(pick >= begin, boxes, 0)
    paint = rng.choice(len(fleet_lab), n, p=fleet_weight)
    long = (rng.random(n) < SIZES[1]).astype(np.int64)
    lab = fleet_lab[paint].copy()
    drawn = by_lot[pick[own]]
    lab[own], size = stock.lab[drawn], np.where(own, 0, long)
    size[own] = stock.size[drawn]
    share = stock_share * stock.busy + (1.0 - stock_share) / len(stock.busy)
    batch = rng.choice(len(share), n, p=share / share.sum())
    return Lots(lab, size.astype(np.int64), lots.boxes, batch.astype(np.int64)), stock.windows[batch]
