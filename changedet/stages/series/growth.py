"""The onset of growth: from which date a figure stays above its earlier level to the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from changedet.arrays import Bools, Floats
from changedet.json_types import JsonObject
from changedet.kernels.intervals import QUANTILE
from changedet.stages.series.kernels.staircase import PHI, later_share, look_variance, onset_posterior, shortest_run

TOO_FEW: Final = "too few to tell growth, which takes three"
"""Ends the reason where fewer than `LEAST_LOOKS` looks are clear."""
LEAST_LOOKS: Final = 3
"""Clear looks without which growth is not searched."""
ONE_SIDED: Final = 1.64
"""Standard errors by which the last two looks must be above the level before: one-sided 95 %."""
MOST_HIDDEN: Final = 2.5
"""Standard errors of a look that what it hides may span for it to show a level. Chosen by hand."""
STAYS: Final = 0.25
"""Of the highest rise, what must be left at the end (docs/research/tracks.md, as the next)."""
UNSEEN_STAYS: Final = 0.5
"""The same where the last two looks are too cloudy to show it and it is only expected."""
HOLDS: Final = 0.95
"""Of the posterior of the date: what the bounds hold."""
LATER_SHARE: Final = 1 / 3
"""Of the growth: what comes after the first look that shows it makes a slope of it from here on, and no step."""
COUNTS: Final = 1.0
"""Unit of figures of objects, which come and go; ground that was built does not."""
UNIFORM: Final = 12.0
"""Squared distance of two bounds over the variance of what lies anywhere between them."""
SHAPES: Final = {"step": ", reached at once", "slope": ", and growing on", None: ""}
"""How a reason names each shape."""


@dataclass(frozen=True)
class Onset:
    """Since when a figure has grown.

    Attributes
    ----------
    date : datetime.date or None
        The look that most likely is the first with growth; None where there is none.
    low, high : datetime.date or None
        Growth began, with 95 %, between the day after the last look that is without it and the first that is with it,
        both included: two looks in a row where both show so.
    probability : float
        That there is lasting growth; NaN where there were too few looks.
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

    def to_json(self) -> JsonObject:
        """As ``summary.json`` keeps it.

        Returns
        -------
        dict
            ISO dates, null for what is not known.
        """
        known = self.probability == self.probability
        return {
            "date": _iso(self.date),
            "low": _iso(self.low),
            "high": _iso(self.high),
            "probability": self.probability if known else None,
            "shape": self.shape,
            "reason": self.reason,
        }


def _iso(date: dt.date | None) -> str | None:
    return None if date is None else str(date)


class Figure(NamedTuple):
    """A figure on each date; arrays (n,), None for what is not known.

    Attributes
    ----------
    values : array (n,)
        NaN is no look.
    low, high : array (n,) or None
        95 % interval.
    clear : array of bool (n,) or None
        False where a date did not see clearly.
    unit : float
        Size of one object in the unit of the values: 1 for counts, whose objects come and go.
    floor, ceiling : array (n,) or None
        What a look shows for sure, and what the value may be at most.
    """

    values: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    clear: ArrayLike | None = None
    unit: float = 1.0
    floor: ArrayLike | None = None
    ceiling: ArrayLike | None = None


OnsetMethod: TypeAlias = Callable[[Figure, Sequence[dt.date]], Onset]
"""What a method of the stage returns: it dates the growth of a figure."""


@dataclass(frozen=True)
class _ClearLooks:
    """The clear looks of a series, in units of one object; `shown` is True where they hide too little to matter."""

    values: Floats
    floor: Floats
    ceiling: Floats
    extra: Floats
    dates: list[dt.date]

    @property
    def shown(self) -> Bools:
        hidden: Bools = self.ceiling - self.floor <= MOST_HIDDEN * np.sqrt(_variance(self.values))
        return hidden

    def shown_values(self, part: slice) -> Floats:
        """The values of those looks of a part that show them, or of all where none does."""
        shown = self.shown[part]
        return self.values[part][shown] if shown.any() else self.values[part]


def find_onset(figure: Figure, dates: Sequence[dt.date], probability: float, rise_fraction: float) -> Onset:
    """Onset by the staircase model.

    Parameters
    ----------
    figure : Figure
        On each date.
    dates : sequence of datetime.date
        In any order.
    probability : float
        Posterior probability of growth from which it is reported, 0 to 1.
    rise_fraction : float
        Least rise of the last two looks above the level before, as a share of it, and one object more.

    Returns
    -------
    Onset
        With the reason where there is none.
    """
    looks = _clear_looks(figure, dates)
    n = len(looks.dates)
    if n < LEAST_LOOKS:
        few = "1 clear look is" if n == 1 else f"{n} clear looks are"
        return Onset(None, None, None, float("nan"), f"{few} {TOO_FEW}")
    change = onset_posterior(looks.values, looks.extra, looks.floor, looks.ceiling, turns_over=figure.unit == COUNTS)
    total = float(min(change.sum(), 1.0))
    if total <= probability:
        return Onset(
            None,
            None,
            None,
            total,
            f"no lasting growth: probability {total:.2f}, below the {probability:.2f} that is needed",
        )
    begin = int(change.argmax())
    objection = _objection(looks, begin, rise_fraction)
    if objection:
        return Onset(None, None, None, total, f"no lasting growth: {objection}")
    shape = _shape(looks, begin)
    first, last = shortest_run(change, HOLDS)
    after_without = looks.dates[_first_that_may(looks, min(first, begin), begin) - 1] + dt.timedelta(days=1)
    reason = _reason(looks, begin, figure.unit, shape)
    return Onset(looks.dates[begin], after_without, looks.dates[max(last, begin)], total, reason, shape)


def _first_that_may(looks: _ClearLooks, first: int, begin: int) -> int:
    """The first look that growth may have begun before: no look from there on rules out what `begin` shows.

    The staircase takes a look whose bounds begin at the level before for one of that level, as it is by most of them.
    """
    while first > 1 and looks.floor[first - 1] < looks.values[begin] <= looks.ceiling[first - 1]:
        first -= 1
    return first


def _reason(looks: _ClearLooks, begin: int, unit: float, shape: str | None) -> str:
    level, after = (looks.shown_values(part).mean() * unit for part in (slice(begin), slice(begin, None)))
    reason = f"above its earlier level of {level:.0f} to the end, {after:.0f} on average since{SHAPES[shape]}"
    below = [str(looks.dates[i]) for i in range(begin, len(looks.dates)) if looks.values[i] * unit <= level]
    if below:
        # As `_objection` has it, their bounds reach above that level.
        reason += f"; by itself {', '.join(below)} leaves that open"
    return reason if looks.shown[-2:].any() else f"{reason}; of the last two looks clouds hide a part"


def _variance(level: Floats) -> Floats:
    return look_variance(level, PHI[1])


def _shape(looks: _ClearLooks, begin: int) -> str | None:
    days = np.array([(day - looks.dates[begin]).days for day in looks.dates[begin:]], np.float64)
    hidden = (looks.ceiling - looks.floor) ** 2 / UNIFORM
    low, high = later_share(looks.values[:begin], looks.values[begin:], looks.extra + hidden, days)
    if high <= LATER_SHARE:
        return "step"
    return "slope" if low > LATER_SHARE else None


def _clear_looks(figure: Figure, dates: Sequence[dt.date]) -> _ClearLooks:
    unit = figure.unit
    value = np.asarray(figure.values, np.float64) / unit
    looked = np.isfinite(value)
    if figure.clear is not None:
        looked &= np.asarray(figure.clear, bool)
    half = np.zeros(len(value))
    if figure.low is not None and figure.high is not None:
        half = (np.asarray(figure.high, np.float64) - np.asarray(figure.low, np.float64)) / (2 * unit)
    half = np.where(np.isfinite(half), half, 0.0)
    least, most = (
        value if bound is None else np.asarray(bound, np.float64) / unit for bound in (figure.floor, figure.ceiling)
    )
    order = [i for i in sorted(range(len(value)), key=lambda i: dates[i]) if looked[i]]
    half = half[order]
    # What all dates share of their intervals, such as the detector's bias, does not blur a difference between them.
    usual = float(np.median(half)) if len(half) else 0.0
    extra = np.maximum(half**2 - usual**2, 0.0) / QUANTILE**2
    least, most = np.fmin(least, value), np.fmax(most, value)
    return _ClearLooks(value[order], least[order], most[order], extra, [dates[i] for i in order])


def _objection(looks: _ClearLooks, begin: int, rise_fraction: float) -> str:
    """Why a change of level is no onset; empty where it is one."""
    earlier, later = looks.shown_values(slice(begin)), looks.shown_values(slice(begin, None))
    usual = float(earlier.mean())
    level = max(usual, float(looks.values[0])) if looks.shown[0] else usual
    variance = float(_variance(np.asarray(level, np.float64)))
    # The level before is no better known than its looks are many.
    error = float(np.sqrt(variance / len(earlier) + variance))
    error_of_two = float(np.sqrt(variance / len(earlier) + variance / 2))
    beyond = level + max(rise_fraction * level + 1.0, ONE_SIDED * error_of_two)
    if looks.values[-2:].mean() <= beyond:
        return "the last two looks are no higher than the level before, beyond error"
    if (looks.ceiling[begin:] + np.sqrt(looks.extra[begin:]) <= usual + error).any():
        return "it falls back to the level before"
    # One high value among several may be a delivery that left again; two are a level that was reached before.
    rank = -2 if begin > 3 else -1
    if later.mean() <= np.sort(looks.floor[:begin])[rank] + error:
        return "it was as high before"
    return _not_kept(looks, begin, level, beyond)


def _not_kept(looks: _ClearLooks, begin: int, level: float, beyond: float) -> str:
    """Why growth may have left again by the last two looks; empty where it stays."""
    rise = float(looks.values[begin:].max()) - level
    left = float(looks.values[-2:].mean()) - level
    if left <= STAYS * rise:
        return "most of it left again"
    if looks.floor[-2:].max() > beyond:
        return ""
    if looks.floor[begin:].max() <= beyond:
        return "no look shows it beyond error"
    hidden = "part of it left, and the last two looks hide whether the rest stays"
    return hidden if left <= UNSEEN_STAYS * rise else ""
