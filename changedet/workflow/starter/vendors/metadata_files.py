"""Vendors' metadata files as flat lists of values: XML, JSON, and the ``key = value`` text of IMD and MTL files.

They come with scenes from anybody: sizes, depths and numbers are bounded, XML with a document type (and so with
entities) is refused, and nothing that is wrong with one stops the starter.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MAX_BYTES: Final = 16 << 20
"""The largest of their kind, Sentinel-2's tile metadata, have 1 MB."""
MAX_VALUES: Final = 200_000
MAX_DEPTH: Final = 50
LONGEST_TEXT: Final = 500
"""Characters of a value that are kept; the values used here are short."""


@dataclass(frozen=True)
class Value:
    """One value of a metadata file.

    Attributes
    ----------
    path : tuple of str
        Names of what it lies in and its own, in small letters, without name spaces.
    text : str
        Without surrounding blanks, quotes and semicolons.
    attributes : mapping of str to str
        Of an XML element.
    within : tuple of int
        For each name of the path which element it is, counted through the file: those of one element are alike.
    """

    path: tuple[str, ...]
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    within: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The last name of the path, in small letters."""
        return self.path[-1]

    def block(self, name: str) -> int:
        """Which element of a name this lies in.

        Parameters
        ----------
        name : str
            In small letters.

        Returns
        -------
        int
            Its number in the file; -1 where it lies in none.
        """
        return self.within[self.path.index(name)] if name in self.path and self.within else -1


@dataclass(frozen=True)
class Metadata:
    """A metadata file.

    Attributes
    ----------
    path : str
        Of the file; empty where there is none.
    values : tuple of Value
        In the order of the file.
    flaw : str
        Why it could not be read; empty where it could.
    """

    path: str = ""
    values: tuple[Value, ...] = ()
    flaw: str = ""

    def text(self, *names: str) -> str:
        """The first value of the first of some names that the file has.

        Parameters
        ----------
        *names : str
            In small letters.

        Returns
        -------
        str
            Empty where it has none of them.
        """
        for name in names:
            found = next((value.text for value in self.values if value.name == name and value.text), "")
            if found:
                return found
        return ""

    def flat(self) -> dict[str, str]:
        """The values by their last names.

        Returns
        -------
        dict of str to str
            The first of each name.
        """
        found: dict[str, str] = {}
        for value in self.values:
            found.setdefault(value.name, value.text)
        return found


class _FlawError(Exception):
    """Why a file is not read; its text is the rest of a sentence."""


def read_metadata(path: str) -> Metadata:
    """The values of a metadata file, of the kind that its name ends in.

    Parameters
    ----------
    path : str
        ``.xml``, ``.json``, or ``.imd`` and ``.txt`` for text of ``key = value``; empty for none.

    Returns
    -------
    Metadata
        Without values where it cannot be read, with the reason.
    """
    if not path:
        return Metadata()
    end = path.lower().rsplit(".", 1)[-1]
    read: Callable[[bytes], list[Value]] = {"xml": _from_xml, "dim": _from_xml, "json": _from_json}.get(end, _from_text)
    try:
        return Metadata(path, tuple(read(_bytes_of(path))))
    except _FlawError as flaw:
        return Metadata(path, flaw=str(flaw))
    except (OSError, ValueError, RecursionError, expat.ExpatError) as error:
        return Metadata(path, flaw=f"cannot be read ({type(error).__name__})")


def _bytes_of(path: str) -> bytes:
    # Not blocking: what calls itself metadata may be a pipe that nobody writes to.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise _FlawError("is no plain file")
        if about.st_size > MAX_BYTES:
            raise _FlawError(f"has more than {MAX_BYTES >> 20} MB")
        return file.read(MAX_BYTES)


def _short(text: str) -> str:
    return text.strip().rstrip(";").strip().strip('"').strip()[:LONGEST_TEXT]


class _XmlValues:
    """Collects the values of an XML file, element by element."""

    def __init__(self) -> None:
        self.found: list[Value] = []
        self._open: list[tuple[str, int, dict[str, str], list[str]]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_VALUES or len(self._open) >= MAX_DEPTH:
            raise _FlawError("has more values, or deeper ones, than any metadata")
        plain = name.rsplit(":", 1)[-1].lower()
        self._open.append((plain, self._count, {k.lower(): v[:LONGEST_TEXT] for k, v in attributes.items()}, []))

    def text(self, data: str) -> None:
        if self._open and len(self._open[-1][3]) < LONGEST_TEXT:
            self._open[-1][3].append(data[:LONGEST_TEXT])

    def end(self, name: str) -> None:  # noqa: ARG002 - it is the innermost that is open
        path = tuple(element[0] for element in self._open)
        within = tuple(element[1] for element in self._open)
        *_, attributes, parts = self._open.pop()
        self.found.append(Value(path, _short("".join(parts)), attributes, within))


def _refuse_doctype(*_: object) -> None:
    raise _FlawError("has a document type, which metadata need not have")


def _from_xml(data: bytes) -> list[Value]:
    values = _XmlValues()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = values.start
    parser.EndElementHandler = values.end
    parser.CharacterDataHandler = values.text
    parser.Parse(data, True)
    return values.found


def _from_json(data: bytes) -> list[Value]:
    found: list[Value] = []
    # The last comes first off the pile: what a mapping holds is put there backwards.
    pile: list[tuple[tuple[str, ...], object]] = [((), json.loads(data))]
    while pile:
        path, value = pile.pop()
        if len(found) + len(pile) > MAX_VALUES or len(path) > MAX_DEPTH:
            raise _FlawError("has more values, or deeper ones, than any metadata")
        if isinstance(value, dict):
            pile.extend(((*path, str(key).rsplit(":", 1)[-1].lower()), one) for key, one in reversed(value.items()))
        elif isinstance(value, list):
            pile.extend((path, one) for one in reversed(value))
        elif path and value is not None:
            found.append(Value(path, _short(str(value))))
    return found


def _from_text(data: bytes) -> list[Value]:
    found: list[Value] = []
    groups: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines()[:MAX_VALUES]:
        match = re.fullmatch(r"\s*([A-Za-z0-9_]{1,100})\s*=\s*(.*)", line[: 2 * LONGEST_TEXT])
        if not match:
            continue
        key, text = match[1].lower(), _short(match[2])
        if key in {"begin_group", "group"}:
            groups = [*groups[: MAX_DEPTH - 1], text.lower()]
            # The group itself, for those that ask which there are and in which order.
            found.append(Value((*groups, "group"), text.lower()))
        elif key == "end_group":
            groups = groups[:-1]
        else:
            found.append(Value((*groups, key), text))
    return found
