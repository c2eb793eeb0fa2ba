"""Gabled roofs a little wider than two containers, whose slopes are taken for two of them: told by the sun.

Both slopes are of one material, as long as each other and level with each other, and the one towards the sun is
brighter by as much as a pitch can make it. Two containers side by side may have one paint, but then they are as bright;
or they have two, which seldom differ in brightness alone, by so much, and towards the sun. Containers stand among
others; where these are many, a pair is one of theirs.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.stages.objects.kernels.box_looks import looked_at
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs

LEAST_CONFIDENCE, LISTED = 0.005, 0.1
"""Of a slope, the darker of which is seldom sure, and of what stands beside both: what a look lists. Chosen by hand, as
all that follows but where it says so."""
TURN_RAD: Final = 0.1
"""Both slopes are turned against each other by less: .08 at most of drawn sheds."""
APART_M: Final = (1.8, 3.2)
"""Across, from centre to centre."""
SHIFT_M: Final = 0.6
"""Greatest shift along; .36 of drawn sheds."""
RATIO: Final = 1.1
"""Greatest ratio of their lengths; 1.05 of drawn sheds."""
REACH_M, NEIGHBOUR_M, BESIDE_RAD, BESIDE_SHIFT = 7.0, 3.8, 0.2, 0.8
"""Other boxes side by side: between their centres, turned against each other, and along by a share of their length."""
LEAST_SIDE: Final = 0.15
"""How far the sun stands to the side of the ridge, as a share of its height: else both slopes are as bright."""
SKY: Final = 0.22
"""Share of the light on flat ground that comes from the whole sky, in the mean of the colours."""
PITCH: Final = (0.15, 1.2)
"""Tangents of the flattest and of the steepest pitch: of drawn sheds .3 to .75 are found by their light."""
LEAST_STEP: Final = 0.12
"""E-folds of brightness between both slopes at least: paints of one colour fade by as much."""
HUE: Final = 0.08
RED: Final = (-0.65, 0.27)
"""Red differs otherwise than green by no more than this constant and shares of the step: what a stretch takes for dark
may be brighter in one colour, which then lacks in the darker slope."""
BLUE: Final = (-1.0, -0.08)
"""Blue differs otherwise than green by as much, in shares of the step: the darker slope is lit by the sky."""
WARMER: Final = 0.05
"""Most by which the darker slope may be redder than the other, of blue and red: the sky makes it bluer."""
MOST_STEP: Final = 1.0
"""E-folds of the step of which that share is taken."""
MOST_UNSURE_STEP: Final = 1.2
"""Where the darker slope is not listed: a container's own shade is 1.9 darker than it (third hand, in view)."""
COMPANY_M: Final = 20.0
"""Within which other boxes of `SURE` are counted that are no slopes themselves."""
SURE: Final = 0.5
MOST_COMPANY: Final = 2
"""Of these at most: slopes on drawn sheds have none to two, pairs of containers that are lit like a roof six and more,
on 24 looks of two hands."""
LEAST_LIGHT: Final = 0.005
"""Linear, so that logarithms are finite."""
TAKEN: Final = 6.0
"""Log odds that both slopes lose."""


class Roofs(NamedTuple):
    """Pairs of boxes that lie and are lit as both slopes of a roof.

    Attributes
    ----------
    bright, dark : int64 (roof,)
        Indices of the slope towards the sun and of the other.
    shade : int64 (n,)
        Of boxes beyond darker slopes: what the roofs shade.
    """

    bright: Ints
    dark: Ints
    shade: Ints


def step_of_pitch(side: Floats, pitch: float) -> Floats:
    """How much brighter the slope towards the sun is.

    Parameters
    ----------
    side : float64 (n,)
        How far the sun stands to the side of the ridge, as a share of its height.
    pitch : float
        Tangent of the roof's.

    Returns
    -------
    float64 (n,)
        E-folds.

    Examples
    --------
    >>> step_of_pitch(np.array([0.0, 0.5]), 0.5).round(2).tolist()
    [0.0, 0.4]
    """
    more = pitch * np.maximum(side, 0.0)
    lit = SKY + (1.0 - SKY) * (1.0 + more)
    return np.asarray(np.log(lit / (SKY + (1.0 - SKY) * np.maximum(0.0, 1.0 - more))), np.float64)


def roofs(boxes: Floats, confidence: Floats, colours: Floats, shade: Floats) -> Roofs:
    """Find the boxes that are both slopes of a roof.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Metres, y down, see `rectangles`.
    confidence : float64 (n,)
        0 to 1.
    colours : float64 (n, 3)
        Of each box's surface, sRGB from 0 to 255; NaN where none is known.
    shade : float64 (2,)
        Where shade falls for each metre of height, metres right and down.

    Returns
    -------
    Roofs
        None in grey, where nothing is known of hues.
    """
    light = np.log(np.maximum(linear_rgb(colours), LEAST_LIGHT))
    known = np.isfinite(light).all(axis=1)
    none = np.zeros(0, np.int64)
    if not known.any() or np.ptp(light[known], axis=1).max() <= 0.0:
        return Roofs(none, none, none)
    i, j = near_pairs(boxes, np.where(known, confidence, 0.0), LEAST_CONFIDENCE, REACH_M).T
    along, across, turn, aside = beside(boxes, i, j)
    far, mean = np.abs(across), light.mean(axis=1)
    near = (far > APART_M[0]) & (far < NEIGHBOUR_M) & (turn < BESIDE_RAD)
    near &= along < BESIDE_SHIFT * (boxes[i, 2] + boxes[j, 2]) / 2
    pair = near & (turn < TURN_RAD) & (far < APART_M[1]) & (along < SHIFT_M)
    pair &= np.abs(np.log(boxes[i, 2] / boxes[j, 2])) < np.log(RATIO)
    pair &= np.maximum(confidence[i], confidence[j]) >= LISTED
    near &= np.minimum(confidence[i], confidence[j]) >= LISTED
    up = mean[j] > mean[i]
    dark, bright = np.where(up, i, j), np.where(up, j, i)
    toward = np.where(up, 1.0, -1.0)[:, None] * np.sign(across)[:, None] * aside
    pair &= _lit(light[bright] - light[dark], -(toward @ shade))
    pair &= (confidence[dark] >= LISTED) | (mean[bright] - mean[dark] < MOST_UNSURE_STEP)
    bright, dark = bright[pair], dark[pair]
    ends = np.concatenate([i[near], j[near]]), np.concatenate([j[near], i[near]])
    alone = _by_themselves(mean, *ends, bright, dark)
    bright, dark = bright[alone], dark[alone]
    alone = _company(boxes, confidence, bright, dark) <= MOST_COMPANY
    bright, dark = bright[alone], dark[alone]
    beyond = ends[1][np.isin(ends[0], dark)]
    return Roofs(bright, dark, np.setdiff1d(beyond, bright))


def doubted(boxes: Floats, confidence: Floats, colours: Floats, is_container: Bools, shade: Floats) -> Floats:
    """Confidence of a scene's boxes once it is known which of them are slopes of gabled roofs.

    Parameters
    ----------
    boxes, confidence, colours
        As for `roofs`, of all boxes of a scene.
    is_container : bool (n,)
        Others are left alone.
    shade : float64 (2,)
        As for `roofs`.

    Returns
    -------
    float64 (n,)
        Less for both slopes of each, and for its shade.
    """
    found = roofs(boxes, np.where(is_container, confidence, 0.0), colours, shade)
    taken = np.full(len(boxes), np.nan)
    taken[np.concatenate(found)] = -TAKEN
    return looked_at(confidence, taken)


def _lit(step: Floats, side: Floats) -> Bools:
    """Which brighter boxes are as much brighter as the sun makes them (pair, band), and of the other's hue."""
    mean = step.mean(axis=1)
    red, blue = step[:, 0] - step[:, 1], step[:, 2] - step[:, 1]
    most = np.minimum(mean, MOST_STEP)
    alike = (red > RED[0] * most - HUE) & (red < RED[1] * most + HUE)
    alike &= (blue > BLUE[0] * mean) & (blue < BLUE[1] * mean) & (blue < red + WARMER)
    least = np.maximum(step_of_pitch(side, PITCH[0]), LEAST_STEP)
    return np.asarray((side > LEAST_SIDE) & (mean > least) & (mean < step_of_pitch(side, PITCH[1])) & alike, np.bool_)


def _by_themselves(light: Floats, one: Ints, other: Ints, bright: Ints, dark: Ints) -> Bools:
    """Which pairs have nothing beside them but what the roof shades beyond its darker slope."""
    alone = np.ones(len(bright), np.bool_)
    for k, (lit, unlit) in enumerate(zip(bright, dark, strict=True)):
        before, beyond = other[(one == lit) & (other != unlit)], other[(one == unlit) & (other != lit)]
        alone[k] = not len(before) and bool((light[beyond] < light[lit] - LEAST_STEP).all())
    return alone


def _company(boxes: Floats, confidence: Floats, bright: Ints, dark: Ints) -> Ints:
    """How many sure boxes that are no slopes themselves stand around each pair."""
    sure = confidence >= SURE
    sure[bright], sure[dark] = False, False
    middle = (boxes[bright, :2] + boxes[dark, :2]) / 2
    apart = np.hypot(*(middle[:, None] - boxes[sure][None, :, :2]).transpose(2, 0, 1))
    return np.asarray((apart < COMPANY_M).sum(axis=1), np.int64)
