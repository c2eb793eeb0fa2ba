"""Regions of pixels, tile by tile, to polygons: the same ones however the image was cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import shapes, sieve
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Floats

if TYPE_CHECKING:
    import geopandas as gpd

APART_PX: Final = 32
"""Empty rows between regions that are traced apart: to begin takes as long as to read so many rows of a tile."""


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
    # Imported here, as the tiles before can do without the 70 MB that tables take.
    import geopandas as gpd

    parts: dict[int, list[BaseGeometry]] = {}
    for y, x, ids in tiles:
        for outline, number in _outlines(ids, y, x):
            parts.setdefault(number, []).append(outline)
    numbers = sorted(parts)
    merged = _cornered(np.array([shapely.union_all(parts[number]) for number in numbers], object))
    geometries = shapely.transform(merged, lambda points: _project(points, transform))
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
    rows = np.flatnonzero(ids.any(axis=1))
    if not rows.size:
        return
    # Only what they span, between empty rows that nothing crosses: the tracing reads every pixel it is given.
    for band in np.split(rows, np.flatnonzero(np.diff(rows) > APART_PX) + 1):
        top, some = int(band[0]), ids[band[0] : band[-1] + 1]
        columns = np.flatnonzero(some.any(axis=0))
        left = int(columns[0])
        some = np.ascontiguousarray(some[:, left : int(columns[-1]) + 1], np.int32)
        offset = Affine.translation(x + left, y + top)
        for outline, number in shapes(some, mask=some > 0, connectivity=4, transform=offset):
            yield shapely.geometry.shape(outline), int(number)


def _cornered(wholes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Geometries in pixels, exact as their coordinates are whole numbers; their corners are the only vertices."""
    # normalised, each ring starts at a corner, which a simplification with tolerance 0 then keeps
    return np.asarray(shapely.normalize(shapely.simplify(shapely.normalize(wholes), 0.0)), object)


def _project(points: Floats, transform: Affine) -> Floats:
    columns, rows = points[:, 0], points[:, 1]
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    return np.column_stack((x, y))
