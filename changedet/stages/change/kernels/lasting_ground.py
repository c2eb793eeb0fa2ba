"""Ground of which the network says on one look after the other that it changed: pits, banks and stripped soil.

Trees dismiss a bank of the colour of the ground on every look for the same reason, grass grows on it, and its lit and
shaded sides change places as the sun moves, as if something came and went. None of this says anything new on a further
look. What the network says does: it compares what stands there, and its log odds, over ten metres, agree on a bank from
look to look, while fields, shade and movers have them on one look and not on the next. So the mean over a few looks in
a row counts, and whatever lies within ten metres that have it. Sums are of whole numbers, so a pixel gets the same
whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Singles, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.wide_ground import (
    LEAST_TREES,
    MOST_ODDS,
    NEAR_M,
    STEP,
    SURE,
    UNSAID,
    half_px,
    said_where,
    wide_halo_px,
)

LOOKS: Final = 3
"""Looks in a row whose mean counts, of those that show a pixel; with fewer of them all that there are, two at least.
Chosen, as the next two, on painted sites of seeds 1704 to 1706 and drawn stores 71 to 73, with a depot and three sites
of the third simulator in view (docs/research/change.md)."""
LEAST_WITHIN: Final = 0.0
"""Least log odds of the trees where the ten metres around a pixel are sure: that they dismiss it counts for nothing."""
LEAST_BESIDE: Final = -0.5
"""The same where some ten metres that hold the pixel are: the rim of a bank, or of the ground beside it."""


class LastingGround(NamedTuple):
    """Where the looks of a series agree that the ground changed.

    Attributes
    ----------
    least : float32 (date, y, x)
        Log odds below which those of the trees do not count; `LEAST_TREES` where nothing is agreed.
    sure : float32 (date, y, x)
        How far the looks around a date agree, 0 to 1.
    """

    least: Singles
    sure: Singles


def lasting_ground(scores: Sequence[Singles], steps: Sequence[Bytes], is_still: Bools, gsd_m: float) -> LastingGround:
    """Find the ground that changed by all that several looks in a row say.

    Parameters
    ----------
    scores : sequence of float32 (y, x)
        Of the pairs with the reference, away from it in order, with `wide_halo_px` more on each side than what is
        wanted; NaN is not observed.
    steps : sequence of uint8 (y, x)
        Of `whole_steps`, of the same size.
    is_still : bool (date, y, x)
        Of `movers.plants_around` or `own_soil`, without the halo: on water, paving and tracks ships, cranes and trains
        differ on each look, too.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    LastingGround
        Without the halo.
    """
    halo, half = wide_halo_px(gsd_m), half_px(NEAR_M, gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    square = np.ones((2 * half + 1,) * 2, np.uint8)
    seen = np.empty(is_still.shape, np.bool_)
    # Filled date by date and then changed in place: all dates at once are most of what a run holds at its peak.
    within, beside = np.empty(is_still.shape, np.float32), np.empty(is_still.shape, np.float32)
    for k, (score, own) in enumerate(zip(scores, steps, strict=True)):
        counted = (own != UNSAID) & np.isfinite(score)
        mean = _mean(own, counted, half)
        np.logical_and(counted[core], is_still[k], out=seen[k])
        within[k], beside[k] = mean[core], cv2.dilate(mean, square)[core]
    _best_runs(within, seen)
    _best_runs(beside, seen)
    _agreed(within, beside, seen)
    return LastingGround(within, beside)


def nothing_lasts(dates: int, shape: tuple[int, int]) -> LastingGround:
    """Say that nothing is agreed, as of looks that each stand alone.

    Parameters
    ----------
    dates : int
    shape : (int, int)

    Returns
    -------
    LastingGround
        Of that many looks and that shape.
    """
    zeros = np.zeros((dates, *shape), np.float32)
    return LastingGround(np.full_like(zeros, LEAST_TREES[0]), zeros)


def _mean(steps: Bytes, counted: Bools, half: int) -> Singles:
    """Mean log odds over a square; where it holds none that count as much as on ground that stays."""
    mean = np.empty(steps.shape, np.float32)
    _fill_mean(box_sum(said_where(steps, counted), half), box_sum(counted.view(np.uint8), half), mean)
    return mean


@compiled
def _fill_mean(total: Words, number: Words, mean: Singles) -> None:
    for y in range(mean.shape[0]):
        for x in range(mean.shape[1]):
            if number[y, x] > 0:
                mean[y, x] = np.float32(total[y, x] / (STEP * number[y, x]))
            else:
                mean[y, x] = -MOST_ODDS


@compiled
def _best_runs(means: Singles, seen: Bools) -> None:
    """Put in place of each mean the greatest over `LOOKS` looks in a row that hold the date, of those that see it."""
    dates, height, width = means.shape
    total: Floats = np.zeros(dates + 1)
    at = np.zeros(dates, np.int64)
    for y in range(height):
        for x in range(width):
            n = 0
            for t in range(dates):
                if seen[t, y, x]:
                    at[n] = t
                    total[n + 1] = total[n] + means[t, y, x]
                    n += 1
                means[t, y, x] = -MOST_ODDS
            length = min(LOOKS, n)
            if length < 2:
                continue
            for first in range(n - length + 1):
                mean = np.float32((total[first + length] - total[first]) / length)
                for k in range(first, first + length):
                    means[at[k], y, x] = max(means[at[k], y, x], mean)


@compiled
def _agreed(within: Singles, beside: Singles, seen: Bools) -> None:
    """Turn best means within and beside into the trees' least log odds, and into how far looks agree."""
    for t in range(seen.shape[0]):
        for y in range(seen.shape[1]):
            for x in range(seen.shape[2]):
                inner, sure = np.float32(0), np.float32(0)
                if seen[t, y, x]:
                    inner, sure = _ramp(within[t, y, x]), _ramp(beside[t, y, x])
                within[t, y, x] = max(_risen(inner, LEAST_WITHIN), _risen(sure, LEAST_BESIDE))
                beside[t, y, x] = sure


@compiled
def _ramp(mean: np.float32) -> np.float32:
    share = (mean - np.float32(SURE[0])) / np.float32(SURE[1] - SURE[0])
    return min(max(share, np.float32(0)), np.float32(1))


@compiled
def _risen(share: np.float32, most: float) -> np.float32:
    return np.float32(LEAST_TREES[0]) + np.float32(most - LEAST_TREES[0]) * share
