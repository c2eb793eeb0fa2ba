"""Axes of tracks that run side by side along a bend of any form, from what the railcar network says of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.pipeline.things.kernels import rail_fans
from changedet.pipeline.things.kernels.rail_strips import Strip, axis_of
from changedet.pipeline.things.kernels.siding_pictures import STEP_M
from changedet.pipeline.things.kernels.siding_tracks import (
    LENGTHWISE_M,
    Axis,
    car_share,
    form_of,
    profile_of,
    tracks_in,
)

ASKEW: Final = 0.02
"""Metres across for a metre along, from which on cars are askew: the network was taught on about a degree."""
ASKEW_OVER_M: Final = 30.0
"""Along the strip, over which that is measured."""
REACH_M: Final = 6.0
"""By how much tracks may stray from the form that fits the whole of them: the line laid along them is rough."""
AROUND_M: Final = 15.0
"""Along the tracks, over which a place's own stray is read: a car's length."""
COST: Final = 0.5
"""Lost for a stray that changes by a row from one step to the next, of the mean gain of a step: tracks are smooth."""
BROAD: Final = 9
"""Rows of what is broader than a car: 4.5 m."""
FAN_GAIN: Final = 1.12
"""Times the metres of cars on axes of one form that must lie on axes of their own form for tracks to be a fan."""
ROUNDS: Final = 4
"""Times that strays and profile are found from each other."""
SMOOTH_M: Final = 8.0
"""Standard deviation of the smoothing of strays along the tracks."""


def axes_of(odds: Sequence[Singles]) -> list[Axis]:
    """Find the axes of the tracks on which cars stand on any date.

    Parameters
    ----------
    odds : sequence of float32 (class and end, v, w)
        The network's answer of each date; NaN where the date shows nothing.

    Returns
    -------
    list of Axis
        From the left of the way of the picture: side by side, of one form, or each of its own where they part.
    """
    cars = np.max([np.nan_to_num(car_share(one)) for one in odds], axis=0)
    form = _form(cars)
    together, apart = tracks_in(cars, form), rail_fans.parting(cars)
    return apart if _along(cars, apart) > FAN_GAIN * _along(cars, together) else together


def straightened(strip: Strip, odds: Sequence[Singles]) -> Floats | None:
    """Lay a line along the cars that a strip shows askew.

    Parameters
    ----------
    strip : Strip
    odds : sequence of float32 (class and end, v, w)
        The network's answer of each date.

    Returns
    -------
    float64 (w, 2) or None
        As of `rail_strips.axis_of`; None where they run along the strip.
    """
    form = _form(np.max([np.nan_to_num(car_share(one)) for one in odds], axis=0)) * STEP_M
    far = round(ASKEW_OVER_M / LENGTHWISE_M)
    if np.abs(form[far:] - form[:-far]).max(initial=0.0) <= ASKEW * ASKEW_OVER_M:
        return None
    along = np.asarray((np.arange(len(form)) + 0.5) * LENGTHWISE_M, np.float64)
    return axis_of(strip.place(along, np.asarray(strip.left_m + form - form.mean(), np.float64)))


def _form(cars: Singles) -> Floats:
    form = form_of(cars)
    for _ in range(ROUNDS):
        form = form + _strays(cars, form)
    return form


def _along(cars: Singles, axes: Sequence[Axis]) -> float:
    """Metres of cars on the axes of tracks."""
    columns = np.arange(cars.shape[1])
    rows = [np.round(axis).astype(int) for axis in axes]
    inside = [(row >= 0) & (row < len(cars)) for row in rows]
    return float(sum(cars[row[on], columns[on]].sum() for row, on in zip(rows, inside, strict=True))) * LENGTHWISE_M


def _strays(cars: Singles, form: Floats) -> Floats:
    """Rows by which each step of the tracks strays from a form."""
    profile, margin = profile_of(cars, form)
    reach = round(REACH_M / STEP_M)
    padded = np.pad(cars, ((margin + reach, margin + reach), (0, 0))).astype(np.float64)
    columns = np.arange(cars.shape[1])[None]
    rows = np.arange(len(profile))[:, None] + np.round(form).astype(int)[None]
    # The profile without what is broader than a car, against the places that each step may have strayed to.
    sharp = np.maximum(profile - np.convolve(profile, np.full(BROAD, 1.0 / BROAD), mode="same"), 0.0)[:, None]
    last = len(padded) - 1
    width = max(1, round(AROUND_M / LENGTHWISE_M))
    gains = np.stack([(padded[(rows + k).clip(0, last), columns] * sharp).sum(axis=0) for k in range(2 * reach + 1)])
    gains = np.stack([np.convolve(one, np.full(width, 1.0 / width), mode="same") for one in gains])
    return _smoothed(_best_way(gains) - reach)


def _best_way(gains: Floats) -> Ints:
    """The row of each step on the way of most gain (n,), of gains (row, n)."""
    cost = COST * max(float(gains.max(axis=0).mean()), 1e-9)
    best = gains[:, 0].copy()
    came = np.zeros(gains.shape, np.int64)
    own = np.arange(len(gains))
    choices = np.full((3, len(gains)), -np.inf)
    for k in range(1, gains.shape[1]):
        choices[0, 1:], choices[1], choices[2, :-1] = best[:-1] - cost, best, best[1:] - cost
        move = choices.argmax(axis=0)
        came[:, k] = own + move - 1
        best = choices.max(axis=0) + gains[:, k]
    way = np.empty(gains.shape[1], np.int64)
    way[-1] = int(best.argmax())
    for k in range(gains.shape[1] - 1, 0, -1):
        way[k - 1] = came[way[k], k]
    return way


def _smoothed(way: Ints) -> Floats:
    deviation = SMOOTH_M / LENGTHWISE_M
    reach = round(3 * deviation)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    padded = np.pad(way.astype(np.float64), reach, mode="edge")
    return np.asarray(np.convolve(padded, weights / weights.sum(), mode="valid"), np.float64)
