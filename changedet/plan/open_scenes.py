"""A workflow's scenes, opened and grouped by date, and its areas; every mistake at its place in the workflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, Problem, did_you_mean
from changedet.grid import Grid
from changedet.grid.areas import Areas, read_vector
from changedet.grid.geodesy import LONLAT, transform_xy
from changedet.grid.zones import SIDING
from changedet.imagery.bands import MASKS
from changedet.imagery.hosts import check_redirects, host_of
from changedet.imagery.look import group_looks, shared_roles
from changedet.imagery.opening import open_scene
from changedet.imagery.scene import Look, Scene
from changedet.imagery.stac.items import items
from changedet.workflow import SceneEntry, Workflow

LEAST_COVERAGE: Final = 0.01
SKIP_HINT: Final = "; 'read.on_error: skip' leaves such scenes out"


@contextmanager
def located(workflow: Workflow, key: str) -> Iterator[None]:
    """Put what is wrong in here at its own key of the workflow, or at this one."""
    try:
        yield
    except InputError as error:
        raise InputError(
            [workflow.problem(problem.key or key, problem.message) for problem in error.problems]
        ) from None


def opened_scenes(workflow: Workflow, warnings: list[str]) -> tuple[list[Scene], dict[str, SceneEntry]]:
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


def check_bands(workflow: Workflow, scenes: Sequence[Scene]) -> None:
    """InputError for a role of `bands` that no scene has: a slip in its number would cost that band on all dates."""
    if any(entry.bands or entry.stac for entry in workflow.scenes):
        return
    found = {role for scene in scenes for role in (*scene.bands, *MASKS)}
    lost = [(role, band) for role, band in workflow.bands or () if role not in found]
    if lost:
        raise InputError(
            [
                workflow.problem(f"bands.{role}", f"no scene has band {band!r}; correct or remove it")
                for role, band in lost
            ]
        )


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


def looks_of(workflow: Workflow, scenes: Sequence[Scene]) -> tuple[Look, ...]:
    """One look a date; InputError where scenes of a date cannot be mosaicked."""
    with located(workflow, "scenes"):
        return tuple(group_looks(scenes))


def compared_roles(workflow: Workflow, looks: Sequence[Look], entries: Mapping[str, SceneEntry]) -> tuple[str, ...]:
    """The roles that all looks share; InputError at the entry of the scene that is the odd one."""
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
    areas = area_of(workflow)
    return None if areas is None else areas.union


def area_of(workflow: Workflow) -> Areas | None:
    """The area of interest in longitude and latitude; None where it is the reference scene."""
    source = _aoi_source(workflow)
    with located(workflow, "site.aoi"):
        return None if source is None else read_vector(source, key="")


def _aoi_source(workflow: Workflow) -> Any:
    area = workflow.site.aoi
    if area is None:
        return None
    if area.path is not None:
        return area.path
    if area.bbox is not None:
        return {"bbox": list(area.bbox), "crs": area.crs}
    return area.geometry


def covering(workflow: Workflow, looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """The looks that meet the area; a scene that covers under 1 % of it is an error, or skipped."""
    kept, problems = [], []
    area = grid.area
    shares = [shapely.intersection(look.outline(grid.crs), area).area / area.area for look in looks]
    for look, share in zip(looks, shares, strict=True):
        if share >= LEAST_COVERAGE:
            kept.append(look)
            continue
        message = f"{look.name} of {look.date} covers {share:.1%} of the area of interest, expected at least 1 %"
        if workflow.read.on_error == "skip":
            warnings.append(f"scene skipped: {message}")
        else:
            problems.append(workflow.problem("scenes", f"{message}; correct site.aoi or leave the scene out"))
    if not kept:
        raise InputError(workflow.problem("site.aoi", _far_away(grid, looks[0], max(shares))))
    if problems:
        raise InputError(problems)
    return tuple(kept)


def _far_away(grid: Grid, look: Look, share: float) -> str:
    """Where the area of interest lies, and where a scene does; `share` is the most that one covers of it."""

    def span(shape: BaseGeometry) -> str:
        west, south, east, north = shape.bounds
        return f"{west:.5g} to {east:.5g} east, {south:.5g} to {north:.5g} north"

    area = shapely.transform(grid.area, lambda xy: np.column_stack(transform_xy(grid.crs, LONLAT, xy[:, 0], xy[:, 1])))
    met = f"no scene covers more than {share:.2g} of it, expected at least 0.01" if share else "no scene meets it"
    return f"{met}: it spans {span(area)}, {look.name} {span(look.outline())} (degrees); correct it"


def zones_of(workflow: Workflow, grid: Grid, warnings: list[str]) -> Areas | None:
    """The zones in the grid's CRS; None where the workflow names none."""
    if workflow.site.zones is None:
        return None
    with located(workflow, "site.zones"):
        areas = read_vector(workflow.site.zones, grid.crs, named=True, key="")
    warnings += areas.warnings
    for about, zone in zip(areas.attributes, areas.geometries, strict=True):
        if not zone.intersects(grid.area):
            warnings.append(f"zone '{about.name}' lies outside the area of interest")
        if about.kind and about.kind != SIDING and (guess := did_you_mean(about.kind, [SIDING])):
            warnings.append(f"zone '{about.name}' is of kind '{about.kind}', which says nothing{guess}")
    return areas
