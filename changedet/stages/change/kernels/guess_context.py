"""A first guess around each pixel, from which a second one is made (auto-context).

Tu and Bai 2010, doi:10.1109/TPAMI.2009.186.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Shorts, Singles
from changedet.stages.change.kernels.box_sums import box_mean, box_sum
from changedet.stages.change.kernels.feature_names import CONTEXT_PX

ODDS_UNIT: Final = 8
"""Steps in a log odds of 1 of the first guess."""
MOST_ODDS: Final = 12
"""Log odds beyond which a first guess is 0 or 1 to a thousandth."""
THOUSANDTHS: Final = 1000
"""Integer steps of a likelihood."""
UNSEEN_ODDS: Final = -99.0
"""Log odds of what is not seen, far below any other."""
_ODDS: Final = np.arange(-MOST_ODDS * ODDS_UNIT, MOST_ODDS * ODDS_UNIT + 1) / ODDS_UNIT
_LIKELY: Final = np.rint(THOUSANDTHS / (1 + np.exp(-_ODDS))).astype(np.int16)


def likely(margin: Singles, least: float) -> Shorts:
    """A first guess as whole thousandths.

    Parameters
    ----------
    margin : float32 (y, x)
        Log odds of the first guess; NaN where not seen.
    least : float
        Least log odds that count.

    Returns
    -------
    int16 (y, x)
        0 to 1000; 0 below the least odds and where not seen.
    """
    place = np.rint(np.nan_to_num(margin, nan=UNSEEN_ODDS) * ODDS_UNIT).astype(np.int32) + len(_ODDS) // 2
    return np.where(margin >= least, _LIKELY[np.clip(place, 0, len(_ODDS) - 1)], np.int16(0)).astype(np.int16)


def context(guess: Shorts, valid: Bools, where: Bools) -> Singles:
    """Means of a first guess around chosen pixels.

    Parameters
    ----------
    guess : int16 (y, x)
        From `likely`.
    valid, where : bool (y, x)
        What is seen; the pixels that are wanted.

    Returns
    -------
    float32 (size, n)
        For each of `CONTEXT_PX` and the pixels in row-major order, 0 to 1000.
    """
    found = np.empty((len(CONTEXT_PX), int(where.sum())), np.float32)
    mean = np.empty(guess.shape, np.float32)
    for k, size in enumerate(CONTEXT_PX):
        box_mean(guess, box_sum(valid.astype(np.int32), size // 2), size // 2, mean)
        found[k] = mean[where]
    return found
