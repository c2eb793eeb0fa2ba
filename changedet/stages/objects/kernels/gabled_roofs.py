"""Gabled roofs, whose slopes are taken for containers, one or two on each: told by the sun.

Both slopes are of one material, as long as each other and level with each other, and the one towards the sun is
brighter by as much as a pitch can make it. Two containers side by side may have one paint, but then they are as bright;
or they have two, which seldom differ in brightness alone, by so much, and towards the sun. On a house's roof a second
box lies on the slope, in the same light, and its lit wall may be a third. Containers stand among others; where these
are many, a pair is one of theirs.
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
RED: Final = (-0.65, 0.45)
"""Red differs otherwise than green by no more than this constant and shares of the step: what a stretch takes for dark
may be brighter in one colour, which then lacks in the darker slope. The share above was .27, which houses in low sun
exceed; chosen with one of them in view, as the next."""
MOST_NEEDED: Final = 0.5
"""Greatest difference in brightness, in e-folds, that is required: in low sun the sky gives both slopes much of their
light."""
BLUE: Final = (-1.0, -0.08)
"""Blue differs otherwise than green by as much, in shares of the step: the darker slope is lit by the sky."""
WARMER: Final = 0.05
"""Most by which the darker slope may be redder than the other, of blue and red: the sky makes it bluer."""
SAME_SLOPE, WALLS, WALL_RATIO = 1, 1, 1.25
"""Other boxes on the slope towards the sun, and walls in the sun below it, at most, and the greatest ratio of such a
wall's length to its own."""
TOUCH_M: Final = 2.45
"""Across, from centre to centre: both lie nearer than two containers can stand. Chosen with a painted port in view, of
which eight true boxes of three in a row were lost without it."""
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
GARDEN_M: Final = 15.0
"""From a roof's middle, within which a box lies among houses: sheds of drawn houses stand 9 to 14 off."""


class Roofs(NamedTuple):
    """Pairs of boxes that lie and are lit as both slopes of a roof.

    Attributes
    ----------
    bright, dark : int64 (roof,)
        Indices of the slope towards the sun and of the other.
    rest : int64 (n,)
        Of all others of these roofs: on the same slopes, walls in the sun, and what the roofs shade.
    """

    bright: Ints
    dark: Ints
    rest: Ints


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
    alone, roof, sunward = _by_themselves(boxes, light, *ends, bright, dark)
    own = np.concatenate([bright[alone], dark[alone], sunward[alone[roof]]])
    alone[alone] = _company(boxes, confidence, bright[alone], dark[alone], own) <= MOST_COMPANY
    bright, dark, sunward = bright[alone], dark[alone], sunward[alone[roof]]
    rest = np.concatenate([ends[1][np.isin(ends[0], dark)], sunward])
    return Roofs(bright, dark, np.setdiff1d(rest, bright))


def doubted(
    boxes: Floats, confidence: Floats, colours: Floats, is_container: Bools, shade: Floats
) -> tuple[Floats, Bools]:
    """Confidence of a scene's boxes once it is known which of them are slopes of gabled roofs, and what stands beside.

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
    confidence : float64 (n,)
        Less for all that lies on each.
    among : bool (n,)
        Which boxes lie within `GARDEN_M` of one.
    """
    found = roofs(boxes, np.where(is_container, confidence, 0.0), colours, shade)
    taken = np.full(len(boxes), np.nan)
    taken[np.concatenate(found)] = -TAKEN
    among = np.zeros(len(boxes), np.bool_)
    for middle in (boxes[found.bright, :2] + boxes[found.dark, :2]) / 2:
        among |= np.hypot(*(boxes[:, :2] - middle).T) < GARDEN_M
    return looked_at(confidence, taken), among


def _lit(step: Floats, side: Floats) -> Bools:
    """Which brighter boxes are as much brighter as the sun makes them (pair, band), and of the other's hue."""
    mean = step.mean(axis=1)
    red, blue = step[:, 0] - step[:, 1], step[:, 2] - step[:, 1]
    most = np.minimum(mean, MOST_STEP)
    alike = (red > RED[0] * most - HUE) & (red < RED[1] * most + HUE)
    alike &= (blue > BLUE[0] * mean) & (blue < BLUE[1] * mean) & (blue < red + WARMER)
    least = np.clip(step_of_pitch(side, PITCH[0]), LEAST_STEP, MOST_NEEDED)
    return np.asarray((side > LEAST_SIDE) & (mean > least) & (mean < step_of_pitch(side, PITCH[1])) & alike, np.bool_)


def _by_themselves(
    boxes: Floats, light: Floats, one: Ints, other: Ints, bright: Ints, dark: Ints
) -> tuple[Bools, Ints, Ints]:
    """Which pairs have nothing beside them but what is of their roof, and of which pair each box on its sunny side is.

    Of the roof are a box on the same slope, its wall in the sun, and beyond the darker slope what is darker.
    """
    mean, alone = light.mean(axis=1), np.ones(len(bright), np.bool_)
    sunward = [np.zeros(0, np.int64)]
    for k, (lit, unlit) in enumerate(zip(bright, dark, strict=True)):
        beyond = other[(one == unlit) & (other != lit)]
        before = other[(one == lit) & (other != unlit)]
        before = np.setdiff1d(np.concatenate([before, other[np.isin(one, before)]]), [lit, unlit])
        before, alone[k] = _on_slope(boxes, light, lit, unlit, before)
        beyond = np.setdiff1d(beyond, before)
        alone[k] &= bool((mean[beyond] < mean[lit] - LEAST_STEP).all())
        sunward.append(before)
    roof = np.repeat(np.arange(len(bright)), [len(own) for own in sunward[1:]])
    return alone, roof, np.concatenate(sunward)


def _on_slope(boxes: Floats, light: Floats, lit: int, unlit: int, beside_it: Ints) -> tuple[Ints, bool]:
    """Boxes on the sunny side of a pair, and whether all of them are of its roof."""
    across = beside(boxes, np.full(1 + len(beside_it), lit), np.array([unlit, *beside_it])).across
    sunny = across[1:] * across[0] < 0.0
    before, far = beside_it[sunny], np.sort(np.abs(across[1:][sunny]))
    step, ratio = light[before] - light[lit], np.abs(np.log(boxes[before, 2] / boxes[lit, 2]))
    more = step.mean(axis=1)
    same = (np.abs(more) < LEAST_STEP) & (np.abs(step - more[:, None]).max(axis=1, initial=0.0) < HUE)
    same &= ratio < np.log(RATIO)
    wall = (more > LEAST_STEP) & (ratio < np.log(WALL_RATIO))
    near = bool((np.diff(far, prepend=0.0) < TOUCH_M).all() and (same | wall).all())
    return before, near and same.sum() <= SAME_SLOPE and wall.sum() <= WALLS


def _company(boxes: Floats, confidence: Floats, bright: Ints, dark: Ints, own: Ints) -> Ints:
    """How many sure boxes that are of no roof themselves stand around each pair."""
    sure = confidence >= SURE
    sure[own] = False
    middle = (boxes[bright, :2] + boxes[dark, :2]) / 2
    apart = np.hypot(*(middle[:, None] - boxes[sure][None, :, :2]).transpose(2, 0, 1))
    return np.asarray((apart < COMPANY_M).sum(axis=1), np.int64)
