"""One run in the order of its steps: measure each date, pass over its tiles, follow the boxes, write the results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from changedet.at_work import at_work
from changedet.blocks import Pools, give_back_memory, keeping_freed_memory
from changedet.errors import InputError
from changedet.imagery.decoded_blocks import keeping_decoded
from changedet.json_types import Json
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.inputs import Inputs, keep_inputs, take_in
from changedet.pipeline.measure_dates import measure_dates
from changedet.pipeline.other_ground import foreign_looks
from changedet.pipeline.passes import pass_over_tiles
from changedet.pipeline.pending_masks import begin_masks
from changedet.pipeline.placebo import run_placebo
from changedet.pipeline.robust import run_robust
from changedet.pipeline.run_files import files_of_run
from changedet.pipeline.scheduling import Progress, Session, dask_client
from changedet.pipeline.unread import UnreadScenesError, blamed, plan_without
from changedet.pipeline.uploads import require_bucket, uploaded
from changedet.plan import Plan, as_shown, make_plan, without
from changedet.store.files import naming_disk_errors
from changedet.workflow import Workflow

if TYPE_CHECKING:
    from changedet.pipeline.boxes import RunBoxes
    from changedet.pipeline.finished import Run


def run(
    workflow: Workflow | str | Path, *, out: str | None = None, fresh: bool = False, placebo: bool = False,
    robust: bool = False, upload: str | None = None,
) -> Run:  # fmt: skip
    """Run a workflow, on the active dask client where there is one.

    Parameters
    ----------
    workflow : Workflow or path
        Of the YAML file.
    out : str, optional
        Folder for the run folder, instead of ``outputs.dir``.
    fresh : bool
        Start over instead of going on from an earlier run.
    placebo : bool
        Compare the dates with each other too, to measure what share of the site is marked falsely.
    robust : bool
        Run again with every other date as reference and with each date left out, to see which claims hold.
    upload : str, optional
        ``s3://BUCKET/PREFIX``, below which the finished run goes too, or ``none``, instead of ``outputs.upload``.

    Returns
    -------
    Run
        The finished run.

    Raises
    ------
    InputError
        The workflow, a scene, an edited result or the bucket stands in the way; nothing is lost.
    """
    plan = make_plan(workflow, out=out, upload=upload)
    require_bucket(plan)
    finished = carry_out(plan, fresh=fresh, placebo=placebo, robust=robust)
    uploaded(plan)
    return finished


def carry_out(
    plan: Plan, *, fresh: bool = False, placebo: bool = False, robust: bool = False, progress: Progress | None = None
) -> Run:
    """Do what a plan says, going on from what an earlier run finished.

    Parameters
    ----------
    plan : Plan
    fresh : bool
        Start over instead.
    placebo : bool
        Compare the dates with each other too.
    robust : bool
        Run again with every other date as reference and with each date left out.
    progress : callable, optional
        ``progress(what, done, total)`` is called after each task.

    Returns
    -------
    Run
        The finished run.

    Raises
    ------
    InputError
        A scene cannot be read, or a result was edited by hand.
    ChangedetError
        The scheduler cannot be reached, or another run is at work in the folder.
    """
    folder = plan.folder
    is_new = not folder.path.exists()
    folder.guard(files_of_run(plan), fresh=fresh)
    with (
        keeping_freed_memory(),
        at_work(),
        dask_client(plan) as client,
        Pools(plan.workers) as pools,
        naming_disk_errors(folder.path),
        folder.locked(is_new=is_new),
    ):
        if fresh:
            folder.clear()
        session, models, boxes = _computed(plan, pools, client, progress)
        # Imported here, like what follows the tiles elsewhere: tables and what reads and writes them take 110 MB.
        from changedet.pipeline.all_dates import publish_all, series_done
        from changedet.pipeline.finished import open_run

        if placebo:
            run_placebo(session.plan, models, session.stream)
        if robust:
            run_robust(session.plan, partial(_variant, pools=pools, client=client, progress=progress))
        results = series_done(session, models, boxes)
        session.require_inputs(session.plan.looks)
        publish_all(session, models, results)
        folder.settle(files_of_run(session.plan))
    return open_run(folder.path)


def _computed(
    plan: Plan, pools: Pools, client: object, progress: Progress | None
) -> tuple[Session, dict[date, DateModel], RunBoxes]:
    """All that is computed of a plan before its results: the session, with what is left of it, its dates and boxes."""
    plan, inputs = _taken_in(as_shown(plan), progress)
    keep_inputs(plan, inputs)
    session = Session(plan, pools, client, progress, require_inputs=inputs.require_unchanged)
    models = _dates_done(session)
    # Imported here, as measuring and tiles can do without the 110 MB that tables take.
    from changedet.pipeline.all_dates import boxes_done

    return session, models, boxes_done(session, models)


def _variant(plan: Plan, pools: Pools, client: object, progress: Progress | None) -> Mapping[str, Json]:
    """The summary of a variant of a run; nothing of it is published."""
    with plan.folder.locked(is_new=False):
        session, models, boxes = _computed(plan, pools, client, progress)
        # Imported here, as measuring and tiles can do without the 110 MB that tables take.
        from changedet.pipeline.collect import collect

        return collect(session.plan, models, boxes).summary


def _taken_in(plan: Plan, progress: Progress | None) -> tuple[Plan, Inputs]:
    """What the run reads; a date that has changed since it was planned is left out where the workflow allows it."""
    while True:
        try:
            return take_in(plan, progress)
        except InputError as error:
            found = blamed(plan, plan.reference_look, error)
            if isinstance(found, InputError):
                raise found from error
            plan = plan_without(plan, found.found)


def _dates_done(session: Session) -> dict[date, DateModel]:
    """Measure and pass over all dates; one that cannot be read is left out where the workflow allows it.

    What the other dates had finished by then still holds, and is not done again.
    """
    while True:
        try:
            # Other processes and machines have blocks of their own.
            with keeping_decoded(session.folder.path if session.threads else None):
                models = measure_dates(session)
                if foreign := foreign_looks(session.plan, models):
                    session.plan = without(session.plan, foreign, [*foreign.values()])
                    continue
                give_back_memory()
                begin_masks(session.plan)
                pass_over_tiles(session, models)
        except UnreadScenesError as error:
            session.plan = plan_without(session.plan, error.found)
        else:
            return models
