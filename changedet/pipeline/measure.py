"""Measure a date once, from an overview and a fixed sample of cells: its shift, and each stage's statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.grid.displacement import Displacement
from changedet.imagery.angles import ViewAngles
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import CLEAR, CLOUD, SHADOW, SHOWS_BOXES
from changedet.kernels.together import both, each
from changedet.pipeline.alignment_sample import alignment_of, if_shown
from changedet.pipeline.band_doubts import band_signs
from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import (
    ChangeModel,
    DateModel,
    FootprintModel,
    KeptParts,
    LightLevels,
    ObjectsModel,
)
from changedet.pipeline.date_pixels import bands_of, normalised, where_valid
from changedet.pipeline.fill_doubts import FillSign, fill_sign, hidden_sign
from changedet.pipeline.overview_mask import open_overview, overview_classes
from changedet.pipeline.samples import (
    ReadSample,
    Sample,
    extra_cells,
    read_cells,
    sample_quality,
    unaligned_sample,
    with_extra_cells,
)
from changedet.pipeline.shade import light_levels, light_of, visible_bands
from changedet.pipeline.snow_patches import has_snow
from changedet.pipeline.surroundings import with_surroundings
from changedet.stages.normalise.kernels.band_fits import BandLines
from changedet.stages.objects.kernels.stack_height import reach_per_metre

STRAIGHT_DOWN_DEG: Final = 3.0
"""Off-nadir angle up to which the roof of a stack of two leans by less than half a metre."""
BRIGHTER: Final = 1.2
"""On the scale of `light_of`: what got brighter than on the reference by more is a cloud that its mask left open, or
white and new."""
CLOUDED_SHARE: Final = 0.01
"""Share of the sample under clouds or their shadows, from which on a date counts as clouded."""


def measure(
    job: DateJob,
    reference: Sample | None,
    reference_model: DateModel | None,
    kept: KeptParts,
    read: ReadSample | None = None,
) -> tuple[DateModel, Sample | None]:
    """Measure all statistics of a date.

    Parameters
    ----------
    job : DateJob
    reference : Sample or None
        Of the reference date, aligned with the grid; None where this is it.
    reference_model : DateModel or None
        Of the reference date; None where this is it.
    kept : KeptParts
        What an earlier run measured and still holds; it is not measured again.
    read : ReadSample, optional
        Of the date, where it has been read.

    Returns
    -------
    model : DateModel
        Without identities.
    sample : Sample or None
        Of the reference date, for the others; None of any other.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    own = unaligned_sample(job) if read is None else read.take()
    fill = _fill_sign(job, own.overview)
    alignment = kept.alignment or alignment_of(job, own, reference)
    if not alignment.displacement.is_zero:
        image, quality = read_cells(job, alignment.displacement)
        own = replace(own, image=image, quality=quality)
    own = replace(own, extra=extra_cells(job, alignment.displacement))
    before_overview = open_overview(reference, reference_model)
    overview = kept.mask or overview_classes(
        job, own.overview, before_overview, alignment.displacement, under_snow=has_snow(reference_model)
    )
    alignment = if_shown(alignment, [overview, reference_model.mask if reference_model else None])
    if reference is not None:
        # An overview of four bands has 30 MB, and only that of the reference is needed again.
        own = replace(own, overview=np.empty((0, 0, 0), np.float32))
    classes = sample_quality(job, own, overview)
    if fill is not None and overview is not None and not np.isin(classes, SHOWS_BOXES).any():
        # what the mask hides as a whole is not compared, whatever number stands there
        fill = replace(fill, hidden=True)
    seen = where_valid(own.image, np.isin(classes, SHOWS_BOXES))
    levels = kept.shade or light_levels(job.roles, seen)
    before = None
    if reference is not None and reference_model is not None:
        before = where_valid(reference.image, sample_quality(job, reference, reference_model.mask) == CLEAR)
    signs, (normalise, change) = both(
        lambda: band_signs(job.roles, seen, before),
        lambda: _pair_models(
            job,
            (where_valid(own.image, classes == CLEAR), own),
            (before, reference),
            alignment.displacement,
            kept,
        ),
    )
    well = _well_seen(job, seen, before, classes, levels, reference_model)
    built = with_extra_cells(job, well, own) if job.ground_by_extra else well
    objects, footprint = _single_models(job, well, built, kept)
    model = DateModel(alignment, overview, levels, normalise, change, objects, footprint, signs, fill)
    return model, own if reference is None else None


def _fill_sign(job: DateJob, overview: Singles) -> FillSign | None:
    find = job.methods.mask and job.methods.mask.fill
    hidden = find(overview) if find else np.zeros(overview.shape[1:], bool)
    open_ground = np.where(hidden, np.float32(np.nan), overview) if hidden.any() else overview
    return fill_sign(open_ground, job.look, job.roles) or hidden_sign(overview, hidden)


def _well_seen(
    job: DateJob,
    seen: Singles,
    before: Singles | None,
    classes: Bytes,
    levels: LightLevels | None,
    reference_model: DateModel | None,
) -> Singles:
    """The clear pixels of a date's sample, of a clouded date without what its mask left open."""
    if before is None or reference_model is None or np.isin(classes, (CLOUD, SHADOW)).mean() <= CLOUDED_SHARE:
        return seen
    return without_clouds(job.roles, seen, before, levels, reference_model.shade)


def without_clouds(
    roles: Sequence[str],
    seen: Singles,
    before: Singles,
    levels: LightLevels | None,
    before_levels: LightLevels | None,
) -> Singles:
    """Leave out of a sample what is far brighter than on the reference.

    A mask ends before a cloud does, and one pixel in a hundred that is left makes the cloud the bright end of an
    image, on which all that stands on the ground is dark and faint: on simulated cloudy dates the bright end is 1.5
    times that of the truly clear pixels, up to 4.8 times.

    Parameters
    ----------
    roles : sequence of str
        Bands of the samples.
    seen, before : float32 (cell, band, y, x)
        The date and the reference; NaN is not clear.
    levels, before_levels : LightLevels or None
        Of either; None leaves nothing out.

    Returns
    -------
    float32 (cell, band, y, x)
        `seen`, with NaN too where it is brighter by more than `BRIGHTER`.
    """
    bands = visible_bands(roles)
    if not bands or levels is None or before_levels is None:
        return seen
    light, usual = (
        light_of(image, own)[:, bands].mean(axis=1) for image, own in ((seen, levels), (before, before_levels))
    )
    with np.errstate(invalid="ignore"):
        # NaN, where the reference shows nothing, is no reason.
        return where_valid(seen, ~(light - usual > BRIGHTER))


def _single_models(
    job: DateJob, seen: Singles, built: Singles, kept: KeptParts
) -> tuple[ObjectsModel | None, FootprintModel | None]:
    """The statistics of methods that use one date alone; `built` may have more bands than `seen`."""
    objects, footprint = kept.objects, kept.footprint
    if job.methods.objects is not None and job.counts and objects is None:
        # The grid's own pixels may be finer than what the sensor saw.
        objects = replace(job.methods.objects.fit(seen), gsd_m=job.look.gsd_m, shadow=_shadow(job.look))
    if job.methods.footprint is not None and footprint is None:
        footprint = replace(job.methods.footprint.fit(built), sun=_sun(job.look))
    return objects, footprint


def _shadow(look: Look) -> tuple[float, ...] | None:
    """Where roofs' shadows lie from the roofs; a view not given is straight down. None where the angles lack."""
    view = look.view or ViewAngles(0.0, 0.0)
    if look.sun is None or (view.azimuth_deg is None and view.off_nadir_deg > STRAIGHT_DOWN_DEG):
        return None
    azimuth = view.azimuth_deg or 0.0
    reach = reach_per_metre(look.sun.azimuth_deg, look.sun.elevation_deg, azimuth, view.off_nadir_deg)
    return tuple(round(float(v), 6) for v in reach)


def _sun(look: Look) -> tuple[float, ...] | None:
    """The direction from which the sun shines, east and north; None where it is not known."""
    if look.sun is None:
        return None
    azimuth = np.radians(look.sun.azimuth_deg)
    return round(float(np.sin(azimuth)), 6), round(float(np.cos(azimuth)), 6)


def _pair_models(
    job: DateJob,
    date: tuple[Singles, Sample],
    reference: tuple[Singles | None, Sample | None],
    displacement: Displacement,
    kept: KeptParts,
) -> tuple[BandLines | None, ChangeModel | None]:
    """The statistics of methods that look at the reference and the date, of each its clear cells and its sample."""
    if reference[0] is None or reference[1] is None:
        return None, None
    normalise, change = kept.normalise, kept.change
    if change is not None:
        return normalise, change
    before, after = (with_extra_cells(job, *of) for of in ((reference[0], reference[1]), date))
    clear = _clear_on_both(before, after)
    before, after = (
        _of_cells(partial(_blurred_cell, cells, clear, sigma), cells)
        for cells, sigma in zip((before, after), job.blur_px, strict=True)
    )
    before, after = with_surroundings(job, (before, after), displacement)
    if job.methods.normalise is not None:
        if normalise is None:
            normalise = job.methods.normalise.fit(after, before)
        scaled = partial(job.methods.normalise.apply, model=normalise)
        after = _of_cells(lambda i: scaled(after[i]), after)
    if job.methods.change is not None:
        change = job.methods.change.fit(before, after)
    return normalise, change


def _blurred_cell(cells: Singles, clear: Bools, sigma_px: float, i: int) -> Singles:
    return blurred(where_valid(cells[i], clear[i]), sigma_px)


def _of_cells(make: Callable[[int], Singles], like: Singles) -> Singles:
    """What is made of each cell, in an array: in a list beside it, all would be held twice."""
    out = np.empty_like(like)
    each(lambda i: out.__setitem__(i, make(i)), range(len(out)))
    return out


def measure_between(
    first: DateJob, second: DateJob, pair: DateJob, first_model: DateModel, second_model: DateModel
) -> ChangeModel:
    """Measure the change statistics of two dates neither of which is the reference, both on its scale.

    Parameters
    ----------
    first, second : DateJob
        Of the two dates, each compared with the reference.
    pair : DateJob
        Their comparison with each other, of `job_between`.
    first_model, second_model : DateModel

    Returns
    -------
    ChangeModel
        On the sample cells that are clear on both.

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
        clear = sample_quality(job, sample, model.mask) == CLEAR
        samples.append(with_extra_cells(job, where_valid(image, clear), sample))
    clear = _clear_on_both(*samples)
    levelled = []
    dates = (first, first_model), (second, second_model)
    for seen, sigma, (job, model) in zip(samples, pair.blur_px, dates, strict=True):
        cells = [blurred(cell, sigma) for cell in where_valid(seen, clear)]
        levelled.append(np.stack([normalised(job, cell, model)[bands_of(pair, job)] for cell in cells]))
    change: ChangeModel = pair.methods.change.fit(*levelled)  # type: ignore[union-attr]
    return change


def _clear_on_both(before: Singles, after: Singles) -> Bools:
    return np.asarray(np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1), bool)
