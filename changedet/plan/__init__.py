"""What a run will do, decided from the workflow and the scenes' headers alone; no pixel is read."""

from __future__ import annotations

from changedet.plan.make import make_plan, without
from changedet.plan.model import CANNOT, LATTICE_PX, Plan, countable
from changedet.plan.open_scenes import SKIP_HINT
from changedet.plan.resources import available_bytes, cores

__all__ = [
    "CANNOT", "LATTICE_PX", "SKIP_HINT", "Plan", "available_bytes", "cores", "countable", "make_plan", "without",
]  # fmt: skip
