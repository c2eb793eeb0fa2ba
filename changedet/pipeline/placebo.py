"""The placebo: what share of a site is marked where its own other dates say that nothing happened.

Two measures. **Single looks** cost nothing: on a date that lies between two others, the share of the pixels unchanged
on the clear looks before and after that its own comparison with the reference marks all the same. **Pairs**
(``changedet run --placebo``) compare each date with the one before it, neither being the reference, by the same method
and threshold: the marked share of the pixels that by the masks are as on the reference date on both. Real things that
came and went between two looks count as false in both; what is marked falsely on several looks in a row, as by a
season, is not seen by the first, and only partly by the second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import Task, Window, in_strips, tiles
from changedet.grid.pixel_areas import whole_pixels
from changedet.kernels.components import drop_small_components
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_job import DateJob, job_between, job_of
from changedet.pipeline.date_model import ChangeModel, DateModel, read_date_model
from changedet.pipeline.identities import masks_identity
from changedet.pipeline.mask_files import mask_path
from changedet.pipeline.measure import measure_between
from changedet.pipeline.series_masks import Stream
from changedet.pipeline.tile import compare_dates, raw_mask
from changedet.plan import LATTICE_PX, Plan
from changedet.store import identity, read_json, write_json
from changedet.store.packing import pack, unpack

LEAST_PIXELS: Final = 10_000
"""With fewer pixels to judge, a share of some in a thousand is not measured."""
SEEN: Final = 255

_Pair: TypeAlias = tuple[DateJob, DateJob, DateJob]
"""Of two dates their own job, and that of `job_between`."""


@dataclass(frozen=True)
class Placebo:
    """How much of a quiet site is marked.

    Attributes
    ----------
    share : float
        The greatest that was measured here, else what simulated sites showed.
    bound : float
        That the lower bound of the changed area allows for: what every date marks falsely alike is not measured, so it
        is never less than on simulated sites.
    reason : str
        Where the share comes from.
    single_looks : float or None
        Marked share on looks between two unchanged ones; None where there are too few.
    pairs : tuple of (date, date, float)
        Of each pair that `--placebo` compared, its marked share.
    """

    share: float
    bound: float
    reason: str
    single_looks: float | None = None
    pairs: tuple[tuple[dt.date, dt.date, float], ...] = ()

    def to_json(self, seen_m2: Mapping[dt.date, float]) -> dict[str, Any]:
        """As ``summary.json`` keeps it, with the area of each date that so many of the seen pixels are."""
        pairs = [{"from": str(first), "to": str(second), "share": share} for first, second, share in self.pairs]
        return {
            "share": self.share,
            "bound": self.bound,
            "reason": self.reason,
            "single_looks": self.single_looks,
            "pairs": pairs,
            "false_area_m2": {str(day): self.share * area for day, area in seen_m2.items()},
        }


def placebo(plan: Plan, expected: float) -> Placebo:
    """What this site's own dates show; `expected` is what simulated sites showed."""
    single, pairs = _single_looks(plan), _kept_pairs(plan)
    measured = [share for share in (single, *(share for _, _, share in pairs)) if share is not None]
    if not measured:
        why = "as on simulated sites: no date of this one lies between two others that show the same ground unchanged"
        return Placebo(expected, expected, why)
    share = max(measured)
    return Placebo(share, max(share, expected), "measured on this site's own dates", single, tuple(pairs))


def _days(plan: Plan) -> list[dt.date]:
    """Dates that have a mask, sorted."""
    jobs = [job_of(plan, i) for i in range(len(plan.looks))]
    return [job.look.date for job in jobs if job.compares]


def _least_px(plan: Plan, change: ChangeModel) -> int:
    """Pixels of the least change that a fitted change model keeps."""
    return whole_pixels(change.min_area_m2, plan.grid.ground_resolution_m)


def _single_looks(plan: Plan) -> float | None:
    days = _days(plan)
    if len(days) < 2:
        return None
    found = {day: read_date_model(plan.folder.model(day)).change for day in days} if plan.persists else {}
    fitted = {day: change for day, change in found.items() if change is not None}
    before = sum(day < plan.looks[plan.reference].date for day in days)
    judged = marked = 0
    for window in tiles(plan.grid.shape, 2 * LATTICE_PX):
        states = np.stack([read_window(mask_path(plan.folder, day, plan.formats), window) for day in days])
        alone = states
        if plan.persists:
            scores = (read_window(plan.folder.aside("score", day), window) for day in days)
            raw = {day: raw_mask(score, fitted[day].threshold) for day, score in zip(days, scores, strict=True)}
            alone = np.stack([drop_small_components(raw[day], _least_px(plan, fitted[day])) for day in days])
        # The reference is unchanged by definition, wherever in the series it stands.
        states, alone = (np.insert(stack, before, 0, axis=0) for stack in (states, alone))
        counts = single_look_counts(states, alone)
        judged, marked = judged + counts[0], marked + counts[1]
    return marked / judged if judged >= LEAST_PIXELS else None


def single_look_counts(states: NDArray[np.uint8], alone: NDArray[np.uint8]) -> tuple[int, int]:
    """Looks at pixels that were unchanged on the clear looks before and after, and how many of them are marked.

    Parameters
    ----------
    states : (date, y, x) uint8
        Masks in order of date: 0 unchanged, 1 changed, 255 not seen.
    alone : (date, y, x) uint8
        What each date's own comparison marks.

    Examples
    --------
    >>> states = np.array([0, 0, 255, 0, 1], np.uint8)[:, None, None]
    >>> single_look_counts(states, np.array([0, 1, 255, 0, 1], np.uint8)[:, None, None])
    (1, 1)
    """
    judged = marked = 0
    before = np.full(states.shape[1:], SEEN, np.uint8)
    after = [before]
    for state in states[:0:-1]:
        after.append(np.where(state == SEEN, after[-1], state))
    for state, mark, following in zip(states, alone, reversed(after), strict=True):
        quiet = (before == 0) & (following == 0) & (mark != SEEN)
        judged, marked = judged + int(quiet.sum()), marked + int((mark[quiet] == 1).sum())
        before = np.where(state == SEEN, before, state)
    return judged, marked


def _identity(plan: Plan) -> str:
    return identity("placebo", masks_identity(plan))


def _kept_pairs(plan: Plan) -> list[tuple[dt.date, dt.date, float]]:
    """What an earlier ``--placebo`` measured on the same masks."""
    if not plan.folder.is_done("placebo", _identity(plan)):
        return []
    kept = read_json(plan.folder.state / "placebo.json")["pairs"]
    return [(dt.date.fromisoformat(a), dt.date.fromisoformat(b), share) for a, b, share in kept]


def run_placebo(plan: Plan, models: Mapping[dt.date, DateModel], stream: Stream) -> None:
    """Compare each date with the one before it, neither being the reference, and keep what share is marked.

    Nothing is done where an earlier run has measured it on the same masks.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    models : mapping of date to dict
    stream : callable
        ``stream(what, tasks)`` yields results with their indices.
    """
    if plan.folder.is_done("placebo", _identity(plan)):
        return
    jobs = [job_of(plan, i) for i in range(len(plan.looks))]
    indices = [(i, k) for i, k in pairwise(range(len(jobs))) if plan.reference not in (i, k)]
    pairs = [(jobs[i], jobs[k], job_between(plan, i, k)) for i, k in indices if jobs[i].compares and jobs[k].compares]
    path = plan.folder.state / "placebo.json"
    found = []
    tasks: list[Task] = [(measure_between, (*pair, *_models_of(pair, models))) for pair in pairs]
    fitted = dict(stream("measuring", tasks))
    for number, pair in enumerate(pairs):
        share = _pair_share(plan, pair, models, fitted[number], stream)
        if share is not None:
            found.append([str(pair[0].look.date), str(pair[1].look.date), share])
    plan.folder.once("placebo", _identity(plan), [path], partial(write_json, path, {"pairs": found}))


def _models_of(pair: _Pair, models: Mapping[dt.date, DateModel]) -> tuple[DateModel, DateModel]:
    return models[pair[0].look.date], models[pair[1].look.date]


def _pair_share(
    plan: Plan, pair: _Pair, models: Mapping[dt.date, DateModel], change: ChangeModel, stream: Stream
) -> float | None:
    windows = in_strips(tiles(plan.grid.shape, plan.tile_px))
    tasks: list[Task] = [
        (_marks, (*pair, window, *_models_of(pair, models), change, _least_px(plan, change))) for window in windows
    ]
    judged = marked = 0
    for k, packed in stream("comparing dates with each other", tasks):
        marks = unpack(packed, windows[k].shape)
        masks = [mask_path(plan.folder, job.look.date, plan.formats) for job in pair[:2]]
        first, second = (read_window(path, windows[k]) for path in masks)
        # Of what differs from the reference on both dates nobody knows whether it changed again in between.
        quiet = (first == 0) & (second == 0) & (marks != SEEN)
        judged, marked = judged + int(quiet.sum()), marked + int((marks[quiet] == 1).sum())
    return marked / judged if judged >= LEAST_PIXELS else None


def _marks(
    first: DateJob,
    second: DateJob,
    pair: DateJob,
    window: Window,
    first_model: DateModel,
    model: DateModel,
    change: ChangeModel,
    least_px: int,
) -> bytes:
    """A tile's marks between two dates, packed, cleaned cell by cell so that they do not depend on the tile."""
    score = compare_dates(first, second, pair, window, first_model, model, change)
    marks = raw_mask(score, change.threshold)
    for cell in tiles(window.shape, LATTICE_PX):
        marks[cell.slices] = drop_small_components(np.ascontiguousarray(marks[cell.slices]), least_px)
    return pack(marks)
