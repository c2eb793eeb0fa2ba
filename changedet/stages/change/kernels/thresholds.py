"""Where change begins: threshold rules on a histogram, and the guard that keeps a quiet pair quiet.

Every rule works on integer counts of fixed bins, so its answer does not depend on the order of the pixels. A rule alone
splits anything, also the noise of a pair in which nothing happened; `decide` therefore never goes below a floor drawn
from the noise and answers `NEVER` where nothing lies above it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from scipy import stats

from changedet.arrays import Bools, Floats, Ints, Singles

AnyFloats: TypeAlias = Floats | Singles

NEVER: Final = float(np.finfo(np.float32).max)
"""A threshold that no score exceeds, and that JSON can hold, unlike infinity."""
BINS: Final = 1024
LOWER_QUANTILE: Final = float(stats.norm.cdf(-1.0))
TAIL_FRACTION: Final = 0.001
"""The highest scores, which one saturated pixel may stretch without end, share the last bin."""
LEAST_PIXELS: Final = 64
"""Fewer pixels than this say nothing about a distribution."""


@dataclass(frozen=True)
class Histogram:
    """Counts of equal bins between `low` and `high`; what lies outside is in the first and the last."""

    counts: Ints
    low: float
    high: float

    @property
    def centres(self) -> AnyFloats:
        return self.low + self.width * (np.arange(self.counts.size) + 0.5)

    @property
    def width(self) -> float:
        return (self.high - self.low) / self.counts.size

    def upper_edge(self, bin_index: int) -> float:
        return self.low + self.width * (bin_index + 1)


def histogram(scores: AnyFloats, bins: int) -> Histogram:
    """Histogram of all scores that are not NaN; of one bin where they are all alike, or none."""
    values = scores[np.isfinite(scores)]
    if values.size == 0:
        return Histogram(np.zeros(1, np.int64), 0.0, 0.0)
    low, tail = float(values.min()), float(np.quantile(values, 1.0 - TAIL_FRACTION))
    high = min(float(values.max()), low + 2.0 * (tail - low)) if tail > low else float(values.max())
    if not high > low:
        return Histogram(np.array([values.size]), low, low)
    index = np.clip((values.astype(np.float64) - low) * (bins / (high - low)), 0, bins - 1).astype(np.int64)
    return Histogram(np.bincount(index, minlength=bins), low, high)


def _classes(h: Histogram) -> tuple[Floats, ...]:
    """Weight, mean and variance of the bins up to each bin, and of those above it; NaN where a class is empty."""
    share = h.counts / max(1, int(h.counts.sum()))
    centres = h.centres - h.low
    w0, m0, s0 = np.cumsum(share), np.cumsum(share * centres), np.cumsum(share * centres**2)
    w1, m1, s1 = w0[-1] - w0, m0[-1] - m0, s0[-1] - s0
    w0, w1 = (np.where(w > 1e-12, w, np.nan) for w in (w0, w1))
    mean0, mean1 = m0 / w0, m1 / w1
    return w0, mean0, np.maximum(s0 / w0 - mean0**2, 0.0), w1, mean1, np.maximum(s1 / w1 - mean1**2, 0.0)


def _best(h: Histogram, criterion: Floats) -> float | None:
    """Upper edge of the bin where the criterion is greatest; the middle of a plateau, as of an empty gap."""
    if not np.isfinite(criterion).any():
        return None
    top = np.nanmax(criterion)
    chosen = np.flatnonzero(criterion >= top - 1e-12 * max(1.0, abs(top)))
    run = chosen[: int(np.argmax(np.diff(chosen, append=chosen[-1] + 2) > 1)) + 1]
    return h.upper_edge(int(run[(run.size - 1) // 2]))


def otsu(h: Histogram) -> float | None:
    """Greatest variance between the classes. Otsu 1979, doi:10.1109/TSMC.1979.4310076."""
    w0, m0, _, w1, m1, _ = _classes(h)
    return _best(h, w0 * w1 * (m1 - m0) ** 2)


def kittler(h: Histogram) -> float | None:
    """Least error of two Gaussians, ``min sum P_i ln s_i^2 - 2 P_i ln P_i``.

    Kittler and Illingworth 1986, doi:10.1016/0031-3203(86)90030-0.
    """
    w0, _, v0, w1, _, v1 = _classes(h)
    least = h.width**2 / 12.0  # a bin is no point: an empty spread would win with ln 0
    error = w0 * np.log(v0 + least) + w1 * np.log(v1 + least) - 2.0 * (w0 * np.log(w0) + w1 * np.log(w1))
    return _best(h, -error)


def kapur(h: Histogram) -> float | None:
    """Greatest sum of the two classes' entropies. Kapur et al. 1985, doi:10.1016/0734-189X(85)90125-2."""
    share = h.counts / max(1, int(h.counts.sum()))
    information = np.cumsum(np.where(share > 0, -share * np.log(np.where(share > 0, share, 1.0)), 0.0))
    w0, _, _, w1, _, _ = _classes(h)
    return _best(h, np.log(w0) + information / w0 + np.log(w1) + (information[-1] - information) / w1)


def two_means(h: Histogram) -> float | None:
    """Halfway between the means of two clusters, from the extremes on (Lloyd's iteration in one dimension)."""
    used = np.flatnonzero(h.counts)
    if used.size < 2:
        return None
    centres, counts = h.centres, h.counts
    low, high = centres[used[0]], centres[used[-1]]
    for _ in range(100):
        middle = 0.5 * (low + high)
        below = centres <= middle
        new = np.average(centres[below], weights=counts[below]), np.average(centres[~below], weights=counts[~below])
        if new == (low, high):
            break
        low, high = new
    return float(0.5 * (low + high))


RULES: Final[dict[str, Callable[[Histogram], float | None]]] = {
    "otsu": otsu,
    "kittler": kittler,
    "kapur": kapur,
    "kmeans": two_means,
}


def noise_level(scores: AnyFloats) -> tuple[float, float]:
    """Median and spread of the unchanged pixels: the spread from the lower side, which change does not reach."""
    values = scores[np.isfinite(scores)]
    if values.size == 0:
        return 0.0, 0.0
    lower, median = np.quantile(values, [LOWER_QUANTILE, 0.5])
    return float(median), float(median - lower)


def false_alarm(median: float, degrees: int, false_alarm_fraction: float) -> float:
    """Root of the chi-square quantile that this share of unchanged pixels exceeds, scaled to the scores' own median."""
    tail = max(false_alarm_fraction, 1e-12)
    scale = max(1.0, median / float(np.sqrt(stats.chi2.median(degrees))))
    return float(scale * np.sqrt(stats.chi2.isf(tail, degrees)))


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
    return min(float(high.mean() - low.mean()) / max(spread, 1e-9), 1e6)
