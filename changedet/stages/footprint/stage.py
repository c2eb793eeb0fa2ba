"""The footprint of a site: built ground and stored objects, closed, without small parts, small holes and roads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.grid import Grid, ground_area_m2
from changedet.stages.footprint import over_dates
from changedet.stages.footprint.forests import ground_trees, surroundings_trees
from changedet.stages.footprint.kernels import bare_ground as kernel
from changedet.stages.footprint.kernels import cell_codes, closing, ground, lasting, surroundings
from changedet.stages.footprint.kernels.ground import KINDS
from changedet.stages.registry import Facts

CLOSE_M: Final = 8.0
MIN_PART_M2: Final = 15.0
MIN_HOLE_M2: Final = 400.0
ROAD_WIDTH_M: Final = 8.0
CELL_M: Final = 1.0
"""Finer pixels are gathered to cells of about this size before shapes are drawn."""
COARSEST_M: Final = 2.5
"""With coarser pixels a road of 8 m is no more than three pixels wide, and cannot be told from a yard."""
COARSEST_LASTING_M: Final = 100.0
LEAST_DATES: Final = 3
LEAST_CLEAR: Final = 0.5
"""A date that shows less of an area gives no figure for it."""
BLOCK_CELLS: Final = 2048
Tiles = Iterable[tuple[int, int, NDArray[np.uint8]]]
"""Row and column of the first pixel and uint8 (y, x), as `FootprintMethod.apply` gives them."""


@dataclass(frozen=True)
class FootprintMethod:
    """How built ground is told: ``fit(samples) -> model``, ``apply(image, place, model=) -> uint8 (y, x)``.

    `apply` gives 0 for ground that is not built, 1, 2, 3 where the lax, the likely, the strict threshold is passed, or,
    where kinds are told, the codes of `kernels.telling`; 255 where nothing is seen. `place` is the block's window on
    the grid.
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
    kinds : mapping of str to MultiPolygon
        `geometry` by what it bears: the `KINDS`, and ``stored`` under boxes; empty where kinds cannot be told.
    """

    geometry: MultiPolygon
    least: MultiPolygon
    greatest: MultiPolygon
    area_m2: float
    kinds: Mapping[str, MultiPolygon] = field(default_factory=dict)


def footprint_method(facts: Facts) -> FootprintMethod | None:
    """The method for these bands and this resolution; None where `why_not` says why there is none."""
    if why_not(facts):
        return None
    if needs_lasting(facts):
        return by_lasting(facts)
    return by_trees(facts) if tells_kinds(facts) else by_colour(facts)


def by_lasting(facts: Facts) -> FootprintMethod:
    """Bare ground on one date; `outlines` asks the other dates whether it stays."""
    levels = partial(_bare_levels, roles=facts.roles)
    return FootprintMethod(partial(lasting.fit, roles=facts.roles), levels, 0)


def _bare_levels(
    image: NDArray[np.float32], place: Window, *, model: Mapping[str, float], roles: Sequence[str]
) -> NDArray[np.uint8]:
    del place
    return lasting.levels(image, roles, model)


def needs_lasting(facts: Facts) -> bool:
    """Whether pixels are too coarse for a yard, so that only ground that stays bare is told."""
    return facts.resolution_m > COARSEST_M


def by_trees(facts: Facts) -> FootprintMethod:
    """Paving, buildings and earthworks by boosted trees on colour, texture, width and the sun's direction."""
    ground_trees()
    return FootprintMethod(
        partial(ground.fit, roles=facts.roles),
        partial(_codes, roles=facts.roles, resolution_m=facts.resolution_m),
        ground.halo_px(facts.resolution_m),
    )


def by_colour(facts: Facts) -> FootprintMethod:
    """Ground without plants or water, by colour alone."""
    fit = partial(kernel.fit_built, roles=facts.roles)
    levels = partial(_levels, roles=facts.roles, resolution_m=facts.resolution_m)
    return FootprintMethod(fit, levels, kernel.halo_px(facts.resolution_m))


def why_not(facts: Facts) -> str:
    """Why no footprint can be had; empty where it can."""
    if not needs_lasting(facts):
        return "" if kernel.can_tell(facts.roles) else "a footprint needs the bands red, blue and green or nir"
    if facts.resolution_m > COARSEST_LASTING_M:
        return f"a footprint needs pixels of {COARSEST_LASTING_M:g} m or finer, these have {facts.resolution_m:.3g} m"
    if not lasting.can_tell(facts.roles):
        return "a footprint in pixels over 2.5 m needs the bands red, nir and green or swir1"
    if facts.dates < LEAST_DATES:
        return (
            f"a footprint in pixels over 2.5 m needs {LEAST_DATES} dates: on one a bare field looks like built ground"
        )
    return ""


def tells_kinds(facts: Facts) -> bool:
    """Whether paving, buildings and earthworks are told apart: the forests know colour pictures of 0.25 to 1.3 m."""
    return 0.25 <= facts.resolution_m <= 1.3 and {"red", "green", "blue"} <= set(facts.roles)


def _codes(
    image: NDArray[np.float32],
    place: Window,
    *,
    model: Mapping[str, Any],
    roles: Sequence[str],
    resolution_m: float,
) -> NDArray[np.uint8]:
    """What each cell is told to be at all of its pixels; 255 beyond the last whole cell, which lies in the halo."""
    size = ground.factor(resolution_m)
    top, left = -place.y % size, -place.x % size
    cells = ground.averaged(image[:, top:, left:], size)
    found, valid = ground.features(cells, roles, model, size * resolution_m)
    told = cell_codes.codes(ground.probabilities(found, valid, *ground_trees()), valid)
    out = np.full(image.shape[1:], closing.UNKNOWN, np.uint8)
    spread = np.repeat(np.repeat(told, size, axis=0), size, axis=1)
    out[top : top + spread.shape[0], left : left + spread.shape[1]] = spread
    return out


def _levels(
    image: NDArray[np.float32], place: Window, *, model: Mapping[str, float], roles: Sequence[str], resolution_m: float
) -> NDArray[np.uint8]:
    del place
    probability = kernel.built_probability(image, roles, model, resolution_m)
    with np.errstate(invalid="ignore"):
        passed = [probability >= level for level in (kernel.LAX, kernel.LIKELY, kernel.STRICT)]
    levels: NDArray[np.uint8] = np.sum(passed, axis=0, dtype=np.uint8)
    levels[np.isnan(probability)] = closing.UNKNOWN
    return levels


def outline(tiles: Tiles, boxes: Sequence[BaseGeometry], grid: Grid) -> Footprint:
    """A date's footprint from its levels, tile by tile, and its boxes: `outlines` of one date."""
    return outlines([(tiles, boxes)], grid)[0]


def outlines(
    dates: Iterable[tuple[Tiles, Sequence[BaseGeometry]]],
    grid: Grid,
    *,
    lasts: bool = False,
    judge: surroundings.Judge | None = None,
) -> list[Footprint]:
    """The footprint of each date: built ground without roads, and boxes, closed with a radius of 8 m.

    Parameters
    ----------
    dates : iterable of (tiles, boxes)
        In the order of time. Tiles together cover the grid; boxes are geometries in the grid's CRS, which are never
        taken for a road. A lone 20-foot box, of 14.8 m2, is a part under 15 m2.
    grid : Grid
    lasts : bool
        Whether the levels are those of bare ground, which counts as far as other dates bear it out (`needs_lasting`).
    judge : Judge or None
        Of `judge_of`, where tiles hold codes: the trees that weigh all dates and the surroundings.

    Returns
    -------
    list of Footprint
        Parts under 15 m2 dropped, holes under 400 m2 filled. Ground that a date does not see is, in its geometry, as
        the last earlier date that saw it shows it, else the first later one, or, where there is a judge, as all dates
        tell; in the bounds it is unknown. A road wider than 8 m stays. Does not depend on how the grid is cut into
        tiles.
    """
    # Only one date's rasters are held at a time, the others packed: a raster of few classes shrinks to a twentieth.
    if judge is None:
        rasters = over_dates.by_all([over_dates.Packed.of(*_levels_of(*one, grid)) for one in dates], lasts)
    else:
        packed = [over_dates.Packed.of(*_told_of(*one, grid)) for one in dates]
        rasters = over_dates.judged(packed, judge, _cells(grid).ground_resolution_m)
    return [_footprint(*one, grid) for one in rasters]


def judge_of(facts: Facts) -> surroundings.Judge | None:
    """The trees that weigh all dates and the surroundings; None where kinds are not told."""
    if not tells_kinds(facts):
        return None
    return surroundings.Judge(*surroundings_trees(), "nir" in facts.roles)


def _factor(grid: Grid) -> int:
    return min(max(1, round(CELL_M / grid.ground_resolution_m)), closing.LARGEST_FACTOR)


def _cells(grid: Grid) -> Grid:
    return grid.coarsened(_factor(grid))


def _levels_of(tiles: Tiles, boxes: Sequence[BaseGeometry], grid: Grid) -> tuple[closing.Levels, NDArray[np.uint8]]:
    """A date's levels on the grid's cells, its boxes burnt in, and the cells' kinds: uint8 (y, x) each."""
    size, cells = _factor(grid), _cells(grid)
    counts = np.zeros((1 + len(closing.STEPS), *cells.shape), np.uint8)
    kinds = np.full(cells.shape, closing.UNKNOWN, np.uint8)
    for y, x, tile in tiles:
        known = tile != closing.UNKNOWN
        added = closing.cell_counts(np.where(known, tile % closing.KIND, tile), y, x, size)
        top, left = y // size, x // size
        within = (slice(top, top + added.shape[1]), slice(left, left + added.shape[2]))
        counts[(slice(None), *within)] += added
        kinds[within] = np.minimum(kinds[within], closing.cell_kinds(tile, y, x, size))
    levels = closing.cell_levels(counts)
    levels[_burnt(boxes, cells)] = closing.STORED
    return levels, kinds


def _told_of(tiles: Tiles, boxes: Sequence[BaseGeometry], grid: Grid) -> tuple[cell_codes.Codes, NDArray[np.uint8]]:
    """A date's codes on the grid's cells, and its boxes: uint8 (y, x) each, as `dated.judged` asks for them."""
    size, cells = _factor(grid), _cells(grid)
    codes = np.full(cells.shape, cell_codes.OUTSIDE, np.uint8)
    for y, x, tile in tiles:
        # All pixels of a cell have one code, but for those that lie outside of the area.
        own = closing.cell_greatest(tile, y, x, size)
        top, left = y // size, x // size
        within = (slice(top, top + own.shape[0]), slice(left, left + own.shape[1]))
        codes[within] = np.maximum(codes[within], own)
    held = np.where(codes == cell_codes.UNKNOWN, cell_codes.UNKNOWN, 0).astype(np.uint8)
    held[_burnt(boxes, cells)] = 1
    return codes, held


def _burnt(boxes: Sequence[BaseGeometry], cells: Grid) -> NDArray[np.bool_]:
    if not boxes:
        return np.zeros(cells.shape, bool)
    return np.asarray(cells.burn([(box, 1) for box in boxes], Window(0, 0, *cells.shape)) > 0)


def _footprint(own: closing.Levels, known: closing.Levels, kinds: NDArray[np.uint8], grid: Grid) -> Footprint:
    lax, likely, strict = closing.STEPS
    geometry = _geometry(known, likely, grid, hidden_is_built=False)
    least = _geometry(own, strict, grid, hidden_is_built=False)
    greatest = _geometry(own, lax, grid, hidden_is_built=True)
    area = 0.0 if geometry.is_empty else float(ground_area_m2([geometry], grid.crs)[0])
    return Footprint(geometry, least, greatest, area, _by_kind(geometry, known, kinds, grid))


def _by_kind(
    geometry: MultiPolygon, known: closing.Levels, kinds: NDArray[np.uint8], grid: Grid
) -> dict[str, MultiPolygon]:
    """A footprint by what it bears: boxes, buildings and earthworks from 15 m2 on, and paving, which is the rest."""
    if (kinds == closing.UNKNOWN).all() or (kinds == 0).all() or geometry.is_empty:
        return {}
    cells = _cells(grid)
    scale = (cells.ground_resolution_m / cells.resolution_m) ** 2
    rest: BaseGeometry = geometry
    found = {}
    for name, where in (
        ("stored", known == closing.STORED),
        ("building", closing.smooth(kinds == 1 + KINDS.index("building"))),
        ("earthwork", closing.smooth(kinds == 1 + KINDS.index("earthwork"))),
    ):
        least_m2 = 0.0 if name == "stored" else MIN_PART_M2
        parts = [part for part in cells.outlines(where, 0, 0) if part.area * scale >= least_m2]
        own = shapely.intersection(rest, shapely.union_all(parts))
        rest = shapely.difference(rest, own)
        found[name] = _as_multi(own)
    return {"paving": _as_multi(rest), **{name: found[name] for name in ("building", "earthwork", "stored")}}


def _as_multi(shape: BaseGeometry) -> MultiPolygon:
    singles = shapely.get_parts(shapely.get_parts([shape]))
    parts: list[shapely.Polygon] = [part for part in singles if isinstance(part, shapely.Polygon)]
    parts.sort(key=lambda part: part.bounds)
    return MultiPolygon(parts)


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


def gained_and_lost(earlier: BaseGeometry, later: BaseGeometry, crs: str) -> tuple[float, float]:
    """Ground in m2 that a kind gained and lost from one date to another; strips under 2 m wide are edges that moved."""
    parts = [_wide(shapely.difference(*pair)) for pair in ((later, earlier), (earlier, later))]
    gained, lost = (float(m2) for m2 in ground_area_m2(parts, crs))
    return gained, lost


def _wide(shape: BaseGeometry) -> MultiPolygon:
    opened = shape.buffer(-1.0, join_style="mitre").buffer(1.0, join_style="mitre")
    return MultiPolygon([part for part in _as_multi(opened).geoms if part.area >= MIN_PART_M2 / 2])


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
        bounds = [_cut(shape, area) for shape in (found.least, found.greatest)]
        least, greatest = (float(m2) for m2 in ground_area_m2(bounds, grid.crs))
        value = found.area_m2 if area is None else float(ground_area_m2([_cut(found.geometry, area)], grid.crs)[0])
        made[name] = (value, min(least, value), max(greatest, value))
    return made


def _cut(shape: BaseGeometry, area: BaseGeometry | None) -> BaseGeometry:
    return shape if area is None else shapely.intersection(shape, area)
