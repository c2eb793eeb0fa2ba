"""Brightness inside boxes and along strips beside and beyond them."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.objects.kernels import line_sampling

# These shape features that training/fit_company.py fits on; chosen by hand before, they need a new fit when changed.
MARGIN_M: Final = 0.6
"""How far beside a box its surroundings are looked at."""
ALONG, ACROSS = 9, 3
"""Places along and across a box at which its brightness is taken."""
INSIDE_LENGTH, INSIDE_WIDTH = 0.76, 0.6
"""Part of the length and of the width that they cover: off the sides' blur."""
INSIDE, SCATTER, LEFT, RIGHT, FRONT, BACK = range(6)
"""Columns of `surround_brightness`."""
STRIPS: Final = 5
"""The inside, two strips beside and two beyond."""


@compiled
def _brightness(bright: Singles, boxes: Floats, margin: float, out: Floats) -> None:
    """Means and scatter inside boxes (px), means of strips beside and beyond them."""
    value = np.empty(1)
    for n in range(boxes.shape[0]):
        x, y, length, width, angle = boxes[n]
        s, c = np.sin(angle), np.cos(angle)
        total = square = 0.0
        for strip in range(STRIPS):
            rows, columns = (ACROSS, ALONG) if strip == 0 else (1, ALONG) if strip < 3 else (ACROSS, 1)
            mean = 0.0
            for i in range(rows):
                for j in range(columns):
                    u, v = _place(strip, i, j, length, width, margin)
                    line_sampling.sample(bright, x + u * s + v * c, y - u * c + v * s, value)
                    mean += value[0]
                    if strip == 0:
                        total += value[0]
                        square += value[0] ** 2
            out[n, strip + (strip > 0)] = mean / (rows * columns)
        count = ACROSS * ALONG
        out[n, SCATTER] = np.sqrt(max(0.0, square / count - (total / count) ** 2))


@compiled
def _place(strip: int, i: int, j: int, length: float, width: float, margin: float) -> tuple[float, float]:
    """Along and across a box from its centre, for a place of the inside (0), the sides (1, 2), the ends (3, 4)."""
    u = INSIDE_LENGTH * length * (j / (ALONG - 1) - 0.5)
    v = INSIDE_WIDTH * width * (i / (ACROSS - 1) - 0.5)
    if strip == 1 or strip == 2:
        v = (width / 2 + margin) * (2 * strip - 3)
    if strip > 2:
        u = (length / 2 + margin) * (2 * strip - STRIPS - 2)
    return u, v


def surround_brightness(bright: Singles, boxes: Floats, pixel_m: float) -> Floats:
    """Brightness of boxes and of the strips around them.

    Parameters
    ----------
    bright : float32 (y, x)
        Stretched, no NaN.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    float64 (n, 6)
        Mean and standard deviation inside, means `MARGIN_M` beside the left and the right side, before and behind.
    """
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    out = np.zeros((len(boxes), BACK + 1))
    _brightness(np.ascontiguousarray(bright[..., None]), centred, MARGIN_M / pixel_m, out)
    return out
