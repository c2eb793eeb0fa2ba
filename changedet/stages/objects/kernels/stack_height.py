"""How high a stack is, from the length of its shadow on free, flat ground."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.objects.kernels import rectangles

Floats = NDArray[np.float64]

MOST_TIERS: Final = 6
OFF_A_STOREY: Final = 0.25
"""A height further from whole storeys than this is none of a stack on the ground: a wagon's, or misread."""
UNEVEN_STOREYS: Final = 0.35
LEAST_PIXELS: Final = 2.2
"""Of the sensor that a storey's shadow must be long."""
LEAST_CONTRAST: Final = 0.12
RAYS: Final = 11
STEP_M: Final = 0.1


def reach_per_metre(
    sun_azimuth_deg: float, sun_elevation_deg: float, view_azimuth_deg: float, off_nadir_deg: float
) -> Floats:
    """Where a roof's shadow lies from the roof as the picture shows it: (2,) metres right and down per metre of height.

    The shadow falls ``cot(elevation)`` away from the sun, the roof leans ``tan(off nadir)`` the way the view goes.

    >>> reach_per_metre(90.0, 45.0, 0.0, 0.0).round(3).tolist()
    [-1.0, 0.0]
    """
    sun, view = np.radians(sun_azimuth_deg), np.radians(view_azimuth_deg)
    fall, lean = 1.0 / np.tan(np.radians(sun_elevation_deg)), np.tan(np.radians(off_nadir_deg))
    return np.array([-np.sin(sun) * fall - np.sin(view) * lean, np.cos(sun) * fall + np.cos(view) * lean])


def tiers(
    brightness: NDArray[np.float32], boxes: Floats, pixel_m: float, gsd_m: float, reach: Floats
) -> NDArray[np.int64]:
    """Levels of each stack, 0 where its shadow does not tell.

    Parameters
    ----------
    brightness : (y, x) float32
        Stretched, shade near 0 and bright ground near 1; NaN for no data.
    boxes : (n, 5) float64
        Metres from the corner, see `kernels.rectangles`.
    pixel_m, gsd_m : float
        Pixel of `brightness`, and of the sensor.
    reach : (2,) float64
        From `reach_per_metre`.
    """
    per_metre = float(np.hypot(*reach))
    if per_metre * HEIGHT_M < LEAST_PIXELS * gsd_m or not len(boxes):
        return np.zeros(len(boxes), np.int64)
    starts = _lit_side(boxes, reach / per_metre)
    along = np.arange(0.0, (MOST_TIERS + 1) * HEIGHT_M * per_metre, STEP_M)
    points = starts[:, :, None] + along[:, None] * (reach / per_metre)
    places = (points / pixel_m - 0.5).astype(np.float32).reshape(len(boxes) * RAYS, -1, 2)
    seen = cv2.remap(
        brightness, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=np.nan
    ).reshape(len(boxes), RAYS, -1)
    blocked = _blocked(points, boxes)
    found = [_storeys(profiles, stop, per_metre) for profiles, stop in zip(seen, blocked, strict=True)]
    return np.array(found, np.int64)


def _lit_side(boxes: Floats, direction: Floats) -> Floats:
    """Points (n, RAYS, 2) on the side of each box that throws the widest shadow, off its ends."""
    corners = rectangles.corners(boxes)
    edges = np.roll(corners, -1, axis=1) - corners
    middle = corners + edges / 2 - boxes[:, None, :2]
    outward = np.sign((middle * direction).sum(axis=2))
    wide = np.abs(edges[..., 0] * direction[1] - edges[..., 1] * direction[0]) * outward
    side = wide.argmax(axis=1)
    rows = np.arange(len(boxes))
    share = np.linspace(0.15, 0.85, RAYS)[None, :, None]
    return np.asarray(corners[rows, side][:, None] + share * edges[rows, side][:, None], np.float64)


def _blocked(points: Floats, boxes: Floats) -> NDArray[np.int64]:
    """Number of the first step (n,) at which a ray of each box meets another box; past the end where none does."""
    n, _, steps, _ = points.shape
    first = np.full(n, steps, np.int64)
    for k, (x, y, length, width, angle) in enumerate(boxes):
        near = np.flatnonzero(np.hypot(boxes[:, 0] - x, boxes[:, 1] - y) < steps * STEP_M + 16)
        near = near[near != k]
        offset = points[near] - (x, y)
        along = offset[..., 0] * np.sin(angle) - offset[..., 1] * np.cos(angle)
        across = offset[..., 0] * np.cos(angle) + offset[..., 1] * np.sin(angle)
        inside = (np.abs(along) < length / 2) & (np.abs(across) < width / 2)
        hit = inside.any(axis=1)
        first[near] = np.minimum(first[near], np.where(hit.any(axis=1), hit.argmax(axis=1), steps))
    return first


def _storeys(profiles: NDArray[np.float32], blocked: int, per_metre: float) -> int:
    """Whole storeys of one box from its rays' brightness (RAYS, steps)."""
    step_m = STEP_M / per_metre
    first = round(0.4 * HEIGHT_M / step_m)
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
    storeys = float(np.median(ends))
    spread = float(np.percentile(ends, 75) - np.percentile(ends, 25))
    whole = round(storeys)
    if spread > UNEVEN_STOREYS or abs(storeys - whole) > OFF_A_STOREY or not 1 <= whole <= MOST_TIERS:
        return 0
    # The ground must lie free past the shadow's end, or something hides how long it is.
    return int(whole) if (storeys + 0.3) * HEIGHT_M / step_m < blocked else 0
