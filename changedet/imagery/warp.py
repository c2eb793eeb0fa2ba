"""A raster file's pixels on the common grid: one resampling, bilinear for brightness and nearest for classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import AnyArray, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.imagery.headers import Raster
from changedet.imagery.means import read_mean
from changedet.imagery.pixel_map import PixelMap, pixel_map_of
from changedet.imagery.pixels import read_classes, read_part
from changedet.kernels import resampling

_MAX_BLOCK: Final = 1 << 26
"""Values of a file that are read at once; for more a window is cut in halves."""

ReadPart: TypeAlias = Callable[[tuple[int, int, int, int]], Singles]


def read_bilinear(
    raster: Raster,
    indexes: Sequence[int],
    grid: Grid,
    window: Window,
    displacement: Displacement | None = None,
    *,
    resolution_m: float | None = None,
) -> Singles:
    """Bands of a file on a window of the grid, resampled once.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    grid : Grid
        The common grid.
    window : Window
        May reach beyond the grid and beyond the file.
    displacement : Displacement, optional
        Composed into the map.
    resolution_m : float, optional
        Where coarser than the grid: the file's pixels are averaged to about this size first.

    Returns
    -------
    float32 (band, y, x)
        Bilinear; NaN wherever a pixel that carries weight is no data. Untouched values where no resampling is needed.
    """
    pixel_map = pixel_map_of(raster, grid, displacement or Displacement(), resolution_m)

    def _read(part: tuple[int, int, int, int]) -> Singles:
        if pixel_map.factor == (1, 1):
            return read_part(raster, indexes, part)
        return read_mean(raster, indexes, part, pixel_map.factor)

    copied = _copied(pixel_map, window, _read)
    if copied is not None:
        return copied
    out = np.full((len(indexes), *window.shape), np.nan, np.float32)
    for part, view, straight in _parts(pixel_map, window, out):
        if straight:
            view[...] = _copied(pixel_map, part, _read)
        else:
            _fill_bilinear(pixel_map, part, _read, view)
    return out


def read_nearest(
    raster: Raster,
    indexes: Sequence[int],
    grid: Grid,
    window: Window,
    displacement: Displacement | None,
    *,
    outside: int,
) -> AnyArray:
    """Bands of classes or flags on a window of the grid, by nearest neighbour.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    grid : Grid
        The common grid.
    window : Window
        May reach beyond the grid and beyond the file.
    displacement : Displacement, optional
        Composed into the map.
    outside : int
        What the file does not cover.

    Returns
    -------
    ndarray (band, y, x)
        In the file's own dtype.
    """
    pixel_map = pixel_map_of(raster, grid, displacement or Displacement(), None, classes=True)
    dtype = np.dtype(raster.bands[indexes[0] - 1].dtype)
    out = np.full((len(indexes), *window.shape), outside, dtype)
    nodes_y, nodes_x, first = pixel_map.nodes(window)
    part = _needed(pixel_map, nodes_y, nodes_x)
    if part is None:
        return out
    if part[2] * part[3] > max(_MAX_BLOCK, 4 * out[0].size) and min(window.shape) > pixel_map.step:
        for piece, cut in _halves(window):
            out[(..., *cut)] = read_nearest(raster, indexes, grid, piece, displacement, outside=outside)
        return out
    source = read_classes(raster, indexes, part)
    for band, filled in zip(source, out, strict=True):
        resampling.nearest(
            band, part[:2], pixel_map.shape, nodes_y, nodes_x, pixel_map.step, first, dtype.type(outside), filled
        )
    return out


def _copied(pixel_map: PixelMap, window: Window, read: ReadPart) -> Singles | None:
    """The window where the map is a translation and the file covers all of it; else None."""
    if pixel_map.translation is None:
        return None
    y, x = window.y + pixel_map.translation[0], window.x + pixel_map.translation[1]
    row, column = math.floor(y), math.floor(x)
    weight_y, weight_x = y - row, x - column
    height, width = window.height + (weight_y > 0), window.width + (weight_x > 0)
    if row < 0 or column < 0 or row + height > pixel_map.shape[0] or column + width > pixel_map.shape[1]:
        return None
    source = read((row, column, height, width))
    if weight_y == 0 and weight_x == 0:
        return source
    out = np.empty((source.shape[0], *window.shape), np.float32)
    resampling.translated(source, weight_y, weight_x, out)
    return out


def _parts(pixel_map: PixelMap, window: Window, out: Singles) -> list[tuple[Window, Singles, bool]]:
    """The window, or what of it a translation can copy (True) and the rims around that, with views of the output.

    What lies farther out than a pixel and a half from the file is in no rim: the output holds no data there already.
    """
    if pixel_map.translation is None:
        return [(window, out, False)]
    cuts = []
    for start, size, off, there in zip(
        (window.y, window.x), window.shape, pixel_map.translation, pixel_map.shape, strict=True
    ):
        first = min(max(math.ceil(-off), start), start + size)
        last = max(min(math.floor(there - 1 - off) + 1, start + size), first)
        low = min(max(math.ceil(-1.5 - off), start), first)
        high = max(min(math.floor(there + 0.5 - off) + 1, start + size), last)
        cuts.append((low, first, last, high))
    (y0, y1, y2, y3), (x0, x1, x2, x3) = cuts
    boxes = [(y0, y1, x0, x3), (y1, y2, x0, x1), (y1, y2, x1, x2), (y1, y2, x2, x3), (y2, y3, x0, x3)]
    return [
        (Window(a, c, b - a, d - c), out[:, a - window.y : b - window.y, c - window.x : d - window.x], k == 2)
        for k, (a, b, c, d) in enumerate(boxes)
        if b > a and d > c
    ]


def _fill_bilinear(
    pixel_map: PixelMap,
    window: Window,
    read: ReadPart,
    out: Singles,
) -> None:
    nodes_y, nodes_x, first = pixel_map.nodes(window)
    part = _needed(pixel_map, nodes_y, nodes_x)
    if part is None:
        return
    if out.shape[0] * part[2] * part[3] > max(_MAX_BLOCK, 4 * out.size) and min(window.shape) > pixel_map.step:
        for piece, cut in _halves(window):
            _fill_bilinear(pixel_map, piece, read, out[(..., *cut)])
        return
    source = read(part)
    filled = np.empty(out.shape, np.float32)
    resampling.bilinear(source, part[:2], pixel_map.shape, nodes_y, nodes_x, pixel_map.step, first, filled)
    out[...] = filled


def _halves(window: Window) -> list[tuple[Window, tuple[slice, slice]]]:
    """A window cut along its longer side, with the rows and columns of each half in it."""
    height, width = window.shape
    if height >= width:
        half = height // 2
        upper, lower = (slice(0, half), slice(0, width)), (slice(half, height), slice(0, width))
        return [
            (Window(window.y, window.x, half, width), upper),
            (Window(window.y + half, window.x, height - half, width), lower),
        ]
    half = width // 2
    left, right = (slice(0, height), slice(0, half)), (slice(0, height), slice(half, width))
    return [
        (Window(window.y, window.x, height, half), left),
        (Window(window.y, window.x + half, height, width - half), right),
    ]


def _needed(pixel_map: PixelMap, nodes_y: Floats, nodes_x: Floats) -> tuple[int, int, int, int] | None:
    """The part of the file that the nodes span: (row, column, height, width); None where they miss it."""
    good = np.isfinite(nodes_y) & np.isfinite(nodes_x)
    if not good.any():
        return None
    spans = []
    for nodes, size in zip((nodes_y[good], nodes_x[good]), pixel_map.shape, strict=True):
        low = int(np.clip(np.floor(nodes.min()) - 1, 0, size))
        high = int(np.clip(np.ceil(nodes.max()) + 2, 0, size))
        if high <= low or nodes.min() > size or nodes.max() < -1:
            return None
        spans.append((low, high - low))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]
