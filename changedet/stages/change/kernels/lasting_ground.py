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

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.wide_ground import (
    EVEN,
    LEAST_TREES,
    MOST_ODDS,
    NEAR_M,
    STEP,
    SURE,
    UNSAID,
    half_px,
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
    counts = [(own != UNSAID) & np.isfinite(score) for score, own in zip(scores, steps, strict=True)]
    means = [_mean(own, counted, half) for own, counted in zip(steps, counts, strict=True)]
    seen = np.stack([counted[core] for counted in counts]) & is_still
    within = _best_runs(np.stack([mean[core] for mean in means]), seen)
    wide = np.stack([cv2.dilate(mean, square)[core] for mean in means])
    beside = _best_runs(wide, seen)
    inner, sure = (np.where(seen, _ramp(found), np.float32(0)) for found in (within, beside))
    least = np.maximum(_risen(inner, LEAST_WITHIN), _risen(sure, LEAST_BESIDE))
    return LastingGround(least, sure)


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
    number = box_sum(counted.astype(np.int32), half)
    total = box_sum((steps.astype(np.int32) - EVEN) * counted, half)
    mean = total / (np.float32(STEP) * np.maximum(number, 1).astype(np.float32))
    return np.where(number > 0, mean, np.float32(-MOST_ODDS)).astype(np.float32)


def _ramp(mean: Singles) -> Singles:
    share = (mean - np.float32(SURE[0])) / np.float32(SURE[1] - SURE[0])
    return np.asarray(np.clip(share, np.float32(0), np.float32(1)), np.float32)


def _risen(share: Singles, most: float) -> Singles:
    return (np.float32(LEAST_TREES[0]) + np.float32(most - LEAST_TREES[0]) * share).astype(np.float32)


@compiled
def _best_runs(means: Singles, seen: Bools) -> Singles:
    """Greatest mean over `LOOKS` looks in a row that hold a date, of those that see a pixel."""
    dates, height, width = means.shape
    out = np.full(means.shape, -MOST_ODDS, np.float32)
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
            length = min(LOOKS, n)
            if length < 2:
                continue
            for first in range(n - length + 1):
                mean = np.float32((total[first + length] - total[first]) / length)
                for k in range(first, first + length):
                    out[at[k], y, x] = max(out[at[k], y, x], mean)
    return out
