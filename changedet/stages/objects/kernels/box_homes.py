"""Whether a box lies among houses and their gardens, where porches, sheds and halves of roofs look like containers.

By itself a shed of 6 by 2.4 metres is a container; houses beside it, lawn and hedges tell what it may be. The maps of
the network of halls within some metres know such places from yards, sidings and fields, also where it sees no hall. A
logistic regression on them was fitted by training/fit_homes.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.hall_pictures import STEP_M
from changedet.stages.objects.kernels.box_looks import DOUBTFUL, Weights, looked_at
from changedet.stages.objects.kernels.box_places import between

RINGS_M: Final = ((0.0, 7.0), (7.0, 13.0))
"""How far from a box's middle its surroundings are looked at: what stands beside it, and beyond that. Chosen by hand,
as a house and its garden are some 20 metres wide."""
LATTICE_M: Final = 3.0
"""Distance of the points that are looked at, half a pixel of the finer map."""
FREE_ODDS: Final = 1.0
"""Log odds up to which a place takes nothing from a box; beyond lie two in a hundred containers that are in no garden
(training/fit_homes.py). Chosen by hand."""
TAKEN: Final = 2.0
"""Log odds that a place takes for each of its own beyond that. Chosen by hand, as the next."""
MOST_ODDS: Final = 3.0
"""Log odds that a place takes at most: in the gardens that teach 93 % of the counted boxes are parts of houses."""
IN_ROW: Final = 0.25
"""Sum of the likely neighbours end to end from which a place takes nothing: boxes of a train and along a road stand so,
sheds and slopes of roofs do not (docs/research/detector.md). Chosen by hand."""


def features(maps: Sequence[Singles], steps_px: Sequence[int], centres_m: Floats) -> Singles:
    """Means of maps around places.

    Parameters
    ----------
    maps : sequence of float32 (channel, y, x)
        Of a picture with pixels of `STEP_M`.
    steps_px : sequence of int
        Pixels of the picture that one of each map stands for.
    centres_m : float64 (n, 2)
        x and y from the picture's corner, metres.

    Returns
    -------
    float32 (n, feature)
        Of each map, of each of `RINGS_M`, of each channel.
    """
    columns = [
        between(drawn, row / (STEP_M * step) - 0.5, column / (STEP_M * step) - 0.5)
        for drawn, step in zip(maps, steps_px, strict=True)
        for row, column in (_ring(centres_m, *ring) for ring in RINGS_M)
    ]
    return np.concatenate(columns, axis=1)


def _ring(centres_m: Floats, least_m: float, most_m: float) -> tuple[Floats, Floats]:
    """Rows and columns (n, point), in metres, of a lattice's points that lie so far from each centre."""
    steps = np.arange(-(most_m // LATTICE_M), most_m // LATTICE_M + 1) * LATTICE_M
    right, down = (offset.ravel() for offset in np.meshgrid(steps, steps))
    away = np.hypot(right, down)
    chosen = (away >= least_m) & (away < most_m)
    return centres_m[:, 1:] + down[chosen], centres_m[:, :1] + right[chosen]


def log_odds(maps: Sequence[Singles], steps_px: Sequence[int], centres_m: Floats, weights: Weights) -> Floats:
    """Log odds that places lie among houses, beyond those of nineteen in twenty containers elsewhere.

    Parameters
    ----------
    maps, steps_px, centres_m
        As for `features`.
    weights : Weights
        Fitted on these features.

    Returns
    -------
    float64 (n,)
        Above 0 where a place looks more like a garden than those of nineteen in twenty containers that lie in none.
    """
    return weights.log_odds(features(maps, steps_px, centres_m))


def doubted(confidence: Floats, home: Floats, row: Floats, is_container: Bools) -> Floats:
    """Confidence of boxes once it is known whether they lie among houses.

    Parameters
    ----------
    confidence : float64 (n,)
        0 to 1.
    home : float64 (n,)
        Of `log_odds`; NaN where no place was looked at.
    row : float64 (n,)
        Likely neighbours end to end, 0 to 2 (`context_rescoring`, ``row_sum``).
    is_container : bool (n,)
        Others are left alone.

    Returns
    -------
    float64 (n,)
        Less among houses; the same elsewhere.
    """
    among = is_container & (confidence > DOUBTFUL[0]) & (home > FREE_ODDS)
    taken = np.minimum(TAKEN * (home - FREE_ODDS), MOST_ODDS) * (1.0 - np.clip(row / IN_ROW, 0.0, 1.0))
    return looked_at(confidence, np.where(among, -taken, np.nan))
