"""Assets of items and of the collection, from the files themselves."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pystac
import rasterio

from changedet.json_types import JsonLike
from changedet.outputs.rasters.classes import MASK_CLASSES, QUALITY_CLASSES, RasterClass, RasterLayer, date_classes
from changedet.outputs.rasters.reading import opened
from changedet.outputs.stac.item_facts import multihash
from changedet.store import sha256

TITLES: Final[Mapping[str, str]] = {
    "scene": "Scene, aligned and normalised",
    "mask": "Change since the reference date",
    "score": "Change score",
    "first_change": "First change that lasts, in days since 1970-01-01",
    "quality": "What is not seen, and why",
}
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "scene": ("data", "reflectance"),
    "mask": ("data", "classification"),
    "score": ("data",),
    "first_change": ("data", "classification"),
    "quality": ("metadata", "classification"),
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
_MEDIA: Final = {
    ".gpkg": pystac.MediaType.GEOPACKAGE,
    ".csv": "text/csv",
    ".json": pystac.MediaType.JSON,
    ".parquet": "application/vnd.apache.parquet",
    ".jpg": pystac.MediaType.JPEG,
}


def raster_asset(layer: RasterLayer, beside: Path, checksum: str, unit: float) -> pystac.Asset:
    """A raster with its bands, its place and its classes.

    Parameters
    ----------
    layer : RasterLayer
        A finished GeoTIFF.
    beside : Path
        The folder of the item or collection.
    checksum : str
        SHA-256 in hex; computed where it is not given.
    unit : float
        A metre on the ground in units of its CRS.

    Returns
    -------
    pystac.Asset
        With relative href; bands as STAC 1.1 and, by name, as odc-stac reads them (``eo:bands``).
    """
    with opened(layer.path) as source:
        tags = source.tags()
        values = [_band_values(source, number) for number in range(1, source.count + 1)]
        names = [name or f"band {number}" for number, name in enumerate(source.descriptions, 1)]
        resolution_m = abs(source.transform.a) / unit
        place = projection(source)
    asset = file_asset(layer.path, beside, checksum, roles=ROLES[layer.kind])
    asset.title = tags.get("DESCRIPTION") or TITLES[layer.kind]
    asset.media_type = pystac.MediaType.COG
    asset.extra_fields |= {
        **place,
        "bands": [{"name": name, **value} for name, value in zip(names, values, strict=True)],
        "raster:bands": [{**value, "spatial_resolution": resolution_m} for value in values],
    }
    if layer.kind == "scene":
        asset.extra_fields["eo:bands"] = [
            {"name": name} | ({"common_name": _COMMON_NAMES[name]} if name in _COMMON_NAMES else {}) for name in names
        ]
    if classes := _classes(layer, values[0].get("nodata")):
        asset.extra_fields["classification:classes"] = classes
    if "THRESHOLD" in tags:
        asset.extra_fields["changedet:threshold"] = float(tags["THRESHOLD"])
    return asset


def file_asset(path: Path, beside: Path, checksum: str = "", roles: Sequence[str] = ("data",)) -> pystac.Asset:
    """Any file, with its size and checksum.

    Parameters
    ----------
    path : Path
        Finished.
    beside : Path
        The folder of the item or collection.
    checksum : str
        SHA-256 in hex; computed where it is not given.
    roles : sequence of str
        Of the asset.

    Returns
    -------
    pystac.Asset
        With relative href.
    """
    relative = Path(os.path.relpath(path.resolve(), beside.resolve())).as_posix()
    return pystac.Asset(
        relative if relative.startswith(".") else f"./{relative}",
        media_type=_MEDIA.get(path.suffix, "application/octet-stream"),
        roles=list(roles),
        extra_fields={
            "file:size": path.stat().st_size,
            "file:checksum": multihash(checksum or sha256(path)),
        },
    )


def projection(source: rasterio.io.DatasetReader) -> dict[str, JsonLike]:
    """Where a raster lies.

    Parameters
    ----------
    source : rasterio.io.DatasetReader
        Open.

    Returns
    -------
    dict of str to JSON value
        Fields of the projection extension.
    """
    code = source.crs.to_authority() if source.crs else None
    found: dict[str, JsonLike] = {
        "proj:code": ":".join(code) if code else None,
        "proj:shape": list(source.shape),
        "proj:transform": list(source.transform)[:6],
        "proj:bbox": list(source.bounds),
    }
    if not code and source.crs:
        found["proj:wkt2"] = source.crs.to_wkt()
    return found


def _band_values(source: rasterio.io.DatasetReader, number: int) -> dict[str, JsonLike]:
    found: dict[str, JsonLike] = {"data_type": source.dtypes[number - 1]}
    nodata = source.nodata
    if nodata is not None:
        found["nodata"] = "nan" if math.isnan(nodata) else int(nodata) if float(nodata).is_integer() else nodata
    if source.units[number - 1]:
        found["unit"] = source.units[number - 1]
    return found


def _classes(layer: RasterLayer, nodata: JsonLike) -> list[dict[str, JsonLike]]:
    known: Mapping[str, Sequence[RasterClass]] = {
        "mask": MASK_CLASSES,
        "quality": QUALITY_CLASSES,
        "first_change": date_classes(layer.dates) if layer.dates else (),
    }
    classes = [_class(one) for one in known.get(layer.kind, ())]
    if classes and isinstance(nodata, int) and nodata not in {one["value"] for one in classes}:
        classes.append({"value": nodata, "name": "no_data", "description": "not seen", "nodata": True})
    return classes


def _class(one: RasterClass) -> dict[str, JsonLike]:
    name = re.sub(r"[^0-9A-Za-z-]+", "_", one.label).strip("_")
    return {"value": one.value, "name": name, "description": one.label, "color_hint": one.color.lstrip("#").upper()}
