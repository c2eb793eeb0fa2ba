"""Pictures from which cars are read: windows of a date, and strips of it along tracks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels.rail_strips import Strip, pixels_of, strip_of
from changedet.pipeline.things.working_pixels import SHOWS_DARK, at_corners, finest_factor, is_fine, strips_of
from changedet.plan import Plan
from changedet.stages.objects.detector import bands_used

COARSEST_M: Final = 1.0
"""Beyond, the gap of 1.3 m between two cars is no pixel any more."""
AS_THEY_ARE: Final = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
"""From metres to metres, for the middles of a strip's pixels."""


def car_grid(plan: Plan) -> Grid:
    """The grid on which cars are read.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Grid
        The run's own, or coarser.
    """
    return plan.grid.coarsened(finest_factor(plan.grid))


def car_looks(plan: Plan) -> list[Look]:
    """Looks in pixels in which cars are told.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Look
        The others show no track and no car.
    """
    return [look for look in plan.looks if is_fine(look, COARSEST_M)]


def scale_of(grid: Grid) -> float:
    """Metres on the ground for a unit of the grid's CRS.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    float
        Near 1.
    """
    return grid.ground_resolution_m / grid.resolution_m


def to_pixels(grid: Grid, window: Window) -> Floats:
    """The way from metres on the ground to pixels of a window.

    Parameters
    ----------
    grid : Grid
    window : Window

    Returns
    -------
    float64 (2, 3)
        (0, 0) is the corner of the first.
    """
    place = ~grid.window_transform(window)
    scale = scale_of(grid)
    return np.array([[place.a / scale, place.b / scale, place.c], [place.d / scale, place.e / scale, place.f]])


def colours_of(plan: Plan, models: Mapping[dt.date, DateModel], look: Look, grid: Grid, window: Window) -> Singles:
    """Read a window of a date.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    look : Look
    grid : Grid
        Of `car_grid`.
    window : Window

    Returns
    -------
    float32 (3, y, x)
        Red, green and blue; NaN where nothing is shown.
    """
    moved = models[look.date].alignment.displacement
    image, _ = look.read(grid, window, plan.roles, moved, grid.ground_resolution_m)
    quality = at_corners(plan.quality_file(look.date), plan.grid, grid, window)
    shown = np.isin(quality, SHOWS_DARK) & np.isfinite(image).all(axis=0)
    colours = image[list(bands_used(plan.roles))]
    colours[:, ~shown] = np.nan
    return colours


def strips_along(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    look: Look,
    grid: Grid,
    axes: Sequence[Floats],
    sides: Sequence[tuple[float, float]],
) -> list[Strip]:
    """Read the picture of a date along each group of tracks.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    look : Look
    grid : Grid
        Of `car_grid`.
    axes : sequence of float64 (w, 2)
        Of `rail_strips.axis_of`.
    sides : sequence of (float, float)
        Metres to the left and to the right that are shown.

    Returns
    -------
    list of Strip
        One for each axis.
    """
    whole = Window(0, 0, *grid.shape)
    places = [pixels_of(to_pixels(grid, whole), axis, own) for axis, own in zip(axes, sides, strict=True)]
    sampled = [np.full((3, *place.shape[:2]), np.nan, np.float32) for place in places]
    for rows, window in strips_of(grid):
        touched = [(k, inside) for k, at in enumerate(places) if (inside := _between(at[..., 1], rows)).any()]
        if not touched:
            continue
        # One row more on each side: places between the rows of two windows.
        top, bottom = max(0, rows.start - 1), min(grid.shape[0], rows.stop + 1)
        image = colours_of(plan, models, look, grid, Window(top, 0, bottom - top, window.width))
        for k, inside in touched:
            at = np.ascontiguousarray(places[k] - (0, top), np.float32)
            cut = [
                cv2.remap(band, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan"))
                for band in image
            ]
            sampled[k] = np.where(inside, np.stack(cut), sampled[k])
    return [strip_of(image, axis, own[0]) for image, axis, own in zip(sampled, axes, sides, strict=True)]


def _between(at: Singles, rows: slice) -> np.ndarray:
    return np.asarray((at >= rows.start) & (at < rows.stop) | ((at < 0) & (rows.start == 0)))


def covered_by(area: BaseGeometry, axis: Floats, sides_m: tuple[float, float], scale: float) -> Bools:
    """Say which places of a strip lie in an area.

    Parameters
    ----------
    area : geometry
        In the grid's CRS.
    axis : float64 (w, 2)
        In metres on the ground.
    sides_m : (float, float)
        Shown to its left and to its right.
    scale : float
        Of `scale_of`.

    Returns
    -------
    bool (v, u)
        At the middles of its pixels.
    """
    origin = axis[0]
    # From the axis' own first point: single precision has no millimetres in the coordinates of a CRS.
    at = pixels_of(AS_THEY_ARE, axis - origin, sides_m).astype(np.float64) + origin
    shapely.prepare(area)
    return np.asarray(shapely.contains_xy(area, at[..., 0] / scale, at[..., 1] / scale), bool)
