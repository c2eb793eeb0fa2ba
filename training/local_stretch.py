"""A picture stretched and standardised by its surroundings: the same ground looks the same in any frame.

Percentiles, mean and spread are taken in windows of a fixed size in metres and interpolated between them, so that what
lies elsewhere in a scene - water, snow, cloud, other ground, no data - does not change how a place is shown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from changedet.arrays import Bools, Singles
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, PERCENTILES, TOP

WINDOW_M: Final = 64.0
"""Side of a window, metres: five boxes long, so that it holds ground beside the boxes of a block; chosen by hand."""
STEP_M: Final = 16.0
"""From window to window, metres; chosen by hand."""
SAMPLE_M: Final = 1.6
"""Distance of the pixels that are looked at, metres: some 1600 a window."""
LEAST_SAMPLES: Final = 64
"""In a window with fewer of them the whole block counts."""
LEAST_CONTRAST: Final = 0.25
"""Least range from the dark to the bright end, as a share of the bright end: even ground is not blown up; chosen by
hand, half the range of a meadow."""
LEAST_RANGE: Final = 0.02
"""Least range in units of the picture (the scene's own from dark to bright end)."""
PERCENT: Final = 100.0
"""Of a whole."""
LEAST_SPREAD: Final = 0.02
"""Added to the standard deviation, by which the picture is divided; chosen by hand."""


class LocalPicture(NamedTuple):
    """A picture as the network sees it.

    Attributes
    ----------
    stretched : float32 (band, y, x)
        0 to about 1.3 by the surroundings' dark and bright ends, no NaN.
    standard : float32 (band, y, x)
        The same, less its mean, over its spread in the surroundings; 0 where there are no data.
    """

    stretched: Singles
    standard: Singles


def local_picture(picture: Singles, valid: Bools, pixel_m: float) -> LocalPicture:
    """Stretch and standardise a picture by its surroundings.

    Parameters
    ----------
    picture : float32 (band, y, x)
        Proportional to light or to a display's levels, no NaN; about 0 to 1.
    valid : bool (y, x)
        Where it has data; at least one pixel.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    LocalPicture
        Of the whole picture.
    """
    step = STEP_M / pixel_m
    every = max(1, round(SAMPLE_M / pixel_m))
    windows = _windows(picture[:, ::every, ::every], valid[::every, ::every], round(step / every))
    low, high = _ends(windows)
    low, high = low[..., None], high[..., None]
    shown: Singles = (np.clip((windows - low) / (high - low) + LIFT, 0.0, TOP) ** np.float32(GAMMA)).astype(np.float32)
    mean, spread = _moments(shown)
    fields = np.stack([low[..., 0], high[..., 0], mean, spread])
    scale = every * round(step / every)
    planes = [[_spread_out(plane, scale, valid.shape) for plane in field] for field in fields]
    a, b, c, d = (np.stack(field) for field in planes)
    stretched = np.clip((picture - a) / (b - a) + LIFT, 0.0, TOP) ** np.float32(GAMMA)
    standard = np.where(valid, (stretched - c) / d, np.float32(0.0))
    return LocalPicture(stretched.astype(np.float32), standard.astype(np.float32))


def _windows(samples: Singles, valid: Bools, step: int) -> Singles:
    """Samples of each window, NaN where there are none: (band, row, column, sample)."""
    wide = round(WINDOW_M / STEP_M) * step
    height, width = valid.shape
    short = [(wide // 2 - step // 2, wide // 2 + -size % step) for size in (height, width)]
    filled = np.where(valid, samples, np.float32(np.nan))
    padded = np.pad(filled, [(0, 0), *short], constant_values=np.nan)
    seen = sliding_window_view(padded, (wide, wide), axis=(1, 2))[:, ::step, ::step]
    rows, columns = -(-height // step), -(-width // step)
    seen = seen[:, :rows, :columns]
    flat: Singles = seen.reshape(*seen.shape[:3], -1).copy()
    few = np.isfinite(flat[0]).sum(axis=-1) < LEAST_SAMPLES
    if few.any():
        inside = filled[:, valid]
        take = np.linspace(0, inside.shape[1] - 1, flat.shape[-1]).astype(int)
        flat[:, few] = inside[:, None, take]
    return flat


def _ends(windows: Singles) -> tuple[Singles, Singles]:
    """Dark and bright end of each window."""
    ordered = np.sort(windows, axis=-1)
    last = np.isfinite(ordered).sum(axis=-1) - 1
    ends = [
        np.take_along_axis(ordered, np.round(last * (share / PERCENT)).astype(int)[..., None], axis=-1)[..., 0]
        for share in PERCENTILES
    ]
    return apart(*ends)


def apart(low: Singles, high: Singles) -> tuple[Singles, Singles]:
    """Dark and bright ends that are no closer together than even ground's noise must be kept small.

    Parameters
    ----------
    low, high : float32
        Ends as measured.

    Returns
    -------
    low, high : float32
        The same, or moved apart evenly to `LEAST_CONTRAST` and `LEAST_RANGE`.
    """
    wanted = np.maximum(LEAST_RANGE, LEAST_CONTRAST * np.abs(high))
    short = np.maximum(0.0, wanted - (high - low)) / 2
    return (low - short).astype(np.float32), (high + short).astype(np.float32)


def _moments(shown: Singles) -> tuple[Singles, Singles]:
    """Mean and spread of each window."""
    return np.nanmean(shown, axis=-1), np.nanstd(shown, axis=-1) + np.float32(LEAST_SPREAD)


def _spread_out(plane: Singles, scale: int, shape: tuple[int, int]) -> Singles:
    """Values at the windows' centres interpolated to the picture, held beyond the outermost."""
    offset = 0.5 / scale - 0.5
    matrix = np.array([[1 / scale, 0.0, offset], [0.0, 1 / scale, offset]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    out = cv2.warpAffine(
        np.ascontiguousarray(plane, np.float32), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.float32)
