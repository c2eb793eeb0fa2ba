"""What the pixels of all dates decide about boxes in doubt, before the boxes decide about the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from changedet.arrays import Ints, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.base_scores import mean_scores
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.kernels.box_decisions import NONE
from changedet.pipeline.kernels.box_doubts import EVEN_SCORE


def settled(marks: Sequence[BoxMarks | None], scores: Singles, grid: Grid, window: Window) -> list[BoxMarks | None]:
    """Let the pixels decide about the boxes in doubt.

    A box that the tracks say came or left and that the pixels of one date reject is clutter, and decides on no date:
    else one mask would show it and another not, and no track could agree with both.

    Parameters
    ----------
    marks : sequence of BoxMarks or None
        Of each date; None where none were followed.
    scores : float32 (date, y, x)
        Probability of change of the window's pixels before boxes decide; NaN is not observed.
    grid : Grid
    window : Window
        Holds the base of every box that matters, see `box_marks.halo_px`; may reach beyond the grid.

    Returns
    -------
    list of BoxMarks or None
        Without boxes that are none of the decisions.
    """
    decided = [
        None if own is None else replace(own, decision=_decided(own, score, grid, window))
        for own, score in zip(marks, scores, strict=True)
    ]
    clutter = [
        own.track[own.in_doubt & (new.decision == NONE)]
        for own, new in zip(marks, decided, strict=True)
        if own is not None and new is not None
    ]
    gone = np.concatenate([np.empty(0, np.int64), *clutter])
    return [None if new is None else new.chosen((new.decision != NONE) & ~np.isin(new.track, gone)) for new in decided]


def _decided(own: BoxMarks, score: Singles, grid: Grid, window: Window) -> Ints:
    """Decisions (n,) by the pixels of the boxes' own date."""
    shown = np.full(len(own.bases), EVEN_SCORE)
    asked = np.flatnonzero(own.doubts.asked >= 0)
    shown[asked] = mean_scores(own.bases[asked], score, grid, window)
    return own.doubts.settled(shown)
