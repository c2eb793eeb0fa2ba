"""Odd values in place of numbers: each number of the workflow's schema, and each parameter of each method.

A kind of `benchmarks/fuzz.py`, for workflows of two scenes: endless and huge numbers, none, truths, text, dates.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

import yaml

from changedet.workflow import json_schema, methods_table

Key = str | int
VALUES: Final = (
    ".nan", ".inf", "-.inf", "-0.0", "0", "-1", "1e308", "-1e308", "1e400", "5e-324", "123456789012345678901234567890",
    "1_000", "0x1F", "1:30", "true", "'12'", "2023-04-26", "null", "~", "[]",
)  # fmt: skip
"""As they stand in YAML."""
DEEPEST: Final = 9
"""Levels of the schema that are walked."""
_MARK: Final = "@@value@@"
_CORNERS: Final = (0, 0, 10, 10)
"""Numbers of a list, which all are those of a rectangle, of which the first is replaced."""
_ANY_KEY: Final = "x"
"""Where a mapping takes any."""


def numbers_of(node: Mapping[str, Any], path: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """Where a JSON Schema without references takes a number, as keys; 0 is the first of a list."""
    if len(path) > DEEPEST:
        return
    kinds = node.get("type")
    if {"number", "integer"} & set(kinds if isinstance(kinds, list) else [kinds]):
        yield path
    for keys, inner in _inner(node):
        yield from numbers_of(inner, (*path, *keys))


def _inner(node: Mapping[str, Any]) -> Iterator[tuple[tuple[Key, ...], Mapping[str, Any]]]:
    found: list[tuple[tuple[Key, ...], Any]] = [
        ((), one) for choice in ("anyOf", "oneOf", "allOf") for one in node.get(choice, ())
    ]
    found += [((name,), one) for name, one in node.get("properties", {}).items()]
    found += [((0,), one) for one in (node.get("items"), *node.get("prefixItems", ()))]
    found.append(((_ANY_KEY,), node.get("additionalProperties")))
    return ((keys, one) for keys, one in found if isinstance(one, dict))


def with_value(workflow: str, path: Sequence[Key], value: str) -> str:
    """A workflow with a value, as it stands in YAML, in place of whatever stood there."""
    document = yaml.safe_load(workflow)
    inner = document
    for key, following in pairwise(path):
        there = inner.get(key) if isinstance(inner, dict) else inner[key]
        if not isinstance(there, list if following == 0 else dict):
            inner[key] = list(_CORNERS) if following == 0 else {}
        inner = inner[key]
    inner[path[-1]] = _MARK
    return yaml.safe_dump(document, sort_keys=False).replace(f"'{_MARK}'", value)


def number_cases(workflow: str) -> list[str]:
    """Every number with every value, the schema's and the methods', in place of what a workflow says there."""
    schema = dict.fromkeys(numbers_of(json_schema()))
    of_methods = [(row.stage, row.method, row.parameter) for row in methods_table() if row.parameter]
    cases = [with_value(workflow, path, value) for path in schema for value in VALUES]
    for stage, method, parameter in of_methods:
        cases += [f"{workflow}{stage}: {{method: {method}, {parameter}: {value}}}\n" for value in VALUES]
    return cases


def number_maker(workflow: str, planned: Callable[[str], None]) -> Callable[[random.Random], Callable[[], None]]:
    """What makes a case from dice: one number of a workflow by chance."""
    cases = number_cases(workflow)
    return lambda dice: partial(planned, dice.choice(cases))
