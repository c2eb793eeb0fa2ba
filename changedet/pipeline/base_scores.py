"""What the pixels within the bases of boxes show of change."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.arrays import Floats, Ints, Singles
from changedet.blocks import Window
from changedet.grid import Grid


def mean_scores(bases: NDArray[np.object_], score: Singles, grid: Grid, window: Window) -> Floats:
    """Average a score over the pixels of each base.

    Parameters
    ----------
    bases : array of polygons (n,)
        In the grid's CRS; may overlap.
    score : float32 (y, x)
        Of the window's pixels; NaN is not observed.
    grid : Grid
    window : Window
        May reach beyond the grid.

    Returns
    -------
    float64 (n,)
        Over the observed pixels within the window; NaN where there is none.
    """
    means = np.full(len(bases), np.nan)
    seen = np.isfinite(score)
    layer = _layers(bases)
    for number in range(int(layer.max(initial=-1)) + 1):
        own = np.flatnonzero(layer == number)
        at = grid.burn([(bases[k], i + 1) for i, k in enumerate(own)], window)[seen]
        size = np.bincount(at, minlength=len(own) + 1)[1:]
        total = np.bincount(at, score[seen], minlength=len(own) + 1)[1:]
        means[own] = np.where(size > 0, total / np.maximum(size, 1), np.nan)
    return means


def _layers(shapes: NDArray[np.object_]) -> Ints:
    """Layers (n,) of shapes, in each of which none meets another: of two numbers burnt on one pixel one is lost."""
    layer = np.zeros(len(shapes), np.int64)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    begin = np.searchsorted(one, np.arange(len(shapes) + 1))
    for k in range(len(shapes)):
        near = other[begin[k] : begin[k + 1]]
        taken = {int(layer[i]) for i in near if i < k}
        layer[k] = next(n for n in range(len(taken) + 1) if n not in taken)
    return layer
