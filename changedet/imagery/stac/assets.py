"""From a STAC item's assets to files by role, or to one file with its bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from changedet.errors import InputError, did_you_mean
from changedet.imagery.bands import MASKS, role_from_name
from changedet.imagery.stac.walking import resolved, typed

# Common names of STAC that are no role here: near-duplicates of others, or nothing to compare.
_NO_ROLE: Final = {"nir09", "cirrus", "yellow", "lwir", "lwir11", "lwir12", "rededge075", "rededge078"}
_PICTURES: Final = {"thumbnail", "overview", "metadata", "visual", "preview"}


def pixels_of(item: Mapping[str, Any], place: str, where: str, assets: Sequence[str]) -> dict[str, Any]:
    """The item's files by role, or its one file with its bands: arguments of `changedet.scenes.open_scene`."""
    given = typed(item, "assets", dict, where)
    hint = " ".join(str(x) for x in (item.get("id"), item.get("collection"), item["properties"].get("platform")))
    roles: dict[str, tuple[str, dict[str, Any]]] = {}
    whole: list[tuple[str, dict[str, Any], list[str | None]]] = []
    for key, asset in given.items():
        if not isinstance(asset, dict):
            raise InputError(f"{where}: assets.{key}: expected an object, got {type(asset).__name__}")
        told = _band_roles(key, asset, hint)
        if _is_picture(key, asset) and key not in assets:
            continue
        if len(told) == 1 and told[0] is not None and _chosen(key, told[0], assets):
            roles.setdefault(told[0], (key, asset))
        elif len(told) > 1 and (not assets or key in assets):
            whole.append((key, asset, told))
    _check_assets(where, given, roles, whole, assets)
    data = [role for role in roles if role not in MASKS]
    if not data and whole:
        return _one_file(max(whole, key=lambda entry: len(entry[2])), roles, place, where)
    if not data:
        raise InputError(f"{where}: has no asset with a known band, only {', '.join(given) or 'none'}; give 'assets'")
    paths = {
        role: resolved(typed(asset, "href", str, f"{where}: assets.{key}"), place)
        for role, (key, asset) in roles.items()
    }
    scaling = {role: _scaling(roles[role][1], 0) for role in data}
    nodata = {_nodata(roles[role][1]) for role in data} - {None}
    return {
        "path": paths,
        "scaling": {role: pair for role, pair in scaling.items() if pair is not None},
        "nodata": nodata.pop() if len(nodata) == 1 else None,
    }


def _one_file(
    entry: tuple[str, dict[str, Any], list[str | None]],
    masks: Mapping[str, tuple[str, dict[str, Any]]],
    place: str,
    where: str,
) -> dict[str, Any]:
    key, asset, told = entry
    href = resolved(typed(asset, "href", str, f"{where}: assets.{key}"), place)
    bands: dict[str, int | str] = {}
    for number, role in enumerate(told, 1):
        if role is not None:
            bands.setdefault(role, number)
    known = bands or None
    beside = {role: resolved(typed(a, "href", str, f"{where}: assets.{k}"), place) for role, (k, a) in masks.items()}
    if beside and known:
        return {"path": {**dict.fromkeys(bands, href), **beside}, "bands": known, "nodata": _nodata(asset)}
    return {"path": href, "bands": known, "nodata": _nodata(asset)}


def _chosen(key: str, role: str, assets: Sequence[str]) -> bool:
    return not assets or key in assets or role in assets or role in {"scl", "qa_pixel", "udm2"}


def _check_assets(
    where: str,
    given: Mapping[str, Any],
    roles: Mapping[str, tuple[str, Any]],
    whole: Sequence[tuple[str, Any, Any]],
    assets: Sequence[str],
) -> None:
    used = {key for key, _ in roles.values()} | {key for key, _, _ in whole}
    for name in assets:
        if name not in used and name not in roles:
            why = "has no known band" if name in given else "is not there"
            known = ", ".join(given)
            raise InputError(f"{where}: asset '{name}' {why}; its assets are {known}{did_you_mean(name, given)}")


def _is_picture(key: str, asset: Mapping[str, Any]) -> bool:
    told = asset.get("roles")
    kind = asset.get("type")
    media = kind if isinstance(kind, str) else "image/tiff"
    return (
        key in _PICTURES
        or (isinstance(told, list) and bool(_PICTURES & {str(role) for role in told}))
        or not media.startswith(("image/", "application/x-geotiff", "application/geotiff"))
    )


def _band_roles(key: str, asset: Mapping[str, Any], hint: str) -> list[str | None]:
    """Roles of an asset's bands: by common name, by name, and of a single band by the asset's key."""
    bands = asset.get("bands") or asset.get("eo:bands") or []
    by_key = role_from_name(key, hint) if key not in _NO_ROLE else None
    if not isinstance(bands, list) or len(bands) < 2:
        band = bands[0] if isinstance(bands, list) and bands and isinstance(bands[0], dict) else {}
        common = band.get("common_name") or band.get("eo:common_name")
        if common in _NO_ROLE:
            return [None]
        return [
            by_key if by_key in MASKS else _common(common) or by_key or role_from_name(str(band.get("name", "")), hint)
        ]
    if by_key in MASKS:
        return [by_key]
    named = [band if isinstance(band, dict) else {} for band in bands]
    return [
        _common(band.get("common_name") or band.get("eo:common_name"))
        or role_from_name(str(band.get("name", "")), hint)
        for band in named
    ]


def _common(name: Any) -> str | None:
    return role_from_name(name) if isinstance(name, str) and name not in _NO_ROLE else None


def _raster_band(asset: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    bands = asset.get("raster:bands") or asset.get("bands") or []
    return bands[number] if isinstance(bands, list) and len(bands) > number and isinstance(bands[number], dict) else {}


def _scaling(asset: Mapping[str, Any], number: int) -> tuple[float, float] | None:
    band = _raster_band(asset, number)
    scale, offset = band.get("scale", band.get("raster:scale")), band.get("offset", band.get("raster:offset"))
    if not isinstance(scale, int | float) and not isinstance(offset, int | float):
        return None
    return float(scale) if isinstance(scale, int | float) and scale else 1.0, float(offset or 0.0)


def _nodata(asset: Mapping[str, Any]) -> float | None:
    value = _raster_band(asset, 0).get("nodata", asset.get("nodata"))
    if value == "nan":
        return math.nan
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
