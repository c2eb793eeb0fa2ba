"""What one value must look like: from a node to a typed value, or a sentence on what was expected instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

from changedet.errors import did_you_mean, is_one_line
from changedet.workflow.checker import UnfitError, shown, unfit
from changedet.workflow.yaml_tree import Node, ScalarNode, plain_value

T = TypeVar("T")


def text(expected: str = "text") -> Callable[[Node], str]:
    """Any scalar, exactly as written: ``no`` stays ``no`` and ``007`` stays ``007``.

    Parameters
    ----------
    expected : str
        What the value should be, for the message.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError` for lists, mappings and what is empty.
    """

    def _convert(node: Node) -> str:
        if not isinstance(node, ScalarNode) or node.is_null or not node.text.strip():
            raise unfit(node, expected)
        return node.text

    return _convert


def one_line(expected: str, *, most: int | None = None) -> Callable[[Node], str]:
    """Text without control characters.

    Parameters
    ----------
    expected : str
        What the value should be, for the message.
    most : int, optional
        Characters.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError`.
    """

    def _convert(node: Node) -> str:
        value = text(expected)(node)
        if not is_one_line(value.strip()):
            raise unfit(node, f"{expected}, without control characters")
        if most is not None and len(value) > most:
            raise unfit(node, f"{expected}, of at most {most} characters")
        return value

    return _convert


def matching(pattern: str, expected: str) -> Callable[[Node], str]:
    """Text that a regular expression matches as a whole.

    Parameters
    ----------
    pattern : str
        The expression; only ASCII counts as letters and digits.
    expected : str
        What the value should be, for the message.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError`.
    """
    compiled = re.compile(pattern, re.ASCII)

    def _convert(node: Node) -> str:
        value = text(expected)(node)
        if not compiled.fullmatch(value):
            raise unfit(node, expected)
        return value

    return _convert


def one_of(*names: str) -> Callable[[Node], str]:
    """One of these words.

    Parameters
    ----------
    *names : str
        The words.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError` with the nearest word.
    """

    def _convert(node: Node) -> str:
        value = text(f"one of {', '.join(names)}")(node)
        if value not in names:
            raise UnfitError(f"got {shown(node)}, expected one of {', '.join(names)}{did_you_mean(value, names)}")
        return value

    return _convert


def number(
    expected: str, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> Callable[[Node], float]:
    """A finite number; in quotes it is text and refused.

    Parameters
    ----------
    expected : str
        What the value should be, for the message.
    above, least, most : float
        Bounds: `above` is excluded, the others are included.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError`.
    """

    def _convert(node: Node) -> float:
        value = plain_value(node) if isinstance(node, ScalarNode) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise unfit(node, expected)
        if not (math.isfinite(value) and above < value and least <= value <= most):
            raise unfit(node, expected)
        return float(value)

    return _convert


def whole(expected: str, *, least: int, most: int) -> Callable[[Node], int]:
    """A whole number.

    Parameters
    ----------
    expected : str
        What the value should be, for the message.
    least, most : int
        Bounds, both included.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError`; ``3.0`` is whole.
    """

    def _convert(node: Node) -> int:
        value = number(expected, least=least, most=most)(node)
        if value != int(value):
            raise unfit(node, expected)
        return int(value)

    return _convert


def or_auto(convert: Callable[[Node], T]) -> Callable[[Node], T | None]:
    """A value or ``auto``, which becomes None: to be found out later.

    Parameters
    ----------
    convert : callable
        For any other value.

    Returns
    -------
    callable
        Converts a node, and raises what `convert` raises.
    """

    def _converted(node: Node) -> T | None:
        if isinstance(node, ScalarNode) and node.text == "auto":
            return None
        return convert(node)

    return _converted


def truth(node: Node) -> bool:
    """``true`` or ``false``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    bool
        As written, not in quotes.
    """
    value = plain_value(node) if isinstance(node, ScalarNode) else None
    if not isinstance(value, bool):
        raise unfit(node, "true or false")
    return value


def nodata(node: Node) -> float:
    """A number, or ``nan``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    float
        NaN is a value here.
    """
    if isinstance(node, ScalarNode) and node.text.lower() in {"nan", ".nan"}:
        return math.nan
    return number("a number or nan")(node)
