"""Which masks wait for all dates: they are noted before the first tile, and written once the last date is there."""

from __future__ import annotations

from pathlib import Path

from changedet.pipeline.date_files import files_of_date
from changedet.pipeline.date_job import job_of
from changedet.pipeline.identities import masks_identity
from changedet.plan import Plan


def begin_masks(plan: Plan) -> None:
    """Note which masks are to come, before a pass forgets that it wrote some of an earlier run.

    Parameters
    ----------
    plan : Plan
    """
    for i in pending_masks(plan):
        plan.folder.begin(f"masks:{plan.looks[i].date}", files_of_masks(plan, i))


def pending_masks(plan: Plan) -> list[int]:
    """List the dates whose masks are read together with the others' and are not done.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of int
        Indices of their looks.
    """
    if not plan.persists:
        return []
    wanted = masks_identity(plan)
    done = [plan.folder.is_done(f"masks:{day}", wanted) for day in plan.dates]
    return [i for i in range(len(done)) if i != plan.reference and not done[i]]


def files_of_masks(plan: Plan, i: int) -> list[Path]:
    """List the files of a date's masks.

    Parameters
    ----------
    plan : Plan
    i : int
        Index of its look.

    Returns
    -------
    list of Path
        Whether they exist or not.
    """
    return files_of_date(plan, job_of(plan, i), "masks")
