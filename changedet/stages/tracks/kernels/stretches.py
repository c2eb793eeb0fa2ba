"""Stretches of presence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints


class Stretches(NamedTuple):
    """Stretches of presence: ``place``, ``first`` and ``last`` date index (inclusive), each (n,); ``below`` (n,), the
    stretch that this one stands on top of and hides, -1 for none; ``uncovered`` (n,), True where it stood there unseen
    before its first date."""

    place: Ints
    first: Ints
    last: Ints
    below: Ints
    uncovered: Bools


class Surfaces(NamedTuple):
    """What rows show of their boxes: date index, ``rgb`` (n, 3) with NaN for no colour, whether that colour counts,
    whether they lay in deep shade, ``tiers`` with NaN for unknown; ``offset`` (n, 2), where they lie about one spot of
    their place, and ``lean`` (n, 2), how far the look moves the top of one box more, in metres."""

    date: Ints
    rgb: Floats
    usable: Bools
    shaded: Bools
    tiers: Floats
    offset: Floats
    lean: Floats


def whole(place: Ints, first: Ints, last: Ints) -> Stretches:
    """Stretches of one box each, as far as presence tells."""
    return Stretches(place, first, last, np.full(len(place), -1, np.int64), np.zeros(len(place), bool))


def presence_runs(path: Bools) -> tuple[Ints, Ints, Ints]:
    """Unbroken stretches of presence: row, first and last column (inclusive) of each, in row order."""
    edged = np.zeros((path.shape[0], path.shape[1] + 2), np.int8)
    edged[:, 1:-1] = path
    step = np.diff(edged, axis=1)
    row, first = np.nonzero(step == 1)
    return row.astype(np.int64), first.astype(np.int64), np.nonzero(step == -1)[1].astype(np.int64) - 1
