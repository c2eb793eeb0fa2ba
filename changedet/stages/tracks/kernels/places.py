"""Places: boxes of several dates that stand at one spot, found from the whole series.

Boxes are matched date by date to places that grow, after a vote has removed each date's own shift (the relief
displacement of roofs, which no co-registration of the ground removes). All in metres on the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.containers import HEIGHT_M, WIDTH_M
from changedet.stages.tracks.kernels.base_position import base_positions
from changedet.stages.tracks.kernels.box_matching import MOST_COLOR_COST, match, vote_shift
from changedet.stages.tracks.kernels.boxes import Boxes, mean_boxes
from changedet.stages.tracks.kernels.lone_boxes import joined_lone_places
from changedet.stages.tracks.kernels.relief_displacement import heights_and_displacements
from changedet.stages.tracks.kernels.stack_levels import Roofs

VOTE_REACH: Final = 2.0
"""Times the matching radius that is searched for a date's shift: two dates may be displaced opposite ways."""
APART_M: Final = WIDTH_M / 2
"""By which two looks must set usual tops apart, for neighbours to be mixed up: below it a roof lies nearest its own."""
LEFT_REACH_M: Final = 0.8
"""Searched for a date's shift where boxes are matched on their bases: the error of the co-registration. A vote over
more falls to the next row."""
MET_AGAIN: Final = 2
"""Looks of the places that a further pass begins with: a box that was left alone would be matched to itself again."""
ALONE_COST: Final = MOST_COLOR_COST
"""Most that a box which was left alone may cost at a place, for it to be that place's: less than another colour. What
stood there on one look, and near by another on the next, stays apart."""
TELLING_M: Final = 0.5
"""Root sum of squares of all dates' displacements of one box, below which it does not matter whence they look."""
PASSES_AGAIN: Final = 2
"""Over the series from the beginning, with the displacement that the first passes taught: four are no better."""
BOX_HEIGHT: Final = 0.86
"""Of one box, over that of usual stacks, by which heights are learnt where the views are not known."""
USUAL_LEVELS: Final = (0.4, 6.0)
"""Boxes by which the tops of a date are displaced from those of the one nearest to the nadir, as its boxes show it:
views that do not agree with it are wrong and left out, and those of the opposite sign have an azimuth that points the
other way. No yard's usual stack has more than six boxes."""


class FoundPlaces(NamedTuple):
    """Places of all boxes of a series.

    Attributes
    ----------
    place : int64 (n,)
        Place of each box, 0 to the number of places less one; a place has at most one box a date.
    shift : float64 (date, 2)
        What was added to each date's boxes to align them with the places, in metres; its median over the dates is zero.
    displacement : float64 (date, 2)
        How far each date displaces the top of a stack of one box more, in metres.
    """

    place: Ints
    shift: Floats
    displacement: Floats


def find_places(boxes: Boxes, date: Ints, views: Floats, radius_m: float, passes: int) -> FoundPlaces:
    """Places of all boxes of a series, and each date's shift and relief displacement.

    Parameters
    ----------
    boxes : Boxes
        All dates' boxes, in an order that depends on nothing but their values.
    date : int64 (n,)
        Index of each box's date.
    views : float64 (date, 2)
        How far each date displaces the top of one box, in metres; NaN where its view is not known. Taken first where
        all are known and agree with the boxes, so that tall stacks are matched from the first pass on; else what the
        passes taught, in passes from the beginning.
    radius_m : float
        Farthest that a box may lie from its place's centre along its long side; `box_matching.ACROSS_SHARE` of it
        across.
    passes : int
        Passes over the series; from the second on, boxes are matched to what the whole series gave.

    Returns
    -------
    FoundPlaces
        Of all boxes: one that fits no place makes its own.
    """
    rows = [np.flatnonzero(date == t) for t in range(len(views))]
    used = np.array([len(own) > 0 for own in rows], bool)
    levels, apart = _by_views(boxes, rows, views, radius_m)
    wide, stands, height = (VOTE_REACH * radius_m, 1), boxes, 0.0
    if USUAL_LEVELS[0] <= levels <= USUAL_LEVELS[1]:
        # What is displaced least comes first, as most of it lies where it stands.
        lean = _Lean(np.where(used, np.hypot(*views.T), np.inf), apart, *wide)
        if levels * _farthest(apart[used]) > APART_M:
            stands, height = _on_bases(boxes, date, views)
            lean = _Lean(lean.order, np.zeros_like(views), LEFT_REACH_M, MET_AGAIN)
        found = _passes(stands, date, rows, radius_m, passes, lean)
        found = found._replace(displacement=np.where(used[:, None], views, 0.0))
    else:
        # The date that knows most places comes first.
        order = np.array([-len(own) for own in rows], float)
        found = _passes(boxes, date, rows, radius_m, passes, _Lean(order, None, *wide))
        learnt = found.displacement
        if np.sqrt((learnt**2).sum()) >= TELLING_M:
            order = np.where(used, np.hypot(*learnt.T), np.inf)
            found = _passes(boxes, date, rows, radius_m, PASSES_AGAIN, _Lean(order, learnt, *wide))
        found = found._replace(displacement=BOX_HEIGHT * found.displacement)
    place = joined_lone_places(stands, date, found.place.astype(np.int64))
    found = found._replace(place=place)
    # Found by bases, with the shifts of roofs of the usual height.
    return found if stands is boxes else found._replace(shift=found.shift - height * apart)


class _Lean(NamedTuple):
    """What is taken of the dates before their boxes are matched."""

    order: Floats
    """Of the dates (date,): the least comes first."""
    displacement: Floats | None
    """Of one box (date, 2), beyond the dates' shifts; None where it is not known."""
    reach_m: float
    """That is searched for each date's shift."""
    least_looks: int
    """Of the places that a further pass begins with."""


def _farthest(points: Floats) -> float:
    """The greatest distance of two of some points (n, 2)."""
    return float(np.hypot(*(points[:, None] - points).T).max())


def _passes(boxes: Boxes, date: Ints, rows: Sequence[Ints], radius_m: float, passes: int, lean: _Lean) -> FoundPlaces:
    """Places after some passes."""
    used = np.array([len(own) > 0 for own in rows], bool)
    place, most = np.full(len(date), -1, np.int64), np.full(len(date), np.inf)
    shift, height = np.zeros((len(rows), 2)), np.empty(0)
    known = lean.displacement
    displacement = np.zeros((len(rows), 2)) if known is None else known
    places = boxes.take(np.empty(0, np.int64))
    for _ in range(passes):
        place, shift, places = _sweep(boxes, rows, places, radius_m, height, displacement, lean, most)
        if used.any():
            shift[used] -= np.median(shift[used], axis=0)
            residual = boxes.xy + shift[date] - places.xy[place]
            first = np.median(shift, axis=0) - shift if known is None else known
            height, displacement = heights_and_displacements(residual, date, place, first, len(places.xy))
            kept = np.bincount(place, minlength=len(places.xy)) >= lean.least_looks
            most = np.where(kept[place], np.inf, ALONE_COST)
            places, height = places.take(kept), height[kept]
    return FoundPlaces(place, shift, displacement)


def _on_bases(boxes: Boxes, date: Ints, views: Floats) -> tuple[Boxes, float]:
    """Boxes where all dates together tell that they stand, and the usual height of their stacks, in boxes."""
    alone, unknown = np.full(len(date), -1), np.full(len(date), np.nan)
    shown = boxes.xy, alone, date, (views / HEIGHT_M)[date], unknown, boxes.length, boxes.angle, boxes.weight
    bases = base_positions(Roofs(*shown))
    return boxes._replace(xy=bases.xy), float(np.median(bases.height_m)) / HEIGHT_M


def sense_of_views(boxes: Boxes, date: Ints, views: Floats, radius_m: float) -> int:
    """Which way the boxes lean under the views.

    Parameters
    ----------
    boxes, date, views, radius_m
        As for `find_places`.

    Returns
    -------
    int
        1 as the views say, -1 the other way, 0 where it does not show or a view is not known.
    """
    rows = [np.flatnonzero(date == t) for t in range(len(views))]
    levels = _by_views(boxes, rows, views, radius_m)[0]
    return int(USUAL_LEVELS[0] <= levels <= USUAL_LEVELS[1]) - int(levels <= -USUAL_LEVELS[0])


def _by_views(boxes: Boxes, rows: Sequence[Ints], views: Floats, radius_m: float) -> tuple[float, Floats]:
    """By how many boxes the tops are displaced as the views say, and each date's displacement (date, 2) of one box.

    The latter beyond their median; the former is 0 where the views are not known or alike.
    """
    used = np.array([len(own) > 0 for own in rows], bool)
    nothing = np.zeros((len(views), 2))
    if not used.any() or not np.isfinite(views[used]).all():
        return 0.0, nothing
    apart = np.where(used[:, None], views - np.median(views[used], axis=0), 0.0)
    if np.sqrt((apart**2).sum()) < TELLING_M:
        return 0.0, nothing
    nearest = int(np.where(used, np.hypot(*views.T), np.inf).argmin())
    from_it = np.where(used[:, None], views - views[nearest], 0.0)
    there = boxes.take(rows[nearest])
    measured = np.array([-vote_shift(boxes.take(own), there, VOTE_REACH * radius_m).shift for own in rows])
    return float((measured * from_it).sum() / (from_it**2).sum()), apart


def _sweep(
    boxes: Boxes,
    rows: Sequence[Ints],
    places: Boxes,
    radius_m: float,
    height: Floats,
    displacement: Floats,
    lean: _Lean,
    most: Floats,
) -> tuple[Ints, Floats, Boxes]:
    """Match every date to the places, which grow, the dates in their order."""
    moved = boxes.xy.copy()
    shift = np.zeros((len(rows), 2))
    place = np.full(len(moved), -1, np.int64)
    sums = places
    for t in sorted(range(len(rows)), key=lambda t: (lean.order[t], t)):
        if not len(rows[t]):
            continue
        here = boxes.take(rows[t])
        height = np.append(height, np.zeros(len(sums.xy) - len(height)))
        shown = sums._replace(xy=sums.xy + height[:, None] * displacement[t])
        shift[t] = vote_shift(here, shown, lean.reach_m).shift
        here = here._replace(xy=here.xy + shift[t])
        found = match(here, shown, radius_m, displacement[t], most[rows[t]])
        new = found < 0
        here.xy[~new] -= height[found[~new], None] * displacement[t]
        moved[rows[t]] = here.xy
        found[new] = len(sums.xy) + np.arange(new.sum())
        place[rows[t]] = found
        sums = _absorb(sums, here, found)
    used, place = np.unique(place, return_inverse=True)
    final = boxes._replace(xy=moved)
    return place, shift, mean_boxes(final, place, len(used))


def _absorb(places: Boxes, boxes: Boxes, found: Ints) -> Boxes:
    """Places after each has taken in the box that was found to be its own; new places are appended."""
    count = max(len(places.xy), int(found.max()) + 1)
    joined = Boxes(*(np.concatenate(pair) for pair in zip(places, boxes, strict=True)))
    return mean_boxes(joined, np.concatenate([np.arange(len(places.xy)), found]), count)
