"""Ground that near infrared is sure of from one look to the last: what the network doubts of it does not bound.

The network compares what stands there, so it says little of an even slab, of gravel or of a stripped plot on a meadow:
log odds of -1.5 to 0, as of a field that was ploughed. A field is not sure on every look that follows, nor for ten
metres around, and of one that only changed its colour the network is sure that nothing changed. Sums are of whole
numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Ints, Singles
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.wide_ground import EVEN, NEAR_M, STEP, UNSAID, half_px, wide_halo_px

HELD: Final = 0.95
"""Probability above which a pair by itself is sure of a pixel. Chosen, like the rest, with a drawn building site and
finished runs of other hands in view (docs/research/change.md, "Ground that is held back")."""
LOOKS: Final = 3
"""Least looks that show it and are sure: the last ones of the series, without one between them that is not."""
LEAST_SHARE: Final = 0.6
"""Of a square of `NEAR_M` that such ground covers: less is a rim, or specks of a field."""
LEAST_ODDS: Final = -2.0
"""Least log odds of the network over that square, in the mean of these looks: on new ground -1.7 and more. It is sure
that nothing changed at -3, the least that is kept."""


def held_ground(scores: Sequence[Singles], steps: Sequence[Bytes], has_nir: Sequence[bool], gsd_m: float) -> Bools:
    """Find wide ground of which all pairs from a look to the last are sure.

    Parameters
    ----------
    scores : sequence of float32 (y, x)
        Probability of change of each pair with the reference, away from it in order, with `wide_halo_px` more on each
        side than what is wanted; NaN is not observed.
    steps : sequence of uint8 (y, x)
        Of `whole_steps`, of the same size.
    has_nir : sequence of bool
        Of each pair: in colours alone dry meadows pass for bare ground, so the others count as not observed.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo; False on looks that do not show it.
    """
    halo, half = wide_halo_px(gsd_m), half_px(NEAR_M, gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    found = np.zeros((len(scores), *scores[0][core].shape), np.bool_)
    if sum(has_nir) < LOOKS:
        return found
    lasts, looks, said = _to_the_end(scores, steps, has_nir, half)
    sure = (looks >= LOOKS) & (said >= np.float32(LEAST_ODDS * STEP) * looks)
    side = 2 * half + 1
    for k, own in enumerate(lasts):
        held = own & sure
        if held.any():
            full = box_sum(held.astype(np.int32), half) >= LEAST_SHARE * side**2
            wide = cv2.dilate(full.astype(np.uint8), np.ones((side, side), np.uint8)) == 1
            found[k] = (held & wide)[core]
    return found


def _to_the_end(
    scores: Sequence[Singles], steps: Sequence[Bytes], has_nir: Sequence[bool], half: int
) -> tuple[list[Bools], Ints, Singles]:
    """Looks from which on all are sure, their number, and the sum of what the network says, in steps."""
    alive = np.ones(scores[0].shape, np.bool_)
    looks, said = np.zeros(alive.shape, np.int64), np.zeros(alive.shape, np.float32)
    lasts: list[Bools] = []
    for score, own, nir in zip(reversed(scores), reversed(steps), reversed(has_nir), strict=True):
        seen = np.isfinite(score) & (own != UNSAID) & nir
        alive &= (score > np.float32(HELD)) | ~seen
        last = alive & seen
        number = box_sum(seen.astype(np.int32), half)
        mean = box_sum((own.astype(np.int32) - EVEN) * seen, half) / np.maximum(number, 1).astype(np.float32)
        looks += last
        said += np.where(last, mean, np.float32(0)).astype(np.float32)
        lasts.append(last)
    return lasts[::-1], looks, said
