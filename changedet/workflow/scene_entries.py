"""The list of scenes of a workflow: by path, by glob, by STAC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, get_args

from changedet.workflow import publishing
from changedet.workflow.checker import Checker, shown, unfit
from changedet.workflow.dates import interval
from changedet.workflow.fields import nodata, number, text
from changedet.workflow.model import Catalog, SceneEntry
from changedet.workflow.paths import file_or_url
from changedet.workflow.scene_files import entries_of_files
from changedet.workflow.scene_properties import read_bands, with_properties
from changedet.workflow.yaml_tree import ListNode, MapNode, Node, line_of

Kind = Literal["path", "glob", "stac"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_PROPERTIES: Final = ("time", "bands", "nodata", "mask", "sun", "view", "crs", "bounds", *publishing.KEYS)
KEYS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "path": ("path", "pan", "date", "date_format", *_PROPERTIES),
    "glob": ("glob", "date", "date_format", *_PROPERTIES),
    "stac": ("stac", "collections", "datetime", "assets", "max_cloud_cover", "bands", "nodata", *publishing.KEYS),
}
"""The keys that each kind of entry may have."""
_EXAMPLE: Final = "{date: 2023-06-04, path: scenes/2023-06-04.tif}"


def read_scenes(checker: Checker, node: Node | None) -> tuple[SceneEntry, ...]:
    """All entries, globs expanded.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    node : node or None
        The section ``scenes``.

    Returns
    -------
    tuple of SceneEntry
        Without the entries that have a mistake.
    """
    if not isinstance(node, ListNode) or not node.items:
        checker.missing("scenes", f"{_got(node)}, expected a list of scenes such as '- {_EXAMPLE}'", "scenes")
        return ()
    found: list[SceneEntry] = []
    for i, item in enumerate(node.items):
        found.extend(_read_entry(checker, item, f"scenes[{i}]"))
    return tuple(found)


def _got(node: Node | None) -> str:
    if node is None:
        return "is missing"
    return "got an empty list" if isinstance(node, ListNode) else f"got {shown(node)}"


def _read_entry(checker: Checker, node: Node, key: str) -> list[SceneEntry]:
    if not isinstance(node, MapNode):
        checker.wrong(key, str(unfit(node, f"a mapping such as {_EXAMPLE}")))
        return []
    kind = _kind(checker, node, key)
    if kind is None:
        return []
    _check_keys(checker, node, key, kind)
    before, items = len(checker.problems), node.items
    entry = SceneEntry(
        key=key,
        line=line_of(checker.tree.lines, key) or node.line,
        kind=kind,
        bands=read_bands(checker, items["bands"], f"{key}.bands") if "bands" in items else None,
        nodata=checker.take(items, f"{key}.nodata", nodata, None),
        attribution=publishing.read_attribution(checker, items, key),
    )
    if kind == "stac":
        entries = [replace(entry, stac=_catalog(checker, items, key))]
    else:
        entries = entries_of_files(checker, items, with_properties(checker, items, entry))
    return entries if len(checker.problems) == before else []


def _kind(checker: Checker, node: MapNode, key: str) -> Kind | None:
    given = [kind for kind in KINDS if kind in node.items]
    if len(given) == 1:
        return given[0]
    if given:
        checker.wrong(key, f"has {' and '.join(given)}, expected one of {', '.join(KINDS)}")
        return None
    known = {name for names in KEYS.values() for name in names}
    for name in node.items:
        if name not in known:
            checker.unknown(f"{key}.{name}", name, sorted(known))
    meant = [f"{key}.{kind}" for kind in KINDS]
    checker.missing(key, f"has none of {', '.join(KINDS)}, expected one, such as {_EXAMPLE}", *meant)
    return None


def _check_keys(checker: Checker, node: MapNode, key: str, kind: Kind) -> None:
    for name in node.items:
        owners = [other for other in KINDS if name in KEYS[other]]
        if owners and kind not in owners:
            checker.wrong(f"{key}.{name}", f"belongs to a scene given by {' or '.join(owners)}, not by {kind}")
        elif not owners:
            checker.unknown(f"{key}.{name}", name, KEYS[kind])


def _catalog(checker: Checker, items: Mapping[str, Node], key: str) -> Catalog | None:
    href = checker.take(items, f"{key}.stac", file_or_url(checker.tree.folder), None)
    names = (text("a name"), "a list of names")
    collections = checker.take_list(items, f"{key}.collections", *names)
    assets = checker.take_list(items, f"{key}.assets", *names)
    when = checker.take(items, f"{key}.datetime", interval, None)
    cloud = checker.take(items, f"{key}.max_cloud_cover", number("per cent, 0 to 100", least=0, most=100), None)
    return Catalog(href, collections, when, assets, cloud) if href else None
