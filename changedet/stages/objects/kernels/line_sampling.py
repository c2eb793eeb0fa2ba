"""Colours along lines of a picture, to a fraction of a pixel: what edge fit and measures are made of."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled, inlined

EDGE_PX: Final = 1.001
"""Places are held this far within the far border, so that a pixel on both sides exists."""
SEAM_WEIGHT: Final = 1.2
"""Of a dark seam beside a colour step: the gap between two touching boxes is narrow and blurred; chosen by hand."""


@inlined
def sample(image: Singles, x: float, y: float, out: Floats) -> None:
    """Bilinear value of all bands at a place; the border's value beyond the border.

    Parameters
    ----------
    image : float32 (y, x, band)
        No NaN.
    x, y : float
        Place in pixels; 0, 0 is the centre of the first one.
    out : float64 (band,)
        Filled with the values.
    """
    height, width, bands = image.shape
    x, y = min(max(x, 0.0), width - EDGE_PX), min(max(y, 0.0), height - EDGE_PX)
    i, j = int(y), int(x)
    fy, fx = y - i, x - j
    for b in range(bands):
        top = image[i, j, b] * (1.0 - fx) + image[i, j + 1, b] * fx
        low = image[i + 1, j, b] * (1.0 - fx) + image[i + 1, j + 1, b] * fx
        out[b] = top * (1.0 - fy) + low * fy


@compiled
def line_mean(image: Singles, x: float, y: float, tx: float, ty: float, half: float, work: Floats, out: Floats) -> None:
    """Mean colour along a line.

    Parameters
    ----------
    image : float32 (y, x, band)
        No NaN.
    x, y : float
        Middle of the line, pixels.
    tx, ty : float
        Its direction, of length 1.
    half : float
        Half its length, pixels.
    work : float64 (band,)
        Scratch.
    out : float64 (band,)
        Filled with the mean.
    """
    n = max(3, int(2.0 * half) + 1)
    for b in range(out.size):
        out[b] = 0.0
    for k in range(n):
        t = half * (2.0 * k / (n - 1) - 1.0)
        sample(image, x + t * tx, y + t * ty, work)
        for b in range(out.size):
            out[b] += work[b] / n


@compiled
def side_strength(inner: Floats, middle: Floats, outer: Floats) -> float:
    """Strength of a side: the colour step over it or the dark seam on it, whichever is greater.

    Parameters
    ----------
    inner, middle, outer : float64 (band,)
        Mean colours along lines inside, on and outside of the side.

    Returns
    -------
    float
        In units of the picture, 0 and more.
    """
    total, seam = 0.0, 0.0
    bands = inner.size
    for b in range(bands):
        total += (inner[b] - outer[b]) ** 2
        seam += 0.5 * (inner[b] + outer[b]) - middle[b]
    return float(max(np.sqrt(total / bands), SEAM_WEIGHT * seam / bands))
