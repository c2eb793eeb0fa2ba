"""Ground that near infrared is sure of from one look to the last: what the network doubts of it does not bound.

The network compares what stands there, so it says little of an even slab, of gravel or of a stripped plot on a meadow:
log odds of -1.5 to 0, as of a field that was ploughed. A field is not sure on every look that follows, nor for ten
metres around, and of one that only changed its colour the network is sure that nothing changed. Sums are of whole
numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Shorts, Singles, Words
from changedet.kernels.compiled import compiled
from changedet.kernels.morphology import dilated, square
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.wide_ground import NEAR_M, STEP, UNSAID, half_px, said_where, wide_halo_px

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
    lasts, looks = _to_the_end(scores, steps, has_nir)
    if not (looks >= LOOKS).any():
        return found
    said = _said(lasts, scores, steps, has_nir, half)
    sure = (looks >= LOOKS) & (said >= np.float32(LEAST_ODDS * STEP) * looks)
    for k, own in enumerate(lasts):
        found[k] = wide_parts(own & sure, half)[core]
    return found


def wide_parts(held: Bools, half: int) -> Bools:
    """Leave out rims and specks.

    Parameters
    ----------
    held : bool (y, x)
        Ground.
    half : int
        Half the side of the squares of which it covers `LEAST_SHARE`.

    Returns
    -------
    bool (y, x)
        What lies in such a square.
    """
    if not held.any():
        return held
    side = 2 * half + 1
    full = box_sum(held.view(np.uint8), half) >= LEAST_SHARE * side**2
    return np.asarray(held & dilated(full, square(side)), np.bool_)


def _to_the_end(
    scores: Sequence[Singles], steps: Sequence[Bytes], has_nir: Sequence[bool]
) -> tuple[list[Bools], Shorts]:
    """Of each date the pixels of which it and all later looks are sure, and how many looks are."""
    alive, looks = np.ones(scores[0].shape, np.bool_), np.zeros(scores[0].shape, np.int16)
    lasts: list[Bools] = []
    for score, own, nir in zip(reversed(scores), reversed(steps), reversed(has_nir), strict=True):
        seen = seen_by(score, own, nir)
        alive &= (score > np.float32(HELD)) | ~seen
        last = alive & seen
        looks += last
        lasts.append(last)
    return lasts[::-1], looks


def _said(
    lasts: Sequence[Bools], scores: Sequence[Singles], steps: Sequence[Bytes], has_nir: Sequence[bool], half: int
) -> Singles:
    """Sum of what the network says around, in steps, over the looks that are sure of a pixel."""
    said = np.zeros(lasts[0].shape, np.float32)
    for last, score, own, nir in zip(*(reversed(of) for of in (lasts, scores, steps, has_nir)), strict=True):
        seen = seen_by(score, own, nir)
        _add_means(box_sum(said_where(own, seen), half), box_sum(seen.view(np.uint8), half), last, said)
    return said


def seen_by(score: Singles, steps: Bytes, has_nir: bool) -> Bools:
    """Where a pair with near infrared is observed and the network counts.

    Parameters
    ----------
    score : float32 (y, x)
        NaN is not observed.
    steps : uint8 (y, x)
        Of `whole_steps`.
    has_nir : bool
        Nothing is without it.

    Returns
    -------
    bool (y, x)
        Of the same size.
    """
    return np.asarray(np.isfinite(score) & (steps != UNSAID) & has_nir, np.bool_)


@compiled
def _add_means(total: Words, number: Words, where: Bools, out: Singles) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            if where[y, x]:
                out[y, x] += np.float32(total[y, x] / max(number[y, x], 1))
