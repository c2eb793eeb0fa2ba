"""Where a spot stood empty between two boxes that presence alone takes for one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints

LEAST_GAP_EVIDENCE: Final = 0.0
"""Log odds of a box that comes in the place of another within one interval, against one that comes after a look at the
empty spot: where colours show two boxes, either holds a departure and an arrival."""
MISSED_BOX_ODDS: Final = 3.3
"""Times the share of looks between which tops change: odds that the look missed a third box. Half of such looks do so
at the calibration's ports, none where consignments leave."""


class _Runs(NamedTuple):
    """Stretches that grow in number while they are split."""

    last: Ints
    added: list[tuple[int, int, int]]


def longest_gap(evidence: Floats) -> tuple[int, int]:
    """The run of dates that is most evidence for an empty spot.

    Parameters
    ----------
    evidence : float64 (date,)
        Log-likelihood of what each date shows were the spot full, less that were it empty.

    Returns
    -------
    first, end : int
        Its first date and the one after its last; 0, 0 where no run is evidence for it.
    """
    summed = np.concatenate([[0.0], np.cumsum(-evidence)])
    begin = np.array([int(summed[: k + 1].argmin()) for k in range(len(summed))])
    gain = summed - summed[begin]
    end = int(gain.argmax())
    return (int(begin[end]), end) if gain[end] > LEAST_GAP_EVIDENCE else (0, 0)


def gap_evidence(place: Ints, date: Ints, begin: Ints, evidence: Floats) -> Floats:
    """How much the dates between a look and the one before it are evidence for an empty spot.

    Parameters
    ----------
    place, date : int64 (look,)
        In order of date within each series.
    begin : int64 (series + 1,)
        First look of each series, and the number of looks.
    evidence : float64 (place, date)
        See `longest_gap`.

    Returns
    -------
    float64 (look,)
        Log-likelihood ratio, 0 and more; 0 at the first look of a series and where no date lies between.
    """
    gap = np.zeros(len(place))
    apart = np.append(0, np.diff(date))
    apart[begin[:-1]] = 0
    for look in np.flatnonzero(apart > 1):
        between = evidence[place[look], date[look - 1] + 1 : date[look]]
        a, b = longest_gap(between)
        gap[look] = -between[a:b].sum()
    return gap


def split_at_gaps(
    place: Ints,
    first: Ints,
    last: Ints,
    of_row: Ints,
    date: Ints,
    cuts: tuple[Ints, Ints],
    evidence: Floats,
    share: float,
) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Stretches split where their spot stood empty between two boxes.

    Parameters
    ----------
    place, first, last : int64 (stretch,)
        Place, first and last date.
    of_row, date : int64 (row,)
        Stretch, -1 for none, and date.
    cuts : two int64 (cut,)
        The row that shows one box last and that which shows the next one first, both of one stretch; in order of date
        within each.
    evidence : float64 (place, date)
        See `longest_gap`.
    share : float
        Of the pairs of looks between which tops change, 0 to 1.

    Returns
    -------
    place, first, last, of_row : int64
        Those given, ended where the spot is empty, then those that begin after that; rows between belong to none.
    most : float64 (place, date)
        Probability that a box stands there after all, where the spot is taken for empty; 1 elsewhere.
    """
    most = np.ones(evidence.shape)
    last, label = last.copy(), of_row.copy()
    order = np.argsort(of_row, kind="stable")
    bounds = np.searchsorted(of_row[order], np.arange(len(place) + 1))
    runs = _Runs(last, [])
    for before, after in zip(*cuts, strict=True):
        k, own = int(of_row[before]), int(label[before])
        low = int(date[before]) + 1
        begin, end = longest_gap(evidence[place[k], low : date[after]])
        if end == begin:
            continue
        odds = max(float(np.exp(evidence[place[k], low + begin : low + end].sum())), MISSED_BOX_ODDS * share)
        most[place[k], low + begin : low + end] = odds / (1.0 + odds)
        rows = order[bounds[k] : bounds[k + 1]]
        label[rows[(date[rows] >= low + begin) & (date[rows] < low + end)]] = -1
        label[rows[date[rows] >= low + end]] = len(place) + len(runs.added)
        until = _end_at(runs, own, len(place), low + begin - 1)
        runs.added.append((int(place[k]), low + end, until))
    extra = np.array(runs.added, np.int64).reshape(-1, 3).T
    joined = [np.concatenate(pair) for pair in zip((place, first, last), extra, strict=True)]
    return joined[0], joined[1], joined[2], label, most


def _end_at(runs: _Runs, number: int, given: int, date: int) -> int:
    """End a stretch, one of those given or of those added, at a date; the last date that it had."""
    if number < given:
        until = int(runs.last[number])
        runs.last[number] = date
        return until
    place, first, until = runs.added[number - given]
    runs.added[number - given] = (place, first, date)
    return until
