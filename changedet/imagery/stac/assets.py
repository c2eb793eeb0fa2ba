"""The files of a STAC item by role, or its one file with all bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from changedet.errors import InputError, did_you_mean
from changedet.imagery.bands import MASKS, role_from_description
from changedet.imagery.opening import PixelArguments
from changedet.imagery.stac.walking import resolved, typed
from changedet.json_types import Json, JsonObject

_NO_ROLE: Final = {"nir09", "cirrus", "yellow", "lwir", "lwir11", "lwir12", "rededge075", "rededge078"}
"""Common names of STAC that are no role here: near-duplicates of others, or nothing to compare."""
_PICTURES: Final = {"thumbnail", "overview", "metadata", "visual", "preview"}
_QUALITY: Final = {"scl", "qa_pixel", "udm2"}
"""Masks that are taken though nobody named them."""


class Asset(NamedTuple):
    """An asset of an item.

    Attributes
    ----------
    key : str
        Its key in the item.
    about : dict
        What the item says of it.
    roles : tuple of str or None
        Of its bands, from the first on; None where a band is of no known role.
    """

    key: str
    about: JsonObject
    roles: tuple[str | None, ...]


def pixel_arguments(item: Mapping[str, Json], place: str, where: str, assets: Sequence[str]) -> PixelArguments:
    """The files of an item, as arguments of `changedet.imagery.opening.open_scene`.

    Parameters
    ----------
    item : mapping
        A STAC item.
    place : str
        Path or URL of the document that it stands in.
    where : str
        For error lines.
    assets : sequence of str
        Keys or common names of the bands to use; where empty, every band with a known role.

    Returns
    -------
    PixelArguments
        One file for each role, or one file with all bands and the masks beside it.

    Raises
    ------
    InputError
        A wanted asset is not there, or none has a known band.
    """
    by_role, whole, given = _chosen_assets(item, where, assets)
    _check_assets(where, given, by_role, whole, assets)
    data = [role for role in by_role if role not in MASKS]
    if not data and whole:
        return _one_file(max(whole, key=lambda asset: len(asset.roles)), by_role, place, where)
    if not data:
        raise InputError(f"{where}: has no asset with a known band, only {', '.join(given) or 'none'}; give 'assets'")
    scaling = {role: _scaling(by_role[role].about, 0) for role in data}
    nodata = {_nodata(by_role[role].about) for role in data} - {None}
    return {
        "path": {role: _href(asset, place, where) for role, asset in by_role.items()},
        "scaling": {role: pair for role, pair in scaling.items() if pair is not None},
        "nodata": nodata.pop() if len(nodata) == 1 else None,
    }


def _chosen_assets(
    item: Mapping[str, Json], where: str, assets: Sequence[str]
) -> tuple[dict[str, Asset], list[Asset], JsonObject]:
    # Assets of one band by role, those of several bands, and all that the item has.
    given = typed(item, "assets", dict, where)
    platform = typed(item, "properties", dict, where).get("platform")
    hint = " ".join(str(x) for x in (item.get("id"), item.get("collection"), platform))
    by_role: dict[str, Asset] = {}
    whole: list[Asset] = []
    for key, about in given.items():
        if not isinstance(about, dict):
            raise InputError(f"{where}: assets.{key}: expected an object, got {type(about).__name__}")
        roles = _band_roles(key, about, hint)
        if _is_picture(key, about) and key not in assets:
            continue
        if len(roles) == 1 and roles[0] is not None and _is_wanted(key, roles[0], assets):
            by_role.setdefault(roles[0], Asset(key, about, roles))
        elif (len(roles) > 1 and (not assets or key in assets)) or _tells_no_band(key, about, roles, assets):
            whole.append(Asset(key, about, roles))
    return by_role, whole, given


def _tells_no_band(key: str, about: JsonObject, roles: Sequence[str | None], assets: Sequence[str]) -> bool:
    """Whether this is the only asset asked for and the item does not describe its bands: the file or ``bands`` do."""
    return list(assets) == [key] and not any(roles) and not _bands(about, "bands", "eo:bands")


def _one_file(asset: Asset, masks: Mapping[str, Asset], place: str, where: str) -> PixelArguments:
    href = _href(asset, place, where)
    bands: dict[str, int | str] = {}
    for number, role in enumerate(asset.roles, 1):
        if role is not None:
            bands.setdefault(role, number)
    known = bands or None
    beside = {role: _href(mask, place, where) for role, mask in masks.items()}
    if beside and known:
        return {"path": {**dict.fromkeys(bands, href), **beside}, "bands": known, "nodata": _nodata(asset.about)}
    return {"path": href, "bands": known, "nodata": _nodata(asset.about)}


def _href(asset: Asset, place: str, where: str) -> str:
    return resolved(typed(asset.about, "href", str, f"{where}: assets.{asset.key}"), place)


def _is_wanted(key: str, role: str, assets: Sequence[str]) -> bool:
    return not assets or key in assets or role in assets or role in _QUALITY


def _check_assets(
    where: str, given: JsonObject, by_role: Mapping[str, Asset], whole: Sequence[Asset], assets: Sequence[str]
) -> None:
    used = {asset.key for asset in (*by_role.values(), *whole)}
    for name in assets:
        if name not in used and name not in by_role:
            known = ", ".join(given)
            if name in given:
                raise InputError(f"{where}: of asset '{name}' no band is known (eo:bands); its assets are {known}")
            near = did_you_mean(name, given)
            raise InputError(f"{where}: asset '{name}' is not there; its assets are {known}{near}")


def _is_picture(key: str, about: JsonObject) -> bool:
    roles, kind = about.get("roles"), about.get("type")
    media = kind if isinstance(kind, str) else "image/tiff"
    return (
        key in _PICTURES
        or (isinstance(roles, list) and bool(_PICTURES & {str(role) for role in roles}))
        or not media.startswith(("image/", "application/x-geotiff", "application/geotiff"))
    )


def _bands(about: JsonObject, *keys: str) -> list[JsonObject]:
    """What is said of an asset's bands; an empty object for what is no object."""
    found = next((about[key] for key in keys if about.get(key)), None)
    return [band if isinstance(band, dict) else {} for band in found] if isinstance(found, list) else []


def _band_roles(key: str, about: JsonObject, hint: str) -> tuple[str | None, ...]:
    """Roles of an asset's bands: by common name, by name, and of a single band by the asset's key."""
    bands = _bands(about, "bands", "eo:bands")
    by_key = role_from_description(key, hint) if key not in _NO_ROLE else None
    if len(bands) < 2:
        band = bands[0] if bands else {}
        common = band.get("common_name") or band.get("eo:common_name")
        if isinstance(common, str) and common in _NO_ROLE:
            return (None,)
        return (by_key if by_key in MASKS else _by_common_name(common) or by_key or _by_name(band, hint),)
    if by_key in MASKS:
        return (by_key,)
    return tuple(
        _by_common_name(band.get("common_name") or band.get("eo:common_name")) or _by_name(band, hint) for band in bands
    )


def _by_common_name(name: Json) -> str | None:
    return role_from_description(name) if isinstance(name, str) and name not in _NO_ROLE else None


def _by_name(band: JsonObject, hint: str) -> str | None:
    return role_from_description(str(band.get("name", "")), hint)


def _raster_band(about: JsonObject, number: int) -> JsonObject:
    bands = _bands(about, "raster:bands", "bands")
    return bands[number] if len(bands) > number else {}


def _scaling(about: JsonObject, number: int) -> tuple[float, float] | None:
    band = _raster_band(about, number)
    scale, offset = band.get("scale", band.get("raster:scale")), band.get("offset", band.get("raster:offset"))
    if not isinstance(scale, int | float) and not isinstance(offset, int | float):
        return None
    shift = offset if isinstance(offset, int | float | str) and offset else 0.0
    try:
        pair = float(scale) if isinstance(scale, int | float) and scale else 1.0, float(shift)
    except (ValueError, OverflowError):
        raise InputError(f"raster:bands: offset: expected a number, got {str(shift)[:40]!r}") from None
    if not all(map(math.isfinite, pair)):
        raise InputError(f"raster:bands: scale and offset: expected finite numbers, got {pair}")
    return pair


def _nodata(about: JsonObject) -> float | None:
    value = _raster_band(about, 0).get("nodata", about.get("nodata"))
    if value == "nan":
        return math.nan
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
