"""STAC items as scenes: from a static catalog, an item, an item collection or an API.

A catalog is not trusted: it leads to no host that was not allowed, from the network to no file of this machine, and
never round in circles.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, did_you_mean
from changedet.grid.mending import made_valid
from changedet.imagery.attribution import from_stac
from changedet.imagery.hosts import check_hosts, host_of
from changedet.imagery.opening import SceneArguments
from changedet.imagery.stac.assets import pixel_arguments
from changedet.imagery.stac.walking import Span, Walk, found_items, typed, where_of
from changedet.json_types import Json, JsonObject

__all__ = ["LeftOut", "items"]


class LeftOut(NamedTuple):
    """An item that a search left out.

    Attributes
    ----------
    scene : str
        Its id.
    date : datetime.date
        UTC.
    reason : str
        Which part of the search it does not meet.
    """

    scene: str
    date: dt.date
    reason: str


def items(
    source: str,
    *,
    collections: Sequence[str] = (),
    datetime: str | None = None,
    assets: Sequence[str] = (),
    max_cloud_cover: float | None = None,
    aoi: BaseGeometry | None = None,
    allow_hosts: Sequence[str] = (),
    left_out: list[LeftOut] | None = None,
) -> list[SceneArguments]:
    """Scenes of a STAC source, as arguments of `changedet.imagery.opening.open_scene`.

    Parameters
    ----------
    source : str
        Path or URL of a catalog, a collection, an item, an item collection, or of an API.
    collections : sequence of str
        Ids; all where empty.
    datetime : str, optional
        A date, or an interval ``start/end`` of dates, months or years, ends included; ``..`` is open.
    assets : sequence of str
        Keys or common names of the bands to use; where empty, every band with a known role. Scene classes and quality
        flags (scl, qa_pixel, udm2) are taken in any case.
    max_cloud_cover : float, optional
        Per cent; items that do not say are kept.
    aoi : shapely geometry, optional
        In longitude and latitude; items that miss it are left out.
    allow_hosts : sequence of str
        Hosts beside the source's own.
    left_out : list of LeftOut, optional
        Gets one for each item of the collections that another part of the search left out. Of an API that is what its
        own search did not leave out already.

    Returns
    -------
    list of SceneArguments
        In order of time.

    Raises
    ------
    InputError
        Where a document cannot be read or is no STAC, an item lacks what it needs, or a host is not allowed.
    """
    own = host_of(source)
    walk = Walk((*([own] if own else []), *allow_hosts), tuple(collections))
    span = _interval(datetime) if datetime else None
    found = []
    for item, place in found_items(source, walk, span, aoi):
        if not _is_of_collection(item, walk):
            continue
        moment = _moment(item, place)
        reason = _reason_against(item, place, moment, (span, datetime or ""), max_cloud_cover, aoi)
        if not reason:
            found.append(_scene(item, place, moment, assets))
        elif left_out is not None:
            left_out.append(LeftOut(str(item.get("id", "")), moment.date(), reason))
    missing = [name for name in collections if name not in walk.names]
    if missing and walk.names:
        known = ", ".join(sorted(walk.names))
        raise InputError(
            f"{source}: has no collection '{missing[0]}', only {known}{did_you_mean(missing[0], walk.names)}"
        )
    try:
        leads = [path for scene in found for path in _paths(scene)]
        check_hosts(leads, walk.allowed)
    except InputError as error:
        raise InputError(f"{source}: {error.problems[0].message}") from None
    return sorted(found, key=lambda scene: (scene["date"], scene["time"], scene["name"]))


def _paths(scene: SceneArguments) -> list[str]:
    path = scene["path"]
    return list(path.values()) if isinstance(path, Mapping) else [path]


def _is_of_collection(item: Mapping[str, Json], walk: Walk) -> bool:
    collection = item.get("collection")
    if isinstance(collection, str):
        walk.names.add(collection)
    return not walk.collections or collection is None or collection in walk.collections


def _reason_against(
    item: Mapping[str, Json],
    place: str,
    moment: dt.datetime,
    times: tuple[Span | None, str],
    max_cloud_cover: float | None,
    aoi: BaseGeometry | None,
) -> str:
    """Why a search leaves an item out; empty where it does not."""
    span, text = times
    if span is not None and not span[0] <= moment <= span[1]:
        return f"datetime {text}"
    cover = typed(item, "properties", dict, where_of(item, place)).get("eo:cloud_cover")
    if max_cloud_cover is not None and isinstance(cover, int | float) and cover > max_cloud_cover:
        return f"cloud cover {cover:g} %, max_cloud_cover {max_cloud_cover:g}"
    return "" if aoi is None or _meets(item, aoi, place) else "misses the area of interest"


def _meets(item: Mapping[str, Json], aoi: BaseGeometry, place: str) -> bool:
    geometry = item.get("geometry")
    if not geometry:
        return True
    try:
        shape = shapely.geometry.shape(cast("dict[str, object]", geometry))
        return bool(made_valid(shape, f"{where_of(item, place)}: geometry").intersects(aoi))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError, RecursionError):
        raise InputError(f"{where_of(item, place)}: geometry: is no GeoJSON geometry") from None


def _scene(item: Mapping[str, Json], place: str, moment: dt.datetime, assets: Sequence[str]) -> SceneArguments:
    where = where_of(item, place)
    properties = typed(item, "properties", dict, where)
    return {
        "date": moment.date(),
        "time": moment.time(),
        "name": str(item.get("id", "")),
        "collection": str(item.get("collection") or ""),
        "sun": _angles(properties, where, azimuth_deg="view:sun_azimuth", elevation_deg="view:sun_elevation"),
        "view": _angles(properties, where, azimuth_deg="view:azimuth", off_nadir_deg="view:off_nadir"),
        "attribution": from_stac(properties),
        **pixel_arguments(item, place, where, assets),
    }


def _angles(properties: JsonObject, where: str, **names: str) -> dict[str, float] | None:
    found = {}
    for name, key in names.items():
        value = properties.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{where}: {key}: expected degrees, got {value!r}")
        found[name] = float(value)
    return found or None


def _moment(item: Mapping[str, Json], place: str) -> dt.datetime:
    where = where_of(item, place)
    properties = typed(item, "properties", dict, where)
    text = properties.get("datetime") or properties.get("start_datetime")
    if not isinstance(text, str):
        raise InputError(f"{where}: properties.datetime: expected a time such as 2023-06-04T10:20:30Z, got {text!r}")
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{where}: properties.datetime: '{text[:40]}' is no time") from None


def _interval(text: str) -> Span:
    ends = text.split("/")
    start, end = (ends[0], ends[-1]) if len(ends) <= 2 else ("?", "?")
    try:
        low = dt.datetime.min.replace(tzinfo=dt.UTC) if start in {"", ".."} else _edge(start)[0]
        high = dt.datetime.max.replace(tzinfo=dt.UTC) if end in {"", ".."} else _edge(end)[1]
    # Of another zone's time in the first or the last year there is none in UTC.
    except (ValueError, OverflowError):
        raise InputError(f"datetime: '{text}' is no interval, expected one such as 2023-05/2023-11") from None
    if low > high:
        raise InputError(f"datetime: '{text}' ends before it starts")
    return low, high


def _edge(text: str) -> Span:
    """First and last moment of a year, a month, a day or a time."""
    parts = text.split("-")
    if len(text) == 4:
        first, last = dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
    elif len(parts) == 2 and len(text) == 7:
        year, month = int(parts[0]), int(parts[1])
        first = dt.date(year, month, 1)
        last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    elif len(text) == 10:
        first = last = dt.date.fromisoformat(text)
    else:
        moment = dt.datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
        return moment, moment
    return dt.datetime.combine(first, dt.time.min, dt.UTC), dt.datetime.combine(last, dt.time.max, dt.UTC)
