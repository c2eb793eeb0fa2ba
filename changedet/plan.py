"""What a run will do, decided from the workflow and the scenes' headers alone; no pixel is read."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Final

import shapely

from changedet.errors import InputError, Problem
from changedet.grid import Frame, Grid, make_grid
from changedet.methods import NONE, Choice, Facts, Method
from changedet.scenes import Look, Scene, group_looks, match_scales, open_scene, shared_roles
from changedet.scenes.hosts import check_redirects, host_of
from changedet.stac import items
from changedet.store import RunFolder
from changedet.vectors import Areas, read_vector
from changedet.workflow import STAGE_NAMES, SceneEntry, Workflow, load_workflow, resolve_stage, stages

LATTICE_PX: Final = 512
"""Tiles are whole cells of this lattice, or of the objects method's where its cells are larger: what is detected does
not depend on the chunk."""
LEAST_COVERAGE: Final = 0.01
SKIP_HINT: Final = "; 'read.on_error: skip' leaves such scenes out"


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs to know before it reads a pixel.

    Attributes
    ----------
    workflow : Workflow
    folder : RunFolder
        Where the results go.
    grid : Grid
    looks : tuple of Look
        One a date, sorted.
    reference : int
        Index of the reference date in `looks`.
    roles : tuple of str
        Band roles that all looks share: what is compared.
    facts : Facts
    choices : mapping of str to Choice
        The method of each stage, its parameters, and why.
    zones : Areas or None
        In the grid's CRS.
    tile_px, workers : int
    memory_bytes : int
        Expected peak of the run.
    warnings : tuple of str
    """

    workflow: Workflow
    folder: RunFolder
    grid: Grid
    looks: tuple[Look, ...]
    reference: int
    roles: tuple[str, ...]
    facts: Facts
    choices: Mapping[str, Choice]
    zones: Areas | None
    tile_px: int
    workers: int
    scheduler: str
    memory_bytes: int
    warnings: tuple[str, ...] = field(default=())

    @property
    def site_id(self) -> str:
        return self.workflow.site.id

    @property
    def formats(self) -> frozenset[str]:
        return frozenset(self.workflow.outputs.formats)

    def built(self, stage: str) -> Any:
        """The stage's method, ready to use; None where it is switched off."""
        method = self.method(stage)
        return None if method is None else method.function(self.facts, **self.choices[stage].parameters)

    def method(self, stage: str) -> Method | None:
        choice = self.choices[stage]
        return None if choice.method == NONE else stages()[stage].get(choice.method)

    def stage_identity(self, stage: str) -> list[Any]:
        """What a stage's results depend on beside its inputs."""
        method, choice = self.method(stage), self.choices[stage]
        # What is read over all dates is a step of its own.
        own = {name: value for name, value in choice.parameters.items() if name != "persistence"}
        return [stage, choice.method, method.version if method else 0, own]

    @property
    def persists(self) -> bool:
        """Whether the masks of all dates are read together."""
        if self.method("change") is None or len(self.looks) < 3:
            return False
        return str(self.choices["change"].parameters["persistence"]) != NONE


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
    scenes, entries = _scenes(checked, warnings)
    looks = _looks(checked, scenes)
    reference = _reference(checked, looks)
    roles = _shared(checked, looks, entries)
    grid = _grid(checked, looks, reference)
    looks = _covering(checked, looks, grid, warnings)
    reference = _reference(checked, looks)
    looks = tuple(match_scales(looks, reference))
    zones = _zones(checked, grid, warnings)
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
    warnings += [warning for look in looks for warning in look.warnings]
    warnings += _advice(looks, reference)
    workers = checked.compute.workers or cores()
    memory = checked.compute.memory or available_bytes() // 2
    tile_px, workers, peak = _sizes(checked, len(roles), workers, memory, _lattice(choices, facts))
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
    if not near.is_dir():
        said = (
            f"{where} cannot be made: '{near}' is {'a file' if near.exists() else 'a broken link'}, expected a folder"
        )
    elif not os.access(near, os.W_OK | os.X_OK):
        said = f"{where} cannot be written to: no permission in '{near}', or its disk is read-only"
    else:
        return
    raise InputError(f"--out: {said}" if out else workflow.problem("outputs.dir", said))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int:
    """Memory that is free now."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable"))) * 1024
    except (OSError, StopIteration, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def _scheduler(name: str) -> str:
    if name in {"threads", "processes"} or name.startswith(("tcp://", "tls://")):
        return name
    raise InputError(f"--scheduler: '{name}' is none, expected threads, processes or tcp://HOST:PORT")


def _scenes(workflow: Workflow, warnings: list[str]) -> tuple[list[Scene], dict[str, SceneEntry]]:
    """All scenes, opened, and the entry of each of their files; every one that cannot be is named at once."""
    scenes: list[Scene] = []
    entries: dict[str, SceneEntry] = {}
    problems: list[Problem] = []
    for entry in workflow.scenes:
        try:
            opened = _opened(workflow, entry)
            scenes.extend(opened)
            entries |= {path: entry for scene in opened for path in scene.rasters}
        except InputError as error:
            placed = [_placed(workflow, entry, problem) for problem in error.problems]
            if workflow.read.on_error == "skip":
                warnings += [f"scene skipped: {problem}" for problem in placed]
            else:
                problems += [_with_skip_hint(problem) for problem in placed]
    if problems:
        raise InputError(problems)
    if not scenes:
        reasons = "; ".join(warnings) or "the searches found none"
        raise InputError(workflow.problem("scenes", f"no scene can be read: {reasons}"))
    return _told_apart(scenes), entries


def _with_skip_hint(problem: Problem) -> Problem:
    unread = "cannot be read" in problem.message
    return replace(problem, message=problem.message + SKIP_HINT) if unread else problem


def _told_apart(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes of several dates whose files are called alike get their folder's name before their own."""
    dates: dict[str, set[dt.date]] = {}
    for scene in scenes:
        dates.setdefault(scene.name, set()).add(scene.date)

    def named(scene: Scene) -> Scene:
        folder = PurePath(next(iter(scene.rasters))).parent.name
        return replace(scene, name=f"{folder}/{scene.name}") if folder and len(dates[scene.name]) > 1 else scene

    return [named(scene) for scene in scenes]


def _looks(workflow: Workflow, scenes: Sequence[Scene]) -> tuple[Look, ...]:
    try:
        return tuple(group_looks(scenes))
    except InputError as error:
        raise InputError([workflow.problem("scenes", problem.message) for problem in error.problems]) from None


def _shared(workflow: Workflow, looks: Sequence[Look], entries: Mapping[str, SceneEntry]) -> tuple[str, ...]:
    try:
        return tuple(shared_roles(looks))
    except InputError as error:
        raise InputError(
            [
                Problem(problem.message, entries[problem.file].key, workflow.path, entries[problem.file].line)
                if problem.file in entries
                else workflow.problem("bands", problem.message)
                for problem in error.problems
            ]
        ) from None


def _placed(workflow: Workflow, entry: SceneEntry, problem: Problem) -> Problem:
    said = f"{problem.key}: {problem.message}" if problem.key and not problem.file else problem.message
    where = f"{problem.file}: " if problem.file and problem.file != workflow.path else ""
    return Problem(f"{where}{said}", entry.key, workflow.path, entry.line)


def _opened(workflow: Workflow, entry: SceneEntry) -> list[Scene]:
    default = dict(workflow.bands) if workflow.bands else None
    if entry.stac is not None:
        found = items(
            entry.stac.href,
            collections=entry.stac.collections,
            datetime=entry.stac.datetime,
            assets=entry.stac.assets,
            max_cloud_cover=entry.stac.max_cloud_cover,
            aoi=_aoi_lonlat(workflow),
            allow_hosts=workflow.read.allow_hosts,
        )
        return [open_scene(**{"default_bands": default, **arguments}) for arguments in found]
    paths = dict(entry.paths)
    if entry.date is None:
        raise InputError("has no date; give one, as date: 2023-06-04")
    asked = [*paths.values(), *([entry.mask] if entry.mask else [])]
    check_redirects(asked, [*map(host_of, asked), *workflow.read.allow_hosts])
    scene = open_scene(
        paths,
        name=PurePath(paths[""]).name if len(paths) > 1 and "" in paths else "",
        date=entry.date,
        time=entry.time,
        bands=dict(entry.bands) if entry.bands else None,
        default_bands=default,
        nodata=entry.nodata,
        mask=entry.mask,
        sun=entry.sun,
        view=entry.view,
        crs=entry.crs,
        bounds=entry.bounds,
    )
    said = tuple(
        f"{path}: is a mask of a kind that is not read; bring it as a 'mask' of 0 and 1" for path in entry.unread
    )
    return [replace(scene, warnings=(*scene.warnings, *said))]


def _aoi_lonlat(workflow: Workflow) -> Any:
    areas = _aoi(workflow)
    return None if areas is None else areas.union


def _aoi(workflow: Workflow) -> Areas | None:
    source = _aoi_source(workflow)
    try:
        return None if source is None else read_vector(source, key="")
    except InputError as error:
        raise InputError([workflow.problem("site.aoi", problem.message) for problem in error.problems]) from None


def _aoi_source(workflow: Workflow) -> Any:
    area = workflow.site.aoi
    if area is None:
        return None
    if area.path is not None:
        return area.path
    if area.bbox is not None:
        return {"bbox": list(area.bbox), "crs": area.crs}
    return area.geometry


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
    areas = _aoi(workflow)
    try:
        return make_grid(
            frame,
            crs=workflow.grid.crs or "auto",
            resolution=workflow.grid.resolution or "auto",
            aoi=areas.union if areas else looks[reference].outline() if len(looks[reference].scenes) > 1 else None,
            finest=finest.frame,
        )
    except InputError as error:
        raise InputError(
            [workflow.problem(problem.key or "grid", problem.message) for problem in error.problems]
        ) from None


def _covering(workflow: Workflow, looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """The looks that meet the area; a scene that covers under 1 % of it is an error, or skipped."""
    kept, problems = [], []
    area = grid.area
    for look in looks:
        share = shapely.intersection(look.outline(grid.crs), area).area / area.area
        if share >= LEAST_COVERAGE:
            kept.append(look)
            continue
        message = f"{look.name} of {look.date} covers {share:.1%} of the area of interest, expected at least 1 %"
        if workflow.read.on_error == "skip":
            warnings.append(f"scene skipped: {message}")
        else:
            problems.append(workflow.problem("scenes", f"{message}; correct site.aoi or leave the scene out"))
    if problems or not kept:
        raise InputError(problems or [workflow.problem("site.aoi", "no scene meets the area of interest")])
    return tuple(kept)


def _zones(workflow: Workflow, grid: Grid, warnings: list[str]) -> Areas | None:
    if workflow.site.zones is None:
        return None
    try:
        areas = read_vector(workflow.site.zones, grid.crs, named=True, key="")
    except InputError as error:
        raise InputError([workflow.problem("site.zones", problem.message) for problem in error.problems]) from None
    warnings += areas.warnings
    for name, zone in zip(areas.names, areas.geometries, strict=True):
        if not zone.intersects(grid.area):
            warnings.append(f"zone '{name}' lies outside the area of interest")
    return areas


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


def _lattice(choices: Mapping[str, Choice], facts: Facts) -> tuple[int, int]:
    """Tile edge where none is given, and what tile edges are multiples of: the wide halo of objects is dear around
    small tiles."""
    choice = choices["objects"]
    if choice.method == NONE:
        return LATTICE_PX, LATTICE_PX
    method = stages()["objects"].get(choice.method).function(facts, **choice.parameters)
    return 2 * LATTICE_PX, max(LATTICE_PX, method.cell_px)


def _sizes(workflow: Workflow, bands: int, workers: int, memory: int, lattice: tuple[int, int]) -> tuple[int, int, int]:
    """Tile edge, workers and expected peak memory: the tile shrinks, then the workers, until the budget holds."""
    tile_px, cell_px = lattice
    tile = cell_px * max(1, math.ceil((workflow.compute.chunk or tile_px) / cell_px))

    def peak(edge: int, count: int) -> int:
        # Two images and some four temporaries of their size, float32, with a halo; libraries and caches beside them.
        return int(count * (edge + 128) ** 2 * bands * 4 * 6 + (350 << 20))

    while peak(tile, workers) > memory and (tile > cell_px or workers > 1):
        tile, workers = (tile - cell_px, workers) if tile > cell_px else (tile, workers - 1)
    return tile, workers, peak(tile, workers)


def countable(plan: Plan) -> str:
    """Whether containers can be counted, in one sentence."""
    choice = plan.choices["objects"]
    if choice.method == NONE:
        return f"cannot be counted: {choice.reason}"
    method = plan.built("objects")
    coarse = [str(look.date) for look in plan.looks if look.gsd_m > method.coarsest_m]
    if len(coarse) == len(plan.looks):
        return f"cannot be counted: no scene is finer than {method.coarsest_m:g} m"
    if coarse:
        return f"can be counted, but not on {', '.join(coarse)}: coarser than {method.coarsest_m:g} m"
    return "can be counted on every date"
