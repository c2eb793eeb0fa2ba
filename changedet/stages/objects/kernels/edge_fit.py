"""Rectangles fitted to the edges near their sides, to a fraction of a pixel.

Rectangles are rows ``x, y, length, width, angle`` as in `rectangles`, in pixels. The constants were chosen by hand on
simulated yards, before the coefficients of the classical scores were fitted (training/fit_classical.py).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.objects.kernels.line_sampling import line_mean, side_strength
from changedet.stages.objects.kernels.rectangles import FIELDS

SIDE_STEPS: Final = 13
"""Places across a side at which an edge is looked for, from inside to outside."""
STEP_M: Final = 0.15
"""Distance between two of them."""
PULL: Final = 0.35
"""What an edge at the ends of that search counts less than one in its middle: it may be a neighbour's."""
LONG_HALF: Final = 0.42
"""Half the part of a long side along which colours are averaged, as a share of the side; corners are left out."""
SHORT_HALF: Final = 0.36
"""The same of a short side."""
LONG_WEIGHT: Final = 2.0
"""A long side's weight in a fit's score; a short one has 1."""
TURN_RAD: Final = float(np.radians(1.5))
"""Turn that is tried either way."""
TURN_SHRINK: Final = 1.5
"""The second round tries that turn divided by one and this."""
TURN_PRICE: Final = 0.004
"""Share of its score that a turned fit pays: noise alone would wind short boxes up."""


@compiled
def _side_profile(
    image: Singles, x: float, y: float, nx: float, ny: float, half: float, spacing: float, reach: int, out: Floats
) -> None:
    """Strength at SIDE_STEPS places across a side with centre (x, y), from inside to outside, `spacing` px apart."""
    bands = image.shape[2]
    total = SIDE_STEPS + 2 * reach
    means, work = np.empty((total, bands)), np.empty(bands)
    for k in range(total):
        d = (k - total // 2) * spacing
        line_mean(image, x + d * nx, y + d * ny, -ny, nx, half, work, means[k])
    for k in range(SIDE_STEPS):
        out[k] = side_strength(means[k], means[k + reach], means[k + 2 * reach])


@compiled
def _best_offset(profile: Floats, spacing: float, pull: float) -> tuple[float, float]:
    """Sub-pixel place of the strongest side near the middle of a profile, and its strength."""
    middle = SIDE_STEPS // 2
    best, at = -1.0, middle
    for k in range(SIDE_STEPS):
        value = profile[k] * (1.0 - pull * ((k - middle) / middle) ** 2)
        if value > best:
            best, at = value, k
    offset = float(at - middle)
    if 0 < at < SIDE_STEPS - 1:
        curve = profile[at - 1] - 2.0 * profile[at] + profile[at + 1]
        if curve < -1e-9:
            offset += min(0.5, max(-0.5, 0.5 * (profile[at - 1] - profile[at + 1]) / curve))
    return offset * spacing, profile[at]


@compiled
def _snap(
    image: Singles, box: Floats, spacing: float, reach: int, low_w: float, high_w: float, profile: Floats, out: Floats
) -> float:
    """Move the four sides to the strongest edges near them; the sum of their strengths (long sides count double)."""
    x, y, length, width, angle = box
    ux, uy, vx, vy = np.sin(angle), -np.cos(angle), np.cos(angle), np.sin(angle)
    score, offsets = 0.0, np.zeros(4)
    for side in range(4):
        sign = 1.0 if side % 2 == 0 else -1.0
        if side < 2:
            nx, ny, away, half, weight = vx * sign, vy * sign, width / 2, LONG_HALF * length, LONG_WEIGHT
        else:
            nx, ny, away, half, weight = ux * sign, uy * sign, length / 2, SHORT_HALF * width, 1.0
        _side_profile(image, x + nx * away, y + ny * away, nx, ny, half, spacing, reach, profile)
        offsets[side], found = _best_offset(profile, spacing, PULL)
        score += weight * np.sqrt(max(found, 0.0))
    new_w = width + offsets[0] + offsets[1]
    shift_w = 0.5 * (offsets[0] - offsets[1])
    new_w = min(high_w, max(low_w, new_w))
    shift_l = 0.5 * (offsets[2] - offsets[3])
    out[0], out[1] = x + vx * shift_w + ux * shift_l, y + vy * shift_w + uy * shift_l
    out[2], out[3], out[4] = length + offsets[2] + offsets[3], new_w, angle
    return score


@compiled
def _copy(box: Floats, out: Floats) -> None:
    # numba compiles an assignment of arrays with the words of its error, which takes seconds
    for k in range(FIELDS):
        out[k] = box[k]


@compiled
def _refine(
    image: Singles, boxes: Floats, spacing: float, reach: int, low_w: float, high_w: float, turn: float, out: Floats
) -> None:
    """Fit each box to its four sides; tries a turn either way, then a smaller one."""
    profile, trial, best_box = np.empty(SIDE_STEPS), np.empty(FIELDS), np.empty(FIELDS)
    for i in range(len(boxes)):
        _copy(boxes[i], out[i])
        for rounds in range(2):
            best = -1.0
            for k in range(-1, 2):
                _copy(out[i], trial)
                trial[4] += k * turn / (1.0 + TURN_SHRINK * rounds)
                fitted = np.empty(FIELDS)
                score = _snap(image, trial, spacing, reach, low_w, high_w, profile, fitted)
                score = score * (1.0 - TURN_PRICE * abs(k))
                if score > best:
                    best = score
                    _copy(fitted, best_box)
            _copy(best_box, out[i])
        out[i, 4] = out[i, 4] % np.pi


def fit_edges(
    image: Singles, boxes: Floats, pixel_m: float, reach_px: float, width_gate_m: tuple[float, float]
) -> Floats:
    """Rectangles moved, resized and slightly turned to the strongest edges near their sides.

    Parameters
    ----------
    image : float32 (y, x, band)
        No NaN.
    boxes : float64 (n, 5)
        Rectangles to begin with, pixels.
    pixel_m : float
        Pixel, metres.
    reach_px : float
        Half the distance over which a side's colour step is taken.
    width_gate_m : tuple of float
        Least and greatest width allowed.

    Returns
    -------
    float64 (n, 5)
        Fitted rectangles, pixels.
    """
    out = np.empty_like(boxes)
    spacing = STEP_M / pixel_m
    reach = max(1, round(reach_px / spacing))
    low, high = width_gate_m[0] / pixel_m, width_gate_m[1] / pixel_m
    _refine(image, np.ascontiguousarray(boxes), spacing, reach, low, high, TURN_RAD, out)
    return out
