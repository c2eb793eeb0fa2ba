"""One run in the order of its steps: measure each date, pass over its tiles, follow the boxes, write the results."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from changedet.blocks import Pools, give_back_memory
from changedet.errors import InputError
from changedet.imagery.decoded_blocks import keeping_decoded
from changedet.json_types import Json
from changedet.pipeline.boxes import FollowedBoxes, followed_boxes
from changedet.pipeline.collect import Results, collect
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.first_change import write_first_change
from changedet.pipeline.identities import masks_causes, masks_identity
from changedet.pipeline.inputs import Inputs, keep_inputs, take_in
from changedet.pipeline.mask_files import mask_path
from changedet.pipeline.measure_dates import measure_dates
from changedet.pipeline.passes import pass_over_tiles
from changedet.pipeline.placebo import run_placebo
from changedet.pipeline.publish import PUBLISHED, WRITTEN_ANEW, publish, published_files
from changedet.pipeline.robust import run_robust
from changedet.pipeline.run_files import files_of_run, first_change_files
from changedet.pipeline.scheduling import Progress, Session, dask_client
from changedet.pipeline.series_masks import begin_masks, read_together
from changedet.pipeline.unread import UnreadScenesError, blamed, plan_without
from changedet.pipeline.uploads import require_bucket, uploaded
from changedet.plan import Plan, make_plan
from changedet.store import identity
from changedet.store.files import naming_disk_errors
from changedet.workflow import Workflow
from changedet.workflow.resolved import without_folders


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
        dask_client(plan) as client,
        Pools(plan.workers) as pools,
        naming_disk_errors(folder.path),
        folder.locked(is_new=is_new),
    ):
        if fresh:
            folder.clear()
        session, models, boxes = _computed(plan, pools, client, progress)
        if placebo:
            run_placebo(session.plan, models, session.stream)
        if robust:
            run_robust(session.plan, partial(_variant, pools=pools, client=client, progress=progress))
        results = _series_done(session, models, boxes)
        session.require_inputs(session.plan.looks)
        _publish_all(session, models, results)
        folder.settle(files_of_run(session.plan))
    return open_run(folder.path)


def _computed(
    plan: Plan, pools: Pools, client: object, progress: Progress | None
) -> tuple[Session, dict[date, DateModel], FollowedBoxes]:
    """All that is computed of a plan before its results: the session, with what is left of it, its dates and boxes."""
    plan, inputs = _taken_in(plan, progress)
    keep_inputs(plan, inputs)
    session = Session(plan, pools, client, progress, require_inputs=inputs.require_unchanged)
    models = _dates_done(session)
    return session, models, _boxes_done(session, models)


def _variant(plan: Plan, pools: Pools, client: object, progress: Progress | None) -> Mapping[str, Json]:
    """The summary of a variant of a run; nothing of it is published."""
    with plan.folder.locked(is_new=False):
        session, models, boxes = _computed(plan, pools, client, progress)
        return collect(session.plan, models, boxes).summary


def _taken_in(plan: Plan, progress: Progress | None) -> tuple[Plan, Inputs]:
    """What the run reads; a date that has changed since it was planned is left out where the workflow allows it."""
    while True:
        try:
            return take_in(plan, progress)
        except InputError as error:
            found = blamed(plan, plan.looks[plan.reference], error)
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
                give_back_memory()
                begin_masks(session.plan)
                pass_over_tiles(session, models)
        except UnreadScenesError as error:
            session.plan = plan_without(session.plan, error.found)
        else:
            return models


def _boxes_done(session: Session, models: dict[date, DateModel]) -> FollowedBoxes:
    """Boxes followed over all dates, and the masks that they decide about."""
    plan = session.plan
    start = time.perf_counter()
    boxes = followed_boxes(plan, models)
    # The tracks have read the scenes once more.
    session.require_inputs(plan.looks)
    session.seconds["following"] = round(time.perf_counter() - start, 3)
    reference = plan.looks[plan.reference].date
    marks = boxes.marks(reference, [look.date for look in plan.looks]) if plan.decides_by_boxes else {}
    read_together(plan, models, marks, partial(session.stream, here=True))
    return boxes


def _series_done(session: Session, models: dict[date, DateModel], boxes: FollowedBoxes) -> Results:
    """What else needs all dates: the first change, the series, the onset."""
    plan = session.plan
    give_back_memory()
    files = first_change_files(plan)
    if files:
        later = [look.date for look in plan.looks if look.date > plan.looks[plan.reference].date]
        paths = {day: mask_path(plan.folder, day, plan.formats) for day in later}
        wanted = identity("first_change", masks_identity(plan))
        write = partial(write_first_change, files[0], plan.grid, paths, plan.site_id)
        plan.folder.once("first_change", wanted, files, write, masks_causes(plan))
    return collect(plan, models, boxes)


def _publish_all(session: Session, models: dict[date, DateModel], results: Results) -> None:
    plan, folder = session.plan, session.folder
    shown = [without_folders(words, plan.workflow) for words in (*plan.warnings, *results.warnings)]
    results = replace(results, warnings=tuple(dict.fromkeys(shown)))
    for step in PUBLISHED:
        files = published_files(plan, step)
        if not files:
            continue
        folder.begin(f"publish:{step}", files)
        publish(plan, models, results, session.seconds, step)
        folder.finish(f"publish:{step}", WRITTEN_ANEW, files)
