"""What of a date is read to measure it: an overview, and the cells of a fixed sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.blocks import SAMPLE_CELL_PX, Window, sample_windows, stack_cells
from changedet.grid.displacement import Displacement
from changedet.kernels.pixel_classes import CLEAR, NODATA
from changedet.kernels.together import together
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import OverviewClasses
from changedet.pipeline.date_pixels import quality_of


@dataclass(frozen=True)
class Sample:
    """What of a date is kept in memory while the others are measured against it.

    Attributes
    ----------
    overview : float32 (band, y, x)
        Of the bands that all dates share, before any alignment; NaN is no data.
    image : float32 (cell, band, y, x)
        The sample's cells, of the same bands.
    quality : uint8 (cell, y, x)
        What the scenes' own files say of the cells, of `changedet.kernels.pixel_classes`.
    extra : mapping of str to float32 (cell, y, x)
        The cells in the bands on which only some dates are compared.
    """

    overview: Singles
    image: Singles
    quality: Bytes
    extra: Mapping[str, Singles] = field(default_factory=dict)


class ReadSample:
    """A date's sample on its way to where it is measured, which alone holds it then.

    Parameters
    ----------
    sample : Sample
        As of `unaligned_sample`.
    """

    def __init__(self, sample: Sample) -> None:
        self._held = [sample]

    def take(self) -> Sample:
        """The sample, once.

        Returns
        -------
        Sample
            No longer held here.
        """
        return self._held.pop()


def reference_sample(job: DateJob) -> Sample:
    """Read the reference's overview and the cells of the fixed sample.

    Parameters
    ----------
    job : DateJob
        Of the reference date, which is never moved.

    Returns
    -------
    Sample
        With the extra bands of all dates.
    """
    return replace(unaligned_sample(job), extra=extra_cells(job, None))


def unaligned_sample(job: DateJob) -> Sample:
    """Read a date's overview and the cells of the fixed sample where they lie before any alignment.

    Parameters
    ----------
    job : DateJob

    Returns
    -------
    Sample
        Without extra bands.
    """
    overview, quality = job.look.overview(job.grid, job.overview_factor, job.roles)
    # In place: a copy of it would be a twentieth of a run's memory.
    np.copyto(overview, np.float32(np.nan), where=quality != CLEAR)
    return Sample(overview, *read_cells(job, None))


def read_cells(job: DateJob, displacement: Displacement | None) -> tuple[Singles, Bytes]:
    """Read the cells of the fixed sample in the bands that all dates share.

    Parameters
    ----------
    job : DateJob
    displacement : Displacement or None
        Of the date from the reference; None for none.

    Returns
    -------
    image : float32 (cell, band, y, x)
        NaN is no data.
    quality : uint8 (cell, y, x)
        What the scenes' own files say, of `changedet.kernels.pixel_classes`.
    """
    pairs = _read(job, job.roles, displacement)
    quality = np.full((len(pairs), SAMPLE_CELL_PX, SAMPLE_CELL_PX), NODATA, np.uint8)
    for cell, (_, own) in zip(quality, pairs, strict=True):
        cell[: own.shape[0], : own.shape[1]] = own
    return stack_cells([image for image, _ in pairs]), quality


def extra_cells(job: DateJob, displacement: Displacement | None) -> dict[str, Singles]:
    """Read the cells of the fixed sample in the bands on which only some dates are compared.

    Parameters
    ----------
    job : DateJob
    displacement : Displacement or None
        Of the date from the reference; None for none.

    Returns
    -------
    dict of str to float32 (cell, y, x)
        By role; NaN is no data.
    """
    if not job.extra_roles:
        return {}
    pairs = _read(job, job.extra_roles, displacement)
    return dict(zip(job.extra_roles, np.moveaxis(stack_cells([image for image, _ in pairs]), 1, 0), strict=True))


def _read(job: DateJob, roles: Sequence[str], displacement: Displacement | None) -> list[tuple[Singles, Bytes]]:
    """Each cell of the fixed sample and what the scenes' own files say of it."""
    read = partial(job.look.read, job.grid, roles=roles, displacement=displacement)
    return together([partial(read, window) for window in sample_windows(job.grid.shape)])


def with_extra_cells(job: DateJob, image: Singles, sample: Sample) -> Singles:
    """Append the bands on which the job's date is compared though others lack them.

    Parameters
    ----------
    job : DateJob
    image : float32 (cell, band, y, x)
        Of the bands that all dates share.
    sample : Sample
        Of the date that the image shows.

    Returns
    -------
    float32 (cell, band, y, x)
        Of ``job.compared_roles``.
    """
    if not job.extra_roles:
        return image
    return np.concatenate([image, np.stack([sample.extra[role] for role in job.extra_roles], axis=1)], axis=1)


def sample_quality(job: DateJob, sample: Sample, overview: OverviewClasses | None) -> Bytes:
    """Say why each pixel of the fixed sample is usable or not.

    Parameters
    ----------
    job : DateJob
    sample : Sample
    overview : OverviewClasses or None
        What the date's overview shows.

    Returns
    -------
    uint8 (cell, y, x)
        Of `changedet.kernels.pixel_classes`.
    """
    out = sample.quality.copy()
    for i, window in enumerate(sample_windows(job.grid.shape)):
        whole = Window(window.y, window.x, SAMPLE_CELL_PX, SAMPLE_CELL_PX)
        out[i] = quality_of(job, sample.image[i], sample.quality[i], whole, overview)
    return out
