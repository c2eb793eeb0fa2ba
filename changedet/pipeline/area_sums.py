"""Ground areas and shares of areas, summed over the rasters of a date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from changedet.blocks import tiles
from changedet.grid import Grid, pixel_area_m2
from changedet.kernels.pixel_classes import CLEAR, SHADE
from changedet.outputs.rasters.reading import read_window


def changed_and_seen(path: Path, grid: Grid, areas: Sequence[Any]) -> list[tuple[float, float]]:
    """Ground area in m2 that a mask marks 1, and that it judges at all, in each of some areas (None: everywhere)."""
    return _areas(path, grid, areas, lambda block: (block == 1, block != 255))


def clear_fraction(path: Path, grid: Grid, areas: Sequence[Any]) -> list[float]:
    """Share of each area that a quality raster calls clear, shade included, 0 to 1; NaN for an area without a pixel."""
    pairs = _areas(
        path, grid, areas, lambda block: ((block == CLEAR) | (block == SHADE), np.ones(block.shape, bool)), inside=True
    )
    return [clear / whole if whole else float("nan") for clear, whole in pairs]


def _areas(
    path: Path, grid: Grid, areas: Sequence[Any], classes: Any, *, inside: bool = False
) -> list[tuple[float, float]]:
    sums = np.zeros((len(areas), 2))
    row_m2 = pixel_area_m2(grid)
    for window in tiles(grid.shape, 1024):
        part, whole = classes(read_window(path, window))
        for k, area in enumerate(areas):
            within = grid.inside(window) if area is None or inside else np.ones(window.shape, bool)
            if area is not None:
                within = within & grid.inside(window, area)
            weights = row_m2[window.y : window.y + window.height]
            sums[k] += [(weights * (chosen & within).sum(axis=1)).sum() for chosen in (part, whole)]
    return [(float(a), float(b)) for a, b in sums]
