"""The JSON Schema: it accepts what loads, and refuses what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from workflow_cases import (
    CONTRACT,
    GOOD,
    REGISTRY,
    VALUES,
    attempt,
    bad_workflows,
    load,
    validating,
)

from changedet.errors import InputError
from changedet.stages.registry import Facts
from changedet.workflow import (
    json_schema,
    load_workflow,
    methods_table,
    resolve_stage,
)
from changedet.workflow.yaml_parser import read_yaml
from changedet.workflow.yaml_tree import MapNode, plain_value

# What a schema cannot know: the files, PROJ's database, the calendar, geometry, and relations between values.
BEYOND_A_SCHEMA = {
    "name with a control character",
    "path in other letters",
    "path with backslashes",
    "name that turns the direction of writing",
    "outputs in a folder with a control character",
    "credit of two lines",
    "crs with a file",
    "crs by shifts that are not there",
    *("missing zones", "zones by URL", "aoi missing file", "missing file", "near file", "missing folder", "folder"),
    *("path with a null byte", "vsicurl", "vsis3", "connection string", "driver form", "inline VRT", "ftp", "file URL"),
    *("password", "URL without host", "zip missing", "zip member missing", "not a zip", "role file missing"),
    *("mask missing", "glob without match", "glob with no date in a name", "glob URL", "stac missing", "dir is a file"),
    *(
        "dir URL",
        "dir web",
        "upload out of its place",
        "bbox turned",
        "bbox upside down",
        "bbox infinite",
        "bbox nan",
        "bbox not degrees",
        "bbox unknown crs",
    ),
    *("ring not closed", "ring crosses itself", "geojson in metres", "geojson shallow", "geojson words", "no features"),
    *("feature crs", "feature without geometry", "geojson in another crs", "no coordinates"),
    *("impossible date", "before impossible", "before no scene", "stac interval", "stac turned", "band twice"),
    *("crs degrees", "crs feet", "crs unknown", "resolution nan", "parameter infinite", "memory small"),
    *("format unknown", "format twice", "format with a zone and no hour", "scheduler port"),
    # In the regular expressions of JSON Schema $ is the end alone, in Python's also before a last line break.
    "id ends with a line",
    # Mistakes of YAML itself, of which plain data show nothing.
    *("duplicate top key", "duplicate inner key", "duplicate key in a flow", "merge key"),
}


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_json_schema_refuses_what_loading_refuses(
    folder: Path, validator: Any, request: pytest.FixtureRequest, text: str, expected: list[str]
) -> None:
    Path("w.yaml").write_text(text)
    try:
        data = plain_value(read_yaml("w.yaml").root)
    except InputError:
        return
    accepted = validator.is_valid(data)
    assert accepted == (request.node.callspec.id in BEYOND_A_SCHEMA)


def test_json_schema_accepts_what_loads(folder: Path, validator: Any) -> None:
    Path("zones.geojson").touch()
    extras = (
        "change: irmad",
        "change: {method: irmad, iterations: 3.0}",
        "change: {min_area_m2: 1, window_px: 3}",
        "objects: none",
        "tracks: {method: none}",
        "grid: {crs: EPSG:32633, resolution: 10}",
        "read:",
        "bands: {red: B04}",
        "outputs: {formats: [masks, report]}",
        "compute: {scheduler: 'tcp://127.0.0.1:8786', workers: 2.0, memory: 1.5 GiB}",
        "read: {allow_hosts: [x.org, '127.0.0.1:9000']}",
        "change: {method: needy, level: -3}",
    )
    for text in (CONTRACT, GOOD, *(GOOD + extra + "\n" for extra in extras)):
        load(text)
        validator.validate(plain_value(read_yaml("w.yaml").root))


def test_json_schema_has_unit_default_and_description_of_parameters() -> None:
    forms = json_schema(REGISTRY)["properties"]["change"]["anyOf"]
    cva = next(form for form in forms if form.get("title") == "change: cva")
    area = cva["properties"]["min_area_m2"]
    assert (area["unit"], area["default"], area["minimum"]) == ("m2", 20.0, 0)
    assert area["description"] == "Smaller regions are dropped."


@settings(max_examples=150, deadline=None)
@given(key=st.sampled_from(["grid", "bands", "read", "change", "objects", "outputs", "compute"]), value=VALUES)
def test_json_schema_accepts_only_what_loads(arena: Path, validator: Any, key: str, value: Any) -> None:
    text = GOOD + yaml.safe_dump({key: value})
    if attempt(arena, text) is None:
        try:
            root = read_yaml(arena / "w.yaml").root
        except InputError:
            return
        assert isinstance(root, MapNode)
        data = plain_value(root)
        beyond = (data[key] or {}).get("crs") if isinstance(data[key], dict) else None
        special = "inf" in text or "nan" in text or "dir" in text
        if beyond is None and not special:
            assert not validator.is_valid(data)


def test_every_default_of_every_method_is_accepted_when_written_out(folder: Path) -> None:
    validator = validating(json_schema())
    for stage in methods_table():
        if stage.parameter and stage.default not in {"", "null"}:
            text = GOOD + f"{stage.stage}: {{method: {stage.method}, {stage.parameter}: {stage.default}}}\n"
            Path("w.yaml").write_text(text)
            workflow = load_workflow("w.yaml")
            assert workflow.stages[stage.stage].parameters == {stage.parameter: json.loads(stage.default)}
            validator.validate(plain_value(read_yaml("w.yaml").root))
            resolve_stage(workflow, stage.stage, Facts(0.5, roles=("red", "green", "blue", "nir")))
