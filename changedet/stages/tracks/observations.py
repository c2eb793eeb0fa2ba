"""What the looks of a series show of its places: rows, clear ground, light."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.appearance import place_appearance
from changedet.stages.tracks.assemble import medians, visible_dates
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.boxes import mean_boxes
from changedet.stages.tracks.kernels.emissions import score_bins
from changedet.stages.tracks.kernels.near_sides import on_near_sides
from changedet.stages.tracks.kernels.neighbours import neighbour_classes, overlapping_pairs
from changedet.stages.tracks.kernels.places import find_places
from changedet.stages.tracks.kernels.presence_hmm import BRIEF_DATES
from changedet.stages.tracks.outline_odds import outline_odds, taken_looks
from changedet.stages.tracks.visibility import SeriesVisibility, familiar_dates

OVERLAP_SHARE: Final = 0.35
"""Share of the smaller of two places that the other must cover to leave it no room. Chosen by hand."""
PASSES: Final = 4
"""Over the series, to find its places."""
STRETCH_DATES: Final = 5
"""Looks of the sites on which it was tried which tables a site follows. Of dozens of looks most show a place empty that
other boxes use in turn, and how clean empty ground is would answer for how often boxes are missed."""
STACKED_TIERS: Final = 2
"""Levels from which a box hides others below it."""


class PlaceObservations(NamedTuple):
    """What a series shows of its places.

    Attributes
    ----------
    place : int64 (row,)
        The place of each row; -1 for rows of places that never held a counted one.
    bins : int64 (place, date)
        Bin of each place's score, see `kernels.emissions.score_bins`.
    observed : bool (place, date)
        True where a row was found or the date shows the place, in deep shade too.
    lit : bool (place, date)
        True where the look was clear and not in deep shade.
    counted_rows : float64 (place,)
        Number of counted rows.
    neighbours : int64 (place, date)
        See `kernels.neighbours.neighbour_classes`; 0 without a counted row, and for places with rows on more than two
        dates of a stretch.
    on_sides : bool (place, date)
        True where the place's row lies where the date shows a stack's side, see `kernels.near_sides`.
    taken : bool (place, date)
        True of lit looks without a row upon which another place's row lies, see `outline_odds.taken_looks`.
    pairs : two int64 (pair,)
        Places that leave each other no room.
    shift : float64 (date, 2)
        What brings each date's boxes onto the places, in metres.
    displacement : float64 (date, 2)
        How far each date displaces the top of a stack of one box more, in metres.
    appearance : float64 (place, date, feature) or None
        What the pixels show, see `kernels.appearance.appearance_features`; None without pictures.
    familiar : bool (date,) or None
        True where a scene is like those that the detector knows; None where that is not known of any.
    outline : float64 (place, date) or None
        Log odds of a box by the outline that a lit look without a row shows, see `outline_odds`; NaN of all others,
        None without pictures in colour.
    """

    place: Ints
    bins: Ints
    observed: Bools
    lit: Bools
    counted_rows: Floats
    neighbours: Ints
    on_sides: Bools
    taken: Bools
    pairs: tuple[Ints, Ints]
    shift: Floats
    displacement: Floats
    appearance: Floats | None
    familiar: Bools | None = None
    outline: Floats | None = None


def observe_places(rows: Detections, looks: SeriesVisibility, radius_m: float) -> PlaceObservations:
    """Places of a series, and what each date shows of them.

    Parameters
    ----------
    rows : Detections
        Of all dates.
    looks : SeriesVisibility
        What each date shows of the ground.
    radius_m : float
        Farthest that a box may lie from its place's centre along its long side.

    Returns
    -------
    PlaceObservations
        Of the places that ever held a counted row.
    """
    count = len(rows.dates)
    views = HEIGHT_M * rows.views.displacement
    place, shift, displacement = find_places(rows.boxes, rows.date, views, radius_m, PASSES)
    place, keep = _with_counted_rows(place, rows.counted)
    n = int(place.max()) + 1 if keep.any() else 0
    own, date = place[keep], rows.date[keep]
    boxes = mean_boxes(rows.boxes.take(keep), own, n)
    width = np.bincount(own, rows.width[keep], n) / np.maximum(np.bincount(own, minlength=n), 1)
    score = np.full((n, count), np.nan)
    score[own, date] = rows.boxes.weight[keep]
    has_row = np.isfinite(score)
    centre = medians(rows.boxes.xy[keep], own, n)
    lit, shown = (
        visible_dates(see, boxes, centre, rows.unit, count)
        for see in (looks.clear, lambda i, xy: ~looks.covered(i, xy))
    )
    # Where they lie in common, as dates that show one place and not another may lie metres apart.
    boxes = boxes._replace(xy=medians((rows.boxes.xy + shift[rows.date])[keep], own, n))
    pairs = overlapping_pairs(boxes, width, OVERLAP_SHARE)
    observed = _not_below_a_stack(lit | has_row | shown, has_row, pairs, rows, place)
    counted = np.bincount(own, rows.counted[keep], n).astype(np.float64)
    bins, neighbours = score_bins(score), _neighbours(rows, place, has_row)
    appearance, outline = place_appearance(looks, boxes, shift, (bins, lit, observed), rows.unit), None
    without = lit & (bins == 0)
    taken = taken_looks(rows, place, boxes, shift, without)
    if appearance is not None:
        outline = outline_odds(looks, boxes, shift, without & ~taken, appearance, rows.unit)
    moves = shift, displacement, appearance, familiar_dates(looks, count), outline
    sides = _on_sides(rows, place, has_row.shape)
    return PlaceObservations(place, bins, observed, lit, counted, neighbours, sides, taken, pairs, *moves)


def stretches(dates: int) -> list[slice]:
    """The looks that are read together where it is asked how often boxes are missed on a site.

    Parameters
    ----------
    dates : int
        Number of looks.

    Returns
    -------
    list of slice
        One after the other, of `STRETCH_DATES` looks and more; one of all where they are fewer than twice as many.
    """
    edges = np.linspace(0, dates, max(dates // STRETCH_DATES, 1) + 1).astype(int)
    return [slice(begin, end) for begin, end in pairwise(edges.tolist())]


def _neighbours(rows: Detections, place: Ints, has_row: Bools) -> Ints:
    """The best class of neighbours (place, date) that a counted row has, of places with few rows in a stretch."""
    best = np.zeros(has_row.shape, np.int64)
    for part in stretches(len(rows.dates)):
        brief = np.append(has_row[:, part].sum(1) <= BRIEF_DATES, False)
        chosen = brief[place] & rows.counted
        for t in range(part.start, part.stop):
            here, mine = np.flatnonzero(rows.date == t), np.flatnonzero(chosen & (rows.date == t))
            found = neighbour_classes(rows.boxes.take(mine), rows.boxes.take(here), rows.counted[here])
            np.maximum.at(best[:, t], place[mine], found)
    return best


def _on_sides(rows: Detections, place: Ints, shape: tuple[int, int]) -> Bools:
    """Whether the row of each place and date lies where the date shows a stack's side."""
    found = np.zeros(shape, bool)
    for t, view in enumerate(rows.views.displacement):
        here, mine = np.flatnonzero(rows.date == t), np.flatnonzero((place >= 0) & (rows.date == t))
        found[place[mine], t] = on_near_sides(rows.boxes.take(mine), rows.boxes.take(here), view)
    return found


def _with_counted_rows(place: Ints, counted: Bools) -> tuple[Ints, Bools]:
    """Places renumbered to those that ever held a counted row; -1 and False for rows of the others."""
    chosen = np.unique(place[counted])
    index = np.searchsorted(chosen, place)
    keep = np.isin(place, chosen)
    return np.where(keep, index, -1).astype(np.int64), keep


def _not_below_a_stack(
    observed: Bools, has_row: Bools, pairs: tuple[Ints, Ints], rows: Detections, place: Ints
) -> Bools:
    """Without what lies below a box of another size that stands two levels high or more, unless a row shows it."""
    high = np.zeros(observed.shape, bool)
    stacked = (rows.tiers >= STACKED_TIERS) & (place >= 0)
    high[place[stacked], rows.date[stacked]] = True
    hidden = np.zeros(observed.shape, bool)
    for below, above in (pairs, pairs[::-1]):
        np.logical_or.at(hidden, below, high[above])
    result: Bools = observed & ~(hidden & ~has_row)
    return result
