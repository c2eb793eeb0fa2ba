"""A grid in Web Mercator at 55 degrees north, where a metre on the ground is 1.74 units of the CRS."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import xarray as xr
from affine import Affine

from changedet.grid import Grid

WEST, NORTH = 1_000_000.0, 7_361_866.0
UNIT = 1.74
"""A metre on the ground in units of the CRS."""


def mercator_grid(rows: int, columns: int, *, pixel: float = 1.0) -> Grid:
    """From that corner, its pixels in units of the CRS."""
    grid = Grid("EPSG:3857", Affine(pixel, 0, WEST, 0, -pixel, NORTH), (rows, columns))
    assert abs(grid.ground_metre - UNIT) < 0.02
    return grid


def to_mercator(points: np.ndarray, origin: tuple[float, float]) -> np.ndarray:
    """Points of a CRS that is true to scale, the origin in that corner and as far apart on the ground as they are."""
    return (points - origin) * UNIT + (WEST, NORTH)


def from_mercator(points: np.ndarray, origin: tuple[float, float]) -> np.ndarray:
    """What `to_mercator` was given."""
    return (points - (WEST, NORTH)) / UNIT + origin


def in_mercator(table: gpd.GeoDataFrame, origin: tuple[float, float]) -> gpd.GeoDataFrame:
    """A table whose geometry is moved by `to_mercator`."""
    corner = to_mercator(np.zeros(2), origin)
    moved = table.geometry.affine_transform([UNIT, 0, 0, UNIT, *corner])
    return table.set_geometry(moved.set_crs("EPSG:3857", allow_override=True))


def image_in_mercator(image: xr.DataArray) -> xr.DataArray:
    """An image without a CRS from that corner, its pixels as large on the ground as they were."""
    place = {"y": NORTH + UNIT * image["y"].values, "x": WEST + UNIT * image["x"].values, "spatial_ref": 0}
    moved = image.assign_coords(place)
    moved["spatial_ref"].attrs["crs_wkt"] = pyproj.CRS("EPSG:3857").to_wkt()
    return moved
