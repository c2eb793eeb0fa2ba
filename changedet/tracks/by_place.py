"""Places from the whole series, each read by a hidden Markov model."""

from __future__ import annotations

import numpy as np

from changedet.kernels import places as spots
from changedet.kernels import tracks as kernel
from changedet.kernels.replaced import Stretches, Surfaces, split_stretches
from changedet.tracks.assemble import assemble, clear_looks, medians
from changedet.tracks.rows import Bools, Floats, Ints, Looks, Rows, Tracks

OVERLAP_SHARE = 0.35
CONFIDENT = 0.45
"""The score from which a look's colour is evidence that the box was replaced."""
COLOR_SPREAD_FLOOR = 9.0
PASSES = 3


def follow_places(rows: Rows, looks: Looks, radius_m: float, birth: float, death: float, false_share: float) -> Tracks:
    """Tracks by the hidden Markov model; parameters as for `changedet.kernels.tracks.read_places`."""
    count = len(rows.dates)
    place, _ = spots.find_places(rows.boxes, rows.date, count, radius_m, PASSES)
    place, keep = _with_counted_rows(place, rows.counted)
    n = int(place.max()) + 1 if keep.any() else 0
    own, date = place[keep], rows.date[keep]
    summary = spots.summarise(rows.boxes.take(keep), own, n)
    width = np.bincount(own, rows.width[keep], n) / np.maximum(np.bincount(own, minlength=n), 1)
    score = np.full((n, count), np.nan)
    score[own, date] = rows.boxes.weight[keep]
    has_row = np.isfinite(score)
    centre = medians(rows.boxes.xy[keep], own, n)
    clear = clear_looks(looks, centre) | has_row
    pairs = spots.overlapping_pairs(summary, width, OVERLAP_SHARE)
    clear = _under_a_stack(clear, has_row, pairs, rows, place)
    counted = np.bincount(own, rows.counted[keep], n).astype(np.float64)
    arguments = (kernel.score_bins(score), clear, counted)
    read = kernel.read_places(*arguments, np.zeros((n, count)), birth, death, false_share)
    blocked = _blocked(read.present, counted, pairs)
    if blocked.any():
        read = kernel.read_places(*arguments, blocked, birth, death, false_share)
    stretches, of_row = _stretches(rows, place, read)
    return assemble(rows, stretches, of_row, clear, read.present, place)


def _with_counted_rows(place: Ints, counted: Bools) -> tuple[Ints, Bools]:
    """Places renumbered to those that ever held a counted row; -1 and False for rows of the others."""
    chosen = np.unique(place[counted])
    index = np.searchsorted(chosen, place)
    keep = np.isin(place, chosen)
    return np.where(keep, index, -1).astype(np.int64), keep


def _under_a_stack(clear: Bools, has_row: Bools, pairs: tuple[Ints, Ints], rows: Rows, place: Ints) -> Bools:
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


def _stretches(rows: Rows, place: Ints, read: kernel.Places) -> tuple[Stretches, Ints]:
    """Stretches of presence at places that are not clutter, and the stretch of each row, -1 for none."""
    at, first, last = kernel.runs(read.path)
    kept = (read.classes[:, : kernel.REAL].sum(1) > 0.5)[at]
    at, first, last = at[kept], first[kept], last[kept]
    of_cell = np.full(read.path.shape, -1, np.int64)
    for t in range(read.path.shape[1]):
        here = np.flatnonzero((first <= t) & (t <= last))
        of_cell[at[here], t] = here
    of_row = np.full(len(place), -1, np.int64)
    placed = place >= 0
    of_row[placed] = of_cell[place[placed], rows.date[placed]]
    surfaces = Surfaces(rows.date, rows.boxes.rgb, rows.boxes.weight, rows.tiers)
    mobile = read.classes[at, kernel.MOBILE] > 0.5
    whole = Stretches(at, first, last, np.full(len(at), -1, np.int64))
    return split_stretches(whole, of_row, surfaces, mobile, CONFIDENT, COLOR_SPREAD_FLOOR)
