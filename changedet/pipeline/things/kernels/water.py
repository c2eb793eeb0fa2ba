"""Where a picture shows open water: large, smooth, dark, and all that has its colour."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels import components

SOFT_PX: Final = 1.0
"""Gaussian by which noise of single pixels is taken out."""
STRETCH_M: Final = 6.0
"""Side of the square whose spread says how smooth a place is: some waves, and no quay without an edge."""
QUIET_SHARE: Final = 0.05
"""Share of a picture's smoothest places that say how smooth water is: a picture that asks for ships shows as much."""
QUIET_TIMES: Final = 3.0
"""Up to how many times as rough water is. Chosen on drawn harbours, seeds 1000 to 1019."""
LEAST_WATER_M2: Final = 5000.0
"""Smaller smooth dark places are roofs and shade."""
LEAST_NEAR_M2: Final = 400.0
"""The same where water is known to lie."""
DARKEST_TIMES: Final = 1.3
"""How much brighter than the darkest large smooth place another water may be."""
DARK_SHARE: Final = 0.4
"""Water is darker than the brighter pixels of all that is not smooth; this share of them may be darker still."""
NEAR_M: Final = 60.0
"""Water's colour changes slowly: it is compared with the water within this square."""
COLOUR_TIMES: Final = 6.0
"""How many standard deviations of the water near it a pixel may be brighter. Chosen as `QUIET_TIMES`."""
EDGE_M: Final = 1.5
"""How far light of a hull spills over the water beside it, by blur and compression."""
HALF: Final = 0.5
"""An edge lies where light is half way."""
MOST_LIMIT: Final = 3.0
"""In units of `COLOUR_TIMES` spreads: beyond, dark hulls would be water."""
BRIGHT: Final = 0.99
"""Quantile of a picture that stands for its range."""
LEAST_SPREAD: Final = 0.004
"""Least standard deviation, as a share of the picture's range: pictures of 8 bits have steps as large."""
BLUER: Final = 0.15
"""By how much ``(red - blue) / (red + blue)`` of water lies below that of all ground beside it: water swallows red. Of
looks of three ports by two hands 0.16 to 0.38, of 16 looks whose fields pass for water 0.19 at most. Chosen with these
in view (docs/research/footprint.md)."""
TO_SPREAD: Final = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""


def water(image: Singles, pixel_m: float, near: Bools | None) -> Bools:
    """Find open water.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    pixel_m : float
        Size of a pixel in metres.
    near : bool (y, x) or None
        Where it is said that water lies, such as berths: only what reaches there is water, also where it is small.

    Returns
    -------
    bool (y, x)
        False also where nothing is shown; all False where no large, smooth, dark place is found.
    """
    shown: Bools = np.asarray(np.isfinite(image).all(axis=0))
    if not shown.any():
        return np.zeros(shown.shape, bool)
    soft = np.stack([_soft(band, shown) for band in image])
    seed = _seed(soft.mean(axis=0), shown, pixel_m, near)
    if not seed.any():
        return seed
    over = np.full(shown.shape, -np.inf, np.float32)
    for band in soft:
        off = band - _near(band, seed, pixel_m)
        spread = TO_SPREAD * float(np.median(np.abs(off[seed])))
        spread = max(spread, LEAST_SPREAD * float(np.quantile(band[shown], BRIGHT)))
        # Shade on water is darker than water, so the dark side has no limit.
        over = np.maximum(over, (off / (COLOUR_TIMES * spread)).astype(np.float32))
    alike = shown & (over < _limit(over, shown, pixel_m))
    labels = components.label(alike.astype(np.uint8))
    joined = np.bincount(labels.ravel(), seed.ravel()) > 0
    joined[0] = False
    return np.asarray(joined[labels])


def without_plants(wet: Bools, green: Singles, near_infrared: Singles) -> Bools:
    """Leave out of open water what is a smooth dark field.

    Parameters
    ----------
    wet : bool (y, x)
        Of `water`.
    green, near_infrared : float32 (y, x)
        NaN is no data, outside `wet`.

    Returns
    -------
    bool (y, x)
        Connected waters that are darker in the near infrared than in green, as all water is.
    """
    labels = components.label(wet.astype(np.uint8))
    sums = [np.bincount(labels.ravel(), np.where(wet, band, 0.0).ravel()) for band in (green, near_infrared)]
    kept = sums[1] < sums[0]
    kept[0] = False
    return np.asarray(kept[labels])


def without_brown(wet: Bools, red: Singles, blue: Singles) -> Bools:
    """Leave out of open water what is no bluer than the ground, where near infrared cannot tell it from fields.

    Parameters
    ----------
    wet : bool (y, x)
        Of `water`.
    red, blue : float32 (y, x)
        NaN is no data, outside `wet`.

    Returns
    -------
    bool (y, x)
        Connected waters that are bluer by `BLUER` than the ground; green, brown and black water is left out, too.
    """
    shown: Bools = np.isfinite(red) & np.isfinite(blue)
    labels = components.label(wet.astype(np.uint8))
    sums = np.stack([np.bincount(labels.ravel(), np.where(shown, band, 0.0).ravel()) for band in (red, blue)])
    index = (sums[0] - sums[1]) / np.maximum(sums.sum(axis=0), np.finfo(np.float64).tiny)
    kept = index <= index[0] - BLUER
    kept[0] = False
    return np.asarray(kept[labels])


def _limit(over: Singles, shown: Bools, pixel_m: float) -> Singles:
    """What ends the water: its own spread, and beside things that stand out far the half of what they do."""
    clear = shown & (over >= 1.0)
    if not clear.any():
        return np.ones(over.shape, np.float32)
    side = 2 * round(EDGE_M / pixel_m) + 1
    peak = cv2.dilate(np.where(shown, over, 0.0).astype(np.float32), np.ones((side, side), np.uint8))
    return np.asarray(
        np.maximum(1.0, np.minimum(HALF * np.minimum(peak, float(np.median(over[clear]))), MOST_LIMIT)), np.float32
    )


def _soft(band: Singles, shown: Bools) -> Singles:
    filled = np.where(shown, band, np.median(band[shown])).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(filled, (0, 0), SOFT_PX), np.float32)


def _seed(light: Singles, shown: Bools, pixel_m: float, near: Bools | None) -> Bools:
    """Large, smooth, dark places."""
    side = max(3, round(STRETCH_M / pixel_m))
    mean, square = (cv2.blur(one.astype(np.float64), (side, side)) for one in (light, light.astype(np.float64) ** 2))
    rough = np.sqrt(np.maximum(square - mean**2, 0.0))
    limit = QUIET_TIMES * max(
        float(np.quantile(rough[shown], QUIET_SHARE)), LEAST_SPREAD * float(np.quantile(light[shown], BRIGHT))
    )
    quiet = shown & (rough <= limit)
    labels = components.label(quiet.astype(np.uint8))
    sizes = np.bincount(labels.ravel()) * pixel_m**2
    fits = sizes >= (LEAST_WATER_M2 if near is None else LEAST_NEAR_M2)
    if near is not None:
        fits &= np.bincount(labels.ravel(), near.ravel()) > 0
    large = np.flatnonzero(fits[1:]) + 1
    if not len(large):
        return np.zeros(shown.shape, bool)
    levels = np.array([float(np.median(light[labels == one])) for one in large])
    loud = shown & ~quiet
    is_dark = levels < (np.quantile(light[loud], DARK_SHARE) if loud.any() else np.inf)
    if not is_dark.any():
        return np.zeros(shown.shape, bool)
    # Near berths small places count too, but shade on the water is no measure of its light where more of it shows.
    wide = is_dark & (sizes[large] >= LEAST_WATER_M2)
    largest = levels[is_dark][np.argmax(sizes[large][is_dark])]
    darkest = levels[wide].min() if wide.any() else largest
    kept = large[levels <= DARKEST_TIMES * darkest]
    return np.asarray(np.isin(labels, kept), bool)


def _near(band: Singles, seed: Bools, pixel_m: float) -> Floats:
    """Mean of the water near each pixel; of all water where none is near."""
    side = max(3, round(NEAR_M / pixel_m))
    weight = cv2.blur(seed.astype(np.float64), (side, side))
    total = cv2.blur(np.where(seed, band, 0.0).astype(np.float64), (side, side))
    everywhere = float(band[seed].mean())
    least = 1.0 / side**2
    return np.asarray(np.where(weight > least, total / np.maximum(weight, least), everywhere), np.float64)
