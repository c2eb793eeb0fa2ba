"""What a new top means: set upon the old one, laid bare by its leaving, or come in its place."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles

SAME_COLOUR_COST: Final = 3.5
SET_ON_TOP, UNCOVERED, REPLACED = 0, 1, 2
REPLACED_SHARES: Final = (0.15, 0.6)
"""Of the new tops, where nothing else tells: least, to which the share of looks between which tops change is added, as
a box then oftener comes and goes within one interval; and most."""
PRIOR_BOXES: Final = 5.0
"""Boxes that came, and that went, which a site's own numbers are weighed against."""
BOX_HEIGHT: Final = 0.6
"""Of one box, in the unit of `changedet.kernels.lean`: tops of simulated stacks, as placed."""
PLACE_SD, STEP_SD, LEVEL_SD = 0.2, 0.3, 1.5
"""Of a look's position in metres; of a step in height beyond what that explains; of heights."""
OUTLIER_SHARE: Final = 0.15
"""Share of steps that tell nothing: one of the looks is at another box."""
TIER_ODDS: Final = 4.0
"""For higher and against lower where the shadows' tiers say so."""


class Stack(NamedTuple):
    """The boxes of one stretch: ``shown`` (piece,), the box on top in each run of looks of one colour; ``begin`` and
    ``end`` (box,), its first piece and the first without it; ``below`` (box,), what it was set upon, -1 the ground;
    ``uncovered`` (box,), True where it stood there unseen before its first piece."""

    shown: Ints
    begin: Ints
    end: Ints
    below: Ints
    uncovered: Bools


def height_steps(offset: Floats, lean: Floats, run: Ints) -> tuple[Floats, Floats]:
    """Steps (run - 1,) in height between runs of looks at one place, and their standard errors.

    Parameters
    ----------
    offset : float64 (look, 2)
        Of the boxes about one spot, in metres.
    lean : float64 (look, 2)
        How far each look moves the top of a box of one unit more.
    run : int64 (look,)
        From 0 on.
    """
    count, n = int(run[-1]) + 1, len(run)
    design = np.zeros((2, n, 2 + count))
    design[0, :, 0], design[1, :, 1] = 1.0, 1.0
    design[:, np.arange(n), 2 + run] = lean.T
    flat = design.reshape(2 * n, -1) / PLACE_SD
    normal = flat.T @ flat + np.diag([1e-2, 1e-2, *[LEVEL_SD**-2] * count])
    covariance = np.linalg.inv(normal)
    height = (covariance @ (flat.T @ offset.T.ravel()) / PLACE_SD)[2:]
    spread = covariance[2:, 2:]
    variance = np.diag(spread)[1:] + np.diag(spread)[:-1] - 2 * np.diag(spread, 1)
    return np.diff(height), np.sqrt(variance)


def explain_new_tops(step: Floats, error: Floats, tiers: Floats, comes: float, goes: float, share: float) -> Ints:
    """What each new top means: `SET_ON_TOP`, `UNCOVERED` or `REPLACED`, whichever of an arrival and a departure is probable.

    Parameters
    ----------
    step, error : float64 (top,)
        See `height_steps`.
    tiers : float64 (top,)
        Change of the levels that shadows tell; NaN for unknown.
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty.
    share : float
        Of the pairs of looks between which tops change.
    """
    replaced = min(REPLACED_SHARES[0] + share, REPLACED_SHARES[1])
    rest = 1.0 - replaced
    up = rest * (comes + PRIOR_BOXES) / (comes + goes + 2 * PRIOR_BOXES)
    prior = np.array([up, rest - up, replaced])
    apart = (step[:, None] - BOX_HEIGHT * np.array([1.0, -1.0, 0.0])) / np.hypot(error, STEP_SD)[:, None]
    likelihood = prior * ((1.0 - OUTLIER_SHARE) * np.exp(-0.5 * apart**2) + OUTLIER_SHARE)
    likelihood[:, SET_ON_TOP] *= np.where(tiers > 0, TIER_ODDS, 1.0)
    likelihood[:, UNCOVERED] *= np.where(tiers < 0, TIER_ODDS, 1.0)
    likelihood /= likelihood.sum(1, keepdims=True)
    only = np.where(likelihood[:, UNCOVERED] > 0.5, UNCOVERED, REPLACED)
    return np.where(likelihood[:, SET_ON_TOP] > 0.5, SET_ON_TOP, only).astype(np.int64)


def stack_of(cost: Singles, starts: list[int], tops: Ints) -> Stack:
    """What each run of looks of one colour shows; a colour that returns is the old box, from under the one upon it.

    Parameters
    ----------
    cost : float32 (look, look)
        See `changedet.kernels.cuts.colour_costs`.
    starts : list of int
        First look of each run.
    tops : int64 (run - 1,)
        What each run after the first means, where its colour was not seen before.
    """
    runs = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(cost)], strict=True)]

    def alike(first: int, second: int) -> bool:
        return float(np.median(cost[runs[second], runs[first]])) < SAME_COLOUR_COST

    shown, begin, end, below, uncovered, standing = [0], [0], [len(starts)], [-1], [False], [0]
    for k in range(1, len(starts)):
        hidden = [box for box in standing[:-1] if alike(begin[box], k)]
        returns = any(alike(k - 1, later) for later in range(k + 1, len(starts)))
        kept = standing.index(hidden[-1]) + 1 if hidden else len(standing)
        if not hidden and not returns and tops[k - 1] != SET_ON_TOP:
            kept -= 1
        for box in standing[kept:]:
            end[box] = k
        standing = standing[:kept]
        if not hidden:
            below.append(standing[-1] if standing else -1)
            uncovered.append(not returns and tops[k - 1] == UNCOVERED)
            standing.append(len(begin))
            begin.append(k)
            end.append(len(starts))
        shown.append(standing[-1])
    columns = [np.array(part, np.int64) for part in (shown, begin, end, below)]
    return Stack(columns[0], columns[1], columns[2], columns[3], np.array(uncovered))
