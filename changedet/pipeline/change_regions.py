"""Changed regions of a date, cut into what its boxes and its ground tell: each part with its direction and kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bytes, Ints, Singles
from changedet.blocks import Window
from changedet.grid import Grid, ground_area_m2
from changedet.kernels import components, region_figures
from changedet.pipeline.kernels.box_parts import CAME, GROUND, LEFT, REPLACED
from changedet.store.packing import pack, unpack

if TYPE_CHECKING:
    import geopandas as gpd

Numbers: TypeAlias = NDArray[np.int32] | Ints
"""Of parts or regions, from 1; 0 is none."""

PARTS: Final = (GROUND, CAME, LEFT, REPLACED)
_DIRECTIONS: Final = {CAME: "gain", LEFT: "loss", REPLACED: "other"}


@dataclass(frozen=True)
class TileParts:
    """The parts of one tile's changed regions.

    Attributes
    ----------
    classes : bytes or None
        uint8 (y, x) of `changedet.pipeline.kernels.box_parts`, packed; None where all is ground.
    regions : mapping of int to TileComponents
        By class; their sums are of the score, and of what is gone and what came by the ground's own evidence.
    """

    classes: bytes | None
    regions: Mapping[int, components.TileComponents]


def tile_parts(
    raw: Bytes, classes: Bytes, score: Singles, contrast: Iterable[Singles], window: Window, grid: Grid
) -> TileParts:
    """Cut a tile's changed regions.

    Parameters
    ----------
    raw : uint8 (y, x)
        The mask before cleaning.
    classes : uint8 (y, x)
        Of `changedet.pipeline.kernels.box_parts`.
    score : float32 (y, x)
    contrast : iterable of float32 (y, x)
        The ground's evidence of what is gone and of what came.
    window : Window
        The tile on the grid.
    grid : Grid

    Returns
    -------
    TileParts
        Classes without a changed pixel are left out, but for the ground.
    """
    figures, found = (np.where(raw == 1, score, 0), *contrast), {}
    for part in PARTS:
        own = _of_class(raw, classes, part)
        if own.any() or part == GROUND:
            origin = window.y, window.x
            found[part] = components.describe_tile(components.label(own), origin, grid.shape[1], figures)
    return TileParts(pack(classes) if classes.any() else None, found)


def tile_places(windows: Iterable[Window]) -> dict[Window, components.Place]:
    """Rows and columns of a date's tiles among each other, by which they are joined.

    Parameters
    ----------
    windows : iterable of Window
        All tiles of a grid.

    Returns
    -------
    dict of Window to (int, int)
        Counted in tiles from the upper left.
    """
    given = list(windows)
    rows, columns = (
        {at: k for k, at in enumerate(sorted({getattr(one, axis) for one in given}))} for axis in ("y", "x")
    )
    return {one: (rows[one.y], columns[one.x]) for one in given}


class JoinedParts(NamedTuple):
    """All parts of a date; numbers from 1, those of one class after another.

    Attributes
    ----------
    places : mapping of Window to (int, int)
        As of `tile_places`.
    joined : mapping of int to Components
        By class.
    starts : mapping of int to int
        By class, how many parts lie before its own.
    part : int64 (n,)
        Class of each part.
    areas, sums : int64 (n,), (n, k)
        Of each part.
    """

    places: Mapping[Window, components.Place]
    joined: Mapping[int, components.Components]
    starts: Mapping[int, int]
    part: Ints
    areas: Ints
    sums: Ints


def join_parts(tiles: Mapping[Window, TileParts]) -> JoinedParts:
    """Join the parts of a date over the borders of its tiles.

    Parameters
    ----------
    tiles : mapping of Window to TileParts

    Returns
    -------
    JoinedParts
        The same however the date was cut.
    """
    places = tile_places(tiles)
    joined = {
        part: components.join({places[w]: one.regions[part] for w, one in tiles.items() if part in one.regions})
        for part in PARTS
        if any(part in one.regions for one in tiles.values())
    }
    counts = [len(one.areas) for one in joined.values()]
    starts = dict(zip(joined, np.cumsum([0, *counts]).tolist(), strict=False))
    return JoinedParts(
        places,
        joined,
        starts,
        np.repeat(np.array(list(joined), np.int64), counts),
        np.concatenate([one.areas for one in joined.values()]),
        np.concatenate([one.sums for one in joined.values()]),
    )


def is_ground_alone(tile: TileParts) -> bool:
    """Say whether a tile's parts are its regions.

    Parameters
    ----------
    tile : TileParts

    Returns
    -------
    bool
        True where no box decides about any of its pixels.
    """
    return tile.classes is None and list(tile.regions) == [GROUND]


def part_numbers(parts: JoinedParts, window: Window, raw: Bytes, tile: TileParts) -> NDArray[np.int32]:
    """Number the pixels of a tile by their parts.

    Parameters
    ----------
    parts : JoinedParts
    window : Window
        The tile on the grid.
    raw : uint8 (y, x)
        The mask before cleaning.
    tile : TileParts

    Returns
    -------
    int32 (y, x)
        From 1; 0 where nothing changed.
    """
    if is_ground_alone(tile):
        # The usual tile: its parts are its regions, and the ground's numbers come first.
        joined = parts.joined[GROUND]
        return components.region_ids(raw, joined.ids[parts.places[window]], np.ones(len(joined.areas), bool))
    classes = np.zeros(raw.shape, np.uint8) if tile.classes is None else unpack(tile.classes, raw.shape)
    out = np.zeros(raw.shape, np.int32)
    for part in tile.regions:
        ids, own = parts.joined[part].ids[parts.places[window]], _of_class(raw, classes, part)
        numbers = components.region_ids(own, ids, np.ones(len(parts.joined[part].areas), bool))
        out = np.where(numbers > 0, numbers + parts.starts[part], out).astype(np.int32)
    return out


def parents(parts: JoinedParts, pairs: Iterator[tuple[Numbers, Numbers]]) -> Ints:
    """Find the region that each part belongs to.

    Parameters
    ----------
    parts : JoinedParts
    pairs : iterator of (integer array, integer array)
        Of each tile the numbers of its pixels' parts and of their regions, or of its labels'.

    Returns
    -------
    int64 (part,)
        Regions from 1; 0 of one that is not kept.
    """
    found = np.zeros(len(parts.areas), np.int64)
    for numbers, regions in pairs:
        changed = numbers > 0
        found[numbers[changed] - 1] = regions[changed]
    return found


def leaders(parts: JoinedParts, parent: Ints, least_px: float) -> Ints:
    """Let parts that are too small by themselves go with the largest of their region.

    Parameters
    ----------
    parts : JoinedParts
    parent : int64 (part,)
        As of `parents`.
    least_px : float
        Parts of fewer pixels are too small.

    Returns
    -------
    int64 (part,)
        The part with which each goes, from 1; 0 where its region is not kept.
    """
    order = np.lexsort((np.arange(len(parent)), -parts.areas, parent))
    _, first = np.unique(parent[order], return_index=True)
    largest = dict(zip(parent[order][first].tolist(), order[first].tolist(), strict=True))
    lead = np.array([largest[region] for region in parent.tolist()], np.int64)
    own = np.arange(len(parent))
    return np.where(parent == 0, 0, np.where(parts.areas >= least_px, own, lead) + 1)


def described(
    polygons: gpd.GeoDataFrame, parts: JoinedParts, lead: Ints, grid: Grid, day: str, threshold: float
) -> gpd.GeoDataFrame:
    """Describe the parts that were outlined.

    Parameters
    ----------
    polygons : GeoDataFrame
        With ``change_id``, the number of the part that leads.
    parts : JoinedParts
    lead : int64 (part,)
        As of `leaders`.
    grid : Grid
    day : str
        ISO date.
    threshold : float
        Of the score.

    Returns
    -------
    GeoDataFrame
        With date, area, direction, kind (``box`` or ``other``, which the ground may tell later) and probability.
    """
    areas, sums = _led(parts.areas[:, None], lead)[:, 0], _led(parts.sums, lead)
    index = polygons["change_id"].to_numpy() - 1
    mean = sums[index, 0] / components.FIXED_POINT / np.maximum(areas[index], 1)
    classes = parts.part[index]
    return polygons.assign(
        change_id=np.arange(1, len(polygons) + 1),
        date=day,
        area_m2=ground_area_m2(polygons.geometry.to_numpy(), grid.crs) if len(polygons) else np.zeros(0),
        direction=_directions(classes, sums[index]),
        kind=["other" if part == GROUND else "box" for part in classes],
        probability=[region_figures.change_probability(float(value), threshold) for value in mean],
    )


def _directions(classes: Ints, sums: Ints) -> list[str]:
    """Boxes tell theirs; of ground what went and what came, which its own evidence tells."""
    return [
        _DIRECTIONS.get(int(part)) or region_figures.direction(int(row[1]), int(row[2]))
        for part, row in zip(classes, sums, strict=True)
    ]


def _led(values: Ints, lead: Ints) -> Ints:
    out = np.zeros_like(values)
    kept = lead > 0
    np.add.at(out, lead[kept] - 1, values[kept])
    return out


def _of_class(raw: Bytes, classes: Bytes, part: int) -> Bytes:
    return np.asarray((raw == 1) & (classes == part), np.uint8)


def no_changes(grid: Grid) -> gpd.GeoDataFrame:
    """A date on which nothing is compared.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    GeoDataFrame
        Without rows.
    """
    # Imported here, as tiles can do without the 70 MB that tables take.
    import geopandas as gpd

    columns: dict[str, Sequence[object]] = {
        name: [] for name in ("date", "area_m2", "direction", "kind", "probability")
    }
    frame = {"change_id": np.zeros(0, np.int64), **columns}
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=grid.crs), crs=grid.crs)
