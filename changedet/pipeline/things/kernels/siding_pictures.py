"""A siding turned so that its tracks run along the rows of a picture, in one light for the railcar network."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles

STEP_M: Final = 0.5
"""Pixel of the turned picture: the gap of 1.3 m between two cars has two to three of them."""
MOST_PX: Final = 40_000_000
"""Such pixels of a site on which tracks are looked for; more would not fit beside the rest of a run."""
MARGIN_M: Final = 3.0
"""Shown on both sides of the siding: half a car and its shadow."""
LOW_PERCENT: Final = 5.0
"""Percentiles between which a band's spread is taken."""
MIDDLE_PERCENT: Final = 50.0
HIGH_PERCENT: Final = 95.0
LEAST_SPREAD: Final = 1e-6
"""Of a picture without any contrast, in its own unit."""
BRIGHTEST: Final = 5.0
"""In spreads from the median: what is brighter is as bright."""
REACH_PX: Final = 48
"""By which a picture goes on beyond its ends for the network, which looks 20 m to either side."""


class Turned(NamedTuple):
    """A siding's picture.

    Attributes
    ----------
    image : float32 (3, v, u)
        In spreads from the median; NaN is no data. u runs along the siding.
    origin : float64 (2,)
        Where its first pixel's corner lies, x and y in metres.
    along, across : float64 (2,)
        Unit vectors of u and v in the same frame.
    """

    image: Singles
    origin: Floats
    along: Floats
    across: Floats

    def place(self, along_m: Floats, across_m: Floats) -> Floats:
        """Where places of the picture lie.

        Parameters
        ----------
        along_m, across_m : float64 (n,)
            From its first pixel's corner.

        Returns
        -------
        float64 (n, 2)
            x and y in metres.
        """
        return np.asarray(self.origin + along_m[:, None] * self.along + across_m[:, None] * self.across, np.float64)


def frame_of(corners_m: Floats) -> tuple[Floats, Floats, Floats, tuple[int, int]]:
    """Lay the frame of a turned picture over the rectangle around a siding.

    Parameters
    ----------
    corners_m : float64 (4, 2)
        Of the rectangle in order, metres.

    Returns
    -------
    origin, along, across : float64 (2,)
        As of `Turned`; u runs to the east, or to the north where the siding runs so.
    shape : (int, int)
        Pixels across and along.
    """
    sides = corners_m[[1, 2]] - corners_m[[0, 1]]
    long = sides[np.argmax(np.hypot(*sides.T))]
    along = long / max(float(np.hypot(*long)), 1e-9)
    if along[0] < -1e-6 or (abs(along[0]) <= 1e-6 and along[1] < 0):
        along = -along
    across = np.array([along[1], -along[0]])
    u, v = corners_m @ along, corners_m @ across
    origin = u.min() * along + (v.min() - MARGIN_M) * across
    wide = math.ceil((np.ptp(v) + 2 * MARGIN_M) / STEP_M - 1e-6)
    return origin, along, across, (wide, math.ceil(np.ptp(u) / STEP_M - 1e-6))


def turned(image: Singles, to_pixels: Floats, corners_m: Floats) -> Turned:
    """Turn the picture of a siding.

    Parameters
    ----------
    image : float32 (3, y, x)
        NaN is no data.
    to_pixels : float64 (2, 3)
        From metres of `corners_m` to its pixels, (0, 0) being the corner of the first.
    corners_m : float64 (4, 2)
        Of the rectangle around the siding.

    Returns
    -------
    Turned
        In the light of the whole siding.
    """
    origin, along, across, shape = frame_of(corners_m)
    u, v = ((np.arange(n) + 0.5) * STEP_M for n in shape[::-1])
    at = origin + u[None, :, None] * along + v[:, None, None] * across
    pixels = (at @ to_pixels[:, :2].T + to_pixels[:, 2] - 0.5).astype(np.float32)
    sampled = [
        cv2.remap(band, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan"))
        for band in image
    ]
    return Turned(in_one_light(np.stack(sampled)), origin, along, across)


def in_one_light(image: Singles) -> Singles:
    """Scale a picture by its own median and spread.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.

    Returns
    -------
    float32 (band, y, x)
        Each band's median is 0; the bands' mean spread, a quarter of what lies between their percentiles, is 1.
    """
    light = light_of(image)
    return image if light is None else in_light(image, light)


class Light(NamedTuple):
    """Of a picture.

    Attributes
    ----------
    middle : float64 (band,)
        Medians.
    spread : float
        A quarter of what lies between the bands' percentiles, in the mean.
    """

    middle: Floats
    spread: float


def light_of(image: Singles) -> Light | None:
    """Measure a picture's light.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.

    Returns
    -------
    Light or None
        None where nothing is shown.
    """
    seen = np.isfinite(image).all(axis=0)
    if not seen.any():
        return None
    low, middle, high = np.percentile(image[:, seen], (LOW_PERCENT, MIDDLE_PERCENT, HIGH_PERCENT), axis=1)
    return Light(np.asarray(middle, np.float64), max(float((high - low).mean()) / 4.0, LEAST_SPREAD))


def in_light(image: Singles, light: Light) -> Singles:
    """Scale a picture by a light.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    light : Light

    Returns
    -------
    float32 (band, y, x)
        In spreads from the median, at most `BRIGHTEST` of them.
    """
    scaled: Singles = np.clip((image - light.middle[:, None, None]) / light.spread, -BRIGHTEST, BRIGHTEST).astype(
        np.float32
    )
    return scaled


def continued(image: Singles, reach_px: int) -> Singles:
    """Go on with a picture beyond its ends as its mirror image: a network that sees an edge takes it for a car's end.

    Parameters
    ----------
    image : float32 (band, v, u)
        NaN is no data.
    reach_px : int
        Columns that are added at each end.

    Returns
    -------
    float32 (band, v, u + 2 reach_px)
        Rows that show anything are full but for holes within; NaN elsewhere.
    """
    wide = image.shape[2]
    out = np.full((*image.shape[:2], wide + 2 * reach_px), np.nan, np.float32)
    at = np.arange(-reach_px, wide + reach_px)
    every: Bools = np.asarray(np.isfinite(image).all(axis=0))
    for row, shown in enumerate(every):
        if shown.any():
            first, count = int(shown.argmax()), int(wide - shown[::-1].argmax() - shown.argmax())
            back = np.mod(at - first, 2 * count)
            out[:, row] = image[:, row, first + np.minimum(back, 2 * count - 1 - back)]
    return out
