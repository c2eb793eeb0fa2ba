"""Shadows of clouds: dark places that have the shape of a cloud, moved away from the sun."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from changedet.kernels.components import label
from changedet.stages.mask.kernels.discs import dilated, opened

RIM_M: Final = 2.0
"""How far the rims of clouds and of their shadows, as a reference tells them, are widened."""
RIM_ALONE_M: Final = 4.0
"""The same without a reference, when rims are seen less well."""
FADE_M: Final = 10.0
"""How far a cloud takes to fade out."""
SHADOW_RATIO: Final = 0.62
"""A cloud's shadow is darker than this share of the scene's ground."""
DARKER: Final = 0.72
"""A cloud's shadow is darker than this share of the same ground on the reference date."""
SHADOW_AREA_M2: Final = 250.0
SHADOW_MATCH: Final = 0.5
"""Least share of a moved cloud that must be dark for the place to be its shadow."""


def shadows_of(
    cloud: NDArray[np.bool_],
    bright: NDArray[np.float32],
    ratio: NDArray[np.float32] | None,
    valid: NDArray[np.bool_],
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> NDArray[np.bool_]:
    """Dark places of a cloud's shape: the cloud mask is moved away from the sun to where most of it is dark.

    Parameters
    ----------
    cloud, valid : (y, x) bool
        Where clouds are, and where the overview has data.
    bright : (y, x) float32
        Mean of the visible bands.
    ratio : (y, x) float32 or None
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    resolution_m : float
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.

    Returns
    -------
    (y, x) bool
        Beside the clouds.
    """
    open_ground = valid & ~cloud
    if not open_ground.any():
        return np.zeros_like(cloud)
    dark = _dark(bright, ratio, open_ground, resolution_m)
    if ratio is not None:
        # On a cloudy date, a wide place that is darker than before is shadow, of clouds outside the picture too.
        labels = label(dark.astype(np.uint8))
        large = np.bincount(labels.ravel()) * resolution_m**2 > SHADOW_AREA_M2
        large[0] = False
        shadow = large[labels]
    else:
        shift = _shadow_shift(cloud, dark, open_ground, resolution_m, sun_azimuth_deg)
        if shift is None:
            return np.zeros_like(cloud)
        shadow = dark & _moved(dilated(cloud, 2 * FADE_M, resolution_m), shift)
    return dilated(shadow, RIM_ALONE_M if ratio is None else RIM_M, resolution_m) & ~cloud


def _moved(mask: NDArray[np.bool_], shift: tuple[int, int]) -> NDArray[np.bool_]:
    height, width = mask.shape
    matrix = np.array([[1, 0, shift[1]], [0, 1, shift[0]]], np.float32)
    return np.asarray(cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST) > 0, bool)


def _dark(
    bright: NDArray[np.float32],
    ratio: NDArray[np.float32] | None,
    open_ground: NDArray[np.bool_],
    resolution_m: float,
) -> NDArray[np.bool_]:
    if ratio is not None:
        darker = np.nan_to_num(ratio, nan=1.0) < DARKER
    else:
        darker = bright < SHADOW_RATIO * float(np.percentile(bright[open_ground], 70))
    return opened(darker & open_ground, 4.0, resolution_m)


def _shadow_shift(
    cloud: NDArray[np.bool_],
    dark: NDArray[np.bool_],
    open_ground: NDArray[np.bool_],
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> tuple[int, int] | None:
    """Rows and columns from the clouds to their shadows; None where no place stands out."""
    height, width = cloud.shape
    size = 2 * height, 2 * width
    shape = np.conj(fft.rfft2(cloud.astype(np.float32), size))
    hit = fft.irfft2(shape * fft.rfft2(dark.astype(np.float32), size), size)
    possible = np.maximum(0.0, fft.irfft2(shape * fft.rfft2(open_ground.astype(np.float32), size), size))
    dy, dx = (np.rint(np.fft.fftfreq(n) * n) for n in size)
    distance = np.hypot(dy[:, None], dx) * resolution_m
    allowed = (distance > FADE_M) & (possible > max(16.0, 0.3 * float(cloud.sum())))
    if sun_azimuth_deg is not None:
        bearing = np.degrees(np.arctan2(dx[None], -dy[:, None]))
        off = (bearing - sun_azimuth_deg) % 360.0 - 180.0
        # A view from aside moves the cloud as well: the sun alone does not tell the direction.
        allowed &= np.abs(off) < 35.0
    share = np.where(allowed, hit / np.maximum(possible, 1.0), 0.0)
    # Where little of the moved cloud can be seen, a high share is luck.
    score = share * np.sqrt(np.minimum(1.0, possible / max(1.0, float(cloud.sum()))))
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    usual = float(dark.sum()) / max(1.0, float(open_ground.sum()))
    if share[row, column] < max(SHADOW_MATCH, 1.4 * usual):
        return None
    return int(dy[row]), int(dx[column])
