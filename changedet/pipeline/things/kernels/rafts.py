"""Vessels that lie side by side, parted: cuts along and across a patch of hulls, each judged by what shows along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.morphology import dilated, square

PIXEL_M: Final = 0.5
"""Pixel of the patch in which cuts are judged: gaps of a metre show, and the planes of no patch are large."""
LEAST_WIDTH_M: Final = 3.5
"""No part is narrower: boats and jetties are left out."""
STRIP_M: Final = 5.0
"""What lies beside a cut is read so far from it."""
GAP_M: Final = 1.0
"""A gap between two hulls, and how far beside it its banks are read."""
CLEAR_VALLEY: Final = 0.2
"""Of the hulls' own spread of light: a valley as deep is one."""
CLEAR_EDGE: Final = 0.4
"""Likewise of an edge."""
MISMATCH_M: Final = 10.0
"""Ends of neighbours that are off by more say no more."""
TURN_RAD: Final = float(np.radians(12.0))
"""How far neighbours in a raft are turned against each other at most."""
STRONGEST: Final = 0.95
"""Share of the edges beyond which they count alike: one bright house is not the whole heading."""
PART_M: Final = 10.0
"""Width of a usual barge: unit of the narrower part's width."""
COLUMN_SHARE: Final = 0.35
"""A part ends with the last line of which so much is hull."""
FEATURES: Final = 12


@dataclass(frozen=True)
class Patch:
    """Hulls turned so that their sides run along the rows and columns.

    Attributes
    ----------
    hull : bool (y, x)
        Where no water is.
    light : float32 (band, y, x)
        In units of the hulls' own spread.
    to_picture : float64 (2, 3)
        From x, y of the patch's pixel centres to those of the picture.
    """

    hull: Bools
    light: Singles
    to_picture: Floats


@dataclass(frozen=True)
class Part:
    """A part of a patch, in its pixels; the end is not in it.

    Attributes
    ----------
    top, bottom, left, right : int
        Rows and columns.
    """

    top: int
    bottom: int
    left: int
    right: int


def heading_of(light: Singles, hull: Bools, near_rad: float | None) -> float:
    """Find the direction of the hulls' sides.

    Parameters
    ----------
    light : float32 (y, x)
    hull : bool (y, x)
    near_rad : float or None
        Of the raft that it was cut from: no direction further than `TURN_RAD` from it is taken.

    Returns
    -------
    float
        Radians from x towards y, 0 to half pi: sides run along it or across.
    """
    soft = cv2.GaussianBlur(light, (0, 0), 1.0)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    near = dilated(hull, square(3))
    strength = np.hypot(dx, dy)[near]
    if not len(strength):
        return 0.0
    strength = np.minimum(strength, np.quantile(strength, STRONGEST))
    angle = np.mod(np.arctan2(dy, dx)[near], np.pi / 2)
    bins = 180
    counts = np.bincount((angle / (np.pi / 2) * bins).astype(int).clip(0, bins - 1), strength**2, bins)
    kernel = np.array([1, 2, 3, 2, 1], float)
    wrapped = np.convolve(np.r_[counts[-2:], counts, counts[:2]], kernel, "valid")
    angles = (np.arange(bins) + 0.5) / bins * np.pi / 2
    if near_rad is not None:
        off = np.abs(np.mod(angles - near_rad + np.pi / 4, np.pi / 2) - np.pi / 4)
        wrapped = np.where(off <= TURN_RAD, wrapped, -1.0)
    return float(angles[np.argmax(wrapped)])


def patch_of(image: Singles, hull: Bools, heading_rad: float, pixel_m: float) -> Patch:
    """Turn hulls so that their sides run along rows and columns.

    Parameters
    ----------
    image : float32 (band, y, x)
        A window around the hulls, without NaN.
    hull : bool (y, x)
    heading_rad : float
        Of `heading_of`.
    pixel_m : float
        Of the window.

    Returns
    -------
    Patch
        Of `PIXEL_M`.
    """
    ys, xs = np.nonzero(hull)
    c, s = np.cos(heading_rad), np.sin(heading_rad)
    along, across = xs * c + ys * s, -xs * s + ys * c
    scale = PIXEL_M / pixel_m
    edge = STRIP_M / pixel_m
    left, top = along.min() - edge, across.min() - edge
    width = int(np.ceil((along.max() + edge - left) / scale)) + 1
    height = int(np.ceil((across.max() + edge - top) / scale)) + 1
    to_picture = np.array([[c * scale, -s * scale, c * left - s * top], [s * scale, c * scale, s * left + c * top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(hull.astype(np.float32), to_picture, (width, height), flags=flags) > 0.5
    light = np.stack(
        [
            cv2.warpAffine(band, to_picture, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            for band in image
        ]
    )
    if turned.any():
        spread = np.maximum(np.array([band[turned].std() for band in light]), 1e-6)
        light = light / spread[:, None, None].astype(np.float32)
    return Patch(turned, light, to_picture)


@dataclass(frozen=True)
class _Planes:
    """Sums along one axis, so that a mean over rows of any part is a difference of two rows."""

    hull: Bools
    light: Singles
    open_: Floats
    valley: Floats
    deep: Floats
    edge: Floats
    sharp: Floats


def _summed(plane: Floats) -> Floats:
    return np.vstack([np.zeros((1, plane.shape[1])), np.cumsum(plane, axis=0)])


def _planes(patch: Patch) -> _Planes:
    """Of cuts along the columns of a patch."""
    gap = max(1, round(GAP_M / PIXEL_M))
    mean = patch.light.mean(axis=0)
    mean = mean / max(float(mean[patch.hull].std()) if patch.hull.any() else 1.0, 1e-6)
    lowest = np.asarray(cv2.erode(mean, np.ones((1, 2 * (gap // 2) + 1), np.uint8)))
    bank = np.asarray(cv2.blur(mean, (gap + 1, 1)))
    reach = gap + (gap + 1) // 2
    before, after = np.roll(bank, reach, axis=1), np.roll(bank, -reach, axis=1)
    valley = np.clip(np.minimum(before, after) - lowest, 0.0, 2.0)
    step = np.abs(np.roll(patch.light, 2, axis=2) - np.roll(patch.light, -2, axis=2)).mean(axis=0)
    open_ = cv2.dilate((~patch.hull).astype(np.uint8), np.ones((1, 3), np.uint8)).astype(float)
    return _Planes(
        patch.hull,
        patch.light,
        _summed(open_),
        _summed(valley),
        _summed((valley > CLEAR_VALLEY).astype(float)),
        _summed(np.minimum(step, 2.0)),
        _summed((step > CLEAR_EDGE).astype(float)),
    )


def _turned(patch: Patch) -> Patch:
    return Patch(patch.hull.T, np.ascontiguousarray(patch.light.transpose(0, 2, 1)), patch.to_picture)


def _features(planes: _Planes, part: Part) -> tuple[np.ndarray, Floats]:
    """Columns at which a part can be cut, and what shows along each."""
    least = max(1, round(LEAST_WIDTH_M / PIXEL_M))
    columns = np.arange(part.left + least, part.right - least + 1)
    if not len(columns):
        return columns, np.zeros((0, FEATURES))
    rows = float(part.bottom - part.top)

    def mean(plane: Floats) -> Floats:
        return np.asarray((plane[part.bottom] - plane[part.top])[part.left : part.right] / rows)

    inner = columns - part.left
    means = [mean(plane) for plane in (planes.open_, planes.valley, planes.deep, planes.edge, planes.sharp)]
    at = [one[inner] for one in means]
    hull = planes.hull[part.top : part.bottom, part.left : part.right]
    strip = max(1, round(STRIP_M / PIXEL_M))
    first, last = _ends(hull)
    light = planes.light[:, part.top : part.bottom, part.left : part.right].mean(axis=1)
    beside = np.abs(_beside(np.vstack([light, first, last]), inner, strip))
    colour, mismatch = beside[:-2].mean(axis=0), beside[-2] + beside[-1]
    length, width = rows * PIXEL_M, hull.shape[1] * PIXEL_M
    least_part = np.minimum(inner, hull.shape[1] - inner) * PIXEL_M
    ones = np.ones(len(columns))
    found = np.column_stack(
        [
            *at,
            at[1] - np.median(means[1]),
            np.minimum(colour, 2.0),
            np.minimum(mismatch * PIXEL_M / MISMATCH_M, 2.0),
            np.minimum(least_part / PART_M, 2.0),
            np.log(width / length) * ones,
            float(hull.mean()) * ones,
            np.log(least_part / length),
        ]
    )
    return columns, found


def _beside(lines: Floats, at: Ints, strip: int) -> Floats:
    """Mean of each line (k, x) in the strip before each place, less that in the strip from it on."""
    sums = np.hstack([np.zeros((len(lines), 1)), np.cumsum(lines, axis=1)])
    low, high = np.maximum(at - strip, 0), np.minimum(at + strip, lines.shape[1])
    return np.asarray((sums[:, at] - sums[:, low]) / (at - low) - (sums[:, high] - sums[:, at]) / (high - at))


def _ends(hull: Bools) -> tuple[Floats, Floats]:
    """First and last row of hull in each column; of columns without, the part's own."""
    some = hull.any(axis=0)
    first = np.where(some, hull.argmax(axis=0), 0).astype(float)
    last = np.where(some, hull.shape[0] - hull[::-1].argmax(axis=0), hull.shape[0]).astype(float)
    return first, last


def tightened(hull: Bools, part: Part) -> Part | None:
    """Draw a part's sides in to its hull.

    Parameters
    ----------
    hull : bool (y, x)
    part : Part

    Returns
    -------
    Part or None
        None where no line of it is hull.
    """
    top, bottom, left, right = part.top, part.bottom, part.left, part.right
    for _ in range(2):
        inside = hull[top:bottom, left:right]
        if not inside.size:
            return None
        columns = np.flatnonzero(inside.mean(axis=0) > COLUMN_SHARE * inside.mean(axis=0).max())
        rows = np.flatnonzero(inside.mean(axis=1) > COLUMN_SHARE * inside.mean(axis=1).max())
        if not len(columns) or not len(rows):
            return None
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    return Part(top, bottom, left, right)


def cuts_of(part: Part, planes: tuple[_Planes, _Planes]) -> tuple[Floats, Floats]:
    """All cuts of a part, with what shows along each.

    Parameters
    ----------
    part : Part
    planes : tuple
        Of `planes_of`.

    Returns
    -------
    float64 (n, 2), float64 (n, FEATURES)
        Axis (0 a column, 1 a row) and its number; features.
    """
    columns, by_column = _features(planes[0], part)
    rows, by_row = _features(planes[1], Part(part.left, part.right, part.top, part.bottom))
    where = np.vstack([np.column_stack([np.zeros(len(columns)), columns]), np.column_stack([np.ones(len(rows)), rows])])
    return where, np.vstack([by_column, by_row])


def planes_of(patch: Patch) -> tuple[_Planes, _Planes]:
    """What cuts along columns and along rows are judged by.

    Parameters
    ----------
    patch : Patch

    Returns
    -------
    tuple
        For `cuts_of`.
    """
    return _planes(patch), _planes(_turned(patch))


def halves(hull: Bools, part: Part, axis: int, at: int) -> list[Part]:
    """The two sides of a cut, drawn in.

    Parameters
    ----------
    hull : bool (y, x)
    part : Part
    axis : int
        0 a column, 1 a row.
    at : int
        Its number.

    Returns
    -------
    list of Part
        Without a side that holds no hull.
    """
    if axis == 0:
        both = Part(part.top, part.bottom, part.left, at), Part(part.top, part.bottom, at, part.right)
    else:
        both = Part(part.top, at, part.left, part.right), Part(at, part.bottom, part.left, part.right)
    return [one for one in (tightened(hull, side) for side in both) if one is not None]
