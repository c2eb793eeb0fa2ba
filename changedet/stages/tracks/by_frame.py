"""Frame to frame: the plain alternative."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Ints
from changedet.stages.tracks.assemble import assemble, medians, most_seen
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels import assignment, box_matching, boxes
from changedet.stages.tracks.kernels.stretches import whole
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.visibility import SeriesVisibility

SKIP_COST = 9.0


def follow_frames(rows: Detections, looks: SeriesVisibility, radius_m: float) -> Tracks:
    """Assign each date's counted boxes to open tracks at least cost; a clear look without its box closes a track."""
    label = np.full(len(rows.date), -1, np.int64)
    latest = np.empty(0, np.int64)
    is_open = np.empty(0, bool)
    for t in range(len(rows.dates)):
        here = np.flatnonzero((rows.date == t) & rows.counted)
        candidates = np.flatnonzero(is_open)
        boxes, known = rows.boxes.take(here), rows.boxes.take(latest[candidates])
        i, j, cost = box_matching.priced_pairs(boxes, known, radius_m)
        found = assignment.optimal_assign(i, j, cost, len(here), SKIP_COST)
        old = found >= 0
        label[here[old]] = candidates[found[old]]
        label[here[~old]] = len(latest) + np.arange((~old).sum())
        lost = np.setdiff1d(candidates, label[here])
        is_open[lost] = ~np.asarray(looks.clear(t, rows.boxes.xy[latest[lost]]), bool) if len(lost) else False
        latest = np.concatenate([latest, here[~old]])
        is_open = np.concatenate([is_open, np.ones((~old).sum(), bool)])
        latest[label[here]] = here
    return _assemble_frames(rows, looks, label, len(latest))


def _assemble_frames(rows: Detections, looks: SeriesVisibility, label: Ints, n: int) -> Tracks:
    count, own = len(rows.dates), label >= 0
    first, last = np.full(n, count), np.full(n, -1)
    np.minimum.at(first, label[own], rows.date[own])
    np.maximum.at(last, label[own], rows.date[own])
    shape = boxes.mean_boxes(rows.boxes.take(own), label[own], n)
    clear = most_seen(
        looks.clear, medians(rows.boxes.xy[own], label[own], n), shape.length, shape.angle, len(looks.dates)
    )
    clear[label[own], rows.date[own]] = True
    t = np.arange(count)
    inside = (t >= first[:, None]) & (t <= last[:, None])
    # Before and after, up to the next clear look, nothing is known.
    after = np.cumsum(clear & (t > last[:, None]), axis=1) == 0
    before = np.cumsum((clear & (t < first[:, None]))[:, ::-1], axis=1)[:, ::-1] == 0
    present = np.where(inside, 1.0, np.where(after & before, 0.5, 0.0))
    stretches = whole(np.arange(n), first.astype(np.int64), last.astype(np.int64))
    return assemble(rows, looks, stretches, label, clear, present, label)
