"""Clear pixels that are dark in two groups of bands, in one pass without arrays between."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bytes, Ints, Singles
from changedet.kernels.compiled import compiled


@compiled
def mark_dark(
    image: Singles,
    corner: tuple[int, int],
    low: Singles,
    span: Singles,
    first: Ints,
    second: Ints,
    least: np.float32,
    classes: tuple[int, int],
    out: Bytes,
) -> None:
    """Give another class to pixels whose mean light is low in both groups of bands.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data, and never dark.
    corner : (row, column)
        Where the classes' first pixel lies in the image.
    low, span : float32 (band,)
        Light is ``(value - low) / span``.
    first, second : int64 (n,)
        The groups' bands; the same one twice where there is but one.
    least : float32
        Light below which a group is dark.
    classes : (int, int)
        Which class is looked at, and what it becomes.
    out : uint8 (y, x)
        Classes; changed here.
    """
    height, width = out.shape
    total, other = np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(height):
        _mean_light(image, low, span, first, (corner[0] + y, corner[1]), total)
        _mean_light(image, low, span, second, (corner[0] + y, corner[1]), other)
        line = out[y]
        for x in range(width):
            dark = (line[x] == classes[0]) & (total[x] < least) & (other[x] < least)
            line[x] = np.uint8(classes[1]) if dark else line[x]


@compiled
def _mean_light(
    image: Singles, low: Singles, span: Singles, bands: Ints, start: tuple[int, int], mean: Singles
) -> None:
    mean[:] = np.float32(0.0)
    for b in bands:
        line, dark, usual = image[b, start[0], start[1] : start[1] + mean.size], low[b], span[b]
        for x in range(mean.size):
            mean[x] += (line[x] - dark) / usual
    count = np.float32(bands.size)
    for x in range(mean.size):
        mean[x] /= count
