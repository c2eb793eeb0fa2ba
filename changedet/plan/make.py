"""A plan from a workflow and its scenes' headers; no pixel is read."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from changedet.errors import InputError, MethodError, Problem
from changedet.grid import Frame, Grid, make_grid
from changedet.imagery.grouping import match_scales, shared_roles
from changedet.imagery.look import Look
from changedet.imagery.stac.items import LeftOut
from changedet.imagery.stand_ins import is_grey
from changedet.outputs.values import pixel_text
from changedet.plan.advice import advice, beyond_reference, in_few_lines, much_dropped, to_come, unwritable
from changedet.plan.alpha_bands import refuse_alpha
from changedet.plan.large_blocks import blocks_bytes, large_blocks, refuse_large_blocks
from changedet.plan.machine import Share, share_of
from changedet.plan.model import Plan
from changedet.plan.open_scenes import check_bands, compared_roles, looks_of, opened_scenes
from changedet.plan.resources import (
    demand_of,
    halls_px,
    rails_px,
    require_addresses,
    season_halo_px,
    sizes,
    tile_edges,
)
from changedet.plan.seasons import asks_seasons
from changedet.plan.site_areas import area_of, covering, located, zones_of
from changedet.plan.stand_ins import are_grey, grey_by_pixels, with_stand_ins
from changedet.plan.stored_levels import from_zero
from changedet.plan.uploads import upload_of
from changedet.stages.registry import NONE, Choice, Facts
from changedet.store import RunFolder
from changedet.workflow import STAGE_NAMES, Workflow, load_workflow, resolve_stage, stages
from changedet.workflow.finer_grid import days_apart
from changedet.workflow.machine_fields import SCHEDULERS, is_scheduler

MOST_AROUND_PX: Final = 1000
"""A neighbourhood is read around every tile: a larger one would need more memory than there is."""
FINE_ENOUGH_M: Final = 0.1
"""Metres: the grid advised for pictures of drones; a quarter of the detector's own pixel: nothing it sees is lost."""
_MEGABYTE: Final = 1e6
_PATH_BYTES: Final = 4096
"""Of a path, on Linux."""
_OWN_PATH_BYTES: Final = 200
"""Of a path in a run folder, unfinished ones and those of the STAC catalog included."""
_LONGEST_SHOWN: Final = 100
"""Of a folder that cannot be made, in characters."""
CONSENT: Final = "CHANGEDET_SCHEDULER"
"""In the environment, the address of a cluster that workflow files may name."""


def make_plan(
    workflow: Workflow | str | os.PathLike[str], *, out: str | None = None, scheduler: str | None = None,
    share: Share | None = None, upload: str | None = None,
) -> Plan:  # fmt: skip
    """Decide everything that can be decided without pixels.

    Parameters
    ----------
    workflow : Workflow or path
        Checked already, or its file.
    out : str, optional
        Folder for the run folders, relative to the working directory; default ``outputs.dir``.
    scheduler : str, optional
        ``threads``, ``processes`` or ``tcp://HOST:PORT``, instead of ``compute.scheduler``; a cluster must be named
        here, or in the environment as ``CHANGEDET_SCHEDULER``.
    share : Share, optional
        Of this machine, where other runs go on beside this one; by default all cores and half the free memory.
    upload : str, optional
        ``s3://BUCKET/PREFIX``, below which the finished run goes too, or ``none``, instead of ``outputs.upload``; what
        a workflow names must be named here, or in the environment as ``CHANGEDET_UPLOAD``.

    Returns
    -------
    Plan
        With the warnings that the user should see.

    Raises
    ------
    InputError
        With every problem that was found.
    ChangedetError
        The process may not take as much memory as the run does.
    """
    require_addresses()
    checked = workflow if isinstance(workflow, Workflow) else load_workflow(os.fspath(workflow))
    chosen, place = _scheduler(checked, scheduler), upload_of(checked, upload)
    warnings: list[str] = []
    left_out: list[LeftOut] = []
    scenes, entries = opened_scenes(checked, warnings, left_out)
    check_bands(checked, scenes)
    looks = looks_of(checked, scenes)
    reference = _reference(checked, looks)
    grid = _grid(checked, looks, reference, warnings)
    looks = with_stand_ins(covering(checked, looks, grid, warnings), grid, checked.before, warnings)
    roles = compared_roles(checked, looks, entries)
    reference = _reference(checked, looks)
    looks = tuple(match_scales(looks, reference))
    zones = zones_of(checked, grid, warnings)
    decided = _decided(checked, grid, looks, reference, roles, share)
    warnings += in_few_lines([warning for look in looks for warning in look.warnings])
    warnings += [*beyond_reference(checked, looks, grid), *much_dropped(checked, decided.choices, grid)]
    warnings += [*advice(looks, reference, grid, decided.facts), *to_come(looks), *unwritable(checked, looks, zones)]
    warnings += in_few_lines(large_blocks(looks))
    folder = RunFolder((Path(out).absolute() if out else Path(checked.outputs.dir)) / checked.site.id)
    _check_writable(checked, folder.path, out)
    return Plan(
        checked, folder, grid, looks, reference, roles, zones=zones, scheduler=chosen,
        warnings=tuple(dict.fromkeys(warnings)), left_out=tuple(left_out), share=share, upload=place,
        **decided._asdict(),
    )  # fmt: skip


def without(plan: Plan, left_out: Collection[int], said: Sequence[str]) -> Plan:
    """The plan without some of its dates: bands and methods are chosen as if their scenes had not been given.

    The grid stays, also where another would now be the finest scene: results of the dates that are left may lie on it.

    Parameters
    ----------
    plan : Plan
        With all dates.
    left_out : collection of int
        Indices of looks; not the reference.
    said : sequence of str
        Warnings that say why.

    Returns
    -------
    Plan
        Without them.

    Raises
    ------
    InputError
        A parameter was given beside ``auto`` that the method which is now chosen does not have.
    """
    looks = tuple(look for i, look in enumerate(plan.looks) if i not in left_out)
    reference, roles = looks.index(plan.reference_look), tuple(shared_roles(looks))
    decided = _decided(plan.workflow, plan.grid, looks, reference, roles, plan.share)
    advised = advice(plan.looks, plan.reference, plan.grid, plan.facts)
    warnings = [text for text in plan.warnings if text not in advised]
    warnings += advice(looks, reference, plan.grid, decided.facts)
    return replace(
        plan, looks=looks, reference=reference, roles=roles, warnings=(*warnings, *said), **decided._asdict()
    )


def as_shown(plan: Plan) -> Plan:
    """The plan once some pixels are known: in grey where a picture in three bands is grey, values from zero on.

    Parameters
    ----------
    plan : Plan
        By the headers.

    Returns
    -------
    Plan
        The same, or with a warning that says why all looks are compared in grey, or what is taken off their values.

    Raises
    ------
    InputError
        As of `without`, or a band that is no picture but says what is seen.
    """
    refuse_alpha(plan.looks, plan.grid)
    said: list[str] = []
    looks = from_zero(plan.looks, plan.grid, said)
    if said:
        plan, said = replace(plan, looks=looks, warnings=(*plan.warnings, *said)), []
    looks = grey_by_pixels(plan.looks, plan.grid, plan.workflow.before, said)
    if not said:
        return plan
    roles, reference = tuple(shared_roles(looks)), _reference(plan.workflow, looks)
    decided = _decided(plan.workflow, plan.grid, looks, reference, roles, plan.share)
    warnings = (*plan.warnings, *said)
    return replace(plan, looks=looks, reference=reference, roles=roles, warnings=warnings, **decided._asdict())


class _Decided(NamedTuple):
    """What follows from the looks and their bands: fields of `Plan`."""

    facts: Facts
    choices: dict[str, Choice]
    tile_px: int
    workers: int
    memory_bytes: int


def _decided(
    workflow: Workflow, grid: Grid, looks: Sequence[Look], reference: int, roles: tuple[str, ...], share: Share | None
) -> _Decided:
    facts = Facts(
        resolution_m=grid.ground_resolution_m,
        roles=roles,
        dates=len(looks),
        gsd_m=tuple(look.gsd_m for look in looks),
        dtype=looks[reference].dtype,
        panchromatic=are_grey(looks),
        days_apart=days_apart([look.date for look in looks]),
    )
    choices = _choices(workflow, facts)
    facts = replace(facts, detector=choices["objects"].method)
    _check_methods(workflow, choices, facts)
    share = share or share_of()
    workers = workflow.compute.workers or share.cores
    memory = workflow.compute.memory or share.memory_bytes
    others = [look for look in looks if look is not looks[reference]]
    most = max((len(set(look.roles) & set(looks[reference].roles)) for look in others), default=len(roles))
    demand = demand_of(grid, facts, choices, most)
    halls = halls_px(grid) if workflow.buildings or workflow.works else 0
    rails = rails_px(grid) if workflow.railcars else 0
    demand = replace(demand, halls_px=halls, rails_px=rails, blocks_bytes=blocks_bytes(looks))
    if choices["change"].parameters.get("persistence") != NONE and asks_seasons(workflow, facts):
        demand = replace(demand, season_halo_px=season_halo_px(grid, facts))
    tile_px, workers, peak = sizes(workflow, demand, workers, memory, tile_edges(choices, facts))
    refuse_large_blocks(looks, peak, workflow.compute.memory or 2 * share.memory_bytes)
    if workflow.compute.memory and peak > memory:
        least = math.ceil(peak / _MEGABYTE)
        said = f"{memory / _MEGABYTE:.0f} MB are too little: one small tile and the libraries take about {least} MB"
        raise InputError(workflow.problem("compute.memory", f"{said}; give at least {least}MB"))
    require_addresses(peak, workers)
    return _Decided(facts, choices, tile_px, workers, peak)


def _check_writable(workflow: Workflow, folder: Path, out: str | None) -> None:
    # Makes nothing: a plan leaves no trace.
    near = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
    named = out or workflow.outputs.dir
    where = f"'{named}'" if len(named) <= _LONGEST_SHOWN else f"'{named[:_LONGEST_SHOWN]}...'"
    most = os.pathconf(near, "PC_NAME_MAX") if near.is_dir() else 255
    if not near.is_dir():
        said = (
            f"{where} cannot be made: '{near}' is {'a file' if near.exists() else 'a broken link'}, expected a folder"
        )
    elif too_long := [part.name for part in (folder, *folder.parents) if len(os.fsencode(part.name)) > most]:
        said = f"{where} cannot be made: '{too_long[0][:20]}...' is longer than the {most} bytes that a name may have"
    elif len(os.fsencode(folder)) + _OWN_PATH_BYTES > _PATH_BYTES:
        said = f"'{folder.name}' cannot be made: its path with those of its files is longer than {_PATH_BYTES} bytes"
    elif not os.access(near, os.W_OK | os.X_OK):
        said = f"{where} cannot be written to: no permission in '{near}', or its disk is read-only"
    elif os.statvfs(near).f_blocks == 0 and not _takes_folders(near):
        said = f"{where} cannot be made: '{near}' is the system's own and holds no files"
    else:
        return
    raise InputError(f"--out: {said}" if out else workflow.problem("outputs.dir", said))


def _takes_folders(near: Path) -> bool:
    # /proc and /sys give root every permission and refuse all the same. Only where a file system says that it holds
    # nothing is it tried, as some mounted stores say so, too; the folder goes at once.
    try:
        Path(tempfile.mkdtemp(prefix=".changedet-", dir=near)).rmdir()
    except OSError:
        return False
    return True


def _scheduler(workflow: Workflow, asked: str | None) -> str:
    if asked is not None:
        if is_scheduler(asked):
            return asked
        raise InputError(f"--scheduler: '{asked}' is none, expected threads, processes or tcp://HOST:PORT")
    named = workflow.compute.scheduler
    # A cluster runs what it is sent, and what it sends back is obeyed: a file from a stranger may not choose one.
    if named not in SCHEDULERS and named != os.environ.get(CONSENT):
        said = f"names a cluster; if you trust it, give --scheduler {named}, or set {CONSENT}={named}"
        raise InputError(workflow.problem("compute.scheduler", said))
    return named


def _reference(workflow: Workflow, looks: Sequence[Look]) -> int:
    if workflow.before is None:
        return next((i for i, look in enumerate(looks) if not is_grey(look)), 0)
    for i, look in enumerate(looks):
        if look.date == workflow.before:
            return i
    near = min(looks, key=lambda look: abs((look.date - workflow.before).days)).date  # type: ignore[operator]
    raise InputError(workflow.problem("before", f"no scene of {workflow.before}; the nearest is of {near}"))


def _grid(workflow: Workflow, looks: Sequence[Look], reference: int, warnings: list[str]) -> Grid:
    frame: Frame = looks[reference].frame
    finest = min(looks, key=lambda look: look.gsd_m)
    areas = area_of(workflow)
    warnings += areas.warnings if areas else ()
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


def _check_methods(workflow: Workflow, choices: Mapping[str, Choice], facts: Facts) -> None:
    # The types of parameters let values pass that their method cannot use: it is made to see.
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
            problems.append(_looks_too_far(workflow, stage, around, facts))
    if problems:
        raise InputError(problems)


def _looks_too_far(workflow: Workflow, stage: str, around_px: int, facts: Facts) -> Problem:
    said = f"looks at {around_px} pixels around each, more than {MOST_AROUND_PX}"
    finest, asked = min(facts.gsd_m), workflow.grid.resolution
    # Windows in metres: a grid much finer than all scenes is what makes them wide, a slip of units as a rule.
    if asked and around_px * facts.resolution_m / finest <= MOST_AROUND_PX:
        fine = f"{facts.resolution_m:.2g} m is finer than any scene, {pixel_text(finest)}"
        return workflow.problem("grid.resolution", f"{fine}, by so much that {stage} {said}; give metres, or auto")
    if around_px * facts.resolution_m / FINE_ENOUGH_M <= MOST_AROUND_PX:
        pixel = f"pixels of {pixel_text(facts.resolution_m)} are so fine that {stage} {said}"
        return workflow.problem("grid.resolution", f"{pixel}; give {FINE_ENOUGH_M} (metres)")
    return workflow.problem(stage, f"{said}; make its windows smaller")
