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
            Weights(plain=2.84, expected=0.114, uncertain=0.0, weak=0.0, missed=0.0, others=0.0),
            Weights(plain=5.338, expected=0.107, uncertain=1.601, weak=0.0, missed=0.4, others=0.0),
        ),
        events=(
            Weights(plain=3.45, expected=0.517, uncertain=0.0, weak=0.0, missed=0.0, others=0.0),
            Weights(plain=5.918, expected=0.0, uncertain=0.0, weak=0.444, missed=0.0, others=0.118),
        ),
    ),
}
"""By detector; none where nothing was fitted."""
