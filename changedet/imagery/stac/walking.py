"""The items of a STAC source, document by document: never round in circles, never to a host or file not allowed."""

from __future__ import annotations

import datetime as dt
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar
from urllib.parse import urljoin, urlparse

from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError
from changedet.imagery.hosts import check_hosts, host_of
from changedet.imagery.stac.answers import MAX_BYTES, SLOWEST_S, Pages, read_answer
from changedet.imagery.timed import opener_until
from changedet.json_types import Json, JsonObject

if TYPE_CHECKING:
    import requests

MAX_DOCUMENTS: Final = 20_000
MAX_DEPTH: Final = 100
"""Catalogs above a document; Python ends at some hundreds."""
TIMEOUT_S: Final = 30
MAX_HREF: Final = 4096
PlacedItem: TypeAlias = tuple[JsonObject, str]
"""A STAC item and the place of the document that it stands in."""
Span: TypeAlias = tuple[dt.datetime, dt.datetime]
"""First and last moment, UTC, ends included."""
Kind = TypeVar("Kind", str, list[Json], JsonObject)


@dataclass
class Walk:
    """What one search has opened, and what it wants.

    Attributes
    ----------
    allowed : tuple of str
        Hosts that it may reach.
    collections : tuple of str
        Ids of the collections that it wants; all where empty.
    seen : set of str
        Places of the documents that it has opened.
    names : set of str
        Ids of the collections that it has met.
    """

    allowed: tuple[str, ...]
    collections: tuple[str, ...] = ()
    seen: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def found_items(source: str, walk: Walk, span: Span | None, aoi: BaseGeometry | None) -> Iterator[PlacedItem]:
    """Every item of a source.

    Parameters
    ----------
    source : str
        Path or URL of a catalog, a collection, an item, an item collection, or of an API.
    walk : Walk
        Notes what is opened.
    span : (datetime, datetime) or None
        Of an API only items within it.
    aoi : shapely geometry or None
        In longitude and latitude; of an API only items that meet its box.

    Yields
    ------
    (dict, str)
        An item, with the place of the document that it stands in.
    """
    document = _load(source, walk)
    links = document.get("links")
    searchable = isinstance(links, list) and any(isinstance(x, dict) and x.get("rel") == "search" for x in links)
    if host_of(source) and document.get("type") == "Catalog" and (searchable or "conformsTo" in document):
        yield from _from_api(source, walk, span, aoi)
    else:
        yield from _walked(document, source, walk, (source,))


def _walked(document: JsonObject, place: str, walk: Walk, above: tuple[str, ...]) -> Iterator[PlacedItem]:
    kind = document.get("type")
    if kind == "Feature":
        yield document, place
    elif kind == "FeatureCollection":
        for item in typed(document, "features", list, place):
            if not isinstance(item, dict) or item.get("type") != "Feature":
                raise InputError(f"{place}: features: expected STAC items")
            yield item, place
    # Of a stranger's document a type may be a list: no set could look it up.
    elif kind in ("Catalog", "Collection") or "stac_version" in document:
        if kind == "Collection":
            walk.names.add(str(document.get("id", "")))
            if walk.collections and document.get("id") not in walk.collections:
                return
        yield from _children(document, place, walk, above)
    else:
        raise InputError(f"{place}: is no STAC catalog, collection, item or item collection (its type is {kind!r})")


def _children(document: JsonObject, place: str, walk: Walk, above: tuple[str, ...]) -> Iterator[PlacedItem]:
    for link in typed(document, "links", list, place, default=[]):
        if not isinstance(link, dict) or link.get("rel") not in ("child", "item"):
            continue
        there = resolved(typed(link, "href", str, f"{place}: links"), place)
        if there in above:
            raise InputError(f"{place}: its child '{link['href']}' leads back to a catalog above it; remove that link")
        if there in walk.seen:
            continue
        _check_host(there, walk, place)
        if len(above) >= MAX_DEPTH:
            raise InputError(f"{there}: lies more than {MAX_DEPTH} catalogs deep; name a part of the catalog")
        yield from _walked(_load(there, walk), there, walk, (*above, there))


def _load(place: str, walk: Walk) -> JsonObject:
    walk.seen.add(place)
    if len(walk.seen) > MAX_DOCUMENTS:
        raise InputError(f"{place}: the catalog has more than {MAX_DOCUMENTS} documents; name a part of it")
    try:
        document = json.loads(_bytes(place, walk))
    except (OSError, urllib.error.URLError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise InputError(f"{place}: {reason}") from None
    except RecursionError:
        raise InputError(f"{place}: is nested too deep to be read") from None
    except ValueError as error:
        raise InputError(f"{place}: is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise InputError(f"{place}: is no STAC object but {type(document).__name__}")
    return document


def _check_host(there: str, walk: Walk, place: str) -> None:
    try:
        check_hosts([there], walk.allowed)
    except InputError as error:
        raise InputError(f"{place}: {error.problems[0].message}") from None


def _bytes(place: str, walk: Walk) -> bytes:
    if not host_of(place):
        path = Path(place.removeprefix("file://"))
        if path.exists() and not path.is_file():
            raise InputError(f"{place}: is no regular file, as a STAC document is")
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            size = f"has {path.stat().st_size >> 20} MB, more than {MAX_BYTES >> 20}"
            raise InputError(f"{place}: {size}; split it, or give an API's URL")
        return path.read_bytes()
    if urlparse(place).scheme not in {"http", "https"}:
        raise InputError(f"{place}: STAC documents are read from files, http and https")
    request = urllib.request.Request(place, headers={"Accept": "application/json"})  # noqa: S310 - scheme checked above
    opener = opener_until(time.monotonic() + SLOWEST_S, walk.allowed)
    with opener.open(request, timeout=TIMEOUT_S) as answer:
        return read_answer(answer.read1, place)


def _from_api(source: str, walk: Walk, span: Span | None, aoi: BaseGeometry | None) -> Iterator[PlacedItem]:
    # Here, as most runs ask no API and loading its client takes half a second.
    import pystac_client
    import pystac_client.exceptions
    import requests

    try:
        client = pystac_client.Client.open(source, **_guarded(walk, source))
        search = client.search(
            collections=list(walk.collections) or None,
            datetime=None if span is None else "/".join(_api_time(end) for end in span),
            bbox=None if aoi is None else list(aoi.bounds),
            max_items=MAX_DOCUMENTS,
        )
        found = list(search.items_as_dicts())
    except (pystac_client.exceptions.APIError, requests.RequestException, NotImplementedError) as error:
        raise InputError(f"{source}: the search failed ({' '.join(str(error).split())[:200]})") from None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError):
        raise InputError(f"{source}: the search failed (its answer is no STAC)") from None
    for item in found:
        if not isinstance(item, dict) or item.get("type") != "Feature":
            raise InputError(f"{source}: the search failed (its answer holds what is no STAC item)")
        yield item, source


def _guarded(walk: Walk, source: str) -> dict[str, object]:
    """Arguments of a client that asks no host, by a link to the next page or a redirect, that was not allowed."""
    # Here for the same reason.
    from pystac_client.stac_api_io import StacApiIO

    pages = Pages(source)

    def ask(request: requests.Request) -> None:
        _check_host(str(request.url), walk, source)

    def follow(answer: requests.Response, *_: object, **__: object) -> None:
        if answer.is_redirect:
            _check_host(urljoin(answer.url, answer.headers["location"]), walk, source)

    guarded = StacApiIO()
    guarded.session.hooks["response"] += [follow, lambda answer, *_, **__: pages.take(answer)]
    # Opening a client sets the modifier and the timeout of its StacApiIO anew.
    return {"stac_io": guarded, "request_modifier": ask, "timeout": TIMEOUT_S}


def _api_time(moment: dt.datetime) -> str:
    return ".." if moment.year in {1, 9999} else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def resolved(href: str, place: str) -> str:
    """Where an href leads from a document.

    Parameters
    ----------
    href : str
        A path or URL, relative or whole.
    place : str
        Path or URL of the document.

    Returns
    -------
    str
        A whole path or URL.

    Raises
    ------
    InputError
        It is one of GDAL's virtual paths, inline XML, a file of this machine named by a remote document, a link that
        leads to itself, no URL, or of a kind that is not read.
    """
    odd = len(href) > MAX_HREF or any(ord(letter) < 32 for letter in href)
    if odd or not href.strip() or href.lstrip().startswith("<") or "/vsi" in href.lower():
        raise InputError(f"{place}: the href {href[:80]!r} is no file and no URL")
    try:
        scheme, joined = urlparse(href).scheme, urljoin(place, href)
    except ValueError as error:
        raise InputError(f"{place}: the href {href[:80]!r} is no file and no URL ({error})") from error
    if host_of(place):
        if scheme == "file":
            raise InputError(f"{place}: leads to a file of this machine ('{href}'), which a remote catalog may not")
        return joined
    if scheme in {"http", "https", "s3"}:
        return href
    if scheme not in {"", "file"} and len(scheme) > 1:
        raise InputError(
            f"{place}: the href '{href[:80]}' is of a kind that is not read, expected a file, http, https or s3"
        )
    base = Path(place.removeprefix("file://")).parent
    try:
        return str((base / href.removeprefix("file://")).resolve())
    except (OSError, RuntimeError) as error:
        # A link to itself is a RuntimeError before Python 3.13.
        raise InputError(f"{place}: the href {href[:80]!r} leads to no file ({error})") from error


def typed(data: Mapping[str, Json], key: str, kind: type[Kind], where: str, default: Kind | None = None) -> Kind:
    """The value of a key of a document.

    Parameters
    ----------
    data : mapping
        A JSON object.
    key : str
        One of its keys.
    kind : type
        Wanted: str, list or dict.
    where : str
        For error lines.
    default : object, optional
        What stands for a key that is not there.

    Returns
    -------
    str, list or dict
        Of that type.

    Raises
    ------
    InputError
        The value is of another type, or not there.
    """
    value = data.get(key, default)
    if not isinstance(value, kind):
        wanted = "an object" if kind is dict else "a list" if kind is list else "text"
        got = "nothing" if value is None else type(value).__name__
        raise InputError(f"{where}: {key}: expected {wanted}, got {got}")
    return value


def where_of(item: Mapping[str, Json], place: str) -> str:
    """How error lines name an item.

    Parameters
    ----------
    item : mapping
        A STAC item.
    place : str
        Path or URL of the document that it stands in.

    Returns
    -------
    str
        The place, and the item's id where it has one.
    """
    name = item.get("id")
    return f"{place}: {name}" if isinstance(name, str) and name else place
