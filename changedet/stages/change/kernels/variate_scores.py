"""Root of the chi-square of fitted variates: IR-MAD's canonical variates, or slow features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.irmad import irmad_fit
from changedet.kernels.variates import Variates, chi_square_image
from changedet.stages.change.kernels.isfa import isfa_fit
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairSettings, PairStatistics, valid_pixels
from changedet.stages.change.kernels.thresholds import NEVER
from changedet.stages.change.kernels.tolerance import fit_line


@dataclass(frozen=True, kw_only=True)
class VariatesSettings(PairSettings):
    """Parameters of methods irmad and isfa.

    Attributes
    ----------
    iterations : int
        Greatest number of fits.
    tolerance : float
        The iteration stops when nothing moves by more than this.
    """

    iterations: int
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class VariatesStatistics(PairStatistics):
    """What methods irmad and isfa fit on a pair.

    Attributes
    ----------
    variates : Variates
        Whose squares sum to a chi-square where nothing changed.
    """

    is_clipped: ClassVar[bool] = True

    settings: VariatesSettings
    variates: Variates

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Root of the chi-square, float32 (y, x)."""
        return np.asarray(np.sqrt(chi_square_image(before, after, self.variates)), np.float32)


@dataclass(frozen=True, kw_only=True)
class IrmadStatistics(VariatesStatistics):
    """What method irmad fits on a pair."""

    method: Literal["irmad"]


@dataclass(frozen=True, kw_only=True)
class IsfaStatistics(VariatesStatistics):
    """What method isfa fits on a pair."""

    method: Literal["isfa"]


def fit_irmad(before: Singles, after: Singles, settings: VariatesSettings) -> tuple[IrmadStatistics, list[Pair]]:
    """Fit the canonical variates of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : VariatesSettings
        The method's parameters.

    Returns
    -------
    statistics : IrmadStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    pairs = list(zip(before, after, strict=True))
    x, y = valid_pixels(pairs)
    variates = irmad_fit(x, y, settings.iterations, settings.tolerance, ridge=0.0)
    statistics = IrmadStatistics(
        method="irmad",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=max(1, variates.degrees),
        line=fit_line(x, y),
        variates=variates,
        ceiling=NEVER,
        threshold=NEVER,
        diagnostics=UNDECIDED,
    )
    return statistics, pairs


def fit_isfa(before: Singles, after: Singles, settings: VariatesSettings) -> tuple[IsfaStatistics, list[Pair]]:
    """Fit the slow features of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : VariatesSettings
        The method's parameters.

    Returns
    -------
    statistics : IsfaStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    pairs = list(zip(before, after, strict=True))
    x, y = valid_pixels(pairs)
    variates = isfa_fit(x, y, settings.iterations, settings.tolerance)
    statistics = IsfaStatistics(
        method="isfa",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=max(1, variates.degrees),
        line=fit_line(x, y),
        variates=variates,
        ceiling=NEVER,
        threshold=NEVER,
        diagnostics=UNDECIDED,
    )
    return statistics, pairs
