"""Walls of stacks taken for containers, told by where a look from far aslant must show them.

A view leans roofs away from the foot of their stacks and shows the wall between both: as long as the roof, of its paint
and, from 25 degrees on, nearly as wide. But it lies on the side of the foot; it is shifted along the roof as the view
says for its height; and two roofs of one height cannot lie as near as a roof and its wall.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.kernels.containers import WIDTH_M
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs

LEAST_CONFIDENCE: Final = 0.3
"""Of a box that takes part. Chosen by hand, as all that follows but the weights."""
TURN_RAD: Final = 0.2
"""A wall and its roof are turned against each other by less."""
LEAST_LEAN: Final = 0.15
"""Displacement across a roof for a metre of height from which its wall is seen at all."""
APART_M: Final = (1.2, 2.75)
"""Across, from a roof's centre to that of its wall."""
SHIFT_M: Final = 3.5
"""Greatest shift along."""
RATIO: Final = 1.35
"""Greatest ratio of their lengths."""
REACH_M: Final = 4.5
"""Between both centres: as far as `APART_M` and `SHIFT_M` go."""
DEEPEST_M: Final = 4.5
"""Of a wall's middle below its roof at most, three boxes and a half high."""
TOUCHING_M: Final = 2.45
"""Between the centres of containers that touch along their sides."""
SHIFT_SD_M: Final = 0.5
"""Of a shift along: of a wall about where it must lie, of another box about none."""
MOST_ODDS: Final = 3.0
"""Of what that says."""
LEAST_LIGHT: Final = 0.005
"""Linear, so that logarithms are finite."""
MOST_HUE: Final = 0.6
"""Difference of two paints, in logarithms of light without brightness, beyond which more says no more."""
UNKNOWN_HUE: Final = 0.2
"""Stands for it in grey."""
SURE: Final = (0.02, 0.98)
"""Confidences whose log odds are used."""
WEIGHTS: Final = (0.24, -6.11, -1.25, 0.94, 3.04, 0.32, -0.94)
"""Log odds that a box is the wall of another: by itself, and for each of `NAMES`. Fitted on 24 looks of 12 painted
sites from 24 to 40 degrees (training/fit_walls.py)."""
NAMES: Final = ("beyond_m", "hue", "shifted", "lean", "roof_logit", "own_logit")
"""How far the pair is apart beyond `TOUCHING_M`; difference of their hues; log odds of the shift along; displacement
across for each metre of height; log odds of the confidences of both."""


class Faces(NamedTuple):
    """Pairs of a roof and a box that may be its wall.

    Attributes
    ----------
    roof, wall : int64 (pair,)
        Indices.
    features : float64 (pair, 6)
        See `NAMES`.
    """

    roof: Ints
    wall: Ints
    features: Floats


def faces(boxes: Floats, confidence: Floats, colours: Floats, lean: Floats) -> Faces:
    """Find boxes that lie beside others as walls of theirs do.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, y down, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.
    colours : float64 (n, 3)
        Of each box's surface, sRGB from 0 to 255; NaN where none is known.
    lean : float64 (2,)
        By how much roofs are displaced for each metre of height, right and down.

    Returns
    -------
    Faces
        Of boxes of `LEAST_CONFIDENCE` and more.
    """
    near = near_pairs(boxes, confidence, LEAST_CONFIDENCE, REACH_M)
    roof, wall = np.concatenate([near, near[:, ::-1]]).T
    _, across, turn, aside = beside(boxes, roof, wall)
    ahead = np.column_stack([aside[:, 1], -aside[:, 0]])
    # From a roof to its foot.
    down, down_along = -(aside @ lean), -(ahead @ lean)
    apart = np.where(down < 0, -across, across)
    shift = np.where(down_along < 0, -1.0, 1.0) * ((boxes[wall, :2] - boxes[roof, :2]) * ahead).sum(axis=1)
    own = (turn < TURN_RAD) & (np.abs(down) > LEAST_LEAN) & (apart > APART_M[0]) & (apart < APART_M[1])
    own &= (np.abs(shift) < SHIFT_M) & (np.abs(np.log(boxes[roof, 2] / boxes[wall, 2])) < np.log(RATIO))
    roof, wall, apart, shift = roof[own], wall[own], apart[own], shift[own]
    side, along = np.abs(down[own]), np.abs(down_along[own])
    middle_m = np.clip((apart - WIDTH_M / 2) / side, 0.0, DEEPEST_M)
    shifted = (shift**2 - (shift - along * middle_m) ** 2) / (2 * SHIFT_SD_M**2)
    logit = np.clip(confidence, *SURE)
    logit = np.log(logit / (1 - logit))
    parts = (
        np.maximum(apart - TOUCHING_M, 0.0),
        _hues_apart(colours[roof], colours[wall]),
        np.clip(shifted, -MOST_ODDS, MOST_ODDS),
        side,
        logit[roof],
        logit[wall],
    )
    return Faces(roof, wall, np.column_stack(parts))


def doubted(boxes: Floats, confidence: Floats, colours: Floats, is_container: Bools, lean: Floats) -> Floats:
    """Confidence of a scene's boxes once it is known which of them are walls of others.

    Parameters
    ----------
    boxes, confidence, colours
        As for `faces`, of all boxes of a scene.
    is_container : bool (n,)
        Others are left alone.
    lean : float64 (2,)
        As for `faces`.

    Returns
    -------
    float64 (n,)
        At most one less the probability of being a wall.
    """
    found = faces(boxes, np.where(is_container, confidence, 0.0), colours, lean)
    odds = WEIGHTS[0] + found.features @ np.array(WEIGHTS[1:])
    left = confidence.copy()
    np.minimum.at(left, found.wall, 1.0 / (1.0 + np.exp(odds)))
    return left


def _hues_apart(one: Floats, other: Floats) -> Floats:
    """Greatest difference (pair,) of two colours, sRGB (pair, 3), in logarithms of light without brightness."""
    both = np.log(np.maximum(linear_rgb(np.stack([one, other]) / 255), LEAST_LIGHT))
    hue = both - both.mean(axis=2, keepdims=True)
    apart = np.abs(hue[0] - hue[1]).max(axis=1)
    is_grey = np.abs(hue).max(axis=(0, 2)) == 0
    return np.where(np.isfinite(apart) & ~is_grey, np.minimum(apart, MOST_HUE), UNKNOWN_HUE)
