"""Pads that are levelled, banks and pits of the ground's own soil, where the ground around bears no plants.

Trees dismiss such ground, as its colour is that of before, and the network that compares what stands there is not sure
of it: its log odds are 0 to -1 on a bank or a pad and -3 on ground that stays. So what counts here is that two looks in
a row say as much, over more than a lorry covers, where nothing that moves explains it: some of the metres around look
like the ground on either date, and hardly anything of the reference is gone (`own_soil` asks more of both, as it takes
less from the network). Fields, which are sown and reaped, are left out by their plants, and what lies beside boxes by
the boxes. Sums are of whole numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes
from changedet.kernels.morphology import opened, square
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import GONE, MEADOW, MIDDLE, NOTHING, UNKNOWN
from changedet.stages.change.kernels.wide_ground import EVEN, STEP, UNSAID, half_px

TOLD_M: Final = 4.0
"""Side of the square over which the network's log odds are averaged."""
LEAST_ODDS: Final = -1.0
"""Least mean of them. Of the ground that three other hands changed and masks had missed .37 to .55 have more on two
looks of three (docs/research/change.md, "Bare ground")."""
AROUND_M: Final = 10.0
"""Side of the square that tells whether what differs may be of the ground's own soil."""
LEAST_LIKE: Final = 0.15
"""Least share of it that differs from its ground on neither date: of a drawn desert base .55 of what changed is marked
so, .51 with .3 as `own_soil` has it; at five ports and railways neither marks anything. Chosen with both in view."""
MOST_GONE: Final = 0.2
"""Greatest share of it from which something of the reference is gone: with .05 .49 of that base is marked."""
DRY_M: Final = 20.0
"""Side of the square in which plants tell of fields."""
MOST_PLANTS: Final = 0.1
"""Greatest share of that square on which plants of either date cover what differs from its ground, on any look."""
WIDE_M: Final = 6.0
"""Lorries and rims are narrower: ground is marked where it holds a square of that side."""
APART_M: Final = 3.0
"""How far from a box of either date such ground lies: nearer, rims and aisles of stacks look like it."""
YARD_M: Final = 25.0
"""How far from a box of the reference: a yard in use bears tyre marks and stains (a sixth hand's depot, .82 % of false
marks without it, .38 % with it, .34 % before; with 15 m .71 %)."""
SHOWN: Final = 0.5
"""Least share of a square that must be seen."""
UNLIT: Final = 0.6
"""Share of the square of `TOLD_M` from which near infrared is the same to the level, as of water that is darker than
light is told (`movers.LEAST_LIGHT`) on both dates; of dry ground a tenth at most is. Chosen with the thirtieth hand's
transfer port in view."""


def told_by_looks(steps: Sequence[Bytes], kinds: Sequence[Bytes], gsd_m: float) -> Bools:
    """What each look by itself says of ground that was worked where all around is bare.

    Parameters
    ----------
    steps : sequence of uint8 (y, x)
        Of `wide_ground.whole_steps`, of each look away from the reference in order; all `UNSAID` for a look that is not
        asked.
    kinds : sequence of uint8 (y, x)
        Of each look the classes of `movers.things_standing`, of the same size.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Of the same size, without right values within half of `DRY_M` of its rim.
    """
    dry = np.logical_and.reduce([_dry(kind, gsd_m) for kind in kinds])
    return np.stack(
        [told_of_steps(own, gsd_m) & _own_soil(kind, gsd_m) & dry for own, kind in zip(steps, kinds, strict=True)]
    )


def bare_works(told: Bools, gsd_m: float) -> Bools:
    """Ground that was worked where all around is bare, as two looks in a row say over more than a lorry covers.

    Parameters
    ----------
    told : bool (date, y, x)
        Of `told_by_looks`, but for what lies within `APART_M` of a box, or `YARD_M` of one that stood on the reference;
        with `works_halo_px` more on each side than what is wanted.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo.
    """
    halo, wide = works_halo_px(gsd_m), square(2 * half_px(WIDE_M, gsd_m) + 1)
    found = []
    for k, own in enumerate(told):
        near = [told[n] for n in (k - 1, k + 1) if 0 <= n < len(told)]
        twice = own & np.logical_or.reduce(near) if near else np.zeros_like(own)
        found.append(opened(twice, wide)[halo:-halo, halo:-halo])
    return np.stack(found)


def works_halo_px(gsd_m: float) -> int:
    """How far `told_by_looks` and `bare_works` look around together.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(DRY_M, gsd_m) + 2 * half_px(WIDE_M, gsd_m)


def told_of_steps(steps: Bytes, gsd_m: float, least_odds: float = LEAST_ODDS) -> Bools:
    """Where the network's mean over `TOLD_M` exceeds some log odds.

    Parameters
    ----------
    steps : uint8 (y, x)
        Of `wide_ground.whole_steps`.
    gsd_m : float
        Ground size of a pixel.
    least_odds : float, default LEAST_ODDS

    Returns
    -------
    bool (y, x)
        Of the same size, without right values within half of `TOLD_M` of its rim.
    """
    half = half_px(TOLD_M, gsd_m)
    counted = steps != UNSAID
    number = box_sum(counted.astype(np.int32), half)
    total = box_sum((steps.astype(np.int32) - EVEN) * counted, half)
    enough = number >= SHOWN * (2 * half + 1) ** 2
    return np.asarray(counted & enough & (total > least_odds * STEP * number), np.bool_)


def is_unlit(nir: Bytes, asked: Bools, gsd_m: float) -> Bools:
    """Where near infrared is too dark on both dates to be compared: water, on which nothing is built.

    Parameters
    ----------
    nir : uint8 (y, x)
        The last band of `movers.things_standing`.
    asked : bool (y, x)
        Where it is known.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (y, x)
        Of the same size, without right values within half of `TOLD_M` of its rim.
    """
    half = half_px(TOLD_M, gsd_m)
    same, number = (box_sum(found.astype(np.int32), half) for found in ((nir == int(MIDDLE)) & asked, asked))
    return np.asarray((number > 0) & (same > np.float32(UNLIT) * number), np.bool_)


def _own_soil(kind: Bytes, gsd_m: float) -> Bools:
    half = half_px(AROUND_M, gsd_m)
    known, like, gone = (
        box_sum(found.astype(np.int32), half) for found in (kind != UNKNOWN, kind == NOTHING, kind == GONE)
    )
    return np.asarray((known > 0) & (like >= LEAST_LIKE * known) & (gone <= MOST_GONE * known), np.bool_)


def _dry(kind: Bytes, gsd_m: float) -> Bools:
    half = half_px(DRY_M, gsd_m)
    known, green = (box_sum(found.astype(np.int32), half) for found in (kind != UNKNOWN, kind == MEADOW))
    return np.asarray(green <= MOST_PLANTS * known, np.bool_)
