"""Measure a date once, from an overview and a fixed sample of cells: its shift, and every stage's statistics."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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
    Model,
    bands_of,
    blurred,
    normalised,
    pack,
    quality_of,
    shade_levels,
    unpack,
    where_valid,
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
    work: DateWork, reference: Sample | None, reference_model: Model | None, kept: Model
) -> tuple[Model, Sample | None]:
    """All statistics of a date.

    Parameters
    ----------
    work : DateWork
    reference : Sample or None
        Of the reference date, aligned with the grid; None where this is it.
    reference_model : dict or None
    kept : dict
        Parts of the model that an earlier run measured and that still hold; they are not measured again.

    Returns
    -------
    dict
        JSON-able: ``alignment``, ``mask``, ``shade``, ``normalise``, ``change``, ``objects``, ``footprint``.
    Sample or None
        The reference's own sample, for the other dates.
    """
    own = _unaligned(work)
    earlier = kept.get("alignment")
    alignment = _alignment(work, own, reference) if earlier is None else Alignment.from_json(earlier)
    model: Model = {"alignment": alignment.to_json()}
    if not alignment.displacement.is_zero:
        image, quality = _read_cells(work, alignment.displacement)
        own = replace(own, image=image, quality=quality)
    own = replace(own, extra=_extra_cells(work, alignment.displacement))
    earlier = kept.get("mask")
    if earlier is None:
        before = _open_overview(reference, reference_model)
        earlier = _mask_model(work, own, before, alignment.displacement)
    model["mask"] = earlier
    classes = _sample_quality(work, own, model)
    seen = where_valid(own.image, classes == CLEAR)
    model["shade"] = kept["shade"] if "shade" in kept else shade_levels(work, seen)
    if reference is not None and reference_model is not None:
        before = where_valid(reference.image, _sample_quality(work, reference, reference_model) == CLEAR)
        model |= _pair_models(work, _stacked(work, seen, own), _stacked(work, before, reference), kept)
        if np.isin(classes, (CLOUD, SHADOW)).mean() > CLOUDED_SHARE:
            seen = _without_clouds(work, seen, before, model["shade"], reference_model["shade"])
    return model | _single_models(work, seen, kept), own if reference is None else None


def _without_clouds(
    work: DateWork, seen: NDArray[np.float32], before: NDArray[np.float32], levels: Model, before_levels: Model
) -> NDArray[np.float32]:
    """A sample (cell, band, y, x) without what is far brighter than on the reference.

    A mask ends before a cloud does, and one pixel in a hundred that is left makes the cloud the bright end of a
    picture, on which all that stands on the ground is dark and faint: on simulated cloudy dates the bright end is 1.5
    times that of the truly clear pixels, up to 4.8 times.
    """
    bands = [k for k, role in enumerate(work.roles) if role in VISIBLE]
    if not bands or not levels or not before_levels:
        return seen
    light, usual = (_light(image[:, bands], own, bands) for image, own in ((seen, levels), (before, before_levels)))
    with np.errstate(invalid="ignore"):
        # NaN, where the reference shows nothing, is no reason.
        return where_valid(seen, ~(light - usual > BRIGHTER))


def _light(image: NDArray[np.float32], levels: Model, bands: list[int]) -> NDArray[np.float32]:
    """Brightness (cell, y, x), 0 at the dark end of a date and 1 at its usual ground."""
    low, middle = (np.asarray(levels[name], np.float32)[bands, None, None] for name in ("low", "middle"))
    return np.asarray(((image - low) / np.maximum(middle - low, np.float32(1e-6))).mean(axis=1), np.float32)


def _stacked(work: DateWork, seen: NDArray[np.float32], sample: Sample) -> NDArray[np.float32]:
    """A sample's clear pixels (cell, band, y, x) with the extra bands on which a date is compared."""
    if not work.extra_roles:
        return seen
    return np.concatenate([seen, np.stack([sample.extra[role] for role in work.extra_roles], axis=1)], axis=1)


def _single_models(work: DateWork, seen: NDArray[np.float32], kept: Model) -> Model:
    """The statistics of methods that look at one date alone."""
    model: Model = {part: kept[part] for part in ("objects", "footprint") if part in kept}
    if work.methods.objects is not None and work.counts and "objects" not in model:
        # The grid's own pixels may be finer than what the sensor saw.
        model["objects"] = work.methods.objects.fit(seen) | {"gsd_m": work.look.gsd_m} | _shadow(work.look)
    if work.methods.footprint is not None and "footprint" not in model:
        model["footprint"] = work.methods.footprint.fit(seen) | _sun(work.look)
    return model


def _shadow(look: Look) -> Model:
    """Where roofs' shadows lie from the roofs, as far as the date's angles tell; a view not given is straight down."""
    view = look.view or ViewAngles(0.0, 0.0)
    if look.sun is None or (view.azimuth_deg is None and view.off_nadir_deg > STRAIGHT_DOWN_DEG):
        return {}
    azimuth = view.azimuth_deg or 0.0
    reach = reach_per_metre(look.sun.azimuth_deg, look.sun.elevation_deg, azimuth, view.off_nadir_deg)
    return {"shadow": [round(float(v), 6) for v in reach]}


def _sun(look: Look) -> Model:
    """The direction from which the sun shines, east and north, where it is known."""
    if look.sun is None:
        return {}
    azimuth = np.radians(look.sun.azimuth_deg)
    return {"sun": [round(float(np.sin(azimuth)), 6), round(float(np.cos(azimuth)), 6)]}


def _pair_models(work: DateWork, seen: NDArray[np.float32], before: NDArray[np.float32], kept: Model) -> Model:
    model: Model = {part: kept[part] for part in ("normalise", "change") if part in kept}
    if "change" in model:
        return model
    both = np.asarray(np.isfinite(seen).all(axis=1) & np.isfinite(before).all(axis=1), bool)
    after, before = where_valid(seen, both), where_valid(before, both)
    before_blur, after_blur = work.blur_px
    before = np.stack([blurred(cell, before_blur) for cell in before])
    after = np.stack([blurred(cell, after_blur) for cell in after])
    if work.methods.normalise is not None:
        if "normalise" not in model:
            model["normalise"] = work.methods.normalise.fit(after, before)
        after = np.stack([work.methods.normalise.apply(cell, model=model["normalise"]) for cell in after])
    if work.methods.change is not None:
        model["change"] = work.methods.change.fit(before, after)
    return model


def measure_between(
    first: DateWork, second: DateWork, pair: DateWork, first_model: Model, second_model: Model
) -> Model:
    """The change model of two dates neither of which is the reference, both on its scale.

    `pair` is the work of `steps.between`.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    samples = []
    for work, model in ((first, first_model), (second, second_model)):
        displacement = Alignment.from_json(model["alignment"]).displacement
        image, quality = _read_cells(work, displacement)
        sample = Sample(image[0], image, quality, _extra_cells(work, displacement))
        samples.append(_stacked(work, where_valid(image, _sample_quality(work, sample, model) == CLEAR), sample))
    both = np.asarray(np.isfinite(samples[0]).all(axis=1) & np.isfinite(samples[1]).all(axis=1), bool)
    levelled = []
    dates = (first, first_model), (second, second_model)
    for seen, sigma, (work, model) in zip(samples, pair.blur_px, dates, strict=True):
        cells = [blurred(cell, sigma) for cell in where_valid(seen, both)]
        levelled.append(np.stack([normalised(work, cell, model)[bands_of(pair, work)] for cell in cells]))
    change: Model = pair.methods.change.fit(*levelled)  # type: ignore[union-attr]
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


def shows_ground(model: Model | None) -> bool:
    """Whether the mask's overview leaves anything of a date to be compared with."""
    kept = (model or {}).get("mask")
    return not kept or bool((unpack(base64.b64decode(kept["classes"]), tuple(kept["shape"])) == CLEAR).any())


def _mask_model(work: DateWork, own: Sample, before: NDArray[np.float32] | None, displacement: Displacement) -> Model:
    if work.methods.mask is None or work.methods.mask.classify is None:
        return {}
    factor = work.overview_factor
    sun = work.look.sun.azimuth_deg if work.look.sun else None
    overview = _moved(own.overview, displacement.shift, work.grid.resolution_m * factor)
    classes = work.methods.mask.classify(overview, before, work.grid.ground_resolution_m * factor, sun)
    if work.reference is None and _is_hidden(work, own.overview):
        classes = np.where(classes == NODATA, classes, CLOUD).astype(np.uint8)
    packed = base64.b64encode(pack(classes)).decode()
    return {"factor": factor, "shape": list(classes.shape), "classes": packed}


def _open_overview(reference: Sample | None, model: Model | None) -> NDArray[np.float32] | None:
    """The reference's overview where no cloud or shadow is known to hide it; None where that is nowhere."""
    if reference is None or not shows_ground(model):
        return None
    kept = (model or {}).get("mask")
    if not kept:
        return reference.overview
    classes = unpack(base64.b64decode(kept["classes"]), tuple(kept["shape"]))
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


def _sample_quality(work: DateWork, sample: Sample, model: Model) -> NDArray[np.uint8]:
    out = sample.quality.copy()
    for i, window in enumerate(sample_windows(work.grid.shape)):
        whole = Window(window.y, window.x, SAMPLE_CELL_PX, SAMPLE_CELL_PX)
        out[i] = quality_of(work, sample.image[i], sample.quality[i], whole, model)
    return out
