"""Score of change by the difference of structure, from 0 to `structure.GREATEST`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from changedet.arrays import Singles
from changedet.stages.change.kernels.pair_statistics import UNDECIDED, Pair, PairSettings, PairStatistics, valid_pixels
from changedet.stages.change.kernels.structure import (
    structure_difference,
    structure_floors,
    structure_halo_px,
    structures,
)
from changedet.stages.change.kernels.tolerance import fit_line

LEAST_STRUCTURE: Final = 0.4
"""Least threshold, a quarter of the greatest difference: as if that part of an edge's strength had appeared or
vanished. Chosen by hand."""


@dataclass(frozen=True, kw_only=True)
class StructureSettings(PairSettings):
    """Parameters of method structure.

    Attributes
    ----------
    orientations : int
        Directions of half a turn into which gradients are sorted.
    cell_px : float
        Standard deviation of the Gaussian over which gradients are pooled.
    least_contrast : float
        Gradients below so many times their date's median count as none.
    """

    orientations: int
    cell_px: float
    least_contrast: float

    @property
    def feature_halo_px(self) -> int:
        """How far the description of a pixel looks around, pixels on each side."""
        return structure_halo_px(self.cell_px)


@dataclass(frozen=True, kw_only=True)
class StructureStatistics(PairStatistics):
    """What method structure fits on a pair.

    Attributes
    ----------
    floors : tuple of float
        Strength below which the earlier and the later date have no structure.
    """

    method: Literal["structure"]
    settings: StructureSettings
    floors: tuple[float, float]

    def features(self, before: Singles, after: Singles) -> Pair:
        """Strength of the gradients of each direction around each pixel, a feature for each direction."""
        return structures(before, after, self.settings.orientations, self.settings.cell_px)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """Distance of both descriptions, 0 to `structure.GREATEST`."""
        return structure_difference(before, after, self.floors)

    def least_score(self) -> float:
        """`LEAST_STRUCTURE`."""
        return LEAST_STRUCTURE


def fit_structure(
    before: Singles, after: Singles, settings: StructureSettings
) -> tuple[StructureStatistics, list[Pair]]:
    """Fit what counts as structure on either date.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : StructureSettings
        The method's parameters.

    Returns
    -------
    statistics : StructureStatistics
        Without a threshold.
    pairs : list of pairs of float32 (orientation, y, x)
        The descriptions of each cell.
    """
    described = settings.orientations, settings.cell_px
    floors = structure_floors(before, after, *described, settings.least_contrast)
    pairs = [structures(b, a, *described) for b, a in zip(before, after, strict=True)]
    x, y = valid_pixels(pairs)
    statistics = StructureStatistics(
        method="structure",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=x.shape[1],
        line=fit_line(x, y),
        floors=floors,
        **UNDECIDED,
    )
    return statistics, pairs
