"""Measure a date once, from an overview and a fixed sample of cells: its shift, and every stage's statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import SAMPLE_CELL_PX, Window, sample_windows, stack_cells
from changedet.grid.displacement import Displacement, Shift
from changedet.imagery.scene import Look, ViewAngles
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SHADOW
from changedet.kernels.resampling import block_mean
from changedet.pipeline.date_job import (
    VISIBLE,
    DateWork,
    bands_of,
    blurred,
    light_levels,
    light_of,
    normalised,
    quality_of,
    where_valid,
)
from changedet.pipeline.date_model import (
    ChangeModel,
    DateModel,
    FootprintModel,
    KeptParts,
    LightLevels,
    NormaliseModel,
    ObjectsModel,
    OverviewClasses,
)
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


@dataclass(frozen=True)
class Sample:
    """What of a date is kept in memory while the others are measured against it: an overview and the sample's cells.

    `image` (cell, band, y, x) has the roles that all dates share, `extra` those on which some are compared.
    """

    overview: NDArray[np.float32]
    image: NDArray[np.float32]
    quality: NDArray[np.uint8]
    extra: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def reference_sample(work: DateWork) -> Sample:
    """Read a date's overview and the cells of the fixed sample, where they lie before any alignment."""
    return replace(_unaligned(work), extra=_extra_cells(work, None))


def _unaligned(work: DateWork) -> Sample:
    overview, seen = work.look.overview(work.grid, work.overview_factor, work.roles)
    overview = where_valid(overview, seen == CLEAR)
    image, quality = _read_cells(work, None)
    return Sample(overview, image, quality)


def _extra_cells(work: DateWork, displacement: Displacement | None) -> dict[str, NDArray[np.float32]]:
    """The sample's cells (cell, y, x) of each extra role."""
    if not work.extra_roles:
        return {}
    windows = sample_windows(work.grid.shape)
    read = stack_cells([work.look.read(work.grid, window, work.extra_roles, displacement)[0] for window in windows])
    return dict(zip(work.extra_roles, np.moveaxis(read, 1, 0), strict=True))


def _read_cells(work: DateWork, displacement: Displacement | None) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    pairs = [work.look.read(work.grid, window, work.roles, displacement) for window in sample_windows(work.grid.shape)]
    quality = np.full((len(pairs), SAMPLE_CELL_PX, SAMPLE_CELL_PX), NODATA, np.uint8)
    for cell, (_, own) in zip(quality, pairs, strict=True):
        cell[: own.shape[0], : own.shape[1]] = own
    return stack_cells([image for image, _ in pairs]), quality


def measure(
    work: DateWork, reference: Sample | None, reference_model: DateModel | None, kept: KeptParts
) -> tuple[DateModel, Sample | None]:
    """All statistics of a date.

    Parameters
    ----------
    work : DateWork
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
    own = _unaligned(work)
    alignment = kept.alignment or _alignment(work, own, reference)
    if not alignment.displacement.is_zero:
        image, quality = _read_cells(work, alignment.displacement)
        own = replace(own, image=image, quality=quality)
    own = replace(own, extra=_extra_cells(work, alignment.displacement))
    overview = kept.mask or _mask_model(work, own, _open_overview(reference, reference_model), alignment.displacement)
    classes = _sample_quality(work, own, overview)
    seen = where_valid(own.image, classes == CLEAR)
    levels = kept.shade or light_levels(work, seen)
    normalise: NormaliseModel | None = None
    change: ChangeModel | None = None
    if reference is not None and reference_model is not None:
        before = where_valid(reference.image, _sample_quality(work, reference, reference_model.mask) == CLEAR)
        normalise, change = _pair_models(work, _stacked(work, seen, own), _stacked(work, before, reference), kept)
        if np.isin(classes, (CLOUD, SHADOW)).mean() > CLOUDED_SHARE:
            seen = without_clouds(work.roles, seen, before, levels, reference_model.shade)
    objects, footprint = _single_models(work, seen, kept)
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


def _stacked(work: DateWork, seen: NDArray[np.float32], sample: Sample) -> NDArray[np.float32]:
    """A sample's clear pixels (cell, band, y, x) with the extra bands on which a date is compared."""
    if not work.extra_roles:
        return seen
    return np.concatenate([seen, np.stack([sample.extra[role] for role in work.extra_roles], axis=1)], axis=1)


def _single_models(
    work: DateWork, seen: NDArray[np.float32], kept: KeptParts
) -> tuple[ObjectsModel | None, FootprintModel | None]:
    """The statistics of methods that look at one date alone."""
    objects, footprint = kept.objects, kept.footprint
    if work.methods.objects is not None and work.counts and objects is None:
        # The grid's own pixels may be finer than what the sensor saw.
        objects = work.methods.objects.fit(seen) | {"gsd_m": work.look.gsd_m} | _shadow(work.look)
    if work.methods.footprint is not None and footprint is None:
        footprint = work.methods.footprint.fit(seen) | _sun(work.look)
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
    work: DateWork, seen: NDArray[np.float32], before: NDArray[np.float32], kept: KeptParts
) -> tuple[NormaliseModel | None, ChangeModel | None]:
    normalise, change = kept.normalise, kept.change
    if change is not None:
        return normalise, change
    both = np.asarray(np.isfinite(seen).all(axis=1) & np.isfinite(before).all(axis=1), bool)
    after, before = where_valid(seen, both), where_valid(before, both)
    before_blur, after_blur = work.blur_px
    before = np.stack([blurred(cell, before_blur) for cell in before])
    after = np.stack([blurred(cell, after_blur) for cell in after])
    if work.methods.normalise is not None:
        if normalise is None:
            normalise = work.methods.normalise.fit(after, before)
        after = np.stack([work.methods.normalise.apply(cell, model=normalise) for cell in after])
    if work.methods.change is not None:
        change = work.methods.change.fit(before, after)
    return normalise, change


def measure_between(
    first: DateWork, second: DateWork, pair: DateWork, first_model: DateModel, second_model: DateModel
) -> ChangeModel:
    """The change model of two dates neither of which is the reference, both on its scale.

    `pair` is the work of `steps.between`.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    samples = []
    for work, model in ((first, first_model), (second, second_model)):
        displacement = model.alignment.displacement
        image, quality = _read_cells(work, displacement)
        sample = Sample(image[0], image, quality, _extra_cells(work, displacement))
        samples.append(_stacked(work, where_valid(image, _sample_quality(work, sample, model.mask) == CLEAR), sample))
    both = np.asarray(np.isfinite(samples[0]).all(axis=1) & np.isfinite(samples[1]).all(axis=1), bool)
    levelled = []
    dates = (first, first_model), (second, second_model)
    for seen, sigma, (work, model) in zip(samples, pair.blur_px, dates, strict=True):
        cells = [blurred(cell, sigma) for cell in where_valid(seen, both)]
        levelled.append(np.stack([normalised(work, cell, model)[bands_of(pair, work)] for cell in cells]))
    change: ChangeModel = pair.methods.change.fit(*levelled)  # type: ignore[union-attr]
    return change


def _alignment(work: DateWork, own: Sample, reference: Sample | None) -> Alignment:
    if reference is None:
        return Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
    method = work.methods.align
    if method is None:
        return Alignment(Displacement(), np.inf, np.inf, 0, False, "not moved: switched off")
    pair, coarser = _coarse_pair(own.overview, reference.overview)
    factor = work.overview_factor * coarser
    corners = [(window.y, window.x) for window in sample_windows(work.grid.shape)]
    found = measured_shift(method, pair, factor, (own.image, reference.image), corners, work.grid.resolution_m)
    return found.if_significant()


def _coarse_pair(
    moving: NDArray[np.float32], fixed: NDArray[np.float32]
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], int]:
    """Overviews small enough for one correlation, and how many of their pixels were averaged on a side."""
    factor = max(1, int(np.sqrt(moving[0].size / COARSE_BUDGET_PX)))
    if factor == 1:
        return (moving, fixed), 1
    return (block_mean(moving, (factor, factor)), block_mean(fixed, (factor, factor))), factor


def _mask_model(
    work: DateWork, own: Sample, before: NDArray[np.float32] | None, displacement: Displacement
) -> OverviewClasses | None:
    if work.methods.mask is None or work.methods.mask.classify is None:
        return None
    factor = work.overview_factor
    sun = work.look.sun.azimuth_deg if work.look.sun else None
    overview = _moved(own.overview, displacement.shift, work.grid.resolution_m * factor)
    classes = work.methods.mask.classify(overview, before, work.grid.ground_resolution_m * factor, sun)
    if work.reference is None and _is_hidden(work, own.overview):
        classes = np.where(classes == NODATA, classes, CLOUD).astype(np.uint8)
    return OverviewClasses.packed(classes, factor)


def _open_overview(reference: Sample | None, model: DateModel | None) -> NDArray[np.float32] | None:
    """The reference's overview where no cloud or shadow is known to hide it; None where that is nowhere."""
    if reference is None:
        return None
    if model is None or model.mask is None:
        return reference.overview
    classes = model.mask.unpacked()
    if not (classes == CLEAR).any():
        return None
    return np.where(np.isin(classes, (CLOUD, SHADOW)), np.float32(np.nan), reference.overview)


def _is_hidden(work: DateWork, overview: NDArray[np.float32]) -> bool:
    """Whether the reference date, where it shows little by itself, hides what another date shows."""
    method = work.methods.mask
    if method is None or method.doubtful is None or method.hidden is None or not method.doubtful(overview):
        return False
    for look in work.witnesses:
        other, quality = look.overview(work.grid, work.overview_factor, work.roles)
        if method.hidden(overview, where_valid(other, quality == CLEAR)):
            return True
    return False


def _moved(overview: NDArray[np.float32], shift: Shift, resolution_m: float) -> NDArray[np.float32]:
    """An overview (band, y, x) where its pixels are after alignment, to the nearest one; the edge goes on beyond."""
    rows = np.arange(overview.shape[1]) - round(shift.north_m / resolution_m)
    columns = np.arange(overview.shape[2]) + round(shift.east_m / resolution_m)
    rows, columns = (
        np.clip(index, 0, size - 1) for index, size in zip((rows, columns), overview.shape[1:], strict=True)
    )
    return np.ascontiguousarray(overview[:, rows][:, :, columns])


def _sample_quality(work: DateWork, sample: Sample, overview: OverviewClasses | None) -> NDArray[np.uint8]:
    out = sample.quality.copy()
    for i, window in enumerate(sample_windows(work.grid.shape)):
        whole = Window(window.y, window.x, SAMPLE_CELL_PX, SAMPLE_CELL_PX)
        out[i] = quality_of(work, sample.image[i], sample.quality[i], whole, overview)
    return out
