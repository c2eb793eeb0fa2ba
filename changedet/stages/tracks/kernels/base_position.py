"""Where boxes stand on the ground, from their roofs in the pictures, the angles of the views and all looks of a track.

An off-nadir view shows a roof displaced by its height times the tangent of the off-nadir angle, the way the sensor
looks. A track keeps its place, so looks of different views give its height: a line through the roofs' positions over
the views' displacement for a metre of height, with the ground at 0. What a track alone does not tell follows the other
boxes of the site (an empirical Bayes estimate, Efron and Morris 1973, doi:10.1080/01621459.1973.10481350).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import HEIGHT_M

CENTRE_SD_M: Final = 0.25
"""Error of a detected roof's centre on the common grid, co-registration included: three quarters lie closer than .15 m
on our own simulator, whose looks are nearer to nadir. Chosen by hand."""
TIERS_SD_M: Final = 0.4
"""Error of a height that tiers from shadows give: high cubes are .3 m higher. Chosen by hand."""
TYPICAL_SD_M: Final = 1.5
"""Spread of the heights of roofs before any is known: a storey more or less, or a wagon's floor. Chosen by hand."""
LEAST_SPREAD_M: Final = 0.6
"""Least spread about the site's usual height that is believed. Chosen by hand."""
TYPICAL_BOXES: Final = 3.0
"""Boxes of a known height that the typical height of one storey is worth. Chosen by hand."""
HIGHEST_M: Final = 6 * HEIGHT_M
"""More storeys than six stand in no yard."""
REVERSED_M: Final = -0.5
"""Usual height below which the angles are taken for the direction to the sensor, not of its view. Chosen by hand."""


class BasePositions(NamedTuple):
    """Bases of boxes.

    Attributes
    ----------
    xy : float64 (row, 2)
        Centres on the ground, in metres.
    height_m : float64 (row,)
        Of the roofs above the ground, as assumed; 0 where the view is not known.
    is_reversed : bool
        Whether the roofs are displaced against the given views.
    """

    xy: Floats
    height_m: Floats
    is_reversed: bool


def base_positions(xy: Floats, group: Ints, view: Floats, tiers: Floats) -> BasePositions:
    """Centres of boxes on the ground.

    Parameters
    ----------
    xy : float64 (row, 2)
        Centres as the pictures show the roofs, in metres.
    group : int64 (row,)
        Track of each row, 0 and up; -1 for a row of none.
    view : float64 (row, 2)
        Displacement of a roof for each metre of its height, east and north; NaN where the view is not known.
    tiers : float64 (row,)
        Levels of the stack; NaN for unknown.

    Returns
    -------
    BasePositions
        A row whose view is not known stays where it is.
    """
    known = np.isfinite(view).all(1)
    base, height = xy.copy(), np.zeros(len(xy))
    if not known.any():
        return BasePositions(base, height, False)
    # Rows of no track are tracks of their own.
    single = group < 0
    own = np.where(single, group.max(initial=-1) + np.cumsum(single), group)[known]
    _, own = np.unique(own, return_inverse=True)
    lines = _lines(xy[known], own.astype(np.int64), view[known])
    usual, spread = _usual_height(lines)
    is_reversed = usual < REVERSED_M
    if is_reversed:
        lines = lines._replace(pull=-lines.pull)
        usual, spread = _usual_height(lines)
    heights = _heights(lines, HEIGHT_M * tiers[known], own.astype(np.int64), max(usual, HEIGHT_M / 2), spread)
    height[known] = heights
    base[known] -= (-1.0 if is_reversed else 1.0) * heights[:, None] * view[known]
    return BasePositions(base, height, bool(is_reversed))


class _Lines(NamedTuple):
    """Sums of a regression of roofs on views for each track: ``height = pull / weight``."""

    pull: Floats
    weight: Floats


def _lines(xy: Floats, group: Ints, view: Floats) -> _Lines:
    size = np.bincount(group).astype(np.float64)

    def _apart(values: Floats) -> Floats:
        mean = np.column_stack([np.bincount(group, column) for column in values.T]) / size[:, None]
        return np.asarray(values - mean[group], np.float64)

    roofs, views = _apart(xy), _apart(view)
    variance = CENTRE_SD_M**2
    return _Lines(
        np.bincount(group, (roofs * views).sum(1)) / variance, np.bincount(group, (views**2).sum(1)) / variance
    )


def _usual_height(lines: _Lines) -> tuple[float, float]:
    """Usual height of the site's roofs and their spread, in metres, each track weighed by what it shows of its own."""
    shows = lines.weight > TYPICAL_SD_M**-2
    own = lines.pull[shows] / lines.weight[shows]
    weight = 1.0 / (1.0 / lines.weight[shows] + TYPICAL_SD_M**2)
    prior = TYPICAL_BOXES / TYPICAL_SD_M**2
    usual = float(((own * weight).sum() + HEIGHT_M * prior) / (weight.sum() + prior))
    excess = (own - usual) ** 2 - 1.0 / lines.weight[shows]
    variance = ((excess * weight).sum() + TYPICAL_SD_M**2 * prior) / (weight.sum() + prior)
    return usual, float(np.sqrt(max(variance, LEAST_SPREAD_M**2)))


def _heights(lines: _Lines, told: Floats, group: Ints, usual: float, spread: float) -> Floats:
    """Height (row,) of each row's roof: the track's own, towards the site's usual one; a row's tiers count for it."""
    weight = lines.weight + spread**-2
    height = ((lines.pull + usual * spread**-2) / weight)[group]
    has: Bools = np.isfinite(told)
    by_tiers = TIERS_SD_M**-2
    own = weight[group]
    height = np.where(has, (height * own + np.nan_to_num(told) * by_tiers) / (own + by_tiers), height)
    return np.asarray(np.clip(height, 0.0, HIGHEST_M), np.float64)
