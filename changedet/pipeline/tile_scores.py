"""One tile's change: the scores of a date and the reference, or of any two dates, and the mask before cleaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.stand_ins import is_grey
from changedet.kernels import components, region_figures
from changedet.kernels.missing import blank_unseen
from changedet.kernels.pixel_classes import CLEAR
from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import OUTLINE_PX, DateJob
from changedet.pipeline.date_model import ChangeModel, DateModel
from changedet.pipeline.date_pixels import bands_of, normalised, quality_of, where_valid, with_extra
from changedet.pipeline.tile_signs import roofs_between, signs_of, standing_of, states_of
from changedet.stages.change.kernels.ground_signs import LEAST_PAVED, with_paving, without_season
from changedet.stages.change.kernels.roof_odds import with_roofs
from changedet.stages.change.kernels.wide_ground import kept_odds
from changedet.stages.change.method import ChangeMethod
from changedet.store.packing import pack


class TileScores(NamedTuple):
    """The change of one tile, the tile's own pixels without halo.

    Attributes
    ----------
    score : float32 (y, x)
        NaN outside the site and where either date is not clear.
    contrast : list of float32 (y, x)
        Evidence that something is gone, and that something came: of what the ground tells, or contrast of the reference
        and of the date across the outline of what is marked.
    plants : float32 (y, x)
        How far plants cover what bore nothing, 0 to 1; 0 where nobody knows.
    network : float32 (y, x)
        Its log odds, as of `wide_ground.kept_odds`; NaN where there are none, and where paving speaks for itself.
    standing : uint8 (1 + band, y, x) or None
        What stands on the ground on either date; None where it is not asked for.
    roofs : float32 (y, x) or None
        How sure it is that roofs came or went, as of `roof_odds.roof_evidence`; None for methods that do not ask.
    states : float32 (2 * 3, y, x) or None
        Of the reference and of the date, as of `season_colours.ground_state`; None where they are not asked for.
    """

    score: Singles
    contrast: list[Singles]
    plants: Singles
    network: Singles
    standing: Bytes | None = None
    roofs: Singles | None = None
    states: Singles | None = None


class TilePair(NamedTuple):
    """A tile of the reference and of a date, with the halo of the comparison.

    Attributes
    ----------
    before, after : float32 (band, y, x)
        Of the bands that all dates share; NaN is no data.
    both_clear : bool (y, x)
    """

    before: Singles
    after: Singles
    both_clear: Bools


def inner(border_px: int) -> tuple[slice, slice]:
    """Leave out a border.

    Parameters
    ----------
    border_px : int
        On each side.

    Returns
    -------
    (slice, slice)
        Of rows and columns.
    """
    rest = slice(border_px, -border_px) if border_px else slice(None)
    return rest, rest


def tile_scores(job: DateJob, window: Window, pair: TilePair, model: DateModel) -> TileScores:
    """Score the change of a tile since the reference.

    Parameters
    ----------
    job : DateJob
        It compares.
    window : Window
        The tile on the grid.
    pair : TilePair
        Its pixels with ``job.change_halo_px`` more on each side; `before` is taken over and changed.
    model : DateModel

    Returns
    -------
    TileScores
        Without the halo.

    Raises
    ------
    ValueError
        The job compares nothing.
    """
    change, method, reference = model.change, job.methods.change, job.reference
    if change is None or method is None or reference is None:
        raise ValueError("the job compares nothing")
    before, after, both = pair
    gsd_m = job.grid.ground_resolution_m
    wide = window.grown(job.change_halo_px)
    if job.extra_roles:
        before = with_extra(job, reference, before, wide, None)
        after = with_extra(job, job.look, after, wide, model.alignment.displacement)
        both = both & np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0)
    shown = after
    before, after = _comparable(job, before, after, both, model)
    score, own, said, roofs = _scored(method, (before, after), change, job.change_halo_px, gsd_m)
    if roofs is not None and not job.persists:
        own = with_roofs(own, said, roofs)
    is_later = job.look.date > reference.date
    signs = signs_of(before, after, change, job.change_halo_px, is_later=is_later, is_grey=is_grey(job.look))
    if signs is not None:
        own = with_paving(without_season(own, signs.plants), signs.paved)
        contrast, plants = [signs.lost, signs.gained], signs.plants
        said = np.where(signs.paved > LEAST_PAVED, np.float32(np.nan), said)
    else:
        rim = inner(job.change_halo_px - OUTLINE_PX)
        outlines = region_figures.edge_contrast(before, after, raw_mask(score, change.threshold))
        contrast, plants = [figure[rim] for figure in outlines], np.zeros(own.shape, np.float32)
    standing = standing_of(before, after, change, job.change_halo_px, roofs) if job.with_standing else None
    inside = np.where(job.grid.inside(window), own, np.float32(np.nan))
    states = None
    if job.with_states:
        # what a line between seasons makes of reflectance is no colour any more; other units need it
        same_units = job.look.dtype == reference.dtype
        now = blurred(where_valid(shown, both), job.blur_px[1]) if same_units else after
        states = states_of(job.compared_roles, (before, now), job.change_halo_px)
    return TileScores(inside, contrast, plants, said, standing, roofs, states)


def scores_between(
    jobs: tuple[DateJob, DateJob],
    pair: DateJob,
    window: Window,
    models: tuple[DateModel, DateModel],
    change: ChangeModel,
) -> Singles:
    """Score the change of a tile between two dates neither of which is the reference.

    Parameters
    ----------
    jobs : (DateJob, DateJob)
        Of the two dates, each compared with the reference.
    pair : DateJob
        Their comparison with each other, of `job_between`.
    window : Window
        The tile on the grid.
    models : (DateModel, DateModel)
    change : ChangeModel
        Of the two dates, of `measure_between`.

    Returns
    -------
    float32 (y, x)
        NaN outside the site and where either date is not clear.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    ValueError
        The pair compares nothing.
    """
    halo_px, gsd_m = pair.change_halo_px, pair.grid.ground_resolution_m
    wide = window.grown(halo_px)
    images, usable = [], []
    for job, model in zip(jobs, models, strict=True):
        displacement = model.alignment.displacement
        image, own = job.look.read(job.grid, wide, job.roles, displacement)
        usable.append(quality_of(job, image, own, wide, model.mask) == CLEAR)
        images.append(with_extra(job, job.look, image, wide, displacement))
    both = np.logical_and.reduce([*usable, *(np.isfinite(image).all(axis=0) for image in images)])
    levelled = [
        normalised(job, blurred(where_valid(image, both), sigma), model)[bands_of(pair, job)]
        for job, image, sigma, model in zip(jobs, images, pair.blur_px, models, strict=True)
    ]
    method = pair.methods.change
    if method is None:
        raise ValueError("the pair compares nothing")
    _, score, network, roofs = _scored(method, (levelled[0], levelled[1]), change, halo_px, gsd_m)
    if roofs is not None:
        score = with_roofs(score, network, roofs)
    is_later = jobs[1].look.date > jobs[0].look.date
    grey = is_grey(jobs[1].look)
    signs = signs_of(levelled[0], levelled[1], change, halo_px, is_later=is_later, is_grey=grey)
    if signs is not None:
        score = with_paving(without_season(score, signs.plants), signs.paved)
    return np.where(pair.grid.inside(window), score, np.float32(np.nan))


def raw_mask(score: Singles, threshold: float) -> Bytes:
    """Mark what lies above a threshold.

    Parameters
    ----------
    score : float32 (y, x)
        NaN is not observed.
    threshold : float
        Infinite marks nothing.

    Returns
    -------
    uint8 (y, x)
        1 above the threshold, 0 not, 255 not observed.
    """
    out = np.empty(score.shape, np.uint8)
    region_figures.mark_above(np.ascontiguousarray(score), np.float32(threshold), out)
    return out


def raw_regions(
    score: Singles, threshold: float, contrast: Iterable[Singles], window: Window, grid: Grid
) -> tuple[bytes, components.TileComponents]:
    """Mark a tile's pixels above a threshold, and sum score and contrast over their regions.

    Parameters
    ----------
    score : float32 (y, x)
    threshold : float
        Infinite marks nothing.
    contrast : iterable of float32 (y, x)
        As of `TileScores`.
    window : Window
        The tile on the grid.
    grid : Grid

    Returns
    -------
    raw : bytes
        The mask before cleaning, uint8 (y, x), packed.
    regions : TileComponents
        Their sums are of the score and of both contrasts.
    """
    raw = raw_mask(score, threshold)
    labels = components.label(raw)
    regions = components.describe_tile(labels, (window.y, window.x), grid.shape[1], (score, *contrast))
    return pack(raw), regions


def _scored(
    method: ChangeMethod, pair: tuple[Singles, Singles], change: ChangeModel, halo_px: int, gsd_m: float
) -> tuple[Singles, Singles, Singles, Singles | None]:
    """Score with its halo; without it score, kept log odds of the network, and evidence of roofs."""
    core = inner(halo_px)
    if method.apply_apart is None:
        score = method.apply(*pair, model=change)
        return score, score[core], np.full_like(score[core], np.nan), None
    score, odds = method.apply_apart(*pair, model=change, halo_px=halo_px)
    network = kept_odds(odds)
    return score, score[core], network[core], roofs_between(method, pair, network, change, halo_px, gsd_m)


def _comparable(
    job: DateJob, before: Singles, image: Singles, both: Bools, model: DateModel
) -> tuple[Singles, Singles]:
    """Both dates where both are clear, at one resolution and on one scale. Changes `before`: it is not copied."""
    blank_unseen(before, both)
    before_blur, after_blur = job.blur_px
    before = blurred(before, before_blur)
    if after_blur == 0 and job.methods.normalise is not None and job.methods.normalise.halo_px == 0:
        # Each pixel by itself: it may be left out afterwards, in the copy that scaling makes anyway.
        after = normalised(job, image, model)
        blank_unseen(after, both)
        return before, after
    after = blurred(where_valid(image, both), after_blur)
    return before, normalised(job, after, model)
