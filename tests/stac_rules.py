"""What the STAC extensions that we name ask of their fields, as JSON Schema for the fields that we write.

Written from the extensions' pages and held beside their schemas, so that items are checked without a network; pystac
has the schemas of STAC itself.
"""

from __future__ import annotations

from typing import Any

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


FIELDS: dict[str, dict[str, Any]] = {
    "eo:cloud_cover": angle(0, 100),
    "proj:code": {"type": ["string", "null"], "pattern": "^[A-Z]+:[0-9]+$"},
    "proj:wkt2": TEXT,
    "proj:bbox": numbers(4),
    "proj:shape": numbers(2, "integer"),
    "proj:transform": numbers(6),
    "view:off_nadir": angle(0, 90),
    "view:azimuth": angle(0, 360),
    "view:sun_azimuth": angle(0, 360),
    "view:sun_elevation": angle(-90, 90),
    "processing:software": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
    "processing:lineage": TEXT,
    "file:size": {"type": "integer", "minimum": 0},
    "file:checksum": {"type": "string", "pattern": "^1220[a-f0-9]{64}$"},
    "classification:classes": objects(
        ["value", "name"],
        value={"type": "integer"},
        name={"type": "string", "pattern": "^[0-9A-Za-z_-]+$"},
        description=TEXT,
        color_hint={"type": "string", "pattern": "^[0-9A-F]{6}$"},
        nodata={"const": True},
    ),
}
OF_BANDS: dict[str, dict[str, Any]] = {
    "eo:bands": {**objects(["name"], name=TEXT, common_name={"enum": COMMON_NAMES})},
    "raster:bands": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "minProperties": 1,
            "properties": {"data_type": {"enum": DATA_TYPES}, "nodata": NODATA, "unit": TEXT,
                           "spatial_resolution": NUMBER},
            "additionalProperties": False,
        },
    },
}  # fmt: skip
"""Fields that only an asset may have."""


IN_PROPERTIES = {name: rule for name, rule in FIELDS.items() if not name.startswith(("file:", "classification:"))}
"""Files are assets and links, and so are rasters of classes."""
OF_LINKS = {name: rule for name, rule in FIELDS.items() if name.startswith("file:")}
WANTED_IN_PROPERTIES = ("view:", "processing:")
"""Extensions whose schemas ask for one of their fields in the properties of an item that names them."""


def uri_of(prefix: str, uris: list[str]) -> str:
    """The extension that a prefix belongs to; empty where it is not named."""
    names = {"proj": "projection"}
    return next((uri for uri in uris if f"/{names.get(prefix, prefix)}/v" in uri), "")


def check(found: dict[str, Any]) -> set[str]:
    """Check all fields with a prefix in an item or collection; gives those that were met."""
    met = set()
    places = [(found.get("properties", {}), IN_PROPERTIES)]
    places += [(asset, FIELDS | OF_BANDS) for asset in found["assets"].values()]
    places += [(link, OF_LINKS) for link in found["links"]]
    for place, allowed in places:
        for name, value in place.items():
            prefix = name.partition(":")[0]
            if ":" not in name or prefix == "changedet":
                continue
            assert name in allowed, f"{name} may not stand there"
            jsonschema.validate(value, allowed[name])
            assert uri_of(prefix, found["stac_extensions"]), f"{name} without its extension"
            met.add(name)
    idle = {uri for uri in found["stac_extensions"] if uri not in {uri_of(n.partition(":")[0], [uri]) for n in met}}
    assert not idle, f"named and not used: {idle}"
    for prefix in WANTED_IN_PROPERTIES if found["type"] == "Feature" else ():
        if uri_of(prefix[:-1], found["stac_extensions"]):
            assert any(name.startswith(prefix) for name in found["properties"]), f"no {prefix} in the properties"
    return met
