"""How near boxes lie to each other along and across, by which tents and cast shade are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints


class Beside(NamedTuple):
    """Second boxes of pairs, as the first lie.

    Attributes
    ----------
    along, across : float64 (pair,)
        Metres from centre to centre: along without, across with its sign.
    turn : float64 (pair,)
        Of their directions, 0 to pi / 2.
    aside : float64 (pair, 2)
        Unit vector in which `across` is positive.
    """

    along: Floats
    across: Floats
    turn: Floats
    aside: Floats


def near_pairs(boxes: Floats, confidence: Floats, least: float, reach_m: float) -> Ints:
    """Find pairs of boxes whose centres are near.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.
    least : float
        Confidence of a box that takes part.
    reach_m : float
        Between centres.

    Returns
    -------
    int64 (pair, 2)
        Indices of both, the lower one first, sorted by the second.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    known = np.flatnonzero(confidence >= least)
    near = np.zeros((0, 2), np.int64)
    if known.size > 1:
        near = known[np.sort(cKDTree(boxes[known, :2]).query_pairs(reach_m, output_type="ndarray"), axis=1)]
    return np.asarray(near[np.lexsort(near.T)], np.int64)


def beside(boxes: Floats, one: Ints, other: Ints) -> Beside:
    """Say where other boxes lie from some.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, see `rectangles`.
    one, other : int64 (pair,)
        Indices.

    Returns
    -------
    Beside
        Of each pair.
    """
    away, angle = boxes[other, :2] - boxes[one, :2], boxes[one, 4]
    aside = np.column_stack([np.cos(angle), np.sin(angle)])
    along = np.abs(away[:, 0] * aside[:, 1] - away[:, 1] * aside[:, 0])
    across = away[:, 0] * aside[:, 0] + away[:, 1] * aside[:, 1]
    turn = np.abs((angle - boxes[other, 4] + np.pi / 2) % np.pi - np.pi / 2)
    return Beside(along, across, turn, aside)
