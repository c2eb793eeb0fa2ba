"""The collection and its items, by pystac: self-contained, with paths relative to each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, cast

import pystac

from changedet.outputs.json_files import write_json
from changedet.outputs.rasters.classes import RasterLayer
from changedet.outputs.rasters.reading import opened
from changedet.outputs.stac.assets import ROLES, TITLES, file_asset, projection, raster_asset
from changedet.outputs.stac.item_facts import THUMBNAIL, ItemFacts, licence_code
from changedet.outputs.stac.outlines import within_180, wrapped
from changedet.store.files import write_bytes

_Coordinates: TypeAlias = "Sequence[float] | Sequence[_Coordinates]"
"""A point, or points nested at will."""
_EXTENSIONS: Final = {
    "classification:": "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
    "eo:": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "file:": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "processing:": "https://stac-extensions.github.io/processing/v1.1.0/schema.json",
    "proj:": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "raster:": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "view:": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
}
"""By the prefix of their fields, in the versions that pystac 1.11 and odc-stac know; named where a field is used."""


def write_stac(
    folder: str | Path,
    *,
    site_id: str,
    title: str,
    rasters: Sequence[RasterLayer],
    geometry: Mapping[str, object],
    description: str = "",
    assets: Mapping[str, str | Path] | None = None,
    checksums: Mapping[str, str] | None = None,
    facts: Mapping[str, ItemFacts] | None = None,
    unit: float = 1.0,
) -> list[Path]:
    """Write ``collection.json`` and ``<date>/<date>.json``, with a thumbnail beside each item that has one.

    Parameters
    ----------
    folder : path
        ``stac/`` of the run.
    site_id : str
        The collection's id.
    title : str
        The site's name.
    rasters : sequence of RasterLayer
        Finished rasters. Those with a date become assets of its item, those without (``first_change``) of
        the collection.
    geometry : mapping
        The grid's or the AOI's outline as GeoJSON in longitude and latitude (EPSG:4326).
    description : str
        Of the collection.
    assets : mapping of str to path, optional
        Further files of the collection, such as ``objects.gpkg``.
    checksums : mapping of str to str, optional
        Path as given -> SHA-256 in hex; computed where it is not given.
    facts : mapping of str to ItemFacts, optional
        By ISO date.
    unit : float
        A metre on the ground in units of the rasters' CRS.

    Returns
    -------
    list of pathlib.Path
        The files written, the collection last: where it is there, all are.

    Raises
    ------
    ValueError
        Where no raster has a date.
    """
    root, known, told = Path(folder), dict(checksums or {}), facts or {}
    dates = sorted({layer.date[:10] for layer in rasters if layer.date})
    if not dates:
        raise ValueError("a catalogue needs at least one dated raster")
    collection = _collection(root, site_id, title, description, geometry, {day: told.get(day) for day in dates})
    by_date = {day: [layer for layer in rasters if layer.date[:10] == day] for day in dates}
    written = []
    # Those with all rasters first, the reference last: odc-stac takes the names of the bands from the first item.
    for day, layers in sorted(by_date.items(), key=lambda item: -len(item[1])):
        item = _Item(root / day, day, told.get(day) or ItemFacts(), unit)
        written += _write_item(collection, item, layers, geometry, known)
    for layer in rasters:
        if not layer.date:
            collection.add_asset(layer.kind, raster_asset(layer, root, known.get(str(layer.path), ""), unit))
    for name, path in (assets or {}).items():
        collection.add_asset(name, file_asset(Path(path), root, known.get(str(path), "")))
    collection.extra_fields["item_assets"] = _item_assets({layer.kind for layer in rasters if layer.date})
    written.append(root / "collection.json")
    _write(written[-1], collection)
    return written


def bounds(geometry: Mapping[str, object]) -> list[float]:
    """The bounding box of a GeoJSON geometry.

    Parameters
    ----------
    geometry : mapping
        With ``coordinates`` of a point, line, polygon, or several of them.

    Returns
    -------
    list of float
        West, south, east, north; west is greater than east where it lies across 180 degrees.

    Examples
    --------
    >>> bounds({"type": "Point", "coordinates": [120.5, 31.0]})
    [120.5, 31.0, 120.5, 31.0]
    """
    points = _points(cast("_Coordinates", geometry["coordinates"]))
    lons, lats = zip(*points, strict=True)
    return wrapped([min(lons), min(lats), max(lons), max(lats)])


def _points(coordinates: _Coordinates) -> list[tuple[float, float]]:
    if isinstance(coordinates[0], int | float):
        x, y = cast("Sequence[float]", coordinates)[:2]
        return [(float(x), float(y))]
    return [point for part in cast("Sequence[_Coordinates]", coordinates) for point in _points(part)]


def _collection(
    root: Path,
    site_id: str,
    title: str,
    description: str,
    geometry: Mapping[str, object],
    facts: Mapping[str, ItemFacts | None],
) -> pystac.Collection:
    told = {day: one or ItemFacts() for day, one in facts.items()}
    moments = sorted(one.moment(day) for day, one in told.items())
    providers = {one.credit: one.provider() for one in told.values()}
    licences = {licence_code(one.licence) if one.licence else "other" for one in told.values()}
    sizes = [one.gsd_m for one in told.values() if one.gsd_m is not None]
    collection = pystac.Collection(
        site_id,
        description or f"Change masks, scores and aligned scenes of {title}.",
        pystac.Extent(pystac.SpatialExtent([bounds(geometry)]), pystac.TemporalExtent([[moments[0], moments[-1]]])),
        title=title,
        license=licences.pop() if len(licences) == 1 else "other",
        providers=[provider for provider in providers.values() if provider] or None,
        summaries=pystac.Summaries({"gsd": {"minimum": min(sizes), "maximum": max(sizes)}} if sizes else {}),
        catalog_type=pystac.CatalogType.SELF_CONTAINED,
    )
    collection.set_self_href(str((root / "collection.json").resolve()))
    return collection


class _Item(NamedTuple):
    """Of a date, and where it is written."""

    folder: Path
    day: str
    facts: ItemFacts
    unit: float
    """A metre on the ground in units of the rasters' CRS."""


def _write_item(
    collection: pystac.Collection,
    one: _Item,
    layers: Sequence[RasterLayer],
    geometry: Mapping[str, object],
    known: Mapping[str, str],
) -> list[Path]:
    folder, day, facts, unit = one
    with opened(layers[0].path) as source:
        place = projection(source)
    item = pystac.Item(
        f"{collection.id}-{day}",
        within_180(geometry),
        bounds(geometry),
        facts.moment(day),
        {**place, **facts.properties()},
    )
    if provider := facts.provider():
        item.properties["providers"] = [provider.to_dict()]
    collection.add_item(item)
    written = [folder / f"{day}.json"]
    item.set_self_href(str(written[0].resolve()))
    item.add_links(facts.source_links())
    for layer in layers:
        item.add_asset(layer.kind, raster_asset(layer, folder, known.get(str(layer.path), ""), unit))
    if facts.thumbnail is not None:
        written.insert(0, folder / THUMBNAIL)
        write_bytes(written[0], facts.thumbnail)
        item.add_asset("thumbnail", file_asset(written[0], folder, roles=["thumbnail"]))
    _write(folder / f"{day}.json", item)
    return written


def _item_assets(kinds: set[str]) -> dict[str, object]:
    return {
        kind: {"title": TITLES[kind], "type": pystac.MediaType.COG.value, "roles": list(ROLES[kind])}
        for kind in TITLES
        if kind in kinds
    }


def _write(path: Path, found: pystac.Item | pystac.Collection) -> None:
    fields = {*_names(found.to_dict(include_self_link=False))}
    prefixes = {name.partition(":")[0] + ":" for name in fields}
    found.stac_extensions = [uri for prefix, uri in _EXTENSIONS.items() if prefix in prefixes]
    write_json(path, found.to_dict(include_self_link=False))


def _names(value: object) -> list[str]:
    """All keys of a nested JSON value."""
    if isinstance(value, dict):
        return [*value, *(name for part in value.values() for name in _names(part))]
    return [name for part in value for name in _names(part)] if isinstance(value, list) else []
