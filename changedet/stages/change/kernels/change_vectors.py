"""Change vector analysis: the length of the standardised difference, plain or tolerant of a displacement.

Malila 1980; Bruzzone and Prieto 2000, doi:10.1109/36.843009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from changedet.arrays import Singles
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairSettings, PairStatistics, valid_pixels
from changedet.stages.change.kernels.tolerance import change_vector_magnitude, fit_line


@dataclass(frozen=True, kw_only=True)
class CvaSettings(PairSettings):
    """Parameters of method cva.

    Attributes
    ----------
    difference : {"plain", "tolerant"}
        Of pixel and pixel, or how far a value lies outside the other date's range within `tolerance_px`.
    """

    difference: Literal["plain", "tolerant"]

    @property
    def radius_px(self) -> int:
        """Of the range, pixels; 0 for the plain difference."""
        return self.tolerance_px if self.difference == "tolerant" else 0

    @property
    def score_halo_px(self) -> int:
        """That of the range."""
        return self.radius_px


@dataclass(frozen=True, kw_only=True)
class CvaStatistics(PairStatistics):
    """What method cva fits on a pair."""

    is_clipped: ClassVar[bool] = True

    method: Literal["cva"]
    settings: CvaSettings

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Length of the standardised change vector."""
        return change_vector_magnitude(before, after, self.line, self.settings.radius_px)


def fit_cva(before: Singles, after: Singles, settings: CvaSettings) -> tuple[CvaStatistics, list[Pair]]:
    """Fit the line between both dates.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : CvaSettings
        The method's parameters.

    Returns
    -------
    statistics : CvaStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    pairs = list(zip(before, after, strict=True))
    x, y = valid_pixels(pairs)
    statistics = CvaStatistics(
        method="cva",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=x.shape[1],
        line=fit_line(x, y),
        **UNDECIDED,
    )
    return statistics, pairs
