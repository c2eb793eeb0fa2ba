"""Ground that is brighter or darker than before by as much on every look to the end, and bears no plants.

Trees and the network dismiss new paving, slabs and roofs that lie on other bare ground: brightness is what sun, rain
and plough change, too. But these do not change it by as much twice. Where each look from one to the last that shows
the ground, two at least, differs from the reference by the same step in colours and in near infrared, over more than
a lorry covers, a surface was laid (docs/research/change.md, "Another surface that stays"). Shade falls farther than
materials do. Sums are of whole numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Shorts, Words
from changedet.kernels.morphology import opened, square
from changedet.stages.change.kernels.bare_works import is_unlit
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import DIFFERENCES, MEADOW, MIDDLE
from changedet.stages.change.kernels.paved_soil import AROUND_M, WIDE_M, paved_halo_px
from changedet.stages.change.kernels.wide_ground import half_px

LEAST_LEVELS: Final = 10
"""Levels (`movers.STEP` an e-fold) by which colours or near infrared differ at least, .31 e-folds: a step of which is
new asphalt on worn ground 32 levels, gravel on sand 13 to 25, a grey roof on asphalt 28 to 33. Chosen with the 20 sites
of the thirtieth and thirty-first hand in view, as the other limits (docs/research/change.md)."""
MOST_LEVELS: Final = 40
"""Levels by which either differs at most, 1.25 e-folds: shade of halls that came or went 41 to 80."""
ALIKE_LEVELS: Final = 4
"""Levels, .12 e-folds, by which colours and near infrared differ at least where the step is below `LEAST_GREY`."""
LEAST_GREY: Final = 20
"""Levels, .62 e-folds, from which on both may change alike: water that glitters more than on the reference is brighter
by 11 to 16 in both on most looks of a drawn port (third 211, 6,006 m2 on each of two looks without this)."""
MOST_SPREAD: Final = 0.5
"""Greatest difference between looks, as a share of the greatest step."""
SHOWN: Final = 0.5
"""Least share of the square that must be seen."""
LEAST_LOOKS: Final = 2


class Step(NamedTuple):
    """How one look differs from the reference.

    Attributes
    ----------
    levels : int16 (2, y, x)
        In colours and in near infrared, of the mean around each pixel.
    shown : bool (y, x)
        Whether the look shows the ground.
    tells : bool (y, x)
        Whether it may be another surface: by a step that materials make, without plants and water.
    """

    levels: Shorts
    shown: Bools
    tells: Bools


def step_of_look(standing: Bytes, asked: Bools, gsd_m: float) -> Step:
    """By how much a look is brighter than the reference, and whether a new surface may be.

    Parameters
    ----------
    standing : uint8 (band, y, x)
        Of `movers.things_standing`, with near infrared: classes first, differences of brightness last.
    asked : bool (y, x)
        Of `paved_soil.is_asked`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    Step
        Without right values within half of `AROUND_M` of the rim.
    """
    half = half_px(AROUND_M, gsd_m)
    number = box_sum(asked.astype(np.int32), half)
    shown = asked & (number > SHOWN * (2 * half + 1) ** 2)
    apart = [(band.astype(np.int32) - int(MIDDLE)) * asked for band in standing[-DIFFERENCES:]]
    levels = np.stack([_mean(box_sum(band, half), number) for band in apart])
    greatest = np.abs(levels).max(axis=0)
    of_material = (greatest >= LEAST_LEVELS) & (greatest <= MOST_LEVELS)
    of_material &= (np.abs(levels[0] - levels[1]) >= ALIKE_LEVELS) | (greatest >= LEAST_GREY)
    # plants that grow or dry change colours alone, or both against each other
    is_green = (standing[0] == MEADOW) | (levels[0] * levels[1] <= 0)
    tells = shown & of_material & ~is_green & ~is_unlit(standing[-1], asked, gsd_m)
    return Step(levels, shown, np.asarray(tells, np.bool_))


def _mean(total: Words, number: Words) -> Shorts:
    return np.rint(total / np.maximum(number, 1)).astype(np.int16)


def new_surface(steps: Sequence[Step], gsd_m: float) -> Bools:
    """Ground that bears another surface on each look.

    Parameters
    ----------
    steps : sequence of Step
        Of the looks after the reference in the order of time, with `paved_halo_px` more on each side than what is
        wanted.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo: on the first look from which on all tell the same, and on all later ones.
    """
    wide, halo = square(2 * half_px(WIDE_M, gsd_m) + 1), paved_halo_px(gsd_m)
    shape = steps[0].shown.shape
    looks, lasts = np.zeros(shape, np.uint16), np.ones(shape, np.bool_)
    highest, lowest = (np.full((DIFFERENCES, *shape), limit, np.int16) for limit in (-256, 256))
    laid = np.zeros((len(steps), *shape), np.bool_)
    for k in range(len(steps) - 1, -1, -1):
        levels, shown, tells = steps[k]
        looks += shown
        lasts &= tells | ~shown
        np.maximum(highest, levels, out=highest, where=shown)
        np.minimum(lowest, levels, out=lowest, where=shown)
        greatest = np.maximum(np.abs(highest), np.abs(lowest)).max(axis=0)
        steady = (highest - lowest).max(axis=0) <= np.float32(MOST_SPREAD) * greatest
        laid[k] = opened(lasts & tells & steady & (looks >= LEAST_LOOKS), wide)
    return np.asarray(np.logical_or.accumulate(laid, axis=0)[:, halo:-halo, halo:-halo])
