"""A footprint on a raster of levels: coarser cells, hidden ground, roads opened away, gaps closed.

Levels are uint8: 0 ground that is not built, 1, 2, 3 built by the lax, likely, strict threshold, `STORED` under a
stored object, `UNKNOWN` where nothing was seen. Opening and closing are those of discs, by chamfer distances within 2 %
(doi:10.1016/S0734-189X(86)80047-0), so their cost does not grow with the radius.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.morphology import closed, opened, square

STORED: Final = 4
UNKNOWN: Final = 255
STEPS: Final = (1, 2, 3)
"""Levels of built ground: by the lax, the likely, the strict threshold."""
KIND_STEP: Final = 8
"""A pixel's value is its level and this times its kind, which is 0 where there are none."""
LARGEST_FACTOR: Final = 15
"""Cells of more pixels a side would overflow the counts of one byte."""
REGROWN: Final = 1.25
"""An opening rounds corners: what it kept grows back this share of its radius, within the surface; chosen by hand."""
FAR_PX: Final = 1e6
"""Distance to what is nowhere."""

Levels = Bytes


def cell_counts(levels: Levels, row: int, column: int, factor: int) -> Bytes:
    """What a tile adds to the cells of `factor` by `factor` pixels that it touches.

    Parameters
    ----------
    levels : uint8 (y, x)
        Of a tile.
    row, column : int
        Of the tile's first pixel in the whole raster: cells are anchored there, and tiles may cut them.
    factor : int
        Pixels to a side of a cell, at most `LARGEST_FACTOR`.

    Returns
    -------
    uint8 (4, y, x)
        For each cell the pixels seen, and those of at least the lax, the likely, the strict level.
    """
    above, left = row % factor, column % factor
    below, right = -(row + levels.shape[0]) % factor, -(column + levels.shape[1]) % factor
    padded = np.pad(levels, ((above, below), (left, right)), constant_values=UNKNOWN)
    seen = padded != UNKNOWN
    return np.stack([_cell_sums(seen & (padded >= step), factor) for step in (0, *STEPS)])


def cell_kinds(values: Bytes, row: int, column: int, factor: int) -> Bytes:
    """The least kind among a cell's pixels in a tile: all pixels of a cell have one kind.

    Parameters
    ----------
    values : uint8 (y, x)
        Levels and kinds.
    row, column : int
        As for `cell_counts`.
    factor : int
        Pixels to a side of a cell.

    Returns
    -------
    uint8 (y, x)
        `UNKNOWN` where none of a cell's pixels is seen.
    """
    kinds = np.where(values == UNKNOWN, UNKNOWN, values // KIND_STEP).astype(np.uint8)
    found: Bytes = _by_cell(kinds, row, column, factor, UNKNOWN).min(axis=(1, 3))
    return found


def cell_greatest(values: Bytes, row: int, column: int, factor: int) -> Bytes:
    """The greatest value among a cell's pixels in a tile.

    Parameters
    ----------
    values : uint8 (y, x)
        Of the tile.
    row, column : int
        As for `cell_counts`.
    factor : int
        Pixels to a side of a cell.

    Returns
    -------
    uint8 (y, x)
        0 where a cell has no pixel in the tile.
    """
    found: Bytes = _by_cell(values, row, column, factor, 0).max(axis=(1, 3))
    return found


def _by_cell(values: Bytes, row: int, column: int, factor: int, beyond: int) -> Bytes:
    """Pixels (cell, pixel, cell, pixel) of the cells that a tile touches, `beyond` where they lie in others."""
    above, left = row % factor, column % factor
    below, right = -(row + values.shape[0]) % factor, -(column + values.shape[1]) % factor
    padded = np.pad(values, ((above, below), (left, right)), constant_values=beyond)
    return padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor)


def smooth(where: Bools) -> Bools:
    """A mask opened and closed by one cell: what is one cell wide is noise.

    Parameters
    ----------
    where : bool (y, x)
        Cells.

    Returns
    -------
    bool (y, x)
        Smoothed.
    """
    return closed(opened(where, square(3)), square(3))


def _cell_sums(chosen: Bools, factor: int) -> Bytes:
    """How many pixels of each cell are chosen."""
    by_row = chosen[::factor].astype(np.uint8)
    for i in range(1, factor):
        by_row += chosen[i::factor]
    total = by_row[:, ::factor].copy()
    for j in range(1, factor):
        total += by_row[:, j::factor]
    return total


def cell_levels(counts: Bytes) -> Levels:
    """Levels of cells: the highest that half of their seen pixels have.

    Parameters
    ----------
    counts : uint8 (4, y, x)
        Of `cell_counts`, summed over tiles.

    Returns
    -------
    uint8 (y, x)
        0 to 3, `UNKNOWN` where no pixel is seen.
    """
    seen = counts[0]
    half = seen // 2 + seen % 2
    level: Levels = np.sum([counts[step] >= half for step in STEPS], axis=0, dtype=np.uint8)
    level[seen == 0] = UNKNOWN
    return level


def fill_hidden(levels: Levels, known: Levels) -> Levels:
    """Levels with what is unknown taken from another date.

    Parameters
    ----------
    levels : uint8 (y, x)
        Of a date.
    known : uint8 (y, x)
        Of another date.

    Returns
    -------
    uint8 (y, x)
        `UNKNOWN` where both are.
    """
    return np.where(levels == UNKNOWN, known, levels)


def halo_px(open_m: float, close_m: float, pixel_m: float) -> int:
    """Pixels around a block that `opened_and_closed` looks at.

    Parameters
    ----------
    open_m, close_m : float
        Its radii.
    pixel_m : float
        Pixel, metres.

    Returns
    -------
    int
        Enough for the same result as in a larger block.
    """
    return math.ceil((1.0 + REGROWN) * open_m / pixel_m) + 2 * math.ceil(close_m / pixel_m) + 4


def opened_and_closed(surface: Bools, stored: Bools, open_m: float, close_m: float, pixel_m: float) -> Bools:
    """Surfaces without what is narrow, and stored objects, with the gaps between them closed.

    Parameters
    ----------
    surface : bool (y, x)
        Built ground. What lies beyond its border does not make it narrow.
    stored : bool (y, x)
        Never too narrow.
    open_m, close_m : float
        Radii: what is narrower than twice the first vanishes, gaps narrower than twice the second close.
    pixel_m : float
        Pixel, metres.

    Returns
    -------
    bool (y, x)
        Surfaces and stored objects, closed.
    """
    if not surface.any() and not stored.any():
        return np.zeros(surface.shape, bool)
    # Half a pixel: from a pixel's centre to the edge of the ground that is not built.
    core = _distance(surface) - 0.5 >= open_m / pixel_m
    kept = (surface & (_distance(~core) <= REGROWN * open_m / pixel_m)) | stored
    border = math.ceil(close_m / pixel_m) + 1
    wide = _distance(~np.pad(kept, border)) <= close_m / pixel_m
    closed: Bools = _distance(wide)[border:-border, border:-border] > close_m / pixel_m
    return closed


def _distance(inside: Bools) -> Singles:
    """From each pixel's centre to the centre of the nearest pixel that is not inside; very far where there is none."""
    if inside.all():
        return np.full(inside.shape, np.float32(FAR_PX))
    found: Singles = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return found
