"""What a whole site shows before its dates are read together: how far to trust each, outlines, things told whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Ints, Singles
from changedet.blocks import Task, Window
from changedet.grid import Grid
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.built_since import BuiltSince
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.outlined_dates import Outlined, cells_of, joined, on_cells, outlined, shown_near
from changedet.pipeline.scheduling import Stream
from changedet.pipeline.season_scores import with_seasons
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.series_scores import scores_of_pairs
from changedet.pipeline.told_ground import Told, told_on, told_whole
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.stages.change.kernels.local_change_rate import SURELY_CHANGED
from changedet.stages.change.kernels.outlined_ground import MOST_LOOKS, cells_factor, first_marked
from changedet.stages.change.kernels.series_hmm import date_weights

KEPT_BYTES: Final = 2**25
"""Of scores that one reading hands to the next: a cluster gets them with the task."""


class SureTile(NamedTuple):
    """What a tile shows before its dates are read together.

    Attributes
    ----------
    counts : int64 (1 + date,)
        Surely changed pixels, summed over all dates; then the observed ones of each.
    first : bytes
        Of `outlined_ground.first_marked`, on cells; empty where no outlines are looked for.
    told : (bytes, bytes)
        Of `told_ground.told_on`, likewise.
    scores : float32 (date, y, x) or None
        Of `scores_of_pairs`, where the tile is the whole grid and they are few: the next reading asks for the same.
    """

    counts: Ints
    first: bytes
    told: tuple[bytes, bytes]
    scores: Singles | None = None


def count_sure(job: SeriesJob, window: Window, factor: int = 0) -> SureTile:
    """Count the pixels of a tile that are surely changed, and those that each date shows.

    Parameters
    ----------
    job : SeriesJob
        Its scores are probabilities.
    window : Window
        The tile on the grid.
    factor : int
        Pixels on a side of the cells on which ground is gathered; 0 gathers none.

    Returns
    -------
    SureTile
        Of all its dates.
    """
    scores = scores_of_pairs(job, window)
    seen = [int(np.isfinite(score).sum()) for score in scores]
    counts = np.array([sum(int((score > SURELY_CHANGED).sum()) for score in scores), *seen], np.int64)
    first, told, certain = b"", b"", b""
    if factor:
        rasters = first_marked(scores, SURELY_CHANGED), *told_on(job, window, scores)
        first, told, certain = (on_cells(raster, window, factor) for raster in rasters)
    is_whole = window.shape == job.grid.shape and scores.nbytes <= KEPT_BYTES
    return SureTile(counts, first, (told, certain), scores if is_whole else None)


class ShownNear(NamedTuple):
    """What is known of the whole site before its dates are read together, near a tile.

    Attributes
    ----------
    grounds : tuple of Outlined
    things : tuple of Told
    built : BuiltSince or None
        As of `SiteShows`.
    """

    grounds: tuple[Outlined, ...] = ()
    things: tuple[Told, ...] = ()
    built: BuiltSince | None = None


class SiteShows(NamedTuple):
    """What is known of the whole site before its dates are read together.

    Attributes
    ----------
    job : SeriesJob
        With how far each date is to be trusted and how much changed.
    grounds : tuple of Outlined
        Whose outline dates show though only later ones mark it.
    things : tuple of Told
        That dates show whole though parts of them are sure.
    scores : float32 (date, y, x) or None
        Where one tile is the site.
    built : BuiltSince or None
        That footprints tell as new.
    """

    job: SeriesJob
    grounds: tuple[Outlined, ...] = ()
    things: tuple[Told, ...] = ()
    scores: Singles | None = None
    built: BuiltSince | None = None

    def near(self, grid: Grid, window: Window) -> ShownNear:
        """Take what meets a window.

        Parameters
        ----------
        grid : Grid
        window : Window
            May reach beyond the grid.

        Returns
        -------
        ShownNear
            In the order of before.
        """
        built = None if self.built is None else self.built.near(window)
        return ShownNear(shown_near(self.grounds, grid, window), shown_near(self.things, grid, window), built)


def site_shows(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    boxes: Mapping[dt.date, BoxMarks],
    side: Sequence[int],
    job: SeriesJob,
    windows: Sequence[Window],
    stream: Stream,
) -> SiteShows:
    """Read a site once before its dates are read together.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
        Of all dates.
    boxes : mapping of date to BoxMarks
        Of the dates whose boxes were followed.
    side : sequence of int
        Indices of the looks on one side of the reference, nearest first.
    job : SeriesJob
        Of these.
    windows : sequence of Window
        Its tiles.
    stream : callable
        As of `Session.stream`.

    Returns
    -------
    SiteShows
        Of that side.
    """
    if not job.probabilities:
        if not (knows_seasons(plan) and job.is_later):
            return SiteShows(job)
        gsd_m = max(look.gsd_m for look in plan.looks)
        return SiteShows(with_seasons(job, plan.reference_date.toordinal(), gsd_m, windows, stream))
    cells = cells_of(job.grid) if job.is_later and job.standing and 1 < len(side) < MOST_LOOKS else None
    factor = 0 if cells is None else cells_factor(job.grid.ground_resolution_m)
    counting: list[Task] = [(count_sure, (job, window, factor)) for window in windows]
    tiles = dict(stream("counting sure changes", counting))
    sure, *seen = np.stack([tile.counts for tile in tiles.values()]).sum(axis=0)
    weights = tuple(float(w) for w in date_weights(np.array(seen), np.array(job.nir)))
    job = replace(job, weights=weights, sure=int(sure), seen=int(sum(seen)))
    if cells is None:
        return SiteShows(job, scores=tiles[0].scores)
    in_order = [tiles[k] for k in range(len(windows))]
    first = joined([tile.first for tile in in_order], windows, cells.shape, factor)
    grounds = outlined(plan, models, side, first, cells)
    del first
    told, certain = (joined([tile.told[n] for tile in in_order], windows, cells.shape, factor) for n in (0, 1))
    things = told_whole(told, certain, cells, len(side), [boxes.get(plan.looks[i].date) for i in side])
    return SiteShows(job, grounds, things, in_order[0].scores)
