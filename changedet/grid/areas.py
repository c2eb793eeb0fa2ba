"""Areas from vector files and from inline geometries: the AOI, the zones."""

from __future__ import annotations

import json
import math
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import numpy as np
import pyproj
import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, is_one_line
from changedet.grid.geodesy import LONLAT, transform_xy

HEAD_BYTES: Final = 1 << 16
MAX_JSON_BYTES: Final = 64 << 20
MAX_MEMBERS: Final = 1000
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
# By these words GDAL knows files that lead elsewhere.
_POINTERS: Final = (
    *(b"<OGRVRTDataSource", b"<OGRWFSDataSource", b"<OGROAPIF", b"<OGRCSWDataSource"),
    *(b"gdal_streamed_alg", b"<VRTDataset", b"<GDAL_WMS"),
)


class Attributes(NamedTuple):
    """What a file says of a polygon: its name, what kind of place it is, how many containers it holds when full."""

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


def read_vector(source: Any, crs: str = LONLAT, *, named: bool = False, key: str = "site.aoi") -> Areas:
    """Polygons of a vector file, ``{bbox, crs}``, an inline GeoJSON object or a shapely geometry (both EPSG:4326).

    Parameters
    ----------
    source : path, mapping or shapely geometry
        Of a file its first layer is read.
    crs : str
        Wanted.
    named : bool
        Whether each polygon must have a ``name`` of its own, as zones must.
    key : str
        The workflow's key, for error lines.

    Returns
    -------
    Areas
        In `crs`. Invalid polygons are made valid and named in `Areas.warnings`.

    Raises
    ------
    InputError
        Where the source cannot be read, has no CRS, no polygon, or no names though `named`.
    """
    geometries, attributes, own = _raw(source, key)
    label = str(source) if isinstance(source, str | Path) else "the area"
    kept, kept_attributes, said = _polygons(geometries, attributes, label, key)
    if named:
        _check_names([about.name for about in kept_attributes], label, key)
    moved = tuple(_moved(geometry, own, crs, label, key) for geometry in kept)
    return Areas(moved, tuple(kept_attributes), crs, tuple(said))


def _raw(source: Any, key: str) -> tuple[list[BaseGeometry], list[Attributes], str]:
    if isinstance(source, BaseGeometry):
        return [source], [Attributes()], LONLAT
    if isinstance(source, str | Path):
        return _from_file(Path(source), key)
    if isinstance(source, Mapping) and "bbox" in source:
        box = _bbox(source["bbox"], key)
        return [box], [Attributes()], _parsed_crs(source.get("crs", LONLAT), key)
    if isinstance(source, Mapping) and "type" in source:
        return (*_from_geojson(source, key), LONLAT)
    raise InputError(_said("expected a file, {bbox: [west, south, east, north], crs: ...} or a GeoJSON geometry", key))


def _said(message: str, key: str) -> str:
    return f"{key}: {message}" if key else message


def _bbox(values: Any, key: str) -> BaseGeometry:
    numbers = isinstance(values, Sequence) and not isinstance(values, str) and len(values) == 4
    if not numbers or not all(isinstance(v, int | float) and math.isfinite(v) for v in values):
        raise InputError(_said(f"bbox must be four numbers [west, south, east, north], not {values!r}", key))
    west, south, east, north = (float(value) for value in values)
    if not (west < east and south < north):
        raise InputError(_said(f"bbox {list(values)} is empty: west must be below east, and south below north", key))
    return shapely.box(west, south, east, north)


def _parsed_crs(crs: Any, key: str) -> str:
    try:
        return str(pyproj.CRS(crs).to_string())
    except pyproj.exceptions.CRSError:
        raise InputError(_said(f"no such CRS '{crs}', expected one such as EPSG:4326", key)) from None


def _from_geojson(source: Mapping[str, Any], key: str) -> tuple[list[BaseGeometry], list[Attributes]]:
    if source["type"] == "FeatureCollection":
        features = source.get("features")
    else:
        features = [source if source["type"] == "Feature" else {"geometry": source}]
    try:
        geometries = [shapely.geometry.shape(feature["geometry"]) for feature in features or ()]
        found = [dict(feature.get("properties") or {}) for feature in features or ()]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise InputError(_said(f"not a GeoJSON geometry ({error})", key)) from None
    return geometries, [_attributes(properties, "the area", key) for properties in found]


def _from_file(path: Path, key: str) -> tuple[list[BaseGeometry], list[Attributes], str]:
    import pyogrio

    if not path.exists():
        raise InputError(_said(f"no such file '{path}'", key))
    _refuse_pointers(path, key)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, _, wkb, columns = pyogrio.raw.read(path, layer=0)
        geometries = [] if wkb is None else [shape for shape in shapely.from_wkb(wkb) if shape is not None]
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.ShapelyError,
        ValueError,
    ) as error:
        raise InputError(_said(f"'{path}' cannot be read as a vector file ({_first(error)})", key)) from None
    if meta["crs"] is None:
        raise InputError(_said(f"'{path}' has no CRS; save it with one", key))
    fields = {str(name).lower(): column for name, column in zip(meta["fields"], columns, strict=True)}
    there = [] if wkb is None else [i for i, blob in enumerate(wkb) if blob is not None]
    given = {name: column for name, column in fields.items() if name in Attributes._fields}
    attributes = [_attributes({name: column[i] for name, column in given.items()}, str(path), key) for i in there]
    return geometries, attributes, str(meta["crs"])


def _first(error: Exception) -> str:
    """What GDAL found wrong, without its advice on prefixes, which are not accepted here."""
    return str(error).split(".; It might help")[0]


def _refuse_pointers(path: Path, key: str) -> None:
    """Refuse files that hold no geometry but tell GDAL where to fetch one: another file, a host, a command."""
    unread = f"'{path}' cannot be read as a vector file"
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) > MAX_MEMBERS:
                    raise ValueError(f"it holds more than {MAX_MEMBERS} files")
                contents = [_content(archive.open(name)) for name in names]
        else:
            contents = [_content(path.open("rb"))]
        pointing = any(_is_pointer(content) for content in contents)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(_said(f"{unread} ({error})", key)) from None
    if pointing:
        raise InputError(_said(f"'{path}' only tells where geometries lie; give the file that holds them", key))
    if any(len(content) > MAX_JSON_BYTES for content in contents):
        raise InputError(_said(f"'{path}' is GeoJSON of more than {MAX_JSON_BYTES >> 20} MB; save a GeoPackage", key))


def _content(stream: IO[bytes]) -> bytes:
    """The head of a file; of JSON, which may say anything at its end, all."""
    with stream:
        head = stream.read(HEAD_BYTES)
        return head + stream.read(MAX_JSON_BYTES) if head.lstrip(_BLANK)[:1] == b"{" else head


def _is_pointer(content: bytes) -> bool:
    if any(word in content[:HEAD_BYTES] for word in _POINTERS):
        return True
    if content.lstrip(_BLANK)[:1] != b"{" or len(content) > MAX_JSON_BYTES:
        return False
    # The first of several documents, where each line is one.
    document, _ = json.JSONDecoder().raw_decode(content.lstrip(_BLANK).decode(errors="replace"))
    crs = document.get("crs")
    return isinstance(crs, dict) and crs.get("type") not in {"name", "EPSG"}


def _attributes(given: Mapping[str, Any], label: str, key: str) -> Attributes:
    name, kind = (_word(given.get(field)) for field in ("name", "kind"))
    capacity = given.get("capacity")
    if capacity is None or capacity != capacity or str(capacity).strip() == "":
        return Attributes(name, kind)
    try:
        room = float(capacity)
    except (TypeError, ValueError):
        room = math.nan
    if not (math.isfinite(room) and room > 0):
        said = f"{label}: the capacity of '{name}' is {str(capacity)[:40]!a}, expected a number of containers above 0"
        raise InputError(_said(said, key))
    return Attributes(name, kind, room)


def _word(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _polygons(
    geometries: list[BaseGeometry], attributes: list[Attributes], label: str, key: str
) -> tuple[list[BaseGeometry], list[Attributes], list[str]]:
    kept: list[BaseGeometry] = []
    kept_attributes, said = [], []
    for geometry, about in zip(geometries, attributes, strict=True):
        if geometry.is_empty or geometry.geom_type not in {"Polygon", "MultiPolygon", "GeometryCollection"}:
            continue
        shape = shapely.force_2d(geometry)
        if not np.all(np.isfinite(shapely.get_coordinates(shape))):
            said_of = about.name or len(kept) + 1
            raise InputError(_said(f"{label}: polygon '{said_of}' has a corner that is no finite number", key))
        if not shape.is_valid:
            said.append(
                f"{label}: polygon '{about.name or len(kept) + 1}' was mended: {shapely.is_valid_reason(shape)}"
            )
            shape = shapely.make_valid(shape)
        parts = [part for part in _flat(shape) if part.area > 0]
        if parts:
            kept.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
            kept_attributes.append(about)
    if not kept:
        raise InputError(_said(f"{label} holds no polygon", key))
    return kept, kept_attributes, said


def _flat(geometry: BaseGeometry) -> list[shapely.Polygon]:
    if isinstance(geometry, shapely.Polygon):
        return [geometry]
    return [polygon for part in getattr(geometry, "geoms", ()) for polygon in _flat(part)]


def _check_names(names: list[str], label: str, key: str) -> None:
    if not all(names):
        raise InputError(_said(f"{label}: polygon {names.index('') + 1} has no 'name'; each zone needs one", key))
    odd = next((name for name in names if not is_one_line(name)), None)
    if odd is not None:
        raise InputError(_said(f"{label}: the name {odd[:60]!a} holds control characters; give it another", key))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(_said(f"{label}: the name '{twice[0]}' is given twice; each zone needs its own", key))


def _moved(geometry: BaseGeometry, own: str, crs: str, label: str, key: str) -> BaseGeometry:
    if own == crs:
        return geometry
    moved = shapely.transform(geometry, lambda xy: np.column_stack(transform_xy(own, crs, xy[:, 0], xy[:, 1])))
    if not np.all(np.isfinite(moved.bounds)):
        raise InputError(_said(f"{label} cannot be projected from {own} to {crs}", key))
    return moved if moved.is_valid else shapely.make_valid(moved)
