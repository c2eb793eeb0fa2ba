"""The files that a glob pattern matches, with limits on how far it is followed."""

from __future__ import annotations

import fnmatch
import glob
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from changedet.store.layout import STATE

MAX_MATCHES: Final = 10_000
MAX_WALKED: Final = 100_000
"""In a folder of results, as `changedet.store` lays it out, which is of no scenes."""
_SIDECARS: Final = (".aux.xml", ".ovr", ".msk", ".tfw", ".hdr", ".qml")


class BoundlessError(Exception):
    """A pattern matches, or leads through, more files than anybody means; its text is the rest of a sentence."""


def glob_files(pattern: str) -> list[str]:
    """The files that an absolute glob pattern matches, sorted, GDAL's sidecar files left out.

    ``**`` stands for any folders between, also none, but for results of runs; hidden names are matched by patterns that
    begin with a dot alone.
    Folders that links lead to are entered, but not from within themselves.

    Parameters
    ----------
    pattern : str
        Absolute.

    Returns
    -------
    list of str
        Absolute paths; empty where it matches nothing.

    Raises
    ------
    BoundlessError
        It matches more than `MAX_MATCHES` files, or leads through more than `MAX_WALKED` files and folders.
    """
    drive, tail = os.path.splitdrive(pattern)
    parts = [part for part in tail.split(os.sep) if part]  # noqa: PTH206
    walk = _Walk()
    walk.into(drive + os.sep, [p for i, p in enumerate(parts) if (p, parts[i - 1 : i]) != ("**", ["**"])], frozenset())
    return sorted(walk.found)


@dataclass
class _Walk:
    found: set[str] = field(default_factory=set)
    walked: int = 0

    def into(self, folder: str, parts: Sequence[str], above: frozenset[str]) -> None:
        """Everything that the rest of a pattern matches in a folder, which lies in the folders `above`."""
        part, rest = parts[0], parts[1:]
        if part == "**":
            self._anywhere(folder, parts, above)
        elif not glob.has_magic(part):
            self._on(os.path.join(folder, part), rest, above)  # noqa: PTH118
        else:
            fits = re.compile(fnmatch.translate(part)).match
            for entry in self._entries(folder):
                if fits(entry.name) and entry.name.startswith(".") <= part.startswith("."):
                    self._on(entry.path, rest, above)

    def _anywhere(self, folder: str, parts: Sequence[str], above: frozenset[str]) -> None:
        real = os.path.realpath(folder)
        if real in above:
            return
        if parts[1:]:
            self.into(folder, parts[1:], above)
        for entry in self._entries(folder):
            if entry.name.startswith("."):
                continue
            # Not the entry's own answer: that raises where nobody may look, or a link leads back to itself.
            if os.path.isdir(entry.path):  # noqa: PTH112
                if not os.path.exists(os.path.join(entry.path, STATE)):  # noqa: PTH110, PTH118
                    self.into(entry.path, parts, above | {real})
            elif not parts[1:]:
                self._keep(entry.path)

    def _on(self, path: str, rest: Sequence[str], above: frozenset[str]) -> None:
        if not rest:
            self._keep(path)
        elif os.path.isdir(path):  # noqa: PTH112
            self.into(path, rest, above)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as listing:
                inside = list(itertools.islice(listing, MAX_WALKED - self.walked + 1))
        except (OSError, ValueError):
            return []
        self.walked += len(inside)
        if self.walked > MAX_WALKED:
            raise BoundlessError(
                f"leads through more than {MAX_WALKED} files and folders; begin it nearer to the scenes"
            )
        return inside

    def _keep(self, path: str) -> None:
        if os.path.isfile(path) and not path.lower().endswith(_SIDECARS):  # noqa: PTH113
            self.found.add(path)
        if len(self.found) > MAX_MATCHES:
            raise BoundlessError(f"matches more than {MAX_MATCHES} files")
