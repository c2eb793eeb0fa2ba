"""A workflow's scenes, opened and grouped by date; every mistake at its place in the workflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, Problem
from changedet.imagery.bands import MASKS, GivenBands
from changedet.imagery.grouping import group_looks, shared_roles
from changedet.imagery.hosts import host_of
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene
from changedet.imagery.remote import allowing
from changedet.imagery.scene import Scene
from changedet.imagery.stac.items import LeftOut, items
from changedet.plan.site_areas import area_of, located
from changedet.workflow import SceneEntry, Workflow

SKIP_HINT: Final = "; 'read.on_error: skip' leaves such scenes out"


def opened_scenes(
    workflow: Workflow, warnings: list[str], left_out: list[LeftOut]
) -> tuple[list[Scene], dict[str, SceneEntry]]:
    """All scenes of a workflow, opened.

    Parameters
    ----------
    workflow : Workflow
        With its entries.
    warnings : list of str
        Gets one for each scene that is skipped.
    left_out : list of LeftOut
        Gets one for each item that a search left out.

    Returns
    -------
    scenes : list of Scene
        In the order of the entries.
    entries : dict of str to SceneEntry
        The entry of each file.

    Raises
    ------
    InputError
        For each scene that cannot be opened, but where ``read.on_error`` is ``skip``; or none can.
    """
    scenes: list[Scene] = []
    entries: dict[str, SceneEntry] = {}
    problems: list[Problem] = []
    for entry in workflow.scenes:
        try:
            opened = _opened(workflow, entry, left_out)
            if not opened and entry.stac is not None:
                warnings.append(f"{entry.key}: the search of {entry.stac.href} found no scene")
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
    return _distinguished(scenes), entries


def check_bands(workflow: Workflow, scenes: Sequence[Scene]) -> None:
    """Refuse a role of ``bands`` that no scene has: a slip in its number would cost that band on all dates.

    Parameters
    ----------
    workflow : Workflow
        Not looked at where an entry has bands of its own.
    scenes : sequence of Scene
        All of them.

    Raises
    ------
    InputError
        At each such role.
    """
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


def _distinguished(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes of several dates whose files have one name get their folder's name before their own."""
    dates: dict[str, set[dt.date]] = {}
    for scene in scenes:
        dates.setdefault(scene.name, set()).add(scene.date)

    def named(scene: Scene) -> Scene:
        folder = PurePath(next(iter(scene.rasters))).parent.name
        return replace(scene, name=f"{folder}/{scene.name}") if folder and len(dates[scene.name]) > 1 else scene

    return [named(scene) for scene in scenes]


def looks_of(workflow: Workflow, scenes: Sequence[Scene]) -> tuple[Look, ...]:
    """The scenes of each date together; InputError where those of a date cannot be mosaicked.

    Parameters
    ----------
    workflow : Workflow
        For the place of errors.
    scenes : sequence of Scene
        All of them.

    Returns
    -------
    tuple of Look
        One a date, sorted.
    """
    with located(workflow, "scenes"):
        return tuple(group_looks(scenes))


def compared_roles(workflow: Workflow, looks: Sequence[Look], entries: Mapping[str, SceneEntry]) -> tuple[str, ...]:
    """The roles that all looks share.

    Parameters
    ----------
    workflow : Workflow
        For the place of errors.
    looks : sequence of Look
        One a date.
    entries : mapping of str to SceneEntry
        The entry of each file.

    Returns
    -------
    tuple of str
        At least one.

    Raises
    ------
    InputError
        None is shared; at the entry of the scene that differs from the others.
    """
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


def _opened(workflow: Workflow, entry: SceneEntry, left_out: list[LeftOut]) -> list[Scene]:
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
            left_out=left_out,
        )
        for arguments in found:
            arguments["attribution"] = entry.attribution.over(arguments["attribution"])
        led = host_of(entry.stac.href)
        with allowing((*([led] if led else []), *workflow.read.allow_hosts)):
            return [open_scene(**arguments, default_bands=default) for arguments in found]
    paths = dict(entry.paths)
    asked = [*paths.values(), *([entry.mask] if entry.mask else [])]
    with allowing([*filter(None, map(host_of, asked)), *workflow.read.allow_hosts]):
        scene = _given(entry, paths, default)
    said = tuple(
        f"{path}: is a mask of a kind that is not read; bring it as a 'mask' of 0 and 1" for path in entry.unread
    )
    return [replace(scene, warnings=(*scene.warnings, *said))]


def _given(entry: SceneEntry, paths: Mapping[str, str], default: GivenBands | None) -> Scene:
    if entry.date is None:
        raise InputError("has no date; give one, as date: 2023-06-04")
    return open_scene(
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
        attribution=entry.attribution,
    )


def _aoi_lonlat(workflow: Workflow) -> BaseGeometry | None:
    areas = area_of(workflow)
    return None if areas is None else areas.union
