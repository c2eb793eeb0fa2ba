"""One date's pixels: which are usable, which bands they have, and how they come to the reference's scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.grid.displacement import Displacement
from changedet.imagery.scene import Look
from changedet.kernels.pixel_classes import CLEAR, NODATA
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel, OverviewClasses
from changedet.stages.mask.kernels.pixels import laid_over


def where_valid(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Images ``(..., band, y, x)`` with NaN where ``valid (..., y, x)`` is False."""
    return np.where(np.expand_dims(valid, -3), image, np.float32(np.nan))


def with_extra(
    job: DateJob, look: Look, image: NDArray[np.float32], window: Window, displacement: Displacement | None
) -> NDArray[np.float32]:
    """A look's picture ``(band, y, x)`` of the roles that all dates share, with `extra_roles`; NaN where one has none.

    They are read apart, so that what a date shows does not depend on the dates that it is compared with.
    """
    if not job.extra_roles:
        return image
    return np.concatenate([image, look.read(job.grid, window, job.extra_roles, displacement)[0]])


def bands_of(wanted: DateJob, job: DateJob) -> list[int]:
    """Where the bands by which one job compares lie among those of another."""
    return [job.compared_roles.index(role) for role in wanted.compared_roles]


def normalised(job: DateJob, image: NDArray[np.float32], model: DateModel) -> NDArray[np.float32]:
    """A date's picture ``(band, y, x)`` on the reference's scale, as its model says."""
    if job.methods.normalise is None:
        return image
    return job.methods.normalise.apply(image, model=model.normalise)


def quality_of(
    job: DateJob,
    image: NDArray[np.float32],
    own: NDArray[np.uint8],
    window: Window,
    overview: OverviewClasses | None,
) -> NDArray[np.uint8]:
    """Why each pixel of a window is usable or not: the file's own reasons first, then the mask stage's."""
    if job.methods.mask is None:
        return np.where((own == CLEAR) & ~np.isfinite(image).all(axis=0), NODATA, own).astype(np.uint8)
    found = job.methods.mask.apply(image, model={})
    if overview is not None:
        rows = np.arange(window.y, window.y + window.height)[:, None] // overview.factor
        columns = np.arange(window.x, window.x + window.width)[None] // overview.factor
        found = laid_over(found, overview.unpacked(), rows, columns)
    return np.where(own == CLEAR, found, own).astype(np.uint8)
