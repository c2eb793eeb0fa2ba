"""Where boxes stand on the ground, from their roofs in the pictures and the angles of the views.

An off-nadir view shows a roof displaced by its height times the tangent of the off-nadir angle, the way the sensor
looks. How high a roof is, is told by the roofs of all dates (`stack_levels`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.stack_levels import LEVELS, Roofs, level_posterior

NEAR_M: Final = 1.0
"""Bases that lie closer are taken for one: a box is found that lies within half of its width. Chosen as the numbers of
`stack_levels`."""
HEIGHTS: Final = HEIGHT_M * np.arange(0.5, 6.25, 0.25)
"""About which levels are averaged, in metres."""
LEAST_VIEW: Final = 0.05
"""Displacement for a metre of height from which levels matter: three degrees off nadir."""


class BasePositions(NamedTuple):
    """Bases of boxes.

    Attributes
    ----------
    xy : float64 (row, 2)
        Centres on the ground, in metres.
    height_m : float64 (row,)
        Of the roofs above the ground, as assumed; 0 where the view is not known.
    """

    xy: Floats
    height_m: Floats


def base_positions(roofs: Roofs) -> BasePositions:
    """Centres of boxes on the ground.

    Parameters
    ----------
    roofs : Roofs
        Of all dates.

    Returns
    -------
    BasePositions
        A row whose view is not known stays where it is.
    """
    known = np.flatnonzero(np.isfinite(roofs.view).all(1))
    base, height = roofs.xy.copy(), np.zeros(len(roofs.xy))
    if not len(known):
        return BasePositions(base, height)
    own = roofs.take(known)
    height[known] = _heights(level_posterior(own).shares, np.hypot(*own.view.T))
    base[known] -= height[known, None] * own.view
    return BasePositions(base, height)


def _heights(shares: Floats, lean: Floats) -> Floats:
    """Height (row,), in metres, about which most of the bases lie that the levels give.

    Where the lean is small that is near the mean of all levels, and where it is great one of the likeliest.
    """
    levels, lean = HEIGHT_M * LEVELS, np.maximum(lean, LEAST_VIEW)
    best = np.empty(len(lean))
    for view in np.unique(lean):
        here = lean == view
        near = np.exp(-0.5 * ((HEIGHTS[:, None] - levels) * view / NEAR_M) ** 2)
        best[here] = HEIGHTS[(shares[here] @ near.T).argmax(1)]
    weight = shares * np.exp(-0.5 * ((best[:, None] - levels) * lean[:, None] / NEAR_M) ** 2)
    return np.asarray((weight * levels).sum(1) / weight.sum(1), np.float64)
