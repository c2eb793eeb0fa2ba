"""Ships: what lies on the water of each date, as rectangles, and which containers lie on their decks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.zones import BERTH, of_kind
from changedet.imagery.bands import is_sar
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import GREY
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.values import pixel_text
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import berth_profile, vessels
from changedet.pipeline.things.kernels.berth_profile import Moored
from changedet.pipeline.things.kernels.vessels import Outline
from changedet.pipeline.things.kernels.water import water
from changedet.pipeline.things.open_water import NEEDED, Seen, lasting_water, open_water
from changedet.pipeline.things.ship_rows import deck_colours, display, rows_of
from changedet.pipeline.things.working_pixels import SHOWS_DARK, at_corners, is_fine, why_too_coarse, working_grid
from changedet.plan import Plan

COARSEST_M: Final = 1.5
"""Beyond, a ship of 25 m is less than 17 pixels long and its neighbours are one with it."""
NEAR_M: Final = 15.0
"""Water is looked for so far around berths: a ship may fill one."""
CROWDED: Final = 0.3
"""A berth of which more is no water is not empty, though nothing with a ship's shape is found: fenders take less."""
ACROSS_RAD: Final = math.pi / 4
"""What lies in a berth turned further than this from the quay is a crane's boom: ships lie along it."""
BESIDE_M: Final = 8.0
"""Around a ship at a berth it is looked so far for the water that it floats on."""
LEAST_BESIDE: Final = 0.2
"""Share of it that is water: a ship at a quay has it on one long side of two, what fills a berth under glint none."""


@dataclass(frozen=True)
class Ships:
    """The ships of a run.

    Attributes
    ----------
    layer : GeoDataFrame
        The layer ``ships``.
    seen : mapping of date to geometry
        Where a date shows whether a ship lies there; dates that show no water are left out.
    reasons : mapping of date to str
        Why the others cannot tell.
    berths : GeoDataFrame or None
        Zones of kind ``berth``; None where no zone is one.
    unclear : set of (date, str)
        Dates on which something stands in a berth that has no ship's shape.
    """

    layer: gpd.GeoDataFrame
    seen: Mapping[dt.date, BaseGeometry] = field(default_factory=dict)
    reasons: Mapping[dt.date, str] = field(default_factory=dict)
    berths: gpd.GeoDataFrame | None = None
    unclear: frozenset[tuple[dt.date, str]] = frozenset()


def find_ships(plan: Plan, models: Mapping[dt.date, DateModel], zones: gpd.GeoDataFrame | None) -> Ships | None:
    """Find the ships of all dates.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    zones : GeoDataFrame or None
        With ``kind``.

    Returns
    -------
    Ships or None
        None where no zone is a berth and the workflow does not want them.
    """
    berths = of_kind(zones, BERTH)
    if berths is None and not plan.workflow.ships:
        return None
    grid = working_grid(plan.grid)
    pixel_m = plan.grid.ground_resolution_m * round(grid.resolution_m / plan.grid.resolution_m)
    reason = _why_not(plan, pixel_m, has_berths=berths is not None)
    if reason:
        none = vector_layers.empty("ships", plan.grid.crs)
        return Ships(none, {}, {look.date: reason for look in plan.looks}, berths)
    near = None if berths is None else _near(berths, grid)
    wide = lasting_water(_waters(plan, models, grid)) if plan.workflow.ships else np.zeros((1, 1), bool)
    tables, unclear, areas, unknown = [], set(), {}, {}
    for look in plan.looks:
        if not is_fine(look, COARSEST_M):
            unknown[look.date] = f"its pixels of {pixel_text(look.gsd_m)} are too coarse"
            continue
        image = _picture(plan, models, look, grid)
        one = _seen(plan, look, grid, image, near, wide)
        if not one.wet.any():
            unknown[look.date] = "no open water is found" + ("" if berths is None else " at its berths")
            continue
        areas[look.date] = _area(one, grid)
        light = display(image, one.shown)
        shapes = [] if berths is None else list(berths.geometry)
        found = [(ship, deck_colours(light, ship)) for ship in outlines_of(image, one, grid, shapes)]
        tables.append(rows_of(found, look.date, grid, pixel_m, zones))
        unclear |= {(look.date, name) for name in ([] if berths is None else _crowded(one, grid, berths))}
    layer = vector_layers.joined("ships", tables, plan.grid.crs)
    return Ships(layer, areas, unknown, berths, frozenset(unclear))


def _near(berths: gpd.GeoDataFrame, grid: Grid) -> Bools:
    """Which pixels lie in berths or beside them."""
    around = berths.union_all().buffer(grid.ground_metre * NEAR_M)
    return grid.burn([(around, 1)], _all_of(grid)) > 0


def _crowded(one: Seen, grid: Grid, berths: gpd.GeoDataFrame) -> list[str]:
    """Berths of which a good part is no water."""
    numbers = grid.burn([(shape, k + 1) for k, shape in enumerate(berths.geometry)], _all_of(grid))
    areas, dry = (
        np.bincount(numbers[chosen], minlength=len(berths) + 1)[1:] for chosen in (one.shown, one.shown & ~one.wet)
    )
    return [
        str(name)
        for name, some, all_of_it in zip(berths["name"], dry, areas, strict=True)
        if some > CROWDED * all_of_it
    ]


def _why_not(plan: Plan, pixel_m: float, *, has_berths: bool) -> str:
    if is_sar(plan.roles):
        return "ships are not looked for in radar images"
    if not (has_berths or set(plan.roles) >= NEEDED):
        return "near infrared is needed to distinguish water from fields; draw a zone of kind berth where it lies"
    return why_too_coarse(plan, "ships", pixel_m, COARSEST_M)


def _all_of(grid: Grid) -> Window:
    return Window(0, 0, *grid.shape)


def _picture(plan: Plan, models: Mapping[dt.date, DateModel], look: Look, grid: Grid) -> Singles:
    moved = models[look.date].alignment.displacement
    image, _ = look.read(grid, _all_of(grid), plan.roles, moved, grid.ground_resolution_m)
    return image


def _seen(plan: Plan, look: Look, grid: Grid, image: Singles, near: Bools | None, wide: Bools) -> Seen:
    """Water at berths, and with `ships: true` all lasting water; the image becomes NaN where nothing is shown."""
    shown = _shown(plan, look, grid, image)
    wet = np.zeros(shown.shape, bool) if near is None else water(image, grid.ground_resolution_m, near)
    if wide.any():
        wet |= open_water(image, plan.roles, grid.ground_resolution_m) & wide
    return Seen(wet, shown)


def _shown(plan: Plan, look: Look, grid: Grid, image: Singles) -> Bools:
    quality = at_corners(plan.quality_file(look.date), plan.grid, grid)
    # A grey picture among colours has no colour of water.
    shown = np.isin(quality, SHOWS_DARK) & (quality != GREY) & np.isfinite(image).all(axis=0)
    image[:, ~shown] = np.nan
    return np.asarray(shown)


def _waters(plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid) -> Iterator[Seen]:
    """Open water of each look that shows ships, one after another."""
    for look in plan.looks:
        if not is_fine(look, COARSEST_M):
            continue
        image = _picture(plan, models, look, grid)
        shown = _shown(plan, look, grid, image)
        yield Seen(open_water(image, plan.roles, grid.ground_resolution_m), shown)


def outlines_of(image: Singles, one: Seen, grid: Grid, berths: Sequence[BaseGeometry]) -> list[Outline]:
    """Find the vessels of a date.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    one : Seen
    grid : Grid
        Of the image.
    berths : sequence of geometry
        In the grid's CRS.

    Returns
    -------
    list of Outline
        Those at berths first, then those afloat.
    """
    pixel_m = grid.ground_resolution_m
    hull = vessels.hulls(one.wet, one.shown, pixel_m)
    found = [ship for shape in berths for ship in _at_berth(one, grid, shape) if _floats(one, ship, pixel_m)]
    free = vessels.afloat(hull, one.wet, one.shown, pixel_m)
    for ship in found:
        _take_out(free, ship)
    frames = [(_in_pixels(shape, grid), _rectangle(shape, grid)) for shape in berths]
    free_ones = vessels.vessels(image, free, pixel_m)
    return found + [one for one in free_ones if not any(_is_boom(one, *frame) for frame in frames)]


def _floats(one: Seen, ship: Outline, pixel_m: float) -> bool:
    """Whether water lies beside a ship, where anything is shown beside it."""
    reach = round(BESIDE_M / pixel_m)
    left, top = np.maximum(np.floor(ship.corners.min(axis=0)).astype(int) - reach, 0)
    right, bottom = np.ceil(ship.corners.max(axis=0)).astype(int) + reach + 1
    wet, shown = one.wet[top:bottom, left:right], one.shown[top:bottom, left:right]
    drawn = np.zeros(wet.shape, np.uint8)
    cv2.fillPoly(drawn, [np.round(ship.corners - (left, top)).astype(np.int32)], 1)
    beside = shown & (drawn == 0) & (cv2.dilate(drawn, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0)
    return not beside.any() or float(wet[beside].mean()) >= LEAST_BESIDE


def _is_boom(one: Outline, berth: BaseGeometry, corners: Floats) -> bool:
    """Whether what was found lies in a berth and across it."""
    if not berth.contains(shapely.Point(one.corners.mean(axis=0))):
        return False
    sides = np.diff(one.corners[:3], axis=0)
    own, quay = sides[np.argmax(np.hypot(*sides.T))], corners[1] - corners[0]
    share = abs(float(own @ quay)) / float(np.hypot(*own) * np.hypot(*quay))
    return share < math.cos(ACROSS_RAD)


def _in_pixels(shape: BaseGeometry, grid: Grid) -> BaseGeometry:
    t = grid.transform
    return shapely.transform(shape, lambda at: np.column_stack([(at[:, 0] - t.c) / t.a, (at[:, 1] - t.f) / t.e]))


def _at_berth(one: Seen, grid: Grid, berth: BaseGeometry) -> list[Outline]:
    pixel_m = grid.ground_resolution_m
    inside = grid.burn([(berth, 1)], _all_of(grid)) > 0
    corners = _rectangle(berth, grid)
    dry = berth_profile.turned(inside & one.shown & ~one.wet, corners)
    along, across = ((corners[k] - corners[0]) / np.hypot(*(corners[k] - corners[0])) / pixel_m for k in (1, 2))
    found = []
    for ship in berth_profile.moored(dry, pixel_m):
        ring = [corners[0] + u * along + v * across for u, v in _ring(ship)]
        sides = ship.along[1] - ship.along[0], ship.across[1] - ship.across[0]
        found.append(Outline(np.array(ring), max(sides), min(sides), ship.fill, 1.0, is_moored=True))
    return found


def _ring(ship: Moored) -> list[tuple[float, float]]:
    (first, last), (near, far) = ship.along, ship.across
    return [(first, near), (last, near), (last, far), (first, far)]


def _rectangle(berth: BaseGeometry, grid: Grid) -> Floats:
    """Corners of the rectangle around a berth in pixels: one, the end of its long side, the end of its short side."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(berth))
    points = shapely.get_coordinates(_in_pixels(shapely.LineString(ring), grid))
    is_long = np.hypot(*(points[1] - points[0])) >= np.hypot(*(points[3] - points[0]))
    return points[[0, 1, 3]] if is_long else points[[0, 3, 1]]


def _take_out(hull: Bools, ship: Outline) -> None:
    drawn = np.zeros(hull.shape, np.uint8)
    cv2.fillPoly(drawn, [np.round(ship.corners).astype(np.int32)], 1)
    hull &= drawn == 0


def _area(one: Seen, grid: Grid) -> BaseGeometry:
    """Where a date shows anything, in coarse outline."""
    step = max(1, round(8.0 / grid.ground_resolution_m))
    coarse = one.shown[::step, ::step]
    t = grid.coarsened(step).transform
    if coarse.all():
        return shapely.box(t.c, t.f + t.e * coarse.shape[0], t.c + t.a * coarse.shape[1], t.f)
    rows, columns = np.nonzero(coarse)
    x, y = t.c + t.a * columns, t.f + t.e * rows
    return shapely.union_all(shapely.box(x, y + t.e, x + t.a, y))
