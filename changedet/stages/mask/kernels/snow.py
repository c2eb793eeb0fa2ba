"""Snow, by the short-wave infrared or else as ground that has turned white all over the scene.

New roofs and white containers are as white, but stand in one place; clouds are as white and as wide, but smooth. The
thresholds were chosen on simulated pairs, seeds 40000 and on: on 8 dates with snow 57 to 93 % of the ground had turned
white, on clear dates of any kind at most half a per cent; inside, snow is four times as uneven as the roughest cloud.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.stages.mask.kernels.cloud_light import extent

INDEX: Final = 0.4
"""Least normalised difference snow index: Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P."""
LEAST_NIR, LEAST_GREEN = 0.44, 0.4
"""Water has the index of snow, and is darker than these shares of the least brightness of a cloud."""
SATURATION: Final = 0.2
"""Greatest (max - min) / mean of the visible bands."""
BLUE_RED: Final = 0.88
"""Least ratio of blue to red: gravel, sand and concrete have .6 to .8."""
GREENEST: Final = 0.03
"""Greatest vegetation index; snow is darker in the near infrared."""
SHARE: Final = 0.1
"""Least share of the scene that has turned white."""
ALONE_SHARE: Final = 0.4
"""The same without another date to compare with."""
CELLS: Final = 8
"""Cells a side into which a scene is divided."""
CELL_SHARE: Final = 0.05
"""Of a cell, from which on it has turned white."""
SPREAD: Final = 0.5
"""At least so many of the scene's 8 x 8 cells have turned white by more than `CELL_SHARE`."""
UNEVEN: Final = 0.007
"""Least relative deviation over 3 x 3 pixels of the smoothest tenth of snow, which has .012; clouds reach .0035."""
HIDDEN_SHARE: Final = 0.5
"""Where more of a scene is white, what is left is thin snow, trees and shade: nothing of it is comparable."""
RIM_M: Final = 4.0
"""How far snow is widened."""
BRIGHT_QUANTILE: Final = 0.75
"""Of the reference's brightness: what is white and brighter there was white before."""
LEAST_INNER_PX: Final = 64
"""Of fewer pixels of snow the evenness cannot be known."""
SMOOTHEST: Final = 0.1
"""Quantile of the relative deviation that snow and cloud differ in."""
THIN: Final = (0.3, 0.8)
"""`SATURATION` and `BLUE_RED` of ground that shows through thin snow, on a date that has snow."""


def snow_by_index(green: Singles, nir: Singles, swir1: Singles, floor: float) -> Bools:
    """Snow by the normalised difference snow index, and not water.

    Parameters
    ----------
    green, nir, swir1 : float32 (y, x)
        Bands; 0 for no data.
    floor : float
        Least brightness of a cloud in the same units; 0 where they are unknown.

    Returns
    -------
    bool (y, x)
        Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P.
    """
    index = (green - swir1) / np.maximum(green + swir1, 1e-6)
    return np.asarray((index > INDEX) & (nir > LEAST_NIR * floor) & (green > LEAST_GREEN * floor), bool)


def white_snow(
    visible: Singles,
    nir: Singles | None,
    reference: Singles | None,
    floor: float,
    resolution_m: float,
) -> Bools:
    """Where snow lies, thin snow and its surroundings with it; nowhere unless it lies all over the scene.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green, red means over some metres; NaN for no data.
    nir : float32 (y, x) or None
        Near infrared; NaN for no data.
    reference : float32 (3, y, x) or None
        The visible bands of the reference date.
    floor : float
        No snow is darker; 0 where the units are unknown, and nothing is found.
    resolution_m : float
        Pixel size.

    Returns
    -------
    bool (y, x)
        Everywhere that is seen, where more than half of it is snow.
    """
    seen = np.asarray(np.isfinite(visible).all(axis=0), bool)
    if floor <= 0:
        return np.zeros_like(seen)
    image = np.where(seen, visible, np.float32(1.0))
    white = seen & _is_white(image, SATURATION, BLUE_RED) & (image.mean(axis=0) > floor)
    if nir is not None:
        red = image[2]
        white &= np.nan_to_num(nir - red, nan=1.0) < GREENEST * np.nan_to_num(nir + red, nan=1.0)
    turned, least = white, ALONE_SHARE
    if reference is not None:
        turned, least = white & ~_was_white(reference), SHARE
    if not _lies_all_over(turned, seen, least) or _is_smooth(image.mean(axis=0), turned):
        return np.zeros_like(seen)
    size = 2 * max(1, round(RIM_M / resolution_m)) + 1
    snow = seen & (white | _is_white(image, *THIN))
    snow = cv2.dilate(snow.astype(np.uint8), np.ones((size, size), np.uint8)) == 1
    return seen if snow[seen].mean() > HIDDEN_SHARE else np.asarray(snow & seen, bool)


def _is_white(image: Singles, saturation: float, blue_red: float) -> Bools:
    return np.asarray((extent(image) < saturation * image.mean(axis=0)) & (image[0] > blue_red * image[2]), bool)


def _was_white(reference: Singles) -> Bools:
    """What the reference shows white and bright already, and what it does not show."""
    seen = np.asarray(np.isfinite(reference).all(axis=0), bool)
    if not seen.any():
        return ~seen
    image = np.where(seen, reference, np.float32(1.0))
    white, bright = _is_white(image, SATURATION, BLUE_RED), image.mean(axis=0)
    # grey ground is as colourless, unless colourless is what the place is
    least = 0.0 if white[seen].mean() > HIDDEN_SHARE else float(np.quantile(bright[seen], BRIGHT_QUANTILE))
    return np.asarray(~seen | (white & (bright > least)), bool)


def _lies_all_over(turned: Bools, seen: Bools, least: float) -> bool:
    if not seen.any() or turned[seen].mean() < least:
        return False
    rows, columns = (np.minimum(np.arange(n) * CELLS // n, CELLS - 1) for n in seen.shape)
    cell = (rows[:, None] * CELLS + columns)[seen]
    count = np.bincount(cell, minlength=CELLS * CELLS)
    share = np.bincount(cell, turned[seen], CELLS * CELLS) / np.maximum(count, 1)
    return bool((share[count > 0] > CELL_SHARE).mean() >= SPREAD)


def _is_smooth(bright: Singles, turned: Bools) -> bool:
    inner = cv2.erode(turned.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1
    if inner.sum() < LEAST_INNER_PX:
        return True
    mean = cv2.blur(bright, (3, 3))
    deviation = np.sqrt(np.maximum(cv2.blur(bright * bright, (3, 3)) - mean * mean, 0.0))
    return bool(np.quantile(deviation[inner] / mean[inner], SMOOTHEST) < UNEVEN)
