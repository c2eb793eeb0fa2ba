"""Every date's statistics: of an earlier run's, all parts that depend on nothing that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from changedet.blocks import Task, give_back_memory
from changedet.errors import InputError
from changedet.kernels.compiled import load_compiler
from changedet.pipeline.alignment_sample import alignment_of
from changedet.pipeline.date_job import job_of, measuring_job
from changedet.pipeline.date_model import DateModel, KeptParts, read_date_model, write_date_model
from changedet.pipeline.identities import causes, identities, kept_parts, model_identity
from changedet.pipeline.measure import measure
from changedet.pipeline.samples import ReadSample, Sample, reference_sample, unaligned_sample
from changedet.pipeline.scheduling import Session
from changedet.pipeline.unread import UnreadScenesError, blamed, or_error, require_same
from changedet.stages.align.alignment import Alignment


def measure_dates(session: Session) -> dict[date, DateModel]:
    """Measure every date of which something is not done.

    Parameters
    ----------
    session : Session

    Returns
    -------
    dict of date to DateModel
        Of all dates, as they are now kept in the run folder.

    Raises
    ------
    InputError
        The reference cannot be read.
    UnreadScenesError
        Others cannot be read.
    """
    plan, folder = session.plan, session.folder
    days = plan.dates
    wanted = [identities(plan, i) for i in range(len(days))]
    pending = [i for i, day in enumerate(days) if not folder.is_done(f"measure:{day}", model_identity(wanted[i]))]
    kept = {i: kept_parts(folder, days[i], wanted[i]) for i in pending}
    measured = _measured(session, kept) if pending else {}
    if measured:
        require_same(session, plan.looks)
    for i, model in measured.items():
        path = folder.model(days[i])
        whole = replace(model, identities=wanted[i])
        write = partial(write_date_model, path, whole)
        folder.once(f"measure:{days[i]}", model_identity(wanted[i]), [path], write, causes(plan, i, "measure"))
    return {day: read_date_model(folder.model(day)) for day in days}


def _measured(session: Session, kept: Mapping[int, KeptParts]) -> dict[int, DateModel]:
    """The statistics of the dates of which some parts are kept, by the index of their look.

    Raises
    ------
    UnreadScenesError
        Dates other than the reference cannot be read.
    """
    if session.threads > 1:
        # Beside the decoding of the first scene.
        session.pools.of("threads").submit(load_compiler)
    reference = session.plan.reference
    others = [i for i in kept if i != reference]
    ahead = others[: max(0, session.threads - 1)] if reference in kept else []
    reference_model, sample, begun = _measured_reference(session, kept, ahead)
    models = {reference: reference_model} if reference in kept else {}

    def _task(i: int) -> Task:
        own, alignment = begun.pop(i, (None, kept[i].alignment))
        parts = replace(kept[i], alignment=alignment)
        read = None if own is None else ReadSample(own)
        return or_error, (measure, measuring_job(session.plan, i), sample, reference_model, parts, read)

    give_back_memory()
    unread: dict[int, InputError] = {}
    # One by one, so that what was read of a date is kept no longer than its task.
    for k, found in session.stream("measuring", map(_task, others), total=len(others)):
        if isinstance(found, InputError):
            unread[others[k]] = found
        else:
            models[others[k]] = found[0]
    if unread:
        raise UnreadScenesError(unread)
    return models


def _measured_reference(
    session: Session, kept: Mapping[int, KeptParts], ahead: Sequence[int]
) -> tuple[DateModel, Sample | None, dict[int, tuple[Sample, Alignment | None]]]:
    """The reference's statistics and sample, and some other dates read and aligned meanwhile by threads that wait."""
    plan = session.plan
    look, parts = plan.reference_look, kept.get(plan.reference)
    if parts is None:
        ((_, sample),) = session.stream("measuring", [(reference_sample, (job_of(plan, plan.reference),))])
        return read_date_model(session.folder.model(look.date)), sample, {}
    jobs = {i: measuring_job(plan, i) for i in (plan.reference, *ahead)}
    read = _of_dates(session, {i: (or_error, (unaligned_sample, job)) for i, job in jobs.items()}) if ahead else {}
    first = read.pop(plan.reference, None)
    if isinstance(first, InputError):
        raise blamed(plan, look, first)
    # One that cannot be read is tried again later, and named then.
    own = {i: sample for i, sample in read.items() if not isinstance(sample, InputError)}
    tasks: dict[int, Task] = {
        plan.reference: (or_error, (measure, jobs[plan.reference], None, None, parts, first and ReadSample(first)))
    }
    tasks |= {i: (alignment_of, (jobs[i], sample, first)) for i, sample in own.items() if kept[i].alignment is None}
    give_back_memory()
    found = _of_dates(session, tasks)
    measured = found.pop(plan.reference)
    if isinstance(measured, InputError):
        raise blamed(plan, look, measured)
    return *measured, {i: (sample, found.get(i, kept[i].alignment)) for i, sample in own.items()}


def _of_dates(session: Session, tasks: Mapping[int, Task]) -> dict[int, Any]:
    """What tasks of dates gave, by the index of their look."""
    indices = list(tasks)
    return {indices[k]: found for k, found in session.stream("measuring", list(tasks.values()))}
