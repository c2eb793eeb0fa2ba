"""Arrivals and departures of a date with their intervals."""

from __future__ import annotations

import numpy as np

from changedet.kernels.doubts import Signs, widened
from changedet.kernels.intervals import Calibration
from changedet.stages.series.counts import EventCount
from changedet.stages.series.estimates import Estimate


def missed_events(expected: float, standing: float, most: float) -> float:
    """Boxes beyond those that were detected that may have come, or left, likewise.

    Those that are missed come and go as often as those that are detected do, and no more of them than there are.

    Parameters
    ----------
    expected : float
        Arrivals, or departures, that are expected.
    standing, most : float
        Boxes that are expected to stand on the look after the arrivals, or before the departures, and the upper bound
        of their number.

    Returns
    -------
    float
        0 where neither any is expected to have come, or left, nor more may stand there.
    """
    share = min(1.0, expected / standing) if standing > 0.0 else float(expected > 0.0)
    return share * max(0.0, most - standing)


def event_estimate(
    count: EventCount,
    calibration: Calibration,
    halves: tuple[float, float],
    signs: Signs,
    far: float,
    stood: tuple[float, float],
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
    stood : (float, float)
        Boxes that are expected to stand on the look after the arrivals, or before the departures, and at most.
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
    missed = missed_events(expected, *stood)
    return Estimate(expected, low, most + float(np.linalg.norm((above, count.unseen, missed))))
