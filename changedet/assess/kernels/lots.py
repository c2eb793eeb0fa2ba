"""Lots of like boxes at two sites, matched against chance: colours under one light, lots, lags, redraws."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.stats import binom

from changedet.kernels.colour import linear_rgb, scaled_lab

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CAST_SHARE: Final = 0.6
"""Best or near it for casts of 3 to 20 % on simulated fleets; all of it doubles the error where there is no cast."""
MEDIAN_REFLECTANCE: Final = 0.18
FLEET: Final = (
    ((0.36, 0.14, 0.12), 0.18),
    ((0.42, 0.22, 0.15), 0.14),
    ((0.52, 0.12, 0.10), 0.10),
    ((0.60, 0.30, 0.12), 0.06),
    ((0.12, 0.26, 0.48), 0.16),
    ((0.10, 0.14, 0.26), 0.08),
    ((0.13, 0.36, 0.36), 0.06),
    ((0.15, 0.32, 0.20), 0.07),
    ((0.36, 0.38, 0.38), 0.08),
    ((0.68, 0.68, 0.66), 0.05),
    ((0.58, 0.48, 0.15), 0.02),
)
"""Linear red, green, blue of common container paints, and a guess of their shares in the world's fleet."""
DUST: Final = 0.4
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
SIZES: Final = (0.35, 0.65)
"""Shares of 20-foot and of longer boxes in the world's fleet."""


class Lots(NamedTuple):
    """Groups of boxes of one size class and colour that came, or went, within one date.

    Attributes
    ----------
    lab : float64 (lot, 3)
        Mean colour, scaled by `scaled_lab`.
    size : int64 (lot,)
        Size class.
    boxes : int64 (lot,)
        How many.
    batch : int64 (lot,)
        Which date.
    """

    lab: Floats
    size: Ints
    boxes: Ints
    batch: Ints


class Stock(NamedTuple):
    """What a site's lots are redrawn from.

    Attributes
    ----------
    lab : float64 (box, 3)
        Colours of the kind that lots have: means over like boxes.
    size : int64 (box,)
    windows : float64 (batch, 2)
        Earliest and latest day of each batch.
    busy : float64 (batch,)
        Share of the events in each batch; sums to 1.
    """

    lab: Floats
    size: Ints
    windows: Floats
    busy: Floats


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


def balance(linear: Floats) -> Floats:
    """Gains (3,) that bring a site's stock under common light.

    The median brightness is fixed; of the cast of the median box `CAST_SHARE` is taken away, for the rest may be the
    paint of the fleet and not the light.

    Parameters
    ----------
    linear : float64 (box, 3)
        Linear red, green, blue of all boxes.
    """
    if not len(linear):
        return np.ones(3)
    cast = np.log(np.maximum(np.median(linear, 0), 1e-3))
    gains = np.exp(-CAST_SHARE * (cast - cast.mean()))
    result: Floats = gains * MEDIAN_REFLECTANCE / max(float(np.median((linear * gains).mean(1))), 1e-3)
    return result


def smoothed(lab: Floats, size: Ints, radius: float) -> Floats:
    """Each box's colour as the mean of the like boxes around it in colour: as a lot's colour is a mean of several."""
    out = lab.copy()
    for one in np.unique(size):
        index = np.flatnonzero(size == one)
        tree = cKDTree(lab[index])
        for at, near in zip(index, tree.query_ball_point(lab[index], radius, return_sorted=True), strict=True):
            out[at] = lab[index[near]].mean(0)
    return out


def find_lots(
    lab: Floats, size: Ints, batch: Ints, events: Bools, radius: float, least: int, level: float
) -> tuple[Lots, list[Ints]]:
    """Lots among the boxes that came (or went).

    At least `least` of one size class within `radius` of a colour, and more of them in their batch than the rest of the
    stock and the world's fleet let expect (binomial test at `level`).

    Parameters
    ----------
    lab : float64 (box, 3)
    size, batch : int64 (box,)
    events : bool (box,)
        Which boxes came (or went); the others are stock alone.

    Returns
    -------
    tuple
        The lots, and the boxes of each as indices.
    """
    found: list[Ints] = []
    for one in np.unique(batch[events]):
        own = events & (batch == one)
        for group in _like(lab, size, np.flatnonzero(own), radius, least):
            centre = lab[group].mean(0)
            share = _share(lab, size, ~own, centre, int(size[group[0]]), radius)
            if binom.sf(len(group) - 1, int(own.sum()), share) < level:
                found.append(group)
    colours = np.array([lab[group].mean(0) for group in found]).reshape(-1, 3)
    first = np.array([group[0] for group in found], np.int64)
    count = np.array([len(group) for group in found], np.int64)
    return Lots(colours, size[first], count, batch[first]), found


def _like(lab: Floats, size: Ints, index: Ints, radius: float, least: int) -> list[Ints]:
    """Groups of like boxes: again and again the box with the most like ones around it, with those."""
    groups = []
    for one in np.unique(size[index]):
        rest = index[size[index] == one]
        while len(rest) >= least:
            near = ((lab[rest][:, None] - lab[rest][None]) ** 2).sum(-1) <= radius**2
            best = near[near.sum(1).argmax()]
            if best.sum() < least:
                break
            groups.append(rest[best])
            rest = rest[~best]
    return groups


def _share(lab: Floats, size: Ints, others: Bools, centre: Floats, one: int, radius: float) -> float:
    """Expected share of boxes like a lot's: of the rest of the stock and of the world's fleet, .6 to .4."""
    fleet_lab, fleet_weight = fleet()
    near = ((fleet_lab - centre) ** 2).sum(1) <= radius**2
    prior = float(fleet_weight[near].sum()) * SIZES[one]
    if not others.any():
        return min(max(prior, 0.01), 0.99)
    alike = (size[others] == one) & (((lab[others] - centre) ** 2).sum(1) <= radius**2)
    return min(max(0.6 * float(alike.mean()) + 0.4 * prior, 0.01), 0.99)


@cache
def fleet() -> tuple[Floats, Floats]:
    """Colours (paint, 3) of dusty boxes under common light, and their shares."""
    paints = np.array([paint for paint, _ in FLEET])
    weight = np.array([share for _, share in FLEET])
    dusty = (1.0 - DUST) * linear_rgb(paints) + DUST * MEDIAN_REFLECTANCE
    return scaled_lab(dusty * balance(dusty)), weight / weight.sum()


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
