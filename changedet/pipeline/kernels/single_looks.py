"""Pixels that a series of masks shows unchanged before and after a look, and how many of them that look marks."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bytes
from changedet.kernels.pixel_classes import CHANGED, NOT_OBSERVED, UNCHANGED


def single_look_counts(states: Bytes, alone: Bytes) -> tuple[int, int]:
    """Count the looks at pixels that were unchanged on the clear looks before and after, and those that are marked.

    Parameters
    ----------
    states : uint8 (date, y, x)
        Masks in order of date: 0 unchanged, 1 changed, 255 not observed.
    alone : uint8 (date, y, x)
        What each date's own comparison with the reference marks, likewise.

    Returns
    -------
    quiet : int
        Looks at unchanged pixels that are observed.
    marked : int
        Those of them that `alone` marks.

    Examples
    --------
    >>> states = np.array([0, 0, 255, 0, 1], np.uint8)[:, None, None]
    >>> single_look_counts(states, np.array([0, 1, 255, 0, 1], np.uint8)[:, None, None])
    (1, 1)
    """
    quiet = marked = 0
    before = np.full(states.shape[1:], NOT_OBSERVED, np.uint8)
    after = [before]
    for state in states[:0:-1]:
        after.append(np.where(state == NOT_OBSERVED, after[-1], state))
    for state, mark, following in zip(states, alone, reversed(after), strict=True):
        counts = quiet_counts(before, following, mark)
        quiet, marked = quiet + counts[0], marked + counts[1]
        before = np.where(state == NOT_OBSERVED, before, state)
    return quiet, marked


def quiet_counts(first: Bytes, second: Bytes, marks: Bytes) -> tuple[int, int]:
    """Count the pixels that two masks show unchanged, and those of them that a comparison marks.

    Parameters
    ----------
    first, second : uint8 (y, x)
        Masks: 0 unchanged, 1 changed, 255 not observed.
    marks : uint8 (y, x)
        Of the comparison, likewise.

    Returns
    -------
    quiet : int
        Unchanged in both masks and observed by the comparison.
    marked : int
        Those of them that are 1 in `marks`.
    """
    quiet = (first == UNCHANGED) & (second == UNCHANGED) & (marks != NOT_OBSERVED)
    return int(quiet.sum()), int((marks[quiet] == CHANGED).sum())
