"""Which ground about the boxes each date shows: on a lattice, for what may stand where no look ever saw."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.stages.tracks.result import Ground
from changedet.stages.tracks.visibility import SeriesVisibility

NEAR_M: Final = 15.0
"""Ground farther from all boxes is left out: one long box away."""
LEAST_STEP_M: Final = 4.0
"""Spacing of the lattice on small sites."""
MOST_POINTS: Final = 10_000
"""Of the lattice, about: the spacing grows with the site."""


def ground_of(xy: Floats, looks: SeriesVisibility, unit: float) -> Ground:
    """Ground about boxes, without what no date shows.

    Parameters
    ----------
    xy : float64 (n, 2)
        Centres of the boxes, in metres on the ground.
    looks : SeriesVisibility
        What each date shows of the ground.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    Ground
        Points of a lattice that some date shows.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not len(xy):
        return Ground.none(len(looks.dates))
    low, high = xy.min(0) - NEAR_M, xy.max(0) + NEAR_M
    step = max(LEAST_STEP_M, float(np.sqrt(np.prod(high - low) / MOST_POINTS)))
    east, north = (np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True))
    points = np.stack(np.meshgrid(east, north), -1).reshape(-1, 2)
    points = points[np.isfinite(cKDTree(xy).query(points, distance_upper_bound=NEAR_M)[0])]
    points *= unit
    shown = np.stack([~looks.covered(i, points) for i in range(len(looks.dates))], 1)
    ever = shown.any(1)
    return Ground(points[ever], shown[ever])
