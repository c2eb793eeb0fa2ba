"""Rectangle templates on the site's own axes: boxes in rows stand parallel, so a few directions are scanned, not all."""

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


def scan(image: Floats, angle_deg: float, pixel_m: float, lengths_m: tuple[float, ...], width_m: float, threshold: float, most: int) -> NDArray[np.float64]:
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
    flat = [_strengths(turned, sizes), _strengths(np.ascontiguousarray(turned.transpose(1, 0, 2)), sizes)]
    found = []
    for axis in (0, 1):
        for k, length_m in enumerate(lengths_m):
            score = np.empty(flat[axis].shape[1:], np.float32)
            sides = (round(length_m / pixel_m / 2), round(width_m / pixel_m / 2))
            weakest_sides(flat[axis][k], flat[1 - axis][-1], sides[0], sides[1], score)
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
    """Strength (size, y, x) of a level line of each half size about each pixel, lifted to the best within a pixel."""
    out = np.empty((len(half_sizes), *image.shape[:2]), np.float32)
    line_strengths(image, half_sizes, out)
    for plane in out:
        cv2.dilate(plane, np.ones((3, 3), np.uint8), dst=plane)
    return out


def _line_strengths(image: Any, half_sizes: Any, out: Any) -> None:
    """The colour step over a level line or the dark seam on it, whichever is greater, averaged along the line."""
    height, width, bands = image.shape
    sums = np.zeros((bands + 1, width + 1), np.float32)
    for y in range(height):
        up, down = max(0, y - 1), min(height - 1, y + 1)
        far_up, far_down = max(0, y - 2), min(height - 1, y + 2)
        for b in range(bands):
            for x in range(width):
                sums[b, x + 1] = sums[b, x] + image[down, x, b] - image[up, x, b]
        # The seam is looked for in the first band, brightness.
        for x in range(width):
            seam = 0.5 * (image[far_up, x, 0] + image[far_down, x, 0]) - image[y, x, 0]
            sums[bands, x + 1] = sums[bands, x] + seam
        for k in range(len(half_sizes)):
            for x in range(width):
                first, last = max(0, x - half_sizes[k]), min(width, x + half_sizes[k] + 1)
                total, n = np.float32(0.0), np.float32(last - first)
                for b in range(bands):
                    total += (sums[b, last] - sums[b, first]) ** 2
                seam = np.float32(0.85) * (sums[bands, last] - sums[bands, first])
                out[k, y, x] = max(np.sqrt(total / bands), seam) / n


line_strengths: Callable[..., None] = njit(cache=True, nogil=True)(_line_strengths)


def _weakest_sides(long_sides: Any, short_sides: Any, half_length: int, half_width: int, out: Any) -> None:
    """Score of a template from its four sides; `short_sides` is transposed (x, y)."""
    height, width = out.shape
    out[:] = 0.0
    for y in range(half_width, height - half_width):
        for x in range(half_length, width - half_length):
            sides = min(long_sides[y - half_width, x], long_sides[y + half_width, x])
            ends = min(short_sides[x - half_length, y], short_sides[x + half_length, y])
            out[y, x] = np.float32(0.7) * min(sides, ends) + np.float32(0.3) * np.sqrt(sides * ends)


weakest_sides: Callable[..., None] = njit(cache=True, nogil=True)(_weakest_sides)


def _peaks(score: Floats, threshold: float, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    # In rough ground chance alone lifts scores: what counts must stand out from the block's own level.
    least = max(threshold, 3.0 * float(np.median(score[::4, ::4])))
    top = (score >= cv2.dilate(score, np.ones((5, 5), np.uint8))) & (score > least)
    rows, columns = np.nonzero(top)
    values = score[rows, columns]
    best = np.argsort(-values, kind="stable")[:most]
    return rows[best], columns[best], values[best]
