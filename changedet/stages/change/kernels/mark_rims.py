"""Marks without an outline: a part of a field whose whole ground changed in the same way.

Where a field was ploughed or a crop ripened, trees and network may be sure of some of it and not of the rest, and on
several looks in a row. What was built, dug or heaped has an outline: across the rim of its mark the ground's change in
brightness is another inside and outside, or the network sees something there and nothing a few metres away. So pixels
along a mark's rim are compared with those beyond it, in the change of brightness between both dates and in what the
network says; where all of a wide mark's rim shows neither, what lies around it changed alike, and it is no mark.

A small mark whose rim is seen on the reference and not on the date is what a lorry left on a road, which the ground of
a wide square (`movers`) does not know: what stood there is gone, and its place is like what lies right beside it. Sums
are of whole numbers over single pixels, so a mark gets the same whatever blocks it is cut into.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Ints, Shorts, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.components import FIXED_POINT
from changedet.stages.change.kernels.movers import COLOURS, LIKE_LEVELS, MIDDLE, MOST_BANDS, UNKNOWN
from changedet.stages.change.kernels.movers import STEP as LEVELS_PER_E_FOLD
from changedet.stages.change.kernels.wide_ground import STEP as STEPS_PER_ODDS
from changedet.stages.change.kernels.wide_ground import UNSAID

BESIDE_M: Final = 2.0
"""How far inside and outside of the rim brightness is compared: beyond the blur of an edge and of a pixel's shift."""
FAR_M: Final = 4.5
"""How far outside of the rim the network is compared: what it sees reaches over an edge."""
REACH_M: Final = 6.0
"""How far from a rim anything is read, squares for means among it."""
NORMAL_M: Final = 1.5
"""Half the side of the square whose marked pixels tell where outside is."""
LEAST_M2: Final = 50.0
"""Smaller marks are things, and keep their word: a field is wide."""
LEAST_RIM_M: Final = 10.0
"""Length of rim that must be seen on both sides."""
MOST_APART: Final = 0.1
"""E-folds by which the change of colours, or of near infrared, may differ across the rim. Of 1,850 marks of 60 m2 and
more at 55 sites of four hands the rule leaves out 13, all of them on fields; the next true one has a step of the
network of 1.6 (docs/research/change.md, which says what was in view)."""
LEAST_SHARED: Final = 0.9
"""Share of the change inside that what lies outside has, too."""
MOST_STEP: Final = 1.5
"""Log odds by which the network may be surer inside than outside."""
INNER: Final = 4
"""Sum of a pixel's four neighbours where all are marked."""
NETWORK, BOXES, BESIDE, DATE, REFERENCE, FIGURES = 5, 6, 7, 8, 9, 10
"""Figures to sum over a mark: pixels of the rim, changes of colours and of near infrared inside and outside, then the
network's step, and pixels that boxes decide; pixels of the rim that are compared right beside it, and of these such
that are alike on both sides on the date and on the reference; how many there are."""
WITHIN_M: Final = 0.5
"""How far inside of a small mark's rim it is compared: a lorry is 2.5 m wide."""
MOST_M2: Final = 80.0
"""Larger marks are no vehicles."""
LEFT_LIKE: Final = 0.3
STOOD_LIKE: Final = 0.3
"""Share of the rim that is alike on both sides, within `movers.LIKE_LEVELS`: of what is left at least, and at most
where something stood on the reference (docs/research/change.md)."""


def rim_halo_px(gsd_m: float) -> int:
    """How far `rim_figures` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return math.ceil(REACH_M / gsd_m) + 1


def rim_figures(mask: Bytes, standing: Bytes, steps: Bytes, boxes: Bytes, gsd_m: float) -> tuple[Singles, ...]:
    """Compare both sides of the marks' rims; figures to sum over marks.

    Parameters
    ----------
    mask : uint8 (y, x)
        1 marked, with `rim_halo_px` more on each side than what is wanted; 255 is not observed.
    standing : uint8 (band, y, x)
        Of `movers.things_standing`, of the same size: its class, and last the changes of colours and near infrared.
    steps : uint8 (y, x)
        Of `wide_ground.whole_steps`, of the same size.
    boxes : uint8 (y, x)
        Above 0 where boxes decide; without the halo.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    tuple of float32 (y, x)
        `FIGURES` of them, without the halo.
    """
    halo = rim_halo_px(gsd_m)
    out = np.zeros((FIGURES, *boxes.shape), np.float32)
    out[BOXES] = boxes > 0
    seen, light = seen_light(mask, standing, steps)
    reach = np.array([-BESIDE_M, BESIDE_M, FAR_M, -WITHIN_M]) / gsd_m
    _fill_rims(mask, seen, light, steps, halo, max(1, round(NORMAL_M / gsd_m)), reach, out)
    return tuple(out)


def seen_light(mask: Bytes, standing: Bytes, steps: Bytes) -> tuple[Bools, Shorts]:
    """What is seen of the ground on both dates, and its light.

    Parameters
    ----------
    mask, standing, steps
        As of `rim_figures`.

    Returns
    -------
    seen : bool (y, x)
        False where either date or the network shows nothing.
    light : int16 (4, y, x)
        Levels of colours and of near infrared on the date, and by how many each rose since the reference.
    """
    seen = (mask <= 1) & (standing[0] != UNKNOWN) & (steps != UNSAID)
    light = np.empty((4, *mask.shape), np.int16)
    light[0] = standing[1 : 1 + COLOURS].astype(np.int16).sum(axis=0) // COLOURS
    light[1] = standing[MOST_BANDS]
    light[2:] = standing[-2:].astype(np.int16) - np.int16(MIDDLE)
    return np.asarray(seen, bool), light


def without_outline(areas: Ints, sums: Ints, gsd_m: float) -> Bools:
    """Tell the marks around which the ground changed alike.

    Parameters
    ----------
    areas : int64 (mark,)
        Pixels.
    sums : int64 (mark, figure)
        Of `rim_figures`, in units of 1 / `FIXED_POINT`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (mark,)
        False for what boxes decide, even in part.
    """
    total = sums.astype(np.float64) / FIXED_POINT
    rim = np.maximum(total[:, 0], 1.0)
    inside, outside = total[:, 1:3] / rim[:, None], total[:, 3:NETWORK] / rim[:, None]
    apart = np.abs(inside - outside).max(axis=1, initial=0.0)
    shared = (inside * outside).sum(axis=1) > LEAST_SHARED * (inside**2).sum(axis=1)
    found = shared & (apart < MOST_APART * LEVELS_PER_E_FOLD) & (total[:, NETWORK] / rim < MOST_STEP * STEPS_PER_ODDS)
    wide = (areas * gsd_m**2 >= LEAST_M2) & (total[:, 0] * gsd_m >= LEAST_RIM_M)
    return np.asarray(found & wide & (total[:, BOXES] == 0), np.bool_)


def left_places(areas: Ints, sums: Ints, gsd_m: float) -> Bools:
    """Tell the small marks whose place is like what lies beside it, where something stood on the reference.

    Parameters
    ----------
    areas : int64 (mark,)
        Pixels.
    sums : int64 (mark, figure)
        As of `without_outline`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (mark,)
        False for what boxes decide, even in part.
    """
    total = sums.astype(np.float64) / FIXED_POINT
    rim = np.maximum(total[:, BESIDE], 1.0)
    found = (total[:, DATE] > LEFT_LIKE * rim) & (total[:, REFERENCE] < STOOD_LIKE * rim)
    small = (areas * gsd_m**2 <= MOST_M2) & (total[:, BOXES] == 0)
    return np.asarray(found & small, np.bool_)


@compiled
def _fill_rims(
    mask: Bytes, seen: Bools, light: Shorts, steps: Bytes, halo: int, half: int, reach: Floats, out: Singles
) -> None:
    for y in range(halo, mask.shape[0] - halo):
        for x in range(halo, mask.shape[1] - halo):
            if mask[y, x] != 1 or mask[y - 1, x] + mask[y + 1, x] + mask[y, x - 1] + mask[y, x + 1] == INNER:
                continue
            towards = outward(mask, y, x, half)
            outside = at(y, x, towards, reach[1])
            if mask[outside] != 0 or not seen[outside]:
                continue
            found = out[:, y - halo, x - halo]
            inside, far, within = (
                at(y, x, towards, reach[0]),
                at(y, x, towards, reach[2]),
                at(y, x, towards, reach[3]),
            )
            if mask[inside] == 1 and seen[inside] and mask[far] == 0 and seen[far]:
                _compare_change(light, inside, outside, found)
                found[NETWORK] = np.float32(steps[inside]) - np.float32(steps[far])
            if mask[within] == 1 and seen[within]:
                _compare_dates(light, within, outside, found)


@compiled
def _compare_change(light: Shorts, inside: tuple[int, int], outside: tuple[int, int], found: Singles) -> None:
    """Changes of colours and of near infrared on both sides."""
    found[0] = 1.0
    for k in range(2):
        found[1 + k], found[3 + k] = light[2 + k][inside], light[2 + k][outside]


@compiled
def _compare_dates(light: Shorts, inside: tuple[int, int], outside: tuple[int, int], found: Singles) -> None:
    """Whether both sides are alike on the date, and whether they were on the reference."""
    now, before = 0, 0
    for k in range(2):
        apart = light[k][inside] - light[k][outside]
        now = max(now, abs(apart))
        before = max(before, abs(apart - light[2 + k][inside] + light[2 + k][outside]))
    found[BESIDE], found[DATE], found[REFERENCE] = 1.0, now < LIKE_LEVELS, before < LIKE_LEVELS


@compiled
def at(y: int, x: int, towards: tuple[float, float], px: float) -> tuple[int, int]:
    """Find the pixel that lies some way off in a direction.

    Parameters
    ----------
    y, x : int
        Of the pixel to start from.
    towards : (float, float)
        Direction (down, right) of length 1.
    px : float
        How many pixels away; negative for the other way.

    Returns
    -------
    (int, int)
        Row and column.
    """
    return y + int(np.rint(px * towards[0])), x + int(np.rint(px * towards[1]))


@compiled
def outward(mask: Bytes, y: int, x: int, half: int) -> tuple[float, float]:
    """Find the direction away from the marked pixels around.

    Parameters
    ----------
    mask : uint8 (y, x)
        1 marked.
    y, x : int
        Of the pixel to start from, at least `half` away from the picture's edge.
    half : int
        Half the side of the square that is looked at, in pixels.

    Returns
    -------
    (float, float)
        Down and right, of length 1; (0, 0) where they lie on all sides.
    """
    down, right = 0.0, 0.0
    for v in range(-half, half + 1):
        for u in range(-half, half + 1):
            if mask[y + v, x + u] == 1:
                down -= v
                right -= u
    length = math.sqrt(down * down + right * right)
    return (down / length, right / length) if length > 0.0 else (0.0, 0.0)
