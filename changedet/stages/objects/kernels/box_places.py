"""What kind of place a box lies in: half a house's roof, its porch and a part of a coach each look like a box alone.

What the network of halls makes of the place, six and twelve metres wide, tells houses and trains from yards, also where
it sees no hall: its odds do not. A logistic regression on its maps, beside what is known of a box already, was fitted
by training/fit_places.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.hall_pictures import STEP_M
from changedet.stages.objects.kernels.box_looks import DOUBTFUL, Weights, looked_at

ALONG: Final = np.linspace(-0.4, 0.4, 7)
ACROSS: Final = np.linspace(-0.3, 0.3, 3)
"""Where a box is looked at, in shares of its length and of its width: within its ends and sides."""
MOST_ODDS: Final = 2.0
"""Log odds that a place adds or takes at most; chosen by hand, as places abroad may be unlike all that taught."""
BESIDE_ENOUGH: Final = 0.25
"""Sum of the likely neighbours side by side from which a place says nothing; of what is false on rails nine in ten
have less, of boxes in ports nearly as many more (docs/research/detector.md). Chosen by hand."""


def features(maps: Sequence[Singles], steps_px: Sequence[int], boxes: Floats) -> Singles:
    """Means of maps within boxes.

    Parameters
    ----------
    maps : sequence of float32 (channel, y, x)
        Of a picture with pixels of `STEP_M`.
    steps_px : sequence of int
        Pixels of the picture that one of each map stands for.
    boxes : float64 (n, 5)
        Metres from the picture's corner, see `rectangles`.

    Returns
    -------
    float32 (n, feature)
        Of each map, of each channel.
    """
    x, y, length, width, angle = (value[:, None, None] for value in boxes.T)
    along, across = ALONG[:, None] * length, ACROSS * width
    right = (x + along * np.sin(angle) + across * np.cos(angle)).reshape(len(boxes), ALONG.size * ACROSS.size)
    down = (y - along * np.cos(angle) + across * np.sin(angle)).reshape(right.shape)
    columns = [
        between(drawn, down / (STEP_M * step) - 0.5, right / (STEP_M * step) - 0.5)
        for drawn, step in zip(maps, steps_px, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def between(drawn: Singles, row: Floats, column: Floats) -> Singles:
    """Means of a map at places between its pixels.

    Parameters
    ----------
    drawn : float32 (channel, y, x)
        The map.
    row, column : float64 (n, point)
        In its pixels; those beyond its ends count as its ends.

    Returns
    -------
    float32 (n, channel)
        Over the points of each.
    """
    row, column = (np.clip(at, 0.0, size - 1.0) for at, size in zip((row, column), drawn.shape[1:], strict=True))
    return _means(np.ascontiguousarray(np.moveaxis(drawn, 0, 2)), row, column)


@compiled
def _means(drawn: Singles, row: Floats, column: Floats) -> Singles:
    """As `between`, of a map (y, x, channel) at places within it."""
    height, width, channels = drawn.shape
    boxes, points = row.shape
    out, one = np.zeros((boxes, channels), np.float32), np.float32(1)
    for i in range(boxes):
        for k in range(points):
            top, left = int(row[i, k]), int(column[i, k])
            below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
            v, h = np.float32(row[i, k] - top), np.float32(column[i, k] - left)
            for c in range(channels):
                upper = drawn[top, left, c] * (one - h) + drawn[top, beside, c] * h
                lower = drawn[below, left, c] * (one - h) + drawn[below, beside, c] * h
                out[i, c] += upper * (one - v) + lower * v
        for c in range(channels):
            out[i, c] /= points
    return out


def log_odds(maps: Sequence[Singles], steps_px: Sequence[int], boxes: Floats, weights: Weights) -> Floats:
    """Log odds that boxes are containers, by their places, beside those that are known already.

    Parameters
    ----------
    maps, steps_px, boxes
        As for `features`.
    weights : Weights
        Fitted on these features.

    Returns
    -------
    float64 (n,)
        To be added, at most `MOST_ODDS` either way.
    """
    return np.asarray(np.clip(weights.log_odds(features(maps, steps_px, boxes)), -MOST_ODDS, MOST_ODDS))


def placed(confidence: Floats, odds: Floats, beside: Floats, is_container: Bools) -> Floats:
    """Confidence of boxes once their places are known.

    Where boxes stand side by side in lines, a place says nothing: rails lie two box widths apart, and of a packed
    block, which few places that taught were like, the neighbours know more.

    Parameters
    ----------
    confidence : float64 (n,)
        0 to 1.
    odds : float64 (n,)
        Of `log_odds`; NaN where no place was looked at.
    beside : float64 (n,)
        Likely neighbours side by side of boxes in line with others, 0 to 2 (`context_rescoring`, ``side_sum``); 0 of
        all others, of which a place says what it knows.
    is_container : bool (n,)
        Others are left alone.

    Returns
    -------
    float64 (n,)
        The same for boxes that are out of the question.
    """
    asked = is_container & (confidence > DOUBTFUL[0])
    return looked_at(confidence, np.where(asked, weighed(odds, beside), np.nan))


def weighed(odds: Floats, beside: Floats) -> Floats:
    """Log odds of places, which say less or nothing of boxes side by side in lines.

    Parameters
    ----------
    odds, beside
        As for `placed`.

    Returns
    -------
    float64 (n,)
        What is added to log odds.
    """
    free = 1.0 - np.clip(beside / BESIDE_ENOUGH, 0.0, 1.0)
    return np.asarray(odds * free)
