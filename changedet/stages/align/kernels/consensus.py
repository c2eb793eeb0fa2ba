"""What the shifts of many chips agree on, and whether it is reliable."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.stages.align.kernels.chip_shifts import MIN_QUALITY

AGREEMENT_PX: Final = 1.5
"""Chips farther than this from the common shift show something that moved, leaned or changed."""
CHANCE: Final = 1e-3
"""Greatest probability that the chips agree by chance at which a shift is still accepted."""
DISTINCT: Final = 0.3
"""Least distinctness of a peak that is accepted where no other chip, or not enough of them, can confirm it."""
MAD_TO_SIGMA: Final = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
TUKEY: Final = 4.685
"""Tukey's constant: a biweight that reaches so many standard deviations is 95 % efficient on normal data."""
BIWEIGHT_LOSS: Final = 1.15
"""Standard error of a biweight mean over that of a mean: it is a little less efficient."""
LEAST_SCALE_PX: Final = 0.1
"""Chips this near to the common shift always count."""
MOST_STEPS, SETTLED_PX = 20, 1e-5
"""The mean is repeated so often at most, or until it moves by less."""


class Consensus(NamedTuple):
    """The shift that most chips agree on.

    Attributes
    ----------
    shift : float64 (2,)
        dy, dx in pixels.
    agree : bool (chip,)
        Chips that lie near it.
    residual_px : float
        Robust spread of those on one axis.
    sigma_px : float
        Standard error of the shift.
    share : float
        Weight of those that agree over the weight of all.
    """

    shift: Floats
    agree: Bools
    residual_px: float
    sigma_px: float
    share: float


def consensus(shifts: Floats, weights: Floats, radius_px: float) -> Consensus:
    """The shift that most chips agree on.

    Parameters
    ----------
    shifts : float64 (chip, 2)
        dy, dx of each chip, in pixels.
    weights : float64 (chip,)
        How much each counts.
    radius_px : float
        Chips within this distance of the densest place support it.

    Returns
    -------
    Consensus
        By a biweight mean of the chips around that place.
    """
    distance = np.hypot(*(shifts[:, None] - shifts[None]).transpose(2, 0, 1))
    votes = (weights * np.exp(-0.5 * (distance / (0.5 * radius_px)) ** 2)).sum(axis=1)
    centre, scale = _biweight_mean(shifts, weights, shifts[int(np.argmax(votes))], radius_px)
    agree = np.hypot(*(shifts - centre).T) <= max(scale, LEAST_SCALE_PX)
    residual = robust_spread(shifts[agree] - centre)
    effective = float(weights[agree].sum() ** 2 / max((weights[agree] ** 2).sum(), 1e-30))
    sigma = BIWEIGHT_LOSS * residual / np.sqrt(max(1.0, effective))
    share = float(weights[agree].sum() / max(weights.sum(), 1e-30))
    return Consensus(centre, agree, residual, float(sigma), share)


def disagreement(agreed: Consensus, found: Floats, limit_px: float) -> str:
    """Why the chips' common shift is rejected.

    Parameters
    ----------
    agreed : Consensus
        Of the chips.
    found : float64 (chip, 4)
        As `chip_shifts` gives.
    limit_px : float
        Search range.

    Returns
    -------
    str
        In words; empty where it is accepted.
    """
    # Imported here for a quick start.
    from scipy.special import bdtrc

    count = len(found)
    agreeing = int(agreed.agree.sum())
    if np.hypot(*agreed.shift) > limit_px:
        return f"the best shift, {np.hypot(*agreed.shift):.1f} px, is beyond the search range"
    if count == 1:
        return (
            ""
            if found[0, 2] > 2 * MIN_QUALITY and found[0, 3] > DISTINCT
            else "one chip only, and its peak is not distinct"
        )
    alone = min(0.5, (AGREEMENT_PX / max(limit_px, 2 * AGREEMENT_PX)) ** 2)
    # Any of the chips could have been the centre: one of them is given, the others must come to it.
    chance = count * float(bdtrc(agreeing - 2, count - 1, alone))
    if chance > CHANCE and not (agreeing == count and float(np.median(found[:, 3])) > DISTINCT):
        return f"only {agreeing} of {count} chips agree on a shift"
    return ""


def robust_spread(residuals: Floats) -> float:
    """Robust standard deviation of one axis, from the median absolute deviation of both.

    Parameters
    ----------
    residuals : float64 (chip, 2)
        About a centre.

    Returns
    -------
    float
        0 where there is no chip.
    """
    return MAD_TO_SIGMA * float(np.median(np.abs(residuals))) if residuals.size else 0.0


def _biweight_mean(shifts: Floats, weights: Floats, centre: Floats, radius_px: float) -> tuple[Floats, float]:
    """Tukey's biweight mean around a first guess, and the distance at which a chip no longer counts."""
    scale = radius_px
    for _ in range(MOST_STEPS):
        away = np.hypot(*(shifts - centre).T)
        pull = weights * np.maximum(0.0, 1.0 - (away / scale) ** 2) ** 2
        if pull.sum() <= 0:
            break
        following = (pull[:, None] * shifts).sum(axis=0) / pull.sum()
        done = np.hypot(*(following - centre)) < SETTLED_PX
        centre = following
        near = np.hypot(*(shifts - centre).T) <= radius_px
        # The floor keeps a perfect fit from starving itself.
        scale = (
            float(np.clip(TUKEY * robust_spread(shifts[near] - centre), LEAST_SCALE_PX, radius_px))
            if near.any()
            else radius_px
        )
        if done:
            break
    return centre, scale
