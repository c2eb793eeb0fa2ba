"""Scenes that opened and cannot be read: which date they belong to, and the plan without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from changedet.errors import InputError, Problem
from changedet.imagery.look import Look
from changedet.pipeline.scheduling import Session
from changedet.plan import SKIP_HINT, Plan, without

T = TypeVar("T")
NO_SUCH_FILE: Final = ": no such file"
"""How `changedet.imagery.datasets.reading` ends."""
NOT_ON_WORKER: Final = "is here, but not on a worker of the cluster; workers must see scenes under the same paths"


class UnreadScenesError(Exception):
    """Scenes opened and could not be read.

    Parameters
    ----------
    found : mapping of int to InputError
        By the index of their look.
    """

    def __init__(self, found: Mapping[int, InputError]) -> None:
        super().__init__()
        self.found = found


def plan_without(plan: Plan, unread: Mapping[int, InputError]) -> Plan:
    """Leave scenes that cannot be read out of a plan, where the workflow allows it.

    Parameters
    ----------
    plan : Plan
    unread : mapping of int to InputError
        By the index of their look.

    Returns
    -------
    Plan
        With a warning for each problem.

    Raises
    ------
    InputError
        ``read.on_error`` is ``stop``.
    """
    problems = [problem for error in unread.values() for problem in error.problems]
    if plan.workflow.read.on_error != "skip":
        raise InputError([replace(one, message=one.message + SKIP_HINT) for one in problems])
    return without(plan, unread, [f"scene skipped: {problem}" for problem in problems])


def blamed(plan: Plan, look: Look, error: InputError) -> UnreadScenesError | InputError:
    """Say what a date's failed task means for the run.

    Parameters
    ----------
    plan : Plan
    look : Look
        Whose task failed.
    error : InputError
        It names a file: of that date, or of the reference.

    Returns
    -------
    UnreadScenesError or InputError
        The date whose file is named cannot be read; the latter of the reference, without which nothing is compared, and
        of files that are there but not on the worker that looked: other workers may see them.
    """
    unseen = [path for path in map(_missing_file, error.problems) if Path(path).is_file()]
    if unseen:
        return InputError([Problem(NOT_ON_WORKER, file=path) for path in unseen])
    at = next((i for i, other in enumerate(plan.looks) if _names_file_of(error, other)), plan.looks.index(look))
    if at != plan.reference:
        return UnreadScenesError({at: error})
    remedy = "; it is the reference, without which nothing is compared: give another date as 'before'"
    alone = len(plan.looks) == 1
    return error if alone else InputError([replace(one, message=one.message + remedy) for one in error.problems])


def require_same(session: Session, looks: Sequence[Look]) -> None:
    """Require that the files of some dates still are what they were when the run began.

    Parameters
    ----------
    session : Session
    looks : sequence of Look
        What was read.

    Raises
    ------
    InputError
        The reference was changed.
    UnreadScenesError
        Another date was changed: it is left out where one that cannot be read is.
    """
    try:
        session.require_inputs(looks)
    except InputError as error:
        raise blamed(session.plan, looks[0], error) from error


def or_error(function: Callable[..., T], *arguments: object) -> T | InputError:
    """What a function gives of a date, or why it does not: one bad scene names itself and does not stop the others.

    Parameters
    ----------
    function : callable
        Reads a date.
    *arguments
        What it takes.

    Returns
    -------
    object
        What it returns, or the error that it raised.
    """
    try:
        return function(*arguments)
    except InputError as error:
        return error


def _missing_file(problem: Problem) -> str:
    """The file that is missing, as the problem has it; empty for another problem."""
    said = str(problem)
    return said.removesuffix(NO_SUCH_FILE) if said.endswith(NO_SUCH_FILE) else ""


def _names_file_of(error: InputError, look: Look) -> bool:
    paths = [path for scene in look.scenes for path in scene.rasters]
    return any(str(problem).startswith(f"{path}: ") for problem in error.problems for path in paths)
