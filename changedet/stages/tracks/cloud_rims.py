"""Boxes that the rim of a cloud, or of its shadow, lightens or dims: their colour is not their own."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.colour_casts import CAST_NOISE, DARK, WHITE
from changedet.stages.tracks.visibility import SeriesVisibility

RIM_M: Final = 30.0
"""How far beyond what is masked a cloud may lighten or dim boxes: as far as the mask looks for a cloud's rim."""
RINGS, RING_POINTS = 2, 8
"""Rings of points around a box, and points of each, at which cloud is looked for."""
NEIGHBOURS: Final = 6
"""Nearest boxes of the date that tell the light at a box. Chosen by hand."""
LEAST_NEIGHBOURS: Final = 3
"""With fewer they tell nothing: an exchanged box or two would be the light."""
REACH_M: Final = 15.0
"""Farther ones tell nothing either: a rim is some ten metres wide. Chosen by hand."""
UNEVEN: Final = 2 * CAST_NOISE
"""Least logarithm of the light at a box over that of its date: two standard deviations of one look."""


def rows_at_rims(rows: Detections, place: Ints, looks: SeriesVisibility) -> Bools:
    """Where clouds lighten or dim boxes: near what is masked, and the boxes around are lighter or darker than usual.

    Parameters
    ----------
    rows : Detections
        Of all dates.
    place : int64 (row,)
        The place of each row; -1 for none.
    looks : SeriesVisibility
        What each date shows of the ground.

    Returns
    -------
    bool (row,)
        False on dates without clouds.
    """
    near = _near_clouds(rows, looks)
    if not near.any():
        return near
    change = _change_of_light(rows, place, near)
    found = np.zeros(len(near), bool)
    for i in np.unique(rows.date[near]):
        known = np.flatnonzero((rows.date == i) & np.isfinite(change))
        own = np.flatnonzero((rows.date == i) & near)
        if len(known) > LEAST_NEIGHBOURS:
            light = _around(rows.boxes.xy[known], change[known], rows.boxes.xy[own])
            found[own] = np.abs(light - np.median(change[known])) > UNEVEN
    return found


def _near_clouds(rows: Detections, looks: SeriesVisibility) -> Bools:
    turn = 2 * np.pi * np.arange(RING_POINTS) / RING_POINTS
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    around = np.concatenate([RIM_M * k / RINGS * ring for k in range(1, RINGS + 1)])
    near = np.zeros(len(rows.date), bool)
    for i in range(len(rows.dates)):
        mine = np.flatnonzero(rows.date == i)
        points = rows.unit * (rows.boxes.xy[mine, None] + around)
        near[mine] = looks.clouded(i, points.reshape(-1, 2)).reshape(len(mine), len(around)).any(1)
    return near


def _change_of_light(rows: Detections, place: Ints, near: Bools) -> Floats:
    """Logarithm (row,) of a box's light over the middle one of its place on dates far from clouds; NaN without any."""
    light = np.log(linear_rgb(np.clip(rows.boxes.rgb, 1.0, WHITE) / WHITE).mean(1) + DARK)
    light = np.where(place >= 0, light, np.nan)
    usual = np.full(place.max(initial=-1) + 2, np.nan)
    open_ = np.flatnonzero(~near & np.isfinite(light))
    by_place = open_[np.argsort(place[open_], kind="stable")]
    for own in np.split(by_place, np.flatnonzero(np.diff(place[by_place])) + 1):
        if len(own):
            usual[place[own[0]]] = np.median(light[own])
    return np.asarray(light - usual[place])


def _around(xy: Floats, change: Floats, at: Floats) -> Floats:
    """Middle change (n,) of the nearest boxes of a date, without the box itself; NaN where there are too few."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    many = min(NEIGHBOURS + 1, len(xy))
    distance, index = cKDTree(xy).query(at, k=many, distance_upper_bound=REACH_M)
    told = np.where((distance > 0.0) & np.isfinite(distance), np.append(change, np.nan)[index], np.nan)
    enough = np.isfinite(told).sum(1) >= LEAST_NEIGHBOURS
    out = np.full(len(at), np.nan)
    out[enough] = np.nanmedian(told[enough], axis=1)
    return out
