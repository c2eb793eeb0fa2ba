"""Outlines as GeoJSON wants them: within 180 degrees, cut in two where a site lies across that (RFC 7946)."""

from __future__ import annotations

from collections.abc import Mapping

import shapely
import shapely.affinity
from shapely.geometry import mapping, shape

_TURN_DEG = 360.0
_HALF_DEG = 180.0


def within_180(geometry: Mapping[str, object]) -> dict[str, object]:
    """An outline cut along the meridian of 180 degrees.

    Parameters
    ----------
    geometry : mapping
        GeoJSON, of a polygon or several; longitudes may go beyond 180 degrees.

    Returns
    -------
    dict
        GeoJSON; itself where it does not reach there.
    """
    outline = shape(dict(geometry))
    west, _, east, _ = outline.bounds
    if west >= -_HALF_DEG and east <= _HALF_DEG:
        return dict(geometry)
    parts = []
    for turns in (-1, 0, 1):
        middle = turns * _TURN_DEG
        inside = outline.intersection(shapely.box(middle - _HALF_DEG, -90, middle + _HALF_DEG, 90))
        moved = shapely.affinity.translate(inside, -middle)
        parts += [part for part in shapely.get_parts(moved) if part.geom_type == "Polygon"]
    found: dict[str, object] = mapping(shapely.MultiPolygon(parts))
    return found


def wrapped(bounds: list[float]) -> list[float]:
    """A bounding box whose west is greater than its east where it lies across 180 degrees.

    Parameters
    ----------
    bounds : list of float
        West, south, east, north.

    Returns
    -------
    list of float
        The same within 180 degrees.

    Examples
    --------
    >>> wrapped([179.5, -17.0, 180.5, -16.0])
    [179.5, -17.0, -179.5, -16.0]
    """
    west, south, east, north = bounds
    if east - west >= _TURN_DEG:
        return [-_HALF_DEG, south, _HALF_DEG, north]
    return [_within(west), south, _within(east), north]


def _within(lon: float) -> float:
    return lon if -_HALF_DEG <= lon <= _HALF_DEG else (lon + _HALF_DEG) % _TURN_DEG - _HALF_DEG
