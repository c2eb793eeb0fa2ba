"""Threshold rules on a histogram of scores, whose integer counts do not depend on the order of the pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Floats, Ints, Singles

AnyFloats: TypeAlias = Floats | Singles

LLOYD_ITERATIONS: Final = 100
"""At most; two clusters in one dimension settle in a few."""
UNIFORM_VARIANCE: Final = 12.0
"""A uniform distribution's width squared over its variance."""
TAIL_FRACTION: Final = 0.001
"""The highest scores, which one saturated pixel may stretch without end, share the last bin."""


@dataclass(frozen=True)
class Histogram:
    """Counts of equal bins; what lies outside is in the first and the last.

    Attributes
    ----------
    counts : int64 (bin,)
        Scores in each bin.
    low, high : float
        Lower edge of the first and upper edge of the last bin.
    """

    counts: Ints
    low: float
    high: float

    @property
    def centres(self) -> Floats:
        """Middle of each bin, float64 (bin,), in units of the score."""
        return np.asarray(self.low + self.width * (np.arange(self.counts.size) + 0.5), np.float64)

    @property
    def width(self) -> float:
        """Of a bin, in units of the score."""
        return (self.high - self.low) / self.counts.size

    def upper_edge(self, bin_index: int) -> float:
        """Upper edge of a bin.

        Parameters
        ----------
        bin_index : int
            From 0.

        Returns
        -------
        float
            In units of the score.
        """
        return self.low + self.width * (bin_index + 1)


def histogram(scores: AnyFloats, bins: int) -> Histogram:
    """Histogram of all scores that are not NaN.

    Parameters
    ----------
    scores : float array
        Of any shape; NaN is left out.
    bins : int
        How many.

    Returns
    -------
    Histogram
        Of one bin where all scores are alike, or there is none.
    """
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
    """The threshold with the greatest variance between the classes. Otsu 1979, doi:10.1109/TSMC.1979.4310076.

    Parameters
    ----------
    h : Histogram
        Of the scores.

    Returns
    -------
    float or None
        None where the scores are all alike.
    """
    w0, m0, _, w1, m1, _ = _classes(h)
    return _best(h, w0 * w1 * (m1 - m0) ** 2)


def kittler(h: Histogram) -> float | None:
    """The threshold with the least error of two Gaussians, ``min sum P_i ln s_i^2 - 2 P_i ln P_i``.

    Kittler and Illingworth 1986, doi:10.1016/0031-3203(86)90030-0.

    Parameters
    ----------
    h : Histogram
        Of the scores.

    Returns
    -------
    float or None
        None where the scores are all alike.
    """
    w0, _, v0, w1, _, v1 = _classes(h)
    least = h.width**2 / UNIFORM_VARIANCE  # a bin is no point: an empty spread would win with ln 0
    error = w0 * np.log(v0 + least) + w1 * np.log(v1 + least) - 2.0 * (w0 * np.log(w0) + w1 * np.log(w1))
    return _best(h, -error)


def kapur(h: Histogram) -> float | None:
    """The threshold with the greatest sum of the classes' entropies.

    Kapur et al. 1985, doi:10.1016/0734-189X(85)90125-2.

    Parameters
    ----------
    h : Histogram
        Of the scores.

    Returns
    -------
    float or None
        None where the scores are all alike.
    """
    share = h.counts / max(1, int(h.counts.sum()))
    information = np.cumsum(np.where(share > 0, -share * np.log(np.where(share > 0, share, 1.0)), 0.0))
    w0, _, _, w1, _, _ = _classes(h)
    return _best(h, np.log(w0) + information / w0 + np.log(w1) + (information[-1] - information) / w1)


def two_means(h: Histogram) -> float | None:
    """The threshold half-way between the means of two clusters (Lloyd's iteration in one dimension, from the extremes).

    Parameters
    ----------
    h : Histogram
        Of the scores.

    Returns
    -------
    float or None
        None where the scores are all alike.
    """
    used = np.flatnonzero(h.counts)
    if used.size < 2:
        return None
    centres, counts = h.centres, h.counts
    low, high = centres[used[0]], centres[used[-1]]
    for _ in range(LLOYD_ITERATIONS):
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
"""By the names that parameter ``threshold`` has for them."""
