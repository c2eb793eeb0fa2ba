"""Where the pixels of a raster file lie on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from changedet.grid.geodesy import ground_pixel_m2, is_geographic, pixel_edges_xy, transform_xy


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
            Longitudes may go beyond 180 degrees; empty where the CRS holds less than three corners.
        """
        along = np.linspace(0.0, 1.0, points, endpoint=False)
        nought, one = np.zeros(points), np.ones(points)
        u = np.concatenate([along, one, 1 - along, nought]) * self.width
        v = np.concatenate([nought, along, one, 1 - along]) * self.height
        x, y = pixel_edges_xy(self.transform, u, v)
        if crs is None or crs == self.crs:
            return shapely.Polygon(np.column_stack([x, y]))
        x, y = transform_xy(self.crs, crs, x, y)
        if is_geographic(crs):
            x = np.rad2deg(np.unwrap(np.deg2rad(x)))
        good = np.isfinite(x) & np.isfinite(y)
        return shapely.Polygon(np.column_stack([x, y])[good]) if good.sum() > 2 else shapely.Polygon()

    @cached_property
    def gsd_m(self) -> float:
        """Ground sampling distance in metres: the geodesic size of the pixel at the raster's centre."""
        return math.sqrt(ground_pixel_m2(self.crs, self.transform, self.height / 2, self.width / 2))
