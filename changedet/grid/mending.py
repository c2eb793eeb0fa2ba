"""Polygons that cross themselves, or each other, handled as far as that ends in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
"""Pairs of sides whose boxes overlap, each from both, which are looked at; some 20 CPU s. GEOS looks at all of them,
too: a comb of slanting teeth, which crosses nothing, has the square of its teeth of them."""
_PAIRS_AT_ONCE: Final = 4_000_000


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
        Its sides cross each other more than `MOST_CROSSINGS` times, or lie beside each other slantwise so often that
        to look for crossings takes minutes.
    """
    sides = _sides([shape])
    sides = sides[np.isfinite(sides).all(axis=(1, 2))]
    if len(sides) ** 2 > _MOST_NEAR:
        for _ in _near(sides, where):
            pass
    if shape.is_valid:
        return shape
    if _crossings(sides, where) > MOST_CROSSINGS:
        raise InputError(f"{where} crosses itself more than {MOST_CROSSINGS} times; draw it anew")
    return shapely.make_valid(shape)


def _crossings(sides: NDArray[np.float64], where: str) -> int:
    """Crossings of sides, each once; counted no farther than to more than `MOST_CROSSINGS`."""
    found = 0
    for one, other in _near(sides, where):
        pairs = one < other
        first, second = sides[one[pairs]], sides[other[pairs]]
        across = _turn(first, second[:, 0]) * _turn(first, second[:, 1]) < 0
        found += int((across & (_turn(second, first[:, 0]) * _turn(second, first[:, 1]) < 0)).sum())
        if found > MOST_CROSSINGS:
            break
    return found


def _near(sides: NDArray[np.float64], where: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of sides (n, end, 2) whose boxes overlap, each twice, and each side with itself, some at a time.

    Raises
    ------
    InputError
        They are too many to be tried.
    """
    lines = np.asarray(shapely.linestrings(sides), object).reshape(-1)
    # At random, so that what the last sides had tells how much memory the next ones take.
    tree, order = shapely.STRtree(lines), np.random.default_rng(0).permutation(len(lines))
    first, step, near = 0, max(1, _PAIRS_AT_ONCE // max(1, len(lines))), 0
    while first < len(lines):
        chosen = order[first : first + step]
        one, other = tree.query(lines[chosen])
        yield chosen[one], other
        near += len(one)
        if near > _MOST_NEAR:
            raise InputError(f"{where}: too many sides lie slantwise beside each other; simplify the outline")
        first += step
        if len(one) < _PAIRS_AT_ONCE // 4:
            step *= 2


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
        Their sides cross or touch each other more than `MOST_MET` times, but at corners that they share, or lie beside
        each other slantwise too often.
    """
    sides = _sides(shapes)
    if len(sides) ** 2 // 2 <= MOST_MET:
        return
    met = 0
    for one, other in _near(sides, where):
        pairs = one < other
        met += int(_meet(sides[one[pairs]], sides[other[pairs]]).sum())
        if met > MOST_MET:
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
