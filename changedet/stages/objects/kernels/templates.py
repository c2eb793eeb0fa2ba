"""Rectangle templates on the site's own axes.

Boxes in rows stand parallel, so a few directions are scanned, not all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def dominant_angles(image: Floats, count: int, separation_deg: float) -> list[float]:
    """The directions, modulo 90 degrees, that carry most of a picture's edges.

    Parameters
    ----------
    image : (y, x, band) float32, no NaN.
    count : at most so many.
    separation_deg : least angle between two of them.

    Returns
    -------
    list of float, degrees clockwise from up, 0 to 90, strongest first; empty for a flat picture.
    """
    energy = np.zeros(90)
    for band in range(image.shape[2]):
        plane = np.ascontiguousarray(image[:, :, band])
        gx, gy = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
        strength, angle = cv2.cartToPolar(gx, gy, angleInDegrees=True)
        strong = strength > max(1e-6, 3.0 * float(np.median(strength)))
        bins = np.mod(angle[strong], 90.0).astype(np.int64) % 90
        energy += np.bincount(bins, weights=strength[strong], minlength=90)
    if not energy.any():
        return []
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    smooth = np.convolve(np.concatenate([energy[-2:], energy, energy[:2]]), kernel, mode="valid")
    found: list[float] = []
    for best in np.argsort(-smooth, kind="stable"):
        apart = [min(abs(best + 0.5 - a), 90 - abs(best + 0.5 - a)) for a in found]
        if all(gap >= separation_deg for gap in apart):
            found.append(float(best) + 0.5)
        if len(found) == count:
            break
    return found


def scan(
    image: Floats,
    angle_deg: float,
    pixel_m: float,
    lengths_m: tuple[float, ...],
    width_m: float,
    threshold: float,
    most: int,
) -> NDArray[np.float64]:
    """Where rectangles of given sizes lie along one direction and across it.

    The score of a template is built from its four sides: the colour step, or the dark seam, averaged along each side.

    Parameters
    ----------
    image : (y, x, band) float32
        Stretched colours, no NaN.
    angle_deg : of the one axis, clockwise from up.
    pixel_m : pixel size, metres.
    lengths_m, width_m : sizes of the templates, metres.
    threshold : least score, in units of the image.
    most : at most so many candidates for each size and axis, best first.

    Returns
    -------
    (n, 6) float64: x, y (px), length, width (px), angle (rad, clockwise from up), score.
    """
    turned, matrix = _turn(image, np.radians(angle_deg))
    sizes = np.array([int(size_m / pixel_m * 0.45) for size_m in (*lengths_m, width_m)])
    planes = np.ascontiguousarray(turned.transpose(2, 0, 1))
    flat = [_strengths(planes, sizes), _strengths(np.ascontiguousarray(planes.transpose(0, 2, 1)), sizes)]
    found = []
    for axis in (0, 1):
        short_sides = np.ascontiguousarray(flat[1 - axis][-1].T)
        for k, length_m in enumerate(lengths_m):
            score = np.empty(flat[axis].shape[1:], np.float32)
            sides = (round(length_m / pixel_m / 2), round(width_m / pixel_m / 2))
            weakest_sides(flat[axis][k], short_sides, sides[0], sides[1], score)
            rows, columns, values = _peaks(score, threshold, most)
            place = (columns, rows) if axis == 0 else (rows, columns)
            points = np.column_stack([*place, np.ones(len(rows))]) @ matrix.T
            angle = np.mod(np.radians(angle_deg) + axis * np.pi / 2, np.pi)
            rest = np.tile([length_m / pixel_m, width_m / pixel_m, angle], (len(rows), 1))
            found.append(np.column_stack([points, rest, values]))
    return np.concatenate(found)


def _turn(image: Floats, angle: float) -> tuple[Floats, NDArray[np.float64]]:
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


def _strengths(image: Floats, half_sizes: NDArray[np.int64]) -> Floats:
    """Strength (size, y, x) of a level line of each half size about each pixel of (band, y, x), the best
    within a pixel.
    """
    out = np.empty((len(half_sizes), *image.shape[1:]), np.float32)
    line_strengths(image, half_sizes, out)
    for plane in out:
        cv2.dilate(plane, np.ones((3, 3), np.uint8), dst=plane)
    return out


def _line_strengths(image: Any, half_sizes: Any, out: Any) -> None:
    """The colour step over a level line or the dark seam on it, whichever is greater, averaged along the line."""
    bands, height, width = image.shape
    # Sums along the row, held constant beyond both ends by `pad`, so that the inner loops need no bounds and vectorise.
    pad = half_sizes.max() + 1
    sums = np.zeros((bands + 1, width + 2 * pad), np.float32)
    power = np.empty(width, np.float32)
    for y in range(height):
        up, down = max(0, y - 1), min(height - 1, y + 1)
        far_up, far_down = max(0, y - 2), min(height - 1, y + 2)
        for b in range(bands):
            for x in range(width):
                sums[b, x + pad] = sums[b, x + pad - 1] + image[b, down, x] - image[b, up, x]
            sums[b, width + pad :] = sums[b, width + pad - 1]
        # The seam is looked for in the first band, brightness.
        for x in range(width):
            seam = np.float32(0.5) * (image[0, far_up, x] + image[0, far_down, x]) - image[0, y, x]
            sums[bands, x + pad] = sums[bands, x + pad - 1] + seam
        sums[bands, width + pad :] = sums[bands, width + pad - 1]
        for k in range(len(half_sizes)):
            first, last = pad - half_sizes[k] - 1, pad + half_sizes[k]
            power[:] = 0.0
            for b in range(bands):
                for x in range(width):
                    step = sums[b, x + last] - sums[b, x + first]
                    power[x] += step * step
            n, part = np.float32(1.0 / (2 * half_sizes[k] + 1)), np.float32(1.0 / bands)
            for x in range(width):
                seam = np.float32(0.85) * (sums[bands, x + last] - sums[bands, x + first])
                colour = np.sqrt(power[x] * part)
                out[k, y, x] = (colour if colour > seam else seam) * n


line_strengths: Callable[..., None] = njit(cache=True, nogil=True)(_line_strengths)


def _weakest_sides(long_sides: Any, short_sides: Any, half_length: int, half_width: int, out: Any) -> None:
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
            out[y, x] = np.float32(0.7) * weakest + np.float32(0.3) * np.sqrt(sides * ends)


weakest_sides: Callable[..., None] = njit(cache=True, nogil=True)(_weakest_sides)


def _peaks(score: Floats, threshold: float, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    # In rough ground chance alone lifts scores: what counts must stand out from the block's own level.
    least = max(threshold, 3.0 * float(np.median(score[::4, ::4])))
    top = (score >= cv2.dilate(score, np.ones((5, 5), np.uint8))) & (score > least)
    rows, columns = np.nonzero(top)
    values = score[rows, columns]
    best = np.argsort(-values, kind="stable")[:most]
    return rows[best], columns[best], values[best]
