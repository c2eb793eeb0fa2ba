"""Threshold rules on a histogram of scores, with a floor from the noise that keeps a quiet pair unmarked.

Every rule works on integer counts of fixed bins, so its answer does not depend on the order of the pixels. A rule alone
splits anything, also the noise of a pair in which nothing happened; `decide` therefore never goes below a floor that
follows from the noise, and gives `NEVER` where nothing lies above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools
from changedet.kernels.quantiles import quantiles
from changedet.stages.change.kernels.histogram_rules import RULES, AnyFloats, histogram

NEVER: Final = float(np.finfo(np.float32).max)
"""A threshold that no score exceeds, and that JSON can hold, unlike infinity."""
BINS: Final = 1024
"""Of the histogram of a sample of scores."""
LOWER_QUANTILE: Final = 0.15865525393145707
"""One standard deviation below the median of a Gaussian."""
MOST_SEPARABILITY: Final = 1e6
"""Ashman's D of classes without spread."""
LEAST_PIXELS: Final = 64
"""Fewer pixels than this are no sample of a distribution: no threshold is derived."""


def noise_level(scores: AnyFloats) -> tuple[float, float]:
    """Median and spread of the unchanged pixels: the spread from the lower side, which change does not reach.

    Parameters
    ----------
    scores : float array
        Of any shape; NaN is left out.

    Returns
    -------
    median, spread : float
        0 without a score.
    """
    values = scores[np.isfinite(scores)]
    if values.size == 0:
        return 0.0, 0.0
    lower, median = quantiles(values, (LOWER_QUANTILE, 0.5))
    return float(median), float(median - lower)


def false_alarm(median: float, degrees: int, false_alarm_fraction: float) -> float:
    """Root of the chi-square quantile that a share of the unchanged pixels exceeds, scaled to the scores' own median.

    Parameters
    ----------
    median : float
        Of the scores; 0 for no scaling.
    degrees : int
        Of freedom of the squared score where nothing changed.
    false_alarm_fraction : float
        The share.

    Returns
    -------
    float
        Above 0.
    """
    # Imported here for a quick start.
    from scipy import special

    tail = max(false_alarm_fraction, 1e-12)
    scale = max(1.0, median / float(np.sqrt(2 * special.gammaincinv(degrees / 2, 0.5))))
    return float(scale * np.sqrt(special.chdtri(degrees, tail)))


@dataclass(frozen=True)
class ThresholdDiagnostics:
    """How a threshold came about.

    Attributes
    ----------
    rule : str
        Its name, or "given".
    median, spread : float
        Of the unchanged scores, from `noise_level`.
    rule_threshold : float
        What the rule alone gives.
    floor : float
        No threshold by rule lies below.
    share : float
        Of the scores above the threshold, 0 to 1.
    separability : float
        Ashman's D of the two classes, 0 where one is empty.
    reason : str
        In words.
    confirmed : float or None
        Share of the pixels above the threshold that no displacement explains; None where that was not tested.
    """

    rule: str
    median: float
    spread: float
    rule_threshold: float
    floor: float
    share: float
    separability: float
    reason: str
    confirmed: float | None


def decide(
    scores: AnyFloats,
    rule: str | float,
    degrees: int,
    noise_sigmas: float,
    false_alarm_fraction: float,
    least: float,
) -> tuple[float, ThresholdDiagnostics]:
    """The threshold of a sample of scores, how it came about, and how well it separates.

    Parameters
    ----------
    scores : float array
        Of any shape; NaN is left out.
    rule : str or float
        A name of `RULES`, "sigma" (median plus `noise_sigmas` spreads), "chi2" (`false_alarm`), or the threshold
        itself, which is then taken as it is.
    degrees : int
        Of freedom of the squared score where nothing changed.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads above the median, ...
    false_alarm_fraction : float
        Share of unchanged pixels that rule chi2 lets pass.
    least : float
        ... and at least here.

    Returns
    -------
    threshold : float
        A float32 value; `NEVER` where no pixel exceeds the floor.
    diagnostics : ThresholdDiagnostics
        Without `confirmed`.
    """
    values = scores[np.isfinite(scores)]
    median, spread = noise_level(values)
    by_rule = isinstance(rule, str)
    if isinstance(rule, str):
        floor = max(median + noise_sigmas * spread, least)
        found = _by_rule(values, rule, floor, median, degrees, false_alarm_fraction)
        chosen = floor if found is None else found
    else:
        floor = chosen = float(rule)
    threshold = float(np.float32(min(max(chosen, floor), NEVER)))
    above = values > threshold
    share = float(above.mean()) if values.size else 0.0
    name = str(rule) if by_rule else "given"
    by = "noise floor" if threshold == float(np.float32(floor)) and chosen < floor else name
    reason = f"threshold by {by}"
    if by_rule and (values.size < LEAST_PIXELS or share == 0.0):
        reason = "too few valid pixels" if values.size < LEAST_PIXELS else "no score rises above the noise"
        threshold = NEVER
    return threshold, ThresholdDiagnostics(
        rule=name,
        median=median,
        spread=spread,
        rule_threshold=chosen,
        floor=floor,
        share=share,
        separability=_ashman(values, above),
        reason=reason,
        confirmed=None,
    )


def _by_rule(
    values: AnyFloats, rule: str, floor: float, median: float, degrees: int, false_alarm_fraction: float
) -> float | None:
    if rule == "sigma":
        return floor
    if rule == "chi2":
        return false_alarm(median, degrees, false_alarm_fraction)
    with np.errstate(divide="ignore", invalid="ignore"):
        return RULES[rule](histogram(values, BINS))


def _ashman(values: AnyFloats, above: Bools) -> float:
    """Distance of the class means in units of their spread (a Gaussian cut in half: 2.65); 0 where a class is empty."""
    if not above.any() or above.all():
        return 0.0
    low, high = values[~above].astype(np.float64), values[above].astype(np.float64)
    spread = float(np.sqrt((low.var() + high.var()) / 2.0))
    return min(float(high.mean() - low.mean()) / max(spread, 1e-9), MOST_SEPARABILITY)
