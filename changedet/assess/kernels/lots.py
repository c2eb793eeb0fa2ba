"""Lots of like boxes at two sites, matched against chance: colours under one light, lots, lags, redraws."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
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
