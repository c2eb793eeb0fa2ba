"""The boxes of a stretch, from the runs of looks of one colour and what each new top means."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Ints, Singles
from changedet.stages.tracks.kernels.top_steps import SET_ON_TOP, UNCOVERED

SAME_COLOUR_COST: Final = 3.5
"""Median cost of looks (`colour_changepoints.ColourSeries`) below which two runs show one colour. Chosen by hand."""


class Stack(NamedTuple):
    """The boxes of one stretch; a run is a run of looks of one colour.

    Attributes
    ----------
    shown : int64 (run,)
        The box on top in each run.
    begin, end : int64 (box,)
        Its first run, and the first without it.
    below : int64 (box,)
        The box that it was set on; -1 for the ground.
    uncovered : bool (box,)
        True where it stood there unseen before its first run.
    """

    shown: Ints
    begin: Ints
    end: Ints
    below: Ints
    uncovered: Bools


def stack_of(cost: Singles, starts: list[int], tops: Ints) -> Stack:
    """The boxes that runs of looks of one colour show; a colour that returns is the old box, from under a later one.

    Parameters
    ----------
    cost : float32 (look, look)
        See `colour_changepoints.ColourSeries`.
    starts : list of int
        First look of each run.
    tops : int64 (run - 1,)
        What each run after the first means, where its colour was not seen before.

    Returns
    -------
    Stack
        Of one box at least.
    """
    runs = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(cost)], strict=True)]

    def _alike(first: int, second: int) -> bool:
        return float(np.median(cost[runs[second], runs[first]])) < SAME_COLOUR_COST

    shown, begin, end, below, uncovered, standing = [0], [0], [len(starts)], [-1], [False], [0]
    for k in range(1, len(starts)):
        hidden = [box for box in standing[:-1] if _alike(begin[box], k)]
        returns = any(_alike(k - 1, later) for later in range(k + 1, len(starts)))
        kept = standing.index(hidden[-1]) + 1 if hidden else len(standing)
        if not hidden and not returns and tops[k - 1] != SET_ON_TOP:
            kept -= 1
        for box in standing[kept:]:
            end[box] = k
        standing = standing[:kept]
        if not hidden:
            below.append(standing[-1] if standing else -1)
            uncovered.append(not returns and tops[k - 1] == UNCOVERED)
            standing.append(len(begin))
            begin.append(k)
            end.append(len(starts))
        shown.append(standing[-1])
    columns = [np.array(part, np.int64) for part in (shown, begin, end, below)]
    return Stack(columns[0], columns[1], columns[2], columns[3], np.array(uncovered))
