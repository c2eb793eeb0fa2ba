"""A third voice where no near infrared tells plants from ground: what is paved is grey, fields are not.

Plants and soils swallow blue: from green grass over straw to bare earth, whatever season and tilth do, blue stays as
far below the geometric mean of green and red. Paving, concrete, gravel and roofs are nearly grey. So where that ratio
rises or falls over wide ground, something was paved, or taken up, even where a new pad is as bright as the field before
it. A date's light and haze move the ratio of the whole scene, which is taken off; its usual spread says how sure the
rest is. Shade is blue as well, and dark: where brightness went with it nothing is told.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from changedet.stages.change.kernels.box_sums import square_sum

UNIT: Final = 1024
"""Whole numbers for one e-fold."""
MOST: Final = 2.0
"""E-folds beyond which a pixel tells no more of what is usual."""
MOST_TOLD: Final = 2.0
"""Times what tells for as much as against, beyond which a pixel tells no more of a change: a pad keeps its outline."""
DARKEST: Final = 0.05
"""Of a band's median: what is darker counts as that."""
AROUND_M: Final = 4.5
"""Side of the squares over which the ratio is averaged."""
WIDE_M: Final = 10.0
"""Side of the squares that differ everywhere: narrower things lean, or cast shade, or are boxes side by side."""
SHADED: Final = 0.5
"""E-folds that shade takes off brightness, at least."""
TELLS: Final = 0.1
"""E-folds of blue that tell as much for as against. Paving lies .17 to .37 above fields, less in stretched pictures."""
SPREADS: Final = 4.0
"""The same in spreads of the scene's ground: some dates' light is uneven."""
LEAST_SPREAD: Final = 0.01
SLOPE: Final = 4.0
"""Log odds for as much again."""
LEAST_TOLD: Final = 0.5
"""Share of what tells for as much as against below which nothing is said."""
FIT_PIXELS: Final = 200_000


def greyness_halo_px(gsd_m: float) -> int:
    """How far `with_greyness` looks around."""
    return _odd_px(AROUND_M, gsd_m) // 2 + 2 * (_odd_px(WIDE_M, gsd_m) // 2)


def _odd_px(metres: float, gsd_m: float) -> int:
    return round(metres / gsd_m) | 1


def fit_greyness(before: NDArray[np.float32], after: NDArray[np.float32], gsd_m: float) -> dict[str, Any]:
    """What is usual of a pair.

    Parameters
    ----------
    before, after : (cell, band, y, x) float32
        Blue, green, red of the sample on one scale; NaN where not valid.
    gsd_m : float

    Returns
    -------
    dict
        JSON-able: ``gsd_m``, ``floors`` of the bands, ``blue`` and ``light``, the medians of both differences, and
        ``spread`` of the first.
    """
    seen = before[:, :, ::4, ::4]
    known = np.isfinite(seen).any()
    usual = np.nanmedian(np.moveaxis(seen, 1, 0).reshape(3, -1), axis=1) if known else np.ones(3)
    floors = np.maximum(DARKEST * np.abs(usual), 1e-6).astype(np.float32)
    told = [_averaged(*pair, floors, gsd_m, 0.0, MOST) for pair in zip(before, after, strict=True)]
    blue, light = (np.concatenate([one[k].ravel() for one in told]) for k in (0, 1))
    blue, light = (one[np.isfinite(blue)][:: max(1, blue.size // FIT_PIXELS)] for one in (blue, light))
    middle = float(np.median(blue)) if blue.size else 0.0
    spread = 1.4826 * float(np.median(np.abs(blue - middle))) if blue.size else math.inf
    return {
        "gsd_m": gsd_m,
        "floors": [float(floor) for floor in floors],
        "blue": round(middle, 6),
        "light": round(float(np.median(light)) if light.size else 0.0, 6),
        "spread": round(max(spread, LEAST_SPREAD), 6) if blue.size else None,
    }


def with_greyness(
    probability: NDArray[np.float32], before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]
) -> NDArray[np.float32]:
    """Probabilities of change ``(y, x)`` after the grey of both dates was heard; never less than before.

    Parameters
    ----------
    probability : (y, x) float32
        NaN where either date is.
    before, after : (band, y, x) float32
        Blue, green, red, with `greyness_halo_px` more on each side than what is wanted.
    model : dict
        From `fit_greyness`.
    """
    if model["spread"] is None:
        return probability
    found = strength(before, after, model)
    told = 1.0 / (1.0 + np.exp(-SLOPE * (np.minimum(found, 10.0) - 1.0)))
    heard = (found > LEAST_TOLD) & np.isfinite(probability)
    return np.where(heard, np.maximum(probability, told), probability).astype(np.float32)


def strength(before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    """How far blue differs over wide ground (y, x), 1 where that tells as much for change as against it."""
    gsd_m, tells = model["gsd_m"], max(TELLS, SPREADS * model["spread"])
    floors = np.array(model["floors"], np.float32)
    blue, light = _averaged(before, after, floors, gsd_m, model["blue"], MOST_TOLD * tells)
    light = light - np.float32(model["light"])
    square = np.ones((_odd_px(WIDE_M, gsd_m),) * 2, np.uint8)
    with np.errstate(invalid="ignore"):
        parts = np.where(light > -SHADED, blue, -1.0), np.where(light < SHADED, -blue, -1.0)
    wide = [
        cv2.morphologyEx(np.nan_to_num(part, nan=-1.0).astype(np.float32), cv2.MORPH_OPEN, square) for part in parts
    ]
    return np.asarray(np.maximum(*wide) / np.float32(tells), np.float32)


def _averaged(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    floors: NDArray[np.float32],
    gsd_m: float,
    middle: float,
    most: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Differences (y, x) of blue against green and red, from its middle, and of brightness, in e-folds, averaged.

    NaN where not seen.
    """
    pair = (np.ascontiguousarray(image, np.float32) for image in (before, after))
    blue, light, seen = _differences(*pair, floors, middle, most)
    half = _odd_px(AROUND_M, gsd_m) // 2
    count = square_sum(seen, half).astype(np.float32)
    # whole numbers, so the sums do not depend on where a tile begins
    sums = (square_sum(one, half).astype(np.float32) for one in (blue, light))
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (np.where(seen > 0, one / (np.float32(UNIT) * count), np.float32(np.nan)) for one in sums)
    return first, second


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _differences(before: Any, after: Any, floors: Any, middle: float, most: float) -> Any:
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
                blue[y, x] = round(UNIT * min(max(1.5 * first - 0.5 * total - middle, -most), most))
                light[y, x] = round(UNIT * min(max(total / 3.0, -MOST), MOST))
    return blue, light, seen
