"""The parameters of a method: their JSON Schema, in words, and whether a value of the workflow fits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from changedet.json_types import Json, JsonObject
from changedet.workflow.yaml_tree import Node, plain_value

_EXACT_FLOATS = 2**53
"""Below this every whole float is an integer of its own."""


def parameter_schemas(model: type[BaseModel]) -> dict[str, JsonObject]:
    """JSON Schema of each parameter of a method.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        A method's `parameters`.

    Returns
    -------
    dict of str to dict
        By the parameter's name, each with its ``unit`` where it has one.
    """
    found: dict[str, JsonObject] = model.model_json_schema().get("properties", {})
    for schema in found.values():
        # A parameter that may also be 'auto' or null keeps its unit in one of its forms.
        units = [form["unit"] for form in _forms(schema) if "unit" in form]
        if units:
            schema.setdefault("unit", units[0])
    return found


def _forms(schema: Mapping[str, Json]) -> list[JsonObject]:
    forms = schema.get("anyOf")
    return [form for form in forms if isinstance(form, dict)] if isinstance(forms, list) else []


def expectation(schema: Mapping[str, Json]) -> str:
    """A parameter's schema in words.

    Parameters
    ----------
    schema : mapping
        As `parameter_schemas` gives it.

    Returns
    -------
    str
        What a value must be.

    Examples
    --------
    >>> expectation({"type": "number", "minimum": 0, "unit": "m2"})
    'a number of at least 0 (m2)'
    """
    if "anyOf" in schema:
        return " or ".join(map(expectation, _forms(schema)))
    if "const" in schema:
        return json.dumps(schema["const"])
    names = schema.get("enum")
    if isinstance(names, list):
        return f"one of {', '.join(map(str, names))}"
    kinds = {
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "string": "text",
        "array": "a list",
    }
    words = kinds.get(str(schema.get("type")), str(schema.get("type", "another value")))
    unit = schema.get("unit")
    return words + _limits(schema) + (f" ({unit})" if unit and unit not in {"count", "fraction"} else "")


def _limits(schema: Mapping[str, Json]) -> str:
    numbers = {name: value for name, value in schema.items() if isinstance(value, int | float)}
    if {"minimum", "maximum"} <= set(numbers):
        return f" from {numbers['minimum']:g} to {numbers['maximum']:g}"
    words = {
        "minimum": "of at least",
        "maximum": "of at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
    }
    said = [f"{word} {numbers[name]:g}" for name, word in words.items() if name in numbers]
    return " " + " and ".join(said) if said else ""


def parameter_value(node: Node) -> Json:
    """The value that a workflow gives to a parameter.

    Parameters
    ----------
    node : node
        As written.

    Returns
    -------
    JSON value
        Whole floats as integers, as JSON Schema counts them.
    """
    return _whole_as_integers(plain_value(node))


def _whole_as_integers(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _whole_as_integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole_as_integers(item) for item in value]
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < _EXACT_FLOATS:
        return int(value)
    return value


def accepts(model: type[BaseModel], name: str, value: Json) -> bool:
    """Whether a method takes a value for a parameter, by JSON's types: ``true`` is no number and ``"3"`` neither.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        A method's `parameters`.
    name : str
        Of the parameter.
    value : JSON value
        As `parameter_value` gives it.

    Returns
    -------
    bool
        Whatever the method's other parameters are.
    """
    try:
        model.model_validate_json(json.dumps({name: value}), strict=True)
    except ValidationError as error:
        return not any(detail["loc"][:1] == (name,) for detail in error.errors())
    return True
