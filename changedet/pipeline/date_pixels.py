"""One date's pixels: which are usable, which bands they have, and how they come to the reference's scale."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.blocks import Window
from changedet.grid.displacement import Displacement
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import CLEAR, GREY, NODATA
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel, OverviewClasses
from changedet.stages.mask.kernels.pixels import lay_over

NO_OVERVIEW: Final = np.frombuffer(b"", np.uint8).reshape(0, 0)
"""Of a mask method that looks at single pixels alone."""


def where_valid(image: Singles, valid: Bools) -> Singles:
    """Set an image to no data where it is not usable.

    Parameters
    ----------
    image : float32 (..., band, y, x)
    valid : bool (..., y, x)

    Returns
    -------
    float32 (..., band, y, x)
        NaN where `valid` is False.
    """
    return np.where(np.expand_dims(valid, -3), image, np.float32(np.nan))


def with_extra(job: DateJob, look: Look, image: Singles, window: Window, displacement: Displacement | None) -> Singles:
    """Append the bands on which two dates are compared though others lack them.

    They are read apart, so that what a date shows does not depend on the dates that it is compared with.

    Parameters
    ----------
    job : DateJob
    look : Look
        The date's or the reference's scenes.
    image : float32 (band, y, x)
        Of the bands that all dates share.
    window : Window
        Of the grid, covered by the image.
    displacement : Displacement or None
        Of the look from the reference; None where it is the reference.

    Returns
    -------
    float32 (band, y, x)
        The image with `job.extra_roles`; NaN where a band shows nothing.
    """
    if not job.extra_roles:
        return image
    return np.concatenate([image, look.read(job.grid, window, job.extra_roles, displacement)[0]])


def bands_of(wanted: DateJob, job: DateJob) -> list[int]:
    """Find one job's bands among another's.

    Parameters
    ----------
    wanted : DateJob
        Its bands are looked for.
    job : DateJob
        It has all of them.

    Returns
    -------
    list of int
        Indices into ``job.compared_roles``.
    """
    return [job.compared_roles.index(role) for role in wanted.compared_roles]


def normalised(job: DateJob, image: Singles, model: DateModel) -> Singles:
    """Bring a date's image to the reference's radiometric scale.

    Parameters
    ----------
    job : DateJob
    image : float32 (band, y, x)
        Of ``job.compared_roles``.
    model : DateModel

    Returns
    -------
    float32 (band, y, x)
        The image itself where the stage normalise is switched off.
    """
    if job.methods.normalise is None:
        return image
    return job.methods.normalise.apply(image, model=model.normalise)


def quality_of(job: DateJob, image: Singles, own: Bytes, window: Window, overview: OverviewClasses | None) -> Bytes:
    """Say why each pixel of a window is usable or not.

    Parameters
    ----------
    job : DateJob
    image : float32 (band, y, x)
        Of the bands that all dates share.
    own : uint8 (y, x)
        What the scene's own files say, of `changedet.kernels.pixel_classes`; it goes before all else.
    window : Window
        Of the grid, covered by the image.
    overview : OverviewClasses or None
        What the date's overview shows, laid over what single pixels show.

    Returns
    -------
    uint8 (y, x)
        Of `changedet.kernels.pixel_classes`, without shade.
    """
    found = _found_by_mask(job, image, own, window, overview)
    if job.is_grey:
        np.copyto(found, np.uint8(GREY), where=found == CLEAR)
    return found


def _found_by_mask(job: DateJob, image: Singles, own: Bytes, window: Window, overview: OverviewClasses | None) -> Bytes:
    if job.methods.mask is None:
        return np.where((own == CLEAR) & ~np.isfinite(image).all(axis=0), NODATA, own).astype(np.uint8)
    found = job.methods.mask.apply(image, model={})
    over, factor = (NO_OVERVIEW, 1) if overview is None else (overview.unpacked(), overview.factor)
    lay_over(found, np.ascontiguousarray(own), over, (window.y, window.x), factor)
    return found
