"""``stac/``: a self-contained STAC catalogue of the rasters, a collection and one item a date."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

import rasterio

from changedet.outputs.json_files import write_json
from changedet.outputs.rasters.classes import RasterLayer
from changedet.store import sha256

_Coordinates: TypeAlias = "Sequence[float] | Sequence[_Coordinates]"
"""A point, or points nested at will."""
_VERSION: Final = "1.1.0"
_EXTENSIONS: Final = (
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
)
_COG: Final = "image/tiff; application=geotiff; profile=cloud-optimized"
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "scene": ("data",),
    "mask": ("data", "classification"),
    "score": ("data",),
    "first_change": ("data", "classification"),
    "quality": ("metadata",),
}
_COMMON_NAMES: Final = {
    "coastal": "coastal",
    "blue": "blue",
    "green": "green",
    "red": "red",
    "rededge": "rededge",
    "nir": "nir",
    "swir1": "swir16",
    "swir2": "swir22",
    "pan": "pan",
}


def write_stac(
    folder: str | Path,
    *,
    site_id: str,
    title: str,
    rasters: Sequence[RasterLayer],
    geometry: Mapping[str, object],
    description: str = "",
    assets: Mapping[str, str | Path] | None = None,
    checksums: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write ``collection.json`` and ``<date>/<date>.json`` with hrefs relative to each file.

    Parameters
    ----------
    folder : path
        ``stac/`` of the run.
    site_id : str
        The collection's id.
    title : str
        The site's name.
    rasters : sequence of RasterLayer
        Finished rasters. Those with a date become assets of its item, those without (``first_change``) of
        the collection.
    geometry : mapping
        The grid's or the AOI's outline as GeoJSON in longitude and latitude (EPSG:4326).
    description : str
        Of the collection.
    assets : mapping of str to path, optional
        Further files of the collection, such as ``objects.gpkg``.
    checksums : mapping of str to str, optional
        Path as given -> SHA-256 in hex; computed where it is not given.

    Returns
    -------
    list of pathlib.Path
        The files written, the collection last: where it is there, all are.

    Raises
    ------
    ValueError
        Where no raster has a date.
    """
    root = Path(folder)
    dates = sorted({layer.date[:10] for layer in rasters if layer.date})
    if not dates:
        raise ValueError("a catalogue needs at least one dated raster")
    known = dict(checksums or {})
    written = []
    for date in dates:
        target = root / date / f"{date}.json"
        layers = [layer for layer in rasters if layer.date[:10] == date]
        write_json(target, _item(target, date, site_id, layers, geometry, known))
        written.append(target)
    target = root / "collection.json"
    more: dict[str, object] = {layer.kind: _raster_asset(target, layer, known) for layer in rasters if not layer.date}
    more |= {name: _file_asset(target, Path(path), known) for name, path in (assets or {}).items()}
    write_json(target, _collection(site_id, title, description, dates, geometry, more))
    return [*written, target]


def bounds(geometry: Mapping[str, object]) -> list[float]:
    """The bounding box of a GeoJSON geometry.

    Parameters
    ----------
    geometry : mapping
        With ``coordinates`` of a point, line, polygon, or several of them.

    Returns
    -------
    list of float
        West, south, east, north.

    Examples
    --------
    >>> bounds({"type": "Point", "coordinates": [120.5, 31.0]})
    [120.5, 31.0, 120.5, 31.0]
    """
    points = _points(cast("_Coordinates", geometry["coordinates"]))
    lons, lats = zip(*points, strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]


def _points(coordinates: _Coordinates) -> list[tuple[float, float]]:
    if isinstance(coordinates[0], int | float):
        x, y = cast("Sequence[float]", coordinates)[:2]
        return [(float(x), float(y))]
    return [point for part in cast("Sequence[_Coordinates]", coordinates) for point in _points(part)]


def _item(
    target: Path,
    date: str,
    site_id: str,
    layers: Sequence[RasterLayer],
    geometry: Mapping[str, object],
    known: Mapping[str, str],
) -> dict[str, object]:
    first = layers[0].path
    return {
        "type": "Feature",
        "stac_version": _VERSION,
        "stac_extensions": list(_EXTENSIONS),
        "id": f"{site_id}-{date}",
        "collection": site_id,
        "geometry": geometry,
        "bbox": bounds(geometry),
        "properties": {"datetime": f"{date}T00:00:00Z", **_projection(first)},
        "links": [
            {"rel": "root", "href": "../collection.json", "type": "application/json"},
            {"rel": "parent", "href": "../collection.json", "type": "application/json"},
            {"rel": "collection", "href": "../collection.json", "type": "application/json"},
        ],
        "assets": {layer.kind: _raster_asset(target, layer, known) for layer in layers},
    }


def _collection(
    site_id: str,
    title: str,
    description: str,
    dates: Sequence[str],
    geometry: Mapping[str, object],
    assets: Mapping[str, object],
) -> dict[str, object]:
    root = {"rel": "root", "href": "./collection.json", "type": "application/json"}
    items = [{"rel": "item", "href": f"./{date}/{date}.json", "type": "application/geo+json"} for date in dates]
    return {
        "type": "Collection",
        "stac_version": _VERSION,
        "stac_extensions": list(_EXTENSIONS),
        "id": site_id,
        "title": title,
        "description": description or f"Change masks, scores and aligned scenes of {title}.",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [bounds(geometry)]},
            "temporal": {"interval": [[f"{dates[0]}T00:00:00Z", f"{dates[-1]}T23:59:59Z"]]},
        },
        "links": [root, *items],
        "assets": dict(assets),
    }


def _raster_asset(target: Path, layer: RasterLayer, known: Mapping[str, str]) -> dict[str, object]:
    with rasterio.open(layer.path) as source:
        tags = source.tags()
        bands = [_band(source, i) for i in range(1, source.count + 1)]
    asset = {
        **_file_asset(target, layer.path, known),
        "title": tags.get("DESCRIPTION") or layer.kind,
        "type": _COG,
        "roles": list(_ROLES[layer.kind]),
        "bands": bands,
        **_projection(layer.path),
    }
    if "THRESHOLD" in tags:
        asset["changedet:threshold"] = float(tags["THRESHOLD"])
    return asset


def _file_asset(target: Path, path: Path, known: Mapping[str, str]) -> dict[str, object]:
    media = {".gpkg": "application/geopackage+sqlite3", ".csv": "text/csv", ".json": "application/json"}
    checksum = known.get(str(path)) or sha256(path)
    relative = Path(os.path.relpath(path.resolve(), target.resolve().parent)).as_posix()
    return {
        "href": relative if relative.startswith(".") else f"./{relative}",
        "type": media.get(path.suffix, "application/octet-stream"),
        "roles": ["data"],
        "file:size": path.stat().st_size,
        # A multihash: 0x12 is SHA-256, 0x20 its length.
        "file:checksum": "1220" + checksum.removeprefix("sha256:"),
    }


def _band(source: rasterio.io.DatasetReader, number: int) -> dict[str, object]:
    name = source.descriptions[number - 1] or f"band {number}"
    nodata = source.nodata
    band: dict[str, object] = {"name": name, "data_type": source.dtypes[number - 1]}
    if nodata is not None:
        band["nodata"] = "nan" if math.isnan(nodata) else int(nodata) if float(nodata).is_integer() else nodata
    if source.units[number - 1]:
        band["unit"] = source.units[number - 1]
    if name in _COMMON_NAMES:
        band["eo:common_name"] = _COMMON_NAMES[name]
    return band


def _projection(path: Path) -> dict[str, object]:
    with rasterio.open(path) as source:
        code = source.crs.to_authority() if source.crs else None
        found: dict[str, object] = {
            "proj:code": ":".join(code) if code else None,
            "proj:shape": list(source.shape),
            "proj:transform": list(source.transform)[:6],
            "proj:bbox": list(source.bounds),
            "raster:spatial_resolution": abs(source.transform.a),
        }
        if not code and source.crs:
            found["proj:wkt2"] = source.crs.to_wkt()
    return found
