"""Why a stretch shows a new top box: set on the old one, uncovered by its leaving, or come in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles

SAME_COLOUR_COST: Final = 3.5
"""Median cost of looks (`colour_changepoints.colour_costs`) below which two runs show one colour. Chosen by hand."""
SET_ON_TOP, UNCOVERED, REPLACED = 0, 1, 2
"""What a new top means."""
REPLACED_SHARES: Final = (0.15, 0.6)
"""Of the new tops, where nothing else decides: least, to which the share of looks between which tops change is added,
as a box then oftener comes and goes within one interval; and most. On the calibration sites 69 of 384 changes of tops
outside ports are an exchange, in ports two thirds (docs/research/tracks.md)."""
PRIOR_BOXES: Final = 5.0
"""Boxes that came, and that went, which a site's own numbers are weighed against. Chosen by hand."""
BOX_HEIGHT: Final = 0.6
"""Of one box, in the unit of `relief_displacement`: tops of simulated stacks, as placed."""
PLACE_SD_M: Final = 0.2
"""Of a look's position. Others are no better on the calibration sites (docs/research/tracks.md), as of the next."""
STEP_SD: Final = 0.3
"""Of a step in height beyond what that explains, in the unit of `relief_displacement`."""
LEVEL_SD: Final = 1.5
"""Of heights about 0, in the same unit."""
SPOT_PRECISION: Final = 1e-2
"""Of the spot's position about 0, in m^-2: next to none, so that the equations can be solved."""
OUTLIER_SHARE: Final = 0.15
"""Share of steps that mean nothing: one of the looks is at another box. Chosen by hand."""
TIER_ODDS: Final = 4.0
"""For higher and against lower where the shadows' tiers say so. Chosen by hand."""


PRIOR_TOPS: Final = 30.0
"""New tops that the boxes which came to empty spots and left them are worth, of how many were set on others. Chosen by
hand."""
ROUNDS: Final = 50
"""Of expectation-maximisation. Chosen by hand."""


class NewTops(NamedTuple):
    """What looks show of new tops.

    Attributes
    ----------
    step, error : float64 (top,)
        See `height_steps`.
    tiers : float64 (top,)
        Change of the levels by the shadows; NaN for unknown.
    """

    step: Floats
    error: Floats
    tiers: Floats


class Stack(NamedTuple):
    """The boxes of one stretch; a run is a run of looks of one colour.

    Attributes
    ----------
    shown : int64 (run,)
        The box on top in each run.
    begin, end : int64 (box,)
        Its first run, and the first without it.
    below : int64 (box,)
        The box that it was set on; -1 for the ground.
    uncovered : bool (box,)
        True where it stood there unseen before its first run.
    """

    shown: Ints
    begin: Ints
    end: Ints
    below: Ints
    uncovered: Bools


def height_steps(offset: Floats, displacement: Floats, run: Ints) -> tuple[Floats, Floats]:
    """Steps in height between runs of looks at one place, from the relief displacement of their tops.

    Parameters
    ----------
    offset : float64 (look, 2)
        Of the boxes about one spot, in metres.
    displacement : float64 (look, 2)
        How far each look displaces the top of a box of one unit more, in metres.
    run : int64 (look,)
        From 0 on, in order.

    Returns
    -------
    step, error : float64 (run - 1,)
        In the unit of `relief_displacement`, and their standard errors.
    """
    count, n = int(run[-1]) + 1, len(run)
    design = np.zeros((2, n, 2 + count))
    design[0, :, 0], design[1, :, 1] = 1.0, 1.0
    design[:, np.arange(n), 2 + run] = displacement.T
    flat = design.reshape(2 * n, -1) / PLACE_SD_M
    normal = flat.T @ flat + np.diag([SPOT_PRECISION, SPOT_PRECISION, *[LEVEL_SD**-2] * count])
    covariance = np.linalg.inv(normal)
    height = (covariance @ (flat.T @ offset.T.ravel()) / PLACE_SD_M)[2:]
    spread = covariance[2:, 2:]
    variance = np.diag(spread)[1:] + np.diag(spread)[:-1] - 2 * np.diag(spread, 1)
    return np.diff(height), np.sqrt(variance)


def shares_of_tops(tops: Sequence[NewTops], comes: float, goes: float, share: float) -> Floats:
    """Shares of what new tops mean on a site: which of them were set on others the steps of all of them tell together.

    Found by expectation-maximisation (Dempster, Laird, Rubin 1977) from the boxes that came to empty spots and left
    them empty: where stacks grow higher on full ground, none need have come beside them.

    Parameters
    ----------
    tops : sequence of NewTops
        Of all places.
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty.
    share : float
        Of the pairs of looks between which tops change, 0 to 1.

    Returns
    -------
    float64 (3,)
        Of `SET_ON_TOP`, `UNCOVERED` and `REPLACED`; they sum to 1.
    """
    replaced = min(REPLACED_SHARES[0] + share, REPLACED_SHARES[1])
    rest = 1.0 - replaced
    prior = (comes + PRIOR_BOXES) / (comes + goes + 2 * PRIOR_BOXES)
    up = rest * prior
    if tops:
        every = NewTops(*(np.concatenate(column) for column in zip(*tops, strict=True)))
        for _ in range(ROUNDS):
            likely = _likelihoods(every, np.array([up, rest - up, replaced]))
            higher, lower = (float(likely[:, what].sum()) for what in (SET_ON_TOP, UNCOVERED))
            up = rest * (higher + PRIOR_TOPS * prior) / (higher + lower + PRIOR_TOPS)
    return np.array([up, rest - up, replaced])


def explain_new_tops(tops: NewTops, shares: Floats) -> Ints:
    """What each new top means: an arrival and a departure are each reported where they are probable.

    Parameters
    ----------
    tops : NewTops
        Of one place.
    shares : float64 (3,)
        See `shares_of_tops`.

    Returns
    -------
    int64 (top,)
        `SET_ON_TOP`, `UNCOVERED` or `REPLACED`.
    """
    likely = _likelihoods(tops, shares)
    other = np.where(likely[:, UNCOVERED] > 0.5, UNCOVERED, REPLACED)
    return np.where(likely[:, SET_ON_TOP] > 0.5, SET_ON_TOP, other).astype(np.int64)


def _likelihoods(tops: NewTops, shares: Floats) -> Floats:
    """Probability (top, 3) of each meaning."""
    apart = (tops.step[:, None] - BOX_HEIGHT * np.array([1.0, -1.0, 0.0])) / np.hypot(tops.error, STEP_SD)[:, None]
    likely: Floats = shares * ((1.0 - OUTLIER_SHARE) * np.exp(-0.5 * apart**2) + OUTLIER_SHARE)
    likely[:, SET_ON_TOP] *= np.where(tops.tiers > 0, TIER_ODDS, 1.0)
    likely[:, UNCOVERED] *= np.where(tops.tiers < 0, TIER_ODDS, 1.0)
    likely /= likely.sum(1, keepdims=True)
    return likely


def stack_of(cost: Singles, starts: list[int], tops: Ints) -> Stack:
    """The boxes that runs of looks of one colour show; a colour that returns is the old box, from under a later one.

    Parameters
    ----------
    cost : float32 (look, look)
        See `colour_changepoints.colour_costs`.
    starts : list of int
        First look of each run.
    tops : int64 (run - 1,)
        What each run after the first means, where its colour was not seen before.

    Returns
    -------
    Stack
        Of one box at least.
    """
    runs = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(cost)], strict=True)]

    def _alike(first: int, second: int) -> bool:
        return float(np.median(cost[runs[second], runs[first]])) < SAME_COLOUR_COST

    shown, begin, end, below, uncovered, standing = [0], [0], [len(starts)], [-1], [False], [0]
    for k in range(1, len(starts)):
        hidden = [box for box in standing[:-1] if _alike(begin[box], k)]
        returns = any(_alike(k - 1, later) for later in range(k + 1, len(starts)))
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
