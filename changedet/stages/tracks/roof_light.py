"""The light along the roofs of boxes, where the looks have pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.appearance import PLACES_AT_ONCE, lattice, light_at
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.likeness import ALONG
from changedet.stages.tracks.visibility import SeriesVisibility

ACROSS_M: Final = (-0.7, 0.0, 0.7)
"""Across a roof, of whose light the middle counts."""
ROOF: Final = lattice(np.linspace(-0.4, 0.4, ALONG), ACROSS_M)
"""Points along a roof, as a share of its length, and across, in metres."""


def rows_light(looks: SeriesVisibility, boxes: Boxes, date: Ints, chosen: Bools, unit: float) -> Floats | None:
    """Light along the roofs of some rows.

    Parameters
    ----------
    looks : SeriesVisibility
        Whose light is read.
    boxes : Boxes
        Where the pictures show them.
    date : int64 (row,)
        Index of each row's date.
    chosen : bool (row,)
        Whose light is read.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (row, along, band) or None
        NaN of the others; None without pictures in colour.
    """
    out: Floats | None = None
    for i in range(len(looks.dates)):
        mine = np.flatnonzero(chosen & (date == i))
        for begin in range(0, len(mine), PLACES_AT_ONCE):
            own = mine[begin : begin + PLACES_AT_ONCE]
            light = looks.roof_light(i, unit * boxes.xy[own], boxes.length[own], boxes.angle[own])
            if light is None:
                return None
            out = np.full((len(date), *light.shape[1:]), np.nan) if out is None else out
            out[own] = light
    return out


def light_of_roofs(light: Callable[[Floats], Floats], xy: Floats, length: Floats, angle: Floats, unit: float) -> Floats:
    """Light along roofs.

    Parameters
    ----------
    light : callable
        ``light(points) -> (m, band)``; NaN where there is none.
    xy : float64 (n, 2)
        Centres, in the CRS.
    length, angle : float64 (n,)
        In metres on the ground, and in degrees clockwise from north.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (n, along, band)
        The middle of each line across; NaN where a point of it has no light.
    """
    values = light_at(light, ROOF, xy, unit * length, angle, unit).reshape(len(xy), ALONG, len(ACROSS_M), -1)
    return np.asarray(np.median(values, axis=2), np.float64)
