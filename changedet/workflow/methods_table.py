"""Every method with its parameters: as rows, and as the text that ``changedet methods`` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from changedet.errors import InputError, did_you_mean
from changedet.stages.registry import Stage
from changedet.workflow.method_parameters import parameter_schemas
from changedet.workflow.stage_requests import stages


@dataclass(frozen=True)
class MethodRow:
    """A method, or one of its parameters.

    Attributes
    ----------
    stage, method : str
        Their names.
    parameter : str
        Empty in the row of the method itself.
    unit : str
        Empty where it has none.
    default : str
        As JSON; empty for a parameter that must be given.
    description, reference : str
        In words; where the method was published.
    summary : str
        The first sentence of a method's description.
    """

    stage: str
    method: str
    parameter: str
    unit: str
    default: str
    description: str
    reference: str
    summary: str = ""


def methods_table(stage: str | None = None, registry: Mapping[str, Stage[object]] | None = None) -> list[MethodRow]:
    """Every method and parameter of one stage or of all, in registration order.

    Parameters
    ----------
    stage : str, optional
        Only this one.
    registry : mapping of stage to Stage, optional
        Instead of the package's own methods.

    Returns
    -------
    list of MethodRow
        Each method before its parameters.

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


def _rows(stage: Stage[object]) -> list[MethodRow]:
    rows: list[MethodRow] = []
    for method in stage.methods.values():
        rows.append(MethodRow(stage.name, method.name, "", "", "", method.about, method.reference, method.summary))
        for name, schema in parameter_schemas(method.parameters).items():
            default = json.dumps(schema["default"]) if "default" in schema else ""
            unit, description = (str(schema.get(key, "")) for key in ("unit", "description"))
            rows.append(MethodRow(stage.name, method.name, name, unit, default, description, method.reference))
    return rows


def methods_text(stage: str | None) -> str:
    """The table of methods in words.

    Parameters
    ----------
    stage : str, optional
        Only this one.

    Returns
    -------
    str
        Lines, indented below their stage and method.
    """
    lines: list[str] = []
    last = ""
    for row in methods_table(stage):
        if row.stage != last:
            lines += [row.stage] if not lines else ["", row.stage]
            last = row.stage
        if not row.parameter:
            lines += [f"  {row.method}: {row.description}", f"    {row.reference}"]
        else:
            unit = f" ({row.unit})" if row.unit else ""
            default = f", default {row.default}" if row.default else ", required"
            lines.append(f"    {row.parameter}{unit}{default}: {row.description}")
    return "\n".join(line.rstrip() for line in lines)
