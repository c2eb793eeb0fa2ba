"""The stage change with all its methods: importing them is what registers them."""

from __future__ import annotations

from changedet.stages.change import learned, optical, radar
from changedet.stages.change.method import STAGE

__all__ = ["STAGE", "learned", "optical", "radar"]
