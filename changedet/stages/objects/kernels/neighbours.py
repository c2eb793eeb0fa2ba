"""Neighbours of each candidate box: beside it, at its ends, in its place, around it.

Features of the classical detector's second regression (training/fit_classical.py); the constants were chosen by hand
before that fit, and need a new one when they change.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.compiled import compiled
from changedet.stages.objects.kernels import rectangles

CONTEXT: Final = ("beside", "ahead", "rival", "parallel", "askew")
"""Columns of `context`."""
BESIDE, AHEAD, RIVAL, PARALLEL, ASKEW = range(len(CONTEXT))
TURN_RAD: Final = 0.07
"""Boxes turned against each other by less (4 degrees) are parallel, or square to each other."""
ASKEW_RAD: Final = 0.2
"""Boxes turned by more (11 degrees) are askew."""
RIVAL_OVERLAP: Final = 0.12
"""Intersection over union from which two boxes contend for one place."""
SAME_OVERLAP: Final = 0.7
"""From which they are the same box again, and no rivals."""
SIDE_SHIFT, SIDE_SHIFT_M = 0.3, 0.6
"""How far a neighbour at a long side may be shifted along it: a share of the length, and metres."""
SIDE_NEAR_M, SIDE_FAR_M = 2.1, 3.7
"""Least and greatest distance between the centre lines of neighbours side by side."""
END_SHIFT_M: Final = 0.9
"""How far a neighbour at an end may be shifted across."""
END_NEAR_M, END_FAR_M = -0.4, 2.0
"""Least and greatest gap between the ends of neighbours in line."""
UNIQUE_OVERLAP: Final = 0.3
"""Of candidates that overlap by more only the likeliest counts for `parallel` and `askew`."""
LEAST_PROBABILITY: Final = 0.02
"""Of a candidate that is anyone's neighbour."""


@compiled
def _seen_from(box: Floats, other: Floats) -> tuple[float, float, float, float]:
    """Another box in a box's own axes: along, across, the turn between them (0 to a right angle), their overlap."""
    dx, dy = other[0] - box[0], other[1] - box[1]
    along = dx * np.sin(box[4]) - dy * np.cos(box[4])
    across = dx * np.cos(box[4]) + dy * np.sin(box[4])
    turn = abs((other[4] - box[4] + np.pi / 2) % np.pi - np.pi / 2)
    common = 0.0
    if 4 * (dx * dx + dy * dy) < (box[2] + other[2]) ** 2:
        common = rectangles.overlap(box, other)
    return along, across, turn, common


@compiled
def _side_of(box: Floats, other: Floats, along: float, across: float) -> int:
    """Where a parallel neighbour touches: 0 and 1 the long sides, 2 and 3 the ends, -1 nowhere."""
    gap = abs(along) - 0.5 * (box[2] + other[2])
    if abs(along) < SIDE_SHIFT * box[2] + SIDE_SHIFT_M and SIDE_NEAR_M < abs(across) < SIDE_FAR_M:
        return 0 if across < 0 else 1
    if abs(across) < END_SHIFT_M and END_NEAR_M < gap < END_FAR_M:
        return 2 if along > 0 else 3
    return -1


@compiled
def _add_orientation(row: Floats, turn: float, probability: float) -> None:
    """Add a neighbour's probability to those parallel or square to the box, or to those askew."""
    square = min(turn, abs(np.pi / 2 - turn))
    row[PARALLEL] += probability if square < TURN_RAD else 0.0
    row[ASKEW] += probability if square > ASKEW_RAD else 0.0


@compiled
def _context(boxes: Floats, probability: Floats, unique: Bools, likely: Ints, radius: float, out: Floats) -> None:
    """Columns of CONTEXT from all boxes of the numbers `likely`."""
    touching = np.empty(4)
    for i in range(len(boxes)):
        touching[:] = 0.0
        for j in likely:
            if i == j or np.abs(boxes[j, :2] - boxes[i, :2]).max() > radius:
                continue
            p = probability[j]
            along, across, turn, common = _seen_from(boxes[i], boxes[j])
            if common > RIVAL_OVERLAP:
                out[i, RIVAL] = max(out[i, RIVAL], p if common < SAME_OVERLAP else 0.0)
                continue
            if unique[j]:
                _add_orientation(out[i], turn, p)
            side = _side_of(boxes[i], boxes[j], along, across) if turn < TURN_RAD else -1
            if side >= 0:
                touching[side] = max(touching[side], p)
        out[i, BESIDE], out[i, AHEAD] = touching[0] + touching[1], touching[2] + touching[3]


def context(boxes: Floats, probability: Floats, radius_m: float) -> Floats:
    """Neighbours of each candidate, weighed by their probability.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Candidates in metres.
    probability : float64 (n,)
        Of each to be a box, by itself, 0 to 1.
    radius_m : float
        How far around a box others count.

    Returns
    -------
    float64 (n, len(CONTEXT))
        Probability of a neighbour on each long side (0 to 2) and at each end (0 to 2), of the best rival that overlaps
        it (0 to 1), and summed over boxes parallel or square to it and over boxes askew.
    """
    out = np.zeros((len(boxes), len(CONTEXT)))
    if len(boxes) > 1:
        unique = rectangles.suppress(boxes, probability, UNIQUE_OVERLAP, UNIQUE_OVERLAP)
        likely = np.flatnonzero(probability > LEAST_PROBABILITY)
        _context(np.ascontiguousarray(boxes), probability, unique, likely, radius_m, out)
    return out
