"""Overlays of a site's ground with a few regions, of those of its parts that a region meets.

GEOS lays whole geometries over each other. Ground of square kilometres between packed boxes has ten thousand parts:
twenty small regions were taken off it in 7 s where corners had to be snapped, and all of this was a tenth of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools

MANY_PARTS: Final = 1000
"""From which parts are looked at one by one. Fewer are soon laid over as a whole; rings begin at other corners then."""


def without(whole: BaseGeometry, less: BaseGeometry) -> BaseGeometry:
    """What is left of ground once a region is taken off it.

    Parameters
    ----------
    whole, less : geometry
        Polygons, of one or many parts.

    Returns
    -------
    geometry
        As of `shapely.difference`.
    """
    parts = shapely.get_parts(whole)
    if len(parts) < MANY_PARTS:
        return shapely.difference(whole, less)
    met = _met(parts, [less])
    return _together(parts[~met], shapely.difference(MultiPolygon(list(parts[met])), less))


def joined(whole: BaseGeometry, added: Sequence[BaseGeometry]) -> BaseGeometry:
    """Ground with what is added to it.

    Parameters
    ----------
    whole : geometry
        Polygons, of one or many parts.
    added : sequence of geometry
        Alike.

    Returns
    -------
    geometry
        As of `shapely.union_all`.
    """
    parts = shapely.get_parts(whole)
    if len(parts) < MANY_PARTS:
        return shapely.union_all([whole, *added])
    met = _met(parts, added)
    return _together(parts[~met], shapely.union_all([MultiPolygon(list(parts[met])), *added]))


def _met(parts: NDArray[np.object_], others: Sequence[BaseGeometry]) -> Bools:
    """Which parts touch any of the others."""
    met = np.zeros(len(parts), bool)
    met[shapely.STRtree(parts).query(shapely.get_parts(list(others)), predicate="intersects")[1]] = True
    return met


def _together(kept: NDArray[np.object_], changed: BaseGeometry) -> MultiPolygon:
    """Parts that nothing met beside what became of the others."""
    return MultiPolygon([*kept, *(part for part in shapely.get_parts(changed) if part.geom_type == "Polygon")])
