"""What of a date is read to measure it: an overview and the fixed sample's cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import SAMPLE_CELL_PX, Window, sample_windows, stack_cells
from changedet.grid.displacement import Displacement
from changedet.kernels.pixel_classes import CLEAR, NODATA
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import (
    OverviewClasses,
)
from changedet.pipeline.date_pixels import quality_of, where_valid


@dataclass(frozen=True)
class Sample:
    """What of a date is kept in memory while the others are measured against it: an overview and the sample's cells.

    `image` (cell, band, y, x) has the roles that all dates share, `extra` those on which some are compared.
    """

    overview: NDArray[np.float32]
    image: NDArray[np.float32]
    quality: NDArray[np.uint8]
    extra: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def reference_sample(job: DateJob) -> Sample:
    """Read a date's overview and the cells of the fixed sample, where they lie before any alignment."""
    return replace(unaligned_sample(job), extra=extra_cells(job, None))


def unaligned_sample(job: DateJob) -> Sample:
    overview, seen = job.look.overview(job.grid, job.overview_factor, job.roles)
    overview = where_valid(overview, seen == CLEAR)
    image, quality = read_cells(job, None)
    return Sample(overview, image, quality)


def extra_cells(job: DateJob, displacement: Displacement | None) -> dict[str, NDArray[np.float32]]:
    """The sample's cells (cell, y, x) of each extra role."""
    if not job.extra_roles:
        return {}
    windows = sample_windows(job.grid.shape)
    read = stack_cells([job.look.read(job.grid, window, job.extra_roles, displacement)[0] for window in windows])
    return dict(zip(job.extra_roles, np.moveaxis(read, 1, 0), strict=True))


def read_cells(job: DateJob, displacement: Displacement | None) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    pairs = [job.look.read(job.grid, window, job.roles, displacement) for window in sample_windows(job.grid.shape)]
    quality = np.full((len(pairs), SAMPLE_CELL_PX, SAMPLE_CELL_PX), NODATA, np.uint8)
    for cell, (_, own) in zip(quality, pairs, strict=True):
        cell[: own.shape[0], : own.shape[1]] = own
    return stack_cells([image for image, _ in pairs]), quality


def with_extra_cells(job: DateJob, seen: NDArray[np.float32], sample: Sample) -> NDArray[np.float32]:
    """A sample's clear pixels (cell, band, y, x) with the extra bands on which a date is compared."""
    if not job.extra_roles:
        return seen
    return np.concatenate([seen, np.stack([sample.extra[role] for role in job.extra_roles], axis=1)], axis=1)


def sample_quality(job: DateJob, sample: Sample, overview: OverviewClasses | None) -> NDArray[np.uint8]:
    out = sample.quality.copy()
    for i, window in enumerate(sample_windows(job.grid.shape)):
        whole = Window(window.y, window.x, SAMPLE_CELL_PX, SAMPLE_CELL_PX)
        out[i] = quality_of(job, sample.image[i], sample.quality[i], whole, overview)
    return out
