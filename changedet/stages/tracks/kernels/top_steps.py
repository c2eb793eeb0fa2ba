"""How far tops rise or fall between looks at a place, and what the new tops of a site mean by it.

An off-nadir view displaces a top by its height, so looks from several sides tell the step from one top to the next.
What new tops mean differs from site to site: where boxes are exchanged one for one they are as high as the old ones,
where stacks grow and shrink they are not. Each site's own steps tell, by expectation-maximisation (Dempster, Laird,
Rubin 1977).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints

SET_ON_TOP, UNCOVERED, REPLACED = 0, 1, 2
"""What a new top means."""
STEPS: Final = np.arange(-4.0, 5.0)
"""Boxes by which a top is higher than the one before it."""
BOX_STEP: Final = 0.7
"""Of a box's height by which roofs that are a box higher are displaced more, as detected: a part of a stack's side
counts as its top. This and the next five are of painted and own ports and packed yards whose truth is known
(docs/research/tracks.md, "What new tops mean")."""
PLACE_SD_M: Final = 0.2
"""Of a look's position, before each site's own scatter is known."""
SCATTER: Final = (0.25, 1.5)
"""Of steps over their errors, on a site: least and most. Boxes that stayed tell it."""
WITHIN_ONE_SD: Final = 0.683
"""Share of a normal distribution."""
WRONG_SHARE: Final = 0.2
"""Of steps that mean nothing: one of the looks is at another box."""
WRONG_SD: Final = 3.0
"""Of them, in boxes. Chosen by hand."""
LEVEL_SD: Final = 1.5
"""Of levels about the usual one, in boxes: stacks of one to five."""
LEVEL_KEPT: Final = 0.8
"""Correlation of the levels of one place on two dates, next to each other. Chosen by hand."""
SPOT_PRECISION: Final = 1e-2
"""Of the spot's position about 0, in m^-2: next to none, so that the equations can be solved."""
LEAST_TOLD: Final = 1e-2
"""Precision of a step, in boxes^-2, below which it counts as not measured."""
PRIOR_BOXES: Final = 5.0
"""Boxes that came to empty spots, and that left them empty, which a site's own are weighed against. Chosen by hand."""
PRIOR_TOPS: Final = 30.0
"""New tops that the shares of `usual_shares` are worth. 15 and 60 do alike."""
BY_STEP_MORE: Final = 0.15
"""Share of the new tops that are one box more apart."""
ROUNDS: Final = 50
"""Of expectation-maximisation. Chosen by hand."""
TIER_ODDS: Final = 4.0
"""For higher and against lower where the shadows' tiers say so. Chosen by hand."""
LEAST: Final = 1e-9
"""Added to densities."""
PLACES_AT_ONCE: Final = 1000
"""Whose equations are solved together: it bounds the memory."""


class HeightSteps(NamedTuple):
    """Steps in height from the look before.

    Attributes
    ----------
    before : int64 (row,)
        The row of the look before at the same place; -1 for none.
    step, error : float64 (row,)
        In boxes, and the standard error; infinite where nothing tells the step.
    """

    before: Ints
    step: Floats
    error: Floats


class TopShares(NamedTuple):
    """What the new tops of a site mean.

    Attributes
    ----------
    of_step : float64 (step,)
        Share of each of `STEPS`; they sum to 1.
    scatter : float
        Of steps over their errors.
    """

    of_step: Floats
    scatter: float


def height_steps(offset: Floats, displacement: Floats, date: Ints, place: Ints) -> HeightSteps:
    """Steps in height between neighbouring looks at places, from where the views displace their tops.

    Parameters
    ----------
    offset : float64 (row, 2)
        Of the boxes about one spot of their place, in metres.
    displacement : float64 (row, 2)
        How far each look displaces the top of one box more, in metres.
    date, place : int64 (row,)
        Index of the date and of the place; rows of place -1 are left out.

    Returns
    -------
    HeightSteps
        Of all rows.
    """
    before, step, error = np.full(len(date), -1, np.int64), np.zeros(len(date)), np.full(len(date), np.inf)
    rows = np.flatnonzero(place >= 0)
    rows = rows[np.lexsort((date[rows], place[rows]))]
    begin = np.flatnonzero(np.diff(place[rows], prepend=-1))
    count = np.diff(np.append(begin, len(rows)))
    for looks in np.unique(count[count > 1]):
        first = begin[count == looks]
        for part in np.split(first, range(PLACES_AT_ONCE, len(first), PLACES_AT_ONCE)):
            own = rows[part[:, None] + np.arange(looks)]
            before[own[:, 1:]] = own[:, :-1]
            step[own[:, 1:]], error[own[:, 1:]] = _steps(offset[own], displacement[own], date[own])
    return HeightSteps(before, step, error)


def _steps(offset: Floats, displacement: Floats, date: Ints) -> tuple[Floats, Floats]:
    """Steps and errors (place, look - 1) of looks (place, look): their likeliest values by what is seen alone."""
    places, looks = date.shape
    design = np.zeros((places, 2, looks, 2 + looks))
    design[:, 0, :, 0], design[:, 1, :, 1] = 1.0, 1.0
    design[:, :, np.arange(looks), 2 + np.arange(looks)] = displacement.transpose(0, 2, 1)
    flat = design.reshape(places, 2 * looks, 2 + looks) / PLACE_SD_M
    alike = LEVEL_KEPT ** np.abs(date[:, :, None] - date[:, None, :])
    normal = flat.transpose(0, 2, 1) @ flat
    normal[:, [0, 1], [0, 1]] += SPOT_PRECISION
    normal[:, 2:, 2:] += np.linalg.inv(alike) / LEVEL_SD**2
    covariance = np.linalg.inv(normal)
    seen = flat.transpose(0, 2, 1) @ (offset.transpose(0, 2, 1).reshape(places, 2 * looks, 1) / PLACE_SD_M)
    height, spread = (covariance @ seen)[:, 2:, 0], covariance[:, 2:, 2:]
    each, next_ = np.diagonal(spread, axis1=1, axis2=2), np.diagonal(spread, 1, axis1=1, axis2=2)
    variance = each[:, 1:] + each[:, :-1] - 2 * next_
    prior = 2 * LEVEL_SD**2 * (1.0 - np.diagonal(alike, 1, axis1=1, axis2=2))
    # What the levels were taken to be before anything was seen is taken out again.
    told = 1.0 / variance - 1.0 / prior
    precision = np.maximum(told, LEAST_TOLD)
    return np.diff(height, axis=1) / variance / precision, np.where(told > LEAST_TOLD, precision**-0.5, np.inf)


def usual_shares(comes: float, goes: float) -> tuple[float, float, float]:
    """Shares of what new tops mean before a site's steps are looked at: where few boxes leave, few are exchanged.

    A new top is taken for two events, each of which is an arrival as often as those beside the stacks are: two arrivals
    are a box that was set on top, two departures one that was laid bare, and one of each is an exchange.

    Parameters
    ----------
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty.

    Returns
    -------
    (float, float, float)
        Of `SET_ON_TOP`, `UNCOVERED` and `REPLACED`; they sum to 1.
    """
    arrivals = (comes + PRIOR_BOXES) / (comes + goes + 2 * PRIOR_BOXES)
    departures = 1.0 - arrivals
    return arrivals**2, departures**2, 2 * arrivals * departures


def top_shares(other: Floats, step: Floats, error: Floats, usual: tuple[float, float, float]) -> TopShares:
    """Shares of what new tops mean on a site.

    Parameters
    ----------
    other : float64 (pair,)
        Probability that two neighbouring looks at a place show two boxes on top.
    step, error : float64 (pair,)
        See `HeightSteps`.
    usual : (float, float, float)
        Of `usual_shares`.

    Returns
    -------
    TopShares
        Where no step is measured, as of two looks alone, those of a site where as many boxes come as leave: what comes
        to empty ground and leaves it does not tell what happens on stacks.
    """
    told = np.isfinite(error)
    usual = usual if told.any() else usual_shares(0.0, 0.0)
    other, step, error = other[told], step[told], error[told]
    scatter = _scatter(np.abs(step) / error, 1.0 - other)
    size = np.where(STEPS == 0.0, 0.0, BY_STEP_MORE ** (np.abs(STEPS) - 1.0))
    higher, lower = (size * side / (size * side).sum() for side in (STEPS > 0, STEPS < 0))
    prior = usual[SET_ON_TOP] * higher + usual[UNCOVERED] * lower + usual[REPLACED] * (STEPS == 0.0)
    likely, shares = _likelihoods(step, error, scatter), prior
    for _ in range(ROUNDS if len(other) else 0):
        joint = other[:, None] * likely * shares
        stayed = (1.0 - other) * likely[:, STEPS == 0.0][:, 0]
        found = (joint / (joint.sum(1) + stayed)[:, None]).sum(0)
        shares = (found + PRIOR_TOPS * prior) / (found.sum() + PRIOR_TOPS)
    return TopShares(shares, scatter)


def meanings(shares: TopShares, step: Floats, error: Floats, tiers: Floats) -> Floats:
    """What new tops mean.

    Parameters
    ----------
    shares : TopShares
        Of the site.
    step, error : float64 (top,)
        See `HeightSteps`.
    tiers : float64 (top,)
        Change of the levels by the shadows; NaN for unknown.

    Returns
    -------
    float64 (top, 3)
        Probabilities of `SET_ON_TOP`, `UNCOVERED` and `REPLACED`, of tops that are other ones.
    """
    told = np.isfinite(error)
    likely = np.ones((len(step), len(STEPS)))
    likely[told] = _likelihoods(step[told], error[told], shares.scatter)
    joint = likely * shares.of_step
    meaning = np.column_stack([joint[:, side].sum(1) for side in (STEPS > 0, STEPS < 0, STEPS == 0.0)])
    meaning[:, SET_ON_TOP] *= np.where(tiers > 0, TIER_ODDS, 1.0)
    meaning[:, UNCOVERED] *= np.where(tiers < 0, TIER_ODDS, 1.0)
    return np.asarray(meaning / meaning.sum(1, keepdims=True), np.float64)


def likeliest_meanings(meaning: Floats) -> Ints:
    """What is told of new tops: an arrival and a departure are each reported where they are probable.

    Parameters
    ----------
    meaning : float64 (top, 3)
        Of `meanings`.

    Returns
    -------
    int64 (top,)
        `SET_ON_TOP`, `UNCOVERED` or `REPLACED`.
    """
    other = np.where(meaning[:, UNCOVERED] > 0.5, UNCOVERED, REPLACED)
    return np.where(meaning[:, SET_ON_TOP] > 0.5, SET_ON_TOP, other).astype(np.int64)


def _scatter(apart: Floats, weight: Floats) -> float:
    """Scatter of boxes that stayed, from their steps over the errors (pair,)."""
    if not weight.sum() > 0.0:
        return 1.0
    order = np.argsort(apart, kind="stable")
    reached = np.cumsum(weight[order]) >= WITHIN_ONE_SD * weight.sum()
    return float(np.clip(apart[order][reached.argmax()], *SCATTER))


def _likelihoods(step: Floats, error: Floats, scatter: float) -> Floats:
    """Densities (pair, step) of what is seen where the tops differ by each of `STEPS`."""
    spread = scatter * error[:, None]
    wide = np.hypot(spread, WRONG_SD)
    right = np.exp(-0.5 * ((step[:, None] - BOX_STEP * STEPS) / spread) ** 2) / spread
    wrong = np.exp(-0.5 * (step[:, None] / wide) ** 2) / wide
    return np.asarray((1.0 - WRONG_SHARE) * right + WRONG_SHARE * wrong + LEAST, np.float64)
