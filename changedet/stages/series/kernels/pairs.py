"""Pairs of 20-foot boxes that touch end to end, of which the detector misses many."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints

CLOSE_M: Final = 6.2
"""Distance of the centres of two that touch, at most: medians of what is found are 6.2 m where they do, 6.5 m on sites
with gaps of .3 to .5 m (docs/research/tracks.md, "Pairs that touch")."""
NEAR_M: Final = 5.6
"""Distance below which two rows are rather one box."""
ASIDE_M: Final = 0.8
"""From the other's line."""
MOST_TURN: Final = np.radians(8.5)
"""Between the two."""


def touching_pairs(xy: Floats, angle_deg: Floats, date: Ints) -> Bools:
    """Which boxes of 20 feet have another close to one of their ends.

    Parameters
    ----------
    xy : float64 (n, 2)
        Centres, in metres.
    angle_deg : float64 (n,)
        Of the long side, clockwise from north.
    date : int64 (n,)
        Of each box.

    Returns
    -------
    bool (n,)
        True for both of a pair.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    paired = np.zeros(len(xy), bool)
    if not len(xy):
        return paired
    one, other = cKDTree(xy).query_pairs(CLOSE_M, output_type="ndarray").T
    turn = np.radians(angle_deg)
    apart = xy[other] - xy[one]
    along = np.abs(apart[:, 0] * np.sin(turn[one]) + apart[:, 1] * np.cos(turn[one]))
    aside = np.abs(apart[:, 0] * np.cos(turn[one]) - apart[:, 1] * np.sin(turn[one]))
    turned = np.abs((turn[one] - turn[other] + np.pi / 2) % np.pi - np.pi / 2)
    close = (date[one] == date[other]) & (along > NEAR_M) & (aside < ASIDE_M) & (turned < MOST_TURN)
    paired[one[close]] = paired[other[close]] = True
    return paired
