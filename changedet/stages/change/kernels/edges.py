"""Where edges run around a pixel, on both dates: what is built draws straight lines that no season draws or takes away.

Histograms of oriented gradients (Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177), without cells: sums over squares.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.stages.change.kernels.box_sums import square_sum

DIRECTIONS: Final = 4
EDGES_PX: Final = (17, 45)
"""Widths of the squares: a house or a row of boxes, and what stands around it."""
EDGES: Final = ("edges_apart", "edges_before", "edges_after")
STRONGEST: Final = 4096
"""Steeper edges count as this, in units of the brightness."""


def edge_names() -> tuple[str, ...]:
    """Names of the features in their order."""
    return tuple(f"{name}_{size}" for size in EDGES_PX for name in EDGES)


def edges(
    brightness: tuple[NDArray[np.int16], NDArray[np.int16]], valid: NDArray[np.bool_], out: NDArray[np.float32]
) -> None:
    """Features of the edges around every pixel.

    Parameters
    ----------
    brightness : pair of (y, x) int16
        Of both dates.
    valid : (y, x) bool
    out : (2 * 3, y, x) float32
        Filled: for each of `EDGES_PX` one less the cosine between both histograms of directions, and the logarithm of
        the mean edge of either date.
    """
    images = [_directions(image, valid) for image in brightness]
    for k, size in enumerate(EDGES_PX):
        sums = np.empty((2, DIRECTIONS, *valid.shape), np.int32)
        for date in range(2):
            for way in range(DIRECTIONS):
                sums[date, way] = square_sum(images[date][way], size // 2)
        _compare(sums, square_sum(valid.astype(np.int32), size // 2), out[3 * k : 3 * k + 3])


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _directions(image: Any, valid: Any) -> Any:
    """The steepness of each pixel in the picture of its direction; none where a neighbour is not seen."""
    out = np.zeros((DIRECTIONS, *image.shape), np.int16)
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            if not (valid[y, x - 1] and valid[y, x + 1] and valid[y - 1, x] and valid[y + 1, x]):
                continue
            across = np.int32(image[y, x + 1]) - np.int32(image[y, x - 1])
            down = np.int32(image[y + 1, x]) - np.int32(image[y - 1, x])
            a, d = abs(across), abs(down)
            # half the tangent of 45 degrees, in whole numbers: a border at 22 and at 68 degrees
            way = 0 if 12 * d < 5 * a else 2 if 12 * a < 5 * d else 1 if (across > 0) == (down > 0) else 3
            out[way, y, x] = min(max(a, d) + min(a, d) // 2, STRONGEST)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _compare(sums: Any, count: Any, out: Any) -> None:
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
