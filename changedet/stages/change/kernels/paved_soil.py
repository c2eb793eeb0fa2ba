"""Dark paving that was laid on bare soil, told by all looks from one on.

Trees and the network dismiss it: soil grows dark by rain and plough, and shade is dark and blue, as asphalt is. But
from soil to asphalt near infrared falls by more than colours do, though by less than in shade or water; the network
doubts that the ground is the same (it says -2 and more, of shade -3); and it lasts. Where three looks and more say so
over more than a road's width, and three of five that show it, ground was paved (docs/research/change.md, "Asphalt on
bare soil"). Sums are of whole numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes
from changedet.kernels.morphology import opened, square
from changedet.stages.change.kernels.bare_works import told_of_steps
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import DIFFERENCES, MIDDLE, UNKNOWN
from changedet.stages.change.kernels.wide_ground import UNSAID, half_px

AROUND_M: Final = 4.0
"""Side of the square over which brightness is averaged, as the network's log odds are (`bare_works.TOLD_M`)."""
LEAST_DARKER: Final = 5
"""Levels (`movers.STEP` an e-fold) by which colours fell at least, .16 e-folds: asphalt of a painted site 9 to 19."""
NIR_MORE: Final = 9
"""Levels by which near infrared fell more than the colours, .28 e-folds: there 19 to 28, rain and plough less."""
MOST_DARKER: Final = 56
"""Levels by which near infrared fell at most, 1.75 e-folds: there 30 to 49; shade of halls in winter 54 to 102."""
LEAST_ODDS: Final = -2.0
"""Of the network: there -1.7 in the lowest twentieth, of such shade -3 to -2 in the median."""
LEAST_LOOKS: Final = 3
LASTS: Final = 0.6
"""Looks from one on that must tell, and the share of those that show the ground: boxes come to stand on it. All six
were chosen on the site that showed the fault, looking at 156 others (docs/research/change.md)."""
WIDE_M: Final = 8.0
"""What is narrower is a road's edge, a ditch or a row of shade."""


def paved_by_look(standing: Bytes, steps: Bytes, gsd_m: float) -> Bools:
    """Where one look may show paving on what was soil.

    Parameters
    ----------
    standing : uint8 (band, y, x)
        Of `movers.things_standing`, with near infrared: classes first, differences of brightness last.
    steps : uint8 (y, x)
        Of `wide_ground.whole_steps`; all `UNSAID` for a look that is not asked.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (y, x)
        Without right values within half of `AROUND_M` of the rim.
    """
    half = half_px(AROUND_M, gsd_m)
    known = standing[0] != UNKNOWN
    number = box_sum(known.astype(np.int32), half)
    colours, nir = (box_sum((band.astype(np.int32) - int(MIDDLE)) * known, half) for band in standing[-DIFFERENCES:])
    darker = (colours <= -LEAST_DARKER * number) & (nir - colours <= -NIR_MORE * number)
    lit = nir >= -MOST_DARKER * number
    return np.asarray(known & darker & lit & told_of_steps(steps, gsd_m, LEAST_ODDS), np.bool_)


def paved_since(told: Bools, shown: Bools, gsd_m: float) -> Bools:
    """Ground that was paved by each look.

    Parameters
    ----------
    told : bool (date, y, x)
        Of `paved_by_look`, in the order of time, with `paved_halo_px` more on each side than what is wanted.
    shown : bool (date, y, x)
        Whether the rule applies to a pixel on each look.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo: on the first look from which on it lasts, and on all later ones.
    """
    wide = square(2 * half_px(WIDE_M, gsd_m) + 1)
    tells, looks = np.zeros((2, *told.shape[1:]), np.uint16)
    laid = np.zeros(told.shape, np.bool_)
    for k in range(len(told) - 1, -1, -1):
        tells += told[k]
        looks += shown[k]
        lasts = told[k] & (tells >= LEAST_LOOKS) & (tells >= np.float32(LASTS) * looks)
        laid[k] = opened(lasts, wide)
    halo = paved_halo_px(gsd_m)
    return np.asarray(np.logical_or.accumulate(laid, axis=0)[:, halo:-halo, halo:-halo])


def paved_halo_px(gsd_m: float) -> int:
    """How far `paved_by_look` and `paved_since` look around together.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(AROUND_M, gsd_m) + 2 * half_px(WIDE_M, gsd_m)


def is_asked(steps: Bytes, standing: Bytes) -> Bools:
    """Where a look may say anything about paving.

    Parameters
    ----------
    steps : uint8 (y, x)
        Of `wide_ground.whole_steps`.
    standing : uint8 (band, y, x)
        Of `movers.things_standing`.

    Returns
    -------
    bool (y, x)
        Of the same size.
    """
    return np.asarray((standing[0] != UNKNOWN) & (steps != UNSAID), np.bool_)
