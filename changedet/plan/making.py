"""What a run will do, decided from the workflow and the scenes' headers alone; no pixel is read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from changedet.errors import InputError, MethodError, Problem
from changedet.grid import Frame, Grid, make_grid
from changedet.methods import NONE, Choice, Facts
from changedet.plan.model import Plan
from changedet.plan.resources import available_bytes, cores, sizes, tile_edges
from changedet.plan.scenes import (
    area_of,
    check_bands,
    compared_roles,
    covering,
    located,
    looks_of,
    opened_scenes,
    zones_of,
)
from changedet.scenes import Look, match_scales
from changedet.store import RunFolder
from changedet.workflow import STAGE_NAMES, Workflow, load_workflow, resolve_stage, stages

#: A neighbourhood is read around every tile: beyond this it would need more memory than there is.
MOST_AROUND_PX: Final = 1000


def make_plan(
    workflow: Workflow | str | os.PathLike[str], *, out: str | None = None, scheduler: str | None = None
) -> Plan:
    """Decide everything that can be decided without pixels.

    Parameters
    ----------
    workflow : Workflow or path
    out : str, optional
        Folder for the run folders, relative to the working directory; default ``outputs.dir``.
    scheduler : str, optional
        ``threads``, ``processes`` or ``tcp://HOST:PORT``, instead of ``compute.scheduler``.

    Raises
    ------
    InputError
        With every problem that was found.
    """
    checked = workflow if isinstance(workflow, Workflow) else load_workflow(os.fspath(workflow))
    warnings: list[str] = []
    scenes, entries = opened_scenes(checked, warnings)
    check_bands(checked, scenes)
    looks = looks_of(checked, scenes)
    reference = _reference(checked, looks)
    grid = _grid(checked, looks, reference)
    looks = covering(checked, looks, grid, warnings)
    roles = compared_roles(checked, looks, entries)
    reference = _reference(checked, looks)
    looks = tuple(match_scales(looks, reference))
    zones = zones_of(checked, grid, warnings)
    facts = Facts(
        resolution_m=grid.ground_resolution_m,
        roles=roles,
        dates=len(looks),
        gsd_m=tuple(look.gsd_m for look in looks),
        sun_known=all(look.sun is not None for look in looks),
        dtype=looks[reference].dtype,
    )
    choices = _choices(checked, facts)
    facts = replace(facts, detector=choices["objects"].method)
    _check_methods(checked, choices, facts)
    warnings += [warning for look in looks for warning in look.warnings]
    warnings += _advice(looks, reference)
    workers = checked.compute.workers or cores()
    memory = checked.compute.memory or available_bytes() // 2
    tile_px, workers, peak = sizes(checked, len(roles), workers, memory, tile_edges(choices, facts))
    folder = RunFolder((Path(out).absolute() if out else Path(checked.outputs.dir)) / checked.site.id)
    _check_writable(checked, folder.path, out)
    chosen = _scheduler(scheduler or checked.compute.scheduler)
    return Plan(
        checked, folder, grid, looks, reference, roles, facts, choices, zones, tile_px, workers, chosen, peak,
        tuple(dict.fromkeys(warnings)),
    )  # fmt: skip


def _check_writable(workflow: Workflow, folder: Path, out: str | None) -> None:
    """Whether the run folder is there, or can be made, and may be written to; makes nothing."""
    near = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
    where = f"'{out or workflow.outputs.dir}'"
    most = os.pathconf(near, "PC_NAME_MAX") if near.is_dir() else 255
    if not near.is_dir():
        said = (
            f"{where} cannot be made: '{near}' is {'a file' if near.exists() else 'a broken link'}, expected a folder"
        )
    elif too_long := [part.name for part in (folder, *folder.parents) if len(os.fsencode(part.name)) > most]:
        said = f"{where} cannot be made: '{too_long[0][:20]}...' is longer than the {most} bytes that a name may have"
    elif not os.access(near, os.W_OK | os.X_OK):
        said = f"{where} cannot be written to: no permission in '{near}', or its disk is read-only"
    else:
        return
    raise InputError(f"--out: {said}" if out else workflow.problem("outputs.dir", said))


def _scheduler(name: str) -> str:
    if name in {"threads", "processes"} or name.startswith(("tcp://", "tls://")):
        return name
    raise InputError(f"--scheduler: '{name}' is none, expected threads, processes or tcp://HOST:PORT")


def _reference(workflow: Workflow, looks: Sequence[Look]) -> int:
    if workflow.before is None:
        return 0
    for i, look in enumerate(looks):
        if look.date == workflow.before:
            return i
    near = min(looks, key=lambda look: abs((look.date - workflow.before).days)).date  # type: ignore[operator]
    raise InputError(workflow.problem("before", f"no scene of {workflow.before}; the nearest is of {near}"))


def _grid(workflow: Workflow, looks: Sequence[Look], reference: int) -> Grid:
    frame: Frame = looks[reference].frame
    finest = min(looks, key=lambda look: look.gsd_m)
    areas = area_of(workflow)
    with located(workflow, "grid"):
        return make_grid(
            frame,
            crs=workflow.grid.crs or "auto",
            resolution=workflow.grid.resolution or "auto",
            aoi=areas.union if areas else looks[reference].outline() if len(looks[reference].scenes) > 1 else None,
            finest=finest.frame,
        )


def _choices(workflow: Workflow, facts: Facts) -> dict[str, Choice]:
    choices, problems = {}, []
    for name in STAGE_NAMES:
        try:
            choices[name] = resolve_stage(workflow, name, facts)
            if name == "objects":
                facts = replace(facts, detector=choices[name].method)
        except InputError as error:
            problems += list(error.problems)
    if problems:
        raise InputError(problems)
    return choices


def _advice(looks: Sequence[Look], reference: int) -> list[str]:
    finest = min(looks, key=lambda look: look.gsd_m)
    own = looks[reference].gsd_m
    if own <= 2 * finest.gsd_m:
        return []
    better = next(look for look in looks if look.gsd_m <= 1.25 * finest.gsd_m)
    return [
        f"the reference {looks[reference].date} has a GSD of {own:.2g} m, more than twice the finest scene's "
        f"{finest.gsd_m:.2g} m: fine changes are lost; consider before: {better.date}"
    ]


def _check_methods(workflow: Workflow, choices: Mapping[str, Choice], facts: Facts) -> None:
    """Whether each method can be made with its parameters: their types let values pass that it cannot use."""
    problems: list[Problem] = []
    for stage, choice in choices.items():
        if choice.method == NONE:
            continue
        try:
            method = stages()[stage].get(choice.method).function(facts, **choice.parameters)
        except MethodError as error:
            key, _, said = str(error).partition(": ")
            problems.append(workflow.problem(key, said))
            continue
        around = getattr(method, "halo_px", 0)
        if around > MOST_AROUND_PX:
            said = f"looks at {around} pixels around each, more than {MOST_AROUND_PX}; make its windows smaller"
            problems.append(workflow.problem(stage, said))
    if problems:
        raise InputError(problems)
