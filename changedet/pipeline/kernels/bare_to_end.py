"""Ground that bore plants and is bare on a look and all that follow it, while plants around it stay green.

A quarry or a clay pit in a meadow reads like a field to the network, so no mask holds it. But fields rotate: where a
site has any, some ground on it turns green that was bare, on one look or another. Where none does, what goes bare and
stays so was dug or laid. The season is taken off by what the rest of the site lost. Sums are of whole numbers, so a
pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Ints, Singles, Words
from changedet.kernels.morphology import opened, square
from changedet.kernels.pixel_classes import NOT_OBSERVED, UNCHANGED
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.leaf_fall import BACK_LEVELS
from changedet.stages.change.kernels.movers import DIFFERENCES, UNKNOWN
from changedet.stages.change.kernels.wide_ground import MARKED, half_px

AROUND_M: Final = 4.0
"""Side of the squares over which plants are read, and least width of ground that counts: what is narrower are rims of
roofs and yards, which a look that lies aside shows green or bare."""
LOST_MORE: Final = 20
"""Levels (`movers.STEP` an e-fold), .6 e-folds, by which near infrared fell against the colours beyond what the season
took: a quarry and a clay pit that masks missed 25 to 66. Chosen with them in view (docs/research/change.md, "Bounds by
unmarked ground")."""
FIELD_M: Final = 8.0
"""Least width of ground that turned green, which tells of fields: what is narrower are verges and shade."""
LEVELS: Final = 511
"""Differences that there are between two bytes."""
QUARTER: Final = 4
"""Plants on most of a site are its season: a quarter of it lost more, and a quarter less."""


class Season(NamedTuple):
    """By how many levels plants of a site fell on a look.

    Attributes
    ----------
    least, most : int
        A quarter of the unmarked ground fell less, and a quarter more; not above and not below 0.
    """

    least: int
    most: int


class Look(NamedTuple):
    """What is read of a date in a window.

    Attributes
    ----------
    standing : uint8 (1 + difference, y, x)
        Of `movers.things_standing` the classes, then the differences of colours and of near infrared.
    pair : float32 (y, x)
        Probability of change by the pair alone.
    mask : uint8 (y, x)
        0 is unchanged, 1 changed, 255 not observed.
    season : Season
        Of the whole site.
    """

    standing: Bytes
    pair: Singles
    mask: Bytes
    season: Season


def levels_fell(standing: Bytes, mask: Bytes) -> Ints:
    """Count the unmarked pixels of a window by how many levels their plants fell.

    Parameters
    ----------
    standing, mask : uint8
        As of `Look`.

    Returns
    -------
    int64 (511,)
        From -255 levels to 255.
    """
    fell = _fell(standing)[(standing[0] != UNKNOWN) & (mask == UNCHANGED)]
    return np.bincount(fell + LEVELS // 2, minlength=LEVELS).astype(np.int64)


def season_of(counts: Ints) -> Season:
    """What the season took on a look.

    Parameters
    ----------
    counts : int64 (511,)
        Of `levels_fell`, summed over the site.

    Returns
    -------
    Season
        None where no ground is unmarked.
    """
    up_to = np.cumsum(counts)
    if not up_to[-1]:
        return Season(0, 0)
    least, most = (int(np.searchsorted(QUARTER * up_to, part * up_to[-1])) - LEVELS // 2 for part in (1, QUARTER - 1))
    return Season(min(0, least), max(0, most))


class Bared(NamedTuple):
    """What the looks of a series tell of bare ground in a window.

    Attributes
    ----------
    bare : bool (date, y, x)
        Unmarked ground that is bare from the date on; in the order of the looks that were read, the last first.
    field : bool (y, x)
        Ground that turned green.
    """

    bare: Bools
    field: Bools


def bare_to_end(looks: Iterable[Look], gsd_m: float) -> Bared:
    """Tell ground that is bare on a look and all that follow, and ground that turned green.

    Parameters
    ----------
    looks : iterable of Look
        The farthest from the reference first, with `bare_halo_px` more on each side than what is wanted.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    Bared
        Without the halo. Bare ground on which no pair is sure of a change is not among it.
    """
    half, wide = half_px(AROUND_M, gsd_m), square(2 * half_px(FIELD_M, gsd_m) + 1)
    bare: list[Bools] = []
    unmarked: list[Bools] = []
    for look in looks:
        known = (look.standing[0] != UNKNOWN) & (look.mask != NOT_OBSERVED)
        if not bare:
            to_end, green, field, sure = np.zeros((4, *known.shape), np.bool_)
            to_end[:] = True
        number = box_sum(known.astype(np.int32), half)
        fell = box_sum(_fell(look.standing) * known, half)
        lost = known & (fell >= (look.season.most + LOST_MORE) * number)
        unmarked.append(look.mask == UNCHANGED)
        turned = (lost & green) | (known & (fell <= (look.season.least - LOST_MORE) * number))
        field |= opened(turned & unmarked[-1], wide)
        green |= known & (fell <= (look.season.most + BACK_LEVELS) * number)
        to_end &= lost | ~known
        bare.append(to_end & known)
        told = np.nan_to_num(look.pair) > MARKED
        sure |= bare[-1] & (2 * box_sum(told.astype(np.int32), half) > (2 * half + 1) ** 2)
    halo = bare_halo_px(gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    around = square(2 * half + 1)
    found = [opened(own & sure, around)[core] & free[core] for own, free in zip(bare, unmarked, strict=True)]
    return Bared(np.stack(found), field[core])


def bare_halo_px(gsd_m: float) -> int:
    """How far `bare_to_end` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(AROUND_M, gsd_m) + 2 * half_px(FIELD_M, gsd_m)


def _fell(standing: Bytes) -> Words:
    colours, nir = standing[-DIFFERENCES:].astype(np.int32)
    return np.asarray(colours - nir, np.int32)
