"""Where the pixels of a raster file lie on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats
from changedet.grid.geodesy import ground_pixel_m2, is_geographic, pixel_edges_xy, transform_xy

FARTHEST_LATITUDE: Final = 91.0
"""Degrees; what reaches farther beyond a pole is no place."""
_LATTICE: Final = 65
"""Points along a side of those that stand for all of a raster."""


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
        True where ground control points or RPCs place the pixels, and the transform is only near.
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
        """The raster's outline as a polygon.

        Parameters
        ----------
        crs : str, optional
            Of the outline; by default the raster's.
        points : int
            Corners along each side, so that straight sides may become curved in another CRS.

        Returns
        -------
        shapely.Polygon
            Longitudes may go beyond 180 degrees. Where the sides have no place there (a disk in space), what surrounds
            the pixels that have one; empty where less than three have.
        """
        along = np.linspace(0.0, 1.0, points, endpoint=False)
        nought, one = np.zeros(points), np.ones(points)
        u = np.concatenate([along, one, 1 - along, nought]) * self.width
        v = np.concatenate([nought, along, one, 1 - along]) * self.height
        x, y = self._places(crs or self.crs, u, v)
        if crs is None or crs == self.crs:
            return shapely.Polygon(np.column_stack([x, y]))
        if not (np.isfinite(x) & np.isfinite(y)).all():
            return self._hull(crs)
        if is_geographic(crs):
            x = np.rad2deg(np.unwrap(np.deg2rad(x)))
        return shapely.Polygon(np.column_stack([x, y]))

    def lattice(self, crs: str) -> tuple[Floats, Floats]:
        """Places of points throughout the raster, its corners among them.

        Parameters
        ----------
        crs : str
            Of the places.

        Returns
        -------
        x, y : float64 (n,)
            Infinite where the CRS has no such place.
        """
        u, v = np.meshgrid(np.linspace(0.0, self.width, _LATTICE), np.linspace(0.0, self.height, _LATTICE))
        return self._places(crs, u.ravel(), v.ravel())

    def _places(self, crs: str, column: Floats, row: Floats) -> tuple[Floats, Floats]:
        x, y = pixel_edges_xy(self.transform, column, row)
        if is_geographic(self.crs):
            # Grids whose first row is centred on a pole reach half a pixel beyond it.
            y = np.where(np.abs(y) <= FARTHEST_LATITUDE, np.clip(y, -90.0, 90.0), y)
        return transform_xy(self.crs, crs, x, y)

    def _hull(self, crs: str) -> BaseGeometry:
        """What surrounds the pixels that have a place in a CRS."""
        x, y = self.lattice(crs)
        good = np.isfinite(x) & np.isfinite(y)
        hull = shapely.MultiPoint(np.column_stack([x, y])[good]).convex_hull
        return hull if hull.geom_type == "Polygon" else shapely.Polygon()

    @cached_property
    def gsd_m(self) -> float:
        """Ground sampling distance in metres: the geodesic size of the pixel at the raster's centre."""
        return math.sqrt(ground_pixel_m2(self.crs, self.transform, self.height / 2, self.width / 2))
