"""What the change methods fit on a pair, as a date's statistics keep it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from changedet.stages.change.kernels.change_vectors import CvaStatistics
from changedet.stages.change.kernels.pca_kmeans import PcaStatistics
from changedet.stages.change.kernels.radar_ratios import OmnibusStatistics, RatioStatistics
from changedet.stages.change.kernels.structure_scores import StructureStatistics
from changedet.stages.change.kernels.trees_statistics import TreesStatistics
from changedet.stages.change.kernels.variate_scores import VariatesStatistics

Unlearned: TypeAlias = (
    CvaStatistics | VariatesStatistics | PcaStatistics | StructureStatistics | RatioStatistics | OmnibusStatistics
)
ChangeStatistics: TypeAlias = Annotated[Unlearned | TreesStatistics, Field(discriminator="method")]
"""Of any method; all have ``method``, ``threshold``, ``min_area_m2`` and ``diagnostics``."""
