"""Tracks from frame to frame: each date's boxes are assigned to the tracks still open."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.assemble import assemble, medians, visible_dates
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.assignment import optimal_assign
from changedet.stages.tracks.kernels.box_matching import priced_pairs
from changedet.stages.tracks.kernels.boxes import mean_boxes
from changedet.stages.tracks.kernels.stretches import single_boxes
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.visibility import SeriesVisibility

SKIP_COST: Final = 9.0
"""Of a box that begins a track of its own: three standard deviations. Chosen by hand."""


def follow_frames(rows: Detections, looks: SeriesVisibility, radius_m: float) -> Tracks:
    """Tracks by least-cost assignment; a clear look without its box closes a track.

    Parameters
    ----------
    rows : Detections
        Of all dates; only counted ones are followed.
    looks : SeriesVisibility
        What each date shows of the ground.
    radius_m : float
        Farthest that a box may lie from where it was seen last.

    Returns
    -------
    Tracks
        Each from its first row to its last; presence is a half where nothing is known.
    """
    label = np.full(len(rows.date), -1, np.int64)
    latest = np.empty(0, np.int64)
    is_open = np.empty(0, bool)
    for t in range(len(rows.dates)):
        here = np.flatnonzero((rows.date == t) & rows.counted)
        candidates = np.flatnonzero(is_open)
        boxes, known = rows.boxes.take(here), rows.boxes.take(latest[candidates])
        i, j, cost = priced_pairs(boxes, known, radius_m)
        found = optimal_assign(i, j, cost, len(here), SKIP_COST)
        old = found >= 0
        label[here[old]] = candidates[found[old]]
        label[here[~old]] = len(latest) + np.arange((~old).sum())
        lost = np.setdiff1d(candidates, label[here])
        at = rows.unit * rows.boxes.xy[latest[lost]]
        is_open[lost] = ~np.asarray(looks.clear(t, at), bool) if len(lost) else False
        latest = np.concatenate([latest, here[~old]])
        is_open = np.concatenate([is_open, np.ones((~old).sum(), bool)])
        latest[label[here]] = here
    return _assemble_frames(rows, looks, label, len(latest))


def _assemble_frames(rows: Detections, looks: SeriesVisibility, label: Ints, n: int) -> Tracks:
    count, own = len(rows.dates), label >= 0
    first, last = np.full(n, count), np.full(n, -1)
    np.minimum.at(first, label[own], rows.date[own])
    np.maximum.at(last, label[own], rows.date[own])
    boxes = mean_boxes(rows.boxes.take(own), label[own], n)
    centre = medians(rows.boxes.xy[own], label[own], n)
    clear = visible_dates(looks.clear, boxes, centre, rows.unit, len(looks.dates))
    clear[label[own], rows.date[own]] = True
    stretches = single_boxes(np.arange(n), first.astype(np.int64), last.astype(np.int64))
    return assemble(rows, looks, stretches, label, clear, _presence(first, last, clear), label)


def _presence(first: Ints, last: Ints, clear: Bools) -> Floats:
    """1 from the first row to the last, a half before and after up to the next clear look, 0 beyond."""
    t = np.arange(clear.shape[1])
    inside = (t >= first[:, None]) & (t <= last[:, None])
    after = np.cumsum(clear & (t > last[:, None]), axis=1) == 0
    before = np.cumsum((clear & (t < first[:, None]))[:, ::-1], axis=1)[:, ::-1] == 0
    return np.where(inside, 1.0, np.where(after & before, 0.5, 0.0))
