"""Means, lines and moves of layers with missing cells: what the features of clouds are made of."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple, TypeVar

import cv2
import numpy as np

from changedet.arrays import AnyArray, Singles
from changedet.kernels.together import both, together

Layer = TypeVar("Layer", bound=AnyArray)

LEAST_SEEN: Final = 1e-3
"""Share of a neighbourhood that is seen, below which its mean fades to 0; it only keeps the division finite."""
LEAST_VARIANCE: Final = 1e-4
"""Added to local variances of layers of level 1: below a hundredth of the level there is no contrast to speak of."""


class LocalLine(NamedTuple):
    """How one layer follows another within each neighbourhood.

    Attributes
    ----------
    slope, offset : float32 (y, x)
        Of the regression line.
    correlation : float32 (y, x)
        Pearson's, -1 to 1.
    contrast : float32 (y, x)
        Logarithm of the ratio of their standard deviations.
    """

    slope: Singles
    offset: Singles
    correlation: Singles
    contrast: Singles


def blurred(layer: Singles, sigma: float) -> Singles:
    """A layer smoothed by a Gaussian.

    Parameters
    ----------
    layer : float32 (y, x)
        Without NaN.
    sigma : float
        Standard deviation in cells.

    Returns
    -------
    float32 (y, x)
        Reflected at the edges.
    """
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def local_mean(layer: Singles, weight: Singles, sigma: float) -> Singles:
    """Gaussian mean of the cells that count.

    Parameters
    ----------
    layer : float32 (y, x)
        Without NaN.
    weight : float32 (y, x)
        0 for cells that are not seen, else 1.
    sigma : float
        Standard deviation in cells.

    Returns
    -------
    float32 (y, x)
        Near 0 where no cell around is seen.
    """
    return _mean(layer, weight, sigma, _seen(weight, sigma))


def local_line(x: Singles, y: Singles, weight: Singles, sigma: float) -> LocalLine:
    """Regression of `y` on `x` within each neighbourhood; both are about 1 on usual ground.

    Parameters
    ----------
    x, y : float32 (y, x)
        Without NaN.
    weight : float32 (y, x)
        0 for cells that are not seen, else 1.
    sigma : float
        Standard deviation of the neighbourhood in cells.

    Returns
    -------
    LocalLine
        For each cell.
    """
    seen = _seen(weight, sigma)
    mean = partial(_mean, weight=weight, sigma=sigma, seen=seen)
    mean_x, mean_y = both(lambda: mean(x), lambda: mean(y))
    mean_xx, mean_yy, mean_xy = together([lambda: mean(x * x), lambda: mean(y * y), lambda: mean(x * y)])
    of_x, of_y = _variance(mean_xx, mean_x), _variance(mean_yy, mean_y)
    shared = mean_xy - mean_x * mean_y
    del mean_xx, mean_yy, mean_xy
    slope = np.asarray(shared / of_x, np.float32)
    correlation, contrast = shared / np.sqrt(of_x * of_y), 0.5 * np.log(of_y / of_x)
    offset = mean_y - slope * mean_x
    return LocalLine(slope, offset, np.asarray(correlation, np.float32), np.asarray(contrast, np.float32))


def _variance(mean_of_squares: Singles, mean: Singles) -> Singles:
    """In place of the first: overviews are many millions of cells."""
    mean_of_squares -= mean * mean
    np.maximum(mean_of_squares, 0, out=mean_of_squares)
    mean_of_squares += np.float32(LEAST_VARIANCE)
    return mean_of_squares


def _seen(weight: Singles, sigma: float) -> Singles:
    """Share of each neighbourhood that is seen."""
    return np.asarray(np.maximum(blurred(weight, sigma), LEAST_SEEN), np.float32)


def _mean(layer: Singles, weight: Singles, sigma: float, seen: Singles) -> Singles:
    return np.asarray(blurred(layer * weight, sigma) / seen, np.float32)


def moved(layer: Layer, rows: int, columns: int, empty: float) -> Layer:
    """A layer moved by whole cells.

    Parameters
    ----------
    layer : any type (y, x)
        NaN moves like any value.
    rows, columns : int
        Down and to the right.
    empty : float
        What stands where nothing moves in.

    Returns
    -------
    type of `layer` (y, x)
        A new array.
    """
    out = np.full_like(layer, empty)
    height, width = layer.shape
    if abs(rows) < height and abs(columns) < width:
        to = [slice(max(0, by), n + min(0, by)) for by, n in ((rows, height), (columns, width))]
        off = [slice(max(0, -by), n + min(0, -by)) for by, n in ((rows, height), (columns, width))]
        out[to[0], to[1]] = layer[off[0], off[1]]
    return out
