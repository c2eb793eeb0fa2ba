"""Masks of a series: the scores of all dates read together, tile by tile, once each date has its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Task, Window, in_strips, tiles
from changedet.grid import Grid
from changedet.grid.zones import sidings_of
from changedet.kernels import components
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.date_files import files_of_date
from changedet.pipeline.date_job import job_of
from changedet.pipeline.date_model import ChangeModel, DateModel
from changedet.pipeline.identities import masks_identity
from changedet.pipeline.mask_files import Marking, MaskSink, Place
from changedet.pipeline.tile import described
from changedet.plan import LATTICE_PX, Plan
from changedet.stages.change.kernels.local_change_rate import (
    MOST_CHANGE,
    MOST_SHIFT,
    SURELY_CHANGED,
    LocalChangeRate,
    bounded_by_site,
    halo_px,
    local_change_rate,
)
from changedet.stages.change.kernels.series_hmm import CHANGED, date_weights, series_change_probability

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
    weights : tuple of float
        Of each date's evidence, from how much of the site it shows and in which bands.
    nir : tuple of bool
        Whether each date is compared with near infrared.
    sure, seen : int
        Pixels of all dates that are surely changed, and that are seen.
    sidings : shapely geometry or None
        Where trains stand on one date and are gone on the next, in the grid's CRS; None where nobody told.
    """

    grid: Grid
    scores: tuple[Path, ...]
    contrasts: tuple[Path, ...]
    thresholds: tuple[float, ...]
    probabilities: bool
    weights: tuple[float, ...]
    nir: tuple[bool, ...]
    sure: int = 0
    seen: int = 0
    sidings: BaseGeometry | None = None


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
    return files_of_date(plan.folder, job_of(plan, i), plan.formats, "masks")


def read_together(plan: Plan, models: Mapping[dt.date, DateModel], stream: Stream) -> None:
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
            job = _work(plan, models, side)
            if job.probabilities:
                # a reading of its own, so that no date's step keeps what only this one asks for
                counting: list[Task] = [(count_sure, (job, window)) for window in windows]
                job = _informed(job, [found for _, found in stream("counting sure changes", counting)])
            tasks: list[Task] = [(series_tile, (job, window)) for window in windows]
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


def _sink(plan: Plan, models: Mapping[dt.date, DateModel], i: int) -> MaskSink:
    change = _change(models, plan.looks[i].date)
    marking = Marking(change.method, CHANGED, change.min_area_m2)
    words = f"probability of change over all dates, from scores by {change.method}"
    return MaskSink(Place(plan.folder, job_of(plan, i), plan.formats, plan.site_id), marking, words)


def _change(models: Mapping[dt.date, DateModel], day: dt.date) -> ChangeModel:
    change = models[day].change
    if change is None:
        raise ValueError(f"{day}: no statistics of change")
    return change


def _work(plan: Plan, models: Mapping[dt.date, DateModel], indices: Sequence[int]) -> SeriesWork:
    days = [plan.looks[i].date for i in indices]
    return SeriesWork(
        plan.grid,
        tuple(plan.folder.aside("score", day) for day in days),
        tuple(plan.folder.aside("contrast", day) for day in days),
        tuple(_change(models, day).threshold for day in days),
        plan.choices["change"].method in PROBABILISTIC,
        weights=(1.0,) * len(days),
        nir=tuple("nir" in (*plan.roles, *plan.extra_roles(i)) for i in indices),
        sidings=sidings_of(plan.zones),
    )


def _informed(job: SeriesWork, counts: Sequence[NDArray[np.int64]]) -> SeriesWork:
    """With what the whole site tells: how far each date is to be trusted, and how much changed."""
    sure, *seen = np.stack(counts).sum(axis=0)
    weights = tuple(float(w) for w in date_weights(np.array(seen), np.array(job.nir)))
    return replace(job, weights=weights, sure=int(sure), seen=int(sum(seen)))


def count_sure(job: SeriesWork, window: Window) -> NDArray[np.int64]:
    """Pixels of a tile that are surely changed on any date, summed, and those that each date shows."""
    scores = [read_window(path, window) for path in job.scores]
    seen = [int(np.isfinite(score).sum()) for score in scores]
    return np.array([sum(int((score > SURELY_CHANGED).sum()) for score in scores), *seen], np.int64)


def series_tile(job: SeriesWork, window: Window) -> list[tuple[NDArray[np.float32], bytes, components.TileComponents]]:
    """Of each date the probability of change, the mask before cleaning, packed, and its regions."""
    thresholds, weights = (np.asarray(told, np.float64) for told in (job.thresholds, job.weights))
    halo = halo_px(job.grid.ground_resolution_m) if job.probabilities else 0
    wide = np.stack([read_window(path, window.grown(halo)) for path in job.scores])
    scores = wide[:, halo : halo + window.height, halo : halo + window.width]
    around = _around(job, wide, weights, window) if job.probabilities else None
    found = series_change_probability(scores, thresholds, job.probabilities, weights, around)
    tiles = []
    for probability, path in zip(found, job.contrasts, strict=True):
        contrast = read_bands(path, window)
        tiles.append((probability, *described(probability, CHANGED, contrast, window, job.grid)))
    return tiles


def _around(
    job: SeriesWork, wide: NDArray[np.float32], weights: NDArray[np.float64], window: Window
) -> LocalChangeRate:
    """How probabilities are to be read; on sidings as on the busiest ground, whatever the series shows."""
    around = bounded_by_site(
        local_change_rate(wide, weights, job.grid.ground_resolution_m), job.sure, job.seen, weights
    )
    if job.sidings is None:
        return around
    on_rails = job.grid.inside(window, job.sidings)
    return LocalChangeRate(
        np.where(on_rails, -MOST_SHIFT[0], around.odds_shift),
        np.where(on_rails, MOST_CHANGE, around.change_probability),
    )
