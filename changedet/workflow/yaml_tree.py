"""A YAML file as a tree whose every node knows its line; nothing is turned into a number, a date or a boolean yet.

YAML's own guesses (``id: no`` is False, ``time: 10:30`` is 37800, of two equal keys the last wins) are what users trip
over, so scalars stay the text that was written until a field says what it expects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from changedet.errors import Problem
from changedet.json_types import Json

LONGEST_INTEGER: Final = 40
"""Characters: Python refuses to read integers of thousands of digits, and no field means one of more than these."""

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NULLS: Final = ("", "~", "null", "Null", "NULL")
_WORDS: Final[Mapping[str, float | bool | None]] = {
    **dict.fromkeys(_NULLS),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf"], math.inf),
    "-.inf": -math.inf,
}


@dataclass(frozen=True)
class ScalarNode:
    """A scalar as it is written.

    Attributes
    ----------
    text : str
        Without its quotes.
    line : int
        From 1.
    plain : bool
        Whether it stands without quotes.
    """

    text: str
    line: int
    plain: bool = True

    @property
    def is_null(self) -> bool:
        """Whether YAML reads it as null; empty is, in quotes it is not."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True)
class ListNode:
    """A sequence.

    Attributes
    ----------
    items : tuple of node
        In order.
    line : int
        Where it begins, from 1.
    """

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class MapNode:
    """A mapping.

    Attributes
    ----------
    items : mapping of str to node
        In order; of a key that was given twice, the first.
    line : int
        Where it begins, from 1.
    key_lines : mapping of str to int
        The line of each key.
    """

    items: Mapping[str, Node]
    line: int
    key_lines: Mapping[str, int]


Node: TypeAlias = ScalarNode | ListNode | MapNode


@dataclass(frozen=True)
class YamlTree:
    """A parsed file.

    Attributes
    ----------
    file : str
        The path as the user gave it, for messages.
    folder : Path
        Absolute folder of the file; paths in it are relative to this.
    root : MapNode
        The content.
    lines : mapping of str to int
        Line of each dotted key, such as ``scenes[2].path``.
    problems : tuple of Problem
        Mistakes that did not keep it from being read: duplicate keys, tags.
    """

    file: str
    folder: Path
    root: MapNode
    lines: Mapping[str, int]
    problems: tuple[Problem, ...]


def printable(words: str) -> str:
    r"""Text that is safe to show: what a file holds must not steer the terminal that an error is printed on.

    Parameters
    ----------
    words : str
        From a file.

    Returns
    -------
    str
        With ``\x1b`` and the like in place of control characters; line breaks and tabs stay.
    """
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in words)


def line_of(lines: Mapping[str, int], key: str) -> int | None:
    """The line of a dotted key or, where it was not written, of the nearest key around it.

    Parameters
    ----------
    lines : mapping of str to int
        As in `YamlTree`.
    key : str
        Such as ``scenes[2].path``.

    Returns
    -------
    int or None
        From 1; None for a file without lines.
    """
    while key:
        if key in lines:
            return lines[key]
        key = re.sub(r"(\.?[^.\[\]]*|\[\d*\])$", "", key, count=1) if re.search(r"[.\[]", key) else ""
    return lines.get("")


def plain_value(node: Node) -> Json:
    """The node as JSON-like Python data, by YAML 1.2's core rules: ``no`` and ``2023-06-04`` are text.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        With all below it.

    Returns
    -------
    str, int, float, bool, None, list or dict
        Of ``.nan`` and ``.inf``, which JSON does not have, the floats.

    Examples
    --------
    >>> plain_value(ScalarNode("no", 1)), plain_value(ScalarNode("3", 1)), plain_value(ScalarNode("3", 1, plain=False))
    ('no', 3, '3')
    """
    if isinstance(node, MapNode):
        return {name: plain_value(item) for name, item in node.items.items()}
    if isinstance(node, ListNode):
        return [plain_value(item) for item in node.items]
    if not node.plain:
        return node.text
    if node.text in _WORDS:
        return _WORDS[node.text]
    if len(node.text) <= LONGEST_INTEGER and _INTEGER.fullmatch(node.text):
        return int(node.text, 0) if node.text[:2] in {"0o", "0x"} else int(node.text)
    return float(node.text) if _FLOAT.fullmatch(node.text) else node.text
