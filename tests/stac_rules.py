"""What the STAC extensions that we name ask of their fields: types, bounds, and where each may or must stand.

Written from the extensions' pages, so that items are checked without a network: pystac has the schemas of STAC itself,
and no package on PyPI has those of the extensions. An extension of which nothing is written here is an error.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jsonschema

NUMBER, TEXT = {"type": "number"}, {"type": "string", "minLength": 1}
DATA_TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
NODATA = {"oneOf": [NUMBER, {"enum": ["nan", "inf", "-inf"]}]}
COMMON_NAMES = ["coastal", "blue", "green", "red", "rededge", "yellow", "pan", "nir", "nir08", "nir09", "cirrus",
                "swir16", "swir22", "lwir", "lwir11", "lwir12"]  # fmt: skip


def angle(low: float, high: float) -> dict[str, Any]:
    return {"type": "number", "minimum": low, "maximum": high}


def numbers(count: int, kind: str = "number") -> dict[str, Any]:
    return {"type": "array", "items": {"type": kind}, "minItems": count, "maxItems": count}


def objects(required: list[str], **fields: object) -> dict[str, Any]:
    one = {"type": "object", "required": required, "properties": fields, "additionalProperties": False}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": one}


COLOUR, FREE_NAME = {"type": "string", "pattern": "^[0-9A-F]{6}$"}, {"type": "string", "pattern": "^[0-9A-Za-z_-]+$"}
COUNT, SHARE = {"type": "integer", "minimum": 0}, angle(0, 100)
CLASSES = objects(
    ["value", "name"], value={"type": "integer"}, name=FREE_NAME, title=TEXT, description=TEXT, color_hint=COLOUR,
    nodata={"type": "boolean"}, percentage=SHARE, count=COUNT,
)  # fmt: skip
EO_BANDS = objects(
    ["name"], name=TEXT, common_name={"enum": COMMON_NAMES}, description=TEXT, center_wavelength=NUMBER,
    full_width_half_max=NUMBER, solar_illumination={"type": "number", "minimum": 0},
)  # fmt: skip
STATISTICS = {"type": "object", "minProperties": 1, "additionalProperties": NUMBER}
RASTER_BANDS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "minProperties": 1,
        "properties": {"data_type": {"enum": DATA_TYPES}, "nodata": NODATA, "unit": TEXT, "spatial_resolution": NUMBER,
                       "sampling": {"enum": ["area", "point"]}, "bits_per_sample": COUNT, "scale": NUMBER,
                       "offset": NUMBER, "statistics": STATISTICS},
        "additionalProperties": False,
    },
}  # fmt: skip


class Rules(NamedTuple):
    """What one version of an extension asks.

    Attributes
    ----------
    fields : mapping of str to dict
        JSON Schema of each field.
    places : tuple of str
        Where they may stand: ``properties`` of an item, ``assets``, ``links``.
    needed : tuple of str
        Places of an item that names it, at least one of which must have a field of it.
    """

    fields: dict[str, dict[str, Any]]
    places: tuple[str, ...]
    needed: tuple[str, ...]


SITE = "https://stac-extensions.github.io"
EXTENSIONS: dict[str, Rules] = {
    f"{SITE}/classification/v2.0.0/schema.json": Rules({"classification:classes": CLASSES}, ("assets",), ("assets",)),
    f"{SITE}/eo/v1.1.0/schema.json": Rules(
        {"eo:cloud_cover": SHARE, "eo:snow_cover": SHARE}, ("properties", "assets"), ("properties", "assets")
    ),
    f"{SITE}/file/v2.1.0/schema.json": Rules(
        {
            "file:size": COUNT,
            "file:header_size": COUNT,
            "file:byte_order": {"enum": ["big-endian", "little-endian"]},
            # A multihash: 12 for SHA-256, 20 for its 32 bytes.
            "file:checksum": {"type": "string", "pattern": "^1220[a-f0-9]{64}$"},
        },
        ("assets", "links"),
        ("assets", "links"),
    ),
    f"{SITE}/processing/v1.1.0/schema.json": Rules(
        {
            "processing:software": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
            "processing:lineage": TEXT,
            "processing:level": TEXT,
            "processing:facility": TEXT,
            "processing:version": TEXT,
        },
        ("properties", "assets"),
        ("properties",),
    ),
    f"{SITE}/projection/v2.0.0/schema.json": Rules(
        {
            "proj:code": {"type": ["string", "null"], "pattern": "^[A-Z]+:[0-9]+$"},
            "proj:wkt2": TEXT,
            "proj:bbox": numbers(4),
            "proj:shape": numbers(2, "integer"),
            "proj:transform": numbers(6),
            "proj:centroid": {"type": "object", "required": ["lat", "lon"],
                              "properties": {"lat": angle(-90, 90), "lon": angle(-180, 180)}},
        },
        ("properties", "assets"),
        ("properties", "assets"),
    ),
    f"{SITE}/raster/v1.1.0/schema.json": Rules({"raster:bands": RASTER_BANDS}, ("assets",), ("assets",)),
    f"{SITE}/view/v1.0.0/schema.json": Rules(
        {
            "view:off_nadir": angle(0, 90),
            "view:incidence_angle": angle(0, 90),
            "view:azimuth": angle(0, 360),
            "view:sun_azimuth": angle(0, 360),
            "view:sun_elevation": angle(-90, 90),
        },
        ("properties", "assets"),
        ("properties",),
    ),
}  # fmt: skip
EXTENSIONS[f"{SITE}/eo/v1.1.0/schema.json"].fields["eo:bands"] = EO_BANDS
ONLY_OF_ASSETS = ("eo:bands",)
"""Of an extension whose other fields may stand in the properties."""
OWN = "changedet"
"""Prefix of our own fields, of no extension."""


def check(found: dict[str, Any]) -> set[str]:
    """Check all fields with a prefix in an item or collection, and all extensions that it names; gives those met."""
    unknown = set(found["stac_extensions"]) - set(EXTENSIONS)
    assert not unknown, f"no rules for {unknown}: write what its schema asks"
    met: dict[str, set[str]] = {"properties": set(), "assets": set(), "links": set()}
    spots = [("properties", found.get("properties", {}))]
    spots += [("assets", asset) for asset in found["assets"].values()]
    spots += [("links", link) for link in found["links"]]
    allowed = {name: rules for uri in found["stac_extensions"] for name in EXTENSIONS[uri].fields
               for rules in [EXTENSIONS[uri]]}  # fmt: skip
    for place, spot in spots:
        for name, value in spot.items():
            if ":" not in name or name.startswith(f"{OWN}:"):
                continue
            assert name in allowed, f"{name} without its extension, or no field of it"
            assert place in allowed[name].places, f"{name} may not stand in {place}"
            assert place == "assets" or name not in ONLY_OF_ASSETS, f"{name} may not stand in {place}"
            jsonschema.validate(value, allowed[name].fields[name])
            met[place].add(name)
    for uri in found["stac_extensions"]:
        wanted = EXTENSIONS[uri].needed if found["type"] == "Feature" else ("assets", "links")
        used = {name for place in wanted for name in met[place]} & set(EXTENSIONS[uri].fields)
        assert used, f"{uri} is named, and none of its fields stands in {' or '.join(wanted)}"
    return set().union(*met.values())
