"""Connected regions of a mask, exact over tiles: label each tile, join the borders, then keep or drop whole regions.

A tile's labels are made again from its mask when they are needed again, so between the passes only the tiles' borders
and one row of figures a region are held. Sums are whole numbers, so they do not depend on how a mask was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import cc3d
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Ints, Singles
from changedet.kernels.compiled import compiled

FIXED_POINT: Final = 1024
"""Figures are summed in units of one over this."""
LARGEST_FIGURE: Final = 1e6
"""Larger figures count as this, so that a sum over any region fits 64 bits."""

EIGHT_NEIGHBOURS: Final = 8
"""Pixels that share an edge or a corner are connected."""

Place: TypeAlias = tuple[int, int]
"""Row and column of a tile or of a pixel."""


@dataclass(frozen=True)
class TileComponents:
    """What a tile's regions are without their pixels; index i of each array is label i + 1.

    Attributes
    ----------
    areas : int64 (n,)
        Pixels.
    first : int64 (n,)
        Row-major index in the whole image of the first pixel.
    sums : int64 (n, k)
        Sums of the figures given, in units of 1 / `FIXED_POINT`.
    top, bottom : int32 (x,)
        Labels along the tile's borders.
    left, right : int32 (y,)
        The same of its sides.
    """

    areas: Ints
    first: Ints
    sums: Ints
    top: NDArray[np.int32]
    bottom: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]


@dataclass(frozen=True)
class Components:
    """The regions of the whole image, in the order of their first pixels, whatever the tiling.

    Attributes
    ----------
    ids : dict of (row, column) to (n + 1,) int64 array
        For each tile the region (from 1) of each of its labels; 0 stays 0.
    areas, sums : arrays
        As in `TileComponents`, of whole regions; index i is region i + 1.
    """

    ids: dict[Place, Ints]
    areas: Ints
    sums: Ints


def label(mask: Bytes) -> NDArray[np.int32]:
    """Labels of the 8-connected regions of a mask.

    Parameters
    ----------
    mask : uint8 (y, x)
        Regions are made of pixels that are 1.

    Returns
    -------
    int32 (y, x)
        From 1; 0 elsewhere. The same mask gets the same labels.
    """
    # bytes, not booleans: cc3d 4.1.1 labels flat boolean pictures wrongly (pixels made up, regions merged)
    binary = (mask == 1).astype(np.uint8, order="C")
    if not binary.any():
        return np.zeros(mask.shape, np.int32)
    return np.ascontiguousarray(cc3d.connected_components(binary, connectivity=EIGHT_NEIGHBOURS), np.int32)


def describe_tile(labels: NDArray[np.int32], origin: Place, width: int, figures: tuple[Singles, ...]) -> TileComponents:
    """Areas, first pixels, figures and borders of a tile's regions.

    Parameters
    ----------
    labels : int32 (y, x)
        As `label` returns.
    origin : (y, x)
        The tile's first pixel in the whole image.
    width : int
        Of the whole image.
    figures : tuple of float32 (y, x)
        What to sum over each region, such as the score; NaN counts as 0.

    Returns
    -------
    TileComponents
        Of the tile.
    """
    count = int(labels.max(initial=0))
    areas, first = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    sums = np.zeros((len(figures), count), np.int64)
    if count:
        labels = np.ascontiguousarray(labels)
        _extent(labels, origin[0], origin[1], width, areas, first)
        for figure, total in zip(figures, sums, strict=True):
            _add_figure(labels, np.ascontiguousarray(figure, np.float32), total)
    borders = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return TileComponents(areas, first, np.ascontiguousarray(sums.T), *(border.copy() for border in borders))


def join(tiles: Mapping[Place, TileComponents]) -> Components:
    """Join the regions of a grid of tiles across their borders and corners.

    Parameters
    ----------
    tiles : mapping of (row, column) to TileComponents
        By the tile's row and column among the tiles, counted in tiles, not in pixels: one more is the neighbour. A tile
        that is missing holds no region.

    Returns
    -------
    Components
        The same, however the image was cut.
    """
    places = sorted(tiles)
    starts = dict(zip(places, np.cumsum([0, *(len(tiles[place].areas) for place in places)]).tolist(), strict=False))
    total = sum(len(tiles[place].areas) for place in places)
    pairs = np.array([pair for place in places for pair in _touching(place, tiles, starts)], np.int64).reshape(-1, 2)
    parent = np.arange(total, dtype=np.int64)
    _unite(parent, pairs)
    first = _stack([tiles[place].first for place in places])
    roots, inverse = np.unique(parent, return_inverse=True)
    earliest = np.full(len(roots), np.iinfo(np.int64).max)
    np.minimum.at(earliest, inverse, first)
    rank = np.empty(len(roots), np.int64)
    rank[np.argsort(earliest, kind="stable")] = np.arange(len(roots))
    region = rank[inverse]
    areas = np.zeros(len(roots), np.int64)
    np.add.at(areas, region, _stack([tiles[place].areas for place in places]))
    sums = _stack([tiles[place].sums for place in places])
    all_sums = np.zeros((len(roots), *sums.shape[1:]), np.int64)
    np.add.at(all_sums, region, sums)
    ids = {place: _ids(region, starts[place], len(tiles[place].areas)) for place in places}
    return Components(ids, areas, all_sums)


def region_ids(mask: Bytes, ids: Ints, kept: Bools) -> NDArray[np.int32]:
    """Regions of a tile's pixels, numbered over the whole image.

    Parameters
    ----------
    mask : uint8 (y, x)
        Of the tile; regions are made of pixels that are 1.
    ids : int64 (n + 1,)
        The tile's entry of `Components.ids`.
    kept : bool (region,)
        For each region of the whole image.

    Returns
    -------
    int32 (y, x)
        From 1; 0 where there is no region or it is not kept.
    """
    wanted = np.concatenate(([False], kept))[ids]
    return np.asarray(np.where(wanted, ids, 0), np.int32)[label(mask)]


def keep(mask: Bytes, regions: NDArray[np.int32]) -> Bytes:
    """A tile's mask without the regions that `region_ids` did not keep.

    Parameters
    ----------
    mask : uint8 (y, x)
        1 in regions.
    regions : int32 (y, x)
        As `region_ids` gives.

    Returns
    -------
    uint8 (y, x)
        0 and 255 stay.
    """
    return np.where(mask == 1, regions > 0, mask).astype(np.uint8)


def keep_labels(mask: Bytes, labels: NDArray[np.int32], wanted: Bools) -> Bytes:
    """A tile's mask without some of its regions.

    Parameters
    ----------
    mask : uint8 (y, x)
        1 in regions.
    labels : int32 (y, x)
        Of the mask, as `label` returns.
    wanted : bool (n + 1,)
        For each label, that of 0 without meaning.

    Returns
    -------
    uint8 (y, x)
        0 and 255 stay.
    """
    out = np.array(mask, np.uint8, order="C")
    _drop_unwanted(labels, wanted, out)
    return out


def drop_small_components(mask: Bytes, least_px: int) -> Bytes:
    """A mask without its small regions.

    Parameters
    ----------
    mask : uint8 (y, x)
        1 in regions.
    least_px : int
        8-connected regions of fewer pixels are dropped.

    Returns
    -------
    uint8 (y, x)
        0 and 255 stay.
    """
    labels = label(mask)
    large = np.bincount(labels.ravel()) >= least_px
    large[0] = False
    return np.where(mask == 1, large[labels], mask).astype(np.uint8)


def _stack(arrays: list[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)


def _ids(region: Ints, start: int, count: int) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), region[start : start + count] + 1))


def _touching(
    place: Place, tiles: Mapping[Place, TileComponents], starts: Mapping[Place, int]
) -> list[tuple[int, int]]:
    """Pairs of regions of this tile and of its later neighbours that share an edge or a corner."""
    row, column = place
    tile, found = tiles[place], []
    neighbours = ((row, column + 1), (row + 1, column), (row + 1, column + 1), (row + 1, column - 1))
    present = [neighbour in tiles for neighbour in neighbours]
    for (near, far), neighbour in zip(
        ((tile.right, "left"), (tile.bottom, "top"), (tile.bottom[-1:], "top"), (tile.bottom[:1], "top")),
        neighbours,
        strict=True,
    ):
        if not present[neighbours.index(neighbour)]:
            continue
        border = getattr(tiles[neighbour], far)
        if neighbour == (row + 1, column + 1):
            border = border[:1]
        elif neighbour == (row + 1, column - 1):
            border = border[-1:]
        found += [(a + starts[place] - 1, b + starts[neighbour] - 1) for a, b in _adjacent(near, border)]
    return found


def _adjacent(near: NDArray[np.int32], far: NDArray[np.int32]) -> set[tuple[int, int]]:
    """Label pairs of two borders face to face: straight across and one to either side."""
    found: set[tuple[int, int]] = set()
    for a, b in ((near, far), (near[1:], far[:-1]), (near[:-1], far[1:])):
        both = (a > 0) & (b > 0)
        found.update(zip(a[both].tolist(), b[both].tolist(), strict=True))
    return found


@compiled
def _drop_unwanted(labels: NDArray[np.int32], wanted: Bools, out: Bytes) -> None:
    for y in range(out.shape[0]):
        line, own = labels[y], out[y]
        for x in range(own.size):
            if line[x] > 0 and not wanted[line[x]]:
                own[x] = 0


@compiled
def _unite(parent: Ints, pairs: Ints) -> None:
    """Union by the smaller index with path halving; afterwards every entry is its root."""
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b
    for i in range(parent.size):
        parent[i] = parent[parent[i]]  # parents have smaller indices and are roots by now


@compiled
def _extent(labels: NDArray[np.int32], y0: int, x0: int, width: int, areas: Ints, first: Ints) -> None:
    """Pixels of each region, and the first of them."""
    for y in range(labels.shape[0]):
        line = labels[y]
        for x in range(line.size):
            j = line[x] - 1
            if j >= 0:
                areas[j] += 1
                if first[j] < 0:
                    first[j] = (y0 + y) * width + x0 + x


@compiled
def _add_figure(labels: NDArray[np.int32], figure: Singles, sums: Ints) -> None:
    """Add a figure to each region's sum, in units of 1 / `FIXED_POINT`."""
    for y in range(labels.shape[0]):
        line, values = labels[y], figure[y]
        for x in range(line.size):
            if line[x] > 0 and values[x] == values[x]:
                value = min(max(np.float64(values[x]), -LARGEST_FIGURE), LARGEST_FIGURE)
                sums[line[x] - 1] += np.int64(np.rint(value * FIXED_POINT))
