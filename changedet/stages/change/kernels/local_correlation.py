"""Correlation of both dates in a square around each pixel, and the texture of either."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Ints, Shorts, Singles
from changedet.kernels.compiled import compiled

LEAST_VARIANCE: Final = 100.0
"""Added to a variance: a hundredth of a spread, 10 steps of `patch_search.UNIT`, is the least texture that counts."""
SUMS: Final = 6
"""Count, both sums, both sums of squares, and the sum of products."""


def correlate(b: Shorts, a: Shorts, valid: Bools, half: int, out: Singles) -> None:
    """Correlation of both dates in a square, and the logarithm of either's variance there.

    Parameters
    ----------
    b, a : int16 (y, x)
        The earlier and the later date; 0 where not valid.
    valid : bool (y, x)
        Where both are seen.
    half : int
        Pixels to either side of the middle.
    out : float32 (3, y, x)
        Filled: correlation, -1 to 1, and log2 of the variance of the earlier and of the later date.
    """
    _correlate(b, a, valid, half, np.zeros((SUMS, b.shape[1] + 2 * half + 1), np.int64), out)


@compiled
def _correlate(b: Shorts, a: Shorts, valid: Bools, half: int, columns: Ints, out: Singles) -> None:
    height, width = b.shape
    start = half + 1
    for y in range(-half, height):
        for sign, row in ((1, y + half), (-1, y - half - 1)):
            if 0 <= row < height:
                for x in range(width):
                    p, q = np.int64(b[row, x]), np.int64(a[row, x])
                    columns[0, start + x] += sign * np.int64(valid[row, x])
                    columns[1, start + x] += sign * p
                    columns[2, start + x] += sign * q
                    columns[3, start + x] += sign * p * p
                    columns[4, start + x] += sign * q * q
                    columns[SUMS - 1, start + x] += sign * p * q
        if y < 0:
            continue
        n, sp, sq, spp, sqq, spq = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        for x in range(-2 * half - 1, width):
            new, old = x + 2 * half + 1, x
            n += columns[0, new]
            sp += columns[1, new]
            sq += columns[2, new]
            spp += columns[3, new]
            sqq += columns[4, new]
            spq += columns[SUMS - 1, new]
            if old < 0:
                continue
            n -= columns[0, old]
            sp -= columns[1, old]
            sq -= columns[2, old]
            spp -= columns[3, old]
            sqq -= columns[4, old]
            spq -= columns[SUMS - 1, old]
            m = float(max(n, 1))
            vp, vq, cov = spp - sp * (sp / m), sqq - sq * (sq / m), spq - sp * (sq / m)
            vp, vq = max(vp / m, 0.0) + LEAST_VARIANCE, max(vq / m, 0.0) + LEAST_VARIANCE
            out[0, y, x] = cov / m / np.sqrt(vp * vq)
            out[1, y, x] = np.log2(vp)
            out[2, y, x] = np.log2(vq)
