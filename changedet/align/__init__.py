"""Co-registration: how far a scene's content lies from the reference, how sure that is, and the scene moved back."""

from __future__ import annotations

from changedet.align.alignment import Alignment, AlignMethod
from changedet.align.chips import LEAST_CONFIDENCE, chips, measured_shift
from changedet.align.images import align, estimate_shift, overview_factor
from changedet.align.stage import STAGE, choose

__all__ = [
    "LEAST_CONFIDENCE",
    "STAGE",
    "AlignMethod",
    "Alignment",
    "align",
    "chips",
    "choose",
    "estimate_shift",
    "measured_shift",
    "overview_factor",
]
