"""Shadows of clouds: dark places that have the shape of a cloud, moved away from the sun."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.components import label
from changedet.stages.mask.kernels.discs import dilated, opened
from changedet.stages.mask.kernels.neighbourhoods import moved

RIM_M: Final = 2.0
"""How far the rims of clouds and of their shadows, as seen against a reference, are widened."""
RIM_ALONE_M: Final = 4.0
"""The same without a reference, when rims are seen less well."""
FADE_M: Final = 10.0
"""How far a cloud takes to fade out."""
SHADOW_RATIO: Final = 0.62
"""A cloud's shadow is darker than this share of the scene's ground."""
DARKER: Final = 0.72
"""A cloud's shadow is darker than this share of the same ground on the reference date."""
LEAST_AREA_M2: Final = 250.0
"""Smaller dark places are things that came, or their own shadows."""
LEAST_WIDTH_M: Final = 8.0
"""So are narrower ones."""
GROUND_PERCENTILE: Final = 70
"""Of the brightness of open ground, which shadows are darker than: above the middle, as some of it may be shaded."""
LEAST_DARK_SHARE: Final = 0.5
"""Least share of a moved cloud that must be dark for the place to be its shadow."""
DARKER_THAN_USUAL: Final = 1.4
"""And that share over the dark share of all open ground."""
LEAST_VISIBLE_PX, LEAST_VISIBLE_SHARE = 16.0, 0.3
"""Of a cloud's pixels so many, and such a share, must fall on open ground where it is moved to."""
MOST_OFF_SUN_DEG: Final = 35.0
"""A view from aside moves the cloud as well: the sun alone does not give the direction. Like all here chosen by hand
on simulated dates."""


def shadows_of(
    cloud: Bools,
    bright: Singles,
    ratio: Singles | None,
    valid: Bools,
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> Bools:
    """Dark places of a cloud's shape: the cloud mask is moved away from the sun to where most of it is dark.

    Parameters
    ----------
    cloud : bool (y, x)
        Where clouds are.
    bright : float32 (y, x)
        Mean of the visible bands.
    ratio : float32 (y, x) or None
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    valid : bool (y, x)
        Where the overview has data.
    resolution_m : float
        Of the overview's pixels.
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.

    Returns
    -------
    bool (y, x)
        Beside the clouds.
    """
    open_ground = valid & ~cloud
    if not open_ground.any():
        return np.zeros_like(cloud)
    dark = _dark(bright, ratio, open_ground, resolution_m)
    if ratio is not None:
        # On a cloudy date, a wide place that is darker than before is shadow, of clouds outside the picture too.
        labels = label(dark.astype(np.uint8))
        large = np.bincount(labels.ravel()) * resolution_m**2 > LEAST_AREA_M2
        large[0] = False
        shadow = large[labels]
    else:
        shift = _shadow_shift(cloud, dark, open_ground, resolution_m, sun_azimuth_deg)
        if shift is None:
            return np.zeros_like(cloud)
        shadow = dark & moved(dilated(cloud, 2 * FADE_M, resolution_m), *shift, False)
    return dilated(shadow, RIM_ALONE_M if ratio is None else RIM_M, resolution_m) & ~cloud


def _dark(
    bright: Singles,
    ratio: Singles | None,
    open_ground: Bools,
    resolution_m: float,
) -> Bools:
    if ratio is not None:
        darker = np.nan_to_num(ratio, nan=1.0) < DARKER
    else:
        darker = bright < SHADOW_RATIO * float(np.percentile(bright[open_ground], GROUND_PERCENTILE))
    return opened(darker & open_ground, LEAST_WIDTH_M / 2, resolution_m)


def _shadow_shift(
    cloud: Bools,
    dark: Bools,
    open_ground: Bools,
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> tuple[int, int] | None:
    """Rows and columns from the clouds to their shadows; None where no place stands out."""
    # Imported here for a quick start.
    from scipy import fft

    height, width = cloud.shape
    size = 2 * height, 2 * width
    shape = np.conj(fft.rfft2(cloud.astype(np.float32), size))
    hit = fft.irfft2(shape * fft.rfft2(dark.astype(np.float32), size), size)
    possible = np.maximum(0.0, fft.irfft2(shape * fft.rfft2(open_ground.astype(np.float32), size), size))
    dy, dx = (np.rint(np.fft.fftfreq(n) * n) for n in size)
    distance = np.hypot(dy[:, None], dx) * resolution_m
    allowed = (distance > FADE_M) & (possible > max(LEAST_VISIBLE_PX, LEAST_VISIBLE_SHARE * float(cloud.sum())))
    if sun_azimuth_deg is not None:
        bearing = np.degrees(np.arctan2(dx[None], -dy[:, None]))
        off = (bearing - sun_azimuth_deg) % 360.0 - 180.0
        allowed &= np.abs(off) < MOST_OFF_SUN_DEG
    share = np.where(allowed, hit / np.maximum(possible, 1.0), 0.0)
    # Where little of the moved cloud can be seen, a high share is luck.
    score = share * np.sqrt(np.minimum(1.0, possible / max(1.0, float(cloud.sum()))))
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    usual = float(dark.sum()) / max(1.0, float(open_ground.sum()))
    if share[row, column] < max(LEAST_DARK_SHARE, DARKER_THAN_USUAL * usual):
        return None
    return int(dy[row]), int(dx[column])
