"""Built ground in pixels too coarse for a yard: bare ground that stays bare, look after look, and was no river bed.

On one date a town looks like a bare field or a sandbank. Fields turn green again and sandbanks move; towns stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.components import drop_small_components
from changedet.stages.footprint.kernels import bare_ground as colour
from changedet.stages.footprint.kernels.closing import KIND, UNKNOWN, Levels

Image = NDArray[np.float32]

PLANT_BOUNDS: Final = (0.17, 0.45)
"""Where the threshold of NDVI between plants and bare ground may lie."""
WATER: Final = 1
"""The one kind that is told (`kernels.closing.KIND`)."""
SURE: Final = 0.8
LIKELY: Final = 0.6
"""Shares of the later looks that show a place as built, for the least and for the likely footprint."""
LEAST_PX: Final = 4
"""Smaller parts, and holes, are noise of single pixels; without this a scene of them is a hundred thousand polygons."""
DRY_LOOKS: Final = 2
"""Later looks that must show a place as built which was water before: made land stays, a sandbank seldom does."""


def can_tell(roles: Sequence[str]) -> bool:
    """Whether these bands suffice: red and near infrared for plants, green or short-wave infrared beside for water."""
    return {"red", "nir"} <= set(roles) and bool({"green", "swir1"} & set(roles))


def fit(samples: Image, roles: Sequence[str]) -> dict[str, float]:
    """``plant``: Otsu's threshold of NDVI between bare ground and plants, of the pixels that are no water, in bounds.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        NaN for no data.
    roles : sequence of str
    """
    flat = np.ascontiguousarray(np.moveaxis(samples, 1, 0)).reshape(samples.shape[1], 1, -1)
    green = _greenness(flat, roles)
    dry = np.isfinite(green) & ~_water(flat, roles)
    return {"plant": float(np.clip(colour.otsu(green[dry], -0.5, 1.0), *PLANT_BOUNDS))}


def levels(image: Image, roles: Sequence[str], model: Mapping[str, float]) -> Levels:
    """0 planted, 1, 2, 3 bare by the lax, the likely, the strict threshold, water as a kind, `UNKNOWN` without data."""
    green = _greenness(image, roles)
    valid = np.isfinite(green)
    score = (model["plant"] - green) / (colour.SLOPE * model["plant"])
    ends = [np.log(level / (1 - level)) for level in (colour.LAX, 0.5, colour.LIKELY)]
    found: Levels = np.sum([np.nan_to_num(score, nan=-99.0) >= end for end in ends], axis=0, dtype=np.uint8)
    found[_water(image, roles)] = KIND * WATER
    found[~valid] = UNKNOWN
    return found


def _greenness(image: Image, roles: Sequence[str]) -> Image:
    red, nir = image[list(roles).index("red")], image[list(roles).index("nir")]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((nir - red) / np.where(nir + red > 0, nir + red, np.nan), np.float32)


def _water(image: Image, roles: Sequence[str]) -> NDArray[np.bool_]:
    """Brighter in green (or red) than in short-wave infrared (or near infrared): MNDWI (Xu 2006) or NDWI above 0."""
    seen = image[list(roles).index("green" if "green" in roles else "red")]
    dark = image[list(roles).index("swir1" if "swir1" in roles else "nir")]
    with np.errstate(invalid="ignore"):
        water: NDArray[np.bool_] = seen > dark
    return water


class History:
    """What the looks after a date, and those before it, show of each place; fed date by date, last to first.

    Parameters
    ----------
    shape : (y, x)
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.seen, self.built = np.zeros((2, *shape), np.uint8)

    def add(self, own: Levels) -> None:
        """One more date."""
        known = own != UNKNOWN
        # A byte holds 255 looks; of more, the shares of the nearest in time count.
        room = self.seen < 255
        self.seen += (known & room).astype(np.uint8)
        self.built += (known & room & (own >= 2)).astype(np.uint8)

    def grades(self) -> NDArray[np.uint8]:
        """3, 2, 1 where built ground is confirmed surely, likely, not at all by the looks so far; 0 where gainsaid."""
        share = self.built / np.maximum(self.seen, 1)
        grade = np.where(share >= SURE, 3, np.where(share >= LIKELY, 2, np.where(share > 0, 1, 0)))
        return np.where(self.seen == 0, 1, grade).astype(np.uint8)

    def made_land(self) -> NDArray[np.bool_]:
        """Where enough looks show built ground for it to be so though water was there before."""
        made: NDArray[np.bool_] = (self.built >= DRY_LOOKS) & (self.built >= LIKELY * self.seen)
        return made


def confirmed(
    own: Levels,
    later: NDArray[np.uint8],
    is_made: NDArray[np.bool_],
    before: Levels | None,
    was_water: NDArray[np.bool_],
) -> Levels:
    """A date's levels as far as other looks bear them out: 0 to 3, `UNKNOWN`.

    Parameters
    ----------
    own : uint8 (y, x)
        Its levels, 0 to 3.
    later : uint8 (y, x)
        Grades of the looks after it.
    is_made : bool (y, x)
        Of `History.made_land`, those looks.
    before : uint8 (y, x) or None
        Levels of the look before, which speaks where no later one does.
    was_water : bool (y, x)
        Seen as water on a look before.
    """
    grade = later
    if before is not None:
        stood = (before >= 2) & (before != UNKNOWN)
        grade = np.where((later == 1) & stood, 3, later).astype(np.uint8)
    grade = np.where(was_water & ~is_made, np.minimum(grade, 1), grade)
    level = np.minimum(own, grade)
    level[own == UNKNOWN] = UNKNOWN
    return level


def generalised(levels: Levels) -> Levels:
    """Levels 0 to 3, each step by the majority of 3 x 3 pixels, without parts and holes under `LEAST_PX` pixels."""
    unknown = levels == UNKNOWN
    steps = [_majority((levels >= step) & ~unknown) for step in (1, 2, 3)]
    found: Levels = np.sum(steps, axis=0, dtype=np.uint8)
    found[unknown] = UNKNOWN
    return found


def _majority(built: NDArray[np.bool_]) -> NDArray[np.bool_]:
    smooth = (cv2.medianBlur(built.astype(np.uint8), 3) > 0).astype(np.uint8)
    kept = drop_small_components(smooth, LEAST_PX)
    return np.asarray(drop_small_components((kept == 0).astype(np.uint8), LEAST_PX) == 0)
