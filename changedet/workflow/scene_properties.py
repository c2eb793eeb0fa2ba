"""What a workflow says about a scene beside its files: bands, nodata, the sun, the view, a georeference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.imagery.bands import ROLES
from changedet.workflow.checker import Checker, unfit
from changedet.workflow.dates import time_of_day
from changedet.workflow.fields import number
from changedet.workflow.geo_fields import bounds, crs
from changedet.workflow.model import Bands, SceneEntry
from changedet.workflow.paths import file_or_url
from changedet.workflow.yaml_tree import MapNode, Node, ScalarNode, plain_value

LAST_BAND: Final = 65535
"""Most bands that a GeoTIFF can hold."""

_ANGLES: Final = {
    "azimuth_deg": number("degrees clockwise from north, -180 to 360", least=-180, most=360),
    "elevation_deg": number("degrees above the horizon, 0 to 90", above=0, most=90),
    "off_nadir_deg": number("degrees from the vertical, 0 to below 90", least=0, most=89.9),
}


def read_bands(checker: Checker, node: Node | None, key: str) -> Bands | None:
    """The band of each role.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    node : node or None
        A mapping of role to band number or description.
    key : str
        Its dotted key.

    Returns
    -------
    tuple of (role, band number or description), or None
        None where the file does not say.
    """
    if node is None or (isinstance(node, ScalarNode) and node.is_null):
        return None
    items = by_role(checker, node, key, "{blue: 1, green: 2, red: 3, nir: 4}")
    found: dict[str, int | str] = {}
    for role, item in items.items():
        band = checker.convert(item, f"{key}.{role}", _band, None)
        twin = next((other for other, given in found.items() if given == band), None)
        if band is not None and twin is not None:
            checker.wrong(f"{key}.{role}", f"band {band!r} is already the band of '{twin}'")
        elif band is not None:
            found[role] = band
    return tuple(found.items()) or None


def by_role(checker: Checker, node: Node, key: str, example: str) -> dict[str, Node]:
    """The items of a mapping whose keys are band roles.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    node : node
        The mapping.
    key : str
        Its dotted key.
    example : str
        Of such a mapping, for the messages.

    Returns
    -------
    dict of str to node
        By role, without keys that are none.
    """
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
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LAST_BAND:
        return value
    if isinstance(value, str) and value.strip():
        return value
    raise unfit(node, expected)


def with_properties(checker: Checker, items: Mapping[str, Node], entry: SceneEntry) -> SceneEntry:
    """An entry with what path and glob entries may say about their scenes.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    items : mapping of str to node
        Of the entry.
    entry : SceneEntry
        So far.

    Returns
    -------
    SceneEntry
        With time, mask, crs, bounds, sun and view.
    """
    key = entry.key
    found = replace(
        entry,
        time=checker.take(items, f"{key}.time", time_of_day, None),
        mask=checker.take(items, f"{key}.mask", file_or_url(checker.tree.folder), None),
        crs=checker.take(items, f"{key}.crs", crs, None),
        bounds=checker.take(items, f"{key}.bounds", bounds, None),
        sun=_sun(checker, items, f"{key}.sun"),
        view=_view(checker, items, f"{key}.view"),
    )
    if "bounds" in items and "crs" not in items:
        checker.wrong(f"{key}.bounds", "stands without 'crs', expected both: they georeference a picture")
    return found


def _sun(checker: Checker, items: Mapping[str, Node], key: str) -> SunAngles | None:
    example = "{azimuth_deg: 150, elevation_deg: 45}"
    found = _angles(checker, items.get("sun"), key, {"azimuth_deg": True, "elevation_deg": True}, example)
    azimuth, elevation = found.get("azimuth_deg"), found.get("elevation_deg")
    return SunAngles(azimuth, elevation) if azimuth is not None and elevation is not None else None


def _view(checker: Checker, items: Mapping[str, Node], key: str) -> ViewAngles | None:
    example = "{azimuth_deg: 280, off_nadir_deg: 12}"
    found = _angles(checker, items.get("view"), key, {"azimuth_deg": False, "off_nadir_deg": True}, example)
    off_nadir = found.get("off_nadir_deg")
    return None if off_nadir is None else ViewAngles(off_nadir, found.get("azimuth_deg"))


def _angles(
    checker: Checker, node: Node | None, key: str, required: Mapping[str, bool], example: str
) -> dict[str, float | None]:
    """Angles by name; None where one is left out or wrong. `required` has all names, and whether each must be there."""
    if node is None:
        return {}
    inner = checker.section(node, key, required, example=example, empty=False)
    for name in required:
        if required[name] and isinstance(node, MapNode) and name not in inner:
            checker.missing(key, f"has no '{name}', expected {example}", f"{key}.{name}")
    return {name: checker.take(inner, f"{key}.{name}", _ANGLES[name], None) for name in required}
