"""From the pixels of the common grid to those of a raster file, and the one resampling along that map.

Positions are computed exactly on a lattice of nodes anchored to the grid and interpolated between, so a window holds
the same values as a cut of a larger one, byte for byte.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import rasterio.control
import rasterio.errors
import rasterio.rpc
import rasterio.transform
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import NODE_STEP_PX, Displacement
from changedet.grid.geodesy import is_geographic, pixel_edges_xy, same_crs, transform_xy
from changedet.imagery.headers import Raster
from changedet.imagery.pixels import read_classes, read_mean, read_part
from changedet.kernels import resampling as kernels

MAX_ERROR_PX: Final = 0.02
THIN_PLATE_POINTS: Final = 21
_MAX_BLOCK: Final = 1 << 26
_MAX_MAPS: Final = 64
_local = threading.local()

Doubles = NDArray[np.float64]
Positions = tuple[Doubles, Doubles]
ReadPart = Callable[[tuple[int, int, int, int]], NDArray[np.float32]]


@dataclass(frozen=True)
class PixelMap:
    """Where in a raster file each pixel of the grid lies.

    Attributes
    ----------
    locate : callable
        ``locate(rows, columns) -> (rows, columns)``, float64, grid to file, whole numbers at pixel centres.
    factor : (int, int)
        Rows and columns of the file's pixels averaged to one before the resampling.
    shape : (int, int)
        The file's, in blocks of `factor`.
    step : int
        Pixels from node to node.
    translation : (float, float) or None
        Rows and columns, where the map is nothing else.
    """

    locate: Callable[[Doubles, Doubles], Positions]
    factor: tuple[int, int]
    shape: tuple[int, int]
    step: int
    translation: tuple[float, float] | None

    def nodes(self, window: Window) -> tuple[Doubles, Doubles, tuple[int, int]]:
        """Positions in the file at the nodes around a window, and where the window begins after the first node."""
        j0, i0 = window.y // self.step, window.x // self.step
        j1, i1 = -(-(window.y + window.height) // self.step), -(-(window.x + window.width) // self.step)
        rows, columns = np.meshgrid(
            np.arange(j0, j1 + 1, dtype=np.float64) * self.step,
            np.arange(i0, i1 + 1, dtype=np.float64) * self.step,
            indexing="ij",
        )
        first = window.y - j0 * self.step, window.x - i0 * self.step
        if self.translation is not None:
            return rows + self.translation[0], columns + self.translation[1], first
        return (*_in_blocks(self.locate(rows, columns), self.factor), first)


def read_bilinear(
    raster: Raster,
    indexes: Sequence[int],
    grid: Grid,
    window: Window,
    displacement: Displacement | None = None,
    *,
    resolution_m: float | None = None,
    use_mask: bool = True,
) -> NDArray[np.float32]:
    """Bands of a file on a window of the grid, resampled once.

    Parameters
    ----------
    raster : Raster
    indexes : sequence of int
        Bands, from 1.
    window : Window
        May reach beyond the grid and beyond the file.
    displacement : Displacement, optional
        Composed into the map.
    resolution_m : float, optional
        Where coarser than the grid: the file's pixels are averaged to about this size first.
    use_mask : bool
        Whether the file's mask and alpha make no data.

    Returns
    -------
    float32 (band, y, x)
        Bilinear; NaN wherever a pixel that carries weight is no data. Untouched values where no resampling is needed.
    """
    pixel_map = _pixel_map(raster, grid, displacement or Displacement(), resolution_m)

    def read(part: tuple[int, int, int, int]) -> NDArray[np.float32]:
        if pixel_map.factor == (1, 1):
            return read_part(raster, indexes, part, use_mask=use_mask)
        return read_mean(raster, indexes, part, pixel_map.factor, use_mask=use_mask)

    copied = _copied(pixel_map, window, read)
    if copied is not None:
        return copied
    out = np.full((len(indexes), *window.shape), np.nan, np.float32)
    for part, view, straight in _parts(pixel_map, window, out):
        if straight:
            view[...] = _copied(pixel_map, part, read)
        else:
            _fill_bilinear(pixel_map, part, read, view)
    return out


def read_nearest(
    raster: Raster,
    indexes: Sequence[int],
    grid: Grid,
    window: Window,
    displacement: Displacement | None = None,
    *,
    outside: int = 0,
) -> NDArray[Any]:
    """Bands of classes or flags on a window of the grid, nearest neighbour: (band, y, x) in the file's dtype.

    What the file does not cover is `outside`.
    """
    pixel_map = _pixel_map(raster, grid, displacement or Displacement(), None, classes=True)
    dtype = np.dtype(raster.bands[indexes[0] - 1].dtype)
    out = np.full((len(indexes), *window.shape), outside, dtype)
    nodes_y, nodes_x, first = pixel_map.nodes(window)
    part = _needed(pixel_map, nodes_y, nodes_x)
    if part is None:
        return out
    if part[2] * part[3] > max(_MAX_BLOCK, 4 * out[0].size) and min(window.shape) > pixel_map.step:
        for piece, view in _halves(window, out):
            view[...] = read_nearest(raster, indexes, grid, piece, displacement, outside=outside)
        return out
    source = read_classes(raster, indexes, part)
    for band, filled in zip(source, out, strict=True):
        kernels.nearest(
            band, part[:2], pixel_map.shape, nodes_y, nodes_x, pixel_map.step, first, dtype.type(outside), filled
        )
    return out


def _copied(pixel_map: PixelMap, window: Window, read: ReadPart) -> NDArray[np.float32] | None:
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
    kernels.translated(source, weight_y, weight_x, out)
    return out


def _parts(
    pixel_map: PixelMap, window: Window, out: NDArray[np.float32]
) -> list[tuple[Window, NDArray[np.float32], bool]]:
    """The window, or what of it a translation can copy (True) and the rims around that, with views of the output."""
    if pixel_map.translation is None:
        return [(window, out, False)]
    cuts = []
    for start, size, off, there in zip(
        (window.y, window.x), window.shape, pixel_map.translation, pixel_map.shape, strict=True
    ):
        first = min(max(math.ceil(-off), start), start + size)
        last = max(min(math.floor(there - 1 - off) + 1, start + size), first)
        cuts.append((start, first, last, start + size))
    (y0, y1, y2, y3), (x0, x1, x2, x3) = cuts
    boxes = [(y0, y1, x0, x3), (y1, y2, x0, x1), (y1, y2, x1, x2), (y1, y2, x2, x3), (y2, y3, x0, x3)]
    return [
        (Window(a, c, b - a, d - c), out[:, a - y0 : b - y0, c - x0 : d - x0], k == 2)
        for k, (a, b, c, d) in enumerate(boxes)
        if b > a and d > c
    ]


def _fill_bilinear(
    pixel_map: PixelMap,
    window: Window,
    read: ReadPart,
    out: NDArray[np.float32],
) -> None:
    nodes_y, nodes_x, first = pixel_map.nodes(window)
    part = _needed(pixel_map, nodes_y, nodes_x)
    if part is None:
        return
    if out.shape[0] * part[2] * part[3] > max(_MAX_BLOCK, 4 * out.size) and min(window.shape) > pixel_map.step:
        for piece, view in _halves(window, out):
            _fill_bilinear(pixel_map, piece, read, view)
        return
    source = read(part)
    filled = np.empty(out.shape, np.float32)
    kernels.bilinear(source, part[:2], pixel_map.shape, nodes_y, nodes_x, pixel_map.step, first, filled)
    out[...] = filled


def _halves(window: Window, out: NDArray[Any]) -> list[tuple[Window, NDArray[Any]]]:
    """A window cut along its longer side, with the views of its output."""
    if window.height >= window.width:
        half = window.height // 2
        upper = Window(window.y, window.x, half, window.width)
        lower = Window(window.y + half, window.x, window.height - half, window.width)
        return [(upper, out[..., :half, :]), (lower, out[..., half:, :])]
    half = window.width // 2
    left = Window(window.y, window.x, window.height, half)
    right = Window(window.y, window.x + half, window.height, window.width - half)
    return [(left, out[..., :half]), (right, out[..., half:])]


def _needed(pixel_map: PixelMap, nodes_y: Doubles, nodes_x: Doubles) -> tuple[int, int, int, int] | None:
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


def _pixel_map(
    raster: Raster, grid: Grid, displacement: Displacement, resolution_m: float | None, *, classes: bool = False
) -> PixelMap:
    """The map, from this thread's own few: GDAL's and PROJ's objects may not be shared between threads."""
    if not hasattr(_local, "maps"):
        _local.maps = OrderedDict()
    known: OrderedDict[Any, PixelMap] = _local.maps
    key = (raster.identity, grid.crs, tuple(grid.transform), grid.shape, displacement, resolution_m, classes)
    if key in known:
        known.move_to_end(key)
        return known[key]
    known[key] = _new_map(raster, grid, displacement, resolution_m, classes=classes)
    while len(known) > _MAX_MAPS:
        known.popitem(last=False)
    return known[key]


def _new_map(
    raster: Raster, grid: Grid, displacement: Displacement, resolution_m: float | None, *, classes: bool
) -> PixelMap:
    locate = _locator(raster, grid, displacement)
    coarser = 1.0 if resolution_m is None else max(1.0, resolution_m / grid.ground_resolution_m)
    span_y, span_x = (1.0, 1.0) if classes else _spans(locate, grid)
    factor = max(1, round(span_y * coarser)), max(1, round(span_x * coarser))
    factor = min(factor[0], raster.shape[0]), min(factor[1], raster.shape[1])
    shape = -(-raster.shape[0] // factor[0]), -(-raster.shape[1] // factor[1])
    still = displacement.local_east_m is None
    exact = still and not raster.gcps and raster.rpcs is None and same_crs(grid.crs, raster.frame.crs)
    translation = _translation(locate, grid, factor) if exact else None
    return PixelMap(locate, factor, shape, _node_step(locate, grid, factor), translation)


def _in_blocks(positions: Positions, factor: tuple[int, int]) -> Positions:
    rows, columns = positions
    if factor == (1, 1):
        return rows, columns
    return (rows + 0.5) / factor[0] - 0.5, (columns + 0.5) / factor[1] - 0.5


def _translation(
    locate: Callable[[Doubles, Doubles], Positions], grid: Grid, factor: tuple[int, int]
) -> tuple[float, float] | None:
    """Rows and columns between grid and file where that is all, to 1/4096 px over the whole grid."""
    height, width = grid.shape
    corners_y, corners_x = np.array([0.0, 0.0, height, height]), np.array([0.0, width, 0.0, width])
    rows, columns = _in_blocks(locate(corners_y, corners_x), factor)
    off_y, off_x = rows - corners_y, columns - corners_x
    if np.ptp(off_y) + np.ptp(off_x) > 0.5 / kernels.STEPS_PER_PX:
        return None
    steps = kernels.STEPS_PER_PX
    return round(float(off_y[0]) * steps) / steps, round(float(off_x[0]) * steps) / steps


def _sample_rows(grid: Grid, count: int) -> Positions:
    height, width = grid.shape
    rows, columns = np.meshgrid(
        np.linspace(0, max(height - 1, 1), count), np.linspace(0, max(width - 1, 1), count), indexing="ij"
    )
    return rows.ravel(), columns.ravel()


def _spans(locate: Callable[[Doubles, Doubles], Positions], grid: Grid) -> tuple[float, float]:
    """Median number of file rows and columns that a pixel of the grid spans."""
    rows, columns = _sample_rows(grid, 5)
    with np.errstate(invalid="ignore"):
        at, down, right = locate(rows, columns), locate(rows + 1, columns), locate(rows, columns + 1)
        spans = [np.hypot(down[k] - at[k], right[k] - at[k]) for k in (0, 1)]
    good = np.isfinite(spans[0]) & np.isfinite(spans[1])
    if not good.any():
        return 1.0, 1.0
    return float(np.median(spans[0][good])), float(np.median(spans[1][good]))


def _node_step(locate: Callable[[Doubles, Doubles], Positions], grid: Grid, factor: tuple[int, int]) -> int:
    """The widest spacing of nodes at which interpolating between them errs by less than MAX_ERROR_PX."""
    rows, columns = _sample_rows(grid, 9)
    step = NODE_STEP_PX
    while step > 1:
        y, x = np.floor(rows / step) * step, np.floor(columns / step) * step
        with np.errstate(invalid="ignore"):
            corners = [np.array(_in_blocks(locate(y + dy, x + dx), factor)) for dy in (0.0, step) for dx in (0.0, step)]
            middle = np.array(_in_blocks(locate(y + step / 2, x + step / 2), factor))
            error = np.abs(sum(corners) / 4 - middle)
        if not np.any(error[np.isfinite(error)] > MAX_ERROR_PX):
            break
        step //= 2
    return step


def _locator(raster: Raster, grid: Grid, displacement: Displacement) -> Callable[[Doubles, Doubles], Positions]:
    """From grid pixels to file pixels."""
    place = _placer(raster)
    same = same_crs(grid.crs, raster.frame.crs)
    t = grid.transform

    def locate(rows: Doubles, columns: Doubles) -> Positions:
        east = t.c + t.a * (columns + 0.5) + t.b * (rows + 0.5)
        north = t.f + t.d * (columns + 0.5) + t.e * (rows + 0.5)
        if not displacement.is_zero:
            off_east, off_north = displacement.at(rows, columns)
            east, north = east + off_east, north + off_north
        if not same:
            east, north = transform_xy(grid.crs, raster.frame.crs, east, north)
        return place(east, north)

    return locate


def _placer(raster: Raster) -> Callable[[Doubles, Doubles], Positions]:
    """From coordinates in the file's CRS to its pixels."""
    if raster.gcps or raster.rpcs is not None:
        return _inexact_placer(raster)
    inverse = ~raster.frame.transform
    middle = pixel_edges_xy(raster.frame.transform, raster.frame.width / 2, raster.frame.height / 2)
    geographic = is_geographic(raster.frame.crs)

    def place(x: Doubles, y: Doubles) -> Positions:
        if geographic:
            # The same meridian has many names; the one nearest to the middle of the file is meant.
            with np.errstate(invalid="ignore"):
                x = x + 360.0 * np.round((middle[0] - x) / 360.0)
        columns = inverse.a * x + inverse.b * y + inverse.c - 0.5
        rows = inverse.d * x + inverse.e * y + inverse.f - 0.5
        return rows, columns

    return place


def _inexact_placer(raster: Raster) -> Callable[[Doubles, Doubles], Positions]:
    """By ground control points (a polynomial; thin-plate splines for a dense net) or by RPCs at their mean height."""
    if raster.gcps:
        points = [rasterio.control.GroundControlPoint(*point) for point in raster.gcps]
        transformer: Any = rasterio.transform.GCPTransformer(points, tps=len(points) >= THIN_PLATE_POINTS)
    else:
        rpcs = rasterio.rpc.RPC(**(raster.rpcs or {}))
        transformer = rasterio.transform.RPCTransformer(rpcs, rpc_height=rpcs.height_off)

    def place(x: Doubles, y: Doubles) -> Positions:
        rows, columns = np.full(x.size, np.nan), np.full(x.size, np.nan)
        good = np.isfinite(x.ravel()) & np.isfinite(y.ravel())
        if good.any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", rasterio.errors.TransformWarning)
                found = transformer.rowcol(x.ravel()[good], y.ravel()[good], op=np.positive)
            rows[good], columns[good] = np.asarray(found[0], float) - 0.5, np.asarray(found[1], float) - 0.5
        return rows.reshape(x.shape), columns.reshape(x.shape)

    return place
