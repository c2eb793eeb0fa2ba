"""Ground in coarse pixels that never bears plants and stays another one, over wide windows and all later looks.

A lot of dark soil that becomes a yard, or is paved, has the colours of bare fields before and after, and no single
pixel of a single look differs by more than light, views and noise do. What does is the mean of many pixels, on look
after look: so the difference from the reference is averaged over some pixels each way, its median over the looks from
a date on is what stays, and each look has to agree with it. Stacks and houses throw more shade in winter, so that a
reference of January differs from all of summer: looks under as high a sun as the reference's have to agree, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.stages.change.kernels.season_colours import MOST_FOR
from changedet.stages.change.kernels.season_light import never_green

WIDE_M: Final = 50.0
"""Side of the square over which differences are averaged: a hall with its shade and its lean, five pixels of 10 m."""
LEAST_SHARE: Final = 0.3
"""Of such a window, what never bears plants and is seen: with less its mean says nothing."""
LATER: Final = 3
"""Looks at least, the last ones, whose median is what stays."""
SPREAD: Final = (0.03, 0.05, 0.05)
"""Of NDVI, of red against blue, of brightness, e-folds: a standard deviation of such medians on ground that stays, as
on drawn sites of three hands (docs/research/change.md, "Left behind, other ground")."""
WATER: Final = 0.0
"""NDVI below which ground is water."""
WATER_SHARE: Final = 0.3
"""Share of the looks that show water, above which it is some."""
AGREES: Final = 2.0
"""A look differs by at least the length that stays over this, along it."""
TILT_DEG: Final = 23.44
"""Of the Earth's axis."""
YEAR_DAYS: Final = 365.2425
SOLSTICE_DAY: Final = 356.0
"""Of the year, the one of December; ordinals of dates begin with a year."""
ALIKE_DEG: Final = 15.0
"""By how much the sun's declination, and so its height at one hour, differs at most between looks whose shade is alike.
Chosen by hand."""
DIFFERS: Final = 6.0
"""Length of what stays, in such spreads, from which on it is rather another ground than not."""
MAY_DIFFER: Final = 3.0
"""Length from which on it may be, so that bounds of what changed allow for it."""
JOINED_M: Final = 150.0
"""How far ground that may be another is the same lot as ground beside it that is: half a container yard's side."""
LOT_SHARE: Final = 0.5
"""Of the ground so far around that may be another, what is: with less, fields differ by their own and a few most."""


def other_halo_px(ground_m: float) -> int:
    """How far around a pixel others decide.

    Parameters
    ----------
    ground_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels.
    """
    return max(1, round(WIDE_M / ground_m / 2 - 0.5))


def dry_ground(states: Singles) -> Bools:
    """Where no look shows plants, nor many of them water.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        As of `season_colours.ground_state`.

    Returns
    -------
    bool (y, x)
        False where no look shows anything.
    """
    ndvi = states[:, 0]
    with np.errstate(invalid="ignore"):
        wet = (ndvi < WATER).sum(axis=0)
    return np.asarray(never_green(states) & (wet <= WATER_SHARE * np.isfinite(ndvi).sum(axis=0)), np.bool_)


def suns_alike(days: Sequence[int]) -> Bools:
    """Whether the sun stands about as high on each date as on the reference.

    Parameters
    ----------
    days : sequence of int
        Of the reference and of each date: ordinals, as of `datetime.date.toordinal`.

    Returns
    -------
    bool (date,)
        By its declination, as of Cooper 1969 (doi:10.1016/0038-092X(69)90047-4), which bounds the difference anywhere.
    """
    turn = 2 * np.pi * (np.asarray(days, np.float64) - SOLSTICE_DAY) / YEAR_DAYS
    declination = -TILT_DEG * np.cos(turn)
    return np.asarray(np.abs(declination[1:] - declination[0]) <= ALIKE_DEG, np.bool_)


def other_ground(states: Singles, shift: Floats, ground_m: float, alike: Bools) -> Singles:
    """By how much ground is another than on the reference, and stays so.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        With `other_halo_px` more on each side.
    shift : float64 (date, 3)
        By how much the middle of dry ground differs on each date.
    ground_m : float
        Ground size of a pixel.
    alike : bool (date,)
        As of `suns_alike`.

    Returns
    -------
    float32 (date, y, x)
        Length, in spreads; 0 where plants or water are seen on any look, where a look does not agree with those after
        it, and where it shows nothing; below `DIFFERS` where looks under the reference's sun do not agree, those from
        the date on or else the last ones before it, or where there are none.
    """
    halo = other_halo_px(ground_m)
    side = 2 * halo + 1
    dry = dry_ground(states)
    core = slice(halo, -halo), slice(halo, -halo)
    means = np.full((len(states) - 1, *states[0][(slice(None), *core)].shape), np.nan, np.float32)
    # Date by date: all of them at once would be four times what they show.
    for own, state, light in zip(means, states[1:], shift.astype(np.float32), strict=True):
        apart = state - states[0] - light[:, None, None]
        known = np.isfinite(apart).all(axis=0) & dry
        share = cv2.blur(known.astype(np.float32), (side, side))[core]
        told = (share >= LEAST_SHARE) & known[core]
        for figure, mean, spread in zip(apart, own, np.array(SPREAD, np.float32), strict=True):
            total = cv2.blur(np.where(known, figure, np.float32(0)), (side, side))[core]
            mean[told] = total[told] / share[told] / spread
    return np.stack([_stays(means, k, _asked(alike, k)) for k in range(len(means))])


def joined_halo_px(ground_m: float) -> int:
    """How far around a pixel a lot is followed.

    Parameters
    ----------
    ground_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels.
    """
    return max(1, round(JOINED_M / ground_m))


def joined_ground(length: Singles, ground_m: float) -> Singles:
    """Raise ground that may be another to what lies beside it in the same lot.

    Parameters
    ----------
    length : float32 (date, y, x)
        As of `other_ground`, with `joined_halo_px` more on each side.
    ground_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (date, y, x)
        At most so many times what is given as `DIFFERS` is of `MAY_DIFFER`: as that much of a lot differs, its
        weakest part does, too. Reconstruction by dilation (Vincent 1993, doi:10.1109/83.217222), of so many steps.
    """
    steps = joined_halo_px(ground_m)
    around, side = np.ones((3, 3), np.uint8), 2 * steps + 1
    inner = slice(steps, -steps), slice(steps, -steps)
    found = []
    for one in length:
        may, does = one >= MAY_DIFFER, one >= DIFFERS
        most = np.where(may, one * np.float32(DIFFERS / MAY_DIFFER), np.float32(0))
        lot = np.where(does, one, np.float32(0))
        for _ in range(steps):
            lot = np.minimum(cv2.dilate(lot, around), most)
        near = [cv2.blur(which.astype(np.float32), (side, side)) for which in (does, may)]
        is_lot = near[0] >= LOT_SHARE * near[1]
        found.append(np.where(is_lot, np.maximum(one, lot), one)[inner])
    return np.stack(found)


def other_odds(length: Singles, gain: float) -> Singles:
    """Log odds that ground is another.

    Parameters
    ----------
    length : float32 (date, y, x)
        As of `other_ground`.
    gain : float
        Log odds for each factor e above or below `DIFFERS`.

    Returns
    -------
    float32 (date, y, x)
        At most what colours may say.
    """
    odds = gain * np.log(np.maximum(length, np.float32(1)) / DIFFERS)
    return np.asarray(np.minimum(odds, MOST_FOR), np.float32)


def _asked(alike: Bools, k: int) -> Ints:
    """Which looks under the reference's sun have to agree with what stays from a date on."""
    under = np.flatnonzero(alike)
    return under[under >= k] if (under >= k).any() else under[-LATER:]


def _stays(means: Singles, k: int, asked: Ints) -> Singles:
    """The length of what stays from a date on (y, x), as far as it and `asked` agree; `means` (date, 3, y, x)."""
    stays = _middle(means[min(k, max(len(means) - LATER, 0)) :])
    length = np.sqrt((stays**2).sum(axis=0))
    least = np.maximum(length, np.float32(1e-6))
    along = (means[k] * stays).sum(axis=0) / least
    found = np.nan_to_num(np.minimum(length, AGREES * np.maximum(along, 0)))
    under = (_middle(means[asked]) * stays).sum(axis=0) / least if len(asked) else np.zeros_like(length)
    sure = np.minimum(found, AGREES * np.maximum(under, 0))
    return np.asarray(np.maximum(sure, np.minimum(found, np.nextafter(np.float32(DIFFERS), 0))), np.float32)


def _middle(means: Singles) -> Singles:
    """Median of looks (date, 3, y, x), 0 where none shows a place; `np.nanmedian` takes three times as long."""
    seen = np.isfinite(means[:, 0]).sum(axis=0)
    rising = np.sort(means, axis=0)
    both = [np.take_along_axis(rising, at[None, None], axis=0)[0] for at in (np.maximum(seen - 1, 0) // 2, seen // 2)]
    return np.asarray(np.where(seen > 0, (both[0] + both[1]) / 2, np.float32(0)), np.float32)
