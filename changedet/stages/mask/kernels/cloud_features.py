"""Features by which trees find clouds and their shadows: what each does to a cell, against another date of the place.

A thin cloud adds white and takes contrast, its shadow takes light and leaves contrast, a season changes colours.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.stages.mask.kernels.cloud_light import CloudBands, UsualLight, saturation
from changedet.stages.mask.kernels.neighbourhoods import local_line, local_mean

LIGHT_SIGMAS: Final = (1.5, 4.0, 10.0)
"""Neighbourhoods, in cells, of the logarithms of ratios. With the four below, what the trees were fitted with."""
ADDED_SIGMAS: Final = (2.0, 6.0)
"""Neighbourhoods of the light that was added."""
LINE_SIGMAS: Final = (2.5, 7.0)
"""Neighbourhoods in which contrasts are compared."""
EXTREME_RADII: Final = (3, 8)
"""Radii of the discs whose lowest and highest light is taken."""
MEDIAN_PX, MEDIAN_SIGMA = 5, 5.0
"""Window of the median of the light, and standard deviation of its neighbourhood."""
LEAST_LIGHT: Final = 1e-3
"""Least local brightness, in units of the usual ground, that an offset is divided by."""
HALO: Final = 44
"""Cells around one that its features look at: four and more standard deviations of the widest neighbourhood."""
FEATURE_NAMES: Final = (
    "light", "least", "most", "tint", "nir",
    *(f"{name}_{k}" for k in range(3) for name in ("light", "tint", "nir")),
    "least_1", "most_1",
    "added_least", "added", "added_least_near", "added_near", "added_least_wide", "added_wide",
    "saturation", "saturation_before", "saturation_near", "bright", "bright_before", "green", "green_before",
    *(f"{name}_{k}" for k in range(2) for name in ("slope", "offset", "correlation", "contrast", "offset_share")),
    *(f"{name}_{k}" for k in range(2) for name in ("lowest", "highest")),
    "middle", "middle_wide",
)  # fmt: skip
"""Features of a cell, in order, as they stand in the file of the trees; near infrared is NaN where there is none."""


def cloud_features(own: Singles, before: Singles, valid: Bools, bands: CloudBands, usual: UsualLight) -> Singles:
    """Features of every cell of a date against another.

    Parameters
    ----------
    own, before : float32 (band, y, x)
        Overviews of both dates, above 0, as `cloud_light.filled` gives.
    valid : bool (y, x)
        Where both have data.
    bands : CloudBands
        Of both.
    usual : UsualLight
        Of the whole pair.

    Returns
    -------
    float32 (feature, y, x)
        In the order of `FEATURE_NAMES`; of no meaning where not valid.
    """
    weight = valid.astype(np.float32)
    white, nir, red = list(bands.white), bands.nir, bands.white[-1]
    level = float(np.mean([usual.ratios[k] for k in white]))
    bright, other = own[white].mean(axis=0), before[white].mean(axis=0)
    light = np.log(bright / (level * other))
    unknown = np.full_like(light, np.nan)
    infrared = unknown if nir is None else _log_ratio(own, before, usual, nir)
    found = _light_ratios([_log_ratio(own, before, usual, k) for k in white], light, infrared, weight)
    found += _added_light([(own[k] / usual.ratios[k] - before[k]) / usual.ground for k in white], weight)
    own_white, before_white = saturation(own[white], bright), saturation(before[white], other)
    x, y = other / usual.ground, bright / (level * usual.ground)
    found += [own_white, before_white, local_mean(own_white, weight, LIGHT_SIGMAS[1]), y, x]
    found += [unknown, unknown] if nir is None else [_index(own[nir], own[red]), _index(before[nir], before[red])]
    for sigma in LINE_SIGMAS:
        line = local_line(x, y, weight, sigma)
        offset_share = line.offset / np.maximum(local_mean(y, weight, sigma), LEAST_LIGHT)
        found += [*line, np.asarray(offset_share, np.float32)]
    return np.stack([*found, *_extremes(light, weight)]).astype(np.float32)


def _log_ratio(own: Singles, before: Singles, usual: UsualLight, band: int) -> Singles:
    ratio: Singles = np.log(own[band] / (usual.ratios[band] * before[band]))
    return ratio


def _light_ratios(logs: list[Singles], light: Singles, infrared: Singles, weight: Singles) -> list[Singles]:
    """Logarithms of ratios to the other date, of cells and of their neighbourhoods."""
    least, most, tint = np.minimum.reduce(logs), np.maximum.reduce(logs), logs[0] - logs[-1]
    found = [light, least, most, tint, infrared]
    for sigma in LIGHT_SIGMAS:
        found += [local_mean(layer, weight, sigma) for layer in (light, tint, infrared)]
    return [*found, local_mean(least, weight, LIGHT_SIGMAS[1]), local_mean(most, weight, LIGHT_SIGMAS[1])]


def _added_light(more: list[Singles], weight: Singles) -> list[Singles]:
    """Differences to the other date, in units of its usual ground."""
    added_least, added = np.minimum.reduce(more), np.stack(more).mean(axis=0)
    found = [added_least, added]
    for sigma in ADDED_SIGMAS:
        found += [local_mean(added_least, weight, sigma), local_mean(added, weight, sigma)]
    return found


def _extremes(light: Singles, weight: Singles) -> list[Singles]:
    found = []
    calm = local_mean(light, weight, 1.0)
    for radius in EXTREME_RADII:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        found += [cv2.erode(calm, disc), cv2.dilate(calm, disc)]
    middle = cv2.medianBlur(light.astype(np.float32), MEDIAN_PX)
    return [*found, middle, local_mean(cv2.medianBlur(middle, MEDIAN_PX), weight, MEDIAN_SIGMA)]


def _index(a: Singles, b: Singles) -> Singles:
    return np.asarray((a - b) / np.maximum(a + b, 1e-6), np.float32)
