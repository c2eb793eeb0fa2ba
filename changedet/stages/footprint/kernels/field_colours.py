"""Ground of a site's own fields: what other dates show green, and what has the colour that those have when bare.

A field that lies bare looks like a yard to what knows yards by their texture and by what lies around, most of all
beside one. Where a scene holds fields that another date shows green, it tells which colour bare soil has on its date.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Singles
from changedet.kernels.morphology import opened, square

GREEN: Final = 0.35
"""Mean NDVI of a place from which plants grow on it, as `pipeline.planted` has it."""
BARE: Final = 0.22
"""Mean NDVI up to which a place is bare. Chosen by hand: soil of drawn fields has .12 to .17."""
SIDE_M: Final = 7.0
"""Of the square over which both are taken."""
FIELD_M: Final = 12.0
"""Fields are wider than this, rims and shade beside trees and halls are not. Chosen by hand."""
LEAST_FIELDS_M2: Final = 2000.0
"""Fewer bare fields say nothing of a date's soil. Chosen by hand."""
BIN: Final = 0.06
"""Side of the cells of colour, e-folds of the ratio of two bands."""
LOWEST, BINS = -0.9, 40
"""Where the ratios' first cell begins, and how many there are: to 1.5 e-folds, beyond which plants alone reach."""
LEAST_SHARE: Final = 0.02
"""Of the bare fields, to have a colour or one beside it, from which it is theirs. Chosen by hand."""
AROUND_CELLS: Final = 2
"""Cells around one of which most must have the colour: single ones are noise."""
LASTING_SHARE: Final = 2 / 3
"""Of the dates that know the colour of soil and show a place, to see it there: a yard has it on one, wet or in low
sun, and a field on all on which it is bare."""
LEAST_DATES: Final = 2
"""That must show a place and know the colour of soil."""
_PAIRS: Final = ((3, 2), (2, 1), (1, 0))


class FieldDate(NamedTuple):
    """What a date shows of fields.

    Attributes
    ----------
    seen : bool (y, x)
        Where the date shows the ground.
    green, bare : bool (y, x)
        Where plants grow, and where none do.
    colours : uint16 (y, x)
        Cell of colour; of no meaning where nothing is seen.
    """

    seen: Bools
    green: Bools
    bare: Bools
    colours: NDArray[np.uint16]


def field_date(image: Singles, seen: Bools, cell_m: float) -> FieldDate:
    """What a date shows of fields.

    Parameters
    ----------
    image : float32 (4, y, x)
        Blue, green, red, near infrared.
    seen : bool (y, x)
        Where the date shows the ground; elsewhere values do not matter.
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    FieldDate
        Nothing is seen where a band is not above 0.
    """
    seen = seen & np.asarray((np.nan_to_num(image) > 0).all(axis=0), bool)
    safe = np.where(seen, image, np.float32(1))
    red, nir = safe[2:]
    index = np.where(seen, (nir - red) / (nir + red), np.float32(0))
    side = 2 * max(0, round(SIDE_M / cell_m / 2)) + 1
    share = cv2.blur(seen.astype(np.float32), (side, side))
    mean = cv2.blur(index, (side, side)) / np.maximum(share, np.float32(1e-6))
    cells = np.zeros(seen.shape, np.int32)
    for a, b in _PAIRS:
        ratio = np.floor((np.log(safe[a] / safe[b]) - LOWEST) / BIN)
        cells = cells * BINS + np.clip(ratio, 0, BINS - 1).astype(np.int32)
    return FieldDate(seen, seen & (mean >= GREEN), seen & (mean < BARE), cells.astype(np.uint16))


def like_fields(dates: Sequence[FieldDate], made: Sequence[Bools], cell_m: float) -> Bools:
    """Ground that has the colour of the site's own bare fields, as most dates show it.

    Parameters
    ----------
    dates : sequence of FieldDate
        Of one shape.
    made : sequence of bool (y, x)
        Of each date, what is built or marked as changed on it, with its rim: no field's soil is learnt from there.
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    bool (y, x)
        Without what is narrower than a field; nowhere where fewer than `LEAST_DATES` dates show `LEAST_FIELDS_M2` of
        bare fields.
    """
    shape = dates[0].seen.shape
    often, known = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    ever = np.sum([one.green for one in dates], axis=0, dtype=np.int32)
    side = max(1, int(FIELD_M / cell_m))
    for one, built in zip(dates, made, strict=True):
        soil = _opened(one.bare & (ever > one.green) & ~built, side)
        if soil.sum() * cell_m**2 < LEAST_FIELDS_M2:
            continue
        alike = (one.seen & _has_colour(one.colours, soil)).astype(np.float32)
        around = 2 * AROUND_CELLS + 1
        often += cv2.blur(alike, (around, around)) >= 0.5
        known += one.seen
    return _opened((known >= LEAST_DATES) & (often >= LASTING_SHARE * known), side)


def planted_ever(dates: Sequence[FieldDate], marked: Bools) -> Bools:
    """Ground that any date shows planted, where none marks a change: it is not surely built on the others.

    Parameters
    ----------
    dates : sequence of FieldDate
        Of one shape.
    marked : bool (y, x)
        What is marked as changed on any date, with its rim.

    Returns
    -------
    bool (y, x)
        With what is narrower than a field: lawns between houses.
    """
    return np.asarray(np.any([one.green for one in dates], axis=0) & ~marked, bool)


def planted_later(dates: Sequence[FieldDate], marked: Bools, cell_m: float) -> list[Bools]:
    """Of each date, ground that a later one shows planted: nothing was built on it by then, unless it was taken away.

    Parameters
    ----------
    dates : sequence of FieldDate
        In the order of time, of one shape.
    marked : bool (y, x)
        What is marked as changed on any date, with its rim: there a yard may have been taken away and sown.
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    list of bool (y, x)
        Without what is narrower than a field: trees reach over rims.
    """
    side, later = max(1, int(FIELD_M / cell_m)), np.zeros(marked.shape, bool)
    found = list[Bools]()
    for one in reversed(dates):
        found.append(_opened(later & ~marked, side))
        later = later | one.green
    return found[::-1]


def _has_colour(colours: NDArray[np.uint16], soil: Bools) -> Bools:
    """Where the colour, or one beside it, is that of a good part of the soil."""
    counts = np.bincount(colours[soil], minlength=BINS**3).reshape((BINS,) * 3)
    padded = np.pad(counts, 1)
    near = sum(padded[a : a + BINS, b : b + BINS, c : c + BINS] for a, b, c in product(range(3), repeat=3))
    return np.asarray((np.asarray(near).ravel() >= LEAST_SHARE * soil.sum())[colours], bool)


def _opened(mask: Bools, side: int) -> Bools:
    """A mask without what holds no square of so many cells; beyond the picture there is nothing."""
    return opened(np.pad(mask, 1), square(side))[1:-1, 1:-1]
