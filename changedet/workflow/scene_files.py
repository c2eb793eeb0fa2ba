"""The files of a scene entry: those that it names or that its glob matches, each with its date and its masks."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from changedet.workflow.checker import Checker
from changedet.workflow.dates import calendar_date, date_format, dates_in_name
from changedet.workflow.model import SceneEntry
from changedet.workflow.paths import file_or_url, files_of_pattern
from changedet.workflow.scene_properties import by_role
from changedet.workflow.sidecar_masks import mask_role, masks_of
from changedet.workflow.yaml_tree import MapNode, Node

_SHOWN_NAMES: Final = 20
"""Of files without a date in their name: beyond this only their number is reported."""


def entries_of_files(checker: Checker, items: Mapping[str, Node], entry: SceneEntry) -> list[SceneEntry]:
    """An entry for each scene of a path or glob entry.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    items : mapping of str to node
        Of the entry.
    entry : SceneEntry
        What its scenes have in common.

    Returns
    -------
    list of SceneEntry
        With their paths, masks and dates; a scene without a date is left out.
    """
    key, folder = entry.key, checker.tree.folder
    found: list[str] = []
    entries: list[SceneEntry] = []
    if "glob" in items:
        found += checker.take(items, f"{key}.glob", files_of_pattern(folder), ())
    else:
        paths = _paths(checker, items["path"], f"{key}.path", folder)
        paths += _pan(checker, items, key) if paths else ()
        entries += [replace(entry, paths=paths)] if paths else []
        if paths and paths[0][0] and "bands" in items:
            checker.wrong(f"{key}.bands", "stands beside a path for each role, expected one of the two")
    date, form = _when(checker, items, key)
    entries = [_mask_by_name(one) for one in [*entries, *_with_masks(entry, found, form)]]
    if date is not None:
        return [replace(one, date=date) for one in entries]
    return [] if form is None else _dated(checker, entries, form)


def _mask_by_name(entry: SceneEntry) -> SceneEntry:
    """An entry whose `mask`, where its name is a provider's, is read as that provider means it."""
    role = mask_role(entry.mask or "")
    if not role or entry.mask is None or role in dict(entry.paths):
        return entry
    return replace(entry, mask=None, paths=(*entry.paths, (role, entry.mask)))


def _paths(checker: Checker, node: Node, key: str, folder: Path) -> tuple[tuple[str, str], ...]:
    convert = file_or_url(folder)
    if not isinstance(node, MapNode):
        path = checker.convert(node, key, convert, None)
        return (("", path),) if path else ()
    items = by_role(checker, node, key, "{red: B04.tif, nir: B08.tif}")
    found = {role: checker.convert(item, f"{key}.{role}", convert, None) for role, item in items.items()}
    return tuple((role, path) for role, path in found.items() if path)


def _pan(checker: Checker, items: Mapping[str, Node], key: str) -> tuple[tuple[str, str], ...]:
    """The file of the panchromatic band that sharpens a file with all colours."""
    path = checker.take(items, f"{key}.pan", file_or_url(checker.tree.folder), None)
    if path and isinstance(items["path"], MapNode):
        checker.wrong(f"{key}.pan", "stands beside a path for each role, expected as the role pan there")
        return ()
    return (("pan", path),) if path else ()


def _when(checker: Checker, items: Mapping[str, Node], key: str) -> tuple[dt.date | None, str | None]:
    """The date, or the format of the dates in the files' names; both None where neither is given right."""
    if "date" in items and "date_format" in items:
        checker.wrong(f"{key}.date_format", "stands beside 'date', expected one of the two")
        return None, None
    if "date" not in items and "date_format" not in items:
        form = 'date_format: "%Y%m%d"' if "glob" in items else "date: 2023-06-04"
        checker.missing(key, f"has no date, expected such as {form}", f"{key}.date", f"{key}.date_format")
        return None, None
    date = checker.take(items, f"{key}.date", calendar_date, None)
    return date, checker.take(items, f"{key}.date_format", date_format, None)


def _with_masks(entry: SceneEntry, paths: Sequence[str], form: str | None) -> list[SceneEntry]:
    """The scenes among the files that a glob found, each with those of its date that are its masks."""

    def date(path: str) -> dt.date | None:
        return None if form is None else next(dates_in_name(_file_name(path), form), (None, None))[0]

    masks = [mask for mask in masks_of(paths) if date(mask.path) == date(mask.scene)]
    beside = {mask.path for mask in masks}
    found = []
    for path in paths:
        own = [mask for mask in masks if mask.scene == path]
        read = {mask.role: mask.path for mask in own if mask.role}
        unread = tuple(mask.path for mask in own if not mask.role)
        if path not in beside:
            found.append(replace(entry, paths=(("", path), *read.items()), unread=unread))
    return found


def _dated(checker: Checker, entries: Sequence[SceneEntry], form: str) -> list[SceneEntry]:
    found: list[SceneEntry] = []
    nameless: list[str] = []
    for entry in entries:
        name = _file_name(entry.paths[0][1])
        moment = next(dates_in_name(name, form), None)
        if moment is None:
            nameless.append(name)
        else:
            found.append(replace(entry, date=moment[0], time=entry.time or moment[1]))
    key = f"{entries[0].key}.date_format" if entries else ""
    for name in nameless[:_SHOWN_NAMES]:
        checker.wrong(key, f"no date '{form}' in the file name '{name}'")
    if len(nameless) > _SHOWN_NAMES:
        checker.wrong(key, f"no date '{form}' in {len(nameless) - _SHOWN_NAMES} more files")
    return found


def _file_name(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119
