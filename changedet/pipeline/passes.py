"""Pass over the tiles of every date of which something is not done, and write its rasters and tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from changedet.blocks import Task, Window, in_strips, tiles
from changedet.errors import InputError
from changedet.pipeline.date_files import DateSink, files_of_date
from changedet.pipeline.date_job import PARTS, DateJob, job_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.identities import identities
from changedet.pipeline.scheduling import Session, give_back_memory
from changedet.pipeline.tile import Tile, compute_tile
from changedet.pipeline.unread import blamed
from changedet.plan import Plan

RIDER = -1
"""Key of the reference's sink where its quality comes with another date's tiles."""


TILES_BETWEEN = 16
"""Tiles after which freed memory is given back: often enough to bound it, seldom enough to cost nothing."""


@dataclass(frozen=True)
class _Pass:
    """What is to be done anew of one date: its job cut down to that, and each step's identity and files."""

    job: DateJob
    steps: dict[str, tuple[str, list[Path]]]


def _pending_passes(plan: Plan) -> list[_Pass]:
    found = []
    for i, look in enumerate(plan.looks):
        wanted, job = identities(plan, i), job_of(plan, i)
        needed = [p for p in PARTS if p != "boxes" or job.counts]
        parts = [p for p in needed if not plan.folder.is_done(f"{p}:{look.date}", wanted[p])]
        steps = {p: (wanted[p], files_of_date(plan.folder, job, plan.formats, p)) for p in parts}
        if steps:
            found.append(_Pass(job.only(frozenset(steps)), steps))
    return found


def _with_rider(pending: list[_Pass]) -> tuple[list[_Pass], _Pass | None]:
    """Spare the reference a pass of its own where a comparison, which reads it anyway, can bring all it needs."""
    own = next((one for one in pending if one.job.reference is None and one.job.only_quality), None)
    host = next((k for k, one in enumerate(pending) if one.job.compares), None)
    if own is None or host is None:
        return pending, None
    carrying = replace(pending[host], job=replace(pending[host].job, with_reference_quality=True))
    return [carrying if k == host else one for k, one in enumerate(pending) if one is not own], own


def pass_over_tiles(session: Session, models: dict[date, DateModel]) -> None:
    """Pass over the tiles of every date of which something is not done, and write its rasters and tables."""
    plan = session.plan
    pending, rider = _with_rider(_pending_passes(plan))
    windows = in_strips(tiles(plan.grid.shape, plan.tile_px))
    reference_model = models[plan.looks[plan.reference].date]
    tasks: list[Task] = [
        (_tile, (one.job, window, models[one.job.look.date], reference_model)) for one in pending for window in windows
    ]
    sinks: dict[int, DateSink] = {}
    try:
        for k, tile in session.stream("computing tiles", tasks):
            i = k // len(windows)
            if isinstance(tile, InputError):
                raise blamed(plan, pending[i].job.look, tile)
            if i not in sinks:
                sinks[i] = _begun(plan, pending[i], models)
            sinks[i].take(windows[k % len(windows)], tile)
            if rider is not None and tile.reference_quality is not None:
                if RIDER not in sinks:
                    sinks[RIDER] = _begun(plan, rider, models)
                sinks[RIDER].take(windows[k % len(windows)], Tile(tile.reference_quality))
                if sinks[RIDER].received == len(windows):
                    _finish(plan, rider, sinks.pop(RIDER))
            if sinks[i].received % TILES_BETWEEN == 0:
                give_back_memory()
            if sinks[i].received == len(windows):
                _finish(plan, pending[i], sinks.pop(i))
    finally:
        for sink in sinks.values():
            sink.abandon()


def _tile(job: DateJob, window: Window, model: DateModel, reference_model: DateModel) -> Tile | InputError:
    """A tile, or why there is none."""
    try:
        return compute_tile(job, window, model, reference_model)
    except InputError as error:
        return error


def _begun(plan: Plan, one: _Pass, models: dict[date, DateModel]) -> DateSink:
    day = one.job.look.date
    for part, (_, files) in one.steps.items():
        plan.folder.begin(f"{part}:{day}", files)
    return DateSink(plan.folder, one.job, models[day], plan.formats, plan.site_id, frozenset(one.steps))


def _finish(plan: Plan, one: _Pass, sink: DateSink) -> None:
    sink.finish()
    for part, (done, files) in one.steps.items():
        plan.folder.finish(f"{part}:{one.job.look.date}", done, files)
