"""What the boxes of a date, and of the other looks that its count rests on, show of how far it can be trusted."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.doubts import Signs
from changedet.stages.series.counts import TrackedBoxes

SHOWN: Final = 0.5
"""Share of the expected boxes up to which a look may hide them and still be one that others are read from."""
OWN_SHARE: Final = 0.5
"""Of a date's own signs in those of its count, where it shows everything: tracks read a count from all looks alike, but
what came or went on the date is known from its own one."""
ONE_BOX: Final = 1.0
"""Expected boxes that are added on each look, so that signs of looks on which nothing stands do not blow up those of a
date on which something does."""


class DateSigns(NamedTuple):
    """Signs of doubt of all dates, one each.

    Attributes
    ----------
    own : tuple of Signs
        What the date's own rows show: of its arrivals and departures.
    counts : tuple of (Signs, Signs)
        Of what stands on it, below and above: what is taken for something else has no share in them, but for
        how unsure all is in those below.
    """

    own: tuple[Signs, ...]
    counts: tuple[tuple[Signs, Signs], ...]


def date_signs(boxes: TrackedBoxes, scale: float) -> DateSigns:
    """Signs of doubt of each date: its own, and those of its count, which rests on the other looks as well.

    A count is half as doubtful as its own look and half as all looks that show their boxes are, in proportion to what
    stands on each; what a date hides is read from those others alone.

    Parameters
    ----------
    boxes : TrackedBoxes
    scale : float
        Expected containers for one of the posterior's.

    Returns
    -------
    DateSigns
        On a date that does not show the boxes, nothing is missed by itself.
    """
    believed = 1.0 - boxes.row_others
    own, counts = _signs(boxes, scale, believed)
    below = counts
    if boxes.row_others.any():
        # Where much looks like boxes and is none, what is counted may be as doubtful as all that looks so.
        below = _signs(boxes, scale, np.full(len(believed), believed[boxes.row_counted].mean()))[1]
    return DateSigns(_each(own), tuple(zip(_each(below), _each(counts), strict=True)))


def _signs(boxes: TrackedBoxes, scale: float, weight: Floats) -> tuple[Floats, Floats]:
    """Signs (date, sign) of each date's rows by their weights (row,), and of its count."""
    whole = boxes.present.sum(axis=0)
    hidden = np.where(boxes.clear, 0.0, boxes.present).sum(axis=0)
    own = _own(boxes, weight, scale * whole, hidden)
    hidden_share = np.divide(hidden, whole, out=np.zeros_like(whole), where=whole > 0)
    counts = own.copy()
    shown = (hidden_share <= SHOWN) & ~boxes.blind
    if shown.any():
        around = own[shown].mean(axis=0) / (own[shown, 0].mean() + ONE_BOX)
        share = (OWN_SHARE * (1.0 - hidden_share))[:, None]
        counts = share * own + (1.0 - share) * around * (own[:, :1] + ONE_BOX)
    counts[:, 0] = own[:, 0]
    return own, counts


def _own(boxes: TrackedBoxes, weight: Floats, expected: Floats, hidden: Floats) -> Floats:
    """Signs (date, sign) of the rows of each date, in the order of `Signs`."""
    container = np.isin(boxes.row_kind, list(TEU_OF_KIND))
    counted, sure = boxes.row_counted, boxes.row_confidence
    dated = boxes.row_date >= 0

    def _summed(rows: Bools, value: Floats) -> Floats:
        kept = rows & dated
        return np.asarray(
            np.bincount(boxes.row_date[kept], (weight * value)[kept], minlength=len(expected)), np.float64
        )

    each = np.ones(len(sure))
    detected = _summed(counted & container, each)
    uncertain = _summed(counted & container, 1.0 - sure)
    weak = _summed(container & ~counted, sure)
    missed = np.where(boxes.blind, 0.0, np.maximum(0.0, np.abs(expected - detected) - hidden))
    return np.column_stack([expected, uncertain, weak, missed, _summed(counted & ~container, each)])


def _each(signs: Floats) -> tuple[Signs, ...]:
    return tuple(Signs(*row) for row in signs.tolist())
