"""Pass over the tiles of a date: of each one window of the date and of its reference, each warped once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.kernels import components, region_figures
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, NODATA, SHADOW
from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import OUTLINE_PX, DateJob
from changedet.pipeline.date_model import ChangeModel, DateModel
from changedet.pipeline.date_pixels import bands_of, normalised, quality_of, where_valid, with_extra
from changedet.pipeline.shade import with_shade
from changedet.stages.objects.lattice import cells, in_cell
from changedet.store.packing import pack


@dataclass(frozen=True)
class Tile:
    """What a pass over one tile found; arrays are the tile's own pixels, no halo.

    Attributes
    ----------
    quality : bytes
        uint8 (y, x), packed.
    score : float32 (y, x) or None
    raw : bytes or None
        The mask before cleaning, uint8 (y, x), packed.
    regions : TileComponents or None
        Of the raw mask.
    contrast : float32 (2, y, x) or None
        Of both dates across the raw mask's outline, where the mask waits for other dates.
    picture : (band, y, x) float32 or None
    boxes : DataFrame or None
        Boxes whose centre lies in the tile, in pixels of the grid.
    built : bytes or None
        Evidence of built surface, uint8 (y, x), packed.
    reference_quality : bytes or None
        Of the reference date, as `quality`.
    """

    quality: bytes
    score: NDArray[np.float32] | None = None
    raw: bytes | None = None
    regions: components.TileComponents | None = None
    contrast: NDArray[np.float32] | None = None
    picture: NDArray[np.float32] | None = None
    boxes: pd.DataFrame | None = None
    built: bytes | None = None
    reference_quality: bytes | None = None


def compute_tile(job: DateJob, window: Window, model: DateModel, reference_model: DateModel) -> Tile:
    """One pass over a tile: quality, score, raw mask, regions, picture, boxes.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    displacement = model.alignment.displacement
    wide = window.grown(job.halo_px)
    image, own = job.look.read(job.grid, wide, job.roles, displacement)
    quality = quality_of(job, image, own, wide, model.mask)
    inside = job.grid.inside(window)
    core = _inner(job.halo_px)
    shown = with_shade(job.roles, quality[core], image[(slice(None), *core)], model.shade)
    found: dict[str, Any] = {"quality": pack(np.where(inside, shown, NODATA).astype(np.uint8))}
    if job.compares:
        near = _inner(job.halo_px - job.change_halo_px)
        pair = image[(slice(None), *near)], quality[near]
        found |= _compared(job, window, *pair, displacement, inside, model, reference_model)
    if job.scene_roles:
        found["picture"] = _picture(job, window, image[(slice(None), *core)], displacement, model)
    counts, outlines = job.methods.objects is not None and job.counts, job.methods.footprint is not None
    if not counts and not outlines:
        return Tile(**found)
    seen = where_valid(image, quality == CLEAR)
    if job.methods.objects is not None and model.objects is not None and job.counts:
        method, objects = job.methods.objects, model.objects
        # The rims of clouds and shadows cut through boxes that are seen: all is shown, and what is hidden left out.
        whole = where_valid(image, np.isin(quality, (CLEAR, CLOUD, SHADOW, HAZE)))
        tables = [in_cell(whole, wide, cell, method, objects) for cell in cells(window, method.cell_px)]
        boxes = pd.concat(tables, ignore_index=True)
        found["boxes"] = boxes[_mostly(quality == CLEAR, wide, boxes, job.grid.ground_resolution_m)]
    if job.methods.footprint is not None and model.footprint is not None:
        built = job.methods.footprint.apply(seen, wide, model=model.footprint)
        found["built"] = pack(np.where(inside, built[core], 0).astype(np.uint8))
    return Tile(**found)


def _mostly(clear: NDArray[np.bool_], place: Window, boxes: pd.DataFrame, resolution_m: float) -> NDArray[np.bool_]:
    """Whether most of five points along each box lie on clear ground; `clear` (y, x) covers `place`."""
    if boxes.empty:
        return np.zeros(0, bool)
    turn = np.deg2rad(boxes["angle_deg"].to_numpy(float))
    half = boxes["length_m"].to_numpy(float) / 2 / resolution_m
    along = np.linspace(-0.8, 0.8, 5)[:, None] * half
    rows = boxes["y_px"].to_numpy(float) - place.y - along * np.cos(turn)
    columns = boxes["x_px"].to_numpy(float) - place.x + along * np.sin(turn)
    rows, columns = (
        np.clip(np.floor(at).astype(int), 0, size - 1) for at, size in zip((rows, columns), clear.shape, strict=True)
    )
    return np.asarray(2 * clear[rows, columns].sum(axis=0) > len(along), bool)


def _inner(border_px: int) -> tuple[slice, slice]:
    inner = slice(border_px, -border_px) if border_px else slice(None)
    return inner, inner


def _compared(
    job: DateJob,
    window: Window,
    image: NDArray[np.float32],
    quality: NDArray[np.uint8],
    displacement: Displacement,
    inside: NDArray[np.bool_],
    model: DateModel,
    reference_model: DateModel,
) -> dict[str, Any]:
    change = model.change
    if job.reference is None or job.methods.change is None or change is None:
        return {}
    halo_px = job.change_halo_px
    wide = window.grown(halo_px)
    before, before_own = job.reference.read(job.grid, wide, job.roles, None)
    before_quality = quality_of(job, before, before_own, wide, reference_model.mask)
    both = (quality == CLEAR) & (before_quality == CLEAR)
    core = _inner(halo_px)
    found: dict[str, Any] = {}
    if job.with_reference_quality:
        shown = with_shade(job.roles, before_quality[core], before[(slice(None), *core)], reference_model.shade)
        found["reference_quality"] = pack(np.where(inside, shown, NODATA).astype(np.uint8))
    if job.extra_roles:
        before, image = (
            with_extra(job, look, one, wide, moved)
            for look, one, moved in ((job.reference, before, None), (job.look, image, displacement))
        )
        both &= np.isfinite(before).all(axis=0) & np.isfinite(image).all(axis=0)
    before, after = _comparable(job, before, image, both, model)
    score = job.methods.change.apply(before, after, model=change)
    raw = raw_mask(score, change.threshold)
    rim = _inner(halo_px - OUTLINE_PX)
    contrast = [figure[rim] for figure in region_figures.edge_contrast(before, after, raw)]
    score = np.where(inside, score[core], np.float32(np.nan))
    if job.persists:
        return found | {"score": score, "contrast": np.stack(contrast)}
    packed, regions = described(score, change.threshold, contrast, window, job.grid)
    return found | {"score": score, "raw": packed, "regions": regions}


def compare_dates(
    first: DateJob,
    second: DateJob,
    pair: DateJob,
    window: Window,
    first_model: DateModel,
    second_model: DateModel,
    change: ChangeModel,
) -> NDArray[np.float32]:
    """Score ``(y, x)`` of a tile between two dates neither of which is the reference; NaN where not seen on both.

    `pair` is made by `job_between`.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    halo_px = pair.change_halo_px
    wide = window.grown(halo_px)
    images, clear = [], []
    for job, model in ((first, first_model), (second, second_model)):
        displacement = model.alignment.displacement
        image, own = job.look.read(job.grid, wide, job.roles, displacement)
        clear.append(quality_of(job, image, own, wide, model.mask) == CLEAR)
        images.append(with_extra(job, job.look, image, wide, displacement))
    both = np.logical_and.reduce([*clear, *(np.isfinite(image).all(axis=0) for image in images)])
    levelled = [
        normalised(job, blurred(where_valid(image, both), sigma), model)[bands_of(pair, job)]
        for job, image, sigma, model in zip(
            (first, second), images, pair.blur_px, (first_model, second_model), strict=True
        )
    ]
    score = pair.methods.change.apply(*levelled, model=change)  # type: ignore[union-attr]
    return np.where(pair.grid.inside(window), score[_inner(halo_px)], np.float32(np.nan))


def described(
    score: NDArray[np.float32],
    threshold: float | None,
    contrast: Iterable[NDArray[np.float32]],
    window: Window,
    grid: Grid,
) -> tuple[bytes, components.TileComponents]:
    """A tile's mask before cleaning, packed, and its regions with the sums of score and contrast."""
    raw = raw_mask(score, threshold)
    figures = (np.where(raw == 1, score, 0), *contrast)
    regions = components.describe_tile(components.label(raw), (window.y, window.x), grid.shape[1], figures)
    return pack(raw), regions


def _comparable(
    job: DateJob, before: NDArray[np.float32], image: NDArray[np.float32], both: NDArray[np.bool_], model: DateModel
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both dates where both are seen, at one resolution and on one scale. Takes `before` over: it is not kept whole."""
    np.copyto(before, np.float32(np.nan), where=~both)
    before_blur, after_blur = job.blur_px
    before = blurred(before, before_blur)
    after = blurred(where_valid(image, both), after_blur)
    return before, normalised(job, after, model)


def raw_mask(score: NDArray[np.float32], threshold: float | None) -> NDArray[np.uint8]:
    """1 above the threshold, 0 not, 255 where there is no score."""
    if threshold is None:
        return np.where(np.isnan(score), 255, 0).astype(np.uint8)
    return np.where(np.isnan(score), 255, score > threshold).astype(np.uint8)


def _picture(
    job: DateJob, window: Window, shared: NDArray[np.float32], displacement: Displacement, model: DateModel
) -> NDArray[np.float32]:
    """The aligned, normalised picture with all of the date's bands; those that are not compared keep their values."""
    shared = with_extra(job, job.look, shared, window, displacement)
    if job.methods.normalise is not None and model.normalise is not None:
        shared = job.methods.normalise.apply(shared, model=model.normalise)
    by_role = dict(zip(job.compared_roles, shared, strict=True))
    others = tuple(role for role in job.scene_roles if role not in by_role)
    if others:
        extra, _ = job.look.read(job.grid, window, others, displacement)
        by_role |= dict(zip(others, extra, strict=True))
    return np.stack([by_role[role] for role in job.scene_roles]).astype(np.float32)
