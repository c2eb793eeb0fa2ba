"""Scores of the dates of a series, and of a pair: bounded by the network, and without movers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from changedet.arrays import Bools, Bytes, Singles, Words
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, STAYED
from changedet.pipeline.series_job import SeriesJob
from changedet.stages.change.kernels.bare_works import YARD_M
from changedet.stages.change.kernels.ground_signs import no_change_where
from changedet.stages.change.kernels.held_ground import held_ground
from changedet.stages.change.kernels.lasting_ground import lasting_ground, nothing_lasts
from changedet.stages.change.kernels.leaf_fall import green_again, leaves_halo_px
from changedet.stages.change.kernels.mark_rims import FIGURES as RIM_FIGURES
from changedet.stages.change.kernels.mark_rims import rim_figures, rim_halo_px
from changedet.stages.change.kernels.movers import (
    COLOURS,
    DIFFERENCES,
    mover_halo_px,
    plants_around,
    plants_halo_px,
    without_movers,
)
from changedet.stages.change.kernels.old_outlines import FIGURES as OUTLINE_FIGURES
from changedet.stages.change.kernels.old_outlines import outline_figures
from changedet.stages.change.kernels.own_soil import own_soil
from changedet.stages.change.kernels.pair_ground import pair_halo_px, stays_ground
from changedet.stages.change.kernels.season_witness import confirmed_ground
from changedet.stages.change.kernels.wide_ground import (
    bounded_by_network,
    marks_around,
    whole_steps,
    wide_halo_px,
)

if TYPE_CHECKING:
    from changedet.pipeline.box_marks import BoxMarks

FIGURES: Final = 2
"""Figures to sum over regions in a date's contrast."""
PLANTS, NETWORK, ROOFS = 2, 3, 4
"""What lies behind them: cover by plants, what the network says, and how sure it is that roofs came or went; the last
for dates in colours alone."""


def scores_of_pairs(
    job: SeriesJob, window: Window, boxes: Sequence[BoxMarks | None] = (), whole: Singles | None = None
) -> Singles:
    """Scores within what the network allows, and without movers.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.
    boxes : sequence of BoxMarks or None
        Of each date those that may lie within `yards_reach_px` of the window; a pair asks for them.
    whole : float32 (date, y, x), optional
        Of the whole grid, where they are known already; only dates that are read together have the same again.

    Returns
    -------
    float32 (date, y, x)
        NaN is not observed.
    """
    # Beyond the grid nothing is observed, and on a small site that is more than half of a window with its halo.
    there = window.within(job.grid.shape)
    if not (there.height and there.width):
        return np.full((len(job.scores), *window.shape), np.nan, np.float32)
    found = _scores_within(job, there, boxes) if whole is None else whole[(slice(None), *there.slices)]
    if there == window:
        return found
    scores = np.full((len(job.scores), *window.shape), np.nan, np.float32)
    rows, columns = Window(there.y - window.y, there.x - window.x, *there.shape).slices
    scores[:, rows, columns] = found
    return scores


def _scores_within(job: SeriesJob, window: Window, boxes: Sequence[BoxMarks | None]) -> Singles:
    """As `scores_of_pairs`, of a window that does not reach beyond the grid."""
    if not job.standing:
        return _bounded_scores(job, window, None)[0]
    gsd_m = job.grid.ground_resolution_m
    if not job.together:
        return _score_of_pair(job, window, boxes[0] if boxes else None)
    wide, around = window.grown(mover_halo_px(gsd_m)), plants_halo_px(gsd_m)
    standing = _standing(job, wide.grown(around))
    kinds = [bands[0] for bands in standing]
    # in colours alone grey aircraft on concrete pass for banks of its soil
    is_soil = own_soil(kinds, gsd_m) & np.array(job.nir, np.bool_)[:, None, None]
    scores, sure = _bounded_scores(job, wide, plants_around(kinds, gsd_m) | is_soil)
    scores = _without_leaf_fall(job, scores, standing, around)
    own = [bands[:, around:-around, around:-around] for bands in standing]
    return without_movers(scores, own, sure, gsd_m)


def _without_leaf_fall(job: SeriesJob, scores: Singles, standing: Sequence[Bytes], around: int) -> Singles:
    """Scores lowered where plants lost their green for a season; `standing` reaches farther by `around`."""
    if not job.days:
        return scores
    gsd_m = job.grid.ground_resolution_m
    spare = around - leaves_halo_px(gsd_m)
    core = slice(spare, -spare or None)
    seasonal = green_again([bands[:, core, core] for bands in standing], job.days, gsd_m)
    return no_change_where(scores, seasonal)


def yards_reach_px(job: SeriesJob) -> int:
    """How far from a window boxes may lie that decide whether what stands there may be one.

    Parameters
    ----------
    job : SeriesJob

    Returns
    -------
    int
        Pixels; 0 but for a pair.
    """
    gsd_m = job.grid.ground_resolution_m
    return mover_halo_px(gsd_m) + math.ceil(YARD_M / gsd_m) if job.standing and not job.together else 0


def _score_of_pair(job: SeriesJob, window: Window, boxes: BoxMarks | None) -> Singles:
    """The score of the only date that is compared (1, y, x): no other look says what lasts."""
    gsd_m = job.grid.ground_resolution_m
    rim, near = pair_halo_px(gsd_m), window.grown(mover_halo_px(gsd_m))
    wide = near.grown(rim)
    scores, (standing,) = _bounded_scores(job, wide, None)[0], _standing(job, wide)
    stays = stays_ground(scores[0], standing[0], gsd_m, is_later=job.is_later) | _in_yards(boxes, job.grid, near)
    core = slice(None), slice(rim, -rim), slice(rim, -rim)
    own = np.ascontiguousarray(standing[core])
    return without_movers(np.ascontiguousarray(scores[core]), [own], stays[None].astype(np.float32), gsd_m)


def _in_yards(boxes: BoxMarks | None, grid: Grid, window: Window) -> Bools:
    """Where containers stand near (y, x): what is no followed box there is one that was missed rather than a lorry."""
    stand = None if boxes is None else boxes.chosen(np.isin(boxes.decision, (ARRIVED, LEFT, STAYED)))
    if stand is None or not len(stand.swept):
        return np.zeros(window.shape, np.bool_)
    around = shapely.union_all(shapely.buffer(stand.swept, YARD_M * grid.ground_metre, quad_segs=2))
    return np.asarray(grid.burn([(around, 1)], window) > 0, np.bool_)


def _standing(job: SeriesJob, window: Window) -> list[Bytes]:
    """Of each date what stands on it alone, and with near infrared how it differs from the reference (band, y, x)."""
    return [
        read_bands(path, window, 1 + COLOURS + (1 + DIFFERENCES) * with_nir)
        for path, with_nir in zip(job.standing, job.nir, strict=True)
    ]


def rims_of_marks(job: SeriesJob, k: int, mask: Bytes, boxes: Bytes, window: Window) -> tuple[Singles, ...]:
    """Compare both sides of the rims of a date's marks.

    Parameters
    ----------
    job : SeriesJob
        It asks for the date's rims.
    k : int
        Which of its dates.
    mask : uint8 (y, x)
        The mask before cleaning, with `rim_halo_px` more on each side than the window.
    boxes : uint8 (y, x)
        Above 0 where boxes decide; of the window.
    window : Window
        On the grid.

    Returns
    -------
    tuple of float32 (y, x)
        As of `rim_figures`, then as of `outline_figures`.
    """
    gsd_m = job.grid.ground_resolution_m
    if not (mask == 1).any():
        return tuple(np.zeros((RIM_FIGURES + OUTLINE_FIGURES, *boxes.shape), np.float32))
    wide = window.grown(rim_halo_px(gsd_m))
    steps = whole_steps(read_bands(job.contrasts[k], wide, NETWORK + 1)[NETWORK])
    shown = mask, read_bands(job.standing[k], wide), steps, boxes, gsd_m
    return *rim_figures(*shown), *outline_figures(*shown)


def pair_score(score: Path, contrast: Path, window: Window, gsd_m: float) -> Singles:
    """A date's own probability of change, the trees bounded by what the network says of this date's marks.

    Parameters
    ----------
    score, contrast : pathlib.Path
        As of `SeriesJob`.
    window : Window
        On the grid; may reach beyond it.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (y, x)
        NaN is not observed.
    """
    pair = _read(score, contrast, window, gsd_m)
    (least,) = nothing_lasts(1, window.shape).least
    return _bounded(pair, pair.marks_around(gsd_m), least, gsd_m)


class _Pair(NamedTuple):
    """A date's score and what the network says, with the halo of `wide_ground`; the rest without it."""

    score: Singles
    steps: Bytes
    plants: Singles
    roofs: Singles

    def marks_around(self, gsd_m: float) -> tuple[Words, Words]:
        return marks_around(self.score, self.steps, gsd_m)


def _read(score: Path, contrast: Path, window: Window, gsd_m: float) -> _Pair:
    halo = wide_halo_px(gsd_m)
    wide = window.grown(halo)
    own, beside = read_window(score, wide), read_bands(contrast, wide)
    steps = whole_steps(beside[NETWORK])
    plants, *roofs = np.nan_to_num(beside[[PLANTS, *range(ROOFS, len(beside))], halo:-halo, halo:-halo])
    # without roofs one 0 stands for all pixels
    return _Pair(own, steps, plants, roofs[0] if roofs else np.broadcast_to(np.float32(0), plants.shape))


def _bounded(pair: _Pair, around: tuple[Words, Words], least: Singles, gsd_m: float) -> Singles:
    return bounded_by_network(pair.score, pair.steps, pair.plants, around, least, pair.roofs, gsd_m)


def _bounded_scores(job: SeriesJob, window: Window, is_still: Bools | None) -> tuple[Singles, Singles]:
    """Scores (date, y, x), and how far looks agree about the ground."""
    if not job.probabilities:
        scores = np.stack([read_window(path, window) for path in job.scores])
        return scores, nothing_lasts(len(scores), window.shape).sure
    gsd_m = job.grid.ground_resolution_m
    pairs = [_read(*paths, window, gsd_m) for paths in zip(job.scores, job.contrasts, strict=True)]
    lasting = (
        nothing_lasts(len(pairs), window.shape)
        if is_still is None
        else lasting_ground([pair.score for pair in pairs], [pair.steps for pair in pairs], is_still, gsd_m)
    )
    # what several dates mark is one pad, or one field
    of_all = _marks_of_all(pairs, gsd_m) if job.together else None
    scores = np.empty((len(pairs), *window.shape), np.float32)
    for own, pair, least in zip(scores, pairs, lasting.least, strict=True):
        own[:] = _bounded(pair, of_all or pair.marks_around(gsd_m), least, gsd_m)
    if job.together:
        _release(scores, lasting.sure, job, pairs)
    return scores, lasting.sure


def _release(scores: Singles, sure: Singles, job: SeriesJob, pairs: Sequence[_Pair]) -> None:
    """Give back, in place, the pairs' own scores where looks say by themselves that the ground changed."""
    gsd_m = job.grid.ground_resolution_m
    halo = wide_halo_px(gsd_m)
    own = [pair.score for pair in pairs], [pair.steps for pair in pairs], job.nir
    confirmed = confirmed_ground(*own, job.in_season, gsd_m)
    for score, found, pair in zip(scores, held_ground(*own, gsd_m) | confirmed, pairs, strict=True):
        score[found] = pair.score[halo:-halo, halo:-halo][found]
    # pits and banks are no movers
    sure[confirmed] = 1


def _marks_of_all(pairs: Sequence[_Pair], gsd_m: float) -> tuple[Words, Words]:
    """Of `marks_around`, summed over all pairs."""
    said, marked = pairs[0].marks_around(gsd_m)
    for pair in pairs[1:]:
        more, others = pair.marks_around(gsd_m)
        said += more
        marked += others
    return said, marked
