"""Features of the ground of one date, cell by cell: colour, texture, width, the direction of the sun.

From these boosted trees classify it (`ground_probability`, fitted by training/fit_ground.py); all constants are part of
that fit. Cells are about a metre, anchored to the grid. All sums are of whole numbers, so that a cell gets the same
bits whatever block it is in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.kernels.morphology import square
from changedet.kernels.quantiles import quantiles
from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.footprint.kernels import ground_network
from changedet.stages.footprint.kernels.bare_ground import greenness, plant_threshold, plants_or_water
from changedet.stages.footprint.kernels.cells_around import half_side, sums_within, widths

CELL_M: Final = 1.0
"""Pixels are gathered to cells of about this size."""
PERCENTILES: Final = (0.01, 0.99)
"""Of a band's sample: its dark and its bright end."""
BRIGHT_BOUNDS: Final = (-0.5, 2.0)
"""Of a colour on the scale from dark to bright end."""
BEYOND_ALL: Final = 9.0
"""Brightness, positive or negative, of what has no data where the darkest or the brightest is sought."""
DIRECTION_STEP: Final = 64
"""Whole numbers for one unit of the sun's direction: sums stay whole."""
SUNWARD_M: Final = (6.0, 3.0, -3.0, -6.0, -10.0)
"""Where brightness is compared with the cell's own, towards the sun and away from it: shade behind roofs, lit banks."""
NEAR_M, AROUND_M, WIDE_M = 2.5, 4.0, 7.0
"""Reaches of the neighbourhoods."""
WIDTH_M: Final = 12.0
"""Farthest from plants that open ground is measured: a road is narrower, a yard wider."""
STEP: Final = 4096
"""Whole numbers for one unit of brightness or greenness."""
KINDS: Final = ("paving", "building", "earthwork")
NAMES: Final = (
    *("green", "green_near", "green_wide", "bright", "red", "blue", "nir"),
    *("bright_near", "bright_wide", "rough_near", "rough_wide", "darkest", "brightest"),
    *("edges", "coherence", "slope", "slopes", "along_sun", "width", "widest", "cell_m"),
    *("lit_6", "lit_3", "behind_3", "behind_6", "behind_10"),
)
"""Features of a cell, in order."""


@dataclass(frozen=True)
class GroundStatistics:
    """A scene's statistics for the features of its ground.

    Attributes
    ----------
    plant : float
        Threshold of greenness between plants and bare ground, of `bare_ground.plant_threshold`.
    low, high : tuple of float
        Dark and bright end of blue, green, red and, where it is there, near infrared, in the scene's own unit.
    shown : ShownRange
        What the network that judges beside the trees is shown black and white.
    plants_or_water : float or None
        Share of the scene, of `bare_ground.plants_or_water`.
    sun : tuple of float or None
        East and north component of the direction from which the sun shines; None where it is not known.
    """

    plant: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    shown: ShownRange
    plants_or_water: float | None = None
    sun: tuple[float, ...] | None = None


def factor(resolution_m: float) -> int:
    """Pixels to a side of a cell.

    Parameters
    ----------
    resolution_m : float
        Pixel, metres.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, round(CELL_M / resolution_m))


def halo_px(resolution_m: float) -> int:
    """Pixels around a block that its cells look at, for trees and network.

    Parameters
    ----------
    resolution_m : float
        Pixel, metres.

    Returns
    -------
    int
        A whole number of cells.
    """
    size = factor(resolution_m)
    # A block may begin anywhere: the first whole one of the network's coarsest cells lies so far in.
    widest = max(reach_cells(size * resolution_m), ground_network.REACH_CELLS)
    return size * (widest + ground_network.STEP_CELLS)


def reach_cells(cell_m: float) -> int:
    """How far around a cell its features look.

    Parameters
    ----------
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    int
        Cells.
    """
    return 2 * math.ceil(WIDTH_M / cell_m) + 3


def statistics(samples: Singles, roles: Sequence[str]) -> GroundStatistics:
    """A scene's statistics: where plants begin, its dark and its bright end, band by band.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        The scene's fixed sample; NaN for no data.
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    GroundStatistics
        Without the sun.
    """
    low, high = [], []
    for band in _used(roles).values():
        values = samples[:, band][np.isfinite(samples[:, band])]
        ends = quantiles(values, PERCENTILES) if values.size else np.array([0.0, 1.0])
        low.append(float(np.float32(ends[0])))
        high.append(float(np.float32(max(ends[1], ends[0] + 1e-6))))
    shown = ground_network.fit_shown(samples, roles)
    plant = plant_threshold(samples, roles).plant
    return GroundStatistics(plant, tuple(low), tuple(high), shown, plants_or_water(samples, roles, plant))


def _used(roles: Sequence[str]) -> dict[str, int]:
    """Bands of which statistics are kept."""
    return {role: list(roles).index(role) for role in ("blue", "green", "red", "nir") if role in roles}


def averaged(image: Singles, size: int) -> Singles:
    """Means over cells.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    size : int
        Pixels to a side of a cell.

    Returns
    -------
    float32 (band, y, x)
        Whole cells alone, NaN where any of their pixels is.
    """
    if size == 1:
        return image.astype(np.float32, copy=False)
    bands, height, width = image.shape
    cells = image[:, : height // size * size, : width // size * size]
    parts = cells.reshape(bands, height // size, size, width // size, size)
    total = np.zeros((bands, height // size, width // size), np.float32)
    for i in range(size):
        for j in range(size):
            total += parts[:, :, i, :, j]
    return np.asarray(total / np.float32(size * size), np.float32)


def valid_cells(cells: Singles, roles: Sequence[str]) -> Bools:
    """Where cells have data.

    Parameters
    ----------
    cells : float32 (band, y, x)
        Of `averaged`.
    roles : sequence of str
        The bands' roles.

    Returns
    -------
    bool (y, x)
        In all bands that are used.
    """
    return np.asarray(np.isfinite(cells[list(_used(roles).values())]).all(axis=0), bool)


def features(cells: Singles, roles: Sequence[str], model: GroundStatistics, cell_m: float) -> tuple[Singles, Bools]:
    """Features of each cell.

    Parameters
    ----------
    cells : float32 (band, y, x)
        Of `averaged`.
    roles : sequence of str
        The bands' roles.
    model : GroundStatistics
        The scene's.
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    table : float32 (feature, y, x)
        As `NAMES`; NaN where a feature cannot be had. Cells within `WIDTH_M` twice over of the edge are not what they
        would be in a larger block.
    valid : bool (y, x)
        Where the cell has data.
    """
    used, valid = _used(roles), valid_cells(cells, roles)
    green = greenness(cells, roles) - np.float32(model.plant)
    shown = {
        role: np.clip((cells[band] - np.float32(low)) / np.float32(high - low), *BRIGHT_BOUNDS)
        for (role, band), low, high in zip(used.items(), model.low, model.high, strict=True)
    }
    seen = [shown[role] for role in ("blue", "green", "red") if role in shown]
    bright = sum(seen[1:], seen[0]) / np.float32(len(seen))
    g, b = _whole(green, valid), _whole(bright, valid)
    count = {reach: sums_within(valid.astype(np.float64), reach, cell_m) for reach in (NEAR_M, AROUND_M, WIDE_M)}
    east, north = _slopes(b, valid)
    slope, along = _sunward(east, north, model.sun, count[AROUND_M], cell_m)
    edges, coherence = _tensor(east, north, count[AROUND_M], cell_m)
    width, widest = widths(np.asarray(valid & (green < 0)), cell_m, WIDTH_M)
    absent = np.full(bright.shape, np.nan, np.float32)
    found = [
        green, _mean(g, count, NEAR_M, cell_m), _mean(g, count, WIDE_M, cell_m), bright,
        shown["red"] - bright, shown["blue"] - bright, shown["nir"] - bright if "nir" in shown else absent,
        _mean(b, count, NEAR_M, cell_m) - bright, _mean(b, count, WIDE_M, cell_m),
        _spread(b, count, NEAR_M, cell_m), _spread(b, count, WIDE_M, cell_m),
        _extreme(bright, valid, cell_m, cv2.erode, BEYOND_ALL),
        _extreme(bright, valid, cell_m, cv2.dilate, -BEYOND_ALL),
        edges, coherence, slope, along[0], along[1], width, widest, np.full(bright.shape, cell_m, np.float32),
        *(_sunward_of(bright, model.sun, metres / cell_m) for metres in SUNWARD_M),
    ]  # fmt: skip
    return np.ascontiguousarray(np.stack(found).astype(np.float32)), valid


def _whole(values: Singles, valid: Bools) -> Floats:
    """Values as whole numbers of `STEP` to one, 0 where there are no data."""
    return np.where(valid, np.rint(np.nan_to_num(values) * STEP), 0.0).astype(np.float64)


def _mean(whole: Floats, count: Mapping[float, Floats], reach_m: float, cell_m: float) -> Floats:
    mean: Floats = sums_within(whole, reach_m, cell_m) / (STEP * np.maximum(count[reach_m], 1))
    return mean


def _spread(whole: Floats, count: Mapping[float, Floats], reach_m: float, cell_m: float) -> Floats:
    n = np.maximum(count[reach_m], 1)
    mean = sums_within(whole, reach_m, cell_m) / n
    square = sums_within(whole * whole, reach_m, cell_m) / n
    spread: Floats = np.sqrt(np.maximum(square - mean * mean, 0.0)) / STEP
    return spread


def _extreme(
    bright: Singles, valid: Bools, cell_m: float, operation: Callable[[Singles, Bytes], Singles], beyond: float
) -> Singles:
    filled = np.where(valid, bright, np.float32(beyond)).astype(np.float32)
    return np.asarray(operation(filled, square(2 * half_side(WIDE_M, cell_m) + 1)), np.float32)


def _slopes(b: Floats, valid: Bools) -> tuple[Floats, Floats]:
    """Whole differences to the east and to the north over two cells, 0 where a neighbour has no data."""
    east, north = np.zeros(b.shape), np.zeros(b.shape)
    east[:, 1:-1] = np.where(valid[:, 2:] & valid[:, :-2], b[:, 2:] - b[:, :-2], 0.0)
    north[1:-1] = np.where(valid[2:] & valid[:-2], b[:-2] - b[2:], 0.0)
    return east, north


def _sunward(
    east: Floats,
    north: Floats,
    sun: Sequence[float] | None,
    count: Floats,
    cell_m: float,
) -> tuple[Floats, tuple[Floats, Floats]]:
    """How brightness rises towards the sun, its mean square around, and the share of all slopes' that this is."""
    if sun is None:
        nothing = np.full(east.shape, np.nan)
        return nothing, (nothing, nothing)
    towards = np.rint(DIRECTION_STEP * sun[0]) * east + np.rint(DIRECTION_STEP * sun[1]) * north
    squares = sums_within(np.asarray(np.rint(towards / DIRECTION_STEP) ** 2), AROUND_M, cell_m)
    every = sums_within(east * east + north * north, AROUND_M, cell_m)
    mean = np.sqrt(squares / np.maximum(count, 1)) / STEP
    return towards / (DIRECTION_STEP * STEP), (mean, squares / np.maximum(every, 1.0))


def _sunward_of(bright: Singles, sun: Sequence[float] | None, cells: float) -> Singles:
    """Brightness so many cells towards the sun less the cell's own; NaN where that is not in the block."""
    out = np.full(bright.shape, np.nan, np.float32)
    if sun is None:
        return out
    dx, dy = round(cells * sun[0]), -round(cells * sun[1])
    height, width = bright.shape
    here = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
    there = slice(max(0, dy), height - max(0, -dy)), slice(max(0, dx), width - max(0, -dx))
    out[here] = bright[there] - bright[here]
    return out


def _tensor(east: Floats, north: Floats, count: Floats, cell_m: float) -> tuple[Floats, Floats]:
    """Root mean square of the slopes around, and how far they have one direction (0 to 1; the structure tensor)."""
    xx, yy = sums_within(east * east, AROUND_M, cell_m), sums_within(north * north, AROUND_M, cell_m)
    xy = sums_within(east * north, AROUND_M, cell_m)
    total = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / np.maximum(total, 1.0)
    return np.sqrt(total / np.maximum(count, 1)) / STEP, coherence
