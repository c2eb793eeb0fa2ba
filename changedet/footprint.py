"""The footprint of a site: built ground and stored objects, closed, without small parts, small holes and roads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.grid import Grid, ground_area_m2
from changedet.kernels import footprint as kernel
from changedet.methods import Facts

CLOSE_M = 8.0
MIN_PART_M2 = 15.0
MIN_HOLE_M2 = 400.0
ROAD_WIDTH_M = 8.0


def footprint_geometry(polygons: Iterable[BaseGeometry], boxes: Iterable[BaseGeometry]) -> MultiPolygon:
    """The footprint from built surfaces and boxes.

    Parameters
    ----------
    polygons : iterable of shapely geometry
        Built surfaces in a projected CRS in metres, overlapping or not; of one date and one threshold.
    boxes : iterable of shapely geometry
        The boxes of that date: never taken for a road. A lone 20-foot box, of 14.8 m2, is a part under 15 m2.

    Returns
    -------
    MultiPolygon
        Surfaces without what is narrower than `ROAD_WIDTH_M`, and boxes, closed with a radius of 8 m; parts under 15 m2
        dropped and holes under 400 m2 filled. Empty where there is nothing. A road wider than 8 m stays.

    Examples
    --------
    >>> yard, road = shapely.box(0, 0, 60, 40), shapely.box(60, 18, 300, 23)
    >>> round(footprint_geometry([yard, road], []).area / yard.area, 2)
    1.0
    """
    surface = shapely.union_all(list(polygons))
    # The opening rounds corners; what it kept grows back into them as far as the surface itself goes.
    kept: BaseGeometry = surface.buffer(-ROAD_WIDTH_M / 2).buffer(1.25 * ROAD_WIDTH_M / 2).intersection(surface)
    parts = shapely.union_all([kept, *boxes])
    closed = parts.buffer(CLOSE_M).buffer(-CLOSE_M)
    whole = [_filled(part) for part in shapely.get_parts([closed]) if isinstance(part, shapely.Polygon)]
    large: list[shapely.Polygon] = [part for part in whole if part.area >= MIN_PART_M2]
    large.sort(key=lambda part: part.bounds)
    return MultiPolygon(large)


def _filled(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= MIN_HOLE_M2]
    return shapely.Polygon(polygon.exterior, holes)


COARSEST_M: Final = 10.0
"""With coarser pixels a gap of 16 m, which the footprint closes, cannot be seen."""


@dataclass(frozen=True)
class FootprintMethod:
    """How built ground is told: ``fit(samples) -> model``, ``apply(image, model) -> uint8 (y, x)``.

    `apply` gives 0 for ground that is not built, 1, 2, 3 where the lax, the likely, the strict threshold is passed;
    0 also where nothing is seen.
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
        Each holds the one before it in the order least, geometry, greatest, but for what closing adds.
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
    return levels


def outline(
    tiles: Sequence[tuple[int, int, NDArray[np.uint8]]], boxes: Sequence[BaseGeometry], grid: Grid
) -> Footprint:
    """A date's footprint from its levels, tile by tile, and its boxes.

    Parameters
    ----------
    tiles : sequence of (row, column, uint8 (y, x))
        As `FootprintMethod.apply` gives them.
    boxes : sequence of shapely geometry
        That date's, in the grid's CRS.
    """
    shapes = [_surfaces(tiles, level, grid) for level in (1, 2, 3)]
    greatest, likely, least = (_within(footprint_geometry(surface, boxes), grid) for surface in shapes)
    area = float(ground_area_m2([likely], grid.crs)[0]) if not likely.is_empty else 0.0
    return Footprint(likely, least, greatest, area)


def _surfaces(tiles: Sequence[tuple[int, int, NDArray[np.uint8]]], level: int, grid: Grid) -> list[BaseGeometry]:
    return [shape for y, x, levels in tiles for shape in grid.outlines(levels >= level, y, x)]


def _within(geometry: MultiPolygon, grid: Grid) -> MultiPolygon:
    inside = shapely.intersection(geometry, grid.area)
    return MultiPolygon([part for part in shapely.get_parts([inside]) if isinstance(part, shapely.Polygon)])


def estimates(
    found: Footprint, areas: Mapping[str, BaseGeometry | None], clear: Mapping[str, float], grid: Grid
) -> dict[str, tuple[float, float, float]]:
    """Ground area in m2 with its bounds, in the whole site (None) and in each zone.

    What a date does not show is unknown: the upper bound counts all of it, and where less than half is clear there is
    no figure.
    """
    made = {}
    for name, area in areas.items():
        share = clear.get(name, float("nan"))
        if not share >= 0.5:
            continue
        parts = [_cut(shape, area) for shape in (found.geometry, found.least, found.greatest)]
        value, least, greatest = (float(m2) for m2 in ground_area_m2(parts, grid.crs))
        whole = float(ground_area_m2([grid.area if area is None else _cut(grid.area, area)], grid.crs)[0])
        made[name] = (value, min(least, value), max(greatest, value) + (1.0 - share) * whole)
    return made


def _cut(shape: BaseGeometry, area: BaseGeometry | None) -> BaseGeometry:
    return shape if area is None else shapely.intersection(shape, area)
