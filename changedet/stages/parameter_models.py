"""Models of a method's parameters, made from its signature and its docstring."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
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
    hints = _keyword_hints(function)
    documented = {**shared, **_parameter_docs(inspect.getdoc(function) or "", "Parameters")}
    fields: dict[str, Any] = {}
    signature = inspect.signature(function).parameters
    for word, kind in hints.items():
        if dataclasses.is_dataclass(kind):
            fields |= _group_fields(cast("type", kind))
            continue
        default = ... if signature[word].default is inspect.Parameter.empty else signature[word].default
        fields[word] = (kind, Field(default, description=documented.get(word, "")))
    return create_model(name, __config__=ConfigDict(extra="forbid", frozen=True, strict=False), **fields)


def _keyword_hints(function: Callable[..., object]) -> dict[str, Any]:
    """Types of the keyword-only parameters, in order; those of the others may be known to type checkers alone."""
    signature = inspect.signature(function).parameters
    own = {name: one.annotation for name, one in signature.items() if one.kind is inspect.Parameter.KEYWORD_ONLY}
    names = inspect.unwrap(function).__globals__
    return get_type_hints(SimpleNamespace(__annotations__=own), names, include_extras=True)


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
    groups = {
        name: cast("type", kind) for name, kind in _keyword_hints(function).items() if dataclasses.is_dataclass(kind)
    }
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
