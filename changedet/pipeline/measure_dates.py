"""Every date's statistics: of an earlier run's, all parts that depend on nothing that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from changedet.blocks import Task
from changedet.errors import InputError
from changedet.pipeline.date_job import DateJob, job_of
from changedet.pipeline.date_model import DateModel, KeptParts, read_date_model, write_date_model
from changedet.pipeline.identities import causes, identities, kept_parts, model_identity
from changedet.pipeline.measure import measure
from changedet.pipeline.samples import Sample, reference_sample
from changedet.pipeline.scheduling import Session
from changedet.pipeline.unread import UnreadScenesError, blamed, require_same


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
    days = [look.date for look in plan.looks]
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
    reference = session.plan.reference
    reference_model, sample = _measured_reference(session, kept.get(reference))
    models = {reference: reference_model} if reference in kept else {}
    others = [i for i in kept if i != reference]
    tasks: list[Task] = [
        (_measured_or_error, (job_of(session.plan, i), sample, reference_model, kept[i])) for i in others
    ]
    unread: dict[int, InputError] = {}
    for k, found in session.stream("measuring", tasks):
        if isinstance(found, InputError):
            unread[others[k]] = found
        else:
            models[others[k]] = found[0]
    if unread:
        raise UnreadScenesError(unread)
    return models


def _measured_reference(session: Session, kept: KeptParts | None) -> tuple[DateModel, Sample | None]:
    """The reference's statistics and sample; where `kept` is None nothing is to be measured."""
    plan = session.plan
    look, job = plan.looks[plan.reference], job_of(plan, plan.reference)
    if kept is None:
        ((_, sample),) = session.stream("measuring", [(reference_sample, (job,))])
        return read_date_model(session.folder.model(look.date)), sample
    task: Task = (_measured_or_error, (job, None, None, kept))
    ((_, found),) = session.stream("measuring", [task])
    if isinstance(found, InputError):
        raise blamed(plan, look, found)
    model, sample = found
    return model, sample


def _measured_or_error(
    job: DateJob, sample: Sample | None, reference_model: DateModel | None, kept: KeptParts
) -> tuple[DateModel, Sample | None] | InputError:
    """A date's statistics, or why it has none: one bad scene names itself and does not stop the others."""
    try:
        return measure(job, sample, reference_model, kept)
    except InputError as error:
        return error
