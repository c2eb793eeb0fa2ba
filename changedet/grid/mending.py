"""Polygons that cross themselves, or each other, handled as far as that ends in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError

MOST_CROSSINGS: Final = 1000
"""Of a polygon's sides with each other. Mending takes some 2 CPU s for as many, and grows with their square: a file of
7 kB can hold 6,000, which take half a minute, one of 50 kB gigabytes and hours."""
MOST_MET: Final = 100_000
"""Times that sides of several polygons meet. To lay them over each other takes 3 CPU s for as many and grows somewhat
faster than they do: a file of 640 kB can hold 9 million, which take a quarter of an hour."""
_MOST_NEAR: Final = 200_000_000
"""Pairs of sides whose boxes overlap, which are looked at; some 20 CPU s."""
_PAIRS_AT_ONCE: Final = 4_000_000
_AT_ONCE: Final = 64
"""Sides that are looked at before what was found is counted."""


def made_valid(shape: BaseGeometry, where: str) -> BaseGeometry:
    """A polygon as it is, or made valid where it crosses itself.

    Parameters
    ----------
    shape : shapely geometry
        Not trusted.
    where : str
        What it is, for error lines.

    Returns
    -------
    shapely geometry
        Itself where it is valid.

    Raises
    ------
    InputError
        Its sides cross each other more than `MOST_CROSSINGS` times.
    """
    if shape.is_valid:
        return shape
    if _crossings(shape) > MOST_CROSSINGS:
        raise InputError(f"{where} crosses itself more than {MOST_CROSSINGS} times; draw it anew")
    return shapely.make_valid(shape)


def _crossings(shape: BaseGeometry) -> int:
    """Crossings of sides, each once; counted no farther than to more than `MOST_CROSSINGS`."""
    sides = _sides([shape])
    lines = np.asarray(shapely.linestrings(sides[np.isfinite(sides).all(axis=(1, 2))]), object).reshape(-1)
    tree, found = shapely.STRtree(lines), 0
    for first in range(0, len(lines), _AT_ONCE):
        found += tree.query(lines[first : first + _AT_ONCE], predicate="crosses").shape[1]
        if found > 2 * MOST_CROSSINGS:
            break
    return found // 2


def require_few_meetings(shapes: Sequence[BaseGeometry], where: str) -> None:
    """Refuse polygons whose sides meet so often that no union or intersection of them ends in time.

    Neighbours that share corners and whole sides may be as many as they like.

    Parameters
    ----------
    shapes : sequence of shapely geometry
        Valid polygons and multipolygons with finite corners, in one CRS.
    where : str
        What they are, for error lines.

    Raises
    ------
    InputError
        Their sides cross or touch each other more than `MOST_MET` times, but at corners that they share.
    """
    sides = _sides(shapes)
    if len(sides) ** 2 // 2 <= MOST_MET:
        return
    lines = np.asarray(shapely.linestrings(sides), object).reshape(-1)
    tree, step = shapely.STRtree(lines), max(1, _PAIRS_AT_ONCE // len(lines))
    met = near = 0
    for first in range(0, len(lines), step):
        one, other = tree.query(lines[first : first + step])
        one = one + first
        pairs = one < other
        near += len(one)
        met += int(_meet(sides[one[pairs]], sides[other[pairs]]).sum())
        if met > MOST_MET or near > _MOST_NEAR:
            raise InputError(f"{where}: its polygons cross each other more than {MOST_MET} times; draw them anew")


def _sides(shapes: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    """The sides of polygons, float64 (side, end, 2)."""
    parts = shapely.get_parts(np.asarray(shapes, object))
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(parts)]
    found = [np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings]
    return np.concatenate(found) if found else np.zeros((0, 2, 2))


def _meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs of sides (n, end, 2) whose boxes overlap meet elsewhere than at a corner of both."""
    crossed = (_turn(one, other[:, 0]) * _turn(one, other[:, 1]) <= 0) & (
        _turn(other, one[:, 0]) * _turn(other, one[:, 1]) <= 0
    )
    corners = (one[:, :, None] == other[:, None, :]).all(axis=3).any(axis=(1, 2))
    return np.asarray(crossed & ~corners)


def _turn(side: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """To which side of it a point lies, by sign; float64 (n,)."""
    along, to = side[:, 1] - side[:, 0], point - side[:, 0]
    return np.sign(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0])
