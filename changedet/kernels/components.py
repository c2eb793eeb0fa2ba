"""Connected regions of a mask, exact over tiles: label each tile, join the borders, then keep or drop whole regions.

A tile's labels are made again from its mask when they are needed again, so between the passes only the tiles' borders
and one row of figures a region are held. Sums are whole numbers, so they do not depend on how a mask was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cc3d
import numba
import numpy as np
from numpy.typing import NDArray

FIXED_POINT: Final = 1024
"""Figures are summed in units of one over this."""
LARGEST_FIGURE: Final = 1e6
"""Larger figures count as this, so that a sum over any region fits 64 bits."""
AMBIGUOUS: Final = 0.1
"""Edge evidence of the two dates that differs by less than this share of their sum does not tell a direction."""

Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class TileComponents:
    """What a tile's regions tell without their pixels; index i of each array is label i + 1.

    Attributes
    ----------
    areas : (n,) int64
        Pixels.
    first : (n,) int64
        Row-major index in the whole image of the first pixel.
    sums : (n, k) int64
        Sums of the figures given, in units of 1 / `FIXED_POINT`.
    top, bottom, left, right : int32 arrays
        Labels along the tile's borders.
    """

    areas: NDArray[np.int64]
    first: NDArray[np.int64]
    sums: NDArray[np.int64]
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

    ids: dict[Place, NDArray[np.int64]]
    areas: NDArray[np.int64]
    sums: NDArray[np.int64]


def label(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Labels from 1 of the 8-connected regions of pixels that are 1; the same mask gets the same labels."""
    # bytes, not booleans: cc3d 4.1.1 labels flat boolean pictures wrongly (pixels made up, regions merged)
    binary = (mask == 1).astype(np.uint8, order="C")
    if not binary.any():
        return np.zeros(mask.shape, np.int32)
    return np.ascontiguousarray(cc3d.connected_components(binary, connectivity=8), np.int32)


def describe_tile(
    labels: NDArray[np.int32], origin: Place, width: int, figures: tuple[NDArray[np.float32], ...]
) -> TileComponents:
    """Areas, first pixels, figures and borders of a tile's regions.

    Parameters
    ----------
    labels : (y, x) int32
        As `label` returns.
    origin : (y, x)
        The tile's first pixel in the whole image.
    width : int
        Of the whole image.
    figures : tuple of (y, x) float arrays
        What to sum over each region, such as the score; NaN counts as 0.
    """
    count = int(labels.max(initial=0))
    flat = labels.ravel()
    areas = np.bincount(flat, minlength=count + 1)[1:].astype(np.int64)
    sums = np.zeros((count, len(figures)), np.int64)
    changed = np.flatnonzero(flat)
    for k, figure in enumerate(figures):
        np.add.at(sums[:, k], flat[changed] - 1, _fixed(figure.ravel()[changed]))
    first = np.full(count, -1, np.int64)
    _first_pixels(labels, origin[0], origin[1], width, first)
    borders = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return TileComponents(areas, first, sums, *(border.copy() for border in borders))


def join(tiles: Mapping[Place, TileComponents]) -> Components:
    """Join the regions of a grid of tiles across their borders and corners.

    Parameters
    ----------
    tiles : mapping of (row, column) to TileComponents
        Neighbours in the mapping are neighbours in the image; a tile that is missing holds no region.
    """
    places = sorted(tiles)
    starts = dict(zip(places, np.cumsum([0, *(len(tiles[place].areas) for place in places)]).tolist(), strict=False))
    total = sum(len(tiles[place].areas) for place in places)
    pairs = np.array([pair for place in places for pair in _touching(place, tiles, starts)], np.int64).reshape(-1, 2)
    parent = np.arange(total, dtype=np.int64)
    _unite(parent, pairs)
    first = _stack([tiles[place].first for place in places], np.int64)
    roots, inverse = np.unique(parent, return_inverse=True)
    earliest = np.full(len(roots), np.iinfo(np.int64).max)
    np.minimum.at(earliest, inverse, first)
    rank = np.empty(len(roots), np.int64)
    rank[np.argsort(earliest, kind="stable")] = np.arange(len(roots))
    region = rank[inverse]
    areas = np.zeros(len(roots), np.int64)
    np.add.at(areas, region, _stack([tiles[place].areas for place in places], np.int64))
    sums = _stack([tiles[place].sums for place in places], np.int64)
    all_sums = np.zeros((len(roots), *sums.shape[1:]), np.int64)
    np.add.at(all_sums, region, sums)
    ids = {place: _ids(region, starts[place], len(tiles[place].areas)) for place in places}
    return Components(ids, areas, all_sums)


def region_ids(mask: NDArray[np.uint8], ids: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Regions ``(y, x)`` of a tile's pixels, numbered over the whole image; 0 where none or not kept.

    Parameters
    ----------
    mask : (y, x) uint8
    ids : (n + 1,) int64
        The tile's entry of `Components.ids`.
    kept : (regions,) bool
        For each region of the whole image.
    """
    wanted = np.concatenate(([False], kept))[ids]
    return np.asarray(np.where(wanted, ids, 0), np.int32)[label(mask)]


def keep(mask: NDArray[np.uint8], regions: NDArray[np.int32]) -> NDArray[np.uint8]:
    """A tile's mask without the regions that `region_ids` did not keep; 0 and 255 stay."""
    return np.where(mask == 1, regions > 0, mask).astype(np.uint8)


def drop_small_components(mask: NDArray[np.uint8], least_px: int) -> NDArray[np.uint8]:
    """A mask without the 8-connected regions of fewer pixels."""
    labels = label(mask)
    large = np.bincount(labels.ravel()) >= least_px
    large[0] = False
    return np.where(mask == 1, large[labels], mask).astype(np.uint8)


def edge_contrast(
    before: NDArray[np.float32], after: NDArray[np.float32], mask: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Contrast of each date across the outline of the changed regions; a figure to sum by `describe_tile`.

    Parameters
    ----------
    before, after : (band, y + 2, x + 2) float32
        One pixel wider on each side than the tile, in comparable units.
    mask : (y + 2, x + 2) uint8
        Before any cleaning, 1 changed.

    Returns
    -------
    tuple of two (y, x) float32
        For each changed pixel, over its 4-neighbours that are unchanged, the sum of the absolute differences of all
        bands, before and after; 0 elsewhere and towards what is missing.
    """
    rows, columns = np.nonzero(mask[1:-1, 1:-1] == 1)
    sums = np.zeros((2, mask.shape[0] - 2, mask.shape[1] - 2), np.float32)
    _outline(before, after, mask, rows, columns, sums)
    return sums[0], sums[1]


def direction(before_contrast: int, after_contrast: int) -> str:
    """ "gain" where the later date stands out from its surroundings, "loss" where the earlier did, else "other"."""
    both = before_contrast + after_contrast
    lead = (after_contrast - before_contrast) / both if both else 0.0
    if abs(lead) < AMBIGUOUS:
        return "other"
    return "gain" if lead > 0 else "loss"


def change_probability(mean_score: float, threshold: float) -> float:
    """Probability that a region changed, from how far its mean score lies above the threshold.

    ``1 - exp(-2 m) / 2`` with the margin ``m = mean / threshold - 1``: one half on the threshold, .82 half as much
    again above it, .93 at twice. Monotone, and not calibrated against a truth.
    """
    margin = max(0.0, mean_score / threshold - 1.0) if threshold > 0 else 0.0
    return float(1.0 - 0.5 * np.exp(-2.0 * margin))


def _fixed(figure: NDArray[np.float32]) -> NDArray[np.int64]:
    clipped = np.clip(np.nan_to_num(figure.astype(np.float64)), -LARGEST_FIGURE, LARGEST_FIGURE)
    return np.rint(clipped * FIXED_POINT).astype(np.int64)


def _stack(arrays: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype)


def _ids(region: NDArray[np.int64], start: int, count: int) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), region[start : start + count] + 1))


def _touching(place: Place, tiles: Mapping[Place, TileComponents], starts: Mapping[Place, int]) -> list[Any]:
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


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _unite(parent: Any, pairs: Any) -> None:
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


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _first_pixels(labels: Any, y0: int, x0: int, width: int, first: Any) -> None:
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            j = labels[y, x] - 1
            if j >= 0 and first[j] < 0:
                first[j] = (y0 + y) * width + x0 + x


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _outline(before: Any, after: Any, mask: Any, rows: Any, columns: Any, out: Any) -> None:
    for k in range(rows.size):
        y, x = rows[k] + 1, columns[k] + 1
        for v, u in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
            if mask[v, u] != 0:
                continue
            for j in range(before.shape[0]):
                d = abs(before[j, y, x] - before[j, v, u])
                if d == d:
                    out[0, y - 1, x - 1] += d
                d = abs(after[j, y, x] - after[j, v, u])
                if d == d:
                    out[1, y - 1, x - 1] += d
