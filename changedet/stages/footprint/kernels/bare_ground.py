"""Evidence, pixel by pixel, that the ground bears neither plants nor water: yards, roofs, stored objects, bare earth.

A classical estimate from colours alone. Bare fields look the same; that is why areas made from it carry a wide
interval, from a strict and a lax threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.stages.footprint.kernels.cells_around import square_sums

STRICT, LIKELY, LAX = 0.93, 0.8, 0.4
"""Thresholds of the evidence: for the least, the best and the greatest footprint.

Chosen on simulated sites of seeds 600 to 619 (growth, earthworks, quiet, trains, port; 256 m, .5 m, four dates each).
On seeds 700 to 709 they give a mean IoU of .81, an area 7 % too large, 10 % off in either direction, and bounds
that hold the true area on 37 of 40 dates. Bare soil and roads wider than 8 m are what is taken for built too often.
"""
SMOOTH_M: Final = 2.5
"""Half the width of the window over which greenness is averaged; chosen by hand."""
BINS: Final = 256
"""Of the histogram from which Otsu's threshold is taken."""
GREENNESS_RANGE: Final = (-0.5, 1.0)
"""Of that histogram: what lies beyond is counted at its ends."""
FIXED_POINT: Final = 4096
"""Whole numbers for one unit of greenness: their sums do not depend on where a block begins."""
WATER_NDWI: Final = 0.25
"""NDWI (McFeeters 1996, doi:10.1080/01431169608948714) above which a pixel is water; chosen by hand."""
NDVI_BOUNDS: Final = (0.17, 0.22)
EXCESS_GREEN_BOUNDS: Final = (0.04, 0.10)
"""Where the threshold between plants and bare ground may lie, as the sample may be all of one kind, or stubble; chosen
by hand."""
SLOPE: Final = 0.2
"""Width of the logistic, as a share of the threshold; chosen by hand."""


@dataclass(frozen=True)
class PlantThreshold:
    """A scene's threshold between plants and bare ground.

    Attributes
    ----------
    plant : float
        Of greenness: NDVI, or normalised excess green without near infrared; -1 to 1.
    sun : tuple of float or None
        East and north component of the direction from which the sun shines, recorded where it is known.
    """

    plant: float
    sun: tuple[float, ...] | None = None


def halo_px(resolution_m: float) -> int:
    """Pixels around a block that `built_probability` looks at.

    Parameters
    ----------
    resolution_m : float
        Pixel, metres.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, math.ceil(SMOOTH_M / resolution_m))


def has_bands(roles: Sequence[str]) -> bool:
    """Whether the bands suffice: red, green and blue, or near infrared in place of green.

    Parameters
    ----------
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    bool
        False where no footprint can be had by colour.
    """
    return {"red", "blue"} <= set(roles) and bool({"nir", "green"} & set(roles))


def plant_threshold(samples: Singles, roles: Sequence[str]) -> PlantThreshold:
    """Threshold between plants and bare ground by Otsu's method (1979, doi:10.1109/TSMC.1979.4310076), within bounds.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        The scene's fixed sample; NaN for no data.
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    PlantThreshold
        Within `NDVI_BOUNDS` or `EXCESS_GREEN_BOUNDS`.
    """
    flat = np.ascontiguousarray(np.moveaxis(samples, 1, 0)).reshape(samples.shape[1], 1, -1)
    green = greenness(flat, roles)
    bounds = NDVI_BOUNDS if "nir" in roles else EXCESS_GREEN_BOUNDS
    return PlantThreshold(float(np.clip(otsu(green[np.isfinite(green)], *GREENNESS_RANGE), *bounds)))


def built_probability(image: Singles, roles: Sequence[str], model: PlantThreshold, resolution_m: float) -> Singles:
    """Evidence for built ground.

    Parameters
    ----------
    image : float32 (band, y, x)
        With the halo of `halo_px`; NaN for no data.
    roles : sequence of str
        The bands' roles; `has_bands` must hold.
    model : PlantThreshold
        The scene's.
    resolution_m : float
        Pixel, metres.

    Returns
    -------
    float32 (y, x)
        ``s((plant - g) / (.2 plant))``, s logistic, g the mean greenness over 5 m, 0 to 1; 0 where near infrared shows
        water, NaN where the pixel has no data. The mean draws edges in by up to 2.5 m where lush grass is beside.
    """
    green = greenness(image, roles)
    valid = np.isfinite(green)
    half = halo_px(resolution_m)
    fixed = np.where(valid, np.rint(np.nan_to_num(green) * FIXED_POINT), 0).astype(np.float64)
    total, count = square_sums(fixed, half), square_sums(valid.astype(np.float64), half)
    mean = total / (FIXED_POINT * np.maximum(count, 1))
    score = np.where(_water(image, roles), 0.0, _logistic((model.plant - mean) / (SLOPE * model.plant)))
    return np.where(valid, score, np.nan).astype(np.float32)


def greenness(image: Singles, roles: Sequence[str]) -> Singles:
    """Greenness of each pixel.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    roles : sequence of str
        The bands' roles; `has_bands` must hold.

    Returns
    -------
    float32 (y, x)
        NDVI, or the normalised excess green ``(2 g - r - b) / (2 g + r + b)`` without near infrared; NaN for no data.
    """
    red, blue = image[roles.index("red")], image[roles.index("blue")]
    if "nir" in roles:
        nir = image[roles.index("nir")]
        return _ratio(nir - red, nir + red)
    green = image[roles.index("green")]
    return _ratio(2 * green - red - blue, 2 * green + red + blue)


def plants_or_water(samples: Singles, roles: Sequence[str], plant: float) -> float | None:
    """How much of a scene bears plants or is open water: ground that yards are told from.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        The scene's fixed sample; NaN for no data.
    roles : sequence of str
        The bands' roles.
    plant : float
        Threshold of greenness, of `plant_threshold`.

    Returns
    -------
    float or None
        Share of the sample, 0 to 1; None without near infrared, as plants are not always green, and without data.
    """
    if "nir" not in roles:
        return None
    flat = np.ascontiguousarray(np.moveaxis(samples, 1, 0)).reshape(samples.shape[1], 1, -1)
    green = greenness(flat, roles)
    seen = np.isfinite(green)
    return float(((green > plant) | _water(flat, roles))[seen].mean()) if seen.any() else None


def otsu(values: Singles, low: float, high: float) -> float:
    """Otsu's threshold on a fixed histogram.

    Parameters
    ----------
    values : float32 (n,)
        No NaN.
    low, high : float
        Range of the histogram; what lies beyond is counted at its ends.

    Returns
    -------
    float
        The middle of the range where there are no values.
    """
    counts, edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    if not counts.any():
        return (low + high) / 2
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * centres) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight - mean) ** 2 / (weight * (1 - weight))
    return float(edges[1:][np.nanargmax(np.where(np.isfinite(between), between, -1.0))])


def _water(image: Singles, roles: Sequence[str]) -> Bools:
    """Where NDWI shows water; nowhere without its bands."""
    if not {"nir", "green"} <= set(roles):
        return np.zeros(image.shape[1:], bool)
    green, nir = image[roles.index("green")], image[roles.index("nir")]
    water: Bools = _ratio(green - nir, green + nir) > WATER_NDWI
    return water


def _ratio(numerator: Singles, denominator: Singles) -> Singles:
    safe = np.where(denominator > 0, denominator, np.nan)
    return (numerator / safe).astype(np.float32)


def _logistic(x: Floats) -> Floats:
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return result
