"""Coordinate reference systems, and what lies on the ground: areas and pixel sizes on the ellipsoid."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyproj
import shapely
import shapely.ops
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

LONLAT = "EPSG:4326"
_GEOD = pyproj.Geod(ellps="WGS84")
_local = threading.local()


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
    """Whether a CRS is projected with both axes in metres."""
    parsed = pyproj.CRS(crs)
    return bool(
        parsed.is_projected and all(abs(axis.unit_conversion_factor - 1) < 1e-9 for axis in parsed.axis_info[:2])
    )


def is_geographic(crs: str) -> bool:
    """Whether a CRS counts in degrees of longitude and latitude."""
    return bool(pyproj.CRS(crs).is_geographic)


def same_crs(one: str, other: str) -> bool:
    """Whether two CRSs place their coordinates alike, whatever their names say."""
    if one == other:
        return True
    found: dict[tuple[str, str], bool] = _cache("same_crs")
    if (one, other) not in found:
        a, b = pyproj.CRS(one), pyproj.CRS(other)
        found[one, other] = a.equals(b, ignore_axis_order=True) or a.to_epsg() == b.to_epsg() is not None
    return found[one, other]


def transform_xy(source: str, target: str, x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in another CRS, x before y; infinite where there are none."""
    if source == target:
        return np.asarray(x, np.float64), np.asarray(y, np.float64)
    # Transformers are kept for each thread: PROJ objects may not be shared.
    known: dict[tuple[str, str], pyproj.Transformer] = _cache("transformers")
    if (source, target) not in known:
        known[source, target] = pyproj.Transformer.from_crs(source, target, always_xy=True)
    found_x, found_y = known[source, target].transform(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return np.asarray(found_x), np.asarray(found_y)


def place(transform: Affine, column: Any, row: Any) -> tuple[Any, Any]:
    """Coordinates of pixel edges; the operator for it is another in each version of affine."""
    return (
        transform.a * column + transform.b * row + transform.c,
        transform.d * column + transform.e * row + transform.f,
    )


def ground_area_m2(geometries: Sequence[BaseGeometry], crs: str) -> NDArray[np.float64]:
    """Geodesic area of polygons on the WGS 84 ellipsoid.

    Parameters
    ----------
    geometries : sequence of shapely geometry
        In `crs`; what is not a polygon has area 0.

    Returns
    -------
    float64 (n,)
        Square metres. Small areas are found by the scale at their place: the geodesic sum would round them.
    """
    areas = np.zeros(len(geometries))
    for i, geometry in enumerate(geometries):
        if geometry.is_empty or geometry.area == 0:
            continue
        x, y = geometry.centroid.x, geometry.centroid.y
        side = math.sqrt(geometry.area)
        if is_metric(crs) and side < 1000:
            areas[i] = geometry.area * area_scale(crs, x, y)
        else:
            areas[i] = _geodesic_area(shapely.segmentize(geometry, side / 32), crs)
    return areas


def ground_pixel_m2(crs: str, transform: Affine, row: float, column: float) -> float:
    """Ground area of the pixel around a position, in square metres."""
    x, y = place(transform, column, row)
    return abs(transform.determinant) * area_scale(crs, x, y, math.sqrt(abs(transform.determinant)))


def area_scale(crs: str, x: float, y: float, side: float = 0.0) -> float:
    """Square metres on the ground for a unit of area of the CRS at a place."""
    # The geodesic area of a pixel of .3 m would be rounding noise: a square of at least a kilometre stands for it.
    side = max(side, 1000.0 if is_metric(crs) else 1000.0 / 111_000.0)
    return _geodesic_area(shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), crs) / side**2


def _geodesic_area(geometry: BaseGeometry, crs: str) -> float:
    lonlat = shapely.transform(geometry, lambda xy: np.column_stack(transform_xy(crs, LONLAT, xy[:, 0], xy[:, 1])))
    parts = [part for part in shapely.get_parts(lonlat) if part.geom_type == "Polygon"]
    return float(sum(abs(_GEOD.geometry_area_perimeter(shapely.ops.orient(part))[0]) for part in parts))


def _cache(name: str) -> dict[Any, Any]:
    if not hasattr(_local, name):
        setattr(_local, name, {})
    found: dict[Any, Any] = getattr(_local, name)
    return found
