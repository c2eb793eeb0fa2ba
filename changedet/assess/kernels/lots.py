"""Lots among a site's boxes: groups of one size class and colour that came, or went, within one date.

Colours are compared in CIELAB (`changedet.kernels.colour.scaled_lab`) after a site's boxes were brought to one
brightness and most of their colour cast was removed.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import binom

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import linear_rgb, scaled_lab

CAST_SHARE: Final = 0.6
"""Part of a site's colour cast that is removed. Best or near it for casts of 3 to 20 % on simulated fleets; removing
all of it doubles the error where there is no cast."""
MEDIAN_REFLECTANCE: Final = 0.18
"""To which a site's median box is brought: that of a grey card."""
LEAST_REFLECTANCE: Final = 1e-3
"""Floor of linear values before a logarithm or a division. Chosen by hand."""
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
"""Red, green, blue of common container paints, and a guess of their shares in the world's fleet."""
DUST: Final = 0.4
"""Part of a paint's light that is dust's, a grey of `MEDIAN_REFLECTANCE`. Chosen by hand."""
SIZES: Final = (0.35, 0.65)
"""Shares of 20-foot and of longer boxes in the world's fleet. A guess."""
STOCK_WEIGHT: Final = 0.6
"""Weight of a site's own boxes in the expected share of a kind; the rest is the world's fleet's. Chosen by hand."""
LEAST_SHARE, MOST_SHARE = 0.01, 0.99
"""Bounds of an expected share: no stock is known well enough to exclude a kind. Chosen by hand."""


class Lots(NamedTuple):
    """Groups of boxes of one size class and colour that came, or went, within one date.

    Attributes
    ----------
    lab : float64 (lot, 3)
        Mean colour, as `scaled_lab` gives.
    size : int64 (lot,)
        Size class: 0 for 20 feet, 1 for longer.
    boxes : int64 (lot,)
        Number of boxes.
    batch : int64 (lot,)
        Index of the date.
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
        Colours as lots have them: means over like boxes, see `smoothed`.
    size : int64 (box,)
        Size class of each box.
    windows : float64 (batch, 2)
        Earliest and latest day of each batch, since 1970.
    busy : float64 (batch,)
        Share of the events in each batch; sums to 1.
    lot : int64 (box,)
        The lot that each box belongs to, -1 for none.
    """

    lab: Floats
    size: Ints
    windows: Floats
    busy: Floats
    lot: Ints


def balance(linear: Floats) -> Floats:
    """Gains that bring a site's boxes to common light.

    The median brightness becomes `MEDIAN_REFLECTANCE`; of the cast of the median box `CAST_SHARE` is removed, as the
    rest may be the paint of the fleet and not the light.

    Parameters
    ----------
    linear : float64 (box, 3)
        Linear red, green, blue of all boxes, 0 to 1.

    Returns
    -------
    float64 (3,)
        To multiply `linear` by; ones where there is no box.
    """
    if not len(linear):
        return np.ones(3)
    cast = np.log(np.maximum(np.median(linear, 0), LEAST_REFLECTANCE))
    gains = np.exp(-CAST_SHARE * (cast - cast.mean()))
    brightness = max(float(np.median((linear * gains).mean(1))), LEAST_REFLECTANCE)
    return np.asarray(gains * MEDIAN_REFLECTANCE / brightness)


def smoothed(lab: Floats, size: Ints, radius: float) -> Floats:
    """Each box's colour as the mean of the boxes like it, as a lot's colour is a mean of several.

    Parameters
    ----------
    lab : float64 (box, 3)
        Colours, as `scaled_lab` gives.
    size : int64 (box,)
        Size classes; only boxes of one class are alike.
    radius : float
        Greatest distance of like colours, in the units of `lab`.

    Returns
    -------
    float64 (box, 3)
        Colours.
    """
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

    A lot has at least `least` boxes of one size class within `radius` of a colour, more of them in their batch than the
    rest of the stock and the world's fleet let expect (binomial test).

    Parameters
    ----------
    lab : float64 (box, 3)
        Colours, as `scaled_lab` gives.
    size : int64 (box,)
        Size classes.
    batch : int64 (box,)
        Index of the date on which a box came (or went); -1 where it did not.
    events : bool (box,)
        Which boxes came (or went); the others are stock alone.
    radius : float
        Greatest distance of like colours, in the units of `lab`.
    least : int
        Fewest boxes of a lot.
    level : float
        Level of the binomial test, 0 to 1.

    Returns
    -------
    lots : Lots
        In the order of their batches.
    members : list of int64 (n,)
        The boxes of each lot, as indices.
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
    """Expected share of boxes like a lot's, of the rest of the stock and of the world's fleet."""
    fleet_lab, fleet_weight = fleet()
    near = ((fleet_lab - centre) ** 2).sum(1) <= radius**2
    share = float(fleet_weight[near].sum()) * SIZES[one]
    if others.any():
        alike = (size[others] == one) & (((lab[others] - centre) ** 2).sum(1) <= radius**2)
        share = STOCK_WEIGHT * float(alike.mean()) + (1.0 - STOCK_WEIGHT) * share
    return min(max(share, LEAST_SHARE), MOST_SHARE)


@cache
def fleet() -> tuple[Floats, Floats]:
    """The world's fleet under common light, with dust on it.

    Returns
    -------
    lab : float64 (paint, 3)
        Colours, as `scaled_lab` gives.
    weight : float64 (paint,)
        Shares; sum to 1.
    """
    paints = np.array([paint for paint, _ in FLEET])
    weight = np.array([share for _, share in FLEET])
    dusty = (1.0 - DUST) * linear_rgb(paints) + DUST * MEDIAN_REFLECTANCE
    return scaled_lab(dusty * balance(dusty)), weight / weight.sum()
