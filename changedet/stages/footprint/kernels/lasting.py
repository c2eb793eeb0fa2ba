"""Built ground in pixels too coarse for a yard: bare ground that stays bare, date after date, and was no river bed.

On one date a town looks like a bare field or a sandbank. Fields turn green again and sandbanks move; towns stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.components import drop_small_components
from changedet.stages.footprint.kernels.bare_ground import GREENNESS_RANGE, LAX, LIKELY, SLOPE, PlantThreshold, otsu
from changedet.stages.footprint.kernels.closing import KIND_STEP, UNKNOWN, Levels

PLANT_BOUNDS: Final = (0.17, 0.45)
"""Where the threshold of NDVI between plants and bare ground may lie; chosen by hand."""
BELOW_ALL: Final = -99.0
"""Score of a pixel without data, below every threshold."""
EVEN: Final = 0.5
"""Evidence for the likely level: bare rather than not."""
WATER: Final = 1
"""The one kind of ground (`closing.KIND_STEP`)."""
SURE_SHARE: Final = 0.8
LIKELY_SHARE: Final = 0.6
"""Shares of the later dates that show a place as built, for the least and for the likely footprint; set with
the series of Pucallpa in view (docs/research/footprint.md), as the following."""
SURE_LOOKS: Final = 3
"""Looks beside a date's own that must show a place as built for the least footprint, all after it or all just before: a
field that lies bare on every second look does so on two by chance at one place in four, on four at one in sixteen."""
MOST_DATES: Final = 255
"""That are counted for a place."""
LEAST_PX: Final = 4
"""Smaller parts, and holes, are noise of single pixels; without this a scene of them is a hundred thousand polygons."""
PASSING_SHARE: Final = 0.3
"""Of the looks at a place those that show water, up to which they are doubted where the first one is dry: dark yards
are as blue as water in haze and low sun. As of `other_ground.WATER_SHARE`."""
DRY_LOOKS: Final = 2
"""Later dates that must show a place as built which was water before: made land stays, a sandbank seldom does."""


def has_bands(roles: Sequence[str]) -> bool:
    """Whether the bands suffice: red and near infrared for plants, green or short-wave infrared beside for water.

    Parameters
    ----------
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    bool
        False where no footprint can be had in coarse pixels.
    """
    return {"red", "nir"} <= set(roles) and bool({"green", "swir1"} & set(roles))


def plant_threshold(samples: Singles, roles: Sequence[str]) -> PlantThreshold:
    """Threshold of NDVI between plants and bare ground, of the pixels that are no water: Otsu's, within bounds.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        The scene's fixed sample; NaN for no data.
    roles : sequence of str
        The bands' roles; `has_bands` must hold.

    Returns
    -------
    PlantThreshold
        Within `PLANT_BOUNDS`.
    """
    flat = np.ascontiguousarray(np.moveaxis(samples, 1, 0)).reshape(samples.shape[1], 1, -1)
    green = _greenness(flat, roles)
    dry = np.isfinite(green) & ~_water(flat, roles)
    return PlantThreshold(float(np.clip(otsu(green[dry], *GREENNESS_RANGE), *PLANT_BOUNDS)))


def levels(image: Singles, roles: Sequence[str], model: PlantThreshold) -> Levels:
    """Levels of bare ground on one date.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    roles : sequence of str
        The bands' roles; `has_bands` must hold.
    model : PlantThreshold
        The scene's.

    Returns
    -------
    uint8 (y, x)
        0 planted, 1, 2, 3 bare by the lax, the likely, the strict threshold, water as a kind, `UNKNOWN` without data.
    """
    green = _greenness(image, roles)
    valid = np.isfinite(green)
    score = (model.plant - green) / (SLOPE * model.plant)
    ends = [np.log(level / (1 - level)) for level in (LAX, EVEN, LIKELY)]
    found: Levels = np.sum([np.nan_to_num(score, nan=BELOW_ALL) >= end for end in ends], axis=0, dtype=np.uint8)
    found[_water(image, roles)] = KIND_STEP * WATER
    found[~valid] = UNKNOWN
    return found


def _greenness(image: Singles, roles: Sequence[str]) -> Singles:
    """NDVI (y, x)."""
    red, nir = image[list(roles).index("red")], image[list(roles).index("nir")]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((nir - red) / np.where(nir + red > 0, nir + red, np.nan), np.float32)


def _water(image: Singles, roles: Sequence[str]) -> Bools:
    """Brighter in green (or red) than in short-wave infrared (or near infrared): MNDWI (Xu 2006) or NDWI above 0."""
    seen = image[list(roles).index("green" if "green" in roles else "red")]
    dark = image[list(roles).index("swir1" if "swir1" in roles else "nir")]
    with np.errstate(invalid="ignore"):
        water: Bools = seen > dark
    return water


class Waters:
    """Counts, place by place, of the dates that show water; fed date by date, first to last.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.

    Attributes
    ----------
    seen, wet : uint8 (y, x)
        Dates that see a place, and that show water there; at most `MOST_DATES`.
    began : bool (y, x)
        Whether the first of them does.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.seen, self.wet = np.zeros((2, *shape), np.uint8)
        self.began = np.zeros(shape, np.bool_)

    def add(self, own: Levels, kinds: Bytes) -> None:
        """Count one more date.

        Parameters
        ----------
        own, kinds : uint8 (y, x)
            Its levels and kinds.
        """
        known, is_water = own != UNKNOWN, kinds == WATER
        self.began |= is_water & (self.seen == 0)
        room = self.seen < MOST_DATES
        self.seen += (known & room).astype(np.uint8)
        self.wet += (known & room & is_water).astype(np.uint8)

    def doubted(self, kinds: Bytes) -> Bools:
        """Where a date shows water on ground that was dry first, and on most dates.

        Parameters
        ----------
        kinds : uint8 (y, x)
            Of one of the dates.

        Returns
        -------
        bool (y, x)
            Water, or a dark yard: such a look tells nothing of it.
        """
        doubt: Bools = (kinds == WATER) & ~self.began & (self.wet <= PASSING_SHARE * self.seen)
        return doubt


class History:
    """Counts, place by place, of the dates that show built ground; fed date by date, last to first.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.

    Attributes
    ----------
    seen, built : uint8 (y, x)
        Dates that see a place, and that show it as built likely or surely; at most `MOST_DATES`.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.seen, self.built = np.zeros((2, *shape), np.uint8)

    def add(self, own: Levels) -> None:
        """Count one more date.

        Parameters
        ----------
        own : uint8 (y, x)
            Its levels.
        """
        known = own != UNKNOWN
        # A byte holds so many; of more, the shares of the nearest in time count.
        room = self.seen < MOST_DATES
        self.seen += (known & room).astype(np.uint8)
        self.built += (known & room & (own >= 2)).astype(np.uint8)

    def grades(self) -> Bytes:
        """How far the dates so far confirm built ground.

        Returns
        -------
        uint8 (y, x)
            3 surely, 2 likely, 1 not at all, 0 where all of them contradict it, `UNKNOWN` where none shows the place.
        """
        share = self.built / np.maximum(self.seen, 1)
        sure = (share >= SURE_SHARE) & (self.built >= SURE_LOOKS)
        grade = np.where(sure, 3, np.where(share >= LIKELY_SHARE, 2, np.where(share > 0, 1, 0)))
        return np.where(self.seen == 0, UNKNOWN, grade).astype(np.uint8)

    def made_land(self) -> Bools:
        """Where enough dates show built ground for it to be so though water was there before.

        Returns
        -------
        bool (y, x)
            Made land.
        """
        made: Bools = (self.built >= DRY_LOOKS) & (self.built >= LIKELY_SHARE * self.seen)
        return made


def in_a_row(own: Levels, earlier: Bytes) -> Bytes:
    """Looks in a row that show a place as built, up to a date; looks that do not see it neither count nor end a row.

    Parameters
    ----------
    own : uint8 (y, x)
        The date's levels.
    earlier : uint8 (y, x)
        Looks in a row up to the date before it.

    Returns
    -------
    uint8 (y, x)
        At most `MOST_DATES`.
    """
    longer = earlier + (earlier < MOST_DATES).astype(np.uint8)
    return np.where(own == UNKNOWN, earlier, np.where(own >= 2, longer, 0)).astype(np.uint8)


def confirmed(own: Levels, later: Bytes, is_made: Bools, earlier: Bytes, was_water: Bools) -> Levels:
    """A date's levels as far as other dates confirm them.

    Parameters
    ----------
    own : uint8 (y, x)
        Its levels, 0 to 3.
    later : uint8 (y, x)
        `History.grades` of the dates after it.
    is_made : bool (y, x)
        `History.made_land` of those dates.
    earlier : uint8 (y, x)
        `in_a_row` up to the date before, which counts where no later one shows the place; 0 for the first date.
    was_water : bool (y, x)
        Seen as water on a date before.

    Returns
    -------
    uint8 (y, x)
        0 to 3, `UNKNOWN`.
    """
    grade = np.where(later == UNKNOWN, np.where(earlier > 0, 2, 1), later).astype(np.uint8)
    grade[(grade == 2) & (earlier >= SURE_LOOKS)] = 3
    grade = np.where(was_water & ~is_made, np.minimum(grade, 1), grade)
    level = np.minimum(own, grade)
    level[own == UNKNOWN] = UNKNOWN
    return level


def generalised(levels: Levels) -> Levels:
    """Levels smoothed, each step by itself.

    Parameters
    ----------
    levels : uint8 (y, x)
        0 to 3, `UNKNOWN`.

    Returns
    -------
    uint8 (y, x)
        The majority of 3 x 3 pixels, without parts and holes under `LEAST_PX` pixels; `UNKNOWN` as before.
    """
    unknown = levels == UNKNOWN
    steps = [_majority((levels >= step) & ~unknown) for step in (1, 2, 3)]
    found: Levels = np.sum(steps, axis=0, dtype=np.uint8)
    found[unknown] = UNKNOWN
    return found


def _majority(built: Bools) -> Bools:
    """The majority of 3 x 3 pixels, without small parts and holes."""
    smooth = (cv2.medianBlur(built.astype(np.uint8), 3) > 0).astype(np.uint8)
    kept = drop_small_components(smooth, LEAST_PX)
    return np.asarray(drop_small_components((kept == 0).astype(np.uint8), LEAST_PX) == 0)
