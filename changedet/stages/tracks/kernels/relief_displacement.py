"""How far each date's view displaces the tops of stacks, and how high each place stands, from the boxes' positions.

An off-nadir view moves a roof in proportion to its height. What most boxes share of it is the date's shift; what is
left is a place's height above the usual one times the date's displacement per unit of height.
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
"""Least and greatest height above the usual one, in units of it: bare ground with an error, and a stack of five times
the usual height. Chosen by hand."""
PRIOR_PLACES: Final = 3.0
"""Places of a height one above the usual which the displacement taken first is worth. Chosen by hand."""
FARTHEST_M: Final = 2.5
"""Residuals beyond it are of wrong pairs and left out. Chosen by hand."""
ROUNDS: Final = 3
"""Of the alternation. Chosen by hand."""


def heights_and_displacements(
    residual: Floats, date: Ints, place: Ints, first: Floats, count: int
) -> tuple[Floats, Floats]:
    """Heights of places and displacements of dates, by alternating least squares.

    Parameters
    ----------
    residual : float64 (row, 2)
        Of the shifted boxes about their places' centres, in metres.
    date, place : int64 (row,)
        Date and place of each box.
    first : float64 (date, 2)
        How far each date is taken to displace the top of a box of one unit more, before the boxes are looked at.
    count : int
        Number of places.

    Returns
    -------
    height : float64 (place,)
        Above the usual one, in units of it: 1 is a stack of twice the height.
    displacement : float64 (date, 2)
        How far each date displaces the top of a box of one unit more, in metres.
    """
    displacement, height = first, np.zeros(count)
    near = (residual**2).sum(1) < FARTHEST_M**2
    residual, date, place = residual[near], date[near], place[near]
    rows = np.maximum(np.bincount(place, minlength=count), 1)[:, None]

    def _mean(values: Floats) -> Floats:
        return np.column_stack([np.bincount(place, c, count) for c in values.T]) / rows

    middle = _mean(residual)
    for _ in range(ROUNDS):
        usual = _mean(displacement[date])
        apart = displacement[date] - usual[place]
        along = np.bincount(place, (apart * (residual - middle[place])).sum(1), count)
        reach = np.bincount(place, (apart**2).sum(1), count)
        height = np.clip(along / (reach + (NOISE_M / HEIGHT_SD) ** 2), *HEIGHTS)
        own = residual - middle[place] + height[place, None] * usual[place]
        weight = np.bincount(date, height[place] ** 2, len(first))[:, None] + PRIOR_PLACES
        pulled = np.column_stack([np.bincount(date, height[place] * c, len(first)) for c in own.T])
        displacement = (pulled + PRIOR_PLACES * first) / weight
    return height, displacement
