"""A plan as notebooks show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from changedet.outputs.notebook import Row, card

if TYPE_CHECKING:
    from changedet.plan.model import Plan

MOST_DATES: Final = 12
"""Dates that are named one by one."""
_MEGABYTE: Final = 1e6


def plan_card(plan: Plan, counted: str) -> str:
    """What a run would do, in short.

    Parameters
    ----------
    plan : Plan
        As `make_plan` gives it.
    counted : str
        Whether containers can be counted, in words.

    Returns
    -------
    str
        HTML, the plan's warnings below.
    """
    grid = plan.grid
    height, width = grid.shape
    rows: list[Row] = [
        ("grid", f"{width} x {height} px of {grid.resolution_m:g} m, {grid.crs}"),
        ("dates", _listed([f"{look.date} ({look.gsd_m:.3g} m)" for look in plan.looks])),
        ("reference", str(plan.looks[plan.reference].date)),
        ("bands", ", ".join(plan.roles)),
        *((name, f"{choice.method}: {choice.reason}") for name, choice in plan.choices.items()),
        ("containers", counted),
        ("compute", f"{plan.scheduler}, {plan.workers} workers, about {plan.memory_bytes / _MEGABYTE:.0f} MB"),
        ("results", str(plan.folder.path)),
    ]
    site = plan.workflow.site
    return card(f"Plan {site.id}: {site.name}", rows, plan.warnings)


def _listed(words: Sequence[str]) -> str:
    if len(words) <= MOST_DATES:
        return ", ".join(words)
    return f"{', '.join(words[: MOST_DATES - 1])} .. {words[-1]}, {len(words)} in all"
