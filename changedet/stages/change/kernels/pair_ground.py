"""What differs between two looks and may have been parked there: no third look confirms or denies it.

An aircraft or a lorry stands on ground that both looks show alike, and takes up no wide place by itself. Where the
ground around differs too, something is being built, or the season has changed; a place that is new all over and wider
than any aircraft with its shade is a slab, a heap or a hall. What stood on the earlier look and left ground like that
around it has gone, however wide it was.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.morphology import opened, square
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import AROUND_M, CHANGED, GONE, GROUND, NOTHING, STANDS
from changedet.stages.change.kernels.wide_ground import half_px

STILL: Final = 2
"""How many times more ground around must look alike on both looks than differ: two thirds of it. Drawn sites and real
pairs say nearly the same from 1 to 3 (docs/research/change.md, "What stands on one look of a pair")."""
WIDE_M: Final = 25.0
"""Side of the squares that an aircraft does not fill: the wings of the largest (an A380) are 17.7 m deep where they
leave the fuselage, and a few metres of its shade lie beside them."""


def pair_halo_px(gsd_m: float) -> int:
    """How far `stays_ground` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return max(half_px(AROUND_M, gsd_m), 2 * half_px(WIDE_M, gsd_m))


def stays_ground(score: Singles, kind: Bytes, gsd_m: float, *, is_later: bool) -> Bools:
    """Tell where what differs between two looks cannot be taken for something that was parked.

    Parameters
    ----------
    score : float32 (y, x)
        Probability of change, with `pair_halo_px` more on each side than what is wanted; NaN is not observed.
    kind : uint8 (y, x)
        Class of `movers.things_standing`, of the same size.
    gsd_m : float
        Ground size of a pixel.
    is_later : bool
        Whether the compared look comes after the reference.

    Returns
    -------
    bool (y, x)
        Without the halo: where the ground around differs, or the place is too wide and was not left in time.
    """
    halo, half = pair_halo_px(gsd_m), half_px(AROUND_M, gsd_m)
    alike, differs = (box_sum((kind == one).astype(np.int32), half) for one in (NOTHING, GROUND))
    wide = opened(score > np.float32(CHANGED), square(2 * half_px(WIDE_M, gsd_m) + 1))
    has_left = kind == (GONE if is_later else STANDS)
    return np.asarray((alike < STILL * differs) | (wide & ~has_left), np.bool_)[halo:-halo, halo:-halo]
