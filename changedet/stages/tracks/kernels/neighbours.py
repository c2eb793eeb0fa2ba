"""What stands about a box, and which places overlap."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.boxes import Boxes, axial_difference, local_offset

COMPANY_DEG, LINE_M, LINE_DEG = 9.0, 60.0, 6.0


def neighbour_classes(boxes: Boxes, about: Boxes, counted: Bools) -> Ints:
    """What boxes of one date have about them: 0 nothing, 1 or 2 of two things, as an int64 (n,).

    The one is a box beside it (touching rows) or next in line, the other a counted one anywhere ahead or behind on its
    own line (trains).

    Parameters
    ----------
    boxes : Boxes
        Those asked about.
    about : Boxes
        All of the date, ``counted`` (m,) those above the count threshold.
    """
    found = np.zeros((len(boxes.xy), 2), bool)
    if not len(boxes.xy):
        return np.zeros(0, np.int64)
    near = cKDTree(about.xy).query_ball_point(boxes.xy, LINE_M)
    i = np.repeat(np.arange(len(near)), [len(own) for own in near])
    j = np.concatenate([np.array(own, np.int64) for own in near])
    along, across = (np.abs(part) for part in local_offset(boxes.xy[i], about.xy[j], boxes.angle[i]))
    apart = axial_difference(boxes.angle[i], about.angle[j])
    in_line = (across < 1.2) & (along > 0.1) & (along < (boxes.length[i] + about.length[j]) / 2 + 7.0)
    beside = (across > 1.8) & (across < 3.6) & (along < 2.5)
    found[i[(apart < COMPANY_DEG) & (in_line | beside)], 0] = True
    found[i[(apart < LINE_DEG) & counted[j] & (across < 1.0) & (along > 3.0)], 1] = True
    return np.asarray(found.sum(1), np.int64)


def overlapping_pairs(places: Boxes, width: Floats, share: float) -> tuple[Ints, Ints]:
    """Pairs (m,), (m,) of places that cover more than a share of the smaller one, so that both cannot be on top.

    The overlap is measured in the first box's frame, exact for parallel boxes.
    """
    if len(places.xy) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    reach = float(np.sqrt(places.length**2 + width**2).max()) / 2 + float(places.length.max()) / 2
    pairs = cKDTree(places.xy).query_pairs(min(reach, 14.0), output_type="ndarray")
    i, j = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    along, across = local_offset(places.xy[i], places.xy[j], places.angle[i])
    turn = np.deg2rad(axial_difference(places.angle[i], places.angle[j]))
    length = places.length[j] * np.cos(turn) + width[j] * np.sin(turn)
    breadth = places.length[j] * np.sin(turn) + width[j] * np.cos(turn)
    common_along = _common(places.length[i], length, np.abs(along))
    common_across = _common(width[i], breadth, np.abs(across))
    smaller = np.minimum(places.length[i] * width[i], places.length[j] * width[j])
    over = common_along * common_across > share * smaller
    return i[over], j[over]


def _common(first: Floats, second: Floats, distance: Floats) -> Floats:
    overlap: Floats = np.clip((first + second) / 2 - distance, 0.0, np.minimum(first, second))
    return overlap
