"""Tracks whose listed boxes are none of the sides of stacks that oblique views show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.confirmed import CONFIRMED, LISTED_KIND
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.places import sense_of_views
from changedet.stages.tracks.kernels.stack_faces import likely_faces
from changedet.stages.tracks.kernels.stack_levels import Roofs, level_posterior
from changedet.stages.tracks.result import Tracks


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
    table = tracks.detections.copy()
    table[LISTED_KIND] = table[LISTED_KIND].where(~faces, None)
    table[CONFIRMED] = table[CONFIRMED].where(~faces)
    return replace(tracks, detections=table)
