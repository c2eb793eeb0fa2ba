"""How many levels high the stacks below roofs are, from where the roofs of all dates would then have their bases.

An off-nadir view displaces a roof by its height, so each height gives the roof another base. Boxes stand where others
stood: the base that roofs on other dates, of other views, can share is the likely one, above all at one height. It is
belief propagation over pairs of roofs (Pearl 1988, doi:10.1016/C2009-0-27609-4), of two rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.containers import HEIGHT_M

LEVELS: Final = np.arange(1.0, 6.5, 0.5)
"""Heights of roofs above the ground, in boxes: half ones are of wagons' floors and of high cubes. More than six boxes
stand in no yard."""
ACROSS_SD_M: Final = 0.25
"""Of two bases of one spot across the boxes: errors of both roofs' centres, three quarters of which lie within .15 m,
and of the co-registration. This and all that follow were chosen on painted and own ports whose truth is known
(docs/research/tracks.md, "Bases")."""
ALONG_SD_M: Final = 0.35
"""The same along the boxes."""
NO_NEIGHBOUR: Final = 0.04
"""Of a base at which a date shows no box, for one where it does, at one height."""
SAME_LEVEL, NEXT_LEVEL, OTHER_LEVEL = 1.0, 0.3, 0.1
"""Of the heights of one spot on two dates: alike, a level more or less, further apart."""
SAME_BOX: Final = 3.0
"""How much more two roofs of one track tell of each other at like heights."""
MOST_TURN_DEG: Final = 15.0
"""Between two boxes of one spot."""
DECAY: Final = 0.3
"""Of the share of stacks by each level more, where nothing is known of a site."""
PRIOR_BOXES: Final = 10.0
"""Boxes of the site that it is worth."""
SITE_SHARE: Final = 0.5
"""Share of what the site's other roofs tell of a roof's height: tall stacks are seen on fewer dates."""
ROUNDS: Final = 2
"""In more, roofs in doubt persuade each other."""
TIERS_SD: Final = 0.35
"""Of levels that shadows tell, in boxes."""
WRONG_TIERS: Final = 0.02
"""Of the likeliest level, for one that shadows exclude."""
NEAR_SDS: Final = 3.0
"""Bases further apart at all heights are of two spots."""
NEXT_DATES: Final = 4
"""Dates after it with which a date is compared, so that long series take no more than their length."""
STEEP_DATES: Final = 3
"""Dates with which all are: the ones that look down the steepest show best where boxes stand."""
TOGETHER: Final = 500
"""Roofs of which pairs are looked at together: some ten megabytes."""
LEAST_AGREEMENT: Final = 0.02
"""Pairs of roofs that agree less at all heights tell nothing of each other."""


class Roofs(NamedTuple):
    """Roofs as the pictures of all dates show them.

    Attributes
    ----------
    xy : float64 (row, 2)
        Centres, in metres.
    track : int64 (row,)
        Track of each row, 0 and up; -1 for a row of none.
    date : int64 (row,)
        Index of its date.
    view : float64 (row, 2)
        Displacement of a roof for each metre of its height, east and north, alike on all rows of a date; NaN where the
        view is not known.
    tiers : float64 (row,)
        Levels of the stack; NaN for unknown.
    length : float64 (row,)
        In metres.
    angle : float64 (row,)
        Of the long side, in degrees clockwise from north.
    weight : float64 (row,)
        Confidence, 0 to 1.
    """

    xy: Floats
    track: Ints
    date: Ints
    view: Floats
    tiers: Floats
    length: Floats
    angle: Floats
    weight: Floats

    def take(self, index: Ints) -> Roofs:
        """Take some rows.

        Parameters
        ----------
        index : int64 (n,)

        Returns
        -------
        Roofs
            In the order of the index.
        """
        parts = self.xy[index], self.track[index], self.date[index], self.view[index], self.tiers[index]
        return Roofs(*parts, self.length[index], self.angle[index], self.weight[index])


class LevelPosterior(NamedTuple):
    """How high roofs are, and how well that agrees with other dates.

    Attributes
    ----------
    shares : float64 (row, level)
        Probability of each of `LEVELS`; each row sums to 1.
    agreement : float64 (row,)
        Log likelihood of what the other dates show there, less that of no box on any: 0 and more.
    dates : int64 (row,)
        Other dates that show boxes near by.
    """

    shares: Floats
    agreement: Floats
    dates: Ints


def level_posterior(roofs: Roofs) -> LevelPosterior:
    """Probability of each height of each roof.

    Parameters
    ----------
    roofs : Roofs
        Whose views are known.

    Returns
    -------
    LevelPosterior
        Of all roofs.
    """
    told = _told_by_shadows(roofs.tiers)
    usual = np.exp(-DECAY * LEVELS)
    usual /= usual.sum()
    shares, odds, dates = _shares(told + np.log(usual)), np.zeros(told.shape), np.zeros(len(told), np.int64)
    sure = np.clip(roofs.weight, 0.0, 1.0)[:, None]
    for _ in range(ROUNDS):
        weighed = sure * shares
        site = weighed.sum(0) + PRIOR_BOXES * usual
        own = told + np.log(usual) + SITE_SHARE * np.log(site / site.sum() / usual)
        odds, dates = _told_by_dates(roofs, weighed)
        shares = _shares(own + odds)
    return LevelPosterior(shares, np.log((shares * np.exp(odds)).sum(1)), dates)


def _told_by_dates(roofs: Roofs, shares: Floats) -> tuple[Floats, Ints]:
    """Log likelihood (row, level) of what other dates show where each level sets the base, and their number (row,).

    Beside that of no box there; dates that show none near by are left out.
    """
    odds, dates = np.zeros(shares.shape), np.zeros(len(shares), np.int64)
    rows = [np.flatnonzero(roofs.date == t) for t in np.unique(roofs.date)]
    for here, there in _dates_together(roofs.view, rows):
        met, near = np.zeros(shares.shape), np.zeros(len(shares), bool)
        for one, other, agree in _pairs(roofs, here, there):
            near[one] = near[other] = True
            np.add.at(met, one, (agree @ shares[other][:, :, None])[:, :, 0])
            np.add.at(met, other, (agree.transpose(0, 2, 1) @ shares[one][:, :, None])[:, :, 0])
        odds += np.log1p(met / NO_NEIGHBOUR)
        dates += near
    return odds, dates


def _dates_together(view: Floats, rows: list[Ints]) -> list[tuple[Ints, Ints]]:
    """Rows of the dates that are compared: with those next in time, and with those that look down the steepest."""
    lean = [float(np.hypot(*view[own[0]])) for own in rows]
    steep = set(np.argsort(lean, kind="stable")[:STEEP_DATES].tolist())
    dates = combinations(range(len(rows)), 2)
    return [(rows[t], rows[u]) for t, u in dates if u - t <= NEXT_DATES or t in steep or u in steep]


def _shares(odds: Floats) -> Floats:
    likely = np.exp(odds - odds.max(1, keepdims=True, initial=-np.inf))
    return np.asarray(likely / likely.sum(1, keepdims=True), np.float64)


def _told_by_shadows(tiers: Floats) -> Floats:
    """Log likelihood (row, level) of levels that shadows tell; 0 where they tell none."""
    off = (np.nan_to_num(tiers)[:, None] - LEVELS) / TIERS_SD
    likely = np.logaddexp(-0.5 * off**2, np.log(WRONG_TIERS))
    return np.where(np.isfinite(tiers)[:, None], likely, 0.0)


def _pairs(roofs: Roofs, here: Ints, there: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Rows (pair,) of two dates that agree at any heights, and how well at all of both (pair, level, level)."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    heights = HEIGHT_M * LEVELS
    half = np.ptp(heights) / 2 * sum(float(np.hypot(*roofs.view[own[0]])) for own in (here, there))
    centre = roofs.xy - heights.mean() * roofs.view
    farthest = half + NEAR_SDS * (ACROSS_SD_M + ALONG_SD_M)
    tree = cKDTree(centre[there])
    for first in range(0, len(here), TOGETHER):
        some = here[first : first + TOGETHER]
        near = cKDTree(centre[some]).sparse_distance_matrix(tree, farthest, output_type="ndarray")
        one, other = some[near["i"]], there[near["j"]]
        turn = np.abs((roofs.angle[one] - roofs.angle[other] + 90.0) % 180.0 - 90.0)
        alike = turn < MOST_TURN_DEG
        yield _agreeing(roofs, centre, one[alike], other[alike])


def _agreeing(roofs: Roofs, centre: Floats, one: Ints, other: Ints) -> tuple[Ints, Ints, Floats]:
    """Those of some pairs that agree at any heights."""
    angle = np.deg2rad(roofs.angle[one])
    axis = np.column_stack([np.cos(angle), -np.sin(angle)])
    heights = HEIGHT_M * (LEVELS - LEVELS.mean())
    middle, *slopes = ((xy * axis).sum(1) for xy in (centre[one] - centre[other], roofs.view[one], roofs.view[other]))
    near = np.abs(middle) < heights[-1] * (np.abs(slopes[0]) + np.abs(slopes[1])) + NEAR_SDS * ACROSS_SD_M
    one, other, axis = one[near], other[near], axis[near]
    across = _apart(roofs, centre, one, other, axis, heights)
    along = _apart(roofs, centre, one, other, np.column_stack([-axis[:, 1], axis[:, 0]]), heights)
    # A short box stands anywhere on the spot of a long one.
    slack = np.abs(roofs.length[one] - roofs.length[other])[:, None, None] / 2
    along = np.maximum(np.abs(along) - slack, 0.0)
    agree = np.exp(-0.5 * ((across / ACROSS_SD_M) ** 2 + (along / ALONG_SD_M) ** 2))
    off = np.abs(np.subtract.outer(LEVELS, LEVELS))
    alike = np.where(off == 0, SAME_LEVEL, np.where(off <= 1, NEXT_LEVEL, OTHER_LEVEL))
    tied = (roofs.track[one] == roofs.track[other]) & (roofs.track[one] >= 0)
    agree *= np.where(tied[:, None, None] & (off == 0), SAME_BOX * alike, alike)
    # Pairs that agree at no height show that both dates have boxes near by.
    agree[agree.max((1, 2), initial=0.0) <= LEAST_AGREEMENT] = 0.0
    return one, other, agree


def _apart(roofs: Roofs, centre: Floats, one: Ints, other: Ints, axis: Floats, heights: Floats) -> Floats:
    """Distance (pair, level, level) of two bases along an axis (pair, 2), at all heights of both about their middle."""
    middle = ((centre[one] - centre[other]) * axis).sum(1)
    first, second = (np.outer((roofs.view[rows] * axis).sum(1), heights) for rows in (one, other))
    return np.asarray(middle[:, None, None] - first[:, :, None] + second[:, None, :], np.float64)
