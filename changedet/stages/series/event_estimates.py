"""Arrivals and departures of a date with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from changedet.kernels.doubts import Signs, widened
from changedet.kernels.intervals import Calibration
from changedet.stages.series.counts import EventCount, TrackedBoxes
from changedet.stages.series.estimates import Estimate


class Standing(NamedTuple):
    """Boxes that stand on a look.

    Attributes
    ----------
    look : int
        Its index among those that are counted.
    boxes : Estimate
        Their number.
    hidden : float
        Those of them that are expected where the look shows no ground.
    """

    look: int
    boxes: Estimate
    hidden: float


def standing_on(row: Mapping[str, object], counted: TrackedBoxes, t: int, calibration: Calibration) -> Standing:
    """Boxes that stand on a look, by its row of the time series.

    Parameters
    ----------
    row : mapping
        Of the site or a zone, with the columns of its containers; without them none are taken to stand there.
    counted : TrackedBoxes
        Of the same area.
    t : int
        Index of the look among those that are counted.
    calibration : Calibration
        Of the tracks.

    Returns
    -------
    Standing
        With what of it the look hides.
    """
    boxes = (float(str(row.get(f"containers_{name}", 0.0))) for name in ("expected", "low", "high"))
    return Standing(t, Estimate(*boxes), calibration.scale * counted.hidden(t, np.ones(len(counted.weight))))


def within_counts(events: Estimate, here: Standing, there: Standing) -> Estimate:
    """The interval of events as far as the counts of both looks leave it.

    No fewer came than what more stands there, no fewer left than what less does, and no more of either than stand on
    the look that shows them. What a look hides comes, or has left, on a later one.

    Parameters
    ----------
    events : Estimate
        Arrivals or departures between two looks.
    here, there : Standing
        Of the look after the arrivals and of that before, of departures the other way round.

    Returns
    -------
    Estimate
        As it was where the looks are not neighbours: a look between them tells events of its own.
    """
    if abs(here.look - there.look) != 1:
        return events
    least = here.boxes.low - there.boxes.high - max(here.hidden, there.hidden)
    most = here.boxes.high + here.hidden
    low = max(events.low, min(least, events.value))
    return Estimate(events.value, low, min(events.high, max(most, events.value)))


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
    stood: tuple[Standing, Standing],
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
    stood : (Standing, Standing)
        On the look after the arrivals, or before the departures, and on the other one.
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
    missed = missed_events(expected, stood[0].boxes.value, stood[0].boxes.high)
    high = most + float(np.linalg.norm((above, count.unseen, missed)))
    return within_counts(Estimate(expected, low, high), *stood)
