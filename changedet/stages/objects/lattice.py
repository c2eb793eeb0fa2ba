"""How a method finds boxes: statistics of the scene from its fixed sample, then boxes cell by cell of a lattice.

A box belongs to the cell that holds its centre, so results depend on the common grid alone, never on chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.blocks import Window
from changedet.stages.objects.kernels.classical import ClassicalStatistics
from changedet.stages.objects.kernels.network import NetworkStatistics

if TYPE_CHECKING:
    import pandas as pd

COARSEST_M: Final = 1.2
"""Beyond this a box is under two pixels wide and cannot be separated from a car or a patch of ground."""
SCALE_SLACK: Final = 0.002
"""By how much of itself a pixel may be coarser: UTM draws ground at .9996 to 1.0010 of its size (Snyder 1987, USGS
Professional Paper 1395), so that a scene of 1.2 m measures up to 1.2005 m on the ground, and files round."""
CELL_PX: Final = 512
"""Size of the lattice's cells where a method names none."""
MOST_HALO_PX: Final = 64
"""Greatest halo of the classical method, which bounds its memory."""

Statistics = TypeVar("Statistics")
ObjectStatistics: TypeAlias = NetworkStatistics | ClassicalStatistics
"""A scene's statistics, by the method that finds its boxes."""


class Description(NamedTuple):
    """A method's own description of a block.

    Attributes
    ----------
    numbers : tuple of float
        As of `kernels.network.Seen`.
    weight : int
        Pixels that it is of, in the method's own size.
    """

    numbers: tuple[float, ...]
    weight: int


class Found(NamedTuple):
    """What a method finds in a block.

    Attributes
    ----------
    boxes : DataFrame
        With `boxes.COLUMNS`.
    description : Description or None
        None of a method without one, and where there was nothing to look at.
    """

    boxes: pd.DataFrame
    description: Description | None = None


@dataclass(frozen=True)
class ObjectMethod(Generic[Statistics]):
    """A method that finds boxes cell by cell once the scene's statistics are known.

    Attributes
    ----------
    fit : callable
        ``fit(samples) -> statistics``: samples float32 ``(cell, band, y, x)`` with NaN for no data; the statistics, a
        frozen dataclass, are kept as JSON. A caller that knows more sets ``gsd_m``, where a date's own pixels are
        coarser than the grid, and ``shadow``, from `kernels.stack_height.reach_per_metre`, where the sun is known.
    detect : callable
        ``detect(image, statistics) -> DataFrame`` with `boxes.COLUMNS`: image float32 ``(band, y, x)``, a lattice cell
        with `halo_px` more on each side and NaN where there is no picture; boxes of the whole block, ``x_px, y_px``
        from its corner (0, 0 is the left, top edge of the first pixel). The caller keeps those whose centre lies in
        the cell.
    settle : callable
        ``settle(boxes) -> boxes``: what remains of all boxes of the scene (pixels of the grid) where two overlap, with
        their confidence beside the others.
    cell_px : int
        Size of the lattice, anchored to the grid's first pixel.
    halo_px : int
        How far around its cell `detect` must see.
    coarsest_m : float
        Greatest pixel size at which boxes can be counted.
    count_confidence : float
        Boxes of at least this confidence count; `detect` also gives weaker ones, which are evidence when the series is
        read as a whole.
    observe : callable or None
        ``observe(image, statistics, clear) -> Found``: what `detect` finds, with a description of what is clear of the
        block, bool ``(y, x)``; None where the method has no descriptions.
    aslant : callable or None
        ``aslant(boxes, lean) -> boxes``: what remains of settled boxes of a look from far aslant, whose roofs are
        displaced by `lean`, metres right and down for each metre of height; None where the method takes it for any.
    lit : callable or None
        ``lit(boxes, shade) -> boxes``: as `settle`, for a look whose sun is known; shade falls `shade` metres right
        and down for each metre of height. None where the method takes it for any.
    """

    fit: Callable[[Singles], Statistics]
    detect: Callable[[Singles, Statistics], pd.DataFrame]
    settle: Callable[[pd.DataFrame], pd.DataFrame]
    cell_px: int = CELL_PX
    halo_px: int = MOST_HALO_PX
    coarsest_m: float = COARSEST_M
    count_confidence: float = 0.5
    observe: Callable[[Singles, Statistics, Bools], Found] | None = None
    aslant: Callable[[pd.DataFrame, tuple[float, float]], pd.DataFrame] | None = None
    lit: Callable[[pd.DataFrame, tuple[float, float]], pd.DataFrame] | None = None


def too_coarse(resolution_m: float, coarsest_m: float = COARSEST_M) -> bool:
    """Whether boxes cannot be counted on pixels of a size.

    Parameters
    ----------
    resolution_m : float
        Pixel size on the ground, metres.
    coarsest_m : float
        Greatest pixel size at which they can be, see `ObjectMethod`.

    Returns
    -------
    bool
        False also for pixels that are coarser by no more than a map's scale.

    Examples
    --------
    >>> too_coarse(1.2005), too_coarse(1.21)
    (False, True)
    """
    return resolution_m > coarsest_m * (1.0 + SCALE_SLACK)


def cells(tile: Window, cell_px: int = CELL_PX) -> Iterator[Window]:
    """The lattice's cells whose first pixel lies in a window of the grid.

    Parameters
    ----------
    tile : Window
        Of the grid.
    cell_px : int
        Size of the lattice.

    Yields
    ------
    Window
        Whole cells, also beyond the grid's edge.

    Examples
    --------
    >>> [(cell.y, cell.x) for cell in cells(Window(0, 500, 100, 600))]
    [(0, 512), (0, 1024)]
    """
    for y in range(-(-tile.y // cell_px) * cell_px, tile.y + tile.height, cell_px):
        for x in range(-(-tile.x // cell_px) * cell_px, tile.x + tile.width, cell_px):
            yield Window(y, x, cell_px, cell_px)


def in_cell(
    block: Singles,
    place: Window,
    cell: Window,
    method: ObjectMethod[Statistics],
    model: Statistics,
    clear: Bools | None = None,
) -> Found:
    """The boxes whose centre lies in a cell, in pixels of the grid.

    Parameters
    ----------
    block : float32 (band, y, x)
        Covers the cell with its halo as far as there is a picture; what it does not cover counts as no data.
    place : Window
        Where the block lies on the grid.
    cell : Window
        A whole cell of the lattice.
    method : ObjectMethod
        Finds them.
    model : Statistics
        Of the method's `fit`.
    clear : bool (y, x), optional
        Where the block shows the ground; by default wherever there is a picture.

    Returns
    -------
    Found
        Boxes with the columns of the method's `detect`, and the description of the cell with its halo.
    """
    wanted = cell.grown(method.halo_px)
    image = np.full((block.shape[0], *wanted.shape), np.nan, np.float32)
    shown = np.zeros(wanted.shape, bool)
    y0, y1 = max(wanted.y, place.y), min(wanted.y + wanted.height, place.y + block.shape[1])
    x0, x1 = max(wanted.x, place.x), min(wanted.x + wanted.width, place.x + block.shape[2])
    if y0 < y1 and x0 < x1:
        part = slice(y0 - place.y, y1 - place.y), slice(x0 - place.x, x1 - place.x)
        inside = slice(y0 - wanted.y, y1 - wanted.y), slice(x0 - wanted.x, x1 - wanted.x)
        image[:, *inside] = block[:, *part]
        shown[inside] = True if clear is None else clear[part]
    found = method.observe(image, model, shown) if method.observe is not None else Found(method.detect(image, model))
    x, y = found.boxes["x_px"] - method.halo_px, found.boxes["y_px"] - method.halo_px
    mine = found.boxes[(x >= 0) & (x < cell.width) & (y >= 0) & (y < cell.height)]
    return found._replace(boxes=mine.assign(x_px=mine["x_px"] + wanted.x, y_px=mine["y_px"] + wanted.y))
