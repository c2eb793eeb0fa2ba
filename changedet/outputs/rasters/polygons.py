"""Regions of pixels, tile by tile, to polygons: the same ones however the image was cut."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import shapes, sieve
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Floats


def polygonise(
    tiles: Iterable[tuple[int, int, NDArray[np.int32]]], transform: Affine, crs: str | CRS | None = None
) -> gpd.GeoDataFrame:
    """Outline the regions of an image that comes in tiles.

    Parameters
    ----------
    tiles : iterable of (y, x, ids)
        The tile's first row and column in the whole image, and for each of its pixels, int32 (y, x), the region's
        number; 0 is none. One tile is held at a time, beside the outlines.
    transform : affine.Affine
        Of the whole image: pixel corners to coordinates.
    crs : str or CRS, optional
        Of those coordinates.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``change_id`` (int64, ascending) and ``geometry``: a polygon along pixel edges without vertices on
        straight lines, or a multipolygon where parts touch at corners alone. Empty and typed where there is no region.
    """
    parts: dict[int, list[BaseGeometry]] = {}
    for y, x, ids in tiles:
        for outline, number in _outlines(ids, y, x):
            parts.setdefault(number, []).append(outline)
    numbers = sorted(parts)
    geometries = [_merged(parts[number]) for number in numbers]
    geometries = [shapely.transform(geometry, lambda points: _project(points, transform)) for geometry in geometries]
    columns = {"change_id": np.asarray(numbers, np.int64)}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometries, crs=crs), crs=crs)


def outline_classes(
    classes: Bytes, transform: Affine, crs: str | CRS | None = None, *, least_px: int
) -> gpd.GeoDataFrame:
    """Outline the classes of a whole image, small parts joined to what lies around them.

    Parameters
    ----------
    classes : uint8 (y, x)
        0 is none.
    transform : affine.Affine
        Pixel corners to coordinates.
    crs : str or CRS, optional
        Of those coordinates.
    least_px : int
        Parts of fewer pixels are left to their largest neighbour.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``value`` (int64, ascending) and ``geometry``: one row a class that is there.
    """
    # GDAL's sieve knows only parts smaller than the image
    least = min(least_px, classes.size)
    kept = sieve(np.ascontiguousarray(classes, np.uint8), least, connectivity=4) if least > 1 else classes
    return polygonise([(0, 0, kept.astype(np.int32))], transform, crs).rename(columns={"change_id": "value"})


def _outlines(ids: NDArray[np.int32], y: int, x: int) -> Iterable[tuple[BaseGeometry, int]]:
    """Outlines in pixels of the whole image; by edges alone, as a ring that touches itself at a corner is invalid."""
    rows, columns = np.flatnonzero(ids.any(axis=1)), np.flatnonzero(ids.any(axis=0))
    if not rows.size:
        return
    # Only what they span: the tracing reads every pixel it is given.
    top, left = int(rows[0]), int(columns[0])
    ids = np.ascontiguousarray(ids[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1], np.int32)
    offset = Affine.translation(x + left, y + top)
    for outline, number in shapes(ids, mask=ids > 0, connectivity=4, transform=offset):
        yield shapely.geometry.shape(outline), int(number)


def _merged(parts: list[BaseGeometry]) -> BaseGeometry:
    """One geometry in pixels, exact as its coordinates are whole numbers; its corners are the only vertices."""
    # normalised, each ring starts at a corner, which a simplification with tolerance 0 then keeps
    whole = shapely.normalize(shapely.union_all(parts))
    return shapely.normalize(shapely.simplify(whole, 0.0))


def _project(points: Floats, transform: Affine) -> Floats:
    columns, rows = points[:, 0], points[:, 1]
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    return np.column_stack((x, y))
