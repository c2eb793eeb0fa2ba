"""Logarithms of local means of radar images, whatever their pixels hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from changedet.arrays import Singles
from changedet.stages.change.kernels.pair_statistics import Pair, PairSettings
from changedet.stages.change.kernels.smoothing import box
from changedet.stages.change.kernels.tolerance import BandLine

DECIBEL_SHARE: Final = 0.1
"""With a greater share of values below 0 a radar image is in decibels: zeros are borders and radar shadow of linear
images, but only decibels are negative."""
SHADOW_OFFSET: Final = 0.02
"""Added to linear values, as a share of their median: it keeps the logarithm of radar shadow, which is all noise, from
dominating. Chosen by hand."""
INTENSITY_DECIBELS: Final = 10.0
"""Decibels in a decade of intensity."""
AMPLITUDE_DECIBELS: Final = 20.0
"""Decibels in a decade of amplitude."""
LEAST_MEAN: Final = 1e-12
"""Local means below it count as it, so that their logarithm is finite."""


LOG_TEN: Final = math.log(10.0)
"""Natural logarithm of a decade."""


@dataclass(frozen=True)
class RadarScale:
    """What the pixels of a radar pair hold.

    Attributes
    ----------
    decibel : bool
        Whether they are in decibels.
    power : float
        Exponent that makes of linear values those that are averaged.
    offset : float
        Added to linear means.
    """

    decibel: bool
    power: float
    offset: float


@dataclass(frozen=True, kw_only=True)
class RadarSettings(PairSettings):
    """Parameters of methods that compare local means of radar images.

    Attributes
    ----------
    window_px : int
        Edge of the window of the local means, odd.
    sar : bool
        Whether the pair is radar.
    """

    window_px: int
    sar: bool

    @property
    def feature_halo_px(self) -> int:
        """Half the window of the local means."""
        return self.window_px // 2


def fit_radar_scale(
    before: Singles,
    after: Singles,
    quantity: Literal["auto", "amplitude", "intensity", "decibel"] = "auto",
    whole_numbers: bool = False,
) -> RadarScale:
    """What the pixels of a radar pair hold.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    quantity : {"auto", "amplitude", "intensity", "decibel"}
        What they are said to hold; auto is decibel with more than `DECIBEL_SHARE` of values below 0.
    whole_numbers : bool
        Whether auto is amplitude else.

    Returns
    -------
    RadarScale
        Of both dates together.
    """
    values = np.concatenate([before[np.isfinite(before)], after[np.isfinite(after)]])
    below = bool(values.size and np.mean(values < 0.0) > DECIBEL_SHARE)
    decibel = quantity == "decibel" or (quantity == "auto" and below)
    power = 2.0 if quantity == "amplitude" or (quantity == "auto" and whole_numbers) else 1.0
    values = np.abs(values[values != 0.0]) ** power
    offset = 0.0 if decibel or not values.size else SHADOW_OFFSET * float(np.median(values))
    return RadarScale(decibel, power, offset)


def log_mean_pair(
    before: Singles, after: Singles, scale: RadarScale, window_px: int, *, intensities: bool = False
) -> Pair:
    """Logarithms of local means over the pixels that both dates show.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid.
    scale : RadarScale
        From `fit_radar_scale`.
    window_px : int
        Edge of the window, odd.
    intensities : bool
        Whether means of intensities are wanted; else of amplitudes, and decibels are averaged as they are.

    Returns
    -------
    pair of float32 (band, y, x)
        Natural logarithms; NaN where either date is.
    """
    gone = ~(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0))
    before, after = (np.where(gone, np.float32(np.nan), image) for image in (before, after))
    radius = window_px // 2
    return _log_means(before, scale, radius, intensities), _log_means(after, scale, radius, intensities)


def _log_means(image: Singles, scale: RadarScale, radius_px: int, intensities: bool) -> Singles:
    if intensities and scale.decibel:
        image = np.exp(image * np.float32(LOG_TEN / INTENSITY_DECIBELS))
    elif scale.power != 1.0:
        image = image ** np.float32(scale.power)
    means = np.stack([box(band, radius_px) for band in image])
    if scale.decibel and not intensities:
        return np.asarray(means * np.float32(LOG_TEN / AMPLITUDE_DECIBELS), np.float32)
    return np.asarray(np.log(np.maximum(means + np.float32(scale.offset), np.float32(LEAST_MEAN))), np.float32)


def median_line(x: Singles, y: Singles) -> BandLine:
    """The line that takes out the median log ratio alone: a gain would change what a ratio means.

    Parameters
    ----------
    x, y : float32 (n, band)
        Logarithms of the earlier and of the later date.

    Returns
    -------
    BandLine
        Of gain 1 and noise 1.
    """
    bands = x.shape[1]
    centre = np.median(x - y, axis=0) if len(x) else np.zeros(bands)
    return BandLine(gain=[1.0] * bands, offset=[float(c) for c in centre], noise=[1.0] * bands)


def least_log_ratio(min_ratio: float, bands: int) -> float:
    """Score of the least ratio in every band.

    Parameters
    ----------
    min_ratio : float
        Above 1.
    bands : int
        How many are compared.

    Returns
    -------
    float
        Above 0.
    """
    return float(math.log(min_ratio) * math.sqrt(bands))
