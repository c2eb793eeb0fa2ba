"""Models of a method's parameters, made from its signature and its docstring."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

Made = TypeVar("Made")


def parameter_model(name: str, function: Callable[..., object], shared: Mapping[str, str]) -> type[BaseModel]:
    """The model that checks a method's parameters: its keyword-only ones, and the fields of those that are groups.

    Parameters
    ----------
    name : str
        Of the model.
    function : callable
        The method.
    shared : mapping of str to str
        Descriptions of parameters that the function's own docstring does not have.

    Returns
    -------
    type of pydantic.BaseModel
        Frozen; refuses other parameters.
    """
    hints = get_type_hints(function, include_extras=True)
    documented = {**shared, **_parameter_docs(inspect.getdoc(function) or "", "Parameters")}
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind = hints[parameter.name]
        if dataclasses.is_dataclass(kind):
            fields |= _group_fields(cast("type", kind))
            continue
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (kind, Field(default, description=documented.get(parameter.name, "")))
    return create_model(name, __config__=ConfigDict(extra="forbid", frozen=True, strict=False), **fields)


def _group_fields(group: type) -> dict[str, Any]:
    """The parameters of a group, described by the ``Attributes`` of the class or of one above it."""
    hints, documented = get_type_hints(group, include_extras=True), {}
    for cls in reversed(group.__mro__):
        documented.update(_parameter_docs(inspect.cleandoc(cls.__doc__ or ""), "Attributes"))
    return {
        one.name: (hints[one.name], Field(one.default, description=documented.get(one.name, "")))
        for one in dataclasses.fields(group)
    }


def with_groups(function: Callable[..., Made]) -> Callable[..., Made]:
    """The function with each parameter that is a group replaced by the group's own parameters.

    Parameters
    ----------
    function : callable
        ``function(facts, **parameters)``.

    Returns
    -------
    callable
        The function itself where it has no group.
    """
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function).parameters
    keywords = [name for name, one in signature.items() if one.kind is inspect.Parameter.KEYWORD_ONLY]
    groups = {name: cast("type", hints[name]) for name in keywords if dataclasses.is_dataclass(hints[name])}
    if not groups:
        return function

    def _expanded(facts: object, **given: object) -> Made:
        made = {}
        for name, group in groups.items():
            own = {one.name: given.pop(one.name) for one in dataclasses.fields(group) if one.name in given}
            made[name] = group(**own)
        return function(facts, **given, **made)

    return _expanded


def _parameter_docs(doc: str, section: str) -> dict[str, str]:
    """Parameter descriptions of a numpydoc docstring, joined to one line each."""
    found: dict[str, list[str]] = {}
    inside, current = False, ""
    for line in doc.splitlines():
        if line.strip() in {"Parameters", "Attributes", "Returns", "Raises", "Notes", "Examples", "References"}:
            inside = line.strip() == section
        elif inside and line and not line.startswith((" ", "-")) and " : " in line:
            current = line.split(" : ")[0].strip()
            found[current] = []
        elif inside and current and line.startswith(" "):
            found[current].append(line.strip())
    return {name: " ".join(lines) for name, lines in found.items()}
