"""The raster files in a folder and the folders in it: no link is followed out of it, depth and number are bounded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from changedet.errors import InputError, Problem, is_one_line
from changedet.store.layout import STATE

SUFFIXES: Final = (
    *(".tif", ".tiff", ".jp2", ".ntf", ".nitf", ".img", ".vrt", ".mbtiles", ".png", ".jpg", ".jpeg", ".bmp", ".dat"),
)
DEEPEST: Final = 10
"""Folders within each other: the bands of a SAFE folder lie five below it."""
MOST_WALKED: Final = 100_000
MOST_RASTERS: Final = 10_000
_PREVIEW: Final = re.compile(
    r"(?:^|[^a-z])(?:browse|preview|pvi|thumb(?:nail)?|thumb_small|thumb_large|icon|quicklook|ql)(?:[^a-z]|$)"
    r"|_(?:br|th|layout)\.jpe?g$",
    re.IGNORECASE,
)
_ARCHIVES: Final = (".zip", ".tar", ".tgz", ".gz", ".7z")
_UNREAD: Final = (".ecw", ".sid", ".kmz")
"""Pictures of the ground that no free driver reads, or whose position is in a file of another kind."""
_TRUTH: Final = "truth.csv"
"""File that marks a truth, whose masks are no scenes."""


@dataclass
class Walked:
    """What a folder holds.

    Attributes
    ----------
    rasters : list of str
        Sorted, as paths that begin with the folder.
    left_out : dict of path to str
        What is no scene, and why.
    archives : int
        Files that would have to be unpacked first.
    """

    rasters: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    archives: int = 0


def walk_folder(folder: str) -> Walked:
    """The raster files in a folder and in the folders in it.

    Hidden folders, and those with the results of a run or a truth to score it, are not looked into.

    Parameters
    ----------
    folder : str
        As given on the command line.

    Returns
    -------
    Walked
        Pictures for the eye, links that lead out and names that no workflow can hold are left out.

    Raises
    ------
    InputError
        It holds more than `MOST_WALKED` files and folders, or more than `MOST_RASTERS` rasters.
    """
    root = os.path.realpath(folder)
    found = Walked()
    for count, entry in enumerate(_entries(folder, DEEPEST), 1):
        if count > MOST_WALKED or len(found.rasters) > MOST_RASTERS:
            what = (
                f"more than {MOST_WALKED} files and folders" if count > MOST_WALKED else f"over {MOST_RASTERS} rasters"
            )
            raise InputError(Problem(f"holds {what}; give the folders of the scenes", file=folder))
        name = entry.name.lower()
        if name.endswith(_ARCHIVES):
            found.archives += 1
            found.left_out[str(Path(entry.path))] = "an archive, which may hold scenes: unpack it"
        if name.endswith(_UNREAD):
            found.left_out[str(Path(entry.path))] = "a form that is not read: convert it to GeoTIFF"
        if name.endswith(SUFFIXES):
            reason, path = _reason(entry, root), str(Path(entry.path))
            if reason:
                found.left_out[path] = reason
            elif entry.is_file():
                found.rasters.append(path)
    found.rasters.sort()
    return found


def _entries(folder: str, deeper: int) -> Iterator[os.DirEntry[str]]:
    """Everything but folders, in a folder and, down to a depth, those in it; folders that are links are not entered."""
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if not entry.is_dir(follow_symlinks=False):
                    yield entry
                elif deeper > 0 and not entry.name.startswith(".") and not _is_ours(entry.path):
                    yield entry
                    yield from _entries(entry.path, deeper - 1)
    except OSError:
        # A folder that may not be read holds no scene for this user.
        return


def _is_ours(folder: str) -> bool:
    return any(Path(folder, mark).exists() for mark in (STATE, _TRUTH))


def _reason(entry: os.DirEntry[str], root: str) -> str:
    """Why a raster is not taken; empty where it is."""
    if not is_one_line(entry.path):
        return "its name holds control characters"
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root.rstrip(os.sep) + os.sep):
        return "a link that leads out of the folder"
    return "a picture for the eye" if _PREVIEW.search(entry.name) else ""
