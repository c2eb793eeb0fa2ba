"""Boxes of one date matched to known places: the date's shift by a vote, then pairs by cost, cheapest first."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.assignment import greedy_assign
from changedet.stages.tracks.kernels.boxes import (
    UNKNOWN_COLOR_DISTANCE,
    Boxes,
    axial_difference,
    color_distance,
    local_offset,
)
from changedet.stages.tracks.kernels.match_casts import common_cast, without_cast

VOTE_STEP_M: Final = 0.1
"""Cell of the histogram of offsets. This and the next two were chosen by hand."""
VOTE_BLUR_M: Final = 0.25
"""Standard deviation of the blur over it: the error of a box's centre on two dates."""
VOTE_PRIOR_M: Final = 2.5
"""Standard deviation of a date's shift before its boxes are looked at."""
VOTE_NEAR_BLURS: Final = 3
"""Offsets within so many blurs of the mode are averaged."""
VOTE_SHRINK: Final = 4.0
"""Pairs in favour of no shift, against which those that agree are weighed."""
LEAST_VOTES: Final = 3
"""Pairs below which no shift is estimated."""
VOTERS: Final = 20_000
"""Most boxes that vote: a shift is known to a centimetre from far fewer."""
MATCH_COLOR: Final = 8.0
"""Distance in RGB that costs as much as one standard deviation. Chosen by hand, as the next one."""
MOST_COLOR_COST: Final = 10.0
"""Tops of tall stacks are displaced by half a row's pitch; their colours separate them from their neighbours."""
ALONG_M: Final = 0.6
"""Scale of the cost along the long side: about 1.5 standard deviations of a box's place between dates, as the next
three of across, length and direction; other values gain nothing on the calibration sites (docs/research/tracks.md)."""
ACROSS_M: Final = 0.35
"""The same across the long side."""
LOG_LENGTH: Final = 0.12
"""The same of the logarithm of the length."""
ANGLE_DEG: Final = 8.0
"""The same of the direction."""
MAX_LOG_LENGTH: Final = 0.5
"""Shadow cuts a box to two thirds of its length; a 20-foot one is half of a 40-foot one."""
MAX_ANGLE_DEG: Final = 25.0
"""Most difference in direction of a pair. Chosen by hand."""
ACROSS_SHARE: Final = 0.6
"""Share of the matching radius that a box may lie off across: rows stand 2.6 m apart and closer."""
LEVELS: Final = (0.0, -1.0, 1.0, 2.0)
"""Boxes by which a stack may be higher than its place usually is, as tried for its displacement."""
LEVEL_COST: Final = 1.0
"""Of each box by which a stack is higher or lower than its place usually is."""
UPRIGHT: Final = np.zeros(2)
"""Displacement of a view from straight above."""
MOST_LENGTH_COST: Final = 6.0
"""Most that unlike lengths cost: shadow makes boxes short. Chosen by hand."""
MOST_CUT_M: Final = 4.5
"""Most that shadow is taken to cut from a box: a third of the longest."""
CUT_SLACK_M: Final = 0.5
"""By how much more than it may be hidden a box may be too short: the error of a length."""
NEIGHBOURS: Final = 8
"""Nearest places that a box is compared with."""


def near_pairs(boxes: Boxes, places: Boxes, radius_m: float) -> tuple[Ints, Ints]:
    """Boxes and their nearest places that agree in length and direction.

    Parameters
    ----------
    boxes, places : Boxes
        Of one date, and mean boxes of the places.
    radius_m : float
        Farthest distance of two centres.

    Returns
    -------
    i, j : int64 (pair,)
        Box and place of each pair; at most `NEIGHBOURS` pairs a box.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not len(boxes.xy) or not len(places.xy):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    k = min(NEIGHBOURS, len(places.xy))
    distance, index = cKDTree(places.xy).query(boxes.xy, k=np.arange(1, k + 1), distance_upper_bound=radius_m)
    i, column = np.nonzero(np.isfinite(distance))
    j = index[i, column].astype(np.int64)
    alike = np.abs(np.log(boxes.length[i] / places.length[j])) < MAX_LOG_LENGTH
    alike |= _rest_hidden(boxes, places, i, j)
    alike &= axial_difference(boxes.angle[i], places.angle[j]) < MAX_ANGLE_DEG
    return i[alike].astype(np.int64), j[alike]


def _rest_hidden(boxes: Boxes, places: Boxes, i: Ints, j: Ints) -> Bools:
    """Pairs (m,) whose box may be the part of the place's that is not hidden."""
    short: Floats = places.length[j] - boxes.length[i]
    return (short > 0) & (short < boxes.cut[i] + CUT_SLACK_M)


class Vote(NamedTuple):
    """What brings the boxes of a date onto the places.

    Attributes
    ----------
    shift : float64 (2,)
        East and north, in metres; 0 where too few pairs vote.
    cast : float64 (3,)
        Of their colours, see `match_casts.common_cast`; 0 where none shows.
    """

    shift: Floats
    cast: Floats


def vote_shift(boxes: Boxes, places: Boxes, radius_m: float) -> Vote:
    """Shift that brings the boxes of a date onto the places: the mode of all near pairs' offsets.

    Pairs vote with the likeness of their colours, which separates a row of boxes from itself moved by one; the date's
    cast is taken out of them before. Shrunk towards zero where few pairs agree.

    Parameters
    ----------
    boxes, places : Boxes
        Of one date, and mean boxes of the places.
    radius_m : float
        Greatest shift that is searched.

    Returns
    -------
    Vote
        With the cast of the date's colours.
    """
    boxes = boxes.take(np.arange(0, len(boxes.xy), 1 + len(boxes.xy) // VOTERS))
    i, j = near_pairs(boxes, places, radius_m)
    if len(i) < LEAST_VOTES:
        return Vote(np.zeros(2), np.zeros(3))
    offset = places.xy[j] - boxes.xy[i]
    vote = boxes.weight[i] * np.exp(-0.5 * (offset**2).sum(1) / VOTE_PRIOR_M**2)
    edges = np.arange(-radius_m - VOTE_STEP_M / 2, radius_m + VOTE_STEP_M, VOTE_STEP_M)
    cell = np.floor((offset - edges[0]) / VOTE_STEP_M).astype(np.int64)
    cast = common_cast(boxes, places, (i, j), vote, _blurred(offset, edges, vote), cell)
    likeness = color_distance(without_cast(boxes.rgb, cast)[i], places.rgb[j]) / UNKNOWN_COLOR_DISTANCE
    vote = np.exp(-0.5 * likeness**2) * vote
    votes = _blurred(offset, edges, vote)
    peak = edges[:-1][list(np.unravel_index(int(votes.argmax()), votes.shape))] + VOTE_STEP_M / 2
    near = ((offset - peak) ** 2).sum(1) < (VOTE_NEAR_BLURS * VOTE_BLUR_M) ** 2
    if not near.any():
        return Vote(np.zeros(2), cast)
    mean: Floats = np.average(offset[near], axis=0, weights=vote[near] + 1e-12)
    shift: Floats = mean * (near.sum() / (near.sum() + VOTE_SHRINK))
    return Vote(shift, cast)


def _blurred(offset: Floats, edges: Floats, vote: Floats) -> Floats:
    """Histogram (x, y) of the votes of offsets (pair, 2)."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.ndimage import gaussian_filter

    votes = np.histogram2d(offset[:, 0], offset[:, 1], bins=(edges, edges), weights=vote)[0]
    return np.asarray(gaussian_filter(votes, VOTE_BLUR_M / VOTE_STEP_M, mode="constant"), np.float64)


def match(
    boxes: Boxes, places: Boxes, radius_m: float, displacement: Floats = UPRIGHT, most: Floats | None = None
) -> Ints:
    """The place of each box; no place takes two boxes, the cheapest pairs come first.

    Parameters
    ----------
    boxes, places : Boxes
        Of one date, shifted onto the places, and mean boxes of the places.
    radius_m : float
        Farthest that a box may lie from its place's centre along its long side.
    displacement : float64 (2,)
        How far the date displaces the top of a stack of one box more, in metres.
    most : float64 (n,), optional
        Cost of a pair below which it is one, for each box; by default any cost.

    Returns
    -------
    int64 (n,)
        Of each box; -1 where no place fits.
    """
    i, j, cost = priced_pairs(boxes, places, radius_m, displacement)
    if most is not None:
        fits = cost < most[i]
        i, j, cost = i[fits], j[fits], cost[fits]
    return greedy_assign(i, j, cost, len(boxes.xy))


def priced_pairs(
    boxes: Boxes, places: Boxes, radius_m: float, displacement: Floats = UPRIGHT
) -> tuple[Ints, Ints, Floats]:
    """Pairs of boxes and places that may belong together, and their cost.

    Parameters
    ----------
    boxes, places, radius_m, displacement
        As for `match`.

    Returns
    -------
    i, j : int64 (pair,)
        Box and place.
    cost : float64 (pair,)
        Squared standard deviations in position, length, direction and colour, summed; 0 and more.
    """
    i, j = near_pairs(boxes, places, radius_m + max(MOST_CUT_M, float(boxes.cut.max(initial=0.0))) / 2)
    hidden = _rest_hidden(boxes, places, i, j)
    cost = _position_cost(boxes, places, (i, j, hidden), radius_m, displacement)
    fits = np.isfinite(cost)
    i, j, cost, hidden = i[fits], j[fits], cost[fits], hidden[fits]
    unlike = (np.log(boxes.length[i] / places.length[j]) / LOG_LENGTH) ** 2
    cost += np.where(hidden, 0.0, np.minimum(unlike, MOST_LENGTH_COST))
    cost += (axial_difference(boxes.angle[i], places.angle[j]) / ANGLE_DEG) ** 2
    cost += np.minimum(color_distance(boxes.rgb[i], places.rgb[j]) / MATCH_COLOR, MOST_COLOR_COST)
    return i, j, cost


def _position_cost(
    boxes: Boxes, places: Boxes, pairs: tuple[Ints, Ints, Bools], radius_m: float, displacement: Floats
) -> Floats:
    """Cost (pair,) of the offsets at the level of the stack that suits them best; infinite beyond the radius."""
    i, j, hidden = pairs
    offset = boxes.xy[i] - places.xy[j]
    # What hides one end of a box moves the centre of the rest by half of what it hides.
    cut = np.minimum(np.abs(boxes.length[i] - places.length[j]), np.where(hidden, boxes.cut[i], MOST_CUT_M)) / 2
    cost = np.full(len(i), np.inf)
    for level in LEVELS:
        along, across = local_offset(level * displacement, offset, places.angle[j])
        along = np.maximum(np.abs(along) - cut, 0.0)
        fits = (np.hypot(along, across) < radius_m) & (np.abs(across) < ACROSS_SHARE * radius_m)
        apart = (along / ALONG_M) ** 2 + (across / ACROSS_M) ** 2 + LEVEL_COST * abs(level)
        cost = np.where(fits, np.minimum(cost, apart), cost)
    return cost
