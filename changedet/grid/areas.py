"""Areas of interest and zones: polygons with what they are called."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, SupportsFloat, TypeAlias

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, is_one_line
from changedet.grid.geodesy import LONLAT, to_crs
from changedet.grid.mending import made_valid, require_few_meetings
from changedet.grid.vector_files import read_polygons_file

LONGEST_NAME: Final = 200
"""Characters of a zone's name, which stands in sentences and on figures."""
Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True)
class Area:
    """Where polygons come from: a vector file, a box or a geometry, whichever is not None.

    Attributes
    ----------
    path : str or None
        Absolute path of a vector file, which has its own CRS.
    bbox : tuple or None
        West, south, east, north in `crs`.
    geometry : shapely geometry or None
        A valid polygon or multipolygon in `crs`.
    crs : str
        Of `bbox` and `geometry`.
    """

    path: str | None = None
    bbox: Bounds | None = None
    geometry: BaseGeometry | None = None
    crs: str = LONLAT


class Attributes(NamedTuple):
    """What a file says of a polygon.

    Attributes
    ----------
    name : str
        Empty where it says none.
    kind : str
        What kind of place it is; empty where it says none.
    capacity : float or None
        How many containers it holds when full.
    """

    name: str = ""
    kind: str = ""
    capacity: float | None = None


@dataclass(frozen=True)
class Areas:
    """Polygons of one CRS with what they are called.

    Attributes
    ----------
    geometries : tuple of shapely geometry
        Valid polygons and multipolygons.
    attributes : tuple of Attributes
        One each.
    crs : str
        Theirs.
    warnings : tuple of str
        What was mended.
    """

    geometries: tuple[BaseGeometry, ...]
    attributes: tuple[Attributes, ...]
    crs: str
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """One each; empty where the source gives none."""
        return tuple(about.name for about in self.attributes)

    @property
    def union(self) -> BaseGeometry:
        """All of them as one geometry."""
        return self.geometries[0] if len(self.geometries) == 1 else shapely.union_all(list(self.geometries))


def read_areas(area: Area, crs: str = LONLAT, *, named: bool = False) -> Areas:
    """The polygons of an area, in a CRS.

    Parameters
    ----------
    area : Area
        Of a file its first layer is read.
    crs : str
        Wanted.
    named : bool
        Whether each polygon must have a ``name`` of its own, as zones must.

    Returns
    -------
    Areas
        In `crs`. Invalid polygons are made valid and named in `Areas.warnings`.

    Raises
    ------
    InputError
        Where a file cannot be read, has no CRS, no polygon, or no names though `named`.
    """
    label = "the area" if area.path is None else area.path
    try:
        geometries, attributes, own = _raw(area, label, named)
        kept, kept_attributes, said = _polygons(geometries, attributes, label)
        if named:
            _check_names([about.name for about in kept_attributes], label)
        moved = tuple(_moved(geometry, own, crs, label) for geometry in kept)
    except InputError as error:
        raise InputError(error.problems[0].message) from error
    return Areas(moved, tuple(kept_attributes), crs, tuple(said))


def _raw(area: Area, label: str, named: bool) -> tuple[list[BaseGeometry], list[Attributes], str]:
    if area.path is not None:
        found = read_polygons_file(Path(area.path))
        # Columns of an area of interest may mean anything: only zones are called something.
        about = [_attributes(row, label) if named else Attributes() for row in found.rows]
        return found.geometries, about, found.crs
    geometry = area.geometry if area.bbox is None else shapely.box(*area.bbox)
    return ([] if geometry is None else [geometry]), [Attributes()], str(pyproj.CRS(area.crs).to_string())


def _attributes(given: Mapping[str, object], label: str) -> Attributes:
    for field in ("name", "kind", "capacity"):
        if np.ndim(np.asarray(given.get(field), object)):
            raise InputError(f"{label}: '{field}' is a list, expected one value")
    name, kind = (_word(given.get(field)) for field in ("name", "kind"))
    capacity = given.get("capacity")
    if capacity is None or capacity != capacity or str(capacity).strip() == "":
        return Attributes(name, kind)
    try:
        room = float(capacity) if isinstance(capacity, str | SupportsFloat) else math.nan
    except (TypeError, ValueError):
        room = math.nan
    if not (math.isfinite(room) and room > 0):
        said = f"{label}: the capacity of '{name}' is {str(capacity)[:40]!a}, expected a number of containers above 0"
        raise InputError(said)
    return Attributes(name, kind, room)


def _word(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _polygons(
    geometries: list[BaseGeometry], attributes: list[Attributes], label: str
) -> tuple[list[BaseGeometry], list[Attributes], list[str]]:
    kept: list[BaseGeometry] = []
    kept_attributes, said = [], []
    for geometry, about in zip(geometries, attributes, strict=True):
        if geometry.is_empty or geometry.geom_type not in {"Polygon", "MultiPolygon", "GeometryCollection"}:
            continue
        shape = shapely.force_2d(geometry)
        if not np.all(np.isfinite(shapely.get_coordinates(shape))):
            said_of = about.name or len(kept) + 1
            raise InputError(f"{label}: polygon '{said_of}' has a corner that is no finite number")
        if not shape.is_valid:
            # A warning stands in results, which name no folder of this machine.
            why = f"was mended: {shapely.is_valid_reason(shape)}"
            said.append(f"{Path(label).name}: polygon '{about.name or len(kept) + 1}' {why}")
            shape = made_valid(shape, f"{label}: polygon '{about.name or len(kept) + 1}'")
        parts = [part for part in _flat(shape) if part.area > 0]
        if parts:
            kept.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
            kept_attributes.append(about)
    if not kept:
        raise InputError(f"{label} holds no polygon")
    require_few_meetings(kept, label)
    return kept, kept_attributes, said


def _flat(geometry: BaseGeometry) -> list[shapely.Polygon]:
    if isinstance(geometry, shapely.Polygon):
        return [geometry]
    return [polygon for part in getattr(geometry, "geoms", ()) for polygon in _flat(part)]


def _check_names(names: list[str], label: str) -> None:
    if not all(names):
        raise InputError(f"{label}: polygon {names.index('') + 1} has no 'name'; each zone needs one")
    odd = next((name for name in names if not is_one_line(name)), None)
    if odd is not None:
        raise InputError(f"{label}: the name {odd[:60]!a} holds control characters; give it another")
    long = next((name for name in names if len(name) > LONGEST_NAME), None)
    if long is not None:
        raise InputError(f"{label}: the name '{long[:60]}..' has more than {LONGEST_NAME} characters; give it another")
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise InputError(f"{label}: the name '{twice[0]}' is given twice; each zone needs its own")


def _moved(geometry: BaseGeometry, own: str, crs: str, label: str) -> BaseGeometry:
    if own == crs:
        return geometry
    moved = to_crs(geometry, own, crs)
    if not np.all(np.isfinite(moved.bounds)):
        raise InputError(f"{label} cannot be projected from {own} to {crs}")
    return made_valid(moved, f"{label}: a polygon in {crs}")
