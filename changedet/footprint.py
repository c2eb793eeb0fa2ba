"""The footprint of a site: built ground and stored objects, closed, without small parts, small holes and roads."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.grid import Grid, ground_area_m2
from changedet.kernels import closing
from changedet.kernels import footprint as kernel
from changedet.methods import Facts

CLOSE_M: Final = 8.0
MIN_PART_M2: Final = 15.0
MIN_HOLE_M2: Final = 400.0
ROAD_WIDTH_M: Final = 8.0
CELL_M: Final = 1.0
"""Finer pixels are gathered to cells of about this size before shapes are drawn."""
COARSEST_M: Final = 2.5
"""With coarser pixels a road of 8 m is no more than three pixels wide, and cannot be told from a yard."""
LEAST_CLEAR: Final = 0.5
"""A date that shows less of an area gives no figure for it."""
BLOCK_CELLS: Final = 2048
Tiles = Iterable[tuple[int, int, NDArray[np.uint8]]]
"""Row and column of the first pixel and uint8 (y, x), as `FootprintMethod.apply` gives them."""


@dataclass(frozen=True)
class FootprintMethod:
    """How built ground is told: ``fit(samples) -> model``, ``apply(image, model) -> uint8 (y, x)``.

    `apply` gives 0 for ground that is not built, 1, 2, 3 where the lax, the likely, the strict threshold is passed;
    255 where nothing is seen.
    """

    fit: Callable[[NDArray[np.float32]], dict[str, Any]]
    apply: Callable[..., NDArray[np.uint8]]
    halo_px: int


@dataclass(frozen=True)
class Footprint:
    """A date's footprint in the grid's CRS: the likely one, and the bounds from a strict and a lax threshold.

    Attributes
    ----------
    geometry, least, greatest : MultiPolygon
        Each holds the one before it in the order least, geometry, greatest, but for half a cell. Ground that the date
        does not see is not in the least and all in the greatest.
    area_m2 : float
        Of `geometry`, on the ground.
    """

    geometry: MultiPolygon
    least: MultiPolygon
    greatest: MultiPolygon
    area_m2: float


def footprint_method(facts: Facts) -> FootprintMethod | None:
    """The method for these bands and this resolution; None where `why_not` says why there is none."""
    if why_not(facts):
        return None
    fit = partial(kernel.fit_built, roles=facts.roles)
    levels = partial(_levels, roles=facts.roles, resolution_m=facts.resolution_m)
    return FootprintMethod(fit, levels, kernel.halo_px(facts.resolution_m))


def why_not(facts: Facts) -> str:
    """Why no footprint can be had; empty where it can."""
    if facts.resolution_m > COARSEST_M:
        return f"a footprint needs pixels of {COARSEST_M:g} m or finer, these have {facts.resolution_m:.3g} m"
    if not kernel.can_tell(facts.roles):
        return "a footprint needs the bands red, blue and green or nir"
    return ""


def _levels(
    image: NDArray[np.float32], *, model: Mapping[str, float], roles: Sequence[str], resolution_m: float
) -> NDArray[np.uint8]:
    probability = kernel.built_probability(image, roles, model, resolution_m)
    with np.errstate(invalid="ignore"):
        passed = [probability >= level for level in (kernel.LAX, kernel.LIKELY, kernel.STRICT)]
    levels: NDArray[np.uint8] = np.sum(passed, axis=0, dtype=np.uint8)
    levels[np.isnan(probability)] = closing.UNKNOWN
    return levels


def outline(tiles: Tiles, boxes: Sequence[BaseGeometry], grid: Grid) -> Footprint:
    """A date's footprint from its levels, tile by tile, and its boxes: `outlines` of one date."""
    return outlines([(tiles, boxes)], grid)[0]


def outlines(dates: Iterable[tuple[Tiles, Sequence[BaseGeometry]]], grid: Grid) -> list[Footprint]:
    """The footprint of each date: built ground without roads, and boxes, closed with a radius of 8 m.

    Parameters
    ----------
    dates : iterable of (tiles, boxes)
        In the order of time. Tiles together cover the grid; boxes are geometries in the grid's CRS, which are never
        taken for a road. A lone 20-foot box, of 14.8 m2, is a part under 15 m2.
    grid : Grid

    Returns
    -------
    list of Footprint
        Parts under 15 m2 dropped, holes under 400 m2 filled. Ground that a date does not see is, in its geometry, as
        the last earlier date that saw it shows it, else the first later one; in the bounds it is unknown. A road
        wider than 8 m stays. Does not depend on how the grid is cut into tiles.
    """
    # Only one date's raster is held at a time, the others packed: a raster of few classes shrinks to a twentieth.
    packed = [zlib.compress(_levels_of(tiles, boxes, grid).tobytes(), 1) for tiles, boxes in dates]
    shape = _cells(grid).shape
    known = np.full(shape, closing.UNKNOWN, np.uint8)
    for one in reversed(packed):
        known = closing.fill_hidden(_unpacked(one, shape), known)
    found = []
    for one in packed:
        own = _unpacked(one, shape)
        known = closing.fill_hidden(own, known)
        found.append(_footprint(own, known, grid))
    return found


def _unpacked(packed: bytes, shape: tuple[int, int]) -> closing.Levels:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)


def _factor(grid: Grid) -> int:
    return min(max(1, round(CELL_M / grid.ground_resolution_m)), closing.LARGEST_FACTOR)


def _cells(grid: Grid) -> Grid:
    return grid.coarsened(_factor(grid))


def _levels_of(tiles: Tiles, boxes: Sequence[BaseGeometry], grid: Grid) -> closing.Levels:
    """A date's levels on the grid's cells, its boxes burnt in: uint8 (y, x)."""
    factor, cells = _factor(grid), _cells(grid)
    if factor == 1:
        levels = np.full(cells.shape, closing.UNKNOWN, np.uint8)
        for y, x, tile in tiles:
            levels[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    else:
        counts = np.zeros((1 + len(closing.STEPS), *cells.shape), np.uint8)
        for y, x, tile in tiles:
            added = closing.cell_counts(tile, y, x, factor)
            top, left = y // factor, x // factor
            counts[:, top : top + added.shape[1], left : left + added.shape[2]] += added
        levels = closing.cell_levels(counts)
    if boxes:
        levels[cells.burn([(box, 1) for box in boxes], Window(0, 0, *cells.shape)) > 0] = closing.STORED
    return levels


def _footprint(own: closing.Levels, known: closing.Levels, grid: Grid) -> Footprint:
    lax, likely, strict = closing.STEPS
    geometry = _geometry(known, likely, grid, hidden_is_built=False)
    least = _geometry(own, strict, grid, hidden_is_built=False)
    greatest = _geometry(own, lax, grid, hidden_is_built=True)
    area = 0.0 if geometry.is_empty else float(ground_area_m2([geometry], grid.crs)[0])
    return Footprint(geometry, least, greatest, area)


def _geometry(levels: closing.Levels, step: int, grid: Grid, *, hidden_is_built: bool) -> MultiPolygon:
    cells = _cells(grid)
    shape = _shape(levels, step, cells.ground_resolution_m, hidden_is_built=hidden_is_built)
    # The scale of the CRS: its metres need not be metres on the ground.
    scale = (cells.ground_resolution_m / cells.resolution_m) ** 2
    parts: list[BaseGeometry] = [_filled(part, MIN_HOLE_M2 / scale) for part in cells.outlines(shape, 0, 0)]
    parts = [part.simplify(cells.resolution_m / 2) for part in parts if part.area * scale >= MIN_PART_M2]
    inside = shapely.get_parts([shapely.intersection(part, grid.area) for part in parts])
    whole: list[shapely.Polygon] = [
        part for part in inside if isinstance(part, shapely.Polygon) and part.area * scale >= MIN_PART_M2
    ]
    whole.sort(key=lambda part: part.bounds)
    return MultiPolygon(whole)


def _shape(levels: closing.Levels, step: int, pixel_m: float, *, hidden_is_built: bool) -> NDArray[np.bool_]:
    """Opened and closed in blocks, which bounds the memory of the distances."""
    halo = closing.halo_px(ROAD_WIDTH_M / 2, CLOSE_M, pixel_m)
    out = np.zeros(levels.shape, bool)
    for y in range(0, levels.shape[0], BLOCK_CELLS):
        for x in range(0, levels.shape[1], BLOCK_CELLS):
            top, left = max(0, y - halo), max(0, x - halo)
            block = levels[top : y + BLOCK_CELLS + halo, left : x + BLOCK_CELLS + halo]
            hidden = block == closing.UNKNOWN
            surface = (block >= step) & (hidden_is_built | ~hidden)
            shape = closing.opened_and_closed(surface, block == closing.STORED, ROAD_WIDTH_M / 2, CLOSE_M, pixel_m)
            out[y : y + BLOCK_CELLS, x : x + BLOCK_CELLS] = shape[y - top :, x - left :][:BLOCK_CELLS, :BLOCK_CELLS]
    return out


def _filled(outline: BaseGeometry, least_m2: float) -> BaseGeometry:
    if not isinstance(outline, shapely.Polygon):
        return outline
    return shapely.Polygon(
        outline.exterior, [ring for ring in outline.interiors if shapely.Polygon(ring).area >= least_m2]
    )


def estimates(
    found: Footprint, areas: Mapping[str, BaseGeometry | None], clear: Mapping[str, float], grid: Grid
) -> dict[str, tuple[float, float, float]]:
    """Ground area in m2 with its bounds, in the whole site (None) and in each zone.

    Where a date shows less than `LEAST_CLEAR`, there is no figure.
    """
    made = {}
    for name, area in areas.items():
        share = clear.get(name, float("nan"))
        if not share >= LEAST_CLEAR:
            continue
        parts = [_cut(shape, area) for shape in (found.geometry, found.least, found.greatest)]
        value, least, greatest = (float(m2) for m2 in ground_area_m2(parts, grid.crs))
        made[name] = (value, min(least, value), max(greatest, value))
    return made


def _cut(shape: BaseGeometry, area: BaseGeometry | None) -> BaseGeometry:
    return shape if area is None else shapely.intersection(shape, area)
