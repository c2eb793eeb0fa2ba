"""What the ground itself shows of a change: plants that cover it, and whether something was laid there or is gone.

Nothing stands where plants cover the later date; only what is paved or structured on the earlier one may have gone.
All else that differs there is season: a bare field that greened, a crop that grew. Where plants covered wide ground and
grey ground without them lies now, it was paved: what is mown, dried or ploughed keeps little blue. Plants are known by
their index of near infrared and the brightest colour, paved ground from soil by its grey (as `greyness_odds` does),
what stands by its edges. Sums are of whole numbers over a small square, so a pixel gets the same whatever block it is
computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.series_hmm import MOST_EVIDENCE as LOOK_EVIDENCE

AROUND_M: Final = 2.5
"""Side of the square over which bands and edges are averaged: a box wide, so that a pad keeps its outline."""
LEVEL: Final = 1000.0
"""Whole steps in a spread of the earlier date's brightest band."""
MOST_LEVELS: Final = 100_000
"""Greatest level of a pixel, so that no sum overflows: hundred times a usual spread."""
PLANTS: Final = (0.4, 0.5)
"""Index of plants from which cover begins, and where it is full: meadows in season have .4 to .55, crops to .9, new
ground and what is built less than .3 on simulated sites."""
GREYER: Final = (0.4, 0.6)
"""E-folds of blue against green and red by which paved ground exceeds plants, from which on it may have been paved, and
surely was; bare fields exceed them by less."""
ROUGHER: Final = (0.9, 1.5)
"""E-folds of edges by which what stands on it exceeds plants, likewise."""
PAVED_GREYER: Final = (0.3, 0.45)
"""E-folds of blue against green and red by which wide paving exceeds the plants that were there: .36 to .6 on the
asphalt pad of a painted site that also judges (growth, seed 31), at most .38 on its harvested fields."""
PLANTS_BEFORE: Final = (0.3, 0.4)
PLANTS_LEFT: Final = (0.2, 0.3)
"""Index of plants that paved ground had, and that it may have at most: shaded grass has more."""
PLANTS_LOST: Final = (0.1, 0.2)
"""How much of it was lost."""
LEAST_PLANTS: Final = -0.15
"""Index below which it is water."""
PAVED_WIDE_M: Final = 10.0
"""Side of the squares that must be paved throughout: narrower things cast shade, or are boxes side by side."""
PAVED_SLOPE: Final = 8.0
"""Log odds of change for the whole way from surely not paved to surely paved; half way they are even."""
LEAST_PAVED: Final = 0.2
"""Share of the way below which probabilities are left as they are."""
DARK_SHARE: Final = 0.1
"""Share of a spread below which the light is too little to tell plants."""
SOBEL_WEIGHT: Final = 8.0
"""Sum of the weights of a Sobel filter's differences, by its definition."""
EDGE_STEP: Final = 256.0
"""Whole steps of brightness in an e-fold."""
EDGE_FLOOR: Final = 0.05
"""E-folds a pixel of edges that are noise."""
SEASON_ODDS: Final = 6.0
"""Log odds that full cover takes off: as much as two dates' evidence."""
PLANT_WEIGHT: Final = 4.0
"""Evidence in a unit of the index: grass that became soil or paving lost .25 to .4."""
GREY_WEIGHT: Final = 1.0
EDGE_WEIGHT: Final = 0.7
"""Evidence in an e-fold of grey, and of edges."""
MOST_SURE: Final = float(1.0 / (1.0 + np.exp(-2.0 * LOOK_EVIDENCE)))
"""Greatest probability that counts of a thing that moved: two dates' evidence, which is less than a mover loses. Trees
and network say together up to twice that of a bright aircraft, and it would stay a change."""
MOST_EVIDENCE: Final = 2.0


class GroundSigns(NamedTuple):
    """What the ground tells of each pixel.

    Attributes
    ----------
    lost, gained : float32 (y, x)
        Evidence, 0 to `MOST_EVIDENCE`, that something is gone on the compared date, and that something came since the
        reference; at most one of them is above 0.
    plants : float32 (y, x)
        How far plants cover what bore nothing before, 0 to 1.
    paved : float32 (y, x)
        How far wide ground that plants covered was paved, 0 to 1.
    """

    lost: Singles
    gained: Singles
    plants: Singles
    paved: Singles


class _Look(NamedTuple):
    """One date around each pixel: index of plants (None without near infrared), grey and edges in e-folds."""

    plants: Floats | None
    grey: Floats
    edges: Floats


def signs_halo_px(gsd_m: float) -> int:
    """How far `ground_signs` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return _half_px(gsd_m) + _wide_px(gsd_m)


def _wide_px(gsd_m: float) -> int:
    return round(PAVED_WIDE_M / gsd_m) | 1


def _half_px(gsd_m: float) -> int:
    return max(1, round(AROUND_M / gsd_m) // 2)


def ground_signs(
    before: Singles,
    after: Singles,
    bands: Sequence[int | None],
    dark: Sequence[float],
    spread: Sequence[float],
    gsd_m: float,
    *,
    is_later: bool,
    is_grey: bool = False,
) -> GroundSigns:
    """What the ground tells of a change.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        The reference and the compared date on one scale; NaN where not valid.
    bands : sequence of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.
    dark, spread : sequence of float
        Dark level and spread of the bands that are there, of the reference.
    gsd_m : float
        Ground size of a pixel.
    is_later : bool
        Whether the compared date comes after the reference.
    is_grey : bool
        Whether one band stands for all: then edges that are there later tell that something came, but none that it is
        gone, as a meadow that was levelled loses its edges, too.

    Returns
    -------
    GroundSigns
        0 everywhere where not valid; without near infrared no plants, and nothing paved.
    """
    used = [band for band in bands if band is not None]
    floor, unit = np.asarray(dark, np.float32), np.float32(LEVEL / max(spread))
    one, other = (_look(*_whole_levels(image, used, floor, unit), _half_px(gsd_m)) for image in (before, after))
    lead = GREY_WEIGHT * (other.grey - one.grey) + EDGE_WEIGHT * (other.edges - one.edges)
    if one.plants is not None and other.plants is not None:
        lead += PLANT_WEIGHT * (one.plants - other.plants)
    if is_grey:
        lead = np.maximum(lead, 0.0) if is_later else np.minimum(lead, 0.0)
    seen = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    lead = np.where(seen, np.clip(lead, -MOST_EVIDENCE, MOST_EVIDENCE), 0.0)
    in_time = (one, other) if is_later else (other, one)
    cover, paved = np.where(seen, _cover(*in_time), 0.0), _paved(*in_time, seen, _wide_px(gsd_m))
    signs = np.maximum(-lead, 0), np.maximum(lead, 0), cover, paved
    return GroundSigns(*(np.asarray(sign, np.float32) for sign in signs))


def without_season(score: Singles, plants: Singles) -> Singles:
    """Probabilities of change lowered where plants cover what bore nothing before.

    Parameters
    ----------
    score : float32 (..., y, x)
        0 to 1; NaN is not observed.
    plants : float32 (..., y, x)
        Of `GroundSigns`, 0 to 1.

    Returns
    -------
    float32 (..., y, x)
        Never more than `score`, the same where `plants` is 0.
    """
    out: Singles = score.copy()
    covered = (plants > 0) & np.isfinite(score)
    p = np.clip(score[covered].astype(np.float64), 1e-9, 1.0 - 1e-7)
    out[covered] = 1.0 / (1.0 + (1.0 - p) / p * np.exp(SEASON_ODDS * plants[covered].astype(np.float64)))
    return np.minimum(out, score)


def no_change_where(score: Singles, where: Bools) -> Singles:
    """Probabilities lowered where what differs is known to be no change, however sure it looks.

    Parameters
    ----------
    score : float32 (..., y, x)
    where : bool (..., y, x)

    Returns
    -------
    float32 (..., y, x)
        At most that of two dates' evidence, less the odds of a season; the same elsewhere.
    """
    bounded = np.where(where, np.minimum(score, np.float32(MOST_SURE)), score)
    return without_season(bounded, where.astype(np.float32))


def with_paving(score: Singles, paved: Singles) -> Singles:
    """Probabilities of change raised where wide ground was paved.

    Parameters
    ----------
    score : float32 (y, x)
        0 to 1; NaN is not observed.
    paved : float32 (y, x)
        Of `GroundSigns`, 0 to 1.

    Returns
    -------
    float32 (y, x)
        Never less than `score`; NaN where that is.
    """
    raised = 1.0 / (1.0 + np.exp(-PAVED_SLOPE * (paved - np.float32(0.5))))
    counts = (paved > LEAST_PAVED) & np.isfinite(score)
    return np.where(counts, np.maximum(score, raised), score).astype(np.float32)


def _whole_levels(image: Singles, used: list[int], floor: Singles, unit: np.float32) -> tuple[Words, Words]:
    """Brightness above the dark level in whole steps (band, y, x), 0 where not seen, and where all bands are (y, x)."""
    whole, seen = np.empty((len(used), *image.shape[1:]), np.int32), np.ones(image.shape[1:], np.int32)
    _fill_whole(image, np.array(used), floor, unit, whole, seen)
    return whole, seen


@compiled
def _fill_whole(image: Singles, used: Ints, floor: Singles, unit: np.float32, whole: Words, seen: Words) -> None:
    for k in range(used.size):
        for y in range(seen.shape[0]):
            for x in range(seen.shape[1]):
                level = (image[used[k], y, x] - floor[k]) * unit
                if not np.isfinite(level):
                    seen[y, x] = 0
                bounded = level if level > np.float32(0) else np.float32(0)
                whole[k, y, x] = np.rint(min(bounded, np.float32(MOST_LEVELS)))


def _look(whole: Words, seen: Words, half: int) -> _Look:
    count = np.maximum(box_sum(seen, half), 1)
    mean = np.empty(whole.shape)
    for k, band in enumerate(whole):
        np.divide(box_sum(band, half), count, out=mean[k])
    least = DARK_SHARE * LEVEL
    blue, green, red = np.log(np.maximum(mean[:3], least / 2))
    plants = None
    if len(mean) > 3:
        # against the brightest colour: what is painted blue or green has little red, and is no plant
        colour = mean[:3].max(axis=0)
        light = mean[3] + colour
        plants = np.where(light > least, (mean[3] - colour) / np.maximum(light, least), 0.0)
    return _Look(plants, blue - (green + red) / 2, _edges(whole, count, half))


def _edges(whole: Words, count: Words, half: int) -> Floats:
    """Logarithm of the mean gradient of brightness around each pixel, in e-folds a pixel."""
    light = np.log(np.maximum(whole[:3].sum(axis=0) / 3, DARK_SHARE * LEVEL / 2))
    steps = np.rint(EDGE_STEP * light).astype(np.int16)
    across, down = cv2.Sobel(steps, cv2.CV_16S, 1, 0), cv2.Sobel(steps, cv2.CV_16S, 0, 1)
    gradient = box_sum(np.abs(across).astype(np.int32) + np.abs(down), half) / (SOBEL_WEIGHT * EDGE_STEP * count)
    return np.asarray(np.log(gradient + EDGE_FLOOR), np.float64)


def _cover(earlier: _Look, later: _Look) -> Floats:
    """How far plants cover the later date where the earlier one shows nothing that was built."""
    if later.plants is None:
        return np.zeros_like(later.grey)
    bore = np.maximum(_ramp(earlier.grey - later.grey, GREYER), _ramp(earlier.edges - later.edges, ROUGHER))
    return _ramp(later.plants, PLANTS) * (1.0 - bore)


def _paved(earlier: _Look, later: _Look, seen: Bools, wide_px: int) -> Floats:
    """How far wide ground under plants became grey and bare."""
    if earlier.plants is None or later.plants is None:
        return np.zeros_like(later.grey)
    share = np.minimum(_ramp(later.grey - earlier.grey, PAVED_GREYER), _ramp(earlier.plants, PLANTS_BEFORE))
    share = np.minimum(share, _ramp(earlier.plants - later.plants, PLANTS_LOST))
    share = np.minimum(share, 1.0 - _ramp(later.plants, PLANTS_LEFT))
    share = np.where(seen & (later.plants > LEAST_PLANTS), share, 0.0)
    square = np.ones((wide_px, wide_px), np.uint8)
    return np.asarray(cv2.morphologyEx(share.astype(np.float32), cv2.MORPH_OPEN, square), np.float64)


def _ramp(value: Floats, ends: tuple[float, float]) -> Floats:
    return np.asarray(np.clip((value - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0), np.float64)
