"""New tops of a site's stacks: which looks show another box on top, and what it means, told as a change or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.roofs import TopPairs
from changedet.stages.tracks.kernels.stretches import Stretches, Surfaces
from changedet.stages.tracks.kernels.top_steps import (
    REPLACED,
    SET_ON_TOP,
    UNCOVERED,
    HeightSteps,
    TopShares,
    meanings,
)


class NewTops(NamedTuple):
    """Probabilities of new tops where a box stood the date before.

    Attributes
    ----------
    other : float64 (place, date)
        Of another box on top than on the date before. Of two looks what their light says, in equal parts on the dates
        from one to the other; beyond the first and the last of a stretch the site's share. 0 where nothing stood.
    came, left : float64 (place, date)
        Of one that was set on the old one, or came in its place; and of one that was laid bare, or came in its place.
    """

    other: Floats
    came: Floats
    left: Floats


def told_steps(steps: HeightSteps, first: Ints, second: Ints) -> tuple[Floats, Floats]:
    """Steps from one row to another.

    Parameters
    ----------
    steps : HeightSteps
        Of all rows.
    first, second : int64 (pair,)
        Rows.

    Returns
    -------
    step, error : float64 (pair,)
        Infinite errors where another look lies between.
    """
    return steps.step[second], np.where(steps.before[second] == first, steps.error[second], np.inf)


def new_tops(
    pairs: TopPairs,
    share: float,
    of_step: TopShares,
    steps: HeightSteps,
    rows: Surfaces,
    stretches: Stretches,
    of_row: Ints,
    shape: tuple[int, int],
) -> NewTops:
    """Probabilities of new tops.

    Parameters
    ----------
    pairs : TopPairs
        Of neighbouring looks.
    share : float
        Of such pairs that show another box, on the site.
    of_step : TopShares
        What new tops mean on the site.
    steps : HeightSteps
        Of all rows.
    rows : Surfaces
    stretches : Stretches
        Of presence, before any is cut.
    of_row : int64 (row,)
        The stretch of each row; -1 for none.
    shape : (int, int)
        Places and dates.

    Returns
    -------
    NewTops
        Of all places and dates.
    """
    unknown = np.full(1, np.nan)
    usual = share * _events(meanings(of_step, unknown, np.full(1, np.inf), unknown))[:, 0]
    out = np.zeros((len(usual), *shape))
    for place, first, last in zip(stretches.place, stretches.first, stretches.last, strict=True):
        out[:, place, first + 1 : last + 1] = usual[:, None]
    dates = rows.date[pairs.second] - rows.date[pairs.first]
    tiers = rows.tiers[pairs.second] - rows.tiers[pairs.first]
    meaning = meanings(of_step, *told_steps(steps, pairs.first, pairs.second), tiers)
    each = pairs.other / dates * _events(meaning)
    place = stretches.place[of_row[pairs.first]]
    for step in range(int(dates.max(initial=0))):
        own = step < dates
        out[:, place[own], rows.date[pairs.first[own]] + 1 + step] = each[:, own]
    return NewTops(*out)


def _events(meaning: Floats) -> Floats:
    """Probabilities (3, top) that a new top is one, that a box came, and that one left."""
    both = meaning[:, REPLACED]
    return np.stack([np.ones(len(meaning)), meaning[:, SET_ON_TOP] + both, meaning[:, UNCOVERED] + both])
