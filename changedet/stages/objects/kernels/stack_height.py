"""Height of a stack of containers, in tiers, from the length of its shadow on free, flat ground.

The limits were chosen on six simulated yards, on which 98 to 100 % of the heights that are given are right
(docs/research/detector.md, "Tiers"); the tests have other yards.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.containers import HEIGHT_M
from changedet.stages.objects.kernels import rectangles

MOST_TIERS: Final = 6
OFF_A_TIER: Final = 0.25
"""A height further from whole tiers than this is none of a stack on the ground: a wagon's, or misread."""
UNEVEN_TIERS: Final = 0.35
"""Greatest quartile range of the heights along a box's side, in tiers."""
LEAST_PIXELS: Final = 2.2
"""Of the sensor that a tier's shadow must be long."""
LEAST_CONTRAST: Final = 0.12
"""By which lit ground is brighter than shade, in the stretched picture's range of 0 to 1."""
RAYS: Final = 11
"""Along a side, on each of which the shadow's end is looked for."""
RAYS_FROM, RAYS_TO = 0.15, 0.85
"""Part of the side that they cover: at the corners a shadow is narrower."""
STEP_M: Final = 0.1
"""Along a ray."""
AT_ONCE: Final = 30_000
"""Places that OpenCV looks up at once: it refuses 32,767 and more in a line."""
LONGEST_BOX_M: Final = 16
"""Boxes further off than the rays reach and this are not looked at as what blocks them."""
SHADE_TIERS: Final = 0.4
"""The part of the shadow next to the box, in tiers, that surely is shade."""
FREE_TIERS: Final = 0.3
"""How far past a shadow's end, in tiers, the ground must lie free, or something hides how long it is."""
UPPER_QUARTILE, LOWER_QUARTILE = 75, 25
LEAST_SLOPE_M: Final = 1e-6
"""A ray that comes nearer to a side by less, over its whole length, runs along it."""


def reach_per_metre(
    sun_azimuth_deg: float, sun_elevation_deg: float, view_azimuth_deg: float, off_nadir_deg: float
) -> Floats:
    """Where a roof's shadow lies from the roof as the picture shows it, for each metre of height.

    The shadow falls ``cot(elevation)`` away from the sun, the roof leans ``tan(off nadir)`` the way the view goes.

    Parameters
    ----------
    sun_azimuth_deg : float
        Clockwise from north.
    sun_elevation_deg : float
        Above the horizon, over 0.
    view_azimuth_deg : float
        Direction in which the sensor looks, clockwise from north.
    off_nadir_deg : float
        Of the view, 0 for straight down.

    Returns
    -------
    float64 (2,)
        Metres right and down per metre of height.

    Examples
    --------
    >>> reach_per_metre(90.0, 45.0, 0.0, 0.0).round(3).tolist()
    [-1.0, 0.0]
    """
    sun, view = np.radians(sun_azimuth_deg), np.radians(view_azimuth_deg)
    fall, lean = 1.0 / np.tan(np.radians(sun_elevation_deg)), np.tan(np.radians(off_nadir_deg))
    return np.array([-np.sin(sun) * fall - np.sin(view) * lean, np.cos(sun) * fall + np.cos(view) * lean])


def tiers(brightness: Singles, boxes: Floats, pixel_m: float, gsd_m: float, reach: Floats) -> Ints:
    """Tiers of each stack.

    Parameters
    ----------
    brightness : float32 (y, x)
        Stretched, shade near 0 and bright ground near 1; NaN for no data.
    boxes : float64 (n, 5)
        Metres from the corner, see `rectangles`.
    pixel_m : float
        Pixel of `brightness`, metres.
    gsd_m : float
        Pixel of the sensor, metres.
    reach : float64 (2,)
        From `reach_per_metre`.

    Returns
    -------
    int64 (n,)
        1 to `MOST_TIERS`; 0 where the shadow is hidden, blocked, too short, uneven, or not of whole tiers.
    """
    per_metre = float(np.hypot(*reach))
    beyond = per_metre * HEIGHT_M > math.hypot(*brightness.shape) * pixel_m
    if beyond or per_metre * HEIGHT_M < LEAST_PIXELS * gsd_m or not len(boxes):
        return np.zeros(len(boxes), np.int64)
    starts = _lit_side(boxes, reach / per_metre)
    along = np.arange(0.0, (MOST_TIERS + 1) * HEIGHT_M * per_metre, STEP_M)
    points = starts[:, :, None] + along[:, None] * (reach / per_metre)
    places = (points / pixel_m - 0.5).astype(np.float32)
    seen = _values(brightness, places.reshape(-1, 2)).reshape(len(boxes), RAYS, -1)
    blocked = _blocked(points, boxes)
    found = [_whole_tiers(profiles, stop, per_metre) for profiles, stop in zip(seen, blocked, strict=True)]
    return np.array(found, np.int64)


def _values(brightness: Singles, places: Singles) -> Singles:
    """Values at places (n, 2), columns and rows."""
    found = np.empty(len(places), np.float32)
    for start in range(0, len(places), AT_ONCE):
        some = places[None, start : start + AT_ONCE]
        found[start : start + AT_ONCE] = cv2.remap(
            brightness, some[..., 0], some[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=np.nan
        )[0]
    return found


def _lit_side(boxes: Floats, direction: Floats) -> Floats:
    """Points (n, RAYS, 2) on the side of each box that throws the widest shadow, off its ends."""
    corners = rectangles.corners(boxes)
    edges = np.roll(corners, -1, axis=1) - corners
    middle = corners + edges / 2 - boxes[:, None, :2]
    outward = np.sign((middle * direction).sum(axis=2))
    wide = np.abs(edges[..., 0] * direction[1] - edges[..., 1] * direction[0]) * outward
    side = wide.argmax(axis=1)
    rows = np.arange(len(boxes))
    share = np.linspace(RAYS_FROM, RAYS_TO, RAYS)[None, :, None]
    return np.asarray(corners[rows, side][:, None] + share * edges[rows, side][:, None], np.float64)


def _blocked(points: Floats, boxes: Floats) -> Ints:
    """Number of the first step (n,) at which a ray of each box meets another box; past the end where none does."""
    first = np.full(len(boxes), points.shape[2], np.int64)
    turns = np.column_stack([np.sin(boxes[:, 4]), np.cos(boxes[:, 4])])
    _meet(points, boxes, turns, points.shape[2] * STEP_M + LONGEST_BOX_M, first)
    return first


@compiled
def _meet(points: Floats, boxes: Floats, turns: Floats, reach_m: float, first: Ints) -> None:
    """`_blocked`, ray by ray: a low sun makes rays of many hundred steps, of which a box holds a few."""
    steps = points.shape[2]
    for k in range(len(boxes)):
        x, y, half_length, half_width = boxes[k, 0], boxes[k, 1], boxes[k, 2] / 2, boxes[k, 3] / 2
        sine, cosine = turns[k]
        for i in range(len(boxes)):
            if i == k or not math.hypot(boxes[i, 0] - x, boxes[i, 1] - y) < reach_m:
                continue
            for ray in points[i]:
                begin, end = _span(ray, x, y, sine, cosine, half_length, half_width)
                for step in range(max(begin, 0), min(end, first[i], steps)):
                    right, down = ray[step, 0] - x, ray[step, 1] - y
                    along, across = right * sine - down * cosine, right * cosine + down * sine
                    if abs(along) < half_length and abs(across) < half_width:
                        first[i] = step
                        break


@compiled
def _span(
    ray: Floats, x: float, y: float, sine: float, cosine: float, half_length: float, half_width: float
) -> tuple[int, int]:
    """Steps between which a straight ray (step, 2) may lie in a box, one more at either end than it can."""
    steps = len(ray)
    right, down = ray[0, 0] - x, ray[0, 1] - y
    far_right, far_down = ray[steps - 1, 0] - x, ray[steps - 1, 1] - y
    near_at = right * sine - down * cosine, right * cosine + down * sine
    far_at = far_right * sine - far_down * cosine, far_right * cosine + far_down * sine
    begin, end = 0.0, 1.0
    for near, far, half in ((near_at[0], far_at[0], half_length), (near_at[1], far_at[1], half_width)):
        slope = far - near
        if abs(slope) < LEAST_SLOPE_M:
            if abs(near) > half + LEAST_SLOPE_M:
                return 0, 0
            continue
        one, other = (-half - near) / slope, (half - near) / slope
        begin, end = max(begin, min(one, other)), min(end, max(one, other))
    if begin > end:
        return 0, 0
    return math.floor(begin * (steps - 1)) - 1, math.ceil(end * (steps - 1)) + 2


def _whole_tiers(profiles: Singles, blocked: int, per_metre: float) -> int:
    """Whole tiers of one box from its rays' brightness (RAYS, steps)."""
    step_m = STEP_M / per_metre
    if (1 - OFF_A_TIER + FREE_TIERS) * HEIGHT_M / step_m >= blocked:
        # The shadow of a single tier would be hidden already.
        return 0
    first = round(SHADE_TIERS * HEIGHT_M / step_m)
    start = profiles[:, max(1, first // 2) : first + 1]
    if not np.isfinite(start).all():
        return 0
    dark = float(np.median(start))
    ends = []
    for ray in profiles:
        bright = np.flatnonzero(~(ray < dark + LEAST_CONTRAST))
        bright = bright[bright > first]
        if not bright.size or not np.isfinite(ray[bright[0]]):
            return 0
        beyond = ray[bright[0] : bright[0] + first]
        half = (dark + float(np.nanmax(beyond))) / 2
        over = np.flatnonzero(ray[first:] >= half)
        if not over.size:
            return 0
        ends.append((first + int(over[0])) * step_m / HEIGHT_M)
    height_tiers = float(np.median(ends))
    whole = round(height_tiers)
    if abs(height_tiers - whole) > OFF_A_TIER or not 1 <= whole <= MOST_TIERS:
        return 0
    if float(np.percentile(ends, UPPER_QUARTILE) - np.percentile(ends, LOWER_QUARTILE)) > UNEVEN_TIERS:
        return 0
    return int(whole) if (height_tiers + FREE_TIERS) * HEIGHT_M / step_m < blocked else 0
