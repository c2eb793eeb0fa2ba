"""Lots of two sites matched at a common lag, and lots redrawn by chance."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from changedet.assess.kernels.lots import SIZES, Floats, Ints, Lots, Stock, fleet

WIDE_SCALE, NARROW_SCALE = 12.0, 8.0
"""Of colours of one lot at two sites: while the cast between the sites is not known, and once matches have told it."""
CAST_SCALE: Final = (3.0, 8.0, 8.0)
"""Standard deviation of what `balance` leaves of the cast between two sites: lightness (weighted), red to green, yellow
to blue."""
LOT_SCALE: Final = 4.0
"""Of the difference of one lot's two colours beside the cast."""


FAINT, LEAST_SIMILARITY = 0.1, 0.3
"""Lots less alike do not match: while the cast is sought, and in the end."""
CAST_ROUNDS: Final = 2


class Match(NamedTuple):
    """Lots of two sites at the common lag and cast that fit the most boxes.

    Attributes
    ----------
    boxes : float
        That match, each weighed by its lots' likeness; 0 for none.
    begin, end : float
        The stretch of common lags, days.
    pairs : (int64 (pair,), int64 (pair,))
        Lots that left and lots that they became.
    similarity : float64 (left, reached)
        Likeness with the cast taken away.
    """

    boxes: float
    begin: float
    end: float
    pairs: tuple[Ints, Ints]
    similarity: Floats


def likeness(first: Lots, second: Lots, scale: float) -> Floats:
    """How alike two sites' lots are in colour, size and number, 0 to 1, (first, second)."""
    distance = ((first.lab[:, None] - second.lab[None]) ** 2).sum(-1)
    alike = np.exp(-0.5 * distance / scale**2) * (first.size[:, None] == second.size[None])
    few = np.minimum(first.boxes[:, None], second.boxes[None])
    many = np.maximum(first.boxes[:, None], second.boxes[None])
    result: Floats = alike * np.sqrt(few / np.maximum(many, 1))
    return result


def lags(left: Floats, reached: Floats) -> tuple[Floats, Floats]:
    """Least and greatest days between leaving (lot, 2) and arriving (lot, 2), each (left, reached).

    What left within ``(a, b]`` and came within ``(c, d]`` was ``max(0, c - b)`` to ``d - a`` days under way.
    """
    low = np.maximum(reached[None, :, 0] - left[:, None, 1], 0.0)
    high = reached[None, :, 1] - left[:, None, 0]
    return low, high


def best_lag(weight: Floats, low: Floats, high: Floats, most_days: float) -> tuple[float, float, float]:
    """The common lag at which most boxes match: ``(boxes, first day, last day)`` of the best stretch of lags.

    Parameters
    ----------
    weight : float64 (left, reached)
        Boxes times likeness; 0 for pairs that do not match.
    low, high : float64 (left, reached)
        As `lags` gives; a pair fits a lag within them.
    most_days : float
        Longest lag.
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
    """One-to-one pairs of lots that fit a lag, of the greatest total weight."""
    fits = np.where((low <= day) & (day <= high), weight, 0.0)
    left, reached = linear_sum_assignment(-fits)
    chosen = fits[left, reached] > 0
    return left[chosen].astype(np.int64), reached[chosen].astype(np.int64)


def matched(left: Lots, reached: Lots, low: Floats, high: Floats, same: Floats, most_days: float) -> Match:
    """The best match of two sites' lots: of a lag, and of the cast that is left between the sites' pictures.

    A first match by unlevelled colours tells the cast, as the mean difference of its lots, drawn towards none by what
    is usual; the colours are levelled by it and matched again, twice.

    Parameters
    ----------
    low, high : float64 (left, reached)
        As `lags` gives.
    same : float64 (left, reached)
        Likeness of the kinds, 0 to 1.
    most_days : float
        Longest lag.
    """
    boxes = np.minimum(left.boxes[:, None], reached.boxes[None])
    cast = np.zeros(3)
    for step in range(CAST_ROUNDS + 1):
        levelled = left._replace(lab=left.lab - cast)
        similarity = likeness(levelled, reached, NARROW_SCALE if step else WIDE_SCALE) * same
        weight = np.where(similarity >= (LEAST_SIMILARITY if step else FAINT), similarity * boxes, 0.0)
        total, begin, end = best_lag(weight, low, high, most_days)
        if total <= 0.0:
            break
        pairs = pairs_at(weight, low, high, begin)
        share = similarity[pairs]
        apart = left.lab[pairs[0]] - reached.lab[pairs[1]]
        cast = (share[:, None] * apart).sum(0) / (share.sum() + (LOT_SCALE / np.array(CAST_SCALE)) ** 2)
    none = np.zeros(0, np.int64)
    return Match(total, begin, end, pairs if total > 0.0 else (none, none), similarity)


def redrawn(lots: Lots, stock: Stock, stock_share: float, rng: np.random.Generator) -> tuple[Lots, Floats]:
    """The lots with colour, size class and date drawn anew, their numbers of boxes kept; with their windows (lot, 2).

    A colour and size class come from the site's stock with probability `stock_share`, else from the world's fleet; a
    date likewise from the site's busy dates, else from all alike.
    """
    n = len(lots.boxes)
    fleet_lab, fleet_weight = fleet()
    own = rng.random(n) < stock_share if len(stock.lab) else np.zeros(n, bool)
    pick = rng.integers(0, max(len(stock.lab), 1), n)
    paint = rng.choice(len(fleet_lab), n, p=fleet_weight)
    long = (rng.random(n) < SIZES[1]).astype(np.int64)
    lab = fleet_lab[paint].copy()
    lab[own], size = stock.lab[pick[own]], np.where(own, 0, long)
    size[own] = stock.size[pick[own]]
    share = stock_share * stock.busy + (1.0 - stock_share) / len(stock.busy)
    batch = rng.choice(len(share), n, p=share / share.sum())
    return Lots(lab, size.astype(np.int64), lots.boxes, batch.astype(np.int64)), stock.windows[batch]
