"""Every date's statistics: of an earlier run's, all parts that depend on nothing that changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

from changedet.blocks import Task
from changedet.errors import InputError
from changedet.pipeline.date_job import DateJob, job_of
from changedet.pipeline.date_model import DateModel, KeptParts, read_date_model, write_date_model
from changedet.pipeline.identities import identities, kept_parts, model_identity
from changedet.pipeline.measure import measure
from changedet.pipeline.samples import Sample, reference_sample
from changedet.pipeline.scheduling import Session
from changedet.pipeline.unread import UnreadScenesError, blamed


def measure_dates(session: Session) -> dict[date, DateModel]:
    """Every date's model: of an earlier run's, all parts that depend on nothing that changed."""
    plan, folder = session.plan, session.folder
    days = [look.date for look in plan.looks]
    wanted = [identities(plan, i) for i in range(len(days))]
    pending = [i for i, day in enumerate(days) if not folder.is_done(f"measure:{day}", model_identity(wanted[i]))]
    kept = {i: kept_parts(folder, days[i], wanted[i]) for i in pending}
    for i, model in (_measure(session, kept) if pending else {}).items():
        path = folder.model(days[i])
        whole = replace(model, identities=wanted[i])
        folder.once(f"measure:{days[i]}", model_identity(wanted[i]), [path], partial(write_date_model, path, whole))
    return {day: read_date_model(folder.model(day)) for day in days}


def _measure(session: Session, kept: dict[int, KeptParts]) -> dict[int, DateModel]:
    plan, folder = session.plan, session.folder
    day = plan.looks[plan.reference].date
    job = job_of(plan, plan.reference)
    models: dict[int, DateModel] = {}
    if plan.reference in kept:
        task: Task = (_measure_one, (job, None, None, kept[plan.reference]))
        ((_, found),) = session.stream("measuring", [task])
        if isinstance(found, InputError):
            raise blamed(plan, plan.looks[plan.reference], found)
        reference_model, sample = found
        models[plan.reference] = reference_model
    else:
        reference_model = read_date_model(folder.model(day))
        ((_, sample),) = session.stream("measuring", [(reference_sample, (job,))])
    others = [i for i in kept if i != plan.reference]
    tasks: list[Task] = [(_measure_one, (job_of(plan, i), sample, reference_model, kept[i])) for i in others]
    unread: dict[int, InputError] = {}
    for k, found in session.stream("measuring", tasks):
        if isinstance(found, InputError):
            unread[others[k]] = found
        else:
            models[others[k]] = found[0]
    if unread:
        raise UnreadScenesError(unread)
    return models


def _measure_one(
    job: DateJob, sample: Sample | None, reference_model: DateModel | None, kept: KeptParts
) -> tuple[DateModel, Sample | None] | InputError:
    """A date's model, or why it has none: one bad scene names itself and does not stop the others."""
    try:
        return measure(job, sample, reference_model, kept)
    except InputError as error:
        return error
