"""What was added to reflectance before it was stored, as the values of a look show it.

Sentinel-2 is stored as reflectance times 10,000, since January 2022 with 1,000 added (ESA, processing baseline 04.00),
which a GeoTIFF made of it seldom says. Every value then lies above 1,000, and plants look far less green than they are.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import numpy as np

from changedet.arrays import Singles

ADDED: Final = 1000.0
"""Stored values, to each reflectance times 10,000."""
DARK_PER_CENT: Final = 0.5
"""Per cent of a band's pixels that are darker than its floor: a few may be faulty."""
NOT_ADDED: Final = 900.0
"""Floor of the darkest band below which nothing was added: no surface has a reflectance of less than -.01."""
PLANTS_INDEX: Final = 0.35
"""NDVI, as stored, from which plants cover the ground: true NDVI of .65 and more where 1,000 was added."""
PLANTS_SHARE: Final = 0.01
"""Of all pixels, the greenest whose red is read; at least half as many must reach `PLANTS_INDEX`."""
PLANTS_RED: Final = 1000.0
"""Median of red of these from which it was added: leaves reflect .02 to .06 of red, seen through haze up to .09."""


class Level(Enum):
    """What the values of a look tell."""

    ADDED = "added"
    NONE = "none"
    UNKNOWN = "unknown"


def level_of(pixels: Singles, red: int, nir: int) -> Level:
    """Whether 1,000 was added to the values of a look.

    Parameters
    ----------
    pixels : float32 (band, pixel)
        As stored, finite.
    red, nir : int
        Which of the bands these are.

    Returns
    -------
    Level
        Unknown where the look shows neither dark ground nor green plants: under snow and cloud, or of sand.
    """
    if not pixels.size:
        return Level.UNKNOWN
    floor = float(np.percentile(pixels, DARK_PER_CENT, axis=1).min())
    if floor < ADDED:
        return Level.NONE if floor < NOT_ADDED else Level.UNKNOWN
    index = (pixels[nir] - pixels[red]) / (pixels[nir] + pixels[red])
    greenest = index >= max(PLANTS_INDEX, float(np.quantile(index, 1.0 - PLANTS_SHARE)))
    if greenest.mean() < PLANTS_SHARE / 2:
        return Level.UNKNOWN
    return Level.ADDED if float(np.median(pixels[red][greenest])) >= PLANTS_RED else Level.UNKNOWN
