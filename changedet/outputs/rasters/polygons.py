"""Regions of pixels, tile by tile, to polygons: the same ones however the image was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

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

TRACED_PX: Final = 1 << 19
"""That are traced at once, 2 MB: a call takes as long as to read 30,000."""
APART_PX: Final = 32
"""Empty rows between regions that are traced apart: to begin takes as long as to read so many rows of a tile."""


class _Band(NamedTuple):
    """Numbers of regions (y, x), and the first row and column in the whole image."""

    ids: NDArray[np.int32]
    y: int
    x: int


def polygonise(
    tiles: Iterable[tuple[int, int, NDArray[np.int32]]], transform: Affine, crs: str | CRS | None = None
) -> gpd.GeoDataFrame:
    """Outline the regions of an image that comes in tiles.

    Parameters
    ----------
    tiles : iterable of (y, x, ids)
        The tile's first row and column in the whole image, and for each of its pixels, int32 (y, x), the region's
        number; 0 is none. One tile is held at a time, beside the outlines and what regions span of a few.
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
    for outline, number in _traced(_bands(tiles)):
        parts.setdefault(number, []).append(outline)
    numbers = sorted(parts)
    merged = _cornered(np.array([_joined(parts[number]) for number in numbers], object))
    geometries = shapely.transform(merged, lambda points: _project(points, transform))
    columns = {"change_id": np.asarray(numbers, np.int64)}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometries, crs=crs), crs=crs)


def outline_classes(classes: Bytes, transform: Affine, crs: str | CRS | None, *, least_px: int) -> gpd.GeoDataFrame:
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


def _bands(tiles: Iterable[tuple[int, int, NDArray[np.int32]]]) -> Iterator[_Band]:
    """What of tiles has regions: only what they span, between empty rows that nothing crosses."""
    for y, x, ids in tiles:
        rows = np.flatnonzero(ids.any(axis=1))
        # The tracing reads every pixel it is given.
        for band in np.split(rows, np.flatnonzero(np.diff(rows) > APART_PX) + 1) if rows.size else ():
            top, some = int(band[0]), ids[band[0] : band[-1] + 1]
            columns = np.flatnonzero(some.any(axis=0))
            left = int(columns[0])
            yield _Band(some[:, left : int(columns[-1]) + 1].copy(), y + top, x + left)


def _traced(bands: Iterator[_Band]) -> Iterator[tuple[BaseGeometry, int]]:
    """Outlines in pixels of the whole image, and their regions; of many bands at once, as each call takes its time."""
    some: list[_Band] = []
    pixels = 0
    for band in bands:
        some.append(band)
        pixels += band.ids.size
        if pixels > TRACED_PX:
            yield from _outlines(some)
            some, pixels = [], 0
    if some:
        yield from _outlines(some)


def _outlines(bands: Sequence[_Band]) -> Iterator[tuple[BaseGeometry, int]]:
    """Outlines of bands; by edges alone, as a ring that touches itself at a corner is invalid."""
    # one below the other, an empty row between, which nothing crosses
    heights = np.array([len(band.ids) + 1 for band in bands])
    first = np.concatenate([[0], np.cumsum(heights)])
    ids = np.zeros((first[-1], max(band.ids.shape[1] for band in bands)), np.int32)
    for band, top in zip(bands, first[:-1], strict=True):
        ids[top : top + len(band.ids), : band.ids.shape[1]] = band.ids
    found = list(shapes(ids, mask=ids > 0, connectivity=4))
    rings = [ring for outline, _ in found for ring in outline["coordinates"]]
    owner = np.repeat(np.arange(len(found)), [len(outline["coordinates"]) for outline, _ in found])
    points = np.array(list(chain.from_iterable(rings)), np.float64)
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])[:-1]])
    band_of = np.searchsorted(first, points[starts, 1], side="right") - 1
    # a ring may begin at a band's lower edge, which is above the next one's first row
    shift = np.array([(band.x, band.y - top) for band, top in zip(bands, first[:-1], strict=True)], np.float64)
    lines = shapely.linearrings(points + shift[band_of][of_ring], indices=of_ring)
    # of each outline the first ring is its shell, the others are holes
    yield from zip(shapely.polygons(lines, indices=owner), [int(number) for _, number in found], strict=True)


def _joined(outlines: Sequence[BaseGeometry]) -> BaseGeometry:
    return outlines[0] if len(outlines) == 1 else shapely.union_all(outlines)


def _cornered(wholes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Geometries in pixels, exact as their coordinates are whole numbers; their corners are the only vertices."""
    # normalised, each ring starts at a corner, which a simplification with tolerance 0 then keeps
    return np.asarray(shapely.normalize(shapely.simplify(shapely.normalize(wholes), 0.0)), object)


def _project(points: Floats, transform: Affine) -> Floats:
    columns, rows = points[:, 0], points[:, 1]
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    return np.column_stack((x, y))
