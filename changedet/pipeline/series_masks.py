"""Masks of all dates: their scores read together, tile by tile, with what the tracks decide about boxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import geopandas as gpd
import numpy as np

from changedet.arrays import Bytes, Floats, Singles
from changedet.blocks import Task, Window, give_back_memory, in_strips, joined_tiles
from changedet.grid.zones import sidings_of
from changedet.outputs.rasters.reading import read_bands
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.box_marks import halo_px as box_halo_px
from changedet.pipeline.built_since import built_reach_px, newly_built, with_built
from changedet.pipeline.change_regions import tile_parts
from changedet.pipeline.date_job import job_of
from changedet.pipeline.date_model import ChangeModel, DateModel
from changedet.pipeline.identities import masks_causes, masks_identity
from changedet.pipeline.kernels.box_decisions import with_boxes
from changedet.pipeline.kernels.box_parts import box_parts
from changedet.pipeline.lasting_marks import finish_masks
from changedet.pipeline.mask_files import DateRasters, MaskRule, MaskTile, MaskWriter
from changedet.pipeline.outlined_dates import with_outlined
from changedet.pipeline.pending_masks import files_of_masks, pending_masks
from changedet.pipeline.scheduling import Stream
from changedet.pipeline.season_scores import season_probabilities
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.series_scores import FIGURES, rims_of_marks, scores_of_pairs, yards_reach_px
from changedet.pipeline.settled_boxes import settled
from changedet.pipeline.site_shows import ShownNear, SiteShows, site_shows
from changedet.pipeline.snow_patches import patched_quality, shows_boxes
from changedet.pipeline.tile_scores import inner, raw_mask, raw_regions
from changedet.pipeline.told_ground import with_told
from changedet.pipeline.worked_ground import boxes_reach_px, with_bare_works, with_laid_ground
from changedet.plan import LATTICE_PX, Plan
from changedet.plan.memory import DATES_AT_ONCE
from changedet.plan.model import PROBABILISTIC
from changedet.stages.change.kernels.local_change_rate import (
    MOST_CHANGE,
    MOST_SHIFT,
    LocalChangeRate,
    beside_boxes,
    bounded_by_site,
    halo_px,
    local_change_rate,
)
from changedet.stages.change.kernels.mark_rims import rim_halo_px
from changedet.stages.change.kernels.season_witness import of_one_season
from changedet.stages.change.kernels.series_hmm import CHANGED_ABOVE, series_change_probability
from changedet.stages.change.kernels.trees_statistics import TreesStatistics
from changedet.store.packing import unpack

_NOTHING_SHOWN: Final = ShownNear()


def read_together(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    boxes: Mapping[dt.date, BoxMarks],
    detections: gpd.GeoDataFrame | None,
    stream: Stream,
) -> None:
    """Write the masks and scores of a series that are not done, from the scores of all its dates and its boxes.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
        Of all dates.
    boxes : mapping of date to BoxMarks
        Of the dates whose boxes were followed.
    detections : GeoDataFrame or None
        Boxes of all dates, with ``date`` and ``counted``; None where they are not looked for.
    stream : callable
        As of `Session.stream`, for tasks that read the run folder.
    """
    pending = set(pending_masks(plan))
    # What finishing the dates left free would lie beside what the tiles of all dates take.
    give_back_memory()
    # Both sides of the reference begin with it: earlier dates are read backwards.
    for side in (range(plan.reference + 1, len(plan.looks)), range(plan.reference - 1, -1, -1)):
        wanted = sorted(pending.intersection(side))
        if wanted:
            _read_side(plan, models, boxes, detections, side, wanted, stream)


def series_tile(
    job: SeriesJob,
    window: Window,
    boxes: Sequence[BoxMarks | None],
    near: ShownNear = _NOTHING_SHOWN,
    scores: Singles | None = None,
) -> list[MaskTile]:
    """Read one tile of all dates together.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        The tile on the grid.
    boxes : sequence of BoxMarks or None
        Of each date those near the tile, those beside what is read of it among them; None where none were followed.
    near : ShownNear
        Of `SiteShows.near`.
    scores : float32 (date, y, x), optional
        Of `SureTile`.

    Returns
    -------
    list of MaskTile
        Of each date the probability of change (NaN is not observed), the mask before cleaning and its regions.
    """
    around_px = _halo_px(job, has_boxes=any(one is not None for one in boxes), has_built=near.built is not None)
    grown = window.grown(around_px)
    found = _probabilities(job, grown, boxes, scores)
    core = inner(around_px)
    tiles = []
    patched = job.patched or (None,) * len(boxes)
    within = job.grid.window_bounds(grown)
    own = [None if one is None else one.within(within, job.grid.ground_metre) for one in boxes]
    deciding = settled(own, found, job.grid, grown)
    found = with_outlined(found, near.grounds, CHANGED_ABOVE, job.grid, grown)
    found = with_told(with_bare_works(found, job, boxes, grown), near.things, job.grid, grown)
    found = with_laid_ground(found, job, grown)
    found = with_built(found, near.built, job, grown)
    for k, (probability, marks, quality) in enumerate(zip(found, deciding, patched, strict=True)):
        contrast = read_bands(job.contrasts[k], window, FIGURES)
        boxes_at = np.zeros(window.shape, np.uint8)
        if marks is not None and len(marks.bases):
            pixels = marks.on_pixels(job.grid, grown)
            open_to_boxes = None if quality is None else shows_boxes(quality, grown)
            decided = with_boxes(probability, CHANGED_ABOVE, pixels, marks.decision, marks.probability, open_to_boxes)
            probability = decided.score
            boxes_at = box_parts(decided.gained, decided.lost, job.grid.ground_resolution_m)[core]
        shown = probability[core]
        rims = _rims(job, k, probability, boxes_at, window) if job.asks_rims(k) else ()
        raw, regions = raw_regions(shown, CHANGED_ABOVE, rims, window, job.grid)
        parts = tile_parts(unpack(raw, window.shape), boxes_at, shown, contrast, window, job.grid)
        tiles.append(MaskTile(np.ascontiguousarray(shown), raw, regions, parts))
    return tiles


def _halo_px(job: SeriesJob, *, has_boxes: bool, has_built: bool) -> int:
    """How far around a tile pixels decide about it: about its boxes, and with them about the rims of its marks."""
    rims = any(job.asks_rims(k) for k in range(len(job.nir)))
    around_rims = rim_halo_px(job.grid.ground_resolution_m) if rims else 0
    around_built = built_reach_px(job) if has_built else 0
    return around_rims + around_built + (box_halo_px(job.grid) if has_boxes else 0)


def _rims(job: SeriesJob, k: int, probability: Singles, boxes: Bytes, window: Window) -> tuple[Singles, ...]:
    """Figures of the rims of a date's marks; the probability may reach farther around the tile than they look."""
    spare = (len(probability) - window.height) // 2 - rim_halo_px(job.grid.ground_resolution_m)
    return rims_of_marks(job, k, raw_mask(probability[inner(spare)], CHANGED_ABOVE), boxes, window)


def _probabilities(job: SeriesJob, window: Window, boxes: Sequence[BoxMarks | None], whole: Singles | None) -> Singles:
    """Probability of change (date, y, x) in a window that may reach beyond the grid."""
    thresholds, weights = (np.asarray(values, np.float64) for values in (job.thresholds, job.weights))
    if job.seasons is not None:
        return season_probabilities(job, window, CHANGED_ABOVE)
    halo = halo_px(job.grid.ground_resolution_m) if job.probabilities and job.together else 0
    wide = scores_of_pairs(job, window.grown(halo), boxes, whole)
    scores = wide[(slice(None), *inner(halo))]
    if not job.together:
        alone = [
            series_change_probability(scores[k : k + 1], thresholds[k : k + 1], job.probabilities, np.ones(1))
            for k in range(len(scores))
        ]
        return np.concatenate(alone)
    around = _around(job, wide, weights, window) if job.probabilities else None
    return series_change_probability(scores, thresholds, job.probabilities, weights, around, job.in_season)


def _read_side(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    boxes: Mapping[dt.date, BoxMarks],
    detections: gpd.GeoDataFrame | None,
    side: Sequence[int],
    wanted: Sequence[int],
    stream: Stream,
) -> None:
    """Write the wanted masks of the dates on one side of the reference."""
    windows = in_strips(joined_tiles(plan.grid.shape, plan.tile_px if len(plan.looks) <= DATES_AT_ONCE else LATTICE_PX))
    writers: dict[int, MaskWriter] = {}
    job = _job(plan, models, side)
    try:
        for i in wanted:
            writers[i] = _writer(plan, _change_model(plan, models, i), i, job.asks_rims(side.index(i)))
        # a reading of its own, so that no date's step keeps what only this one asks for
        shown = site_shows(plan, models, boxes, side, job, windows, stream) if job.together else SiteShows(job)
        job, shown = shown.job, shown._replace(built=newly_built(plan, shown.job, detections))
        reach = _halo_px(job, has_boxes=True, has_built=True)
        near = partial(_boxes_near, plan, boxes, side, reach + boxes_reach_px(job) + yards_reach_px(job))
        tasks: list[Task] = [
            (series_tile, (job, window, near(window), shown.near(plan.grid, window.grown(reach)), shown.scores))
            for window in windows
        ]
        for k, found in stream("reading dates together", tasks):
            for i, tile in zip(side, found, strict=True):
                if i in writers:
                    writers[i].take(windows[k], tile)
        identity, why = masks_identity(plan), masks_causes(plan)
        finish_masks(plan, job, side, writers)
        for i in writers:
            plan.folder.finish(f"masks:{plan.looks[i].date}", identity, files_of_masks(plan, i), why)
    finally:
        for writer in writers.values():
            writer.abandon()


def _boxes_near(
    plan: Plan, boxes: Mapping[dt.date, BoxMarks], side: Sequence[int], around_px: int, window: Window
) -> list[BoxMarks | None]:
    """The boxes of the dates on one side of the reference that may decide about a window's pixels."""
    bounds = plan.grid.window_bounds(window.grown(around_px))
    found = (boxes.get(plan.looks[i].date) for i in side)
    return [None if marks is None else marks.within(bounds, plan.grid.ground_metre) for marks in found]


def _change_model(plan: Plan, models: Mapping[dt.date, DateModel], i: int) -> ChangeModel:
    change = models[plan.looks[i].date].change
    if change is None:
        raise ValueError(f"{plan.looks[i].date}: no statistics of change")
    return change


def _writer(plan: Plan, change: ChangeModel, i: int, asks_rims: bool) -> MaskWriter:
    rule = MaskRule(change.method, CHANGED_ABOVE, change.min_area_m2, asks_rims)
    over = " over all dates" if plan.reads_together else ""
    boxes = " and followed boxes" if plan.decides_by_boxes else ""
    words = f"probability of change{over}, from scores by {rule.method}{boxes}"
    return MaskWriter(DateRasters(plan, job_of(plan, i)), rule, words)


def _job(plan: Plan, models: Mapping[dt.date, DateModel], indices: Sequence[int]) -> SeriesJob:
    days = [plan.looks[i].date for i in indices]
    patched = tuple(patched_quality(plan, models, day) for day in days)
    in_season = of_one_season(plan.reference_date.toordinal(), [day.toordinal() for day in days])
    return SeriesJob(
        plan.grid,
        tuple(plan.folder.aside("score", day) for day in days),
        tuple(plan.folder.aside("contrast", day) for day in days),
        tuple(plan.folder.aside("standing", day) for day in days) if plan.knows_movers else (),
        tuple(_change_model(plan, models, i).threshold for i in indices),
        plan.choices["change"].method in PROBABILISTIC,
        weights=(1.0,) * len(days),
        nir=tuple("nir" in (*plan.roles, *plan.extra_roles(i)) for i in indices),
        is_later=indices[0] > plan.reference,
        sidings=sidings_of(plan.zones, plan.grid.ground_metre),
        boxes_decide=plan.decides_by_boxes,
        together=plan.reads_together,
        patched=patched,
        days=tuple(day.toordinal() for day in days),
        # snow hides what the season would tell
        in_season=tuple(own and snow is None for own, snow in zip(in_season, patched, strict=True)),
        by_lasting=tuple(_by_lasting(_change_model(plan, models, i)) for i in indices),
    )


def _by_lasting(change: ChangeModel) -> bool:
    return isinstance(change, TreesStatistics) and change.scale.by_lasting


def _around(job: SeriesJob, wide: Singles, weights: Floats, window: Window) -> LocalChangeRate:
    """How probabilities are to be read; where no boxes are followed, on sidings as on the busiest ground."""
    around = bounded_by_site(
        local_change_rate(wide, weights, job.grid.ground_resolution_m), job.sure, job.seen, weights
    )
    if job.boxes_decide:
        return beside_boxes(around)
    if job.sidings is None:
        return around
    on_rails = job.grid.inside(window, job.sidings)
    return LocalChangeRate(
        np.where(on_rails, -MOST_SHIFT[0], around.odds_shift),
        np.where(on_rails, MOST_CHANGE, around.change_probability),
    )
