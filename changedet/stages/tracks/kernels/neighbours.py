"""What stands about a box, which separates real boxes from clutter, and which places overlap."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import WIDTH_M
from changedet.stages.tracks.kernels.boxes import Boxes, axial_difference, local_offset

PARALLEL_DEG: Final = 9.0
"""Most difference in direction of a box beside or next in line. Chosen by hand, as all limits of this list; how often
each class of neighbours occurs is fitted by training/fit_tracks.py."""
SEARCH_M: Final = 60.0
"""Farthest that a box on the same line counts: some four wagons of a train."""
SAME_LINE_DEG: Final = 6.0
"""Most difference in direction of boxes on one line: stricter, as they may be far apart."""
IN_ROW_ACROSS_M: Final = 1.2
"""Half a box's width: most that the next box in line lies aside."""
NOT_ITSELF_M: Final = 0.1
"""Least distance along the line to another box: below it is the box itself."""
GAP_M: Final = 7.0
"""Most distance between the ends of two boxes next in line: one short box and its gaps."""
BESIDE_M: Final = (1.8, 3.6)
"""Distance across to a box beside it, from its width of 2.44 m less an error to a lane with a gap."""
BESIDE_ALONG_M: Final = 2.5
"""Most offset along of a box beside it."""
SAME_LINE_ACROSS_M: Final = 1.0
"""Most that a box far ahead or behind on its line lies aside."""
AHEAD_M: Final = 3.0
"""Least distance along of a box on the same line: half of the shortest box."""
FARTHEST_OVERLAP_M: Final = 14.0
"""Distance of two centres beyond which boxes do not overlap: the length of the longest, 13.72 m, rounded up."""


def near_pairs(boxes: Boxes, about: Boxes, reach_m: float) -> tuple[Ints, Ints]:
    """Find pairs of boxes whose centres lie near each other.

    Parameters
    ----------
    boxes, about : Boxes
        A box that is among both makes a pair with itself.
    reach_m : float
        Farthest that centres lie apart, in metres.

    Returns
    -------
    first, second : int64 (pair,)
        Indices among `boxes`, in order, and among `about`.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not len(boxes.xy) or not len(about.xy):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    near = cKDTree(about.xy).query_ball_point(boxes.xy, reach_m)
    first = np.repeat(np.arange(len(near)), [len(own) for own in near])
    return first, np.concatenate([np.array(own, np.int64) for own in near])


def neighbour_classes(boxes: Boxes, about: Boxes, counted: Bools) -> Ints:
    """How many of two signs of a real box each box has about it on its date.

    One is a box beside it (touching rows) or next in line, the other a counted one anywhere ahead or behind on its own
    line (trains).

    Parameters
    ----------
    boxes : Boxes
        The n boxes to classify.
    about : Boxes
        All m boxes of the same date, those of ``boxes`` among them.
    counted : bool (m,)
        True for those of ``about`` above the count threshold.

    Returns
    -------
    int64 (n,)
        0 to 2.
    """
    found = np.zeros((len(boxes.xy), 2), bool)
    i, j = near_pairs(boxes, about, SEARCH_M)
    along, across = (np.abs(part) for part in local_offset(boxes.xy[i], about.xy[j], boxes.angle[i]))
    apart = axial_difference(boxes.angle[i], about.angle[j])
    reach = (boxes.length[i] + about.length[j]) / 2 + GAP_M
    in_line = (across < IN_ROW_ACROSS_M) & (along > NOT_ITSELF_M) & (along < reach)
    beside = (across > BESIDE_M[0]) & (across < BESIDE_M[1]) & (along < BESIDE_ALONG_M)
    far = counted[j] & (across < SAME_LINE_ACROSS_M) & (along > AHEAD_M)
    found[i[(apart < PARALLEL_DEG) & (in_line | beside)], 0] = True
    found[i[(apart < SAME_LINE_DEG) & far], 1] = True
    return np.asarray(found.sum(1), np.int64)


def overlapping_pairs(places: Boxes, width: Floats, share: float) -> tuple[Ints, Ints]:
    """Pairs of places that overlap so much that only one of them can hold the top box.

    The overlap is measured in the first box's frame, exact for parallel boxes.

    Parameters
    ----------
    places : Boxes
        Mean box of each of n places.
    width : float64 (n,)
        In metres.
    share : float
        Share of the smaller place that must be covered, 0 to 1.

    Returns
    -------
    first, second : int64 (pair,)
        Indices of places, each pair once.
    """
    # Imported here for a quick start.
    from scipy.spatial import cKDTree

    if len(places.xy) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    reach = float(np.sqrt(places.length**2 + width**2).max()) / 2 + float(places.length.max()) / 2
    pairs = cKDTree(places.xy).query_pairs(min(reach, FARTHEST_OVERLAP_M), output_type="ndarray")
    i, j = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    shared = _shared_area(places.take(i), places.take(j), width[i], width[j])
    smaller = np.minimum(places.length[i] * width[i], places.length[j] * width[j])
    over = shared > share * smaller
    return i[over], j[over]


def share_of_others(boxes: Boxes, others: Boxes, own: Ints, theirs: Ints) -> Floats:
    """Share of each box that one box of another place covers.

    Parameters
    ----------
    boxes : Boxes
        The n boxes; all are as wide as a container.
    others : Boxes
        The m boxes that may lie upon them.
    own : int64 (n,)
        The place of each box.
    theirs : int64 (m,)
        That of each of the others.

    Returns
    -------
    float64 (n,)
        The greatest share, measured in the box's frame, exact for parallel boxes; 0 where none covers it.
    """
    covered = np.zeros(len(boxes.xy))
    i, j = near_pairs(boxes, others, FARTHEST_OVERLAP_M)
    apart = own[i] != theirs[j]
    i, j = i[apart], j[apart]
    wide = np.full(len(i), WIDTH_M)
    shared = _shared_area(boxes.take(i), others.take(j), wide, wide)
    np.maximum.at(covered, i, shared / (WIDTH_M * boxes.length[i]))
    return covered


def _shared_area(first: Boxes, second: Boxes, first_width: Floats, second_width: Floats) -> Floats:
    """Area (pair,) that pairs of boxes share, in the frame of the first."""
    along, across = local_offset(first.xy, second.xy, first.angle)
    turn = np.deg2rad(axial_difference(first.angle, second.angle))
    length = second.length * np.cos(turn) + second_width * np.sin(turn)
    breadth = second.length * np.sin(turn) + second_width * np.cos(turn)
    common_along = _common(first.length, length, np.abs(along))
    return common_along * _common(first_width, breadth, np.abs(across))


def _common(first: Floats, second: Floats, distance: Floats) -> Floats:
    """Length that two intervals of given lengths share when their middles lie a distance apart."""
    overlap: Floats = np.clip((first + second) / 2 - distance, 0.0, np.minimum(first, second))
    return overlap
