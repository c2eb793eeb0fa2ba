"""Windows of the common grid: tiles in their order, and the fixed sample that scene statistics come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import AnyArray, Singles

SAMPLE_CELL_PX: Final = 256
"""Side of the cells of the fixed sample."""
SAMPLE_BUDGET_PX: Final = 1 << 20
"""Pixels of the fixed sample, at most."""
STRIP_PX: Final = 2048
"""Width of the strips in which tiles are passed over: the blocks of three rows of them are kept decoded."""
NARROW_PARTS: Final = 8
"""The last tiles of a row or column are joined with those before where they are narrower than one of so many parts of
an edge: read with their halo, a strip of 8 px would cost a fifth of a tile of 512 px."""
STEP_PX: Final = 16
"""Blocks with their halo begin at multiples of it on the grid, so that cells of as many pixels always lie alike."""


@dataclass(frozen=True, order=True)
class Window:
    """A rectangle of the common grid; may reach beyond the grid where it carries a halo.

    Attributes
    ----------
    y, x : int
        Row and column of its first pixel.
    height, width : int
        In pixels.
    """

    y: int
    x: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns of an array of the grid."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def grown(self, halo_px: int) -> Window:
        """The window with a halo.

        Parameters
        ----------
        halo_px : int
            Pixels on each side.

        Returns
        -------
        Window
            May reach beyond the grid.
        """
        return Window(self.y - halo_px, self.x - halo_px, self.height + 2 * halo_px, self.width + 2 * halo_px)

    def within(self, shape: tuple[int, int]) -> Window:
        """The part of the window that lies on a grid.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns of the grid.

        Returns
        -------
        Window
            Without rows or columns where none of it does.
        """
        y, x = max(0, self.y), max(0, self.x)
        height, width = min(shape[0], self.y + self.height) - y, min(shape[1], self.x + self.width) - x
        return Window(y, x, max(0, height), max(0, width))


def tiles(shape: tuple[int, int], edge_px: int) -> list[Window]:
    """Windows that cover a grid.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the grid.
    edge_px : int
        Their greatest side.

    Returns
    -------
    list of Window
        Row by row.
    """
    height, width = shape
    return [
        Window(y, x, min(edge_px, height - y), min(edge_px, width - x))
        for y in range(0, height, edge_px)
        for x in range(0, width, edge_px)
    ]


def joined_tiles(shape: tuple[int, int], edge_px: int) -> list[Window]:
    """Windows that cover a grid, narrow ones at its end joined with those before.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the grid.
    edge_px : int
        Their side, but for the last of a row or column, which may be longer by one of `NARROW_PARTS`.

    Returns
    -------
    list of Window
        Row by row; each begins where one of `tiles` does.

    Examples
    --------
    >>> [(one.x, one.width) for one in joined_tiles((512, 1032), 512)]
    [(0, 512), (512, 520)]
    """
    rows, columns = (_spans(size, edge_px) for size in shape)
    return [Window(y, x, height, width) for y, height in rows for x, width in columns]


def widest_px(size_px: int, edge_px: int) -> int:
    """The longest side of `joined_tiles`.

    Parameters
    ----------
    size_px : int
        Rows or columns of the grid.
    edge_px : int
        As given there.

    Returns
    -------
    int
        Pixels.
    """
    return max((length for _, length in _spans(size_px, edge_px)), default=0)


def _spans(size_px: int, edge_px: int) -> list[tuple[int, int]]:
    """Where tiles begin on one axis, and how long they are."""
    whole, rest = divmod(size_px, edge_px)
    lengths = [edge_px] * whole
    if rest and whole and NARROW_PARTS * rest < edge_px:
        lengths[-1] += rest
    elif rest:
        lengths.append(rest)
    return [(k * edge_px, length) for k, length in enumerate(lengths)]


def in_strips(windows: Sequence[Window], strip_px: int = STRIP_PX) -> list[Window]:
    """Windows in the order of narrow strips: the rows of file blocks that halos share then stay in GDAL's cache.

    Parameters
    ----------
    windows : sequence of Window
        In any order.
    strip_px : int
        Width of a strip.

    Returns
    -------
    list of Window
        Strip by strip, each from top to bottom.
    """
    return sorted(windows, key=lambda window: (window.x // strip_px, window.y, window.x))


def sample_windows(shape: tuple[int, int]) -> list[Window]:
    """The fixed sample: all cells of the grid's lattice, or an even selection of them within the budget.

    Depends on the shape alone, so statistics do not depend on chunks, workers or the order of work.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    list of Window
        Row by row; those at the lower and right edge may be smaller.

    Examples
    --------
    >>> len(sample_windows((400, 400))), len(sample_windows((8192, 8192)))
    (4, 16)
    """
    cells = tiles(shape, SAMPLE_CELL_PX)
    count = SAMPLE_BUDGET_PX // SAMPLE_CELL_PX**2
    if len(cells) <= count:
        return cells
    # A generator seeded by the shape spreads the cells without the moiré of a stride on regular fields and roads.
    chosen = np.random.default_rng(shape).permutation(len(cells))[:count]
    return [cells[i] for i in sorted(chosen)]


def stack_cells(cells: Sequence[AnyArray], cell_px: int = SAMPLE_CELL_PX) -> Singles:
    """Cells of the sample as one array.

    Parameters
    ----------
    cells : sequence of (band, y, x)
        Of any number type, sides at most `cell_px`.
    cell_px : int
        Side of a cell.

    Returns
    -------
    float32 (cell, band, cell_px, cell_px)
        Short cells are filled up with NaN.
    """
    bands = cells[0].shape[0]
    out = np.full((len(cells), bands, cell_px, cell_px), np.nan, np.float32)
    for i, cell in enumerate(cells):
        out[i, :, : cell.shape[1], : cell.shape[2]] = cell
    return out
