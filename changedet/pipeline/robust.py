"""The whole run again with every other date as reference and with each date left out: what of its claims holds.

Each variant is a run of its own in a folder among the records, taken away when its figures are kept. Where a date is
left out the others' results are taken from the run itself, so that only what needs all dates is computed again; another
reference changes the pixels of every date.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError
from changedet.grid.areas import Areas
from changedet.json_types import Json, JsonObject
from changedet.pipeline.identities import identities, masks_identity
from changedet.plan import Plan, make_plan
from changedet.plan.make import without
from changedet.store import RunFolder, identity, read_json, write_json

ROBUST_STEP: Final = "robust"
"""Under this name the figures of the variants are recorded."""
RASTERS: Final = (".tif", ".gtif")
"""Endings of rasters, which are linked where a variant takes them over."""
LEAST_LOOKS: Final = 3
"""With two looks, one left out leaves nothing to compare."""
_KEPT: Final = ("totals", "onset", "claims")
"""What is kept of a variant's summary."""

Compute: TypeAlias = Callable[[Plan], Mapping[str, Json]]
"""Carries out a plan but for its results, and returns its ``summary.json``."""


@dataclass(frozen=True)
class _Variant:
    """Another run of the same site.

    Attributes
    ----------
    name : str
        ``before DATE`` or ``without DATE``.
    before : date
        Its reference.
    left_out : date or None
        The date that it does not have.
    """

    name: str
    before: date
    left_out: date | None = None


def run_robust(plan: Plan, compute: Compute) -> None:
    """Carry out all variants of a run and keep their figures.

    Nothing is done where an earlier run has done it on the same dates.

    Parameters
    ----------
    plan : Plan
        Its dates are passed over, its masks done.
    compute : callable
        As of `Compute`.
    """
    path, wanted = robust_file(plan.folder), _identity(plan)
    if plan.folder.is_done(ROBUST_STEP, wanted):
        return
    room = plan.folder.state / ROBUST_STEP / wanted[:16]
    found: list[Json] = [_once(plan, variant, room, compute) for variant in _variants(plan)]
    plan.folder.once(ROBUST_STEP, wanted, [path], partial(write_json, path, {"variants": found}))
    shutil.rmtree(room.parent)


def kept_variants(plan: Plan) -> list[dict[str, Any]] | None:
    """The figures of the variants that an earlier ``--robust`` kept of the same dates.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of dict, or None
        ``name, before, left_out`` and ``totals, onset, claims`` as in ``summary.json``, or ``error`` where the variant
        could not be run; None where none were kept.
    """
    if not plan.folder.is_done(ROBUST_STEP, _identity(plan)):
        return None
    found: list[dict[str, Any]] = read_json(robust_file(plan.folder))["variants"]
    return found


def robust_file(folder: RunFolder) -> Path:
    """Name the file of the variants' figures.

    Parameters
    ----------
    folder : RunFolder

    Returns
    -------
    Path
        A JSON file among the records.
    """
    return folder.state / "robust.json"


def _identity(plan: Plan) -> str:
    parts = [identities(plan, i) for i in range(len(plan.looks))]
    stages = [plan.stage_identity(stage) for stage in ("tracks", "series")]
    zones = () if plan.zones is None else [(name, one.wkb_hex) for name, one in _named(plan.zones)]
    return identity(ROBUST_STEP, masks_identity(plan), parts, stages, zones, str(plan.reference_date))


def _named(zones: Areas) -> Iterator[tuple[str, BaseGeometry]]:
    return zip(zones.names, zones.geometries, strict=True)


def _variants(plan: Plan) -> Iterator[_Variant]:
    days = plan.dates
    own = days[plan.reference]
    for day in days:
        if day != own:
            yield _Variant(f"before {day}", day)
    if len(days) < LEAST_LOOKS:
        return
    for day in days:
        # Without its reference a run would take the earliest of the other dates.
        yield _Variant(f"without {day}", own if day != own else next(d for d in days if d != own), day)


def _once(plan: Plan, variant: _Variant, room: Path, compute: Compute) -> JsonObject:
    """A variant's figures, computed unless a run that was interrupted has done so."""
    kept = room / f"{variant.name.replace(' ', '-')}.json"
    if kept.exists():
        done: JsonObject = read_json(kept)
        return done
    folder = RunFolder(room / variant.name.replace(" ", "-"))
    about: JsonObject = {
        "name": variant.name,
        "before": str(variant.before),
        "left_out": None if variant.left_out is None else str(variant.left_out),
    }
    try:
        summary = compute(_plan_of(plan, variant, folder))
        found = about | {name: summary[name] for name in _KEPT}
    except InputError as error:
        # Not every date can be the reference: one that shows too little, or lacks a band.
        found = about | {"error": str(error)}
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, found)
    shutil.rmtree(folder.path, ignore_errors=True)
    return found


def _plan_of(plan: Plan, variant: _Variant, folder: RunFolder) -> Plan:
    days = plan.dates
    left_out = () if variant.left_out is None else (days.index(variant.left_out),)
    if variant.before == days[plan.reference]:
        _take_over(plan.folder, folder)
        return replace(without(plan, left_out, ()), folder=folder)
    # Of another reference nothing is kept but the hashes of what is read.
    outputs = replace(plan.workflow.outputs, formats=("tables",))
    workflow = replace(plan.workflow, before=variant.before, outputs=outputs)
    other = _with_dates(make_plan(workflow, scheduler=plan.scheduler, upload="none"), days)
    gone = [i for i, look in enumerate(other.looks) if look.date == variant.left_out]
    _take_over(plan.folder, folder, only=("inputs*", "steps/inputs*"))
    return replace(without(other, gone, ()) if gone else other, folder=folder)


def _with_dates(plan: Plan, days: Sequence[date]) -> Plan:
    """A plan of those dates alone that the run itself could read."""
    unread = [i for i, look in enumerate(plan.looks) if look.date not in days]
    return without(plan, unread, ()) if unread else plan


def _take_over(source: RunFolder, target: RunFolder, only: Sequence[str] = ()) -> None:
    """What a run has finished, for a variant to go on from; rasters by links, as they are only ever replaced."""
    if target.state.exists():
        return
    if only:
        files = [path for pattern in only for path in source.state.glob(pattern)]
    else:
        room = source.state / ROBUST_STEP
        files = [path for path in source.path.rglob("*") if path.is_file() and room not in path.parents]
    for path in files:
        if path == source.state / "lock":
            continue
        other = target.path / path.relative_to(source.path)
        other.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in RASTERS:
            with suppress(OSError):
                os.link(path, other)
                continue
        shutil.copy2(path, other)
