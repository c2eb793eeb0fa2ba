"""The light of each date on roofs, in the sun and in the shade, found from pairs of looks at one place.

Between two looks at one box each band of its light changes by what the dates differ as a whole (gain, haze, season),
and where a neighbour shades the roof on one of them, by what that date's shade takes: less of the blue, which the sky
gives, than of the red. So pairs of looks are a mixture: lit on both, shaded on one or on both, or two boxes. Casts and
shades are found by expectation-maximisation (Dempster, Laird, Rubin 1977). A roof is as dark and as blue as its date's
shade makes it, or it is another box's.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints

SHADE: Final = (0.71, 1.03, 1.26, 1.47)
"""By how much shade lowers the logarithm of the light in blue, green, red and near infrared, over the mean of the
visible ones: between medians of roofs that came to lie in shade under a usual and under a deep blue sky, on painted
sites (docs/research/tracks.md)."""
DEPTH: Final = 1.15
"""By how much it lowers that mean: to a third. As of the next, of shaded roofs on own and painted sites."""
SURE_PAIRS: Final = 2.0
"""Pairs of looks with one in shade that this shade is worth where a date's own is found."""
SPREAD: Final = 0.12
"""Of the logarithm of the light of two looks at one box, in brightness. This and all that follow were chosen by hand on
pairs of looks of own and painted sites and of the third hand's."""
TINT_SHARE: Final = 0.6
"""Of that spread: the spread in each band beside the others."""
FIRST_SPREAD, NARROWED = 0.3, 0.85
"""Spread in the first round, and by how much each further one narrows it."""
OTHER_SPREAD: Final = 0.7
"""Spread in brightness of two boxes, half of it in tint."""
FIRST_OTHER, OTHER_RANGE = 0.25, (0.02, 0.6)
"""Share of pairs that show two boxes: at first, least and most."""
FIRST_SHADED, SHADED_RANGE = 0.12, (0.01, 0.7)
"""Share of a date's roofs in shade: at first, which `SHADED_PRIOR` looks are worth, least and most."""
SHADED_PRIOR: Final = 8.0
ROUNDS: Final = 30
"""Of expectation-maximisation."""
CAST_PASSES: Final = 8
"""Over the dates, before shade is known."""
CAST_PAIRS: Final = 6
"""Pairs of looks from which a date's cast is then taken."""
CAST_PULL: Final = 0.015
"""Pairs that the casts' nearness to 0 is worth."""
STATES: Final = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Whether the first and the second look of a pair lie in shade."""


class DateLight(NamedTuple):
    """How the logarithm of the light on roofs differs by date.

    Attributes
    ----------
    cast : float64 (date, band)
        Of lit roofs, beside the mean of all dates.
    shade : float64 (date, band)
        Of shaded roofs beside lit ones.
    """

    cast: Floats
    shade: Floats


def date_light(middle: Floats, date: Ints, first: Ints, second: Ints) -> DateLight:
    """Cast and shade of each date.

    Parameters
    ----------
    middle : float64 (row, band)
        Logarithm of the light of each roof, the median along it.
    date : int64 (row,)
        Index of the date of each row.
    first, second : int64 (pair,)
        Rows of neighbouring looks at one place; none of them NaN.

    Returns
    -------
    DateLight
        Usual shade and no casts without any pair.
    """
    count, bands = int(date.max(initial=0)) + 1, middle.shape[1]
    usual = np.tile(-DEPTH * np.array(SHADE[:bands]), (count, 1))
    if not len(first):
        return DateLight(np.zeros((count, bands)), usual)
    step, days = middle[second] - middle[first], np.column_stack([date[first], date[second]])
    light = DateLight(_first_casts(step, days, count), usual)
    shaded, other = np.full(count, FIRST_SHADED), FIRST_OTHER
    for k in range(ROUNDS):
        likely = _likely_states(step, days, light, shaded, other, max(SPREAD, FIRST_SPREAD * NARROWED**k))
        other = float(np.clip(1.0 - likely.sum(0).mean(), *OTHER_RANGE))
        shaded = _shaded_shares(likely, days, count)
        light = _fitted(step, days, likely, usual)
    return light


def _first_casts(step: Floats, days: Ints, count: int) -> Floats:
    """Casts (date, band) by which the middle pair of each date with the others differs."""
    cast = np.zeros((count, step.shape[1]))
    for _ in range(CAST_PASSES):
        for t in range(count):
            ahead, behind = days[:, 1] == t, days[:, 0] == t
            shown = np.concatenate([step[ahead] + cast[days[ahead, 0]], cast[days[behind, 1]] - step[behind]])
            if len(shown) >= CAST_PAIRS:
                cast[t] = np.median(shown, axis=0)
        cast -= cast.mean(axis=0)
    return cast


def _likely_states(step: Floats, days: Ints, light: DateLight, shaded: Floats, other: float, spread: float) -> Floats:
    """Probability (state, pair) that a pair shows one box in each of `STATES`."""
    cast, told = light.cast[days[:, 1]] - light.cast[days[:, 0]], []
    shares = np.stack([1.0 - shaded, shaded])
    for first, second in STATES:
        expected = cast + second * light.shade[days[:, 1]] - first * light.shade[days[:, 0]]
        share = (1.0 - other) * shares[first, days[:, 0]] * shares[second, days[:, 1]]
        told.append(np.log(share) + _log_density(step - expected, spread, TINT_SHARE * spread))
    told.append(np.log(other) + _log_density(step - cast, OTHER_SPREAD, OTHER_SPREAD / 2))
    joint = np.exp(np.array(told) - np.max(told, axis=0))
    return np.asarray((joint / joint.sum(0))[:-1], np.float64)


def _log_density(rest: Floats, spread: float, tint_spread: float) -> Floats:
    """Of differences (pair, band) that are normal in brightness and in tint, but for a constant."""
    brightness = rest.mean(1)
    tint = ((rest - brightness[:, None]) ** 2).sum(1)
    wide = np.log(spread) + (rest.shape[1] - 1) * np.log(tint_spread)
    return np.asarray(-0.5 * ((brightness / spread) ** 2 + tint / tint_spread**2) - wide, np.float64)


def _shaded_shares(likely: Floats, days: Ints, count: int) -> Floats:
    """Share (date,) of the roofs in shade."""
    dark, all_ = np.full(count, FIRST_SHADED * SHADED_PRIOR), np.full(count, SHADED_PRIOR)
    for part, (first, second) in zip(likely, STATES, strict=True):
        for look, is_dark in enumerate((first, second)):
            shown = np.bincount(days[:, look], part, count)
            all_ += shown
            dark += is_dark * shown
    return np.asarray(np.clip(dark / all_, *SHADED_RANGE), np.float64)


def _fitted(step: Floats, days: Ints, likely: Floats, usual: Floats) -> DateLight:
    """Casts and shades by least squares, each pair in each state as probably as it is in it."""
    count = len(usual)
    between, own = np.unique(days, axis=0, return_inverse=True)
    # A weak pull of casts to 0 fixes what all dates share.
    left = np.diag(np.concatenate([np.full(count, CAST_PULL), np.full(count, SURE_PAIRS)]))
    right = np.concatenate([np.zeros(usual.shape), SURE_PAIRS * usual])
    at = np.arange(len(between))
    for part, (first, second) in zip(likely, STATES, strict=True):
        design = np.zeros((len(between), 2 * count))
        design[at, between[:, 1]], design[at, count + between[:, 1]] = 1.0, second
        design[at, between[:, 0]] -= 1.0
        design[at, count + between[:, 0]] -= first
        weight = np.bincount(own, part, len(between))
        summed = np.column_stack([np.bincount(own, part * band, len(between)) for band in step.T])
        left += design.T @ (weight[:, None] * design)
        right += design.T @ summed
    solved = np.linalg.solve(left, right)
    return DateLight(solved[:count], solved[count:])
