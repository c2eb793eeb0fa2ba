"""Places of rectangles of given sizes, scanned along the few directions in which a site's edges lie.

Boxes in rows stand parallel, so a few directions are scanned, not all. The constants were chosen by hand on simulated
yards, before the coefficients of the classical scores were fitted (training/fit_classical.py).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Floats, Ints, Singles
from changedet.kernels.compiled import compiled

STRONG_EDGE: Final = 3.0
"""An edge counts for the site's directions from this multiple of the median gradient on."""
ANGLE_SMOOTHING: Final = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Weights of neighbouring degrees."""
SIDE_SHARE: Final = 0.45
"""Half the part of a side along which colours are averaged, as a share of the side."""
SEAM_WEIGHT: Final = 0.85
"""Of a dark seam beside a colour step."""
WEAKEST_WEIGHT, MEAN_WEIGHT = 0.7, 0.3
"""Of the weakest of the four sides, and of the geometric mean of the weakest long and the weakest short one."""
STANDOUT: Final = 3.0
"""A score counts from this multiple of the block's median on: in rough ground chance alone lifts scores."""
PEAK_WINDOW_PX: Final = 5
"""A score counts where it is the greatest of a window so wide."""


def dominant_angles(image: Singles, count: int, separation_deg: float) -> list[float]:
    """The directions, modulo 90 degrees, that carry most of a picture's edges.

    Parameters
    ----------
    image : float32 (y, x, band)
        No NaN.
    count : int
        At most so many.
    separation_deg : float
        Least angle between two of them.

    Returns
    -------
    list of float
        Degrees clockwise from up, 0 to 90, strongest first; empty for a flat picture.
    """
    energy = np.zeros(90)
    for band in range(image.shape[2]):
        plane = np.ascontiguousarray(image[:, :, band])
        gx, gy = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
        strength, angle = cv2.cartToPolar(gx, gy, angleInDegrees=True)
        strong = strength > max(1e-6, STRONG_EDGE * float(np.median(strength)))
        bins = np.mod(angle[strong], 90.0).astype(np.int64) % 90
        energy += np.bincount(bins, weights=strength[strong], minlength=90)
    if not energy.any():
        return []
    smooth = np.convolve(np.concatenate([energy[-2:], energy, energy[:2]]), ANGLE_SMOOTHING, mode="valid")
    found: list[float] = []
    for best in np.argsort(-smooth, kind="stable"):
        apart = [min(abs(best + 0.5 - a), 90 - abs(best + 0.5 - a)) for a in found]
        if all(gap >= separation_deg for gap in apart):
            found.append(float(best) + 0.5)
        if len(found) == count:
            break
    return found


def scan(
    image: Singles,
    angle_deg: float,
    pixel_m: float,
    lengths_m: tuple[float, ...],
    width_m: float,
    threshold: float,
    most: int,
) -> Floats:
    """Where rectangles of given sizes lie along one direction and across it.

    The score of a template is built from its four sides: the colour step, or the dark seam, averaged along each side.

    Parameters
    ----------
    image : float32 (y, x, band)
        Stretched colours, no NaN.
    angle_deg : float
        Of the one axis, clockwise from up.
    pixel_m : float
        Pixel, metres.
    lengths_m : tuple of float
        Lengths of the templates.
    width_m : float
        Width of all templates.
    threshold : float
        Least score, in units of the image.
    most : int
        At most so many candidates for each size and axis, best first.

    Returns
    -------
    float64 (n, 6)
        x, y (px), length, width (px), angle (rad, clockwise from up), score.
    """
    turned, matrix = _turn(image, np.radians(angle_deg))
    sizes = np.array([int(size_m / pixel_m * SIDE_SHARE) for size_m in (*lengths_m, width_m)])
    planes = np.ascontiguousarray(turned.transpose(2, 0, 1))
    flat = [_strengths(planes, sizes), _strengths(np.ascontiguousarray(planes.transpose(0, 2, 1)), sizes)]
    found = []
    for axis in (0, 1):
        short_sides = np.ascontiguousarray(flat[1 - axis][-1].T)
        for k, length_m in enumerate(lengths_m):
            score = np.empty(flat[axis].shape[1:], np.float32)
            sides = (round(length_m / pixel_m / 2), round(width_m / pixel_m / 2))
            _weakest_sides(flat[axis][k], short_sides, sides[0], sides[1], score)
            rows, columns, values = _peaks(score, threshold, most)
            place = (columns, rows) if axis == 0 else (rows, columns)
            points = np.column_stack([*place, np.ones(len(rows))]) @ matrix.T
            angle = np.mod(np.radians(angle_deg) + axis * np.pi / 2, np.pi)
            rest = np.tile([length_m / pixel_m, width_m / pixel_m, angle], (len(rows), 1))
            found.append(np.column_stack([points, rest, values]))
    return np.concatenate(found)


def _turn(image: Singles, angle: float) -> tuple[Singles, Floats]:
    """Turn a picture so that a direction comes to lie along x; also the matrix from turned to original pixels."""
    height, width = image.shape[:2]
    along, across = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
    corners = np.array([[x, y] for x in (0, width - 1) for y in (0, height - 1)], float)
    u, v = corners @ along, corners @ across
    origin = along * u.min() + across * v.min()
    matrix = np.column_stack([along, across, origin])
    size = (int(np.ceil(np.ptp(u))) + 1, int(np.ceil(np.ptp(v))) + 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.atleast_3d(turned).astype(np.float32, copy=False), matrix


def _strengths(image: Singles, half_sizes: Ints) -> Singles:
    """Strength (size, y, x) of a level line of each half size about each pixel, the best within a pixel."""
    out = np.empty((len(half_sizes), *image.shape[1:]), np.float32)
    _line_strengths(image, half_sizes, out)
    for plane in out:
        cv2.dilate(plane, np.ones((3, 3), np.uint8), dst=plane)
    return out


@compiled
def _running_sums(image: Singles, y: int, pad: int, sums: Singles) -> None:
    """Sums along a row of the colour steps over it, band by band, and of the dark seam on it in the first band.

    They are held constant beyond both ends by `pad`, so that loops over lines need no bounds and vectorise.
    """
    bands, height, width = image.shape
    up, down = max(0, y - 1), min(height - 1, y + 1)
    far_up, far_down = max(0, y - 2), min(height - 1, y + 2)
    for b in range(bands):
        for x in range(width):
            sums[b, x + pad] = sums[b, x + pad - 1] + image[b, down, x] - image[b, up, x]
        sums[b, width + pad :] = sums[b, width + pad - 1]
    for x in range(width):
        seam = np.float32(0.5) * (image[0, far_up, x] + image[0, far_down, x]) - image[0, y, x]
        sums[bands, x + pad] = sums[bands, x + pad - 1] + seam
    sums[bands, width + pad :] = sums[bands, width + pad - 1]


@compiled
def _line_strengths(image: Singles, half_sizes: Ints, out: Singles) -> None:
    """The colour step over a level line or the dark seam on it, whichever is greater, averaged along the line."""
    bands, height, width = image.shape
    pad = half_sizes.max() + 1
    sums = np.zeros((bands + 1, width + 2 * pad), np.float32)
    power = np.empty(width, np.float32)
    for y in range(height):
        _running_sums(image, y, pad, sums)
        for k in range(len(half_sizes)):
            first, last = pad - half_sizes[k] - 1, pad + half_sizes[k]
            power[:] = 0.0
            for b in range(bands):
                for x in range(width):
                    step = sums[b, x + last] - sums[b, x + first]
                    power[x] += step * step
            n, part = np.float32(1.0 / (2 * half_sizes[k] + 1)), np.float32(1.0 / bands)
            for x in range(width):
                seam = np.float32(SEAM_WEIGHT) * (sums[bands, x + last] - sums[bands, x + first])
                colour = np.sqrt(power[x] * part)
                out[k, y, x] = (colour if colour > seam else seam) * n


@compiled
def _weakest_sides(long_sides: Singles, short_sides: Singles, half_length: int, half_width: int, out: Singles) -> None:
    """Score of a template about each pixel from the strengths of level (long) and upright (short) lines."""
    height, width = out.shape
    out[:] = 0.0
    for y in range(half_width, height - half_width):
        for x in range(half_length, width - half_length):
            above, below = long_sides[y - half_width, x], long_sides[y + half_width, x]
            left, right = short_sides[y, x - half_length], short_sides[y, x + half_length]
            sides = above if above < below else below
            ends = left if left < right else right
            weakest = sides if sides < ends else ends
            out[y, x] = np.float32(WEAKEST_WEIGHT) * weakest + np.float32(MEAN_WEIGHT) * np.sqrt(sides * ends)


def _peaks(score: Singles, threshold: float, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Singles]:
    """Rows, columns and values of the local maxima that stand out, best first."""
    least = max(threshold, STANDOUT * float(np.median(score[::4, ::4])))
    top = (score >= cv2.dilate(score, np.ones((PEAK_WINDOW_PX, PEAK_WINDOW_PX), np.uint8))) & (score > least)
    rows, columns = np.nonzero(top)
    values = score[rows, columns]
    best = np.argsort(-values, kind="stable")[:most]
    return rows[best], columns[best], values[best]
