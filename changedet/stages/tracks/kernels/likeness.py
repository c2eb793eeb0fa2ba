"""How unlike two looks at one place are, from the light along the boxes' roofs: whether they show two boxes.

A roof that comes to lie in the shade of a neighbour is darker and bluer, in whole or in part, by as much as other roofs
that lie in shade on that date (`date_light`), and keeps its pattern of ribs, marks and dirt; a box in its place has
another colour all over and another pattern. Bands are blue, green, red and, where there is one, near infrared.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.appearance import DARK
from changedet.stages.tracks.kernels.date_light import STATES, date_light

ALONG: Final = 9
"""Points along a roof."""
TINT_WEIGHT: Final = 2.6
"""Of a difference in tint beside one in brightness, which sun and wetness change. Between 1.5 and 2.6 it is alike."""
NEAREST: Final = 1
"""Of the points in order of how they differ, that which counts: one may be a mark or an edge."""
LEAST_DIFFERENCE: Final = 0.02
"""Added to the difference of roofs before its logarithm is taken: that of noise."""
LEAST_COST: Final = 0.1
"""Added to the cost of colours before its logarithm is taken."""
FLAT: Final = 0.002
"""Variance of the logarithm of the light along roofs without any pattern, of noise."""
WEIGHTS: Final = (1.084, 2.088, -0.934, 1.567)
"""Of a logistic regression of two boxes against one (training/fit_likeness.py): of the logarithm of the colours' cost,
of that of the roofs' difference, of the correlation along them, of the darker one's light."""
CONSTANT: Final = 2.644
"""Of it, less the log odds of two boxes among the pairs that it was fitted to."""
PAIRS_AT_ONCE: Final = 50_000
"""Whose roofs are compared together: it bounds the memory."""


def roof_logs(light: Floats, date: Ints, first: Ints, second: Ints) -> tuple[Floats, Floats]:
    """Logarithms of the light along roofs, each date's own cast taken out, and of its shade.

    Parameters
    ----------
    light : float64 (row, along, band)
        NaN where there is none.
    date : int64 (row,)
        Index of the date of each row.
    first, second : int64 (pair,)
        Rows of neighbouring looks at one place; none of them NaN.

    Returns
    -------
    logs : float64 (row, along, band)
        NaN where there is no light.
    shade : float64 (row, band)
        By which shade changes them on the row's date.
    """
    logs = np.log(np.maximum(light, 0.0) + DARK)
    found = date_light(np.median(logs, axis=1), date, first, second)
    return logs - found.cast[date][:, None], found.shade[date]


def unlikeness(logs: Floats, shade: Floats, first: Ints, second: Ints, colour_cost: Floats) -> Floats:
    """Log odds of two boxes against one for pairs of looks, as on the sites that they were fitted to.

    Parameters
    ----------
    logs, shade : float64
        Of `roof_logs`.
    first, second : int64 (pair,)
        Rows, either way round.
    colour_cost : float64 (pair,)
        Of `colour_changepoints.pair_costs`.

    Returns
    -------
    float64 (pair,)
        NaN where a row has no light.
    """
    out = np.empty(len(first))
    for begin in range(0, len(first), PAIRS_AT_ONCE):
        part = slice(begin, begin + PAIRS_AT_ONCE)
        out[part] = figures(logs, shade, first[part], second[part], colour_cost[part]) @ np.array(WEIGHTS) + CONSTANT
    return out


def figures(logs: Floats, shade: Floats, first: Ints, second: Ints, colour_cost: Floats) -> Floats:
    """What `WEIGHTS` weigh.

    Parameters
    ----------
    logs, shade, first, second, colour_cost
        As for `unlikeness`.

    Returns
    -------
    float64 (pair, 4)
        Logarithms of the cost of the colours and of the difference at the likest points along the roofs but
        `NEAREST`, the shade of each look's date taken out; correlation along them; logarithm of the light of the darker
        one.
    """
    level = np.median(logs, axis=1).mean(axis=1)
    dark = np.where(level[first] > level[second], second, first)
    apart = logs[second] - logs[first]
    difference = np.min([_beyond(apart, b * shade[second] - a * shade[first]) for a, b in STATES], axis=0)
    along = logs.mean(axis=2)
    along = along - along.mean(axis=1, keepdims=True)
    spread = along.std(axis=1)
    correlation = (along[first] * along[second]).mean(axis=1) / (spread[first] * spread[second] + FLAT)
    cost, roofs = np.log(colour_cost + LEAST_COST), np.log(np.sort(difference, axis=1)[:, NEAREST] + LEAST_DIFFERENCE)
    return np.column_stack([cost, roofs, correlation, level[dark]])


def _beyond(apart: Floats, shade: Floats) -> Floats:
    """Difference (pair, along) of roofs by that of their logarithms (pair, along, band), that of shade taken out."""
    rest = apart - shade[:, None]
    brightness = rest.mean(axis=2)
    tint = np.sqrt(((rest - brightness[..., None]) ** 2).mean(axis=2))
    return np.asarray(np.hypot(brightness, TINT_WEIGHT * tint), np.float64)
