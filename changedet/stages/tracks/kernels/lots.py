"""Lots of boxes that stand beside each other: of one sort where short and long ones stand side by side.

Where 20-foot boxes stand midway between 40-foot ones, as where each is set down by its middle, the detector takes most
of such a lot for parked trailers, on one look all of it and on the next none. Trailers of one yard are of one length,
and stand further from containers than these from each other; so what a third of a lot of short and long boxes is, all
of it is (docs/research/tracks.md, "Lots of mixed lengths").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import LONG_FROM_M
from changedet.stages.tracks.kernels.boxes import Boxes, axial_difference, local_offset

GAP_M: Final = 2.0
"""Greatest distance between boxes of a lot: a man's way between them. Chosen by hand, as all that follows but where it
says so."""
TURN_DEG: Final = 7.0
"""Boxes turned against each other by less are parallel."""
REACH_M: Final = 18.0
"""Between the centres of the longest ones end to end, and of those that a trailer follows."""
LEAST_PLACES: Final = 3
"""Of a lot."""
LEAST_PART: Final = 0.1
"""Share of a lot's places that are short, and that are long: one of another length may be measured so."""
LEAST_SHARE: Final = 0.3
"""Of a lot's weight that the detector gives to containers, from which on all of it is: of 158 others in such lots of
single looks of all hands that were in view 139 are containers, of 147 from this share on all but 13."""


def lots_of(boxes: Boxes, width: Floats, date: Ints, place: Ints, count: int) -> Ints:
    """Places that touch on some date, and what touches these.

    Parameters
    ----------
    boxes : Boxes
        Rows of all dates, each at a place.
    width : float64 (row,)
        Metres.
    date, place : int64 (row,)
        Of each row; places are 0 to ``count - 1``.
    count : int
        Number of places.

    Returns
    -------
    int64 (place,)
        The lot of each place, from 0.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    one, other = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for day in np.unique(date):
        rows = np.flatnonzero(date == day)
        i, j = rows[cKDTree(boxes.xy[rows]).query_pairs(REACH_M, output_type="ndarray")].T
        along, across = local_offset(boxes.xy[i], boxes.xy[j], boxes.angle[i])
        ends = np.abs(along) - (boxes.length[i] + boxes.length[j]) / 2
        sides = np.abs(across) - (width[i] + width[j]) / 2
        touch = np.hypot(np.maximum(ends, 0.0), np.maximum(sides, 0.0)) <= GAP_M
        touch &= axial_difference(boxes.angle[i], boxes.angle[j]) < TURN_DEG
        one.append(place[i[touch]])
        other.append(place[j[touch]])
    i, j = np.concatenate(one), np.concatenate(other)
    links = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def containers_by_lot(lot: Ints, length: Floats, container: Floats, other: Floats) -> Bools:
    """Say at which places containers stand by the lot that these belong to.

    Parameters
    ----------
    lot : int64 (place,)
        Of `lots_of`.
    length : float64 (place,)
        Metres.
    container, other : float64 (place,)
        Weight of the place's rows that are containers by themselves, and of those that are not.

    Returns
    -------
    bool (place,)
        Those of lots of short and long boxes of which containers are a third.
    """
    parts = np.ones(len(lot)), length > LONG_FROM_M, container, other
    size, of_long, own, others = (np.bincount(lot, part) for part in parts)
    least = np.maximum(1.0, LEAST_PART * size)
    mixed = (size >= LEAST_PLACES) & (of_long >= least) & (size - of_long >= least)
    return np.asarray((mixed & (own >= LEAST_SHARE * (own + others)))[lot])
