"""By how much a date's own signs of doubt widen the intervals of its counts, for each detector.

The figures are written by training/fit_intervals.py; do not edit them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.kernels.doubts import Doubts, Weights

WEIGHTS: Final[Mapping[str, Doubts]] = {
    "learned": Doubts(
        boxes=(
            Weights(plain=1.565, expected=0.0, uncertain=1.275, weak=0.0, missed=0.0, others=0.085),
            Weights(plain=3.12, expected=0.0, uncertain=1.872, weak=1.872, missed=0.0, others=0.0),
        ),
        events=(
            Weights(plain=3.946, expected=0.592, uncertain=0.0, weak=1.184, missed=1.184, others=0.0),
            Weights(plain=0.0, expected=0.0, uncertain=0.0, weak=0.802, missed=0.0, others=0.0),
        ),
    ),
}
"""By detector; none where nothing was fitted."""
