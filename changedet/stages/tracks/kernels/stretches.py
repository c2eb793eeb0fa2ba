"""Stretches of presence: the dates from which to which one box stands at a place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints


class Stretches(NamedTuple):
    """Stretches of presence, n of them.

    Attributes
    ----------
    place : int64 (n,)
        Index of the place.
    first, last : int64 (n,)
        Indices of the first and the last date, inclusive.
    below : int64 (n,)
        The stretch that this one stands on top of and hides; -1 for none.
    uncovered : bool (n,)
        True where the box stood there unseen, below another, before its first date.
    """

    place: Ints
    first: Ints
    last: Ints
    below: Ints
    uncovered: Bools


class Surfaces(NamedTuple):
    """What the rows show of the tops of their boxes.

    Attributes
    ----------
    date : int64 (row,)
        Index of the date.
    rgb : float64 (row, 3)
        0 to 255; NaN for no colour.
    usable : bool (row,)
        True where the colour is evidence that a box was replaced.
    faint : bool (row,)
        True of other rows whose roof is evidence where pictures show it, beside what sure ones show of the site.
    shaded : bool (row,)
        True where the box lay in deep shade.
    rim : bool (row,)
        True where clouds near by may have lightened or dimmed it.
    tiers : float64 (row,)
        Levels of the stack by its shadow; NaN for unknown.
    offset : float64 (row, 2)
        Where the box lies about one spot of its place, in metres.
    displacement : float64 (row, 2)
        How far the date displaces the top of one box more, in metres.
    light : float64 (row, along, band) or None
        Along the roofs, see `likeness.roof_logs`; NaN where it was not read, None without pictures.
    """

    date: Ints
    rgb: Floats
    usable: Bools
    faint: Bools
    shaded: Bools
    rim: Bools
    tiers: Floats
    offset: Floats
    displacement: Floats
    light: Floats | None = None


def single_boxes(place: Ints, first: Ints, last: Ints) -> Stretches:
    """Stretches of one box each, as far as presence shows.

    Parameters
    ----------
    place, first, last : int64 (n,)
        As in `Stretches`.

    Returns
    -------
    Stretches
        None on top of another, none uncovered.
    """
    return Stretches(place, first, last, np.full(len(place), -1, np.int64), np.zeros(len(place), bool))


def presence_runs(path: Bools) -> tuple[Ints, Ints, Ints]:
    """Unbroken runs of presence.

    Parameters
    ----------
    path : bool (place, date)
        True where a box is present.

    Returns
    -------
    place, first, last : int64 (run,)
        Row, first and last column (inclusive) of each run, in the order of rows.
    """
    edged = np.zeros((path.shape[0], path.shape[1] + 2), np.int8)
    edged[:, 1:-1] = path
    step = np.diff(edged, axis=1)
    row, first = np.nonzero(step == 1)
    return row.astype(np.int64), first.astype(np.int64), np.nonzero(step == -1)[1].astype(np.int64) - 1
