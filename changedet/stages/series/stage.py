"""The series stage: figures of every date with their intervals, totals, and the onset of growth."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from changedet.errors import MethodError
from changedet.stages.registry import AUTO, Choice, Facts, Fraction, Stage
from changedet.stages.series.growth import Figure, Onset, OnsetMethod, find_onset
from changedet.stages.series.onset_inputs import Dates, as_clear, as_numbers, calendar_dates, check_indexes, dates_of


def choose(facts: Facts) -> Choice:
    """`staircase` always: it needs three looks, at any distance in time.

    Parameters
    ----------
    facts : Facts
        What is known before any pixel is read.

    Returns
    -------
    Choice
        Always of `staircase`.
    """
    reason = f"growth is dated by a staircase model of {facts.dates} dates"
    return Choice("staircase", {}, reason if facts.dates > 1 else "growth is dated from three dates on")


STAGE: Final[Stage[OnsetMethod]] = Stage("series", choose)


@STAGE.method("staircase", reference="Forward sums over levels: Rabiner 1989, doi:10.1109/5.18626", version=5)
def staircase(_facts: Facts, *, probability: Fraction = 0.9, rise_fraction: Fraction = 0.04) -> OnsetMethod:
    """Onset by a staircase model: a base level, then a walk over levels above it, against no change at all.

    Dates growth that comes at once or bit by bit, with bounds that hold 95 % of the posterior; a delivery that leaves
    again, a decline and a level reached before are none. Growth that only one season was seen of cannot be
    separated from that season.

    Parameters
    ----------
    _facts : Facts
        Decide nothing here.
    probability : float
        Posterior probability of growth from which it is reported.
    rise_fraction : float
        Least rise of the last two looks above the level before, as a share of it, and one object more.

    Returns
    -------
    OnsetMethod
        Dates the growth of a figure.
    """

    def _find(figure: Figure, dates: Sequence[dt.date]) -> Onset:
        return find_onset(figure, dates, probability, rise_fraction)

    return _find


def onset(
    values: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    dates: Dates | None = None,
    *,
    clear: ArrayLike | None = None,
    unit: float = 1.0,
    floor: ArrayLike | None = None,
    ceiling: ArrayLike | None = None,
    method: str = AUTO,
    **parameters: object,
) -> Onset:
    """The first date from which a figure stays above its earlier level, beyond its error, to the end.

    Parameters
    ----------
    values : array or Series (n,)
        The figure on each date; NaN is no look.
    low, high : array or Series (n,) or None
        Its 95 % interval. A date whose interval is wider than usual weighs less.
    dates : sequence, DatetimeIndex or Series (n,), optional
        `datetime.date`, stamps or ISO text, in any order, at any distance. By default the index of the values, where
        they are a Series with a DatetimeIndex.
    clear : array of bool (n,), optional
        False where a date did not see clearly; as NaN.
    unit : float
        Size of one object in the unit of the values: 1 for counts, whose objects come and go, 15 for areas in m2 (the
        base of a container).
    floor, ceiling : array (n,), optional
        What a look shows for sure, and what the value may be at most for what the look hides. A look that leaves much
        open neither dates growth nor speaks against it.
    method : str
        `staircase` or `auto`.
    **parameters : object
        The method's own.

    Returns
    -------
    Onset
        With the reason where there is none.

    Raises
    ------
    MethodError
        For lengths or indexes that differ, dates that are none or come twice, values that are no numbers, a low bound
        above the high one, or a unit that is not above 0.

    Examples
    --------
    >>> months = [f"2023-{month:02}-05" for month in range(1, 9)]
    >>> found = onset([20, 21, 20, 19, 34, 36, 41, 40], dates=months)
    >>> found.low.isoformat(), found.high.isoformat()
    ('2023-04-06', '2023-05-05')
    """
    check_indexes(values=values, low=low, high=high, clear=clear, floor=floor, ceiling=ceiling)
    days = calendar_dates(dates_of(values) if dates is None else dates)
    figure = Figure(
        as_numbers(values, "values"),
        None if low is None else as_numbers(low, "low"),
        None if high is None else as_numbers(high, "high"),
        None if clear is None else as_clear(clear),
        unit,
        None if floor is None else as_numbers(floor, "floor"),
        None if ceiling is None else as_numbers(ceiling, "ceiling"),
    )
    _check(figure, days)
    _, find = STAGE.made(Facts(float("nan"), dates=len(days)), method, parameters)
    return find(figure, days)


def _check(figure: Figure, dates: Sequence[dt.date]) -> None:
    arrays = {name: value for name, value in figure._asdict().items() if name != "unit" and value is not None}
    lengths = {name: len(np.asarray(value, object)) for name, value in arrays.items()}
    wrong = [f"{name} has {length}" for name, length in lengths.items() if length != len(dates)]
    if wrong:
        raise MethodError(f"series: {len(dates)} dates, but {', '.join(wrong)}")
    if not figure.unit > 0:
        raise MethodError(f"series: unit is {figure.unit}, expected a number above 0")
    if twice := [day for day, count in Counter(dates).items() if count > 1]:
        raise MethodError(f"series: {twice[0]} comes twice, expected one figure a date")
    for below, above in ((figure.low, figure.high), (figure.floor, figure.ceiling)):
        if below is not None and above is not None and (np.asarray(below, float) > np.asarray(above, float)).any():
            raise MethodError("series: a low bound lies above its high one")
