"""Scores of radar pairs: the logarithm of the ratio of local means, and the omnibus test of equal intensities.

Bovolo and Bruzzone 2005, doi:10.1109/TGRS.2005.857987; Conradsen, Nielsen and Skriver 2016,
doi:10.1109/TGRS.2015.2510160.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from changedet.arrays import Singles
from changedet.stages.change.kernels.omnibus import looks_of, pair_score
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairStatistics, valid_pixels
from changedet.stages.change.kernels.radar_means import (
    RadarScale,
    RadarSettings,
    fit_radar_scale,
    least_log_ratio,
    log_mean_pair,
    median_line,
)
from changedet.stages.change.kernels.tolerance import change_vector_magnitude


@dataclass(frozen=True, kw_only=True)
class RatioSettings(RadarSettings):
    """Parameters of method log_ratio.

    Attributes
    ----------
    min_ratio : float
        A change is at least this factor.
    """

    min_ratio: float


@dataclass(frozen=True, kw_only=True)
class OmnibusSettings(RadarSettings):
    """Parameters of method omnibus.

    Attributes
    ----------
    enl : float or "auto"
        Equivalent number of looks of a pixel.
    quantity : {"auto", "amplitude", "intensity", "decibel"}
        What the pixels hold.
    whole_numbers : bool
        Whether the scenes hold whole numbers or a band called amplitude: then ``auto`` is amplitude.
    whole : bool
        The same again: the JSON of a run has both.
    """

    enl: float | Literal["auto"]
    quantity: Literal["auto", "amplitude", "intensity", "decibel"]
    whole_numbers: bool
    whole: bool


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
        """Logarithms of local means of the amplitude, a feature for each band."""
        scale = RadarScale(self.decibel, self.power, self.offset)
        return log_mean_pair(before, after, scale, self.settings.window_px)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Absolute log ratio, centred by its median."""
        return change_vector_magnitude(before, after, self.line, 0)

    def least_score(self) -> float:
        """That of the least ratio in every band."""
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
        """Logarithms of local means of the intensity, a feature for each band."""
        scale = RadarScale(self.decibel, self.power, self.offset)
        return log_mean_pair(before, after, scale, self.settings.window_px, intensities=True)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Root of the test's statistic after both dates were brought to one median ratio."""
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
        **UNDECIDED,
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
        **UNDECIDED,
    )
    return statistics, pairs


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
