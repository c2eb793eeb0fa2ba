"""Ground that bears no plants and on which what differs is dug or heaped of its own soil: pits and banks in a desert.

A bank of the site's own soil has its colour: of the metres around it a good part is not to be told from the ground, on
the reference and on the date, and nothing that stood there is gone. A train, a ship, an aircraft or stacks have
another colour nearly all over, and where they come and go some of what stood there is gone on most looks. So what looks
in a row say of such ground is said of the ground (`lasting_ground`), as it is on meadows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import GONE, NOTHING, UNKNOWN, plants_halo_px

LEAST_LIKE: Final = 0.3
"""Least share of what is seen around that differs from its ground on neither date: of a bank with its lit and shaded
sides it is .34 to .63, of boxes, wagons and lorries at most .16 (six sites of four hands, docs/research/change.md)."""
MOST_GONE: Final = 0.05
"""Greatest share from which something of the reference is gone: a lorry in the square is as much as that, a row none
of which left is rare."""


def own_soil(kinds: Sequence[Bytes], gsd_m: float) -> Bools:
    """Tell where the ground around looks as it did, but for what may be made of it.

    Parameters
    ----------
    kinds : sequence of uint8 (y, x)
        Of each date the classes of `movers.things_standing`, with `movers.plants_halo_px` more on each side than what
        is wanted.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo; False where nothing is known.
    """
    return np.stack([_like_its_ground(kind, plants_halo_px(gsd_m)) for kind in kinds])


def _like_its_ground(kind: Bytes, halo: int) -> Bools:
    known, like, gone = (
        box_sum(found.astype(np.int32), halo)[halo:-halo, halo:-halo]
        for found in (kind != UNKNOWN, kind == NOTHING, kind == GONE)
    )
    return np.asarray((known > 0) & (like >= LEAST_LIKE * known) & (gone <= MOST_GONE * known), np.bool_)
