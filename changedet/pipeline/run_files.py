"""Every file that a run has, by the step that writes it."""

from __future__ import annotations

from pathlib import Path

from changedet.outputs.rasters.styling import sidecars
from changedet.pipeline.custody import DOCUMENTS_STEP, copied_documents
from changedet.pipeline.date_files import files_of_date
from changedet.pipeline.date_job import job_of
from changedet.pipeline.inputs import INPUTS_STEP, inputs_file
from changedet.pipeline.kept_light import KEPT_LIGHT, LIGHT_STEP
from changedet.pipeline.published import PUBLISHED, published_files
from changedet.pipeline.robust import ROBUST_STEP, robust_file
from changedet.plan import Plan


def files_of_run(plan: Plan) -> dict[str, list[Path]]:
    """List all files that a run of a plan may leave.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of str to list of Path
        By step; whether they exist or not.
    """
    folder = plan.folder
    found = {INPUTS_STEP: [inputs_file(folder)], DOCUMENTS_STEP: list(copied_documents(plan))}
    for i, look in enumerate(plan.looks):
        job = job_of(plan, i)
        found[f"measure:{look.date}"] = [folder.model(look.date)]
        found[f"pixels:{look.date}"] = files_of_date(plan, job, "pixels")
        if job.counts:
            found[f"boxes:{look.date}"] = files_of_date(plan, job, "boxes")
        if plan.persists and job.compares:
            found[f"masks:{look.date}"] = files_of_date(plan, job, "masks")
    found["first_change"] = first_change_files(plan)
    found[LIGHT_STEP] = [folder.table(name, day) for name in KEPT_LIGHT for day in plan.dates]
    found["placebo"] = [folder.state / "placebo.json"]
    found[ROBUST_STEP] = [robust_file(folder)]
    found |= {f"publish:{step}": published_files(plan, step) for step in PUBLISHED}
    return {step: files for step, files in found.items() if files}


def first_change_files(plan: Plan) -> list[Path]:
    """List what the raster of first changes consists of.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Path
        The raster first; none where no later date is compared.
    """
    if not plan.compares or plan.reference == len(plan.looks) - 1:
        return []
    path = plan.first_change_file
    return [path, *sidecars(path)]
