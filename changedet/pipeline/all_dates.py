"""What needs all dates of a run: the boxes followed, the first change, the tables, and the files for people."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import partial

from changedet.blocks import give_back_memory
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.boxes import RunBoxes, followed_boxes
from changedet.pipeline.collect import Results, collect
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.first_change import write_first_change
from changedet.pipeline.identities import masks_causes, masks_identity
from changedet.pipeline.publish import WRITTEN_ANEW, publish
from changedet.pipeline.published import PUBLISHED, published_files
from changedet.pipeline.rejected_boxes import without_rejected
from changedet.pipeline.run_files import first_change_files
from changedet.pipeline.scheduling import Session
from changedet.pipeline.series_masks import read_together
from changedet.store import identity
from changedet.workflow.resolved import without_folders


def boxes_done(session: Session, models: dict[date, DateModel]) -> RunBoxes:
    """Follow the boxes over all dates, write the masks that they decide about, and drop the boxes that these reject.

    Parameters
    ----------
    session : Session
        Its dates have been measured and passed over.
    models : dict of date to DateModel
        Of all dates.

    Returns
    -------
    RunBoxes
        Of all dates.
    """
    plan = session.plan
    start = time.perf_counter()
    boxes = followed_boxes(plan, models)
    # The tracks have read the scenes once more.
    session.require_inputs(plan.looks)
    session.seconds["following"] = round(time.perf_counter() - start, 3)
    marks: dict[date, BoxMarks] = {}
    if plan.decides_by_boxes:
        unit = plan.grid.ground_metre
        marks = boxes.marks(plan.reference_date, plan.dates, unit, asks_pixels=plan.leaves_movers_out)
    detections = boxes.roofs if boxes.tracks is None else boxes.tracks.detections
    read_together(plan, models, marks, detections, partial(session.stream, here=True))
    if boxes.tracks is None:
        return boxes
    masks = {day: plan.mask_file(day) for day in marks}
    return replace(boxes, tracks=without_rejected(boxes.tracks, marks, masks, plan.grid))


def series_done(session: Session, models: dict[date, DateModel], boxes: RunBoxes) -> Results:
    """Write what else needs all dates: the first change, the series, the onset.

    Parameters
    ----------
    session : Session
        Its masks are written.
    models : dict of date to DateModel
        Of all dates.
    boxes : RunBoxes
        As of `boxes_done`.

    Returns
    -------
    Results
        Not yet published.
    """
    plan = session.plan
    give_back_memory()
    files = first_change_files(plan)
    if files:
        paths = {day: plan.mask_file(day) for day in plan.dates if day > plan.reference_date}
        wanted = identity("first_change", masks_identity(plan))
        write = partial(write_first_change, files[0], plan.grid, paths, plan.site_id)
        plan.folder.once("first_change", wanted, files, write, masks_causes(plan))
        give_back_memory()
    return collect(plan, models, boxes)


def publish_all(session: Session, models: dict[date, DateModel], results: Results) -> None:
    """Write the files for people.

    Parameters
    ----------
    session : Session
        Its scenes are still as they were.
    models : dict of date to DateModel
        Of all dates.
    results : Results
        As of `series_done`.
    """
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
