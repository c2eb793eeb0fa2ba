"""The common grid: which CRS, which pixels, what of them is the area of interest, how much ground they cover.

A thin layer over odc-geo's GeoBox. Where vector areas come from is in `changedet.vectors`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyproj
import rasterio.features
import shapely
import shapely.geometry
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.errors import InputError, Problem
from changedet.grid.displacement import Displacement, Shift
from changedet.grid.geodesy import (
    LONLAT,
    area_scale,
    auto_crs,
    ground_area_m2,
    ground_pixel_m2,
    is_metric,
    place,
    same_crs,
    transform_xy,
)

__all__ = [
    "Displacement",
    "Frame",
    "Grid",
    "Shift",
    "auto_crs",
    "ground_area_m2",
    "make_grid",
    "pixel_area_m2",
    "same_crs",
    "transform_xy",
]

MAX_PIXELS = 1 << 33
_AOI_CELL_PX = 512


@dataclass(frozen=True)
class Frame:
    """Where a raster's pixels lie: the part of its header that the grid depends on.

    Attributes
    ----------
    crs : str
        As ``EPSG:code`` where there is one, else WKT.
    transform : Affine
        From pixel (column, row), edges at whole numbers, to the CRS.
    width, height : int
        In pixels.
    approximate : bool
        True where ground control points or RPCs tell more than the transform.
    """

    crs: str
    transform: Affine
    width: int
    height: int
    approximate: bool = False

    @property
    def is_north_up(self) -> bool:
        """Whether rows run south and columns east, along the axes of the CRS."""
        t = self.transform
        return not self.approximate and abs(t.b) + abs(t.d) < 1e-9 * (abs(t.a) + abs(t.e)) and t.a > 0 > t.e

    def outline(self, crs: str | None = None, *, points: int = 16) -> BaseGeometry:
        """The raster's outline as a polygon, in another CRS where given; longitudes may go beyond 180 degrees."""
        along = np.linspace(0.0, 1.0, points, endpoint=False)
        nought, one = np.zeros(points), np.ones(points)
        u = np.concatenate([along, one, 1 - along, nought]) * self.width
        v = np.concatenate([nought, along, one, 1 - along]) * self.height
        x, y = place(self.transform, u, v)
        if crs is None or crs == self.crs:
            return shapely.Polygon(np.column_stack([x, y]))
        x, y = transform_xy(self.crs, crs, x, y)
        if pyproj.CRS(crs).is_geographic:
            x = np.rad2deg(np.unwrap(np.deg2rad(x)))
        good = np.isfinite(x) & np.isfinite(y)
        return shapely.Polygon(np.column_stack([x, y])[good]) if good.sum() > 2 else shapely.Polygon()

    @cached_property
    def gsd_m(self) -> float:
        """Ground sampling distance in metres: the geodesic size of the pixel at the raster's centre."""
        return math.sqrt(ground_pixel_m2(self.crs, self.transform, self.height / 2, self.width / 2))


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
    def geobox(self) -> GeoBox:
        return GeoBox(self.shape, self.transform, self.crs)

    @property
    def resolution_m(self) -> float:
        """Pixel size in units of the CRS."""
        return math.sqrt(abs(self.transform.a * self.transform.e))

    @cached_property
    def ground_resolution_m(self) -> float:
        """Pixel size on the ground at the grid's centre, geodesic."""
        return math.sqrt(ground_pixel_m2(self.crs, self.transform, self.shape[0] / 2, self.shape[1] / 2))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return self.window_bounds(Window(0, 0, *self.shape))

    @property
    def area(self) -> BaseGeometry:
        """The area of interest, or the grid's rectangle where none was given."""
        return self.aoi if self.aoi is not None else shapely.box(*self.bounds)

    def window_bounds(self, window: Window) -> tuple[float, float, float, float]:
        """West, south, east and north edge of a window in the CRS."""
        west, north = place(self.transform, window.x, window.y)
        east, south = place(self.transform, window.x + window.width, window.y + window.height)
        return west, south, east, north

    def window_transform(self, window: Window) -> Affine:
        """The transform of a window's own pixels."""
        west, north = place(self.transform, window.x, window.y)
        return Affine(self.transform.a, self.transform.b, west, self.transform.d, self.transform.e, north)

    def coarsened(self, factor: int) -> Grid:
        """The grid of blocks of `factor` by `factor` pixels from the same corner; the last ones may reach beyond."""
        t = self.transform
        transform = Affine(t.a * factor, t.b * factor, t.c, t.d * factor, t.e * factor, t.f)
        return Grid(self.crs, transform, (-(-self.shape[0] // factor), -(-self.shape[1] // factor)), self.aoi)

    def inside(self, window: Window, geometry: BaseGeometry | None = None) -> NDArray[np.bool_]:
        """Which pixels of a window have their centre in the area of interest, or in another geometry of the grid's CRS.

        Returns
        -------
        bool (y, x)
            False beyond the grid; the same for a pixel in whatever window it is asked for.
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

    def _burn(self, geometry: BaseGeometry, cell: Window) -> NDArray[np.bool_]:
        box = shapely.box(*self.window_bounds(cell))
        if geometry.is_empty or not geometry.intersects(box):
            return np.zeros(cell.shape, bool)
        transform = self.window_transform(cell)
        burnt: NDArray[np.uint8] = rasterio.features.rasterize(
            [geometry], cell.shape, transform=transform, dtype="uint8"
        )
        return burnt > 0

    def burn(self, shapes: Sequence[tuple[BaseGeometry, int]], window: Window) -> NDArray[np.int32]:
        """Numbered geometries of the grid's CRS on a window's pixels, by pixel centre: int32 (y, x), 0 is none."""
        burnt: NDArray[np.int32] = rasterio.features.rasterize(
            shapes, window.shape, transform=self.window_transform(window), dtype="int32"
        )
        return burnt

    def outlines(self, chosen: NDArray[np.bool_], row: int, column: int) -> list[BaseGeometry]:
        """Polygons along the edges of chosen pixels (y, x), whose first is at `row` and `column`, in the CRS."""
        window = Window(row, column, *chosen.shape)
        found = rasterio.features.shapes(
            chosen.astype(np.uint8), mask=chosen, connectivity=4, transform=self.window_transform(window)
        )
        return [shapely.geometry.shape(outline) for outline, _ in found]

    def coords(self, window: Window | None = None) -> dict[str, xr.DataArray]:
        """``y``, ``x`` (pixel centres) and ``spatial_ref`` for a DataArray on this grid or on a window of it."""
        window = window or Window(0, 0, *self.shape)
        box = GeoBox(window.shape, self.window_transform(window), self.crs)
        return dict(xr_coords(box, always_yx=True))

    def to_json(self) -> dict[str, Any]:
        """Numbers, lists and strings only."""
        return {
            "crs": self.crs,
            "transform": list(self.transform)[:6],
            "shape": list(self.shape),
            "resolution_m": self.resolution_m,
            "aoi": None if self.aoi is None else shapely.to_wkt(self.aoi, rounding_precision=-1),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grid:
        """What `to_json` gave, back."""
        aoi = data.get("aoi")
        rows, columns = data["shape"]
        transform = Affine(*data["transform"])
        return cls(data["crs"], transform, (int(rows), int(columns)), None if aoi is None else shapely.from_wkt(aoi))


def make_grid(
    reference: Frame,
    *,
    crs: str | int = "auto",
    resolution: float | str = "auto",
    aoi: BaseGeometry | None = None,
    aoi_crs: str = LONLAT,
    finest: Frame | None = None,
) -> Grid:
    """The common grid of a site.

    Parameters
    ----------
    reference : Frame
        The reference scene's.
    crs : str or int
        ``auto`` or a CRS projected in metres.
    resolution : float or str
        Metres, or ``auto`` for the finest scene's.
    aoi : shapely geometry, optional
        In `aoi_crs`; by default the reference scene's extent.
    finest : Frame, optional
        The scene with the smallest ground sampling distance; by default the reference.

    Returns
    -------
    Grid
        North-up. Where CRS and resolution agree with the reference's its edges are the reference's, else multiples of
        the resolution.

    Raises
    ------
    InputError
        Where the CRS is not projected in metres, the resolution is not above 0, the AOI is empty or cannot be
        projected, or the grid would be absurdly large.
    """
    outline = reference.outline(LONLAT)
    centre = _centre(aoi, aoi_crs) if aoi is not None and not aoi.is_empty else (outline.centroid.x, outline.centroid.y)
    target = auto_crs(reference.crs, *centre) if crs == "auto" else _checked_crs(crs)
    pixel = _resolution(resolution, target, finest or reference, centre)
    same = reference.is_north_up and same_crs(target, reference.crs)
    agrees = same and all(
        abs(size / own - 1) * max(reference.width, reference.height) < 1e-2
        for size, own in zip(pixel, (reference.transform.a, -reference.transform.e), strict=True)
    )
    if agrees:
        target, pixel = reference.crs, (reference.transform.a, -reference.transform.e)
    area = _project(aoi, aoi_crs, target) if aoi is not None else None
    extent = area if area is not None else _whole(reference, target, agrees=agrees)
    origin = (reference.transform.c, reference.transform.f) if agrees else (0.0, 0.0)
    transform, shape = _snapped(extent.bounds, pixel, origin)
    _check_size(shape, pixel)
    return Grid(target, transform, shape, area if area is not None or agrees else extent)


def pixel_area_m2(grid: Grid) -> NDArray[np.float64]:
    """Ground area of a pixel in each row of the grid, at its middle column: float64 (rows,), geodesic."""
    rows = np.unique(np.linspace(0, grid.shape[0], 33).round().astype(int))
    areas = [ground_pixel_m2(grid.crs, grid.transform, row, grid.shape[1] / 2) for row in rows]
    result: NDArray[np.float64] = np.interp(np.arange(grid.shape[0]) + 0.5, rows, areas)
    return result


def _centre(aoi: BaseGeometry, crs: str) -> tuple[float, float]:
    point = shapely.box(*aoi.bounds).centroid
    lon, lat = transform_xy(crs, LONLAT, [point.x], [point.y])
    return float(lon[0]), float(lat[0])


def _checked_crs(crs: str | int) -> str:
    try:
        parsed = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(
            Problem(f"no such CRS '{crs}', expected a projected EPSG code such as EPSG:32633", "grid.crs")
        ) from None
    if not is_metric(parsed.to_wkt()):
        raise InputError(
            Problem(f"{crs} ({parsed.name}) is not projected in metres; give such a CRS, or auto", "grid.crs")
        )
    return parsed.to_string() if parsed.to_epsg() is None else f"EPSG:{parsed.to_epsg()}"


def _resolution(resolution: float | str, crs: str, finest: Frame, centre: tuple[float, float]) -> tuple[float, float]:
    if resolution != "auto":
        size = float(resolution)
        if not (math.isfinite(size) and size > 0):
            raise InputError(Problem(f"must be above 0 metres, not {resolution}", "grid.resolution"))
        return size, size
    own = (finest.transform.a, -finest.transform.e)
    if finest.is_north_up and same_crs(crs, finest.crs) and abs(own[0] / own[1] - 1) < 0.02:
        return own
    ground = finest.gsd_m
    native = math.sqrt(abs(finest.transform.determinant))
    if is_metric(finest.crs) and abs(native / ground - 1) < 0.01:
        ground = native
    x, y = transform_xy(LONLAT, crs, [centre[0]], [centre[1]])
    # Metres of some CRSs (Web Mercator's) are not metres on the ground.
    scale = 1 / math.sqrt(area_scale(crs, float(x[0]), float(y[0])))
    size = float(f"{ground * (scale if abs(scale - 1) > 0.01 else 1.0):.4g}")
    return size, size


def _whole(reference: Frame, target: str, *, agrees: bool) -> BaseGeometry:
    """The reference scene's outline in the grid's CRS, where that can hold it."""
    outline = reference.outline(target)
    if agrees or same_crs(reference.crs, target):
        return outline
    own = reference.outline()
    back = shapely.transform(
        outline, lambda xy: np.column_stack(transform_xy(target, reference.crs, xy[:, 0], xy[:, 1]))
    )
    off = np.inf if back.is_empty else np.max(np.abs(np.subtract(back.bounds, own.bounds)))
    turned = abs(off - 360.0) < 1e-3 or abs(off - 720.0) < 1e-3
    if not turned and not off <= 0.01 * max(own.bounds[2] - own.bounds[0], own.bounds[3] - own.bounds[1]):
        message = f"the reference scene is too wide for {target}; give an area of interest, or grid.crs"
        raise InputError(Problem(message, "site.aoi"))
    return outline


def _project(aoi: BaseGeometry, crs: str, target: str) -> BaseGeometry:
    if aoi.is_empty:
        raise InputError(Problem("the area is empty", "site.aoi"))
    west, south, east, north = aoi.bounds
    dense = shapely.segmentize(aoi, max(east - west, north - south) / 64) if not same_crs(crs, target) else aoi
    moved = shapely.transform(dense, lambda xy: np.column_stack(transform_xy(crs, target, xy[:, 0], xy[:, 1])))
    if not np.all(np.isfinite(moved.bounds)):
        raise InputError(Problem(f"the area {tuple(aoi.bounds)} in {crs} cannot be projected to {target}", "site.aoi"))
    return moved if moved.is_valid else shapely.make_valid(moved)


def _snapped(
    bounds: tuple[float, ...], pixel: tuple[float, float], origin: tuple[float, float]
) -> tuple[Affine, tuple[int, int]]:
    """Bounds snapped outward to pixel edges; a thousandth of a pixel is rounding, not an extent."""
    if not np.all(np.isfinite(bounds)):
        raise InputError(
            Problem("the reference scene's extent cannot be projected to the grid's CRS; give an aoi", "site.aoi")
        )
    west = math.floor((bounds[0] - origin[0]) / pixel[0] + 1e-3)
    east = math.ceil((bounds[2] - origin[0]) / pixel[0] - 1e-3)
    north = math.floor((origin[1] - bounds[3]) / pixel[1] + 1e-3)
    south = math.ceil((origin[1] - bounds[1]) / pixel[1] - 1e-3)
    transform = Affine(pixel[0], 0.0, origin[0] + west * pixel[0], 0.0, -pixel[1], origin[1] - north * pixel[1])
    return transform, (max(south - north, 1), max(east - west, 1))


def _check_size(shape: tuple[int, int], pixel: tuple[float, float]) -> None:
    if shape[0] * shape[1] > MAX_PIXELS or max(shape) > 1 << 20:
        height, width = shape[0] * pixel[1] / 1000, shape[1] * pixel[0] / 1000
        raise InputError(
            Problem(
                f"the grid would have {shape[1]:.7g} x {shape[0]:.7g} pixels of {pixel[0]:g} m, "
                f"{width:.4g} x {height:.4g} km, more than {MAX_PIXELS:.2g}; give a smaller aoi or a coarser "
                "grid.resolution",
                "site.aoi",
            )
        )
