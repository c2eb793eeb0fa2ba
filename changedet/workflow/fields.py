"""What one value must look like: from a node to a typed value, or a sentence on what was expected instead."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

import pyproj

from changedet.errors import Problem, did_you_mean, is_one_line, nearest
from changedet.workflow.yaml_tree import Document, ListNode, MapNode, Node, ScalarNode, line_of, plain_value, printable

T = TypeVar("T")
D = TypeVar("D")

Bounds = tuple[float, float, float, float]

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?)B", re.IGNORECASE)
_SCALES: Final = {
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "ki": 1 << 10,
    "mi": 1 << 20,
    "gi": 1 << 30,
    "ti": 1 << 40,
}
_HOST = re.compile(
    r"(?=.{1,253}(:|$))[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:[0-9]{1,5})?"
)
_SCHEDULER = re.compile(r"tcp://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
SCHEDULERS: Final = ("threads", "processes")
LEAST_MEMORY: Final = 100_000_000


class UnfitError(Exception):
    """A value that does not fit its field; its text ends the error line."""


def shown(node: Node) -> str:
    """The value as a message names it."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.is_null:
        return "nothing"
    written = f"'{node.text[:60]}...'" if len(node.text) > 60 else f"'{node.text}'"
    # In quotes a number is text, which a message that shows the value alone would not tell.
    is_number = not node.plain and isinstance(plain_value(replace(node, plain=True)), int | float)
    return f"{written} in quotes" if is_number else written


def unfit(node: Node, expected: str) -> UnfitError:
    """The mistake of a value that is not what was expected."""
    return UnfitError(f"got {shown(node)}, expected {expected}")


class Checker:
    """Collects every mistake of a document; each with its key's line."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = list(document.problems)
        self._noted = {(problem.key, problem.line) for problem in document.problems}
        self._meant: set[str] = set()

    def wrong(self, key: str, message: str) -> None:
        line = line_of(self.document.lines, key)
        # What carries a forbidden tag fits no field either: one mistake, one line.
        if (key, line) not in self._noted:
            self.problems.append(Problem(printable(message), printable(key)[:200], self.document.file, line))

    def missing(self, at: str, message: str, *keys: str) -> None:
        """A mistake at a key, unless one of `keys` stands there mistyped, which has been said."""
        if not self._meant.intersection(keys):
            self.wrong(at, message)

    def section(
        self,
        node: Node | None,
        key: str,
        known: Iterable[str],
        *,
        example: str,
        empty: bool = True,
        strict: bool = True,
    ) -> dict[str, Node]:
        """The known items of a mapping; a mistake for each other key and for anything that is no mapping."""
        if node is None or (empty and isinstance(node, ScalarNode) and node.is_null):
            return {}
        if not isinstance(node, MapNode):
            self.wrong(key, str(unfit(node, f"a mapping such as {example}")))
            return {}
        names = list(known)
        if strict:
            for name in node.items:
                if name not in names:
                    self.unknown(f"{key}.{name}" if key else name, name, names)
        return {name: item for name, item in node.items.items() if name in names}

    def unknown(self, key: str, name: str, known: Iterable[str], *, noun: str = "key") -> None:
        names = list(known)
        near = nearest(name, names)
        self._meant.add(f"{key.removesuffix(name)}{near}")
        tail = did_you_mean(name, names) or (f"; expected one of {', '.join(names)}" if names else "")
        self.wrong(key, f"no such {noun}{tail}")

    def take(self, items: Mapping[str, Node], key: str, convert: Callable[[Node], T], default: D) -> T | D:
        """The item that a dotted key ends in, converted; the default where it is left out or wrong."""
        node = items.get(key.rsplit(".", 1)[-1])
        return default if node is None else self.convert(node, key, convert, default)

    def take_list(
        self, items: Mapping[str, Node], key: str, convert: Callable[[Node], T], expected: str, *, empty: bool = False
    ) -> tuple[T, ...]:
        """The items of a list, each converted, a mistake for each that does not fit; empty where it is left out."""
        node = items.get(key.rsplit(".", 1)[-1])
        if node is None:
            return ()
        if not isinstance(node, ListNode) or not (node.items or empty):
            self.wrong(
                key, f"got {'an empty list' if isinstance(node, ListNode) else shown(node)}, expected {expected}"
            )
            return ()
        found = [self.convert(item, f"{key}[{i}]", convert, None) for i, item in enumerate(node.items)]
        return tuple(item for item in found if item is not None)

    def convert(self, node: Node, key: str, convert: Callable[[Node], T], default: D) -> T | D:
        try:
            return convert(node)
        except UnfitError as mistake:
            self.wrong(key, str(mistake))
            return default


def text(expected: str = "text") -> Callable[[Node], str]:
    """Any scalar, exactly as written: ``no`` stays ``no`` and ``007`` stays ``007``."""

    def convert(node: Node) -> str:
        if not isinstance(node, ScalarNode) or node.is_null or not node.text.strip():
            raise unfit(node, expected)
        return node.text

    return convert


def one_line(expected: str) -> Callable[[Node], str]:
    """Text without control characters."""

    def convert(node: Node) -> str:
        value = text(expected)(node)
        if not is_one_line(value.strip()):
            raise unfit(node, f"{expected}, without control characters")
        return value

    return convert


def matching(pattern: str, expected: str) -> Callable[[Node], str]:
    """Text that a regular expression matches as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def convert(node: Node) -> str:
        value = text(expected)(node)
        if not compiled.fullmatch(value):
            raise unfit(node, expected)
        return value

    return convert


def one_of(*names: str) -> Callable[[Node], str]:
    """One of these words."""

    def convert(node: Node) -> str:
        value = text(f"one of {', '.join(names)}")(node)
        if value not in names:
            raise UnfitError(f"got {shown(node)}, expected one of {', '.join(names)}{did_you_mean(value, names)}")
        return value

    return convert


def number(
    expected: str, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> Callable[[Node], float]:
    """A finite number, with quotes it is text and refused."""

    def convert(node: Node) -> float:
        value = plain_value(node) if isinstance(node, ScalarNode) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise unfit(node, expected)
        if not (math.isfinite(value) and above < value and least <= value <= most):
            raise unfit(node, expected)
        return float(value)

    return convert


def whole(expected: str, *, least: int, most: int) -> Callable[[Node], int]:
    """A whole number within bounds, both included."""

    def convert(node: Node) -> int:
        value = number(expected, least=least, most=most)(node)
        if value != int(value):
            raise unfit(node, expected)
        return int(value)

    return convert


def or_auto(convert: Callable[[Node], T]) -> Callable[[Node], T | None]:
    """``auto`` becomes None: to be found out later."""

    def converted(node: Node) -> T | None:
        if isinstance(node, ScalarNode) and node.text == "auto":
            return None
        return convert(node)

    return converted


def nodata(node: Node) -> float:
    """A number, or ``nan``."""
    if isinstance(node, ScalarNode) and node.text.lower() in {"nan", ".nan"}:
        return math.nan
    return number("a number or nan")(node)


def bounds(node: Node) -> Bounds:
    """``[west, south, east, north]``, in that order."""
    expected = "[west, south, east, north]"
    if not isinstance(node, ListNode) or len(node.items) != 4:
        got = f"a list of {len(node.items)}" if isinstance(node, ListNode) else shown(node)
        raise UnfitError(f"got {got}, expected four numbers {expected}")
    west, south, east, north = (number(f"a number in {expected}")(item) for item in node.items)
    if west >= east:
        raise UnfitError(f"west {west:g} is not less than east {east:g}, expected {expected}")
    if south >= north:
        raise UnfitError(f"south {south:g} is not less than north {north:g}, expected {expected}")
    return west, south, east, north


def crs(node: Node) -> str:
    """Any coordinate reference system that PROJ knows, as ``EPSG:code`` where it has one."""
    return _crs(node)[0]


def crs_in_metres(node: Node) -> str:
    """A projected coordinate reference system in metres."""
    name, found = _crs(node)
    units = {axis.unit_name for axis in found.axis_info}
    if not found.is_projected or units != {"metre"}:
        unit = ", ".join(sorted(units)) or "no unit"
        raise UnfitError(f"{name} is in {unit}, expected 'auto' or a projected system in metres such as EPSG:32633")
    return name


def _crs(node: Node) -> tuple[str, Any]:
    value = text("a coordinate reference system such as EPSG:32633")(node)
    if re.fullmatch(r"[0-9]{4,6}", value):
        value = f"EPSG:{value}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pyproj.CRS.from_user_input(value)
            epsg = found.to_epsg()
        except (pyproj.exceptions.CRSError, ValueError) as error:
            raise unfit(node, "a coordinate reference system that PROJ knows, such as EPSG:32633") from error
    return (f"EPSG:{epsg}" if epsg else found.to_wkt()), found


def memory(node: Node) -> int:
    """Bytes, from such as ``4GB`` or ``1.5 GiB``."""
    expected = "an amount of memory of at least 100MB such as 4GB, or auto"
    match = _MEMORY.fullmatch(text(expected)(node))
    if not match or len(match[1]) > 20:
        raise unfit(node, expected)
    value = int(float(match[1]) * _SCALES[match[2].lower()])
    if value < LEAST_MEMORY:
        raise unfit(node, expected)
    return value


def host(node: Node) -> str:
    """A host name, with its port where one is given, in small letters."""
    value = text("a host name such as data.example.org")(node)
    if "://" in value:
        raise UnfitError(f"got {shown(node)}, expected the host alone, without '{value.split('://')[0]}://' and path")
    if not _HOST.fullmatch(value):
        raise unfit(node, "a host name such as data.example.org")
    return value.lower()


def scheduler(node: Node) -> str:
    """Where dask computes: `SCHEDULERS`, or the address of a running scheduler."""
    expected = "one of threads, processes, tcp://HOST:PORT"
    value = text(expected)(node)
    match = _SCHEDULER.fullmatch(value)
    if value not in SCHEDULERS and not (match and 0 < int(match[2]) < 65536):
        raise UnfitError(f"got {shown(node)}, expected {expected}{did_you_mean(value, SCHEDULERS)}")
    return value
