"""Bare ground that was left behind: ground with the same history has turned green, and it has not.

Fields around are sown and turn green in the same weeks, those with the same crop and the rest of one field most of all.
So of what lay bare around a pixel the share that is green now, each place counted by how much it was like the pixel so
far, is how likely ground that still is a field would be green, too; what stays bare was built on, or stripped, as far
as it would have been. It is what `season_colours.growth_hazard` takes from all bare ground of a site, by how long it
has been bare, asked of what lies around, and of this look.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.compact_marks import opened
from changedet.stages.change.kernels.season_colours import GREEN, MOST_FOR, MOST_HAZARD, STATES
from changedet.stages.change.kernels.season_light import LEAST_SPREAD

REACH_M: Final = 360.0
"""How far other ground is looked for: three or four fields, and one light."""
PLACES: Final = 200
"""Of other ground that each pixel is compared with."""
TURN: Final = np.pi * (3.0 - np.sqrt(5.0))
"""Between such places, radians: the golden angle, by which they spread evenly over a disc."""
LEAST_ALIKE: Final = 2.0
"""Places, by how much they are like a pixel, from which on their share says something."""
MOST_APART: Final = 9.0
"""Square of a look's distance, in spreads of `season_light.LEAST_SPREAD`, at most, so that a place counts a ninetieth
at least: one look under haze decides nothing, and any field around tells of the time of the year."""
STRIP_PX: Final = 128
"""Rows of a tile whose looks are brought together at once: they are held beside the tile itself."""
COMPACT_PX: Final = 2
"""Scenes' pixels, each way, over which ground is left behind: single ones are where a crop failed."""


def places_around(ground_m: float) -> Ints:
    """Where other ground is looked for.

    Parameters
    ----------
    ground_m : float
        Ground size of a pixel.

    Returns
    -------
    int64 (n, 2)
        Steps down and to the right, pixels.
    """
    number = np.arange(1, PLACES + 1)
    reach, angle = REACH_M / ground_m * np.sqrt(number / PLACES), number * TURN
    steps = np.rint(np.stack([reach * np.sin(angle), reach * np.cos(angle)], axis=1)).astype(np.int64)
    steps = np.unique(steps, axis=0)
    return np.asarray(steps[(steps != 0).any(axis=1)], np.int64)


def left_halo_px(ground_m: float, reach_px: int) -> int:
    """How far around a pixel others decide.

    Parameters
    ----------
    ground_m : float
        Ground size of a pixel.
    reach_px : int
        Pixels of the grid in one of the scenes.

    Returns
    -------
    int
        Pixels.
    """
    return int(np.ceil(REACH_M / ground_m)) + COMPACT_PX * reach_px


def left_behind(states: Singles, ground_m: float, reach_px: int) -> Singles:
    """Log odds that ground which stayed bare was built on, by ground with the same history that turned green.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        As of `season_colours.ground_state`, in one light, with `left_halo_px` more on each side.
    ground_m : float
        Ground size of a pixel.
    reach_px : int
        Pixels of the grid in one of the scenes.

    Returns
    -------
    float32 (1 + date, y, x)
        Of the look and all before it since the ground was last green; 0 and more.
    """
    halo, side = left_halo_px(ground_m, reach_px), COMPACT_PX * reach_px
    spare = halo - side
    rows, columns = (size - 2 * spare for size in states.shape[2:])
    found = np.empty((len(states), rows, columns), np.float32)
    places, scale = places_around(ground_m), (1.0 / np.array(LEAST_SPREAD)).astype(np.float32)
    for top in range(0, rows, STRIP_PX):
        own = np.zeros((len(states), min(STRIP_PX, rows - top), columns), np.float32)
        # All that a place shows lies together, as it is read some hundred times.
        around = states[:, :, top : top + own.shape[1] + 2 * spare].transpose(2, 3, 0, 1)
        _leave_behind(np.ascontiguousarray(around), places, scale, spare, own)
        found[:, top : top + STRIP_PX] = own
    return np.stack([opened(one, side)[side:-side, side:-side] for one in found])


@compiled
def _leave_behind(states: Singles, places: Ints, scale: Singles, spare: int, found: Singles) -> None:
    """Sums of a tile (y, x, 1 + date, 3) that reaches `spare` beyond what is found (1 + date, y, x)."""
    dates = states.shape[2]
    alike, grown = np.empty(dates), np.empty(dates)
    for y in range(found.shape[1]):
        for x in range(found.shape[2]):
            if not _rests(states[y + spare, x + spare, :, 0]):
                continue
            alike[:] = 0.0
            grown[:] = 0.0
            for place in range(len(places)):
                other = states[y + spare + places[place, 0], x + spare + places[place, 1]]
                _compare(states[y + spare, x + spare], other, scale, alike, grown)
            _gather(states[y + spare, x + spare, :, 0], alike, grown, found[:, y, x])


@compiled
def _rests(ndvi: Singles) -> bool:
    """Whether two looks in a row show a pixel bare."""
    was_bare = False
    for own in ndvi:
        if np.isnan(own):
            continue
        is_bare = own < GREEN
        if was_bare and is_bare:
            return True
        was_bare = is_bare
    return False


@compiled
def _compare(own: Singles, other: Singles, scale: Singles, alike: Floats, grown: Floats) -> None:
    """Add to each date by how much another place (1 + date, 3), bare until then, was like this one, and if it grew."""
    apart, looks = 0.0, 0
    is_bare, other_bare = False, False
    for k in range(len(own)):
        here, there = own[k, 0], other[k, 0]
        if is_bare and other_bare and looks > 0 and here < GREEN and not np.isnan(there):
            weight = np.exp(-0.5 * apart / looks)
            alike[k] += weight
            if there >= GREEN:
                grown[k] += weight
        if not np.isnan(here):
            is_bare = here < GREEN
        if not np.isnan(there):
            other_bare = there < GREEN
        if np.isnan(here) or np.isnan(there):
            continue
        square = 0.0
        for figure in range(STATES):
            step = (own[k, figure] - other[k, figure]) * scale[figure]
            square += step * step
        apart += min(square, MOST_APART)
        looks += 1


@compiled
def _gather(ndvi: Singles, alike: Floats, grown: Floats, found: Singles) -> None:
    """Sum up over the looks since a pixel was last green."""
    told = 0.0
    was_bare = False
    for k in range(len(ndvi)):
        if not np.isnan(ndvi[k]):
            is_bare = ndvi[k] < GREEN
            if is_bare and was_bare and alike[k] > LEAST_ALIKE:
                told = min(told - np.log(1.0 - min(grown[k] / alike[k], MOST_HAZARD)), MOST_FOR)
            if not is_bare:
                told = 0.0
            was_bare = is_bare
        found[k] = told
