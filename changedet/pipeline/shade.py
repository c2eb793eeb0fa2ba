"""Light on a date's own scale, and pixels in deep shade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Singles
from changedet.kernels.pixel_classes import CLEAR, SHADE
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import LightLevels

VISIBLE: Final = ("blue", "green", "red", "pan")


SHADE_LIGHT: Final = 0.4
"""Share of the ordinary light. On simulated sites, 55 % of the boxes that a detector misses lie below it, 13 % of the
empty spots, 9 % of the boxes that it finds."""


LEAST_RANGE: Final = np.float32(1e-6)
"""Of what is between the dark end and the middle: keeps a flat band from dividing by zero."""


def light_levels(job: DateJob, seen: NDArray[np.float32]) -> LightLevels | None:
    """The dark end and the middle of each band's values in a sample (cell, band, y, x); None without optical bands."""
    if not _light_bands(job) or not np.isfinite(seen).any():
        return None
    low, middle = np.nanpercentile(np.moveaxis(seen, 1, 0).reshape(seen.shape[1], -1), (0.5, 50.0), axis=1)
    return LightLevels(tuple(np.round(low, 6).tolist()), tuple(np.round(middle, 6).tolist()))


def light_of(image: NDArray[np.float32], levels: LightLevels, bands: Sequence[int] | None = None) -> Singles:
    """Brightness ``(..., band, y, x)`` of an image's bands, 0 at a date's dark end and 1 at its usual ground."""
    chosen = slice(None) if bands is None else bands
    low, middle = (np.asarray(ends, np.float32)[chosen, None, None] for ends in (levels.low, levels.middle))
    return np.asarray((image - low) / np.maximum(middle - low, LEAST_RANGE), np.float32)


def _light_bands(job: DateJob) -> list[list[int]]:
    """Bands that tell shade: the visible ones together, and near infrared."""
    visible = [k for k, role in enumerate(job.roles) if role in VISIBLE]
    near = [k for k, role in enumerate(job.roles) if role == "nir"]
    return [group for group in (visible, near) if group]


def with_shade(
    job: DateJob, quality: NDArray[np.uint8], image: NDArray[np.float32], levels: LightLevels | None
) -> NDArray[np.uint8]:
    """Quality with clear pixels in deep shade told apart: dark in the visible bands together and in near infrared."""
    if levels is None:
        return quality
    light = light_of(image, levels)
    groups = _light_bands(job)
    with np.errstate(invalid="ignore"):
        dark = np.logical_and.reduce([light[group].mean(axis=0) < SHADE_LIGHT for group in groups])
    return np.where((quality == CLEAR) & dark, SHADE, quality).astype(np.uint8)
