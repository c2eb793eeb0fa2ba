"""What light does to ground that never bears plants, in coarse pixels: by how much looks differ, and how widely."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.stages.change.kernels.season_colours import GREEN, STATES, WET

STEP: Final = 0.02
"""Of a difference, NDVI or e-folds, in a bin."""
BINS: Final = 201
"""From -2 to 2."""
LEAST_PIXELS: Final = 60
"""With fewer such pixels light is taken to be the same on all looks."""
LEAST_SPREAD: Final = (0.03, 0.06, 0.1)
"""Of NDVI, of red against blue, of brightness: what noise, shade and half a pixel aside do to ground that stays."""
MAD_TO_SIGMA: Final = 1.4826
"""Of a normal distribution, its standard deviation over its median distance."""
DIFFERS: Final = 6.0
"""Length of a difference in such spreads from which on ground that never bore plants is another."""


class Light(NamedTuple):
    """Of each date, against the reference.

    Attributes
    ----------
    shift : float64 (date, 3)
        By how much the middle of bare ground differs: NDVI (0), red against blue, brightness.
    spread : float64 (date, 3)
        How widely, a standard deviation.
    """

    shift: Floats
    spread: Floats


def never_green(states: Singles) -> Bools:
    """Where no look shows plants.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        As of `season_colours.ground_state`.

    Returns
    -------
    bool (y, x)
        False where no look shows anything.
    """
    with np.errstate(invalid="ignore"):
        green = (states[:, 0] >= GREEN).any(axis=0)
    return np.asarray(~green & np.isfinite(states[:, 0]).any(axis=0), np.bool_)


def count_differences(states: Singles, where: Bools) -> Ints:
    """Count how each date differs from the reference on some ground.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
    where : bool (y, x)
        As of `never_green`.

    Returns
    -------
    int64 (date, 3, bin)
        Pixels.
    """
    counts = np.zeros((len(states) - 1, STATES, BINS), np.int64)
    for k, state in enumerate(states[1:]):
        apart = (state - states[0])[:, where]
        apart = apart[:, np.isfinite(apart).all(axis=0)]
        at = np.clip(np.rint(apart / STEP) + BINS // 2, 0, BINS - 1).astype(np.int64)
        for figure in range(STATES):
            counts[k, figure] = np.bincount(at[figure], minlength=BINS)
    return counts


def light_of(counts: Ints) -> Light:
    """Each date's light.

    Parameters
    ----------
    counts : int64 (date, 3, bin)
        Of `count_differences`, of the whole site.

    Returns
    -------
    Light
        No shift and the least spread where too little is seen.
    """
    values: Floats = np.asarray((np.arange(BINS) - BINS // 2) * STEP, np.float64)
    shift = np.zeros(counts.shape[:2])
    spread = np.broadcast_to(np.array(LEAST_SPREAD), counts.shape[:2]).copy()
    for date, figures in enumerate(counts):
        for figure, own in enumerate(figures):
            if own.sum() < LEAST_PIXELS:
                continue
            middle = _median(values, own)
            away: Floats = np.asarray(np.abs(values - middle), np.float64)
            order = np.argsort(away, kind="stable")
            spread[date, figure] = max(spread[date, figure], MAD_TO_SIGMA * _median(away[order], own[order]))
            shift[date, figure] = middle if figure else 0.0
    return Light(shift, spread)


class Lights(NamedTuple):
    """Of land and of water: glitter and haze change a water's colours as no yard's.

    Attributes
    ----------
    land, water : Light
    """

    land: Light
    water: Light


def lights_of(counts: Ints, dry: Ints) -> Lights:
    """Each date's light on land and on water.

    Parameters
    ----------
    counts : int64 (date, 3, bin)
        Of `count_differences`, of all ground without plants, waters among it.
    dry : int64 (date, 3, bin)
        The same of what of it is dry.

    Returns
    -------
    Lights
        Where a look shows too little of either, it has the light of both.
    """
    both, own = light_of(counts), []
    for part in (dry, counts - dry):
        known, light = part.sum(axis=-1) >= LEAST_PIXELS, light_of(part)
        own.append(Light(*(np.where(known, one, rest) for one, rest in zip(light, both, strict=True))))
    return Lights(*own)


def put_in_one_light(states: Singles, lights: Lights) -> Singles:
    """States as in the reference's light.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        Changed in place: of many dates a second copy is what a tile has no memory for.
    lights : Lights

    Returns
    -------
    float32 (1 + date, 3, y, x)
        The same array, the shifts taken off, of what is water on a look those of water.
    """
    for state, land, water in zip(states[1:], lights.land.shift, lights.water.shift, strict=True):
        state -= _by_ground(state, land, water)
    return states


def bare_odds(states: Singles, lights: Lights, gain: float, reach_px: int) -> Singles:
    """Log odds that ground which never bore plants is another than on the reference.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        In one light.
    lights : Lights
    gain : float
        Log odds for each factor e above or below `DIFFERS`.
    reach_px : int
        Pixels of the grid in one of the scenes: looks lie aside by half of one, and halls lean.

    Returns
    -------
    float32 (date, y, x)
        By what no shift of so many explains; NaN where either is not seen. Of the outermost pixels not all is compared.
    """
    first, others = states[0], states[1:]
    low, high = _range(first, reach_px)
    found = np.empty((len(others), *first.shape[1:]), np.float32)
    for own, state, land, water in zip(found, others, lights.land.spread, lights.water.spread, strict=True):
        apart = np.minimum(_beyond(state, low, high), _beyond(first, *_range(state, reach_px)))
        apart[~np.isfinite(state - first)] = np.nan
        length = np.sqrt(((apart / _by_ground(state, land, water)) ** 2).sum(axis=0))
        own[:] = gain * np.log(np.maximum(length, STEP) / DIFFERS)
    return found


def _by_ground(state: Singles, land: Floats, water: Floats) -> Singles:
    """A figure (3,) of land or of water for each pixel (3, y, x) of a look."""
    with np.errstate(invalid="ignore"):
        is_water = state[0] < WET
    return np.where(is_water, *(one.astype(np.float32)[:, None, None] for one in (water, land)))


def _range(state: Singles, reach_px: int) -> tuple[Singles, Singles]:
    """Least and greatest (3, y, x) of what is seen around each pixel."""
    square = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    low = [cv2.erode(np.nan_to_num(figure, nan=np.inf), square) for figure in state]
    high = [cv2.dilate(np.nan_to_num(figure, nan=-np.inf), square) for figure in state]
    return np.stack(low), np.stack(high)


def _beyond(state: Singles, low: Singles, high: Singles) -> Singles:
    """By how much a state lies beyond a range."""
    return np.asarray(np.maximum(np.maximum(state - high, low - state), 0.0), np.float32)


def _median(values: Floats, counts: Ints) -> float:
    """The middle of values (n,) in their order, each as often as counted."""
    return float(values[np.searchsorted(np.cumsum(counts), counts.sum() / 2)])
