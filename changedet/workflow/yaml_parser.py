"""A YAML file to a `YamlTree`: with limits on its size, and every syntax error at its line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn, cast

import yaml

from changedet.errors import InputError, Problem
from changedet.store.layout import STATE
from changedet.workflow.yaml_tree import ListNode, MapNode, Node, ScalarNode, YamlTree, printable

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
MAX_KEY: Final = 100
"""Letters of a key, which stands in that of each value below it: a long one over many values takes gigabytes."""
MAX_NODES: Final = 50_000
"""Keys and values, aliases written out."""

_EXPECTED: Final = "expected a workflow (YAML): 'changedet init' writes one for scenes"
_PICTURES: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG", b"\xff\xd8\xff", b"\0\0\0\x0cjP")
"""What TIFF, PNG, JPEG and JPEG 2000 begin with."""

# libyaml's parser, where PyYAML was built with it, is some twenty times faster.
_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: str | os.PathLike[str]) -> YamlTree:
    """Read a YAML file whose content is a mapping.

    Parameters
    ----------
    path : path
        In UTF-8.

    Returns
    -------
    YamlTree
        With a problem for each duplicate key, tag and merge key.

    Raises
    ------
    InputError
        No such file, larger than 1 MB, not UTF-8, empty, not YAML, no mapping, too deep, or too many nodes once its
        aliases are written out.
    """
    file = os.fspath(path)
    composer = _Composer(file, _read_text(file))
    root = composer.compose()
    if isinstance(root, ScalarNode) and root.is_null:
        raise InputError(Problem("is empty, expected at least the keys 'site' and 'scenes'", file=file, line=1))
    if not isinstance(root, MapNode):
        kind = "a list" if isinstance(root, ListNode) else f"'{root.text[:60]}'"
        raise InputError(Problem(f"got {kind}, expected keys such as 'site:' and 'scenes:'", file=file, line=root.line))
    return YamlTree(file, Path(file).absolute().parent, root, dict(_lines(root, "")), tuple(composer.problems))


def _what_is_there(file: str) -> str:
    """What lies where no file does."""
    if os.path.isdir(os.path.join(file, STATE)):  # noqa: PTH112, PTH118
        return "is the folder of a run, expected the workflow (YAML) that it was made by"
    return f"is a folder, {_EXPECTED}" if os.path.isdir(file) else "no such file"  # noqa: PTH112


def _read_text(file: str) -> str:
    # os.path, unlike Path, answers False instead of raising for names that the system cannot even look up.
    if not os.path.isfile(file):  # noqa: PTH113
        raise InputError(Problem(_what_is_there(file), file=file or "''"))
    try:
        with Path(file).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=file)) from error
    if raw.startswith(_PICTURES):
        raise InputError(Problem(f"is a picture, {_EXPECTED}", file=file))
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
        self.events: Iterator[yaml.Event] = iter(())

    def compose(self) -> Node:
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

    def _node(self, event: yaml.Event, key: str, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, key)
        self._count(event, key, 1)
        if depth > MAX_DEPTH:
            self._stop(event, key, f"is nested more than {MAX_DEPTH} deep")
        # The parser yields nothing else where a node begins.
        begun = cast("yaml.ScalarEvent | yaml.CollectionStartEvent", event)
        if begun.tag is not None:
            tag = begun.tag.replace("tag:yaml.org,2002:", "!!")[:60]
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
        if begun.anchor is not None:
            self.anchors[begun.anchor] = node, self.nodes - before + 1
        return node

    def _list(self, start: yaml.Event, key: str, depth: int) -> ListNode:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{key}[{len(items)}]", depth + 1))
        return ListNode(tuple(items), _line(start))

    def _map(self, start: yaml.Event, key: str, depth: int) -> MapNode:
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            name, plain = self._key(event, key)
            inner = f"{key}.{name}" if key else name
            value = self._node(next(self.events), inner, depth + 1)
            if name in items:
                message = f"given twice, first in line {lines[name]}; keep one"
                self.problems.append(self._problem(event, inner, message))
            elif name == "<<" and plain:
                self.problems.append(self._problem(event, inner, "merge keys are not supported; write the keys out"))
            else:
                items[name], lines[name] = value, _line(event)
        return MapNode(items, _line(start), lines)

    def _key(self, event: yaml.Event, key: str) -> tuple[str, bool]:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, key, "got a list, a mapping or an alias as a key, expected a name")
        self._count(event, key, 1)
        if len(event.value) > MAX_KEY:
            self._stop(event, key, f"the key '{event.value[:40]}..' has more than {MAX_KEY} letters; no key is so long")
        return str(event.value), not event.style

    def _alias(self, event: yaml.AliasEvent, key: str) -> Node:
        anchor = event.anchor or ""
        if anchor not in self.anchors:
            self._stop(event, key, f"the alias *{anchor[:60]} has no anchor before it")
        node, size = self.anchors[anchor]
        # Counted as if written out: what reads the tree later walks every copy.
        self._count(event, key, size)
        return node

    def _count(self, event: yaml.Event, key: str, size: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values, aliases written out; keep geometries in files of their own"
            self._stop(event, key, message)

    def _problem(self, event: yaml.Event, key: str, message: str) -> Problem:
        return Problem(printable(message), printable(key)[:200], self.file, _line(event))

    def _stop(self, event: yaml.Event, key: str, message: str) -> NoReturn:
        raise InputError([*self.problems, self._problem(event, key, message)])

    def _syntax(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else None
        position = getattr(error, "position", None)
        if line is None and isinstance(position, int):
            line = self.text.count("\n", 0, position) + 1
        said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed")
        began, context = getattr(error, "context_mark", None), getattr(error, "context", None)
        if began is not None and context:
            # What is not closed is noticed at the end of the file, and mended where it began.
            said = f"{said} {context} that began in line {began.line + 1}"
        return Problem(printable(f"not valid YAML: {self._tab(line) or said}"), file=self.file, line=line)

    def _tab(self, line: int | None) -> str:
        lines = self.text.splitlines()
        # The parser often stops one line late: at the first key after the tab.
        for number in (line or 0, (line or 0) - 1):
            written = lines[number - 1] if 0 < number <= len(lines) else ""
            if "\t" in written[: len(written) - len(written.lstrip())]:
                return f"line {number} is indented with a tab; use spaces"
        return ""


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1
