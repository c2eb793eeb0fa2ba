"""``changedet init``: a commented workflow from the scenes' own metadata; what they leave open is asked for."""

from __future__ import annotations

from changedet.workflow.starter.draft import init

__all__ = ["init"]
