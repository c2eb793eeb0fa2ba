"""What one date tells of the ground, cell by cell: built upon or not, buildings, earthworks, by boosted trees.

Cells are about a metre, anchored to the grid. All sums are of whole numbers, so that a cell gets the same bits whatever
block it is in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.boosted_trees import Forest, staged_margins
from changedet.stages.footprint.kernels import bare_ground as colour
from changedet.stages.footprint.kernels.cell_codes import KINDS_FROM

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]

CELL_M: Final = 1.0
SUNWARD_M: Final = (6.0, 3.0, -3.0, -6.0, -10.0)
"""Where brightness is compared with the cell's own, towards the sun and away from it: shade behind roofs, lit banks."""
NEAR_M, AROUND_M, WIDE_M = 2.5, 4.0, 7.0
"""Reaches of the neighbourhoods."""
WIDTH_M: Final = 12.0
"""Farthest from plants that open ground is measured: a road is narrower, a yard wider."""
STEP: Final = 4096
"""Whole numbers for one unit of brightness or greenness."""
KINDS: Final = ("paving", "building", "earthwork")
TOLD: Final = ("built", "building", "earthwork")
"""What the forests tell, each its own: ground of any kind, and two of them."""
NAMES: Final = (
    *("green", "green_near", "green_wide", "bright", "red", "blue", "nir"),
    *("bright_near", "bright_wide", "rough_near", "rough_wide", "darkest", "brightest"),
    *("edges", "coherence", "slope", "slopes", "along_sun", "width", "widest", "cell_m"),
    *("lit_6", "lit_3", "behind_3", "behind_6", "behind_10"),
)
"""Features of a cell, in order."""


def factor(resolution_m: float) -> int:
    """Pixels to a side of a cell."""
    return max(1, round(CELL_M / resolution_m))


def halo_px(resolution_m: float) -> int:
    """Pixels around a block that its cells look at."""
    size = factor(resolution_m)
    reach = 2 * math.ceil(WIDTH_M / (size * resolution_m)) + 2
    return size * (reach + 1)


def fit(samples: Image, roles: Sequence[str]) -> dict[str, Any]:
    """A scene's numbers: where plants begin, its dark and its bright end, band by band.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        NaN for no data.
    roles : sequence of str
    """
    model: dict[str, Any] = dict(colour.fit_built(samples, roles))
    used = _used(roles)
    low, high = [], []
    for band in used.values():
        values = samples[:, band][np.isfinite(samples[:, band])]
        ends = np.quantile(values, (0.01, 0.99)) if values.size else np.array([0.0, 1.0])
        low.append(float(np.float32(ends[0])))
        high.append(float(np.float32(max(ends[1], ends[0] + 1e-6))))
    return model | {"low": low, "high": high}


def _used(roles: Sequence[str]) -> dict[str, int]:
    return {role: list(roles).index(role) for role in ("blue", "green", "red", "nir") if role in roles}


def averaged(image: Image, size: int) -> Image:
    """Means over cells of `size` by `size` pixels, NaN where any of them is."""
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


def features(cells: Image, roles: Sequence[str], model: Mapping[str, Any], cell_m: float) -> tuple[Image, Bools]:
    """Features of each cell.

    Parameters
    ----------
    cells : float32 (band, y, x)
        Of `averaged`.
    roles : sequence of str
    model : mapping
        Of `fit`; with ``sun`` (east, north: the direction from which the sun shines) where it is known.
    cell_m : float

    Returns
    -------
    float32 (feature, y, x), bool (y, x)
        NaN where a feature cannot be had; where the cell has data. Cells within `WIDTH_M` twice over of the edge are
        not what they would be in a larger block.
    """
    used = _used(roles)
    valid = np.asarray(np.isfinite(cells[list(used.values())]).all(axis=0), bool)
    green = colour.greenness(cells, roles) - np.float32(model["plant"])
    shown = {
        role: np.clip((cells[band] - np.float32(low)) / np.float32(high - low), -0.5, 2.0)
        for (role, band), low, high in zip(used.items(), model["low"], model["high"], strict=True)
    }
    seen = [shown[role] for role in ("blue", "green", "red") if role in shown]
    bright = sum(seen[1:], seen[0]) / np.float32(len(seen))
    g, b = _whole(green, valid), _whole(bright, valid)
    count = {reach: _sum(valid.astype(np.float64), reach, cell_m) for reach in (NEAR_M, AROUND_M, WIDE_M)}
    east, north = _slopes(b, valid)
    slope, along = _sunward(east, north, model.get("sun"), count[AROUND_M], cell_m)
    edges, coherence = _tensor(east, north, count[AROUND_M], cell_m)
    width, widest = _widths(green, valid, cell_m)
    absent = np.full(bright.shape, np.nan, np.float32)
    found = [
        green, _mean(g, count, NEAR_M, cell_m), _mean(g, count, WIDE_M, cell_m), bright,
        shown["red"] - bright, shown["blue"] - bright, shown["nir"] - bright if "nir" in shown else absent,
        _mean(b, count, NEAR_M, cell_m) - bright, _mean(b, count, WIDE_M, cell_m),
        _spread(b, count, NEAR_M, cell_m), _spread(b, count, WIDE_M, cell_m),
        _extreme(bright, valid, cell_m, cv2.erode, 9.0), _extreme(bright, valid, cell_m, cv2.dilate, -9.0),
        edges, coherence, slope, along[0], along[1], width, widest, np.full(bright.shape, cell_m, np.float32),
        *(_sunward_of(bright, model.get("sun"), metres / cell_m) for metres in SUNWARD_M),
    ]  # fmt: skip
    return np.ascontiguousarray(np.stack(found).astype(np.float32)), valid


def _whole(values: Image, valid: Bools) -> NDArray[np.float64]:
    return np.where(valid, np.rint(np.nan_to_num(values) * STEP), 0.0).astype(np.float64)


def _size(reach_m: float, cell_m: float) -> int:
    return 2 * max(1, round(reach_m / cell_m)) + 1


def _sum(whole: NDArray[np.float64], reach_m: float, cell_m: float) -> NDArray[np.float64]:
    size = (_size(reach_m, cell_m),) * 2
    total = cv2.boxFilter(whole, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.rint(total), np.float64)


def _mean(
    whole: NDArray[np.float64], count: Mapping[float, NDArray[np.float64]], reach_m: float, cell_m: float
) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = _sum(whole, reach_m, cell_m) / (STEP * np.maximum(count[reach_m], 1))
    return mean


def _spread(
    whole: NDArray[np.float64], count: Mapping[float, NDArray[np.float64]], reach_m: float, cell_m: float
) -> NDArray[np.float64]:
    n = np.maximum(count[reach_m], 1)
    mean = _sum(whole, reach_m, cell_m) / n
    square = _sum(whole * whole, reach_m, cell_m) / n
    spread: NDArray[np.float64] = np.sqrt(np.maximum(square - mean * mean, 0.0)) / STEP
    return spread


def _extreme(bright: Image, valid: Bools, cell_m: float, operation: Any, beyond: float) -> Image:
    filled = np.where(valid, bright, np.float32(beyond)).astype(np.float32)
    return np.asarray(operation(filled, np.ones((_size(WIDE_M, cell_m),) * 2, np.uint8)), np.float32)


def _slopes(b: NDArray[np.float64], valid: Bools) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whole differences to the east and to the north over two cells, 0 where a neighbour has no data."""
    east, north = np.zeros(b.shape), np.zeros(b.shape)
    east[:, 1:-1] = np.where(valid[:, 2:] & valid[:, :-2], b[:, 2:] - b[:, :-2], 0.0)
    north[1:-1] = np.where(valid[2:] & valid[:-2], b[:-2] - b[2:], 0.0)
    return east, north


def _sunward(
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    sun: Sequence[float] | None,
    count: NDArray[np.float64],
    cell_m: float,
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """How brightness rises towards the sun, its mean square around, and the share of all slopes' that this is."""
    if sun is None:
        nothing = np.full(east.shape, np.nan)
        return nothing, (nothing, nothing)
    # Sixty-fourths: the sums stay whole.
    towards = np.rint(64 * sun[0]) * east + np.rint(64 * sun[1]) * north
    squares = _sum(np.asarray(np.rint(towards / 64) ** 2), AROUND_M, cell_m)
    every = _sum(east * east + north * north, AROUND_M, cell_m)
    mean = np.sqrt(squares / np.maximum(count, 1)) / STEP
    return towards / (64 * STEP), (mean, squares / np.maximum(every, 1.0))


def _sunward_of(bright: Image, sun: Sequence[float] | None, cells: float) -> Image:
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


def _tensor(
    east: NDArray[np.float64], north: NDArray[np.float64], count: NDArray[np.float64], cell_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Root mean square of the slopes around, and how far they have one direction (0 to 1; the structure tensor)."""
    xx, yy = _sum(east * east, AROUND_M, cell_m), _sum(north * north, AROUND_M, cell_m)
    xy = _sum(east * north, AROUND_M, cell_m)
    total = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / np.maximum(total, 1.0)
    return np.sqrt(total / np.maximum(count, 1)) / STEP, coherence


def _widths(green: Image, valid: Bools, cell_m: float) -> tuple[Image, Image]:
    """Metres to the nearest plants, at most `WIDTH_M`, and the greatest such distance around: half a road's width."""
    reach = math.ceil(WIDTH_M / cell_m)
    bare = (valid & (green < 0)).astype(np.uint8)
    # Beyond the block nothing is known to be planted.
    open_ground = cv2.copyMakeBorder(bare, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cells = cv2.distanceTransform(open_ground, cv2.DIST_C, 3)[1:-1, 1:-1]
    near = np.minimum(cells, np.float32(reach))
    widest = cv2.dilate(near, np.ones((2 * reach + 1,) * 2, np.uint8))
    return np.asarray(near * np.float32(cell_m)), np.asarray(widest * np.float32(cell_m))


def probabilities(
    table: Image, valid: Bools, forests: Sequence[Forest], about: Mapping[str, Any], kinds_from: float = KINDS_FROM
) -> dict[str, NDArray[np.float32]]:
    """Probability (y, x) of each of `TOLD`: NaN where not valid; of kinds also where built ground has less than asked.

    Parameters
    ----------
    table : float32 (feature, y, x)
    valid : bool (y, x)
    forests : sequence of Forest
        Of `TOLD`.
    about : mapping
        ``forests``: of each its stages, and margins with the probabilities that they stand for.
    kinds_from : float
    """
    found = {}
    where = valid
    for name, forest in zip(TOLD, forests, strict=True):
        kept = about["forests"][name]
        margin = staged_margins(forest, table, where, kept["stages"])
        at, value = np.array(kept["at"]), np.array(kept["value"])
        found[name] = np.where(where, np.interp(margin, at, value), np.nan).astype(np.float32)
        if name == "built":
            where = valid & (found[name] >= np.float32(kinds_from))
    return found
