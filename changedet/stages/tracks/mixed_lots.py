"""Rows that are containers by the lot that they stand in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from changedet.arrays import Bools, Ints
from changedet.kernels.containers import CONTAINER_KINDS, KINDS, LENGTHS_M, OTHER
from changedet.stages.tracks.assemble import medians
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.lots import containers_by_lot, lots_of


def named_by_lots(rows: Detections, place: Ints) -> Detections:
    """Name others that stand in lots of containers of mixed lengths.

    What stands in such a lot is of one sort: the rows of all its places and dates say which better than one.

    Parameters
    ----------
    rows : Detections
        Of all dates.
    place : int64 (row,)
        The place of each row; -1 for none.

    Returns
    -------
    Detections
        The same rows; those others are of the container kind whose length is nearest.
    """
    owned, other = place >= 0, rows.kind == KINDS.index(OTHER)
    if not (owned & other).any():
        return rows
    turned = np.flatnonzero(owned & other & np.append(_containers(rows, place, other), False)[place])
    if not len(turned):
        return rows
    nearest = np.abs(rows.boxes.length[turned, None] - np.array(LENGTHS_M)).argmin(axis=1)
    kind, given = rows.kind.copy(), rows.given["kind"].copy()
    kind[turned] = nearest
    given.iloc[rows.order[turned]] = np.array(CONTAINER_KINDS, object)[nearest]
    return replace(rows, kind=kind, given=rows.given.assign(kind=given))


def _containers(rows: Detections, place: Ints, other: Bools) -> Bools:
    """Places (place,) at which containers stand by their lot."""
    shown, owned, count = (place >= 0) & rows.counted, place >= 0, int(place.max()) + 1
    lot = lots_of(rows.boxes.take(shown), rows.width[shown], rows.date[shown], place[shown], count)
    weight, at = rows.boxes.weight[owned], place[owned]
    length = medians(rows.boxes.length[owned, None], at, count)[:, 0]
    own, others = (np.bincount(at, weight * part, count).astype(np.float64) for part in (~other[owned], other[owned]))
    return containers_by_lot(lot, length, own, others)
