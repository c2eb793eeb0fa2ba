"""The seven stages in a workflow: which methods there are, what a file asks of them, what ``auto`` makes of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from changedet.errors import InputError, Problem, did_you_mean, nearest
from changedet.stages.registry import AUTO, NONE, Choice, Facts, Stage
from changedet.workflow.checker import Checker, shown, unfit
from changedet.workflow.model import StageRequest, Workflow
from changedet.workflow.yaml_tree import ListNode, Node, ScalarNode, plain_value


@dataclass(frozen=True)
class MethodRow:
    """One line of ``changedet methods``: a method (`parameter` empty) or one of its parameters.

    `summary` is the first sentence of a method's `description`.
    """

    stage: str
    method: str
    parameter: str
    unit: str
    default: str
    description: str
    reference: str
    summary: str = ""


def stages() -> Mapping[str, Stage[object]]:
    """The registry of each stage, in data order."""
    # Imported here for its cost at start-up: all methods' libraries, of which the simulator and the field checks need
    # none.
    from changedet.stages.order import STAGES

    return STAGES


def read_stage(checker: Checker, node: Node | None, stage: Stage[object]) -> StageRequest:
    """What the file asks of one stage; ``change: irmad`` is short for ``change: {method: irmad}``."""
    key = stage.name
    line = checker.tree.root.key_lines.get(key)
    if node is None or (isinstance(node, ScalarNode) and node.is_null):
        return StageRequest(line=line)
    names = (AUTO, NONE, *stage.methods)
    if isinstance(node, ScalarNode):
        return StageRequest(_method(checker, node, key, names) or AUTO, {}, line)
    if isinstance(node, ListNode):
        checker.wrong(key, str(unfit(node, "a mapping such as {method: auto}")))
        return StageRequest(line=line)
    asked = node.items.get("method")
    method = AUTO if asked is None else _method(checker, asked, f"{key}.method", names)
    given = {name: item for name, item in node.items.items() if name != "method"}
    # With a method that does not exist nobody can say which parameters it would have.
    return StageRequest(method or AUTO, _parameters(checker, stage, method, given) if method else {}, line)


def resolve_stage(
    workflow: Workflow, stage: str, facts: Facts, registry: Mapping[str, Stage[object]] | None = None
) -> Choice:
    """The method that a stage will use, with every parameter, and why.

    Parameters
    ----------
    workflow : Workflow
    stage : str
        One of the seven.
    facts : Facts
        What is known before any pixel is read.
    registry : mapping, optional
        Instead of `stages()`.

    Returns
    -------
    Choice
        `method` is ``none`` for a stage that is switched off.

    Raises
    ------
    InputError
        A parameter was given beside ``auto`` that the chosen method does not have or cannot take.
    """
    table = (registry or stages())[stage]
    asked = workflow.stages[stage]
    if asked.method == NONE:
        return Choice(NONE, {}, "switched off in the workflow")
    if asked.method != AUTO:
        return Choice(asked.method, table.get(asked.method).resolve(asked.parameters), "named in the workflow")
    chosen = table.choose(facts)
    model = table.methods[chosen.method].parameters if chosen.method in table.methods else None
    problems = _misfits(workflow, stage, chosen, model, asked.parameters)
    if problems:
        raise InputError(problems)
    if model is None:
        return chosen
    merged = {**chosen.parameters, **asked.parameters}
    return Choice(chosen.method, table.methods[chosen.method].resolve(merged), chosen.reason)


def methods_table(stage: str | None = None, registry: Mapping[str, Stage[object]] | None = None) -> list[MethodRow]:
    """Every method and parameter of one stage or of all, in registration order.

    Raises
    ------
    InputError
        No such stage.
    """
    table = registry or stages()
    if stage is not None and stage not in table:
        tail = did_you_mean(stage, table) or f"; expected one of {', '.join(table)}"
        raise InputError(f"no such stage '{stage}'{tail}")
    return [row for name in ([stage] if stage else table) for row in _rows(table[name])]


def methods_text(stage: str | None = None, registry: Mapping[str, Stage[object]] | None = None) -> str:
    """The table in words, as ``changedet methods`` prints it; InputError where there is no such stage."""
    lines: list[str] = []
    told = ""
    for row in methods_table(stage, registry):
        if row.stage != told:
            lines += [row.stage] if not lines else ["", row.stage]
            told = row.stage
        if not row.parameter:
            lines += [f"  {row.method}: {row.description}", f"    {row.reference}"]
        else:
            unit = f" ({row.unit})" if row.unit else ""
            default = f", default {row.default}" if row.default else ", required"
            lines.append(f"    {row.parameter}{unit}{default}: {row.description}")
    return "\n".join(line.rstrip() for line in lines)


def _rows(stage: Stage[object]) -> list[MethodRow]:
    rows: list[MethodRow] = []
    for method in stage.methods.values():
        rows.append(MethodRow(stage.name, method.name, "", "", "", method.about, method.reference, method.summary))
        for name, schema in parameter_schemas(method.parameters).items():
            default = "" if "default" not in schema else json.dumps(schema["default"])
            description = schema.get("description", "")
            rows.append(
                MethodRow(stage.name, method.name, name, schema.get("unit", ""), default, description, method.reference)
            )
    return rows


def parameter_schemas(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """JSON Schema of each parameter of a method."""
    found: dict[str, dict[str, Any]] = model.model_json_schema().get("properties", {})
    for schema in found.values():
        # A parameter that may also be 'auto' or null keeps its unit in one of its forms.
        units = [form["unit"] for form in schema.get("anyOf", []) if "unit" in form]
        if units:
            schema.setdefault("unit", units[0])
    return found


def expectation(schema: Mapping[str, Any]) -> str:
    """A parameter's schema in words.

    >>> expectation({"type": "number", "minimum": 0, "unit": "m2"})
    'a number of at least 0 (m2)'
    """
    if "anyOf" in schema:
        return " or ".join(expectation(part) for part in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(str(value) for value in schema['enum'])}"
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


def _limits(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    words = {
        "minimum": "of at least",
        "maximum": "of at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
    }
    said = [f"{word} {schema[name]:g}" for name, word in words.items() if name in schema]
    return " " + " and ".join(said) if said else ""


def _method(checker: Checker, node: Node, key: str, names: tuple[str, ...]) -> str | None:
    expected = f"one of {', '.join(names)}"
    if not isinstance(node, ScalarNode) or node.is_null:
        checker.wrong(key, str(unfit(node, expected)))
        return None
    if node.text in names:
        return node.text
    off = node.text.lower() in {"no", "off", "false", "n"}
    tail = "; write 'none' to switch the stage off" if off else did_you_mean(node.text, names)
    checker.wrong(key, f"no such method {shown(node)}, expected {expected}{tail}")
    return None


def _parameters(checker: Checker, stage: Stage[object], method: str, given: Mapping[str, Node]) -> dict[str, Any]:
    if method == NONE:
        for name in given:
            checker.wrong(f"{stage.name}.{name}", "stands beside 'method: none', which has no parameters")
        return {}
    # Beside auto a parameter may be of any method: which one is chosen is known only with the scenes.
    models = [m.parameters for m in stage.methods.values()] if method == AUTO else [stage.methods[method].parameters]
    known = list(dict.fromkeys(name for model in models for name in model.model_fields))
    found: dict[str, Any] = {}
    for name, node in given.items():
        key = f"{stage.name}.{name}"
        having = [model for model in models if name in model.model_fields]
        value = _json_like(plain_value(node))
        if not having:
            # The list of parameters would not tell somebody who wrote 'methd'.
            meant = ["method"] if nearest(name, ["method", *known]) == "method" else known
            checker.unknown(key, name, meant, noun="parameter")
        elif any(accepts(model, name, value) for model in having):
            found[name] = value
        else:
            checker.wrong(key, f"got {shown(node)}, expected {expectation(parameter_schemas(having[0])[name])}")
    required = models[0].model_fields if method != AUTO else {}
    for name, field in required.items():
        if field.is_required() and name not in given:
            checker.wrong(key=stage.name, message=f"the method '{method}' needs the parameter '{name}'")
    return found


def accepts(model: type[BaseModel], name: str, value: Any) -> bool:
    """Whether a method takes a value for a parameter, by JSON's types: ``true`` is no number and ``"3"`` neither."""
    try:
        model.model_validate_json(json.dumps({name: value}), strict=True)
    except ValidationError as error:
        return not any(detail["loc"][:1] == (name,) for detail in error.errors())
    return True


def _json_like(value: Any) -> Any:
    """Whole floats as integers, as JSON Schema counts them."""
    if isinstance(value, dict):
        return {name: _json_like(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json_like(item) for item in value]
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 2**53:
        return int(value)
    return value


def _misfits(
    workflow: Workflow, stage: str, chosen: Choice, model: type[BaseModel] | None, given: Mapping[str, Any]
) -> list[Problem]:
    found: list[Problem] = []
    for name, value in given.items():
        said = f"auto chose '{chosen.method}' ({chosen.reason})"
        if model is None or name not in model.model_fields:
            message = f"{said}, which has no such parameter; name the method or leave it out"
            found.append(workflow.problem(f"{stage}.{name}", message))
        elif not accepts(model, name, value):
            message = f"{said}, which expects {expectation(parameter_schemas(model)[name])}"
            found.append(workflow.problem(f"{stage}.{name}", message))
    return found
