"""How probable a box below the count threshold is, from its own look and from the series around it.

A look that is dark, hazy or snowed shows a box faintly that other looks show well; a dark gap between boxes looks like
a faint box on every look. The series' presence alone does not tell them apart: weak rows are what it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints

REACH_M: Final = 8.0
"""How far around a row counted ones are its neighbours: some two rows of boxes away. Chosen by hand."""
MANY: Final = 8.0
"""Neighbours that a box within a block has about: the unit of their number."""
DARK: Final = 50.0
"""Unit of brightness, of 255: what shade takes from a painted roof, about."""
MOST_SURE: Final = 0.999
"""Probabilities are held this far from 1, and from 0, in log odds."""
FEATURES: Final = ("one", "confidence", "presence", "counted_share", "darker", "neighbours")
"""Of `features`, in the order of `WEIGHTS`."""
WEIGHTS: Final[Mapping[str, Sequence[float]]] = {"learned": (-0.562, 1.381, 0.848, 1.340, -0.028, 0.653)}
"""Of a logistic regression, by detector; written by training/fit_confirmation.py, do not edit them."""


@dataclass(frozen=True)
class SeriesRows:
    """Rows of a series, as far as tracks own them or they count.

    Attributes
    ----------
    date : int64 (row,)
        Index of its date.
    xy : float64 (row, 2)
        Centres, in metres.
    confidence : float64 (row,)
        0 to 1.
    counted : bool (row,)
        False below the count threshold.
    rgb : float64 (row, 3)
        0 to 255; NaN for unknown.
    track : int64 (row,)
        Index of its track; -1 for none.
    presence : float64 (row,)
        Posterior probability that the track's box stood there on the date.
    """

    date: Ints
    xy: Floats
    confidence: Floats
    counted: Bools
    rgb: Floats
    track: Ints
    presence: Floats


def features(rows: SeriesRows, chosen: Ints) -> Floats:
    """What tells of some rows whether a box is there.

    Parameters
    ----------
    rows : SeriesRows
    chosen : int64 (n,)
        Rows that tracks own.

    Returns
    -------
    float64 (n, len(FEATURES))
        1; log odds of the confidence; half the log odds of the presence; the share of counted ones among the rows of
        its track; how much darker it is than the median of the counted rows around, 0 and less; the number of these.
    """
    tracks = int(rows.track.max(initial=-1)) + 1
    owned = rows.track >= 0
    all_of, counted_of = (np.bincount(rows.track[own], minlength=tracks) for own in (owned, owned & rows.counted))
    share = counted_of[rows.track[chosen]] / np.maximum(all_of[rows.track[chosen]], 1)
    darker, near = _surroundings(rows, chosen)
    columns = [np.ones(len(chosen)), _log_odds(rows.confidence[chosen]), _log_odds(rows.presence[chosen]) / 2.0]
    return np.column_stack([*columns, share, darker / DARK, near / MANY])


def probabilities(rows: SeriesRows, chosen: Ints, weights: Sequence[float]) -> Floats:
    """Probability that a box is where a row is.

    Parameters
    ----------
    rows, chosen
        As for `features`.
    weights : sequence of float
        Of `FEATURES`.

    Returns
    -------
    float64 (n,)
        0 to 1.
    """
    # Imported here for a quick start.
    from scipy.special import expit

    return np.asarray(expit(features(rows, chosen) @ np.asarray(weights, np.float64)))


def _surroundings(rows: SeriesRows, chosen: Ints) -> tuple[Floats, Floats]:
    """How much darker rows are than the counted ones around them, and how many these are."""
    # Imported here for a quick start.
    from scipy.spatial import cKDTree

    bright = rows.rgb.mean(axis=1)
    darker, near = np.zeros(len(chosen)), np.zeros(len(chosen))
    for t in np.unique(rows.date[chosen]):
        about, mine = np.flatnonzero((rows.date == t) & rows.counted), np.flatnonzero(rows.date[chosen] == t)
        if not about.size:
            continue
        found = cKDTree(rows.xy[about]).query_ball_point(rows.xy[chosen[mine]], REACH_M, return_sorted=True)
        for k, beside in zip(mine, found, strict=True):
            others = bright[about[np.asarray(beside, np.int64)]]
            near[k] = len(others)
            known = others[np.isfinite(others)]
            if known.size and np.isfinite(bright[chosen[k]]):
                darker[k] = min(0.0, float(bright[chosen[k]] - np.median(known)))
    return darker, near


def _log_odds(probability: Floats) -> Floats:
    # Imported here for a quick start.
    from scipy.special import logit

    return np.asarray(logit(np.clip(probability, 1.0 - MOST_SURE, MOST_SURE)))
