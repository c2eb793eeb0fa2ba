"""Which part of a site a figure shows, how long a metre is there, and where north lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, did_you_mean
from changedet.grid.geodesy import LONLAT, area_scale, transform_xy
from changedet.outputs.figure.data import Box
from changedet.pipeline.run_sources import RunSources

MARGIN: Final = 0.08
"""Of what a frame holds, around it."""
WHOLE_FROM: Final = 0.6
"""A frame that is so large a share of the site's width or height is all of the site."""
LEAST_PX: Final = 120
"""Pixels across the smallest frame."""
SHAPES: Final = (0.62, 1.5)
"""Least and largest height of a frame over its width."""


def frame_around(sources: RunSources, zone: str | None, moved: Sequence[BaseGeometry]) -> Box:
    """What part of a site is shown.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    zone : str or None
        Its frame; None for all of the site, or where something stands or changed if the site is large.
    moved : sequence of shapely geometry
        What should be seen.

    Returns
    -------
    (west, south, east, north)
        In the run's CRS.

    Raises
    ------
    InputError
        There is no such zone.
    """
    pixel = abs(sources.grid.transform.a)
    if zone is not None:
        named = dict(sources.zones)
        if zone not in named:
            known = f"only {', '.join(named)}{did_you_mean(zone, named)}" if named else "it has none"
            raise InputError(f"--zone: the run has no zone '{zone[:80]}', {known}")
        return framed(named[zone].bounds, sources.grid.bounds, pixel)
    if not moved:
        return sources.grid.bounds
    left, low, right, high = (float(side) for side in shapely.total_bounds(np.array(moved, object)))
    west, south, east, north = sources.grid.bounds
    if max((right - left) / (east - west), (high - low) / (north - south)) >= WHOLE_FROM:
        return sources.grid.bounds
    return framed((left, low, right, high), sources.grid.bounds, pixel)


def framed(held: Box, site: Box, pixel: float) -> Box:
    """A frame around something, of a shape that a panel may have, within the site.

    Parameters
    ----------
    held : (west, south, east, north)
        What it holds.
    site : (west, south, east, north)
        In which it lies.
    pixel : float
        Side of a pixel, in the unit of both.

    Returns
    -------
    (west, south, east, north)
        With a margin.
    """
    wide, high = ((1 + 2 * MARGIN) * (held[k + 2] - held[k]) for k in (0, 1))
    wide, high = max(wide, LEAST_PX * pixel), max(high, LEAST_PX * pixel)
    high = max(high, SHAPES[0] * wide)
    wide = max(wide, high / SHAPES[1])
    x, y = _centre(held)
    found = []
    for middle, side, low, top in ((x, wide, site[0], site[2]), (y, high, site[1], site[3])):
        side = min(side, top - low)
        start = min(max(middle - side / 2, low), top - side)
        found.append((start, start + side))
    return found[0][0], found[1][0], found[0][1], found[1][1]


def _centre(frame: Box) -> tuple[float, float]:
    return (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2


def area_scale_of(sources: RunSources, frame: Box) -> float:
    """How long a unit of the CRS is on the ground.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    frame : (west, south, east, north)
        At whose centre.

    Returns
    -------
    float
        Metres.
    """
    return float(np.sqrt(area_scale(sources.grid.crs, *_centre(frame))))


def north_of(sources: RunSources, frame: Box) -> float:
    """Direction of true north.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    frame : (west, south, east, north)
        At whose centre.

    Returns
    -------
    float
        Degrees clockwise from the grid's.
    """
    x, y = _centre(frame)
    lon, lat = transform_xy(sources.grid.crs, LONLAT, x, y)
    there_x, there_y = transform_xy(LONLAT, sources.grid.crs, lon, lat + 1e-3)
    return float(np.degrees(np.arctan2(there_x - x, there_y - y)))
