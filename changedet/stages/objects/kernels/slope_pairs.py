"""Tents, and cast shade, told from containers: boxes side by side in twos, of which the sun lights one.

Two containers side by side may have any two colours, so that the brighter of them lies to either side. Of gabled roofs
the brighter slope lies towards the sun, on all of them; and so does a container of its own shade, where the detector
takes that for a box. One pair says nothing, twenty leave no doubt. Slopes of tents lie nearer to each other than two
containers can stand; a container and its shade do not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.objects.kernels.box_looks import looked_at
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs

LEAST_CONFIDENCE: Final = 0.3
"""Of a box that takes part. Chosen by hand, as all that follows but where it says so."""
REACH_M: Final = 4.6
"""Between the centres of boxes that touch along their sides, shifted ones among them."""
TURN_RAD: Final = 0.2
"""Boxes turned against each other by less are parallel; slopes of one tent lean apart in a picture, by 5 degrees."""
BESIDE_M: Final = (1.4, 4.2)
"""Across, from centre to centre of boxes side by side."""
BESIDE_SHIFT: Final = 0.8
"""Along, by less than this share of their mean length."""
SLOPES_M: Final = 3.0
"""Greatest distance across of both, also of a container and its shade."""
TENT_M: Final = 2.3
"""Median distance across below which both are slopes: 1.8 to 2.1 of tents of 4 m, 2.4 at least of containers and shade,
which are as wide as containers."""
SLOPES_SHIFT_M: Final = 1.3
"""Greatest distance along of slopes."""
SLOPES_RATIO: Final = 1.3
"""Greatest ratio of their lengths."""
DIRECTIONS: Final = 36
"""Directions of the light that are tried, since often nobody says where the sun stood."""
AGREE: Final = 0.97
"""Share of gabled roofs whose brighter slope lies towards the light: all of 53 to 90 on four looks at a drawn camp; of
pairs of containers on 130 looks of three hands .5 to .8 for the direction that suits them best, of eight and more."""
CHANCE: Final = 0.5
"""The same of containers."""
LEAST_SHARE: Final = 0.3
"""Of the counted boxes, that such pairs make up at least; .41 to .81 at the camp."""
LEAST_ODDS: Final = 3.0
"""Log odds of roofs against containers from which on the scene's pairs are roofs: 11 pairs that all agree. On 2,456
dates of finished runs, of all hands and cameras and without tents, it is -.9 at most where such pairs are `LEAST_SHARE`
(one look at yachts on land, of which none is counted, has 2.4), and 3.7 on the one look that counts another hand's
tents."""
TAKEN: Final = 6.0
"""Log odds that the darker of each two loses then, and of tents the brighter, too."""
ALONE_TAKEN: Final = 4.0
"""Log odds that boxes lose that stand alone among them and are as long: roofs of which one slope was detected."""
ALIKE: Final = 1.2
"""Greatest ratio of such a box's length to that of the slopes in the median."""


class Slopes(NamedTuple):
    """Boxes side by side in twos.

    Attributes
    ----------
    dark, bright : int64 (pair,)
        The darker and the brighter box of each.
    across : float64 (pair, 2)
        Unit vector from the darker to the brighter.
    apart_m : float64 (pair,)
        Across, from centre to centre.
    alone : bool (n,)
        Boxes with none beside them.
    """

    dark: Ints
    bright: Ints
    across: Floats
    apart_m: Floats
    alone: Bools


def slopes(boxes: Floats, confidence: Floats, inside: Floats) -> Slopes:
    """Find boxes that stand side by side in twos, and no third with them.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.
    inside : float64 (n,)
        Brightness of each.

    Returns
    -------
    Slopes
        Of boxes of `LEAST_CONFIDENCE` and more.
    """
    i, j = near_pairs(boxes, confidence, LEAST_CONFIDENCE, REACH_M).T
    along, across, turn, aside = beside(boxes, i, j)
    far = np.abs(across)
    close = (turn < TURN_RAD) & (far > BESIDE_M[0]) & (far < BESIDE_M[1])
    close &= along < BESIDE_SHIFT * (boxes[i, 2] + boxes[j, 2]) / 2
    count = np.bincount(np.concatenate([i[close], j[close]]), minlength=len(boxes))
    ratio = np.abs(np.log(boxes[i, 2] / boxes[j, 2]))
    two = close & (count[i] == 1) & (count[j] == 1) & (far < SLOPES_M) & (along < SLOPES_SHIFT_M)
    two &= ratio < np.log(SLOPES_RATIO)
    i, j, toward = i[two], j[two], np.sign(across[two])[:, None] * aside[two]
    rises = inside[j] > inside[i]
    ends = np.where(rises, i, j), np.where(rises, j, i)
    return Slopes(*ends, np.where(rises, 1.0, -1.0)[:, None] * toward, far[two], count == 0)


def lit_alike(across: Floats) -> tuple[Bools, float]:
    """Say which pairs have their brighter box towards one direction, and how much that speaks for roofs.

    Parameters
    ----------
    across : float64 (pair, 2)
        Of `Slopes`.

    Returns
    -------
    agree : bool (pair,)
        For the direction with which most agree.
    odds : float
        Log odds of roofs against containers, less what the best of `DIRECTIONS` gains by chance.
    """
    turn = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    agree: Bools = np.asarray(across @ np.stack([np.sin(turn), np.cos(turn)]) > 0, bool)
    if not len(across):
        return np.zeros(0, bool), -np.inf
    best = agree[:, int(np.argmax(agree.sum(axis=0)))]
    odds = best.sum() * np.log(AGREE / CHANCE) + (~best).sum() * np.log((1 - AGREE) / (1 - CHANCE))
    return np.asarray(best, bool), float(odds - np.log(DIRECTIONS))


def doubted(boxes: Floats, confidence: Floats, inside: Floats, is_container: Bools) -> Floats:
    """Confidence of a scene's boxes once it is known whether they are slopes of tents, or shade.

    Parameters
    ----------
    boxes, confidence, inside
        As for `slopes`, of all boxes of a scene.
    is_container : bool (n,)
        Others are left alone.

    Returns
    -------
    float64 (n,)
        The same unless such pairs are much of the scene's boxes.
    """
    found = slopes(boxes, confidence, inside)
    agree, odds = lit_alike(found.across)
    dark, bright = found.dark[agree], found.bright[agree]
    counted = is_container & (confidence >= LEAST_CONFIDENCE)
    if odds < LEAST_ODDS or 2 * len(dark) < LEAST_SHARE * counted.sum():
        return confidence
    taken = np.full(len(boxes), np.nan)
    if np.median(found.apart_m[agree]) < TENT_M:
        alike = np.abs(np.log(boxes[:, 2] / np.median(boxes[bright, 2]))) < np.log(ALIKE)
        taken[found.alone & alike] = -ALONE_TAKEN
        taken[bright] = -TAKEN
    taken[dark] = -TAKEN
    return looked_at(confidence, np.where(is_container, taken, np.nan))
