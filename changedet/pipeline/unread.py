"""Scenes that opened and cannot be read: which date is to blame, and the plan without it."""

from __future__ import annotations

from dataclasses import replace

from changedet.errors import InputError
from changedet.imagery.look import Look
from changedet.plan import SKIP_HINT, Plan, without


class UnreadScenesError(Exception):
    """Scenes that opened and could not be read, by the index of their look."""

    def __init__(self, found: dict[int, InputError]) -> None:
        super().__init__()
        self.found = found


def plan_without(plan: Plan, unread: dict[int, InputError]) -> Plan:
    """The plan without scenes that cannot be read, where the workflow allows it.

    Raises
    ------
    InputError
        ``read.on_error`` is ``stop``.
    """
    problems = [problem for error in unread.values() for problem in error.problems]
    if plan.workflow.read.on_error != "skip":
        raise InputError([replace(one, message=one.message + SKIP_HINT) for one in problems])
    return without(plan, unread, [f"scene skipped: {problem}" for problem in problems])


def blamed(plan: Plan, look: Look, error: InputError) -> Exception:
    """What a date's failed task means: the date whose file is named cannot be read; without the reference no run."""
    at = next((i for i, other in enumerate(plan.looks) if _names_file_of(error, other)), plan.looks.index(look))
    if at != plan.reference:
        return UnreadScenesError({at: error})
    remedy = "; it is the reference, without which nothing is compared: give another date as 'before'"
    alone = len(plan.looks) == 1
    return error if alone else InputError([replace(one, message=one.message + remedy) for one in error.problems])


def _names_file_of(error: InputError, look: Look) -> bool:
    paths = [path for scene in look.scenes for path in scene.rasters]
    return any(str(problem).startswith(f"{path}: ") for problem in error.problems for path in paths)
