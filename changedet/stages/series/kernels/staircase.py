"""The onset of growth by a staircase model: a base level, then a walk over levels above it."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.intervals import QUANTILE

STAY, UP, DOWN = 0.60, 0.32, 0.08
"""Share of the steps between two values that keep the level, raise it or lower it after the change. Chosen by hand on
made-up series of seeds 9000 to 9099 (docs/research/tracks.md)."""
PRIOR_CHANGE: Final = 0.5
"""Prior probability of a change."""
PHI: Final = (0.02, 0.04, 0.08)
"""Errors of a value that grow with its level, as a share of it, alike likely: the detector's miscount of a date."""
TURNOVER: Final = (*PHI, 0.16)
"""The same where nothing lasting grows: the stock itself comes and goes, by more than a detector errs. Twice the
greatest of those; where the values show none of it, it is no likelier than the others."""
COUNT_VARIANCE: Final = 0.3
"""Variance of a value per object, less than 1, as a detector misses few. Chosen by hand, as the next."""
LEAST_VARIANCE: Final = 0.5
"""Of a value of nothing."""
LEVELS: Final = 40
"""Of the grid of levels."""
MARGIN: Final = 2.0
"""Objects by which the grid reaches beyond the values."""
MARGIN_SHARE: Final = 0.05
"""Share of the greatest value by which it reaches beyond it, too."""
LEAST_RISE: Final = 1.0
"""Standard deviations of a value by which growth lies above the base: less is no beginning that a look could show.
With 1.64 the bounds hold fewer slopes (docs/research/tracks.md)."""
LEAST_HIDDEN: Final = 0.1
"""Objects; what leaves less of a value open is no bound of it, but the value."""


def look_variance(level: Floats, phi: float) -> Floats:
    """Variance of a value about its level: ``.3 level + (phi level)^2 + .5``.

    Parameters
    ----------
    level : float64
        In units of one object.
    phi : float
        Error as a share of the level.

    Returns
    -------
    float64
        Of the same shape.
    """
    return COUNT_VARIANCE * level + (phi * level) ** 2 + LEAST_VARIANCE


def onset_posterior(
    values: Floats,
    extra_variance: Floats,
    floor: Floats | None,
    ceiling: Floats | None,
    *,
    turns_over: bool,
) -> Floats:
    """How likely a series leaves its base level with each value, for a walk over levels above it.

    The base holds until the change; afterwards the level, `LEAST_RISE` standard deviations of a value above the base or
    more, stays, rises or falls between two values. A value has the variance `look_variance` and the extra one, all of
    `PHI` alike likely; where it is only known to lie between a floor and a ceiling,
    all values between them are alike likely. The base is alike likely at all levels of a grid, the change at each
    value. Exact forward sums over levels (Rabiner 1989, doi:10.1109/5.18626).

    Parameters
    ----------
    values : float64 (n,)
        In order of date, none NaN, in units of one object; at least 2.
    extra_variance : float64 (n,)
        What makes a value less certain than the others.
    floor, ceiling : float64 (n,), optional
        What of a value is sure, and what it is at most; by default the value itself.
    turns_over : bool
        Whether what is counted comes and goes: without growth, values then have the variances of `TURNOVER`.

    Returns
    -------
    float64 (n,)
        Posterior probability that growth begins with each value, 0 for the first; their sum is that of growth.
    """
    floor, ceiling = (values if bound is None else bound for bound in (floor, ceiling))
    top = float(values.max())
    levels = np.linspace(max(0.0, float(values.min()) - MARGIN), top + MARGIN_SHARE * top + MARGIN, LEVELS)
    without = TURNOVER if turns_over else PHI
    constant = np.zeros(len(without))
    growth = np.zeros((len(PHI), len(values)))
    own = [look_variance(levels, phi) for phi in without]
    logs = [_log_density(values, floor, ceiling, levels, variance[:, None] + extra_variance) for variance in own]
    peak = max(float(log.max(0).sum()) for log in logs)
    for m, log in enumerate(logs):
        before = np.cumsum(log, axis=1)
        constant[m] = np.exp(before[:, -1] - peak).mean()
        if m < len(PHI):
            growth[m, 1:] = _growth(before, log, levels, LEAST_RISE * np.sqrt(own[m]), peak)
    evidence_none = (1 - PRIOR_CHANGE) * constant.mean()
    evidence = PRIOR_CHANGE / (len(values) - 1) * growth.mean(0)
    total = evidence_none + evidence.sum()
    return np.asarray(evidence / total if total > 0 else np.zeros(len(values)))


def shortest_run(weight: Floats, share: float) -> tuple[int, int]:
    """The shortest run that holds a share of the weights: of runs alike long the heaviest.

    Parameters
    ----------
    weight : float64 (n,)
        Not negative, above 0 in all.
    share : float
        Of their sum, up to 1.

    Returns
    -------
    first, last : int
        Indices, inclusive.
    """
    until = np.concatenate([[0.0], np.cumsum(weight)])
    # Sums in another order differ in their last digits.
    wanted = share * until[-1] * (1.0 - 1e-9)
    for length in range(1, len(weight) + 1):
        held = until[length:] - until[:-length]
        if held.max() >= wanted:
            break
    first = int(held.argmax())
    return first, first + length - 1


def later_share(earlier: Floats, later: Floats, extra: Floats, days: Floats) -> tuple[float, float]:
    """Bounds, at 95 %, of the share of a growth that came after the first value with it.

    A line is fitted to the later values, each weighed by its variance as in `onset_posterior`, with the middle of
    `PHI`.

    Parameters
    ----------
    earlier, later : float64 (before,), (after,)
        Values before and from the growth on.
    extra : float64 (before + after,)
        What makes a value less certain than the others.
    days : float64 (after,)
        Of the later values, since the first of them.

    Returns
    -------
    low, high : float
        0 and 1 where no line can be fitted or nothing grew.
    """
    values = np.concatenate([earlier, later])
    variance = look_variance(values, PHI[1]) + extra
    before, after = variance[: len(earlier)], variance[len(earlier) :]
    if len(later) < 2 or not days[-1] > 0:
        return 0.0, 1.0
    design = np.column_stack([np.ones(len(later)), days / days[-1]])
    covariance = np.linalg.inv(design.T @ (design / after[:, None]))
    first, rise = covariance @ (design.T @ (later / after))
    total = first + rise - float(earlier.mean())
    if total <= 0.0:
        return 0.0, 1.0
    # How the share moves with the line's start, with its rise, and with the level before.
    gradient = np.array([-rise, total - rise]) / total**2
    spread = gradient @ covariance @ gradient + (rise / total**2) ** 2 * before.sum() / len(earlier) ** 2
    half = QUANTILE * float(np.sqrt(spread))
    return float(rise / total - half), float(rise / total + half)


def _log_density(values: Floats, floor: Floats, ceiling: Floats, levels: Floats, variance: Floats) -> Floats:
    """Log density (level, n), but for a constant, of values or of what lies evenly between their bounds."""
    # Imported here for a quick start.
    from scipy.special import log_ndtr

    log: Floats = -0.5 * (values - levels[:, None]) ** 2 / variance - 0.5 * np.log(variance)
    bounded = ceiling - floor > LEAST_HIDDEN
    spread, width = np.sqrt(variance[:, bounded]), (ceiling - floor)[bounded]
    low, high = ((bound[bounded] - levels[:, None]) / spread for bound in (floor, ceiling))
    # Below its middle the normal distribution's logarithm keeps all its digits.
    above = low + high > 0
    low, high = np.where(above, -high, low), np.where(above, -low, high)
    less, more = log_ndtr(low), log_ndtr(high)
    log[:, bounded] = more + np.log(-np.expm1(less - more)) - np.log(width) + 0.5 * np.log(2.0 * np.pi)
    return log


def _growth(before: Floats, log: Floats, levels: Floats, rise: Floats, peak: float) -> Floats:
    """Evidence (n - 1,) of a change at each value after the first, by a rise at least, scaled by ``exp(-peak)``."""
    n_levels, n = log.shape
    result = np.zeros(n - 1)
    for base in range(n_levels - 1):
        least = max(base + 1, int(np.searchsorted(levels, levels[base] + rise[base])))
        if least == n_levels:
            continue
        walk = _walk(n_levels - least)
        later = np.zeros(walk.shape[0])
        for k in range(n - 1, 0, -1):
            later = log[least:, k] + later
            largest = later.max()
            mean = np.log(np.exp(later - largest).mean()) + largest
            result[k - 1] += np.exp(before[base, k - 1] + mean - peak) / n_levels
            later = np.log(walk @ np.exp(later - largest)) + largest
    return result


def _walk(n: int) -> Floats:
    """Transitions (n, n) between the levels of growth: up or down by any number of steps alike."""
    above = np.triu(np.ones((n, n)), 1)
    below = above.T
    ups, downs = above.sum(1, keepdims=True), below.sum(1, keepdims=True)
    walk = STAY * np.eye(n) + UP * above / np.maximum(ups, 1) + DOWN * below / np.maximum(downs, 1)
    result: Floats = walk / walk.sum(1, keepdims=True)
    return result
