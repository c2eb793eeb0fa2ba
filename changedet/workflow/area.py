"""The area of interest: a file, a box, or GeoJSON written into the workflow."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from changedet.grid.areas import Area
from changedet.json_types import Json, JsonArray, JsonObject
from changedet.workflow.checker import Checker, UnfitError
from changedet.workflow.geo_fields import bounds, crs
from changedet.workflow.paths import local_file
from changedet.workflow.yaml_tree import ListNode, MapNode, Node, ScalarNode, plain_value

_EXAMPLE: Final = "a vector file, {bbox: [west, south, east, north], crs: EPSG:4326} or a GeoJSON geometry"
_CRS84: Final = {"urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"}


def read_area(checker: Checker, node: Node, key: str, folder: Path) -> Area | None:
    """The area of interest that a node names.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    node : node
        A path, a mapping with ``bbox``, or GeoJSON.
    key : str
        Its dotted key.
    folder : Path
        That paths are relative to.

    Returns
    -------
    Area or None
        None where it is wrong.
    """
    if isinstance(node, ScalarNode):
        path = checker.convert(node, key, local_file(folder, _EXAMPLE), None)
        return Area(path=path) if path else None
    if isinstance(node, ListNode):
        checker.wrong(key, f"got a list, expected {_EXAMPLE}")
        return None
    if "type" in node.items:
        geometry = checker.convert(node, key, geojson, None)
        return Area(geometry=geometry) if geometry is not None else None
    return _box(checker, node, key)


def _box(checker: Checker, node: MapNode, key: str) -> Area | None:
    before = len(checker.problems)
    items = checker.section(node, key, ("bbox", "crs"), example="{bbox: [west, south, east, north]}")
    if "bbox" not in items:
        if len(checker.problems) == before:
            checker.wrong(key, f"has no 'bbox' and no 'type', expected {_EXAMPLE}")
        return None
    system = checker.take(items, f"{key}.crs", crs, "EPSG:4326")
    box = checker.take(items, f"{key}.bbox", _in_degrees if system == "EPSG:4326" else bounds, None)
    return Area(bbox=box, crs=system) if box and len(checker.problems) == before else None


def _in_degrees(node: Node) -> tuple[float, float, float, float]:
    box = bounds(node)
    if max(abs(box[0]), abs(box[2])) > 180 or max(abs(box[1]), abs(box[3])) > 90:
        raise UnfitError("is not in degrees, as EPSG:4326 is; give the box's own 'crs'")
    return box


def geojson(node: Node) -> BaseGeometry:
    """The polygons of a GeoJSON geometry, Feature or FeatureCollection.

    Parameters
    ----------
    node : node
        GeoJSON in EPSG:4326.

    Returns
    -------
    shapely geometry
        A valid polygon or multipolygon, longitude first.

    Raises
    ------
    UnfitError
        No polygon in it, another coordinate reference system, a ring that is not closed or crosses itself.
    """
    data = plain_value(node)
    polygons = [_polygon(geometry) for geometry in _geometries(data)]
    if not polygons:
        raise UnfitError("is a FeatureCollection without features, expected at least one polygon")
    return polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)


def _geometries(data: Json) -> Iterator[JsonObject]:
    if not isinstance(data, dict):
        raise UnfitError("expected a GeoJSON geometry")
    _check_crs(data)
    if data.get("type") == "FeatureCollection":
        features = data.get("features")
        if not isinstance(features, list):
            raise UnfitError("is a FeatureCollection without a list of 'features'")
        for feature in features:
            yield from _geometries(feature)
    elif data.get("type") == "Feature":
        if not isinstance(data.get("geometry"), dict):
            raise UnfitError("is a Feature without a geometry, expected a Polygon or MultiPolygon in it")
        yield from _geometries(data["geometry"])
    elif data.get("type") in ("Polygon", "MultiPolygon"):
        yield data
    else:
        name = json.dumps(data.get("type"), default=str)[:60].replace('"', "'")
        raise UnfitError(f"got the GeoJSON type {name}, expected Polygon, MultiPolygon, Feature or FeatureCollection")


def _check_crs(data: JsonObject) -> None:
    if "crs" not in data:
        return
    given = data["crs"]
    properties = given.get("properties") if isinstance(given, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else given
    if not isinstance(name, str) or name not in _CRS84:
        raise UnfitError("names another crs, but GeoJSON written here is in EPSG:4326; save it as a file instead")


def _polygon(data: JsonObject) -> BaseGeometry:
    coordinates = data.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise UnfitError(f"is a {data['type']} without coordinates")
    parts = [coordinates] if data["type"] == "Polygon" else coordinates
    rings = [[_ring(ring) for ring in _list(part, "a polygon")] for part in parts]
    shape = shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in rings])
    if not shape.is_valid:
        raise UnfitError(f"is not a valid polygon: {shapely.is_valid_reason(shape)}")
    return shape.geoms[0] if len(shape.geoms) == 1 else shape


def _list(value: Json, what: str) -> JsonArray:
    if not isinstance(value, list) or not value:
        raise UnfitError(f"has {what} that is not a list of rings, expected [[[lon, lat], ...]]")
    return value


def _ring(ring: Json) -> list[tuple[float, float]]:
    points = [_point(point) for point in _list(ring, "a ring")]
    if len(points) < 4 or points[0] != points[-1]:
        raise UnfitError("has a ring that is not closed, expected at least four points, the last equal to the first")
    return points


def _point(point: Json) -> tuple[float, float]:
    numbers = [value for value in point if _is_number(value)] if isinstance(point, list) else []
    if not isinstance(point, list) or len(point) not in {2, 3} or len(numbers) < len(point):
        raise UnfitError(f"has the point {json.dumps(point, default=str)[:60]}, expected [longitude, latitude]")
    x, y = numbers[:2]
    if abs(x) > 180 or abs(y) > 90:
        raise UnfitError(f"has the point [{x:g}, {y:g}], expected degrees of longitude and latitude (EPSG:4326)")
    return float(x), float(y)


def _is_number(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
