"""Light on a date's own scale, and the pixels that lie in deep shade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.kernels.pixel_classes import CLEAR, GREY, SHADE
from changedet.kernels.quantiles import percentiles
from changedet.pipeline.date_model import LightLevels
from changedet.pipeline.kernels.dark_pixels import mark_dark

VISIBLE: Final = ("blue", "green", "red", "pan")

SHADE_LIGHT: Final = 0.4
"""Share of the ordinary light. On simulated sites, 55 % of the boxes that a detector misses lie below it, 13 % of the
empty spots, 9 % of the boxes that it finds."""

DARK_PERCENT: Final = 0.5
MIDDLE_PERCENT: Final = 50.0
"""Percentiles of a band that are its dark end and its usual ground."""

LEAST_RANGE: Final = np.float32(1e-6)
"""Least difference of the two: a flat band is not divided by zero."""


def light_levels(roles: Sequence[str], sample: Singles) -> LightLevels | None:
    """Measure the dark end and the middle of each band.

    Parameters
    ----------
    roles : sequence of str
        The sample's bands.
    sample : float32 (cell, band, y, x)
        Clear pixels of a date; NaN elsewhere.

    Returns
    -------
    LightLevels or None
        Of all bands, to 6 digits; None where none is visible or near infrared, or nothing is clear.
    """
    if not _light_bands(roles) or not np.isfinite(sample).any():
        return None
    values = np.moveaxis(sample, 1, 0).reshape(sample.shape[1], -1)
    percents = (DARK_PERCENT, MIDDLE_PERCENT)
    seen = [band[~np.isnan(band)] for band in values]
    low, middle = np.transpose([percentiles(band, percents) if band.size else (np.nan,) * 2 for band in seen])
    return LightLevels(tuple(np.round(low, 6).tolist()), tuple(np.round(middle, 6).tolist()))


def light_of(image: Singles, levels: LightLevels) -> Singles:
    """Scale a date's values to its own light: value less dark end, over middle less dark end.

    Parameters
    ----------
    image : float32 (..., band, y, x)
        NaN is no data.
    levels : LightLevels
        Of the same bands.

    Returns
    -------
    float32 (..., band, y, x)
        0 at the date's dark end, 1 on its usual ground; NaN where the image has it.
    """
    low, span = (ends[:, None, None] for ends in _ends(levels))
    return np.asarray((image - low) / span, np.float32)


def _ends(levels: LightLevels) -> tuple[Singles, Singles]:
    """Of each band its dark end, and how far its middle lies above."""
    low, middle = (np.asarray(ends, np.float32) for ends in (levels.low, levels.middle))
    return low, np.maximum(middle - low, LEAST_RANGE)


def visible_bands(roles: Sequence[str]) -> list[int]:
    """Where the visible bands, or a panchromatic one, lie among some.

    Parameters
    ----------
    roles : sequence of str

    Returns
    -------
    list of int
        Indices into `roles`.
    """
    return [k for k, role in enumerate(roles) if role in VISIBLE]


def with_shade(
    roles: Sequence[str], quality: Bytes, image: Singles, border_px: int, levels: LightLevels | None
) -> Bytes:
    """Mark the clear pixels that are dark in the visible bands together and in near infrared.

    Parameters
    ----------
    roles : sequence of str
        The image's bands.
    quality : uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`.
    image : float32 (band, y, x)
        Of the same pixels.
    border_px : int
        What of both is left out on each side.
    levels : LightLevels or None
        None marks nothing.

    Returns
    -------
    uint8 (y, x)
        Without the border, and with `SHADE` in place of `CLEAR`, of a grey picture of `GREY`, where less than
        `SHADE_LIGHT` of the usual light falls.
    """
    height, width = (size - 2 * border_px for size in quality.shape)
    out = quality[border_px : border_px + height, border_px : border_px + width].copy()
    if levels is None:
        return out
    groups = [np.array(group, np.int64) for group in _light_bands(roles)]
    corner, least = (border_px, border_px), np.float32(SHADE_LIGHT)
    low, span = _ends(levels)
    # A grey picture is grey as a whole.
    classes = (GREY if (out == GREY).any() else CLEAR, SHADE)
    mark_dark(np.ascontiguousarray(image), corner, low, span, groups[0], groups[-1], least, classes, out)
    return out


def _light_bands(roles: Sequence[str]) -> list[list[int]]:
    """Bands that show shade: the visible ones together, and near infrared."""
    near = [k for k, role in enumerate(roles) if role == "nir"]
    return [group for group in (visible_bands(roles), near) if group]
