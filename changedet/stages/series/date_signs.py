"""What the boxes of a date, and of the looks that it is read from, show of how far its count can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.doubts import Signs
from changedet.stages.series.counts import TrackedBoxes

SHOWN: Final = 0.5
"""Share of the expected boxes up to which a look may hide them and still be one that others are read from."""


def date_signs(boxes: TrackedBoxes, t: int, expected: float) -> Signs:
    """Signs of doubt of a date: its own, and for what it hides those of the looks before and after it.

    What a date hides is expected from the looks on either side, so it can be trusted as far as they on average.

    Parameters
    ----------
    boxes : TrackedBoxes
    t : int
        Index of the date.
    expected : float
        Containers on it.

    Returns
    -------
    Signs
        On a date that does not show the boxes, nothing is missed by itself.
    """
    own, share = _own(boxes, t, expected), _hidden_share(boxes, t)
    if share == 0:
        return own
    each = expected / float(boxes.present[:, t].sum())
    around = [_own(boxes, s, each * float(boxes.present[:, s].sum())) for s in _looks_around(boxes, t)]
    if not around:
        return own
    lent = share * np.mean(np.array(around), axis=0)
    return Signs(*(np.array(own) + lent).tolist())._replace(expected=expected)


def _own(boxes: TrackedBoxes, t: int, expected: float) -> Signs:
    here = boxes.row_date == t
    counted, sure = boxes.row_counted[here], boxes.row_confidence[here]
    container = np.isin(boxes.row_kind[here], list(TEU_OF_KIND))
    detected = int((counted & container).sum())
    uncertain = float((1.0 - sure[counted & container]).sum())
    weak = float(sure[container & ~counted].sum())
    hidden = float(boxes.present[~boxes.clear[:, t], t].sum())
    missed = 0.0 if boxes.blind[t] else max(0.0, abs(expected - detected) - hidden)
    return Signs(expected, uncertain, weak, missed, float((counted & ~container).sum()))


def _hidden_share(boxes: TrackedBoxes, t: int) -> float:
    """Share of the boxes that are expected on a date and that it hides; 0 where none is."""
    whole = float(boxes.present[:, t].sum())
    return float(boxes.present[~boxes.clear[:, t], t].sum()) / whole if whole > 0 else 0.0


def _looks_around(boxes: TrackedBoxes, t: int) -> Iterator[int]:
    """The nearest date before and the nearest after that shows most of its boxes."""
    dates = boxes.present.shape[1]
    for side in (range(t - 1, -1, -1), range(t + 1, dates)):
        yield from islice((s for s in side if _hidden_share(boxes, s) <= SHOWN), 1)
