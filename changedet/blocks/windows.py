"""Windows of the common grid: tiles in their order, and the fixed sample that scene statistics come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from changedet.arrays import AnyArray, Singles

SAMPLE_CELL_PX = 256
SAMPLE_BUDGET_PX = 1 << 20


@dataclass(frozen=True, order=True)
class Window:
    """A rectangle of the common grid in pixels; may reach beyond the grid where it carries a halo."""

    y: int
    x: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def grown(self, halo_px: int) -> Window:
        return Window(self.y - halo_px, self.x - halo_px, self.height + 2 * halo_px, self.width + 2 * halo_px)


def tiles(shape: tuple[int, int], edge_px: int) -> list[Window]:
    """Windows of at most `edge_px` that cover a grid of that shape, row by row."""
    height, width = shape
    return [
        Window(y, x, min(edge_px, height - y), min(edge_px, width - x))
        for y in range(0, height, edge_px)
        for x in range(0, width, edge_px)
    ]


def in_strips(windows: Sequence[Window], strip_px: int = 4096) -> list[Window]:
    """Windows in the order of narrow strips: the rows of file blocks that halos share then stay in GDAL's cache."""
    return sorted(windows, key=lambda window: (window.x // strip_px, window.y, window.x))


def sample_windows(
    shape: tuple[int, int], *, cell_px: int = SAMPLE_CELL_PX, budget_px: int = SAMPLE_BUDGET_PX
) -> list[Window]:
    """The fixed sample: all cells of the grid's lattice, or an even selection of them within the budget.

    Depends on the shape alone, so statistics do not depend on chunks, workers or the order of work.

    >>> len(sample_windows((400, 400))), len(sample_windows((8192, 8192)))
    (4, 16)
    """
    cells = tiles(shape, cell_px)
    count = max(1, budget_px // cell_px**2)
    if len(cells) <= count:
        return cells
    # A generator seeded by the shape spreads the cells without the moiré of a stride on regular fields and roads.
    chosen = np.random.default_rng(shape).permutation(len(cells))[:count]
    return [cells[i] for i in sorted(chosen)]


def stack_cells(cells: Sequence[AnyArray], cell_px: int = SAMPLE_CELL_PX) -> Singles:
    """Cells ``(band, y, x)`` as one ``(cell, band, y, x)`` array, short ones filled up with NaN."""
    bands = cells[0].shape[0]
    out = np.full((len(cells), bands, cell_px, cell_px), np.nan, np.float32)
    for i, cell in enumerate(cells):
        out[i, :, : cell.shape[1], : cell.shape[2]] = cell
    return out
