"""A YAML file as a tree whose every node knows its line; nothing is turned into a number, a date or a boolean yet.

YAML's own guesses (``id: no`` is False, ``time: 10:30`` is 37800, of two equal keys the last wins) are what users trip
over, so scalars stay the text that was written until a field says what it expects.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from changedet.errors import InputError, Problem

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf"], math.inf),
    "-.inf": -math.inf,
}


@dataclass(frozen=True)
class ScalarNode:
    """A scalar as written; `plain` where it stood without quotes."""

    text: str
    line: int
    plain: bool = True

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True)
class ListNode:
    """A sequence."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class MapNode:
    """A mapping; `key_lines` has the line of each key."""

    items: Mapping[str, Node]
    line: int
    key_lines: Mapping[str, int]


Node: TypeAlias = ScalarNode | ListNode | MapNode


@dataclass(frozen=True)
class Document:
    """A parsed file.

    Attributes
    ----------
    file : str
        The path as the user gave it, for messages.
    folder : Path
        Absolute folder of the file; paths in it are relative to this.
    root : MapNode
        The content.
    lines : mapping
        Line of each dotted key.
    problems : tuple of Problem
        Mistakes that did not hinder reading on: duplicate keys, tags.
    """

    file: str
    folder: Path
    root: MapNode
    lines: Mapping[str, int]
    problems: tuple[Problem, ...]


def printable(words: str) -> str:
    """Text that is safe to show: what a file holds must not steer the terminal that an error is printed on."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in words)


def line_of(lines: Mapping[str, int], key: str) -> int | None:
    """The line of a dotted key or, where it was not written, of the nearest key around it."""
    while key:
        if key in lines:
            return lines[key]
        key = re.sub(r"(\.?[^.\[\]]*|\[\d*\])$", "", key, count=1) if re.search(r"[.\[]", key) else ""
    return lines.get("")


def plain_value(node: Node) -> Any:
    """The node as JSON-like Python data, by YAML 1.2's core rules: ``no`` and ``2023-06-04`` are text.

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
    # Python refuses to read integers of thousands of digits; no field means one.
    if len(node.text) <= 40 and _INTEGER.fullmatch(node.text):
        return int(node.text, 0) if node.text[:2] in {"0o", "0x"} else int(node.text)
    return float(node.text) if _FLOAT.fullmatch(node.text) else node.text


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file.

    Raises
    ------
    InputError
        No such file, larger than 1 MB, not UTF-8, empty, not YAML, no mapping, too deep, or too many nodes once its
        aliases are written out.
    """
    file = os.fspath(path)
    text = _read_text(file)
    composer = _Composer(file, text)
    root = composer.document()
    if isinstance(root, ScalarNode) and root.is_null:
        raise InputError(Problem("is empty, expected at least the keys 'site' and 'scenes'", file=file, line=1))
    if not isinstance(root, MapNode):
        kind = "a list" if isinstance(root, ListNode) else f"'{root.text[:60]}'"
        raise InputError(Problem(f"got {kind}, expected keys such as 'site:' and 'scenes:'", file=file, line=root.line))
    return Document(file, Path(file).absolute().parent, root, dict(_lines(root, "")), tuple(composer.problems))


def _read_text(file: str) -> str:
    # os.path, unlike Path, answers False instead of raising for names that the system cannot even look up.
    if not os.path.isfile(file):  # noqa: PTH113
        what = "is a folder, expected a YAML file" if os.path.isdir(file) else "no such file"  # noqa: PTH112
        raise InputError(Problem(what, file=file))
    try:
        with Path(file).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=file)) from error
    if len(raw) > MAX_BYTES:
        message = "is larger than 1 MB, which no workflow is; keep geometries in files of their own"
        raise InputError(Problem(message, file=file))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # After a byte-order mark the positions are those of the rest.
        body = raw.removeprefix(b"\xef\xbb\xbf")
        line = body.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 (byte 0x{body[error.start]:02x}); save it as UTF-8"
        raise InputError(Problem(message, file=file, line=line)) from error


def _lines(node: Node, key: str) -> Iterator[tuple[str, int]]:
    if not key:
        yield "", node.line
    if isinstance(node, MapNode):
        for name, item in node.items.items():
            inner = f"{key}.{name}" if key else name
            yield inner, node.key_lines[name]
            yield from _lines(item, inner)
    elif isinstance(node, ListNode):
        for i, item in enumerate(node.items):
            yield f"{key}[{i}]", item.line
            yield from _lines(item, f"{key}[{i}]")


class _Composer:
    """Builds the tree from the parser's events, so that limits act before anything large exists."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[Problem] = []
        self.nodes = 0
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.events: Any = None

    def document(self) -> Node:
        try:
            self.events = yaml.parse(self.text, Loader=_LOADER)
            return self._document()
        except yaml.YAMLError as error:
            raise InputError(self._syntax(error)) from error

    def _document(self) -> Node:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return ScalarNode("", 1)
        root = self._node(next(self.events), "", 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._stop(after, "", "a second document begins here, expected one; remove the '---'")
        return root

    def _node(self, event: Any, key: str, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, key)
        self._count(event, key, 1)
        if depth > MAX_DEPTH:
            self._stop(event, key, f"is nested more than {MAX_DEPTH} deep")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:60]
            message = f"the YAML tag {tag} is not allowed; write the plain value"
            self.problems.append(self._problem(event, key, message))
        before = self.nodes
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = ScalarNode(event.value, _line(event), not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(event, key, depth)
        else:
            node = self._map(event, key, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node, self.nodes - before + 1
        return node

    def _list(self, start: Any, key: str, depth: int) -> ListNode:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{key}[{len(items)}]", depth + 1))
        return ListNode(tuple(items), _line(start))

    def _map(self, start: Any, key: str, depth: int) -> MapNode:
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            name = self._key(event, key)
            inner = f"{key}.{name}" if key else name
            value = self._node(next(self.events), inner, depth + 1)
            if name in items:
                message = f"given twice, first in line {lines[name]}; keep one"
                self.problems.append(self._problem(event, inner, message))
            elif name == "<<" and not event.style:
                self.problems.append(self._problem(event, inner, "merge keys are not supported; write the keys out"))
            else:
                items[name], lines[name] = value, _line(event)
        return MapNode(items, _line(start), lines)

    def _key(self, event: Any, key: str) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, key, "got a list, a mapping or an alias as a key, expected a name")
        self._count(event, key, 1)
        return str(event.value)

    def _alias(self, event: Any, key: str) -> Node:
        if event.anchor not in self.anchors:
            self._stop(event, key, f"the alias *{event.anchor[:60]} has no anchor before it")
        node, size = self.anchors[event.anchor]
        # Counted as if written out: what reads the tree later walks every copy.
        self._count(event, key, size)
        return node

    def _count(self, event: Any, key: str, size: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values, aliases written out; keep geometries in files of their own"
            self._stop(event, key, message)

    def _problem(self, event: Any, key: str, message: str) -> Problem:
        return Problem(printable(message), printable(key)[:200], self.file, _line(event))

    def _stop(self, event: Any, key: str, message: str) -> None:
        raise InputError([*self.problems, self._problem(event, key, message)])

    def _syntax(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else None
        if line is None and isinstance(getattr(error, "position", None), int):
            line = self.text.count("\n", 0, error.position) + 1  # type: ignore[attr-defined]
        said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed")
        began = getattr(error, "context_mark", None)
        if began is not None and getattr(error, "context", None):
            # What is not closed is noticed at the end of the file, and mended where it began.
            said = f"{said} {error.context} that began in line {began.line + 1}"  # type: ignore[attr-defined]
        return Problem(printable(f"not valid YAML: {self._tab(line) or said}"), file=self.file, line=line)

    def _tab(self, line: int | None) -> str:
        lines = self.text.splitlines()
        # The parser often stops one line late: at the first key after the tab.
        for number in (line or 0, (line or 0) - 1):
            written = lines[number - 1] if 0 < number <= len(lines) else ""
            if "\t" in written[: len(written) - len(written.lstrip())]:
                return f"line {number} is indented with a tab; use spaces"
        return ""


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
