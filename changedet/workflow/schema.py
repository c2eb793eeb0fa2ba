"""The JSON Schema of the workflow file, for editors: what it accepts loads, where the files that it names exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.imagery.attribution import LONGEST_WORDS
from changedet.imagery.bands import ROLES
from changedet.json_types import Json, JsonArray, JsonObject
from changedet.stages.registry import AUTO, NONE, Stage
from changedet.workflow.load import SITE_ID
from changedet.workflow.method_parameters import parameter_schemas
from changedet.workflow.model import EXTRA_FORMATS, FORMATS, STAGE_WORDS
from changedet.workflow.scene_entries import KEYS, Kind
from changedet.workflow.scene_properties import LAST_BAND
from changedet.workflow.stage_requests import stages

_DATE: Final[JsonObject] = {
    "type": "string",
    "pattern": r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "format": "date",
}
_AUTO: Final[JsonObject] = {"const": "auto"}
_TEXT: Final[JsonObject] = {"type": "string", "pattern": r"\S"}
_LINE: Final[JsonObject] = {**_TEXT, "maxLength": LONGEST_WORDS}
_NAMES: Final[JsonObject] = {"type": "array", "items": _TEXT, "minItems": 1}
_BOX: Final[JsonObject] = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
_BANDS: Final[JsonObject] = {
    "type": "object",
    "description": "Role to band number (from 1) or band description.",
    "propertyNames": {"enum": list(ROLES)},
    "additionalProperties": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LAST_BAND}, _TEXT]},
    "minProperties": 1,
}


def json_schema(registry: Mapping[str, Stage[object]] | None = None) -> JsonObject:
    """The workflow file's JSON Schema (draft 2020-12), with every method's parameters, their units and defaults.

    Parameters
    ----------
    registry : mapping of stage to Stage, optional
        Instead of the package's own methods.

    Returns
    -------
    dict
        Plain JSON data.
    """
    table = stages() if registry is None else registry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "changedet workflow",
        "description": "One site: its scenes and what to make of them. Paths are relative to the file; dates are UTC.",
        "type": "object",
        "required": ["site", "scenes"],
        "additionalProperties": False,
        "properties": {
            "site": _site(),
            "grid": _grid(),
            "scenes": {"type": "array", "minItems": 1, "items": {"anyOf": [_scene(kind) for kind in KEYS]}},
            "bands": {"anyOf": [_BANDS, {"type": "null"}]},
            "before": {**_DATE, "description": "The reference date; default: the earliest scene."},
            "read": _read(),
            **{name: _stage(stage) for name, stage in table.items()},
            "ais": _section(
                {"path": {**_TEXT, "description": "CSV with time, mmsi, lon, lat."}},
                "Positions that ships reported, for zones of kind berth.",
            ),
            "works": _flag("Look for pits, banks, heaps and pads, and follow their states."),
            "buildings": _flag("Look for halls, and when each was built and gone."),
            "ships": _flag("Look for ships on all open water; at zones of kind berth they are looked for anyway."),
            "railcars": _flag("Look for railway tracks and the cars on them; on zones of kind siding cars are anyway."),
            "outputs": _outputs(),
            "compute": _compute(),
        },
    }


def _section(properties: JsonObject, description: str) -> JsonObject:
    """A mapping that may also be left empty, as when all its keys are commented out."""
    return {
        "type": ["object", "null"],
        "description": description,
        "additionalProperties": False,
        "properties": properties,
    }


def _flag(description: str) -> JsonObject:
    return {"type": "boolean", "default": False, "description": description}


def _site() -> JsonObject:
    area: JsonObject = {
        "description": "Area of interest; default: the extent of the reference scene.",
        "anyOf": [
            {**_TEXT, "description": "A vector file."},
            {
                "type": "object",
                "required": ["bbox"],
                "additionalProperties": False,
                "properties": {
                    "bbox": {**_BOX, "description": "west, south, east, north"},
                    "crs": {**_TEXT, "default": "EPSG:4326"},
                },
            },
            {
                "type": "object",
                "description": "GeoJSON in EPSG:4326.",
                "required": ["type"],
                "properties": {"type": {"enum": ["Polygon", "MultiPolygon", "Feature", "FeatureCollection"]}},
            },
        ],
    }
    return {
        "type": "object",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "pattern": f"^{SITE_ID}$", "description": "Names the output folder."},
            "name": {**_LINE, "description": "Free text; default: the id."},
            "place": {**_LINE, "description": "Where it lies, in words, for figures."},
            "aoi": area,
            "zones": {
                **_TEXT,
                "description": "A vector file of polygons with a 'name'; the series is also given for each.",
            },
        },
    }


def _grid() -> JsonObject:
    metres: JsonObject = {"type": "number", "exclusiveMinimum": 0, "maximum": 100_000, "unit": "m"}
    properties: JsonObject = {
        "crs": {**_TEXT, "default": "auto", "description": "auto, or a projected system in metres such as EPSG:32633."},
        "resolution": {
            "anyOf": [_AUTO, metres],
            "default": "auto",
            "description": "auto is the finest scene's, on the ground.",
        },
    }
    return _section(properties, "The common grid.")


def _read() -> JsonObject:
    properties: JsonObject = {
        "on_error": {
            "enum": ["stop", "skip"],
            "default": "stop",
            "description": "What to do with a scene that cannot be read.",
        },
        "allow_hosts": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$"},
            "default": [],
            "description": "Further hosts that a catalog may lead to.",
        },
    }
    return _section(properties, "How scenes are read.")


def _outputs() -> JsonObject:
    formats: JsonObject = {"type": "array", "minItems": 1, "items": {"enum": ["all", *FORMATS, *EXTRA_FORMATS]}}
    properties: JsonObject = {
        "dir": {**_TEXT, "default": "out", "description": "Results go to DIR/SITE_ID."},
        "formats": {"anyOf": [{"const": "all"}, formats], "default": "all"},
        "upload": {
            "type": "string",
            "pattern": r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)*/?$",
            "description": "The finished run goes to UPLOAD/SITE_ID in a bucket too; only with --upload.",
        },
    }
    return _section(properties, "What is written, and where.")


def _compute() -> JsonObject:
    size: JsonObject = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?[KMGTkmgt][iI]?[Bb]$"}
    properties: JsonObject = {
        "scheduler": {
            "anyOf": [{"enum": ["threads", "processes"]}, {"type": "string", "pattern": r"^tcp://[^\s/]+:[0-9]{1,5}$"}],
            "default": "threads",
        },
        "workers": {"anyOf": [_AUTO, {"type": "integer", "minimum": 1, "maximum": 1024}], "default": "auto"},
        "memory": {"anyOf": [_AUTO, size], "default": "auto", "description": "auto, or such as 4GB; at least 100MB."},
        "chunk": {
            "anyOf": [_AUTO, {"type": "integer", "minimum": 64, "maximum": 65536}],
            "default": "auto",
            "unit": "px",
        },
    }
    return _section(properties, "How it is computed; results do not depend on it.")


def _scene(kind: Kind) -> JsonObject:
    everything = _scene_keys()
    properties: JsonObject = {name: everything[name] for name in KEYS[kind]}
    schema: JsonObject = {
        "type": "object",
        "required": [kind],
        "additionalProperties": False,
        "properties": properties,
    }
    if kind != "stac":
        schema["oneOf"] = [{"required": ["date"]}, {"required": ["date_format"]}]
        schema["dependentRequired"] = {"bounds": ["crs"]}
    if kind == "path":
        schema["not"] = {"required": ["bands"], "properties": {"path": {"type": "object"}}}
    return schema


def _azimuth(toward: str) -> JsonObject:
    about = f"Clockwise from north, {toward}."
    return {"type": "number", "minimum": -180, "maximum": 360, "unit": "deg", "description": about}


def _scene_keys() -> JsonObject:
    by_role: JsonObject = {
        "type": "object",
        "propertyNames": {"enum": list(ROLES)},
        "additionalProperties": _TEXT,
        "minProperties": 1,
    }
    return {
        "path": {
            "anyOf": [_TEXT, by_role],
            "description": "A file or an http(s) or s3 URL, or one for each band role.",
        },
        "glob": {**_TEXT, "description": "A pattern such as scenes/*.tif."},
        "stac": {**_TEXT, "description": "A static catalog, an item collection or an API's URL."},
        "date": _DATE,
        "date_format": {
            "type": "string",
            "pattern": "%[Yy]",
            "description": "In the file's name, by strptime's directives: %Y %y %m %d %-m %-d %b %B %j %H %M %S %z.",
        },
        "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?$", "description": "UTC."},
        "bands": {"anyOf": [_BANDS, {"type": "null"}]},
        "nodata": {"anyOf": [{"type": "number"}, {"enum": ["nan", "NaN"]}]},
        "pan": {**_TEXT, "description": "A panchromatic band of finer pixels, which sharpens the colours of path."},
        "mask": {**_TEXT, "description": "A raster of the scene's usable pixels."},
        "sun": _angles(
            {
                "azimuth_deg": _azimuth("to where the sun stands"),
                "elevation_deg": {"type": "number", "exclusiveMinimum": 0, "maximum": 90, "unit": "deg"},
            },
            2,
        ),
        "view": _angles(
            {
                "off_nadir_deg": {"type": "number", "minimum": 0, "maximum": 89.9, "unit": "deg"},
                "azimuth_deg": _azimuth("from the ground below the sensor to the scene: the way tall things lean"),
            },
            1,
        ),
        "crs": {**_TEXT, "description": "Of a file without one; with bounds: georeferences a picture."},
        "bounds": {**_BOX, "description": "west, south, east, north in crs."},
        **_publishing(),
        "collections": _NAMES,
        "datetime": {"type": "string", "description": "Such as 2023-05/2023-11."},
        "assets": _NAMES,
        "max_cloud_cover": {"type": "number", "minimum": 0, "maximum": 100, "unit": "%"},
    }


def _publishing() -> JsonObject:
    forbidding: JsonObject = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": _LINE, "show_pixels": {"type": "boolean", "default": True}},
    }
    return {
        "credit": {**_LINE, "description": "The line that stands wherever the pixels do."},
        "licence": {
            "anyOf": [_LINE, forbidding],
            "description": "Its name; show_pixels: false makes figures of outlines alone.",
        },
        "sensor": {**_LINE, "description": "Such as WorldView-3; default: what the files or STAC say."},
    }


def _angles(properties: JsonObject, required: int) -> JsonObject:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [*list(properties)[:required]],
    }


def _stage(stage: Stage[object]) -> JsonObject:
    names: JsonArray = [AUTO, NONE, *stage.methods]
    forms: JsonArray = [{"enum": names}, {"type": "null"}, _switched_off()]
    forms.append(_method(stage, AUTO, _of_any(stage), "Chosen from the scenes' metadata.", []))
    for name, method in stage.methods.items():
        about = f"{method.summary} {method.reference}".strip()
        required = [parameter for parameter, field in method.parameters.model_fields.items() if field.is_required()]
        forms.append(_method(stage, name, parameter_schemas(method.parameters), about, ["method", *required]))
    return {"description": f"{STAGE_WORDS.get(stage.name, stage.name).capitalize()}.", "anyOf": forms}


def _switched_off() -> JsonObject:
    return {
        "type": "object",
        "required": ["method"],
        "additionalProperties": False,
        "properties": {"method": {"const": NONE}},
    }


def _method(
    stage: Stage[object], name: str, parameters: Mapping[str, Json], about: str, required: list[str]
) -> JsonObject:
    return {
        "type": "object",
        "title": f"{stage.name}: {name}",
        "description": about,
        "required": [*required],
        "additionalProperties": False,
        "properties": {"method": {"const": name}, **parameters},
    }


def _of_any(stage: Stage[object]) -> JsonObject:
    """Each parameter that some method has, in each of its forms."""
    found: dict[str, list[JsonObject]] = {}
    for method in stage.methods.values():
        for name, schema in parameter_schemas(method.parameters).items():
            forms = found.setdefault(name, [])
            if schema not in forms:
                forms.append(schema)
    return {name: forms[0] if len(forms) == 1 else {"anyOf": [*forms]} for name, forms in found.items()}
