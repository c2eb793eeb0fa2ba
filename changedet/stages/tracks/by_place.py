"""Places from the whole series, each read by a hidden Markov model."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.appearance import place_appearance
from changedet.stages.tracks.assemble import assemble, medians, most_seen
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.appearance import appearance_bins
from changedet.stages.tracks.kernels.boxes import mean_boxes
from changedet.stages.tracks.kernels.emissions import MOBILE, REAL, DetectorTables, score_bins
from changedet.stages.tracks.kernels.neighbours import neighbour_classes, overlapping_pairs
from changedet.stages.tracks.kernels.places import find_places
from changedet.stages.tracks.kernels.presence_hmm import BRIEF_DATES, Places, infer_presence
from changedet.stages.tracks.kernels.replacement import split_at_replacements
from changedet.stages.tracks.kernels.stretches import Stretches, Surfaces, presence_runs, whole
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.visibility import SeriesVisibility

OVERLAP_SHARE = 0.35
CONFIDENT = 0.45
"""The score from which a look's colour is evidence that the box was replaced."""
LEAST_REAL = 0.35
"""Least probability of a place that its boxes are told."""
PASSES = 4


class PlaceObservations(NamedTuple):
    """What a series shows of its places, (place, date) unless said otherwise.

    Attributes
    ----------
    place : int64 (row,)
        The place of each row; -1 for rows of places that never held a counted one.
    bins : int64
        Bin of each place's score, see `changedet.kernels.tracks.score_bins`.
    clear : bool
        True where a row was found or the look was clear.
    lit : bool
        True where the look was clear.
    counted : float64 (place,)
        Number of counted rows.
    neighbours : int64 (place,)
        Class of the boxes about places that are seen on one or two dates, see `changedet.kernels.neighbours.neighbour_classes`.
    pairs : two int64 (pair,)
        Places that leave each other no room.
    shift : float64 (date, 2)
        What brings each date's boxes onto the places, in metres.
    lean : float64 (date, 2)
        How far each date moves, beyond that, the top of a stack of one box more than usual.
    sights : float64 (place, date, feature) or None
        What the pixels show, see `changedet.kernels.sights.describe`; None without pictures.
    """

    place: Ints
    bins: Ints
    clear: Bools
    lit: Bools
    counted: Floats
    neighbours: Ints
    pairs: tuple[Ints, Ints]
    shift: Floats
    lean: Floats
    sights: Floats | None


class Rates(NamedTuple):
    """What the method's parameters say: see `changedet.kernels.tracks.infer_presence`."""

    birth: float
    death: float
    false_share: float
    caution: float


def observe_places(rows: Detections, looks: SeriesVisibility, radius_m: float) -> PlaceObservations:
    """Places, and what each date shows of them; ``radius_m`` as in `changedet.kernels.places.find_places`."""
    count = len(rows.dates)
    place, shift, lean = find_places(rows.boxes, rows.date, count, radius_m, PASSES)
    place, keep = _with_counted_rows(place, rows.counted)
    n = int(place.max()) + 1 if keep.any() else 0
    own, date = place[keep], rows.date[keep]
    summary = mean_boxes(rows.boxes.take(keep), own, n)
    width = np.bincount(own, rows.width[keep], n) / np.maximum(np.bincount(own, minlength=n), 1)
    score = np.full((n, count), np.nan)
    score[own, date] = rows.boxes.weight[keep]
    has_row = np.isfinite(score)
    centre = medians(rows.boxes.xy[keep], own, n)
    lit, shown = (
        most_seen(see, centre, summary.length, summary.angle, count)
        for see in (looks.clear, lambda i, xy: ~looks.covered(i, xy))
    )
    clear = lit | has_row | shown
    pairs = overlapping_pairs(summary, width, OVERLAP_SHARE)
    clear = _under_a_stack(clear, has_row, pairs, rows, place)
    counted = np.bincount(own, rows.counted[keep], n).astype(np.float64)
    bins, neighbours = score_bins(score), _neighbours(rows, place, has_row)
    moved = medians((rows.boxes.xy + shift[rows.date])[keep], own, n)
    pixels = place_appearance(looks, moved, summary, shift, (bins, lit, clear))
    return PlaceObservations(place, bins, clear, lit, counted, neighbours, pairs, shift, lean, pixels)


def _neighbours(rows: Detections, place: Ints, has_row: Bools) -> Ints:
    """The best class of `changedet.kernels.neighbours.neighbour_classes` (place,) that a counted row of each brief place has."""
    best = np.zeros(len(has_row), np.int64)
    brief = np.append(has_row.sum(1) <= BRIEF_DATES, False)
    asked = brief[place] & rows.counted
    for t in range(len(rows.dates)):
        here, mine = np.flatnonzero(rows.date == t), np.flatnonzero(asked & (rows.date == t))
        found = neighbour_classes(rows.boxes.take(mine), rows.boxes.take(here), rows.counted[here])
        np.maximum.at(best, place[mine], found)
    return best


def follow_places(
    rows: Detections, looks: SeriesVisibility, radius_m: float, rates: Rates, tables: DetectorTables
) -> Tracks:
    """Tracks by the hidden Markov model."""
    seen = observe_places(rows, looks, radius_m)
    read = infer_observed(seen, rates, tables)
    stretches, of_row, most = _stretches(rows, seen, read)
    tracks = assemble(rows, looks, stretches, of_row, seen.clear, np.minimum(read.present, most), seen.place)
    return replace(tracks, place_clear=seen.lit | (seen.bins > 0))


def infer_observed(seen: PlaceObservations, rates: Rates, tables: DetectorTables) -> Places:
    """The history of every place; once more where better supported ones leave some no room."""
    sight = None if seen.sights is None else appearance_bins(seen.sights, tables.appearance_weights)
    arguments = (seen.bins, seen.clear, seen.lit, seen.counted, seen.neighbours)
    read = infer_presence(*arguments, np.zeros(seen.clear.shape), *rates, tables, sight)
    if seen.clear.shape[1] == 1:
        return read
    blocked = _blocked(read.present, seen.counted, seen.pairs)
    return infer_presence(*arguments, blocked, *rates, tables, sight) if blocked.any() else read


def _with_counted_rows(place: Ints, counted: Bools) -> tuple[Ints, Bools]:
    """Places renumbered to those that ever held a counted row; -1 and False for rows of the others."""
    chosen = np.unique(place[counted])
    index = np.searchsorted(chosen, place)
    keep = np.isin(place, chosen)
    return np.where(keep, index, -1).astype(np.int64), keep


def _under_a_stack(clear: Bools, has_row: Bools, pairs: tuple[Ints, Ints], rows: Detections, place: Ints) -> Bools:
    """A box of another size that stands two levels high or more hides what is below it."""
    high = np.zeros(clear.shape, bool)
    stacked = (rows.tiers >= 2) & (place >= 0)
    high[place[stacked], rows.date[stacked]] = True
    hidden = np.zeros(clear.shape, bool)
    for below, above in (pairs, pairs[::-1]):
        np.logical_or.at(hidden, below, high[above])
    result: Bools = clear & ~(hidden & ~has_row)
    return result


def _blocked(present: Floats, counted: Floats, pairs: tuple[Ints, Ints]) -> Floats:
    """Probability (place, date) that a better supported place, which overlaps this one, holds a box."""
    blocked = np.zeros(present.shape)
    support = present.sum(1) + 1e-6 * counted
    first, second = pairs
    first_wins = (support[first] > support[second]) | ((support[first] == support[second]) & (first < second))
    strong, weak = np.where(first_wins, first, second), np.where(first_wins, second, first)
    np.maximum.at(blocked, weak, present[strong])
    return blocked


def _stretches(rows: Detections, seen: PlaceObservations, read: Places) -> tuple[Stretches, Ints, Floats]:
    """Stretches of presence at places that are not clutter, the stretch of each row, -1 for none, and the greatest
    probability (place, date) of a box there."""
    at, first, last = presence_runs(read.path)
    kept = (read.classes[:, :REAL].sum(1) > LEAST_REAL)[at]
    at, first, last = at[kept], first[kept], last[kept]
    of_cell = np.full(read.path.shape, -1, np.int64)
    for t in range(read.path.shape[1]):
        here = np.flatnonzero((first <= t) & (t <= last))
        of_cell[at[here], t] = here
    place = seen.place
    of_row = np.full(len(place), -1, np.int64)
    placed = place >= 0
    of_row[placed] = of_cell[place[placed], rows.date[placed]]
    shown = np.zeros(len(place), bool)
    shown[placed] = seen.lit[place[placed], rows.date[placed]]
    usable = placed & (rows.boxes.weight >= CONFIDENT) & np.isfinite(rows.boxes.rgb).all(1)
    still = read.classes[:, :MOBILE].sum(1, keepdims=True)
    comes, goes = (float((still * events).sum()) for events in (read.births, read.deaths))
    offset = rows.boxes.xy + seen.shift[rows.date]
    # About any one spot of the place: where it is does not matter.
    _, spot, own = np.unique(place, return_index=True, return_inverse=True)
    offset -= offset[spot[own]]
    surfaces = Surfaces(rows.date, rows.boxes.rgb, usable, ~shown, rows.tiers, offset, seen.lean[rows.date])
    return split_at_replacements(whole(at, first, last), of_row, surfaces, read.evidence, comes, goes)
