"""Coordinate reference systems, and what lies on the ground: areas and pixel sizes on the ellipsoid."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pyproj
import shapely
from affine import Affine
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats

if TYPE_CHECKING:
    import geopandas as gpd

LONLAT: Final = "EPSG:4326"
LEAST_SQUARE_M: Final = 1000.0
"""Side of the least square whose geodesic area is taken: that of a pixel of 0.3 m would be rounding noise."""
METRES_PER_DEGREE: Final = 111_000.0
LEAST_FROM_POLE: Final = 1e-5
"""Degrees; nearer to a pole nothing is measured."""
SMALL_SIDE_M: Final = 1000.0
"""Polygons up to this size have one scale of area throughout."""

_GEOD: Final = pyproj.Geod(ellps="WGS84")
_Coordinate = TypeVar("_Coordinate", float, Floats)


class _OfThread(threading.local):
    """Transformers by source and target: PROJ's objects may not be shared between threads."""

    def __init__(self) -> None:
        self.transformers: dict[tuple[str, str], pyproj.Transformer] = {}


_local = _OfThread()


def auto_crs(scene_crs: str, lon: float, lat: float) -> str:
    """The grid's CRS for ``crs: auto``.

    Parameters
    ----------
    scene_crs : str
        The reference scene's.
    lon, lat : float
        Centre of the area of interest in degrees.

    Returns
    -------
    str
        The scene's own CRS where it is projected in metres, else the UTM zone of the centre, or UPS near the poles.

    Examples
    --------
    >>> auto_crs("EPSG:4326", -74.5, -8.4), auto_crs("EPSG:32651", 119.9, 32.5), auto_crs("EPSG:2263", -74, 40.7)
    ('EPSG:32718', 'EPSG:32651', 'EPSG:32618')
    """
    if is_metric(scene_crs):
        return scene_crs
    if lat > 84:
        return "EPSG:32661"
    if lat < -80:
        return "EPSG:32761"
    zone = int(((lon + 180) % 360) // 6) + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def is_metric(crs: str) -> bool:
    """Whether a CRS is projected with both axes in metres.

    Parameters
    ----------
    crs : str
        ``EPSG:code`` or WKT.

    Returns
    -------
    bool
        True where both axes are metres, at whatever scale.
    """
    parsed = pyproj.CRS(crs)
    return bool(
        parsed.is_projected and all(abs(axis.unit_conversion_factor - 1) < 1e-9 for axis in parsed.axis_info[:2])
    )


def is_geographic(crs: str) -> bool:
    """Whether a CRS counts in degrees of longitude and latitude.

    Parameters
    ----------
    crs : str
        ``EPSG:code`` or WKT.

    Returns
    -------
    bool
        True where it does.
    """
    return bool(pyproj.CRS(crs).is_geographic)


@lru_cache(maxsize=4096)
def same_crs(one: str, other: str) -> bool:
    """Whether two CRSs place their coordinates alike, whatever their names say.

    Parameters
    ----------
    one, other : str
        ``EPSG:code`` or WKT.

    Returns
    -------
    bool
        True where they do; the order of axes does not count.
    """
    if one == other:
        return True
    a, b = pyproj.CRS(one), pyproj.CRS(other)
    return bool(a.equals(b, ignore_axis_order=True) or a.to_epsg() == b.to_epsg() is not None)


def transform_xy(source: str, target: str, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Coordinates in another CRS.

    Parameters
    ----------
    source, target : str
        CRSs, as ``EPSG:code`` or WKT.
    x, y : float64 of one shape
        In the source's unit; x is east or longitude whatever the CRS says of its axes.

    Returns
    -------
    x, y : float64 of that shape
        In the target's unit; infinite where there are none.
    """
    if source == target:
        return np.asarray(x, np.float64), np.asarray(y, np.float64)
    known = _local.transformers
    if (source, target) not in known:
        known[source, target] = pyproj.Transformer.from_crs(source, target, always_xy=True)
    found_x, found_y = known[source, target].transform(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return np.asarray(found_x), np.asarray(found_y)


def to_crs(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A geometry in another CRS, corner by corner.

    Parameters
    ----------
    geometry : shapely geometry
        In `source`.
    source, target : str
        CRSs, as ``EPSG:code`` or WKT.

    Returns
    -------
    shapely geometry
        In `target`; corners that it cannot hold are infinite.
    """
    return shapely.transform(geometry, lambda xy: np.column_stack(transform_xy(source, target, xy[:, 0], xy[:, 1])))


def apart_m(source: str, x: Floats, y: Floats, other: str, other_x: Floats, other_y: Floats) -> Floats:
    """How far places lie from each other on the ground, whatever their CRSs call a meridian or a pole.

    Parameters
    ----------
    source : str
        CRS of `x` and `y`, as ``EPSG:code`` or WKT.
    x, y : float64 (n,)
        Places.
    other : str
        CRS of `other_x` and `other_y`.
    other_x, other_y : float64 (n,)
        The others.

    Returns
    -------
    float64 (n,)
        Metres along the ellipsoid; infinite where either has no place.
    """
    ends = (*transform_xy(source, LONLAT, x, y), *transform_xy(other, LONLAT, other_x, other_y))
    known = np.isfinite(np.stack(ends)).all(axis=0)
    out = np.full(ends[0].shape, np.inf)
    out[known] = _GEOD.inv(*(end[known] for end in ends))[2]
    return out


def pixel_edges_xy(transform: Affine, column: _Coordinate, row: _Coordinate) -> tuple[_Coordinate, _Coordinate]:
    """Coordinates of pixel edges; the operator for it is another in each version of affine.

    Parameters
    ----------
    transform : Affine
        From pixel (column, row), edges at whole numbers, to the CRS.
    column, row : float or float64 of one shape
        In pixels.

    Returns
    -------
    x, y : float or float64 of that shape
        In the CRS.
    """
    return (
        transform.a * column + transform.b * row + transform.c,
        transform.d * column + transform.e * row + transform.f,
    )


def ground_area_m2(geometries: Sequence[BaseGeometry], crs: str) -> Floats:
    """Geodesic area of polygons on the WGS 84 ellipsoid.

    Parameters
    ----------
    geometries : sequence of shapely geometry
        In `crs`; what is not a polygon has area 0.
    crs : str
        ``EPSG:code`` or WKT.

    Returns
    -------
    float64 (n,)
        Square metres. Small areas are found by the scale at their place: the geodesic sum would round them.
    """
    shapes = np.array(geometries, object)
    areas: Floats = shapely.area(shapes)
    found = areas > 0
    sides = np.sqrt(areas, where=found, out=np.zeros(len(areas)))
    small = found & (sides < SMALL_SIDE_M) if is_metric(crs) else np.zeros(len(areas), bool)
    out = np.zeros(len(areas))
    out[small] = areas[small] * _area_scales(crs, shapely.get_coordinates(shapely.centroid(shapes[small])))
    for i in np.flatnonzero(found & ~small):
        out[i] = _geodesic_area_m2(shapely.segmentize(shapes[i], sides[i] / 32), crs)
    return out


def _area_scales(crs: str, places: Floats) -> Floats:
    """As `area_scale` at many places (n, 2) of a CRS in metres."""
    half = LEAST_SQUARE_M / 2
    x = places[:, :1] + half * np.array([1, 1, -1, -1, 1])
    y = places[:, 1:] + half * np.array([-1, 1, 1, -1, -1])
    lon, lat = transform_xy(crs, LONLAT, x.ravel(), y.ravel())
    squares = zip(lon.reshape(x.shape), lat.reshape(y.shape), strict=True)
    return np.array([abs(_GEOD.polygon_area_perimeter(*square)[0]) for square in squares]) / LEAST_SQUARE_M**2


def ground_pixel_m2(crs: str, transform: Affine, row: float, column: float) -> float:
    """Ground area of the pixel around a position.

    Parameters
    ----------
    crs : str
        ``EPSG:code`` or WKT.
    transform : Affine
        From pixel (column, row) to the CRS.
    row, column : float
        In pixels.

    Returns
    -------
    float
        Square metres, geodesic.
    """
    x, y = pixel_edges_xy(transform, column, row)
    return abs(transform.determinant) * area_scale(crs, x, y, math.sqrt(abs(transform.determinant)))


def metre_in(table: gpd.GeoDataFrame) -> float:
    """A metre on the ground in units of the CRS, in the middle of a table's geometry.

    Parameters
    ----------
    table : GeoDataFrame
        In a CRS or none.

    Returns
    -------
    float
        To a hundredth, as `Grid.ground_metre`; 1 without geometry, in a CRS that is not in metres, and where there is
        no ground.
    """
    if table.crs is None or not len(table) or not is_metric(crs := table.crs.to_wkt()):
        return 1.0
    west, south, east, north = table.total_bounds.tolist()
    scale = area_scale(crs, (west + east) / 2, (south + north) / 2)
    return round(1 / math.sqrt(scale), 2) if 0.0 < scale < math.inf else 1.0


def area_scale(crs: str, x: float, y: float, side: float = 0.0) -> float:
    """Square metres on the ground for a unit of area of the CRS at a place.

    Parameters
    ----------
    crs : str
        ``EPSG:code`` or WKT.
    x, y : float
        The place, in the CRS.
    side : float
        Side of the square that is measured, in the CRS's unit, at least about a kilometre.

    Returns
    -------
    float
        1 in a CRS of true areas.
    """
    side = max(side, LEAST_SQUARE_M if is_metric(crs) else LEAST_SQUARE_M / METRES_PER_DEGREE)
    if is_geographic(crs):
        # Beyond a pole there is no ground.
        y = min(max(y, LEAST_FROM_POLE - 90.0), 90.0 - LEAST_FROM_POLE)
        side = min(side, 2 * (90.0 - abs(y)))
    return _geodesic_area_m2(shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), crs) / side**2


def _geodesic_area_m2(geometry: BaseGeometry, crs: str) -> float:
    parts = shapely.get_parts(to_crs(geometry, crs, LONLAT))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    rings, part_of = shapely.get_rings(polygons, return_index=True)
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    starts = np.searchsorted(ring_of, np.arange(len(rings) + 1))
    is_shell = np.diff(part_of, prepend=-1) > 0
    # Shells count up and holes down. All rings' corners come at once: one by one Python's lists of them take six times
    # as long as their areas.
    turned, areas = shapely.is_ccw(rings) != is_shell, np.zeros(len(polygons))
    for k, (start, stop) in enumerate(pairwise(starts)):
        lon, lat = points[start:stop][:: -1 if turned[k] else 1].T
        areas[part_of[k]] += _GEOD.polygon_area_perimeter(lon, lat)[0]
    return float(sum(np.abs(areas).tolist()))
