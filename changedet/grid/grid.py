"""The common grid: its pixels on the ground, the area of interest on them; a thin layer over odc-geo's GeoBox."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.blocks import Window
from changedet.grid.geodesy import ground_pixel_m2, pixel_edges_xy
from changedet.json_types import JsonObject

if TYPE_CHECKING:
    import xarray as xr

_ROUNDED: Final = 1e-6
"""Of a pixel, by which a number of pixels may exceed a whole one for rounding alone."""
_AOI_CELL_PX: Final = 512
"""Side of the cells in which areas are burnt into pixels, so that the result does not depend on windows."""
_RASTERIZING: Final = threading.Lock()
"""rasterio silences a warning of its own for the whole process while it rasterizes: threads would undo each other's."""


@dataclass(frozen=True)
class Grid:
    """The pixels that all dates share: north-up, in metres.

    Attributes
    ----------
    crs : str
        A CRS projected in metres.
    transform : Affine
        From pixel (column, row), edges at whole numbers, to the CRS.
    shape : (int, int)
        Rows and columns.
    aoi : shapely geometry or None
        The area of interest in the grid's CRS; None where it is all of the grid.
    """

    crs: str
    transform: Affine
    shape: tuple[int, int]
    aoi: BaseGeometry | None = None

    @property
    def resolution_m(self) -> float:
        """Pixel size in units of the CRS."""
        return math.sqrt(abs(self.transform.a * self.transform.e))

    @cached_property
    def ground_resolution_m(self) -> float:
        """Pixel size on the ground at the grid's centre, geodesic."""
        return math.sqrt(ground_pixel_m2(self.crs, self.transform, self.shape[0] / 2, self.shape[1] / 2))

    @property
    def ground_metre(self) -> float:
        """A metre on the ground in units of the CRS, to a hundredth: 1 in a CRS that is true to scale within that."""
        return round(self.resolution_m / self.ground_resolution_m, 2)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge in the CRS."""
        return self.window_bounds(Window(0, 0, *self.shape))

    @property
    def area(self) -> BaseGeometry:
        """The area of interest, or the grid's rectangle where none was given."""
        return self.aoi if self.aoi is not None else shapely.box(*self.bounds)

    def window_bounds(self, window: Window) -> tuple[float, float, float, float]:
        """The edges of a window.

        Parameters
        ----------
        window : Window
            May reach beyond the grid.

        Returns
        -------
        (float, float, float, float)
            West, south, east, north, in the CRS.
        """
        west, north = pixel_edges_xy(self.transform, window.x, window.y)
        east, south = pixel_edges_xy(self.transform, window.x + window.width, window.y + window.height)
        return west, south, east, north

    def window_transform(self, window: Window) -> Affine:
        """The transform of a window's own pixels.

        Parameters
        ----------
        window : Window
            May reach beyond the grid.

        Returns
        -------
        Affine
            From (column, row) in the window to the CRS.
        """
        west, north = pixel_edges_xy(self.transform, window.x, window.y)
        return Affine(self.transform.a, self.transform.b, west, self.transform.d, self.transform.e, north)

    def window_about(self, geometry: BaseGeometry) -> Window:
        """The pixels of the grid that a geometry touches.

        Parameters
        ----------
        geometry : shapely geometry
            In the grid's CRS, not empty.

        Returns
        -------
        Window
            Within the grid; empty where the geometry lies beyond it.
        """
        west, south, east, north = geometry.bounds
        t, (height, width) = self.transform, self.shape
        y0, y1 = (min(max(v, 0), height) for v in (math.floor((north - t.f) / t.e), math.ceil((south - t.f) / t.e)))
        x0, x1 = (min(max(v, 0), width) for v in (math.floor((west - t.c) / t.a), math.ceil((east - t.c) / t.a)))
        return Window(y0, x0, y1 - y0, x1 - x0)

    def widened(self, side_m: float) -> Grid:
        """The grid with a margin of whole pixels around an area of interest that is small.

        Parameters
        ----------
        side_m : float
            That the grid has at least, on the ground.

        Returns
        -------
        Grid
            Without an area of interest; the grid itself where no area of interest was given, or it is as large.
        """
        least = math.ceil(side_m / self.ground_resolution_m)
        rows, columns = (max(0, -(-(least - size) // 2)) for size in self.shape)
        if self.aoi is None or not (rows or columns):
            return self
        height, width = self.shape
        window = Window(-rows, -columns, height + 2 * rows, width + 2 * columns)
        return Grid(self.crs, self.window_transform(window), (window.height, window.width))

    def coarsened(self, factor: int) -> Grid:
        """The grid of larger pixels from the same corner.

        Parameters
        ----------
        factor : int
            Pixels on a side of one of the new ones.

        Returns
        -------
        Grid
            Its last rows and columns may reach beyond this one.
        """
        t = self.transform
        transform = Affine(t.a * factor, t.b * factor, t.c, t.d * factor, t.e * factor, t.f)
        return Grid(self.crs, transform, (-(-self.shape[0] // factor), -(-self.shape[1] // factor)), self.aoi)

    def in_pixels_of(self, ground_m: float) -> Grid:
        """The grid of pixels of a size on the ground, from the same corner.

        Parameters
        ----------
        ground_m : float
            Side of a pixel, metres.

        Returns
        -------
        Grid
            Its last row and column may reach beyond this one.
        """
        factor = ground_m / self.ground_resolution_m
        shape = tuple(math.ceil(n / factor - _ROUNDED) for n in self.shape)
        return Grid(self.crs, self.transform @ Affine.scale(factor), (shape[0], shape[1]), self.aoi)

    def inside(self, window: Window, geometry: BaseGeometry | None = None) -> Bools:
        """Which pixels of a window have their centre in the area of interest, or in another geometry of the grid's CRS.

        Parameters
        ----------
        window : Window
            May reach beyond the grid.
        geometry : shapely geometry, optional
            In the grid's CRS; by default the area of interest.

        Returns
        -------
        bool (y, x)
            False beyond the grid; the same for a pixel in whatever window holds it.
        """
        out = np.zeros(window.shape, bool)
        top, left = max(window.y, 0), max(window.x, 0)
        bottom = min(window.y + window.height, self.shape[0])
        right = min(window.x + window.width, self.shape[1])
        shape = self.aoi if geometry is None else geometry
        # A fixed lattice of cells: borderline centres then fall on the same side whatever the window is.
        for y in range(top - top % _AOI_CELL_PX, bottom, _AOI_CELL_PX):
            for x in range(left - left % _AOI_CELL_PX, right, _AOI_CELL_PX):
                y0, y1 = max(y, top), min(y + _AOI_CELL_PX, bottom)
                x0, x1 = max(x, left), min(x + _AOI_CELL_PX, right)
                cell = Window(y, x, _AOI_CELL_PX, _AOI_CELL_PX)
                burnt = True if shape is None else self._burn(shape, cell)[y0 - y : y1 - y, x0 - x : x1 - x]
                out[y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = burnt
        return out

    def _burn(self, geometry: BaseGeometry, cell: Window) -> Bools:
        # The cost is of all corners that are handed on, and a site's ground has a hundred thousand.
        parts = shapely.get_parts(geometry)
        near = parts[shapely.intersects(parts, shapely.box(*self.window_bounds(cell)))]
        if not len(near):
            return np.zeros(cell.shape, bool)
        return _rasterized([(part, 1) for part in near], self.window_transform(cell), "uint8") > 0

    def burn(self, shapes: Sequence[tuple[BaseGeometry, int]], window: Window) -> NDArray[np.int32]:
        """Numbered geometries on a window's pixels, by pixel centre.

        Parameters
        ----------
        shapes : sequence of (shapely geometry, int)
            In the grid's CRS, with the number of each; later ones lie on top.
        window : Window
            May reach beyond the grid.

        Returns
        -------
        int32 (y, x)
            0 where none is.
        """
        out = np.zeros(window.shape, np.int32)
        outlines = np.array([shape for shape, _ in shapes], object)
        # On the lattice of `inside`, and for the same reason.
        for y in range(window.y - window.y % _AOI_CELL_PX, window.y + window.height, _AOI_CELL_PX):
            for x in range(window.x - window.x % _AOI_CELL_PX, window.x + window.width, _AOI_CELL_PX):
                cell = Window(y, x, _AOI_CELL_PX, _AOI_CELL_PX)
                near = np.flatnonzero(shapely.intersects(outlines, shapely.box(*self.window_bounds(cell))))
                if not len(near):
                    continue
                burnt = _rasterized([shapes[int(k)] for k in near], self.window_transform(cell), "int32")
                y0, y1 = max(y, window.y), min(y + _AOI_CELL_PX, window.y + window.height)
                x0, x1 = max(x, window.x), min(x + _AOI_CELL_PX, window.x + window.width)
                out[y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = burnt[
                    y0 - y : y1 - y, x0 - x : x1 - x
                ]
        return out

    def outlines(self, chosen: Bools, row: int, column: int) -> list[BaseGeometry]:
        """Polygons along the edges of chosen pixels.

        Parameters
        ----------
        chosen : bool (y, x)
            Pixels of a window.
        row, column : int
            Where the window begins in the grid.

        Returns
        -------
        list of shapely geometry
            In the CRS, one for each group of pixels that share edges.
        """
        window = Window(row, column, *chosen.shape)
        found = rasterio.features.shapes(
            chosen.astype(np.uint8), mask=chosen, connectivity=4, transform=self.window_transform(window)
        )
        outlines = [outline["coordinates"] for outline, _ in found]
        if not outlines:
            return []
        rings = [ring for outline in outlines for ring in outline]
        corners = np.array([*chain.from_iterable(rings)], np.float64)
        lines = np.asarray(shapely.linearrings(corners, indices=np.repeat(np.arange(len(rings)), [*map(len, rings)])))
        # Of each outline the first ring is its shell, the others are holes.
        of_ring = np.repeat(np.arange(len(outlines)), [*map(len, outlines)])
        return list(np.asarray(shapely.polygons(lines, indices=of_ring), object))

    def coords(self, window: Window | None = None) -> dict[str, xr.DataArray]:
        """Coordinates for a DataArray on this grid or on a window of it.

        Parameters
        ----------
        window : Window, optional
            By default the whole grid.

        Returns
        -------
        dict of str to xarray.DataArray
            ``y`` and ``x`` of the pixels' centres, and ``spatial_ref``.
        """
        # Imported here: it takes half a second with what it needs, and a run has no use for it.
        from odc.geo.geobox import GeoBox
        from odc.geo.xr import xr_coords

        window = window or Window(0, 0, *self.shape)
        box = GeoBox(window.shape, self.window_transform(window), self.crs)
        return dict(xr_coords(box, always_yx=True))

    def to_json(self) -> JsonObject:
        """The grid as JSON.

        Returns
        -------
        dict
            What `from_json` takes, and the pixel size.
        """
        return {
            "crs": self.crs,
            "transform": list(self.transform)[:6],
            "shape": list(self.shape),
            "resolution_m": self.resolution_m,
            "aoi": None if self.aoi is None else shapely.to_wkt(self.aoi, rounding_precision=-1),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grid:
        """The grid that `to_json` gave.

        Parameters
        ----------
        data : mapping
            Its keys and values.

        Returns
        -------
        Grid
            The same to the last digit.
        """
        aoi = data.get("aoi")
        rows, columns = data["shape"]
        transform = Affine(*data["transform"])
        return cls(data["crs"], transform, (int(rows), int(columns)), None if aoi is None else shapely.from_wkt(aoi))


def _rasterized(shapes: Sequence[tuple[BaseGeometry, int]], transform: Affine, dtype: str) -> NDArray[np.int32]:
    """Numbers (cell, cell) of geometries on the pixels of one cell, later ones on top."""
    side = _AOI_CELL_PX
    with _RASTERIZING:
        burnt: NDArray[np.int32] = rasterio.features.rasterize(shapes, (side, side), transform=transform, dtype=dtype)
    return burnt
