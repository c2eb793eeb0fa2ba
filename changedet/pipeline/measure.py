"""Measure a date once, from an overview and a fixed sample of cells: its shift, and every stage's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import sample_windows
from changedet.grid.displacement import Displacement
from changedet.imagery.scene import Look, ViewAngles
from changedet.kernels.pixel_classes import CLEAR, CLOUD, SHADOW
from changedet.kernels.resampling import block_mean
from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import (
    ChangeModel,
    DateModel,
    FootprintModel,
    KeptParts,
    LightLevels,
    NormaliseModel,
    ObjectsModel,
)
from changedet.pipeline.date_pixels import bands_of, normalised, where_valid
from changedet.pipeline.overview_mask import open_overview, overview_classes
from changedet.pipeline.samples import (
    Sample,
    extra_cells,
    read_cells,
    sample_quality,
    unaligned_sample,
    with_extra_cells,
)
from changedet.pipeline.shade import VISIBLE, light_levels, light_of
from changedet.stages.align.alignment import Alignment
from changedet.stages.align.chips import measured_shift
from changedet.stages.objects.kernels.stack_height import reach_per_metre

STRAIGHT_DOWN_DEG: Final = 3.0
"""A roof of a stack of two leans by less than half a metre."""
BRIGHTER: Final = 1.2
"""In units of a date's usual ground: what got brighter than on the reference by more is a cloud that its mask left
open, or white and new."""
CLOUDED_SHARE: Final = 0.01
"""Of the sample, from which on a date has clouds."""
COARSE_BUDGET_PX: Final = 250_000
"""An overview of so many pixels finds a shift to some pixels; the chips do the rest."""


def measure(
    job: DateJob, reference: Sample | None, reference_model: DateModel | None, kept: KeptParts
) -> tuple[DateModel, Sample | None]:
    """All statistics of a date.

    Parameters
    ----------
    job : DateJob
    reference : Sample or None
        Of the reference date, aligned with the grid; None where this is it.
    reference_model : DateModel or None
        Of the reference date; None where this is it.
    kept : KeptParts
        What an earlier run measured and still holds; it is not measured again.

    Returns
    -------
    DateModel
        Without identities.
    Sample or None
        The reference's own sample, for the other dates.
    """
    own = unaligned_sample(job)
    alignment = kept.alignment or _alignment(job, own, reference)
    if not alignment.displacement.is_zero:
        image, quality = read_cells(job, alignment.displacement)
        own = replace(own, image=image, quality=quality)
    own = replace(own, extra=extra_cells(job, alignment.displacement))
    overview = kept.mask or overview_classes(
        job, own, open_overview(reference, reference_model), alignment.displacement
    )
    classes = sample_quality(job, own, overview)
    seen = where_valid(own.image, classes == CLEAR)
    levels = kept.shade or light_levels(job, seen)
    normalise: NormaliseModel | None = None
    change: ChangeModel | None = None
    if reference is not None and reference_model is not None:
        before = where_valid(reference.image, sample_quality(job, reference, reference_model.mask) == CLEAR)
        normalise, change = _pair_models(
            job, with_extra_cells(job, seen, own), with_extra_cells(job, before, reference), kept
        )
        if np.isin(classes, (CLOUD, SHADOW)).mean() > CLOUDED_SHARE:
            seen = without_clouds(job.roles, seen, before, levels, reference_model.shade)
    objects, footprint = _single_models(job, seen, kept)
    model = DateModel(alignment, overview, levels, normalise, change, objects, footprint)
    return model, own if reference is None else None


def without_clouds(
    roles: Sequence[str],
    seen: NDArray[np.float32],
    before: NDArray[np.float32],
    levels: LightLevels | None,
    before_levels: LightLevels | None,
) -> NDArray[np.float32]:
    """A sample (cell, band, y, x) without what is far brighter than on the reference.

    A mask ends before a cloud does, and one pixel in a hundred that is left makes the cloud the bright end of a
    picture, on which all that stands on the ground is dark and faint: on simulated cloudy dates the bright end is 1.5
    times that of the truly clear pixels, up to 4.8 times.
    """
    bands = [k for k, role in enumerate(roles) if role in VISIBLE]
    if not bands or levels is None or before_levels is None:
        return seen
    light, usual = (
        light_of(image[:, bands], own, bands).mean(axis=1) for image, own in ((seen, levels), (before, before_levels))
    )
    with np.errstate(invalid="ignore"):
        # NaN, where the reference shows nothing, is no reason.
        return where_valid(seen, ~(light - usual > BRIGHTER))


def _single_models(
    job: DateJob, seen: NDArray[np.float32], kept: KeptParts
) -> tuple[ObjectsModel | None, FootprintModel | None]:
    """The statistics of methods that look at one date alone."""
    objects, footprint = kept.objects, kept.footprint
    if job.methods.objects is not None and job.counts and objects is None:
        # The grid's own pixels may be finer than what the sensor saw.
        objects = job.methods.objects.fit(seen) | {"gsd_m": job.look.gsd_m} | _shadow(job.look)
    if job.methods.footprint is not None and footprint is None:
        footprint = job.methods.footprint.fit(seen) | _sun(job.look)
    return objects, footprint


def _shadow(look: Look) -> dict[str, list[float]]:
    """Where roofs' shadows lie from the roofs, as far as the date's angles tell; a view not given is straight down."""
    view = look.view or ViewAngles(0.0, 0.0)
    if look.sun is None or (view.azimuth_deg is None and view.off_nadir_deg > STRAIGHT_DOWN_DEG):
        return {}
    azimuth = view.azimuth_deg or 0.0
    reach = reach_per_metre(look.sun.azimuth_deg, look.sun.elevation_deg, azimuth, view.off_nadir_deg)
    return {"shadow": [round(float(v), 6) for v in reach]}


def _sun(look: Look) -> dict[str, list[float]]:
    """The direction from which the sun shines, east and north, where it is known."""
    if look.sun is None:
        return {}
    azimuth = np.radians(look.sun.azimuth_deg)
    return {"sun": [round(float(np.sin(azimuth)), 6), round(float(np.cos(azimuth)), 6)]}


def _pair_models(
    job: DateJob, seen: NDArray[np.float32], before: NDArray[np.float32], kept: KeptParts
) -> tuple[NormaliseModel | None, ChangeModel | None]:
    normalise, change = kept.normalise, kept.change
    if change is not None:
        return normalise, change
    both = np.asarray(np.isfinite(seen).all(axis=1) & np.isfinite(before).all(axis=1), bool)
    after, before = where_valid(seen, both), where_valid(before, both)
    before_blur, after_blur = job.blur_px
    before = np.stack([blurred(cell, before_blur) for cell in before])
    after = np.stack([blurred(cell, after_blur) for cell in after])
    if job.methods.normalise is not None:
        if normalise is None:
            normalise = job.methods.normalise.fit(after, before)
        after = np.stack([job.methods.normalise.apply(cell, model=normalise) for cell in after])
    if job.methods.change is not None:
        change = job.methods.change.fit(before, after)
    return normalise, change


def measure_between(
    first: DateJob, second: DateJob, pair: DateJob, first_model: DateModel, second_model: DateModel
) -> ChangeModel:
    """The change model of two dates neither of which is the reference, both on its scale.

    `pair` is made by `job_between`.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    samples = []
    for job, model in ((first, first_model), (second, second_model)):
        displacement = model.alignment.displacement
        image, quality = read_cells(job, displacement)
        sample = Sample(image[0], image, quality, extra_cells(job, displacement))
        samples.append(
            with_extra_cells(job, where_valid(image, sample_quality(job, sample, model.mask) == CLEAR), sample)
        )
    both = np.asarray(np.isfinite(samples[0]).all(axis=1) & np.isfinite(samples[1]).all(axis=1), bool)
    levelled = []
    dates = (first, first_model), (second, second_model)
    for seen, sigma, (job, model) in zip(samples, pair.blur_px, dates, strict=True):
        cells = [blurred(cell, sigma) for cell in where_valid(seen, both)]
        levelled.append(np.stack([normalised(job, cell, model)[bands_of(pair, job)] for cell in cells]))
    change: ChangeModel = pair.methods.change.fit(*levelled)  # type: ignore[union-attr]
    return change


def _alignment(job: DateJob, own: Sample, reference: Sample | None) -> Alignment:
    if reference is None:
        return Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
    method = job.methods.align
    if method is None:
        return Alignment(Displacement(), np.inf, np.inf, 0, False, "not moved: switched off")
    pair, coarser = _coarse_pair(own.overview, reference.overview)
    factor = job.overview_factor * coarser
    corners = [(window.y, window.x) for window in sample_windows(job.grid.shape)]
    found = measured_shift(method, pair, factor, (own.image, reference.image), corners, job.grid.resolution_m)
    return found.if_significant()


def _coarse_pair(
    moving: NDArray[np.float32], fixed: NDArray[np.float32]
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], int]:
    """Overviews small enough for one correlation, and how many of their pixels were averaged on a side."""
    factor = max(1, int(np.sqrt(moving[0].size / COARSE_BUDGET_PX)))
    if factor == 1:
        return (moving, fixed), 1
    return (block_mean(moving, (factor, factor)), block_mean(fixed, (factor, factor))), factor
