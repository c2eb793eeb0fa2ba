"""Boxes in doubt: the tracks alone cannot decide, the change of their pixels does."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, NONE

EVEN_SCORE: Final = 0.02
"""Mean probability of change in a box's base that speaks neither for a change nor against it. From it a factor of ten
is worth .8 to 1.6 in natural log odds, half of what it says, whatever the doubt (painted 42, 43, 49 and 50, own 7361;
docs/research/tracks.md). Chosen by hand on whole sites, as the next."""
LEAST_SCORE: Final = 0.005
"""Least threshold: below it, ground that changed and ground that stayed have the same scores."""
LEAST_PROBABILITY: Final = 1e-3
"""Of a change: below it no pixels tell otherwise."""


class BoxLooks(NamedTuple):
    """What the reference and another date show of each box.

    Attributes
    ----------
    decision : int64 (box,)
        Of `box_decisions`, by the tracks alone.
    probability : float64 (box,)
        That the box stood there on one of both dates and not on the other.
    counted_before, counted_after : bool (box,)
        Whether the reference and the date show it by a counted detection.
    only_confidence : float64 (box,)
        Confidence of the one look that shows it at all; NaN where several do.
    """

    decision: Ints
    probability: Floats
    counted_before: Bools
    counted_after: Bools
    only_confidence: Floats


class BoxDoubts(NamedTuple):
    """How the pixels may decide about each box.

    Attributes
    ----------
    moved : int64 (box,)
        Decision where the mean score of the base is above `asked`; else none.
    asked : float64 (box,)
        Threshold of the mean probability of change in the base; -1 for boxes that are not in doubt.
    """

    moved: Ints
    asked: Floats

    def settled(self, shown: Floats) -> Ints:
        """Decide by the pixels.

        Parameters
        ----------
        shown : float64 (box,)
            Mean probability of change in the base; NaN where nothing is seen.

        Returns
        -------
        int64 (box,)
            Decisions.
        """
        return np.where(np.where(np.isnan(shown), EVEN_SCORE, shown) > self.asked, self.moved, NONE)


def without_doubts(decision: Ints) -> BoxDoubts:
    """Leave all decisions as they are.

    Parameters
    ----------
    decision : int64 (box,)

    Returns
    -------
    BoxDoubts
        No box is in doubt.
    """
    return BoxDoubts(decision, np.full(len(decision), -1.0))


def box_doubts(looks: BoxLooks) -> BoxDoubts:
    """Find the boxes in doubt, and what their pixels must show.

    A box that one look alone shows has moved where its detection and the pixels together say so: of its log odds and of
    theirs half counts. A box that only one of both dates counts, and of which its track does not know what became,
    has moved where the track's own probability and the pixels say so. What the track says stayed is never in doubt.

    Parameters
    ----------
    looks : BoxLooks

    Returns
    -------
    BoxDoubts
        In the order of the boxes.
    """
    decision = looks.decision
    moves = np.isin(decision, (ARRIVED, LEFT))
    found = without_doubts(decision)
    confidence = np.clip(looks.only_confidence, LEAST_PROBABILITY, 1.0)
    by_one = EVEN_SCORE * (1.0 - confidence) / confidence
    alone = moves & (by_one >= LEAST_SCORE)
    odds = np.clip(looks.probability, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    by_track = EVEN_SCORE * ((1.0 - odds) / odds) ** 2
    other = (decision == NONE) & (looks.counted_before != looks.counted_after)
    asked = np.where(alone, by_one, found.asked)
    asked = np.where(other & (by_track >= LEAST_SCORE), by_track, asked)
    moved = np.where(other, np.where(looks.counted_before, LEFT, ARRIVED), decision)
    return BoxDoubts(moved.astype(np.int64), asked)
