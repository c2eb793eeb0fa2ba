"""How far each date's view leans the tops of stacks, and how high each place stands, from the boxes' own positions.

A date's look from the side moves a roof in proportion to its height. What most boxes share of it is the date's shift;
what is left is a place's height above the usual one times the date's lean.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints

NOISE_M: Final = 0.15
"""Of a detected box's centre: three quarters of them lie closer to the true one on simulated sites at 0.5 m."""
HEIGHT_SD: Final = 1.0
"""Of the places' heights about the usual one, in units of it."""
HEIGHTS: Final = (-1.2, 4.0)
PRIOR_PLACES: Final = 3.0
"""Places of a height one above the usual which the shift's own account of the lean is worth."""
FARTHEST_M: Final = 2.5
ROUNDS: Final = 3


def heights_and_displacements(
    residual: Floats, date: Ints, place: Ints, shift: Floats, count: int
) -> tuple[Floats, Floats]:
    """Heights of places and leans of dates, by alternating least squares.

    Parameters
    ----------
    residual : float64 (row, 2)
        Of the shifted boxes about their places' centres, in metres.
    date, place : int64 (row,)
    shift : float64 (date, 2)
        What was added to each date's boxes: how far it leans boxes of the usual height, with its sign turned.
    count : int
        Number of places.

    Returns
    -------
    height : float64 (place,)
        Above the usual one, in units of it: 1 is a stack of twice the height.
    lean : float64 (date, 2)
        How far each date moves the top of a box of one unit more, in metres.
    """
    first = np.median(shift, axis=0) - shift
    lean, height = first, np.zeros(count)
    near = (residual**2).sum(1) < FARTHEST_M**2
    residual, date, place = residual[near], date[near], place[near]
    rows = np.maximum(np.bincount(place, minlength=count), 1)[:, None]

    def mean(values: Floats) -> Floats:
        return np.column_stack([np.bincount(place, c, count) for c in values.T]) / rows

    middle = mean(residual)
    for _ in range(ROUNDS):
        usual = mean(lean[date])
        apart = lean[date] - usual[place]
        along = np.bincount(place, (apart * (residual - middle[place])).sum(1), count)
        reach = np.bincount(place, (apart**2).sum(1), count)
        height = np.clip(along / (reach + (NOISE_M / HEIGHT_SD) ** 2), *HEIGHTS)
        own = residual - middle[place] + height[place, None] * usual[place]
        weight = np.bincount(date, height[place] ** 2, len(shift))[:, None] + PRIOR_PLACES
        pulled = np.column_stack([np.bincount(date, height[place] * c, len(shift)) for c in own.T])
        lean = (pulled + PRIOR_PLACES * first) / weight
    return height, lean
