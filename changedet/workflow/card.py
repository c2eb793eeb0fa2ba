"""A workflow as notebooks show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from changedet.outputs.notebook import Row, card

if TYPE_CHECKING:
    from changedet.workflow.model import Workflow


def workflow_card(workflow: Workflow) -> str:
    """What a workflow file says, in short.

    Parameters
    ----------
    workflow : Workflow
        Checked.

    Returns
    -------
    str
        HTML.
    """
    site, scenes = workflow.site, workflow.scenes
    dates = sorted(scene.date for scene in scenes if scene.date is not None)
    searches = sum(scene.stac is not None for scene in scenes)
    asked = [
        f"{name} {request.method}" + "".join(f", {key} {value}" for key, value in request.parameters.items())
        for name, request in workflow.stages.items()
        if request.method != "auto" or request.parameters
    ]
    rows: list[Row] = [
        ("file", workflow.path),
        ("dates", f"{len(dates)}: {dates[0]} to {dates[-1]}" if dates else ""),
        ("STAC searches", str(searches) if searches else ""),
        ("reference", str(workflow.before) if workflow.before else "the earliest date"),
        ("area", "the extent of the reference scene" if site.aoi is None else "given"),
        ("zones", site.zones or ""),
        ("asked of stages", "; ".join(asked) or "nothing: all is chosen from the scenes"),
        ("outputs", f"{', '.join(workflow.outputs.formats)} in {workflow.outputs.dir}"),
    ]
    return card(f"Workflow {site.id}: {site.name}", rows)
