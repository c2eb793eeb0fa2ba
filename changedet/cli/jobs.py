"""How many sites go on at once, and whether their plans go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from changedet.cli.messages import warn
from changedet.errors import InputError, Problem

if TYPE_CHECKING:
    from changedet.plan import Plan

AUTO: Final = "auto"
_MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class Jobs:
    """How many sites go on at once.

    Attributes
    ----------
    asked : int or None
        By the user, at most one a site; None for ``auto``.
    at_once : int
        Of what the user wants, or of the cores, as many as there can be memory for.
    memory_bytes : int
        That they may take together.
    """

    asked: int | None
    at_once: int
    memory_bytes: int


def jobs_of(words: str, sites: int) -> Jobs:
    """How many sites go on at once.

    Parameters
    ----------
    words : str
        A number, or ``auto``: as many as there are cores, and as fit into half the free memory.
    sites : int
        How many there are.

    Returns
    -------
    Jobs
        At least one at once.

    Raises
    ------
    click.UsageError
        It is neither.
    """
    if words != AUTO and not (words.isdecimal() and int(words)):
        raise click.UsageError(f"--jobs: '{words}' is no number of sites, expected 1 or more, or {AUTO}")
    # Imported here for a quick start.
    from changedet.plan import STARTED_BYTES, available_bytes, cores

    asked = None if words == AUTO else min(int(words), sites)
    free = available_bytes()
    memory = free // 2 if asked is None else free
    most = min(cores(), sites) if asked is None else asked
    return Jobs(asked, max(1, min(most, memory // STARTED_BYTES)), memory)


def accepted(plans: Sequence[Plan | InputError], jobs: Jobs) -> list[Plan]:
    """All plans; with a warning where fewer can go on at once than the user wants.

    Parameters
    ----------
    plans : sequence of Plan or InputError
        Of all workflows.
    jobs : Jobs
        How many are to go on at once.

    Returns
    -------
    list of Plan
        In their order.

    Raises
    ------
    InputError
        With the problems of all, or where two have the same run folder.
    """
    problems: list[Problem] = []
    found: list[Plan] = []
    for plan in plans:
        if isinstance(plan, InputError):
            problems.extend(plan.problems)
        else:
            found.append(plan)
    if problems:
        raise InputError(problems)
    _check_distinct(found)
    if jobs.asked is not None and jobs.asked > 1:
        taken = sum(nlargest(jobs.asked, (plan.memory_bytes for plan in found)))
        if taken > jobs.memory_bytes:
            said = f"{jobs.asked} sites at once may take {taken / _MEGABYTE:.0f} MB of memory"
            warn(f"--jobs: {said}, {jobs.memory_bytes / _MEGABYTE:.0f} MB are free: fewer go on at once")
    return found


def _check_distinct(plans: Sequence[Plan]) -> None:
    folders: dict[Path, str] = {}
    for plan in plans:
        folder = plan.folder.path.resolve()
        if folder in folders:
            same = f"'{plan.site_id}' is also the run folder of {folders[folder]}; give each its own id"
            raise InputError(f"{plan.workflow.path}: site.id: {same}")
        folders[folder] = plan.workflow.path
