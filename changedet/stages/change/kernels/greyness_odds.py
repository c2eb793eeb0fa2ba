"""Probability of change raised where wide ground turned grey or ceased to be, for scenes without near infrared.

Plants and soils absorb blue: from green grass over straw to bare earth, whatever season and tilth do, blue stays as far
below the geometric mean of green and red. Paving, concrete, gravel and roofs are nearly grey. So where that ratio rises
or falls over wide ground, something was paved, or taken up, even where a new pad is as bright as the field before it. A
date's light and haze move the ratio of the whole scene, which is subtracted; its usual spread says how certain the rest
is. Shade is blue as well, and dark: where brightness changed with the ratio, it is no evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Singles, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum

UNIT: Final = 1024
"""Integer steps in one e-fold."""
MOST_EFOLDS: Final = 2.0
"""E-folds at which a pixel's ratio is clipped where the usual one is fitted."""
MOST_NEUTRAL: Final = 2.0
"""Multiples of the neutral difference at which a pixel's is clipped: so a pad keeps its outline."""
DARKEST: Final = 0.05
"""Share of a band's median below which values count as that."""
AROUND_M: Final = 4.5
"""Side of the squares over which the ratio is averaged."""
WIDE_M: Final = 10.0
"""Side of the squares that must differ everywhere: narrower things lean, or cast shade, or are boxes side by side."""
SHADED: Final = 0.5
"""Least e-folds by which shade lowers brightness."""
NEUTRAL_EFOLDS: Final = 0.1
"""E-folds of blue that are as much evidence for as against a change. Paving lies .17 to .37 above fields, less in
stretched images."""
NEUTRAL_SPREADS: Final = 4.0
"""The same in spreads of the scene's ground: some dates' light is uneven."""
LEAST_SPREAD: Final = 0.01
"""E-folds; the ground of no scene is more uniform."""
SLOPE: Final = 4.0
"""Log odds for each multiple of the neutral difference."""
LEAST_NEUTRAL: Final = 0.5
"""Multiple of the neutral difference below which probabilities are left as they are."""
MOST_STRENGTH: Final = 10.0
"""Multiple of the neutral difference at which the strength is clipped, far beyond certainty."""
NORMAL_MAD: Final = 1.4826
"""Standard deviation of a Gaussian in units of its median absolute deviation."""
FIT_PIXELS: Final = 200_000
"""Pixels from which the usual ratio is fitted; a fixed stride picks them."""
BLUE_WEIGHT: Final = 1.5
"""Log of blue over the geometric mean of green and red is 3/2 log blue - 1/2 (the sum of all three logs)."""
DIGITS: Final = 6
"""Decimals of the statistics, as they are kept."""


@dataclass(frozen=True)
class GreynessStatistics:
    """What is usual of a pair.

    Attributes
    ----------
    gsd_m : float
        Ground size of a pixel.
    floors : list of float
        Least value of blue, green and red that counts.
    blue, light : float
        Medians of the differences of blue against green and red, and of brightness, in e-folds.
    spread : float or None
        Of the first, in e-folds; None where no pixel is seen on both dates.
    """

    gsd_m: float
    floors: list[float]
    blue: float
    light: float
    spread: float | None


def _odd_px(metres: float, gsd_m: float) -> int:
    return round(metres / gsd_m) | 1


def fit_greyness(before: Singles, after: Singles, gsd_m: float) -> GreynessStatistics:
    """What is usual of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        Blue, green, red of the sample on one scale; NaN where not valid.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    GreynessStatistics
        Rounded to `DIGITS` decimals.
    """
    seen = before[:, :, ::4, ::4]
    known = np.isfinite(seen).any()
    usual = np.nanmedian(np.moveaxis(seen, 1, 0).reshape(3, -1), axis=1) if known else np.ones(3)
    floors = np.maximum(DARKEST * np.abs(usual), 1e-6).astype(np.float32)
    found = [_averaged(*pair, floors, gsd_m, 0.0, MOST_EFOLDS) for pair in zip(before, after, strict=True)]
    blue, light = (np.concatenate([one[k].ravel() for one in found]) for k in (0, 1))
    blue, light = (one[np.isfinite(blue)][:: max(1, blue.size // FIT_PIXELS)] for one in (blue, light))
    middle = float(np.median(blue)) if blue.size else 0.0
    spread = NORMAL_MAD * float(np.median(np.abs(blue - middle))) if blue.size else math.inf
    return GreynessStatistics(
        gsd_m=gsd_m,
        floors=[float(floor) for floor in floors],
        blue=round(middle, DIGITS),
        light=round(float(np.median(light)) if light.size else 0.0, DIGITS),
        spread=round(max(spread, LEAST_SPREAD), DIGITS) if blue.size else None,
    )


def with_greyness_odds(
    probability: Singles, before: Singles, after: Singles, statistics: GreynessStatistics
) -> Singles:
    """Probabilities of change raised where wide ground turned grey or ceased to be.

    Parameters
    ----------
    probability : float32 (y, x)
        0 to 1; NaN where either date is.
    before, after : float32 (band, y, x)
        Blue, green, red, with half of `AROUND_M` and `WIDE_M` more on each side than what is wanted.
    statistics : GreynessStatistics
        From `fit_greyness`.

    Returns
    -------
    float32 (y, x)
        Never less than `probability`; NaN where that is.
    """
    strength = greyness_strength(before, after, statistics)
    raised = 1.0 / (1.0 + np.exp(-SLOPE * (np.minimum(strength, MOST_STRENGTH) - 1.0)))
    counts = (strength > LEAST_NEUTRAL) & np.isfinite(probability)
    return np.where(counts, np.maximum(probability, raised), probability).astype(np.float32)


def greyness_strength(before: Singles, after: Singles, statistics: GreynessStatistics) -> Singles:
    """How far blue differs over wide ground, in multiples of the neutral difference.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        Blue, green, red; NaN where not valid.
    statistics : GreynessStatistics
        From `fit_greyness`.

    Returns
    -------
    float32 (y, x)
        1 where that is as much evidence for as against a change; at most 0 where not seen.
    """
    if statistics.spread is None:
        return np.zeros(before.shape[1:], np.float32)
    gsd_m, neutral = statistics.gsd_m, max(NEUTRAL_EFOLDS, NEUTRAL_SPREADS * statistics.spread)
    floors = np.array(statistics.floors, np.float32)
    blue, light = _averaged(before, after, floors, gsd_m, statistics.blue, MOST_NEUTRAL * neutral)
    light = light - np.float32(statistics.light)
    square = np.ones((_odd_px(WIDE_M, gsd_m),) * 2, np.uint8)
    with np.errstate(invalid="ignore"):
        parts = np.where(light > -SHADED, blue, -1.0), np.where(light < SHADED, -blue, -1.0)
    wide = [
        cv2.morphologyEx(np.nan_to_num(part, nan=-1.0).astype(np.float32), cv2.MORPH_OPEN, square) for part in parts
    ]
    return np.asarray(np.maximum(*wide) / np.float32(neutral), np.float32)


def _averaged(
    before: Singles, after: Singles, floors: Singles, gsd_m: float, middle: float, most: float
) -> tuple[Singles, Singles]:
    """Differences (y, x) of blue against green and red, from its middle, and of brightness, in e-folds, averaged.

    NaN where not seen.
    """
    first, second = (np.ascontiguousarray(image, np.float32) for image in (before, after))
    blue, light, seen = _differences(first, second, floors, middle, most)
    half = _odd_px(AROUND_M, gsd_m) // 2
    count = box_sum(seen, half).astype(np.float32)
    # whole numbers, so the sums do not depend on where a tile begins
    sums = (box_sum(one, half).astype(np.float32) for one in (blue, light))
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (np.where(seen > 0, one / (np.float32(UNIT) * count), np.float32(np.nan)) for one in sums)
    return first, second


@compiled
def _differences(
    before: Singles, after: Singles, floors: Singles, middle: float, most: float
) -> tuple[Words, Words, Words]:
    """Of each pixel, in `UNIT`, 0 where not seen; and whether it is seen."""
    height, width = before.shape[1:]
    blue, light = np.zeros((height, width), np.int32), np.zeros((height, width), np.int32)
    seen = np.zeros((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            total, first, known = 0.0, 0.0, True
            for k in range(3):
                one, other = before[k, y, x], after[k, y, x]
                known = known and one == one and other == other
                step = math.log(max(other, floors[k]) / max(one, floors[k]))
                total += step
                if k == 0:
                    first = step
            if known:
                seen[y, x] = 1
                blue[y, x] = round(UNIT * min(max(BLUE_WEIGHT * first - 0.5 * total - middle, -most), most))
                light[y, x] = round(UNIT * min(max(total / 3.0, -MOST_EFOLDS), MOST_EFOLDS))
    return blue, light, seen
