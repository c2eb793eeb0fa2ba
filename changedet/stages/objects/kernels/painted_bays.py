"""Bays painted on the ground: lines beside what would be a box, within and without them one and the same ground."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.objects.kernels import line_sampling
from changedet.stages.objects.kernels.stretch import GAMMA

FLAT: Final = 0.25
"""Share of the ground's light by which what lies within a bay may differ from what lies about it, in the band in which
it does most. With `LINE` chosen on single dates of other hands (docs/research/detector.md): a box has a roof of its
own, and shade on one side at least."""
LINE: Final = 0.1
"""Share by which a line is brighter than both, in each band."""
ALONG: Final = 0.35
"""Of a box's length on either side of its middle, along which its light is averaged: off the ends."""
WITHIN: Final = 0.5
"""Of its half width, within which lies no line of a bay."""
LINE_M: Final = (-0.4, 1.4)
"""From a box's side outwards, where a line may lie: bays are 2.5 to 4 m wide, and what is found in them is not."""
BESIDE_M: Final = (0.7, 1.9)
"""From a line and from an end outwards, where the ground is looked at: off its blur, and before the next line."""
STEP_M: Final = 0.25
"""Between places across a box."""
LEAST_LIGHT: Final = 1e-6
"""Of ground, in shares of the scene's range: nothing is divided by 0."""


@compiled
def _light(image: Singles, box: Floats, away: float, pixel_m: float, work: Floats, out: Floats) -> None:
    """Light of all bands along a line beside a box's axis, metres to its right."""
    x, y, length, angle = box[0], box[1], box[2], box[4]
    s, c = np.sin(angle), np.cos(angle)
    px, py = (x + away * c) / pixel_m - 0.5, (y + away * s) / pixel_m - 0.5
    line_sampling.line_mean(image, px, py, s, -c, ALONG * length / pixel_m, work, out)
    for b in range(out.size):
        out[b] = max(out[b], 0.0) ** (1.0 / GAMMA)


@compiled
def _mean_light(
    image: Singles, box: Floats, first: float, last: float, pixel_m: float, work: Floats, line: Floats, out: Floats
) -> None:
    """Mean light of all bands between two distances from a box's axis."""
    count = int(np.floor((last - first) / STEP_M)) + 1
    for b in range(out.size):
        out[b] = 0.0
    for k in range(count):
        _light(image, box, first + k * STEP_M, pixel_m, work, line)
        for b in range(out.size):
            out[b] += line[b] / count


@compiled
def _beyond(image: Singles, box: Floats, end: float, pixel_m: float, work: Floats, out: Floats) -> None:
    """Mean light of all bands beyond one end of a box, along lines across it."""
    x, y, length, width, angle = box[0], box[1], box[2], box[3], box[4]
    s, c = np.sin(angle), np.cos(angle)
    count = int(np.floor((BESIDE_M[1] - BESIDE_M[0]) / STEP_M)) + 1
    total = np.zeros(out.size)
    for k in range(count):
        away = end * (length / 2.0 + BESIDE_M[0] + k * STEP_M)
        px, py = (x + away * s) / pixel_m - 0.5, (y - away * c) / pixel_m - 0.5
        line_sampling.line_mean(image, px, py, c, s, WITHIN * width / 2.0 / pixel_m, work, out)
        for b in range(out.size):
            total[b] += max(out[b], 0.0) ** (1.0 / GAMMA) / count
    for b in range(out.size):
        out[b] = total[b]


@compiled
def _signs(image: Singles, boxes: Floats, pixel_m: float, out: Floats) -> None:
    """How far the ground about a box differs from what it holds, at most, and what its lines rise by, at least."""
    bands = image.shape[2]
    work, line, inner = np.empty(bands), np.empty(bands), np.empty(bands)
    beside, beyond, best = np.empty(bands), np.empty(bands), np.empty(bands)
    for n in range(boxes.shape[0]):
        box, half = boxes[n], boxes[n, 3] / 2.0
        _mean_light(image, box, -WITHIN * half, WITHIN * half, pixel_m, work, line, inner)
        ground = max(inner.mean(), LEAST_LIGHT)
        out[n, 0], out[n, 1] = 0.0, np.inf
        for side in (-1.0, 1.0):
            top, where = -np.inf, 0.0
            for k in range(int(np.floor((LINE_M[1] - LINE_M[0]) / STEP_M)) + 1):
                away = half + LINE_M[0] + k * STEP_M
                _light(image, box, side * away, pixel_m, work, line)
                if line.sum() > top:
                    top, where = line.sum(), away
                    for b in range(bands):
                        best[b] = line[b]
            near, far = side * (where + BESIDE_M[0]), side * (where + BESIDE_M[1])
            _mean_light(image, box, min(near, far), max(near, far), pixel_m, work, line, beside)
            _beyond(image, box, side, pixel_m, work, beyond)
            for b in range(bands):
                out[n, 0] = max(out[n, 0], abs(inner[b] - beside[b]) / ground, abs(inner[b] - beyond[b]) / ground)
                out[n, 1] = min(out[n, 1], (best[b] - max(inner[b], beside[b])) / ground)


def painted_bays(stretched: Singles, boxes: Floats, pixel_m: float) -> Bools:
    """Which boxes are bays painted on even ground.

    Parameters
    ----------
    stretched : float32 (band, y, x)
        What the network of boxes is shown, no NaN.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    bool (n,)
        True where a line that is brighter than what lies on both of its sides runs along both long sides, and what lies
        between them is the ground beyond them and beyond both ends: boxes of one colour side by side have bright gaps
        of ground between them, too, but no ground of their colour before them.
    """
    signs = np.zeros((len(boxes), 2))
    _signs(np.ascontiguousarray(stretched.transpose(1, 2, 0)), boxes, pixel_m, signs)
    return np.asarray((signs[:, 0] <= FLAT) & (signs[:, 1] >= LINE), bool)
