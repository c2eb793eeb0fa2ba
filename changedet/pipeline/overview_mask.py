"""Why each pixel of a date's overview is usable or not: clouds and their shadows are wider than a tile."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Singles
from changedet.grid.displacement import Displacement, Shift
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SHADOW
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel, OverviewClasses
from changedet.pipeline.date_pixels import where_valid
from changedet.pipeline.samples import Sample


def overview_classes(
    job: DateJob, overview: Singles, reference: Singles | None, displacement: Displacement
) -> OverviewClasses | None:
    """Classify a date's overview.

    Parameters
    ----------
    job : DateJob
    overview : float32 (band, y, x)
        Before any alignment; NaN is no data.
    reference : float32 (band, y, x) or None
        What `open_overview` gave; None where there is nothing to compare with.
    displacement : Displacement
        Of the date from the reference.

    Returns
    -------
    OverviewClasses or None
        Where the pixels lie after alignment; all cloud for a reference that hides its ground. None where the mask
        method looks at single pixels alone or the stage is switched off.
    """
    method = job.methods.mask
    if method is None or method.classify is None:
        return None
    factor = job.overview_factor
    sun = job.look.sun.azimuth_deg if job.look.sun else None
    aligned = _moved(overview, displacement.shift, job.grid.resolution_m * factor)
    classes = method.classify(aligned, reference, job.grid.ground_resolution_m * factor, sun)
    if job.reference is None and _is_hidden(job, overview):
        classes = np.where(classes == NODATA, classes, CLOUD).astype(np.uint8)
    return OverviewClasses.packed(classes, factor)


def open_overview(reference: Sample | None, model: DateModel | None) -> Singles | None:
    """Take the reference's overview without what clouds or shadows hide.

    Parameters
    ----------
    reference : Sample or None
        None for the reference date itself.
    model : DateModel or None
        Of the reference date.

    Returns
    -------
    float32 (band, y, x) or None
        NaN where a cloud or shadow is known; None where nothing is clear.
    """
    if reference is None:
        return None
    if model is None or model.mask is None:
        return reference.overview
    classes = model.mask.unpacked()
    if not (classes == CLEAR).any():
        return None
    return np.where(np.isin(classes, (CLOUD, SHADOW)), np.float32(np.nan), reference.overview)


def _is_hidden(job: DateJob, overview: Singles) -> bool:
    """Whether the reference date, where it shows little by itself, hides what another date shows."""
    method = job.methods.mask
    if method is None or method.doubtful is None or method.hidden is None or not method.doubtful(overview):
        return False
    for look in job.witnesses:
        other, quality = look.overview(job.grid, job.overview_factor, job.roles)
        if method.hidden(overview, where_valid(other, quality == CLEAR)):
            return True
    return False


def _moved(overview: Singles, shift: Shift, resolution_m: float) -> Singles:
    """An overview (band, y, x) where its pixels are after alignment, to the nearest one; the edge goes on beyond."""
    rows = np.arange(overview.shape[1]) - round(shift.north_m / resolution_m)
    columns = np.arange(overview.shape[2]) + round(shift.east_m / resolution_m)
    rows, columns = (
        np.clip(index, 0, size - 1) for index, size in zip((rows, columns), overview.shape[1:], strict=True)
    )
    return np.ascontiguousarray(overview[:, rows][:, :, columns])
