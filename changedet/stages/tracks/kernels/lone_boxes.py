"""Lone boxes that looks show farther apart than boxes between others could be matched.

On rising ground a slanted view moves things by metres, and where only few boxes stand no vote tells a look's shift.
A box that stands alone cannot be mixed up with a neighbour; and one that left, with another of its size, colour and
direction set down within some steps of it, is far rarer than a look that lies a little off.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.boxes import Boxes, axial_difference, color_distance, mean_boxes

REACH_M: Final = 3.5
"""Farthest that looks show a lone box from their common centre: ten metres of relief under a view 20 degrees aslant."""
ALONE_M: Final = 10.0
"""No box of another place may lie within this: nearly three times the reach."""
STEP_M: Final = 2.0
"""Boxes before and after a look that lie farther apart than this, and each close together, are one that was moved."""
STEP_SPREADS: Final = 3.0
"""Times the mean distance from their two centres that these must lie apart for it."""
SURE: Final = 0.5
"""Confidence of one box at least, for a place to be joined with others; what is fainter is often none."""
FAINT: Final = 0.2
"""Confidence from which another place's box is company."""
ALIKE_LENGTH: Final = 0.1
"""Most that the logarithms of the lengths differ: twice the error of a length."""
ALIKE_DEG: Final = 6.0
"""Most that the directions differ: three times the error of one."""
ALIKE_COLOR: Final = 40.0
"""Most that the colours differ in RGB: lone boxes stand under their look's own light, which nothing levels."""


def joined_lone_places(boxes: Boxes, date: Ints, place: Ints) -> Ints:
    """The place of each box, where one lone box that looks show apart is one place.

    Parameters
    ----------
    boxes : Boxes
        All dates' boxes.
    date, place : int64 (n,)
        Date and place of each; the places are numbered from 0, each has a box.

    Returns
    -------
    int64 (n,)
        Places numbered from 0. Those are joined that lie within `REACH_M` of their common centre, with boxes alike on
        different dates, no other place's box within `ALONE_M`, and no look from which on they lie elsewhere.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not len(place):
        return place
    count = int(place.max()) + 1
    best = np.zeros(count)
    np.maximum.at(best, place, boxes.weight)
    mean = mean_boxes(boxes, place, count)
    company = np.flatnonzero(best >= FAINT)
    sure = np.flatnonzero(best >= SURE)
    label = np.arange(count)
    near = cKDTree(mean.xy[company]).query_ball_point(mean.xy[sure], ALONE_M)
    for found in near:
        group = company[found]
        if len(group) < 2 or (best[group] < SURE).any() or not _is_one(mean, group):
            continue
        own = np.flatnonzero(np.isin(place, group))
        if len(np.unique(date[own])) == len(own) and not _has_moved(boxes.xy[own[np.argsort(date[own])]]):
            label[group] = group.min()
    return np.unique(label[place], return_inverse=True)[1].astype(np.int64)


def _has_moved(xy: Floats) -> bool:
    """Whether boxes (n, 2) in the order of their dates lie at one spot, and from a look on at another."""
    for k in range(1, len(xy)):
        parts = xy[:k], xy[k:]
        first, second = (part.mean(axis=0) for part in parts)
        around = np.concatenate([np.hypot(*(part - part.mean(axis=0)).T) for part in parts]).mean()
        if np.hypot(*(first - second)) > max(STEP_M, STEP_SPREADS * around):
            return True
    return False


def _is_one(places: Boxes, group: Ints) -> bool:
    """Whether the places are close together and alike."""
    first, second = (group[k] for k in np.triu_indices(len(group), 1))
    centre = np.average(places.xy[group], axis=0, weights=places.weight[group])
    alike: Bools = np.abs(np.log(places.length[first] / places.length[second])) <= ALIKE_LENGTH
    alike &= axial_difference(places.angle[first], places.angle[second]) <= ALIKE_DEG
    alike &= color_distance(places.rgb[first], places.rgb[second]) <= ALIKE_COLOR
    return bool(alike.all() and (np.hypot(*(places.xy[group] - centre).T) <= REACH_M).all())
