"""What stands on the ground on one date alone: aircraft, lorries and the like, which are no change.

A thing that is set down on ground, or taken off it, leaves the ground around it, and below it, as it was. So each date
is compared with its own ground, the median of a wide square: a pixel that differs from it on one date and not on the
other shows a thing that came or is gone, as long as the ground is the same on both. A thing that is gone and left
ground like that around it was a mover; what is taken down for good leaves a scar. A thing that came is confirmed by a
neighbouring look on which it is seen again, as bright and of the same colours; one that is on no look seen twice was a
mover as well, also where other ones stood on the reference date and on each later look. Boxes are not for this kernel:
they are followed one by one. Ground that changed by itself, over more than a thing's size, is none, nor what lies
around it; nor is what looks in a row agree about on a meadow or on bare soil (`own_soil`), where nothing that moves is
parked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Ints, Shorts, Singles, Words
from changedet.kernels.compiled import compiled
from changedet.kernels.morphology import dilated, opened, square
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.ground_signs import PLANTS, no_change_where
from changedet.stages.change.kernels.wide_ground import half_px

AROUND_M: Final = 60.0
"""Side of the square whose median is the ground: an airliner, wings and shade, fills less than half of it."""
STEP: Final = 32.0
"""Levels in an e-fold of brightness."""
MIDDLE: Final = 128.0
"""Level of a spread above the dark end; levels are whole numbers up to 255."""
LEVELS: Final = 256
"""Levels that there are."""
LEAST_LIGHT: Final = 0.2
"""Spreads above the dark end that darker pixels count as: noise, and haze that is not exactly known."""
COLOURS: Final = 3
MOST_BANDS: Final = 4
"""Bands that are compared: colours, and near infrared where it is there."""
DIFFERENCES: Final = 2
"""Bands behind those: by how much colours and near infrared are brighter than on the reference."""
SMOOTHED_PX: Final = 3
"""Side of the square over which a pixel's own level is averaged."""
MOST_HIDDEN: Final = 0.5
"""Share of the ground's square that may be hidden; beyond it nothing is said."""
LIKE_LEVELS: Final = 8
"""Levels, a quarter of an e-fold, by which light and view change what stays as it is."""
LIKE_SHARE: Final = 0.5
"""The same as a share of how far a thing differs from its ground: bright and coloured ones vary more."""
BARE_LEVELS: Final = 12
"""Levels by which a place that is left may differ from the ground around it: stains and joints."""
WIDE_M: Final = 10.0
"""Side of squares of changed ground that are no rim of a thing."""
BESIDE_M: Final = 15.0
"""How far around these what comes and goes is part of the works."""
RIM_M: Final = 1.5
"""How far a thing's faint rim reaches: what hardly differs from the ground there belongs to it."""
CHANGED: Final = 0.5
"""Probability from which a pair's pixel is changed."""
LASTS: Final = 0.5
"""How far looks agree that open ground changed, from which on what differs there is a bank and not a mover: its lit and
its shaded side change places with the sun."""

UNKNOWN, NOTHING, GONE, STANDS, GROUND, MEADOW = range(6)
"""Classes: not known; no thing on either date, or one that hardly differs from its ground; a thing of the reference is
gone; a thing stands on the date; the ground itself differs; on either date plants cover the ground, where nothing that
moves is parked."""


def standing_half_px(gsd_m: float, halo_px: int) -> int:
    """Half the side of the square whose median is the ground.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.
    halo_px : int
        How far the images reach beyond what is wanted.

    Returns
    -------
    int
        Pixels; less than `AROUND_M` asks for where the images do not reach as far.
    """
    return max(1, min(round(AROUND_M / 2 / gsd_m), halo_px - SMOOTHED_PX // 2))


def things_standing(
    before: Singles,
    after: Singles,
    bands: Sequence[int | None],
    dark: Sequence[float],
    spread: Sequence[float],
    half: int,
) -> Bytes:
    """What stands on the ground on either date.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        The reference and the compared date on one scale, with a halo of `half` and one pixel; NaN where not valid.
    bands : sequence of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.
    dark, spread : sequence of float
        Dark level and spread of the bands that are there, of the reference.
    half : int
        From `standing_half_px`.

    Returns
    -------
    uint8 (1 + band, y, x)
        The class of each pixel, then how far the compared date lies above its ground in each band that is there, in
        levels, `MIDDLE` being as the ground is; with near infrared two more, by how many levels the compared date is
        brighter than the reference in colours and in near infrared, from `MIDDLE`. Without right values in the halo.
    """
    used = [band for band in bands if band is not None]
    valid = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    floor, unit = (np.asarray(values, np.float32) for values in (dark, spread))
    seen = box_sum(valid.astype(np.int32), half)
    within = box_sum(np.ones(valid.shape, np.int32), half)
    known = valid & (seen >= (1.0 - MOST_HIDDEN) * within)
    own = [_above_ground(_levels(image, used, floor, unit), valid, half) for image in (before, after)]
    found = np.zeros((1 + len(used) + DIFFERENCES * (len(used) == MOST_BANDS), *known.shape), np.uint8)
    _classify(*own[0], *own[1], known, found)
    if bands[3] is not None:
        covered = _covered(own[0][1], unit) | _covered(own[1][1], unit)
        found[0][covered & (found[0] > NOTHING)] = MEADOW
    return found


def mover_halo_px(gsd_m: float) -> int:
    """How far `without_movers` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return _odd_px(WIDE_M, gsd_m) - 1 + _odd_px(2 * BESIDE_M, gsd_m) // 2


def plants_around(kinds: Sequence[Bytes], gsd_m: float) -> Bools:
    """Tell where plants cover most of the ground around, on the reference or on any date.

    Parameters
    ----------
    kinds : sequence of uint8 (y, x)
        Of each date the classes of `things_standing`, with `plants_halo_px` more on each side than what is wanted.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (y, x)
        Without the halo; False where no date has near infrared.
    """
    halo = plants_halo_px(gsd_m)
    green = np.logical_or.reduce([kind == MEADOW for kind in kinds]).astype(np.int32)
    return np.asarray(2 * box_sum(green, halo) >= (2 * halo + 1) ** 2, np.bool_)[halo:-halo, halo:-halo]


def plants_halo_px(gsd_m: float) -> int:
    """How far `plants_around` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(WIDE_M, gsd_m)


def without_movers(scores: Singles, standing: Sequence[Bytes], sure: Singles, gsd_m: float) -> Singles:
    """Probabilities of change lowered where what came or went is no lasting thing.

    Parameters
    ----------
    scores : float32 (date, y, x)
        Of the pairs with the reference, away from it in order, with `mover_halo_px` more on each side than what is
        wanted; NaN is not observed.
    standing : sequence of uint8 (1 + band, y, x)
        Of each date, from `things_standing`, of the same size; where the class is 0 nothing is known.
    sure : float32 (date, y, x)
        Of `LastingGround`, of the same size.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (date, y, x)
        Without the halo; never more than `scores`.
    """
    core = (slice(mover_halo_px(gsd_m), -mover_halo_px(gsd_m)),) * 2
    out = np.empty_like(scores[(slice(None), *core)])
    for k, score in enumerate(scores):
        kind, near = standing[k][0], [standing[n] for n in (k - 1, k + 1) if 0 <= n < len(scores)]
        moves = (kind == GONE) | ((kind == STANDS) & ~_confirmed(standing[k], near))
        rim = dilated(moves, square(_odd_px(2 * RIM_M, gsd_m)))
        moves |= rim & (kind == NOTHING)
        moves &= ~(_beside_works(score, kind, gsd_m) | (sure[k] >= np.float32(LASTS)))
        out[k] = no_change_where(score[core], moves[core])
    return out


def _covered(ground: Shorts, unit: Singles) -> Bools:
    """Where plants cover the ground (y, x), by the index of near infrared and the brightest colour."""
    # of each level once: there are few, and many pixels
    steps = np.exp((np.arange(LEVELS, dtype=np.float32) - np.float32(MIDDLE)) / np.float32(STEP))
    covered = np.empty(ground.shape[1:], np.bool_)
    _fill_covered(ground, unit[:, None] * steps, np.float32(PLANTS[0]), covered)
    return covered


@compiled
def _fill_covered(ground: Shorts, light: Singles, least: np.float32, covered: Bools) -> None:
    for y in range(covered.shape[0]):
        for x in range(covered.shape[1]):
            blue, green = light[0, ground[0, y, x]], light[1, ground[1, y, x]]
            red, nir = light[2, ground[2, y, x]], light[3, ground[3, y, x]]
            colour = max(blue, green, red)
            covered[y, x] = (nir - colour) / (nir + colour) > least


def _levels(image: Singles, used: list[int], floor: Singles, unit: Singles) -> Bytes:
    """Brightness of the bands that are used in levels (band, y, x)."""
    shape = len(used), *image.shape[1:]
    light, levels = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    _fill_light(image, np.array(used), floor, unit, light)
    _fill_levels(np.log(light, out=light), levels)
    return levels


@compiled
def _fill_light(image: Singles, used: Ints, floor: Singles, unit: Singles, light: Singles) -> None:
    least = np.float32(LEAST_LIGHT)
    for k in range(used.size):
        for y in range(image.shape[1]):
            for x in range(image.shape[2]):
                value = (image[used[k], y, x] - floor[k]) / unit[k]
                # also of what is not seen
                light[k, y, x] = value if value > least else least


@compiled
def _fill_levels(logarithm: Singles, levels: Bytes) -> None:
    step, middle, highest = np.float32(STEP), np.float32(MIDDLE), np.float32(LEVELS - 1)
    for k in range(levels.shape[0]):
        for y in range(levels.shape[1]):
            for x in range(levels.shape[2]):
                level = np.rint(step * logarithm[k, y, x] + middle)
                levels[k, y, x] = np.uint8(min(max(level, np.float32(0)), highest))


def _above_ground(levels: Bytes, valid: Bools, half: int) -> tuple[Shorts, Shorts]:
    """How far each band (band, y, x) lies above its ground, and the ground."""
    ground, above = np.empty(levels.shape, np.int16), np.empty(levels.shape, np.int16)
    hidden = not valid.all()
    count = box_sum(valid.astype(np.int32), SMOOTHED_PX // 2)
    for band, level in enumerate(levels):
        low = np.where(valid, level, np.uint8(0))
        ground[band] = cv2.medianBlur(low, 2 * half + 1)
        if hidden:
            # what is hidden counts once as dark and once as bright, so that it pulls to neither side
            high = np.where(valid, level, np.uint8(LEVELS - 1))
            ground[band] = (ground[band] + cv2.medianBlur(high, 2 * half + 1)) // 2
        _fill_above(box_sum(low.astype(np.int32), SMOOTHED_PX // 2), count, ground[band], above[band])
    return above, ground


@compiled
def _fill_above(total: Words, count: Words, ground: Shorts, above: Shorts) -> None:
    for y in range(above.shape[0]):
        for x in range(above.shape[1]):
            above[y, x] = total[y, x] // max(count[y, x], np.int32(1)) - ground[y, x]


@compiled
def _classify(
    above: Shorts, ground: Shorts, above_after: Shorts, ground_after: Shorts, known: Bools, out: Bytes
) -> None:
    bands, height, width = above.shape
    for y in range(height):
        for x in range(width):
            if not known[y, x]:
                continue
            one, other, apart, lighter = 0, 0, 0, 0
            for b in range(bands):
                brighter = above_after[b, y, x] + ground_after[b, y, x] - above[b, y, x] - ground[b, y, x]
                if b < COLOURS:
                    lighter += brighter
                else:
                    out[-2, y, x] = min(max(lighter // COLOURS + MIDDLE, 0), 255)
                    out[-1, y, x] = min(max(brighter + MIDDLE, 0), 255)
                one = max(one, abs(above[b, y, x]))
                other = max(other, abs(above_after[b, y, x]))
                apart = max(apart, abs(ground[b, y, x] - ground_after[b, y, x]))
                out[1 + b, y, x] = min(max(above_after[b, y, x] + MIDDLE, 0), 255)
            most = max(one, other)
            if apart >= max(np.float64(LIKE_LEVELS), LIKE_SHARE * most):
                out[0, y, x] = GROUND
            elif most < LIKE_LEVELS:
                out[0, y, x] = NOTHING
            else:
                out[0, y, x] = GONE if other < min(LIKE_SHARE * one, np.float64(BARE_LEVELS)) else STANDS


def _confirmed(standing: Bytes, near: Sequence[Bytes]) -> Bools:
    """Whether a neighbouring look shows the same above its ground (y, x), in colours alone if either has no more."""
    bands = min(len(standing) - 1, MOST_BANDS)
    found = np.zeros(standing.shape[1:], np.bool_)
    for other in near:
        _confirm(standing[: 1 + bands], other[: 1 + min(len(other) - 1, bands)], found)
    return found


@compiled
def _confirm(standing: Bytes, other: Bytes, found: Bools) -> None:
    for y in range(found.shape[0]):
        for x in range(found.shape[1]):
            if found[y, x] or other[0, y, x] == UNKNOWN:
                continue
            differs = apart = 0.0
            for b in range(1, standing.shape[0]):
                own = np.float64(standing[b, y, x])
                differs = max(differs, abs(own - MIDDLE))
                if b < other.shape[0]:
                    apart = max(apart, abs(other[b, y, x] - own))
            found[y, x] = apart < max(LIKE_LEVELS, LIKE_SHARE * differs)


def _beside_works(score: Singles, kind: Bytes, gsd_m: float) -> Bools:
    """Where wide ground has changed by itself, and around it (y, x)."""
    wide = opened((kind == GROUND) & (score > np.float32(CHANGED)), square(_odd_px(WIDE_M, gsd_m)))
    return dilated(wide, square(_odd_px(2 * BESIDE_M, gsd_m)))


def _odd_px(metres: float, gsd_m: float) -> int:
    return round(metres / gsd_m) | 1
