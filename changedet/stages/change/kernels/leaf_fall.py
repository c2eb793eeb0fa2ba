"""Plants that lose their green for a season: bare on one look, green again on another, farther from the reference.

What is built on does not grow back within a series. So ground that plants cover on the reference, that is bare on a
look and green as before on one farther away, was not built on in between; and ground that did so once loses its green
in the same season of another year for the same reason, as long as it is no barer than then. Looks without near infrared
tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.movers import DIFFERENCES, MEADOW, MOST_BANDS, UNKNOWN
from changedet.stages.change.kernels.wide_ground import half_px

AROUND_M: Final = 10.0
"""Side of the squares over which plants are read: crowns, the shade between them, and the ground below."""
PLANTED: Final = 0.5
"""Least share of such a square that plants cover."""
LOST_LEVELS: Final = 16
"""Levels (`movers.STEP` to an e-fold) by which near infrared fell against the colours, from which on plants lost their
green: woods lose 40 and more, meadows in a dry summer less than 10."""
BACK_LEVELS: Final = 8
"""By which it may lie below the reference where they are green again."""
NEAR_DAYS: Final = 60
"""Of one season, on either side of a day of another year: days are nights apart, snow and leaves a month or two."""
YEAR_DAYS: Final = 365


def green_again(standing: Sequence[Bytes], days: Sequence[int], gsd_m: float) -> Bools:
    """Tell where plants lost their green for a season.

    Parameters
    ----------
    standing : sequence of uint8 (1 + band, y, x)
        Of each date, away from the reference in order, as of `movers.things_standing`, with `leaves_halo_px` more on
        each side than what is wanted.
    days : sequence of int
        Of each date, counted from any day.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo.
    """
    half = leaves_halo_px(gsd_m)
    core = slice(half, -half)
    shape = len(standing), *(side - 2 * half for side in standing[0].shape[1:])
    lost, back, level = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
    for k, bands in enumerate(standing):
        if len(bands) < 1 + MOST_BANDS + DIFFERENCES:
            continue
        known = bands[0] != UNKNOWN
        count = box_sum(known.astype(np.int32), half)[core, core]
        green = box_sum((bands[0] == MEADOW).astype(np.int32), half)[core, core]
        fell = np.where(known, bands[-2].astype(np.int32) - bands[-1], 0)
        level[k] = box_sum(fell, half)[core, core] / np.maximum(count, 1)
        planted = (2 * count >= (2 * half + 1) ** 2) & (green >= PLANTED * count)
        lost[k], back[k] = planted & (level[k] >= LOST_LEVELS), planted & (level[k] <= BACK_LEVELS)
    return _seasonal(lost, back, level, days)


def _seasonal(lost: Bools, back: Bools, level: Singles, days: Sequence[int]) -> Bools:
    """Losses that are followed by green, and those of the same season of other years."""
    out, later = np.zeros_like(lost), np.zeros(lost.shape[1:], np.bool_)
    for k in range(len(lost) - 1, -1, -1):
        out[k] = lost[k] & later
        later |= back[k]
    first = out.copy()
    for k in range(1, len(lost)):
        for i in range(k):
            if first[i].any() and same_season(days[i], days[k]):
                out[k] |= lost[k] & first[i] & (level[k] <= level[i] + BACK_LEVELS)
    return out


def same_season(one: int, other: int) -> bool:
    """Say whether two days lie near each other in the year.

    Parameters
    ----------
    one, other : int
        Counted from any day.

    Returns
    -------
    bool
        True within `NEAR_DAYS`, of whatever years.
    """
    apart = abs(one - other) % YEAR_DAYS
    return min(apart, YEAR_DAYS - apart) <= NEAR_DAYS


def leaves_halo_px(gsd_m: float) -> int:
    """How far `green_again` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(AROUND_M, gsd_m)
