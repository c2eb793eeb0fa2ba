"""Masks of a series: the scores of all dates read together, tile by tile, once each date has its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import Task, Window, in_strips, tiles
from changedet.dateoutputs import files_of_date
from changedet.datework import Model
from changedet.grid import Grid
from changedet.kernels import components
from changedet.kernels.persistence import CHANGED, SURE, persistent, strictness, trust
from changedet.kernels.thresholds import NEVER
from changedet.maskoutputs import MaskSink, Place
from changedet.outputs.rasters import read_bands, read_window
from changedet.plan import LATTICE_PX, Plan
from changedet.steps import date_work, masks_identity
from changedet.tilework import described

Stream: TypeAlias = Callable[[str, Sequence[Task]], Iterable[tuple[int, Any]]]

PROBABILISTIC = ("trees",)
"""Methods whose score is a probability."""
DATES_AT_ONCE = 6
"""With more dates tiles are smaller, so that their scores fit into memory."""


@dataclass(frozen=True)
class SeriesWork:
    """The dates on one side of the reference, nearest first, and where their scores lie.

    Attributes
    ----------
    scores, contrasts : tuple of Path
    thresholds : tuple of float
    probabilities : bool
        Whether the scores are.
    shift : float
        Log odds that they must have more, from how much of the site is surely changed.
    weights : tuple of float
        Of each date's evidence, from how much of the site it shows.
    """

    grid: Grid
    scores: tuple[Path, ...]
    contrasts: tuple[Path, ...]
    thresholds: tuple[float, ...]
    probabilities: bool
    shift: float
    weights: tuple[float, ...]


def _pending(plan: Plan) -> list[int]:
    """Dates whose masks are read together with the others' and are not done."""
    if not plan.persists:
        return []
    wanted = masks_identity(plan)
    done = [plan.folder.is_done(f"masks:{look.date}", wanted) for look in plan.looks]
    return [i for i in range(len(plan.looks)) if i != plan.reference and not done[i]]


def begin_masks(plan: Plan) -> None:
    """Note which masks are to come, before a pass forgets that it wrote some of an earlier run."""
    for i in _pending(plan):
        plan.folder.begin(f"masks:{plan.looks[i].date}", _files(plan, i))


def _files(plan: Plan, i: int) -> list[Path]:
    return files_of_date(plan.folder, date_work(plan, i), plan.formats, "masks")


def read_together(plan: Plan, models: Mapping[dt.date, Model], stream: Stream) -> None:
    """Write the masks and scores of a series that are not done, from the scores of all its dates.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to dict
        Of all dates.
    stream : callable
        ``stream(what, tasks)`` yields the results of tasks that read the run folder, with their indices.
    """
    pending = set(_pending(plan))
    # Both sides of the reference begin with it: earlier dates are read backwards.
    sides = range(plan.reference + 1, len(plan.looks)), reversed(range(plan.reference))
    windows = in_strips(tiles(plan.grid.shape, plan.tile_px if len(plan.looks) <= DATES_AT_ONCE else LATTICE_PX))
    for side in map(list, sides):
        wanted = sorted(pending.intersection(side))
        if not wanted:
            continue
        sinks: dict[int, MaskSink] = {}
        try:
            for i in wanted:
                sinks[i] = _sink(plan, models, i)
            work = _work(plan, models, side)
            if work.probabilities:
                counting: list[Task] = [(count_sure, (work, window)) for window in windows]
                work = _informed(work, [found for _, found in stream("counting sure changes", counting)])
            tasks: list[Task] = [(series_tile, (work, window)) for window in windows]
            for k, found in stream("reading dates together", tasks):
                for i, tile in zip(side, found, strict=True):
                    if i in sinks:
                        sinks[i].take(windows[k], *tile)
            for i, sink in sinks.items():
                sink.finish()
                plan.folder.finish(f"masks:{plan.looks[i].date}", masks_identity(plan), _files(plan, i))
        finally:
            for sink in sinks.values():
                sink.abandon()


def _sink(plan: Plan, models: Mapping[dt.date, Model], i: int) -> MaskSink:
    change = models[plan.looks[i].date]["change"]
    about = {"method": change["method"], "threshold": CHANGED, "min_area_m2": change["min_area_m2"]}
    words = f"probability of change over all dates, from scores by {change['method']}"
    return MaskSink(Place(plan.folder, date_work(plan, i), plan.formats, plan.site_id), about, words)


def _work(plan: Plan, models: Mapping[dt.date, Model], indices: Sequence[int]) -> SeriesWork:
    days = [plan.looks[i].date for i in indices]
    thresholds = [models[day]["change"]["threshold"] for day in days]
    return SeriesWork(
        plan.grid,
        tuple(plan.folder.aside("score", day) for day in days),
        tuple(plan.folder.aside("contrast", day) for day in days),
        tuple(NEVER if threshold is None else float(threshold) for threshold in thresholds),
        plan.choices["change"].method in PROBABILISTIC,
        shift=0.0,
        weights=(1.0,) * len(days),
    )


def _informed(work: SeriesWork, counts: Sequence[NDArray[np.int64]]) -> SeriesWork:
    """With what the whole site tells of how its scores are to be read."""
    total = np.stack(counts).sum(axis=0)
    sure, seen = int(total[0]), total[1:]
    return replace(work, shift=strictness(sure, int(seen.sum())), weights=tuple(float(w) for w in trust(seen)))


def count_sure(work: SeriesWork, window: Window) -> NDArray[np.int64]:
    """Surely changed pixels of all dates of a tile, then the seen ones of each."""
    scores = [read_window(path, window) for path in work.scores]
    seen = [int(np.isfinite(score).sum()) for score in scores]
    return np.array([sum(int((score > SURE).sum()) for score in scores), *seen], np.int64)


def series_tile(work: SeriesWork, window: Window) -> list[tuple[NDArray[np.float32], bytes, components.TileComponents]]:
    """Of each date the probability of change, the mask before cleaning, packed, and its regions."""
    scores = np.stack([read_window(path, window) for path in work.scores])
    thresholds, weights = (np.asarray(told, np.float64) for told in (work.thresholds, work.weights))
    found = persistent(scores, thresholds, work.probabilities, work.shift, weights)
    tiles = []
    for probability, path in zip(found, work.contrasts, strict=True):
        contrast = read_bands(path, window)
        tiles.append((probability, *described(probability, CHANGED, contrast, window, work.grid)))
    return tiles
