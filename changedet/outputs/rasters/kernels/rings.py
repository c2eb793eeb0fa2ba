"""Rings along the pixel edges of regions, their corners alone."""

from __future__ import annotations

from typing import Final

import cc3d
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Ints
from changedet.kernels.compiled import compiled

EAST: int = 0
"""Directions count clockwise from here: east, south, west, north."""
_BY_EDGES: Final = 4
"""Neighbours of a pixel to which it is connected: those that share an edge with it."""


def pieces(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels of the parts of numbered regions that are connected by pixel edges.

    Parameters
    ----------
    numbers : int32 (y, x)
        0 is none.

    Returns
    -------
    int32 (y, x)
        From 1; 0 where the number is.
    """
    found = cc3d.connected_components(np.ascontiguousarray(numbers), connectivity=_BY_EDGES)
    return np.ascontiguousarray(found, np.int32)


@compiled
def trace_rings(
    regions: NDArray[np.int32], seen: Bools, corners: NDArray[np.int32], ends: Ints, owners: Ints
) -> tuple[int, int]:
    """Walk round all regions, each on the right hand.

    Parameters
    ----------
    regions : int32 (y, x)
        Number of the region of each pixel, whose pixels are connected by their edges; 0 is none.
    seen : bool (y, x)
        All False; changed.
    corners : int32 (n, 2)
        Column and row of each corner, filled ring by ring.
    ends : int64 (m,)
        Corners up to the end of each ring, filled.
    owners : int64 (m,)
        Each ring's region, filled: its outer ring comes first of its rings, the others go round holes.

    Returns
    -------
    rings : int
        How many there are; where they or their corners found no room, of what is filled no more is true than this and
        the number of corners.
    vertices : int
        How many corners they have.
    """
    rings, used = 0, 0
    height, width = regions.shape
    for y in range(height):
        for x in range(width):
            own = regions[y, x]
            if own == 0 or seen[y, x] or (y > 0 and regions[y - 1, x] == own):
                continue
            used = _walk(regions, seen, y, x, corners, used)
            if rings < ends.size:
                ends[rings], owners[rings] = used, own
            rings += 1
    return rings, used


@compiled
def _walk(regions: NDArray[np.int32], seen: Bools, y: int, x: int, corners: NDArray[np.int32], used: int) -> int:
    """Once round, from the upper edge of a pixel eastward; upper edges are marked by their pixel."""
    own = regions[y, x]
    row, column, heading = y, x, EAST
    while True:
        if heading == EAST:
            if seen[row, column]:
                return used
            seen[row, column] = True
        # one edge on
        row += (heading == 1) - (heading == 3)
        column += (heading == 0) - (heading == 2)
        # the pixels ahead, to the left and to the right: what touches at a corner alone is taken to the left, so that
        # no ring meets itself
        left_y, left_x = row - (heading == 0 or heading == 3), column - (heading == 2 or heading == 3)
        right_y, right_x = row - (heading == 2 or heading == 3), column - (heading == 1 or heading == 2)
        turn = 0
        if _is(regions, left_y, left_x, own):
            turn = 3
        elif not _is(regions, right_y, right_x, own):
            turn = 1
        if turn:
            if used < corners.shape[0]:
                corners[used, 0], corners[used, 1] = column, row
            used += 1
            heading = (heading + turn) % 4


@compiled
def _is(regions: NDArray[np.int32], y: int, x: int, own: int) -> bool:
    return 0 <= y < regions.shape[0] and 0 <= x < regions.shape[1] and bool(regions[y, x] == own)
