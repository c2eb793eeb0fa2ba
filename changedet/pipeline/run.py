"""Carry out a plan: measure each date, pass over its tiles, follow the boxes, date the growth, write the results."""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from changedet.blocks import PATIENCE_S, Task, Window, in_strips, stream, tiles
from changedet.errors import ChangedetError, InputError
from changedet.imagery.scene import Look
from changedet.outputs.rasters.styling import sidecars
from changedet.pipeline.collect import Results, collect
from changedet.pipeline.date_files import DateSink, files_of_date, write_first_change
from changedet.pipeline.date_job import PARTS, DateWork
from changedet.pipeline.date_model import DateModel, KeptParts, read_date_model, write_date_model
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.identities import date_work, identities, kept_parts, masks_identity, model_identity
from changedet.pipeline.mask_files import mask_path
from changedet.pipeline.measure import Sample, measure, reference_sample
from changedet.pipeline.placebo import run_placebo
from changedet.pipeline.publish import PUBLISHED, WRITTEN_ANEW, publish, published_files
from changedet.pipeline.series_masks import begin_masks, read_together
from changedet.pipeline.tile import Tile, compute_tile
from changedet.plan import SKIP_HINT, Plan, make_plan, without
from changedet.store import RunFolder, identity
from changedet.workflow import Workflow

Progress = Callable[[str, int, int], None]

RIDER = -1
"""Key of the reference's sink where its quality comes with another date's tiles."""

TILES_BETWEEN = 16
"""Tiles after which freed memory is given back: often enough to bound it, seldom enough to cost nothing."""


@dataclass
class _Session:
    """One run of a plan: where its tasks go and how long its steps took."""

    plan: Plan
    client: Any = None
    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> RunFolder:
        return self.plan.folder

    def stream(self, what: str, tasks: Sequence[Task], *, here: bool = False) -> Iterator[tuple[int, Any]]:
        """Results of tasks as they come; `here` for those that read the run folder, which others may not see."""
        start = time.perf_counter()
        self._tell(what, 0, len(tasks))
        place = (
            {"client": None, "scheduler": "threads"}
            if here
            else {"client": self.client, "scheduler": self.plan.scheduler}
        )
        arguments = place | {"workers": self.plan.workers}
        for done, (i, result) in enumerate(stream(tasks, **arguments), 1):
            self._tell(what, done, len(tasks))
            yield i, result
        self.seconds[what] = round(self.seconds.get(what, 0.0) + time.perf_counter() - start, 3)

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.progress is not None and total:
            self.progress(what, done, total)


def run(workflow: Workflow | str | Path, *, out: str | None = None, fresh: bool = False, placebo: bool = False) -> Run:
    """Run a workflow.

    Parameters
    ----------
    workflow : Workflow or path
    out : str, optional
        Folder for the run folder, instead of ``outputs.dir``.
    fresh : bool
        Start over instead of going on from an earlier run.
    placebo : bool
        Compare the dates with each other too, to measure what share of the site is marked falsely.

    Returns
    -------
    Run
        The finished run. An active dask client is used.

    Raises
    ------
    InputError
        The workflow, a scene or an edited result stands in the way; nothing is lost.
    """
    return carry_out(make_plan(workflow, out=out), fresh=fresh, placebo=placebo)


def carry_out(plan: Plan, *, fresh: bool = False, placebo: bool = False, progress: Progress | None = None) -> Run:
    """Do what a plan says, going on from what an earlier run finished.

    Raises
    ------
    InputError
        A scene cannot be read, or a result was edited by hand.
    ChangedetError
        The scheduler cannot be reached, or another run is at work in the folder.
    """
    folder = plan.folder
    is_new = not folder.path.exists()
    folder.guard(_visible_files(plan))
    with _client(plan) as client, folder.locked(is_new=is_new):
        if fresh:
            folder.clear()
        session = _Session(plan, client, progress)
        models = _read_through(session)
        if placebo:
            run_placebo(session.plan, models, session.stream)
        results = _followed(session, models)
        _published(session, models, results)
    return open_run(folder.path)


def _read_through(session: _Session) -> dict[date, DateModel]:
    """Measure and pass over all dates; one that cannot be read is left out where the workflow allows it.

    What the other dates had finished by then still holds, and is not done again.
    """
    while True:
        try:
            models = _measured(session)
            give_back_memory()
            begin_masks(session.plan)
            _passed(session, models)
            read_together(session.plan, models, partial(session.stream, here=True))
        except _UnreadError as error:
            session.plan = _without(session.plan, error.found)
        else:
            return models


def give_back_memory() -> None:
    """Return to the system what measuring has freed: glibc keeps it otherwise, beside what the tiles then need."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def hush_dask() -> None:
    """A cluster that is lost is one clear line of ours; dask sets its own levels when it is imported."""
    import distributed  # noqa: F401

    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def _client(plan: Plan) -> Iterator[Any]:
    """The client of a ``tcp://`` scheduler, or one that is active already; None where dask runs in this process."""
    if not plan.scheduler.startswith(("tcp://", "tls://")):
        yield _active_client()
        return
    from distributed import Client

    try:
        client = Client(plan.scheduler, timeout=10, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ChangedetError(f"--scheduler: no dask scheduler answers at {plan.scheduler} ({error})") from None
    with client:
        if not client.nthreads():
            try:
                client.wait_for_workers(1, timeout=PATIENCE_S)
            except TimeoutError:
                said = f"the dask scheduler at {plan.scheduler} has had no worker for {PATIENCE_S:g} s; start some"
                raise ChangedetError(said) from None
        yield client


def _active_client() -> Any:
    # Where nobody has imported it there is no client, and the import is dear.
    if "distributed" not in sys.modules:
        return None
    from distributed import get_client

    try:
        return get_client()
    except ValueError:
        return None


def _measured(session: _Session) -> dict[date, DateModel]:
    """Every date's model: of an earlier run's, all parts that depend on nothing that changed."""
    plan, folder = session.plan, session.folder
    days = [look.date for look in plan.looks]
    wanted = [identities(plan, i) for i in range(len(days))]
    pending = [i for i, day in enumerate(days) if not folder.is_done(f"measure:{day}", model_identity(wanted[i]))]
    kept = {i: kept_parts(folder, days[i], wanted[i]) for i in pending}
    for i, model in (_measure(session, kept) if pending else {}).items():
        path = folder.model(days[i])
        whole = replace(model, identities=wanted[i])
        folder.once(f"measure:{days[i]}", model_identity(wanted[i]), [path], partial(write_date_model, path, whole))
    return {day: read_date_model(folder.model(day)) for day in days}


def _measure(session: _Session, kept: dict[int, KeptParts]) -> dict[int, DateModel]:
    plan, folder = session.plan, session.folder
    day = plan.looks[plan.reference].date
    work = date_work(plan, plan.reference)
    models: dict[int, DateModel] = {}
    if plan.reference in kept:
        task: Task = (_measure_one, (work, None, None, kept[plan.reference]))
        ((_, found),) = session.stream("measuring", [task])
        if isinstance(found, InputError):
            raise _blamed(plan, plan.looks[plan.reference], found)
        reference_model, sample = found
        models[plan.reference] = reference_model
    else:
        reference_model = read_date_model(folder.model(day))
        ((_, sample),) = session.stream("measuring", [(reference_sample, (work,))])
    others = [i for i in kept if i != plan.reference]
    tasks: list[Task] = [(_measure_one, (date_work(plan, i), sample, reference_model, kept[i])) for i in others]
    unread: dict[int, InputError] = {}
    for k, found in session.stream("measuring", tasks):
        if isinstance(found, InputError):
            unread[others[k]] = found
        else:
            models[others[k]] = found[0]
    if unread:
        raise _UnreadError(unread)
    return models


class _UnreadError(Exception):
    """Scenes that opened and could not be read, by the index of their look."""

    def __init__(self, found: dict[int, InputError]) -> None:
        super().__init__()
        self.found = found


def _measure_one(
    work: DateWork, sample: Sample | None, reference_model: DateModel | None, kept: KeptParts
) -> tuple[DateModel, Sample | None] | InputError:
    """A date's model, or why it has none: one bad scene names itself and does not stop the others."""
    try:
        return measure(work, sample, reference_model, kept)
    except InputError as error:
        return error


def _without(plan: Plan, unread: dict[int, InputError]) -> Plan:
    """The plan without scenes that cannot be read, where the workflow allows it.

    Raises
    ------
    InputError
        ``read.on_error`` is ``stop``.
    """
    problems = [problem for error in unread.values() for problem in error.problems]
    if plan.workflow.read.on_error != "skip":
        raise InputError([replace(one, message=one.message + SKIP_HINT) for one in problems])
    return without(plan, unread, [f"scene skipped: {problem}" for problem in problems])


@dataclass(frozen=True)
class _Pass:
    """What is to be done anew of one date: its work cut down to that, and each step's identity and files."""

    work: DateWork
    steps: dict[str, tuple[str, list[Path]]]


def _pending_passes(plan: Plan) -> list[_Pass]:
    found = []
    for i, look in enumerate(plan.looks):
        wanted, work = identities(plan, i), date_work(plan, i)
        needed = [p for p in PARTS if p != "boxes" or work.counts]
        parts = [p for p in needed if not plan.folder.is_done(f"{p}:{look.date}", wanted[p])]
        steps = {p: (wanted[p], files_of_date(plan.folder, work, plan.formats, p)) for p in parts}
        if steps:
            found.append(_Pass(work.only(frozenset(steps)), steps))
    return found


def _with_rider(pending: list[_Pass]) -> tuple[list[_Pass], _Pass | None]:
    """Spare the reference a pass of its own where a comparison, which reads it anyway, can bring all it needs."""
    own = next((one for one in pending if one.work.reference is None and one.work.only_quality), None)
    host = next((k for k, one in enumerate(pending) if one.work.compares), None)
    if own is None or host is None:
        return pending, None
    carrying = replace(pending[host], work=replace(pending[host].work, tells_reference=True))
    return [carrying if k == host else one for k, one in enumerate(pending) if one is not own], own


def _passed(session: _Session, models: dict[date, DateModel]) -> None:
    """Pass over the tiles of every date of which something is not done, and write its rasters and tables."""
    plan = session.plan
    pending, rider = _with_rider(_pending_passes(plan))
    windows = in_strips(tiles(plan.grid.shape, plan.tile_px))
    reference_model = models[plan.looks[plan.reference].date]
    tasks: list[Task] = [
        (_tile, (one.work, window, models[one.work.look.date], reference_model))
        for one in pending
        for window in windows
    ]
    sinks: dict[int, DateSink] = {}
    try:
        for k, tile in session.stream("computing tiles", tasks):
            i = k // len(windows)
            if isinstance(tile, InputError):
                raise _blamed(plan, pending[i].work.look, tile)
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


def _tile(work: DateWork, window: Window, model: DateModel, reference_model: DateModel) -> Tile | InputError:
    """A tile, or why there is none."""
    try:
        return compute_tile(work, window, model, reference_model)
    except InputError as error:
        return error


def _blamed(plan: Plan, look: Look, error: InputError) -> Exception:
    """What a date's failed task means: the date whose file is named cannot be read; without the reference no run."""
    at = next((i for i, other in enumerate(plan.looks) if _names_file_of(error, other)), plan.looks.index(look))
    if at != plan.reference:
        return _UnreadError({at: error})
    remedy = "; it is the reference, without which nothing is compared: give another date as 'before'"
    alone = len(plan.looks) == 1
    return error if alone else InputError([replace(one, message=one.message + remedy) for one in error.problems])


def _names_file_of(error: InputError, look: Look) -> bool:
    paths = [path for scene in look.scenes for path in scene.rasters]
    return any(str(problem).startswith(f"{path}: ") for problem in error.problems for path in paths)


def _begun(plan: Plan, one: _Pass, models: dict[date, DateModel]) -> DateSink:
    day = one.work.look.date
    for part, (_, files) in one.steps.items():
        plan.folder.begin(f"{part}:{day}", files)
    return DateSink(plan.folder, one.work, models[day], plan.formats, plan.site_id, frozenset(one.steps))


def _finish(plan: Plan, one: _Pass, sink: DateSink) -> None:
    sink.finish()
    for part, (done, files) in one.steps.items():
        plan.folder.finish(f"{part}:{one.work.look.date}", done, files)


def _followed(session: _Session, models: dict[date, DateModel]) -> Results:
    """What needs all dates: the first change, tracks, the series, the onset."""
    plan, folder = session.plan, session.folder
    start = time.perf_counter()
    days = [look.date for look in plan.looks]
    later = [day for day in days if day > days[plan.reference]]
    if plan.built("change") is not None and later:
        path = folder.first_change_file(plan.formats)
        paths = {day: mask_path(folder, day, plan.formats) for day in later}
        wanted = identity("first_change", masks_identity(plan))
        files = [path, *sidecars(path)]
        folder.once("first_change", wanted, files, lambda: write_first_change(path, plan.grid, paths, plan.site_id))
    results = collect(plan, models)
    session.seconds["following"] = round(time.perf_counter() - start, 3)
    return results


def _published(session: _Session, models: dict[date, DateModel], results: Results) -> None:
    plan, folder = session.plan, session.folder
    results = replace(results, warnings=tuple(dict.fromkeys([*plan.warnings, *results.warnings])))
    for step in PUBLISHED:
        files = published_files(plan, step)
        if not files:
            continue
        folder.begin(f"publish:{step}", files)
        publish(plan, models, results, session.seconds, step)
        folder.finish(f"publish:{step}", WRITTEN_ANEW, files)


def _visible_files(plan: Plan) -> list[Path]:
    """Every file that the run may replace."""
    found: list[Path] = []
    for i in range(len(plan.looks)):
        for part in ("pixels", "masks"):
            found += files_of_date(plan.folder, date_work(plan, i), plan.formats, part)
    found += [plan.folder.first_change, *sidecars(plan.folder.first_change)]
    for step in PUBLISHED:
        found += published_files(plan, step)
    return found
