"""Where in a raster file each pixel of the common grid lies.

Positions are computed exactly on a lattice of nodes anchored to the grid and interpolated between, so a window holds
the same values as a cut of a larger one, byte for byte.
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import rasterio.control
import rasterio.errors
import rasterio.rpc
import rasterio.transform

from changedet.arrays import Floats
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import NODE_STEP_PX, Displacement
from changedet.grid.geodesy import is_geographic, pixel_edges_xy, same_crs, transform_xy
from changedet.imagery.headers import Raster
from changedet.kernels import resampling

MAX_ERROR_PX: Final = 0.02
"""Error in pixels of the file that interpolating between nodes may make."""


THIN_PLATE_POINTS: Final = 21
"""From so many ground control points on thin-plate splines are used; below, a polynomial."""


_MAX_MAPS: Final = 64
"""Maps that a thread keeps."""


class _OfThread(threading.local):
    """Maps of one thread: GDAL's and PROJ's objects may not be shared between threads."""

    def __init__(self) -> None:
        self.maps: OrderedDict[Hashable, PixelMap] = OrderedDict()


_local = _OfThread()


Positions: TypeAlias = tuple[Floats, Floats]
"""Rows and columns of one shape."""
Locate: TypeAlias = Callable[[Floats, Floats], Positions]


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

    locate: Locate
    factor: tuple[int, int]
    shape: tuple[int, int]
    step: int
    translation: tuple[float, float] | None

    def nodes(self, window: Window) -> tuple[Floats, Floats, tuple[int, int]]:
        """Positions in the file at the nodes around a window.

        Parameters
        ----------
        window : Window
            Of the grid; may reach beyond it.

        Returns
        -------
        rows, columns : float64 (node row, node column)
            In blocks of `factor`, whole numbers at their centres; not finite where the file's CRS has no such place.
        first : (int, int)
            Rows and columns from the first node to the window's first pixel.
        """
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


def pixel_map_of(
    raster: Raster, grid: Grid, displacement: Displacement, resolution_m: float | None, *, classes: bool = False
) -> PixelMap:
    """The map of a file, made once for each thread.

    Parameters
    ----------
    raster : Raster
        The file's header.
    grid : Grid
        The common grid.
    displacement : Displacement
        Where the file's content lies against the reference.
    resolution_m : float or None
        Ground size to which the file's pixels are averaged where it is coarser than the grid's.
    classes : bool
        Whether the file holds classes, which are never averaged.

    Returns
    -------
    PixelMap
        From the grid to the file.
    """
    known = _local.maps
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


def _translation(locate: Locate, grid: Grid, factor: tuple[int, int]) -> tuple[float, float] | None:
    """Rows and columns between grid and file where that is all, to 1/4096 px over the whole grid."""
    height, width = grid.shape
    corners_y, corners_x = np.array([0.0, 0.0, height, height]), np.array([0.0, width, 0.0, width])
    rows, columns = _in_blocks(locate(corners_y, corners_x), factor)
    off_y, off_x = rows - corners_y, columns - corners_x
    if np.ptp(off_y) + np.ptp(off_x) > 0.5 / resampling.STEPS_PER_PX:
        return None
    steps = resampling.STEPS_PER_PX
    return round(float(off_y[0]) * steps) / steps, round(float(off_x[0]) * steps) / steps


def _sample_rows(grid: Grid, count: int) -> Positions:
    height, width = grid.shape
    rows, columns = np.meshgrid(
        np.linspace(0, max(height - 1, 1), count), np.linspace(0, max(width - 1, 1), count), indexing="ij"
    )
    return rows.ravel(), columns.ravel()


def _spans(locate: Locate, grid: Grid) -> tuple[float, float]:
    """Median number of file rows and columns that a pixel of the grid spans."""
    rows, columns = _sample_rows(grid, 5)
    with np.errstate(invalid="ignore"):
        at, down, right = locate(rows, columns), locate(rows + 1, columns), locate(rows, columns + 1)
        spans = [np.hypot(down[k] - at[k], right[k] - at[k]) for k in (0, 1)]
    good = np.isfinite(spans[0]) & np.isfinite(spans[1])
    if not good.any():
        return 1.0, 1.0
    return float(np.median(spans[0][good])), float(np.median(spans[1][good]))


def _node_step(locate: Locate, grid: Grid, factor: tuple[int, int]) -> int:
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


def _locator(raster: Raster, grid: Grid, displacement: Displacement) -> Locate:
    """From grid pixels to file pixels."""
    place = _placer(raster)
    same = same_crs(grid.crs, raster.frame.crs)
    t = grid.transform

    def locate(rows: Floats, columns: Floats) -> Positions:
        east = t.c + t.a * (columns + 0.5) + t.b * (rows + 0.5)
        north = t.f + t.d * (columns + 0.5) + t.e * (rows + 0.5)
        if not displacement.is_zero:
            off_east, off_north = displacement.on_pixels(rows, columns, grid.resolution_m)
            east, north = east + off_east, north + off_north
        if not same:
            east, north = transform_xy(grid.crs, raster.frame.crs, east, north)
        return place(east, north)

    return locate


def _placer(raster: Raster) -> Locate:
    """From coordinates in the file's CRS to its pixels."""
    if raster.gcps or raster.rpcs is not None:
        return _inexact_placer(raster)
    inverse = ~raster.frame.transform
    middle = pixel_edges_xy(raster.frame.transform, raster.frame.width / 2, raster.frame.height / 2)
    geographic = is_geographic(raster.frame.crs)

    def place(x: Floats, y: Floats) -> Positions:
        if geographic:
            # The same meridian has many names; the one nearest to the middle of the file is meant.
            with np.errstate(invalid="ignore"):
                x = x + 360.0 * np.round((middle[0] - x) / 360.0)
        columns = inverse.a * x + inverse.b * y + inverse.c - 0.5
        rows = inverse.d * x + inverse.e * y + inverse.f - 0.5
        return rows, columns

    return place


def _inexact_placer(raster: Raster) -> Locate:
    """By ground control points (a polynomial; thin-plate splines for a dense net) or by RPCs at their mean height."""
    if raster.gcps:
        points = [rasterio.control.GroundControlPoint(*point) for point in raster.gcps]
        transformer: rasterio.transform.TransformerBase = rasterio.transform.GCPTransformer(
            points, tps=len(points) >= THIN_PLATE_POINTS
        )
    else:
        rpcs = rasterio.rpc.RPC(**(raster.rpcs or {}))
        transformer = rasterio.transform.RPCTransformer(rpcs, rpc_height=rpcs.height_off)

    def place(x: Floats, y: Floats) -> Positions:
        rows, columns = np.full(x.size, np.nan), np.full(x.size, np.nan)
        good = np.isfinite(x.ravel()) & np.isfinite(y.ravel())
        if good.any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", rasterio.errors.TransformWarning)
                found = transformer.rowcol(x.ravel()[good], y.ravel()[good], op=np.positive)
            rows[good], columns[good] = np.asarray(found[0], float) - 0.5, np.asarray(found[1], float) - 0.5
        return rows.reshape(x.shape), columns.reshape(x.shape)

    return place
