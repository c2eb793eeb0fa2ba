"""Scores of radar pairs: the logarithm of the ratio of local means, and the omnibus test of equal intensities.

Bovolo and Bruzzone 2005, doi:10.1109/TGRS.2005.857987; Conradsen, Nielsen and Skriver 2016,
doi:10.1109/TGRS.2015.2510160.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from changedet.arrays import Singles
from changedet.stages.change.kernels.omnibus import looks_of, pair_score
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairSettings, PairStatistics, valid_pixels
from changedet.stages.change.kernels.smoothing import box
from changedet.stages.change.kernels.thresholds import NEVER
from changedet.stages.change.kernels.tolerance import BandLine, change_vector_magnitude

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
class RatioSettings(PairSettings):
    """Parameters of method log_ratio.

    Attributes
    ----------
    window_px : int
        Edge of the window of the local means, odd.
    min_ratio : float
        A change is at least this factor.
    sar : bool
        True; kept for the record.
    """

    window_px: int
    min_ratio: float
    sar: bool

    @property
    def feature_halo_px(self) -> int:
        """Half the window."""
        return self.window_px // 2


@dataclass(frozen=True, kw_only=True)
class OmnibusSettings(PairSettings):
    """Parameters of method omnibus.

    Attributes
    ----------
    enl : float or "auto"
        Equivalent number of looks of a pixel.
    quantity : {"auto", "amplitude", "intensity", "decibel"}
        What the pixels hold.
    window_px : int
        Edge of the window of the local means, odd.
    sar : bool
        True; kept for the record.
    whole_numbers : bool
        Whether the scenes hold whole numbers or a band called amplitude: then ``auto`` is amplitude.
    whole : bool
        The same again: the JSON of a run has both.
    """

    enl: float | Literal["auto"]
    quantity: Literal["auto", "amplitude", "intensity", "decibel"]
    window_px: int
    sar: bool
    whole_numbers: bool
    whole: bool

    @property
    def feature_halo_px(self) -> int:
        """Half the window."""
        return self.window_px // 2


@dataclass(frozen=True, kw_only=True)
class RatioStatistics(PairStatistics):
    """What method log_ratio fits on a pair.

    Attributes
    ----------
    decibel, power, offset
        As of `RadarScale`.
    """

    method: Literal["log_ratio"]
    settings: RatioSettings
    decibel: bool
    power: float
    offset: float

    def features(self, before: Singles, after: Singles) -> Pair:
        """Logarithms of local means of the amplitude, float32 (band, y, x)."""
        scale = RadarScale(self.decibel, self.power, self.offset)
        return log_mean_pair(before, after, scale, self.settings.window_px)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Absolute log ratio, centred by its median, float32 (y, x)."""
        return change_vector_magnitude(before, after, self.line, 0)

    def least_score(self) -> float:
        """Of the least ratio in every band."""
        return least_log_ratio(self.settings.min_ratio, self.degrees)


@dataclass(frozen=True, kw_only=True)
class OmnibusStatistics(PairStatistics):
    """What method omnibus fits on a pair.

    Attributes
    ----------
    decibel, power, offset
        As of `RadarScale`.
    looks : float
        Equivalent number of looks of the local means.
    """

    method: Literal["omnibus"]
    settings: OmnibusSettings
    decibel: bool
    power: float
    offset: float
    looks: float

    def features(self, before: Singles, after: Singles) -> Pair:
        """Logarithms of local means of the intensity, float32 (band, y, x)."""
        scale = RadarScale(self.decibel, self.power, self.offset)
        return log_mean_pair(before, after, scale, self.settings.window_px, intensities=True)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Root of the test's statistic after both dates were brought to one median ratio, float32 (y, x)."""
        shift = np.asarray(self.line.offset, np.float32)[:, None, None]
        return pair_score(before, after + shift, self.looks)


def fit_log_ratio(before: Singles, after: Singles, settings: RatioSettings) -> tuple[RatioStatistics, list[Pair]]:
    """Fit what the pixels hold, and the median ratio.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : RatioSettings
        The method's parameters.

    Returns
    -------
    statistics : RatioStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        Logarithms of local means of each cell.
    """
    scale = fit_radar_scale(before, after)
    pairs = [log_mean_pair(b, a, scale, settings.window_px) for b, a in zip(before, after, strict=True)]
    x, y = valid_pixels(pairs)
    statistics = RatioStatistics(
        method="log_ratio",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=x.shape[1],
        line=median_line(x, y),
        decibel=scale.decibel,
        power=scale.power,
        offset=scale.offset,
        ceiling=NEVER,
        threshold=NEVER,
        diagnostics=UNDECIDED,
    )
    return statistics, pairs


def fit_omnibus(before: Singles, after: Singles, settings: OmnibusSettings) -> tuple[OmnibusStatistics, list[Pair]]:
    """Fit what the pixels hold, the median ratio and the number of looks.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : OmnibusSettings
        The method's parameters.

    Returns
    -------
    statistics : OmnibusStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        Logarithms of local means of each cell.
    """
    scale = fit_radar_scale(before, after, settings.quantity, settings.whole_numbers)
    pairs = _intensity_pairs(before, after, scale, settings.window_px)
    x, y = valid_pixels(pairs)
    statistics = OmnibusStatistics(
        method="omnibus",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=x.shape[1],
        line=median_line(x, y),
        decibel=scale.decibel,
        power=scale.power,
        offset=scale.offset,
        looks=_looks(before, after, x - y, scale, settings),
        ceiling=NEVER,
        threshold=NEVER,
        diagnostics=UNDECIDED,
    )
    return statistics, pairs


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
        image = np.exp(image * np.float32(math.log(10.0) / INTENSITY_DECIBELS))
    elif scale.power != 1.0:
        image = image ** np.float32(scale.power)
    means = np.stack([box(band, radius_px) for band in image])
    if scale.decibel and not intensities:
        return np.asarray(means * np.float32(math.log(10.0) / AMPLITUDE_DECIBELS), np.float32)
    return np.asarray(np.log(np.maximum(means + np.float32(scale.offset), np.float32(LEAST_MEAN))), np.float32)


def _intensity_pairs(before: Singles, after: Singles, scale: RadarScale, window_px: int) -> list[Pair]:
    both = zip(before, after, strict=True)
    return [log_mean_pair(b, a, scale, window_px, intensities=True) for b, a in both]


def _looks(before: Singles, after: Singles, log_ratios: Singles, scale: RadarScale, settings: OmnibusSettings) -> float:
    """Looks of the local means: from the ratios, or as given for a pixel times the gain of averaging in the ratios."""
    found = looks_of(log_ratios)
    if isinstance(settings.enl, str):
        return found
    x, y = valid_pixels(_intensity_pairs(before, after, scale, 1))
    return float(settings.enl) * min(max(found / looks_of(x - y), 1.0), float(settings.window_px**2))


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
