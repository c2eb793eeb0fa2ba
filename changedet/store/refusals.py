"""What a run refuses to write over, and how it says so."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from changedet.errors import InputError, Problem
from changedet.store.layout import is_name

MOST_LINES: Final = 10
"""Files that are named on a line each; more of them share lines."""

FOREIGN: Final = "exists and was not written by changedet; move it away or choose another --out"
EDITED: Final = "was changed by hand since the run wrote it; move it away, then run again"
ODD: Final = "is a link out of the run folder, a pipe or a device; remove it, and get that file itself"
LEADS_OUT: Final = "is a link out of the run folder; remove it, then run again"


def named(root: Path, words: str, paths: Sequence[Path]) -> list[Problem]:
    """A problem for each file, or one for all where they are many.

    Parameters
    ----------
    root : pathlib.Path
        The run folder.
    words : str
        What is wrong with them.
    paths : sequence of pathlib.Path
        The files.

    Returns
    -------
    list of Problem
        At most `MOST_LINES` / 2, which name every file.
    """
    if len(paths) <= MOST_LINES // 2:
        return [Problem(words, file=str(path)) for path in paths]
    names = ", ".join(path.relative_to(root).as_posix() for path in paths)
    return [Problem(f"{len(paths)} files here, each {words}: {names}", file=str(root))]


def refuse_links(root: Path, places: Iterable[Path]) -> None:
    """Refuse folders that lead out of a run folder, and what is no folder where one must be.

    Parameters
    ----------
    root : pathlib.Path
        The run folder.
    places : iterable of pathlib.Path
        Folders below it, by name.

    Raises
    ------
    InputError
        Names those that are links to somewhere else, or files.
    """
    own, all_places = root.resolve(), sorted(set(places))
    out = [place for place in all_places if not place.resolve().is_relative_to(own)]
    files = [place for place in all_places if place not in out and place.exists() and not place.is_dir()]
    if out or files:
        raise InputError([*(Problem(LEADS_OUT, file=str(place)) for place in out), *named(root, FOREIGN, files)])


def lies_within(root: Path, name: str) -> bool:
    """Whether a file that a record names lies in a run folder, by its name and by the links on its way.

    Parameters
    ----------
    root : pathlib.Path
        The run folder.
    name : str
        A path, of any origin: records may have been sent by anybody.

    Returns
    -------
    bool
        False where whoever removes the file would remove one elsewhere.
    """
    return is_name(name) and (root / name).parent.resolve().is_relative_to(root.resolve())


def refuse_odd_files(root: Path) -> None:
    """Refuse a run folder in which a name stands for what lies elsewhere, or for what never ends.

    Such a folder may have been sent by anybody: a link in place of a picture would show a file of this machine.

    Parameters
    ----------
    root : pathlib.Path
        The run folder, which may itself be a link.

    Raises
    ------
    InputError
        Names these files, on `MOST_LINES` lines at most.
    """
    odd = sorted(_odd_files(root, root.resolve()))
    if odd:
        raise InputError(named(root, ODD, odd))


def _odd_files(folder: Path, own: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink() and not path.resolve().is_relative_to(own):
                yield path
            elif entry.is_dir(follow_symlinks=False):
                yield from _odd_files(path, own)
            elif not entry.is_symlink() and not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield path
