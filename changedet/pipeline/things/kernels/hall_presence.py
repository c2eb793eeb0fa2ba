"""When halls stand: presence by look, whether a part is a hall at all, how many there are, with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.pipeline.things.kernels.hall_outlines import LIMIT, Drawn
from changedet.pipeline.things.kernels.work_states import count_bounds

LEVEL: Final = 0.0
SLOPE: Final = 2.5
"""Mean log odds of the network at which a look speaks neither way, and how its log likelihood ratio rises with them."""
MOST: Final = 4.0
"""Log likelihood ratio of a look, at most: clouds of dust, snow and scaffolds mislead it. By hand."""
BUILT: Final = 0.05
GONE: Final = 0.02
"""Probabilities that a hall is built, or goes, between two looks. By hand."""
RATHER: Final = 0.5
MEANS: Final = (1.286, 2.256, -0.399, 0.751, 5.153, 14.386, 0.992)
SPREADS: Final = (0.773, 0.871, 0.453, 0.091, 0.985, 10.323, 0.074)
WEIGHTS: Final = (0.344, 1.08, 0.982, 0.632, -0.707, 0.463, -0.182)
OFFSET: Final = 0.904
"""Of `signs`: what `training/fit_halls.py` prints for ten painted sites and 60 simulated scenes that taught nothing."""
LISTED: Final = 0.5
"""Probability from which a part is listed: 14 of 14 halls and one false on those painted sites, 115 of 132 and 29 on
those simulated scenes, which are made to mislead."""
LISTED_M2: Final = 150.0
"""Smaller ones are houses and huts, of which a third and more is missed: they are neither listed nor counted."""
AREA_EXCESS: Final = 0.09
"""Logarithm by which outlines are too large there: edges blur outward, walls are taken for roofs."""
AREA_ERROR: Final = 0.185
"""Standard error of the logarithm of an area, likewise."""
FOUND: Final = 0.87
"""Share of halls that are listed: 147 of 168, by look, on the same."""
SURE: Final = 0.95
"""Probability that an interval holds."""
LEAST_MARKED: Final = 0.5
"""Share of a hall's ground that the masks must mark where it came or went. By hand; a look on which the network misses
half of a roof is not marked."""


class Stay(NamedTuple):
    """When a hall stands.

    Attributes
    ----------
    stands : float64 (look,)
        Probability that it does.
    first, last : int
        Looks from which, and up to which, it rather stands than not; -1 where on none.
    """

    stands: Floats
    first: int
    last: int


def evidence(core: Floats) -> Floats:
    """Say how much each look speaks for a hall that stands.

    Parameters
    ----------
    core : float64 (look,)
        Mean log odds within it; NaN on looks that do not show it.

    Returns
    -------
    float64 (look,)
        Log likelihood ratio of standing against not; 0 where not shown.
    """
    return np.asarray(np.nan_to_num(np.clip(SLOPE * (core - LEVEL), -MOST, MOST)))


def stay(core: Floats) -> Stay:
    """Say when a hall stands, from all looks together.

    Parameters
    ----------
    core : float64 (look,)
        As in `evidence`.

    Returns
    -------
    Stay
        By a chain of three states: not yet, there, gone.
    """
    likely = np.ones((len(core), 3))
    likely[:, 1] = np.exp(evidence(core))
    move = np.array([[1 - BUILT, BUILT, 0], [0, 1 - GONE, GONE], [0, 0, 1]])
    ahead, back = np.zeros(likely.shape), np.ones(likely.shape)
    state = np.array([0.5, 0.5, 0.0])
    for t in range(len(core)):
        state = (state @ move if t else state) * likely[t]
        ahead[t] = state = state / state.sum()
    for t in range(len(core) - 2, -1, -1):
        back[t] = move @ (likely[t + 1] * back[t + 1])
        back[t] /= back[t].sum()
    both = ahead * back
    stands = np.asarray(both[:, 1] / both.sum(axis=1))
    on = np.flatnonzero(stands > RATHER)
    return Stay(stands, int(on[0]) if len(on) else -1, int(on[-1]) if len(on) else -1)


def agrees(stands: Floats, shown: Bools, marked: Floats, reference: int) -> bool:
    """Say whether the masks of change agree with when a hall stands.

    Parameters
    ----------
    stands : float64 (look,)
        Of `Stay`.
    shown : bool (look,)
        Whether the look shows it.
    marked : float64 (look,)
        Share of its ground that is marked as change against the reference; NaN where nothing is compared.
    reference : int
        The look that the masks compare with.

    Returns
    -------
    bool
        True also where no look that was compared shows it otherwise than the reference does.
    """
    on = stands > RATHER
    turned = shown & np.isfinite(marked) & (on != on[reference])
    return not turned.any() or float(marked[turned].mean()) >= LEAST_MARKED


def signs(part: Drawn, stands: Floats) -> Floats:
    """Measure what tells halls from what only looks like one, on the looks on which it stands.

    Parameters
    ----------
    part : Drawn
    stands : float64 (look,)
        Of `Stay`.

    Returns
    -------
    float64 (7,)
        Mean log odds within, how much less those around it are, those of its edge, how full its rectangle is,
        the logarithm of its area, its shorter side, the share of looks that draw it.
    """
    seen = np.isfinite(part.core)
    on = (stands > RATHER) & seen
    on = on if on.any() else seen
    if not on.any():
        return np.array([-LIMIT, 0.0, -LIMIT, part.fill, np.log(part.area_m2), part.short_m, 0.0])
    within, around = float(part.core[on].mean()), float(part.rim[on].mean())
    agreed = min(1.0, part.drawn_on / float(on.sum()))
    edge = float(part.edge[on].mean())
    return np.array([within, within - around, edge, part.fill, np.log(part.area_m2), part.short_m, agreed])


def probability(values: Floats) -> float:
    """Say how likely a part is a hall.

    Parameters
    ----------
    values : float64 (7,)
        Of `signs`.

    Returns
    -------
    float
        By logistic regression.
    """
    scaled = (values - np.array(MEANS)) / np.array(SPREADS)
    return float(1 / (1 + np.exp(-(scaled @ np.array(WEIGHTS) + OFFSET))))


def count(listed: Sequence[float], stands: Sequence[float]) -> tuple[int, int, int]:
    """Count the halls of a look.

    Parameters
    ----------
    listed : sequence of float
        How likely each listed one is a hall.
    stands : sequence of float
        How likely each stands on that look.

    Returns
    -------
    number, low, high : int
        Those that rather stand than not; bounds of the true number.
    """
    here = np.array(stands, np.float64)
    number = int((here > RATHER).sum())
    _, low, high = count_bounds(here * np.array(listed, np.float64), FOUND, 1.0, SURE)
    return number, min(int(low), number), max(int(high), number)
