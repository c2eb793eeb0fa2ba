"""Places at which what comes after an empty look is, by its colour, what stood there before it."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.colour_casts import colours_without_casts
from changedet.stages.tracks.kernels.colour_changepoints import MOST_COST, pair_costs
from changedet.stages.tracks.kernels.stretches import Surfaces

AGAIN: Final = 0.1
"""Share of the rate at which a place that had been full is filled again, by a box of the same colour. On 36 looks of a
drawn yard at rest 52 places come and go twice with 1, 7 with .3, 1 with .1, none with .03 (docs/research/tracks.md)."""


def refill_shares(rows: Surfaces, place: Ints, places: int) -> Floats:
    """Share of the usual rate at which each place is filled again once it was full.

    A box that is missed for a season and found again, of the same colour and on the same spot, was there all along;
    where colours say that another box came, places fill as any empty spot does.

    Parameters
    ----------
    rows : Surfaces
        Of all looks.
    place : int64 (row,)
        The place of each row; -1 for none.
    places : int
        How many there are.

    Returns
    -------
    float64 (place,)
        `AGAIN` where looks before and after others without a row differ in colour by no more than shade and glare
        explain, in the median; 1 elsewhere, and where no colour is known.
    """
    linear = colours_without_casts(rows, place)
    used = np.flatnonzero(rows.usable & (place >= 0) & np.isfinite(linear).all(axis=1))
    used = used[np.lexsort((rows.date[used], place[used]))]
    first, second = used[:-1], used[1:]
    apart = (place[first] == place[second]) & (rows.date[second] - rows.date[first] > 1)
    first, second = first[apart], second[apart]
    shares = np.ones(places)
    if not len(first):
        return shares
    costs = pair_costs(linear, rows.shaded, rows.rim, first, second)
    order = np.lexsort((costs, place[first]))
    owners, begin, count = np.unique(place[first][order], return_index=True, return_counts=True)
    middle = costs[order][begin + count // 2]
    shares[owners[middle <= MOST_COST]] = AGAIN
    return shares
