"""Figures of changed regions: contrast across their outlines, direction and probability of the change."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.kernels.compiled import compiled

AMBIGUOUS: Final = 0.1
"""Evidence of coming and going that differs by less than this share of their sum shows no direction."""


def edge_contrast(before: Singles, after: Singles, mask: Bytes) -> tuple[Singles, Singles]:
    """Contrast of each date across the outline of the changed regions; a figure to sum by `components.describe_tile`.

    Parameters
    ----------
    before, after : float32 (band, y + 2, x + 2)
        One pixel wider on each side than the tile, in comparable units; NaN for no data.
    mask : uint8 (y + 2, x + 2)
        Before any cleaning, 1 changed.

    Returns
    -------
    before_contrast, after_contrast : float32 (y, x)
        For each changed pixel, over its 4-neighbours that are unchanged, the sum of the absolute differences of all
        bands, before and after; 0 elsewhere and towards what is missing.
    """
    sums = np.zeros((2, mask.shape[0] - 2, mask.shape[1] - 2), np.float32)
    _outline(before, after, np.ascontiguousarray(mask), sums)
    return sums[0], sums[1]


@compiled
def mark_above(score: Singles, threshold: float | np.float32, out: Bytes) -> None:
    """Mark what lies above a threshold.

    Parameters
    ----------
    score : float32 (y, x)
        NaN is not observed.
    threshold : float32
        Infinite marks nothing.
    out : uint8 (y, x)
        Filled here: 1 above the threshold, 0 not, 255 not observed.
    """
    height, width = score.shape
    for y in range(height):
        for x in range(width):
            value = score[y, x]
            out[y, x] = 255 if value != value else 1 if value > threshold else 0


def direction(gone: int, came: int) -> str:
    """Whether something came or went.

    Parameters
    ----------
    gone, came : int
        Evidence of either, summed over a region: what its ground tells, or `edge_contrast` of the reference and of the
        date.

    Returns
    -------
    str
        ``gain`` or ``loss`` where one of them clearly leads, else ``other``.
    """
    both = gone + came
    lead = (came - gone) / both if both else 0.0
    if abs(lead) < AMBIGUOUS:
        return "other"
    return "gain" if lead > 0 else "loss"


def change_probability(mean_score: float, threshold: float) -> float:
    """Probability that a region changed, from how far its mean score lies above the threshold.

    ``1 - exp(-2 m) / 2`` with the margin ``m = mean / threshold - 1``: one half on the threshold, .82 half as much
    again above it, .93 at twice. Monotone, and not calibrated against a truth.

    Parameters
    ----------
    mean_score : float
        Of the region's pixels.
    threshold : float
        Of the score.

    Returns
    -------
    float
        0.5 to 1.
    """
    margin = max(0.0, mean_score / threshold - 1.0) if threshold > 0 else 0.0
    return float(1.0 - 0.5 * np.exp(-2.0 * margin))


@compiled
def _outline(before: Singles, after: Singles, mask: Bytes, out: Singles) -> None:
    height, width = mask.shape
    for y in range(1, height - 1):
        line = mask[y]
        for x in range(1, width - 1):
            if line[x] == 1:
                _outline_of_pixel(before, after, mask, y, x, out)


@compiled
def _outline_of_pixel(before: Singles, after: Singles, mask: Bytes, y: int, x: int, out: Singles) -> None:
    for v, u in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
        if mask[v, u] != 0:
            continue
        for j in range(before.shape[0]):
            d = abs(before[j, y, x] - before[j, v, u])
            if d == d:
                out[0, y - 1, x - 1] += d
            d = abs(after[j, y, x] - after[j, v, u])
            if d == d:
                out[1, y - 1, x - 1] += d
