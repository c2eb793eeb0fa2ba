"""Cast shade taken for containers, told by its colour and its side: on bright ground it is as long, as wide, as dark.

Containers have any paint. What they shade has the colour of the ground under the sky alone, and lies on the side away
from the sun. So where boxes that stand at the end of a row, all on one side, are of one dark colour that the other
boxes of the scene do not have, they are shade.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.stages.objects.kernels.box_looks import looked_at
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs

LEAST_CONFIDENCE: Final = 0.3
"""Of a box that takes part. Chosen by hand, as all that follows but where it says so."""
REACH_M: Final = 4.8
"""Between the centres of boxes that touch along their sides, shifted ones among them."""
TURN_RAD: Final = 0.15
"""Boxes turned against each other by less are parallel."""
BESIDE_M: Final = (1.8, 4.4)
"""Across, from centre to centre: of a box and its shade 2.4 to 3.6."""
BESIDE_SHIFT: Final = 0.6
"""Along, by less than this share of their mean length, of boxes that stand side by side."""
SHADE_SHIFT_M: Final = 2.5
"""Greatest shift along of a box's own shade."""
SHADE_RATIO: Final = 1.35
"""Greatest ratio of their lengths."""
DIRECTIONS: Final = 36
"""Directions away from the sun that are tried, since often nobody says where it stood."""
AWAY: Final = 0.5
"""Least cosine between such a direction and that from a box to its shade."""
LEAST_SHADES: Final = 6
"""That a scene has: fewer boxes may be of one paint by chance."""
LEAST_OTHERS: Final = 3
"""Other boxes, of which it is known what colours there are."""
MOST_OTHERS: Final = 1000
"""Boxes whose paints stand for all others, every so many of them: each shade is compared with each of these. No site of
fewer boxes is thinned out; of two square kilometres of packed yards, 12,000 boxes, comparing all took a fifth of a
run."""
AT_ONCE: Final = 1000
"""Shades that are compared at once, so that memory does not grow with their number."""
LEAST_LIGHT: Final = 0.005
"""Linear, so that logarithms are finite."""
ONE_COLOUR: Final = 0.1
"""Standard deviation of the logarithms of a scene's shade on one ground; .04 to .08 of a drawn hand's."""
OF_PAINTS, ALL_PAINTS, ALL_SHARE = 0.2, 0.6, 0.3
"""Standard deviations about each other box's colour and about the middle of all, and the share of the second, of which
the density of paints is made."""
ODD_SHARE: Final = 0.1
"""Of boxes among the shades that are none."""
COLOUR_COST: Final = 6.0
"""Log odds for the colour itself, which is chosen to suit, and as many for the direction as there are of these."""
LEAST_ALIKE: Final = 0.85
"""Share that is more like shade than like paint: .90 and more of shade, at most .83 of the ends of rows that are as
dark, on 2,663 dates of finished runs of eleven hands, cameras and real pictures."""
DARKEST: Final = 0.65
"""Mean light over that of the other boxes: .42 to .59 of shade; where more of such boxes are alike, .70 and more."""
LEAST_ODDS: Final = 3.0
"""Log odds of shade against paint from which on it is shade; 13 and more where it is."""
TAKEN: Final = 6.0
"""Log odds that shade loses then."""


class Shades(NamedTuple):
    """Boxes at the end of a row that may be the shade of the box before them.

    Attributes
    ----------
    shade : int64 (pair,)
        Index of the box.
    away : float64 (pair, 2)
        Unit vector to it from the box that casts it.
    """

    shade: Ints
    away: Floats


def ends_of_rows(boxes: Floats, confidence: Floats) -> Shades:
    """Find boxes with another beside them, and none on their other side.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.

    Returns
    -------
    Shades
        Of boxes of `LEAST_CONFIDENCE` and more.
    """
    near = near_pairs(boxes, confidence, LEAST_CONFIDENCE, REACH_M)
    i, j = np.concatenate([near, near[:, ::-1]]).T
    along, across, turn, aside = beside(boxes, j, i)
    close = (turn < TURN_RAD) & (np.abs(across) > BESIDE_M[0]) & (np.abs(across) < BESIDE_M[1])
    close &= along < BESIDE_SHIFT * (boxes[i, 2] + boxes[j, 2]) / 2
    sides = np.zeros((len(boxes), 2), bool)
    sides[j[close], (across[close] > 0).astype(np.int64)] = True
    own = close & (along < SHADE_SHIFT_M) & ~sides[i].all(axis=1)
    own &= np.abs(np.log(boxes[i, 2] / boxes[j, 2])) < np.log(SHADE_RATIO)
    return Shades(i[own], np.sign(across[own])[:, None] * aside[own])


def shade_odds(light: Floats, shade: Ints, others: Ints) -> Floats:
    """Log odds that boxes are shade of one colour, against paint.

    Parameters
    ----------
    light : float64 (n, band)
        Logarithms of each box's light.
    shade : int64 (k,)
        Boxes that may be shade.
    others : int64 (m,)
        Those that are not.

    Returns
    -------
    float64 (k,)
        Of each by itself.
    """
    own = light[shade]
    one = _density(own, np.median(own, axis=0)[None], ONE_COLOUR)
    middle = np.median(light[np.concatenate([shade, others])], axis=0)[None]
    some = light[others[:: -(-len(others) // MOST_OTHERS)]]
    paint = (1.0 - ALL_SHARE) * _density(own, some, OF_PAINTS) + ALL_SHARE * _density(own, middle, ALL_PAINTS)
    return np.asarray(np.log((1.0 - ODD_SHARE) * one / paint + ODD_SHARE), np.float64)


def doubted(boxes: Floats, confidence: Floats, colours: Floats, is_container: Bools) -> Floats:
    """Confidence of a scene's boxes once it is known which of them are shade of others.

    Parameters
    ----------
    boxes, confidence
        As for `ends_of_rows`, of all boxes of a scene.
    colours : float64 (n, 3)
        Of each box's surface, sRGB from 0 to 255; NaN where none is known.
    is_container : bool (n,)
        Others are left alone.

    Returns
    -------
    float64 (n,)
        The same where a scene has no such shade.
    """
    linear = np.maximum(linear_rgb(colours), LEAST_LIGHT)
    # In grey all three say the same.
    light = np.log(linear[:, :1] if np.array_equal(linear, linear[:, ::-1], equal_nan=True) else linear)
    found = ends_of_rows(boxes, np.where(np.isfinite(light).all(axis=1), confidence, 0.0))
    counted = is_container & (confidence >= LEAST_CONFIDENCE) & np.isfinite(light).all(axis=1)
    most, taken = LEAST_ODDS, np.full(len(boxes), np.nan)
    turn = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    for toward in (found.away @ np.stack([np.sin(turn), np.cos(turn)]) > AWAY).T:
        shade = np.unique(found.shade[toward])
        others = np.setdiff1d(np.flatnonzero(counted), shade)
        if len(shade) < LEAST_SHADES or len(others) < LEAST_OTHERS:
            continue
        if linear[shade].mean() >= DARKEST * linear[others].mean():
            continue
        odds = shade_odds(light, shade, others)
        total, alike = float(odds.sum()) - COLOUR_COST - np.log(DIRECTIONS), odds > 0
        if total > most and alike.mean() >= LEAST_ALIKE:
            most, taken = total, np.full(len(boxes), np.nan)
            taken[shade[alike]] = -TAKEN
    return looked_at(confidence, np.where(is_container, taken, np.nan))


def _density(at: Floats, middle: Floats, spread: float) -> Floats:
    """Mean of normal densities (k,) about each middle (m, band), at points (k, band)."""
    scale = (spread * np.sqrt(2 * np.pi)) ** at.shape[1]
    out = np.empty(len(at))
    for first in range(0, len(at), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        apart = ((at[some, None] - middle[None]) / spread) ** 2
        out[some] = np.exp(-0.5 * apart.sum(axis=2)).mean(axis=1) / scale
    return out
