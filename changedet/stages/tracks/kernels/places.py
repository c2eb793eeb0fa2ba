"""Places: boxes of several dates that stand at one spot, found from the whole series.

Boxes are matched date by date to running places through a k-d tree, after a vote has removed each date's own shift (the
lean of roofs that no co-registration of the ground can remove). All in metres of a projected grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from changedet.stages.tracks.kernels.relief_displacement import height_and_lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

VOTE_STEP_M = 0.1
VOTE_BLUR_M = 0.25
VOTE_PRIOR_M = 2.5
VOTE_SHRINK = 4.0
VOTE_REACH = 2.0
"""Votes are cast from farther than boxes are matched: two dates may lean opposite ways."""
VOTERS = 20_000
"""A shift is known to a centimetre from far fewer boxes."""
COLOR_SCALE = 25.0
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
COMPANY_DEG, LINE_M, LINE_DEG = 9.0, 60.0, 6.0


class Boxes(NamedTuple):
    """Boxes as columns: ``xy`` (n, 2) and ``length`` (n,) in metres, ``angle`` (n,) in degrees clockwise from north,
    ``rgb`` (n, 3) of 0 to 255 with NaN for no colour, ``weight`` (n,) above 0, ``cut`` (n,), by how much what hides an
    end may shorten it, in metres."""

    xy: Floats
    length: Floats
    angle: Floats
    rgb: Floats
    weight: Floats
    cut: Floats

    def take(self, rows: NDArray[np.generic]) -> Boxes:
        return Boxes(*(column[rows] for column in self))


def axial_difference(first: Floats, second: Floats) -> Floats:
    """Angle between undirected lines, in degrees, 0 to 90; shapes broadcast."""
    difference = np.abs(first - second) % 180.0
    return np.minimum(difference, 180.0 - difference)


def local_offset(from_xy: Floats, to_xy: Floats, angle: Floats) -> tuple[Floats, Floats]:
    """Offsets (n,) along and across the long side whose angle (n,) is clockwise from north, in metres."""
    radians = np.deg2rad(angle)
    dx, dy = (to_xy - from_xy).T
    return dx * np.sin(radians) + dy * np.cos(radians), dx * np.cos(radians) - dy * np.sin(radians)


def color_distance(first: Floats, second: Floats) -> Floats:
    """Euclidean distance (n,) of RGB rows (n, 3); `COLOR_SCALE` where a colour is unknown, which favours nothing."""
    distance = np.sqrt(((first - second) ** 2).sum(-1))
    return np.where(np.isfinite(distance), distance, COLOR_SCALE)


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


def greedy_assign(i: Ints, j: Ints, cost: Floats, count: int) -> Ints:
    """Greedy one-to-one assignment: ``j`` for each of ``count`` rows, -1 for none; ties go to the lower indices.

    Takes at once all pairs that are the cheapest of both their sides, which gives what taking them one by one gives.
    """
    result = np.full(count, -1, np.int64)
    order = np.lexsort((j, i, cost))
    i, j = i[order], j[order]
    while len(i):
        first_i, first_j = np.zeros(len(i), bool), np.zeros(len(i), bool)
        first_i[np.unique(i, return_index=True)[1]] = True
        first_j[np.unique(j, return_index=True)[1]] = True
        best = first_i & first_j
        result[i[best]] = j[best]
        rest = ~(np.isin(i, i[best]) | np.isin(j, j[best]))
        i, j = i[rest], j[rest]
    return result


def summarise(boxes: Boxes, place: Ints, count: int) -> Boxes:
    """Weighted mean box (count,) of each place; directions are averaged as lines."""
    weight = np.bincount(place, boxes.weight, count).astype(np.float64)

    def mean(values: Floats) -> Floats:
        averaged: Floats = np.bincount(place, boxes.weight * values, count) / weight
        return averaged

    double = np.deg2rad(2 * boxes.angle)
    angle = np.rad2deg(np.arctan2(mean(np.sin(double)), mean(np.cos(double)))) / 2 % 180.0
    known = np.isfinite(boxes.rgb).all(1)
    color_weight = np.bincount(place, boxes.weight * known, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        rgb = np.column_stack(
            [np.bincount(place, boxes.weight * np.where(known, c, 0.0), count) / color_weight for c in boxes.rgb.T]
        )
    return Boxes(
        np.column_stack([mean(c) for c in boxes.xy.T]), mean(boxes.length), angle, rgb, weight, np.zeros(count)
    )


class Found(NamedTuple):
    """Places of all boxes of a series.

    Attributes
    ----------
    place : int64 (n,)
        Place of each box, 0 to the number of places less one; a place has at most one box a date.
    shift : float64 (dates, 2)
        What was added to each date's boxes to align them with the places, in metres; its median over the dates is zero.
    lean : float64 (dates, 2)
        How far each date moves, beyond that, the top of a stack of one box more than usual.
    """

    place: Ints
    shift: Floats
    lean: Floats


def find_places(boxes: Boxes, date: Ints, dates: int, radius_m: float, passes: int) -> Found:
    """Places of all boxes of a series, and each date's shift and lean.

    Parameters
    ----------
    boxes : Boxes
        All dates' boxes, in an order that depends on nothing but their values.
    date : int (n,)
        Index of each box's date.
    dates : int
        Number of dates.
    radius_m : float
        Farthest that a box may lie from its place's centre along its long side; 0.6 of it across.
    passes : int
        Passes over the series; from the second on, boxes are matched to what the whole series gave.
    """
    rows = [np.flatnonzero(date == t) for t in range(dates)]
    seen = np.array([len(r) > 0 for r in rows], bool)
    place = np.full(len(date), -1, np.int64)
    shift, lean, height = np.zeros((dates, 2)), np.zeros((dates, 2)), np.empty(0)
    places = boxes.take(np.empty(0, np.int64))
    for _ in range(passes):
        place, shift, places = _sweep(boxes, rows, places, radius_m, height, lean)
        if seen.any():
            shift[seen] -= np.median(shift[seen], axis=0)
            residual = boxes.xy + shift[date] - places.xy[place]
            height, lean = height_and_lean(residual, date, place, shift, len(places.xy))
    return Found(place.astype(np.int64), shift, lean)


def _sweep(
    boxes: Boxes, rows: Sequence[Ints], places: Boxes, radius_m: float, height: Floats, lean: Floats
) -> tuple[Ints, Floats, Boxes]:
    """Match every date to the places, which grow; the fullest date comes first, as it knows most places."""
    moved = boxes.xy.copy()
    shift = np.zeros((len(rows), 2))
    place = np.full(len(moved), -1, np.int64)
    sums = places
    for t in sorted(range(len(rows)), key=lambda t: (-len(rows[t]), t)):
        if not len(rows[t]):
            continue
        here = boxes.take(rows[t])
        height = np.append(height, np.zeros(len(sums.xy) - len(height)))
        shown = sums._replace(xy=sums.xy + height[:, None] * lean[t])
        shift[t] = vote_shift(here, shown, VOTE_REACH * radius_m)
        here = here._replace(xy=here.xy + shift[t])
        found = match(here, shown, radius_m, lean[t])
        new = found < 0
        here.xy[~new] -= height[found[~new], None] * lean[t]
        moved[rows[t]] = here.xy
        found[new] = len(sums.xy) + np.arange(new.sum())
        place[rows[t]] = found
        sums = _absorb(sums, here, found)
    used, place = np.unique(place, return_inverse=True)
    final = boxes._replace(xy=moved)
    return place, shift, summarise(final, place, len(used))


def _absorb(places: Boxes, boxes: Boxes, found: Ints) -> Boxes:
    """Places after each has taken in the box that was found to be its own; new places are appended."""
    count = max(len(places.xy), int(found.max()) + 1)
    joined = Boxes(*(np.concatenate(pair) for pair in zip(places, boxes, strict=True)))
    return summarise(joined, np.concatenate([np.arange(len(places.xy)), found]), count)


def company(boxes: Boxes, about: Boxes, counted: Bools) -> Ints:
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


def optimal_assign(i: Ints, j: Ints, cost: Floats, count: int, skip: float) -> Ints:
    """Least-cost one-to-one assignment (Kuhn 1955, doi:10.1002/nav.3800020109): ``j`` for each of ``count`` rows, -1
    for none.

    Parameters
    ----------
    i, j, cost : arrays (m,)
        The allowed pairs.
    count : int
        Number of rows.
    skip : float
        Cost of leaving a row unassigned.

    Notes
    -----
    Solved for each connected group of pairs by itself, so that a wide site costs no more than its densest block.
    """
    result = np.full(count, -1, np.int64)
    if not len(i):
        return result
    columns = int(j.max()) + 1
    graph = coo_matrix((np.ones(len(i)), (i, j + count)), shape=(count + columns, count + columns))
    group = connected_components(graph, directed=False)[1][i]
    order = np.argsort(group, kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rows, r = np.unique(i[pairs], return_inverse=True)
        cols, c = np.unique(j[pairs], return_inverse=True)
        table = np.full((len(rows), len(cols) + len(rows)), skip, np.float64)
        table[:, : len(cols)] = 1e9
        table[r, c] = cost[pairs]
        row, column = linear_sum_assignment(table)
        real = (column < len(cols)) & (table[row, column] < skip)
        result[rows[row[real]]] = cols[column[real]]
    return result
