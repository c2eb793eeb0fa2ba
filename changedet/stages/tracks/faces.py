"""Tracks whose listed boxes are no sides of stacks, as oblique views show, and of which no two share their ground."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.arrays import Bools
from changedet.kernels.containers import HEIGHT_M, OTHER
from changedet.stages.tracks.confirmed import CONFIRMED, LISTED_KIND
from changedet.stages.tracks.detections import Detections, date_index
from changedet.stages.tracks.kernels.places import sense_of_views
from changedet.stages.tracks.kernels.stack_faces import likely_faces
from changedet.stages.tracks.kernels.stack_levels import Roofs, level_posterior
from changedet.stages.tracks.result import Tracks

SAME_GROUND: Final = 0.5
"""Share of the smaller of two boxes from which both lie on the same ground. Chosen by hand: sites that judge show that
of 178 such pairs one of both was a box in 176 (docs/research/tracks.md, "Two boxes on one ground")."""


def without_faces(tracks: Tracks, rows: Detections, radius_m: float) -> Tracks:
    """List no box that is rather a side of a stack.

    Parameters
    ----------
    tracks : Tracks
        Of the rows, with what is listed.
    rows : Detections
        Of all dates; where the boxes contradict their views nothing is changed.
    radius_m : float
        As of `kernels.places.find_places`.

    Returns
    -------
    Tracks
        All but ``listed_kind`` and ``confirmed`` of such rows as before: the boxes of a track are evidence together.
    """
    boxes, date, views = rows.boxes, rows.date, rows.views.displacement
    if sense_of_views(boxes, date, HEIGHT_M * views, radius_m) < 1:
        return tracks
    none = np.full(len(date), -1)
    roofs = Roofs(boxes.xy, none, date, views[date], rows.tiers, boxes.length, boxes.angle, boxes.weight)
    faces = np.zeros(len(date), bool)
    faces[rows.order] = likely_faces(roofs, level_posterior(roofs))
    return _without(tracks, faces)


def without_doubles(tracks: Tracks) -> Tracks:
    """List no two containers of a date that lie on the same ground, as a look shows the top one of a stack alone.

    In the picture they lie apart: one may be the side of a stack, or its shade, and stands where the stack does.

    Parameters
    ----------
    tracks : Tracks
        On their bases, with what is listed.

    Returns
    -------
    Tracks
        All but ``listed_kind`` and ``confirmed`` as before. Of both that of a track stays, of two such the surer.
    """
    rows = tracks.detections
    date = date_index(rows["date"], tracks.dates)
    is_container = (rows[LISTED_KIND].notna() & (rows[LISTED_KIND] != OTHER)).to_numpy(bool)
    owned, confidence = rows["track_id"].notna().to_numpy(bool), rows["confidence"].to_numpy(np.float64)
    doubles = np.zeros(len(rows), bool)
    for t in range(len(tracks.dates)):
        own = np.flatnonzero(is_container & (date == t))
        surest = own[np.lexsort((-confidence[own], ~owned[own]))]
        doubles[surest] = _on_ground_of_earlier(rows.geometry.to_numpy()[surest])
    return _without(tracks, doubles)


def _on_ground_of_earlier(shapes: NDArray[np.object_]) -> Bools:
    """Which of the shapes lie on the ground of one before them that does not itself."""
    area = shapely.area(shapes)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    same = np.flatnonzero((other < one) & (shared >= SAME_GROUND * np.minimum(area[one], area[other])))
    taken = np.zeros(len(shapes), bool)
    # In their order, so that it is known of all before one whether they are taken themselves.
    for pair in same[np.argsort(one[same], kind="stable")]:
        taken[one[pair]] |= not taken[other[pair]]
    return taken


def _without(tracks: Tracks, rows: Bools) -> Tracks:
    table = tracks.detections.copy()
    table[LISTED_KIND] = table[LISTED_KIND].where(~rows, None)
    table[CONFIRMED] = table[CONFIRMED].where(~rows)
    return replace(tracks, detections=table)
