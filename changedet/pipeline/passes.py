"""Pass over the tiles of every date of which something is not done, and write its rasters and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from changedet.blocks import Task, Window, give_back_memory, in_strips, joined_tiles
from changedet.errors import InputError
from changedet.imagery.pixels import forget_blocks
from changedet.kernels.together import together
from changedet.pipeline.date_files import DateWriter, files_of_date
from changedet.pipeline.date_job import PARTS, DateJob, job_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.identities import causes, identities
from changedet.pipeline.kept_tiles import KeptTiles, forget_tiles
from changedet.pipeline.mask_files import DateRasters
from changedet.pipeline.scheduling import Session
from changedet.pipeline.tile import Tile, compute_tile
from changedet.pipeline.unread import blamed, or_error, require_same
from changedet.plan import Plan

TILES_BETWEEN: Final = 64
"""Tiles after which freed memory is given back: often enough to bound it, seldom enough to cost little, as the system
fills with zeros what is taken again."""


@dataclass(frozen=True)
class _Pass:
    """What is to be done anew of one date: its job cut down to that, and each part's identity and files."""

    index: int
    job: DateJob
    parts: Mapping[str, tuple[str, list[Path]]]

    @property
    def day(self) -> date:
        return self.job.look.date

    @property
    def identities(self) -> dict[str, str]:
        return {part: wanted for part, (wanted, _) in self.parts.items()}


@dataclass
class _OpenDates:
    """The writers of the dates whose tiles come in; `reference` is one whose quality they bring, if any."""

    session: Session
    models: Mapping[date, DateModel]
    tiles: int
    reference: _Pass | None
    writers: dict[date, DateWriter] = field(default_factory=dict)

    def take(self, one: _Pass, window: Window, tile: Tile) -> None:
        self._write(one, window, tile)
        if self.reference is not None and tile.reference_quality is not None:
            self._write(self.reference, window, Tile(tile.reference_quality))

    def _write(self, one: _Pass, window: Window, tile: Tile) -> None:
        if one.day not in self.writers:
            self.writers[one.day] = self._begun(one)
        self.writers[one.day].take(window, tile)

    def finish(self, last: _Pass) -> bool:
        """Finish a date, and the reference, if all tiles are there; says whether any is finished."""
        passes = [last] if self.reference is None else [last, self.reference]
        whole = [one for one in passes if one.day in self.writers and self.writers[one.day].received == self.tiles]
        if not whole:
            return False
        plan = self.session.plan
        # What the tiles showed is published only where they all showed the same files.
        require_same(self.session, [*(one.job.look for one in whole), plan.reference_look])
        together([self.writers[one.day].finish for one in whole])
        for one in whole:
            del self.writers[one.day]
            for part, (done, files) in one.parts.items():
                self.session.folder.finish(f"{part}:{one.day}", done, files, causes(plan, one.index, part))
        return True

    def abandon(self) -> None:
        for writer in self.writers.values():
            writer.abandon()

    def _begun(self, one: _Pass) -> DateWriter:
        plan = self.session.plan
        for part, (_, files) in one.parts.items():
            plan.folder.begin(f"{part}:{one.day}", files)
        return DateWriter(DateRasters(plan, one.job), self.models[one.day], frozenset(one.parts))


def pass_over_tiles(session: Session, models: Mapping[date, DateModel]) -> None:
    """Pass over the tiles of every date of which something is not done, and write its rasters and tables.

    Parameters
    ----------
    session : Session
    models : mapping of date to DateModel
        Of all dates.

    Raises
    ------
    InputError
        The reference cannot be read.
    UnreadScenesError
        Another date cannot be read; nothing of it remains.
    """
    plan = session.plan
    passes, reference = _sharing_the_reference(_pending_passes(plan))
    windows = in_strips(joined_tiles(plan.grid.shape, plan.tile_px))
    reference_model = models[plan.reference_date]
    dates = _OpenDates(session, models, len(windows), reference)

    def _task(one: _Pass, window: Window) -> Task:
        return or_error, (compute_tile, one.job, window, models[one.day], reference_model)

    kept = [KeptTiles(session, one.job, one.identities, len(windows)) for one in passes]
    try:
        left = [_left(dates, one, tiles, windows) for one, tiles in zip(passes, kept, strict=True)]
        # One by one: of a province and many dates all at once would be a list of millions.
        asked = _Asked((i, window) for i in range(len(passes)) for window in left[i])
        tasks = (_task(passes[i], window) for i, window in asked)
        count = sum(map(len, left))
        for done, (k, tile) in enumerate(session.stream("computing tiles", tasks, total=count), 1):
            i, window = asked.pop(k)
            if isinstance(tile, InputError):
                raise blamed(plan, passes[i].job.look, tile)
            dates.take(passes[i], window, tile)
            if done == count:
                forget_blocks()
            if done % TILES_BETWEEN == 0 or done == count:
                give_back_memory()
            if dates.finish(passes[i]):
                kept[i].drop()
            else:
                kept[i].keep(window, tile)
        forget_tiles(plan.folder)
    finally:
        for one in kept:
            one.close()
        dates.abandon()


class _Asked:
    """Tasks of the passes, made one by one; tiles without a result yet are kept by number."""

    def __init__(self, tiles: Iterator[tuple[int, Window]]) -> None:
        self._tiles = enumerate(tiles)
        self._open: dict[int, tuple[int, Window]] = {}
        self.pop = self._open.pop

    def __iter__(self) -> Iterator[tuple[int, Window]]:
        for k, one in self._tiles:
            self._open[k] = one
            yield one


def _left(dates: _OpenDates, one: _Pass, kept: KeptTiles, windows: Sequence[Window]) -> Sequence[Window]:
    """The tiles of a date that no earlier run kept; those that one did are taken."""
    found = set()
    for window, tile in kept.found(windows):
        dates.take(one, window, tile)
        found.add(window)
    if found and dates.finish(one):
        kept.drop()
    return [window for window in windows if window not in found] if found else windows


def _pending_passes(plan: Plan) -> list[_Pass]:
    found = []
    for i, look in enumerate(plan.looks):
        wanted, job = identities(plan, i), job_of(plan, i)
        needed = [part for part in PARTS if part != "boxes" or job.counts]
        pending = [part for part in needed if not plan.folder.is_done(f"{part}:{look.date}", wanted[part])]
        parts = {part: (wanted[part], files_of_date(plan, job, part)) for part in pending}
        if parts:
            found.append(_Pass(i, job.only(frozenset(parts)), parts))
    return found


def _sharing_the_reference(pending: Sequence[_Pass]) -> tuple[list[_Pass], _Pass | None]:
    """The passes to make, and the reference's where a comparison, which reads it anyway, brings all that it needs."""
    own = next((one for one in pending if one.job.reference is None and one.job.only_quality), None)
    host = next((k for k, one in enumerate(pending) if one.job.compares), None)
    if own is None or host is None:
        return list(pending), None
    both = replace(pending[host], job=replace(pending[host].job, with_reference_quality=True))
    return [both if k == host else one for k, one in enumerate(pending) if one is not own], own
