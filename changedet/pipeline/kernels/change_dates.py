"""The date from which each pixel is changed for good, from the masks of all dates, the last one first."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bools, Bytes, Words
from changedet.kernels.compiled import compiled
from changedet.kernels.pixel_classes import CHANGED, NOT_OBSERVED, UNCHANGED

NODATA, NEVER = -1, 0


@compiled
def date_changes(mask: Bytes, day: int, first: Words, closed: Bools) -> None:
    """Take in the mask of a date, after those of all later ones.

    Parameters
    ----------
    mask : uint8 (y, x)
        0 unchanged, 1 changed, 255 not observed.
    day : int
        The date's number, above 0.
    first : int32 (y, x)
        Changed here: the earliest date from which every later look shows a change; 0 never, -1 not observed.
    closed : bool (y, x)
        Changed here: whether a later look, or this one, shows no change.
    """
    for y in range(mask.shape[0]):
        line, dates, shut = mask[y], first[y], closed[y]
        for x in range(line.size):
            shut[x] |= line[x] == UNCHANGED
            seen = np.int32(NEVER) if line[x] != NOT_OBSERVED and dates[x] == NODATA else dates[x]
            dates[x] = np.int32(day) if line[x] == CHANGED and not shut[x] else seen
