"""Wide ground: what the network says of all of it bounds what the trees say of its pixels.

The trees compare bands. They are sure of any ground that they were never shown in two states: of a field that greened,
ripened, was cut or ploughed between the dates as of new paving, and of brown banks on a dry meadow as of a field that
was ploughed. The network compares what stands there, and its log odds, noisy in one pixel, agree over a field, a pad or
a bank, and over all dates that mark them. So the trees count at most what the mean of the network over all marks around
allows, and do not dismiss what it is sure of over a square. Sums are of whole numbers, so a pixel gets the same
whatever block it is computed in.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles, Tiny, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.ground_signs import SEASON_ODDS
from changedet.stages.change.kernels.roof_odds import least_by_roofs

MOST_ODDS: Final = 3.0
"""Log odds of the network up to which a pixel counts."""
STEP: Final = 16.0
"""Whole steps in one of them, as they are kept."""
EVEN: Final = 128
UNSAID: Final = 0
"""Steps of log odds 0, and where the network says nothing."""
AROUND_M: Final = 60.0
"""Side of the square whose marks are taken together: a pad, or as much of a field."""
NEAR_M: Final = 10.0
"""Side of the square over which the network is sure of something wide."""
MARKED: Final = 0.5
"""Probability above which a pair marks a pixel."""
AGREES: Final = (0.0, 0.4)
"""Mean log odds over the marks around: at the first the trees are bounded most, from the second on not at all.
Chosen, like the rest, on sites of our own and painted ones (docs/research/change.md). Marks have more than ground at
large: it takes both to make one."""
MOST_TREES: Final = (-1.0, 7.0)
"""Greatest log odds of the trees at these ends."""
PRIOR_M2: Final = 50.0
"""Marks that agree in full, added to those that are there: a thing of a few square metres is no ground."""
SURE: Final = (0.5, 1.0)
"""Mean log odds over the near square from which on the trees dismiss less, and least."""
LEAST_TREES: Final = (-5.0, -1.0)
"""Least log odds of the trees at these ends; -5 is `network_odds.LEAST_ODDS`."""
LEAST_PROBABILITY: Final = 1e-7
"""Probabilities nearer to 0 and 1 count as that far from them."""


def kept_odds(odds: Singles) -> Singles:
    """Log odds of the network as a run keeps them.

    Parameters
    ----------
    odds : float32 (y, x)
        NaN where there are none.

    Returns
    -------
    float32 (y, x)
        Within `MOST_ODDS`, in whole steps; NaN where they do not count.
    """
    return np.asarray(np.rint(np.clip(odds, -MOST_ODDS, MOST_ODDS) * np.float32(STEP)) / np.float32(STEP), np.float32)


def wide_halo_px(gsd_m: float) -> int:
    """How far `bounded_by_network` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(AROUND_M, gsd_m)


def whole_steps(network: Singles) -> Bytes:
    """Kept log odds of the network in whole steps.

    Parameters
    ----------
    network : float32 (y, x)
        Of `kept_odds`.

    Returns
    -------
    uint8 (y, x)
        `EVEN` where they are 0; `UNSAID` where they do not count.
    """
    steps = np.where(np.isfinite(network), np.rint(np.float32(STEP) * network) + np.float32(EVEN), np.float32(UNSAID))
    return steps.astype(np.uint8)


def marks_around(score: Singles, steps: Bytes, gsd_m: float) -> tuple[Words, Words]:
    """What the network says of the marks of a pair around each pixel: to be summed over the pairs of a series.

    Parameters
    ----------
    score : float32 (y, x)
        Probability of change, with `wide_halo_px` more on each side than what is wanted; NaN is not observed.
    steps : uint8 (y, x)
        Of `whole_steps`, of the same size.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    said : int32 (y, x)
        Sum of the log odds over the marks, in steps; without the halo.
    marked : int32 (y, x)
        Number of these.
    """
    halo = wide_halo_px(gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    marks = (steps != UNSAID) & (score > np.float32(MARKED))
    return box_sum(said_where(steps, marks), halo)[core], box_sum(marks.view(np.uint8), halo)[core]


def said_where(steps: Bytes, counts: Bools) -> Tiny:
    """What the network says of the pixels that count.

    Parameters
    ----------
    steps : uint8 (y, x)
        Of `whole_steps`.
    counts : bool (y, x)
        False where `steps` are `UNSAID`, if not elsewhere, too.

    Returns
    -------
    int8 (y, x)
        Log odds in steps, 0 where a pixel does not count.
    """
    # `MOST_ODDS` are 48 steps either way; a difference of bytes goes round beyond that, where nothing counts
    return np.where(counts, steps - np.uint8(EVEN), np.uint8(0)).view(np.int8)


def bounded_by_network(
    score: Singles,
    steps: Bytes,
    plants: Singles,
    around: tuple[Words, Words],
    least: Singles,
    roofs: Singles,
    gsd_m: float,
) -> Singles:
    """Probabilities of change, the part of the trees bounded by what the network says of the ground around.

    Parameters
    ----------
    score : float32 (y, x)
        Of trees, network and plants, with `wide_halo_px` more on each side than what is wanted; NaN is not observed.
    steps : uint8 (y, x)
        Of `whole_steps`, of the same size; where they are `UNSAID` the score stays.
    plants : float32 (y, x)
        Of `ground_signs`, without the halo.
    around : (int32 (y, x), int32 (y, x))
        Of `marks_around`, of this pair or summed over all pairs of a series.
    least : float32 (y, x)
        Of `LastingGround`, without the halo: log odds that the trees have at least by what other looks say.
    roofs : float32 (y, x)
        Of `roof_odds.roof_evidence`, without the halo; 0 where nobody knows.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (y, x)
        Without the halo; NaN where `score` is.
    """
    halo, half = wide_halo_px(gsd_m), half_px(NEAR_M, gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    counts = (steps != UNSAID) & np.isfinite(score)
    own = np.ascontiguousarray(score[core])
    if not counts.any():
        return own
    near = box_sum(said_where(steps, counts), half)[core], box_sum(counts.view(np.uint8), half)[core]
    least = np.maximum(least, least_by_roofs(roofs))
    _bound(own, steps[core], plants, *around, *near, least, PRIOR_M2 / gsd_m**2)
    return own


@compiled
def _bound(
    score: Singles,
    steps: Bytes,
    plants: Singles,
    around: Words,
    marked: Words,
    near: Words,
    seen: Words,
    agreed: Singles,
    prior_px: float,
) -> None:
    """Change the scores whose part of the trees lies beyond its bounds."""
    for y in range(score.shape[0]):
        for x in range(score.shape[1]):
            if steps[y, x] == UNSAID or not np.isfinite(score[y, x]):
                continue
            p = min(max(np.float64(score[y, x]), LEAST_PROBABILITY), 1.0 - LEAST_PROBABILITY)
            others = (np.float64(steps[y, x]) - EVEN) / STEP - SEASON_ODDS * np.float64(plants[y, x])
            trees = math.log(p / (1.0 - p)) - others
            agrees = (around[y, x] / STEP + AGREES[1] * prior_px) / (marked[y, x] + prior_px)
            sure = near[y, x] / (STEP * max(seen[y, x], 1))
            least = max(_between(sure, SURE, LEAST_TREES), np.float64(agreed[y, x]))
            most = _between(agrees, AGREES, MOST_TREES)
            bound = max(min(trees, most), least)
            if bound != trees:
                score[y, x] = 1.0 / (1.0 + math.exp(-bound - others))


@compiled
def _between(value: float, ends: tuple[float, float], least_most: tuple[float, float]) -> float:
    """A ramp between two levels."""
    share = min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)
    return least_most[0] + (least_most[1] - least_most[0]) * share


def half_px(side_m: float, gsd_m: float) -> int:
    """Half the side of a square.

    Parameters
    ----------
    side_m : float
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels to either side of the middle.
    """
    return max(1, round(side_m / 2 / gsd_m))
