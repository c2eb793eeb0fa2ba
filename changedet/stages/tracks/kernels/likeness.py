"""How unlike two looks at one place are, from the light along the boxes' roofs: whether they show two boxes.

A roof that comes to lie in the shade of a neighbour is darker and bluer, in whole or in part, and keeps its pattern of
ribs, marks and dirt; a box in its place has another colour all over and another pattern. Bands are blue, green, red
and, where there is one, near infrared.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.appearance import DARK

ALONG: Final = 9
"""Points along a roof."""
SHADES: Final = ((0.78, 1.03, 1.19, 1.28), (0.64, 1.03, 1.32, 1.65))
"""By how much shade lowers the logarithm of the light in each band, over the mean of the visible ones, under a usual
and under a deep blue sky: medians of roofs that came to lie in shade, and those under a low winter sun, on painted
sites (docs/research/tracks.md)."""
DEEPEST: Final = 1.8
"""Most by which shade lowers the logarithm of the light: to a sixth."""
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
WEIGHTS: Final = (1.307, 0.959, -1.414, 0.590)
"""Of a logistic regression of two boxes against one (training/fit_likeness.py): of the logarithm of the colours' cost,
of that of the roofs' difference, of the correlation along them, of the darker one's light."""
CONSTANT: Final = 1.318
"""Of it, less the log odds of two boxes among the pairs that it was fitted to."""
CAST_PASSES: Final = 8
"""Over the dates. Chosen by hand."""
CAST_PAIRS: Final = 6
"""Pairs of looks from which a date's cast is taken."""
PAIRS_AT_ONCE: Final = 50_000
"""Whose roofs are compared together: it bounds the memory."""


def roof_logs(light: Floats, date: Ints, first: Ints, second: Ints) -> Floats:
    """Logarithms of the light along roofs, each date's own cast taken out.

    Parameters
    ----------
    light : float64 (row, along, band)
        NaN where there is none.
    date : int64 (row,)
        Index of the date of each row.
    first, second : int64 (pair,)
        Rows of neighbouring looks at one place, most of them at one box; none of them NaN.

    Returns
    -------
    float64 (row, along, band)
        NaN where there is no light.
    """
    logs = np.log(np.maximum(light, 0.0) + DARK)
    middle = np.median(logs, axis=1)
    cast = np.zeros((int(date.max(initial=0)) + 1, light.shape[2]))
    step, days = middle[second] - middle[first], (date[first], date[second])
    for _ in range(CAST_PASSES):
        for t in range(len(cast)):
            ahead, behind = days[1] == t, days[0] == t
            shown = np.concatenate([step[ahead] + cast[days[0][ahead]], cast[days[1][behind]] - step[behind]])
            if len(shown) >= CAST_PAIRS:
                cast[t] = np.median(shown, axis=0)
        cast -= cast.mean(axis=0)
    levelled: Floats = logs - cast[date][:, None]
    return levelled


def unlikeness(logs: Floats, first: Ints, second: Ints, colour_cost: Floats) -> Floats:
    """Log odds of two boxes against one for pairs of looks, as on the sites that they were fitted to.

    Parameters
    ----------
    logs : float64 (row, along, band)
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
        out[part] = figures(logs, first[part], second[part], colour_cost[part]) @ np.array(WEIGHTS) + CONSTANT
    return out


def figures(logs: Floats, first: Ints, second: Ints, colour_cost: Floats) -> Floats:
    """What `WEIGHTS` weigh.

    Parameters
    ----------
    logs, first, second, colour_cost
        As for `unlikeness`.

    Returns
    -------
    float64 (pair, 4)
        Logarithms of the cost of the colours and of the difference at the likest points along the roofs but
        `NEAREST`, shade taken out; correlation along them; logarithm of the light of the darker one.
    """
    level = np.median(logs, axis=1).mean(axis=1)
    swapped = level[first] > level[second]
    dark, lit = np.where(swapped, second, first), np.where(swapped, first, second)
    apart = logs[dark] - logs[lit]
    difference = np.full(len(first), np.inf)
    for shade in SHADES:
        difference = np.minimum(difference, _beyond_shade(apart, np.array(shade[: logs.shape[2]])))
    difference[~np.isfinite(apart).all(axis=(1, 2))] = np.nan
    along = logs.mean(axis=2)
    along = along - along.mean(axis=1, keepdims=True)
    spread = along.std(axis=1)
    correlation = (along[first] * along[second]).mean(axis=1) / (spread[first] * spread[second] + FLAT)
    cost, roofs = np.log(colour_cost + LEAST_COST), np.log(difference + LEAST_DIFFERENCE)
    return np.column_stack([cost, roofs, correlation, level[dark]])


def _beyond_shade(apart: Floats, shade: Floats) -> Floats:
    """Difference (pair,) of roofs by that of their logarithms (pair, along, band), shade taken out as suits best."""
    depth = np.clip(-(apart @ shade) / (shade @ shade), 0.0, DEEPEST)
    rest = apart + depth[..., None] * shade
    brightness = rest.mean(axis=2)
    tint = np.sqrt(((rest - brightness[..., None]) ** 2).mean(axis=2))
    ordered = np.sort(np.hypot(brightness, TINT_WEIGHT * tint), axis=1)
    nearest: Floats = ordered[:, NEAREST]
    return nearest
