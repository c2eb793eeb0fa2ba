"""Stage change: where does a date differ from the reference, and from which score on is it a change.

The threshold is part of the fitted model, so are the method's parameters and the least area of a change; what applies a
model needs nothing else. Scores and thresholds are unsupervised: no truth was looked at.
"""

from __future__ import annotations

from changedet.change import learned, optical, radar
from changedet.change.scoring import change_mask, change_score
from changedet.change.stage import STAGE, choose, false_share

__all__ = ["STAGE", "change_mask", "change_score", "choose", "false_share", "learned", "optical", "radar"]
