"""Evidence, pixel by pixel, that the ground is built on: neither plants nor water, and grey as gravel and roofs are.

A classical estimate from colours alone. Bare fields whose soil is as grey as gravel look the same; that is why areas
made from it carry a wide interval, from a strict and a lax threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

STRICT, LIKELY, LAX = 0.65, 0.5, 0.35
"""Thresholds of the probability: for the least, the best and the greatest footprint."""
SMOOTH_M: Final = 2.5
BINS: Final = 256
PLANT_BOUNDS: Final = (0.05, 0.18)
"""Where the threshold between plants and bare ground may lie, in the sample's own units of `greenness`."""
SOIL_BOUNDS: Final = (0.08, 0.16)
PLANT_SLOPE, SOIL_SLOPE = 0.04, 0.025


def halo_px(resolution_m: float) -> int:
    """Pixels around a block that `built_probability` looks at."""
    return max(1, math.ceil(SMOOTH_M / resolution_m))


def can_tell(roles: Sequence[str]) -> bool:
    """Whether these bands suffice: red, green and blue, or near infrared in place of green."""
    return {"red", "blue"} <= set(roles) and bool({"nir", "green"} & set(roles))


def fit_built(samples: Image, roles: Sequence[str]) -> dict[str, float]:
    """Thresholds of a scene from its sample.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        NaN for no data.
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    dict
        ``plant`` and ``soil``: thresholds of greenness and redness, Otsu's (doi:10.1109/TSMC.1979.4310076) on fixed
        histograms, held within bounds, so that a sample of one kind of ground does not split it.
    """
    flat = np.ascontiguousarray(np.moveaxis(samples, 1, 0)).reshape(samples.shape[1], 1, -1)
    green, red = greenness(flat, roles), redness(flat, roles)
    plant = float(np.clip(otsu(green[np.isfinite(green)], -0.5, 1.0), *_plant_bounds(roles)))
    bare = np.isfinite(red) & (green < plant)
    return {"plant": plant, "soil": float(np.clip(otsu(red[bare], -0.3, 0.6), *SOIL_BOUNDS))}


def built_probability(image: Image, roles: Sequence[str], model: Mapping[str, float], resolution_m: float) -> Image:
    """Evidence for built ground.

    Parameters
    ----------
    image : float32 (band, y, x)
        With the halo of `halo_px`; NaN for no data.
    roles : sequence of str
        The bands' roles; `can_tell` must hold.
    model : mapping
        Of `fit_built`.
    resolution_m : float

    Returns
    -------
    float32 (y, x)
        0 to 1, the mean over 5 m of ``s((plant - greenness) / .04) s((soil - redness) / .025)``, s logistic, 0 where
        near infrared tells water; NaN where the pixel has no data.
    """
    green, red = greenness(image, roles), redness(image, roles)
    score = _logistic((model["plant"] - green) / PLANT_SLOPE) * _logistic((model["soil"] - red) / SOIL_SLOPE)
    score = np.where(_water(image, roles), 0.0, score).astype(np.float32)
    valid = np.isfinite(green) & np.isfinite(red)
    size = 2 * halo_px(resolution_m) + 1
    # Sums of fixed-point numbers do not depend on where a block begins.
    fixed = np.where(valid, np.rint(score * 1024), 0).astype(np.float64)
    total = cv2.boxFilter(fixed, -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
    count = cv2.boxFilter(valid.astype(np.float64), -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
    mean = np.rint(total) / (1024 * np.maximum(np.rint(count), 1))
    return np.where(valid, mean, np.nan).astype(np.float32)


def greenness(image: Image, roles: Sequence[str]) -> Image:
    """NDVI (y, x), or the normalised excess green ``(2 g - r - b) / (2 g + r + b)`` without near infrared."""
    red, blue = image[roles.index("red")], image[roles.index("blue")]
    if "nir" in roles:
        nir = image[roles.index("nir")]
        return _ratio(nir - red, nir + red)
    green = image[roles.index("green")]
    return _ratio(2 * green - red - blue, 2 * green + red + blue)


def redness(image: Image, roles: Sequence[str]) -> Image:
    """``(red - blue) / (red + blue)`` (y, x): bare soil is red, gravel, concrete and asphalt are grey."""
    red, blue = image[roles.index("red")], image[roles.index("blue")]
    return _ratio(red - blue, red + blue)


def otsu(values: NDArray[np.float32], low: float, high: float) -> float:
    """Otsu's threshold on a fixed histogram; the middle of the range where there are no values."""
    counts, edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    if not counts.any():
        return (low + high) / 2
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * centres) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight - mean) ** 2 / (weight * (1 - weight))
    return float(edges[1:][np.nanargmax(np.where(np.isfinite(between), between, -1.0))])


def _plant_bounds(roles: Sequence[str]) -> tuple[float, float]:
    # Excess green of plants is about a quarter of their NDVI.
    return (0.15, 0.40) if "nir" in roles else PLANT_BOUNDS


def _water(image: Image, roles: Sequence[str]) -> NDArray[np.bool_]:
    if not {"nir", "green"} <= set(roles):
        return np.zeros(image.shape[1:], bool)
    green, nir = image[roles.index("green")], image[roles.index("nir")]
    water: NDArray[np.bool_] = _ratio(green - nir, green + nir) > 0.25
    return water


def _ratio(numerator: Image, denominator: Image) -> Image:
    safe = np.where(denominator > 0, denominator, np.nan)
    return (numerator / safe).astype(np.float32)


def _logistic(x: Image) -> Image:
    result: Image = 0.5 * (1.0 + np.tanh(0.5 * x))
    return result
