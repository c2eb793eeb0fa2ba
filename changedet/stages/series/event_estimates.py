"""Arrivals and departures of a date with their intervals."""

from __future__ import annotations

import numpy as np

from changedet.kernels.doubts import Signs, widened
from changedet.kernels.intervals import Calibration
from changedet.stages.series.counts import EventCount
from changedet.stages.series.estimates import Estimate


def most_missed(expected: float, most: float) -> float:
    """Boxes that may stand there beyond the expected ones, for each of these.

    Parameters
    ----------
    expected, most : float
        Of a date's count, and its upper bound.

    Returns
    -------
    float
        0 where none is expected.
    """
    return (most - expected) / expected if expected > 0 else 0.0


def event_estimate(
    count: EventCount,
    calibration: Calibration,
    halves: tuple[float, float],
    signs: Signs,
    far: float,
    missed: float,
    *,
    unsure: bool,
) -> Estimate:
    """Arrivals, or departures, with their interval.

    Boxes that are missed come and go as those that are detected do: as many more may have as more may stand there, an
    independent error of the upper bound (docs/research/tracks.md, "Events of boxes that are missed").

    Parameters
    ----------
    count : EventCount
        Of the date.
    calibration : Calibration
        Of the tracks.
    halves : (float, float)
        Half widths below and above, of `calibration`.
    signs : Signs
        What the date's own rows show.
    far : float
        How far the look lies from what was learned.
    missed : float
        As of `most_missed`.
    unsure : bool
        Whether all boxes of the site may be something else.

    Returns
    -------
    Estimate
        Boxes.
    """
    expected = calibration.scale * count.expected
    least, most = min(float(count.found), expected), max(float(count.found + count.doubted), expected)
    own = signs._replace(expected=most)
    below, above = (
        widened(half * count.spread, own, weights, far)
        for half, weights in zip(halves, calibration.doubts.events, strict=True)
    )
    low = 0.0 if unsure else max(0.0, least - calibration.scale * count.homely - below)
    return Estimate(expected, low, most + float(np.linalg.norm((above, count.unseen, missed * expected))))
