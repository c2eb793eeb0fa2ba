"""Snow where no short-wave infrared band tells it: ground that has turned white all over the scene.

New roofs and white containers are as white, but stand in one place; clouds are as white and as wide, but smooth. The
thresholds were chosen on simulated pairs, seeds 40000 and on: on 8 dates with snow 57 to 93 % of the ground had turned
white, on clear dates of any kind at most half a per cent; inside, snow is four times as uneven as the roughest cloud.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SATURATION: Final = 0.2
"""Greatest (max - min) / mean of the visible bands."""
BLUE_RED: Final = 0.88
"""Least ratio of blue to red: gravel, sand and concrete have .6 to .8."""
GREENEST: Final = 0.03
"""Greatest vegetation index; snow is darker in the near infrared."""
SHARE: Final = 0.1
ALONE_SHARE: Final = 0.4
"""The same without another date to compare with."""
CELLS: Final = 8
CELL_SHARE: Final = 0.05
SPREAD: Final = 0.5
"""At least so many of the scene's 8 x 8 cells have turned white by more than `CELL_SHARE`."""
UNEVEN: Final = 0.007
"""Least relative deviation over 3 x 3 pixels of the smoothest tenth of snow, which has .012; clouds reach .0035."""
HIDDEN_SHARE: Final = 0.5
"""Where more of a scene is white, what is left is thin snow, trees and shade: nothing of it is comparable."""
RIM_M: Final = 4.0
THIN: Final = (0.3, 0.8)
"""`SATURATION` and `BLUE_RED` of ground that shows through thin snow, on a date that has snow."""


def white_snow(
    visible: NDArray[np.float32],
    nir: NDArray[np.float32] | None,
    reference: NDArray[np.float32] | None,
    floor: float,
    resolution_m: float,
) -> NDArray[np.bool_]:
    """Where snow lies, thin snow and its surroundings with it; nowhere unless it lies all over the scene.

    Parameters
    ----------
    visible : (3, y, x) float32
        Blue, green, red means over some metres; NaN for no data.
    nir : (y, x) float32, optional
    reference : (3, y, x) float32, optional
        The visible bands of the reference date.
    floor : float
        No snow is darker; 0 where the units are unknown and nothing can be told.
    resolution_m : float

    Returns
    -------
    (y, x) bool
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


def _is_white(image: NDArray[np.float32], saturation: float, blue_red: float) -> NDArray[np.bool_]:
    apart = image.max(axis=0) - image.min(axis=0)
    return np.asarray((apart < saturation * image.mean(axis=0)) & (image[0] > blue_red * image[2]), bool)


def _was_white(reference: NDArray[np.float32]) -> NDArray[np.bool_]:
    """What the reference shows white and bright already, and what it does not show."""
    seen = np.asarray(np.isfinite(reference).all(axis=0), bool)
    if not seen.any():
        return ~seen
    image = np.where(seen, reference, np.float32(1.0))
    white, bright = _is_white(image, SATURATION, BLUE_RED), image.mean(axis=0)
    # grey ground is as colourless, unless colourless is what the place is
    least = 0.0 if white[seen].mean() > HIDDEN_SHARE else float(np.quantile(bright[seen], 0.75))
    return np.asarray(~seen | (white & (bright > least)), bool)


def _lies_all_over(turned: NDArray[np.bool_], seen: NDArray[np.bool_], least: float) -> bool:
    if not seen.any() or turned[seen].mean() < least:
        return False
    rows, columns = (np.minimum(np.arange(n) * CELLS // n, CELLS - 1) for n in seen.shape)
    cell = (rows[:, None] * CELLS + columns)[seen]
    count = np.bincount(cell, minlength=CELLS * CELLS)
    share = np.bincount(cell, turned[seen], CELLS * CELLS) / np.maximum(count, 1)
    return bool((share[count > 0] > CELL_SHARE).mean() >= SPREAD)


def _is_smooth(bright: NDArray[np.float32], turned: NDArray[np.bool_]) -> bool:
    inner = cv2.erode(turned.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1
    if inner.sum() < 64:
        return True
    mean = cv2.blur(bright, (3, 3))
    deviation = np.sqrt(np.maximum(cv2.blur(bright * bright, (3, 3)) - mean * mean, 0.0))
    return bool(np.quantile(deviation[inner] / mean[inner], 0.1) < UNEVEN)
