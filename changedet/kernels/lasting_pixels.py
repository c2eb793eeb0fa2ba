"""Pixels of what stands on two dates alike: the same structure around them, and no plants on either."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.together import each

STRUCTURE_M: Final = 1.3
"""Greatest ground size of a pixel that shows the edges of roofs, kerbs and lanes: in coarser ones fields are the
structure."""
LOOK_PX: Final = 9
"""Side, px, of the square whose structure is compared: roofs, kerbs and lanes at 0.25 to 1.3 m fill it with edges of
their own."""
BLUR_PX: Final = 1.0
"""Standard deviation, px, of the blur before: what dates are displaced by after alignment stays below it."""
LEAST_LIKENESS: Final = 0.8
"""Correlation of the two squares in every band: they then share two thirds of their variance, which light and haze,
both lines, leave as it is, and new ground, shadows and movers do not. Chosen by hand."""
LEAST_LASTING: Final = 1000
"""Fewer pixels of lasting structure than this may be those of one roof."""
MOST_NDVI: Final = 0.2
"""Plants show more: their colours are of the season and not of the light. The middle of what divides bare ground from
them elsewhere (`footprint/kernels/bare_ground`)."""


def lasting_pixels(moving: Singles, reference: Singles, red_and_infrared: tuple[int, int] | None) -> Bools:
    """Which pixels of a sample show the same structure around them on two dates, and no plants.

    A field that ripened, however wide, has no structure that stays, so that it cannot pass for light.

    Parameters
    ----------
    moving, reference : float32 (cell, band, y, x)
        The fixed sample of both dates; NaN for no data.
    red_and_infrared : (int, int) or None
        Numbers of these bands, None where the dates do not share them: then plants are not told.

    Returns
    -------
    bool (cell, y, x)
        False beside what is no data.
    """
    numbers = list(range(len(moving)))
    return np.stack(each(lambda cell: _of_cell(moving[cell], reference[cell], red_and_infrared), numbers))


def _of_cell(moving: Singles, reference: Singles, red_and_infrared: tuple[int, int] | None) -> Bools:
    seen = np.asarray(np.isfinite(moving).all(axis=0) & np.isfinite(reference).all(axis=0), bool)
    reach = 2 * (LOOK_PX // 2 + round(3 * BLUR_PX)) + 1
    lasting: Bools = cv2.erode(seen.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if red_and_infrared is not None:
        for image in (moving, reference):
            lasting &= _ndvi(image, *red_and_infrared) < MOST_NDVI
    for before, after in zip(moving, reference, strict=True):
        if not lasting.any():
            break
        lasting &= _likeness(_filled(before, seen), _filled(after, seen)) >= LEAST_LIKENESS
    return lasting


def _ndvi(image: Singles, red: int, infrared: int) -> Singles:
    total = image[infrared] + image[red]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (image[infrared] - image[red]) / total, np.float32(np.inf))


def _filled(band: Singles, seen: Bools) -> Singles:
    """A band about its mean, so that squares of large numbers keep their digits; 0 where nothing is seen."""
    return np.where(seen, band - band[seen].mean(dtype=np.float64), 0.0).astype(np.float32)


def _likeness(a: Singles, b: Singles) -> Singles:
    """Correlation (y, x) of the squares about each pixel; 0 where one is flat."""
    a, b = (cv2.GaussianBlur(band, (0, 0), BLUR_PX) for band in (a, b))
    mean_a, mean_b = _mean(a), _mean(b)
    spread = (_mean(a * a) - mean_a**2) * (_mean(b * b) - mean_b**2)
    common = _mean(a * b) - mean_a * mean_b
    return np.where(spread > 0, common / np.sqrt(np.maximum(spread, np.float32(1e-30))), np.float32(0))


def _mean(band: Singles) -> Singles:
    return np.asarray(cv2.boxFilter(band, -1, (LOOK_PX, LOOK_PX)), np.float32)
