"""What a run will do, decided from the workflow and the scenes' headers; no pixel is read but by `as_shown`."""

from __future__ import annotations

from changedet.blocks.control_groups import cores
from changedet.plan.machine import Share, available_bytes, share_of
from changedet.plan.make import as_shown, make_plan, without
from changedet.plan.memory import STARTED_BYTES
from changedet.plan.model import CANNOT, LATTICE_PX, Plan, countable
from changedet.plan.open_scenes import SKIP_HINT

__all__ = [
    "CANNOT", "LATTICE_PX", "SKIP_HINT", "STARTED_BYTES", "Plan", "Share", "as_shown", "available_bytes", "cores",
    "countable", "make_plan", "share_of", "without",
]  # fmt: skip
