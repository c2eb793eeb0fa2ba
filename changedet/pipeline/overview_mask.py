"""Why each pixel of a date's overview is usable or not: clouds and shadows need to see around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from changedet.grid.displacement import Displacement, Shift
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SHADOW
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import (
    DateModel,
    OverviewClasses,
)
from changedet.pipeline.date_pixels import where_valid
from changedet.pipeline.samples import Sample


def overview_classes(
    job: DateJob, own: Sample, before: NDArray[np.float32] | None, displacement: Displacement
) -> OverviewClasses | None:
    if job.methods.mask is None or job.methods.mask.classify is None:
        return None
    factor = job.overview_factor
    sun = job.look.sun.azimuth_deg if job.look.sun else None
    overview = _moved(own.overview, displacement.shift, job.grid.resolution_m * factor)
    classes = job.methods.mask.classify(overview, before, job.grid.ground_resolution_m * factor, sun)
    if job.reference is None and _is_hidden(job, own.overview):
        classes = np.where(classes == NODATA, classes, CLOUD).astype(np.uint8)
    return OverviewClasses.packed(classes, factor)


def open_overview(reference: Sample | None, model: DateModel | None) -> NDArray[np.float32] | None:
    """The reference's overview where no cloud or shadow is known to hide it; None where that is nowhere."""
    if reference is None:
        return None
    if model is None or model.mask is None:
        return reference.overview
    classes = model.mask.unpacked()
    if not (classes == CLEAR).any():
        return None
    return np.where(np.isin(classes, (CLOUD, SHADOW)), np.float32(np.nan), reference.overview)


def _is_hidden(job: DateJob, overview: NDArray[np.float32]) -> bool:
    """Whether the reference date, where it shows little by itself, hides what another date shows."""
    method = job.methods.mask
    if method is None or method.doubtful is None or method.hidden is None or not method.doubtful(overview):
        return False
    for look in job.witnesses:
        other, quality = look.overview(job.grid, job.overview_factor, job.roles)
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
