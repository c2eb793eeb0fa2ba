"""Rows whose parts stand apart with nothing between: lock-up garages, not containers.

Containers side by side leave a gap as wide as what they stand apart by more than their own width, in which ground or
shade is seen, mostly darker than both. The doors of lock-ups are wider than containers, and their roofs touch.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.objects.kernels import line_sampling
from changedet.stages.objects.kernels.box_looks import looked_at
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs

LEAST_CONFIDENCE: Final = 0.1
"""Of both neighbours: what a look lists."""
COARSEST_M: Final = 0.6
"""Coarsest pixel in which gaps, about half a metre wide, are measured: coarser pictures were not evaluated."""
REACH_M: Final = 3.7
"""Across, from centre to centre: beyond it more than a box's half width lies between."""
TURN_RAD, SHIFT_M, RATIO = 0.12, 1.5, 1.22
"""Neighbours in a row are turned against each other and shifted along by less, and their lengths are in a lesser ratio.
Chosen by hand."""
LONGEST_M: Final = 8.0
"""Of a lock-up: a car and a wall. Containers of 40 feet that touch in stacks are found unevenly far apart."""
TOGETHER_M: Final = 15.0
"""Between centres, within which boxes are of one place: rows of lock-ups face each other across a lane."""
LEAST_APART_M: Final = 2.85
"""Across, from which containers (2.44 m) leave a gap that pixels of half a metre show: of neighbours, and in the median
of a place."""
GAP: Final = 0.03
"""By how much of the brighter roof's brightness what lies between is darker than both, or brighter."""
LEAST_PAIRS: Final = 6
"""Of such neighbours in a place. Chosen by hand: of fewer, chance alone shows none between true boxes."""
MOST_GAPS: Final = 0.34
"""Share of these with a gap at a place of lock-ups. Of rows with four such neighbours and more, true ones of the third
hand have .5 to 1 (nearly all 1), drawn lock-ups 0 to .25 (docs/research/detector.md, "Lock-ups")."""
TAKEN: Final = 6.0
"""Log odds that each box of such a row loses."""
BETWEEN: Final = (0.34, 0.42, 0.5, 0.58, 0.66)
"""Places of the gap, from one centre (0) to the other (1)."""
ON_ROOFS: Final = (-0.12, 0.0, 0.12)
"""Places on a roof, likewise, from its centre."""
HALF_LENGTH: Final = 0.25
"""Half of the line along both boxes that is averaged at each place, as a share of the shorter one's length."""
LEAST_BRIGHTNESS: Final = 1e-6
"""Of the brighter roof, so that nothing is divided by 0."""


class Sides(NamedTuple):
    """Pairs of neighbours side by side.

    Attributes
    ----------
    one, other : int64 (pair,)
        Indices.
    across : float64 (pair,)
        Metres from the one's centre to the other's, across, with the sign of the one's right.
    back : float64 (pair,)
        The same from the other's centre, with the sign of its own right.
    """

    one: Ints
    other: Ints
    across: Floats
    back: Floats


def neighbours(boxes: Floats, confidence: Floats) -> Sides:
    """Pairs of boxes that stand side by side in a row.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, y down, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.

    Returns
    -------
    Sides
        Of boxes that are listed.
    """
    one, other = near_pairs(boxes, confidence, LEAST_CONFIDENCE, float(np.hypot(REACH_M, SHIFT_M))).T
    lie = beside(boxes, one, other)
    level = (np.abs(lie.across) < REACH_M) & (lie.along < SHIFT_M) & (lie.turn < TURN_RAD)
    level &= np.abs(np.log(boxes[one, 2] / boxes[other, 2])) < np.log(RATIO)
    one, other = one[level], other[level]
    return Sides(one, other, lie.across[level], beside(boxes, other, one).across)


def contrasts(bright: Singles, boxes: Floats, confidence: Floats, pixel_m: float) -> Floats:
    """What lies between each box and its neighbours, against both roofs.

    Parameters
    ----------
    bright : float32 (y, x)
        Stretched, no NaN.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    confidence : float64 (n,)
        0 to 1.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    float64 (n, 2)
        To the left and to the right: by how much the gap is darker than both roofs, or brighter, as a share of the
        brighter roof's; 0 where it lies between both, NaN where no neighbour stands. The greatest where two do.
    """
    found = np.full((len(boxes), 2), np.nan)
    pairs = neighbours(boxes, confidence)
    if not pairs.one.size:
        return found
    place = boxes / [*[pixel_m] * 4, 1.0]
    place[:, :2] -= 0.5
    seen = np.zeros(len(pairs.one))
    spots = np.array([*ON_ROOFS, *(1.0 + t for t in ON_ROOFS), *BETWEEN])
    _seen_between(np.ascontiguousarray(bright[..., None]), place, pairs.one, pairs.other, spots, seen)
    for box, across in ((pairs.one, pairs.across), (pairs.other, pairs.back)):
        np.fmax.at(found, (box, _side(across)), seen)
    return found


@compiled
def _seen_between(image: Singles, boxes: Floats, one: Ints, other: Ints, spots: Floats, out: Floats) -> None:
    """Contrast of what lies between the boxes (px) of each pair; `spots` are on both roofs, then between."""
    work, mean, on = np.empty(1), np.empty(1), len(ON_ROOFS)
    for n in range(one.size):
        a, b = boxes[one[n]], boxes[other[n]]
        along_x, along_y = np.sin(a[4]), -np.cos(a[4])
        # What is measured lies on the line across through the middle of both, wherever each is shifted along.
        shift = ((b[0] - a[0]) * along_x + (b[1] - a[1]) * along_y) / 2.0
        x, y = a[0] + shift * along_x, a[1] + shift * along_y
        dx, dy = b[0] - a[0] - 2.0 * shift * along_x, b[1] - a[1] - 2.0 * shift * along_y
        half = HALF_LENGTH * min(a[2], b[2])
        first = second = 0.0
        darkest, brightest = np.inf, -np.inf
        for k in range(spots.size):
            px, py = x + spots[k] * dx, y + spots[k] * dy
            line_sampling.line_mean(image, px, py, along_x, along_y, half, work, mean)
            if k < on:
                first += mean[0] / on
            elif k < 2 * on:
                second += mean[0] / on
            else:
                darkest, brightest = min(darkest, mean[0]), max(brightest, mean[0])
        top = max(first, second, LEAST_BRIGHTNESS)
        out[n] = max(min(first, second) - darkest, brightest - top, 0.0) / top


def closed(boxes: Floats, confidence: Floats, gaps: Floats, is_container: Bools) -> Bools:
    """Which boxes stand in rows of lock-ups.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Of a whole scene, metres, y down.
    confidence : float64 (n,)
        0 to 1.
    gaps : float64 (n, 2)
        Of `contrasts`.
    is_container : bool (n,)
        No other box is one of a row.

    Returns
    -------
    bool (n,)
        False of all that has too few neighbours, or stands too near to them to leave a gap.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    out = np.zeros(len(boxes), bool)
    listed = np.where(is_container & (boxes[:, 2] < LONGEST_M), confidence, 0.0)
    pairs = neighbours(boxes, listed)
    apart = np.abs(pairs.across) >= LEAST_APART_M
    if apart.sum() < LEAST_PAIRS:
        return out
    seen = np.fmax(gaps[pairs.one, _side(pairs.across)], gaps[pairs.other, _side(pairs.back)])
    near = near_pairs(boxes, listed, LEAST_CONFIDENCE, TOGETHER_M)
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), (len(boxes), len(boxes)))
    place = connected_components(links, directed=False)[1][pairs.one]
    known = apart & np.isfinite(seen)
    least = int(place.max()) + 1
    pairs_known, gaps_seen = (np.bincount(place[c], minlength=least) for c in (known, known & (seen >= GAP)))
    for one in np.flatnonzero((pairs_known >= LEAST_PAIRS) & (gaps_seen <= MOST_GAPS * pairs_known)):
        own = place == one
        if np.median(np.abs(pairs.across[own])) >= LEAST_APART_M:
            out[np.concatenate([pairs.one[own], pairs.other[own]])] = True
    return out


def _side(across: Floats) -> Ints:
    """Column of `contrasts` on which a neighbour stands."""
    return (across > 0.0).astype(np.int64)


def doubted(boxes: Floats, confidence: Floats, gaps: Floats, is_container: Bools) -> Floats:
    """Take odds from boxes that stand in rows of lock-ups.

    Parameters
    ----------
    boxes, confidence, gaps, is_container
        As for `closed`.

    Returns
    -------
    float64 (n,)
        0 to 1.
    """
    none = closed(boxes, confidence, gaps, is_container)
    return looked_at(confidence, np.where(none, -TAKEN, np.nan))
