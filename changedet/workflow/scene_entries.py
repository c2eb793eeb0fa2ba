"""The list of scenes: by path, by glob, by STAC."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from changedet.imagery.bands import ROLES
from changedet.imagery.scene import SunAngles, ViewAngles
from changedet.workflow import dates
from changedet.workflow.checker import Checker, shown, unfit
from changedet.workflow.fields import nodata, number, text
from changedet.workflow.geo_fields import bounds, crs
from changedet.workflow.model import Catalog, SceneEntry
from changedet.workflow.paths import file_or_url, matches
from changedet.workflow.sidecar_masks import masks_of
from changedet.workflow.yaml_tree import ListNode, MapNode, Node, ScalarNode, line_of, plain_value

KINDS: Final = ("path", "glob", "stac")
_ABOUT: Final = ("time", "bands", "nodata", "mask", "sun", "view", "crs", "bounds")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("path", "date", "date_format", *_ABOUT),
    "glob": ("glob", "date", "date_format", *_ABOUT),
    "stac": ("stac", "collections", "datetime", "assets", "max_cloud_cover", "bands", "nodata"),
}
_EXAMPLE: Final = "{date: 2023-06-04, path: scenes/2023-06-04.tif}"
_SHOWN_NAMES: Final = 20

Bands = tuple[tuple[str, int | str], ...]


def read_scenes(checker: Checker, node: Node | None) -> tuple[SceneEntry, ...]:
    """All entries, globs expanded."""
    if not isinstance(node, ListNode) or not node.items:
        got = (
            "is missing"
            if node is None
            else "got an empty list"
            if isinstance(node, ListNode)
            else f"got {shown(node)}"
        )
        checker.missing("scenes", f"{got}, expected a list of scenes such as '- {_EXAMPLE}'", "scenes")
        return ()
    found: list[SceneEntry] = []
    for i, item in enumerate(node.items):
        found.extend(_read_entry(checker, item, f"scenes[{i}]"))
    return tuple(found)


def read_bands(checker: Checker, node: Node | None, key: str) -> Bands | None:
    """Role to band number or description."""
    if node is None or (isinstance(node, ScalarNode) and node.is_null):
        return None
    items = _by_role(checker, node, key, "{blue: 1, green: 2, red: 3, nir: 4}")
    found: dict[str, int | str] = {}
    for role, item in items.items():
        band = checker.convert(item, f"{key}.{role}", _band, None)
        twin = next((other for other, given in found.items() if given == band), None)
        if band is not None and twin is not None:
            checker.wrong(f"{key}.{role}", f"band {band!r} is already the band of '{twin}'")
        elif band is not None:
            found[role] = band
    return tuple(found.items()) or None


def _by_role(checker: Checker, node: Node, key: str, example: str) -> dict[str, Node]:
    items = checker.section(node, key, ROLES, example=example, empty=False, strict=False)
    if isinstance(node, MapNode):
        for name in node.items:
            if name not in ROLES:
                checker.unknown(f"{key}.{name}", name, ROLES, noun="band role")
        if not node.items:
            checker.wrong(key, f"is empty, expected {example}")
    return items


def _band(node: Node) -> int | str:
    expected = "a band number from 1 or a band description"
    value = plain_value(node) if isinstance(node, ScalarNode) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    if isinstance(value, str) and value.strip():
        return value
    raise unfit(node, expected)


def _read_entry(checker: Checker, node: Node, key: str) -> list[SceneEntry]:
    if not isinstance(node, MapNode):
        checker.wrong(key, str(unfit(node, f"a mapping such as {_EXAMPLE}")))
        return []
    kind = _kind(checker, node, key)
    if kind is None:
        return []
    _check_keys(checker, node, key, kind)
    before = len(checker.problems)
    fields: dict[str, Any] = {"key": key, "line": line_of(checker.tree.lines, key) or node.line, "kind": kind}
    items = node.items
    fields["bands"] = read_bands(checker, items["bands"], f"{key}.bands") if "bands" in items else None
    fields["nodata"] = checker.take(items, f"{key}.nodata", nodata, None)
    if kind == "stac":
        fields["stac"] = _catalog(checker, items, key)
        entries = [fields]
    else:
        fields |= _about(checker, items, key)
        entries = _files(checker, items, key, fields)
    return [SceneEntry(**entry) for entry in entries] if len(checker.problems) == before else []


def _kind(checker: Checker, node: MapNode, key: str) -> str | None:
    given = [kind for kind in KINDS if kind in node.items]
    if len(given) == 1:
        return given[0]
    if given:
        checker.wrong(key, f"has {' and '.join(given)}, expected one of {', '.join(KINDS)}")
        return None
    known = {name for names in KEYS.values() for name in names}
    strange = [name for name in node.items if name not in known]
    for name in strange:
        checker.unknown(f"{key}.{name}", name, sorted(known))
    meant = [f"{key}.{kind}" for kind in KINDS]
    checker.missing(key, f"has none of {', '.join(KINDS)}, expected one, such as {_EXAMPLE}", *meant)
    return None


def _check_keys(checker: Checker, node: MapNode, key: str, kind: str) -> None:
    for name in node.items:
        owners = [other for other in KINDS if name in KEYS[other]]
        if owners and kind not in owners:
            checker.wrong(f"{key}.{name}", f"belongs to a scene given by {' or '.join(owners)}, not by {kind}")
        elif not owners:
            checker.unknown(f"{key}.{name}", name, KEYS[kind])


def _about(checker: Checker, items: Mapping[str, Node], key: str) -> dict[str, Any]:
    """What path and glob entries may say about their scenes."""
    folder = checker.tree.folder
    found: dict[str, Any] = {
        "time": checker.take(items, f"{key}.time", dates.time_of_day, None),
        "mask": checker.take(items, f"{key}.mask", file_or_url(folder), None),
        "crs": checker.take(items, f"{key}.crs", crs, None),
        "bounds": checker.take(items, f"{key}.bounds", bounds, None),
        "sun": _sun(checker, items, f"{key}.sun"),
        "view": _view(checker, items, f"{key}.view"),
    }
    for one, other in (("crs", "bounds"), ("bounds", "crs")):
        if one in items and other not in items:
            checker.wrong(
                f"{key}.{one}", f"stands without '{other}', expected both or neither: they georeference a picture"
            )
    return found


_azimuth: Final = number("degrees clockwise from north, -180 to 360", least=-180, most=360)


def _sun(checker: Checker, items: Mapping[str, Node], key: str) -> SunAngles | None:
    if "sun" not in items:
        return None
    example = "{azimuth_deg: 150, elevation_deg: 45}"
    inner = checker.section(items["sun"], key, ("azimuth_deg", "elevation_deg"), example=example, empty=False)
    azimuth = checker.take(inner, f"{key}.azimuth_deg", _azimuth, None)
    elevation = checker.take(
        inner, f"{key}.elevation_deg", number("degrees above the horizon, 0 to 90", above=0, most=90), None
    )
    for name in ("azimuth_deg", "elevation_deg"):
        if isinstance(items["sun"], MapNode) and name not in inner:
            checker.missing(key, f"has no '{name}', expected {example}", f"{key}.{name}")
    return SunAngles(azimuth, elevation) if azimuth is not None and elevation is not None else None


def _view(checker: Checker, items: Mapping[str, Node], key: str) -> ViewAngles | None:
    if "view" not in items:
        return None
    example = "{azimuth_deg: 280, off_nadir_deg: 12}"
    inner = checker.section(items["view"], key, ("azimuth_deg", "off_nadir_deg"), example=example, empty=False)
    azimuth = checker.take(inner, f"{key}.azimuth_deg", _azimuth, None)
    off_nadir = checker.take(
        inner, f"{key}.off_nadir_deg", number("degrees from the vertical, 0 to below 90", least=0, most=89.9), None
    )
    if isinstance(items["view"], MapNode) and "off_nadir_deg" not in inner:
        checker.missing(key, f"has no 'off_nadir_deg', expected {example}", f"{key}.off_nadir_deg")
    return ViewAngles(off_nadir, azimuth) if off_nadir is not None else None


def _files(checker: Checker, items: Mapping[str, Node], key: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """One set of fields for each look: its paths and its date."""
    folder = checker.tree.folder
    paths: tuple[str, ...] = ()
    looks: list[tuple[tuple[str, str], ...]] = []
    if "glob" in items:
        paths = checker.take(items, f"{key}.glob", matches(folder), ())
    else:
        looks = [_paths(checker, items["path"], f"{key}.path", folder)]
        if looks[0] and looks[0][0][0] and "bands" in items:
            checker.wrong(f"{key}.bands", "stands beside a path for each role, expected one of the two")
    date, form = _when(checker, items, key)
    given = [{**fields, "paths": look} for look in looks if look] + _with_masks(fields, paths, form)
    if date is not None:
        return [{**look, "date": date} for look in given]
    if form is None:
        return []
    return _dated(checker, key, given, form)


def _with_masks(fields: dict[str, Any], paths: tuple[str, ...], form: str | None) -> list[dict[str, Any]]:
    """The scenes among the files that a glob found, each with those of its date that are its masks."""

    def date(path: str) -> object:
        return form and next(dates.dates_in_name(os.path.basename(path), form), (None,))[0]  # noqa: PTH119

    masks = [mask for mask in masks_of(paths) if date(mask.path) == date(mask.scene)]
    beside = {mask.path for mask in masks}
    found = []
    for path in paths:
        own = [mask for mask in masks if mask.scene == path]
        read = {mask.role: mask.path for mask in own if mask.role}
        unread = tuple(mask.path for mask in own if not mask.role)
        if path not in beside:
            found.append({**fields, "paths": (("", path), *read.items()), "unread": unread})
    return found


def _when(checker: Checker, items: Mapping[str, Node], key: str) -> tuple[dt.date | None, str | None]:
    if "date" in items and "date_format" in items:
        checker.wrong(f"{key}.date_format", "stands beside 'date', expected one of the two")
        return None, None
    if "date" not in items and "date_format" not in items:
        form = 'date_format: "%Y%m%d"' if "glob" in items else "date: 2023-06-04"
        checker.missing(key, f"has no date, expected such as {form}", f"{key}.date", f"{key}.date_format")
        return None, None
    date = checker.take(items, f"{key}.date", dates.calendar_date, None)
    return date, checker.take(items, f"{key}.date_format", dates.date_format, None)


def _dated(checker: Checker, key: str, looks: list[dict[str, Any]], form: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    nameless: list[str] = []
    for look in looks:
        name = os.path.basename(look["paths"][0][1])  # noqa: PTH119
        moment = next(dates.dates_in_name(name, form), None)
        if moment is None:
            nameless.append(name)
        else:
            found.append({**look, "date": moment[0], "time": look["time"] or moment[1]})
    for name in nameless[:_SHOWN_NAMES]:
        checker.wrong(f"{key}.date_format", f"no date '{form}' in the file name '{name}'")
    if len(nameless) > _SHOWN_NAMES:
        checker.wrong(f"{key}.date_format", f"no date '{form}' in {len(nameless) - _SHOWN_NAMES} more files")
    return found


def _paths(checker: Checker, node: Node, key: str, folder: Path) -> tuple[tuple[str, str], ...]:
    convert: Callable[[Node], str] = file_or_url(folder)
    if not isinstance(node, MapNode):
        path = checker.convert(node, key, convert, None)
        return (("", path),) if path else ()
    items = _by_role(checker, node, key, "{red: B04.tif, nir: B08.tif}")
    found = {role: checker.convert(item, f"{key}.{role}", convert, None) for role, item in items.items()}
    return tuple((role, path) for role, path in found.items() if path)


def _catalog(checker: Checker, items: Mapping[str, Node], key: str) -> Catalog | None:
    href = checker.take(items, f"{key}.stac", file_or_url(checker.tree.folder), None)
    names = (text("a name"), "a list of names")
    collections = checker.take_list(items, f"{key}.collections", *names)
    assets = checker.take_list(items, f"{key}.assets", *names)
    interval = checker.take(items, f"{key}.datetime", dates.interval, None)
    cloud = checker.take(items, f"{key}.max_cloud_cover", number("per cent, 0 to 100", least=0, most=100), None)
    return Catalog(href, collections, interval, assets, cloud) if href else None
