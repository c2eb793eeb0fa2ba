"""Directions of edges around a pixel on both dates: what is built draws straight lines that no season draws or removes.

Histograms of oriented gradients (Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177), without cells: sums over squares.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Shorts, Singles, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum

DIRECTIONS: Final = 4
"""Directions of half a turn into which gradients are sorted."""
EDGES_PX: Final = (17, 45)
"""Widths of the squares: a house or a row of boxes, and what stands around it."""
EDGES: Final = ("edges_apart", "edges_before", "edges_after")
"""Names of the features of one square."""
STRONGEST: Final = 4096
"""Steeper edges count as this, in `patch_search.UNIT`."""
TAN_NUMERATOR: Final = 5
TAN_DENOMINATOR: Final = 12
"""5 / 12 is nearly the tangent of 22.5 degrees, in whole numbers: borders at 22.6 and at 67.4 degrees."""


def edge_names() -> tuple[str, ...]:
    """Names of the features in their order.

    Returns
    -------
    tuple of str
        For each of `EDGES_PX` those of `EDGES`.
    """
    return tuple(f"{name}_{size}" for size in EDGES_PX for name in EDGES)


def edges(brightness: tuple[Shorts, Shorts], valid: Bools, out: Singles) -> None:
    """Features of the edges around every pixel.

    Parameters
    ----------
    brightness : pair of int16 (y, x)
        Of both dates.
    valid : bool (y, x)
        Where both are seen.
    out : float32 (2 * 3, y, x)
        Filled: for each of `EDGES_PX` one less the cosine between both histograms of directions, and the logarithm of
        the mean edge of either date.
    """
    images = np.zeros((2, DIRECTIONS, *valid.shape), np.int16)
    for image, out_of_date in zip(brightness, images, strict=True):
        _directions(image, valid, out_of_date)
    for k, size in enumerate(EDGES_PX):
        sums = np.empty((2, DIRECTIONS, *valid.shape), np.int32)
        for date in range(2):
            for way in range(DIRECTIONS):
                sums[date, way] = box_sum(images[date][way], size // 2)
        _compare(sums, box_sum(valid.astype(np.int32), size // 2), out[3 * k : 3 * k + 3])


@compiled
def _directions(image: Shorts, valid: Bools, out: Shorts) -> None:
    """Put the steepness of each pixel in the plane of its direction; none where a neighbour is not seen."""
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            if not (valid[y, x - 1] and valid[y, x + 1] and valid[y - 1, x] and valid[y + 1, x]):
                continue
            across = np.int32(image[y, x + 1]) - np.int32(image[y, x - 1])
            down = np.int32(image[y + 1, x]) - np.int32(image[y - 1, x])
            a, d = abs(across), abs(down)
            if TAN_DENOMINATOR * d < TAN_NUMERATOR * a:
                way = 0
            elif TAN_DENOMINATOR * a < TAN_NUMERATOR * d:
                way = 2
            else:
                way = 1 if (across > 0) == (down > 0) else 3
            steep = max(a, d) + min(a, d) // 2
            out[way, y, x] = steep if steep < STRONGEST else STRONGEST


@compiled
def _compare(sums: Words, count: Words, out: Singles) -> None:
    for y in range(count.shape[0]):
        for x in range(count.shape[1]):
            # an edge of one step a pixel is the least that counts
            least = np.float64(max(1, count[y, x]))
            both, first, second, b, a = 0.0, least * least, least * least, least, least
            for way in range(sums.shape[1]):
                p, q = np.float64(sums[0, way, y, x]), np.float64(sums[1, way, y, x])
                both += p * q
                first += p * p
                second += q * q
                b += p
                a += q
            out[0, y, x] = 1.0 - both / np.sqrt(first * second)
            out[1, y, x] = np.log2(b / least)
            out[2, y, x] = np.log2(a / least)
