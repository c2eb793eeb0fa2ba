"""Polygons that cross themselves made valid, as far as that ends in time."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError

MOST_CROSSINGS: Final = 1000
"""Of a polygon's sides with each other. Mending takes some 2 CPU s for as many, and grows with their square: a file of
7 kB can hold 6,000, which take half a minute, one of 50 kB gigabytes and hours."""
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
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
    sides = (
        np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings]) if rings else np.zeros((0, 2, 2))
    )
    lines = shapely.linestrings(sides[np.isfinite(sides).all(axis=(1, 2))])
    tree, found = shapely.STRtree(lines), 0
    for first in range(0, len(lines), _AT_ONCE):
        found += tree.query(lines[first : first + _AT_ONCE], predicate="crosses").shape[1]
        if found > 2 * MOST_CROSSINGS:
            break
    return found // 2
