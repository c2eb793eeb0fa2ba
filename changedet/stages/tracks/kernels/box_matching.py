"""Boxes of one date matched to places."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.assignment import greedy_assign
from changedet.stages.tracks.kernels.boxes import COLOR_SCALE, Boxes, axial_difference, color_distance, local_offset

VOTE_STEP_M = 0.1


VOTE_BLUR_M = 0.25


VOTE_PRIOR_M = 2.5


VOTE_SHRINK = 4.0


VOTERS = 20_000
"""A shift is known to a centimetre from far fewer boxes."""


MATCH_COLOR, MOST_COLOR_COST = 8.0, 10.0
"""Tops of tall stacks lean by half a row's pitch; their colours tell them from their neighbours."""


ALONG_M, ACROSS_M, LOG_LENGTH, ANGLE_DEG = 0.6, 0.35, 0.12, 8.0
"""Scales of the matching cost: about 1.5 standard deviations of a box's place, length and direction between dates."""


MAX_LOG_LENGTH, MAX_ANGLE_DEG = 0.5, 25.0
"""Shadow cuts a box to two thirds of its length; a 20-foot one is half of a 40-foot one."""


LEVEL_COST = 1.0
"""Of each box by which a stack is higher or lower than its place is on the whole."""


UPRIGHT = np.zeros(2)


MOST_LENGTH_COST = 6.0


MOST_CUT_M = 4.5


CUT_SLACK_M = 0.5


NEIGHBOURS = 8


def near_pairs(boxes: Boxes, places: Boxes, radius_m: float) -> tuple[Ints, Ints]:
    """Indices (m,), (m,) of boxes and their nearest places within the radius that agree in length and direction."""
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


def vote_shift(boxes: Boxes, places: Boxes, radius_m: float) -> Floats:
    """Shift (2,) in metres that brings the boxes onto the places: the mode of all near pairs' offsets.

    Pairs vote with the likeness of their colours, which tells a row of boxes from itself moved by one. Shrunk towards
    zero where few pairs agree.
    """
    boxes = boxes.take(np.arange(0, len(boxes.xy), 1 + len(boxes.xy) // VOTERS))
    i, j = near_pairs(boxes, places, radius_m)
    if len(i) < 3:
        return np.zeros(2)
    offset = places.xy[j] - boxes.xy[i]
    likeness = np.exp(-0.5 * (color_distance(boxes.rgb[i], places.rgb[j]) / COLOR_SCALE) ** 2)
    vote = likeness * boxes.weight[i] * np.exp(-0.5 * (offset**2).sum(1) / VOTE_PRIOR_M**2)
    edges = np.arange(-radius_m - VOTE_STEP_M / 2, radius_m + VOTE_STEP_M, VOTE_STEP_M)
    votes = np.histogram2d(offset[:, 0], offset[:, 1], bins=(edges, edges), weights=vote)[0]
    votes = gaussian_filter(votes, VOTE_BLUR_M / VOTE_STEP_M, mode="constant")
    peak = edges[:-1][list(np.unravel_index(int(votes.argmax()), votes.shape))] + VOTE_STEP_M / 2
    near = ((offset - peak) ** 2).sum(1) < (3 * VOTE_BLUR_M) ** 2
    if not near.any():
        return np.zeros(2)
    mean: Floats = np.average(offset[near], axis=0, weights=vote[near] + 1e-12)
    shift: Floats = mean * (near.sum() / (near.sum() + VOTE_SHRINK))
    return shift


def match(boxes: Boxes, places: Boxes, radius_m: float, lean: Floats = UPRIGHT) -> Ints:
    """The place (n,) of each box, -1 where none fits; no place takes two boxes; the cheapest pairs first."""
    i, j, cost = priced_pairs(boxes, places, radius_m, lean)
    return greedy_assign(i, j, cost, len(boxes.xy))


def priced_pairs(boxes: Boxes, places: Boxes, radius_m: float, lean: Floats = UPRIGHT) -> tuple[Ints, Ints, Floats]:
    """Pairs of boxes and places that may belong together and their cost: squared standard deviations apart, summed.

    ``lean`` (2,), in metres: how far the date moves the top of a stack of one box more.
    """
    i, j = near_pairs(boxes, places, radius_m + max(MOST_CUT_M, float(boxes.cut.max(initial=0.0))) / 2)
    offset = boxes.xy[i] - places.xy[j]
    # What hides one end of a box moves the centre of the rest by half of what it hides.
    hidden = _rest_hidden(boxes, places, i, j)
    cut = np.minimum(np.abs(boxes.length[i] - places.length[j]), np.where(hidden, boxes.cut[i], MOST_CUT_M)) / 2
    cost = np.full(len(i), np.inf)
    for level in (0.0, -1.0, 1.0, 2.0):
        along, across = local_offset(level * lean, offset, places.angle[j])
        along = np.maximum(np.abs(along) - cut, 0.0)
        fits = (np.hypot(along, across) < radius_m) & (np.abs(across) < 0.6 * radius_m)
        apart = (along / ALONG_M) ** 2 + (across / ACROSS_M) ** 2 + LEVEL_COST * abs(level)
        cost = np.where(fits, np.minimum(cost, apart), cost)
    fits = np.isfinite(cost)
    i, j, cost, hidden = i[fits], j[fits], cost[fits], hidden[fits]
    unlike = (np.log(boxes.length[i] / places.length[j]) / LOG_LENGTH) ** 2
    cost += np.where(hidden, 0.0, np.minimum(unlike, MOST_LENGTH_COST))
    cost += (axial_difference(boxes.angle[i], places.angle[j]) / ANGLE_DEG) ** 2
    cost += np.minimum(color_distance(boxes.rgb[i], places.rgb[j]) / MATCH_COLOR, MOST_COLOR_COST)
    return i, j, cost
