"""The onset of growth: from which date a figure stays above its earlier level to the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from changedet.kernels import series as kernel

Floats: TypeAlias = NDArray[np.float64]

SURE: Final = 1.64
"""Standard errors by which the last two looks must be above the level before, and by which an area must lie on its side
of a growth to date it: one-sided 95 %."""
CERTAIN: Final = 2.0
"""Variances of a count that cloud may add to a look's for it to date a growth."""
LATER_SHARE: Final = 1 / 3
"""Of the growth: what comes after the first look that shows it makes a slope of it from here on, and no step."""
SHAPES: Final = {"step": ", reached at once", "slope": ", and growing on", None: ""}


@dataclass(frozen=True)
class Onset:
    """Since when a figure has grown.

    Attributes
    ----------
    date : datetime.date or None
        The first clear look with growth; None where there is none.
    low, high : datetime.date or None
        Growth began between the day after the last clear look without it and the first with it, both included.
    probability : float
        That there is lasting growth; NaN where there were too few looks to tell.
    reason : str
        Why there is one, or none.
    shape : str or None
        ``step`` where no more than a third of the growth came after the first look with it, ``slope`` where more did,
        beyond error; None where neither is sure, or there is no growth.
    """

    date: dt.date | None
    low: dt.date | None
    high: dt.date | None
    probability: float
    reason: str
    shape: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As ``summary.json`` keeps it: ISO dates, null for what is not known."""
        day = {
            name: None if getattr(self, name) is None else str(getattr(self, name)) for name in ("date", "low", "high")
        }
        known = self.probability == self.probability
        return {**day, "probability": self.probability if known else None, "shape": self.shape, "reason": self.reason}


OnsetMethod: TypeAlias = Callable[..., Onset]


@dataclass(frozen=True)
class _Looks:
    """The clear looks of a series, in units of one object."""

    values: Floats
    extra: Floats
    dates: list[dt.date]
    counts: bool


def find_onset(
    values: ArrayLike,
    low: ArrayLike | None,
    high: ArrayLike | None,
    dates: Sequence[dt.date],
    clear: ArrayLike | None,
    unit: float,
    probability: float,
    rise_fraction: float,
) -> Onset:
    """Onset by the staircase model; parameters as for `changedet.series.onset`."""
    looks = _clear_looks(values, low, high, dates, clear, unit)
    n = len(looks.dates)
    if n < 3:
        return Onset(None, None, None, float("nan"), f"{n} clear looks are too few to tell growth, which takes three")
    change = kernel.staircase(looks.values, looks.extra).change
    total = float(min(change.sum(), 1.0))
    if total <= probability:
        return Onset(
            None, None, None, total, f"no lasting growth: probability {total:.2f}, {probability:.2f} is asked for"
        )
    begin = int(change.argmax())
    objection = _objection(looks, begin, rise_fraction)
    if objection:
        return Onset(None, None, None, total, objection)
    level, after = looks.values[:begin].mean() * unit, looks.values[begin:].mean() * unit
    shape = _shape(looks, begin)
    reason = f"above its earlier level of {level:.0f} to the end, {after:.0f} on average since{SHAPES[shape]}"
    without, with_it = _certain(looks, begin)
    first_with = looks.dates[with_it]
    return Onset(first_with, looks.dates[without] + dt.timedelta(days=1), first_with, total, reason, shape)


def _certain(looks: _Looks, begin: int) -> tuple[int, int]:
    """The last look without a growth and the first with it that tell so.

    What cloud leaves of a count dates nothing: the rest of it comes from the looks around. An area is what a look
    shows; it tells so below the middle of the growth, or above the level before it, beyond its own error.
    """
    earlier, later = float(looks.values[:begin].mean()), float(looks.values[begin:].mean())
    certain = looks.extra <= CERTAIN * _variance(earlier)
    if not looks.counts:
        error = SURE * np.sqrt(_variance(earlier) + looks.extra)
        certain[:begin] |= (looks.values + error < (earlier + later) / 2)[:begin]
        certain[begin:] |= (looks.values - error > earlier)[begin:]
    before, after = np.flatnonzero(certain[:begin]), np.flatnonzero(certain[begin:])
    return int(before[-1]) if len(before) else begin - 1, begin + int(after[0]) if len(after) else begin


def _variance(level: float) -> float:
    return 0.3 * level + (0.04 * level) ** 2 + 0.5


def _shape(looks: _Looks, begin: int) -> str | None:
    days = np.array([(day - looks.dates[begin]).days for day in looks.dates[begin:]], np.float64)
    low, high = kernel.later_share(looks.values[:begin], looks.values[begin:], looks.extra, days)
    if high <= LATER_SHARE:
        return "step"
    return "slope" if low > LATER_SHARE else None


def _clear_looks(
    values: ArrayLike,
    low: ArrayLike | None,
    high: ArrayLike | None,
    dates: Sequence[dt.date],
    clear: ArrayLike | None,
    unit: float,
) -> _Looks:
    value = np.asarray(values, np.float64) / unit
    looked = np.isfinite(value)
    if clear is not None:
        looked &= np.asarray(clear, bool)
    half = np.zeros(len(value))
    if low is not None and high is not None:
        half = (np.asarray(high, np.float64) - np.asarray(low, np.float64)) / (2 * unit)
    half = np.where(np.isfinite(half), half, 0.0)
    order = [i for i in sorted(range(len(value)), key=lambda i: dates[i]) if looked[i]]
    half = half[order]
    # What all dates share of their intervals, such as the detector's bias, does not blur a difference between them.
    usual = float(np.median(half)) if len(half) else 0.0
    extra = np.maximum(half**2 - usual**2, 0.0) / kernel.QUANTILE**2
    return _Looks(value[order], extra, [dates[i] for i in order], unit == 1.0)


def _objection(looks: _Looks, begin: int, rise_fraction: float) -> str:
    """Why a change of level is no onset; empty where it is one."""
    earlier, later = looks.values[:begin], looks.values[begin:]
    level = max(float(earlier.mean()), float(looks.values[0]))
    variance = _variance(level)
    # The level before is no better known than its looks are many.
    error = float(np.sqrt(variance / begin + variance))
    error_of_two = float(np.sqrt(variance / begin + variance / 2))
    if looks.values[-2:].mean() <= level + max(rise_fraction * level + 1.0, SURE * error_of_two):
        return "no lasting growth: the last two looks are no higher than the level before, beyond error"
    if (later + np.sqrt(looks.extra[begin:]) <= earlier.mean() + error).any():
        return "no lasting growth: it falls back to the level before"
    # One high value among several may be a delivery that left again; two are a level that was reached before.
    rank = -2 if len(earlier) > 3 else -1
    if later.mean() <= np.sort(earlier)[rank] + error:
        return "no lasting growth: it was as high before"
    return ""
