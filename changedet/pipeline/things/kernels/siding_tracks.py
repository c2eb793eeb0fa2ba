"""Tracks of a siding and the cars on them, from what the railcar network says of each pixel."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.pipeline.things.kernels import car_chains
from changedet.pipeline.things.kernels.siding_pictures import STEP_M

CLASSES: Final = ("none", "flat", "with boxes", "box", "tank", "open", "locomotive")
"""Of the network, in order; a row of log odds follows them, that a car ends at the pixel."""
LENGTHWISE_M: Final = 2 * STEP_M
"""Step of the network's answer along the siding."""
STEEPEST: Final = 0.06
"""Metres across for a metre along, by which tracks may run askew in the rectangle around their siding."""
DEEPEST_M: Final = 12.0
"""By how much tracks may bend between their ends and their middle."""
APART_M: Final = 3.4
"""Least distance of two tracks' axes: 4.0 m and more on the line, a little less as pixels show it."""
LEAST_M: Final = 9.0
"""Metres of cars, on all dates together, that a track has: less than the shortest car."""
ACROSS: Final = (-1, 0, 1)
"""Rows around a track's axis whose answers are averaged: 1.5 m, the half of a car."""
ASIDE: Final = (0, -1, 1, -2, 2, -3, 3)
"""Rows by which a date may show the cars of a track beside its axis: 1.5 m, as they lean by their height. The nearest
first, so that ties leave them where they are."""
HIDDEN_ODDS: Final = 2.0
"""Log odds added to the network's between the first and the last car of a track: where a crane or its shade hides a car
it sees none, yet is less sure of it than on bare track. Chosen on painted sites, seeds 1701 to 1802."""
BEYOND_ODDS: Final = 0.0
"""Likewise beyond them, where the train may have ended."""
UNSURE: Final = 0.1
"""Probability of a car from which track on which none is read is not surely bare: twice that of bare track, half that
of track on which a crane hides a car (docs/research/railcars.md)."""
ENDS_STEPS: Final = 2
"""Steps at each end of a car that say little of its kind."""
SURE_ODDS: Final = 30.0
"""Log odds beyond which a probability is 0 or 1 in single precision."""
SURE: Final = 0.95
"""Probability that an interval holds."""


Axis: TypeAlias = Floats
"""Of a track, float64 (w,): its row in the turned picture for each step of the network's answer."""


class Car(NamedTuple):
    """A car as it was read.

    Attributes
    ----------
    first, last : int
        Steps along the siding where it begins and ends.
    kind : int
        Index into `CLASSES`.
    kind_share : float
        Probability of that kind, 0 to 1.
    confidence : float
        Mean probability that a car stands there, 0 to 1.
    """

    first: int
    last: int
    kind: int
    kind_share: float
    confidence: float


class TrackCars(NamedTuple):
    """The cars of a track on a date.

    Attributes
    ----------
    cars : list of Car
        From the west.
    counts : float64 (m,)
        Probability of 0, 1, 2, .. cars.
    aside : int
        Rows by which the date shows them beside the track's axis.
    """

    cars: list[Car]
    counts: Floats
    aside: int = 0


def tracks_of(odds: list[Singles]) -> list[Axis]:
    """Find the axes of the tracks on which cars stand on any date.

    Parameters
    ----------
    odds : list of float32 (class and end, v, w)
        The network's answer of each date; NaN where the date shows nothing.

    Returns
    -------
    list of Axis
        From the north (from the west where the siding runs north); parallel, as sidings' tracks are.
    """
    cars = np.max([np.nan_to_num(car_share(one)) for one in odds], axis=0)
    return tracks_in(cars, form_of(cars))


def form_of(cars: Singles) -> Floats:
    """Fit the form that all tracks share, a line or an even bend.

    Parameters
    ----------
    cars : float32 (v, w)
        Probability that the axis of a car lies there, on any date.

    Returns
    -------
    float64 (w,)
        Rows by which they lie aside at each step.
    """
    wide = cars.shape[1]
    along = np.linspace(-1.0, 1.0, wide)
    slope, bend = 0.0, 0.0
    reach = STEEPEST * wide * LENGTHWISE_M / STEP_M / 2
    for _ in range(2):
        slopes = np.arange(-reach, reach + 1)
        slope = float(slopes[np.argmax([_sharpness(cars, k * along + bend * along**2) for k in slopes])])
        bends = np.arange(-DEEPEST_M / STEP_M, DEEPEST_M / STEP_M + 1)
        bend = float(bends[np.argmax([_sharpness(cars, slope * along + k * along**2) for k in bends])])
    return np.asarray(slope * along + bend * along**2, np.float64)


def tracks_in(cars: Singles, form: Floats) -> list[Axis]:
    """Find the tracks of a form on which cars stand.

    Parameters
    ----------
    cars : float32 (v, w)
        Probability that the axis of a car lies there, on any date.
    form : float64 (w,)
        Rows by which they lie aside at each step.

    Returns
    -------
    list of Axis
        The first row first.
    """
    profile, margin = profile_of(cars, form)
    found: list[int] = []
    for row in np.argsort(-profile, kind="stable"):
        if profile[row] * LENGTHWISE_M < LEAST_M:
            break
        if all(abs(row - other) * STEP_M >= APART_M for other in found):
            found.append(int(row))
    return [row - margin + form for row in sorted(found)]


def profile_of(cars: Singles, form: Floats) -> tuple[Floats, int]:
    """Sum up cars along all lines of a form.

    Parameters
    ----------
    cars : float32 (v, w)
        Probability that the axis of a car lies there.
    form : float64 (w,)
        Rows by which the lines lie aside at each step.

    Returns
    -------
    float64 (v + 2 margin,)
        Steps with a car on each line.
    int
        Row of the profile of the line that begins at the picture's first row.
    """
    margin = int(np.ceil(np.abs(form).max()))
    return _profile(cars, form, margin), margin


def car_share(odds: Singles) -> Singles:
    """Probability that the axis of a car lies at each pixel.

    Parameters
    ----------
    odds : float32 (class and end, v, w)

    Returns
    -------
    float32 (v, w)
        0 to 1, NaN where nothing is shown.
    """
    return np.asarray(_share(_car_odds(odds[: len(CLASSES)]).astype(np.float64)), np.float32)


def _share(odds: Floats) -> Floats:
    bounded = np.clip(odds, -SURE_ODDS, SURE_ODDS)
    return np.asarray(1.0 / (1.0 + np.exp(-1.0 * bounded)), np.float64)


def _car_odds(classes: Singles) -> Singles:
    """Log odds of any kind of car against none."""
    most = classes[1:].max(axis=0)
    return np.asarray(most + np.log(np.exp(classes[1:] - most).sum(axis=0)) - classes[0], np.float32)


def _profile(cars: Singles, offsets: Floats, margin: int) -> Floats:
    """Sums along lines of one form, one a row."""
    padded = np.pad(cars, ((margin, margin), (0, 0)))
    rows = np.arange(len(padded))[:, None] + np.round(offsets).astype(int)[None]
    inside = (rows >= 0) & (rows < len(padded))
    taken = np.where(inside, padded[rows.clip(0, len(padded) - 1), np.arange(cars.shape[1])[None]], 0.0)
    sums = taken.sum(axis=1)
    return np.asarray(np.convolve(sums, np.full(len(ACROSS), 1.0 / len(ACROSS)), mode="same"), np.float64)


def _sharpness(cars: Singles, offsets: Floats) -> float:
    return float((_profile(cars, offsets, int(np.ceil(np.abs(offsets).max()))) ** 2).sum())


def cars_on(odds: Singles, axis: Axis) -> TrackCars | None:
    """Read the cars of a track on a date.

    Parameters
    ----------
    odds : float32 (class and end, v, w)
        NaN where the date shows nothing.
    axis : Axis

    Returns
    -------
    TrackCars or None
        None where the date shows nothing of the track.
    """
    aside = _aside(odds, axis)
    strip = _strip(odds, axis + aside)
    seen = np.asarray(np.isfinite(strip).all(axis=0))
    if not seen.any():
        return None
    first, last = int(np.argmax(seen)), len(seen) - int(np.argmax(seen[::-1]))
    strip, seen = strip[:, first:last], seen[first:last]
    classes = np.where(seen, strip[: len(CLASSES)], 0.0).astype(np.float32)
    car = np.where(seen, _car_odds(classes), 0.0).astype(np.float64)
    end = np.where(seen, strip[len(CLASSES)], 0.0).astype(np.float64)
    found = car_chains.chain(car, end)
    if len(found.cars):
        found = car_chains.chain(np.where(seen, car + _hidden_odds(len(car), found.cars), 0.0), end)
    share = _share(car)
    cars = [Car(i + first, j + first, *_kind(classes[:, i:j]), float(share[i:j].mean())) for i, j in found.cars]
    bare = seen.copy()
    for i, j in found.cars:
        bare[i:j] = False
    unsure_m = int((bare & (share >= UNSURE)).sum() * LENGTHWISE_M)
    return TrackCars(cars, car_chains.with_unread(car_chains.with_missed(found.counts), unsure_m), aside)


def _hidden_odds(length: int, cars: Ints) -> Floats:
    """What is added to the log odds of each metre, for cars that are hidden."""
    added = np.full(length, BEYOND_ODDS)
    added[cars[0, 0] : cars[-1, 1]] = HIDDEN_ODDS
    return added


def _aside(odds: Singles, axis: Axis) -> int:
    """By how many rows a date shows the cars beside the axis: where most of the track bears one."""
    shares = [car_share(_strip(odds, axis + k)) for k in ASIDE]
    sums = [float(np.nan_to_num(share).sum()) for share in shares]
    return ASIDE[int(np.argmax(sums))]


def _strip(odds: Singles, axis: Axis) -> Singles:
    """The answers along a track, averaged across the middle of a car."""
    rows = np.round(axis).astype(int)
    at = np.arange(odds.shape[2])
    parts = []
    for k in ACROSS:
        row = rows + k
        inside = (row >= 0) & (row < odds.shape[1])
        parts.append(np.where(inside, odds[:, row.clip(0, odds.shape[1] - 1), at], np.nan))
    return np.asarray(np.mean(parts, axis=0), np.float32)


def _kind(classes: Singles) -> tuple[int, float]:
    """The likeliest kind of a car and its probability, from the mean answer along its inner part."""
    inner = classes[:, ENDS_STEPS:-ENDS_STEPS] if classes.shape[1] > 2 * ENDS_STEPS else classes
    mean = inner[1:].astype(np.float64).mean(axis=1)
    shares = np.exp(mean - mean.max())
    best = int(np.argmax(shares))
    return best + 1, float(shares[best] / shares.sum())
