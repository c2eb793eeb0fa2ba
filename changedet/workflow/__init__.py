"""The workflow file: YAML -> frozen `Workflow`, every mistake at once with line and nearest name; its JSON Schema."""

from changedet.grid.areas import Area
from changedet.workflow.dates import dates_in_name
from changedet.workflow.load import load_workflow
from changedet.workflow.methods_table import MethodRow, methods_table, methods_text
from changedet.workflow.model import (
    FORMATS,
    STAGE_NAMES,
    Catalog,
    Compute,
    Grid,
    Outputs,
    Read,
    SceneEntry,
    Site,
    StageRequest,
    Workflow,
)
from changedet.workflow.schema import json_schema
from changedet.workflow.stage_requests import resolve_stage, stages
from changedet.workflow.yaml_parser import read_yaml

__all__ = [
    "FORMATS",
    "STAGE_NAMES",
    "Area",
    "Catalog",
    "Compute",
    "Grid",
    "MethodRow",
    "Outputs",
    "Read",
    "SceneEntry",
    "Site",
    "StageRequest",
    "Workflow",
    "dates_in_name",
    "json_schema",
    "load_workflow",
    "methods_table",
    "methods_text",
    "read_yaml",
    "resolve_stage",
    "stages",
]
