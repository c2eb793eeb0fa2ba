"""Looks that show the outline of ground which only later ones mark: stripped first, and laid by the next look."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.plan import Plan
from changedet.plan.resources import outlines_cells
from changedet.stages.change.kernels.outlined_ground import (
    AWAY_M,
    NewGround,
    cells_factor,
    is_outlined,
    new_ground,
    outline_pairs,
)
from changedet.store.packing import pack, unpack

SOFT_M: Final = 1.0
"""Standard deviation of the Gaussian by which grain is taken out before pixels are compared."""
SOFT_REACH: Final = 4.0
"""Standard deviations that OpenCV's Gaussian of floats reaches."""
PIECE_PX: Final = 1024
"""Side of the squares in which an outline is read: the rectangle about kilometres of road does not fit into memory."""
LEAST_WEIGHT: Final = np.float32(1e-3)
"""Of what is shown around a pixel, below which nothing is: a pixel in the midst has 1."""
OUTLINED_PROBABILITY: Final = 0.9
"""Of change, on ground whose outline shows. Chosen by hand: the evidence of one look."""


class _Shaped(Protocol):
    @property
    def shape(self) -> BaseGeometry:
        """In the grid's CRS."""


Placed = TypeVar("Placed", bound=_Shaped)
"""Ground with a shape of its own: `Outlined`, `told_ground.Told`."""


class Outlined(NamedTuple):
    """Ground whose outline a look shows, though only a later one marks it.

    Attributes
    ----------
    look, marked_by : int
        Of both, among the looks after the reference.
    shape : geometry
        In the grid's CRS.
    """

    look: int
    marked_by: int
    shape: BaseGeometry


def cells_of(grid: Grid) -> Grid | None:
    """The cells of a site on which its ground is gathered.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    Grid or None
        None where pixels are too coarse, or the site too large.
    """
    return grid.coarsened(cells_factor(grid.ground_resolution_m)) if outlines_cells(grid) else None


def on_cells(raster: Bytes, window: Window, factor: int) -> bytes:
    """Take the pixels in the midst of a window's cells, packed; joined by `joined`.

    Parameters
    ----------
    raster : uint8 (y, x)
        Of the window.
    window : Window
        On the grid.
    factor : int
        Pixels on a side of a cell.

    Returns
    -------
    bytes
        Of `pack`.
    """
    rows, columns = (slice((factor // 2 - at) % factor, None, factor) for at in (window.y, window.x))
    return pack(np.ascontiguousarray(raster[rows, columns]))


def joined(parts: Sequence[bytes], windows: Sequence[Window], shape: tuple[int, int], factor: int) -> Bytes:
    """Put the cells of all windows together.

    Parameters
    ----------
    parts : sequence of bytes
        Of `on_cells`.
    windows : sequence of Window
    shape : (int, int)
        Of the cells.
    factor : int

    Returns
    -------
    uint8 (y, x)
        0 for a last row or column whose midst lies beyond the grid.
    """
    out = np.zeros(shape, np.uint8)
    for packed, window in zip(parts, windows, strict=True):
        spans = [
            _cells_within(at, size, factor)
            for at, size in ((window.y, window.height), (window.x, window.width))
        ]  # fmt: skip
        (top, bottom), (left, right) = spans
        out[top:bottom, left:right] = unpack(packed, (bottom - top, right - left))
    return out


def _cells_within(at: int, size: int, factor: int) -> tuple[int, int]:
    """The first cell whose midst lies in a span of pixels, and the first beyond."""
    first = -(-(at - factor // 2) // factor)
    return first, -(-(at + size - factor // 2) // factor)


def outlined(
    plan: Plan, models: Mapping[dt.date, DateModel], side: Sequence[int], first: Bytes, cells: Grid
) -> tuple[Outlined, ...]:
    """Find the ground whose outline shows on looks before the one that marks it.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    side : sequence of int
        Indices of the looks after the reference, in the order of time.
    first : uint8 (y, x)
        Of `outlined_ground.first_marked`, on `cells`.
    cells : Grid
        Of `cells_of`.

    Returns
    -------
    tuple of Outlined
        In the order of the looks that mark it.
    """
    found = []
    for ground in new_ground(first, cells.ground_resolution_m):
        outline = _Outline(plan, models, ground, cells)
        reference = outline.steps(plan.reference)
        shape = shapely.union_all(cells.outlines(ground.shape, ground.row, ground.column))
        # From the look before the first that marks it, as long as the outline shows.
        for index in range(ground.first - 1, -1, -1):
            if not is_outlined(outline.steps(side[index]), reference):
                break
            found.append(Outlined(index, ground.first, shape))
    return tuple(found)


def shown_near(every: Sequence[Placed], grid: Grid, window: Window) -> tuple[Placed, ...]:
    """Take the ground that meets a window, so that a tile's task carries no other.

    Parameters
    ----------
    every : sequence of Outlined or Told
        What has a `shape` in the grid's CRS.
    grid : Grid
    window : Window
        May reach beyond the grid.

    Returns
    -------
    tuple of the same
        In the order of before.
    """
    bounds = shapely.box(*grid.window_bounds(window))
    return tuple(one for one in every if shapely.intersects(one.shape, bounds))


def with_outlined(found: Singles, near: Sequence[Outlined], above: float, grid: Grid, window: Window) -> Singles:
    """Mark the ground whose outline dates show.

    Parameters
    ----------
    found : float32 (date, y, x)
        Probability of change in a window; NaN is not observed.
    near : sequence of Outlined
        Of `shown_near`.
    above : float
        Higher probabilities are marked.
    grid : Grid
    window : Window
        May reach beyond the grid.

    Returns
    -------
    float32 (date, y, x)
        At least `OUTLINED_PROBABILITY` where it is observed, and marked on the look that marks the ground first.
    """
    if not near:
        return found
    out = found.copy()
    with np.errstate(invalid="ignore"):
        for one in near:
            held = (grid.burn([(one.shape, 1)], window) > 0) & (found[one.marked_by] > above)
            out[one.look][held] = np.maximum(out[one.look][held], np.float32(OUTLINED_PROBABILITY))
    return out


class _Outline:
    """Pixels on both sides of the outline of some ground, on any look."""

    def __init__(self, plan: Plan, models: Mapping[dt.date, DateModel], ground: NewGround, cells: Grid) -> None:
        self._plan, self._models = plan, models
        factor = cells_factor(plan.grid.ground_resolution_m)
        margin = math.ceil(AWAY_M / cells.ground_resolution_m) + 1
        inside, outside = outline_pairs(ground.shape, cells.ground_resolution_m)
        height, width = (factor * (size + 2 * margin) for size in ground.shape.shape)
        top, left = factor * (ground.row - margin), factor * (ground.column - margin)
        self._window = Window(top, left, height, width)
        # A cell's centre lies in the midst of its pixels.
        self._inside, self._outside = (
            (factor * (places + margin + 0.5) - 0.5).astype(np.float32) for places in (inside, outside)
        )

    def steps(self, index: int) -> Floats:
        """Inside less outside (band, n) on a look; NaN where it does not show both clearly."""
        places = np.concatenate([self._inside, self._outside])
        out = np.empty((len(self._plan.roles), len(places)), np.float64)
        pieces = (places // PIECE_PX).astype(np.int64)
        for piece in np.unique(pieces, axis=0):
            own = (pieces == piece).all(axis=1)
            out[:, own] = self._shown(index, self._piece(*piece.tolist()), places[own])
        inside, outside = np.split(out, 2, axis=1)
        return np.asarray(inside - outside, np.float64)

    def _piece(self, column: int, row: int) -> Window:
        """A square and what its blur reaches, as far as it lies within the window."""
        reach, whole = math.ceil(SOFT_REACH * SOFT_M / self._plan.grid.ground_resolution_m) + 2, self._window
        spans = [
            (max(0, PIECE_PX * at - reach), min(size, PIECE_PX * (at + 1) + reach))
            for at, size in ((row, whole.height), (column, whole.width))
        ]
        (top, bottom), (left, right) = spans
        return Window(whole.y + top, whole.x + left, bottom - top, right - left)

    def _shown(self, index: int, window: Window, places: Singles) -> Floats:
        """What a look shows (band, n) at places of the whole window that lie in a part of it."""
        plan, look = self._plan, self._plan.looks[index]
        moved = self._models[look.date].alignment.displacement
        image, _ = look.read(plan.grid, window, plan.roles, moved)
        clear = read_window(plan.quality_file(look.date), window) == CLEAR
        own = places - np.array([window.x - self._window.x, window.y - self._window.y], np.float32)
        return np.stack([_values(band, own) for band in _soft(image, clear, plan.grid.ground_resolution_m)])


def _values(band: Singles, places: Singles) -> Floats:
    across, down = (np.ascontiguousarray(part) for part in np.split(places, 2, axis=1))
    return np.asarray(cv2.remap(band, across, down, cv2.INTER_LINEAR)[:, 0], np.float64)


def _soft(image: Singles, clear: Bools, pixel_m: float) -> list[Singles]:
    """Bands without grain; NaN where the look does not show the ground clearly."""
    shown = clear & np.isfinite(image).all(axis=0)
    sigma = SOFT_M / pixel_m
    weight = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), sigma)
    bands = []
    for band in image:
        whole = cv2.GaussianBlur(np.where(shown, band, 0.0).astype(np.float32), (0, 0), sigma)
        bands.append(np.where(shown, whole / np.maximum(weight, LEAST_WEIGHT), np.nan).astype(np.float32))
    return bands
