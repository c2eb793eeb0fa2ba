"""Root of the chi-square of fitted variates: IR-MAD's canonical variates, or slow features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.irmad import irmad_fit
from changedet.kernels.variates import Variates, chi_square_image
from changedet.stages.change.kernels.isfa import isfa_fit
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairSettings, PairStatistics, valid_pixels
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

    method: Literal["irmad", "isfa"]
    settings: VariatesSettings
    variates: Variates

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Root of the chi-square of the variates."""
        return np.asarray(np.sqrt(chi_square_image(before, after, self.variates)), np.float32)


def fit_irmad(before: Singles, after: Singles, settings: VariatesSettings) -> tuple[VariatesStatistics, list[Pair]]:
    """Fit the canonical variates of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : VariatesSettings
        The method's parameters.

    Returns
    -------
    statistics : VariatesStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    return _fit(before, after, settings, "irmad", partial(irmad_fit, ridge=0.0))


def fit_isfa(before: Singles, after: Singles, settings: VariatesSettings) -> tuple[VariatesStatistics, list[Pair]]:
    """Fit the slow features of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : VariatesSettings
        The method's parameters.

    Returns
    -------
    statistics : VariatesStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    return _fit(before, after, settings, "isfa", isfa_fit)


def _fit(
    before: Singles,
    after: Singles,
    settings: VariatesSettings,
    method: Literal["irmad", "isfa"],
    fit: Callable[[Singles, Singles, int, float], Variates],
) -> tuple[VariatesStatistics, list[Pair]]:
    pairs = list(zip(before, after, strict=True))
    x, y = valid_pixels(pairs)
    variates = fit(x, y, settings.iterations, settings.tolerance)
    statistics = VariatesStatistics(
        method=method,
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=max(1, variates.degrees),
        line=fit_line(x, y),
        variates=variates,
        **UNDECIDED,
    )
    return statistics, pairs
