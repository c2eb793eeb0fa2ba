"""Sides of stacks that oblique views show and that look like boxes: no date has a box where they would stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import HEIGHT_M, WIDTH_M
from changedet.stages.tracks.kernels.stack_levels import LEVELS, LevelPosterior, Roofs

ACROSS, ALONG = (-0.35, 0.0, 0.35), (-0.4, -0.2, 0.0, 0.2, 0.4)
"""Points of a box at which it is asked what they show, in shares of its width and length."""
LEAST_VIEW: Final = 0.09
"""Displacement for a metre of height from which a side is seen: five degrees off nadir."""
STEP_M: Final = 0.6
"""Of height at which a stack's walls are looked for."""
LEAST_WEIGHT: Final = 0.3
"""Of a roof whose walls count."""
ALIKE_NATS: Final = 2.0
"""Agreement with another date, in nats a date, of a box that stands: more of it is no more."""
TELLING_DATES: Final = 4
"""Other dates from which it tells all that it can."""
OWN, FACE, USUAL = 0.62, -7.9, 2.2
"""Log odds of a true box by its own, by the share of its roof that is a side and by nothing, by logistic regression on
8856 boxes of the sites on which `stack_levels` was chosen (docs/research/tracks.md, "Sides")."""
LEAST_SHARE: Final = 1e-3
"""Of either answer in a confidence."""
REACH_M: Final = 8.0
"""Of half two long boxes, beyond the lean of the highest stack."""


def likely_faces(roofs: Roofs, levels: LevelPosterior) -> Bools:
    """Boxes that are rather sides of stacks.

    Parameters
    ----------
    roofs : Roofs
        Whose views are known.
    levels : LevelPosterior
        Of them.

    Returns
    -------
    bool (row,)
        False where no stack's side can be seen, and where no other date shows boxes near by.
    """
    lean = np.hypot(*roofs.view.T)
    found = np.zeros(len(lean), bool)
    for t in np.unique(roofs.date[lean > LEAST_VIEW]):
        here = np.flatnonzero(roofs.date == t)
        face = _on_walls(roofs.take(here), levels.shares[here])
        dates = levels.dates[here]
        alike = levels.agreement[here] / (ALIKE_NATS * np.maximum(dates, 1))
        face *= np.maximum(1.0 - alike, 0.0) * np.minimum(dates / TELLING_DATES, 1.0)
        own = np.clip(roofs.weight[here], LEAST_SHARE, 1.0 - LEAST_SHARE)
        odds = OWN * np.log(own / (1.0 - own)) + FACE * face + USUAL
        found[here] = (face > 0) & (odds < 0)
    return found


def _on_walls(roofs: Roofs, shares: Floats) -> Floats:
    """Expected share (row,) of each roof of one date that lies on the walls of another stack."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    heights, view = HEIGHT_M * LEVELS, roofs.view[0]
    walls = np.flatnonzero(roofs.weight > LEAST_WEIGHT)
    found = np.zeros(len(roofs.xy))
    if not len(walls):
        return found
    reach = heights[-1] * float(np.hypot(*view)) + REACH_M
    near = cKDTree(roofs.xy).sparse_distance_matrix(cKDTree(roofs.xy[walls]), reach, output_type="ndarray")
    one, stack = near["i"], walls[near["j"]]
    # Walls are seen on the near side of a roof: what lies beyond it is none of that stack.
    behind = ((roofs.xy[one] - roofs.xy[stack]) * view).sum(1) < 0
    one, stack = one[behind & (one != stack)], stack[behind & (one != stack)]
    at_least = np.cumsum(shares[:, ::-1], axis=1)[:, ::-1]
    needed = _needed(roofs, one, stack, heights)
    tall = np.column_stack([at_least, np.zeros(len(shares))])[stack[:, None], needed]
    np.maximum.at(found, one, tall.mean(1) * roofs.weight[stack])
    return found


def _needed(roofs: Roofs, one: Ints, stack: Ints, heights: Floats) -> Ints:
    """Index (pair, point) of the least height at which a stack's walls show at a roof's points; past all for none."""
    view = roofs.view[0]
    along, across = (part.ravel() for part in np.meshgrid(ALONG, ACROSS))
    angle = np.deg2rad(roofs.angle)
    ahead = np.column_stack([np.sin(angle), np.cos(angle)])
    aside = np.column_stack([ahead[:, 1], -ahead[:, 0]])
    offset = (
        (roofs.xy[one] - roofs.xy[stack])[:, None]
        + (along * roofs.length[one, None])[..., None] * ahead[one][:, None]
        + (across * WIDTH_M)[:, None] * aside[one][:, None]
    )
    place = [(offset * axis[stack][:, None]).sum(2) for axis in (ahead, aside)]
    slope = [(axis[stack] @ view)[:, None] for axis in (ahead, aside)]
    half = roofs.length[stack, None] / 2, WIDTH_M / 2

    def _within(depth: float) -> Bools:
        inside = [np.abs(p + depth * s) < h for p, s, h in zip(place, slope, half, strict=True)]
        return np.asarray(inside[0] & inside[1])

    needed = np.full(offset.shape[:2], np.inf)
    for depth in np.arange(STEP_M, heights[-1], STEP_M)[::-1]:
        needed[_within(depth)] = depth
    needed[_within(0.0)] = np.inf
    return np.searchsorted(heights, needed).astype(np.int64)
